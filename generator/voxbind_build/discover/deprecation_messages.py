"""Reads the deprecation warnings that a function, a class or a module can emit, from the source.

Many of them depend on the arguments: `SimilarityTransform(scale=2.0, dimensionality=3)` warns, and
other calls don't. A call that warns may never be tried, but the source has the message.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

from voxbind_build.common.deprecation import deprecates_callable
from voxbind_build.discover.class_members import class_and_ancestors
from voxbind_build.discover.constants import NotConstant, dotted_name, evaluate
from voxbind_build.discover.module_source import Function, Module
from voxbind_build.discover.resolve import Home, Resolver

__all__ = ["DeprecationReader"]

_Definition: TypeAlias = ast.FunctionDef | ast.ClassDef
_CATEGORY = re.compile(r"Deprecat|Future|Pending")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|%(\(\w+\))?[-#0 +]*[\d.]*[sdrfgi]")
_OMITTED = "…"
"""In a message, in place of what is filled in when the warning is emitted."""
_DEEPEST = 8
"""Expressions within expressions that are followed to the text of a message."""
_LONGEST = 1000
"""Characters of a message."""
_MOST_PARTS = 100
"""Of a message that is put together from parts."""


class DeprecationReader:
    """Reads the deprecation warnings in the source of one package.

    Parameters
    ----------
    resolver
        The modules of the package.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._definitions: dict[str, dict[str, _Definition]] = {}
        """By module, the functions and classes at its top level, by name."""

    def messages(self, home: Home) -> tuple[str, ...]:
        """Return the deprecation warnings that a function or a class can emit, sorted.

        Those of a function are in its body, and in those of private functions that it calls by
        their name. Those of a class are in all its methods and in those of its bases in this
        package.

        Parameters
        ----------
        home
            Where the function or the class is defined.

        Returns
        -------
        tuple of str
            Each with its category in front: ``FutureWarning: Pass a vector to `scale`.``. What is
            filled in when the warning is emitted is written ``…``.
        """
        messages = {
            message
            for module, definition in self._sources(home)
            for message in _messages([definition], module, self.resolver)
        }
        return tuple(sorted(messages))

    def of_module(self, module: Module) -> tuple[str, ...]:
        """Return the deprecation warnings of importing a module and reading its names, sorted."""
        if not _may_warn(module):
            return ()
        statements = [
            node
            for node in _body(module)
            if isinstance(node, ast.Expr)
            or (isinstance(node, ast.FunctionDef) and node.name == "__getattr__")
        ]
        return tuple(sorted({*_messages(statements, module, self.resolver)}))

    def decorators(self, home: Home) -> tuple[str, ...]:
        """Return the texts of the decorators that deprecate a function or a class, outermost first.

        Returns
        -------
        tuple of str
            Each after ``deprecated``: ``deprecated: Use matplotlib.``.
        """
        for _, definition in self._sources(home):
            decorators = filter(deprecates_callable, definition.decorator_list)
            return tuple(": ".join(filter(None, ("deprecated", _strings(d)))) for d in decorators)
        return ()

    def _sources(self, home: Home) -> Iterator[tuple[Module, _Definition]]:
        """Yield a function and the helpers that it calls, or a class and its ancestors."""
        if not isinstance(home.binding, Function):
            for module, node in class_and_ancestors(self.resolver, home):
                definition = self._definition(module, node.name.value)
                if definition is not None:
                    yield module, definition
            return
        owner = self.resolver.module(home.module)
        function = self._definition(owner, home.name) if owner is not None else None
        if owner is None or function is None:
            return
        yield owner, function
        for name in sorted({*_private_calls(function)}):
            helper = self.resolver.home(owner.name, name)
            module_of_helper = self.resolver.module(helper.module)
            if module_of_helper is not None and isinstance(helper.binding, Function):
                definition = self._definition(module_of_helper, helper.name)
                if definition is not None:
                    yield module_of_helper, definition

    def _definition(self, module: Module, name: str) -> _Definition | None:
        if module.name not in self._definitions:
            definitions = _at_top_level(_body(module))
            self._definitions[module.name] = {node.name: node for node in definitions}
        return self._definitions[module.name].get(name)


def _body(module: Module) -> list[ast.stmt]:
    try:
        return ast.parse(module.code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # of another Python, or too deep
        return []


def _at_top_level(statements: Iterable[ast.stmt]) -> Iterator[_Definition]:
    """Yield definitions, also those below an `if` or in a `try`."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement
        else:
            inner = (getattr(statement, name, []) for name in ("body", "orelse", "finalbody"))
            for block in inner:
                yield from _at_top_level(block)


def _strings(decorator: ast.expr) -> str:
    """Return the strings among the arguments of a decorator."""
    arguments = (
        decorator.args + [k.value for k in decorator.keywords]
        if isinstance(decorator, ast.Call)
        else []
    )
    texts = [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return " ".join("; ".join(texts).split())[:_LONGEST]


def _private_calls(definition: ast.AST) -> Iterator[str]:
    for node in ast.walk(definition):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name.startswith("_"):
                yield name
            case _:
                pass


def _may_warn(module: Module) -> bool:
    return b"warn" in module.code and b"Warning" in module.code


def _messages(nodes: Iterable[ast.stmt], module: Module, resolver: Resolver) -> Iterator[str]:
    for top in nodes if _may_warn(module) else ():
        text = _Text(top, module, resolver)
        for node in ast.walk(top):
            if isinstance(node, ast.Call) and (dotted_name(node.func) or ("",))[-1] == "warn":
                yield from _message(node, text)


def _message(call: ast.Call, text: _Text) -> Iterator[str]:
    """Yield the warning of a call of `warnings.warn`, if it is one of the future."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    message = call.args[0] if call.args else given.get("message")
    category = call.args[1] if len(call.args) > 1 else given.get("category")
    if isinstance(message, ast.Call) and category is None:  # warn(FutureWarning("..."))
        category, message = message.func, next(iter(message.args), None)
    name = (dotted_name(category) or ("",))[-1] if category is not None else ""
    if _CATEGORY.search(name):
        words = text.of(message) if message is not None else ""
        yield f"{name}: {' '.join(words.split())}".rstrip(": ")


class _Text:
    """The texts of expressions in one statement, as far as the source has them."""

    def __init__(self, top: ast.stmt, module: Module, resolver: Resolver) -> None:
        self.top, self.module, self.resolver = top, module, resolver

    @cached_property
    def variables(self) -> dict[str, ast.expr | None]:
        """The value of each variable that is assigned once; None if it is assigned again."""
        values: dict[str, ast.expr | None] = {}
        for node in ast.walk(self.top):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    values[name] = None if name in values else value
                case ast.AugAssign(target=ast.Name(id=name)):
                    values[name] = None
                case _:
                    pass
        return values

    def of(self, node: ast.expr, depth: int = 0, *, follows: bool = True) -> str:
        """Return the text of an expression, with an ellipsis for what isn't known.

        Parameters
        ----------
        node
            The expression.
        depth
            Expressions around it.
        follows
            Whether a variable stands for what was assigned to it.
        """
        if depth > _DEEPEST:
            return _OMITTED
        parts: Sequence[ast.expr] = ()
        match node:
            case ast.Constant(value=str(text)):
                return text[:_LONGEST]
            case ast.JoinedStr(values=values):
                parts = values[:_MOST_PARTS]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                parts = (left, right)
            case ast.BinOp(left=left, op=ast.Mod()):
                return _PLACEHOLDER.sub(_OMITTED, self.of(left, depth + 1, follows=follows))
            case ast.Call(func=ast.Attribute(value=value, attr="format")):
                return _PLACEHOLDER.sub(_OMITTED, self.of(value, depth + 1, follows=follows))
            case ast.FormattedValue(value=ast.Name(id=name), conversion=-1, format_spec=None):
                return self.named(name)
            case ast.Name(id=name):
                assigned = self.variables.get(name) if follows else None
                return self.of(assigned, follows=False) if assigned else self.named(name)
            case _:
                return _OMITTED
        texts = (self.of(part, depth + 1, follows=follows) for part in parts)
        return "".join(texts)[:_LONGEST]

    def named(self, name: str) -> str:
        """Return the text of a constant of the module."""
        if name in self.variables:
            return _OMITTED
        try:
            value = evaluate(ast.Name(name), self.resolver.lookup(self.module))
        except NotConstant:
            return _OMITTED
        return value[:_LONGEST] if isinstance(value, str) else _OMITTED
