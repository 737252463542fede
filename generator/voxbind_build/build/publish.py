"""From what was read and observed to the package on disk: frozen, rendered, proved, written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct

from voxbind_build import manifest as frozen
from voxbind_build.build.installed_files import InstalledFiles
from voxbind_build.build.library_state import LibraryState, twins_last
from voxbind_build.build.progress import Reporter
from voxbind_build.build.report import BuildError, Row, broken_promises, row
from voxbind_build.manifest import Record
from voxbind_build.model import Manifest, Observation
from voxbind_build.render import RenderError, render, templates_dir
from voxbind_build.verify import ToolError, disk, verify


class PackageContent(Struct, frozen=True):
    """All libraries of a package: those that were read, and the others as they were recorded."""

    manifest: Manifest
    observations: dict[str, dict[str, Observation]]
    rows: tuple[Row, ...]


def assemble_package(states: Mapping[str, LibraryState], record: Record) -> PackageContent:
    """Judge what was read, and put it in the place of what was recorded."""
    libraries = dict(record.manifest.libraries)
    observations = dict(record.observations)
    rows = {name: row(name, library) for name, library in libraries.items()}
    for name, state in twins_last(states):
        libraries[name] = state.freeze(libraries)
        observations[name] = _unshipped(state, record)
        rows[name] = state.row(libraries[name])
    return PackageContent(
        Manifest(libraries=dict(sorted(libraries.items()))),
        observations,
        tuple(rows[name] for name in sorted(rows)),
    )


def _unshipped(state: LibraryState, record: Record) -> dict[str, Observation]:
    """Return a library's observations but for those that voxbind's own recordings hold."""
    shipped = record.recordings.get(state.inventory.spec.name, ())
    return {
        definition: observation
        for definition, observation in state.observations.items()
        if all(each.observations.get(definition) != observation for each in shipped)
    }


def rendered(package: PackageContent) -> dict[str, str]:
    """Return the text of each file of a package, by POSIX path below it, sorted.

    Raises
    ------
    BuildError
        If something in the manifest can't be written as code.
    """
    try:
        texts = dict(render(package.manifest, templates_dir()))
    except RenderError as error:
        raise BuildError(f"The wrappers can't be written: {error}") from error
    for name, observed in package.observations.items():
        if not observed:
            continue
        texts[frozen.observations_path(name)] = frozen.encode_observations(observed)
    return frozen.seal(package.manifest, texts)


def publish(
    package: PackageContent, out: Path, owned: Collection[str], reporter: Reporter
) -> disk.Changes:
    """Write a package, if its code holds; if it is an installed one, list its files in RECORD.

    Parameters
    ----------
    package
        What to write.
    out
        The package's folder.
    owned
        Files that an earlier build wrote.
    reporter
        Is told how it goes.

    Raises
    ------
    BuildError
        If the generated code doesn't hold; the package is as it was.
    OutputError
        If the folder can't be written.
    """
    if broken := broken_promises(package.manifest):
        raise BuildError(
            "What authors declare doesn't hold; the package is as it was.\n"
            + "\n".join(f"  {promise}" for promise in broken)
            + "\nCorrect the decorator or the function. Where a parameter was given what it isn't "
            "for, say in the library's TOML what it is, under [roles]."
        )
    reporter.say("writing the wrappers")
    files = rendered(package)
    # What is on disk byte for byte was proved by the build that wrote it.
    if disk.differing(files, out):
        reporter.say("checking the generated code")
        try:
            problems = verify(files)
        except ToolError as error:
            raise BuildError(
                f"The generated code can't be checked; the package is as it was. {error}\n"
                "Run: pip install 'voxbind[build]'"
            ) from error
        if problems:
            shown = "\n".join(f"  {problem}" for problem in problems[:20])
            raise BuildError(
                f"The generated code has {len(problems)} problems; the package is as it was.\n"
                f"{shown}"
            )
    installed = InstalledFiles.of(out)
    if installed is not None:
        installed.prove_writable()
    changes = disk.write(files, out, owned)
    if installed is not None:
        installed.update(out, files)
    return changes
