"""Sessions for people and for CI: ``nox -s demo`` and ``nox -s tests``; ``nox -l`` lists them.

nox keeps its environments in ``.nox`` here and writes nowhere else.
"""

from __future__ import annotations

import json
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


def install(session: nox.Session, *more: str) -> None:
    """Install the project; keep what matplotlib would write into the home folder in here."""
    session.install(*PROJECT, *more)
    session.env["MPLCONFIGDIR"] = session.cache_dir.joinpath("matplotlib").as_posix()


def gpu_sources() -> list[str]:
    """Return what pip is told to install the libraries that need a GPU, as they are recorded.

    They are read and never imported: without their dependencies, which are gigabytes of CUDA's.
    """
    libraries = json.loads(MANIFEST.read_text(encoding="utf-8"))["libraries"].values()
    on_a_gpu = [library for library in libraries if library["device"]]
    return ["--no-deps", *(f"{each['distribution']}=={each['version']}" for each in on_a_gpu)]


@nox.session
def demo(session: nox.Session) -> None:
    """Measure the libraries, write the wrappers, run a pipeline through them on real images."""
    install(session, "--group", "demo")
    session.run("voxbind", "build", "--fresh")
    session.run("python", "examples/pipeline.py", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Lint, check types and the stages' direction, then run the tests."""
    install(session, "--group", "test")
    session.install(*gpu_sources())
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy", "generator", "hatch_build.py")
    # As the build checks it: without the libraries, whose sources take longer to read.
    session.run("mypy", "--no-site-packages", "--cache-dir=.mypy_cache/generated", "generated")
    session.run("lint-imports")
    session.run("pytest", "-n", "2", "--dist", "loadfile", *session.posargs)


@nox.session
def upstream(session: nox.Session) -> None:
    """Run scikit-image's and scipy.ndimage's own tests through the wrappers."""
    install(session, "--group", "upstream")
    session.run("python", "-P", "tests/upstream", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Print ratios to direct calls, code by hand, arraybridge and OpenHCS; write page and chart."""
    install(session, "--group", "demo", "--group", "editors")
    session.run("python", "benchmarks", *session.posargs)
