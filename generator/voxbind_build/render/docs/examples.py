"""Rewrites the examples of a library's docstrings so that they import from voxbind and run."""

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
    """Ignores all options, since other tools have more than doctest: ``+FLOAT_CMP``, say."""

    def _find_options(self, source: str, name: str, lineno: int) -> dict[int, bool]:
        return {}


class _Edit(Struct, frozen=True):
    """The replacement of one syntax node of an example."""

    node: ast.stmt | ast.expr
    texts: tuple[str, ...]
    """The new expression, or one or more statements in place of a statement."""


class _Chain(Struct, frozen=True):
    """A name that is read, and the attributes after it: ``ski.data.coins``."""

    nodes: tuple[ast.expr, ...]
    """The node of the name, then that of each attribute, from the inside out."""
    names: tuple[str, ...]


class Examples:
    """Rewrites the examples of docstrings to use the wrappers of a manifest.

    Parameters
    ----------
    manifest
        The record of every library.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._wrappers: dict[str, str] = {}
        """Dotted names in voxbind by dotted names upstream, of functions and modules."""
        self._modules: set[str] = set()
        for library in manifest.libraries.values():
            for public, function in sorted(library.functions.items()):
                # An example may import from the module that defines the function.
                self._wrappers.setdefault(function.definition.replace(":", "."), function.wrapper)
                self._wrappers[public] = function.wrapper
            for module in library.modules:
                parts = module.split(".")
                self._modules.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
        self._wrappers.update((name, f"{manifest.package}.{name}") for name in self._modules)

    def rewrite(self, text: str, module: str) -> str:
        """Return a docstring with its examples rewritten.

        Parameters
        ----------
        text
            The docstring.
        module
            The module of the documented function: ``skimage.filters``.
        """
        try:
            pieces = _Parser().parse(text)
            examples = [piece for piece in pieces if isinstance(piece, doctest.Example)]
            trees = [ast.parse(example.source) for example in examples]
        # doctest itself couldn't run the examples, or they are nested too deeply for the parser.
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return text
        if not examples:
            return text
        scope = _Scope(trees)
        lines = text.split("\n")
        # From the last to the first, so that the line numbers stay valid.
        for example, tree in reversed(list(zip(examples, trees, strict=True))):
            edits = list(self._edits(tree, scope))
            if edits:
                count = example.source.count("\n")
                lines[example.lineno : example.lineno + count] = _lines(example, tree, edits)
        first, indent = examples[0].lineno, " " * examples[0].indent
        lines[first:first] = [
            f"{indent}>>> {statement}" for statement in self._implied(scope, module)
        ]
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
        """Yield the statements that replace an import."""
        unchanged: list[ast.alias] = []
        moved: dict[str, list[str]] = {}
        for alias in node.names:
            local, path = _bound(node, alias)
            if not self._moves(local, path, scope):
                unchanged.append(alias)
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
        if unchanged and moved and isinstance(node, ast.ImportFrom):
            yield ast.unparse(ast.ImportFrom(node.module, unchanged, node.level))
        elif unchanged and moved:
            yield ast.unparse(ast.Import(unchanged))
        elif unchanged:
            yield ast.unparse(node)

    def _moves(self, local: str, path: str, scope: _Scope) -> bool:
        """Return whether an imported name can be imported from voxbind instead."""
        if path not in self._modules:
            return path in self._wrappers
        used = [chain for chain in scope.chains if chain.names[0] == local]
        is_imported = scope.imported.get(local) == path
        return is_imported and (
            not used or any(self._stray(chain, scope) is None for chain in used)
        )

    def _stray(self, chain: _Chain, scope: _Scope) -> tuple[int, str] | None:
        """Return the first part of a chain that isn't wrapped.

        Returns
        -------
        tuple of int and str, or None
            Number of names up to that part, and their dotted path. None if all is wrapped.
        """
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
        """Yield imports for the names that the examples use without binding them."""
        names_by_module: dict[str, list[str]] = {}
        for name in sorted(scope.unbound):
            if name in _CONVENTIONS:
                yield _CONVENTIONS[name]
            elif wrapper := self._wrapper(name, module):
                names_by_module.setdefault(wrapper.rpartition(".")[0], []).append(name)
        for parent, names in sorted(names_by_module.items()):
            yield f"from {parent} import {', '.join(names)}"

    def _wrapper(self, name: str, module: str) -> str:
        """Return the wrapper of a bare name in this module, or in another of the library."""
        library = module.partition(".")[0]
        siblings = sorted(
            sibling for sibling in self._modules if sibling.partition(".")[0] == library
        )
        wrappers = (self._wrappers.get(f"{parent}.{name}") for parent in (module, *siblings))
        return next((sibling for sibling in wrappers if sibling), "")


class _Scope:
    """The names in all examples of a docstring, which run as one program."""

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
        """Dotted paths of imported names that are never assigned otherwise."""
        self._bound = assigned | {local for local, _ in imports}
        self.unbound = (
            {node.id for node in nodes if isinstance(node, ast.Name)}
            - self._bound
            - set(dir(builtins))
        )
        self._aliases: dict[str, str] = {}

    def alias(self, path: str) -> str:
        """Return a free local name for an upstream object."""
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
    """Return the name that an import binds, and the dotted path of the imported object."""
    if isinstance(node, ast.ImportFrom):
        return alias.asname or alias.name, f"{node.module}.{alias.name}"
    if alias.asname:
        return alias.asname, alias.name
    package = alias.name.partition(".")[0]
    return package, package


def _assigned(node: ast.AST) -> Iterable[str]:
    """Return the name that a node binds other than by an import; at most one."""
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
    """Yield the longest chains of names in a tree."""
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):  # outer nodes come before the nodes inside them
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
    """Yield the lines of an example after its edits, with their prompts."""
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
    """Replace syntax nodes in the source; their columns count bytes."""
    lines = [line.encode() for line in source.split("\n")]
    for edit in sorted(edits, key=lambda edit: (edit.node.lineno, edit.node.col_offset))[::-1]:
        start, end = edit.node.lineno - 1, (edit.node.end_lineno or edit.node.lineno) - 1
        head, tail = lines[start][: edit.node.col_offset], lines[end][edit.node.end_col_offset :]
        lines[start : end + 1] = [head + "; ".join(edit.texts).encode() + tail]
    return b"\n".join(lines).decode()
