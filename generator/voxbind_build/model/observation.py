"""What the probe measures of a function: calls, results, relations."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from voxbind_build.model.description import Description
from voxbind_build.model.reach import ReachTrials
from voxbind_build.model.spec import ImageClass
from voxbind_build.model.twin import Agreement, Twin
from voxbind_build.model.vocabulary import SCHEMA_VERSION, AxisKind, MemoryType, Outcome, Part


class Ending(Struct, frozen=True, kw_only=True):
    """How a call ended that ended its process."""

    outcome: Literal["crashed", "inconclusive"]
    words: str


class ProbeTask(Struct, frozen=True, kw_only=True):
    """What a worker needs to observe one callable."""

    description: Description
    memory_type: MemoryType
    roles: dict[str, str] = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)
    """Trial values in the library's TOML file, by parameter."""
    asked: tuple[str, ...] = ()
    """Optional parameters that get an argument too, because the TOML file names them for this
    function."""
    axes: str = ""
    """See `LibrarySpec.axes`."""
    image_class: ImageClass | None = None
    allowed_dtypes: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By parameter, words that a parameter of that name takes elsewhere in the module."""
    fatal: dict[int, Ending] = field(default_factory=dict)
    """By number of a call that ended an earlier process, how it ended. It isn't made again."""
    again: bool = False
    """Whether a first observation was inconclusive or crashed, and this is the second one."""
    beside: Twin | None = None
    """The twin to run with the same arguments, if the results are to be compared."""


class Result(Struct, frozen=True, kw_only=True):
    """The result of one call, described without its data."""

    type: str
    """``array``, ``scalar``, ``tuple``, ``list``, ``iterator``, ``dict``, ``none`` or a class's
    dotted name."""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    range: tuple[float, float] | None = None
    members: tuple[Result, ...] = ()
    keys: str = ""
    """For a dictionary, the class of its keys: ``str``."""
    integral: bool = False
    """Whether all values are integers."""


class Call(Struct, frozen=True, kw_only=True):
    """One call and its outcome."""

    case: str
    """The image that was passed, in words: see `probe.inputs.images`."""
    shape: tuple[int, ...]
    dtype: str
    outcome: Outcome
    result: Result | None = None
    error: str = ""
    """``TypeName: first line of the message``, or how the call ended."""
    warnings: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    """The other arguments, in words."""


class OptionEffect(Struct, frozen=True, kw_only=True):
    """A call with options that aren't at their defaults."""

    options: dict[str, str]
    """By parameter, the value that was passed, as a literal: ``{"return_num": "True"}``."""
    dtype: str
    """The dtype of the image; empty if there is no image."""
    result: Result


class AxisArgument(Struct, frozen=True, kw_only=True):
    """An argument with an entry for each axis of the image."""

    kind: AxisKind
    """``shape``: the lengths of the result's axes; ``numbers``: a number for each axis, such as the
    widths of a blur; ``property``: a property of each axis, such as the distance of its pixels;
    ``kernel``: an array with as many axes as the image; ``transform``: a matrix or an object that
    maps coordinates."""
    neutral: tuple[float, ...] = ()
    """Numbers that leave an axis alone: if the first entry, for Z, is one of them, each slice of a
    volume is processed by itself."""


class Observation(Struct, frozen=True, kw_only=True):
    """Everything that was measured of one function."""

    definition: str
    fingerprint: str
    """Of the source, the library's version and the way of measuring: equal fingerprints
    need no second measurement."""
    roles: dict[str, str] = field(default_factory=dict)
    """The role of each array parameter: ``image``, ``mask``, ``labels``, ``footprint``, ..."""
    image: str = ""
    """The parameter that takes the image; empty if none does."""
    calls: tuple[Call, ...] = ()
    relations: dict[str, bool] = field(default_factory=dict)
    """Outcome of each relation that was tested: ``per_slice``, ``last_axis``, ..."""
    dtypes: dict[str, Result] = field(default_factory=dict)
    """By dtype of the image, the result, for dtypes that were accepted."""
    allowed_dtypes: tuple[str, ...] = ()
    """The only dtypes that were passed, if a person states that others are misread."""
    refused: dict[str, str] = field(default_factory=dict)
    """By dtype of the image, the error, for dtypes that were refused."""
    crashes: tuple[str, ...] = ()
    """The refused dtypes with which the function ended its process."""
    warned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By dtype of the image, the warnings."""
    masks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By array parameter, the dtypes of masked arrays whose mask the function takes into account.
    A parameter that isn't listed ignores masks, or wasn't measured."""
    mutates: tuple[str, ...] = ()
    random: bool = False
    keeps_state: bool = False
    """Whether two equal calls give different results, although nothing is random: the function
    keeps something from one call to the next."""
    ignored_outputs: tuple[str, ...] = ()
    """Parameters that take a dtype which the result then doesn't have."""
    slices_with_one: bool = False
    """Whether each slice of a volume is processed by itself if the further images are slices, one
    for all slices of the volume: ``f(volume, slice)[z] == f(volume[z], slice)``."""
    dtype_follows: str = ""
    """The parameter, besides the image, whose array has the dtype of the result: ``markers``."""
    axis_arguments: dict[str, AxisArgument] | None = None
    """Parameters that take an entry for each axis of the image; None if that wasn't measured."""
    seeds: tuple[str, ...] = ()
    """Parameters that take an integer, on which random results depend."""
    reach: ReachTrials | None = None
    """How far elements of the result look; None if that wasn't measured."""
    option_effects: tuple[OptionEffect, ...] = ()
    """Calls whose options change the kind of the result."""
    values: dict[str, str] = field(default_factory=dict)
    """By call in words, the figures of its result: see `voxbind_build.common.figures`."""
    lists: dict[str, bool] = field(default_factory=dict)
    """By array parameter, whether it also accepts nested lists."""
    also_accepts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By parameter, kinds of arguments that it accepts although they aren't documented: see
    `probe.protocol.variants`."""
    inconclusive: dict[Part, str] = field(default_factory=dict)
    """By part of the measurement that stays undecided, how the call ended that would decide it."""
    failure: str = ""
    """Why nothing else was measured: the process crashed, used up its time, ..."""
    machine: str = ""
    """The device and its driver, if the library needs one: see `LibrarySpec.device`."""
    agreement: Agreement | None = None
    """How much results differ from the twin's; None if only one of the two was run."""


class Machine(Struct, frozen=True, kw_only=True):
    """The machine that functions were observed on: everything that decides results, but no name.

    An unknown version is empty.
    """

    device: str
    """``NVIDIA H100 80GB HBM3``."""
    capability: str = ""
    """The compute capability of the GPU: ``9.0``."""
    driver: str = ""
    runtime: str = ""
    """The version of CUDA."""
    cupy: str = ""

    @property
    def words(self) -> str:
        """The text in the manifest."""
        capability = f" (compute capability {self.capability})" if self.capability else ""
        versions = (("driver", self.driver), ("CUDA", self.runtime), ("CuPy", self.cupy))
        known = (f"{name} {version}" for name, version in versions if version)
        return ", ".join((f"{self.device}{capability}", *known))


class Recording(Struct, frozen=True, kw_only=True):
    """The observations of one library on one machine, which a build on another machine uses."""

    library: str
    distribution: str
    version: str
    machine: Machine
    observations: dict[str, Observation]
    """By definition. Each has the fingerprint of the source that was measured."""


class Recordings(Struct, frozen=True, kw_only=True):
    """The file that ``voxbind record --to`` writes."""

    recordings: tuple[Recording, ...]
    digest: str = ""
    """SHA-256 over the file without this field. It shows whether somebody edited the file."""
    schema_version: int = SCHEMA_VERSION
