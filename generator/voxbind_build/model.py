"""The frozen records that pass between the stages.

Every stage takes records defined here and gives records defined here; this module
imports no stage. The records are `msgspec` structs: what is decoded from TOML or
JSON is checked against these types, with the path of the offending field in the error.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

SCHEMA_VERSION = 1

ParameterKind = Literal[
    "POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"
]
TypeSource = Literal["annotation", "stub", "docstring", "default", "observed", "twin", "unknown"]
Contract = Literal["PURE_2D", "PURE_3D", "FLEXIBLE", "VOLUMETRIC_TO_SLICE"]
Evidence = Literal["observed", "recorded", "inferred", "declared", "unobserved"]
"""What a verdict rests on. ``unobserved``: no run decided it, and no twin did."""
SEEN: tuple[Evidence, ...] = ("observed", "recorded")
"""Evidence by running a function, here or on another machine."""
ResultKind = Literal[
    "image", "resized", "mask", "labels", "scalar", "points", "table", "histogram", "other"
]
Kept = Literal["all", "dtype", "memory", "nothing"]
"""What arrays that come back keep of the image: its memory, dtype and number of axes; memory and
dtype; its memory; or not even that, since no other library has such arrays."""
MemoryType = Literal["numpy", "cupy", "torch", "pyclesperanto", "array_api"]
"""``array_api``: wherever the image is, by the array API standard."""
AxisKeyword = Literal["x", "y", "z", "number"]
"""Which axis of a (Z, Y, X) array a parameter is about: x the last, y the last but one, z the
first of three; ``number`` for one that counts them in this order, 0 for x."""
Aspect = Literal[
    "added",
    "removed",
    "version",
    "signature",
    "types",
    "contract",
    "result",
    "dtypes",
    "documentation",
    "exclusion",
]
"""In what two records of a function, or of a library, can differ."""


Outcome = Literal["returned", "raised", "crashed", "inconclusive"]
"""What became of a call. ``crashed``: it ended its process, by a fault or an exit.
``inconclusive``: a limit or a signal from outside ended it, or the machine had no more memory or
processes to give. That says nothing of the function."""
Part = Literal[
    "process", "call", "image", "volume", "colours", "dtypes", "relations", "random", "options"
]
"""What a part of an observation is about. ``process``: all of it; ``call``: whether a function
without an image can be called."""
DECISIVE: frozenset[Part] = frozenset(
    ("process", "call", "image", "volume", "colours", "relations", "random")
)
"""The parts without which there is no verdict; the others only add to it."""

IMAGE_ROLES = frozenset(
    {
        "image",
        "colour image",
        "mask",
        "labels",
        "markers",
        "edges",
        "seed",
        "ceiling",
        "level set",
        "low or map",
        "high or map",
        "map",
    }
)
"""Roles of parameters whose arrays have the image's spatial shape: cut along Z together."""

OUTPUT_ROLES = frozenset(
    {
        "output",
        "output along x and y",
        "output along x and z",
        "output along y and z",
        "output of a column a label",
        "output of every second plane",
    }
)
"""Roles of parameters that a function writes its result into."""

WHOLE_ROLES = frozenset(
    {
        "start point",
        "end point",
        "points",
        "columns of points",
        "altitude",
        "label matrix",
        "label values",
        "flags",
        "vertices",
        "faces",
        "co-occurrences",
        "distances",
        "haar coordinates",
        "descriptors",
        "coordinates",
        "moments",
        "hough space",
        "rows",
        "angles",
        "radii",
        "tree",
        "values",
        "new values",
        "snake",
        "footprint",
        "footprint sequence",
        "histogram",
        "index",
        "offset",
        "colour",
        "weights",
        "psf",
        "regularisation",
        "template",
        "stain matrix",
        "spectrum",
        "matrix",
        "inverse map",
        "priority",
    }
)
"""Roles of parameters that take other arrays: converted, never cut."""

# --- library specification: what a person writes, one TOML a library -----------------


class Exclusion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a public name has no wrapper."""

    reason: str
    """A short category: ``file-io``, ``display``, ``module``, ``foreign``, ..."""
    detail: str = ""
    """One sentence for the reader of the manifest."""


class Declaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person states because it can't be measured, or contests; the rest stays as seen."""

    reason: str
    contract: Contract | Literal["helper"] | None = None
    """``helper`` for what takes no image."""
    result: ResultKind | tuple[ResultKind, ...] | None = None
    needs_channels: bool | None = None
    """Whether an axis of colours must be there."""

    def __post_init__(self) -> None:
        """Refuse a declaration that states nothing or contradicts itself."""
        if not self.reason.strip():
            raise ValueError("the reason is empty; say why the observation doesn't decide")
        if self.contract is None and self.result is None and self.needs_channels is None:
            raise ValueError(
                "the declaration states nothing; give it a contract, a result or needs_channels"
            )
        if self.contract == "helper" and self.needs_channels:
            raise ValueError("a helper takes no image, so it needs no channels; drop one of them")


class EnvironmentVariable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that a library must be told of before it is imported.

    Where the variable isn't set already, no `unless` pattern matches a file and one of
    `below_prefix` exists, the variable is set to the first such file's path.
    """

    below_prefix: tuple[str, ...]
    """Files below ``sys.prefix``, with ``/`` between folders."""
    unless: tuple[str, ...] = ()
    """`glob` patterns of files that make it unnecessary."""


class LibrarySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a library is and what can't be read off it."""

    name: str
    """Key in the manifest and the name below ``voxbind``: ``skimage``."""
    modules: tuple[str, ...]
    """Dotted upstream modules whose public names are taken: ``skimage.filters``."""
    distribution: str = ""
    """Name on PyPI: ``scikit-image``; by default the name."""
    also: tuple[str, ...] = ()
    """Other distributions that hold the same library: for another CUDA, say."""
    extra: str = ""
    """The extra of voxbind that installs it, if there is one: ``skimage``."""
    memory_type: MemoryType = "numpy"
    twin: str | None = None
    """The library that has the same functions on another device."""
    device: Literal["", "cuda"] = ""
    """What it needs to run, where not every machine has that: it is read from its source alone,
    and measured by ``voxbind record``."""
    exclude: dict[str, Exclusion] = field(default_factory=dict)
    """By dotted public name, ``fnmatch`` patterns allowed."""
    declare: dict[str, Declaration] = field(default_factory=dict)
    """By dotted public name."""
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """Roles of parameters whose names mislead: ``{"skimage.x.f": {"param": "role"}}``; a
    parameter named here is given when the function is measured, also where it is optional."""
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The dtypes of the library's memory that a function reads rightly, by dotted public name:
    it is given no others, neither to measure nor by its wrapper."""
    lazy: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameters for which a function takes a dask array and keeps it lazy, by dotted public name,
    if the documentation doesn't say so."""
    needs_output: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Outputs, optional upstream, without which a function returns memory that nobody wrote."""
    tolerance: dict[str, float] = field(default_factory=dict)
    """How far a result may be from the twin's, as a part of the largest number in it: by dotted
    public name, ``fnmatch`` patterns allowed, the first that fits."""
    untyped: dict[str, str] = field(default_factory=dict)
    """Public classes that no parameter has for its type, by dotted name, and why."""
    environment: dict[str, EnvironmentVariable] = field(default_factory=dict)
    """By name of an environment variable."""
    home: str = ""
    """Where wrappers import it from, if it comes with voxbind itself, as a copy of the folder of
    its name in ``templates/``: ``voxbind._native``."""
    needs: tuple[str, ...] = ()
    """Modules that it imports at its first call: the doctor looks for them."""

    @property
    def package(self) -> str:
        """The top-level package of its modules."""
        return self.modules[0].partition(".")[0]

    @property
    def remedy(self) -> str:
        """What brings the library in, as far as a build needs it."""
        if self.device:
            return f"`pip install --no-deps {self.distribution}` brings its source"
        if self.extra or self.distribution != self.name:
            return f"install it with `pip install {self.distribution}`"
        return f"put {self.package!r} beside the file that describes it, or on PYTHONPATH"

    def __post_init__(self) -> None:
        """Let what isn't on PyPI go by its name."""
        if not self.distribution:
            # The struct is frozen for who reads it; here it is being made.
            force_setattr(self, "distribution", self.name)


# --- discover --------------------------------------------------------------------------


class SourceParameter(Struct, frozen=True, kw_only=True):
    """One parameter as it stands in the source."""

    name: str
    kind: ParameterKind
    default: str | None = None
    """A literal or builtin expression (``1``, ``'nearest'``, ``range(1, 10, 2)``), or the
    dotted public path of an upstream object (``numpy.sum``), or ``<lambda>`` or such for
    what has neither; None where the argument is required."""
    default_is_literal: bool = True
    annotation: str | None = None
    stub: str | None = None
    """What the library's stub file says, all overloads united."""


class Definition(Struct, frozen=True, kw_only=True):
    """Where and how a callable is defined."""

    module: str
    """The defining module: ``skimage.filters._gaussian``."""
    qualname: str
    parameters: tuple[SourceParameter, ...]
    returns: str | None = None
    docstring: str = ""
    """Cleaned (`inspect.cleandoc`); from the live object where there is one, since some
    libraries fill templates in at import."""
    fingerprint: str = ""
    """SHA-256 over the text of the defining module."""
    origin: Literal["source", "live"] = "source"
    """``live`` for compiled callables that have no Python source."""
    decorators: tuple[str, ...] = ()
    """The decorators as they stand in the source, outermost first."""


class PublicName(Struct, frozen=True, kw_only=True):
    """One public name of one listed module."""

    name: str
    """Dotted public name: ``skimage.filters.gaussian``."""
    kind: Literal["function", "class", "constant", "module"]
    definition: Definition | None = None
    """For functions; None for everything else."""
    exclusion: Exclusion | None = None

    @property
    def module(self) -> str:
        """The listed module that shows the name."""
        return self.name.rpartition(".")[0]

    @property
    def attribute(self) -> str:
        """The name within its module."""
        return self.name.rpartition(".")[2]


class Inventory(Struct, frozen=True, kw_only=True):
    """Everything public that a library's listed modules show."""

    spec: LibrarySpec
    version: str
    names: tuple[PublicName, ...]
    """Sorted by name."""
    differences: tuple[str, ...] = ()
    """Where source and live module disagree, one sentence each."""
    live: bool = True
    """Whether the library could be imported."""


# --- describe --------------------------------------------------------------------------


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter of a wrapper."""

    name: str
    kind: ParameterKind
    annotation: str
    """A Python expression over the generated modules' vocabulary (see `render`)."""
    annotation_source: TypeSource
    default: str | None = None
    default_is_literal: bool = True
    documented: str = ""
    """The documentation's type, word for word."""
    facts: dict[str, str] = field(default_factory=dict)
    """What the documented type says that fits no annotation: ``{"range": "[0, 1]"}``."""
    contradiction: str = ""
    """What the documentation says and what the default is, where the two differ, in words."""
    untyped: str = ""
    """Why there is an ``Any`` in the annotation, in words."""
    description: str = ""


class Form(Struct, frozen=True, kw_only=True):
    """What comes back where options have certain values."""

    options: dict[str, str]
    """By parameter, literals that it may be, with commas between: ``{"return_num": "True"}``."""
    annotation: str


class Returns(Struct, frozen=True, kw_only=True):
    """What a wrapper gives back."""

    annotation: str
    annotation_source: TypeSource
    documented: tuple[tuple[str, str], ...] = ()
    """(name, type) of each documented member, word for word."""
    forms: tuple[Form, ...] = ()
    """Where options decide, the types that come with them, the defaults first."""
    facts: dict[str, str] = field(default_factory=dict)
    """As for a parameter; those of a member have its name before them: ``labels.dtype``."""
    contradiction: str = ""
    untyped: str = ""
    """Why there is an ``Any`` in the annotation, in words."""


class Description(Struct, frozen=True, kw_only=True):
    """Signature, types and documentation of one callable."""

    name: str
    module: str
    attribute: str
    definition: str
    """``module:qualname`` of the definition; names that share it share observations."""
    fingerprint: str
    parameters: tuple[Parameter, ...]
    returns: Returns
    doc: str = ""
    deprecated: str | None = None
    tags: tuple[str, ...] = ()
    declared: Contract | None = None
    """What its author says of it, with `voxbind.declare`."""


# --- probe -----------------------------------------------------------------------------


class Ending(Struct, frozen=True, kw_only=True):
    """How a call ended that didn't outlive its process."""

    outcome: Literal["crashed", "inconclusive"]
    words: str


class ProbeTask(Struct, frozen=True, kw_only=True):
    """What a worker needs to observe one callable."""

    description: Description
    memory_type: MemoryType
    roles: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By parameter, words that a parameter of that name takes elsewhere in the module."""
    fatal: dict[int, Ending] = field(default_factory=dict)
    """Calls, by their number, that ended an earlier process: these aren't made again."""
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


GIVEN = "..."
"""Stands for an array that was given to be written into."""


class Turned(Struct, frozen=True, kw_only=True):
    """A call with options that weren't at their defaults."""

    options: dict[str, str]
    """By parameter, the value that was given, as a literal: ``{"return_num": "True"}``."""
    dtype: str
    """Of the image; empty where there was none."""
    result: Result


class Apart(Struct, frozen=True, kw_only=True):
    """A kind of call, and how far from its twin's a function's result is there."""

    dtype: str = ""
    """Of the image; empty for any."""
    given: tuple[str, ...] = ()
    """Arguments that aren't what they are in most calls, by name."""
    relative: float = 0.0
    """The largest difference as a part of the largest number in the twin's array."""
    unlike: bool = False
    """Whether there was a result of another kind or shape, which no number tells."""

    @property
    def is_every_call(self) -> bool:
        """Whether it is no kind of its own."""
        return not (self.dtype or self.given)


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
    apart: tuple[Apart, ...] = ()
    """The kinds of call whose results differ by more than rounding, the furthest apart first."""


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
    only: tuple[str, ...] = ()
    """The dtypes that it was given, where a person says that others are misread."""
    refused: dict[str, str] = field(default_factory=dict)
    """By input dtype, the error for those that were not."""
    crashes: tuple[str, ...] = ()
    """Those refused dtypes on which the function ended its process."""
    warned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By input dtype, the warnings that came with it."""
    mutates: tuple[str, ...] = ()
    random: bool = False
    turned: tuple[Turned, ...] = ()
    """Calls whose options change the kind of the result."""
    lists: dict[str, bool] = field(default_factory=dict)
    """Whether each array may as well be given as nested lists."""
    also: dict[str, tuple[str, ...]] = field(default_factory=dict)
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


# --- classify --------------------------------------------------------------------------


class DtypeFact(Struct, frozen=True, kw_only=True):
    """Output dtype and value range for one input dtype."""

    dtype: str
    range: tuple[float, float] | None = None


class Overruled(Struct, frozen=True, kw_only=True):
    """What was observed of a function whose verdict a person has declared."""

    kind: Literal["image", "helper"]
    contract: Contract | None
    result: ResultKind | tuple[ResultKind, ...]
    needs_channels: bool
    reason: str
    evidence: Evidence
    by: Literal["specification", "author"] = "specification"
    """Who declared: the library's TOML, or the decorator in its source."""
    agrees: bool
    """Whether the declaration says nothing that wasn't observed as well."""


class Verdict(Struct, frozen=True, kw_only=True):
    """Every derived fact about one callable; `render` derives none."""

    kind: Literal["image", "helper"]
    contract: Contract | None
    reason: str
    evidence: Evidence
    result: ResultKind | tuple[ResultKind, ...] = "other"
    arrays: tuple[str, ...] = ()
    """Parameters that take image-like arrays: these are cut along Z together."""
    whole: tuple[str, ...] = ()
    """Parameters that take other arrays (a footprint, coordinates): converted, never cut."""
    outputs: tuple[str, ...] = ()
    """Parameters that the library writes its result into, where an array is given."""
    host: tuple[str, ...] = ()
    """Those of `whole` that the library wants as lists or NumPy arrays, whatever memory it
    works in: a matrix, say."""
    array_like: tuple[str, ...] = ()
    """Array parameters that take nested lists and numbers as the library documents."""
    named: tuple[str, ...] = ()
    """Array parameters that take a name as well: ``init_level_set="checkerboard"``."""
    masked: tuple[str, ...] = ()
    """Array parameters that take a masked array as well, and look at its mask."""
    stacks: bool = False
    """Whether results of slices are images that stack to a volume."""
    needs_channels: bool = False
    channels_last: bool = False
    """A 3-D array whose last axis has length 3 or 4 is read as one colour image."""
    dtypes: dict[str, DtypeFact] = field(default_factory=dict)
    mutates: tuple[str, ...] = ()
    random: bool = False
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """``Class: first line`` of each warning, and the inputs that it was seen with."""
    refuses: dict[str, str] = field(default_factory=dict)
    """The library's error for each kind of input that it never took: ``(Z, Y, X)``, ``bool``."""
    only: tuple[str, ...] = ()
    """The dtypes that are safe for arrays, where others end the process or are misread."""
    needs_output: tuple[str, ...] = ()
    """Optional outputs without which memory comes back that nobody wrote."""
    sources: tuple[str, ...] = ()
    """Parameters of a helper whose arrays go to the library's memory by themselves."""
    overruled: Overruled | None = None
    """What was observed, where a person has declared something."""
    returns: str | None = None
    """The result's type as it was seen, where that overrules the documented one."""
    forms: tuple[Form, ...] = ()
    """The result's types for certain options, the defaults first."""
    types: dict[str, str] = field(default_factory=dict)
    """Types of the parameters that were seen to take more than is documented."""
    keeps: Kept = "memory"
    """What arrays that come back have in common with the image."""
    axis_keywords: dict[str, AxisKeyword] = field(default_factory=dict)
    """Parameters that name an axis by x, y or z, or count axes from x, and what each does."""


# --- manifest --------------------------------------------------------------------------


Numbers = Literal["none", "some", "all"]
"""``some``: single ones, beside other results or alone; ``all``: rows of numbers, and no arrays."""


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
    apart: tuple[Apart, ...] = ()
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


class Function(Struct, frozen=True, kw_only=True):
    """A callable as the manifest holds it: description and verdict in one."""

    wrapper: str
    kind: Literal["image", "helper"]
    contract: Contract | None
    reason: str
    evidence: Evidence
    result: ResultKind | tuple[ResultKind, ...]
    arrays: tuple[str, ...]
    whole: tuple[str, ...]
    outputs: tuple[str, ...]
    array_like: tuple[str, ...]
    named: tuple[str, ...]
    masked: tuple[str, ...] = ()
    stacks: bool
    needs_channels: bool
    channels_last: bool
    dtypes: dict[str, DtypeFact]
    mutates: tuple[str, ...]
    random: bool
    warnings: dict[str, tuple[str, ...]]
    refuses: dict[str, str]
    only: tuple[str, ...]
    needs_output: tuple[str, ...]
    sources: tuple[str, ...]
    overruled: Overruled | None
    deprecated: str | None
    parameters: tuple[Parameter, ...]
    returns: Returns
    module: str
    original_name: str
    definition: str
    fingerprint: str
    doc: str
    tags: tuple[str, ...]
    host: tuple[str, ...] = ()
    axis_keywords: dict[str, AxisKeyword] = field(default_factory=dict)
    keeps: Kept = "memory"
    twin: Twin | None = None
    form: Literal["function", "class", "constant"] = "function"
    """Classes and constants are re-exported, as helpers."""

    @property
    def public(self) -> str:
        """Dotted public name upstream: ``skimage.filters.gaussian``."""
        return f"{self.module}.{self.original_name}"

    @property
    def lazy(self) -> tuple[str, ...]:
        """Array parameters that take a dask array as well, and keep it lazy."""
        return tuple(
            parameter.name
            for parameter in self.parameters
            if parameter.name in self.arrays and "dask" in parameter.facts.get("storage", "")
        )

    @property
    def label(self) -> str:
        """The contract in one word, or what stands in its place."""
        return self.contract or ("helper" if self.kind == "helper" else "unobserved")

    @property
    def promised(self) -> Overruled | None:
        """What was observed of a function whose contract its author declares."""
        return self.overruled if self.overruled and self.overruled.by == "author" else None


class Library(Struct, frozen=True, kw_only=True):
    """One library as the manifest holds it."""

    distribution: str
    extra: str
    version: str
    memory_type: MemoryType
    twin: str | None
    modules: tuple[str, ...]
    functions: dict[str, Function]
    excluded: dict[str, Exclusion]
    differences: tuple[str, ...] = ()
    environment: dict[str, EnvironmentVariable] = field(default_factory=dict)
    home: str = ""
    device: Literal["", "cuda"] = ""
    machine: str = ""
    """The device and driver on which it was observed; empty where that was here, or nowhere."""


class Manifest(Struct, frozen=True, kw_only=True):
    """The frozen record that is written, and all that `render` reads."""

    libraries: dict[str, Library]
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each generated file, by its path below the package."""
    digest: str = ""
    """SHA-256 over the manifest without this field: tells an edit by hand."""
    schema_version: int = SCHEMA_VERSION


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


class Difference(Struct, frozen=True, kw_only=True):
    """One thing in which two records of a library differ."""

    name: str
    """Dotted public name, or the library's name for what concerns all of it."""
    aspect: Aspect
    before: str = ""
    after: str = ""
