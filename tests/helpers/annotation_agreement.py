"""Whether what a wrapper is given, and what it gives, agrees with its annotations.

typeguard knows Python's types. Here is what it has no rules for: arrays' protocols, type
variables that go through a call, NumPy's scalars, and overloads.
"""

import ast
import contextlib
import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import typeguard
from typing_extensions import get_protocol_members, is_protocol

KINDS = {
    bool: ((bool,), (np.bool_,)),
    int: ((int,), (np.bool_, np.integer)),
    float: ((int, float), (np.bool_, np.integer, np.floating)),
    complex: ((int, float, complex), (np.bool_, np.number)),
}
"""What a checker takes for each of Python's numbers, and NumPy's scalars of that kind."""


class Verdict(IntEnum):
    """How a value agrees with an annotation."""

    AGREES = 0
    NUMPY_SCALAR = 1
    """If NumPy's scalars count as Python's numbers of that kind."""
    DIFFERS = 2


class Memo(typeguard.TypeCheckMemo):
    """What one call tells of the type variables, and whether NumPy's scalars are numbers."""

    def __init__(self, *, numpy_scalars: bool) -> None:
        everything = typeguard.CollectionCheckStrategy.ALL_ITEMS
        config = typeguard.TypeCheckConfiguration(collection_check_strategy=everything)
        super().__init__({}, {}, config=config)
        self.numpy_scalars = numpy_scalars
        self.is_result = False
        self.solved: dict[TypeVar, set[type]] = {}

    def fits(self, value: Any, annotation: Any) -> bool:
        try:
            typeguard.check_type_internal(value, annotation, self)
        except typeguard.TypeCheckError:
            return False
        return True


def check_number(value: Any, kind: Any, args: Any, memo: Memo) -> None:
    python, numpy = KINDS[kind]
    if not isinstance(value, python + numpy * memo.numpy_scalars):
        raise typeguard.TypeCheckError(f"is no {kind.__name__}")


def check_variable(value: Any, variable: Any, args: Any, memo: Memo) -> None:
    """Of what went in as a variable is what comes out as it."""
    if variable.__bound__ is not None:
        typeguard.check_type_internal(value, variable.__bound__, memo)
    if not memo.is_result:
        memo.solved.setdefault(variable, set()).add(type(value))
    elif variable in memo.solved and not isinstance(value, tuple(memo.solved[variable])):
        raise typeguard.TypeCheckError(f"is not the {variable} that was given")


def check_protocol(value: Any, protocol: Any, args: Any, memo: Memo) -> None:
    """Ask for the members; a variable that they give back is of the value's own type."""
    # `__getattr__` says to checkers that there is more.
    members = get_protocol_members(protocol) - {"__getattr__"}
    missing = sorted(name for name in members if not hasattr(value, name))
    if missing:
        raise typeguard.TypeCheckError(f"has no {', '.join(missing)}")
    for variable in args:
        typeguard.check_type_internal(value, variable, memo)


def check_dtype(value: Any, array: Any, args: Any, memo: Memo) -> None:
    """Ask for the dtype too: ``NDArray[numpy.uint8]``."""
    if not isinstance(value, array):
        raise typeguard.TypeCheckError("is no NumPy array")
    (scalar,) = typing.get_args(args[1]) or (Any,)
    kind = typing.get_origin(scalar) or scalar
    if kind is not Any and not issubclass(value.dtype.type, kind):
        raise typeguard.TypeCheckError(f"is of {value.dtype}")


def check_open_tuple(value: Any, kind: Any, args: Any, memo: Memo) -> None:
    """Ask a tuple of anything for no member: those of scipy's LowLevelCallable can't be had."""
    if not isinstance(value, tuple):
        raise typeguard.TypeCheckError("is no tuple")


def _rule(origin: Any, args: Any, extras: Any) -> Callable[..., None] | None:
    if origin is tuple and args == (object, ...):
        return check_open_tuple
    if isinstance(origin, type) and origin in KINDS:
        return check_number
    if isinstance(origin, TypeVar):
        return check_variable
    if isinstance(origin, type) and is_protocol(origin):
        return check_protocol
    return check_dtype if origin is np.ndarray and args else None


typeguard.checker_lookup_functions.insert(0, _rule)


@dataclass(frozen=True)
class Difference:
    """A value that an annotation doesn't allow."""

    where: str
    """A parameter's name, or ``return``."""
    annotation: str
    """As it is written; the overloads' in turn."""
    came: str
    """The value's type."""
    example: str


@dataclass(frozen=True)
class Call:
    """What is to be said of one call."""

    arguments: Verdict
    result: Verdict
    differences: tuple[Difference, ...] = ()

    @property
    def scalars_in(self) -> bool:
        """Whether the arguments agree as NumPy's scalars."""
        return self.arguments is Verdict.NUMPY_SCALAR

    @property
    def scalars_out(self) -> bool:
        """Whether the result agrees as NumPy's scalars."""
        return self.result is Verdict.NUMPY_SCALAR


@dataclass(frozen=True)
class Form:
    """One way in which a function may be called: its own signature, or an overload."""

    signature: inspect.Signature
    hints: dict[str, Any]

    def values(self, args: Any, kwargs: Any) -> Iterator[tuple[str, Any]] | None:
        """Return parameters and what came for them; None where they don't fit together."""
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError:
            return None
        return self._each(bound)

    def _each(self, bound: inspect.BoundArguments) -> Iterator[tuple[str, Any]]:
        for name, value in bound.arguments.items():
            kind = self.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                yield from ((name, each) for each in value)
            elif kind is inspect.Parameter.VAR_KEYWORD:
                yield from ((name, each) for each in value.values())
            else:
                yield name, value

    def written(self, where: str) -> str:
        if where == "return":
            return str(self.signature.return_annotation)
        return str(self.signature.parameters[where].annotation)


class Annotations:
    """A function's annotations: those of its overloads where it has any."""

    def __init__(self, function: Callable[..., Any]) -> None:
        names = namespace(sys.modules[function.__module__])
        self._own = inspect.signature(function)
        self._forms = [
            Form(inspect.signature(form), typing.get_type_hints(form, names))
            for form in typing.get_overloads(function) or [function]
        ]

    def judge(self, args: Any, kwargs: Any, result: Any) -> Call:
        """Hold a call against the first form that takes its arguments, as a checker does."""
        for verdict in (Verdict.AGREES, Verdict.NUMPY_SCALAR):
            for form in self._forms:
                memo = Memo(numpy_scalars=verdict is Verdict.NUMPY_SCALAR)
                values = form.values(args, kwargs)
                if values is not None and all(memo.fits(v, form.hints[k]) for k, v in values):
                    came = self._result(result, [(form, memo)])
                    differs = [("return", result, [form])] * (came is Verdict.DIFFERS)
                    return Call(verdict, came, self._told(differs))
        return self._unfit(args, kwargs, result)

    def _result(self, result: Any, taken: list[tuple[Form, Memo]]) -> Verdict:
        for verdict in (Verdict.AGREES, Verdict.NUMPY_SCALAR):
            for form, memo in taken:
                memo.is_result, memo.numpy_scalars = True, verdict is Verdict.NUMPY_SCALAR
                if memo.fits(result, form.hints["return"]):
                    return verdict
        return Verdict.DIFFERS

    def _unfit(self, args: Any, kwargs: Any, result: Any) -> Call:
        """Find the arguments that no form takes, and hold the result against all forms."""
        memos = [(form, Memo(numpy_scalars=True)) for form in self._forms]
        differs: list[tuple[str, Any, list[Form]]] = []
        own = Form(self._own, {})
        for name, value in own.values(args, kwargs) or ():
            forms = [(f, memo) for f, memo in memos if name in f.hints]
            # All of them, so that each knows the variables.
            if not any([memo.fits(value, form.hints[name]) for form, memo in forms]):
                differs.append((name, value, [form for form, _ in forms]))
        if not differs:
            differs.append(("together", (args, kwargs), []))
        came = self._result(result, memos)
        if came is Verdict.DIFFERS:
            differs.append(("return", result, self._forms))
        return Call(Verdict.DIFFERS, came, self._told(differs))

    def _told(self, differs: list[tuple[str, Any, list[Form]]]) -> tuple[Difference, ...]:
        found = []
        for where, value, forms in differs:
            written = " / ".join(dict.fromkeys(form.written(where) for form in forms))
            found.append(Difference(where, written, type_of(value), _brief(value)))
        return tuple(found)


@functools.cache
def namespace(module: ModuleType) -> dict[str, Any]:
    """Return a module's names, with those that it imports for checkers alone."""
    names = dict(vars(module))
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for statement in node.body:
                with contextlib.suppress(ImportError):  # a library that isn't installed
                    code = compile(ast.Module([statement], []), str(module.__file__), "exec")
                    exec(code, names)
    return names


def type_of(value: Any) -> str:
    """Return a value's type in words, with its members' for collections; a text is its own."""
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    if isinstance(value, str):
        return repr(value)[:60]
    if hasattr(value, "ndim") and not isinstance(value, np.generic | type):
        return f"{name}, {value.ndim}-D {getattr(value.dtype, 'name', value.dtype)}"
    if kind is dict:
        return f"dict[{_types_of(value)}, {_types_of(value.values())}]"
    if kind in (list, set, frozenset):
        return f"{name}[{_types_of(value)}]"
    if kind is tuple or hasattr(kind, "_fields"):  # another class may refuse to be looked into
        return f"{name}[{', '.join(map(type_of, value[:8]))}{', …' * (len(value) > 8)}]"
    return name


def _types_of(values: Any) -> str:
    return " | ".join(sorted({type_of(each) for each in values})[:4])


def _brief(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 160 else f"{text[:157]}..."
