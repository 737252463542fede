"""Every fact that is derived from an observation."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from voxbind_build.model.description import Form
from voxbind_build.model.observation import AxisArgument
from voxbind_build.model.reach import Reach
from voxbind_build.model.vocabulary import AxisKeyword, Contract, Evidence, Preserved, ResultKind


class DtypeFact(Struct, frozen=True, kw_only=True):
    """Output dtype and value range for one input dtype."""

    dtype: str
    range: tuple[float, float] | None = None


class Overruled(Struct, frozen=True, kw_only=True):
    """What was observed of a function whose verdict a person has declared."""

    kind: Literal["image", "helper"]
    contract: Contract | None
    result: ResultKind | tuple[ResultKind, ...]
    result_reason: str | tuple[str, ...] = ""
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
    result_reason: str | tuple[str, ...] = ""
    """Why the result is of this kind, in words; for a tuple, why each member is."""
    arrays: tuple[str, ...] = ()
    """Parameters that take image-like arrays: these are cut along Z together."""
    other_arrays: tuple[str, ...] = ()
    """Parameters that take other arrays (a footprint, coordinates): converted, never cut."""
    outputs: tuple[str, ...] = ()
    """Parameters that the library writes its result into, where an array is given."""
    host_arrays: tuple[str, ...] = ()
    """Those of `other_arrays` that the library wants as lists or NumPy arrays, whatever memory it
    works in: a matrix, say."""
    array_like: tuple[str, ...] = ()
    """Array parameters that take nested lists and numbers as the library documents."""
    name_or_array: tuple[str, ...] = ()
    """Array parameters that take a name as well: ``init_level_set="checkerboard"``."""
    masked: tuple[str, ...] = ()
    """Array parameters that take a masked array as well, and look at its mask."""
    masked_dtypes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By parameter in `masked`, the dtypes for which the mask is looked at, if it isn't for all."""
    stacks: bool = False
    """Whether results of slices are images that stack to a volume."""
    needs_channels: bool = False
    channels_last: bool = False
    """A 3-D array whose last axis has length 3 or 4 is read as one colour image."""
    dtypes: dict[str, DtypeFact] = field(default_factory=dict)
    result_dtype: str = ""
    """The dtype of all arrays in the result of a function without array arguments."""
    values: dict[str, str] = field(default_factory=dict)
    """By call in words, a mark for the arguments and the result's figures: for each array its
    shape, then mean, spread, minimum, maximum, and mean weighted by position. Empty if results are
    random, and in records of a voxbind that didn't measure them."""
    mutates: tuple[str, ...] = ()
    random: bool = False
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """``Class: first line`` of each warning, and the inputs that it was seen with."""
    refuses: dict[str, str] = field(default_factory=dict)
    """The library's error for each kind of input that it never took: ``(Z, Y, X)``, ``bool``."""
    allowed_dtypes: tuple[str, ...] = ()
    """The dtypes that are safe for arrays, where others end the process or are misread."""
    needs_output: tuple[str, ...] = ()
    """Optional outputs without which memory comes back that nobody wrote."""
    sources: tuple[str, ...] = ()
    """Parameters of a helper whose arrays go to the library's memory by themselves."""
    overruled: Overruled | None = None
    """What was observed, where a person has declared something."""
    preserves: Preserved = "memory"
    """What arrays that come back have in common with the image."""
    axis_arguments: dict[str, AxisArgument] = field(default_factory=dict)
    """Parameters that take an entry for each axis of the image. If a volume is cut into slices,
    these arguments lose the entry for Z, or are refused."""
    seeds: tuple[str, ...] = ()
    """Parameters that take an integer, on which random results depend. If a volume is cut into
    slices, each slice gets a seed of its own."""
    axis_keywords: dict[str, AxisKeyword] = field(default_factory=dict)
    """Parameters that name an axis by x, y or z, or count axes from x, and what each does."""
    reach: Reach | None = None
    """How far an element of the result looks along each axis; None if that wasn't measured."""


class TypeFindings(Struct, frozen=True, kw_only=True):
    """What calls showed of a function's types; the manifest holds it in parameters and result."""

    returns: str | None = None
    """The result's type as it was seen, where that overrules the documented one."""
    forms: tuple[Form, ...] = ()
    """The result's types for certain options, the defaults first."""
    parameters: dict[str, str] = field(default_factory=dict)
    """Types of the parameters that were seen to take more than is documented."""
