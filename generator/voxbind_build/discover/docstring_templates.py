"""Docstrings that are completed when the library is imported, by a decorator or a function."""

from __future__ import annotations

import ast
import copy
import re
import textwrap
from collections.abc import Iterable, Iterator

import libcst as cst

from voxbind_build.discover.constants import NotConstant, dotted_name, evaluate
from voxbind_build.discover.module_source import Function, Module, Value, expression
from voxbind_build.discover.resolve import Resolver

__all__ = ["assigned", "filled"]

_MARK = re.compile(r"%\((\w+)\)s")


def filled(
    docstring: str, decorators: Iterable[ast.expr], module: Module, resolver: Resolver
) -> str:
    """Replace marks such as ``%(input)s`` by the texts in the arguments of decorators.

    The decorator may be a call, ``@filldoc({"input": "..."})``, or a name that was assigned one,
    ``docfiller = filldoc({"input": "..."})``. Marks without a text are left as they are.

    Parameters
    ----------
    docstring
        The docstring as written.
    decorators
        The function's decorators.
    module
        The module that has the function.
    resolver
        The library's source.
    """
    if not _MARK.search(docstring):
        return docstring
    texts = {
        name: text for decorator in decorators for name, text in _texts(decorator, module, resolver)
    }
    return _MARK.sub(lambda mark: texts.get(mark[1], mark[0]), docstring)


def _texts(decorator: ast.expr, module: Module, resolver: Resolver) -> Iterator[tuple[str, str]]:
    """Yield the names and texts in the dictionaries that a decorator was called with."""
    if (parts := dotted_name(decorator)) is not None:
        owner = module.name
        for part in parts:
            home = resolver.home(owner, part)
            owner = home.module
        defining_module = resolver.module(home.module)
        if defining_module is None:
            return
        if not isinstance(home.binding, Value) or home.binding.node is None:
            return
        module, call = defining_module, expression(home.binding.node)
    else:
        call = decorator
    if not isinstance(call, ast.Call):
        return
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        try:
            value = evaluate(argument, resolver.lookup(module))
        except NotConstant:
            continue
        if isinstance(value, dict):
            yield from ((name, text) for name, text in value.items() if isinstance(text, str))


def assigned(function: str, module: Module, resolver: Resolver) -> str:
    """Return the text of ``function.__doc__ = ...``; empty if there is no such assignment.

    The text may be the result of a function in the module that only returns an expression:
    ``mean.__doc__ = with_parameters("Local mean.")``.

    Parameters
    ----------
    function
        The function's name.
    module
        The module that has the function.
    resolver
        The library's source.
    """
    assigned_value = module.docs.get(function)
    node = expression(assigned_value) if assigned_value is not None else None
    if node is None:
        return ""
    try:
        text = evaluate(_Inlined(module).visit(node), resolver.lookup(module))
    except NotConstant:
        return ""
    return text if isinstance(text, str) else ""


class _Inlined(ast.NodeTransformer):
    """Replaces calls of a module's one-line functions by the expressions that they return."""

    def __init__(self, module: Module) -> None:
        self._module = module

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        binding = self._module.bindings.get(name)
        if not isinstance(binding, Function) or node.keywords:
            return node
        code = cst.Module([binding.node]).code
        (definition,) = ast.parse(textwrap.dedent(code)).body
        assert isinstance(definition, ast.FunctionDef)
        last = definition.body[-1]
        returned = last.value if isinstance(last, ast.Return) else None
        is_one_line = len(definition.body) == 1 + (ast.get_docstring(definition) is not None)
        names = [argument.arg for argument in definition.args.args]
        if returned is None or not is_one_line or len(names) != len(node.args):
            return node
        filled_in: ast.expr = _Named(dict(zip(names, node.args, strict=True))).visit(returned)
        return filled_in


class _Named(ast.NodeTransformer):
    """Replaces names by expressions."""

    def __init__(self, values: dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self._values.get(node.id, node))
