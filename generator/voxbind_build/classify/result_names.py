"""Searches the documentation of a result, which decides between kinds of result that look alike."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from voxbind_build.model import Description

__all__ = ["Documented", "documented_names"]


class NamePatterns(Struct, frozen=True, forbid_unknown_fields=True):
    """The regular expressions of `result_names.toml`."""

    labels_returned: str
    labels_function: str
    histogram: str
    histogram_summary: str
    mask_summary: str
    binary_summary: str
    votes: str
    points: str
    places: str
    map_function: str


@cache
def patterns() -> NamePatterns:
    """Read `result_names.toml`."""
    path = files("voxbind_build.classify").joinpath("result_names.toml")
    return msgspec.toml.decode(path.read_bytes(), type=NamePatterns)


class Documented(Struct, frozen=True, kw_only=True):
    """The kinds of result that names and documentation mention."""

    at_all: bool
    """A name or a type of the result is documented."""
    labels: bool
    labels_by_name: bool
    """The function's name is typical of functions that return labels."""
    points: bool
    places: bool
    histogram: bool
    votes: bool
    mask: bool
    binary: bool
    map: bool
    """The function's name ends in ``_map``."""


def documented_names(words: str, description: Description) -> Documented:
    """Search the documentation of a result and of its function.

    Parameters
    ----------
    words
        The documented name and type of the result.
    description
        The function.
    """
    pattern, function = patterns(), description.attribute
    summary = description.doc.strip().partition("\n")[0]
    text = description.doc.partition("Parameters\n")[0]

    def says(pattern: str, *texts: str) -> bool:
        return any(re.search(pattern, text) for text in texts)

    return Documented(
        at_all=bool(words),
        labels=says(pattern.labels_returned, words),
        labels_by_name=says(pattern.labels_function, function),
        points=says(pattern.points, words),
        places=says(pattern.places, words),
        histogram=says(pattern.histogram, f"{words} {function}")
        or says(pattern.histogram_summary, summary),
        votes=says(pattern.votes, words),
        mask=says(pattern.mask_summary, text),
        binary=says(pattern.binary_summary, text),
        map=says(pattern.map_function, function),
    )
