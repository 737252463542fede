"""Digests of the Python code that decides what a function of a library does.

The build records them, and a wrapper compares them with those of another version. A digest covers
the function and all functions, classes and values of the library that it uses. It leaves out
comments, documentation and annotations, and doesn't depend on the version of Python.

The generator loads this file from its templates, so it imports nothing of voxbind.
"""

from __future__ import annotations

# Fields of a syntax tree are objects, of which pyright knows nothing after a test of its class.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
import ast
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

__all__ = ["COMPILED", "LibraryCode"]

COMPILED = "compiled"
"""In place of a digest: some of the code is compiled, and can't be compared."""
_COMPILED_FILES = (".so", ".pyd", ".dll", ".dylib")
_LEFT_OUT = frozenset(
    ("annotation", "returns", "type_comment", "type_params", "type_ignores", "ctx", "kind")
)
"""Fields of a syntax tree that change no result."""
_DIGITS = 16
_Use = tuple[str, str]
"""A module, and a name that it binds."""
_Binding = ast.stmt | tuple[str, str]
"""A statement that binds a name, or the module and name that it is imported from."""


class _Module(NamedTuple):
    bindings: dict[str, list[_Binding]]
    is_compiled: bool = False


class _Part(NamedTuple):
    """What one name of a module adds to a digest."""

    text: str
    uses: tuple[_Use, ...]
    is_compiled: bool = False


class LibraryCode:
    """The code of one library.

    Parameters
    ----------
    package
        Name of its top-level package or module.
    folders
        Folders of the package; empty if it is one module.
    file
        File of the module.
    """

    def __init__(self, package: str, folders: Sequence[Path], file: Path | None = None) -> None:
        self._package, self._folders, self._file = package, tuple(folders), file
        self._modules: dict[str, _Module | None] = {}
        self._parts: dict[_Use, _Part] = {}

    def digests(self, module: str, name: str) -> tuple[str, str]:
        """Return the digests of a function's own code, and of the code that it shares.

        Parameters
        ----------
        module
            Dotted name of the module that defines the function.
        name
            Name of the function in that module.

        Returns
        -------
        tuple of str
            The first is of the function and of what it uses in its module; empty if they have no
            Python source. The second is of what it uses in other modules of the library; empty if
            it uses nothing there, and `COMPILED` if any of it is compiled.
        """
        own: dict[str, str] = {}
        shared: dict[str, str] = {}
        is_compiled = False
        pending, seen = [(module, name)], set[_Use]()
        while pending:
            use = pending.pop()
            if use in seen:
                continue
            seen.add(use)
            part = self._part(use)
            is_compiled |= part.is_compiled
            if part.text:
                (own if use[0] == module else shared)[".".join(use)] = part.text
            pending += part.uses
        return _digest(own), COMPILED if is_compiled else _digest(shared)

    def _part(self, use: _Use) -> _Part:
        if use not in self._parts:
            try:
                self._parts[use] = self._read(*use)
            except RecursionError:  # thousands of expressions within each other
                self._parts[use] = _Part("", (), is_compiled=True)
        return self._parts[use]

    def _read(self, module: str, name: str) -> _Part:
        source = self._module(module)
        if source is None:
            return _Part("", ())
        if source.is_compiled:
            return _Part("", (), is_compiled=True)
        text: list[str] = []
        uses: list[_Use] = []
        is_compiled = False
        for binding in source.bindings.get(name, ()):
            if isinstance(binding, tuple):
                uses += self._imported(binding)
                text += [] if self._is_ours(binding[0]) else [f"from {binding[0]} {binding[1]}"]
            else:
                text += _written(binding)
                uses += self._used(module, source, binding)
                is_compiled |= any(map(_imports_by_name, _nodes(binding)))
        if not source.bindings.get(name) and (inner := self._module(f"{module}.{name}")):
            is_compiled |= inner.is_compiled
        return _Part("\n".join(text), tuple(uses), is_compiled)

    def _used(self, module: str, source: _Module, statement: ast.stmt) -> Iterator[_Use]:
        """Yield the names of the library that a statement uses."""
        for node in _nodes(statement):
            match node:
                case ast.Name(id=name) if name in source.bindings:
                    yield module, name
                case ast.Name(id=name):
                    for binding in source.bindings.get("*", ()):
                        if isinstance(binding, tuple):
                            yield from self._imported((binding[0], name))
                case ast.Attribute():
                    name, (*middle, last) = _chain(node)
                    for binding in source.bindings.get(name, ()):
                        if isinstance(binding, tuple):
                            parts = (part for part in (*binding, *middle) if part)
                            yield from self._imported((".".join(parts), last))
                case ast.ImportFrom():
                    for alias in node.names:
                        origin = _origin(node, module, self._is_folder(module))
                        yield from self._imported((origin, alias.name))
                case _:
                    pass

    def _imported(self, binding: tuple[str, str]) -> Iterator[_Use]:
        if self._is_ours(binding[0]) and binding[1] and self._module(binding[0]) is not None:
            yield binding

    def _is_ours(self, module: str) -> bool:
        return module.partition(".")[0] == self._package

    def _module(self, module: str) -> _Module | None:
        if module not in self._modules:
            self._modules[module] = self._parsed(module)
        return self._modules[module]

    def _parsed(self, module: str) -> _Module | None:
        file = self._find(module)
        if file is None:
            return None
        if file.suffix in _COMPILED_FILES:
            return _Module({}, is_compiled=True)
        is_folder = self._is_folder(module)
        bindings: dict[str, list[_Binding]] = {}
        # A package that loads its names when they are first used lists them in a stub.
        for path in (file, file.with_suffix(".pyi")):
            try:
                statements = ast.parse(path.read_bytes()).body
            except (OSError, SyntaxError, ValueError):
                continue
            except RecursionError:
                return _Module({}, is_compiled=True)
            known = {*bindings}
            for name, binding in _bindings(statements, module, is_folder):
                if name not in known:
                    bindings.setdefault(name, []).append(binding)
        return _Module(bindings)

    def _is_folder(self, module: str) -> bool:
        file = self._find(module)
        return file is not None and file.stem == "__init__"

    def _find(self, module: str) -> Path | None:
        """Return the file of a module."""
        if not self._is_ours(module):
            return None
        _, *parts = module.split(".")
        if self._file is not None:
            return None if parts else self._file
        for folder in self._folders:
            base = folder.joinpath(*parts)
            if (path := base / "__init__.py").is_file():
                return path
            if parts and (path := base.with_name(f"{base.name}.py")).is_file():
                return path
            for path in sorted(base.parent.glob(f"{base.name}.*")) if parts else ():
                if path.suffix in _COMPILED_FILES:
                    return path
        return None


def _bindings(
    statements: Sequence[ast.stmt], module: str, is_folder: bool
) -> Iterator[tuple[str, _Binding]]:
    """Yield the names that the statements of a module bind."""
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, statement
            case ast.ClassDef(name=name):
                yield name, statement
            case ast.Import():
                for alias in statement.names:
                    top = alias.name.partition(".")[0]
                    yield alias.asname or top, (alias.name if alias.asname else top, "")
            case ast.ImportFrom():
                origin = _origin(statement, module, is_folder)
                for alias in statement.names:
                    yield alias.asname or alias.name, (origin, alias.name)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                for name in _assigned(statement):
                    yield name, statement
            case _:
                for field in ("body", "orelse", "finalbody"):
                    yield from _bindings(getattr(statement, field, ()), module, is_folder)
                for handler in getattr(statement, "handlers", ()):
                    yield from _bindings(handler.body, module, is_folder)


def _assigned(statement: ast.AST) -> Iterator[str]:
    """Yield the names that an assignment binds, and those of tables of which it sets an entry."""
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                yield name
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store()):
                yield name
            case _:
                pass


def _chain(node: ast.Attribute) -> tuple[str, list[str]]:
    """Return the name and the attributes of ``name.first.second``; no name for anything else."""
    attributes = [node.attr]
    value = node.value
    while isinstance(value, ast.Attribute):
        attributes.insert(0, value.attr)
        value = value.value
    return (value.id if isinstance(value, ast.Name) else ""), attributes


def _origin(statement: ast.ImportFrom, module: str, is_folder: bool) -> str:
    """Return the dotted name of the module that a statement imports from."""
    if not statement.level:
        return statement.module or ""
    parts = module.split(".") if is_folder else module.split(".")[:-1]
    kept = parts[: len(parts) - statement.level + 1]
    return ".".join([*kept, *filter(None, [statement.module])])


def _imports_by_name(node: ast.AST) -> bool:
    """Return whether a node imports a module of which only a running program knows the name."""
    return isinstance(node, ast.Call) and (
        (isinstance(node.func, ast.Attribute) and node.func.attr == "import_module")
        or (isinstance(node.func, ast.Name) and node.func.id in ("import_module", "__import__"))
    )


def _children(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Yield the fields of a node that can change a result."""
    for field, value in ast.iter_fields(node):
        if field in _LEFT_OUT or value is None or value == []:
            continue
        if field == "body" and isinstance(value, list) and _is_documented(node):
            yield field, value[1:]
        else:
            yield field, value


def _is_documented(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and ast.get_docstring(node, clean=False) is not None
    )


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all nodes below it that can change a result."""
    yield node
    for _, value in _children(node):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield from _nodes(item)


def _written(node: object) -> Iterator[str]:
    """Yield the pieces of a text that is equal only for equal syntax trees."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for field, value in _children(node):
            yield f" {field}="
            yield from _written(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for item in node:
            yield from _written(item)
        yield "]"
    else:
        yield repr(node)


def _digest(texts: dict[str, str]) -> str:
    if not texts:
        return ""
    text = "\n".join(f"{name} {texts[name]}" for name in sorted(texts))
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
