"""The table of words in docstrings, with their meanings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from importlib.resources import files

import msgspec
from msgspec import Struct

from voxbind_build.common.typeexpr import ANY, DOTS, Generic, Name, TypeExpr, head, parse

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
        """Return the container that a word, singular or plural, stands for."""
        return self.containers.get(word) or self.containers.get(word.removesuffix("s"))

    @cached_property
    def types(self) -> dict[str, TypeExpr]:
        """The type that each name in documentation stands for."""
        return {word: parse(text) for word, text in self.names.items()}

    def called(self, name: str) -> TypeExpr | None:
        """Return the type that a name in an annotation of a source or stub stands for."""
        stub = self.stubs.get(name.lower())
        return self.types.get(name.lower()) or (parse(stub) if stub else None)

    @cached_property
    def terminals(self) -> dict[str, str]:
        """Regular expressions of the words that the grammar names in angle brackets."""
        arrays = {word for word, kind in self.names.items() if kind in ARRAYS}
        callables = {word for word, type_ in self.types.items() if head(type_) == "Callable"}
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
    """Return a regular expression that matches any of some phrases, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


NICKNAMES = msgspec.toml.decode(
    files("voxbind_build.describe").joinpath("nicknames.toml").read_bytes(), type=Nicknames
)


_ITEMS: dict[str, tuple[TypeExpr, ...]] = {
    "tuple": (ANY, DOTS),
    "dict": (ANY, ANY),
    "list": (ANY,),
    "set": (ANY,),
    "frozenset": (ANY,),
    "Sequence": (ANY,),
    "Mapping": (ANY, ANY),
}


def bare_container(kind: str) -> TypeExpr:
    """Return a container type with items of unknown type."""
    return Generic(kind, _ITEMS[kind]) if kind in _ITEMS else Name(kind)
