"""The upstream documentation with what voxbind measured."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby

from voxbind_build.model import DtypeFact, Function
from voxbind_build.render.quoting import clean

__all__ = ["document"]

_WIDTH = 92
_SECTION = re.compile(r"^(?P<title>\S.*)\n-{3,}$", re.MULTILINE)

_TAKES = {
    "PURE_2D": "takes a (Y, X) image",
    "PURE_3D": "takes a (Z, Y, X) volume only",
    "FLEXIBLE": "takes a (Y, X) image or a (Z, Y, X) volume; all axes are spatial",
    "VOLUMETRIC_TO_SLICE": "takes a (Z, Y, X) volume and gives an image with one axis less",
}
_GIVES = {
    "image": "an image of the same shape",
    "resized": "an image of another shape",
    "mask": "a mask",
    "labels": "a label image",
    "scalar": "a number",
    "points": "coordinates",
    "table": "a table",
    "histogram": "a histogram",
}
_SLICE_BY_SLICE = """\
slice_by_slice : bool, optional
    Whether a volume is processed slice by slice along its first axis. By default all
    axes are processed at once."""


def document(function: Function, takes_slice_by_slice: bool) -> str:
    """Return the docstring of a wrapper.

    Parameters
    ----------
    function
        What is known of it.
    takes_slice_by_slice
        Whether the wrapper has that parameter beside the library's.
    """
    text = clean(function.doc) or f"{function.module}.{function.original_name}."
    if takes_slice_by_slice:
        text = _with_parameter(text, _SLICE_BY_SLICE)
    summary, _, rest = text.partition("\n\n")
    if _SECTION.search(summary):  # a text that begins with a section has no summary
        summary, rest = f"{function.module}.{function.original_name}.", text
    facts = "\n".join(textwrap.wrap(_facts(function), _WIDTH, break_long_words=False))
    return "\n\n".join(part for part in (summary, facts, rest) if part)


def _facts(function: Function) -> str:
    if function.contract is None:
        return (
            "voxbind: a helper, handed on with its types."
            if not _arrays(function)
            else ("voxbind: a helper; its arrays may be in any memory.")
        )
    sentences = [f"{function.contract}: {_TAKES[function.contract]}"]
    if function.contract == "PURE_2D":
        sentences[0] += (
            "; a volume is processed slice by slice"
            if function.stacks
            else "; its results for slices can't be stacked, so a volume is refused"
        )
    if function.needs_channels:
        sentences.append("The last axis is one of colours")
    elif function.channels_last:
        sentences.append("A last axis of length 3 or 4 is taken for colours")
    gives = _results(function)
    if gives:
        sentences.append(f"Gives {gives}")
    dtypes = "; ".join(_dtypes(function.dtypes))
    if dtypes:
        sentences.append(f"Measured: {dtypes}")
    if function.mutates:
        sentences.append(f"Changes {' and '.join(function.mutates)} in place")
    if function.random:
        sentences.append("Random: equal calls differ unless seeded")
    return f"voxbind: {'. '.join(sentences)}."


def _arrays(function: Function) -> tuple[str, ...]:
    return function.arrays + function.whole + function.outputs


def _results(function: Function) -> str:
    if isinstance(function.result, str):
        return _GIVES.get(function.result, "")
    members = [_GIVES.get(result, "something else") for result in function.result]
    return f"a tuple of {', '.join(members)}"


def _dtypes(dtypes: Mapping[str, DtypeFact]) -> Iterator[str]:
    """Say ``uint8, uint16 in, float64 in [0, 1] out`` for each kind of result."""
    told = sorted((_out(fact), name) for name, fact in dtypes.items())
    for out, names in groupby(told, key=lambda pair: pair[0]):
        yield f"{', '.join(name for _, name in names)} in, {out} out"


def _out(fact: DtypeFact) -> str:
    if fact.range is None:
        return fact.dtype
    return f"{fact.dtype} in [{fact.range[0]:.4g}, {fact.range[1]:.4g}]"


def _with_parameter(text: str, entry: str) -> str:
    """Add an entry to the end of the Parameters section, which is made if there is none."""
    sections = list(_SECTION.finditer(text))
    starts = [section.start() for section in sections] + [len(text)]
    for section, end in zip(sections, starts[1:], strict=True):
        if section["title"].strip() == "Parameters":
            return f"{text[:end].rstrip()}\n{entry}\n\n{text[end:]}".rstrip()
    section_text = f"Parameters\n----------\n{entry}"
    return f"{text[: starts[0]].rstrip()}\n\n{section_text}\n\n{text[starts[0] :]}".strip()
