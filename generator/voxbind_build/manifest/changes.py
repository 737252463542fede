"""The changes between two records, most important first, and no change twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

import msgspec
from msgspec.structs import replace

from voxbind_build.manifest.compare import signature
from voxbind_build.manifest.deprecation_changes import deprecation_changes
from voxbind_build.manifest.function_changes import function_changes
from voxbind_build.manifest.handed_on_changes import handed_on_changes
from voxbind_build.manifest.record_changes import only_in_one
from voxbind_build.model import (
    Change,
    Exclusion,
    Function,
    Heading,
    Library,
    LibraryChanges,
    Manifest,
)

_ORDER: tuple[Heading, ...] = get_args(Heading)
_NO_INTERFACE = ("module", "foreign", "internal")
"""Reasons to leave a name out that no user of the library calls."""
_COMPARED_BY_NAME = frozenset(
    ("functions", "excluded", "version", "handed_on", "classes", "deprecations")
)
"""Fields of a library that have changes of their own."""
_TESTS = frozenset(("conftest", "test", "tests"))
"""Names of modules that hold a library's own tests."""


def all_changes(old: Manifest, new: Manifest) -> tuple[LibraryChanges, ...]:
    """Return the changes of each library that differs, sorted by name."""
    changes = []
    for name in sorted({*old.libraries, *new.libraries}):
        before, after = old.libraries.get(name), new.libraries.get(name)
        if before != after:
            changes.append(library_changes(name, before, after))
    return tuple(
        library for library in changes if library.changes or library.before != library.after
    )


def library_changes(name: str, old: Library | None, new: Library | None) -> LibraryChanges:
    """Return the changes between two records of one library.

    Parameters
    ----------
    name
        The library's name.
    old, new
        Its records; None if it isn't in the manifest. One of them must be there.
    """
    known = new or old
    if known is None:
        raise ValueError(f"there is no record of {name!r}")
    return LibraryChanges(
        library=name,
        distribution=known.distribution,
        before=old.version if old else "",
        after=new.version if new else "",
        changes=_merged(_changes(name, old, new)) if old and new else (),
    )


def _merged(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Put the names of equal changes together, and sort."""
    names: dict[tuple[Heading, tuple[str, ...]], set[str]] = {}
    for change in changes:
        names.setdefault((change.heading, change.words), set()).update(change.names)
    merged = [
        Change(heading=heading, names=tuple(sorted(members)), words=words)
        for (heading, words), members in names.items()
    ]
    merged.sort(key=lambda change: (_ORDER.index(change.heading), change.names, change.words))
    return tuple(merged)


def _changes(name: str, old: Library, new: Library) -> Iterator[Change]:
    yield from _of_library(name, old, new)
    yield from handed_on_changes(old, new)
    yield from deprecation_changes(name, old, new)
    old_has, new_has = (
        {f.form for f in side.functions.values() if f.members} for side in (old, new)
    )
    if bool(old_has) != bool(new_has):
        yield only_in_one(name, "members of classes", is_newer=bool(new_has))
    for public in sorted({*old.functions, *old.excluded, *new.functions, *new.excluded}):
        before, after = old.functions.get(public), new.functions.get(public)
        if before is not None and after is not None:
            is_other = old.version != new.version
            if is_other:  # each fingerprint changes with the version
                before = replace(before, fingerprint=after.fingerprint)
            if is_other or not (before.code or before.shared_code):  # older records have neither
                before = replace(before, code=after.code, shared_code=after.shared_code)
            if (after.form in old_has) != (after.form in new_has):  # an older record has none
                before = replace(before, members=after.members)
            yield from function_changes(public, before, after)
        else:
            yield from _of_name(public, old, new)


def _of_library(name: str, old: Library, new: Library) -> Iterator[Change]:
    for field in msgspec.structs.fields(Library):
        then, now = getattr(old, field.name), getattr(new, field.name)
        if field.name in _COMPARED_BY_NAME or then == now:
            continue
        if isinstance(then, tuple):
            words = [f"{field.name}: {entry} is gone" for entry in then if entry not in now]
            words += [f"{field.name}: {entry} is new" for entry in now if entry not in then]
        elif isinstance(then, dict):
            words = [
                f"{field.name}: {key} {then.get(key, 'none')} → {now.get(key, 'none')}"
                for key in sorted({*then, *now})
                if then.get(key) != now.get(key)
            ]
        else:
            words = [f"{field.name}: {then or 'none'} → {now or 'none'}"]
        yield Change(heading="record", names=(name,), words=tuple(words or [field.name]))


def _of_name(public: str, old: Library, new: Library) -> Iterator[Change]:
    """Yield what became of a name that isn't wrapped in both records."""
    before, after = old.functions.get(public), new.functions.get(public)
    left_out, leaves_out = old.excluded.get(public), new.excluded.get(public)
    if before is not None:
        now = f"left out now: {_reason(leaves_out)}" if leaves_out else _shown(before)
        yield Change(heading="removed", names=(public,), words=(now,))
    elif after is not None:
        then = f" (was left out: {_reason(left_out)})" if left_out else ""
        yield Change(heading="added", names=(public,), words=(f"{_shown(after)}{then}",))
    elif left_out != leaves_out and not _is_tests(public, left_out, leaves_out):
        yield _of_left_out(public, left_out, leaves_out)


def _is_tests(public: str, *exclusions: Exclusion | None) -> bool:
    """Return whether a name is a submodule that holds only tests."""
    reasons = {exclusion.reason for exclusion in exclusions if exclusion is not None}
    return reasons == {"module"} and public.rpartition(".")[2] in _TESTS


def _of_left_out(public: str, old: Exclusion | None, new: Exclusion | None) -> Change:
    heading: Heading = "record"
    if old is not None and new is not None:
        words = f"left out: {_reason(old)} → {_reason(new)}"
    else:
        here = new or old
        assert here is not None
        if here.reason not in _NO_INTERFACE:
            heading = "added" if new else "removed"
        words = f"left out: {here.reason}" if new else f"was left out: {here.reason}"
    return Change(heading=heading, names=(public,), words=(words,))


def _reason(exclusion: Exclusion | None) -> str:
    if exclusion is None:
        return "no reason"
    return f"{exclusion.reason} ({exclusion.detail})" if exclusion.detail else exclusion.reason


def _shown(function: Function) -> str:
    """Return what a name is: its signature, or that it is a class or a constant."""
    if function.form == "function":
        return signature(function)
    return f"{function.form} {function.members.get('__init__', '')}".rstrip()
