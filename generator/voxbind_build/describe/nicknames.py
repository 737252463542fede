"""The table of what docstrings call things."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec import Struct

__all__ = ["NICKNAMES", "bare_container"]


class Rewrite(Struct, frozen=True, forbid_unknown_fields=True):
    """One regular expression and what stands for its matches."""

    pattern: str
    replacement: str


class Nicknames(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The contents of ``nicknames.toml``, which explains them."""

    adjectives: frozenset[str]
    remarks: tuple[str, ...]
    rewrites: tuple[Rewrite, ...]
    names: dict[str, str]
    containers: dict[str, str]

    @cached_property
    def remark(self) -> re.Pattern[str]:
        """Matches the clauses that say nothing about the type."""
        return re.compile("|".join(f"(?:{pattern})" for pattern in self.remarks), re.IGNORECASE)

    def rewrite(self, text: str) -> str:
        """Apply the rewrites in their order."""
        for pattern, replacement in self._patterns:
            text = pattern.sub(replacement, text)
        return text

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        compiled = ((re.compile(each.pattern, re.I), each.replacement) for each in self.rewrites)
        return tuple(compiled)

    def container(self, word: str) -> str | None:
        """Give the container that a word, singular or plural, stands for."""
        return self.containers.get(word) or self.containers.get(word.removesuffix("s"))


NICKNAMES = msgspec.toml.decode(
    Path(__file__).with_name("nicknames.toml").read_bytes(), type=Nicknames
)


def bare_container(kind: str) -> str:
    """Write a container of which nothing more is known."""
    items = {
        "tuple": "Any, ...",
        "dict": "Any, Any",
        "list": "Any",
        "set": "Any",
        "Sequence": "Any",
    }
    return f"{kind}[{items[kind]}]" if kind in items else kind
