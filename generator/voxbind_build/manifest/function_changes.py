"""What differs between two records of one function, in words, by heading.

Each field of the record belongs to one group in `_GROUPS`. If a group has no words for what
changed in its fields, and for fields of no group, the change is reported by the field's name under
``record``, so that no change goes unreported.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from voxbind_build.common.deprecation import marks_deprecated
from voxbind_build.common.figures import largest_change
from voxbind_build.common.typeexpr import (
    Literal,
    TypeExpr,
    TypeExprError,
    members,
    parse,
    quoted,
    transform,
)
from voxbind_build.manifest.compare import changed_fields
from voxbind_build.manifest.member_changes import deprecated_parameters, member_changes
from voxbind_build.manifest.signature_changes import signature_changes
from voxbind_build.model import SEEN, Aspect, AxisArgument, Change, DtypeFact, Function, Reach

_OF_THE_FUTURE = re.compile(r"^\w*(Deprecat|Future|Pending)\w*:")
"""Warnings of changes to come."""
_OBSERVED: tuple[Aspect, ...] = ("result", "dtypes", "answers")
"""What only a call shows. If one of two records rests on no call, there is nothing to compare."""
_RESULT_FIELDS = {
    "result": "result",
    "arrays": "image parameters",
    "other_arrays": "other array parameters",
    "outputs": "output parameters",
    "stacks": "results of slices stack to a volume",
    "masked": "parameters whose mask is looked at",
    "masked_dtypes": "dtypes whose mask is looked at",
    "axis_arguments": "parameters with an entry for each axis",
    "seeds": "seeds",
    "reach": "reach",
    "mutates": "parameters whose array is changed",
    "random": "random",
    "keeps_state": "keeps a state between calls",
    "ignored_outputs": "parameters whose dtype the result doesn't have",
    "slices_with_one": "processes slices one by one beside an image",
    "needs_channels": "needs an axis of colours",
    "channels_last": "reads a last axis of 3 or 4 as colours",
    "array_like": "parameters documented as array_like",
    "allowed_dtypes": "safe dtypes",
}
"""Fields that have words of their own; the words of others are their names."""


def function_changes(name: str, old: Function, new: Function) -> Iterator[Change]:
    """Yield the changes of one function or class, whatever their order.

    Parameters
    ----------
    name
        Dotted public name.
    old, new
        Its records.
    """
    if old == new:
        return
    fields = changed_fields(old, new)
    described_elsewhere = _new_or_old(old, new)
    is_unobserved = old.evidence != new.evidence and "unobserved" in (old.evidence, new.evidence)
    for field, aspect in [*fields.items()]:
        is_described = _parameter(field) in described_elsewhere and not _SIGNATURE.fullmatch(field)
        if is_described or (is_unobserved and aspect in _OBSERVED):
            del fields[field]
    for claims, describe in _GROUPS:
        group = [field for field, aspect in fields.items() if claims(field, aspect)]
        if not group:
            continue
        described = [*describe((name,), old, new)]
        yield from described
        for field in group if described else ():
            del fields[field]
    elsewhere = {*_reported_elsewhere(old, new)}
    for field in sorted({_without_parameter(field) for field in fields} - elsewhere):
        yield Change(heading="record", names=(name,), words=(field,))


def _reported_elsewhere(old: Function, new: Function) -> Iterator[str]:
    """Yield fields whose change another field's change says.

    A range changes with the figures of a result, and a dtype that is taken now is refused no more.
    """
    if largest_change(old.values, new.values):
        yield "dtypes"
    then, now = _refused_elsewhere(old, new)
    if then == now:
        yield "refuses"


def _refused_elsewhere(old: Function, new: Function) -> tuple[dict[str, str], dict[str, str]]:
    """Return what both refuse, without dtypes that only one of them takes."""
    then, now = (
        {
            case: error
            for case, error in side.refuses.items()
            if case not in old.dtypes.keys() ^ new.dtypes.keys()
        }
        for side in (old, new)
    )
    return then, now


def _new_or_old(old: Function, new: Function) -> set[str]:
    """Return the parameters that were added or removed, or of which one side is deprecated.

    Their signature says so, and their types and documentation are no further change.
    """
    then, now = ({p.name: p for p in side.parameters} for side in (old, new))
    deprecated = {
        name
        for name in then.keys() & now.keys()
        if marks_deprecated(now[name].default) != marks_deprecated(then[name].default)
    }
    return (then.keys() ^ now.keys()) | deprecated


def _parameter(field: str) -> str | None:
    """Return the parameter that a field belongs to, if it does."""
    first, _, rest = field.partition(".")
    return rest.rpartition(".")[0] if first == "parameters" and "." in rest else None


def _without_parameter(field: str) -> str:
    """Return a field without the parameter or the member that it belongs to."""
    first, _, rest = field.partition(".")
    if first == "parameters" and rest:
        return f"parameters.{rest.rpartition('.')[2]}"
    return f"returns.{rest.partition('.')[0]}" if first == "returns" else first


Names = tuple[str, ...]
_OTHER_LIMITS = "valid for other arguments or for another reason"


def _contract(names: Names, old: Function, new: Function) -> Iterator[Change]:
    if old.evidence in SEEN and new.evidence in ("inferred", "unobserved"):
        inferred = " and is inferred" if new.evidence == "inferred" else ""
        yield Change(
            heading="lost",
            names=names,
            words=(
                f"was measured to be {_verdict(old)}, but could not be measured now{inferred}: "
                f"{new.reason}",
            ),
        )
    elif (old.label, old.evidence) != (new.label, new.evidence):
        then, now = (
            side.label if side.label == side.evidence else f"{side.label} ({side.evidence})"
            for side in (old, new)
        )
        if old.evidence == new.evidence:
            then, now = old.label, new.label
        yield Change(heading="contract", names=names, words=(f"{then} → {now}: {new.reason}",))


def _verdict(function: Function) -> str:
    return function.contract or f"a {function.kind}"


def _signature(names: Names, old: Function, new: Function) -> Iterator[Change]:
    (name,) = names
    if old.form != new.form:
        words = (f"was a {old.form} and is a {new.form} now",)
        yield Change(heading="signature", names=names, words=words)
        return
    changes = signature_changes(old.parameters, new.parameters)
    if changes.words:
        yield Change(heading="signature", names=names, words=changes.words)
    yield from deprecated_parameters(names, changes.deprecated)
    # An instance that a function makes is known by its class, beside which the function is.
    owner = name if old.form == "class" else name.rpartition(".")[0]
    yield from member_changes(owner, old.members, new.members)


def _result(names: Names, old: Function, new: Function) -> Iterator[Change]:
    changed = [
        field
        for field, aspect in changed_fields(old, new).items()
        if aspect == "result" and field != "result_reason"
    ]
    words = []
    for field in dict.fromkeys(field.partition(".")[0] for field in changed):
        if field == "reach" and None in (old.reach, new.reach):
            continue  # one of the records was made without measuring it
        label = _RESULT_FIELDS.get(field, field.replace("_", " "))
        then, now = _value(getattr(old, field)), _value(getattr(new, field))
        is_same = then == now  # of a reach, the words don't say all
        words.append(f"{label}: {now}, {_OTHER_LIMITS}" if is_same else f"{label}: {then} → {now}")
    if words:
        yield Change(heading="result", names=names, words=tuple(words))


def _value(value: Any) -> str:  # of any field of a record
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = [f"{key} = {_value(item)}" for key, item in value.items()]
    if isinstance(value, Reach):
        return f"{value.kind}, {value.formula}" if value.formula else value.kind
    if isinstance(value, AxisArgument):
        neutral = " or ".join(f"{number:g}" for number in value.neutral)
        return f"{value.kind} (neutral: {neutral})" if neutral else value.kind
    return ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)


def _values(names: Names, old: Function, new: Function) -> Iterator[Change]:
    """Yield the call with the largest change of a result."""
    if change := largest_change(old.values, new.values):
        words = f"result of {change.call}: {change.figure} {change.before} → {change.after}"
        yield Change(heading="values", names=names, words=(words,))


def _dtypes(names: Names, old: Function, new: Function) -> Iterator[Change]:
    """Yield the dtypes that are taken now, those that no longer are, and what results became.

    The first two are changes of their own without a range, so that functions share a line.
    """
    taken = [dtype for dtype in sorted(new.dtypes) if dtype not in old.dtypes]
    refused = [dtype for dtype in sorted(old.dtypes) if dtype not in new.dtypes]
    for dtypes, change in ((taken, "not taken → taken"), (refused, "taken → not taken")):
        if dtypes:
            phrase = f"{', '.join(dtypes)}: {change}"
            yield Change(heading="dtypes", names=names, words=(phrase,))
    # Figures of a result that changed are reported already, and say more than its range.
    with_ranges = largest_change(old.values, new.values) is None
    inputs: dict[str, list[str]] = {}
    for dtype in sorted(old.dtypes.keys() & new.dtypes.keys()):
        before, after = old.dtypes[dtype], new.dtypes[dtype]
        shows_range = with_ranges and before.range != after.range
        then, now = (_fact(fact, shows_range=shows_range) for fact in (before, after))
        if then != now:
            inputs.setdefault(f"{then} → {now}", []).append(dtype)
    words = tuple(f"{', '.join(dtypes)}: {change}" for change, dtypes in inputs.items())
    if words:
        yield Change(heading="dtypes", names=names, words=words)


def _fact(fact: DtypeFact, *, shows_range: bool) -> str:
    if fact.range is None or not shows_range:
        return fact.dtype
    return f"{fact.dtype} in [{', '.join(f'{bound:g}' for bound in fact.range)}]"


def _warnings(names: Names, old: Function, new: Function) -> Iterator[Change]:
    words, deprecated = [], []
    for warning in sorted({*old.warnings, *new.warnings}):
        then, now = old.warnings.get(warning, ()), new.warnings.get(warning, ())
        if then and now:
            more, fewer = (
                [case for case in cases if case not in others]
                for cases, others in ((now, then), (then, now))
            )
            words += [f"warns for {', '.join(more)} too: {warning}"] if more else []
            words += [f"no longer warns for {', '.join(fewer)}: {warning}"] if fewer else []
        elif then:
            words.append(f"no longer warns: {warning}")
        elif not _OF_THE_FUTURE.match(warning):
            words.append(f"warns: {warning}")
        elif not new.deprecated or new.deprecated == old.deprecated:
            deprecated.append(warning)
    words += _refusals(*_refused_elsewhere(old, new))
    if words:
        yield Change(heading="warnings", names=names, words=tuple(words))
    if deprecated:
        yield Change(heading="deprecated", names=names, words=tuple(deprecated))
    if new.deprecated != old.deprecated:
        sentence = " ".join((new.deprecated or "no longer deprecated").split())
        yield Change(heading="deprecated", names=names, words=(sentence,))


def _refusals(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    inputs: dict[str, list[str]] = {}
    for case in sorted({*old, *new}):
        if case not in new:
            inputs.setdefault(f"no longer refuses {{}}: {old[case]}", []).append(case)
        elif case not in old:
            inputs.setdefault(f"refuses {{}}: {new[case]}", []).append(case)
        elif old[case] != new[case]:
            inputs.setdefault(f"refuses {{}} with another error: {new[case]}", []).append(case)
    for sentence, cases in inputs.items():
        yield sentence.replace("{}", ", ".join(cases), 1)


def _types(names: Names, old: Function, new: Function) -> Iterator[Change]:
    described_elsewhere = _new_or_old(old, new)
    then = {
        parameter.name: parameter.annotation
        for parameter in old.parameters
        if parameter.name not in described_elsewhere
    }
    names_by_change: dict[str, list[str]] = {}
    for parameter in new.parameters:
        before, after = then.get(parameter.name), parameter.annotation
        if before is not None and (change := _type_change(before, after)):
            names_by_change.setdefault(change, []).append(parameter.name)
    words = [f"{', '.join(names)}: {change}" for change, names in names_by_change.items()]
    if change := _type_change(old.returns.annotation, new.returns.annotation):
        words.append(f"returns: {change}")
    forms, others = (
        {_options(form.options): form.annotation for form in side.returns.forms}
        for side in (old, new)
    )
    for options in sorted({*forms, *others}) if forms and others else ():
        form, other = forms.get(options, "no overload"), others.get(options, "no overload")
        if form != other:
            words.append(f"returns with {options or 'the defaults'}: {form} → {other}")
    if bool(forms) != bool(others):
        words.append("has overloads now" if others else "no longer has overloads")
    if old.preserves != new.preserves:
        words.append(f"arrays that come back keep: {old.preserves} → {new.preserves}")
    if words:
        yield Change(heading="types", names=names, words=tuple(words))


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(options.items()))


def _type_change(before: str, after: str) -> str:
    """Say how a type changed; empty if it is the same, apart from the order of its members.

    If it lists values, and members were only added or only removed, these alone are named.
    """
    then, now = _members(before), _members(after)
    added = [text for key, text in now.items() if key not in then]
    gone = [text for key, text in then.items() if key not in now]
    if not (added or gone):
        return ""
    if "Literal[" in before and "Literal[" in after and not (added and gone):
        return f"also {', '.join(added)}" if added else f"no longer {', '.join(gone)}"
    return f"{before} → {after}"


def _members(annotation: str) -> dict[str, str]:
    """Return the members of a union, and each value of a literal as a member.

    Returns
    -------
    dict of str to str
        Each as it is printed, by a key that doesn't depend on the order of values within it.
    """
    try:
        tree = parse(annotation)
    except TypeExprError:
        return {annotation: annotation}
    texts: dict[str, str] = {}
    for member in members(tree):
        if isinstance(member, Literal):
            texts |= {quoted(value): quoted(value) for value in member.values}
        else:
            texts[str(transform(member, _in_order))] = str(member)
    return texts


def _in_order(type_: TypeExpr) -> TypeExpr | None:
    return Literal(tuple(sorted(type_.values, key=repr))) if isinstance(type_, Literal) else None


def _documentation(names: Names, old: Function, new: Function) -> Iterator[Change]:
    words = tuple(changed_lines(old.doc.splitlines(), new.doc.splitlines()))
    if words:
        yield Change(heading="documentation", names=names, words=words)


def changed_lines(old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    """Yield the lines that were removed and added, with a minus or a plus in front."""
    compared = difflib.unified_diff([*old], [*new], n=0, lineterm="")
    for number, line in enumerate(compared):
        if number >= 2 and not line.startswith("@@") and line[1:].strip():
            yield f"{line[0]} {line[1:].strip()}"


_SIGNATURE = re.compile(r"form|members|parameters(\.[^.]+\.(kind|default|default_is_literal))?")
_CONTRACT = ("kind", "contract", "evidence", "reason")
_Claims = Callable[[str, Aspect], bool]
_Describe = Callable[[Names, Function, Function], Iterator[Change]]
_GROUPS: tuple[tuple[_Claims, _Describe], ...] = (
    (lambda field, aspect: field in _CONTRACT, _contract),
    (lambda field, aspect: _SIGNATURE.fullmatch(field) is not None, _signature),
    (lambda field, aspect: aspect == "result", _result),
    (lambda field, aspect: aspect == "values", _values),
    (lambda field, aspect: aspect == "dtypes", _dtypes),
    (lambda field, aspect: aspect == "answers" or field == "deprecated", _warnings),
    (lambda field, aspect: aspect == "types", _types),
    (lambda field, aspect: aspect == "documentation", _documentation),
)
"""Which fields belong together, and what puts their changes into words."""
