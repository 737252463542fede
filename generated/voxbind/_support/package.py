"""The packages of wrappers: voxbind itself, and those that other projects generate with it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["PACKAGE", "name_of_wrapper", "package_of", "packages"]

PACKAGE = (__package__ or "voxbind").partition(".")[0]
"""The name that voxbind itself goes by, whichever of its modules asks."""
packages: list[str] = [PACKAGE]
"""The packages that were imported: ``voxbind``, ``labwrap.typed``."""


def package_of(module: str) -> str:
    """Return the package of wrappers that a module is in, or is; empty if there is none.

    Parameters
    ----------
    module
        Dotted name of the module.
    """
    for package in packages:
        if module.startswith(package) and module[len(package) : len(package) + 1] in ("", "."):
            return package
    return ""


def name_of_wrapper(function: Callable[..., object]) -> str:
    """Return the dotted name of a wrapper below its package: ``skimage.filters.gaussian``."""
    module = str(getattr(function, "__module__", ""))
    package = package_of(module)
    name = str(getattr(function, "__qualname__", "the function"))
    return f"{module[len(package) + 1 :]}.{name}" if package else name
