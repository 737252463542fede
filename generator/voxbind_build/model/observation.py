"""What the probe sees of a callable: calls, results, relations."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from voxbind_build.model.description import Description
from voxbind_build.model.reach import ReachTrials
from voxbind_build.model.spec import ImageClass
from voxbind_build.model.twin import Agreement, Twin
from voxbind_build.model.vocabulary import SCHEMA_VERSION, AxisKind, MemoryType, Outcome, Part


class Ending(Struct, frozen=True, kw_only=True):
    """How a call ended that didn't outlive its process."""

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
    """Calls, by their number, that ended an earlier process: these aren't made again."""
    again: bool = False
    """Whether an observation was inconclusive, and this is the second one."""
    beside: Twin | None = None
    """The twin to run beside it, where it is to be told how far results are from each other."""


class Result(Struct, frozen=True, kw_only=True):
    """What one call gave back, told without its data."""

    type: str
    """``array``, ``scalar``, ``tuple``, ``list``, ``iterator``, ``dict``, ``none`` or a class's
    dotted name."""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    range: tuple[float, float] | None = None
    members: tuple[Result, ...] = ()
    keys: str = ""
    """The class of a dictionary's keys, if it is one: ``str``."""
    integral: bool = False
    """All values are whole numbers."""


class Call(Struct, frozen=True, kw_only=True):
    """One call and what came of it."""

    case: str
    """Which image was given: see `probe.images`."""
    shape: tuple[int, ...]
    dtype: str
    outcome: Outcome
    result: Result | None = None
    error: str = ""
    """``TypeName: first line of the message``, or how the call ended."""
    warnings: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    """The arguments beside the image, in words."""


class OptionEffect(Struct, frozen=True, kw_only=True):
    """A call with options that weren't at their defaults."""

    options: dict[str, str]
    """By parameter, the value that was given, as a literal: ``{"return_num": "True"}``."""
    dtype: str
    """Of the image; empty where there was none."""
    result: Result


class AxisArgument(Struct, frozen=True, kw_only=True):
    """An argument with an entry for each axis of the image."""

    kind: AxisKind
    neutral: tuple[float, ...] = ()
    """Numbers that leave an axis alone: if the first entry, for Z, is one of them, each slice of a
    volume is processed by itself."""


class Observation(Struct, frozen=True, kw_only=True):
    """Everything seen of one callable."""

    definition: str
    fingerprint: str
    """Of the source, the library's version and the way of measuring: equal fingerprints
    need no second measurement."""
    roles: dict[str, str] = field(default_factory=dict)
    """The role that each array parameter was given: ``image``, ``mask``, ``labels``,
    ``footprint``, ..."""
    image: str = ""
    """The parameter that takes the image; empty for a callable that takes none."""
    calls: tuple[Call, ...] = ()
    relations: dict[str, bool] = field(default_factory=dict)
    """Outcome of each relation that was tested: ``per_slice``, ``last_axis``, ..."""
    dtypes: dict[str, Result] = field(default_factory=dict)
    """By input dtype, for those that were taken."""
    allowed_dtypes: tuple[str, ...] = ()
    """The dtypes that it was given, where a person says that others are misread."""
    refused: dict[str, str] = field(default_factory=dict)
    """By input dtype, the error for those that were not."""
    crashes: tuple[str, ...] = ()
    """Those refused dtypes on which the function ended its process."""
    warned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By input dtype, the warnings that came with it."""
    masks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By array parameter, the dtypes of masked arrays whose mask the function takes into account.
    A parameter that isn't listed ignores masks, or wasn't measured."""
    mutates: tuple[str, ...] = ()
    random: bool = False
    axis_arguments: dict[str, AxisArgument] | None = None
    """Parameters that take an entry for each axis of the image; None if that wasn't measured."""
    seeds: tuple[str, ...] = ()
    """Parameters that take an integer, on which random results depend."""
    reach: ReachTrials | None = None
    """How far elements of the result were seen to look; None if that wasn't measured."""
    option_effects: tuple[OptionEffect, ...] = ()
    """Calls whose options change the kind of the result."""
    values: dict[str, str] = field(default_factory=dict)
    """By call in words, the figures of its result: see `voxbind_build.common.figures`."""
    lists: dict[str, bool] = field(default_factory=dict)
    """Whether each array may as well be given as nested lists."""
    also_accepts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What a parameter was seen to take beside what is documented: see `probe.variants`."""
    inconclusive: dict[Part, str] = field(default_factory=dict)
    """By part, how a call ended without which that part is open."""
    failure: str = ""
    """Why there is nothing more: the process crashed, used up its time, ..."""
    machine: str = ""
    """The device and its driver, where another machine's are needed: see `LibrarySpec.device`."""
    agreement: Agreement | None = None
    """How far results are from the twin's, where both were run."""


class Machine(Struct, frozen=True, kw_only=True):
    """Where functions were observed: what decides the numbers that come back, and no host's name.

    A version that can't be told is empty.
    """

    device: str
    """``NVIDIA H100 80GB HBM3``."""
    capability: str = ""
    """The GPU's, as CUDA counts them: ``9.0``."""
    driver: str = ""
    runtime: str = ""
    """The version of CUDA."""
    cupy: str = ""

    @property
    def words(self) -> str:
        """What the manifest says."""
        capability = f" (compute capability {self.capability})" if self.capability else ""
        versions = (("driver", self.driver), ("CUDA", self.runtime), ("CuPy", self.cupy))
        told = (f"{name} {version}" for name, version in versions if version)
        return ", ".join((f"{self.device}{capability}", *told))


class Recording(Struct, frozen=True, kw_only=True):
    """What was observed of one library on one machine, to be merged on another."""

    library: str
    distribution: str
    version: str
    machine: Machine
    observations: dict[str, Observation]
    """By definition; each has a fingerprint of the source that it rests on."""


class Recordings(Struct, frozen=True, kw_only=True):
    """The file that ``voxbind record --to`` writes."""

    recordings: tuple[Recording, ...]
    digest: str = ""
    """SHA-256 over the file without this field: tells an edit by hand."""
    schema_version: int = SCHEMA_VERSION
