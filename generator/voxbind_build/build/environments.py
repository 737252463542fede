"""Environments of their own for versions of a library, and the packages that are built in them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from voxbind_build.build.progress import Reporter
from voxbind_build.build.report import BuildError
from voxbind_build.libraries import builtin
from voxbind_build.model import LibrarySpec

EXTRAS = ("build", "measure")
"""Extras of voxbind that an environment needs beside the library."""
_PINNED = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*==\s*([A-Za-z0-9][\w.!+-]*)\s*")
_GENERATOR = Path(__file__).resolve().parents[1]
_SHOWN = 20
"""Lines of a command's output that an error quotes."""


class Version(Struct, frozen=True, kw_only=True):
    """A version of a library that can be installed."""

    spec: LibrarySpec
    version: str

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.spec.distribution}=={self.version}"


class Environment(Struct, frozen=True, kw_only=True):
    """A virtual environment, and the package that was built in it."""

    package: Path
    distributions: dict[str, str]
    """Versions of all that is installed, by name."""


def read_version(text: str) -> Version | None:
    """Return the version that a requirement such as ``scikit-image==0.25.2`` pins.

    Returns
    -------
    Version or None
        None if the text is no pinned requirement.

    Raises
    ------
    BuildError
        If voxbind doesn't wrap the library, or can't measure it without a GPU.
    """
    match = _PINNED.fullmatch(text)
    if match is None:
        return None
    name, version = match.groups()
    specs = builtin()
    spec = next((s for s in specs if name in (s.name, s.distribution)), None)
    installable = [s for s in specs if not (s.device or s.home)]
    if spec is None or spec not in installable:
        names = ", ".join(s.distribution for s in installable)
        why = "needs a GPU or comes with voxbind" if spec else "is no library that voxbind wraps"
        raise BuildError(
            f"{text}: {name!r} {why}, so no version of it can be installed and measured. "
            f"Name one of {names}, or pass the path of a manifest.json."
        )
    return Version(spec=spec, version=version)


def measure(version: Version, folder: Path, *, jobs: int | None, reporter: Reporter) -> Environment:
    """Install a version of a library, and build a package of it.

    What is in the folder already is used again: an environment is installed once, and what was
    measured in it is measured again only if the way of measuring has changed.

    Parameters
    ----------
    version
        What to install.
    folder
        Where to keep the environment and the package, below a folder of their own.
    jobs
        Processes that measure at a time; by default one for each usable core.
    reporter
        Receives what happens.

    Raises
    ------
    BuildError
        If pip can't install the version, or the build fails.
    """
    own = folder.resolve() / version.requirement.replace("==", "-")
    environment, package, done = own / "environment", own / "voxbind", own / "installed"
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    requirements = [version.requirement, *generator_requirements()]
    if not done.is_file() or done.read_text(encoding="utf-8").splitlines() != requirements:
        reporter.say(f"installing {version.requirement}")
        run_command([sys.executable, "-m", "venv", "--clear", str(environment)])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        run_command([*pip, *requirements])
        done.write_text("\n".join(requirements), encoding="utf-8")
    reporter.say(f"measuring {version.requirement}")
    command = [str(python), "-P", "-m", "voxbind_build", "build", "--out", str(package)]
    command += ["--library", version.spec.name, *(["--jobs", str(jobs)] if jobs else [])]
    run_command(command, {"PYTHONPATH": str(_generator_folder(own))})
    listed = run_command([str(python), "-m", "pip", "list", "--format", "json"])
    distributions = {entry["name"]: entry["version"] for entry in json.loads(listed)}
    return Environment(package=package, distributions=distributions)


def unequal(old: Environment, new: Environment, apart_from: str) -> list[str]:
    """Return the distributions of which two environments have different versions, in words."""
    names = sorted({*old.distributions, *new.distributions} - {apart_from})
    return [
        f"{name} {old.distributions.get(name, 'missing')} and "
        f"{new.distributions.get(name, 'missing')}"
        for name in names
        if old.distributions.get(name) != new.distributions.get(name)
    ]


def generator_requirements() -> list[str]:
    """Return what the generator needs, from the checkout or from the installed voxbind.

    Raises
    ------
    BuildError
        If neither is there.
    """
    pyproject = _GENERATOR.parents[1] / "pyproject.toml"
    if _GENERATOR.parent.name == "generator" and pyproject.is_file():
        extras = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ]
        return [requirement for extra in EXTRAS for requirement in extras[extra]]
    try:
        required = metadata.requires("voxbind") or []
    except metadata.PackageNotFoundError:
        raise BuildError(
            "The requirements of the generator aren't known, since voxbind isn't installed. "
            "Run: pip install 'voxbind[build]'"
        ) from None
    return list(of_extras(required, EXTRAS))


def of_extras(required: Iterable[str], extras: Sequence[str]) -> Iterable[str]:
    """Yield the requirements that belong to extras, without the marker that says so."""
    for requirement in required:
        wanted, _, marker = requirement.partition(";")
        named = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", marker)
        if named is not None and named[1] in extras:
            yield wanted.strip()


def _generator_folder(own: Path) -> Path:
    """Return a folder that holds this generator, and nothing else that could be imported."""
    if _GENERATOR.parent.name == "generator":
        return _GENERATOR.parent
    copy = own / "generator"
    shutil.rmtree(copy, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_GENERATOR, copy / _GENERATOR.name, ignore=ignored)
    return copy


def run_command(command: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
    """Run a command without this process's Python paths, and return what it printed.

    Raises
    ------
    BuildError
        If its exit code isn't 0, with the last lines that it printed.
    """
    unwanted = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
    process = subprocess.run(
        command,
        env={**inherited, **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if process.returncode:
        lines = [line for line in (process.stdout + process.stderr).splitlines() if line.strip()]
        shown = "\n".join(f"  {line}" for line in lines[-_SHOWN:])
        raise BuildError(f"This command failed: {' '.join(command)}\n{shown}")
    return process.stdout
