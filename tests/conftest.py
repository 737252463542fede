"""Fixtures that several folders of tests share."""

import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.scheduling import Scheduling, longest_first

TESTS = Path(__file__).parent
ROOT = TESTS.parent
GOLDEN = TESTS / "golden"
SEARCH_PATH = sys.path[:]
"""Where Python looks for modules before a test adds folders of its own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate",
        action="store_true",
        help="write the golden trees anew instead of comparing with them",
    )


def pytest_configure() -> None:
    """Say where the libraries' devices are, and let Ctrl-C stop commands, before a test runs.

    A shell starts jobs in the background with Ctrl-C ignored, and all their processes inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    from voxbind_build import libraries
    from voxbind_build.build.fft_plans import remove_incomplete_fft_plans

    for spec in libraries.builtin():
        libraries.prepare(spec)
    # A test that was killed while pyclesperanto compiled would let others fail for ever.
    remove_incomplete_fft_plans(Path.home())
    # Each call with dask arrays checks the seams of two blocks.
    os.environ.setdefault("VOXBIND_VERIFY", "2")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def _search_path_of_one_test() -> Iterator[None]:
    """Forget the folders that a command line adds for its process, which here is all tests'."""
    before = sys.path[:]
    yield
    sys.path[:] = before


@pytest.fixture(autouse=True)
def _width_of_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print as into a file; pytest-xdist tells its workers the width of the terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def kills_a_worker(caplog: pytest.LogCaptureFixture) -> None:
    """Let a test kill a worker of dask's scheduler, whose message of lost results has a fault.

    pytest raises an error for the message, and logging prints it.
    """
    caplog.set_level(logging.CRITICAL, logger="distributed.scheduler")


@pytest.fixture(scope="session")
def search_path() -> str:
    """A PYTHONPATH for processes that see the checkout and nothing installed of voxbind."""
    return os.pathsep.join([str(ROOT / "generator"), *filter(None, SEARCH_PATH)])


@pytest.fixture
def toylib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the toy library that can be imported, and edited."""
    folder = tmp_path / "libraries"
    shutil.copytree(GOLDEN / "toylib", folder / "toylib")
    shutil.copy(GOLDEN / "toylib.toml", folder)
    monkeypatch.syspath_prepend(folder)
    return folder / "toylib"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package of the toy library, built once; copy it to change it."""
    from voxbind_build import libraries
    from voxbind_build.build import pipeline

    out = tmp_path_factory.mktemp("built") / "voxbind"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(GOLDEN)
        pipeline.build([libraries.load(GOLDEN / "toylib.toml")], out)
    yield out


@pytest.fixture
def package(built: Path, tmp_path: Path) -> Path:
    """A copy of the toy library's package."""
    return Path(shutil.copytree(built, tmp_path / "voxbind"))
