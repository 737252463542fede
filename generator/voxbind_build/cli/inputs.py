"""The libraries that a command is given, and the errors that it expects."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from rich.console import Console

from voxbind_build.build.report import BuildError
from voxbind_build.cli import stopping
from voxbind_build.libraries import SpecError, builtin, installed, load
from voxbind_build.manifest import ManifestError, RecordingError
from voxbind_build.model import LibrarySpec
from voxbind_build.verify.disk import OutputError


@contextlib.contextmanager
def failures() -> Iterator[None]:
    """Turn expected errors into a message on standard error and an exit code."""
    try:
        with stopping.terminable():
            yield
    except SpecError as error:
        message, code = f"wrong specification: {error}", 2
    except (BuildError, ManifestError, OutputError, RecordingError) as error:
        message, code = f"error: {error}", 1
    except KeyboardInterrupt as stop:
        message = "Stopped. The package is unchanged; run the same command to start again."
        code = stopping.exit_code(stop)
    else:
        return
    Console(stderr=True, soft_wrap=True).print(message, markup=False, highlight=False)
    raise typer.Exit(code)


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
        If a specification is wrong.
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
    specs: list[LibrarySpec] = []
    problems: list[str] = []
    for name in requested:
        try:
            specs.append(load(name, roles))
        except SpecError as error:
            problems += error.lines
    if problems:
        raise SpecError(problems)
    for name, spec in zip(requested, specs, strict=True):
        if spec.file == str(Path(name)):
            # A user's own module may be next to the TOML file that describes it.
            sys.path.append(str(Path(name).resolve().parent))
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--library")
    return specs
