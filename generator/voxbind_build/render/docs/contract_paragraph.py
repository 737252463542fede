"""The paragraph of a docstring that states the contract which voxbind measured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voxbind_build.model import Function, Overruled, ResultKind
from voxbind_build.render.contract_forms import contract_form
from voxbind_build.render.docs import library_warnings
from voxbind_build.render.docs.dtype_sentence import dtypes
from voxbind_build.render.docs.library_warnings import enumerated
from voxbind_build.render.docs.reach_sentence import reach_sentence

__all__ = [
    "axes",
    "channels",
    "contract_paragraph",
    "gives",
    "kinds_of_results",
    "masks",
    "randomness",
    "takes",
]

_SLICES = "a volume is processed slice by slice"
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
_POSITIONS = {"x": "the last axis", "y": "the second to last", "z": "the first of three"}
_UNKNOWN = (
    "Arrays are converted to the library's memory, and results back. Dimensions, dtypes and all "
    "other arguments are passed on unchecked"
)


STATEFUL = "two equal calls in a row can give different results"
"""What is said of a function that keeps something from one call to the next."""


def contract_paragraph(function: Function) -> str:
    """Return the paragraph as one line."""
    return f"{'. '.join(_sentences(function))}."


def _sentences(function: Function) -> Iterator[str]:
    if function.kind == "helper":
        arrays = "arrays may be in any memory that voxbind supports"
        unchanged = "voxbind passes all arguments on unchanged"
        yield f"Helper without an image argument: {arrays if _arrays(function) else unchanged}"
        yield from axes(function)
    elif function.contract is None:
        yield "Contract (measured by voxbind): unknown"
        yield f"{_capitalized(function.reason)}"
        yield _UNKNOWN
        yield from axes(function)
    else:
        yield f"Contract ({_source(function)}): {function.contract}"
        yield _capitalized(takes(function))
        yield from channels(function)
        yield from axes(function)
        yield from _results(function)
        if sentence := reach_sentence(function):
            yield sentence
    if function.twin is not None:
        yield from library_warnings.of_twin(function.twin)
    if function.contract is not None and function.random:
        yield f"Random: {randomness(function)}"
    if function.contract is not None and function.keeps_state:
        yield f"Keeps a state: {STATEFUL}"


def _source(function: Function) -> str:
    """Say where the contract of a function comes from."""
    if function.evidence == "inferred" and function.twin is not None:
        return f"not measured by voxbind yet, taken from {function.twin.name}"
    if function.evidence == "declared":
        return _declaration(function.overruled)
    return "measured by voxbind"


def _declaration(measured: Overruled | None) -> str:
    """Say who declared a contract, and whether the measurement beside it agrees."""
    if measured is None:
        return "declared, not measured by voxbind"
    by = "by its author" if measured.by == "author" else "in the library's TOML file"
    return f"declared {by}{', confirmed by voxbind' if measured.agrees else ''}"


def _results(function: Function) -> Iterator[str]:
    if kind := gives(function):
        yield f"Returns {kind}"
    if sentence := dtypes(function):
        yield sentence
    yield from masks(function)
    yield from library_warnings.refusals(function)
    yield from library_warnings.warnings(function)
    if function.mutates:
        yield f"Modifies {enumerated(function.mutates)} in place"


def randomness(function: Function) -> str:
    """Return the sentence on seeds, for a function whose results are random."""
    sentence = "results differ from call to call unless a seed is given"
    is_cut = function.seeds and function.stacks
    of_slices = "; slices that are processed separately get seeds of their own"
    return f"{sentence}{of_slices if is_cut else ''}"


def masks(function: Function) -> Iterator[str]:
    """Say which parameters take a masked array."""
    for name in function.masked:
        dtypes = function.masked_dtypes.get(name, ())
        limit = f" of dtype {' or '.join(dtypes)}" if dtypes else ""
        yield f"Looks at the mask of a masked array ({name}){limit}"


def _arrays(function: Function) -> tuple[str, ...]:
    return function.arrays + function.other_arrays + function.outputs


def takes(function: Function) -> str:
    """Return the sentence on the dimensions that an image function takes, and on all others."""
    assert function.contract is not None
    form = contract_form(function.contract)
    if _reads_channels_by_default(function) and function.contract == "FLEXIBLE":
        volume = "a (Z, Y, X) volume, which is processed in 3-D"
        return f"{contract_form('PURE_2D').takes} or, with channel_axis=None, {volume}"
    sentence = form.takes_channels if function.needs_channels else form.takes
    if form.volumes == "projected":
        refuses_images = "(Y, X)" in function.refuses
        outcome = "raises an error" if refuses_images else "is treated as a volume of one slice"
        return f"{sentence}; an image {outcome}"
    if form.volumes == "processed":
        return sentence
    if not function.stacks:
        return f"{sentence}; a volume raises an error, since its slices' results can't be stacked"
    if _reads_channels_by_default(function):
        return f"{sentence}; with channel_axis=None {_SLICES}"
    return f"{sentence}; {_SLICES}"


def _reads_channels_by_default(function: Function) -> bool:
    """Return whether a third axis is read as channels unless ``channel_axis=None`` is passed."""
    has_default_axis = _channel_axis(function) not in ("", "None")
    return has_default_axis and function.channels_last and not function.needs_channels


def channels(function: Function) -> Iterator[str]:
    """Say which axis must hold channels, or is read as channels."""
    default = _channel_axis(function)
    axis = "the last" if default == "-1" else f"axis {default}"
    if function.needs_channels:
        by_default = f", {axis} unless channel_axis says otherwise" if default else ""
        yield f"C is the channel axis (the colours){by_default}"
    elif _reads_channels_by_default(function):
        yield f"By default {axis} of three axes is read as channels, whatever its length"
    elif function.channels_last:
        yield "A 3-D array whose last axis has length 3 or 4 is read as a colour image"


def axes(function: Function) -> Iterator[str]:
    """Say to which array axis each keyword with an axis in its name refers."""
    # In the order of the signature: the record is sorted by name.
    recorded = function.axis_keywords
    keywords = {p.name: recorded[p.name] for p in function.parameters if p.name in recorded}
    by_axis = [
        f"{enumerated(names)} along {axis.upper()} ({_POSITIONS[axis]})"
        for axis in _POSITIONS
        if (names := [name for name, keyword in keywords.items() if keyword == axis])
    ]
    if by_axis:
        yield f"Axes are (Z, Y, X): {'; '.join(by_axis)}"
    for name, keyword in keywords.items():
        if keyword == "number":
            yield f"{name} counts the axes from the last one: 0 is X, 1 is Y, 2 is Z"


def _channel_axis(function: Function) -> str:
    """Return the default of ``channel_axis``; empty if there is no such parameter."""
    defaults = (
        parameter.default for parameter in function.parameters if parameter.name == "channel_axis"
    )
    return next(defaults, None) or ""


def gives(function: Function) -> str:
    """Return the phrase for a function's result; empty if there is none."""
    words = _words(function)
    if isinstance(function.result, str):
        # The sentence on the contract already says that an image is returned.
        is_said = function.contract == "VOLUMETRIC_TO_SLICE" and function.result in _IMAGES
        return "" if is_said else words.get(function.result, "")
    return _tuple(function.result, function.returns.documented, words)


def kinds_of_results(function: Function) -> list[str]:
    """Return a phrase for each member of the result; empty if there is none."""
    if isinstance(function.result, str):
        return [gives(function)]
    return [_GIVES.get(kind, "") for kind in function.result]


def _words(function: Function) -> dict[str, str]:
    if function.needs_channels or function.channels_last or _channel_axis(function) == "-1":
        # The number of channels may change.
        return {**_GIVES, "image": "an image of the same spatial shape"}
    return _GIVES


def _tuple(
    kinds: Sequence[ResultKind], documented: Sequence[tuple[str, str]], words: dict[str, str]
) -> str:
    """Name the members of a tuple: ``a label image (labels) and a number (count)``."""
    names = [name for entry, _ in documented for name in re.findall(r"[\w-]+", entry)]
    if len(names) != len(kinds):
        members = [words.get(kind, "another object") for kind in kinds]
    else:
        members = [
            f"{words[kind]} ({name})" if kind in words else name
            for kind, name in zip(kinds, names, strict=True)
        ]
    return f"a tuple of {enumerated(members)}"


def _capitalized(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
