"""Freezes a library, unless an earlier build has frozen the same one.

Classifying takes most of the time of a build in which nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from voxbind_build.build.ledger import Entry
from voxbind_build.build.library_state import LibraryState
from voxbind_build.model import Library

__all__ = ["frozen_library"]


def frozen_library(state: LibraryState, libraries: Mapping[str, Library], package: str) -> Library:
    """Return a library's entry in the manifest, from the ledger if it was made from the same.

    Parameters
    ----------
    state
        The library, with its observations.
    libraries, package
        See `LibraryState.freeze`.
    """
    spec = state.inventory.spec
    inputs = (
        replace(state.inventory, imported=()),  # which only shows that the reading still holds
        state.descriptions,
        state.observations,
        state.measured_with,
        libraries.get(spec.twin or "") if spec.device else None,
        package,
    )
    entry = Entry(f"{spec.name}-frozen", inputs, [])
    library = entry.load(Library)
    if library is None:
        library = state.freeze(libraries, package)
        entry.save(library)
    return library
