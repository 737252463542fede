"""The packages of wrappers: voxbind itself, and those that other projects generate with it."""

from __future__ import annotations

__all__ = ["PACKAGE", "package_of", "packages"]

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
