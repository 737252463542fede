"""An installed patch release of a library whose record is of another one."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from voxbind_build.describe import describe
from voxbind_build.discover import is_patch
from voxbind_build.model import Description, Inventory, Library

__all__ = ["AsRecorded", "as_recorded"]


class AsRecorded(NamedTuple):
    """A library that is read as if the recorded version was installed."""

    inventory: Inventory
    descriptions: tuple[Description, ...]
    note: str


def as_recorded(inventory: Inventory, library: Library | None) -> AsRecorded | None:
    """Return a library as its recorded version, if the sources of all its functions are equal.

    Parameters
    ----------
    inventory
        The installed library.
    library
        What is recorded of it.

    Returns
    -------
    AsRecorded, or None
        None if the installed version is the recorded one, isn't a patch release of it, or if a
        function's source differs.
    """
    if library is None or not is_patch(inventory.version, library.version):
        return None
    recorded_sources = {
        name: function.fingerprint
        for name, function in library.functions.items()
        if function.form == "function"
    }
    recorded = replace(inventory, version=library.version)
    descriptions = describe(recorded)
    if recorded_sources != {
        description.name: description.fingerprint for description in descriptions
    }:
        return None
    note = (
        f"{library.distribution} {inventory.version} is installed. The record of "
        f"{library.version} fits it: the sources of its functions are equal"
    )
    return AsRecorded(recorded, descriptions, note)
