"""Tells what a library answers to an input that it refuses or warns of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from voxbind_build.common.wording import enumerated
from voxbind_build.model import Function, Twin
from voxbind_build.render.code.quoting import clean

__all__ = [
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
"""They come of the values in a test image, and say nothing of another."""


def refusals(function: Function) -> Iterator[str]:
    """Say which dtypes are refused, and with which words; the contract tells the dimensions."""
    dtypes = {given: error for given, error in function.refuses.items() if given[:1] != "("}
    for error, given in grouped(dtypes):
        yield f"Refuses {enumerated(sorted(given, key=rank))} ({_short(error)})"


def warnings(function: Function) -> Iterator[str]:
    """Say which warnings await a user: of what will change, and of single dtypes."""
    by_dtype: dict[str, str] = {}
    for warning, inputs in function.warnings.items():
        dtypes = [given for given in inputs if given in function.dtypes]
        if warning.startswith(_OF_THE_LIBRARY):
            if not function.deprecated:  # the documentation begins with it then
                yield f"Warns: {_short(warning)}"
        elif not warning.startswith(_OF_OUR_VALUES) and 0 < len(dtypes) < len(function.dtypes):
            by_dtype |= {f"{dtype} {warning}": warning for dtype in dtypes}
    told: set[str] = set()
    for warning, keys in sorted(grouped(by_dtype), key=lambda group: -len(group[1])):
        dtypes = sorted({key.partition(" ")[0] for key in keys}, key=rank)
        if not told.issuperset(dtypes):  # one warning of a dtype is enough here
            told.update(dtypes)
            yield f"Warns of {enumerated(dtypes)} ({_short(warning)})"


def grouped(answers: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Bring inputs together whose answers differ in nothing but a dtype's name."""
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
    told = []
    if twin.renamed:
        told.append(" and ".join(f"{other} is called {own}" for other, own in twin.renamed.items()))
    if twin.missing:
        told.append(f"{', '.join(twin.missing)} {_is(twin.missing)} missing")
    if twin.added:
        told.append(f"{', '.join(twin.added)} {_is(twin.added)} added")
    told += [
        f"{name} is {own} by default, there {other}"
        for name, (other, own) in sorted(twin.defaults.items())
        if own and other
    ]
    return [f"Beside {twin.name}, {'; '.join(told)}"] if told else []


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
