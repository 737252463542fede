"""Guesses a library's own class of images from the signatures of its functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from voxbind_build.common.typeexpr import names, parse
from voxbind_build.model import Description, ImageClass

__all__ = ["guess_image_class"]

_LEAST = 5
"""Smallest number of functions that show a class of images."""
_FROM_ARRAY = r"(?i)(\w*image_?)?from_?(array|numpy|ndarray)"
_TO_ARRAY = r"(?i)(get_?)?(array|numpy)_?from\w*|(image_?)?(to|as)_?(array|numpy)"
_OF_OTHERS = ("numpy.", "torch.", "cupy.", "collections.", "typing.")


def guess_image_class(
    descriptions: Sequence[Description], public: Collection[str]
) -> ImageClass | None:
    """Return the class that most functions take first, with the functions that may convert it.

    Parameters
    ----------
    descriptions
        The library's functions.
    public
        The public names of the library, dotted.

    Returns
    -------
    ImageClass or None
        None if fewer than half of the functions take such a class. Where no name shows a function,
        the class itself takes an array, and `numpy.asarray` takes an image.
    """
    first = [entry.parameters[0] for entry in descriptions if entry.parameters]
    classes = Counter(
        name
        for parameter in first
        for name in names(parse(parameter.annotation))
        if "." in name and not name.startswith(_OF_OTHERS)
    )
    name, count = next(iter(classes.most_common(1)), ("", 0))
    if count < max(_LEAST, len(first) / 2):
        return None
    return ImageClass(
        name=name,
        from_array=_first(public, _FROM_ARRAY) or name,
        to_array=_first(public, _TO_ARRAY) or "numpy.asarray",
    )


def _first(public: Collection[str], pattern: str) -> str | None:
    """Return the shortest public name whose last part matches."""
    matches = [name for name in public if re.fullmatch(pattern, name.rpartition(".")[2])]
    return min(matches, key=lambda name: (len(name), name), default=None)
