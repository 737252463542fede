"""The libraries that a command is given, and the errors that it expects."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from rich.console import Console

from voxbind_build.build.package_manifest import manifest_of
from voxbind_build.build.report import BuildError
from voxbind_build.cli import stopping
from voxbind_build.cli.places import readable_package
from voxbind_build.common.installed_versions import DamagedMetadataError
from voxbind_build.libraries import SpecError, builtin, installed, load_all
from voxbind_build.manifest import ManifestError, RecordingError
from voxbind_build.model import LibrarySpec, Manifest
from voxbind_build.verify.disk import OutputError


@contextlib.contextmanager
def failures() -> Iterator[None]:
    """Turn expected errors into a message on standard error and an exit code."""
    try:
        with stopping.terminable():
            yield
    except SpecError as error:
        message, code = f"wrong specification: {error}", 2
    except (
        BuildError,
        DamagedMetadataError,
        ManifestError,
        OutputError,
        RecordingError,
    ) as error:
        message, code = f"error: {error}", 1
    except KeyboardInterrupt as stop:
        message = "Stopped. The package is unchanged; run the same command to start again."
        code = stopping.exit_code(stop)
    else:
        return
    Console(stderr=True, soft_wrap=True).print(message, markup=False, highlight=False)
    raise typer.Exit(code)


def requested_manifest(out: Path | None) -> Manifest:
    """Return the manifest of the package that a command names, or else of the default one.

    If there is none, or if it is damaged, the command ends with a message.
    """
    with failures():
        return manifest_of(readable_package(out))


def prepare_package(
    package: str, out: Path | None, libraries: Sequence[str] | None, wheel: Path | None
) -> None:
    """Check the options that another project's package needs, and add its modules to `sys.path`.

    Parameters
    ----------
    package, out, libraries, wheel
        The options of ``voxbind build``.

    Raises
    ------
    SpecError
        If the folder isn't one from which the package can be imported.
    """
    if out is None or not libraries or wheel is not None:
        raise typer.BadParameter(
            "--package needs the folder of the package (--out) and its libraries (--library), and "
            "excludes --wheel",
            param_hint="--package",
        )
    from voxbind_build.build.own_package import with_search_path

    with_search_path(package, out)


def requested_specs(requested: Sequence[str] | None) -> list[LibrarySpec]:
    """Return the libraries that ``--library`` names, or else all that are known.

    These come with voxbind, or with an installed package that announces one. If such a package has
    a wrong specification, a warning names it, and it is left out.

    Parameters
    ----------
    requested
        Names, or paths of TOML files. The folder of such a file is added to `sys.path`.

    Raises
    ------
    SpecError
        If a specification is wrong, or a library is given twice.
    """
    from voxbind_build.build.admission import known_roles

    roles = known_roles()
    if not requested:
        announced, wrong = installed(roles)
        for line in wrong:
            Console(stderr=True, soft_wrap=True).print(
                f"warning: {line}", markup=False, highlight=False
            )
        return [*builtin(roles), *announced]
    return load_all(requested, roles)
