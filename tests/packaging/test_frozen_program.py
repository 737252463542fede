"""A program that PyInstaller freezes, with voxbind's hook, does what it does unfrozen."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROGRAM = """
import numpy as np
import voxbind
from voxbind import native
from voxbind.auto import filters
from voxbind.skimage import feature

volume = np.random.default_rng(0).random((4, 32, 32)).astype(np.float32)
edges = feature.canny(volume, sigma=2)
print("canny", edges.shape, edges.dtype, edges.sum())

with voxbind.trace() as log:
    smooth = filters.gaussian(volume, sigma=1)
print("auto", smooth.dtype, repr(smooth.sum()), log[0].function, log[0].reason)

even = native.normalize_percentile(volume)
print("native", even.dtype, repr(even.sum()), repr(native.std_projection(volume).sum()))

registry = voxbind.registry
print("registry", len(registry.functions()), len(registry.find(library="scipy")))
canny = registry.functions()["skimage.feature.canny"]
print("registry", canny.func is feature.canny, canny.doc.splitlines()[0])
# Named in a string alone, and added by an option.
hidden = registry.functions()["scipy.ndimage.median_filter"].func
print("registry", repr(hidden(volume, size=3).sum()))

try:
    feature.corner_peaks(volume)
except voxbind.DimensionError as error:
    print("refused", error)
"""
NEEDLESS = (
    *("cucim", "cupy", "cupyx", "dask", "matplotlib", "pyclesperanto", "torch"),
    # What these libraries import in functions that the program doesn't call.
    *("IPython", "numpydoc", "pandas", "pytest", "setuptools", "sphinx"),
)


def run(*command: str, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr[-5000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A search path on which voxbind is installed with the entry points of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    site = tmp_path_factory.mktemp("site")
    information = site / f"voxbind-{project['version']}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: voxbind\nVersion: {project['version']}\n"
    )
    sections = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (information / "entry_points.txt").write_text("\n".join(sections))
    return os.pathsep.join([str(site), str(ROOT / "generated")])


def test_a_frozen_program_prints_what_it_prints_unfrozen(installed: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    variables = {"PYTHONPATH": installed, "PYINSTALLER_CONFIG_DIR": str(tmp_path / "cache")}
    expected = run(sys.executable, str(program), cwd=tmp_path, **variables)
    excludes = [argument for name in NEEDLESS for argument in ("--exclude-module", name)]
    run(
        *(sys.executable, "-m", "PyInstaller", "--onedir", "--noconfirm", "--log-level", "WARN"),
        *("--hidden-import", "voxbind.scipy.ndimage"),
        *(*excludes, str(program)),
        cwd=tmp_path,
        **variables,
    )
    frozen = run(
        str(tmp_path / "dist" / "program" / "program"), cwd=tmp_path, PYTHONPATH="", PATH=""
    )
    assert frozen == expected
    data = tmp_path / "dist" / "program" / "_internal" / "voxbind"
    assert {path.name for path in data.iterdir()} == {"manifest.json", "py.typed", "registry.json"}
