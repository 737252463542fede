"""What the wrappers of libraries on a GPU do where there is none, with their libraries or without.

The driver is told to show no GPU, so that this is tested for real on any machine; whether CuPy
and cuCIM can be imported there makes no difference to what may be expected.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import voxbind
from voxbind import DeviceUnavailableError, LibraryMissingError, registry
from voxbind._support import nvidia as gpu
from voxbind._upstream import wrapped_module
from voxbind._upstream.wrapped_module import upstream

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    {facts.module for facts in registry.functions().values() if facts.memory_type == "cupy"}
)
HEAVY = ("cucim", "cupy", "cupyx", "numpy", "scipy", "skimage", "torch")

CUCIM = "__version__ = '26.10.00'\ndisk = print"

READ = f"""
import importlib, inspect, json, pydoc, sys
wrong, count = [], 0
for name in {MODULES}:
    module = importlib.import_module("voxbind." + name)
    assert all(vars(module)[name].__doc__ for name in module.__all__ if name in vars(module))
loaded = {{*{HEAVY}}} & {{each.partition(".")[0] for each in sys.modules}}
# Signatures and pages of help show annotations, which import what they name.
for name in {MODULES}:
    module = importlib.import_module("voxbind." + name)
    assert module.__doc__ and pydoc.render_doc(module)
    for attribute in module.__all__:
        function = vars(module).get(attribute)
        if not inspect.isfunction(function):  # a class or a constant, which is the library's own
            continue
        count += 1
        inspect.signature(function)
        if attribute not in pydoc.render_doc(function) or "voxbind" not in function.__doc__:
            wrong.append(attribute)
print(json.dumps({{"count": count, "wrong": wrong, "loaded": sorted(loaded)}}))
"""

CALL = f"""
import importlib, inspect, json
import numpy, torch
from voxbind import DeviceUnavailableError
images = [numpy.ones((8, 8)), numpy.ones((4, 8, 8), "uint8"), torch.ones(8, 8), [[1.0, 2], [3, 4]]]
wrong, told, count = [], set(), 0
for name in {MODULES}:
    module = importlib.import_module("voxbind." + name)
    for attribute in module.__all__:
        function = vars(module).get(attribute)
        if not inspect.isfunction(function):
            continue
        needed = [
            each.name
            for each in inspect.signature(function).parameters.values()
            if each.default is each.empty and not each.kind.name.startswith("VAR_")
        ]
        for image in images:
            count += 1
            try:
                function(**dict.fromkeys(needed, image))
            except DeviceUnavailableError as error:
                told.add(str(error))
            except Exception as error:
                wrong.append(f"{{name}}.{{attribute}}: {{error!r}}")
            else:
                wrong.append(f"{{name}}.{{attribute}} gave a result")
print(json.dumps({{"count": count, "wrong": wrong, "told": sorted(told)}}))
"""


def run(code: str, **environment: str) -> Any:
    """Run code where the driver shows no GPU; give what it prints last."""
    path = os.pathsep.join([str(ROOT / "generated"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_everything_can_be_imported_and_read_and_loads_no_library() -> None:
    assert {"cucim.skimage.filters", "cupyx.scipy.ndimage"} <= set(MODULES)
    said = run(READ)
    assert said["count"] > 300
    assert said["wrong"] == []
    assert said["loaded"] == []


def test_each_call_says_that_a_gpu_is_missing_and_what_to_do() -> None:
    said = run(CALL)
    assert said["count"] > 1200
    assert said["wrong"] == []
    for told in said["told"]:
        assert "needs an NVIDIA GPU: " in told
        assert "NVIDIA driver here" in told or "NVIDIA's driver is installed and" in told
        assert "pip install 'voxbind[cuda12]'" in told
        assert "voxbind doctor" in told
        own = told.partition(".")[0]
        absent = [name for name in ("cupy", own) if find_spec(name) is None]
        named = f"Not installed either: {', '.join(dict.fromkeys(absent))}."
        assert named in told if absent else "Not installed" not in told


def test_classes_and_constants_can_be_imported_and_say_it_when_they_are_used() -> None:
    code = """
        import json
        from voxbind import DeviceUnavailableError
        from voxbind.cucim.skimage import color
        from voxbind.cucim.skimage.color import *
        from voxbind.cucim.skimage.transform import AffineTransform, warp
        assert not isinstance(warp, AffineTransform)
        assert not hasattr(color, "nothing_of_this_name")
        told = []
        for use in (
            AffineTransform,
            lambda: AffineTransform.from_estimate,
            lambda: rgb_from_hed.shape,
            lambda: rgb_from_hed.__array__(),
        ):
            try:
                use()
            except DeviceUnavailableError as error:
                told.append(str(error))
        print(json.dumps(told))
    """
    said = run("\n".join(line[8:] for line in code.splitlines()))
    assert len(said) == 4
    assert all("needs an NVIDIA GPU" in told for told in said)


# --- a GPU, and not all that it takes --------------------------------------------------


@pytest.fixture
def with_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let there be a GPU as far as the driver is asked, and no library on it."""

    def taken_out() -> dict[str, types.ModuleType]:
        tops = ("cupy", "cupyx", "cucim")
        names = [name for name in sys.modules if name.partition(".")[0] in tops]
        return {name: sys.modules.pop(name) for name in names}

    monkeypatch.setattr(gpu, "count", lambda: 1)
    before = taken_out()
    yield monkeypatch
    monkeypatch.undo()
    taken_out()
    sys.modules.update(before)


def wrapped(module: str = "cucim.skimage.filters", version: str = "26.10.0") -> Any:
    return upstream(
        module, distribution="cucim-cu12", version=version, extra="cuda12", memory="cupy"
    )


def package(monkeypatch: pytest.MonkeyPatch, path: Path, **modules: str) -> None:
    for name, text in modules.items():
        (path / name).mkdir(parents=True)
        (path / name / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(path)


def test_a_missing_cupy_is_named(with_gpu: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_gpu.setattr(sys, "meta_path", [_Nowhere(), *sys.meta_path])
    with pytest.raises(LibraryMissingError, match=r"but cupy isn't installed.*'voxbind\[cuda12\]'"):
        wrapped().Array  # noqa: B018
    with pytest.raises(LibraryMissingError, match=r"but cucim-cu12 isn't.*'voxbind\[cuda12\]'"):
        wrapped().gaussian  # noqa: B018


def test_a_broken_cupy_is_named(with_gpu: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package(with_gpu, tmp_path, cupy="raise OSError('libnvrtc.so: cannot open')")
    with pytest.raises(LibraryMissingError, match=r"^cupy is installed but.*libnvrtc") as raised:
        wrapped().Array  # noqa: B018
    assert "pip install --force-reinstall 'voxbind[cuda12]'" in str(raised.value)
    assert "python -c 'import cupy'" in str(raised.value)


def test_a_gpu_that_goes_is_missed_though_the_library_is_imported(
    with_gpu: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package(with_gpu, tmp_path, cupy="ndarray = type('ndarray', (), {})", cucim=CUCIM)
    assert wrapped("cucim").disk is print
    with_gpu.setattr(gpu, "count", lambda: 0)
    for name in ("disk", "Array"):
        with pytest.raises(DeviceUnavailableError, match="needs an NVIDIA GPU"):
            getattr(wrapped("cucim"), name)


@pytest.mark.parametrize(
    ("module", "text", "cupy_version", "is_fresh"),
    [
        ("cucim", "__version__ = '26.10.00'", "14.2.0", True),  # as cuCIM has it
        ("cucim", "__version__ = '26.10.0'", "14.2.0", True),
        ("cucim", "__version__ = '26.12.00'", "14.2.0", False),
        ("cucim", "__version__ = '26.12.00'", "26.10.0", False),
        ("cucim", "", "26.10.0", True),
        ("cupyx", "", "26.10.0", True),  # cupyx has none, and is of CuPy's version
        ("cupyx", "", "26.12.0", False),
        ("lab", "", "14.2.0", True),  # a module without a version isn't compared with CuPy's
    ],
)
def test_another_wheel_of_the_same_version_is_the_same(
    with_gpu: pytest.MonkeyPatch,
    tmp_path: Path,
    module: str,
    text: str,
    cupy_version: str,
    is_fresh: bool,
) -> None:
    cupy = types.ModuleType("cupy")
    cupy.__version__ = cupy_version  # type: ignore[attr-defined]
    with_gpu.setitem(sys.modules, "cupy", cupy)
    package(with_gpu, tmp_path, **{module: f"{text}\ndisk = print"})
    with_gpu.setattr("voxbind._upstream.wrapped_module._relations", {})
    found = upstream(
        module, distribution="of-another-cuda", version="26.10.0", extra="cuda12", memory="cupy"
    )
    assert found.disk is print
    is_other = {"same": False, "unknown": False, "other": True}
    relations = wrapped_module._relations
    assert is_other[relations["of-another-cuda", "26.10.0"]] is not is_fresh


class _Nowhere:
    """Finds nothing of the libraries on a GPU, though they may be installed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in ("cupy", "cupyx", "cucim"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])


# --- the driver ------------------------------------------------------------------------


class _Driver:
    """NVIDIA's driver, as far as it is asked."""

    def __init__(self, started: int, gpus: int) -> None:
        self._started, self._gpus = started, gpus

    def cuInit(self, flags: int) -> int:
        return self._started

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = self._gpus
        return 0


@pytest.mark.parametrize(
    ("driver", "count", "told"),
    [
        (None, 0, "there is no NVIDIA driver here"),
        (_Driver(0, 2), 2, ""),
        (_Driver(0, 0), 0, "installed and shows no GPU"),
        (_Driver(100, 0), 0, "installed and shows no GPU, with CUDA_VISIBLE_DEVICES='-1'"),
        (_Driver(803, 0), 0, "fails with CUDA's error 803"),
    ],
)
def test_driver_is_asked_how_many_gpus_there_are(
    monkeypatch: pytest.MonkeyPatch, driver: _Driver | None, count: int, told: str
) -> None:
    def load(name: str) -> Any:
        if driver is None:
            raise OSError(name)
        return driver

    monkeypatch.setattr("ctypes.CDLL", load)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    gpu._asked.cache_clear()
    try:
        assert gpu.count() == count
        assert told in gpu.lack()
        assert bool(gpu.lack()) is not bool(count)
    finally:
        gpu._asked.cache_clear()


def test_numpy_arrays_arent_copied_before_the_gpu_is_missed() -> None:
    if gpu.count():
        pytest.skip("there is a GPU here")
    from voxbind.cupyx.scipy import ndimage

    with pytest.raises(DeviceUnavailableError), voxbind.transfers("forbid"):
        ndimage.gaussian_filter(np.ones((4, 4)), 1)
