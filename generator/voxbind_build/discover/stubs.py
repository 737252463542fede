"""What a library's stub files say of its parameters.

A stub stands beside its module (`_filters.pyi`), or in the distribution ``<package>-stubs``
beside the package. All overloads of a function are united, and what the stub itself defines
(aliases, type variables) is put in where it is named.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import msgspec

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
    """Return the annotations of each function's parameters, the overloads' with ``|`` between."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    expand = _Expand(_definitions(tree))
    found: dict[str, dict[str, dict[str, None]]] = {}
    for node in tree.body:
        if not isinstance(node, _OVERLOADED):
            continue
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                text = ast.unparse(expand.visit(_copy(argument.annotation)))
                found.setdefault(node.name, {}).setdefault(argument.arg, {})[text] = None
    return {
        function: {name: " | ".join(f"({text})" for text in texts) for name, texts in told.items()}
        for function, told in found.items()
    }


def _definitions(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what the names of a stub's aliases and type variables stand for."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.AnnAssign(
                target=ast.Name(name),
                annotation=ast.Name("TypeAlias") | ast.Attribute(attr="TypeAlias"),
                value=ast.expr() as value,
            ):
                found[name] = value
            case ast.Assign(
                targets=[ast.Name(name)],
                value=ast.Call(func=ast.Name("TypeVar") | ast.Attribute(attr="TypeVar")) as call,
            ):
                found[name] = _bound(call)
    return found


def _bound(call: ast.Call) -> ast.expr:
    """Return what a type variable may be: its bound, or the union of its constraints."""
    for keyword in call.keywords:
        if keyword.arg == "bound":
            return keyword.value
    constraints = call.args[1:]
    if not constraints:
        return ast.Name("Any")
    union = constraints[0]
    for constraint in constraints[1:]:
        union = ast.BinOp(union, ast.BitOr(), constraint)
    return union


class _Expand(ast.NodeTransformer):
    """Puts definitions in the places of their names."""

    def __init__(self, definitions: dict[str, ast.expr], depth: int = 0) -> None:
        self._definitions = definitions
        self._depth = depth

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._definitions or self._depth >= _DEEPEST:
            return node
        deeper = _Expand(self._definitions, self._depth + 1)
        expanded: ast.expr = deeper.visit(_copy(self._definitions[node.id]))
        return expanded

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Take a generic alias, ``_ArrayOrDType[_ScalarT]``, for what it stands for."""
        if isinstance(node.value, ast.Name) and node.value.id in self._definitions:
            return self.visit_Name(node.value)
        node.value = self.visit(node.value)
        if not (isinstance(node.value, ast.Name) and node.value.id == "Literal"):
            node.slice = self.visit(node.slice)
        return node


def _copy(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body
