"""The upstream documentation with what voxbind measured."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from voxbind_build.common.docstrings import Entry
from voxbind_build.model import Function, ResultKind
from voxbind_build.render.code.quoting import clean
from voxbind_build.render.docs import library_warnings as answers
from voxbind_build.render.docs import parameter_entries as entries
from voxbind_build.render.docs.examples import Examples
from voxbind_build.render.docs.google import numpydoc
from voxbind_build.render.docs.markup import plain
from voxbind_build.render.docs.section_layout import Sections, read, write

__all__ = ["document", "gives", "outcome", "takes"]

_WIDTH = 92

_TAKES = {
    "PURE_2D": "takes a (Y, X) image",
    "PURE_3D": "takes a (Z, Y, X) volume only",
    "FLEXIBLE": "takes a (Y, X) image or a (Z, Y, X) volume; all axes are spatial",
    "VOLUMETRIC_TO_SLICE": "takes a (Z, Y, X) volume only, and gives an image with one axis less",
}
_TAKES_COLOURS = {
    "PURE_2D": "takes a (Y, X, C) image",
    "PURE_3D": "takes a (Z, Y, X, C) volume only",
    "FLEXIBLE": "takes a (Y, X, C) image or a (Z, Y, X, C) volume",
    "VOLUMETRIC_TO_SLICE": "takes a (Z, Y, X, C) volume and gives an image with one axis less",
}
_GIVES = {
    "image": "an image of the same shape",
    "resized": "an image of another shape",
    "mask": "a mask",
    "labels": "a label image",
    "scalar": "a number",
    "points": "coordinates",
    "table": "a table of values",
    "histogram": "a histogram",
}
_IMAGES = frozenset(("image", "resized", "mask", "labels"))
_FRAMES = ((0, 1), (-1, 1), (0, 255), (-255, 255), (0, 65535), (-65535, 65535))
"""Limits that values keep to where a function keeps its image's, or the difference of two."""
_WHOLE = {(0, 255): "uint8", (0, 65535): "uint16"}
_WITH_RANGE = frozenset(("image", "resized", "mask"))
_PLACES = {"x": "last axis", "y": "last but one", "z": "first of three"}
_UNOBSERVED = (
    "contract unknown, {}. Arrays are converted to the library's memory and back; all "
    "other arguments are passed on unchanged, and no dimension or dtype is refused"
)
_SLICE_BY_SLICE = Entry(
    ("slice_by_slice",),
    "bool, optional",
    "Whether a volume is processed slice by slice along its first axis. By default all\n"
    "axes are processed at once.",
)


def document(function: Function, takes_slice_by_slice: bool, examples: Examples) -> str:
    """Return the docstring of a wrapper.

    Parameters
    ----------
    function
        What is known of it.
    takes_slice_by_slice
        Whether the wrapper has that parameter beside the library's.
    examples
        Rewrites the examples.
    """
    sections = read(plain(numpydoc(clean(function.doc))))
    introduction = sections.introduction or f"{function.public}."
    summary, _, extended = introduction.partition("\n\n")
    facts = "\n".join(textwrap.wrap(_facts(function), _WIDTH, break_long_words=False))
    bodies = dict(sections.bodies)
    bodies["Parameters"], bodies["Other Parameters"] = entries.parameters(
        function,
        bodies.get("Parameters", ""),
        bodies.get("Other Parameters", ""),
        _SLICE_BY_SLICE if takes_slice_by_slice else None,
    )
    if "Yields" not in bodies:
        bodies["Returns"] = entries.returns(function, bodies.get("Returns", ""), _roles(function))
    if "See Also" in bodies:  # its syntax is names without backticks
        bodies["See Also"] = bodies["See Also"].replace("`", "")
    introduction = "\n\n".join(part for part in (summary, facts, extended) if part)
    return examples.rewrite(write(Sections(introduction, bodies)), function.module)


def _roles(function: Function) -> list[str]:
    """Say what each result is, for those whose documentation doesn't."""
    if isinstance(function.result, str):
        return [gives(function)]
    return [_GIVES.get(kind, "") for kind in function.result]


def _facts(function: Function) -> str:
    if function.contract is None and function.kind == "image":
        return f"voxbind: {'. '.join([_UNOBSERVED.format(function.reason), *_axes(function)])}."
    if function.contract is None:
        kind = (
            "a helper; its arrays may be in any memory"
            if _arrays(function)
            else "a helper, handed on with its types"
        )
        differences = answers.of_twin(function.twin) if function.twin is not None else []
        return f"voxbind: {'. '.join([kind, *_axes(function), *differences])}."
    sentences = [f"{function.contract}: {takes(function)}"]
    sentences += _colours(function)
    sentences += _axes(function)
    if function.evidence == "inferred" and function.twin is not None:
        sentences.append(f"Not observed yet: inferred from {function.twin.name}")
    if given := gives(function):
        sentences.append(f"Gives {given}")
    dtypes = "; ".join(_dtypes(function))
    if dtypes:
        sentences.append(f"On test images from 0 to 1, or over an integer's whole range: {dtypes}")
    sentences += answers.refusals(function)
    sentences += answers.warnings(function)
    if function.mutates:
        sentences.append(f"Changes {' and '.join(function.mutates)} in place")
    if function.twin is not None:
        sentences += answers.of_twin(function.twin)
    if function.random:
        sentences.append("Random: equal calls differ unless seeded")
    return f"voxbind: {'. '.join(sentences)}."


def _arrays(function: Function) -> tuple[str, ...]:
    return function.arrays + function.whole + function.outputs


def takes(function: Function) -> str:
    """Say which dimensions an image function takes, and what becomes of the others."""
    assert function.contract is not None
    volume, image = "a volume is processed slice by slice", _TAKES["PURE_2D"]
    if _asks_for_none(function) and function.contract == "FLEXIBLE":
        return f"{image} or, with channel_axis=None, a (Z, Y, X) volume; its axes are all spatial"
    takes = (_TAKES_COLOURS if function.needs_channels else _TAKES)[function.contract]
    if function.contract == "VOLUMETRIC_TO_SLICE" and "(Y, X)" not in function.refuses:
        return takes.replace(" only,", "") + "; an image is taken for a volume of one slice"
    if function.contract != "PURE_2D":
        return takes
    if not function.stacks:
        return f"{takes}; its results for slices can't be stacked, so a volume is refused"
    if _asks_for_none(function):
        return f"{takes}; with channel_axis=None {volume}"
    return f"{takes}; {volume}"


def _asks_for_none(function: Function) -> bool:
    """Tell whether an axis is taken for colours until ``channel_axis=None`` is given."""
    named = _channel_axis(function) not in ("", "None")
    return named and function.channels_last and not function.needs_channels


def _colours(function: Function) -> Iterator[str]:
    """Say where an axis of colours is expected, or taken for one."""
    default = _channel_axis(function)
    axis = "the last" if default == "-1" else f"axis {default}"
    if function.needs_channels:
        yield "C is the axis of colours" + (
            f", by default {axis}: see channel_axis" * bool(default)
        )
    elif _asks_for_none(function):
        yield f"By default {axis} of three axes is taken for colours, whatever its length"
    elif function.channels_last:
        yield "An array of three axes, the last of length 3 or 4, is taken for a colour image"


def _axes(function: Function) -> Iterator[str]:
    """Say which axis of an array each keyword is about that names one."""
    # In the signature's order: a record that was read back is sorted by name.
    found = function.axis_keywords
    keywords = {p.name: found[p.name] for p in function.parameters if p.name in found}
    named = [
        f"{_enumerated(names)} along {axis.upper()}, the {_PLACES[axis]}"
        for axis in _PLACES
        if (names := [name for name, each in keywords.items() if each == axis])
    ]
    if named:
        yield f"Arrays are (Z, Y, X): {'; '.join(named)}"
    for name, each in keywords.items():
        if each == "number":
            yield f"{name} counts from X: 0 is the last axis of an array, 1 the last but one"


def _channel_axis(function: Function) -> str:
    """Return the default of ``channel_axis``; empty where there is no such parameter."""
    found = (each.default for each in function.parameters if each.name == "channel_axis")
    return next(found, None) or ""


def gives(function: Function) -> str:
    """Say what a function gives back, as far as that has a word."""
    same = _GIVES["image"]
    if function.needs_channels or function.channels_last or _channel_axis(function) == "-1":
        same = "an image of the same spatial shape"  # colours may come or go
    if isinstance(function.result, str):
        # The contract has told already what becomes of the axes.
        told = function.contract == "VOLUMETRIC_TO_SLICE" and function.result in _IMAGES
        return "" if told else {**_GIVES, "image": same}.get(function.result, "")
    return _several(function.result, function.returns.documented, same)


def _several(kinds: Sequence[ResultKind], documented: Sequence[tuple[str, str]], same: str) -> str:
    """Say ``a label image (labels) and a number (count)``, the names as they are documented."""
    words = {**_GIVES, "image": same}
    names = [name for entry, _ in documented for name in re.findall(r"[\w-]+", entry)]
    if len(names) != len(kinds):
        members = [words.get(kind, "something else") for kind in kinds]
        return f"a tuple of {_enumerated(members)}"
    named = zip(kinds, names, strict=True)
    return f"a tuple of {_enumerated([_member(words.get(kind), name) for kind, name in named])}"


def _member(given: str | None, name: str) -> str:
    return f"{given} ({name})" if given else name


def _enumerated(members: Sequence[str]) -> str:
    *others, last = members
    return f"{', '.join(others)} and {last}" if others else last


def _dtypes(function: Function) -> Iterator[str]:
    """Say ``uint8, uint16 in, float64 in [0, 1] out`` for each kind of result."""
    told: dict[str, list[str]] = {}
    for name in sorted(function.dtypes, key=answers.rank):
        told.setdefault(_framed(function, name), []).append(name)
    for out, names in told.items():
        yield f"{', '.join(names)} in, {out} out"


def _framed(function: Function, given: str) -> str:
    """Say within which limits that one would expect the values of a dtype's result lay."""
    fact = function.dtypes[given]
    # The test images of int32 hold labels, which keep to no limits.
    if fact.range is None or given == "int32" or outcome(function, given) == fact.dtype:
        return fact.dtype
    least, greatest = fact.range
    frame = next((each for each in _FRAMES if each[0] <= least and greatest <= each[1]), None)
    if frame is None or fact.dtype == _WHOLE.get(frame):  # that any number may be is no news
        return fact.dtype
    return f"{fact.dtype} in [{frame[0]}, {frame[1]}]"


def outcome(function: Function, given: str) -> str:
    """Say what comes of a dtype: ``float64 in [0, 1]``."""
    fact = function.dtypes[given]
    kind = function.result if isinstance(function.result, str) else function.result[0]
    # How many labels or which numbers come of a test image says nothing of others.
    if fact.range is None or fact.dtype == "bool" or kind not in _WITH_RANGE:
        return fact.dtype
    least, greatest = (_number(value, fact.dtype) for value in fact.range)
    return f"{fact.dtype} in [{least}, {greatest}]"


def _number(value: float, dtype: str) -> str:
    """Write whole numbers whole; the others were measured to four digits."""
    whole = dtype.startswith(("int", "uint")) or (value.is_integer() and abs(value) < 1e6)
    return str(int(value)) if whole else f"{value:.4g}"
