"""Finds functions in the manifest by library, contract, text, or a full or partial name."""

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
    """Yield the functions that match every filter, sorted by library and name.

    Parameters
    ----------
    manifest
        The manifest to search.
    library, contract, memory, evidence, kind
        Values to match; None matches any.
    text
        Words that must all occur in the name, summary or tags, in any case.

    Yields
    ------
    tuple of str and Function
        The function's public upstream name and its entry in the manifest.
    """
    wanted = text.casefold().split()
    for name, entry in sorted(manifest.libraries.items()):
        if library not in (None, name) or memory not in (None, entry.memory_type):
            continue
        for public, function in sorted(entry.functions.items()):
            if kind not in (None, function.kind) or contract not in (None, function.contract):
                continue
            if evidence not in (None, function.evidence):
                continue
            searched_text = " ".join((public, summary(function), *function.tags)).casefold()
            if all(word in searched_text for word in wanted):
                yield public, function


def summary(function: Function) -> str:
    """Return the first paragraph of a function's documentation on one line."""
    return " ".join(function.doc.strip().partition("\n\n")[0].split())


def resolve(manifest: Manifest, name: str) -> tuple[str, ...]:
    """Return the public names that match `name`.

    Parameters
    ----------
    manifest
        The manifest to search.
    name
        A full upstream name, a wrapper's name, or the last parts of either.

    Returns
    -------
    tuple of str
        The one exact match if there is one, else every public name that ends in `name`.
    """
    upstream_name = name.removeprefix("voxbind.")
    public_names = _names(manifest)
    if upstream_name in public_names:
        return (upstream_name,)
    return tuple(public for public in public_names if public.endswith(f".{upstream_name}"))


def near(manifest: Manifest, name: str) -> tuple[str, ...]:
    """Return up to five public names similar to `name`, most similar first."""
    upstream_name = name.removeprefix("voxbind.")
    public_names = _names(manifest)
    by_last_part = {public.rpartition(".")[2]: public for public in reversed(public_names)}
    close = difflib.get_close_matches(upstream_name, public_names, n=5, cutoff=0.75)
    last_part = upstream_name.rpartition(".")[2]
    close += [
        by_last_part[match] for match in difflib.get_close_matches(last_part, by_last_part, n=5)
    ]
    return tuple(dict.fromkeys(close))[:5]


def entry(manifest: Manifest, public: str) -> tuple[str, Function | Exclusion]:
    """Return the library of a public name, and the name's entry in the manifest.

    Parameters
    ----------
    manifest
        The manifest to search.
    public
        A public upstream name.

    Raises
    ------
    KeyError
        If the manifest has no such name.
    """
    for name, library in manifest.libraries.items():
        function_or_exclusion = library.functions.get(public) or library.excluded.get(public)
        if function_or_exclusion is not None:
            return name, function_or_exclusion
    raise KeyError(public)


def _names(manifest: Manifest) -> list[str]:
    return sorted(
        public
        for library in manifest.libraries.values()
        for public in (*library.functions, *library.excluded)
    )
