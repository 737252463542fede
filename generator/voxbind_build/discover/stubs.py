"""Reads the types of parameters from a library's stub files.

A stub is next to its module (`_filters.pyi`), or in a folder ``<package>-stubs`` next to the
package if its version fits the package's. The types of all overloads of a function are united, and
aliases and type variables that the stub defines are replaced by their definitions.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from voxbind_build.common.typeexpr import (
    ANY,
    TypeExpr,
    TypeExprError,
    head,
    parse,
    transform,
    union,
)
from voxbind_build.discover.locate import Package, stub_folders
from voxbind_build.model import Definition

__all__ = ["with_stub"]

_OVERLOADED = (ast.FunctionDef, ast.AsyncFunctionDef)
# Greatest depth to which aliases of aliases are expanded.
_DEEPEST = 6


def with_stub(definition: Definition, package: Package) -> Definition:
    """Return a definition whose parameters have the types of the stub, if there is one.

    Parameters
    ----------
    definition
        A function's definition.
    package
        The package that has the function.
    """
    stub = _find(package, definition.module)
    types = _read(stub).get(definition.qualname, {}) if stub is not None else {}
    return msgspec.structs.replace(
        definition,
        parameters=tuple(
            msgspec.structs.replace(parameter, stub=types.get(parameter.name))
            for parameter in definition.parameters
        ),
    )


def _find(package: Package, module: str) -> Path | None:
    source = package.find(module)
    _, *parts = module.split(".")
    candidates = [] if source is None else [source.path.parent / f"{_stem(source.path)}.pyi"]
    for folder in stub_folders(package):
        base = folder.joinpath(*parts)
        candidates += [base.with_name(f"{base.name}.pyi")] if parts else []
        candidates.append(base / "__init__.pyi")
    return next((path for path in candidates if path.is_file()), None)


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


@cache
def _read(path: Path) -> dict[str, dict[str, str]]:
    """Return the types of each function's parameters, united over its overloads."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    definitions = _definitions(tree)
    types_by_function: dict[str, dict[str, list[TypeExpr | None]]] = {}
    for node in tree.body:
        if not isinstance(node, _OVERLOADED):
            continue
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                type_ = _type(argument.annotation)
                expanded = type_ and _expanded(type_, definitions)
                types_by_function.setdefault(node.name, {}).setdefault(argument.arg, []).append(
                    expanded
                )
    return {
        function: {
            # A parameter is left out if its type can't be parsed in one of the overloads.
            name: str(union(*(type_ for type_ in types if type_ is not None)))
            for name, types in parameters.items()
            if None not in types
        }
        for function, parameters in types_by_function.items()
    }


def _type(node: ast.expr) -> TypeExpr | None:
    try:
        return parse(ast.unparse(node))
    except TypeExprError:
        return None


def _definitions(tree: ast.Module) -> dict[str, TypeExpr]:
    """Return the definitions of a stub's aliases and type variables, by name."""
    definitions: dict[str, TypeExpr | None] = {}
    for node in tree.body:
        match node:
            case ast.AnnAssign(
                target=ast.Name(name),
                annotation=ast.Name("TypeAlias") | ast.Attribute(attr="TypeAlias"),
                value=ast.expr() as value,
            ):
                definitions[name] = _type(value)
            case ast.Assign(
                targets=[ast.Name(name)],
                value=ast.Call(func=ast.Name("TypeVar") | ast.Attribute(attr="TypeVar")) as call,
            ):
                definitions[name] = _bound(call)
    return {name: type_ for name, type_ in definitions.items() if type_ is not None}


def _bound(call: ast.Call) -> TypeExpr | None:
    """Return a type variable's bound, or the union of its constraints."""
    for keyword in call.keywords:
        if keyword.arg == "bound":
            return _type(keyword.value)
    constraints = call.args[1:]
    types = [type_ for constraint in constraints if (type_ := _type(constraint)) is not None]
    if len(types) < len(constraints):
        return None
    return union(*types) if types else ANY


def _expanded(type_: TypeExpr, definitions: Mapping[str, TypeExpr], depth: int = 0) -> TypeExpr:
    """Replace names by their definitions, including those of generic aliases such as ``_A[_T]``."""

    def expand(part: TypeExpr) -> TypeExpr | None:
        definition = definitions.get(head(part))
        if definition is None or depth >= _DEEPEST:
            return None
        return _expanded(definition, definitions, depth + 1)

    return transform(type_, expand)
