"""How two runs of one script differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LENGTH = 300
"""Characters of a value that a difference shows."""


def differences(expected: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Return a line for each value, figure, printed line or warning that differs."""
    if expected["error"] != given["error"]:
        return [f"error: {expected['error'] or 'none'} -> {given['error'] or 'none'}"]
    lines = []
    for kind in ("values", "figures", "printed", "warnings"):
        old, new = _by_name(expected[kind]), _by_name(given[kind])
        for name in {**old, **new}:
            if old.get(name) != new.get(name):
                first, second = _where_they_part(old.get(name, "-"), new.get(name, "-"))
                lines.append(f"{kind} {name}: {first} -> {second}")
    return lines


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
