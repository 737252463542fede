"""Sessions for people and for CI: ``nox -s demo`` and ``nox -s tests``; ``nox -l`` lists them.

nox keeps its environments in the folder ``.nox``, and writes nowhere else.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import nox
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

nox.options.sessions = ["tests"]
nox.options.reuse_existing_virtualenvs = True
# uv ignores pip's settings of where to find wheels, and would download a CUDA build of torch.
nox.options.default_venv_backend = "virtualenv"

# The same release everywhere; a build for the CPU is enough except for tests marked `gpu`.
TORCH = "torch==2.13.0"
PROJECT = ("-e", ".[all-cpu,build,catalog,measure]", TORCH)
MANIFEST = Path(__file__).parent / "generated" / "voxbind" / "manifest.json"

# Commands that must pass before the tests run; .pre-commit-config.yaml runs the same commands.
LINT = (
    "ruff check",
    "ruff format --check",
    "mypy generator hatch_build.py",
    "mypy generated",
    # Libraries that tests and benchmarks import have no types, or aren't installed for linting.
    "mypy --ignore-missing-imports tests",
    "mypy --ignore-missing-imports benchmarks noxfile.py",
    "mypy --ignore-missing-imports tools",
    "lint-imports",
)
# `tests/helpers/scheduling.py` distributes the tests to the two workers.
PYTEST = ("pytest", "-n", "2")
MOST_DISTURBED = 5
"""If more tests fail than this, they don't run again: something is wrong with the code."""
PYTEST_PLUGINS = ("pytest", "pytest-timeout", "pytest-xdist")


def install(session: nox.Session, *arguments: str) -> None:
    """Install the project, with further arguments to pip."""
    session.install(*PROJECT, *arguments)
    keep_home_clean(session)


def install_for_tests(session: nox.Session, group: str) -> None:
    """Install the project with a dependency group, and the sources of the GPU libraries."""
    install(session, "--group", group)
    if sys.platform == "linux":  # cuCIM only has wheels for Linux
        session.install(*gpu_sources())


def keep_home_clean(session: nox.Session) -> None:
    """Let matplotlib write its files into nox's folder instead of the home folder."""
    session.env["MPLCONFIGDIR"] = session.cache_dir.joinpath("matplotlib").as_posix()


def install_requirements(
    session: nox.Session, *names: str, groups: tuple[str, ...], newest: bool = False
) -> None:
    """Install the requirements of extras and groups, but not the project.

    Installing the project would build the wrappers.

    Parameters
    ----------
    session
        The session.
    names
        Extras of the project.
    groups
        Dependency groups of the project.
    newest
        Install the newest releases, also those above the upper bounds of the extras.
    """
    pyproject = nox.project.load_toml("pyproject.toml")
    project = pyproject["project"]
    extras = project["optional-dependencies"]
    listed = [Requirement(entry) for name in names for entry in extras[name]]
    for requirement in listed if newest else ():
        requirement.specifier = SpecifierSet(
            ",".join(str(s) for s in requirement.specifier if s.operator != "<")
        )
    requirements = [str(entry) for entry in listed if entry.name != project["name"]]
    session.install(
        *(["--upgrade"] if newest else []),
        *(*project["dependencies"], TORCH, *requirements),
        *nox.project.dependency_groups(pyproject, *groups),
    )
    keep_home_clean(session)


def run_lint(session: nox.Session) -> None:
    """Run each command of `LINT`, with the generator importable for the import linter."""
    for command in LINT:
        session.run(*command.split(), env={"PYTHONPATH": "generator"})


def run_tests(session: nox.Session, *options: str) -> None:
    """Run the tests, and the few that failed once more, one after another in a new process.

    A test that passes only then was disturbed by another test, or by the machine: both runs are
    printed, and the session passes.

    Parameters
    ----------
    session
        The session. Its arguments, such as the tests to run, are for the first run.
    options
        Options of pytest, for both runs.
    """
    # `session.create_tmp` would become the folder of all temporary files of the tests.
    cache = session.cache_dir / "pytest"
    shutil.rmtree(cache, ignore_errors=True)
    first = (*PYTEST, *options, "-o", f"cache_dir={cache}", *session.posargs)
    session.run(*first, success_codes=[0, 1])
    listed = cache / "v" / "cache" / "lastfailed"
    failed = list(json.loads(listed.read_text(encoding="utf-8"))) if listed.exists() else []
    if len(failed) > MOST_DISTURBED:
        session.error(f"{len(failed)} tests failed")
    if failed:
        session.warn(f"{len(failed)} tests failed. They run again, one after another:")
        session.run("pytest", *options, *failed)


def gpu_sources() -> list[str]:
    """Return pip's arguments to install the GPU libraries in their recorded versions.

    Their gigabytes of dependencies are left out, because the libraries are read but not imported.
    """
    libraries = json.loads(MANIFEST.read_text(encoding="utf-8"))["libraries"].values()
    pins = [
        f"{library['distribution']}=={library['version']}"
        for library in libraries
        if library["device"]
    ]
    return ["--no-deps", *pins]


def host_extras() -> list[str]:
    """Return the extras of the libraries that work in NumPy's memory, or in any memory."""
    libraries = json.loads(MANIFEST.read_text(encoding="utf-8"))["libraries"].values()
    return [
        library["extra"]
        for library in libraries
        if library["memory_type"] in ("numpy", "array_api")
    ]


@nox.session
def demo(session: nox.Session) -> None:
    """Write the wrappers, run them on real images; ``-- --fresh`` measures every library first."""
    install(session, "--group", "demo")
    options = [option for option in session.posargs if option.startswith("-")]
    session.run("voxbind", "build", *options)
    others = [argument for argument in session.posargs if argument not in options]
    session.run("python", "examples/pipeline.py", *others)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the site into out/site: documents, and the catalogue; ``-- --no-pictures`` is fast."""
    install(session, "--group", "docs")
    site = Path("out", "site")
    session.run("sphinx-build", "-W", "--keep-going", "-E", "docs", str(site))
    catalog = ("--out", str(site / "catalog"), "--no-open")
    session.run("voxbind", "catalog", *catalog, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Lint, check types and imports between stages, in an environment without libraries."""
    install_requirements(session, "build", "catalog", groups=("lint",))
    run_lint(session)


@nox.session
def tests(session: nox.Session) -> None:
    """Lint, check types and imports between stages, then run the tests."""
    install_for_tests(session, "test")
    run_lint(session)
    # Hypothesis draws the same examples in each run, so that a commit doesn't pass by chance;
    # a plain `pytest` draws new ones.
    run_tests(session, "--hypothesis-profile=ci")


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests and print the lines and branches that they miss; at least a third slower."""
    install_for_tests(session, "coverage")
    session.run(*PYTEST, "--cov", "--cov-report", "term", *session.posargs)


@nox.session
def wrappers(session: nox.Session) -> None:
    """Test the committed wrappers without a build, for Windows, where voxbind can't measure."""
    install_requirements(session, *host_extras(), "build", groups=("test",))
    # This file forks processes, which Windows can't.
    forking = "tests/behaviour/test_same_as_pyclesperanto.py"
    session.run(*PYTEST, "tests/behaviour", "--ignore", forking, *session.posargs)


@nox.session
def versions(session: nox.Session) -> None:
    """Build the wrappers of the oldest supported libraries, compare each, and vary NumPy."""
    extras = ("opencl", "opencl-cpu", "build", "measure", "native")
    install_requirements(session, *extras, groups=("versions",))
    package = Path(session.create_tmp()) / "voxbind"
    libraries = json.loads(MANIFEST.read_text(encoding="utf-8"))["libraries"]
    chosen = [f"--library={n}" for n, facts in libraries.items() if facts["memory_type"] == "numpy"]
    command = ("python", "-m", "voxbind_build", "build", "--fresh", *chosen, "--out", str(package))
    session.run(*command, env={"PYTHONPATH": "generator"})
    paths = f"pythonpath=generator {package.parent} tests"
    session.run(*PYTEST, "-o", paths, "tests/behaviour/test_same_as_upstream.py")
    # Not every function of the oldest pyclesperanto can be measured: use the committed wrappers.
    committed = ("-o", "pythonpath=generator generated tests")
    session.run(*PYTEST, *committed, "tests/behaviour/test_other_pyclesperanto.py")
    # A record that another NumPy made: what differs is reported, and measured again.
    other = (session.cache_dir / "numpy").as_posix()
    session.install("--upgrade", "--no-deps", "--target", other, "numpy>=2")
    command = ("pytest", *committed, "tests/packaging/test_other_numpy.py")
    session.run(*command, env={"VOXBIND_OTHER_NUMPY": other})


@nox.session
def upstream(session: nox.Session) -> None:
    """Run scikit-image's and scipy.ndimage's own tests through the wrappers."""
    install(session, "--group", "upstream")
    session.run("python", "-P", "tests/upstream", *session.posargs)


@nox.session
def gallery(session: nox.Session) -> None:
    """Run scikit-image's gallery with its imports as they are, and with the prefix before them."""
    install(session, "--group", "gallery")
    path = os.pathsep.join(("tests", "tests/upstream"))
    session.run("python", "-P", "-m", "gallery", *session.posargs, env={"PYTHONPATH": path})


@nox.session
def changes(session: nox.Session) -> None:
    """Report what changed between the versions of libraries that pyproject.toml lists."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    session.install(*project["dependencies"], *project["optional-dependencies"]["build"])
    kept = ("--environments", session.cache_dir.joinpath("changes").as_posix())
    command = ("python", "-P", "tools", "changes", *kept, *session.posargs)
    session.run(*command, env={"PYTHONPATH": "generator"})


@nox.session
def libraries(session: nox.Session) -> None:
    """Wrap the libraries in examples/libraries, write docs/libraries.md, and compare calls."""
    specifications = sorted(Path("examples", "libraries").glob("*.toml"))
    documents = [nox.project.load_toml(path) for path in specifications]
    distributions = [each.get("distribution", each["name"]) for each in documents]
    install(session, "--group", "test", *distributions)
    folder = session.cache_dir.joinpath("libraries").as_posix()
    command = ("python", "-P", "tools", "libraries", "--packages", folder)
    session.run(*command, *session.posargs)
    # Contracts that people labelled, and calls that must return what the libraries return.
    session.run("pytest", "tests/libraries", env={"VOXBIND_LIBRARIES": folder})


@nox.session
def upgrade(session: nox.Session) -> None:
    """Build with the newest libraries, test, report changes; ``-- --dry-run`` names them alone."""
    extras = (*host_extras(), "opencl", "opencl-cpu", "build", "catalog", "measure")
    install_requirements(session, *extras, groups=("test",), newest=True)
    if sys.platform == "linux":
        session.install(*gpu_sources())
    command = ("python", "-P", "tools", "upgrade", *session.posargs)
    session.run(*command, env={"PYTHONPATH": "generator"})


@nox.session
def kubernetes(session: nox.Session) -> None:
    """Hold the resource of the recipe for Kubernetes against the schema of dask's operator."""
    session.install("-e", ".[skimage,dask,build]")
    session.install(*nox.project.dependency_groups(nox.project.load_toml(), "kubernetes"))
    recipes = "tests/behaviour/test_cluster_recipes.py"
    session.run("pytest", recipes, "-k", "kubernetes", "-o", "addopts=", *session.posargs)


@nox.session
def openhcs(session: nox.Session) -> None:
    """Build OpenHCS's catalogue with voxbind's functions in it, and call some of them."""
    session.install("-e", ".[skimage,scipy,native,build]", "openhcs==0.8.6", *PYTEST_PLUGINS)
    session.install("--no-deps", "examples/openhcs")
    keep_home_clean(session)
    session.run("pytest", "tests/packaging/test_openhcs.py", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Compare voxbind with direct calls, code by hand, arraybridge and OpenHCS; write the page."""
    install(session, "--group", "demo", "--group", "editors")
    session.run("python", "benchmarks", *session.posargs)
