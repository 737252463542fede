"""Freezes the libraries of a build, renders the package, verifies its code and writes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from voxbind_build import manifest as frozen
from voxbind_build.build.installed_files import InstalledFiles
from voxbind_build.build.ledger import Entry
from voxbind_build.build.library_state import LibraryState, twins_last
from voxbind_build.build.progress import Reporter
from voxbind_build.build.report import BuildError, Row, broken_promises, row
from voxbind_build.manifest import Record
from voxbind_build.model import Manifest, Observation
from voxbind_build.render import RenderError, render, templates_dir
from voxbind_build.verify import ToolError, disk, verify


class PackageContent(Struct, frozen=True):
    """All libraries of a package: those read in this run, and the others from the record."""

    manifest: Manifest
    observations: dict[str, dict[str, Observation]]
    rows: tuple[Row, ...]


def assemble_package(states: Mapping[str, LibraryState], record: Record) -> PackageContent:
    """Classify the libraries that were read, and add those that are only in the record.

    Parameters
    ----------
    states
        The libraries that were read in this run, with their observations.
    record
        The frozen record of all libraries.
    """
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
    """Return a library's observations without those that are in voxbind's own recordings."""
    shipped = record.recordings.get(state.inventory.spec.name, ())
    return {
        definition: observation
        for definition, observation in state.observations.items()
        if all(recording.observations.get(definition) != observation for recording in shipped)
    }


def rendered(package: PackageContent, out: Path, *, anew: bool = False) -> dict[str, str]:
    """Return the text of each file of a package, by POSIX path relative to it, sorted.

    Parameters
    ----------
    package
        The content to render.
    out
        The package's folder. If an earlier build rendered the same content, and its files are
        still there, they are read instead of rendered again.
    anew
        Render the content in any case.

    Raises
    ------
    BuildError
        If something in the manifest can't be written as code.
    """
    libraries = frozen.sha256(msgspec.json.encode(package.manifest.libraries, order="sorted"))
    entry = Entry("package", libraries, [templates_dir()])
    texts = None if anew else _with_digests(out, entry.load(dict[str, str]) or {})
    if not texts:
        try:
            texts = render(package.manifest, templates_dir())
        except RenderError as error:
            raise BuildError(f"The wrappers can't be written: {error}") from error
        entry.save({path: frozen.sha256(text) for path, text in texts.items()})
    for name, observations in package.observations.items():
        if not observations:
            continue
        texts[frozen.observations_path(name)] = frozen.encode_observations(observations)
    return frozen.seal(package.manifest, texts)


def _with_digests(out: Path, digests: Mapping[str, str]) -> dict[str, str] | None:
    """Return the texts of files, or None if one of them doesn't have the given digest."""
    texts = {}
    for path, digest in digests.items():
        try:
            content = (out / path).read_bytes()
        except OSError:
            return None
        if frozen.sha256(content) != digest:
            return None
        texts[path] = content.decode("utf-8")
    return texts


def publish(
    package: PackageContent,
    out: Path,
    owned: Collection[str],
    reporter: Reporter,
    *,
    anew: bool = False,
) -> disk.Changes:
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
    anew
        Render the content even if an earlier build has rendered the same.

    Returns
    -------
    disk.Changes
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
    files = rendered(package, out, anew=anew)
    # If the files on disk are identical, the build that wrote them has verified them.
    if disk.differing(files, out):
        reporter.say("checking the generated code")
        try:
            problems = verify(files)
        except ToolError as error:
            raise BuildError(
                f"The generated code can't be checked. The package is unchanged. {error}\n"
                "Run: pip install 'voxbind[build]'"
            ) from error
        if problems:
            shown = "\n".join(f"  {problem}" for problem in problems[:20])
            raise BuildError(
                f"The generated code has {len(problems)} problems. The package is unchanged.\n"
                f"{shown}"
            )
    installed = InstalledFiles.of(out)
    if installed is not None:
        installed.prove_writable()
    changes = disk.write(files, out, owned)
    if installed is not None:
        installed.update(out, files)
    return changes
