"""What a freezing tool is told of: the modules that wrappers import by names in strings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "generated" / "voxbind"
WRAPPERS = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if not any(part.startswith("_") for part in path.relative_to(PACKAGE).parent.parts)
    and path.parent != PACKAGE
)
MIRRORS = [name for name in WRAPPERS if not name.startswith("voxbind.auto")]
"""The modules of one library each."""
LOOK = """
import importlib, json, sys
from voxbind._upstream.wrapped_module import _upstreams
held = {}
modules = sys.argv[1:]
for name in modules:  # sorted, so that a package comes before its modules
    importlib.import_module(name)
    homes = [each.__library__._home for each in _upstreams]
    _upstreams.clear()
    held[name] = {"homes": homes, "children": []}
for name in modules:
    package, _, child = name.rpartition(".")
    if package in held:
        assert getattr(sys.modules[package], child) is sys.modules[name]
        if child in dir(sys.modules[package]):  # else a statement imports it by its path
            held[package]["children"].append(name)
print(json.dumps(held))
"""


@pytest.fixture(scope="module")
def held() -> dict[str, dict[str, list[str]]]:
    """By module of wrappers, what it holds once it is imported, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *MIRRORS],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return read


def test_there_are_wrappers() -> None:
    assert {"voxbind.skimage.filters", "voxbind.auto", "voxbind.pyclesperanto"} < {*WRAPPERS}


@pytest.mark.parametrize("module", MIRRORS)
def test_what_a_module_of_wrappers_will_import_by_name_is_read_from_it(
    held: dict[str, dict[str, list[str]]], module: str
) -> None:
    from voxbind.__pyinstaller.hidden_imports import imported_by_name

    wrappers, upstream = imported_by_name(module)
    assert wrappers == {*held[module]["children"]}
    installed = {name for name in held[module]["homes"] if find_spec(name.partition(".")[0])}
    # A module that its parent shows under another name is imported by way of the parent.
    parents = {name.rpartition(".")[0] for name in installed - upstream}
    assert upstream == (installed & upstream) | parents
    assert not [name for name in installed & upstream if not _is_importable(name)]
    assert not [name for name in installed - upstream if _is_importable(name)]


def _is_importable(name: str) -> bool:
    parts = name.split(".")
    if parts[0] in ("cucim", "cupyx"):  # read here, and imported on a GPU alone
        spec = find_spec(parts[0])
        assert spec is not None and spec.submodule_search_locations is not None
        folder = Path(next(iter(spec.submodule_search_locations)))
        file = folder.joinpath(*parts[1:])
        return file.is_dir() or file.with_suffix(".py").exists()
    try:
        return import_module(name) is not None
    except ImportError:
        return False


def test_a_module_of_auto_brings_its_wrappers_and_their_libraries() -> None:
    from voxbind.__pyinstaller.hidden_imports import hidden_imports

    hidden = hidden_imports(["voxbind.auto.ndimage"])
    assert {"voxbind.scipy.ndimage", "scipy.ndimage", "voxbind.cupyx.scipy.ndimage"} <= {*hidden}
    assert hidden == sorted(hidden)


def test_a_program_with_one_library_gets_no_other() -> None:
    from voxbind.__pyinstaller.hidden_imports import hidden_imports

    hidden = hidden_imports(["voxbind", "voxbind.scipy.ndimage", "numpy", "voxbind._settings"])
    # `voxbind.scipy` hands on names of scipy.
    assert hidden == ["scipy", "scipy.ndimage", "voxbind.scipy.ndimage"]


def test_pyinstaller_is_told_where_the_hook_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, function = project["entry-points"]["pyinstaller40"]["hook-dirs"].partition(":")
    folders = getattr(import_module(module), function)()
    assert [path.name for each in folders for path in Path(each).glob("hook-*.py")] == [
        "hook-voxbind.py"
    ]
