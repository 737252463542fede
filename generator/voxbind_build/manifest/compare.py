"""Tells two records of a library apart, name by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from voxbind_build.model import Aspect, Difference, Function, Library, Parameter

_RESULT_FIELDS = (
    "arrays",
    "whole",
    "outputs",
    "host",
    "array_like",
    "named",
    "masked",
    "stacks",
    "needs_channels",
    "channels_last",
    "mutates",
    "random",
    "only",
    "needs_output",
    "sources",
)


def compare(name: str, old: Library, new: Library) -> tuple[Difference, ...]:
    """Return every difference between two records of one library, sorted by name."""
    differences = []
    before, after = f"{old.distribution} {old.version}", f"{new.distribution} {new.version}"
    if before != after:
        differences.append(Difference(name=name, aspect="version", before=before, after=after))
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
        for aspect, tell in _ASPECTS:
            told, tells = tell(before), tell(after)
            if told != tells:
                yield Difference(name=public, aspect=aspect, before=told, after=tells)
    elif before is None and left_out is None:
        now = signature(after) if after else f"left out: {leaves_out and leaves_out.reason}"
        yield Difference(name=public, aspect="added", after=now)
    elif after is None and leaves_out is None:
        then = signature(before) if before else f"left out: {left_out and left_out.reason}"
        yield Difference(name=public, aspect="removed", before=then)
    elif left_out != leaves_out:
        yield Difference(
            name=public,
            aspect="exclusion",
            before=f"left out: {left_out.reason}" if left_out else "wrapped",
            after=f"left out: {leaves_out.reason}" if leaves_out else "wrapped",
        )


def _types(function: Function) -> str:
    members = [f"{parameter.name}: {parameter.annotation}" for parameter in function.parameters]
    forms = [
        f"{form.annotation} with {', '.join(map('='.join, sorted(form.options.items())))}"
        for form in function.returns.forms
    ]
    kept = f"arrays keep {function.keeps}"
    return ", ".join([*members, f"-> {function.returns.annotation}", *forms, kept])


def _contract(function: Function) -> str:
    return f"{function.contract or function.kind} ({function.evidence}): {function.reason}"


def _result(function: Function) -> str:
    kind = function.result if isinstance(function.result, str) else ", ".join(function.result)
    reasons = function.result_reason
    why = reasons if isinstance(reasons, str) else "; ".join(reasons)
    facts = [f"{name}={getattr(function, name)!r}" for name in _RESULT_FIELDS]
    facts.append(f"axis_keywords={sorted(function.axis_keywords.items())!r}")
    return " ".join([f"{kind} ({why})", *facts])


def _dtypes(function: Function) -> str:
    return ", ".join(
        f"{given}: {fact.dtype}"
        + (f" [{fact.range[0]:g}, {fact.range[1]:g}]" if fact.range is not None else "")
        for given, fact in sorted(function.dtypes.items())
    )


def _documentation(function: Function) -> str:
    described = [text for p in function.parameters for text in (p.documented, p.description)]
    returned = [f"{name} : {documented}" for name, documented in function.returns.documented]
    texts = [function.deprecated, function.doc, *described, *returned]
    return "\n".join(text for text in texts if text)


_ASPECTS: tuple[tuple[Aspect, Callable[[Function], str]], ...] = (
    ("signature", signature),
    ("types", _types),
    ("contract", _contract),
    ("result", _result),
    ("dtypes", _dtypes),
    ("documentation", _documentation),
)
