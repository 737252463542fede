"""The names that one generated module binds, and the imports behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["Namespace"]


class Namespace:
    """Gives each thing a module needs a name that nothing else in it has.

    A library may call a parameter ``type`` or a function ``per_slice``; what the
    generated code itself needs then goes by another name.
    """

    def __init__(
        self,
        taken: Iterable[str],
        above: Mapping[tuple[str, str], tuple[str, str]] | None = None,
    ) -> None:
        self._taken = set(taken)
        self._above = above or {}
        self._bound: dict[tuple[str, str], str] = {}
        self._type_only: set[tuple[str, str]] = set()
        self._handed_on: list[tuple[str, str, str]] = []
        self.aliases: dict[str, str] = {}
        """By the text of a type, the name that the module gives it."""
        self.upstreams: dict[str, str] = {}
        """By upstream module, the name of the object that stands for it."""

    def bind(self, name: str, module: str) -> str:
        """Return what `name` of `module` is called here; it will be imported if it must be."""
        key = (module, name)
        if key not in self._bound:
            self._bound[key] = self._free(name)
        return self._bound[key]

    def bind_type(self, name: str, module: str) -> str:
        """Return the same for a name in a type; a library's class is imported for checkers only.

        It comes from the package around this module where that hands it on. A checker with several
        workers then reads both at a time: a package that is read after its modules is read last,
        and alone.
        """
        if module in _LIGHT or module.startswith("voxbind."):
            return self.bind(name, module)
        module, name = self._above.get((module, name), (module, name))
        if (module, name) not in self._bound:
            self._type_only.add((module, name))
        return self.bind(name, module)

    def name_type(self, text: str, parameter: str) -> str:
        """Return the module's own name for a type: ``_Mode`` for that of a parameter ``mode``.

        Parameters
        ----------
        text
            The type, as the module writes it.
        parameter
            The parameter after which the type is named, if it has no name yet.
        """
        if text not in self.aliases:
            words = (word.capitalize() for word in parameter.split("_"))
            self.aliases[text] = self._free(f"_{''.join(words)}")
        return self.aliases[text]

    def hand_on(self, name: str, module: str, public: str) -> None:
        """Bind a public name of the module itself, for checkers."""
        self._handed_on.append((module, name, public))

    def upstream(self, module: str, library: str) -> str:
        """Return the name of the object that stands for an upstream module."""
        if module not in self.upstreams:
            self.upstreams[module] = self._free("_" + library)
        return self.upstreams[module]

    @property
    def imports(self) -> list[str]:
        """The import statements that every use of the module needs."""
        return [
            _statement(module, name, local)
            for (module, name), local in sorted(self._bound.items())
            if (module, name) not in self._type_only and (module != "builtins" or name != local)
        ]

    @property
    def has_types_of_library(self) -> bool:
        """Whether an annotation names a library's own class."""
        return bool(self._type_only)

    @property
    def type_imports(self) -> list[str]:
        """The import statements that checkers alone need."""
        types = {(module, name, self._bound[module, name]) for module, name in self._type_only}
        public = {(module, name, f"{name} as {local}") for module, name, local in self._handed_on}
        public |= {
            (module, name, name if name == local else f"{name} as {local}")
            for module, name, local in types - {*self._handed_on}
        }
        return [f"from {module} import {named}" for module, _, named in sorted(public)]

    def _free(self, name: str) -> str:
        while name in self._taken:
            name = f"_{name}"
        self._taken.add(name)
        return name


_LIGHT = frozenset(("builtins", "collections.abc", "os", "types", "typing"))


def _statement(module: str, name: str, local: str) -> str:
    return f"from {module} import {name}" + (f" as {local}" if local != name else "")
