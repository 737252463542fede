"""How a function on a GPU differs from the function that does the same on the CPU."""

from __future__ import annotations

from msgspec import Struct, field

from voxbind_build.model.spec import Exclusion
from voxbind_build.model.vocabulary import Numbers


class Deviation(Struct, frozen=True, kw_only=True):
    """A kind of call, and how much its results differ from the twin's."""

    dtype: str = ""
    """The dtype of the image; empty for any."""
    parameters: tuple[str, ...] = ()
    """Names of the parameters that get another argument than in most calls."""
    max_relative: float = 0.0
    """The largest difference, as a fraction of the largest number in the twin's array."""
    unlike: bool = False
    """Whether a result was of another kind or shape, so that no difference can be computed."""

    @property
    def is_every_call(self) -> bool:
        """Whether it applies to every call."""
        return not (self.dtype or self.parameters)


class Agreement(Struct, frozen=True, kw_only=True):
    """How much a function's results differ from its twin's, in the calls that both accepted."""

    calls: int
    """How many calls were compared."""
    absolute: float
    """The largest difference of two numbers."""
    relative: float
    """The largest difference, as a fraction of the largest number in the twin's array."""
    at: str = ""
    """The call with the largest relative difference, in words; empty if there is none."""
    unlike: tuple[str, ...] = ()
    """Calls whose results differ in kind or shape, and how, in words."""
    only_twin: tuple[str, ...] = ()
    """Calls that only the twin accepts, and the error, in words."""
    deviations: tuple[Deviation, ...] = ()
    """Kinds of call whose results differ by more than rounding, the largest difference first."""


class Twin(Struct, frozen=True, kw_only=True):
    """How a function on a GPU differs from its twin on the CPU."""

    name: str
    """Dotted public name of the twin: ``skimage.filters.gaussian``."""
    missing: tuple[str, ...] = ()
    """Parameters that only the twin has."""
    added: tuple[str, ...] = ()
    """Parameters that only this function has."""
    renamed: dict[str, str] = field(default_factory=dict)
    """By the twin's name of a parameter, the name that it has here."""
    defaults: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the twin's name of a parameter, two defaults that differ: the twin's, and this one's."""
    tolerance: float = 0.0
    """Results differ if their relative difference is larger than this."""
    agreement: Agreement | None = None
    """What was measured; None if the two were not run with the same arguments."""
    deviations: tuple[Deviation, ...] = ()
    """Kinds of call whose results differ by more than the tolerance. Parameters have the twin's
    names."""
    refuses: tuple[str, ...] = ()
    """Dtypes that this function refuses and the twin accepts."""
    dtypes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By dtype of the image, two dtypes of the result that differ: the twin's, and this one's."""
    axes: int | None = None
    """Both do the same with images of this many spatial axes: None for any number, 0 for none."""
    kernels: tuple[str, ...] = ()
    """Names, in the twin, of parameters for which this function takes a kernel for its device, and
    the twin a Python function."""
    objects: bool = False
    """Whether the twin returns functions, or objects of another class than arrays. This function
    returns objects of its own, which stay on its device."""
    numbers: Numbers = "none"
    """Whether the twin returns numbers. On a device, these are arrays without axes."""

    @property
    def differs(self) -> bool:
        """Whether results were measured to differ by more than the tolerance."""
        agreement = self.agreement
        return agreement is not None and bool(
            agreement.unlike or agreement.relative > self.tolerance
        )

    @property
    def is_alike(self) -> bool:
        """Whether the two have the same parameters, with the same defaults."""
        return not (self.missing or self.added or self.renamed or self.defaults)


class Twins(Struct, frozen=True, kw_only=True):
    """The names of a library on a device, compared with those of its twin on the CPU."""

    pairs: dict[str, Twin]
    """By the name on the device, the functions that both have."""
    handed_on: tuple[str, ...] = ()
    """Classes and constants that both have: handed on, and not compared."""
    only_twin: dict[str, str] = field(default_factory=dict)
    """By name that only the twin has, what it is: ``image`` or ``helper`` for a function,
    ``class`` or ``constant``."""
    only_device: dict[str, str] = field(default_factory=dict)
    """The same for names that only the library on the device has."""
    left_out: dict[str, Exclusion] = field(default_factory=dict)
    """Names of either that have no wrapper, of which the other's has one, or which are no
    modules and left out of both; and why."""

    @property
    def alike(self) -> tuple[str, ...]:
        """The names on the device whose signatures are the twin's."""
        return tuple(name for name, pair in self.pairs.items() if pair.is_alike)

    @property
    def compared(self) -> dict[str, Agreement]:
        """By the name on the device, the functions that were run with their twin's arguments."""
        return {name: pair.agreement for name, pair in self.pairs.items() if pair.agreement}
