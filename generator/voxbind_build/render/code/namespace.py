"""The names that one generated module binds, and its imports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["Namespace"]


class Namespace:
    """Gives every import and type alias of a module a name that is free there.

    If a library has a parameter ``type``, say, the generated code binds the built-in ``type`` under
    another name.

    Parameters
    ----------
    taken
        Names that are in use.
    above
        Classes that a package around this module re-exports, see `Node.above`.
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
        self._numpy = ""
        self.aliases: dict[str, str] = {}
        """Name of each type alias, by the text of the type."""
        self.upstreams: dict[str, str] = {}
        """Name of the object that stands for an upstream module, by that module's name."""

    def bind(self, name: str, module: str) -> str:
        """Return the local name of `name` from `module`, and import it if necessary."""
        key = (module, name)
        if key not in self._bound:
            self._bound[key] = self._free(name)
        return self._bound[key]

    def bind_type(self, name: str, module: str) -> str:
        """Return the local name of a class in an annotation.

        A library's class is imported for type checkers only. If a package around this module
        re-exports the class, it is imported from there: a type checker with several workers then
        checks the package and its modules at the same time, rather than the package last and alone.
        """
        if module in _LIGHT or module.startswith("voxbind."):
            return self.bind(name, module)
        if module == "numpy":
            self._numpy = self._numpy or self._free("np")
            return f"{self._numpy}.{name}"
        module, name = self._above.get((module, name), (module, name))
        if (module, name) not in self._bound:
            self._type_only.add((module, name))
        return self.bind(name, module)

    def name_type(self, text: str, parameter: str) -> str:
        """Return the alias of a type: ``_Mode`` for the type of a parameter ``mode``.

        Parameters
        ----------
        text
            The type, as the module writes it.
        parameter
            The parameter after which the alias is named, if the type has none yet.
        """
        if text not in self.aliases:
            words = (word.capitalize() for word in parameter.split("_"))
            self.aliases[text] = self._free(f"_{''.join(words)}")
        return self.aliases[text]

    def hand_on(self, name: str, module: str, public: str) -> None:
        """Import a public name of the module for type checkers."""
        self._handed_on.append((module, name, public))

    def upstream(self, module: str, library: str) -> str:
        """Return the name of the object that stands for an upstream module."""
        if module not in self.upstreams:
            self.upstreams[module] = self._free("_" + library)
        return self.upstreams[module]

    @property
    def imports(self) -> list[str]:
        """The import statements that run."""
        return [
            _statement(module, name, local)
            for (module, name), local in sorted(self._bound.items())
            if (module, name) not in self._type_only and (module != "builtins" or name != local)
        ]

    @property
    def has_types_of_library(self) -> bool:
        """Whether an annotation names a library's own class."""
        return not all(_is_numpys(module) for module, _ in self._type_only)

    @property
    def types(self) -> dict[str, str]:
        """The local names that are imported for type checkers only, each with its place.

        A place is a module, with a colon and the name there if that differs. The name is empty for
        a module itself.
        """
        places = {
            self._bound[module, name]: (module, name) for module, name in sorted(self._type_only)
        }
        if self._numpy:
            places[self._numpy] = ("numpy", "")
        return {
            local: module if local == name else f"{module}:{name}"
            for local, (module, name) in sorted(places.items())
        }

    @property
    def numpy_imports(self) -> list[str]:
        """The import statements of NumPy's types, for type checkers only."""
        module = f"import numpy as {self._numpy}"
        return [module] * bool(self._numpy) + [
            _statement(module, name, self._bound[module, name])
            for module, name in sorted(self._type_only)
            if _is_numpys(module)
        ]

    @property
    def type_imports(self) -> list[str]:
        """The import statements of the library's types, for type checkers only."""
        types = {
            (module, name, self._bound[module, name])
            for module, name in self._type_only
            if not _is_numpys(module)
        }
        public = {(module, name, f"{name} as {local}") for module, name, local in self._handed_on}
        public |= {
            (module, name, name if name == local else f"{name} as {local}")
            for module, name, local in types - {*self._handed_on}
        }
        return [f"from {module} import {clause}" for module, _, clause in sorted(public)]

    def _free(self, name: str) -> str:
        while name in self._taken:
            name = f"_{name}"
        self._taken.add(name)
        return name


_LIGHT = frozenset(("builtins", "collections.abc", "os", "types", "typing"))


def _is_numpys(module: str) -> bool:
    return module.partition(".")[0] == "numpy"


def _statement(module: str, name: str, local: str) -> str:
    return f"from {module} import {name}" + (f" as {local}" if local != name else "")
