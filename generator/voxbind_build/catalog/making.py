"""Makes the catalogue of a package: the pictures, the pages, and the folder on disk."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.package_manifest import manifest_of
from voxbind_build.build.progress import Reporter
from voxbind_build.build.report import BuildError
from voxbind_build.catalog.basis import Observations
from voxbind_build.catalog.pictures.call import Picture, PictureTask
from voxbind_build.catalog.pictures.studio import pictures
from voxbind_build.catalog.pictures.tasks import picture_tasks, reason_without_picture
from voxbind_build.catalog.site import LIST_OF_FILES, render_site
from voxbind_build.libraries.environment import prepare
from voxbind_build.model import LibrarySpec, Manifest
from voxbind_build.render import templates_dir
from voxbind_build.verify import disk

__all__ = ["CatalogReport", "make_catalog"]


class CatalogReport(Struct, frozen=True, kw_only=True):
    """What a catalogue holds."""

    start: str
    """Path of the page to open."""
    functions: int
    pictures: int
    """Number of functions with a picture of their result."""
    sentences: int
    """Number of functions whose result is no picture, or that failed."""
    size: int
    """Bytes of all files."""


def make_catalog(
    package: Traversable,
    out: Path,
    specs: Sequence[LibrarySpec],
    *,
    only: Sequence[str],
    with_pictures: bool,
    jobs: int | None,
    reporter: Reporter,
) -> CatalogReport:
    """Write the catalogue of a package to a folder, in place of an earlier one.

    Parameters
    ----------
    package
        The package's folder.
    out
        The catalogue's folder, which needn't exist.
    specs
        The specifications of its libraries.
    only
        The libraries to list; all if empty.
    with_pictures
        Whether pictures are made.
    jobs
        Number of processes that make pictures.
    reporter
        Receives the progress.

    Raises
    ------
    BuildError
        If the package has no manifest, or the folder has files that aren't of a catalogue.
    ManifestError
        If the manifest is of a newer voxbind, or was changed by hand.
    OutputError
        If the folder can't be written.
    """
    manifest = manifest_of(package)
    observations, problems = frozen.committed_observations(package, manifest)
    for problem in problems:
        reporter.say(problem)
    manifest = _restricted(manifest, only)
    with disk.claimed(out, reporter.say, product=disk.CATALOGUE):
        owned = _owned(out)
        if foreign := disk.foreign(out, owned):
            raise BuildError(
                f"{out} has files that aren't of a catalogue: {', '.join(foreign[:3])}. Choose "
                "another folder, or move them elsewhere."
            )
        made: dict[str, Picture] = {}
        reasons = dict.fromkeys(manifest.libraries, "The catalogue was made without pictures.")
        if with_pictures:
            if isinstance(package, Path):
                _find_wrappers(package, manifest.package)
            for spec in specs:
                prepare(spec)  # the processes that make pictures inherit the environment
            reasons = _reasons(manifest, observations, specs)
            for name, reason in reasons.items():
                reporter.say(f"{name}: no pictures. {reason}")
            made = _pictures(picture_tasks(manifest, observations, specs), jobs, reporter)
        reporter.say("writing the pages")
        files = render_site(manifest, observations, made, reasons, templates_dir() / "catalog")
        disk.write(files, out, owned, disk.CATALOGUE)
    shown = sum(any(panel.picture for panel in picture.results) for picture in made.values())
    return CatalogReport(
        start=str(out / "index.html"),
        functions=sum(len(library.functions) for library in manifest.libraries.values()),
        pictures=shown,
        sentences=len(made) - shown,
        size=sum(len(content) for content in files.values()),
    )


def _reasons(
    manifest: Manifest, observations: Observations, specs: Sequence[LibrarySpec]
) -> dict[str, str]:
    """Return why a library's functions have no pictures, for each library that has none."""
    known = {spec.name for spec in specs}
    reasons: dict[str, str] = {}
    for name, library in manifest.libraries.items():
        reason = reason_without_picture(library, is_known=name in known)
        if not reason and name not in observations:
            reason = "Its file of observations can't be read, so that no call of it is known."
        if reason:
            reasons[name] = reason
    return reasons


def _pictures(
    tasks: dict[str, PictureTask], jobs: int | None, reporter: Reporter
) -> dict[str, Picture]:
    libraries = {name: task.function.public.partition(".")[0] for name, task in tasks.items()}
    begun = time.monotonic()
    done = 0

    def seconds_left() -> float:
        return (time.monotonic() - begun) / max(done, 1) * (len(tasks) - done)

    def advance(name: str) -> None:
        nonlocal done
        done += 1
        reporter.advance(libraries[name])

    ahead = sorted({task.function.wrapper.rpartition(".")[0] for task in tasks.values()})
    reporter.start(Counter(libraries.values()), seconds_left)
    try:
        return pictures(tasks, ahead, advance, jobs)
    finally:
        reporter.finish()


def _restricted(manifest: Manifest, only: Sequence[str]) -> Manifest:
    if not only:
        return manifest
    if missing := sorted({*only} - {*manifest.libraries}):
        raise BuildError(
            f"The package has no library {' or '.join(missing)}; its libraries are "
            f"{', '.join(manifest.libraries)}."
        )
    libraries = {name: entry for name, entry in manifest.libraries.items() if name in only}
    return replace(manifest, libraries=libraries)


def _owned(out: Path) -> list[str]:
    """Return the files that an earlier catalogue wrote; none if there is no readable list."""
    try:
        listed = json.loads(out.joinpath(LIST_OF_FILES).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [path for path in listed if isinstance(path, str)] if isinstance(listed, list) else []


def _find_wrappers(package: Path, dotted: str) -> None:
    """Let processes import the package that the catalogue is of, not another one of its name."""
    folder = str(package.resolve().parents[dotted.count(".")])
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
