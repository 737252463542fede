"""Sentences on what a library refuses and warns of, and on how twins differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from voxbind_build.model import Apart, Function, Twin
from voxbind_build.render.code.quoting import clean

__all__ = [
    "enumerated",
    "grouped",
    "how_far",
    "never",
    "of_routing",
    "of_twin",
    "rank",
    "refusals",
    "stays",
    "warnings",
    "which",
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


def enumerated(names: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


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


def never(function: Function, required: Sequence[str]) -> str:
    """Say why a function on a GPU is never called for its twin, if it isn't: after "because".

    Parameters
    ----------
    function
        The one on the GPU.
    required
        Parameters of the twin that it lacks and that must be given.
    """
    twin, name = function.twin, function.public
    if twin is None:
        return ""
    for each in twin.apart:
        if each.is_every_call:
            return f"results of {name} were {how_far(each)} those of {twin.name}"
    if required:
        return f"{name} has no parameter {required[0]!r}"
    if twin.axes == 0:
        return f"{name} takes other axes than {twin.name}"
    return ""


def which(apart: Apart, of: str = "") -> str:
    """Say which calls are of a kind, as what follows their name; nothing for every call.

    Parameters
    ----------
    apart
        The kind.
    of
        What has the dtype, in words before it.
    """
    dtype = [f"for {of}{apart.dtype}"] if apart.dtype else []
    return " ".join([*dtype, *([f"with {enumerated(apart.given)}"] if apart.given else [])])


def how_far(apart: Apart) -> str:
    """Say how far results of a kind of call are from the twin's: before "those of"."""
    if apart.unlike:
        return "of another kind or shape than"
    return f"up to {apart.relative:.2g} times the largest number away from"


def stays(function: Function, twin: Twin) -> str:
    """Say why what is on the host isn't taken to a GPU for a function, if it isn't.

    Parameters
    ----------
    function
        The one on the CPU.
    twin
        How the other differs from it.
    """
    if function.kind == "helper":
        return f"{twin.name} takes no image, and works where its arrays are"
    if function.random:
        return f"{twin.name} is random, and a GPU's random numbers are others"
    if twin.objects:
        return f"{twin.name} gives objects, which stay where their arrays are"
    return ""


def of_routing(
    function: Function, other: Function | None, arrays: Sequence[str], required: Sequence[str]
) -> str:
    """Say where a function of `voxbind.auto` runs.

    Parameters
    ----------
    function
        The one on the CPU.
    other
        The one on a GPU, if there is one.
    arrays
        The parameters that say where.
    required
        As for `never`.
    """
    told = ". ".join(_routing(function, other, arrays, required))
    return f"voxbind.auto: {told}."


def _routing(
    function: Function, other: Function | None, arrays: Sequence[str], required: Sequence[str]
) -> Iterator[str]:
    name = function.public
    twin = other.twin if other is not None else None
    if not arrays:
        yield f"takes no image, so that it is {name} everywhere"
    elif other is None or twin is None:
        yield f"runs on the CPU: {name} has no twin on the GPU"
    elif reason := never(other, required):
        yield f"runs on the CPU, because {reason}"
    else:
        asked = "" if stays(function, twin) else ", or voxbind.prefer('gpu') holds,"
        yield (
            f"where {arrays[0]} is on an NVIDIA GPU{asked} it runs "
            f"{other.public} there, else {name} on the CPU"
        )
        yield from _limits(twin)
        if function.dtypes and not other.dtypes:
            yield "The dtypes told above are the CPU's: no GPU's were seen yet"
        alike: dict[tuple[str, str], list[str]] = {}
        for given, results in twin.dtypes.items():
            alike.setdefault(results, []).append(given)
        for (cpu, gpu), dtypes in sorted(alike.items()):
            given = enumerated(sorted(dtypes, key=rank))
            yield f"For {given} it gives {gpu} on a GPU, and {cpu} on the CPU"


def _limits(twin: Twin) -> Iterator[str]:
    only = [f"with {name}" for name in twin.missing]
    only += [f"with a Python function as {name}" for name in twin.kernels]
    only += [f"for images of {dtype}" for dtype in twin.refuses]
    only += [
        f"{which(each, 'images of ')} (results were {how_far(each)} the CPU's)"
        for each in twin.apart
    ]
    if twin.axes:
        only.append(f"for images that haven't {twin.axes} spatial axes")
    if only:
        yield f"It is the CPU's in any case {enumerated(only)}"
    if twin.objects:
        yield "On a GPU it gives objects of that library's classes"
    if twin.numbers != "none":
        yield "Numbers come to the host wherever it runs"
