"""Reads signatures and docstrings from the source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import libcst as cst

from voxbind_build.discover.docstring_templates import assigned, filled
from voxbind_build.discover.module_source import Function, Module, expression
from voxbind_build.discover.resolve import Home, Resolver
from voxbind_build.model import Definition, ParameterKind, SourceParameter

__all__ = ["define", "parameters_of"]


def define(resolver: Resolver, home: Home) -> Definition | None:
    """Return the definition of a function in the source; None if `home` isn't one.

    Parameters
    ----------
    resolver
        The library's source.
    home
        The place that a public name leads to.
    """
    module = resolver.module(home.module)
    if module is None or not isinstance(home.binding, Function):
        return None
    node = home.binding.node
    docstring = node.get_docstring(clean=False) or assigned(home.name, module, resolver)
    expressions = (expression(decorator.decorator) for decorator in node.decorators)
    decorators = [decorator for decorator in expressions if decorator is not None]
    text = inspect.cleandoc(docstring) if isinstance(docstring, str) else ""
    return Definition(
        module=home.module,
        qualname=home.name,
        parameters=parameters_of(resolver, module, node),
        returns=_annotation(node.returns),
        docstring=filled(text, decorators, module, resolver),
        fingerprint=resolver.fingerprint(home.module),
        decorators=tuple(ast.unparse(decorator) for decorator in decorators),
    )


def parameters_of(
    resolver: Resolver, module: Module, node: cst.FunctionDef
) -> tuple[SourceParameter, ...]:
    """Return the parameters of a function or a method of `module`, in their order."""
    return tuple(_parameters(resolver, module, node.params))


def _parameters(
    resolver: Resolver, module: Module, source_parameters: cst.Parameters
) -> Iterator[SourceParameter]:
    groups: tuple[tuple[ParameterKind, object], ...] = (
        ("POSITIONAL_ONLY", source_parameters.posonly_params),
        ("POSITIONAL_OR_KEYWORD", source_parameters.params),
        ("VAR_POSITIONAL", (source_parameters.star_arg,)),
        ("KEYWORD_ONLY", source_parameters.kwonly_params),
        ("VAR_KEYWORD", (source_parameters.star_kwarg,)),
    )
    for kind, params in groups:
        for param in params if isinstance(params, (tuple, list)) else ():
            if not isinstance(param, cst.Param):
                continue  # a bare `*`, or no such parameter
            text, is_literal = None, True
            if param.default is not None:
                text, is_literal = resolver.default(module, expression(param.default))
            yield SourceParameter(
                name=param.name.value,
                kind=kind,
                default=text,
                default_is_literal=is_literal,
                annotation=_annotation(param.annotation),
            )


def _annotation(annotation: cst.Annotation | None) -> str | None:
    node = expression(annotation.annotation) if annotation is not None else None
    return ast.unparse(node) if node is not None else None
