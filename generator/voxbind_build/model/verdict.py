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
    """The dtype of the result."""
    range: tuple[float, float] | None = None
    """The smallest and the largest number in the results; none if the result isn't an array of
    numbers."""


class Overruled(Struct, frozen=True, kw_only=True):
    """What was observed of a function whose verdict a person has declared."""

    kind: Literal["image", "helper"]
    """The observed kind, as in `Function`."""
    contract: Contract | None
    """The observed contract."""
    result: ResultKind | tuple[ResultKind, ...]
    """The observed kind of the result."""
    result_reason: str | tuple[str, ...] = ""
    """Why the result was taken to be of this kind."""
    needs_channels: bool
    """Whether it was observed to accept only images with an axis of colours."""
    reason: str
    """Why it was taken to have this contract."""
    evidence: Evidence
    """How the observed contract is known."""
    by: Literal["specification", "author"] = "specification"
    """Where the declaration is: in the library's TOML file, or in the function's source."""
    agrees: bool
    """Whether the observation says the same as the declaration."""


class Verdict(Struct, frozen=True, kw_only=True):
    """All conclusions about one function. `render` draws none of its own."""

    kind: Literal["image", "helper"]
    """``image`` if it takes an image; ``helper`` if not."""
    contract: Contract | None
    """How it treats the axes of an image; none for a helper, and if it isn't known."""
    reason: str
    """Why it has this contract, or none, in words."""
    evidence: Evidence
    """How the contract is known: from calls on the machine that built the package, from calls on
    another machine, from its twin, from a person, or not at all."""
    result: ResultKind | tuple[ResultKind, ...] = "other"
    """The kind of the result; for a tuple, the kind of each member."""
    result_reason: str | tuple[str, ...] = ""
    """Why the result is of this kind, in words; for a tuple, why each member is."""
    arrays: tuple[str, ...] = ()
    """Parameters that take images. Volumes in them are cut into slices together."""
    other_arrays: tuple[str, ...] = ()
    """Parameters that take other arrays, such as a footprint: converted, but never cut."""
    outputs: tuple[str, ...] = ()
    """Parameters that take an array for the library to write its result into."""
    host_arrays: tuple[str, ...] = ()
    """Parameters of `other_arrays` for which the library needs a list or a NumPy array, such as a
    matrix, also if it works in another memory."""
    array_like: tuple[str, ...] = ()
    """Array parameters that also take nested lists and numbers, as the library documents."""
    name_or_array: tuple[str, ...] = ()
    """Array parameters that also take a name: ``init_level_set="checkerboard"``."""
    masked: tuple[str, ...] = ()
    """Array parameters for which the function looks at the mask of a masked array."""
    masked_dtypes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By parameter in `masked`, the dtypes for which the mask is looked at, if it isn't for all."""
    result_colours: Literal["", "removed", "added"] = ""
    """``removed`` if the result of a colour image has no axis of colours, ``added`` if the result
    of an image has one. Empty if neither is so, or if it wasn't measured."""
    stacks: bool = False
    """Whether the results of slices can be stacked to a volume."""
    needs_channels: bool = False
    """Whether it only accepts images with an axis of colours."""
    channels_last: bool = False
    """A 3-D array whose last axis has length 3 or 4 is read as one colour image."""
    dtypes: dict[str, DtypeFact] = field(default_factory=dict)
    """By dtype of the image, the dtype and the range of the result."""
    dtype_follows: str = ""
    """The parameter, besides the image, whose dtype the result has; empty if there is none."""
    result_dtype: str = ""
    """The dtype of all arrays in the result of a function without array arguments."""
    values: dict[str, str] = field(default_factory=dict)
    """By call in words, a mark for the arguments and the result's figures: for each array its
    shape, then mean, spread, minimum, maximum, and mean weighted by position. Random
    results have those of a fixed seed. Empty in records of versions of voxbind that didn't
    measure them."""
    mutates: tuple[str, ...] = ()
    """Parameters whose arrays it changes, apart from those in `outputs`."""
    random: bool = False
    """Whether two calls with the same arguments give different results."""
    keeps_state: bool = False
    """Whether two equal calls give different results, although nothing is random: the function
    keeps something from one call to the next."""
    ignored_outputs: tuple[str, ...] = ()
    """Parameters that take a dtype which the result then doesn't have."""
    slices_with_one: bool = False
    """Whether each slice of a volume is processed by itself if the further images are slices, one
    for all slices of the volume: ``f(volume, slice)[z] == f(volume[z], slice)``."""
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By ``Class: first line`` of a warning, the inputs that caused it."""
    refuses: dict[str, str] = field(default_factory=dict)
    """The library's error by kind of input that it never accepted: ``(Z, Y, X)``, ``bool``."""
    allowed_dtypes: tuple[str, ...] = ()
    """The only dtypes that arrays may have, if others end the process or are misread. Empty if all
    dtypes may be passed."""
    needs_output: tuple[str, ...] = ()
    """Optional outputs without which the function returns memory that was never written."""
    sources: tuple[str, ...] = ()
    """Parameters of a helper that are converted to the library's memory one by one."""
    overruled: Overruled | None = None
    """The observed verdict, if a person has declared another one."""
    preserves: Preserved = "memory"
    """What the arrays of a result have in common with the image. ``all``: the memory, the dtype and
    the number of axes; ``dtype``: the memory and the dtype; ``memory``: the memory; ``nothing``:
    not even the memory, because no other library has such arrays."""
    axis_arguments: dict[str, AxisArgument] = field(default_factory=dict)
    """Parameters that take an entry for each axis of the image. If a volume is cut into slices,
    these arguments lose the entry for Z, or are refused."""
    seeds: tuple[str, ...] = ()
    """Parameters that take an integer, on which random results depend. If a volume is cut into
    slices, each slice gets a seed of its own."""
    axis_keywords: dict[str, AxisKeyword] = field(default_factory=dict)
    """Parameters that name an axis by x, y or z, or count axes from x, and the axis of each;
    ``number`` for one that counts."""
    reach: Reach | None = None
    """How far an element of the result looks along each axis; None if that wasn't measured."""


class TypeFindings(Struct, frozen=True, kw_only=True):
    """Types that were concluded from calls. The manifest has them in `parameters` and `returns`."""

    returns: str | None = None
    """The measured type of the result, if it overrules the documented one."""
    forms: tuple[Form, ...] = ()
    """The result's types for certain options, the defaults first."""
    parameters: dict[str, str] = field(default_factory=dict)
    """Types of parameters that accept more than is documented."""
