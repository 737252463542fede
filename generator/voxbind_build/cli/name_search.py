"""Finds functions in the manifest by what a person types."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Literal

from voxbind_build.model import Contract, Evidence, Exclusion, Function, Manifest, MemoryType


def functions(
    manifest: Manifest,
    *,
    library: str | None = None,
    contract: Contract | None = None,
    memory: MemoryType | None = None,
    evidence: Evidence | None = None,
    kind: Literal["image", "helper"] | None = "image",
    text: str = "",
) -> Iterator[tuple[str, Function]]:
    """Give (public upstream name, function) of the functions that fit, sorted by name."""
    wanted = text.casefold().split()
    for name, entry in sorted(manifest.libraries.items()):
        if library not in (None, name) or memory not in (None, entry.memory_type):
            continue
        for public, function in sorted(entry.functions.items()):
            if kind not in (None, function.kind) or contract not in (None, function.contract):
                continue
            if evidence not in (None, function.evidence):
                continue
            told = " ".join((public, summary(function), *function.tags)).casefold()
            if all(word in told for word in wanted):
                yield public, function


def summary(function: Function) -> str:
    """Return the first paragraph of a function's documentation on one line."""
    return " ".join(function.doc.strip().partition("\n\n")[0].split())


def resolve(manifest: Manifest, name: str) -> tuple[str, ...]:
    """Return the public names that `name` stands for.

    A full upstream name, a wrapper's name, or the last parts of either.
    """
    asked = name.removeprefix("voxbind.")
    everything = _names(manifest)
    if asked in everything:
        return (asked,)
    return tuple(public for public in everything if public.endswith(f".{asked}"))


def near(manifest: Manifest, name: str) -> tuple[str, ...]:
    """Return up to five public names that look like `name`, the nearest first."""
    asked = name.removeprefix("voxbind.")
    everything = _names(manifest)
    by_last = {public.rpartition(".")[2]: public for public in reversed(everything)}
    close = difflib.get_close_matches(asked, everything, n=5, cutoff=0.75)
    last = asked.rpartition(".")[2]
    close += [by_last[match] for match in difflib.get_close_matches(last, by_last, n=5)]
    return tuple(dict.fromkeys(close))[:5]


def entry(manifest: Manifest, public: str) -> tuple[str, Function | Exclusion]:
    """Return the library's name and what the manifest says of a public name."""
    for name, library in manifest.libraries.items():
        found = library.functions.get(public) or library.excluded.get(public)
        if found is not None:
            return name, found
    raise KeyError(public)


def _names(manifest: Manifest) -> list[str]:
    return sorted(
        public
        for library in manifest.libraries.values()
        for public in (*library.functions, *library.excluded)
    )
