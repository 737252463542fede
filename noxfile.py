"""Sessions for people and for CI: ``nox -s demo`` and ``nox -s tests``; ``nox -l`` lists them.

nox keeps its environments in ``.nox`` here and writes nowhere else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nox

nox.options.sessions = ["tests"]
nox.options.reuse_existing_virtualenvs = True
# uv doesn't see where pip is told to find wheels, and would fetch a CUDA build of torch.
nox.options.default_venv_backend = "virtualenv"

# One release for everybody; a build for the CPU is enough for all but the tests marked `gpu`.
TORCH = "torch==2.13.0"
PROJECT = ("-e", ".[all-cpu,build,measure]", TORCH)
MANIFEST = Path(__file__).parent / "generated" / "voxbind" / "manifest.json"

CHANGES_TITLE = """\
# Changes in {}

`nox -s changes` writes this page: both versions are installed, read and measured, and the two
records are compared. [How to read it](../upgrading.md).

"""

# What has to pass before anything is tested; .pre-commit-config.yaml runs the same commands.
LINT = (
    "ruff check",
    "ruff format --check",
    "mypy generator hatch_build.py",
    # As the build checks it: without the libraries, whose sources take longer to read.
    "mypy --no-site-packages --cache-dir=.mypy_cache/generated generated",
    # The libraries that tests and benchmarks import have no types, or aren't installed for this.
    "mypy --ignore-missing-imports tests",
    "mypy --ignore-missing-imports benchmarks noxfile.py",
    "lint-imports",
)
# `tests/helpers/scheduling.py` says what the two workers do, and in which order.
PYTEST = ("pytest", "-n", "2")


def install(session: nox.Session, *more: str) -> None:
    """Install the project; keep what matplotlib would write into the home folder in here."""
    session.install(*PROJECT, *more)
    keep_home_clean(session)


def install_for_tests(session: nox.Session, group: str) -> None:
    """Install the project, and beside it the libraries on a GPU as far as they can be read."""
    install(session, "--group", group)
    if sys.platform == "linux":  # cuCIM has wheels for Linux alone
        session.install(*gpu_sources())


def keep_home_clean(session: nox.Session) -> None:
    """Keep what matplotlib would write into the home folder in nox's folder."""
    session.env["MPLCONFIGDIR"] = session.cache_dir.joinpath("matplotlib").as_posix()


def install_requirements(session: nox.Session, *names: str, groups: tuple[str, ...]) -> None:
    """Install what extras and groups require and not the project, whose installation builds it."""
    pyproject = nox.project.load_toml("pyproject.toml")
    project = pyproject["project"]
    requirements = [*project["dependencies"], TORCH]
    for name in names:
        requirements += project["optional-dependencies"][name]
    session.install(*requirements, *nox.project.dependency_groups(pyproject, *groups))
    keep_home_clean(session)


def run_lint(session: nox.Session) -> None:
    """Run each command of `LINT`; the import linter has to find the generator."""
    for command in LINT:
        session.run(*command.split(), env={"PYTHONPATH": "generator"})


def gpu_sources() -> list[str]:
    """Return what pip is told to install the libraries that need a GPU, as they are recorded.

    They are read and never imported: without their dependencies, which are gigabytes of CUDA's.
    """
    libraries = json.loads(MANIFEST.read_text(encoding="utf-8"))["libraries"].values()
    on_a_gpu = [library for library in libraries if library["device"]]
    return ["--no-deps", *(f"{each['distribution']}=={each['version']}" for each in on_a_gpu)]


def host_extras() -> list[str]:
    """Return the extras of the libraries that work in NumPy's memory, or in any."""
    libraries = json.loads(MANIFEST.read_text(encoding="utf-8"))["libraries"].values()
    return [each["extra"] for each in libraries if each["memory_type"] in ("numpy", "array_api")]


@nox.session
def demo(session: nox.Session) -> None:
    """Measure the libraries, write the wrappers, run a pipeline through them on real images."""
    install(session, "--group", "demo")
    session.run("voxbind", "build", "--fresh")
    session.run("python", "examples/pipeline.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Lint, check types and the stages' direction: seconds, in an environment without libraries."""
    install_requirements(session, "build", groups=("lint",))
    run_lint(session)


@nox.session
def tests(session: nox.Session) -> None:
    """Lint, check types and the stages' direction, then run the tests."""
    install_for_tests(session, "test")
    run_lint(session)
    session.run(*PYTEST, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests and print which lines and branches they miss: slower by a third or more."""
    install_for_tests(session, "coverage")
    session.run(*PYTEST, "--cov", "--cov-report", "term", *session.posargs)


@nox.session
def wrappers(session: nox.Session) -> None:
    """Test the committed wrappers without building: for Windows, where nothing can be measured."""
    install_requirements(session, *host_extras(), "build", groups=("test",))
    # This file compares in processes that are forked from the generator's.
    forking = "tests/behaviour/test_same_as_pyclesperanto.py"
    session.run(*PYTEST, "tests/behaviour", "--ignore", forking, *session.posargs)


@nox.session
def upstream(session: nox.Session) -> None:
    """Run scikit-image's and scipy.ndimage's own tests through the wrappers."""
    install(session, "--group", "upstream")
    session.run("python", "-P", "tests/upstream", *session.posargs)


@nox.session
def changes(session: nox.Session) -> None:
    """Report what changed between the versions of libraries that pyproject.toml lists."""
    pyproject = nox.project.load_toml("pyproject.toml")
    project = pyproject["project"]
    session.install(*project["dependencies"], *project["optional-dependencies"]["build"])
    compare = ("python", "-P", "-m", "voxbind_build", "compare", "--markdown")
    kept = ("--environments", session.cache_dir.joinpath("changes").as_posix(), *session.posargs)
    printed = session.cache_dir / "changes.md"
    for old, new in pyproject["tool"]["voxbind"]["changes"]:
        with printed.open("w", encoding="utf-8") as stream:
            session.run(
                *(*compare, *kept, old, new),
                env={"PYTHONPATH": "generator"},
                stdout=stream,
                stderr=None,
            )
        name, _, before = old.partition("==")
        after = new.partition("==")[2]
        page = Path("docs", "changes", f"{name}-{before}-{after}.md")
        page.parent.mkdir(exist_ok=True)
        report = printed.read_text(encoding="utf-8").rstrip()
        page.write_text(f"{CHANGES_TITLE.format(name)}{report}\n", encoding="utf-8")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Print ratios to direct calls, code by hand, arraybridge and OpenHCS; write page and chart."""
    install(session, "--group", "demo", "--group", "editors")
    session.run("python", "benchmarks", *session.posargs)
