"""Reads an installed library: its public names and their descriptions.

The result is kept in the ledger, because reading all libraries takes most of the time of a build
that changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from voxbind_build.build.broken_modules import without_broken
from voxbind_build.build.ledger import Entry
from voxbind_build.describe import describe
from voxbind_build.discover import discover, source_places
from voxbind_build.model import Description, Inventory, LibrarySpec

__all__ = ["Reading", "read_library"]


class Reading(NamedTuple):
    """An installed library as it was read."""

    inventory: Inventory
    descriptions: tuple[Description, ...]
    """Of the functions in modules that can be imported."""


def read_library(
    spec: LibrarySpec, search_path: Sequence[Path] | None, *, anew: bool = False
) -> Reading:
    """Discover and describe a library, or return what an earlier build read in the same files.

    Parameters
    ----------
    spec
        The library's specification.
    search_path
        Folders to search for the library; `sys.path` by default.
    anew
        Read the library even if an earlier build has read the same files.

    Raises
    ------
    LibraryNotFound
        If the library's source isn't found.
    """
    inputs = (spec, [str(folder) for folder in search_path or ()])
    entry = Entry(spec.name, inputs, source_places(spec, search_path))
    if not anew and (kept := entry.load(Reading)) is not None:
        return kept._replace(inventory=replace(kept.inventory, spec=spec))
    inventory = discover(spec, search_path, live=not spec.device)
    reading = Reading(inventory, describe(without_broken(inventory)))
    # An import that failed may succeed the next time for reasons that no file shows.
    if spec.device or (inventory.live and not inventory.not_importable):
        shortened = reading._replace(inventory=replace(inventory, imported=()))
        entry.save(shortened, inventory.imported)
    return reading
