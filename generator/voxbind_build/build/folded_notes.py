"""Shortens notes for people: of many that say the same of different names, a few and a count."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voxbind_build.build.broken_modules import import_errors
from voxbind_build.discover.difference_kinds import said_of_many

__all__ = ["folded"]

_MOST = 6
"""As many notes of one kind are all kept."""
_FIRST = 3
"""Of more notes of one kind, as many are kept, and the others are counted."""
_NOTE = re.compile(r"([^\s:.]+: )?(.*)", re.DOTALL)
"""A note: the library, if it is named, and the sentence."""
_NOT_IMPORTED = re.compile(r"(\S+) was (?:only read, not imported|not read): (\w+(?:: .*)?)")


def folded(notes: Sequence[str]) -> list[str]:
    """Return notes in the same order, in which one line stands for many similar ones.

    Such a line counts the notes that it stands for. Notes on modules whose import fails with the
    same error become one, which names the package that is missing.

    Parameters
    ----------
    notes
        Sentences. The name of a library and a colon may be in front.
    """
    kinds = [_kind(note) for note in notes]
    broken: dict[tuple[str, str], dict[str, str]] = {}
    for note, kind in zip(notes, kinds, strict=True):
        if module := _NOT_IMPORTED.fullmatch(_parts(note)[1]):
            broken.setdefault(kind, {})[module[1]] = module[2]
    kept = []
    seen: dict[tuple[str, str], int] = {}
    for note, kind in zip(notes, kinds, strict=True):
        library, said = kind
        place = seen[kind] = seen.get(kind, 0) + 1
        total = kinds.count(kind) if said else 1
        if total > 1 and kind in broken:
            kept += [f"{library}{phrase}" for phrase in import_errors(broken[kind]) if place == 1]
        elif total <= _MOST or place <= _FIRST:
            kept.append(note)
        elif place == _FIRST + 1:
            kept.append(f"{library}{total - _FIRST} more names {said}; `--json` lists them all")
    return kept


def _parts(note: str) -> tuple[str, str]:
    match = _NOTE.fullmatch(note)
    return (match[1] or "", match[2]) if match else ("", note)


def _kind(note: str) -> tuple[str, str]:
    """Return a note's library, and what it says of a name; the latter is empty if it is unique."""
    library, sentence = _parts(note)
    if module := _NOT_IMPORTED.fullmatch(sentence):
        return library, module[2]
    return library, said_of_many(sentence)
