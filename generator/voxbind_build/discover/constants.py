"""Evaluates constant expressions without running the library, and writes values as literals."""

from __future__ import annotations

import ast
import builtins
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sized
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

__all__ = [
    "NAMED_VALUES",
    "Lookup",
    "NotConstant",
    "Unbound",
    "canonical",
    "dotted_name",
    "evaluate",
]

Lookup = Callable[[ast.expr], object]
"""Returns the value of a name, an attribute or ``dir()``, or raises `NotConstant`."""

NAMED_VALUES: Mapping[str, object] = MappingProxyType(
    {
        f"{module}.{name}": value
        for module in ("numpy", "math")
        for name, value in (
            ("inf", math.inf),
            ("nan", math.nan),
            ("pi", math.pi),
            ("e", math.e),
            ("tau", math.tau),
        )
    }
    | {"numpy.newaxis": None}
)
"""Constants of other modules that can be written as literals."""

_TYPES = {
    name: getattr(builtins, name)
    for name in (
        *("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object"),
        *("range", "set", "slice", "str", "tuple", "type"),
    )
}
_CALLS = {name: _TYPES[name] for name in _TYPES if name not in ("object", "type")} | {
    "sorted": sorted,
    "len": len,
}
_TEXT_METHODS = frozenset(
    {"startswith", "endswith", "isupper", "islower", "isidentifier", "replace"}
)
_UNARY: dict[type[ast.unaryop], Callable[..., object]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_BINARY: dict[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
_LARGEST = 10_000
"""Greatest length of a sequence, so that no expression can use up the build's memory."""
_LONGEST = 1 << 20
"""Greatest number of characters of a text, or of a literal."""
_DEEPEST = 10
"""Most containers within each other of a literal: mypy takes twice as long for each further one."""
_MOST_STEPS = 100_000
"""Greatest number of expressions that are evaluated for one, in loops or by way of names."""
_steps_left: ContextVar[list[int] | None] = ContextVar("steps left", default=None)
"""Number of further steps; names that an expression uses are evaluated in calls of their own."""
_BITS = 1 << 14
"""Greatest number of bits of two integers together before arithmetic."""


class NotConstant(ValueError):
    """An expression that can't be evaluated without running the library."""


class Unbound(NotConstant):
    """A name that the module doesn't define, so that it can only be a builtin."""


def evaluate(node: ast.expr, lookup: Lookup) -> object:
    """Evaluate a constant expression without running any code of the library.

    Parameters
    ----------
    node
        The expression.
    lookup
        Called for the value of each name and attribute.

    Raises
    ------
    NotConstant
        If the expression can't be evaluated.
    """
    is_outermost = _steps_left.get() is None
    token = _steps_left.set([_MOST_STEPS]) if is_outermost else None
    try:
        return _evaluate(node, lookup)
    except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise NotConstant(str(error)) from None
    finally:
        if token is not None:
            _steps_left.reset(token)


def _evaluate(node: ast.expr, lookup: Lookup) -> object:  # noqa: C901
    # One case for each form of expression; as separate functions they would be harder to follow.
    _count_step()
    match node:
        case ast.Constant(value):
            return value
        case ast.Tuple(items) | ast.List(items) | ast.Set(items):
            kind = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]
            return kind(_items(items, lookup))
        case ast.Dict(keys, values):
            return dict(
                zip(
                    _items([key for key in keys if key], lookup),
                    _items(values, lookup),
                    strict=True,
                )
            )
        case ast.UnaryOp(sign, operand):
            return _UNARY[type(sign)](_evaluate(operand, lookup))
        case ast.BinOp(left, sign, right) if type(sign) in _BINARY:
            return _arithmetic(type(sign), _evaluate(left, lookup), _evaluate(right, lookup))
        case ast.BoolOp(sign, operands):
            combine = all if isinstance(sign, ast.And) else any
            return combine(bool(_evaluate(operand, lookup)) for operand in operands)
        case ast.Compare(left, [sign], [right]) if type(sign) in _COMPARISONS:
            return _COMPARISONS[type(sign)](_evaluate(left, lookup), _evaluate(right, lookup))
        case ast.ListComp(element, [loop]) | ast.GeneratorExp(element, [loop]):
            return _comprehension(element, loop, lookup)
        case ast.Call(ast.Name("dir"), [], []):
            return lookup(node)
        case ast.Call(ast.Name(name) as function, arguments, []) if name in _CALLS:
            if _is_builtin(function, lookup):
                return _call(_CALLS[name], _items(arguments, lookup))
        case ast.Call(ast.Attribute(text, method), arguments, []) if method in _TEXT_METHODS:
            subject = _evaluate(text, lookup)
            if isinstance(subject, str):
                return _of_text(subject, method, _items(arguments, lookup))
        case ast.Name(name) if name in _TYPES and _is_builtin(node, lookup):
            return _TYPES[name]
        case ast.Name() | ast.Attribute():
            return lookup(node)
    raise NotConstant(ast.unparse(node))


def _count_step() -> None:
    steps = _steps_left.get() or [0]
    steps[0] -= 1
    if steps[0] < 0:
        raise NotConstant("too many steps")


def _is_builtin(node: ast.Name, lookup: Lookup) -> bool:
    try:
        lookup(node)
    except Unbound:
        return True
    except NotConstant:
        pass
    return False


def _items(nodes: list[ast.expr], lookup: Lookup) -> list[object]:
    values: list[object] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            inner = _evaluate(node.value, lookup)
            if not isinstance(inner, (list, tuple, set, frozenset, range, str)):
                raise NotConstant(ast.unparse(node))
            if len(values) + len(inner) > _LARGEST:
                raise NotConstant("too large")
            values.extend(inner)
        else:
            values.append(_evaluate(node, lookup))
    return values


def _call(function: Callable[..., object], arguments: list[object]) -> object:
    sizes = [len(item) for item in arguments if isinstance(item, range)]
    numbers = [item for item in arguments if isinstance(item, int)]
    if function is not range and max(sizes, default=0) > _LARGEST:
        raise NotConstant("too large")
    if function is bytes and max(numbers, default=0) > _LARGEST:
        raise NotConstant("too large")
    return function(*arguments)


def _of_text(subject: str, method: str, arguments: list[object]) -> object:
    if method == "replace" and arguments and isinstance(arguments[0], str):
        new = arguments[1] if len(arguments) > 1 else ""
        longer = _size(new) * subject.count(arguments[0])
        if len(subject) + longer > _LONGEST:
            raise NotConstant("too large")
    return getattr(subject, method)(*arguments)


def _is_up_to(value: object, limit: int) -> bool:
    return isinstance(value, (int, float, complex)) and abs(value) <= limit


def _arithmetic(sign: type[ast.operator], left: object, right: object) -> object:
    numbers = isinstance(left, (int, float, complex)) and isinstance(right, (int, float, complex))
    if sign is ast.Pow and not (_is_up_to(left, 2**64) and _is_up_to(right, 64)):
        raise NotConstant("too large")
    if not numbers and not (sign is ast.Add and type(left) is type(right)):
        # Repetition and `%` formatting of strings aren't evaluated.
        raise NotConstant("arithmetic of values that aren't numbers")
    most = _BITS if numbers else _LONGEST if isinstance(left, str) else _LARGEST
    if _size(left) + _size(right) > most:
        raise NotConstant("too large")
    return _BINARY[sign](left, right)


def _size(value: object) -> int:
    """Return the number of an integer's bits, or of a sequence's items."""
    if isinstance(value, int):
        return value.bit_length()
    return len(value) if isinstance(value, Sized) else 0


def _comprehension(element: ast.expr, loop: ast.comprehension, lookup: Lookup) -> list[object]:
    items = _evaluate(loop.iter, lookup)
    if not isinstance(loop.target, ast.Name) or not isinstance(items, (list, tuple, set, range)):
        raise NotConstant("comprehension")
    if len(items) > _LARGEST:
        raise NotConstant("too large")
    variable = loop.target.id
    values = []
    for item in items:

        def inner(node: ast.expr, item: object = item) -> object:
            if isinstance(node, ast.Name) and node.id == variable:
                return item
            return lookup(node)

        if all(_evaluate(condition, inner) for condition in loop.ifs):
            values.append(_evaluate(element, inner))
    return values


def canonical(value: object) -> str:
    """Return a value as an expression, which is the same for equal values.

    Raises
    ------
    NotConstant
        If the value isn't exactly of a builtin type, such as an enum's member or a NumPy scalar.
    """
    kind = type(value)
    if kind in _WRITERS:
        text = _WRITERS[kind](value)
        if len(text) > _LONGEST:  # as of lists that contain one another many times
            raise NotConstant("too long")
        if text.count("(") + text.count("[") + text.count("{") > _DEEPEST < _depth(value):
            raise NotConstant("too deep")
        return text
    if isinstance(value, type) and _TYPES.get(name := value.__name__) is value:
        return name
    raise NotConstant(f"{kind.__name__} has no literal form")


def _depth(value: object) -> int:
    """Return how many containers are within each other, at the deepest place."""
    if isinstance(value, dict):
        items: Iterable[object] = (*value.keys(), *value.values())
    elif isinstance(value, tuple | list | set | frozenset):
        items = value
    else:
        return 0
    return 1 + max(map(_depth, items), default=0)


def _float(value: float) -> str:
    return repr(value) if math.isfinite(value) else f'float("{value}")'


def _complex(value: complex) -> str:
    finite = math.isfinite(value.real) and math.isfinite(value.imag)
    # The sign of a zero may get lost: evaluating `-0-0j` gives another number.
    if finite and repr(ast.literal_eval(repr(value))) == repr(value):
        return repr(value)
    return f"complex({canonical(value.real)}, {canonical(value.imag)})"


def _slice(value: slice) -> str:
    return f"slice({', '.join(map(canonical, (value.start, value.stop, value.step)))})"


def _tuple(value: tuple[object, ...]) -> str:
    return f"({', '.join(map(canonical, value))}{',' if len(value) == 1 else ''})"


def _set(value: set[object] | frozenset[object]) -> str:
    items = f"{{{', '.join(sorted(map(canonical, value)))}}}" if value else ""
    return items if items and type(value) is set else f"{type(value).__name__}({items})"


def _dict(value: dict[object, object]) -> str:
    pairs = (f"{canonical(key)}: {canonical(item)}" for key, item in value.items())
    return f"{{{', '.join(pairs)}}}"


# Each writer takes values of its own type only, which the annotation can't express.
_WRITERS: dict[type, Callable[[Any], str]] = {
    **dict.fromkeys((type(None), bool, int, str, bytes, range), repr),
    type(...): lambda value: "...",
    float: _float,
    complex: _complex,
    slice: _slice,
    tuple: _tuple,
    list: lambda value: f"[{', '.join(map(canonical, value))}]",
    set: _set,
    frozenset: _set,
    dict: _dict,
}


def dotted_name(node: ast.expr) -> tuple[str, ...] | None:
    """Return the parts of a dotted name, such as ``("np", "random", "rand")``; else None."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else None
