"""What a library's stub files say of its parameters.

A stub stands beside its module (`_filters.pyi`), or in the distribution ``<package>-stubs``
beside the package. All overloads of a function are united, and what the stub itself defines
(aliases, type variables) is put in where it is named.
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
from voxbind_build.discover.locate import Package
from voxbind_build.model import Definition

__all__ = ["with_stub"]

_OVERLOADED = (ast.FunctionDef, ast.AsyncFunctionDef)
# Aliases of aliases of aliases are as deep as a person follows.
_DEEPEST = 6


def with_stub(definition: Definition, package: Package) -> Definition:
    """Return a definition whose parameters know what the stub says of them, where there is one."""
    stub = _find(package, definition.module)
    told = _read(stub).get(definition.qualname, {}) if stub is not None else {}
    return msgspec.structs.replace(
        definition,
        parameters=tuple(
            msgspec.structs.replace(parameter, stub=told.get(parameter.name))
            for parameter in definition.parameters
        ),
    )


def _find(package: Package, module: str) -> Path | None:
    source = package.find(module)
    _, *parts = module.split(".")
    candidates = [] if source is None else [source.path.parent / f"{_stem(source.path)}.pyi"]
    for folder in package.folders:
        base = folder.with_name(f"{package.name}-stubs").joinpath(*parts)
        candidates += [base.with_name(f"{base.name}.pyi")] if parts else []
        candidates.append(base / "__init__.pyi")
    return next((path for path in candidates if path.is_file()), None)


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


@cache
def _read(path: Path) -> dict[str, dict[str, str]]:
    """Return the types of each function's parameters, those of the overloads united."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    definitions = _definitions(tree)
    found: dict[str, dict[str, list[TypeExpr | None]]] = {}
    for node in tree.body:
        if not isinstance(node, _OVERLOADED):
            continue
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                type_ = _type(argument.annotation)
                expanded = type_ and _expanded(type_, definitions)
                found.setdefault(node.name, {}).setdefault(argument.arg, []).append(expanded)
    return {
        function: {
            # Nothing is said of a parameter that one overload has no readable type for.
            name: str(union(*(type_ for type_ in types if type_ is not None)))
            for name, types in parameters.items()
            if None not in types
        }
        for function, parameters in found.items()
    }


def _type(node: ast.expr) -> TypeExpr | None:
    try:
        return parse(ast.unparse(node))
    except TypeExprError:
        return None


def _definitions(tree: ast.Module) -> dict[str, TypeExpr]:
    """Return what the names of a stub's aliases and type variables stand for."""
    found: dict[str, TypeExpr | None] = {}
    for node in tree.body:
        match node:
            case ast.AnnAssign(
                target=ast.Name(name),
                annotation=ast.Name("TypeAlias") | ast.Attribute(attr="TypeAlias"),
                value=ast.expr() as value,
            ):
                found[name] = _type(value)
            case ast.Assign(
                targets=[ast.Name(name)],
                value=ast.Call(func=ast.Name("TypeVar") | ast.Attribute(attr="TypeVar")) as call,
            ):
                found[name] = _bound(call)
    return {name: type_ for name, type_ in found.items() if type_ is not None}


def _bound(call: ast.Call) -> TypeExpr | None:
    """Return what a type variable may be: its bound, or the union of its constraints."""
    for keyword in call.keywords:
        if keyword.arg == "bound":
            return _type(keyword.value)
    constraints = call.args[1:]
    types = [type_ for constraint in constraints if (type_ := _type(constraint)) is not None]
    if len(types) < len(constraints):
        return None
    return union(*types) if types else ANY


def _expanded(type_: TypeExpr, definitions: Mapping[str, TypeExpr], depth: int = 0) -> TypeExpr:
    """Put definitions in the places of their names.

    A generic alias, ``_ArrayOrDType[_ScalarT]``, is taken for what it stands for.
    """

    def expand(part: TypeExpr) -> TypeExpr | None:
        definition = definitions.get(head(part))
        if definition is None or depth >= _DEEPEST:
            return None
        return _expanded(definition, definitions, depth + 1)

    return transform(type_, expand)
