"""The closed vocabularies of the records: contracts, evidence, kinds of results."""

from __future__ import annotations

from typing import Literal

PACKAGE = "voxbind"
"""The package of wrappers that voxbind ships, and of the run time that all wrappers import."""
SCHEMA_VERSION = 2

ParameterKind = Literal[
    "POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"
]

TypeSource = Literal["annotation", "stub", "docstring", "default", "observed", "twin", "unknown"]

Contract = Literal["PURE_2D", "PURE_3D", "FLEXIBLE", "VOLUMETRIC_TO_SLICE"]

Evidence = Literal["observed", "recorded", "inferred", "declared", "unobserved"]
"""What a verdict is based on. ``unobserved``: neither a call nor a twin decided it."""

SEEN: tuple[Evidence, ...] = ("observed", "recorded")
"""Evidence from running a function, here or on another machine."""

ResultKind = Literal[
    "image", "resized", "mask", "labels", "scalar", "points", "table", "histogram", "other"
]

Preserved = Literal["all", "dtype", "memory", "nothing"]
"""What the arrays of a result have in common with the image: memory, dtype and number of axes;
memory and dtype; memory; or nothing, because no other library has such arrays."""

MemoryType = Literal["numpy", "cupy", "torch", "pyclesperanto", "array_api"]
"""``array_api``: in the memory of the image, by the array API standard."""

AxisKeyword = Literal["x", "y", "z", "number"]
"""Which axis of a (Z, Y, X) array a parameter is about: x the last, y the last but one, z the
first of three; ``number`` for one that counts them in this order, 0 for x."""

Aspect = Literal[
    "added",
    "removed",
    "version",
    "library",
    "signature",
    "types",
    "contract",
    "result",
    "dtypes",
    "values",
    "answers",
    "twin",
    "documentation",
    "source",
    "exclusion",
    "record",
]
"""The headings under which differences of two records are reported."""

Outcome = Literal["returned", "raised", "crashed", "inconclusive"]
"""What became of a call. ``crashed``: it ended its process, by a fault or an exit.
``inconclusive``: a limit or a signal from outside ended it, or the machine had no more memory or
processes to give. That says nothing of the function."""

Part = Literal[
    "process",
    "call",
    "image",
    "volume",
    "colours",
    "dtypes",
    "masks",
    "relations",
    "slices",
    "random",
    "options",
    "values",
    "reach",
]
"""What a part of an observation is about. ``process``: all of it; ``call``: whether a function
without an image can be called."""

DECISIVE: frozenset[Part] = frozenset(
    ("process", "call", "image", "volume", "colours", "relations", "random")
)
"""The parts without which there is no verdict; the others only add to it."""

AxisKind = Literal["shape", "numbers", "property", "kernel", "transform"]
"""What an argument with an entry for each axis of the image holds. ``shape``: the lengths of the
result's axes; ``numbers``: a number for each axis, such as the widths of a blur; ``property``:
a property of each axis, such as the distance of its pixels, or what lies beyond its ends;
``kernel``: an array with as many axes as the image; ``transform``: a matrix or an object that maps
coordinates."""

GIVEN = "..."
"""Stands for an array that was given to be written into."""

SLICE_BY_SLICE = "slice_by_slice"
"""The option that wrappers of functions of images and volumes add to the library's own."""

NOT_FOR_USERS = frozenset(("conftest", "setup", "test", "tests"))
"""Names of modules that are only for a library's own tests and build."""

UNRENDERABLE = "unrenderable"
"""The reason for the exclusion of names for which no wrapper can be written."""

Numbers = Literal["none", "some", "all"]
"""``some``: single ones, beside other results or alone; ``all``: rows of numbers, and no arrays."""
