"""The gallery of the site: each script runs, and draws the picture that its page shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "examples" / "gallery").glob("*.py"))
NAMES = [path.stem for path in SCRIPTS if path.stem != "panels"]
PAGES = ROOT / "docs" / "gallery"
SIZE = 60_000
"""Bytes of a picture, at most."""


def draw(name: str, picture: Path) -> str:
    """Run a script that writes a picture, and return what it prints."""
    script = ROOT / "examples" / "gallery" / f"{name}.py"
    command = [sys.executable, str(script), str(picture)]
    if name == "in_napari":
        pytest.importorskip("napari")
        if not shutil.which("xvfb-run"):
            pytest.skip("needs a screen: install Debian's package xvfb")
        command = ["xvfb-run", "-a", "-s", "-screen 0 1400x1000x24", *command]
    paths = [str(ROOT / folder) for folder in ("generator", "generated")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), float)


def test_the_gallery_has_ten_pictures() -> None:
    assert len(NAMES) == 10
    assert sorted(path.stem for path in PAGES.glob("*.md")) == NAMES
    assert sorted(path.stem for path in PAGES.glob("*.png")) == NAMES
    assert max(path.stat().st_size for path in PAGES.glob("*.png")) < SIZE
    assert max(len(path.read_text("utf-8").splitlines()) for path in SCRIPTS) < 60


@pytest.mark.parametrize("name", NAMES)
def test_a_script_draws_the_picture_of_its_page(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    picture = tmp_path / f"{name}.png"
    assert draw(name, picture).strip()
    if request.config.getoption("--regenerate"):
        shutil.copy(picture, PAGES / picture.name)
    drawn, shown = pixels(picture), pixels(PAGES / picture.name)
    if name == "in_napari":  # fonts and the size of windows differ between machines
        assert drawn.std() > 10
        return
    assert drawn.shape == shown.shape
    # Other versions of the libraries and of fonts may change single pixels.
    assert np.abs(drawn - shown).mean() < 3


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_the_picture_and_the_script(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text("utf-8")
    assert f"]({name}.png)" in page
    assert f"```{{literalinclude}} ../../examples/gallery/{name}.py\n" in page
