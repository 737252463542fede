"""What differs between the names of modules in which voxbind wraps nothing."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from voxbind_build.common.signatures import read
from voxbind_build.manifest.member_changes import member_changes
from voxbind_build.manifest.record_changes import only_in_one
from voxbind_build.manifest.signature_changes import signature_changes
from voxbind_build.model import DECORATED, Change, Heading, Library

_ALL = "*"
"""In place of names: a stub has them."""


def handed_on_changes(old: Library, new: Library) -> Iterator[Change]:
    """Yield the changes of the names that both versions hand on.

    Left out are submodules of wrapped modules, whose public names the wrapped module has too.

    Parameters
    ----------
    old, new
        The records of one library.
    """
    for module in sorted({*old.handed_on, *new.handed_on}):
        before, after = old.handed_on.get(module, {}), new.handed_on.get(module, {})
        if module.rpartition(".")[0] in (*old.modules, *new.modules):
            continue
        if not (before and after):
            side, state = (new, "new") if after else (old, "gone")
            if module not in side.excluded:  # which is reported
                yield Change(heading="record", names=(module,), words=(f"handed on: {state}",))
        elif _ALL not in (*before, *after):
            unlisted = {name for name in before if _is_deprecated(module, name, new)}
            yield from _of_module(module, before, after, unlisted)
        elif (_ALL in before) != (_ALL in after):
            words = f"names are {'only' if _ALL in after else 'not only'} in a stub now"
            yield Change(heading="record", names=(module,), words=(words,))
    yield from _of_classes(old, new)


def _is_deprecated(module: str, name: str, library: Library) -> bool:
    """Return whether a name has a deprecation warning, so that it is there, if not in `__all__`."""
    messages = library.deprecations or {}
    of_module = messages.get(module, ())  # of its `__getattr__`, which names the attribute
    return f"{module}.{name}" in messages or any(f"`{name}`" in message for message in of_module)


def _of_classes(old: Library, new: Library) -> Iterator[Change]:
    """Yield the changes of the members of classes that both versions hand on."""
    if bool(old.classes) != bool(new.classes):
        facts = "members of classes that are handed on"
        yield only_in_one(new.distribution, facts, is_newer=bool(new.classes))
        return
    for name in sorted(old.classes.keys() & new.classes.keys()):
        yield from member_changes(name, old.classes[name], new.classes[name])
    for name in sorted(old.classes.keys() ^ new.classes.keys()):
        module, _, attribute = name.rpartition(".")
        if all(attribute in side.handed_on.get(module, {}) for side in (old, new)):
            yield Change(heading="record", names=(name,), words=("members of the class",))


def _of_module(
    module: str, before: Mapping[str, str], after: Mapping[str, str], unlisted: Container[str]
) -> Iterator[Change]:
    """Yield the changes of the names of one module, without those that `unlisted` has and lost."""
    for name in sorted({*before, *after}):
        then, now = before.get(name), after.get(name)
        if then == now or (now is None and name in unlisted):
            continue
        heading: Heading = "signature"
        words: tuple[str, ...]
        if then is None:
            heading, words = "added", (_shown(now or ""),)
        elif now is None:
            heading, words = "removed", (_shown(then),)
        else:
            words = _words(_shown(then), _shown(now))
        if words:
            yield Change(heading=heading, names=(f"{module}.{name}",), words=words)


def _shown(kind: str) -> str:
    return kind.removeprefix(DECORATED)


def _words(then: str, now: str) -> tuple[str, ...]:
    if then == now:
        return ()  # it has a decorator in one version
    before, after = read(then), read(now)
    words = signature_changes(before, after).words if before and after else ()
    return words or (f"{then} → {now}",)
