"""Sentences on a library's errors and warnings, and on the differences between twins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from voxbind_build.common.wording import enumerated
from voxbind_build.model import Function, Twin
from voxbind_build.render.code.quoting import clean

__all__ = [
    "enumerated",
    "grouped",
    "of_twin",
    "rank",
    "refusals",
    "warnings",
]

_DTYPE = re.compile(r"\b(bool|u?int(8|16|32|64)|float(32|64))_?\b")
_KINDS = ("bool", "uint", "int", "float", "complex")
_LENGTH = 90
_OF_THE_LIBRARY = ("FutureWarning", "DeprecationWarning", "PendingDeprecationWarning")
_OF_OUR_VALUES = ("RuntimeWarning", "ResourceWarning")
"""Warnings about the values of a test image, which other images need not cause."""
_MISREAD = "not given: "
"""The record's mark of a dtype that the probe didn't pass, since the library would misread it."""


def refusals(function: Function) -> Iterator[str]:
    """Say which dtypes the library refuses, and with which error."""
    dtypes = {dtype: error for dtype, error in function.refuses.items() if dtype[:1] != "("}
    for error, dtype in grouped(dtypes):
        names = enumerated(sorted(dtype, key=rank))
        if error.startswith(_MISREAD):
            yield f"Raises MemoryTypeError for {names}, which the library would misread"
        else:
            yield f"The library refuses {names} ({_short(error)})"


def warnings(function: Function) -> Iterator[str]:
    """Say which warnings a user will see: those on future changes, and those for some dtypes."""
    by_dtype: dict[str, str] = {}
    for warning, inputs in function.warnings.items():
        dtypes = [dtype for dtype in inputs if dtype in function.dtypes]
        if warning.startswith(_OF_THE_LIBRARY):
            if not function.deprecated:  # otherwise the documentation begins with the warning
                yield f"The library warns ({_short(warning)})"
        elif not warning.startswith(_OF_OUR_VALUES) and 0 < len(dtypes) < len(function.dtypes):
            by_dtype |= {f"{dtype} {warning}": warning for dtype in dtypes}
    mentioned: set[str] = set()
    for warning, keys in sorted(grouped(by_dtype), key=lambda group: -len(group[1])):
        dtypes = sorted({key.partition(" ")[0] for key in keys}, key=rank)
        if not mentioned.issuperset(dtypes):  # one warning for each dtype is enough
            mentioned.update(dtypes)
            yield f"The library warns for {enumerated(dtypes)} ({_short(warning)})"


def grouped(answers: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Group inputs whose answers are the same, or differ only in the name of a dtype."""
    groups: dict[str, tuple[str, list[str]]] = {}
    for input_, answer in answers.items():
        groups.setdefault(_DTYPE.sub("", answer), (answer, []))[1].append(input_)
    return list(groups.values())


def rank(dtype: str) -> tuple[int, int]:
    """Return a key that sorts dtypes by kind, then by size."""
    kind = dtype.rstrip("0123456789")
    kind_rank = _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
    return kind_rank, int(dtype.removeprefix(kind) or 0)


def _short(answer: str) -> str:
    flat = " ".join(clean(answer).split()).rstrip(".")
    return flat if len(flat) <= _LENGTH else f"{flat[:_LENGTH].rpartition(' ')[0]} ..."


def of_twin(twin: Twin) -> list[str]:
    """Return at most one sentence on how a signature differs from that of the twin on the CPU."""
    differences = [f"has {gpu} instead of {cpu}" for cpu, gpu in twin.renamed.items()]
    if twin.missing:
        differences.append(f"lacks {enumerated(twin.missing)}")
    if twin.added:
        differences.append(f"adds {enumerated(twin.added)}")
    differences += [
        f"defaults to {name}={gpu} instead of {name}={cpu}"
        for name, (cpu, gpu) in sorted(twin.defaults.items())
        if gpu and cpu and not gpu.startswith("<")  # an object without a name
    ]
    return [f"Unlike {twin.name}, it {'; '.join(differences)}"] if differences else []
