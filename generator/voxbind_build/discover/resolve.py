"""Follows a name through a library's modules to its definition."""

from __future__ import annotations

import ast
import hashlib
from typing import Literal, NamedTuple

from voxbind_build.discover.constants import (
    NAMED_VALUES,
    Lookup,
    NotConstant,
    Unbound,
    canonical,
    dotted_name,
    evaluate,
)
from voxbind_build.discover.locate import Package
from voxbind_build.discover.module_source import (
    Class,
    Function,
    Import,
    Module,
    Value,
    expression,
    read,
)

__all__ = ["Home", "Resolver"]

# If the literal of a default is longer than this, the name of the constant is used instead.
_LONGEST_LITERAL = 120


class Home(NamedTuple):
    """The place where a name is defined, and the kind of the definition."""

    kind: Literal["function", "class", "value", "module", "foreign", "compiled", "unknown"]
    module: str
    name: str = ""
    binding: Function | Class | Value | None = None

    @property
    def dotted(self) -> str:
        """Dotted name of the definition."""
        return f"{self.module}.{self.name}" if self.name else self.module


def _kind(binding: Function | Class | Value) -> Literal["function", "class", "value"]:
    if isinstance(binding, Function):
        return "function"
    return "class" if isinstance(binding, Class) else "value"


class Resolver:
    """The modules of one package; each is read once, when it is first needed."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.unreadable: list[str] = []
        """Modules whose source can't be parsed."""
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """Return a module of this package; None if it is compiled, foreign or missing."""
        if name in self._modules:
            return self._modules[name]
        # In a cycle of imports, a module that is still being read counts as missing.
        self._modules[name] = None
        if self.is_foreign(name):
            return None
        file = self.package.find(name)
        if file is None or file.is_compiled:
            return None
        try:
            self._modules[name] = read(name, file, self)
        except (SyntaxError, OSError):
            self.unreadable.append(name)
        return self._modules[name]

    def reach(self, name: str) -> str | None:
        """Return the real name of a module, or None if there is no such module.

        After ``from . import _fft as fft``, the real name of ``pyclesperanto.fft`` is
        ``pyclesperanto._fft``.
        """
        module_name, *parts = name.split(".")
        for part in parts:
            if self.package.find(f"{module_name}.{part}") is not None:
                module_name = f"{module_name}.{part}"
                continue
            home = self.home(module_name, part)
            if home.kind != "module":
                return None
            module_name = home.module
        return module_name

    def exists(self, name: str) -> bool:
        """Return whether a module may be importable; every foreign module may be."""
        return self.is_foreign(name) or self.package.find(name) is not None

    def is_foreign(self, module: str) -> bool:
        """Return whether a dotted name is outside the package."""
        return module.partition(".")[0] != self.package.name

    def public_names(self, module: Module) -> tuple[str, ...]:
        """Return ``__all__``, all other public names that are bound, and the submodules."""
        names = {name for name in module.bindings if not name.startswith("_")}
        names.update(module.exports or ())
        if module.is_package:
            names.update(self.package.submodules(module.name))
        return tuple(sorted(names))

    def home(self, module_name: str, name: str) -> Home:
        """Follow a name of a module to its definition.

        Parameters
        ----------
        module_name
            Dotted name of the module.
        name
            A name in this module.
        """
        seen: set[tuple[str, str]] = set()
        while (module_name, name) not in seen:
            seen.add((module_name, name))
            module = self.module(module_name)
            binding = module.bindings.get(name) if module is not None else None
            if isinstance(binding, Import):
                if self.is_foreign(binding.module):
                    return Home("foreign", binding.module, binding.attribute or "")
                if binding.attribute is None:
                    return Home("module", binding.module)
                module_name, name = binding.module, binding.attribute
                continue
            if isinstance(binding, Value) and (target := self._alias(module_name, binding)):
                if target.kind in ("function", "class", "compiled"):
                    return target
                return Home("value", module_name, name, binding)
            if binding is not None:
                return Home(_kind(binding), module_name, name, binding)
            break
        if self.package.find(f"{module_name}.{name}") is not None:
            return Home("module", f"{module_name}.{name}")
        file = self.package.find(module_name)
        if file is not None and (file.is_compiled or module_name in self.unreadable):
            return Home("compiled", module_name, name)
        return Home("unknown", module_name, name)

    def _alias(self, module_name: str, binding: Value) -> Home | None:
        """Resolve ``sum_labels = sum``."""
        node = expression(binding.node) if binding.node is not None else None
        if not isinstance(node, ast.Name):
            return None
        module = self.module(module_name)
        if module is None or module.bindings.get(node.id) in (None, binding):
            return None
        return self.home(module_name, node.id)

    def lookup(self, module: Module, seen: frozenset[tuple[str, str]] = frozenset()) -> Lookup:
        """Return a function that evaluates names as seen from a module."""

        def look_up(node: ast.expr) -> object:
            if isinstance(node, ast.Call):
                return sorted(module.bindings)
            parts = dotted_name(node)
            if parts is None:
                raise NotConstant(ast.unparse(node))
            dotted = self.dotted(module, parts)
            if dotted is not None and dotted in NAMED_VALUES:
                return NAMED_VALUES[dotted]
            return self._value(module, parts, seen)

        return look_up

    def _value(
        self, module: Module, parts: tuple[str, ...], seen: frozenset[tuple[str, str]]
    ) -> object:
        """Evaluate the module-level constant that ``NAME`` or ``module.NAME`` refers to."""
        if (module.name, parts[0]) in seen:
            raise NotConstant(".".join(parts))
        if parts == ("__all__",) and module.exports is not None:
            return list(module.exports)
        home = self._home_from(module, parts)
        if home is None:
            raise Unbound(".".join(parts))
        owner = module if home.module == module.name else self.module(home.module)
        if owner is not None and home.name == "__all__" and owner.exports is not None:
            return list(owner.exports)
        binding = owner.bindings.get(home.name) if owner is not None else None
        if owner is None or not isinstance(binding, Value) or binding.node is None:
            raise NotConstant(".".join(parts))
        node = expression(binding.node)
        if node is None:
            raise NotConstant(".".join(parts))
        return evaluate(node, self.lookup(owner, seen | {(module.name, parts[0])}))

    def _home_from(self, module: Module, parts: tuple[str, ...]) -> Home | None:
        """Follow ``name`` or ``module.name``, even while `module` is still being read."""
        first = module.bindings.get(parts[0])
        if first is None:
            return None
        if not isinstance(first, Import):
            kind: Literal["value", "class"] = "class" if isinstance(first, Class) else "value"
            return Home(kind, module.name, ".".join(parts))
        if self.is_foreign(first.module):
            prefix = (first.attribute,) if first.attribute else ()
            return Home("foreign", first.module, ".".join((*prefix, *parts[1:])))
        if first.attribute is None:
            home = Home("module", first.module)
        else:
            home = self.home(first.module, first.attribute)
        for part in parts[1:]:
            if home.kind == "module":
                is_all = part == "__all__"
                home = Home("value", home.module, part) if is_all else self.home(home.module, part)
            else:
                home = Home(home.kind, home.module, f"{home.name}.{part}")
        return home

    def dotted(self, module: Module, parts: tuple[str, ...]) -> str | None:
        """Return the dotted name of the object that a name refers to in a module, or None."""
        home = self._home_from(module, parts)
        return home.dotted if home is not None and home.kind != "unknown" else None

    def default(self, module: Module, node: ast.expr | None) -> tuple[str, bool]:
        """Return the text of a default, and whether it is a literal."""
        if node is None or isinstance(node, ast.Lambda):
            return ("<lambda>" if node is not None else "<expression>"), False
        parts = dotted_name(node)
        dotted = self.dotted(module, parts) if parts is not None else None
        try:
            value = evaluate(node, self.lookup(module))
            text = canonical(value)
            # The contents of a named list may change before the function is called.
            is_fixed = not isinstance(value, (list, dict, set)) and len(text) <= _LONGEST_LITERAL
            if dotted is None or dotted in NAMED_VALUES or is_fixed:
                return text, True
        except NotConstant:
            pass
        return dotted or f"<{type(node).__name__.lower()}>", False

    def fingerprint(self, module_name: str) -> str:
        """Return the SHA-256 of a module's source, or of its compiled file; empty if not found."""
        module = self.module(module_name)
        if module is not None:
            return module.fingerprint
        file = None if self.is_foreign(module_name) else self.package.find(module_name)
        if file is None or not file.path.is_file():
            return ""
        return hashlib.sha256(file.path.read_bytes()).hexdigest()
