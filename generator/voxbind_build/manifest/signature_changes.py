"""What differs between two signatures, in words that say what a caller has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from voxbind_build.common.deprecation import marks_deprecated
from voxbind_build.common.signatures import HasSignature, starred_name, text, written

_POSITIONAL = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
_KINDS = {
    "POSITIONAL_ONLY": "positional-only",
    "POSITIONAL_OR_KEYWORD": "positional or by keyword",
    "KEYWORD_ONLY": "keyword-only",
    "VAR_POSITIONAL": "any number of positional arguments",
    "VAR_KEYWORD": "any number of keyword arguments",
}


class SignatureChanges(NamedTuple):
    """Phrases on two signatures of one callable."""

    words: tuple[str, ...]
    """What differs, deprecations aside."""
    deprecated: tuple[str, ...]
    """Parameters that are deprecated now and weren't before."""


def signature_changes(old: Sequence[HasSignature], new: Sequence[HasSignature]) -> SignatureChanges:
    """Compare two signatures.

    Parameters
    ----------
    old, new
        Parameters in their order.

    Returns
    -------
    SignatureChanges
        Both fields are empty only if the signatures are equal.
    """
    if text(old) == text(new):
        return SignatureChanges((), ())
    before, after = ({p.name: p for p in side} for side in (old, new))
    renamed = dict(_renamed(old, new))
    words = _listed("renamed", (f"{then} → {now}" for then, now in renamed.items()))
    words += _listed("removed", _removed(before, after, renamed))
    added = [after[name] for name in after if name not in before and name not in renamed.values()]
    words += _listed("added", map(_added, added))
    words += _kinds(before, after)
    deprecated = [
        name
        for name, parameter in after.items()
        if marks_deprecated(parameter.default)
        and name in before
        and not marks_deprecated(before[name].default)
    ]
    words += _defaults(before, after)
    words += _order(old, new, renamed)
    # What is left is the order of keyword-only parameters, or another mark of deprecation.
    if not (words or deprecated):
        words = [f"{text(old)} → {text(new)}"]
    return SignatureChanges(tuple(words), tuple(deprecated))


def _renamed(old: Sequence[HasSignature], new: Sequence[HasSignature]) -> Iterator[tuple[str, str]]:
    """Yield parameters that have another name at the same place, all else being equal."""
    names, others = {p.name for p in old}, {p.name for p in new}
    for then, now in zip(old, new, strict=False):
        if (
            (then.kind, then.default) == (now.kind, now.default)
            and then.name not in others
            and now.name not in names
        ):
            yield then.name, now.name


def _removed(
    before: dict[str, HasSignature], after: dict[str, HasSignature], renamed: dict[str, str]
) -> Iterator[str]:
    for name, parameter in before.items():
        if name not in after and name not in renamed:
            was = " (was deprecated)" if marks_deprecated(parameter.default) else ""
            yield f"{starred_name(parameter)}{was}"


def _added(parameter: HasSignature) -> str:
    if parameter.kind in ("VAR_POSITIONAL", "VAR_KEYWORD"):
        return written(parameter)
    if marks_deprecated(parameter.default):
        return f"{parameter.name} (deprecated)"
    only = f" ({_KINDS[parameter.kind]})" if parameter.kind != "POSITIONAL_OR_KEYWORD" else ""
    required = " (required)" if parameter.default is None else ""
    return f"{written(parameter)}{required}{only}"


def _kinds(before: dict[str, HasSignature], after: dict[str, HasSignature]) -> Iterator[str]:
    changed: dict[str, list[str]] = {}
    for name, parameter in after.items():
        if name in before and before[name].kind != parameter.kind:
            changed.setdefault(_KINDS.get(parameter.kind, parameter.kind), []).append(name)
    for kind, names in changed.items():
        yield f"{kind} now: {', '.join(names)}"


def _defaults(before: dict[str, HasSignature], after: dict[str, HasSignature]) -> Iterator[str]:
    """Say which parameters have another default, those aside that are deprecated now."""
    for name, parameter in after.items():
        if name not in before or before[name].default == parameter.default:
            continue
        was, is_now = (marks_deprecated(side[name].default) for side in (before, after))
        if was and not is_now:
            yield f"no longer deprecated: {written(parameter)}"
        elif not is_now:
            yield f"{name}={_default(before[name])} → {_default(parameter)}"


def _order(
    old: Sequence[HasSignature], new: Sequence[HasSignature], renamed: dict[str, str]
) -> Iterator[str]:
    """Say which argument has another position, among those that can still be passed by it."""
    then = [renamed.get(p.name, p.name) for p in old if p.kind in _POSITIONAL]
    now = [p.name for p in new if p.kind in _POSITIONAL]
    moved = [name for name in now if name in then and then.index(name) != now.index(name)]
    if moved:
        places = ", ".join(
            f"{name} {then.index(name) + 1} → {now.index(name) + 1}" for name in moved
        )
        yield f"positions: {places}"


def _listed(verb: str, items: Iterator[str]) -> list[str]:
    listed = ", ".join(items)
    return [f"{verb}: {listed}"] if listed else []


def _default(parameter: HasSignature) -> str:
    return "required" if parameter.default is None else parameter.default
