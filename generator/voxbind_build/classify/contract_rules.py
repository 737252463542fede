"""Decides which dimensions a function takes: a table of rules, of which the first fit decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct, structs

from voxbind_build.classify.contract_facts import ContractFacts, Takes, contract_facts
from voxbind_build.classify.library_messages import tried, undecided
from voxbind_build.model import Contract, Evidence, Observation

__all__ = ["RULES", "Finding", "Rule", "contract"]


class Finding(Struct, frozen=True):
    """A contract with its reason."""

    contract: Contract | None
    """None if the observation doesn't decide it."""
    reason: str
    evidence: Evidence = "observed"
    needs_channels: bool = False


class Rule(NamedTuple):
    """One reason for a contract."""

    takes: Takes
    """The images that the function accepted."""
    fits: Callable[[ContractFacts], bool | None]
    contract: Contract | None
    """None if the calls that were compared don't show it."""
    reason: str
    """In words, with fields of `ContractFacts` in braces."""


def _always(facts: ContractFacts) -> bool:
    return True


def _shuffled(facts: ContractFacts) -> bool | None:
    """Return whether shuffling the rows or the last axis only shuffles the result likewise."""
    return facts.shuffle_last and facts.shuffle_rows


def _only_planes_can_be_shuffled(facts: ContractFacts) -> bool | None:
    return facts.shuffle_last and facts.shuffle_rows is False and facts.volume_keeps_its_shape


RULES: tuple[Rule, ...] = (
    Rule(
        "image",
        _always,
        "PURE_2D",
        "takes an image, and refuses a volume in every size, dtype and arrangement of arguments "
        "tried{volume_error}",
    ),
    Rule(
        "volume",
        lambda facts: facts.volume_comes_back_flat,
        "VOLUMETRIC_TO_SLICE",
        "takes a volume and returns a two-dimensional image; refuses an image{image_error}",
    ),
    Rule("volume", _always, "PURE_3D", "takes a volume; refuses an image{image_error}"),
    Rule(
        "colours",
        lambda facts: facts.takes_colour_volume,
        "FLEXIBLE",
        "needs a channel axis ({needs_colours}), in addition to the axes of an image or a volume",
    ),
    Rule(
        "colours",
        _always,
        "PURE_2D",
        "needs a channel axis ({needs_colours}), in addition to two spatial axes; refuses a "
        "volume with a channel axis{colour_volume_error}",
    ),
    # --- takes both an image and a volume: the relation of the two results decides ---
    Rule(
        "image and volume",
        lambda facts: facts.per_slice and facts.last_axis and facts.shows_nothing != "",
        None,
        "not observed: in the calls that were compared, each pixel of the result depends on the "
        "same pixel of the image alone, but with {shows_nothing} on many: these calls don't show "
        "which axes belong together",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.last_axis_gone,
        "PURE_2D",
        "the result for a volume lacks its last axis, while the result for an image has both "
        "axes: the last axis is read as channels",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.volume_loses_an_axis and facts.image_loses_an_axis is True,
        "VOLUMETRIC_TO_SLICE",
        "removes one spatial axis: the result for a volume is an image, and the result for an "
        "image is a line",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.volume_loses_an_axis and facts.image_loses_an_axis is False,
        "VOLUMETRIC_TO_SLICE",
        "removes one spatial axis of a volume; the result for an image, which lacks this axis, is "
        "an image",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.per_slice and facts.last_axis,
        "FLEXIBLE",
        "takes images and volumes, and treats every pixel separately: cutting the volume along "
        "any axis gives the same values{default}",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.last_axis and facts.caller_chooses_axes,
        "FLEXIBLE",
        "takes images and volumes; the caller chooses the axes to work along, and with the axes "
        "of a slice, each slice of a volume gives the same result as the slice alone",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.last_axis,
        "PURE_2D",
        "each plane of a volume along the last axis gives the same result as the plane alone: "
        "the last axis is read as channels",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.per_slice and _shuffled(facts),
        "FLEXIBLE",
        "takes images and volumes; each slice of a volume gives the same result as the slice "
        "alone, and it makes no difference which pixels are neighbours{default}",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.per_slice,
        "FLEXIBLE",
        "takes images and volumes; each slice of a volume gives the same result as the slice "
        "alone{default}",
    ),
    Rule(
        "image and volume",
        _only_planes_can_be_shuffled,
        "PURE_2D",
        "the order of a volume's planes along the last axis makes no difference, but the order "
        "of its rows does: the last axis is read as channels",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.mean_of_planes,
        "PURE_2D",
        "the result for a volume is the mean of those for its planes along the last axis, and "
        "not of those for its slices: the last axis is read as channels",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.points_have_two_coordinates,
        "PURE_2D",
        "the points of a volume have two coordinates: its last axis is not a spatial one",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.flat_arguments,
        "PURE_2D",
        "takes a volume only if every other argument is made for an image of its first two axes: "
        "its last axis is not a spatial one{with_volume_arguments}",
    ),
    Rule(
        "image and volume",
        _shuffled,
        "FLEXIBLE",
        "takes images and volumes, and it makes no difference which pixels are neighbours{default}",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.volume_gives_an_image and facts.last_axis is None,
        "FLEXIBLE",
        "takes images and volumes, and the result for a volume differs from that of its slices: "
        "all axes are spatial{default}",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.volume_gives_an_image,
        "FLEXIBLE",
        "takes images and volumes, and the result for a volume differs from that of its slices "
        "and from that of its planes along the last axis: all axes are spatial{default}",
    ),
    Rule(
        "image and volume",
        _always,
        "FLEXIBLE",
        "takes images and volumes, and the result is not an image in which an axis could be "
        "misread{default}",
    ),
)
"""Rules in the order in which they are tried. The last rule for each `Takes` always fits."""


def contract(observation: Observation) -> Finding:
    """Choose the contract of a function with an image argument from an observation of it."""
    facts = contract_facts(observation)
    if undecided(observation) or facts.takes == "nothing":
        return Finding(None, f"not observed: {tried(observation)}", evidence="unobserved")
    rule = next(rule for rule in RULES if rule.takes == facts.takes and rule.fits(facts))
    reason = rule.reason.format(**structs.asdict(facts))
    evidence: Evidence = "unobserved" if rule.contract is None else "observed"
    return Finding(rule.contract, reason, evidence, needs_channels=facts.takes == "colours")
