"""Searches for an arrangement of arguments that a function accepts.

An error for one image often depends on its content, so a function counts as refusing a dimension
only if it refuses all sizes, contents, dtypes and arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from voxbind_build.model import Description, Part
from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.relations import tells

Content = tuple[str, str]
Found = tuple[Arrangement, Answer]

_SECOND_LOOKS = 9
"""Largest number of calls, including the first, if all results are constant arrays."""

_ALL: tuple[Content, ...] = (
    ("grey", "float64"),
    ("grey", "uint8"),
    ("two phases", "float64"),
    ("labels", "int32"),
    ("mask", "bool"),
    ("labels", "uint8"),
    ("grey", "float32"),
    ("edges", "bool"),
    ("grey", "uint16"),
)
_COMPLEX: tuple[Content, ...] = (("complex", "complex64"), ("complex", "complex128"))
"""Tried on functions that refuse all real numbers: the inverses of Fourier transforms."""
_BY_ROLE: dict[str, tuple[Content, ...]] = {
    "labels": (("labels", "int32"), ("cells", "int32")),
    "markers": (("labels", "int32"),),
    "mask": (("mask", "bool"),),
    "edges": (("edges", "bool"),),
    "seed": (("seed", "float64"), ("seed", "uint8")),
}
# Pattern in the documented type or description -> content to try first. The first match decides.
_BY_TEXT: tuple[tuple[str, Content], ...] = (
    (r"(?i)wrapped", ("phase", "float64")),
    (r"of labels", ("labels", "int32")),
    (r"(?i)of (dtype )?int\b|of ints|of integers|ndarray of int", ("labels", "int32")),
    (r"(?i)int or bool", ("labels", "int32")),
    (r"(?i)\bbool|binary", ("mask", "bool")),
    (r"(?i)uint8", ("grey", "uint8")),
)


def contents(description: Description, main: str, role: str) -> tuple[Content, ...]:
    """Return the contents to try, with the documented ones first.

    Parameters
    ----------
    description
        The function.
    main
        The parameter that takes the image.
    role
        The role of that parameter.
    """
    first = _BY_ROLE.get(role, ())
    parameter = next(entry for entry in description.parameters if entry.name == main)
    told = parameter.documented
    summary = description.doc.partition("\n\n")[0]
    if re.search(r"(?i)takes a label(led)? ?(map|image)", summary):
        told += " of labels"
    if "wrap" in description.attribute:
        told += " wrapped"
    if re.search(
        r"(?i)\bbinary\b|non-?zero (values|elements)|where ``True``", parameter.description
    ):
        told += " binary"
    if description.attribute.startswith("binary_"):
        told += " binary"
    if "float" in told:
        told = told.replace("int", "")
    if not first:
        first = tuple(content for pattern, content in _BY_TEXT if re.search(pattern, told))[:1]
    return (*first, *(content for content in _ALL if content not in first))


def image_attempts(
    bench: Bench, order: tuple[Content, ...], ndim: int, channels: int = 0
) -> Iterator[Arrangement]:
    """Yield arrangements to try on a function that hasn't been called yet.

    Parameters
    ----------
    bench
        The function.
    order
        Contents and dtypes, in the order in which they are tried.
    ndim
        Number of spatial axes.
    channels
        Number of channels; 0 for an image without a channel axis.
    """
    base = Arrangement(content=order[0][0], dtype=order[0][1], ndim=ndim, channels=channels)
    fills = (False, True) if bench.given(fills=True) != bench.given(fills=False) else (False,)
    for size in ("small", "plain"):
        for content, dtype in order:
            for filled in fills:
                yield replace(base, size=size, content=content, dtype=dtype, fills=filled)
    if bench.default_channels:
        for content, dtype in order[:4]:
            yield replace(base, content=content, dtype=dtype, named_channels=False)
    for content, dtype in order[:4]:
        for filled in fills:
            here = replace(base, size="plain", content=content, dtype=dtype, fills=filled)
            for choice in bench.alternatives(here):
                yield replace(here, choice=choice)
    if bench.given(fills=False, idle=True) != bench.given(fills=False):
        for content, dtype in order:
            yield replace(base, size="plain", content=content, dtype=dtype, idle=True)
    for size in ("roomy", "square", "oblong", "regular"):
        for content, dtype in order[:5]:
            for filled in fills:
                yield replace(base, size=size, content=content, dtype=dtype, fills=filled)
    yield from _complex_attempts(bench, base)


def _complex_attempts(bench: Bench, base: Arrangement) -> Iterator[Arrangement]:
    """Yield complex images, except for parameters that take labels or masks."""
    if base.channels or bench.roles.get(bench.main or "") in _BY_ROLE:
        return
    for size in ("small", "regular"):
        for content, dtype in _COMPLEX:
            yield replace(base, size=size, content=content, dtype=dtype)


def volume_attempts(
    bench: Bench, order: tuple[Content, ...], known: Arrangement
) -> Iterator[Arrangement]:
    """Yield arrangements to try with a volume.

    Parameters
    ----------
    bench
        The function.
    order
        Contents and dtypes, in the order in which they are tried.
    known
        The arrangement in which the function accepted an image.
    """
    same = replace(known, ndim=3)
    for size in ("small", "plain"):
        yield replace(same, size=size, idle=False)
        yield replace(same, size=size)
    for content, dtype in order:
        yield replace(same, size="small", content=content, dtype=dtype)
    for choice in bench.alternatives(replace(same, size="small")):
        yield replace(same, size="small", choice=choice)
    yield replace(same, size="roomy")
    yield replace(same, size="square")
    yield replace(same, size="oblong")
    yield replace(same, size="regular")


def flat_attempts(
    bench: Bench, order: tuple[Content, ...], known: Arrangement
) -> Iterator[Arrangement]:
    """Yield arrangements of a volume whose other arguments are made for an image.

    A function that accepts a volume only with such arguments reads two of its axes as those of an
    image, and the third differently.

    Parameters
    ----------
    bench
        The function.
    order
        Contents and dtypes, in the order in which they are tried.
    known
        The arrangement in which the function accepted an image.
    """
    if not bench.given(fills=known.fills):
        return
    for flat in ("whole", "all"):
        for size in ("small", "plain", "roomy"):
            yield replace(known, ndim=3, flat=flat, size=size)
        for content, dtype in order:
            yield replace(known, ndim=3, flat=flat, content=content, dtype=dtype, size="plain")


def dtype_attempts(
    bench: Bench, order: tuple[Content, ...], known: Arrangement
) -> Iterator[Arrangement]:
    """Yield arrangements to try with a dtype that was refused in the known arrangement.

    The reason may have been a footprint of another dtype, or unsuitable values.

    Parameters
    ----------
    bench
        The function.
    order
        Contents and dtypes, in the order in which they are tried.
    known
        The arrangement with this dtype that was refused.
    """
    for choice in bench.alternatives(known):
        yield replace(known, choice=choice)
    contents = dict.fromkeys(content for content, _ in order)
    for content in list(contents)[:4]:
        yield replace(known, content=content)
        yield replace(known, content=content, fills=True)


def settle(bench: Bench, part: Part, attempts: Iterator[Arrangement]) -> Found | None:
    """Search for an accepted arrangement, which completes a part of the observation.

    If one is found, inconclusive calls before it no longer count.

    Parameters
    ----------
    bench
        The function.
    part
        The part of the observation.
    attempts
        The arrangements to try.
    """
    bench.part = part
    found = find(bench, attempts)
    if found:
        bench.inconclusive.pop(part, None)
    return found


def find(bench: Bench, attempts: Iterator[Arrangement]) -> Found | None:
    """Try arrangements until one is accepted, or the time is used up.

    A constant result is not informative (that of a label filter for grey values, say). In this case
    a few other contents are tried; if the image has a role, only contents of that role.

    Parameters
    ----------
    bench
        The function.
    attempts
        The arrangements to try.

    Returns
    -------
    tuple of Arrangement and Answer, or None
        The accepted arrangement and the outcome of its call; None if none was accepted.
    """
    suitable = _BY_ROLE.get(bench.roles.get(bench.main or "", ""), _ALL)
    bench.inconclusive_calls = 0
    tried = set()
    silent: Found | None = None
    left = _SECOND_LOOKS
    for arrangement in attempts:
        if not left or bench.is_late():
            break
        known = silent and replace(silent[0], content=arrangement.content, dtype=arrangement.dtype)
        if arrangement in tried or (known and known != arrangement):
            continue
        if known and (arrangement.content, arrangement.dtype) not in suitable:
            continue
        tried.add(arrangement)
        answer = bench.attempt(arrangement)
        if answer.returned and tells(answer.value):
            return arrangement, answer
        if answer.returned:
            silent = silent or (arrangement, answer)
        left -= bool(silent)
    return silent
