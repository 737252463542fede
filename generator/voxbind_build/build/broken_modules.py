"""Modules of a library that can't be imported: each costs itself, and not the library."""

from __future__ import annotations

from msgspec.structs import replace

from voxbind_build.model import Inventory, Library

__all__ = ["recorded_in_broken", "without_broken"]


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
