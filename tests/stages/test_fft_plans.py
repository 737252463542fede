"""What a killed process left in pyclesperanto's cache doesn't disturb later ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.fft_plans import incomplete_fft_plans, remove_incomplete_fft_plans
from voxbind_build.cli import doctor
from voxbind_build.cli.places import default_package

ROOT = Path(__file__).parents[2]
TRANSFORM = """
import numpy as np
from voxbind import pyclesperanto as cle
image = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)
assert np.isfinite(cle.fft.convolve(image, np.ones((3, 3, 3), np.float32))).all()
"""


def transform(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TRANSFORM],
        env={**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT / "generated")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose cache holds the plans of a Fourier transform, and other kernels."""
    folder = tmp_path_factory.mktemp("home")
    ended = transform(folder)
    assert not ended.returncode, ended.stderr
    return folder


@pytest.fixture
def home(first_home: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    return Path(shutil.copytree(first_home, tmp_path / "home"))


def test_whole_plans_and_kernels_are_kept(home: Path) -> None:
    assert any(home.rglob("*.bin"))
    assert incomplete_fft_plans(home) == []


@pytest.mark.parametrize("part", [0, 0.5])
def test_an_incomplete_plan_is_found_and_removed(home: Path, part: float) -> None:
    plan = max(home.rglob("*.bin"), key=lambda path: path.stat().st_size)
    os.truncate(plan, round(part * plan.stat().st_size))
    # The call raises an error or ends the process. If it works, pyclesperanto writes its plans
    # whole, and nothing needs to be removed any more.
    assert transform(home).returncode
    assert incomplete_fft_plans(home) == [plan]
    remove_incomplete_fft_plans(home)
    assert not transform(home).returncode
    assert incomplete_fft_plans(home) == []


def test_a_home_without_a_cache_has_no_incomplete_plans(tmp_path: Path) -> None:
    assert incomplete_fft_plans(tmp_path) == []


def test_the_doctor_names_the_folder_to_remove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / ".cache" / "clesperanto" / "device" / "plan.bin"
    plan.parent.mkdir(parents=True)
    plan.touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    package = default_package()
    library = frozen.read(package / frozen.MANIFEST).libraries["pyclesperanto"]
    finding = doctor.Finding(
        name="pyclesperanto", kind="library", usable=True, version=library.version
    )
    found = doctor._compared_with_package(replace(finding, frozen=library.version), None, library)
    assert found.usable
    assert "1 incomplete file" in found.detail
    assert found.command == f"rm -r '{plan.parent}'"
