"""How far an element of a result looks, as it is measured and as it is written down."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct, field

LARGEST_REACH = {2: 23, 3: 8}
"""By the number of axes, the largest number of elements that can be seen in test images, a third of
their shortest axis."""

_NAME = re.compile(r"[A-Za-z_]\w*")

ReachKind = Literal["pointwise", "local", "everything", "unknown"]


class ReachTrial(Struct, frozen=True, kw_only=True):
    """How far elements looked in calls with the same arguments beside the image."""

    changed: dict[str, str] = field(default_factory=dict)
    """The arguments that differ from the usual ones: ``{"sigma": "2.5"}``. An array is written as
    ``array (3, 5)``, an argument that isn't passed as ``-``."""
    option: str = ""
    """The option of which the trial tries a value; empty if it is about numbers and arrays."""
    dtype: str = ""
    """Of the image, if it isn't the usual one."""
    elements: tuple[int, ...] | None
    """Number of elements along each axis of the image, the most of all images and positions; None
    if elements look further than a third of the image."""


class ReachTrials(Struct, frozen=True, kw_only=True):
    """Calls with images, and with parts of them, whose results were compared."""

    images: tuple[str, ...] = ()
    """Parameters whose arrays were cropped together, the image first."""
    usual: dict[str, str] = field(default_factory=dict)
    """The arguments beside the images, as in `ReachTrial.changed`."""
    trials: tuple[ReachTrial, ...] = ()
    """The first is the one with the usual arguments, and the others differ from it."""
    volume: ReachTrial | None = None
    """The one with volumes and the usual arguments; None if no volume was given."""
    failure: str = ""
    """Why there are no trials; empty if there are."""


class Reach(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far an element of the result looks along each axis of the image.

    A reach of ``r`` along an axis means: for each part ``[a, b)`` of each image,
    ``f(image)[a:b]`` equals the part of ``f(image[a - r : b + r])`` at the same place. The crop
    ends where the image ends.
    """

    kind: ReachKind
    """``pointwise``: an element depends on the same element alone; ``local``: on those within the
    reach; ``everything``: on the entire image."""
    formula: str = ""
    """Number of elements along an axis, if the kind is local: ``int(truncate * sigma + 0.5)``.
    Where a parameter has an entry for each axis, it is the entry for the axis."""
    parameters: dict[str, tuple[bool | int | float | str | None, ...]] = field(default_factory=dict)
    """By option, the values that the reach was seen to hold for."""
    free: tuple[str, ...] = ()
    """Parameters whose numbers have no influence on the reach."""
    least: dict[str, float] = field(default_factory=dict)
    """By parameter, the smallest number that the formula is valid for, if there is one."""
    most: dict[str, float] = field(default_factory=dict)
    """By parameter, the largest number that the formula is valid for, if there is one."""
    per_axis: tuple[str, ...] = ()
    """Parameters of the formula that take a number for each axis."""
    images: tuple[str, ...] = ()
    """Parameters whose arrays have the axes of the image, and are cut with it, the image first."""
    reason: str = ""
    """Why the reach is unknown, or why it is everything."""
    evidence: Literal["observed", "recorded", "twin", "declared"]
    """Whether it was measured on the machine that built the package, measured on another machine,
    taken from the twin, or stated in the TOML file."""

    @property
    def names(self) -> frozenset[str]:
        """The names in the formula: its parameters, and functions such as ``int``."""
        return frozenset(_NAME.findall(self.formula))
