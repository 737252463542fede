"""Tells two records of a library apart, name by name and field by field.

No field can be forgotten: records are walked as they are defined. What is said here of a field is
only under which heading its change is shown; a field of which nothing is said is under ``record``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import msgspec

from voxbind_build.common.figures import largest_change
from voxbind_build.common.typeexpr import TypeExprError, parse
from voxbind_build.model import Aspect, Difference, Exclusion, Function, Library, Parameter

_HEADINGS: dict[Aspect, tuple[str, ...]] = {
    "signature": ("Function.parameters",),
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
        ),
        *("Function.stacks", "Function.needs_channels", "Function.channels_last"),
        *(
            "Function.mutates",
            "Function.random",
            "Function.allowed_dtypes",
            "Function.needs_output",
        ),
        *("Function.sources", "Function.axis_keywords"),
    ),
    "dtypes": ("Function.dtypes",),
    "values": ("Function.values",),
    "answers": ("Function.warnings", "Function.refuses"),
    "twin": ("Function.twin",),
    "documentation": (
        *("Function.doc", "Function.deprecated", "Function.tags", "Parameter.documented"),
        *("Parameter.description", "Parameter.facts", "Returns.documented", "Returns.facts"),
    ),
    "source": ("Function.fingerprint", "Function.definition"),
}
_HEADING = {field: aspect for aspect, fields in _HEADINGS.items() for field in fields}
_BY_NAME = ("functions", "excluded")
"""The fields of a library whose entries are compared one by one."""

Facts = Mapping[str, object]
"""Values by the path of their fields: ``{"parameters.sigma.default": "1"}``."""


def compare(name: str, old: Library, new: Library) -> tuple[Difference, ...]:
    """Return every difference between two records of one library, sorted by name."""
    differences = []
    before, after = f"{old.distribution} {old.version}", f"{new.distribution} {new.version}"
    if before != after:
        differences.append(Difference(name=name, aspect="version", before=before, after=after))
    rest = [
        field.name
        for field in msgspec.structs.fields(Library)
        if field.name not in (*_BY_NAME, "distribution", "version")
        and getattr(old, field.name) != getattr(new, field.name)
    ]
    if rest:
        differences.append(
            Difference(
                name=name,
                aspect="library",
                before=_told({field: getattr(old, field) for field in rest}),
                after=_told({field: getattr(new, field) for field in rest}),
            )
        )
    for public in sorted({*old.functions, *old.excluded, *new.functions, *new.excluded}):
        differences.extend(_compare_name(public, old, new))
    return tuple(differences)


def signature(function: Function, *, annotated: bool = False) -> str:
    """Return a function's parameters as one would write them in Python.

    Examples
    --------
    ``(image, sigma=1, *, mode='nearest')``
    """
    if function.form != "function":
        return ""
    returns = f" -> {function.returns.annotation}" if annotated else ""
    return f"({', '.join(signature_parts(function, annotated=annotated))}){returns}"


def signature_parts(function: Function, *, annotated: bool = False) -> list[str]:
    """Return the members of `signature`, the bare ``*`` and ``/`` among them."""
    parts: list[str] = []
    kinds = [parameter.kind for parameter in function.parameters]
    for position, parameter in enumerate(function.parameters):
        if parameter.kind == "KEYWORD_ONLY" and not {"KEYWORD_ONLY", "VAR_POSITIONAL"} & {
            *kinds[:position]
        }:
            parts.append("*")
        parts.append(_parameter(parameter, annotated))
        if parameter.kind == "POSITIONAL_ONLY" and kinds[position + 1 : position + 2] != [
            "POSITIONAL_ONLY"
        ]:
            parts.append("/")
    return parts


def _parameter(parameter: Parameter, annotated: bool) -> str:
    stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind, "")
    text = stars + parameter.name
    if annotated:
        text += f": {parameter.annotation}"
    if parameter.default is not None:
        text += f" = {parameter.default}" if annotated else f"={parameter.default}"
    return text


def _compare_name(public: str, old: Library, new: Library) -> Iterator[Difference]:
    before, after = old.functions.get(public), new.functions.get(public)
    left_out, leaves_out = old.excluded.get(public), new.excluded.get(public)
    if before is not None and after is not None:
        # All fingerprints change with the version, which is told once.
        yield from _compare_functions(public, before, after, old.version != new.version)
    elif before is None and left_out is None:
        now = signature(after) if after else _left_out(leaves_out)
        yield Difference(name=public, aspect="added", after=now)
    elif after is None and leaves_out is None:
        then = signature(before) if before else _left_out(left_out)
        yield Difference(name=public, aspect="removed", before=then)
    elif left_out != leaves_out:
        told, tells = _left_out(left_out), _left_out(leaves_out)
        yield Difference(name=public, aspect="exclusion", before=told, after=tells)


def _left_out(exclusion: Exclusion | None) -> str:
    if exclusion is None:
        return "wrapped"
    return f"left out: {exclusion.reason}" + (f" ({exclusion.detail})" if exclusion.detail else "")


def _compare_functions(
    public: str, old: Function, new: Function, other_version: bool
) -> Iterator[Difference]:
    if old == new:
        return
    before, after = _by_aspect(old), _by_aspect(new)
    if before == after:  # a type is written in another way, and is the same
        return
    aspect: Aspect
    is_told = False
    for aspect in get_args(Aspect):
        changed = _changed(before.get(aspect, {}), after.get(aspect, {}))
        if not changed or (other_version and changed == ["fingerprint"]):
            continue
        texts = [""] * 2
        if aspect in _TEXTS:
            texts = [_TEXTS[aspect](function) for function in (old, new)]
        if aspect == "values" and (change := largest_change(old.values, new.values)):
            texts = [f"result of {change.call}: {change.figure} {change.before}", change.after]
        if texts[0] == texts[1]:  # the text leaves out what has changed
            texts = [
                _told({path: facts[path] for path in changed if path in facts})
                for facts in (before.get(aspect, {}), after.get(aspect, {}))
            ]
        is_told = True
        yield Difference(name=public, aspect=aspect, before=texts[0], after=texts[1])
    if not (is_told or other_version):
        yield Difference(name=public, aspect="record")


def _changed(old: Facts, new: Facts) -> list[str]:
    """Return the paths whose values differ; what is empty is as good as not there."""
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
    """Yield each value of a record and of those in it, with its heading and its path."""
    for field in msgspec.structs.fields(record):
        path = f"{prefix}{field.name}"
        aspect = _HEADING.get(f"{type(record).__name__}.{field.name}", inherited)
        value = getattr(record, field.name)
        if field.name == "annotation":
            value = _as_printed_today(value)
        yield from _of_value(value, aspect, path)


def _as_printed_today(annotation: str) -> str:
    """Return a type as today's printer writes it: an older record may have other quotes."""
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


def _told(facts: Facts) -> str:
    return " ".join(f"{path}={value!r}" for path, value in facts.items())


def _contract(function: Function) -> str:
    return f"{function.contract or function.kind} ({function.evidence}): {function.reason}"


def _documentation(function: Function) -> str:
    described = [text for p in function.parameters for text in (p.documented, p.description)]
    returned = [f"{name} : {documented}" for name, documented in function.returns.documented]
    texts = [function.deprecated, function.doc, *described, *returned]
    return "\n".join(text for text in texts if text)


_TEXTS: dict[Aspect, Callable[[Function], str]] = {
    "signature": signature,
    "contract": _contract,
    "documentation": _documentation,
}
"""How headings are shown that read better whole than field by field."""
