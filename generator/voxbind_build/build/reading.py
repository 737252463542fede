"""Reads installed libraries: their public names and the descriptions of their functions.

The result is kept in the ledger, because reading all libraries takes most of the time of a build
that changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from voxbind_build.build.broken_modules import recorded_in_broken, without_broken
from voxbind_build.build.folded_notes import folded
from voxbind_build.build.ledger import Entry
from voxbind_build.build.library_state import LibraryState, own_folder
from voxbind_build.build.patch_release import as_recorded
from voxbind_build.build.progress import Reporter
from voxbind_build.describe import describe
from voxbind_build.discover import LibraryNotFound, discover, has_minor_version, source_places
from voxbind_build.libraries import SpecError, misfits, prepare
from voxbind_build.manifest import Record
from voxbind_build.model import Description, Inventory, LibrarySpec

__all__ = ["Reading", "read", "read_library"]


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


def read(
    specs: Sequence[LibrarySpec],
    record: Record,
    notes: list[str],
    reporter: Reporter,
    *,
    anew: bool = False,
) -> dict[str, LibraryState]:
    """Discover and describe libraries.

    A library that isn't installed, or can't be imported, is left out with a note. A library that
    needs a device is read from its source, and needn't be importable.

    Parameters
    ----------
    specs
        The libraries.
    record
        The frozen record, for the note on a library that is left out.
    notes
        Sentences for the user are added here.
    reporter
        Shows progress.
    anew
        Read each library even if an earlier build has read the same files.

    Returns
    -------
    dict
        The state of each library that could be read, by name.

    Raises
    ------
    SpecError
        If a specification names something that its library doesn't have.
    """
    states = {}
    problems: list[str] = []
    for spec in specs:
        reporter.say(f"reading {spec.distribution}")
        started = time.monotonic()
        # Discovery and the probe start processes that inherit the environment set here.
        prepare(spec)
        try:
            inventory, descriptions = read_library(spec, own_folder(spec), anew=anew)
        except LibraryNotFound as error:
            notes.append(_absent(spec, record, str(error)))
            continue
        if not (inventory.live or spec.device):
            reason = f"{spec.distribution} can't be imported here"
            reason = "; ".join((reason, *folded(inventory.differences)))
            remedy = "`voxbind doctor` says how to fix it" if spec.extra else "fix the import"
            notes.append(_absent(spec, record, f"{reason}. {remedy.capitalize()}"))
            continue
        lost = recorded_in_broken(inventory, record.manifest.libraries.get(spec.name))
        if lost:
            reason = "; ".join((f"{lost} can't be imported here", *folded(inventory.differences)))
            notes.append(_absent(spec, record, f"{reason}. Fix the import"))
            continue
        inventory = without_broken(inventory)
        lines = [problem.line(spec.file or spec.name) for problem in misfits(inventory)]
        if spec.written_for and not has_minor_version(inventory.version, spec.written_for):
            notes += [f"{line} (ignored: the file is for {spec.written_for})" for line in lines]
        else:
            problems += lines
        notes += [f"{spec.name}: {difference}" for difference in inventory.differences]
        if earlier := as_recorded(inventory, record.manifest.libraries.get(spec.name)):
            notes.append(earlier.note)
            inventory, descriptions = earlier.inventory, earlier.descriptions
        states[spec.name] = LibraryState(
            inventory, descriptions, {}, seconds=time.monotonic() - started
        )
    if problems:
        raise SpecError(problems)
    return states


def _absent(spec: LibrarySpec, record: Record, reason: str) -> str:
    """Return a note on a library that can't be read here."""
    recorded = record.manifest.libraries.get(spec.name)
    if recorded is None:
        return f"{spec.name} is left out: {reason}."
    version = f"{recorded.distribution} {recorded.version}"
    return f"{spec.name} keeps its record of {version}: {reason}."
