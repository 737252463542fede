"""Environments of their own for versions of a library, and the packages that are built in them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import packaging.version
from msgspec import Struct
from packaging.requirements import Requirement

from voxbind_build.build.progress import Reporter
from voxbind_build.build.report import BuildError
from voxbind_build.libraries import builtin
from voxbind_build.model import LibrarySpec

EXTRAS = ("build", "measure")
"""Extras of voxbind that an environment needs beside the library."""
_PINNED = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*==\s*([A-Za-z0-9][\w.!+-]*)\s*")
_NOT_FOUND = re.compile(r"No matching distribution found for (\S+)")
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
    if not _is_version(version):
        raise BuildError(f"{text}: {version!r} is no version. Write one such as 0.25.2.")
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


def measure(
    version: Version,
    folder: Path,
    *,
    numpy: str | None = None,
    jobs: int | None,
    reporter: Reporter,
) -> Environment:
    """Install a version of a library, and build a package of it.

    What is in the folder already is used again: an environment is installed once, and what was
    measured in it is measured again only if the way of measuring has changed.

    Parameters
    ----------
    version
        What to install.
    folder
        Where to keep the environment and the package, below a folder of their own.
    numpy
        The version of NumPy to install beside it. If the library doesn't support that version, or
        if this is None, pip chooses one.
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
    choices = [*requirement_choices(version, numpy)]
    if not _is_installed(done, choices[0], python):
        reporter.say(f"installing {version.requirement}")
        done.unlink(missing_ok=True)
        shutil.rmtree(package, ignore_errors=True)  # what was measured with other distributions
        run_command([sys.executable, "-m", "venv", "--clear", str(environment)])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _install_first(pip, choices)
        done.write_text("\n".join(choices[0]), encoding="utf-8")
    reporter.say(f"measuring {version.requirement}")
    command = [str(python), "-P", "-m", "voxbind_build", "build", "--out", str(package)]
    command += ["--library", version.spec.name, *(["--jobs", str(jobs)] if jobs else [])]
    run_command(command, {"PYTHONPATH": str(_generator_folder(own))})
    return Environment(package=package, distributions=_distributions(python))


def _distributions(python: Path) -> dict[str, str]:
    listed = run_command([str(python), "-m", "pip", "list", "--format", "json"])
    return {entry["name"]: entry["version"] for entry in json.loads(listed)}


def _is_installed(done: Path, requirements: Sequence[str], python: Path) -> bool:
    """Return whether an environment has what is required, whoever chose its version of NumPy.

    Parameters
    ----------
    done
        The file with the requirements that were installed.
    requirements
        What is required now.
    python
        The environment's Python.
    """
    if not done.is_file():
        return False
    wanted, there = (
        [
            [line for line in lines if line.startswith("numpy==") is pinned]
            for pinned in (True, False)
        ]
        for lines in (requirements, done.read_text(encoding="utf-8").splitlines())
    )
    if wanted == there or (wanted[1] == there[1] and not wanted[0]):
        return True
    return wanted[1] == there[1] and wanted[0] == [f"numpy=={_distributions(python)['numpy']}"]


def unequal(old: Environment, new: Environment, apart_from: str) -> list[str]:
    """Return the distributions of which two environments have different versions, in words.

    Those that only type checkers read are left out, because stubs follow the library's version.
    """
    names = sorted(
        name
        for name in {*old.distributions, *new.distributions} - {apart_from}
        if not (name.endswith("-stubs") or "typing" in name)
    )
    return [
        f"{name} {old.distributions.get(name, 'missing')} and "
        f"{new.distributions.get(name, 'missing')}"
        for name in names
        if old.distributions.get(name) != new.distributions.get(name)
    ]


def requirement_choices(version: Version, numpy: str | None) -> Iterator[list[str]]:
    """Yield lists of requirements for an environment, the one for the best comparison first.

    The stubs of a library describe one of its minor versions, and results differ between versions
    of NumPy. The later lists are for versions without stubs, or without support for that NumPy.

    Parameters
    ----------
    version, numpy
        See `measure`.
    """
    needed = generator_requirements((*EXTRAS, f"{version.spec.extra}-cpu"))
    stubs = f"{version.spec.distribution}-stubs"
    minor = ".".join(version.version.split(".")[:2])
    fitting = [f"{stubs}=={minor}.*" if Requirement(n).name == stubs else n for n in needed]
    pins = [[f"numpy=={numpy}"], []] if numpy else [[]]
    for entries in (fitting, needed) if fitting != needed else (needed,):
        for pin in pins:
            yield [version.requirement, *pin, *entries]


def _is_version(text: str) -> bool:
    """Return whether a text is a version as PEP 440 has it."""
    try:
        packaging.version.Version(text)
    except packaging.version.InvalidVersion:
        return False
    return True


def _install_first(pip: Sequence[str], choices: Sequence[list[str]]) -> None:
    """Install the first of several lists of requirements that pip can install."""
    for requirements in choices[:-1]:
        with contextlib.suppress(BuildError):
            run_command([*pip, *requirements])
            return
    try:
        run_command([*pip, *choices[-1]])
    except BuildError as error:
        missing = _NOT_FOUND.search(str(error))
        if missing is None:
            raise
        name = Requirement(missing[1]).name
        python = ".".join(map(str, sys.version_info[:2]))
        raise BuildError(
            f"pip finds no {missing[1]} for Python {python} on this machine. "
            f"`pip index versions {name}` lists the versions that it finds."
        ) from None


def generator_requirements(extras: Sequence[str] = EXTRAS) -> list[str]:
    """Return what the generator needs, from the checkout or from the installed voxbind.

    Parameters
    ----------
    extras
        Extras of voxbind. Those that voxbind doesn't have are ignored.

    Raises
    ------
    BuildError
        If neither is there.
    """
    pyproject = _GENERATOR.parents[1] / "pyproject.toml"
    if _GENERATOR.parent.name == "generator" and pyproject.is_file():
        known = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ]
        required = [requirement for extra in extras for requirement in known.get(extra, [])]
    else:
        try:
            required = [*of_extras(metadata.requires("voxbind") or [], extras)]
        except metadata.PackageNotFoundError:
            raise BuildError(
                "The requirements of the generator aren't known, since voxbind isn't installed. "
                "Run: pip install 'voxbind[build]'"
            ) from None
    return [entry for entry in required if Requirement(entry).name != "voxbind"]


def of_extras(required: Iterable[str], extras: Sequence[str]) -> Iterator[str]:
    """Yield the requirements that belong to extras, without their markers."""
    for text in required:
        marker = Requirement(text).marker
        if marker is None or marker.evaluate({"extra": ""}):
            continue
        if any(marker.evaluate({"extra": extra}) for extra in extras):
            yield text.partition(";")[0].strip()


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
