"""What differs between the deprecation warnings in the source of two versions."""

from __future__ import annotations

from collections.abc import Iterator

from voxbind_build.manifest.record_changes import only_in_one
from voxbind_build.model import Change, Library


def deprecation_changes(name: str, old: Library, new: Library) -> Iterator[Change]:
    """Yield the deprecation warnings that one version of a library has and the other lacks.

    Parameters
    ----------
    name
        The library's name.
    old, new
        Its records.
    """
    if old.deprecations is None or new.deprecations is None:
        if old.deprecations is not new.deprecations:
            facts = "deprecation warnings in the source"
            yield only_in_one(name, facts, is_newer=old.deprecations is None)
        return
    before, after = _names(old), _names(new)
    for public in sorted({*old.deprecations, *new.deprecations}):
        then, now = old.deprecations.get(public, ()), new.deprecations.get(public, ())
        is_added = public in after and public not in before
        is_removed = public in before and public not in after and not now
        if then == now or is_added or is_removed:  # the latter two are reported as such
            continue
        messages = [message for message in now if message not in then]
        for message in messages:
            if not _is_observed(public, message, new):
                yield Change(heading="deprecated", names=(public,), words=(message,))
        for message in then if not messages else ():
            if message not in now:
                words = f"no longer warns: {message}"
                yield Change(heading="warnings", names=(public,), words=(words,))


def _is_observed(public: str, message: str, library: Library) -> bool:
    """Return whether the function's own record has the warning, which is reported from there."""
    function = library.functions.get(public)
    return function is not None and message in function.warnings


def _names(library: Library) -> set[str]:
    """Return all names that a record can have deprecation warnings of."""
    handed_on = {
        f"{module}.{name}" for module, names in library.handed_on.items() for name in names
    }
    made = {
        f"{function.module}.{member.partition('.')[0]}"
        for function in library.functions.values()
        for member in function.members
        if function.form == "function"
    }
    return {*library.functions, *library.handed_on, *handed_on, *made}
