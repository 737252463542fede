"""Lists the differences between two records of a library, name by name and field by field.

All fields of a record are compared. This module only defines the heading under which the change of
a field is shown; a field without a heading of its own is shown under ``record``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import msgspec

from voxbind_build.common import signatures
from voxbind_build.common.figures import largest_change
from voxbind_build.common.typeexpr import TypeExprError, parse
from voxbind_build.model import Aspect, Difference, Exclusion, Function, Library, Parameter

_HEADINGS: dict[Aspect, tuple[str, ...]] = {
    "signature": ("Function.parameters", "Function.form", "Function.members"),
    "types": (
        *("Function.returns", "Function.preserves", "Parameter.annotation"),
        *("Parameter.annotation_source", "Parameter.untyped", "Parameter.contradiction"),
    ),
    "contract": (
        *("Function.contract", "Function.kind", "Function.reason", "Function.evidence"),
        "Function.overruled",
    ),
    "result": (
        *("Function.result", "Function.result_reason"),
        *("Function.arrays", "Function.other_arrays", "Function.outputs"),
        *(
            "Function.host_arrays",
            "Function.array_like",
            "Function.name_or_array",
            "Function.masked",
            "Function.masked_dtypes",
        ),
        *("Function.stacks", "Function.needs_channels", "Function.channels_last"),
        *(
            "Function.mutates",
            "Function.random",
            "Function.keeps_state",
            "Function.ignored_outputs",
            "Function.slices_with_one",
            "Function.allowed_dtypes",
            "Function.needs_output",
        ),
        *("Function.sources", "Function.axis_keywords"),
        *("Function.axis_arguments", "Function.seeds", "Function.reach"),
        "Function.dtype_follows",
    ),
    "dtypes": ("Function.dtypes",),
    "values": ("Function.values",),
    "answers": ("Function.warnings", "Function.refuses"),
    "twin": ("Function.twin",),
    "documentation": (
        *("Function.doc", "Function.deprecated", "Function.tags", "Parameter.documented"),
        *("Parameter.facts", "Returns.documented", "Returns.facts"),
    ),
    "source": (
        "Function.fingerprint",
        "Function.definition",
        "Function.code",
        "Function.shared_code",
    ),
}
_HEADING = {field: aspect for aspect, fields in _HEADINGS.items() for field in fields}
_OF_A_VERSION = frozenset(("fingerprint", "code", "shared_code"))
"""Fields that say of another version only that the source is another."""
_REPEATED = frozenset(("Parameter.description",))
"""Fields of older records whose text is also in `Function.doc`; newer records leave them empty."""
_BY_NAME = ("functions", "excluded")
"""The fields of a library whose entries are compared one by one."""

Facts = Mapping[str, object]
"""Values by the path of their fields: ``{"parameters.sigma.default": "1"}``."""


def compare(name: str, old: Library, new: Library) -> tuple[Difference, ...]:
    """Return every difference between two records of one library, sorted by name.

    Parameters
    ----------
    name
        The library's name.
    old, new
        The two records.
    """
    differences = []
    before, after = f"{old.distribution} {old.version}", f"{new.distribution} {new.version}"
    if before != after:
        differences.append(Difference(name=name, aspect="version", before=before, after=after))
    other_fields = [
        field.name
        for field in msgspec.structs.fields(Library)
        if field.name not in (*_BY_NAME, "distribution", "version")
        and getattr(old, field.name) != getattr(new, field.name)
    ]
    if other_fields:
        differences.append(
            Difference(
                name=name,
                aspect="library",
                before=_listed({field: getattr(old, field) for field in other_fields}),
                after=_listed({field: getattr(new, field) for field in other_fields}),
            )
        )
    for public in sorted({*old.functions, *old.excluded, *new.functions, *new.excluded}):
        differences.extend(_compare_name(public, old, new))
    return tuple(differences)


def signature(function: Function, *, annotated: bool = False) -> str:
    """Return a function's signature in Python's syntax; empty for a class or constant.

    Parameters
    ----------
    function
        The function's entry in the manifest.
    annotated
        Whether to include the types of the parameters and of the result.

    Examples
    --------
    ``(image, sigma=1, *, mode='nearest')``
    """
    if function.form != "function":
        return ""
    returns = f" -> {function.returns.annotation}" if annotated else ""
    return f"({', '.join(signature_parts(function, annotated=annotated))}){returns}"


def signature_parts(function: Function, *, annotated: bool = False) -> list[str]:
    """Return the comma-separated parts of `signature`, including a bare ``*`` and ``/``."""
    return signatures.parts(
        function.parameters, _annotated_parameter if annotated else signatures.written
    )


def _annotated_parameter(parameter: Parameter) -> str:
    default = "" if parameter.default is None else f" = {parameter.default}"
    return f"{signatures.starred_name(parameter)}: {parameter.annotation}{default}"


def _compare_name(public: str, old: Library, new: Library) -> Iterator[Difference]:
    before, after = old.functions.get(public), new.functions.get(public)
    excluded_before, excluded_after = old.excluded.get(public), new.excluded.get(public)
    if before is not None and after is not None:
        # All fingerprints change with the version, which is reported once for the library.
        yield from _compare_functions(public, before, after, old.version != new.version)
    elif before is None and excluded_before is None:
        new_text = signature(after) if after else _exclusion(excluded_after)
        yield Difference(name=public, aspect="added", after=new_text)
    elif after is None and excluded_after is None:
        old_text = signature(before) if before else _exclusion(excluded_before)
        yield Difference(name=public, aspect="removed", before=old_text)
    elif excluded_before != excluded_after:
        yield Difference(
            name=public,
            aspect="exclusion",
            before=_exclusion(excluded_before),
            after=_exclusion(excluded_after),
        )


def _exclusion(exclusion: Exclusion | None) -> str:
    if exclusion is None:
        return "wrapped"
    return f"excluded: {exclusion.reason}" + (f" ({exclusion.detail})" if exclusion.detail else "")


def _compare_functions(
    public: str, old: Function, new: Function, other_version: bool
) -> Iterator[Difference]:
    if old == new:
        return
    before, after = _by_aspect(old), _by_aspect(new)
    if before == after:  # only the notation of a type differs
        return
    aspect: Aspect
    is_reported = False
    for aspect in get_args(Aspect):
        changed = _changed(before.get(aspect, {}), after.get(aspect, {}))
        if not changed or (other_version and _OF_A_VERSION.issuperset(changed)):
            continue
        texts = [""] * 2
        if aspect in _TEXTS:
            texts = [_TEXTS[aspect](function) for function in (old, new)]
        if aspect == "values" and (change := largest_change(old.values, new.values)):
            texts = [f"result of {change.call}: {change.figure} {change.before}", change.after]
        if texts[0] == texts[1]:  # the text doesn't contain the fields that changed
            texts = [
                _listed({path: facts[path] for path in changed if path in facts})
                for facts in (before.get(aspect, {}), after.get(aspect, {}))
            ]
        is_reported = True
        yield Difference(name=public, aspect=aspect, before=texts[0], after=texts[1])
    if not (is_reported or other_version):
        yield Difference(name=public, aspect="record")


def changed_fields(old: Function, new: Function) -> dict[str, Aspect]:
    """Return the paths of all fields that differ, each with its aspect, sorted.

    Paths lead through the records in a function: ``parameters.sigma.default``.
    """
    before, after = _by_aspect(old), _by_aspect(new)
    aspects = {
        path: aspect
        for aspect in {**before, **after}
        for path in _changed(before.get(aspect, {}), after.get(aspect, {}))
    }
    return dict(sorted(aspects.items()))


def _changed(old: Facts, new: Facts) -> list[str]:
    """Return the paths whose values differ; an empty value equals a missing one."""
    return [
        path
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
        and not (_is_empty(old, path) and _is_empty(new, path))
        and not (path == "values" and not _other_results(old, new))
    ]


def _other_results(old: Facts, new: Facts) -> bool:
    """Return whether results of equal calls differ by more than rounding."""
    values: list[Any] = [facts.get("values") or {} for facts in (old, new)]
    return largest_change(*values) is not None


def _is_empty(facts: Facts, path: str) -> bool:
    return path not in facts or facts[path] in ("", (), {}, None)


def _by_aspect(function: Function) -> dict[Aspect, dict[str, object]]:
    aspects: dict[Aspect, dict[str, object]] = {}
    for aspect, path, value in _facts(function, "record", ""):
        aspects.setdefault(aspect, {})[path] = value
    return aspects


def _facts(
    record: msgspec.Struct, inherited: Aspect, prefix: str
) -> Iterator[tuple[Aspect, str, object]]:
    """Yield each value of a record and of the records in it, with its heading and path."""
    for field in msgspec.structs.fields(record):
        if (name := f"{type(record).__name__}.{field.name}") in _REPEATED:
            continue
        path = f"{prefix}{field.name}"
        aspect = _HEADING.get(name, inherited)
        value = getattr(record, field.name)
        if field.name == "annotation":
            value = _in_canonical_form(value)
        yield from _of_value(value, aspect, path)


def _in_canonical_form(annotation: str) -> str:
    """Return a type as the printer writes it now; an older record may have other quotes."""
    try:
        return str(parse(annotation))
    except TypeExprError:
        return annotation


def _of_value(value: Any, aspect: Aspect, path: str) -> Iterator[tuple[Aspect, str, object]]:
    if isinstance(value, msgspec.Struct):
        yield from _facts(value, aspect, f"{path}.")
    elif isinstance(value, dict) and value and _are_records(value.values()):
        for key, item in value.items():
            yield from _of_value(item, aspect, f"{path}.{key}")
    elif isinstance(value, tuple) and value and _are_records(value):
        names = tuple(str(getattr(item, "name", number)) for number, item in enumerate(value))
        yield aspect, path, names
        for name, item in zip(names, value, strict=True):
            yield from _of_value(item, aspect, f"{path}.{name}")
    else:
        yield aspect, path, value


def _are_records(values: Any) -> bool:
    return all(isinstance(value, msgspec.Struct) for value in values)


def _listed(facts: Facts) -> str:
    return " ".join(f"{path}={value!r}" for path, value in facts.items())


def _contract(function: Function) -> str:
    return f"{function.contract or function.kind} ({function.evidence}): {function.reason}"


def _documentation(function: Function) -> str:
    parameters = [parameter.documented for parameter in function.parameters]
    results = [f"{name} : {documented}" for name, documented in function.returns.documented]
    texts = [function.deprecated, function.doc, *parameters, *results]
    return "\n".join(text for text in texts if text)


_TEXTS: dict[Aspect, Callable[[Function], str]] = {
    "signature": signature,
    "contract": _contract,
    "documentation": _documentation,
}
"""The text to show for headings that are easier to read as a whole than field by field."""
