"""Modules of a library that can't be imported: each costs itself, and not the library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from voxbind_build.common.wording import enumerated
from voxbind_build.model import Inventory, Library

__all__ = ["import_errors", "recorded_in_broken", "without_broken"]

_EXAMPLES = 3
"""Of more modules with one error, as many are named."""
_MISSING = re.compile(r"ModuleNotFoundError: No module named '(\w+)'")


def import_errors(broken: Mapping[str, str]) -> Iterator[str]:
    """Yield a phrase for each error of an import, with its modules, and the package it lacks.

    Parameters
    ----------
    broken
        By module, the error of its import.
    """
    modules_by_error: dict[str, list[str]] = {}
    for module, error in broken.items():
        modules_by_error.setdefault(error, []).append(module)
    for error, modules in modules_by_error.items():
        start = f"{modules[0]} can't be imported"
        if len(modules) > 1:
            examples = "" if len(modules) <= _EXAMPLES else "for example "
            named = enumerated(modules[:_EXAMPLES])
            start = f"{len(modules)} modules ({examples}{named}) can't be imported"
        missing = _MISSING.match(error)
        # The library's own module may be the one that is missing.
        is_own = missing is not None and modules[0].partition(".")[0] == missing[1]
        lacking = f" (the package {missing[1]} isn't installed)" if missing and not is_own else ""
        yield f"{start}: {error}{lacking}"


def recorded_in_broken(inventory: Inventory, recorded: Library | None) -> str:
    """Return the first module that can't be imported and has a recorded function; empty if none.

    An import can fail because of the environment, which is no reason to remove wrappers.

    Parameters
    ----------
    inventory
        The library, as it was read and imported here.
    recorded
        Its entry in the frozen manifest, if it has one.
    """
    if recorded is None or inventory.spec.device:
        return ""
    modules = {name.rpartition(".")[0] for name in recorded.functions}
    return next((module for module in inventory.not_importable if module in modules), "")


def without_broken(inventory: Inventory) -> Inventory:
    """Return an inventory without the modules that can't be imported.

    The source of a library that needs a device is read without importing it, so all modules stay.
    """
    broken = inventory.not_importable
    if not broken or inventory.spec.device:
        return inventory
    spec = inventory.spec
    return replace(
        inventory,
        spec=replace(spec, modules=tuple(name for name in spec.modules if name not in broken)),
        names=tuple(name for name in inventory.names if name.module not in broken),
    )
