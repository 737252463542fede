"""What differs between the public members of two versions of a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from voxbind_build.common.signatures import read
from voxbind_build.manifest.signature_changes import signature_changes
from voxbind_build.model import Change, Heading

CONSTRUCTOR = "__init__"


class _Member(NamedTuple):
    is_deprecated: bool
    binding: str
    signature: str

    @property
    def shown(self) -> str:
        """What the member is, and how it is called."""
        return f"{self.binding} {self.signature}".rstrip()


def member_changes(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Yield the changes of a class, each under the name of its member.

    Parameters
    ----------
    name
        The class's dotted public name, which also stands for its constructor.
    old, new
        See `Function.members`.
    """
    for member in sorted({*old, *new}):
        names = (name if member == CONSTRUCTOR else f"{name}.{member}",)
        if member not in new:
            yield Change(heading="removed", names=names, words=(_read(old[member]).shown,))
        elif member not in old:
            added = _read(new[member])
            # A deprecated property may be an attribute that instances had before.
            heading: Heading = "deprecated" if added.is_deprecated else "added"
            yield Change(heading=heading, names=names, words=(added.shown,))
        elif old[member] != new[member]:
            yield from _changes(names, _read(old[member]), _read(new[member]))


def _changes(names: tuple[str, ...], old: _Member, new: _Member) -> Iterator[Change]:
    words: list[str] = []
    if old.binding != new.binding:
        words.append(f"{old.shown} → {new.shown}")
    elif old.signature != new.signature:
        before, after = read(old.signature), read(new.signature)
        if before is None or after is None:
            words.append(f"{old.signature} → {new.signature}")
        else:
            changes = signature_changes(before, after)
            words += changes.words
            yield from deprecated_parameters(names, changes.deprecated)
    if old.is_deprecated and not new.is_deprecated:
        words.append("no longer deprecated")
    if words:
        yield Change(heading="signature", names=names, words=tuple(words))
    if new.is_deprecated and not old.is_deprecated:
        yield Change(heading="deprecated", names=names, words=())


def deprecated_parameters(names: tuple[str, ...], parameters: tuple[str, ...]) -> Iterator[Change]:
    """Yield the deprecation of parameters, if there are any."""
    if parameters:
        noun = "parameter" if len(parameters) == 1 else "parameters"
        words = (f"{noun} {', '.join(parameters)}",)
        yield Change(heading="deprecated", names=names, words=words)


def _read(text: str) -> _Member:
    before, bracket, rest = text.partition("(")
    words = before.split()
    is_deprecated = "deprecated" in words
    binding = " ".join(word for word in words if word != "deprecated")
    return _Member(is_deprecated, binding or "method", f"{bracket}{rest}")
