"""Reads the types of parameters from a library's stub files.

A stub is next to its module (`_filters.pyi`), or in a folder ``<package>-stubs`` next to the
package if its version fits the package's. The types of all overloads of a function are united, and
aliases and type variables that the stub defines are replaced by their definitions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

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
from voxbind_build.discover.constants import NotConstant, canonical
from voxbind_build.discover.documented_signatures import OF_LIBRARY
from voxbind_build.discover.locate import Package, stub_folders
from voxbind_build.model import Definition, ParameterKind, SourceParameter

__all__ = ["stub_signature", "with_stub"]

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
    types = _read(stub, package).types.get(definition.qualname, {}) if stub is not None else {}
    return msgspec.structs.replace(
        definition,
        parameters=tuple(
            msgspec.structs.replace(parameter, stub=types.get(parameter.name))
            for parameter in definition.parameters
        ),
    )


def stub_signature(
    module: str, attribute: str, home: str, package: Package
) -> tuple[SourceParameter, ...] | None:
    """Return the parameters of a function in a stub: of its own module, or of one that shows it.

    Parameters
    ----------
    module, attribute
        The public name.
    home
        The module that defines the function.
    package
        The package that has the function.
    """
    for place in dict.fromkeys((home, module)):
        stub = _find(package, place)
        known = _read(stub, package).signatures if stub is not None else {}
        if attribute in known:
            return known[attribute]
    return None


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


class _Stub(NamedTuple):
    """The functions in a stub, by name."""

    types: dict[str, dict[str, str]]
    """The types of the parameters, united over the overloads."""
    signatures: dict[str, tuple[SourceParameter, ...]]
    """The parameters of the first overload, with these types."""


@cache
def _read(path: Path, package: Package) -> _Stub:
    """Read the functions in a stub."""
    tree = _parsed(path)
    definitions = {**_definitions(tree), **_imported(tree, package)}
    types_by_function: dict[str, dict[str, list[TypeExpr | None]]] = {}
    first: dict[str, ast.arguments] = {}
    for node in tree.body:
        if not isinstance(node, _OVERLOADED):
            continue
        first.setdefault(node.name, node.args)
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                type_ = _type(argument.annotation)
                expanded = type_ and _expanded(type_, definitions)
                types_by_function.setdefault(node.name, {}).setdefault(argument.arg, []).append(
                    expanded
                )
    types = {
        function: {
            # A parameter is left out if its type can't be parsed in one of the overloads.
            name: str(union(*(type_ for type_ in types if type_ is not None)))
            for name, types in parameters.items()
            if None not in types
        }
        for function, parameters in types_by_function.items()
    }
    signatures = {
        function: tuple(_signature(arguments, types.get(function, {})))
        for function, arguments in first.items()
    }
    return _Stub(types, signatures)


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def _signature(arguments: ast.arguments, types: Mapping[str, str]) -> Iterator[SourceParameter]:
    positional = (*arguments.posonlyargs, *arguments.args)
    missing = len(positional) - len(arguments.defaults)
    defaults = [*[None] * missing, *arguments.defaults]
    for number, (argument, default) in enumerate(zip(positional, defaults, strict=True)):
        is_only = number < len(arguments.posonlyargs)
        kind: ParameterKind = "POSITIONAL_ONLY" if is_only else "POSITIONAL_OR_KEYWORD"
        yield _parameter(argument.arg, kind, default, types)
    if arguments.vararg is not None:
        yield SourceParameter(name=arguments.vararg.arg, kind="VAR_POSITIONAL")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument.arg, "KEYWORD_ONLY", default, types)
    if arguments.kwarg is not None:
        yield SourceParameter(name=arguments.kwarg.arg, kind="VAR_KEYWORD")


def _parameter(
    name: str, kind: ParameterKind, default: ast.expr | None, types: Mapping[str, str]
) -> SourceParameter:
    text, is_literal = None, True
    if default is not None:
        text, is_literal = OF_LIBRARY, False  # most stubs have `...` in place of a default
        with suppress(NotConstant, ValueError):
            value = ast.literal_eval(default)
            if value is not ...:
                text, is_literal = canonical(value), True
    return SourceParameter(
        name=name, kind=kind, default=text, default_is_literal=is_literal, stub=types.get(name)
    )


def _imported(tree: ast.Module, package: Package) -> dict[str, TypeExpr]:
    """Return the aliases of modules of the package that a stub imports, by dotted name."""
    aliases: dict[str, TypeExpr] = {}
    for node in tree.body:
        for name in node.names if isinstance(node, ast.Import) else ():
            if not name.name.startswith(f"{package.name}."):
                continue
            stub, source = _find(package, name.name), package.find(name.name)
            path = stub or (source.path if source is not None else None)
            if path is not None and path.suffix in (".py", ".pyi"):
                known = _assigned_types(_parsed(path))
                aliases |= {f"{name.name}.{alias}": type_ for alias, type_ in known.items()}
                aliases |= {alias: type_ for alias, type_ in known.items() if alias not in aliases}
    return aliases


def _assigned_types(tree: ast.Module) -> dict[str, TypeExpr]:
    """Return the names to which a module assigns a type, also below ``if TYPE_CHECKING:``."""
    types: dict[str, TypeExpr] = {}
    statements = (part for node in tree.body for part in getattr(node, "body", [node]))
    for node in statements:
        match node:
            case ast.Assign(
                targets=[ast.Name(name)],
                value=ast.Subscript() | ast.Name() | ast.Attribute() as value,
            ):
                if (type_ := _type(value)) is not None:
                    types[name] = type_
    return {**types, **_definitions(tree)}


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
