"""Two builds of one package at a time: the second one waits, and nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import IO

import pytest

from helpers.build_processes import start_build
from voxbind_build import libraries, manifest
from voxbind_build.build import pipeline
from voxbind_build.verify import disk
from voxbind_build.verify.package_lock import locked

OTHER = '''
def negate(image):
    """Negate.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return -image
'''


def quiet(text: str) -> None:
    """Ignore a sentence that a build would print."""


@pytest.fixture
def otherlib(toylib: Path) -> Path:
    """A second library beside the toy library."""
    folder = toylib.parent / "otherlib"
    folder.mkdir()
    (folder / "__init__.py").write_text('__version__ = "1.0"\n')
    (folder / "filters.py").write_text(OTHER)
    (toylib.parent / "otherlib.toml").write_text(
        'name = "otherlib"\nmodules = ["otherlib.filters"]\n'
    )
    return folder


def until_it_waits(output: IO[str]) -> str:
    """Read what a build prints until it waits, and return the sentence that says so."""
    for line in output:
        if line.startswith("Waiting"):
            return line.strip()
    raise AssertionError("the build didn't wait")


@pytest.mark.parametrize("same", [False, True], ids=["two libraries", "the same library"])
def test_both_results_stay_and_nothing_is_measured_twice(
    toylib: Path, otherlib: Path, package: Path, search_path: str, same: bool
) -> None:
    """Both builds start before either may go on."""
    smooth = toylib / "filters" / "_smooth.py"
    smooth.write_text(smooth.read_text().replace("size=3", "size=5"))
    tomls = [
        toylib.parent / f"{name}.toml" for name in ("toylib", "toylib" if same else "otherlib")
    ]
    with locked(package, quiet):
        builds = [
            start_build(
                package,
                *("--json", "--library", str(toml)),
                libraries=toylib.parent,
                search_path=search_path,
            )
            for toml in tomls
        ]
        for build in builds:
            assert build.stderr is not None
            assert until_it_waits(build.stderr) == (
                f"Waiting for the build of process {os.getpid()}, which writes the same package, "
                f"{package}."
            )
    reports = []
    for build in builds:
        output, errors = build.communicate(timeout=300)
        assert build.returncode == 0, errors
        reports.append(json.loads(output))
    measured = sorted(sum(row["measured"] for row in report["rows"]) for report in reports)
    specs = [libraries.load(toml) for toml in dict.fromkeys(tomls)]
    assert pipeline.check(specs, package).agrees
    read = manifest.read(package / manifest.MANIFEST).libraries
    (size,) = [
        p for p in read["toylib"].functions["toylib.filters.box"].parameters if p.name == "size"
    ]
    assert size.default == "5"
    if same:
        assert measured[0] == 0
        assert measured[1] > 0
    else:
        assert "otherlib.filters.negate" in read["otherlib"].functions
        assert measured[0] == 1
        assert measured[1] > 1
    assert [path.name for path in package.parent.glob("*voxbind*")] == ["voxbind"]


def test_a_lock_of_a_process_that_has_ended_keeps_nobody_waiting(
    toylib: Path, package: Path
) -> None:
    lock = package.with_name(".voxbind.lock")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                f"""
                import time
                from pathlib import Path
                from voxbind_build.verify.package_lock import locked
                with locked(Path({str(package)!r}), print):
                    print("locked", flush=True)
                    time.sleep(600)
                """
            ),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    assert lock.read_text() == str(holder.pid)
    holder.kill()
    holder.communicate()
    assert lock.exists()
    said: list[str] = []
    with disk.claimed(package, said.append):
        assert lock.read_text() == str(os.getpid())
    assert said == []
    assert not lock.exists()


COUNTING = """
import sys
from pathlib import Path
from voxbind_build.verify.package_lock import locked

package, counter = map(Path, sys.argv[1:])
for _ in range(200):
    with locked(package, lambda text: None):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


def test_one_process_at_a_time_has_the_lock_however_often_it_changes_hands(tmp_path: Path) -> None:
    """The lock's file is removed and made again each time, which leaves no gap."""
    counter = tmp_path / "counter"
    counter.write_text("0")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COUNTING, str(tmp_path / "voxbind"), str(counter)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        for _ in range(4)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert counter.read_text() == str(4 * 200)
    assert [path.name for path in tmp_path.iterdir()] == ["counter"]


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(file: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    said: list[str] = []
    with locked(tmp_path / "voxbind", said.append):
        pass
    (sentence,) = said
    assert "can't lock files (No locks available). Run one build at a time." in sentence
    assert [*tmp_path.iterdir()] == []
