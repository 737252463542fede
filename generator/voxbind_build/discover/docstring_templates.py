"""Docstrings that are made at import: of marks that a decorator fills in, or by a function."""

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
    """Return a docstring with the texts that its decorators were given by name.

    ``@docfiller`` after ``docfiller = filldoc({"input": "..."})`` is followed, and
    ``@filldoc({"input": "..."})`` as well; marks without a text stay.
    """
    if not _MARK.search(docstring):
        return docstring
    texts = {name: text for each in decorators for name, text in _texts(each, module, resolver)}
    return _MARK.sub(lambda mark: texts.get(mark[1], mark[0]), docstring)


def _texts(decorator: ast.expr, module: Module, resolver: Resolver) -> Iterator[tuple[str, str]]:
    if (parts := dotted_name(decorator)) is not None:
        owner = module.name
        for part in parts:
            home = resolver.home(owner, part)
            owner = home.module
        made = resolver.module(home.module)
        if made is None or not isinstance(home.binding, Value) or home.binding.node is None:
            return
        module, found = made, expression(home.binding.node)
    else:
        found = decorator
    if not isinstance(found, ast.Call):
        return
    for argument in (*found.args, *(keyword.value for keyword in found.keywords)):
        try:
            value = evaluate(argument, resolver.lookup(module))
        except NotConstant:
            continue
        if isinstance(value, dict):
            yield from ((name, text) for name, text in value.items() if isinstance(text, str))


def assigned(function: str, module: Module, resolver: Resolver) -> str:
    """Return the text of ``function.__doc__ = ...`` below its definition; nothing without one.

    The text may be put together by a function of the module that only returns an expression:
    ``mean.__doc__ = with_parameters("Local mean.")``.
    """
    given = module.docs.get(function)
    node = expression(given) if given is not None else None
    if node is None:
        return ""
    try:
        text = evaluate(_Inlined(module).visit(node), resolver.lookup(module))
    except NotConstant:
        return ""
    return text if isinstance(text, str) else ""


class _Inlined(ast.NodeTransformer):
    """Puts what a module's one-line functions return in the place of their calls."""

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
        names = [each.arg for each in definition.args.args]
        if returned is None or not is_one_line or len(names) != len(node.args):
            return node
        filled_in: ast.expr = _Named(dict(zip(names, node.args, strict=True))).visit(returned)
        return filled_in


class _Named(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, values: dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self._values.get(node.id, node))
