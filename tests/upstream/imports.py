"""Wrappers in place of a library's functions, for test modules alone.

What a test module imports from the library comes as a view in which each wrapped function
is replaced; the library's own modules import as ever. So neither the tests' text nor the
library changes, and parametrized lists and imports within functions are covered too.
"""

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

MARK = "__sees_wrappers__"
"""Among the globals of code that isn't in a file of the tests: an example's."""


class Imports:
    """What test modules get for the library's modules and functions.

    Parameters
    ----------
    root
        Dotted name of the library: ``scipy.ndimage``.
    tests
        The folder of its tests.
    replacements
        Pairs of a function and what the tests get for it.
    """

    def __init__(
        self,
        root: str,
        tests: Path,
        replacements: list[tuple[Callable[..., Any], Callable[..., Any]]],
    ) -> None:
        self._root = root
        self._tests = str(tests)
        self._views: dict[ModuleType, View] = {}
        # By identity, since a function has several names: skimage.filters.gaussian is also
        # skimage.filters._gaussian.gaussian. The pair keeps the id from being used again.
        self._replacements = {id(pair[0]): pair for pair in replacements}

    def install(self) -> None:
        """Let import statements of the tests give replacements."""
        original = builtins.__import__

        def for_tests(
            name: str,
            globals: dict[str, Any] | None = None,
            locals: dict[str, Any] | None = None,
            fromlist: tuple[str, ...] = (),
            level: int = 0,
        ) -> Any:
            module = original(name, globals, locals, fromlist, level)
            return self.see(module) if self._are_tests(globals or {}) else module

        builtins.__import__ = for_tests  # type: ignore[assignment]  # a module may be a view

    def _are_tests(self, globals: dict[str, Any]) -> bool:
        return MARK in globals or str(globals.get("__file__")).startswith(self._tests)

    def see(self, value: Any) -> Any:
        """Return what tests get for a value."""
        if isinstance(value, ModuleType):
            name = value.__name__
            # `import scipy` leads to scipy.ndimage, and skimage.measure to its inner modules.
            if not f"{name}.".startswith(f"{self._root}.") and not self._root.startswith(
                f"{name}."
            ):
                return value
            if value not in self._views:
                self._views[value] = View(value, self)
            return self._views[value]
        return self._replacements.get(id(value), (value, value))[1]


class View(ModuleType):
    """A module of the library as its tests see it."""

    def __init__(self, module: ModuleType, imports: Imports) -> None:
        object.__setattr__(self, "_module", module)
        object.__setattr__(self, "_imports", imports)

    def __getattribute__(self, name: str) -> Any:
        own = object.__getattribute__
        return own(self, "_imports").see(getattr(own(self, "_module"), name))

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(object.__getattribute__(self, "_module"), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(object.__getattribute__(self, "_module"), name)

    def __dir__(self) -> list[str]:
        return dir(object.__getattribute__(self, "_module"))


def loaded(name: str) -> ModuleType:
    """Import a module by its dotted name."""
    __import__(name)
    return sys.modules[name]
