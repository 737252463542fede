"""Sentences on what a library refuses and warns of, and on how twins differ."""

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
"""Warnings about the values of one test image, which say nothing of another image."""
_MISREAD = "not given: "
"""How the record marks dtypes that the probe didn't try, since the library would misread them."""


def refusals(function: Function) -> Iterator[str]:
    """Say which dtypes are refused, and with which error; the contract is about dimensions."""
    dtypes = {given: error for given, error in function.refuses.items() if given[:1] != "("}
    for error, given in grouped(dtypes):
        names = enumerated(sorted(given, key=rank))
        if error.startswith(_MISREAD):
            yield f"Raises MemoryTypeError for {names}, which the library would misread"
        else:
            yield f"The library refuses {names} ({_short(error)})"


def warnings(function: Function) -> Iterator[str]:
    """Say which warnings a user will see: of future changes, and of certain dtypes."""
    by_dtype: dict[str, str] = {}
    for warning, inputs in function.warnings.items():
        dtypes = [given for given in inputs if given in function.dtypes]
        if warning.startswith(_OF_THE_LIBRARY):
            if not function.deprecated:  # the documentation begins with it then
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
    for given, answer in answers.items():
        groups.setdefault(_DTYPE.sub("", answer), (answer, []))[1].append(given)
    return list(groups.values())


def rank(dtype: str) -> tuple[int, int]:
    """Sort dtypes by kind, then by size, as people list them."""
    kind = dtype.rstrip("0123456789")
    known = _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
    return known, int(dtype.removeprefix(kind) or 0)


def _short(answer: str) -> str:
    flat = " ".join(clean(answer).split()).rstrip(".")
    return flat if len(flat) <= _LENGTH else f"{flat[:_LENGTH].rpartition(' ')[0]} ..."


def of_twin(twin: Twin) -> list[str]:
    """Say how a function's signature differs from its twin's on the CPU, if it does."""
    differences = [f"has {own} in place of {other}" for other, own in twin.renamed.items()]
    if twin.missing:
        differences.append(f"lacks {enumerated(twin.missing)}")
    if twin.added:
        differences.append(f"adds {enumerated(twin.added)}")
    differences += [
        f"defaults to {name}={own} instead of {name}={other}"
        for name, (other, own) in sorted(twin.defaults.items())
        if own and other and not own.startswith("<")  # an object without a name of its own
    ]
    return [f"Unlike {twin.name}, it {'; '.join(differences)}"] if differences else []


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
