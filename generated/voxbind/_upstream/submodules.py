"""A library's submodules below the modules of voxbind: ``voxbind.skimage.color.adapt_rgb``.

The modules that users know, such as ``skimage.filters`` and ``skimage.data``, are files of voxbind.
A library has more, in deeper packages and in other versions. An import statement that names one of
them gets the library's own module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._support.package import package_of
from .wrapped_module import library_of, submodule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["import_submodules"]


def import_submodules(replace: Callable[[str, Any], None]) -> None:
    """Let import statements find the submodules of libraries from now on.

    Parameters
    ----------
    replace
        Puts a module of the library in the place of a new module of a given name.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        # First, since Python would load a submodule of the library's own module a second time.
        sys.meta_path.insert(0, _Finder(replace))


class _Finder:
    """Finds modules of a library that voxbind has no file of: a meta path finder."""

    def __init__(self, replace: Callable[[str, Any], None]) -> None:
        self._replace = replace

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        """Return how to import a submodule of a library; None for any other module."""
        parent, _, last = name.rpartition(".")
        package = package_of(parent)
        public = parent[len(package) + 1 :] if package else ""
        if not public or library_of(public, package) is None:
            return None
        is_librarys_own = getattr(sys.modules.get(parent), "__name__", parent) != parent
        if not is_librarys_own and _spec(name, path):
            return None  # voxbind has a file of it
        # As an attribute, a private module is no part of voxbind's module.
        is_attribute = _is_attribute()
        if last[:1] == "_" and is_attribute:
            return None
        if not _is_there(f"{public}.{last}"):
            if not is_attribute and not _is_there(public.partition(".")[0]):
                # This raises the error with the command that installs the library.
                submodule(public, last, package).__library__.module()
            return None
        if _is_wrapped(f"{public}.{last}", package):
            return None  # a file of voxbind that a frozen program lacks: not to be replaced
        from importlib.machinery import ModuleSpec

        # Any: a loader by its methods; the import of its base class would take a millisecond.
        loader: Any = _Loader(submodule(public, last, package), self._replace)
        return ModuleSpec(name, loader, is_package=True)


class _Loader:
    """Puts the library's own module in the place of a new one."""

    def __init__(self, upstream: Any, replace: Callable[[str, Any], None]) -> None:
        self._upstream, self._replace = upstream, replace

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Replace the module."""
        self._replace(module.__name__, self._upstream)


def _is_attribute() -> bool:
    """Whether a statement like ``from package import name`` asks for a module, as for any name."""
    # Documented, and private by its name alone.
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back and frame.f_code.co_name != "_find_and_load":
        frame = frame.f_back
    caller = frame.f_back and frame.f_back.f_back  # of `_call_with_frames_removed`
    return caller is not None and caller.f_code.co_name == "_handle_fromlist"


def _is_wrapped(module: str, package: str) -> bool:
    """Whether a package has wrappers for a module, by the index of all wrappers."""
    from importlib.resources import files

    try:
        index = files(package).joinpath("registry.json").read_text(encoding="utf-8")
    except OSError:
        return False
    return f'"{module}.' in index


def _is_there(module: str) -> bool:
    """Whether a library has a module; neither it nor the packages around it are imported."""
    path: Sequence[str] | None = None
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        spec = _spec(".".join(parts[:length]), path)
        if spec is None:
            return False
        path = spec.submodule_search_locations or ()
    return True


def _spec(module: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Return what the other finders know of a module, which may be installed in any way."""
    for finder in sys.meta_path:
        if not isinstance(finder, _Finder):
            try:
                spec = finder.find_spec(module, path)
            except ModuleNotFoundError:
                return None
            if spec is not None:
                return spec
    return None
