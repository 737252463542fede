"""Public names that voxbind doesn't wrap: handed on by the prefix, as they are, at first access."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest

from voxbind import registry

ROOT = Path(__file__).parents[2]
MODULES = sorted({facts.module for facts in registry.functions().values()})
HEAVY = ("numpy", "scipy", "skimage", "torch", "cupy", "cupyx", "cucim", "pyclesperanto")

NAMES = {
    "skimage": ("__version__", "img_as_float"),
    "skimage.data": ("coins", "data_dir"),
    "skimage.draw": ("disk", "line"),
    "skimage.feature": ("plot_matched_features",),
    "skimage.filters": ("try_all_threshold", "thresholding"),
    "skimage.future": ("fit_segmenter",),
    "skimage.graph": ("route_through_array", "MCP"),
    "skimage.io": ("imread", "imsave"),
    "skimage.util": ("lookfor",),
    "scipy": ("__version__", "LowLevelCallable", "show_config"),
    "scipy.ndimage": ("filters", "test"),
    "scipy.spatial": ("distance", "cKDTree"),
    "scipy.stats": ("norm",),
    "pyclesperanto": ("__version__", "cl_info", "imshow", "info"),
}
"""By module of a library, names in it that have no wrapper."""
PAIRS = [(module, name) for module, names in NAMES.items() for name in names]


@pytest.mark.parametrize(("module", "name"), PAIRS)
def test_a_name_without_a_wrapper_is_the_librarys_own(module: str, name: str) -> None:
    library = pytest.importorskip(module)
    ours: dict[str, Any] = {}
    exec(f"from voxbind.{module} import {name}", ours)  # the statement that a user writes
    assert ours[name] is getattr(library, name)
    assert getattr(import_module(f"voxbind.{module}"), name) is getattr(library, name)


SUBMODULES = [
    "skimage.color.adapt_rgb",
    "skimage.draw.draw",
    "skimage.filters.rank.generic",
    "skimage.filters.thresholding",
    "skimage.registration._phase_cross_correlation",
    "skimage.restoration.inpaint",
    "skimage.util.dtype",
    "scipy.ndimage.filters",
    "scipy.sparse.linalg",
    "scipy.sparse.linalg.isolve",
    "scipy.spatial.distance",
]


@pytest.mark.parametrize("module", SUBMODULES)
def test_a_submodule_that_is_imported_by_its_path_is_the_librarys_own(module: str) -> None:
    code = f"""
import importlib, sys
first = importlib.import_module("voxbind.{module}")
library = importlib.import_module("{module}")
package, _, name = "{module}".rpartition(".")
from voxbind.{module.rpartition(".")[0]} import {module.rpartition(".")[2]} as second
import voxbind.{module} as third
print(library is first is second is third is sys.modules["voxbind.{module}"])
print(library.__name__, library.__spec__.name)
"""
    assert run(code).split() == ["True", module, module]


@pytest.mark.parametrize("module", ["skimage.color", "skimage.data", "scipy.ndimage", "scipy.io"])
def test_every_public_submodule_can_be_imported_by_its_path(module: str) -> None:
    library = pytest.importorskip(module)
    names = [name for _, name, _ in iter_modules(library.__path__) if name[0] != "_"]
    for name in names:
        ours = import_module(f"voxbind.{module}.{name}")
        is_own_file = (ours.__name__).startswith("voxbind.")
        assert is_own_file or ours is import_module(f"{module}.{name}")


@pytest.mark.parametrize(
    "module",
    ["skimage.nothing", "skimage.filters.nothing", "skimage.data.nothing", "scipy.spatial.no.no"],
)
def test_a_submodule_that_no_library_has_cant_be_imported_by_its_path(module: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'voxbind\.") as refused:
        import_module(f"voxbind.{module}")
    assert refused.value.name is not None and f"voxbind.{module}".startswith(refused.value.name)


def test_a_script_with_the_prefix_runs() -> None:
    from skimage import data, filters

    import voxbind.skimage.data
    import voxbind.skimage.filters

    ours = voxbind.skimage.filters.threshold_otsu(voxbind.skimage.data.coins())
    assert ours == filters.threshold_otsu(data.coins())


WITHOUT = [
    ("skimage", "nothing_of_this_name"),
    ("skimage", "_shared"),
    ("skimage.data", "_fetchers"),
    ("skimage.draw", "nothing_of_this_name"),
    ("skimage.filters", "nothing_of_this_name"),
    ("skimage.filters", "_gaussian"),
    ("scipy.ndimage", "__experimental__"),
    ("pyclesperanto", "__experimental__"),
    ("native", "flat_field"),
]


@pytest.mark.parametrize(("module", "name"), WITHOUT)
def test_private_and_unknown_names_fail_as_in_any_module(module: str, name: str) -> None:
    package = import_module(f"voxbind.{module}")
    plain = ModuleType(f"voxbind.{module}")
    plain.__file__ = package.__file__
    assert not hasattr(package, name)
    with pytest.raises(AttributeError) as expected:
        getattr(plain, name)
    with pytest.raises(AttributeError) as raised:
        getattr(package, name)
    assert str(raised.value) == str(expected.value)
    with pytest.raises(ImportError) as refused:
        exec(f"from voxbind.{module} import {name}")
    assert type(refused.value) is ImportError
    message = f"cannot import name {name!r} from 'voxbind.{module}' ({package.__file__})"
    assert str(refused.value) == message


def test_a_module_that_no_library_has_cant_be_imported() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'voxbind.skimage.nothing'$"):
        import_module("voxbind.skimage.nothing")


@pytest.mark.parametrize("module", MODULES)
def test_dir_shows_the_public_names_alone(module: str) -> None:
    package = import_module(f"voxbind.{module}")
    assert dir(package) == sorted(package.__all__)
    own = {facts.name for facts in registry.functions().values() if facts.module == module}
    assert own <= {f"{module}.{name}" for name in dir(package)}
    for name in dir(package):
        assert getattr(package, name, None) is not None


def test_dir_shows_what_is_handed_on_too() -> None:
    skimage = pytest.importorskip("skimage")
    package, filters, draw, spatial = (
        import_module(f"voxbind.{name}")
        for name in ("skimage", "skimage.filters", "skimage.draw", "scipy.spatial")
    )
    assert dir(package) == sorted({*skimage.__all__} - {"__version__"})
    assert dir(filters) == sorted(skimage.filters.__all__)
    assert dir(draw) == sorted(name for name in skimage.draw.__all__ if name[0] != "_")
    assert {"cKDTree", "distance"} <= {*dir(spatial)}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("from voxbind.scipy import stats\nstats.", {"normaltest", "zscore"}),
        ("import voxbind.scipy\nvoxbind.scipy.linalg.", {"block_diag", "inv"}),
        ("from voxbind.skimage import data\ndata.", {"coins", "cells3d"}),
    ],
)
def test_an_editor_completes_names_that_are_handed_on(statement: str, expected: set[str]) -> None:
    jedi = pytest.importorskip("jedi")
    pytest.importorskip("scipy")
    project = jedi.Project(str(ROOT), added_sys_path=[str(ROOT / "generated")])
    lines = statement.splitlines()
    completions = jedi.Script(statement, project=project).complete(len(lines), len(lines[-1]))
    assert expected <= {completion.name for completion in completions}


def test_the_manifest_names_what_libraries_have() -> None:
    libraries = json.loads((ROOT / "generated/voxbind/manifest.json").read_text("utf-8"))
    checked = 0
    for library in ("skimage", "scipy"):
        for module, names in libraries["libraries"][library]["handed_on"].items():
            if importlib.util.find_spec(module) and "*" not in names:
                shown = import_module(module)
                # A constant may exist in other environments alone.
                defined = {name for name, kind in names.items() if kind != "constant"}
                defined -= {"new_del"}  # which scikit-image deletes after it has used it
                assert [name for name in defined if not hasattr(shown, name)] == [], module
                checked += len(defined)
    assert checked > 200


@pytest.mark.parametrize("module", ["skimage.data", "skimage.draw", "skimage.graph"])
def test_the_manifest_names_all_that_a_module_exports(module: str) -> None:
    libraries = json.loads((ROOT / "generated/voxbind/manifest.json").read_text("utf-8"))
    exported = {name for name in import_module(module).__all__ if name[0] != "_"}
    listed = libraries["libraries"]["skimage"]["handed_on"][module]
    assert exported - {*listed} == set()
    assert [name for name in listed if not hasattr(import_module(module), name)] == []


def test_a_star_import_gives_what_the_librarys_gives() -> None:
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    exec("from voxbind.skimage.draw import *", ours)
    exec("from skimage.draw import *", theirs)
    public = {name: value for name, value in theirs.items() if name[0] != "_"}
    assert public and {name: value for name, value in ours.items() if name[0] != "_"} == public


def run(code: str, *forbidden: str, **environment: str) -> str:
    """Run code in a new process, in which some packages aren't installed; return what it prints."""
    block = f"""
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {forbidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Forbidden())
def loaded():
    return sorted({{*{HEAVY!r}}} & {{name.partition(".")[0] for name in sys.modules}})
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", block + code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "generated"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_imported_before_a_name_is_used() -> None:
    modules = sorted({name for name in NAMES if name != "pyclesperanto"})
    code = f"""
import importlib
for name in {modules!r}:
    module = importlib.import_module("voxbind." + name)
    assert not hasattr(module, "_private") and not hasattr(module, "__wrapped__")
from voxbind.skimage import data, draw, graph, io
from voxbind.cucim.skimage import data as on_gpu
print(loaded())
data.coins
print("skimage" in loaded(), "cupy" in loaded())
"""
    assert run(code).split("\n")[:2] == ["[]", "True False"]


MISSING = [
    "from voxbind.skimage import __version__",
    "from voxbind.skimage import img_as_float",
    "from voxbind.skimage.data import coins",
    "from voxbind.skimage.filters import try_all_threshold",
    "from voxbind.skimage import data; data.coins()",
    "from voxbind.skimage.io import *",
    "from voxbind.skimage.feature import plot_matched_features",
]


@pytest.mark.parametrize("statement", MISSING)
def test_a_missing_library_is_named_with_the_command_that_installs_it(statement: str) -> None:
    code = f"""
from voxbind import LibraryMissingError
import voxbind.skimage.data, voxbind.skimage.filters
assert dir(voxbind.skimage.data) == []
assert not hasattr(voxbind.skimage.filters, "nothing_of_this_name")
try:
    exec({statement!r})
except LibraryMissingError as error:
    print(error)
"""
    assert "pip install 'voxbind[skimage]'" in run(code, "skimage")


def test_without_a_gpu_its_libraries_names_say_so() -> None:
    code = """
from voxbind import DeviceUnavailableError
from voxbind.cucim.skimage.filters import try_all_threshold  # as a wrapper: it fails when called
from voxbind.cucim.skimage import data
import voxbind.cucim as cucim, voxbind.cupyx.scipy.fft as fft
assert dir(data) == dir(fft) == []
for use in (try_all_threshold, lambda: data.binary_blobs, lambda: cucim.is_available,
            lambda: fft.fft2):
    try:
        use()
    except DeviceUnavailableError as error:
        print("needs an NVIDIA GPU" in str(error))
"""
    assert run(code, CUDA_VISIBLE_DEVICES="").split() == ["True"] * 4


def test_without_a_library_or_its_gpu_its_submodules_say_so() -> None:
    code = """
from voxbind import DeviceUnavailableError
import voxbind.cucim.skimage.color.adapt_rgb as adapt_rgb
assert dir(adapt_rgb) == []
try:
    adapt_rgb.each_channel
except DeviceUnavailableError as error:
    print("needs an NVIDIA GPU" in str(error))
"""
    if find_spec("cucim"):
        assert run(code, CUDA_VISIBLE_DEVICES="").split() == ["True"]
    for statement in (
        "import voxbind.skimage.color.adapt_rgb",
        "from voxbind.skimage.draw.draw import disk",
    ):
        code = f"""
from voxbind import LibraryMissingError
import voxbind.skimage.color
try:
    {statement}
except LibraryMissingError as error:
    print(error)
try:
    from voxbind.skimage.color import nothing
except ImportError as error:
    print(type(error).__name__)
"""
        printed = run(code, "skimage").splitlines()
        assert "pip install 'voxbind[skimage]'" in printed[0] and printed[1] == "ImportError"


@pytest.mark.parametrize("missing", ["", "skimage", "numpy"])
@pytest.mark.parametrize("module", ["skimage", "skimage.filters", "skimage.data", "scipy.ndimage"])
def test_help_works_with_and_without_the_library(module: str, missing: str) -> None:
    code = f"import pydoc, voxbind.{module}; print(pydoc.render_doc(voxbind.{module}))"
    text = run(code, *filter(None, [missing]))
    assert f"voxbind.{module}" in text.splitlines()[0]
