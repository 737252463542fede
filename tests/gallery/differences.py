"""How two runs of one script differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LENGTH = 300
"""Characters of a value that a difference shows."""


def differences(expected: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    """Return the values, figures, printed lines and warnings that differ.

    Returns
    -------
    dict of str to str
        Both contents where they begin to differ, by kind and name: ``values image``. If one run
        failed, the two errors alone.
    """
    if expected["error"] != given["error"]:
        return {"error": f"{expected['error'] or 'none'} -> {given['error'] or 'none'}"}
    differing = {}
    for kind in ("values", "figures", "printed", "warnings"):
        old, new = _by_name(expected[kind]), _by_name(given[kind])
        for name in {**old, **new}:
            if old.get(name) != new.get(name):
                first, second = _where_they_part(old.get(name, "-"), new.get(name, "-"))
                differing[f"{kind} {name}"] = f"{first} -> {second}"
    return differing


def _by_name(content: Mapping[str, str] | list[str]) -> dict[str, str]:
    """Return values by name; those of a list by their number."""
    if isinstance(content, list):
        return {str(number): text for number, text in enumerate(content, 1)}
    return dict(content)


def _where_they_part(old: str, new: str) -> tuple[str, str]:
    """Return the pieces of two texts that begin a little before the first difference."""
    pairs = zip(old, new, strict=False)
    first = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))
    start = max(0, first - 60)
    return old[start : start + _LENGTH], new[start : start + _LENGTH]
