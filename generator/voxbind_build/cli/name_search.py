"""Finds functions in the manifest by library, contract, text, or a full or partial name."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Literal

from voxbind_build.model import Contract, Evidence, Exclusion, Function, Manifest, MemoryType

_SIMILAR = 0.6
"""Smallest ratio of `difflib` of names that are similar."""


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
            searched_text = " ".join((public, function.summary, *function.tags)).casefold()
            if all(word in searched_text for word in wanted):
                yield public, function


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
        The one exact match if there is one, else every public name that ends in `name`, those of
        libraries that need a GPU last.
    """
    upstream_name = name.removeprefix(f"{manifest.package}.")
    public_names = _names(manifest)
    if upstream_name in public_names:
        return (upstream_name,)
    return tuple(public for public in public_names if public.endswith(f".{upstream_name}"))


def near(manifest: Manifest, name: str) -> tuple[str, ...]:
    """Return up to five public names similar to `name`, most similar first.

    As many last parts of each name are compared as `name` has, and the last part by itself as well:
    that two functions are in one module doesn't make their names similar. Of equally similar names,
    those of libraries for NumPy's arrays come first, and short names before long ones.
    """
    typed = name.removeprefix(f"{manifest.package}.")
    compare, compare_last = difflib.SequenceMatcher(), difflib.SequenceMatcher()
    compare.set_seq2(typed.casefold())
    compare_last.set_seq2(typed.rpartition(".")[2].casefold())
    ranked: list[tuple[float, bool, bool, bool, int, str]] = []
    for library in manifest.libraries.values():
        for public in (*library.functions, *library.excluded):
            parts = public.split(".")[-1 - typed.count(".") :]
            compare.set_seq1(".".join(parts).casefold())
            if compare.quick_ratio() >= _SIMILAR and (ratio := compare.ratio()) >= _SIMILAR:
                compare_last.set_seq1(parts[-1].casefold())
                if compare_last.ratio() < _SIMILAR:
                    continue
                is_left_out, is_on_gpu = public in library.excluded, bool(library.device)
                other = library.memory_type != "numpy"
                ranked.append((-ratio, is_left_out, is_on_gpu, other, len(public), public))
    return tuple(public for *_, public in sorted(ranked)[:5])


def nearest(manifest: Manifest, name: str) -> str:
    """Return a sentence with the functions whose names are near to one that there isn't."""
    names = near(manifest, name)
    library = name.removeprefix(f"{manifest.package}.").partition(".")[0]
    if not names and library in manifest.libraries:
        return f"`voxbind list --library {library}` names its functions."
    if not names:
        return "`voxbind list` names all functions."
    return f"Do you mean {', '.join(names)}?"


def completions(incomplete: str) -> list[str]:
    """Return the functions of the default package that a shell can complete a word to.

    Parameters
    ----------
    incomplete
        The beginning of a public name, or of its last part.
    """
    from voxbind_build.cli.places import readable_package
    from voxbind_build.render.code.registry_index import INDEX

    index = json.loads(readable_package(None).joinpath(INDEX).read_bytes())
    last_parts = {public.rpartition(".")[2] for public in index} if incomplete else set()
    return sorted(name for name in (*index, *last_parts) if name.startswith(incomplete))


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
    """Return all public names, sorted, those of libraries that need a GPU last."""
    names = [
        (bool(library.device), public)
        for library in manifest.libraries.values()
        for public in (*library.functions, *library.excluded)
    ]
    return [public for _, public in sorted(names)]
