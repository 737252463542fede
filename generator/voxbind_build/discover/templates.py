"""Marks in docstrings, such as ``%(input)s``, that a decorator fills in at import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from voxbind_build.discover.expressions import NotConstant, dotted_name, evaluate
from voxbind_build.discover.resolve import Resolver
from voxbind_build.discover.source import Module, Value, expression

__all__ = ["filled"]

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
