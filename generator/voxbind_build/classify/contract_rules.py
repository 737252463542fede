"""Which dimensions a function takes, and why: one ordered table of rules; the first decides."""

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
    """None if nothing decides it."""
    reason: str
    evidence: Evidence = "observed"
    needs_channels: bool = False


class Rule(NamedTuple):
    """One reason for a contract."""

    takes: Takes
    """What the function was seen to take."""
    fits: Callable[[ContractFacts], bool | None]
    contract: Contract
    reason: str
    """In words; a field of `ContractFacts` in braces stands for its text."""


def _always(facts: ContractFacts) -> bool:
    return True


def _shuffled(facts: ContractFacts) -> bool | None:
    """Tell whether the order of pixels makes no difference, along the rows and the last axis."""
    return facts.shuffle_last and facts.shuffle_rows


def _only_planes_can_be_shuffled(facts: ContractFacts) -> bool | None:
    return facts.shuffle_last and facts.shuffle_rows is False and facts.volume_keeps_its_shape


RULES: tuple[Rule, ...] = (
    Rule(
        "image",
        _always,
        "PURE_2D",
        "an image is taken, a volume is refused in every size, dtype and arrangement of "
        "arguments tried{volume_error}",
    ),
    Rule(
        "volume",
        lambda facts: facts.volume_comes_back_flat,
        "VOLUMETRIC_TO_SLICE",
        "a volume is taken and a two-dimensional image comes back; an image is refused"
        "{image_error}",
    ),
    Rule("volume", _always, "PURE_3D", "a volume is taken; an image is refused{image_error}"),
    Rule(
        "colours",
        lambda facts: facts.takes_colour_volume,
        "FLEXIBLE",
        "an axis of colours is needed ({needs_colours}); beside it an image and a volume are "
        "both taken",
    ),
    Rule(
        "colours",
        _always,
        "PURE_2D",
        "an axis of colours is needed ({needs_colours}); beside it two axes of space are taken, "
        "and a volume of colours is refused{colour_volume_error}",
    ),
    # --- both an image and a volume are taken: how the two results relate decides ---
    Rule(
        "image and volume",
        lambda facts: facts.last_axis_gone,
        "PURE_2D",
        "a volume comes back without its last axis while an image keeps both of its own: the "
        "last axis is taken for channels",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.volume_loses_an_axis and facts.image_loses_an_axis is True,
        "VOLUMETRIC_TO_SLICE",
        "a volume comes back as an image with one axis of space reduced, as an image comes back "
        "as a line",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.volume_loses_an_axis and facts.image_loses_an_axis is False,
        "VOLUMETRIC_TO_SLICE",
        "a volume comes back as an image with one axis of space reduced, and an image, which has "
        "no such axis, as an image",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.per_slice and facts.last_axis,
        "FLEXIBLE",
        "image and volume are both taken and every pixel is treated by itself: any way of "
        "cutting the volume gives the same values{default}",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.last_axis and facts.caller_chooses_axes,
        "FLEXIBLE",
        "image and volume are both taken; the caller chooses the axes to work along, and with "
        "the axes of a slice a volume's slices come out as if each had been given alone",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.last_axis,
        "PURE_2D",
        "a volume's planes come out as if each had been given alone along the last axis: the "
        "last axis is taken for channels",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.per_slice and _shuffled(facts),
        "FLEXIBLE",
        "image and volume are both taken; a volume's slices come out as if each had been given "
        "alone, and which pixels are neighbours makes no difference{default}",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.per_slice,
        "FLEXIBLE",
        "image and volume are both taken; a volume's slices come out as if each had been given "
        "alone{default}",
    ),
    Rule(
        "image and volume",
        _only_planes_can_be_shuffled,
        "PURE_2D",
        "the order of a volume's planes along the last axis makes no difference, while that of "
        "its rows does: the last axis is taken for channels",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.points_have_two_coordinates,
        "PURE_2D",
        "a volume's points come back with two coordinates: its last axis is not taken for one of "
        "space",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.flat_arguments,
        "PURE_2D",
        "a volume is taken only where every other argument is made for an image of its first two "
        "axes: the last axis is not one of space{with_volume_arguments}",
    ),
    Rule(
        "image and volume",
        _shuffled,
        "FLEXIBLE",
        "image and volume are both taken, and which pixels are neighbours makes no difference"
        "{default}",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.volume_gives_an_image and facts.last_axis is None,
        "FLEXIBLE",
        "image and volume are both taken, and the volume's result is not that of its slices: all "
        "axes are spatial{default}",
    ),
    Rule(
        "image and volume",
        lambda facts: facts.volume_gives_an_image,
        "FLEXIBLE",
        "image and volume are both taken, and the volume's result is neither that of its slices "
        "nor that of its planes along the last axis: all axes are spatial{default}",
    ),
    Rule(
        "image and volume",
        _always,
        "FLEXIBLE",
        "image and volume are both taken, and the result is no image in which an axis could be "
        "misread{default}",
    ),
)
"""For each kind of images that are taken, rules in their order; the last of each always fits."""


def contract(observation: Observation) -> Finding:
    """Judge an observation of a function that takes an image."""
    facts = contract_facts(observation)
    if undecided(observation) or facts.takes == "nothing":
        return Finding(None, f"not observed: {tried(observation)}", evidence="unobserved")
    rule = next(rule for rule in RULES if rule.takes == facts.takes and rule.fits(facts))
    reason = rule.reason.format(**structs.asdict(facts))
    return Finding(rule.contract, reason, needs_channels=facts.takes == "colours")
