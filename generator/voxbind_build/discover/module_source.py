"""Reads the names that the top level of a module binds, using libcst."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import libcst as cst

from voxbind_build.discover.constants import Lookup, NotConstant, dotted_name, evaluate
from voxbind_build.discover.locate import PackageFile

__all__ = ["Binding", "Class", "Function", "Import", "Module", "Value", "expression", "read"]


@dataclass(frozen=True)
class Import:
    """An imported name: another module, or a name that another module defines."""

    module: str
    attribute: str | None = None
    by_star: bool = False


@dataclass(frozen=True)
class Function:
    """A function's definition."""

    node: cst.FunctionDef


@dataclass(frozen=True)
class Class:
    """A class's definition."""

    node: cst.ClassDef


@dataclass(frozen=True)
class Value:
    """An assignment; the node is None if the value comes from a loop or from unpacking."""

    node: cst.BaseExpression | None = None


Binding = Import | Function | Class | Value


@dataclass
class Module:
    """One module's source, with the names that its top level binds, in order of last binding."""

    name: str
    is_package: bool
    code: bytes
    bindings: dict[str, Binding] = field(default_factory=dict)
    exports: tuple[str, ...] | None = None
    """``__all__``; None if there is none, or it can't be evaluated."""
    docs: dict[str, cst.BaseExpression] = field(default_factory=dict)
    """Docstrings that are assigned to functions, ``mean.__doc__ = ...``, by function."""
    exports_whole: bool = True
    """Whether every statement that changes ``__all__`` could be evaluated."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the source."""
        return hashlib.sha256(self.code).hexdigest()

    @property
    def public(self) -> tuple[str, ...]:
        """The names that ``from module import *`` binds."""
        if self.exports is not None:
            return self.exports
        return tuple(name for name in self.bindings if not name.startswith("_"))

    def imports_for_itself(self, name: str) -> bool:
        """Return whether a name that isn't in ``__all__`` is imported only for use in this module.

        The imports of a package, and star imports, are meant for its users.
        """
        binding = self.bindings.get(name)
        if self.is_package or not isinstance(binding, Import):
            return False
        return binding.attribute is not None and not binding.by_star

    def absolute(self, level: int, module: str) -> str:
        """Return the absolute name of the module in ``from ..module import``.

        Parameters
        ----------
        level
            Number of leading dots.
        module
            The name after the dots; may be empty.
        """
        if not level:
            return module
        parts = self.name.split(".")
        parts = parts[: len(parts) - level + self.is_package]
        return ".".join([*parts, module] if module else parts)


class Library(Protocol):
    """The other modules of a library, which are needed to read a module."""

    def module(self, name: str) -> Module | None:
        """Return a module that has source."""

    def exists(self, name: str) -> bool:
        """Return whether a module may be importable."""

    def lookup(self, module: Module) -> Lookup:
        """Return a function that evaluates names as seen from a module."""


def read(name: str, file: PackageFile, library: Library) -> Module:
    """Read a module.

    If the module loads names lazily and has a stub, the stub is read as a part of the module.

    Parameters
    ----------
    name
        Dotted name of the module.
    file
        The module's file.
    library
        The other modules of the library.

    Raises
    ------
    SyntaxError
        If libcst can't parse the file.
    """
    code = file.path.read_bytes() if file.path.is_file() else b""
    module = Module(name, file.is_package, code)
    reader = _Reader(module, library)
    reader.run(code)
    stub = file.path.with_suffix(".pyi")
    if "__getattr__" in module.bindings and stub.is_file():
        # PEP 562: names are created on first use, and the stub lists them.
        exports = module.exports
        module.code += stub.read_bytes()
        reader.run(stub.read_bytes())
        module.exports = exports if exports is not None else module.exports
    return module


class _Reader:
    """Visits the statements that run when the module is imported."""

    def __init__(self, module: Module, library: Library) -> None:
        self.module = module
        self.library = library
        self.lookup = library.lookup(module)
        self.for_checkers: list[cst.If] = []

    def run(self, code: bytes) -> None:
        try:
            tree = cst.parse_module(code)
        except (cst.ParserSyntaxError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise SyntaxError(f"{self.module.name}: {type(error).__name__}") from error
        self.block(tree.body)
        if "__getattr__" in self.module.bindings:
            # PEP 562: a block for type checkers lists the names that are created on first use.
            for statement in self.for_checkers:
                self.block(statement.body.body)

    def block(self, statements: Iterable[cst.BaseStatement | cst.BaseSmallStatement]) -> None:
        for statement in statements:
            match statement:
                case cst.FunctionDef():
                    self.bind(statement.name.value, Function(statement))
                case cst.ClassDef():
                    self.bind(statement.name.value, Class(statement))
                case cst.SimpleStatementLine(body=body):
                    for small in body:
                        self.small(small)
                case cst.If() | cst.Try() | cst.TryStar() | cst.For() | cst.While() | cst.With():
                    self.compound(statement)
                case cst.BaseSmallStatement():  # `if a: b = 1` in one line
                    self.small(statement)
                case _:
                    pass

    def compound(
        self, statement: cst.If | cst.Try | cst.TryStar | cst.For | cst.While | cst.With
    ) -> None:
        """Visit fallbacks first, so that the bindings of the preferred branch replace theirs."""
        if isinstance(statement, (cst.Try, cst.TryStar)):
            for handler in statement.handlers:
                self.block(handler.body.body)
        if not isinstance(statement, cst.With) and statement.orelse is not None:
            if isinstance(statement.orelse, cst.If):
                self.compound(statement.orelse)
            else:
                self.block(statement.orelse.body.body)
        if isinstance(statement, cst.For):
            self.assign(statement.target, None)
        if isinstance(statement, cst.With):
            for item in statement.items:
                if item.asname is not None:
                    self.assign(item.asname.name, None)
        if isinstance(statement, cst.If) and _dotted(statement.test).endswith("TYPE_CHECKING"):
            self.for_checkers.append(statement)
            return
        self.block(statement.body.body)
        if isinstance(statement, (cst.Try, cst.TryStar)) and statement.finalbody is not None:
            self.block(statement.finalbody.body.body)

    def small(self, statement: cst.BaseSmallStatement) -> None:
        match statement:
            case cst.Import(names=names):
                for alias in names:
                    dotted = _dotted(alias.name)
                    if alias.asname is not None:
                        self.bind(_dotted(alias.asname.name), Import(dotted))
                    else:
                        top = dotted.partition(".")[0]
                        self.bind(top, Import(top))
            case cst.ImportFrom():
                self.import_from(statement)
            case cst.Assign(targets=targets, value=value):
                for target in targets:
                    self.assign(target.target, value)
            case cst.AnnAssign(target=target, value=cst.BaseExpression() as value):
                self.assign(target, value)
            case cst.AugAssign(target=cst.Name("__all__"), value=value):
                self.extend_all("extend", value)
            case cst.Expr(
                cst.Call(func=cst.Attribute(cst.Name("__all__"), method), args=[argument])
            ):
                self.extend_all(method.value, argument.value)
            case cst.Del(target=target):
                for name in _target_names(target):
                    self.module.bindings.pop(name, None)
            case _:
                pass

    def import_from(self, statement: cst.ImportFrom) -> None:
        relative = _dotted(statement.module) if statement.module is not None else ""
        if relative == "__future__" and not statement.relative:
            return  # an instruction to the compiler: what it binds is no name of the module
        source = self.module.absolute(len(statement.relative), relative)
        if isinstance(statement.names, cst.ImportStar):
            target = self.library.module(source)
            for name in target.public if target is not None else ():
                self.bind(name, Import(source, name, by_star=True))
            return
        for alias in statement.names:
            name = _dotted(alias.name)
            bound = _dotted(alias.asname.name) if alias.asname is not None else name
            if bound in self.module.bindings and not self.library.exists(source):
                continue  # this import of an optional module fails, so its fallback stays bound
            if bound == "__all__" and (target := self.library.module(source)) is not None:
                self.module.exports = target.exports
                self.module.exports_whole = target.exports_whole
            self.bind(bound, Import(source, name))

    def assign(self, target: cst.BaseExpression, value: cst.BaseExpression | None) -> None:
        if isinstance(target, cst.Name):
            if target.value == "__all__" and value is not None:
                self.module.exports = self.strings(value)
                self.module.exports_whole = self.module.exports is not None
            self.bind(target.value, Value(value))
            return
        if value is not None and _dotted(target).endswith(".__doc__"):
            self.module.docs[_dotted(target).removesuffix(".__doc__")] = value
            return
        for name in _target_names(target):
            self.bind(name, Value())
        if isinstance(value, cst.Call):
            self.attach(value)

    def attach(self, call: cst.Call) -> None:
        """Read ``lazy_loader.attach(__name__, submodules, submod_attrs)``."""
        node = expression(call)
        if not isinstance(node, ast.Call) or (dotted_name(node.func) or ("",))[-1] != "attach":
            return
        arguments = dict(zip(("submodules", "submod_attrs"), node.args[1:], strict=False))
        arguments |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        try:
            values = {name: evaluate(value, self.lookup) for name, value in arguments.items()}
        except NotConstant:
            return
        if isinstance(submodules := values.get("submodules"), (list, tuple, set)):
            for name in sorted(map(str, submodules)):
                self.bind(name, Import(self.module.name, name))
        if isinstance(attributes := values.get("submod_attrs"), dict):
            for submodule, names in attributes.items():
                for name in names:
                    self.bind(name, Import(f"{self.module.name}.{submodule}", name))

    def extend_all(self, method: str, value: cst.BaseExpression) -> None:
        names = self.strings(value, single=method in ("append", "remove"))
        before = self.module.exports or ()
        if names is None or method not in ("append", "extend", "remove"):
            self.module.exports_whole = False
        elif method == "remove":
            self.module.exports = tuple(name for name in before if name not in names)
        else:
            self.module.exports = before + names

    def strings(self, value: cst.BaseExpression, *, single: bool = False) -> tuple[str, ...] | None:
        node = expression(value)
        if node is None:
            return None
        try:
            items = evaluate(node, self.lookup)
        except NotConstant:
            return None
        if single:
            return (items,) if isinstance(items, str) else None
        if not isinstance(items, (list, tuple, set, frozenset)):
            return None
        names = sorted(items) if isinstance(items, (set, frozenset)) else items
        return tuple(name for name in names if isinstance(name, str))

    def bind(self, name: str, binding: Binding) -> None:
        self.module.bindings.pop(name, None)
        self.module.bindings[name] = binding


_EMPTY = cst.Module([])


def expression(node: cst.BaseExpression) -> ast.expr | None:
    """Convert an expression of libcst to one of `ast`; None if that fails."""
    try:
        # The parentheses allow an expression that spans several lines.
        return ast.parse(f"({_EMPTY.code_for_node(node)}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _target_names(target: cst.BaseExpression) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, cst.StarredElement):
        yield from _target_names(target.value)
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _target_names(element.value)
