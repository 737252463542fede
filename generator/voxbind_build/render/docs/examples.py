"""Examples that go through voxbind, and run as they stand."""

from __future__ import annotations

import ast
import builtins
import doctest
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from voxbind_build.model import Manifest

__all__ = ["Examples"]

_CONVENTIONS = {"np": "import numpy as np", "plt": "import matplotlib.pyplot as plt"}
"""Names that numpydoc's examples may use without importing them."""
_Import = ast.Import | ast.ImportFrom


class _Parser(doctest.DocTestParser):
    """Takes the options that other tools have beside doctest's own, such as ``+FLOAT_CMP``."""

    def _find_options(self, source: str, name: str, lineno: int) -> dict[int, bool]:
        return {}


class _Edit(Struct, frozen=True):
    """What comes in the place of a node of an example."""

    node: ast.stmt | ast.expr
    texts: tuple[str, ...]
    """One, or several statements for one."""


class _Chain(Struct, frozen=True):
    """A name that is read, and the attributes behind it: ``ski.data.coins``."""

    nodes: tuple[ast.expr, ...]
    """The name, and each attribute's node, from within."""
    names: tuple[str, ...]


class Examples:
    """Rewrites the examples of docstrings for the wrappers that a manifest has.

    Parameters
    ----------
    manifest
        What is known of every library.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._wrappers: dict[str, str] = {}
        """By dotted name upstream, the dotted name in voxbind; modules are among them."""
        self._modules: set[str] = set()
        for library in manifest.libraries.values():
            for public, function in sorted(library.functions.items()):
                # An example may import from where a function is defined.
                self._wrappers.setdefault(function.definition.replace(":", "."), function.wrapper)
                self._wrappers[public] = function.wrapper
            for module in library.modules:
                parts = module.split(".")
                self._modules.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
        self._wrappers.update((name, f"voxbind.{name}") for name in self._modules)

    def rewrite(self, text: str, module: str) -> str:
        """Return a docstring with its examples rewritten.

        Parameters
        ----------
        text
            The docstring.
        module
            The module whose function it is about: ``skimage.filters``.
        """
        try:
            pieces = _Parser().parse(text)
            found = [piece for piece in pieces if isinstance(piece, doctest.Example)]
            trees = [ast.parse(example.source) for example in found]
        except (SyntaxError, ValueError):  # doctest itself couldn't run it
            return text
        if not found:
            return text
        scope = _Scope(trees)
        lines = text.split("\n")
        # From the last to the first, so that the lines' numbers hold.
        for example, tree in reversed(list(zip(found, trees, strict=True))):
            edits = list(self._edits(tree, scope))
            if edits:
                count = example.source.count("\n")
                lines[example.lineno : example.lineno + count] = _lines(example, tree, edits)
        first, indent = found[0].lineno, " " * found[0].indent
        lines[first:first] = [f"{indent}>>> {each}" for each in self._implied(scope, module)]
        return "\n".join(lines)

    def _edits(self, tree: ast.Module, scope: _Scope) -> Iterator[_Edit]:
        for node in ast.walk(tree):
            if isinstance(node, _Import):
                statements = tuple(dict.fromkeys(self._imports(node, scope)))
                if statements != (ast.unparse(node),):
                    yield _Edit(node, statements)
        for chain in _chains(tree):
            local = chain.names[0]
            stray = self._stray(chain, scope)
            if stray and self._moves(local, scope.imported[local], scope):
                length, path = stray
                yield _Edit(chain.nodes[length - 1], (scope.alias(path),))

    def _imports(self, node: _Import, scope: _Scope) -> Iterator[str]:
        """Give the statements that an import becomes."""
        kept: list[ast.alias] = []
        moved: dict[str, list[str]] = {}
        for alias in node.names:
            local, path = _bound(node, alias)
            if not self._moves(local, path, scope):
                kept.append(alias)
                continue
            parent, _, name = self._wrappers[path].rpartition(".")
            moved.setdefault(parent, []).append(name + f" as {local}" * (name != local))
            for chain in scope.chains:
                if chain.names[0] == local and (stray := self._stray(chain, scope)):
                    parent, _, name = stray[1].rpartition(".")
                    renamed = scope.alias(stray[1])
                    moved.setdefault(parent, []).append(name + f" as {renamed}" * (name != renamed))
        for parent, names in moved.items():
            yield f"from {parent} import {', '.join(dict.fromkeys(names))}"
        if kept and moved and isinstance(node, ast.ImportFrom):
            yield ast.unparse(ast.ImportFrom(node.module, kept, node.level))
        elif kept and moved:
            yield ast.unparse(ast.Import(kept))
        elif kept:
            yield ast.unparse(node)

    def _moves(self, local: str, path: str, scope: _Scope) -> bool:
        """Tell whether a name that is imported will stand for what voxbind has in its place."""
        if path not in self._modules:
            return path in self._wrappers
        used = [chain for chain in scope.chains if chain.names[0] == local]
        known = scope.imported.get(local) == path
        return known and (not used or any(self._stray(chain, scope) is None for chain in used))

    def _stray(self, chain: _Chain, scope: _Scope) -> tuple[int, str] | None:
        """Return where a chain leaves what is wrapped: how many names, and their path."""
        path = scope.imported.get(chain.names[0], "")
        if path not in self._modules:
            return None
        for length, name in enumerate(chain.names[1:], 2):
            path = f"{path}.{name}"
            if path not in self._wrappers:
                return length, path
            if path not in self._modules:
                break
        return None

    def _implied(self, scope: _Scope, module: str) -> Iterator[str]:
        """Give the imports of names that the examples use and nothing binds."""
        ours: dict[str, list[str]] = {}
        for name in sorted(scope.unbound):
            if name in _CONVENTIONS:
                yield _CONVENTIONS[name]
            elif wrapper := self._wrapper(name, module):
                ours.setdefault(wrapper.rpartition(".")[0], []).append(name)
        for parent, names in sorted(ours.items()):
            yield f"from {parent} import {', '.join(names)}"

    def _wrapper(self, name: str, module: str) -> str:
        """Find what a bare name means: in its module, or else in another of its library."""
        library = module.partition(".")[0]
        beside = sorted(each for each in self._modules if each.partition(".")[0] == library)
        found = (self._wrappers.get(f"{place}.{name}") for place in (module, *beside))
        return next((each for each in found if each), "")


class _Scope:
    """The names of all examples of a docstring, which run as one."""

    def __init__(self, trees: list[ast.Module]) -> None:
        nodes = [node for tree in trees for node in ast.walk(tree)]
        self.chains = [chain for tree in trees for chain in _chains(tree)]
        imports = [
            _bound(node, alias)
            for node in nodes
            if isinstance(node, _Import)
            for alias in node.names
        ]
        assigned = {name for node in nodes for name in _assigned(node)}
        self.imported = {local: path for local, path in imports if local not in assigned}
        """What names of modules and functions stand for, where they stand for nothing else."""
        self._bound = assigned | {local for local, _ in imports}
        self.unbound = (
            {node.id for node in nodes if isinstance(node, ast.Name)}
            - self._bound
            - set(dir(builtins))
        )
        self._aliases: dict[str, str] = {}

    def alias(self, path: str) -> str:
        """Return a name for something upstream that nothing else has."""
        if path not in self._aliases:
            name = path.rpartition(".")[2]
            while self.imported.get(name, path) != path or (
                name in self._bound and name not in self.imported
            ):
                name += "_"
            self._bound.add(name)
            self._aliases[path] = name
        return self._aliases[path]


def _bound(node: _Import, alias: ast.alias) -> tuple[str, str]:
    """Return the name that an import binds, and what it stands for."""
    if isinstance(node, ast.ImportFrom):
        return alias.asname or alias.name, f"{node.module}.{alias.name}"
    if alias.asname:
        return alias.asname, alias.name
    package = alias.name.partition(".")[0]
    return package, package


def _assigned(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Load) else (node.id,)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    if isinstance(node, ast.arg):
        return (node.arg,)
    if isinstance(node, ast.ExceptHandler) and node.name:
        return (node.name,)
    return ()


def _chains(tree: ast.Module) -> Iterator[_Chain]:
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):  # what is outside comes first
        if node in inner or not isinstance(node, ast.Name | ast.Attribute):
            continue
        nodes: list[ast.expr] = [node]
        names: list[str] = []
        current: ast.expr = node
        while isinstance(current, ast.Attribute):
            names.append(current.attr)
            current = current.value
            nodes.append(current)
        inner.update(nodes)
        if isinstance(current, ast.Name) and isinstance(current.ctx, ast.Load):
            yield _Chain(tuple(reversed(nodes)), (current.id, *reversed(names)))


def _lines(example: doctest.Example, tree: ast.Module, edits: Sequence[_Edit]) -> Iterator[str]:
    """Give the lines of an example after its edits, each statement with its prompt."""
    indent = " " * example.indent
    if isinstance(tree.body[0], _Import) and len(tree.body) == 1:
        comment = _spliced(example.source, [_Edit(tree.body[0], ("",))])
        sources = [statement + comment for statement in edits[0].texts]
    else:
        sources = [_spliced(example.source, edits)]
    for source in sources:
        for number, line in enumerate(source.rstrip("\n").split("\n")):
            yield f"{indent}{'...' if number else '>>>'} {line}".rstrip()


def _spliced(source: str, edits: Sequence[_Edit]) -> str:
    """Put texts in the places of nodes; columns are counted in bytes."""
    lines = [line.encode() for line in source.split("\n")]
    for edit in sorted(edits, key=lambda edit: (edit.node.lineno, edit.node.col_offset))[::-1]:
        first, last = edit.node.lineno - 1, (edit.node.end_lineno or edit.node.lineno) - 1
        head, tail = lines[first][: edit.node.col_offset], lines[last][edit.node.end_col_offset :]
        lines[first : last + 1] = [head + "; ".join(edit.texts).encode() + tail]
    return b"\n".join(lines).decode()
