"""How a function on a GPU differs from the function that does the same on the CPU."""

from __future__ import annotations

from msgspec import Struct, field

from voxbind_build.model.spec import Exclusion
from voxbind_build.model.vocabulary import Numbers


class Deviation(Struct, frozen=True, kw_only=True):
    """A kind of call, and how far from its twin's a function's result is there."""

    dtype: str = ""
    """Of the image; empty for any."""
    parameters: tuple[str, ...] = ()
    """Arguments that aren't what they are in most calls, by name."""
    max_relative: float = 0.0
    """The largest difference as a part of the largest number in the twin's array."""
    unlike: bool = False
    """Whether there was a result of another kind or shape, which no number tells."""

    @property
    def is_every_call(self) -> bool:
        """Whether it is no kind of its own."""
        return not (self.dtype or self.parameters)


class Agreement(Struct, frozen=True, kw_only=True):
    """How far a function's results are from its twin's, over the calls that both took."""

    calls: int
    """How many calls were compared."""
    absolute: float
    """The largest difference of two numbers."""
    relative: float
    """The largest difference as a part of the largest number in the twin's array."""
    at: str = ""
    """The call with the largest relative difference, in words; empty if there is none."""
    unlike: tuple[str, ...] = ()
    """Calls whose results differ in kind or shape, and how, in words: no number says how far."""
    only_twin: tuple[str, ...] = ()
    """Calls that the twin alone takes, and the error, in words."""
    deviations: tuple[Deviation, ...] = ()
    """The kinds of call whose results differ by more than rounding, the furthest apart first."""


class Twin(Struct, frozen=True, kw_only=True):
    """How a function differs from the one that does the same on the CPU."""

    name: str
    """Dotted public name of the other: ``skimage.filters.gaussian``."""
    missing: tuple[str, ...] = ()
    """Parameters that only the other has."""
    added: tuple[str, ...] = ()
    """Parameters that only this one has."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Parameters with another name here: the other's name, and this one's."""
    defaults: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the other's name, parameters whose defaults differ: the other's, and this one's."""
    tolerance: float = 0.0
    """The relative difference from which on results are known to differ."""
    agreement: Agreement | None = None
    """What was measured; None where the two were not run side by side."""
    deviations: tuple[Deviation, ...] = ()
    """Kinds of call whose results are further from each other than that, arguments by the other's
    names. What is neither of one dtype nor with given arguments stands for every call."""
    refuses: tuple[str, ...] = ()
    """Dtypes that this one refuses and the other takes."""
    dtypes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the image's dtype, those that come back where they differ: the other's, and this one's."""
    axes: int | None = None
    """How many spatial axes an image has with which both do the same: None for any, 0 for none."""
    kernels: tuple[str, ...] = ()
    """By the other's name, parameters for which this one takes a kernel for its device, and the
    other a Python function."""
    objects: bool = False
    """Whether the other gives back objects of a class that no array is, or functions: this one's
    are objects of its own, and stay on its device."""
    numbers: Numbers = "none"
    """Whether the other gives back numbers, which are arrays without axes on a device."""

    @property
    def differs(self) -> bool:
        """Whether results are known to differ beyond the tolerance."""
        found = self.agreement
        return found is not None and bool(found.unlike or found.relative > self.tolerance)

    @property
    def is_alike(self) -> bool:
        """Whether the two have the same parameters, with the same defaults."""
        return not (self.missing or self.added or self.renamed or self.defaults)


class Twins(Struct, frozen=True, kw_only=True):
    """How the names of a library on a device stand to those of its twin on the CPU."""

    pairs: dict[str, Twin]
    """By the name on the device, the functions that both have."""
    handed_on: tuple[str, ...] = ()
    """Classes and constants that both have: handed on, and not compared."""
    only_twin: dict[str, str] = field(default_factory=dict)
    """Names of the twin that aren't there on the device, and what each is: ``image`` or
    ``helper`` for a function, ``class`` or ``constant``."""
    only_device: dict[str, str] = field(default_factory=dict)
    """The same the other way round."""
    left_out: dict[str, Exclusion] = field(default_factory=dict)
    """Names of either that have no wrapper, of which the other's has one, or which are no
    modules and left out of both; and why."""

    @property
    def alike(self) -> tuple[str, ...]:
        """The names on the device whose signatures are the twin's."""
        return tuple(name for name, pair in self.pairs.items() if pair.is_alike)

    @property
    def compared(self) -> dict[str, Agreement]:
        """By the name on the device, those that were run beside their twin."""
        return {name: pair.agreement for name, pair in self.pairs.items() if pair.agreement}
