"""The names of axes: letters as OME has them, and the names of dimensions that stand for them.

This is the only place that says which names are spatial, time, channel or samples.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import DimensionError

__all__ = [
    "CHANNEL",
    "LETTERS",
    "SAMPLES",
    "SPATIAL",
    "letter_of",
    "letters_in_words",
    "names_in_words",
    "parsed",
]

_NAMES = {
    "T": ("t", "time", "frame"),
    "C": ("c", "channel", "channels", "ch", "band"),
    "Z": ("z", "plane", "pln", "depth"),
    "Y": ("y", "row", "height", "lat", "latitude"),
    "X": ("x", "col", "column", "width", "lon", "longitude"),
    "S": ("s", "sample", "samples", "rgb", "rgba"),
}
"""Names of dimensions by the letter that they stand for. Upper and lower case are the same."""
_MEANINGS = {"T": "time", "C": "channel", "Z, Y, X": "space", "S": "samples of colour"}

LETTERS = "".join(_NAMES)
SPATIAL = "ZYX"
"""In the order of a volume."""
CHANNEL, SAMPLES = "C", "S"

_LETTERS = {name: letter for letter, names in _NAMES.items() for name in names}


def letter_of(name: object) -> str:
    """Return the letter that the name of a dimension stands for; empty if there is none."""
    return _LETTERS.get(str(name).casefold(), "")


def letters_in_words() -> str:
    """Return all letters and what they mean, for error messages."""
    *first, last = (f"{letters} ({meaning})" for letters, meaning in _MEANINGS.items())
    return f"{', '.join(first)} and {last}"


def names_in_words(letters: Iterable[str]) -> str:
    """Return the names of dimensions for some letters, for error messages."""
    return "; ".join(", ".join(_NAMES[letter]) for letter in letters)


def parsed(axes: object) -> str:
    """Return letters of axes in upper case, each checked.

    Raises
    ------
    TypeError
        If `axes` is no string.
    DimensionError
        If it is empty, or has an unknown letter or a letter twice.
    """
    if not isinstance(axes, str):
        raise TypeError(
            f"voxbind.over was given axes={axes!r}. Give a string with one letter for each axis of "
            f"the array, such as 'TCZYX': {letters_in_words()}."
        )
    letters = axes.upper()
    unknown = [letter for letter in letters if letter not in LETTERS]
    if unknown or not letters:
        what = f"has the letter {unknown[0]!r}" if unknown else "names no axis"
        raise DimensionError(
            f"voxbind.over was given axes={axes!r}, which {what}. Give one letter for each axis of "
            f"the array: {letters_in_words()}."
        )
    twice = [letter for letter in LETTERS if letters.count(letter) > 1]
    if twice:
        raise DimensionError(
            f"voxbind.over was given axes={axes!r}, which has {twice[0]!r} more than once. Each "
            "letter names one axis. Reshape the array, so that one axis holds both."
        )
    return letters
