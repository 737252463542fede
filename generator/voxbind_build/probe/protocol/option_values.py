"""Chooses values for options that aren't their defaults."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from voxbind_build.common.typeexpr import literal_values, names, parse
from voxbind_build.model import IMAGE_ROLES, OUTPUT_ROLES, WHOLE_ROLES, Parameter
from voxbind_build.probe.inputs.roles import table
from voxbind_build.probe.protocol.bench import Arrangement, Bench

_MOST_WORDS = 12
"""Largest number of values for one option."""
_UNCHANGED = OUTPUT_ROLES | {"generator", "channels"}
"""Roles of options that keep their value."""


def option_values(
    bench: Bench, arrangement: Arrangement, words: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Any]]:
    """Yield options with a value that isn't their default.

    Parameters
    ----------
    bench : Bench
        The function.
    arrangement : Arrangement
        How it is called. Options that this call passes keep their value.
    words : dict
        By parameter, words that parameters of its name accept elsewhere.

    Yields
    ------
    tuple of str and object
        Name and value: all values of a listed option, the other value of a flag, another number,
        and an array or a number instead of None.
    """
    passed = bench.compose(arrangement, arrangement.main())
    for parameter in bench.parameters:
        role = bench.roles.get(parameter.name)
        is_variadic = parameter.kind.startswith("VAR_")
        if parameter.default is None or is_variadic or role in _UNCHANGED:
            continue
        if parameter.name in passed:
            continue
        if default_value(parameter) is None and not literal_values(parse(parameter.annotation)):
            values = _instead_of_none(bench, arrangement, parameter, role)
        else:
            values = _other_values(parameter, words.get(parameter.name, ()))
        yield from ((parameter.name, value) for value in values)


def default_value(parameter: Parameter) -> Any:
    """Return a parameter's default; ``...`` if it has none, or none that is a literal."""
    try:
        return ast.literal_eval(parameter.default or "...")
    except (SyntaxError, ValueError):
        return ...


def _other_values(parameter: Parameter, words: tuple[str, ...]) -> list[Any]:
    default = default_value(parameter)
    type_ = parse(parameter.annotation)
    listed = [value for value in literal_values(type_) if value != default]
    if isinstance(default, bool):
        return [not default]
    if listed:
        return listed[:_MOST_WORDS]
    if isinstance(default, str) and "str" in names(type_):
        beside = [options.get(parameter.name) for options in table().beside.values()]
        known = dict.fromkeys((*filter(None, beside), *words))
        return [word for word in known if word != default][:_MOST_WORDS]
    return [_other_number(default)] if isinstance(default, int | float) else []


def _other_number(default: float) -> float:
    if isinstance(default, int):
        return default // 2 if default > 4 else default + 1
    if default == 0:
        return 1.0
    return float(f"{default / 2 if default > 2 else default * 1.5:.6g}")


def _instead_of_none(
    bench: Bench, arrangement: Arrangement, parameter: Parameter, role: str | None
) -> list[Any]:
    """Return a value for an option whose default is None, if its role or its type names one."""
    known = names(parse(parameter.annotation))
    if role in IMAGE_ROLES | WHOLE_ROLES or not known.isdisjoint(("int", "float")):
        return bench.candidates(parameter, arrangement, arrangement.main())[:1]
    return [True] if "bool" in known else []
