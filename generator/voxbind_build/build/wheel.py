"""Writes a wheel of voxbind with regenerated wrappers, to be installed on other machines.

The wheel holds what voxbind's own one holds: the wrappers and their run time, the generator, and
the metadata. Two fields of these differ: the version is a local version that names the libraries,
and the description lists the versions of all libraries.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from msgspec.structs import replace
from packaging.version import Version

from voxbind_build import manifest as frozen
from voxbind_build.build.generated_from import recorded_versions, with_versions
from voxbind_build.build.installed_files import DISTRIBUTION, row, table
from voxbind_build.build.report import BuildError, BuildReport
from voxbind_build.model import LibrarySpec
from voxbind_build.render import templates_dir
from voxbind_build.verify import disk

__all__ = ["build_wheel"]

_GENERATOR = Path(__file__).parents[1]
_METADATA = ("METADATA", "WHEEL", "entry_points.txt", "licenses")
"""What is copied from the metadata of the installed voxbind; installers add other files to it."""
_DATE = (2020, 2, 2, 0, 0, 0)
"""Of each file in a wheel, so that the same files are the same bytes; hatchling writes it too."""
_MODE = 0o100644 << 16


def build_wheel(
    specs: Sequence[LibrarySpec],
    package: Path,
    folder: Path,
    build: Callable[[Path], BuildReport],
    say: Callable[[str], None],
) -> BuildReport:
    """Regenerate the wrappers in a folder of their own and write a wheel of them.

    Parameters
    ----------
    specs
        The libraries that are read anew. The wheel's local version names those that are installed.
    package
        The package to start from: its record holds for all other libraries. It stays as it is.
    folder
        The folder for the wheel. What a build that is killed has measured is kept in it.
    build
        Builds the package in the folder that it is called with.
    say
        Is called with one sentence if another build has to be waited for.

    Raises
    ------
    BuildError
        If voxbind isn't installed here, or none of the libraries is.
    OutputError
        If the folder can't be written, or a disk is full.
    """
    installed = _installed()
    work = folder.resolve() / ".voxbind-wheel"
    out = work / DISTRIBUTION
    with disk.claimed(work, say):
        _copy_record(package, out)
        report = build(out)
        names = _names(specs, report)
        if not names:
            raise BuildError(
                "No wheel was written, since none of the libraries could be read here.\n"
                + "\n".join(report.notes)
            )
        version = _version(installed.version, names)
        wheel = folder / f"{DISTRIBUTION}-{version}-py3-none-any.whl"
        _write(wheel, version, dict(_contents(installed, version, out)))
        shutil.rmtree(work)
    return replace(report, wheel=str(wheel))


def _installed() -> metadata.Distribution:
    """Return the voxbind whose metadata the wheel gets."""
    try:
        installed = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        installed = None
    if installed is None or not installed.files:
        raise BuildError(
            "No wheel can be made, since no voxbind is installed here whose metadata it could "
            "have. Install voxbind with pip and run the same command again."
        )
    return installed


def _copy_record(package: Path, out: Path) -> None:
    """Put what is recorded in a package into a new folder, and none of its modules."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for path in (package / frozen.MANIFEST, *package.glob(frozen.observations_path("*"))):
        if path.is_file():
            target = out / path.relative_to(package)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)


def _names(specs: Sequence[LibrarySpec], report: BuildReport) -> list[str]:
    """Return the libraries that were read, each with its version: ``skimage0.25.2``.

    voxbind's own functions have voxbind's version. They are named only if nothing else was read.
    """
    own = {spec.name: bool(spec.home) for spec in specs}
    rows = [row for row in report.rows if row.source != "record" and row.library in own]
    others = [row for row in rows if not own[row.library]]
    return [
        # A name that ends in a digit would run into the version.
        row.library + "." * row.library[-1:].isdigit() + row.version
        for row in others or rows
    ]


def _version(version: str, names: Sequence[str]) -> Version:
    """Return a version with the local part that names the libraries, normalised by PEP 440."""
    local = re.sub(r"[^a-z0-9]+", ".", ".".join(names).lower()).strip(".")
    return Version(f"{Version(version).public}+{local or 'library'}")


def _contents(
    installed: metadata.Distribution, version: Version, out: Path
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the wheel: the path of each in the archive, and its bytes."""
    manifest = frozen.read(out / frozen.MANIFEST)
    for path in (frozen.MANIFEST, *manifest.files):
        yield f"{DISTRIBUTION}/{path}", (out / path).read_bytes()
    # In a checkout the templates are elsewhere, where hatchling takes them from.
    templates = templates_dir()
    for folder, name in ((_GENERATOR, "voxbind_build"), (templates, "voxbind_build/templates")):
        for file in folder.rglob("*"):
            is_cache = "__pycache__" in file.parts
            is_template = folder == _GENERATOR and file.is_relative_to(_GENERATOR / "templates")
            if file.is_file() and not (is_cache or is_template):
                yield f"{name}/{file.relative_to(folder).as_posix()}", file.read_bytes()
    for listed in installed.files or ():
        if listed.parts[0].endswith(".dist-info") and listed.parts[1] in _METADATA:
            data = Path(str(listed.locate())).read_bytes()
            if listed.name == "METADATA":
                versions = recorded_versions(out / frozen.MANIFEST)
                data = _metadata(data.decode(), version, versions).encode()
            yield "/".join((_dist_info(version), *listed.parts[1:])), data


def _metadata(text: str, version: Version, versions: Mapping[str, str]) -> str:
    """Return the metadata with another version, and with other versions in the description."""
    fields, _, description = text.partition("\n\n")
    fields = re.sub(r"(?m)^Version: .*$", f"Version: {version}", fields, count=1)
    return f"{fields}\n\n{with_versions(description, versions)}"


def _dist_info(version: Version) -> str:
    return f"{DISTRIBUTION}-{version}.dist-info"


def _write(wheel: Path, version: Version, contents: Mapping[str, bytes]) -> None:
    """Write a wheel so that it is never there in part."""
    record = f"{_dist_info(version)}/RECORD"
    rows = [row(path, data) for path, data in sorted(contents.items())]
    files = {**dict(sorted(contents.items())), record: table([*rows, (record, "", "")]).encode()}
    part = wheel.with_name(f".{wheel.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in files.items():
                entry = zipfile.ZipInfo(path, _DATE)
                entry.external_attr = _MODE
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, data)
        part.replace(wheel)
    except OSError as error:
        part.unlink(missing_ok=True)
        error.filename = str(wheel)
        raise
