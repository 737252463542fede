"""The frozen records that pass between the stages.

Every stage takes records defined here and gives records defined here; this module
imports no stage. The records are `msgspec` structs: what is decoded from TOML or
JSON is checked against these types, with the path of the offending field in the error.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

SCHEMA_VERSION = 1

ParameterKind = Literal[
    "POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"
]
TypeSource = Literal["annotation", "stub", "docstring", "default", "observed", "unknown"]
Contract = Literal["PURE_2D", "PURE_3D", "FLEXIBLE", "VOLUMETRIC_TO_SLICE"]
Evidence = Literal["observed", "recorded", "inferred", "declared"]
ResultKind = Literal[
    "image", "resized", "mask", "labels", "scalar", "points", "table", "histogram", "other"
]
MemoryType = Literal["numpy", "cupy", "torch", "pyclesperanto"]
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

WHOLE_ROLES = frozenset(
    {
        "start point",
        "end point",
        "points",
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
        "histogram",
        "index",
        "offset",
        "colour",
        "weights",
        "psf",
        "regularisation",
        "template",
        "stain matrix",
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
    """A contract that a person states because it can't be measured, or contests."""

    contract: Contract
    reason: str
    result: ResultKind | tuple[ResultKind, ...] | None = None


class LibrarySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a library is and what can't be read off it."""

    name: str
    """Key in the manifest and the name below ``voxbind``: ``skimage``."""
    distribution: str
    """Name on PyPI: ``scikit-image``."""
    extra: str
    """The extra of voxbind that installs it: ``skimage``."""
    modules: tuple[str, ...]
    """Dotted upstream modules whose public names are taken: ``skimage.filters``."""
    memory_type: MemoryType = "numpy"
    twin: str | None = None
    exclude: dict[str, Exclusion] = field(default_factory=dict)
    """By dotted public name, ``fnmatch`` patterns allowed."""
    declare: dict[str, Declaration] = field(default_factory=dict)
    """By dotted public name."""
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """Roles of parameters whose names mislead: ``{"skimage.x.f": {"param": "role"}}``."""


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
    description: str = ""


class Returns(Struct, frozen=True, kw_only=True):
    """What a wrapper gives back."""

    annotation: str
    annotation_source: TypeSource
    documented: tuple[tuple[str, str], ...] = ()
    """(name, type) of each documented member, word for word."""


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


# --- probe -----------------------------------------------------------------------------


class ProbeTask(Struct, frozen=True, kw_only=True):
    """What a worker needs to observe one callable."""

    description: Description
    memory_type: MemoryType
    roles: dict[str, str] = field(default_factory=dict)


class Result(Struct, frozen=True, kw_only=True):
    """What one call gave back, told without its data."""

    type: str
    """``array``, ``scalar``, ``tuple``, ``list``, ``dict``, ``none`` or a class's dotted name."""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    range: tuple[float, float] | None = None
    members: tuple[Result, ...] = ()
    integral: bool = False
    """All values are whole numbers."""


class Call(Struct, frozen=True, kw_only=True):
    """One call and what came of it."""

    case: str
    """Which image was given: see `probe.images`."""
    shape: tuple[int, ...]
    dtype: str
    outcome: Literal["returned", "raised", "timeout", "crashed", "memory", "exited"]
    result: Result | None = None
    error: str = ""
    """``TypeName: first line of the message``."""
    warnings: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    """The arguments beside the image, in words."""


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
    mutates: tuple[str, ...] = ()
    random: bool = False
    failure: str = ""
    """Why there is nothing more: the worker crashed, timed out, ..."""


# --- classify --------------------------------------------------------------------------


class DtypeFact(Struct, frozen=True, kw_only=True):
    """Output dtype and value range for one input dtype."""

    dtype: str
    range: tuple[float, float] | None = None


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
    array_like: tuple[str, ...] = ()
    """Array parameters that take nested lists and numbers as the library documents."""
    named: tuple[str, ...] = ()
    """Array parameters that take a name as well: ``init_level_set="checkerboard"``."""
    stacks: bool = False
    """Whether results of slices are images that stack to a volume."""
    needs_channels: bool = False
    channels_last: bool = False
    """A 3-D array whose last axis has length 3 or 4 is read as one colour image."""
    dtypes: dict[str, DtypeFact] = field(default_factory=dict)
    mutates: tuple[str, ...] = ()
    random: bool = False
    returns: str | None = None
    """The result's type as it was seen, where that overrules the documented one."""


# --- manifest --------------------------------------------------------------------------


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
    stacks: bool
    needs_channels: bool
    channels_last: bool
    dtypes: dict[str, DtypeFact]
    mutates: tuple[str, ...]
    random: bool
    deprecated: str | None
    parameters: tuple[Parameter, ...]
    returns: Returns
    module: str
    original_name: str
    definition: str
    fingerprint: str
    doc: str
    tags: tuple[str, ...]
    form: Literal["function", "class", "constant"] = "function"
    """Classes and constants are re-exported, as helpers."""


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


class Manifest(Struct, frozen=True, kw_only=True):
    """The frozen record that is written, and all that `render` reads."""

    libraries: dict[str, Library]
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each generated file, by its path below the package."""
    digest: str = ""
    """SHA-256 over the manifest without this field: tells an edit by hand."""
    schema_version: int = SCHEMA_VERSION


class Difference(Struct, frozen=True, kw_only=True):
    """One thing in which two records of a library differ."""

    name: str
    """Dotted public name, or the library's name for what concerns all of it."""
    aspect: Aspect
    before: str = ""
    after: str = ""
