"""Module attributes that are imported when they are first used (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..errors import DeviceUnavailableError, LibraryMissingError
from .submodules import import_submodules
from .wrapped_module import handed_on, public_names, unwrapped

__all__ = ["lazy_attributes", "lazy_module", "replace_module"]

_PUBLIC = ("__version__",)
"""The names with an underscore that are handed on."""


def lazy_attributes(
    module: str,
    *,
    submodules: tuple[str, ...] = (),
    upstream: Any = None,
    names: tuple[str, ...] = (),
    not_wrapped: tuple[str, ...] | None = None,
    is_listed: bool = True,
) -> Callable[[str], Any]:
    """Return a module's ``__getattr__``.

    Parameters
    ----------
    module
        Dotted name of the module.
    submodules
        Names that are imported as modules below it.
    upstream
        The library's module.
    names
        Classes and constants of the library's module, which are handed on unchanged.
    not_wrapped
        Other names of the library's module that are known. If not None, these and any other public
        name that the installed library has are handed on as well.
    is_listed
        Whether `names`, `not_wrapped` and the module's functions are all public names that the
        library had when it was wrapped. Without the library, other names don't exist then; if
        False, the error says that the library is missing.
    """
    if not_wrapped is not None:
        import_submodules(replace_module)

    def __getattr__(name: str) -> Any:
        if name in submodules:
            return import_module(f"{module}.{name}")
        if name == "__path__" and not_wrapped is not None:
            return []  # an import of a submodule asks for it: see `import_submodules`
        is_known = name in names or name in (not_wrapped or ())
        try:
            if name in names:
                value = handed_on(upstream, name)
            elif not_wrapped is None or (name[:1] == "_" and name not in _PUBLIC):
                raise AttributeError
            else:
                value = unwrapped(upstream, name)
        except DeviceUnavailableError as error:
            if is_known:
                return _Absent(name, (), {"__module__": module, "__doc__": str(error)})
            if not is_listed and not _is_inspected():
                raise
        except LibraryMissingError:
            if (is_known or not is_listed) and not _is_inspected():
                raise
        except AttributeError:
            pass
        else:
            setattr(sys.modules[module], name, value)
            return value
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return __getattr__


def lazy_module(module: str, upstream: Any) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a module that hands on a module of the library.

    Parameters
    ----------
    module
        Dotted name of the module that hands on.
    upstream
        The library's module.
    """
    attribute = lazy_attributes(module, upstream=upstream, not_wrapped=(), is_listed=False)

    def __getattr__(name: str) -> Any:
        if name != "__all__":
            return attribute(name)
        try:
            return public_names(upstream)
        except (DeviceUnavailableError, LibraryMissingError):
            if _is_inspected():
                raise AttributeError(name) from None
            raise

    def __dir__() -> list[str]:
        try:
            return public_names(upstream)
        except (DeviceUnavailableError, LibraryMissingError):
            return []  # `dir` is also called by editors and `help`, which expect no error

    return __getattr__, __dir__


def replace_module(module: str, upstream: Any) -> None:
    """Put a module of the library into `sys.modules`, in the place of a module of voxbind.

    Without the library's device, the module of voxbind stays, and hands on all names.

    Parameters
    ----------
    module
        Dotted name of the module of voxbind, whose import has begun.
    upstream
        The library's module.

    Raises
    ------
    LibraryMissingError
        If the library isn't installed.
    """
    try:
        sys.modules[module] = upstream.__library__.module()
    except DeviceUnavailableError:
        attributes = lazy_module(module, upstream)
        vars(sys.modules[module]).update(zip(("__getattr__", "__dir__"), attributes, strict=True))


def _is_inspected() -> bool:
    """Whether `help` or `inspect` asks for a name; they ask for all, and stop at other errors."""
    # Documented, and private by its name alone.
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return frame.f_globals.get("__name__") in ("inspect", "pydoc")


class _Absent(type):
    """Metaclass of placeholders for a library's classes and constants without its device.

    A placeholder can be imported and used in `isinstance`. Any other use raises the error.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise DeviceUnavailableError(cls.__doc__)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_") and name != "__array__":  # as `inspect` and `help` ask for
            raise AttributeError(name)
        raise DeviceUnavailableError(cls.__doc__)
