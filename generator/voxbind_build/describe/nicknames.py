"""The table of what docstrings call things."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from importlib.resources import files

import msgspec
from msgspec import Struct

__all__ = ["ARRAYS", "NICKNAMES", "bare_container"]

ARRAYS = ("Array", "ArrayLike")


class Nicknames(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The contents of ``nicknames.toml``, which explains them."""

    dtypes: tuple[str, ...]
    units: tuple[str, ...]
    articles: tuple[str, ...]
    marks: dict[str, tuple[str, ...]]
    names: dict[str, str]
    containers: dict[str, str]
    stubs: dict[str, str]

    def container(self, word: str) -> str | None:
        """Give the container that a word, singular or plural, stands for."""
        return self.containers.get(word) or self.containers.get(word.removesuffix("s"))

    def called(self, name: str) -> str | None:
        """Give what a name in an annotation, of a source or of a stub, stands for."""
        return self.names.get(name.lower()) or self.stubs.get(name.lower())

    @cached_property
    def terminals(self) -> dict[str, str]:
        """Regular expressions of the words that the grammar names in angle brackets."""
        arrays = {word for word, kind in self.names.items() if kind in ARRAYS}
        callables = {word for word, kind in self.names.items() if kind.startswith("Callable")}
        names = self.names.keys() - arrays - callables
        containers = {word for word, kind in self.containers.items() if kind not in ARRAYS}
        kinds = {
            "names": names,
            "arrays": arrays,
            "callables": callables,
            "containers": containers,
            "plurals": {word for word in names if word.endswith("s")},
            "dtypes": self.dtypes,
            "types": {*self.names, *self.dtypes, *containers},
            "units": self.units,
            "articles": self.articles,
            **self.marks,
        }
        return {kind: _one_of(words) for kind, words in kinds.items()}


def _one_of(words: Iterable[str]) -> str:
    """Write a regular expression for some phrases, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


NICKNAMES = msgspec.toml.decode(
    files("voxbind_build.describe").joinpath("nicknames.toml").read_bytes(), type=Nicknames
)


def bare_container(kind: str) -> str:
    """Write a container of which nothing more is known."""
    items = {
        "tuple": "Any, ...",
        "dict": "Any, Any",
        "list": "Any",
        "set": "Any",
        "frozenset": "Any",
        "Sequence": "Any",
        "Mapping": "Any, Any",
    }
    return f"{kind}[{items[kind]}]" if kind in items else kind
