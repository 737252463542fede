"""Libraries whose import does harm: it is confined like a call, and named if it hangs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil
import pytest

from voxbind_build.common import landlock
from voxbind_build.discover import live
from voxbind_build.discover.live_worker import LiveImport

landlocked = pytest.mark.skipif(
    landlock.version() < 6, reason="the kernel has no Landlock, or an older one"
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A package with a harmless module."""
    package = tmp_path / "site" / "hostile"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "good.py").write_text("def invert(image): ...\n")
    return package


def imported(library: Path, *modules: str) -> LiveImport | str:
    return live.inspect_live([f"hostile.{name}" for name in ("good", *modules)], [library.parent])


@pytest.mark.parametrize(
    ("name", "code", "problem"),
    [
        ("sleeps", "import time; time.sleep(600)", "hostile.sleeps took longer than 4 s"),
        ("spins", "while True: pass", "hostile.spins took longer than 2 s of processor time"),
        ("leaves", "import os; os._exit(3)", "hostile.leaves ended its process with exit code 3"),
        ("crashes", "import os; os.abort()", "hostile.crashes ended its process with SIGABRT"),
    ],
)
def test_a_module_whose_import_hangs_or_crashes_costs_itself(
    library: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str, problem: str
) -> None:
    monkeypatch.setattr(live, "_SECONDS", 4 if name == "sleeps" else 60)
    monkeypatch.setattr(live, "_CPU_SECONDS", 2)
    (library / f"{name}.py").write_text(code)
    answer = imported(library, name)
    assert isinstance(answer, LiveImport)
    assert problem in answer.modules[f"hostile.{name}"].error
    assert "invert" in answer.modules["hostile.good"].names


def test_a_library_whose_package_hangs_is_named(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_SECONDS", 2)
    (library / "__init__.py").write_text("import time; time.sleep(600)")
    answer = imported(library)
    assert answer == "the import of hostile.good took longer than 2 s"


def test_the_import_needs_no_more_memory_than_the_limit(library: Path) -> None:
    (library / "eats.py").write_text("x = b'x' * (9 << 30)\n")
    answer = imported(library, "eats")
    assert isinstance(answer, LiveImport)
    assert "MemoryError" in answer.modules["hostile.eats"].error


def test_home_and_working_folder_are_the_processs_own(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    (library / "tidy.py").write_text(
        "import os, pathlib, tempfile\n"
        "pathlib.Path.home().joinpath('settings').write_text('x')\n"
        "pathlib.Path('here').write_text('x')\n"
        "tempfile.mkstemp()\n"
        "assert 'XDG_CACHE_HOME' not in os.environ\n"
    )
    before = {*Path.cwd().iterdir()}
    answer = imported(library, "tidy")
    assert isinstance(answer, LiveImport)
    assert answer.modules["hostile.tidy"].error == ""
    assert [*home.iterdir()] == []
    assert {*Path.cwd().iterdir()} == before


@landlocked
def test_an_import_can_neither_write_elsewhere_nor_signal_the_build(
    library: Path, tmp_path: Path
) -> None:
    (library / "writes.py").write_text(f"open({str(tmp_path / 'file')!r}, 'w')\n")
    (library / "kills.py").write_text(f"import os; os.kill({os.getpid()}, 0)\n")
    answer = imported(library, "writes", "kills")
    assert isinstance(answer, LiveImport)
    assert "PermissionError" in answer.modules["hostile.writes"].error
    assert "PermissionError" in answer.modules["hostile.kills"].error
    assert not (tmp_path / "file").exists()


def test_no_process_that_an_import_started_is_left(library: Path) -> None:
    (library / "starts.py").write_text(
        "import subprocess, sys\n"
        "code = 'import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(300)'\n"
        "subprocess.Popen([sys.executable, '-c', code, 'left by a hostile import'])\n"
        "import time; time.sleep(1)\n"
    )
    assert isinstance(imported(library, "starts"), LiveImport)

    def left() -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter(["cmdline", "status"])
            if "left by a hostile import" in (process.info["cmdline"] or ())
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ]

    end = time.monotonic() + 10
    while left() and time.monotonic() < end:
        time.sleep(0.1)
    assert left() == []
