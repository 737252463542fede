"""Freezes the libraries of a build, renders the package, verifies its code and writes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.frozen_library import frozen_library
from voxbind_build.build.installed_files import InstalledFiles
from voxbind_build.build.library_state import LibraryState, twins_last
from voxbind_build.build.progress import Reporter
from voxbind_build.build.rendering import modules
from voxbind_build.build.report import BuildError, Row, broken_promises, recounted, row
from voxbind_build.build.unrenderable import functions_with_problems, left_out
from voxbind_build.manifest import Record
from voxbind_build.model import PACKAGE, Manifest, Observation
from voxbind_build.render import RenderError, runtime, templates_dir
from voxbind_build.verify import Problem, ToolError, disk, verify


class PackageContent(Struct, frozen=True):
    """All libraries of a package: those read in this run, and the others from the record."""

    manifest: Manifest
    observations: dict[str, dict[str, Observation]]
    rows: tuple[Row, ...]


def assemble_package(
    states: Mapping[str, LibraryState], record: Record, package: str = PACKAGE
) -> PackageContent:
    """Classify the libraries that were read, and add those that are only in the record.

    Parameters
    ----------
    states
        The libraries that were read in this run, with their observations.
    record
        The frozen record of all libraries.
    package
        Dotted name of the package that holds the wrappers.
    """
    libraries = dict(record.manifest.libraries)
    observations = dict(record.observations)
    rows = {name: row(name, library) for name, library in libraries.items()}
    for name, state in twins_last(states):
        libraries[name] = frozen_library(state, libraries, package)
        observations[name] = _unshipped(state, record)
        rows[name] = state.row(libraries[name])
    return PackageContent(
        Manifest(libraries=dict(sorted(libraries.items())), package=package),
        observations,
        tuple(rows[name] for name in sorted(rows)),
    )


def _unshipped(state: LibraryState, record: Record) -> dict[str, Observation]:
    """Return a library's observations without those that are in voxbind's own recordings."""
    shipped = record.recordings.get(state.inventory.spec.name, ())
    return {
        definition: observation
        for definition, observation in state.observations.items()
        if all(recording.observations.get(definition) != observation for recording in shipped)
    }


def settled(
    package: PackageContent, out: Path, reporter: Reporter, *, prove: bool = True
) -> tuple[PackageContent, dict[str, str]]:
    """Render a package, without the functions whose wrapper can't be written or proved.

    Parameters
    ----------
    package
        The content to write.
    out
        The package's folder. If its files are identical, the build that wrote them has proved them.
    reporter
        Shows progress.
    prove
        Whether to check the generated code. If False, only what can't be written is left out.

    Returns
    -------
    package : PackageContent
        The content without these functions, which it lists as excluded.
    files : dict of str to str
        The text of each file, by POSIX path relative to the package, sorted.

    Raises
    ------
    BuildError
        If something other than a single function can't be written or proved.
    """
    while True:
        try:
            files = _rendered(package, out)
        except RenderError as error:
            smaller = _without(package, error.functions)
            if smaller is None:
                raise BuildError(f"The wrappers can't be written: {error}") from error
            package = smaller
            continue
        if not prove or not disk.differing(files, out):
            return package, files
        reporter.say("checking the generated code")
        problems = _problems(files, package.manifest.package)
        if not problems:
            return package, files
        smaller = _without(package, functions_with_problems(problems, files, package.manifest))
        if smaller is None:
            shown = "\n".join(f"  {problem}" for problem in problems[:20])
            raise BuildError(
                f"The generated code has {len(problems)} problems. The package is unchanged.\n"
                f"{shown}"
            )
        package = smaller


def _without(package: PackageContent, problems: Mapping[str, str]) -> PackageContent | None:
    """Return a package without some functions; None if none of them may be left out.

    A library that wasn't read in this run was proved by an earlier one, so its record is damaged.
    """
    frozen_only = {row.library for row in package.rows if row.source == "record"}
    libraries = {
        name: library
        if name in frozen_only
        else left_out(library, problems, package.manifest.package)
        for name, library in package.manifest.libraries.items()
    }
    if libraries == package.manifest.libraries:
        return None
    return replace(
        package,
        manifest=replace(package.manifest, libraries=libraries),
        rows=tuple(recounted(row, libraries[row.library]) for row in package.rows),
    )


def _rendered(package: PackageContent, out: Path) -> dict[str, str]:
    texts = modules(package.manifest, templates_dir(), out)
    for name, observations in package.observations.items():
        if not observations:
            continue
        texts[frozen.observations_path(name)] = frozen.encode_observations(observations)
    return frozen.seal(package.manifest, texts)


def _problems(files: Mapping[str, str], package: str) -> tuple[Problem, ...]:
    try:
        own = package == PACKAGE
        return verify(files, package, None if own else runtime(templates_dir()))
    except ToolError as error:
        raise BuildError(
            f"The generated code can't be checked. The package is unchanged. {error}\n"
            "Run: pip install 'voxbind[build]'"
        ) from error


def publish(
    package: PackageContent, out: Path, owned: Collection[str], reporter: Reporter
) -> tuple[PackageContent, disk.Changes]:
    """Verify the code of a package and write its files.

    An installed package's files are listed in its RECORD afterwards.

    Parameters
    ----------
    package
        The content to write.
    out
        The package's folder.
    owned
        Paths of the files that an earlier build wrote, which may be removed.
    reporter
        Shows progress.

    Returns
    -------
    package : PackageContent
        The content that was written: without the functions that can't be.
    changes : disk.Changes
        The files that were written, removed, or left as they were.

    Raises
    ------
    BuildError
        If a declaration contradicts the measurement, or the generated code has errors. The
        package is unchanged.
    OutputError
        If the folder can't be written.
    """
    if contradictions := broken_promises(package.manifest):
        raise BuildError(
            "These declarations contradict the measurement. The package is unchanged.\n"
            + "\n".join(f"  {contradiction}" for contradiction in contradictions)
            + "\nCorrect the decorator or the function. If the measurement called the function "
            "with an unsuitable argument, give the parameter's role in the library's TOML, under "
            "[roles]."
        )
    reporter.say("writing the wrappers")
    package, files = settled(package, out, reporter)
    installed = InstalledFiles.of(out)
    if installed is not None:
        installed.prove_writable()
    changes = disk.write(files, out, owned)
    if installed is not None:
        installed.update(out, files)
    return package, changes
