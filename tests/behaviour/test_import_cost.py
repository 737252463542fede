"""What gets imported, and when; each case in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "scipy", "skimage", "torch", "networkx", "PIL", "msgspec", "voxbind_build")

CASES = {
    "the package": ("import voxbind", set()),
    "its errors": ("from voxbind import DimensionError, ProcessingContract", set()),
    "its settings": (
        "import voxbind; voxbind.transfers('allow'); voxbind.workers(1); voxbind.trace();"
        "voxbind.prefer('gpu')",
        set(),
    ),
    "the decorator for one's own functions": (
        "from voxbind import declare; declare('FLEXIBLE')(print) if 0 else None",
        set(),
    ),
    "the native functions": ("from voxbind._native import max_projection", set()),
    "a library": ("from voxbind import skimage", set()),
    "a module": ("import voxbind.skimage.filters, voxbind.skimage.filters.rank", set()),
    "a module of another library": ("from voxbind.scipy import ndimage", set()),
    "a lazy module": ("from voxbind import skimage; skimage.filters.rank.mean", set()),
    "a wrapper": ("from voxbind.skimage.filters import gaussian", set()),
    "the registry": ("import voxbind; voxbind.registry.functions()", set()),
    "a query": ("import voxbind; voxbind.registry.find(text='edge', library='skimage')", set()),
    "func": ("import voxbind; voxbind.registry.find(text='canny')[0].func", set()),
    "a call": (
        "import numpy; from voxbind.scipy import ndimage;"
        "ndimage.gaussian_filter(numpy.ones((3, 3)), 1)",
        {"numpy", "scipy"},
    ),
    "a volume": (
        "import numpy; from voxbind.scipy import ndimage;"
        "ndimage.gaussian_filter(numpy.ones((3, 3, 3)), 1, slice_by_slice=True)",
        {"numpy", "scipy"},
    ),
    "a refused call": (
        "from voxbind.scipy import ndimage\n"
        "try: ndimage.gaussian_filter('a', 1)\n"
        "except TypeError: pass\n"
        "else: raise SystemExit('taken')",
        {"numpy", "scipy"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_only_what_is_used_is_imported(handmade_package: Path, case: str) -> None:
    code, expected = CASES[case]
    report = (
        f"import sys; print(*({{*{HEAVY}}} & {{name.partition('.')[0] for name in sys.modules}}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(handmade_package)}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == expected


def test_importing_the_package_loads_only_the_standard_library(handmade_package: Path) -> None:
    code = (
        "import sys, voxbind; names = {name.partition('.')[0] for name in sys.modules};"
        "print(*(names - sys.stdlib_module_names - {'__main__', 'voxbind', 'sitecustomize'}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(handmade_package)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_the_version_is_the_projects(handmade_package: Path) -> None:
    import tomllib

    project = Path(__file__).parents[2] / "pyproject.toml"
    version = tomllib.loads(project.read_text())["project"]["version"]
    done = subprocess.run(
        [sys.executable, "-c", "import voxbind; print(voxbind.__version__)"],
        env={"PYTHONPATH": str(handmade_package)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == version
