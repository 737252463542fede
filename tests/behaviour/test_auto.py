"""A function of voxbind.auto is the CPU's where there is no GPU, and says why; it never guesses."""

from __future__ import annotations

import ast
import asyncio
import copy
import functools
import gc
import importlib
import inspect
import json
import modulefinder
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, cast, get_overloads, get_type_hints

import numpy as np
import pyclesperanto as cle
import pytest
import torch

import voxbind
from voxbind import pyclesperanto as vcle
from voxbind._auto.choosing import choose, missing, run
from voxbind._auto.pair import Deviation, Pair, Routing
from voxbind._settings import context
from voxbind._settings.context import MIN_BYTES, Preference, Settings
from voxbind._upstream.defaults import library_default
from voxbind.auto import (
    color,
    exposure,
    feature,
    filters,
    measure,
    metrics,
    morphology,
    ndimage,
    registration,
    restoration,
    segmentation,
    transform,
    util,
)
from voxbind.auto.filters import rank
from voxbind.scipy import ndimage as scipy_ndimage
from voxbind.skimage import filters as skimage_filters

PACKAGE = Path(__file__).parents[2] / "generated" / "voxbind"
MODULES = {
    f"voxbind.auto.{name}": f"voxbind.{cpu}"
    for name, cpu in {
        **{each: f"skimage.{each}" for each in ("color", "exposure", "feature", "filters")},
        **{each: f"skimage.{each}" for each in ("measure", "metrics", "morphology", "util")},
        **{each: f"skimage.{each}" for each in ("registration", "restoration", "transform")},
        "filters.rank": "skimage.filters.rank",
        "segmentation": "skimage.segmentation",
        "ndimage": "scipy.ndimage",
    }.items()
}
"""By module of voxbind.auto, that of the functions on the CPU."""
RNG = np.random.default_rng(0)
IMAGE = RNG.random((24, 30)).astype(np.float32)
VOLUME = RNG.random((4, 24, 30)).astype(np.float32)
LABELS = ndimage.label(IMAGE > 0.6)[0]
BYTES = (IMAGE * 255).astype(np.uint8)
COLOURS = RNG.random((24, 30, 3)).astype(np.float32)
HAS_CUPY = find_spec("cupy") is not None
MANIFEST: dict[str, Any] = {
    name: function
    for library in json.loads((PACKAGE / "manifest.json").read_bytes())["libraries"].values()
    for name, function in library["functions"].items()
}
"""What was measured of each function, by its name upstream."""


@pytest.fixture(autouse=True)
def _nothing_is_preferred() -> Iterator[None]:
    yield
    voxbind.prefer("cpu")


def public(module: str) -> dict[str, Any]:
    found = importlib.import_module(module)
    return {name: getattr(found, name) for name in found.__all__}


def functions(module: str) -> dict[str, Any]:
    """Return the functions of a module that are voxbind's, and not a library's own."""
    return {
        name: each
        for name, each in public(module).items()
        if inspect.isfunction(each) and each.__module__.startswith("voxbind.")
    }


# --- what stands there is the CPU's -----------------------------------------------------------


def test_there_is_a_module_for_each_of_a_library_that_has_twins() -> None:
    folder = PACKAGE / "auto"
    paths = [path.relative_to(PACKAGE).with_suffix("") for path in folder.rglob("*.py")]
    found = {".".join(path.parts).removesuffix(".__init__") for path in paths}
    assert found == {name.removeprefix("voxbind.") for name in MODULES} | {"auto"}
    for name in found - {"auto"}:
        assert importlib.import_module(f"voxbind.{name}")


@pytest.mark.parametrize("module", MODULES)
def test_all_names_are_there_and_what_is_no_function_is_the_same(module: str) -> None:
    ours, cpus = public(module), public(MODULES[module])
    assert list(ours) == list(cpus)
    for name, each in cpus.items():
        if name not in functions(MODULES[module]) and not inspect.ismodule(each):
            assert ours[name] is each, name


@pytest.mark.parametrize("module", MODULES)
def test_signatures_are_the_cpus(module: str) -> None:
    def shown(function: Any) -> list[tuple[Any, ...]]:
        parameters = inspect.signature(function).parameters.values()
        return [
            (each.name, each.kind, repr(each.default), type(each.default), each.annotation)
            for each in parameters
        ]

    ours, cpus = functions(module), functions(MODULES[module])
    assert ours.keys() == cpus.keys()
    for name, function in ours.items():
        assert shown(function) == shown(cpus[name]), name
        returns = [inspect.signature(each).return_annotation for each in (function, cpus[name])]
        assert returns[0] == returns[1], name


@pytest.mark.parametrize("module", MODULES)
def test_overloads_are_the_cpus(module: str) -> None:
    def overloads(function: Any) -> list[tuple[str, Any]]:
        return [(str(inspect.signature(each)), each.__module__) for each in get_overloads(function)]

    cpus = functions(MODULES[module])
    for name, function in functions(module).items():
        expected = [(shown, module) for shown, _ in overloads(cpus[name])]
        assert overloads(function) == expected, name


@pytest.mark.parametrize("module", MODULES)
def test_to_a_checker_each_name_is_the_cpus(module: str) -> None:
    file = importlib.import_module(module).__file__
    assert file is not None
    [checked] = [
        node
        for node in ast.parse(Path(file).read_text("utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    names: dict[str, str | None] = {}
    for node in checked.body:
        assert isinstance(node, ast.ImportFrom)
        home = MODULES[module] if node.level == 0 else "."
        assert (node.module or ".") == home
        names |= {alias.name: alias.asname for alias in node.names}
    assert names == {name: name for name in public(module)}


@pytest.mark.parametrize("module", MODULES)
def test_a_function_is_named_as_where_it_is_and_wraps_the_cpus(module: str) -> None:
    cpus = functions(MODULES[module])
    for name, function in functions(module).items():
        assert (function.__module__, function.__qualname__) == (module, name)
        assert function.__name__ == name
        assert function.__wrapped__ is inspect.unwrap(function) is cpus[name]
        assert function.__annotations__ == cpus[name].__annotations__
        assert pickle.loads(pickle.dumps(function)) is function
        assert copy.deepcopy(function) is function


@pytest.mark.parametrize("module", MODULES)
def test_type_hints_are_the_cpus(module: str) -> None:
    def hints(function: Any) -> Any:
        try:
            return get_type_hints(function)
        except NameError as error:  # a class of a library, which checkers alone import
            return str(error)

    cpus = functions(MODULES[module])
    for name, function in functions(module).items():
        assert hints(function) == hints(cpus[name]), name


@pytest.mark.parametrize("module", MODULES)
def test_all_names_are_listed_and_a_star_imports_them(module: str) -> None:
    loaded = importlib.import_module(module)
    assert dir(loaded) == sorted(loaded.__all__)
    scope: dict[str, Any] = {}
    exec(f"from {module} import *", scope)
    del scope["__builtins__"]
    assert scope == public(module)
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'no_such_name'"):
        loaded.no_such_name  # noqa: B018


def test_a_reload_makes_functions_anew_that_can_be_pickled() -> None:
    before = rank.mean
    try:
        assert importlib.reload(rank).mean is not before
        assert pickle.loads(pickle.dumps(rank.mean)) is rank.mean
    finally:
        vars(rank)["mean"] = before


def test_threads_that_ask_at_once_get_the_same_function() -> None:
    for name in [*functions("voxbind.auto.filters.rank")]:
        vars(rank).pop(name)
        barrier = threading.Barrier(4)
        got: list[Any] = []

        def ask(name: str = name, barrier: Any = barrier, got: list[Any] = got) -> None:
            barrier.wait()
            got.append(getattr(rank, name))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {id(each) for each in got} == {id(getattr(rank, name))}


def test_another_process_finds_a_function_by_its_name() -> None:
    # The pool is that of a program of its own, as here it would import the tests.
    code = (
        "import multiprocessing, numpy\n"
        "from voxbind.auto.util import invert\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        [result] = pool.map(invert, [numpy.zeros((2, 2), bool)])\n"
        "    print(result.all())\n"
    )
    assert output(code, as_file=True) == "True"


def test_without_docstrings_functions_are_there() -> None:
    code = "from voxbind.auto.filters import gaussian; print(gaussian.__doc__, gaussian.__name__)"
    assert output(code, "-OO") == "None gaussian"


def test_a_scanner_of_imports_finds_the_cpus_wrappers(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("from voxbind.auto.filters import gaussian\n")
    finder = modulefinder.ModuleFinder(path=[str(PACKAGE.parent)])
    finder.run_script(str(program))
    assert {"voxbind.auto.filters", "voxbind.skimage.filters", "voxbind._auto.functions"} <= {
        *finder.modules
    }
    assert not [name for name in finder.any_missing() if name.startswith("voxbind.auto")]


@pytest.mark.parametrize("module", MODULES)
def test_documentation_is_whole_and_says_where_a_function_runs(module: str) -> None:
    cpus = functions(MODULES[module])
    for name, function in functions(module).items():
        documented = inspect.getdoc(function) or ""
        head, mark, rest = documented.partition("\n\nvoxbind.auto: ")
        assert mark, name
        routing, _, rest = rest.partition("\n\n")
        assert routing.endswith("."), name
        without = prose(f"{head}\n\n{rest}".strip())
        assert without == prose(inspect.getdoc(cpus[name]) or ""), name


def prose(text: str) -> list[str]:
    """Return the lines of a docstring but for those that import, which differ."""
    return [line for line in text.splitlines() if " import " not in line]


def test_documentation_tells_what_only_the_cpu_does() -> None:
    def told(function: Any) -> str:
        text = inspect.getdoc(function) or ""
        return " ".join(text.partition("voxbind.auto: ")[2].partition("\n\n")[0].split())

    assert told(filters.gaussian) == (
        "runs cucim.skimage.filters.gaussian if image is on an NVIDIA GPU or "
        "voxbind.prefer('gpu') is set, else skimage.filters.gaussian on the CPU. "
        "Images of bool, uint8 and uint16 give float32 on a GPU, but float64 on the CPU."
    )
    on_cpu = "These run on the CPU in any case: calls"
    assert f"{on_cpu} for images of bool (results differ from the CPU's by" in told(
        ndimage.gaussian_filter
    )
    assert f"{on_cpu} with mode and cval (results differ from" in told(filters.sobel)
    assert (
        told(feature.hog) == "runs on the CPU, because skimage.feature.hog has no twin on the GPU."
    )
    assert told(morphology.disk) == "takes no array, so it runs skimage.morphology.disk on the CPU."
    assert f"{on_cpu} with radius; calls for" in told(ndimage.gaussian_filter1d)
    assert "calls with a Python function as function" in told(ndimage.generic_filter)
    assert "Numbers are returned on the host, wherever it runs" in told(filters.threshold_otsu)
    assert "returns objects of cucim's classes" in told(measure.regionprops)
    assert "prefer" not in told(measure.regionprops)


def test_examples_import_from_here() -> None:
    documented = inspect.getdoc(ndimage.uniform_filter) or ""
    assert ">>> from voxbind.auto import ndimage" in documented


@pytest.mark.parametrize("module", MODULES)
def test_all_that_a_routing_names_are_parameters(module: str) -> None:
    for name, function in functions(module).items():
        if (pair := pair_behind(function)) is None:
            continue
        routing = pair.routing
        named = {*routing.arrays, *routing.missing, *routing.renamed, *routing.kernels}
        named |= {*routing.outputs, *(x for each in routing.cpu_only for x in each.parameters)}
        assert named <= {*inspect.signature(function).parameters}, name


@pytest.mark.parametrize("module", MODULES)
def test_a_routing_says_what_was_measured_of_the_pair(module: str) -> None:
    ours = module.removeprefix("voxbind.auto.")
    cpu, gpu = (
        (f"{top}.{ours}" if top else "")
        for top in (("scipy", "cupyx.scipy") if ours == "ndimage" else ("skimage", "cucim.skimage"))
    )
    for name, function in functions(module).items():
        pair = pair_behind(function)
        known, twin = MANIFEST[f"{cpu}.{name}"], MANIFEST.get(f"{gpu}.{name}")
        assert bool(known["arrays"] or known["other_arrays"]) is (pair is not None), name
        if pair is None:
            continue
        routing = pair.routing
        assert pair.cpu == f"{cpu}.{name}"
        assert routing.has_twin == (twin is not None), name
        if twin is None:
            continue
        assert pair.gpu == f"{gpu}.{name}"
        facts = twin["twin"]
        assert [
            (each.dtype, each.parameters, each.max_relative or 0.0) for each in routing.cpu_only
        ] == [
            (
                each["dtype"],
                tuple(each["parameters"]),
                0.0 if each["unlike"] else each["max_relative"],
            )
            for each in facts["deviations"]
        ], name
        assert {*routing.refused_dtypes} == {*facts["refuses"]}, name
        assert (*routing.kernels,) == (*facts["kernels"],), name
        assert routing.spatial_axes == facts["axes"], name
        assert routing.returns_objects == facts["objects"], name
        assert (routing.returns_numbers or "none") == facts["numbers"], name
        assert dict(routing.renamed) == facts["renamed"], name
        given = {dtype: each[1:] for each in routing.result_dtypes for dtype in each.images}
        assert given == {dtype: tuple(each) for dtype, each in facts["dtypes"].items()}, name
        assert routing.is_random == known["random"], name
        assert routing.has_image == (known["kind"] == "image"), name
        assert {*facts["missing"]} <= {*routing.missing}, name


def pair_behind(function: Any) -> Pair | None:
    """Return the twins of a function of voxbind.auto; None if it takes no array."""
    pairs = [
        cell.cell_contents
        for each in function.__globals__.values()
        if inspect.isfunction(each) and each.__module__ == "voxbind._auto.functions"
        for cell in each.__closure__ or ()
        if isinstance(cell.cell_contents, Pair)
    ]
    assert bool(pairs) is ("takes no array" not in function.__doc__)
    return pairs[0] if pairs else None


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
def test_where_the_gpu_is_preferred_each_call_is_a_choice_and_has_all_parameters(
    module: str, kind: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[tuple[Pair, Mapping[str, Any]]] = []
    monkeypatch.setattr(
        "voxbind._auto.functions._run", lambda pair, arguments: chosen.append((pair, arguments))
    )
    for name, function in functions(module).items():
        if (pair := pair_behind(function)) is None:
            continue
        parameters = inspect.signature(function).parameters
        given = {
            each.name: kind(IMAGE)
            for each in parameters.values()
            if each.name in pair.routing.arrays
            or (each.default is each.empty and not each.kind.name.startswith("VAR_"))
        }
        with voxbind.prefer("gpu"):
            assert function(**given) is None
        [(called, arguments)] = chosen
        chosen.clear()
        assert called is pair
        assert arguments.keys() == parameters.keys(), name
        for parameter, value in arguments.items():
            if parameter in given:
                assert value is given[parameter]
            elif parameters[parameter].default is not inspect.Parameter.empty:
                assert value is parameters[parameter].default
            else:  # variadic
                assert value in ((), {})


CALLS: dict[str, tuple[Callable[..., Any], Callable[[Callable[..., Any], Any], Any], Any]] = {
    "image": (filters.gaussian, lambda f, x: f(x, 2, mode="wrap"), IMAGE),
    "volume at once": (filters.gaussian, lambda f, x: f(x), VOLUME),
    "slices": (filters.gaussian, lambda f, x: f(x, slice_by_slice=True), VOLUME),
    "volume per slice": (feature.canny, lambda f, x: f(x), VOLUME),
    "by name": (filters.sobel, lambda f, x: f(image=x, axis=0), IMAGE),
    "colours": (color.rgb2gray, lambda f, x: f(x), COLOURS),
    "number": (filters.threshold_otsu, lambda f, x: f(x), IMAGE),
    "truth": (exposure.is_low_contrast, lambda f, x: f(x), IMAGE),
    "two images": (metrics.structural_similarity, lambda f, x: f(x, x, data_range=1), IMAGE),
    "rank": (rank.mean, lambda f, x: f(x, np.ones((3, 3), np.uint8)), BYTES),
    "labels": (measure.label, lambda f, x: f(x, return_num=True), IMAGE > 0.5),
    "table": (measure.regionprops_table, lambda f, x: f(x, properties=("area",)), LABELS),
    "variadic": (measure.moments_central, lambda f, x: f(x, order=2), IMAGE),
    "footprint": (morphology.dilation, lambda f, x: f(x, morphology.disk(2)), IMAGE),
    "deprecated": (morphology.remove_small_objects, lambda f, x: f(x, max_size=5), IMAGE > 0.5),
    "output dtype": (ndimage.spline_filter, lambda f, x: f(x), IMAGE),
    "no twin": (ndimage.distance_transform_cdt, lambda f, x: f(x), IMAGE > 0.5),
    "renamed": (ndimage.distance_transform_edt, lambda f, x: f(x), IMAGE > 0.5),
    "lacking": (ndimage.gaussian_filter1d, lambda f, x: f(x, 1, radius=3), IMAGE),
    "kernel": (ndimage.generic_filter, lambda f, x: f(x, np.max, 3), IMAGE),
    "coordinates": (ndimage.center_of_mass, lambda f, x: f(x), IMAGE),
    "shift": (registration.phase_cross_correlation, lambda f, x: f(x, x), IMAGE),
    "denoised": (restoration.denoise_tv_chambolle, lambda f, x: f(x), IMAGE),
    "random": (util.random_noise, lambda f, x: f(x, rng=0), IMAGE),
    "boundaries": (segmentation.find_boundaries, lambda f, x: f(x), LABELS),
    "clip": (transform.resize, lambda f, x: f(x, (12, 15)), IMAGE),
    "class": (
        transform.warp,
        lambda f, x: f(x, transform.AffineTransform(translation=(2, 1))),
        IMAGE,
    ),
    "list of arrays": (
        feature.hessian_matrix_eigvals,
        lambda f, x: f([x, x, x]),
        IMAGE.astype(float),
    ),
}
"""What is called, how, and on what."""
KINDS: dict[str, Callable[[Any], Any]] = {"numpy": np.array, "torch": torch.tensor}


@pytest.mark.parametrize("asked", [None, "cpu", "gpu"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CALLS)
def test_a_call_gives_what_the_cpus_gives(case: str, kind: str, asked: Any) -> None:
    if asked == "gpu" and context_has_gpu():
        pytest.skip("there is a GPU, which tests/gpu looks at")
    function, call, array = CALLS[case]
    module = MODULES[function.__module__]
    expected = call(getattr(importlib.import_module(module), function.__name__), KINDS[kind](array))
    if asked:
        voxbind.prefer(asked, min_bytes=0)
    same(call(function, KINDS[kind](array)), expected)


def context_has_gpu() -> bool:
    return missing("math", False) == ""


def same(result: Any, expected: Any) -> None:
    assert type(result) is type(expected)
    if isinstance(expected, dict):
        assert result.keys() == expected.keys()
        result, expected = [*result.values()], [*expected.values()]
    if isinstance(expected, (tuple, list)):
        for one, other in zip(result, expected, strict=True):
            same(one, other)
        return
    assert getattr(result, "dtype", None) == getattr(expected, "dtype", None)
    np.testing.assert_array_equal(np.asarray(result), np.asarray(expected))


def test_lists_and_outputs_are_the_cpus() -> None:
    same(ndimage.uniform_filter([[1.0, 2.0, 6.0]]), scipy_ndimage.uniform_filter([[1.0, 2.0, 6.0]]))
    output = torch.zeros(IMAGE.shape)
    assert ndimage.uniform_filter(IMAGE, output=output) is not None
    np.testing.assert_array_equal(output.numpy(), scipy_ndimage.uniform_filter(IMAGE))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("function", "call"),
    [
        (morphology.binary_erosion, lambda f, x: f(x > 0.5)),
        (morphology.remove_small_objects, lambda f, x: f(x > 0.5, min_size=5)),
    ],
)
def test_a_warning_points_where_the_cpus_does(
    function: Any, call: Callable[[Any, Any], Any], kind: str
) -> None:
    def warned(function: Any) -> list[tuple[Any, ...]]:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            call(function, KINDS[kind](IMAGE))
        return [(each.category, str(each.message), each.filename, each.lineno) for each in told]

    told = warned(function)
    assert told == warned(function.__wrapped__)
    assert told


def test_what_is_refused_is_refused_in_the_cpus_words() -> None:
    with pytest.raises(voxbind.MemoryTypeError, match="gaussian: 'image'"):
        filters.gaussian("image.png")  # type: ignore[call-overload]
    with pytest.raises(voxbind.DimensionError, match="canny"):
        feature.canny(np.zeros((2, 2, 2, 2, 2)))
    for given in ({}, {"image": IMAGE, "sigmas": 2}):
        with pytest.raises(TypeError) as expected:
            skimage_filters.gaussian(**given)  # type: ignore[call-overload]
        with pytest.raises(TypeError) as refused:
            filters.gaussian(**given)  # type: ignore[call-overload]
        assert str(refused.value) == str(expected.value)


@pytest.mark.parametrize(
    "code",
    [
        "import voxbind.auto",
        "import voxbind.auto.filters, voxbind.auto.ndimage, voxbind.auto.filters.rank",
        "from voxbind import auto; auto.morphology.disk",
        "import voxbind; voxbind.prefer('gpu')",
    ],
)
def test_nothing_is_imported_before_a_call(code: str) -> None:
    heavy = ("numpy", "scipy", "skimage", "torch", "cupy", "cupyx", "cucim", "ctypes")
    report = f"import sys; print(*({{*{heavy}}} & {{*sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_a_call_on_the_host_imports_nothing_of_the_gpus_twin() -> None:
    code = (
        "import sys, numpy; from voxbind.auto import util; util.invert(numpy.ones((2, 2)));"
        "print([name for name in sys.modules "
        "if 'cucim' in name or name == 'voxbind._auto.choosing'])"
    )
    assert output(code) == "[]"


def output(code: str, *options: str, as_file: bool = False) -> str:
    """Return what a program prints that has a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program.py")
        program.write_text(code)
        done = subprocess.run(
            [sys.executable, *options, *([str(program)] if as_file else ["-c", code])],
            env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout.strip()


# --- which of the two it is ---------------------------------------------------------------------


class OnGpu:
    """NumPy's array that says it is on an NVIDIA GPU, as DLPack has it."""

    def __init__(self, array: Any, gpu: int = 0) -> None:
        self.array, self.gpu = array, gpu
        self.shape, self.dtype, self.nbytes = array.shape, array.dtype, array.nbytes

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.gpu

    def __dlpack__(self, **options: Any) -> Any:
        raise AssertionError("this was to be read by nobody")


def on_cpu(**arguments: Any) -> tuple[str, Mapping[str, Any]]:
    return "cpu", arguments


def on_gpu(*args: Any, **arguments: Any) -> tuple[Any, ...]:
    return ("gpu", *args, arguments)


GPU = "json.f"
"""Name of the twin on the GPU, in a module that can be imported."""
DEFAULT, ON_HOST = Settings(), "the image isn't on an NVIDIA GPU"
PREFERRED = Settings(prefer=Preference("gpu", 0))


def available(module: str, has_gpu: bool) -> str:
    return ""


DEFAULTS = {"radius": None, "func": None, "channel_axis": None}


def paired(
    routing: Routing,
    *,
    cpu: Callable[..., Any] = on_cpu,
    gpu: Callable[..., Any] = on_gpu,
    names: tuple[str, str] = ("skimage.made.f", GPU),
    **facts: Any,
) -> Pair:
    """Return two twins, of which the CPU's has the parameters of `why`."""
    given = {"defaults": DEFAULTS, "positional": 0, "args": "", "kwargs": "", **facts}
    return Pair(*names, routing, on_cpu=cpu, on_gpu=gpu, **given)


def why(
    image: Any = IMAGE,
    settings: Settings = DEFAULT,
    *,
    absent: Any = None,
    arguments: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
    **facts: Any,
) -> tuple[bool, str]:
    """Return what is chosen for ``f(image, radius=None, func=None, channel_axis=None)``."""
    given = {"image": image, **DEFAULTS, **(arguments or {})}
    pair = paired(
        Routing(**{"arrays": ("image",), **facts}), defaults={**DEFAULTS, **(defaults or {})}
    )
    return choose(pair, given, settings, absent or available)


def test_the_image_decides() -> None:
    assert why() == (False, ON_HOST)
    assert why(torch.from_numpy(IMAGE)) == (False, ON_HOST)
    assert why([[1.0]]) == (False, ON_HOST)
    assert why(None) == (False, ON_HOST)
    assert why(OnGpu(IMAGE)) == (True, "the image is on cuda:0")
    assert why(OnGpu(IMAGE, 1)) == (True, "the image is on cuda:1")
    assert why([OnGpu(IMAGE, 1), IMAGE]) == (True, "the image is on cuda:1")


def test_the_first_image_that_is_given_decides() -> None:
    arrays = ("image", "func")
    assert why(None, arrays=arrays, arguments={"func": OnGpu(IMAGE)})[0]
    assert not why(IMAGE, arrays=arrays, arguments={"func": OnGpu(IMAGE)})[0]
    assert why(OnGpu(IMAGE), arrays=arrays, arguments={"func": IMAGE})[0]


def test_what_is_on_the_host_goes_where_it_is_preferred() -> None:
    assert why(settings=PREFERRED) == (True, "voxbind.prefer('gpu') is set")
    assert why(torch.from_numpy(IMAGE), PREFERRED)[0]
    assert why(settings=Settings(prefer=Preference("cpu"))) == (False, ON_HOST)
    voxbind.prefer("gpu", min_bytes=0)
    assert why()[0]
    assert why(settings=Settings(prefer=Preference("cpu"))) == (False, ON_HOST)


def test_what_is_on_a_gpu_stays_there_whatever_is_preferred() -> None:
    assert why(OnGpu(IMAGE), Settings(prefer=Preference("cpu")))[0]
    assert why(OnGpu(IMAGE), Settings(prefer=Preference("gpu", MIN_BYTES)))[0]
    assert why(OnGpu(IMAGE), is_random=True)[0]
    assert why(OnGpu(IMAGE), returns_objects=True)[0]
    assert why(OnGpu(IMAGE), has_image=False)[0]
    assert why(OnGpu(IMAGE), Settings(transfers="forbid"))[0]


def test_what_is_lazy_stays_lazy() -> None:
    lazy = pytest.importorskip("dask.array").from_array(IMAGE, chunks=(8, 30))
    assert why(lazy, PREFERRED) == (
        False,
        "a dask.array.core.Array is lazy, and computed on the CPU",
    )


def test_small_images_stay_on_the_host() -> None:
    image = np.zeros(MIN_BYTES, np.uint8)
    limit = Settings(prefer=Preference("gpu"))
    assert why(image, limit)[0]
    assert why(image[1:], limit) == (
        False,
        "the image has 65,535 bytes, and min_bytes is 65,536",
    )
    assert not why(torch.zeros(3), limit)[0]


HOST_REASONS: dict[str, tuple[dict[str, Any], str]] = {
    "objects": (
        {"returns_objects": True},
        "skimage.made.f returns objects, which stay where their arrays are",
    ),
    "random numbers": (
        {"is_random": True},
        "skimage.made.f is random, and a GPU would draw different random numbers",
    ),
    "no image": (
        {"has_image": False},
        "skimage.made.f takes no image, and runs where its arrays are",
    ),
    "nothing that is an array": ({"image": [[1.0]]}, "the image is not an array"),
    "forbidden": (
        {"settings": PREFERRED._replace(transfers="forbid")},
        "the image isn't on an NVIDIA GPU, and voxbind.transfers('forbid') is set",
    ),
    "masked": ({"image": np.ma.masked_array(IMAGE)}, "CuPy has no masked arrays"),
    "dtype": ({"image": np.array(["a"])}, "CuPy has no dtype <U1"),
    "dtype of a tensor": (
        {"image": torch.zeros(2, dtype=torch.bfloat16)},
        "CuPy has no dtype torch.bfloat16",
    ),
}


@pytest.mark.parametrize("case", HOST_REASONS)
def test_what_the_gpu_can_not_take_from_the_host_stays_there(case: str) -> None:
    changes, reason = HOST_REASONS[case]
    assert why(**{"settings": PREFERRED, **changes}) == (False, reason)


GENERATOR = np.random.default_rng(0)
REASONS: dict[str, tuple[dict[str, Any], str]] = {
    "no twin": ({"has_twin": False}, "skimage.made.f has no twin on the GPU"),
    "other results in every call": (
        {"cpu_only": (Deviation(dtype="bool", max_relative=3.0), Deviation(max_relative=1.25))},
        "results of json.f differ from those of skimage.made.f by up to 1.2 times the largest "
        "number",
    ),
    "a parameter that must be given": (
        {"missing": ("image",)},
        "json.f has no parameter 'image'",
    ),
    "other axes in every call": (
        {"spatial_axes": 0},
        "json.f takes other axes than skimage.made.f",
    ),
    "parameter": (
        {"missing": ("radius",), "arguments": {"radius": 3}},
        "json.f has no parameter 'radius'",
    ),
    "parameter of another type": (
        {"missing": ("radius",), "defaults": {"radius": 1}, "arguments": {"radius": True}},
        "json.f has no parameter 'radius'",
    ),
    "Python function": (
        {"kernels": ("func",), "arguments": {"func": np.max}},
        "json.f takes no Python function for 'func'",
    ),
    "the CPU library's object": (
        {"arguments": {"func": transform.AffineTransform()}},
        "json.f doesn't take skimage.transform._geometric.AffineTransform for 'func'",
    ),
    "the CPU library's function": (
        {"arguments": {"func": importlib.import_module("skimage.filters").sobel}},
        "json.f doesn't take skimage.filters.edges.sobel for 'func'",
    ),
    "NumPy's generator": (
        {"arguments": {"func": GENERATOR}},
        "json.f doesn't take numpy.random._generator.Generator for 'func'",
    ),
    "dtype": ({"refused_dtypes": ("float32",)}, "json.f refuses float32"),
    "other results for a dtype": (
        {"cpu_only": (Deviation("bool", (), 0.1), Deviation("float32", (), 0.5))},
        "results of json.f for float32 differ from those of skimage.made.f by up to 0.5 times the "
        "largest number",
    ),
    "other results with parameters": (
        {
            "cpu_only": (Deviation(parameters=("mode", "cval")),),
            "defaults": {"mode": "a", "cval": 0.0},
            "arguments": {"mode": "b", "cval": 1.0},
        },
        "results of json.f with mode and cval differ in kind or shape from those of skimage.made.f",
    ),
    "axes": ({"spatial_axes": 3}, "json.f treats an image of shape (24, 30) differently"),
    "axes beside colours": (
        {"spatial_axes": 2, "has_colors": True},
        "json.f treats an image of shape (24, 30) differently",
    ),
    "axes beside channels": (
        {"spatial_axes": 2, "arguments": {"channel_axis": 0}},
        "json.f treats an image of shape (24, 30) differently",
    ),
    "library": ({"absent": lambda *_: "cupy isn't installed"}, "cupy isn't installed"),
}


@pytest.mark.parametrize("case", REASONS)
@pytest.mark.parametrize("place", ["host", "gpu"])
def test_what_the_gpus_twin_does_not_do_is_the_cpus(case: str, place: str) -> None:
    changes, reason = REASONS[case]
    if place == "host":
        assert why(IMAGE, PREFERRED, **changes) == (False, reason)
        assert why(IMAGE, **changes) == (False, ON_HOST)  # nobody asked
    else:
        assert why(OnGpu(IMAGE), **changes) == (False, reason)


@pytest.mark.parametrize(
    "changes",
    [
        {"missing": ("radius",)},
        {"missing": ("radius",), "arguments": {"radius": library_default("numpy.sum")}},
        {"missing": ("radius",), "defaults": {"radius": {}}, "arguments": {"radius": {}}},
        {"refused_dtypes": ("bool", "uint8")},
        {"cpu_only": (Deviation("bool", (), 0.5),)},
        {"cpu_only": (Deviation("float32", ("radius",), 0.5),)},
        {
            "cpu_only": (Deviation("", ("radius", "func"), 0.5),),
            "arguments": {"radius": 3},
        },
        {"spatial_axes": 2},
        {"spatial_axes": 1, "arguments": {"channel_axis": -1}},
        {"arguments": {"func": np.max}},
        {"arguments": {"func": scipy_ndimage.prewitt}},
    ],
)
def test_what_is_untouched_hinders_nothing(changes: dict[str, Any]) -> None:
    assert why(OnGpu(IMAGE), **changes)[0]


def test_a_missing_gpu_and_a_missing_library_are_told() -> None:
    assert missing("json", True) == ""
    assert missing("no_such_library", True) == "no_such_library isn't installed"
    assert missing("no_such_library.module", True) == "no_such_library isn't installed"
    if not context_has_gpu():
        assert missing("json", False) == "there is no NVIDIA GPU on this machine"


def test_a_library_that_fails_to_import_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_on_import.py").write_text("raise OSError('no\\n driver ' + 'long ' * 99)")
    monkeypatch.syspath_prepend(tmp_path)
    told = missing("broken_on_import", True)
    assert told.startswith("broken_on_import can't be imported (OSError: no driver long")
    assert len(told) < 200


# --- what each is called with ---------------------------------------------------------------------


def routed(image: Any = None, pair: Pair | None = None, **arguments: Any) -> Any:
    image = OnGpu(IMAGE) if image is None else image
    return run(pair or paired(Routing(("image",))), {"image": image, **arguments}, available)


def test_all_parameters_are_passed_so_that_defaults_are_the_cpus() -> None:
    assert routed(clip=True, mode="reflect")[1].keys() == {"image", "clip", "mode"}


def test_what_the_gpus_twin_calls_otherwise_is_renamed() -> None:
    image, pair = OnGpu(IMAGE), paired(Routing(("image",), renamed={"image": "input"}))
    assert routed(image, pair) == ("gpu", {"input": image})
    assert routed(IMAGE, pair)[0] == "cpu"


def test_what_the_gpus_twin_lacks_and_what_is_the_librarys_own_is_left_out() -> None:
    own = library_default("numpy.uint8")
    result = routed(pair=paired(Routing(("image",), missing=("radius",))), radius=None, dtype=own)
    assert result[1].keys() == {"image"}
    assert routed(IMAGE, dtype=own) == ("cpu", {"image": IMAGE, "dtype": own})  # the wrapper's


@pytest.mark.parametrize(("kind", "place"), [(OnGpu, "gpu"), (np.array, "cpu")])
def test_variadic_arguments_are_passed_on(kind: Callable[[Any], Any], place: str) -> None:
    def f(*args: Any, **kwargs: Any) -> Any:
        return "cpu", *args, kwargs

    image = kind(IMAGE)
    pair = paired(Routing(("image",)), cpu=f, positional=2, args="more", kwargs="options")
    result = routed(image, pair, mode="a", more=(1, 2), options={"b": 3}, last=4)
    assert result[0] == place
    assert result[1] is image
    assert result[2:] == ("a", 1, 2, {"b": 3, "last": 4})


def zero(number: Any) -> Any:
    return np.array(number)


NUMBERS: dict[str, tuple[Any, Any, Any]] = {
    "float": (zero(1.5), "some", np.float64(1.5)),
    "of 32 bits": (np.array(1.5, np.float32), "some", np.float32(1.5)),
    "int": (zero(3), "some", 3),
    "bool": (zero(True), "some", True),
    "of PyTorch": (torch.tensor(2.5), "some", np.float32(2.5)),
    "in a tuple": ((zero(1.5), IMAGE), "some", (np.float64(1.5), IMAGE)),
    "in a list": ([zero(1), zero(2)], "some", [1, 2]),
    "in a dictionary": ({"a": [zero(1)]}, "some", {"a": [1]}),
    "nothing": (None, "some", None),
    "an array": (IMAGE, "some", IMAGE),
    "a number already": (1.5, "some", 1.5),
    "a row": (np.array([1.5, 2.5]), "all", [np.float64(1.5), np.float64(2.5)]),
    "rows": ([np.array([1.5, 2.5])], "all", [(np.float64(1.5), np.float64(2.5))]),
    "coordinates": ((zero(1.5), zero(2)), "all", (np.float64(1.5), 2)),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_of_the_gpu_are_numbers(case: str) -> None:
    gives, numbers, expected = NUMBERS[case]
    pair = paired(Routing(("image",), returns_numbers=cast(Any, numbers)), gpu=lambda image: gives)
    assert repr(routed(pair=pair)) == repr(expected)
    assert routed(pair=paired(Routing(("image",)), gpu=lambda image: gives)) is gives


def test_numbers_of_slices_are_an_array() -> None:
    gives = np.array([1.5, 2.5])
    pair = paired(Routing(("image",), returns_numbers="all"), gpu=lambda **_: gives)
    assert routed(OnGpu(VOLUME), pair, slice_by_slice=True) is gives
    assert routed(OnGpu(VOLUME), pair, slice_by_slice=False) == [1.5, 2.5]


def test_named_tuples_keep_their_kind() -> None:
    class Both(NamedTuple):
        number: Any
        image: Any

    gives = Both(zero(1.5), IMAGE)
    pair = paired(Routing(("image",), returns_numbers="some"), gpu=lambda image: gives)
    result = routed(pair=pair)
    assert type(result) is Both
    assert type(result.number) is np.float64


def refuses(error: Exception, **facts: Any) -> Pair:
    def f(**arguments: Any) -> Any:
        raise error

    return paired(Routing(("image",), outputs=("output",)), gpu=f, **facts)


NOT_THERE = NotImplementedError("only brute_force iteration is there")


@pytest.mark.parametrize("error", [NOT_THERE, TypeError("no"), ValueError("no")], ids=repr)
@pytest.mark.parametrize("image", [IMAGE, OnGpu(IMAGE)], ids=["host", "gpu"])
def test_what_the_gpus_twin_refuses_is_the_cpus(error: Exception, image: Any) -> None:
    arguments = {"image": image, "output": np.float32}
    with voxbind.prefer("gpu", min_bytes=0):
        result = run(refuses(error), arguments, available)
    assert result == ("cpu", arguments)


def test_what_neither_takes_is_told_in_the_cpus_words() -> None:
    def f(image: Any, output: Any) -> Any:
        raise ValueError("the CPU's words")

    pair = refuses(ValueError("the GPU's"), cpu=f)
    with voxbind.prefer("gpu", min_bytes=0), pytest.raises(ValueError, match="the CPU's words"):
        run(pair, {"image": IMAGE, "output": None}, available)


@pytest.mark.parametrize(
    ("error", "output"),
    [
        (NOT_THERE, IMAGE),  # of which a part may be written
        (RuntimeError("the GPU is out of order"), None),
        (voxbind.TransferForbiddenError("not from here"), None),
        (voxbind.MemoryTypeError("no array"), None),
    ],
)
def test_what_is_no_refusal_comes_through(error: Exception, output: Any) -> None:
    arguments = {"image": IMAGE, "output": output}
    with voxbind.prefer("gpu", min_bytes=0), pytest.raises(type(error), match=str(error)):
        run(refuses(error), arguments, available)


def test_a_trace_tells_what_was_refused() -> None:
    def f(input: Any) -> Any:
        raise NOT_THERE

    names = ("scipy.ndimage.uniform_filter", "cupyx.scipy.ndimage.uniform_filter")
    pair = paired(Routing(("input",)), cpu=scipy_ndimage.uniform_filter, gpu=f, names=names)
    with voxbind.prefer("gpu", min_bytes=0), voxbind.trace() as log:
        run(pair, {"input": IMAGE}, available)
    (call,) = log
    assert call.function == "scipy.ndimage.uniform_filter"
    assert call.reason == (
        "cupyx.scipy.ndimage.uniform_filter refused it "
        "(NotImplementedError: only brute_force iteration is there)"
    )


@pytest.mark.parametrize(
    ("given", "stays"),
    [
        (np.mean, True),
        (lambda values: values.mean(), True),
        ([1, [np.mean]], True),
        ({"key": np.mean}, True),
        (functools.partial(np.mean, axis=0), True),
        (skimage_filters.gaussian, True),
        (filters.gaussian, False),  # it runs where its image is
        (np.float32, False),
        (np.dtype("f4"), False),
        ((1, 2), False),
        (IMAGE, False),
    ],
)
def test_a_function_that_may_know_numpys_arrays_alone_keeps_the_image_with_it(
    given: Any, stays: bool
) -> None:
    chosen, reason = why(settings=PREFERRED, arguments={"func": given})
    assert chosen is not stays
    told = ("the function passed as 'func'", "doesn't take voxbind.skimage")
    assert any(each in reason for each in told) is stays


@pytest.mark.parametrize(
    "given",
    [
        skimage_filters.gaussian,
        [skimage_filters.gaussian],
        functools.partial(skimage_filters.gaussian, sigma=2),
        np.random.default_rng(0),
    ],
)
def test_a_function_of_the_cpus_library_takes_an_image_from_its_gpu(given: Any) -> None:
    chosen, reason = why(OnGpu(IMAGE), arguments={"func": given})
    assert not chosen
    assert "doesn't take" in reason


DEVICE = cle.get_device().name
TWINS = paired(
    Routing(("input",), renamed={"input": "input_image", "sigma": "sigma_x"}),
    cpu=scipy_ndimage.gaussian_filter,
    gpu=vcle.gaussian_blur,
    names=("scipy.ndimage.gaussian_filter", "pyclesperanto.gaussian_blur"),
)
"""Two real functions, of which one works on a device of its own."""


def on_device(image: Any) -> Any:
    return run(TWINS, {"input": image, "sigma": 2}, available)


def test_an_image_that_is_taken_to_a_device_moves_there_once_and_back_once() -> None:
    expected = vcle.gaussian_blur(IMAGE, sigma_x=2)
    with voxbind.prefer("gpu", min_bytes=0), voxbind.trace() as log:
        result = on_device(IMAGE)
    np.testing.assert_array_equal(result, expected)
    assert type(result) is np.ndarray
    moved = [(move.argument, move.target) for move in log[0].conversions]
    assert moved == [("input_image", f"pyclesperanto ({DEVICE})"), ("result", "numpy")]
    assert log[0].reason == "voxbind.prefer('gpu') is set"
    with voxbind.trace() as log:
        np.testing.assert_array_equal(on_device(IMAGE), scipy_ndimage.gaussian_filter(IMAGE, 2))
    assert log[0].reason == ON_HOST


def test_where_transfers_are_forbidden_what_is_on_the_host_stays_there() -> None:
    with voxbind.prefer("gpu", min_bytes=0), voxbind.transfers("forbid"), voxbind.trace() as log:
        result = on_device(IMAGE)
    np.testing.assert_array_equal(result, scipy_ndimage.gaussian_filter(IMAGE, 2))
    assert (
        log[0].reason == "the image isn't on an NVIDIA GPU, and voxbind.transfers('forbid') is set"
    )


# --- told, or forbidden ---------------------------------------------------------------------------


def test_a_trace_tells_why_a_function_ran_where_it_did() -> None:
    with voxbind.trace() as log:
        filters.gaussian(IMAGE)
        skimage_filters.gaussian(IMAGE)
        voxbind.prefer("gpu")
        ndimage.uniform_filter(torch.from_numpy(IMAGE))
    assert [call.function for call in log] == [
        *["skimage.filters.gaussian"] * 2,
        "scipy.ndimage.uniform_filter",
    ]
    assert [call.reason for call in log] == [
        ON_HOST,
        "",
        f"the image has {IMAGE.nbytes:,} bytes, and min_bytes is 65,536",
    ]
    head, first, second, third = str(log).splitlines()
    assert head.split() == ["function", "device", "path", "ms", "moved", "why"]
    assert first.endswith(ON_HOST)
    assert second.endswith("nothing")
    assert third.endswith("65,536")
    assert json.loads(json.dumps(log.rows()))[0]["reason"] == ON_HOST


@pytest.mark.skipif(context_has_gpu(), reason="there is an NVIDIA GPU")
def test_without_a_gpu_it_is_told_that_there_is_none() -> None:
    with voxbind.prefer("gpu", min_bytes=0), voxbind.trace() as log:
        filters.gaussian(IMAGE)
        filters.threshold_otsu(torch.from_numpy(IMAGE))
        feature.hog(IMAGE)
        ndimage.generic_filter(IMAGE, np.max, 3)
    assert [call.reason for call in log] == [
        *["there is no NVIDIA GPU on this machine"] * 2,
        "skimage.feature.hog has no twin on the GPU",
        "cupyx.scipy.ndimage.generic_filter takes no Python function for 'function'",
    ]


def test_a_reason_is_not_that_of_calls_within() -> None:
    def smallest(values: Any) -> float:
        return float(scipy_ndimage.minimum(values))

    with voxbind.trace() as log:
        ndimage.generic_filter(IMAGE[:3, :3], smallest, 3)
        scipy_ndimage.minimum(IMAGE)
    *within, outer, after = (call.reason for call in log)
    assert outer == ON_HOST
    assert not any(within) and not after


def test_a_reason_ends_with_its_call_also_where_that_fails() -> None:
    with voxbind.trace() as log:
        with pytest.raises(voxbind.MemoryTypeError):
            filters.gaussian("image.png")  # type: ignore[call-overload]
        skimage_filters.gaussian(IMAGE)
    assert [call.reason for call in log] == [""]
    assert context.current() is context.DEFAULT


def test_a_forbidden_way_to_the_cpu_says_why_it_would_be_taken() -> None:
    with (
        voxbind.transfers("forbid"),
        pytest.raises(voxbind.TransferForbiddenError, match="has no parameter 'radius'") as refused,
    ):
        ndimage.gaussian_filter1d(OnGpu(IMAGE), 1, radius=2)  # type: ignore[call-overload]
    assert "'input' would be copied" in str(refused.value)
    assert f"{IMAGE.nbytes:,} bytes" in str(refused.value)
    with (
        voxbind.transfers("forbid"),
        pytest.raises(voxbind.TransferForbiddenError, match="hog has no twin on the GPU"),
    ):
        feature.hog(OnGpu(IMAGE))  # type: ignore[call-overload]


@pytest.mark.skipif(HAS_CUPY, reason="CuPy is installed")
def test_without_the_gpus_library_what_is_on_a_gpu_is_the_cpus() -> None:
    with (
        voxbind.transfers("forbid"),
        pytest.raises(voxbind.TransferForbiddenError, match=r"because cu[a-z]+ isn't installed"),
    ):
        filters.gaussian(OnGpu(IMAGE))  # type: ignore[call-overload]


# --- prefer ---------------------------------------------------------------------------------------


def preference() -> tuple[str, int]:
    found = context.preferred(context.current())
    # The one comparison that wrappers make knows as much.
    assert (context.current() is context.calm) is (found.device == "cpu" and not own())
    return found.device, found.min_bytes


def own() -> bool:
    return context.current().prefer is not None


GPU_PREFERRED = ("gpu", MIN_BYTES)
CPU_PREFERRED = ("cpu", MIN_BYTES)


def in_thread(call: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    return results[0]


def test_called_plainly_it_holds_for_all_threads_until_it_is_undone() -> None:
    assert preference() == in_thread(preference) == CPU_PREFERRED
    voxbind.prefer("gpu")
    assert preference() == in_thread(preference) == GPU_PREFERRED
    in_thread(lambda: voxbind.prefer("gpu", min_bytes=7))
    assert preference() == in_thread(preference) == ("gpu", 7)
    voxbind.prefer("cpu")
    assert preference() == in_thread(preference) == CPU_PREFERRED


def test_as_a_context_manager_it_holds_for_its_thread_until_the_block_ends() -> None:
    with voxbind.prefer("gpu"):
        assert preference() == GPU_PREFERRED
        assert in_thread(preference) == CPU_PREFERRED
        with voxbind.prefer("gpu", min_bytes=0):
            assert preference() == ("gpu", 0)
            with voxbind.prefer("cpu"):
                assert preference() == CPU_PREFERRED
            assert preference() == ("gpu", 0)
        assert preference() == GPU_PREFERRED
    assert preference() == CPU_PREFERRED
    with pytest.raises(ZeroDivisionError), voxbind.prefer("gpu"):
        raise ZeroDivisionError
    assert preference() == CPU_PREFERRED


def test_one_block_within_another_of_the_same_ends_alone() -> None:
    asked = voxbind.prefer("gpu", min_bytes=0)
    with asked:
        with asked:
            pass
        assert context.current().prefer == Preference("gpu", 0)
    assert context.current().prefer is None


def test_a_block_goes_before_what_the_process_has() -> None:
    voxbind.prefer("gpu")
    with voxbind.prefer("cpu"):
        assert preference() == CPU_PREFERRED
        assert in_thread(preference) == GPU_PREFERRED
        in_thread(lambda: voxbind.prefer("gpu", min_bytes=7))
        assert preference() == CPU_PREFERRED
    assert preference() == ("gpu", 7)


def test_a_plain_call_within_a_block_holds_there_and_for_the_process() -> None:
    with voxbind.prefer("gpu"):
        voxbind.prefer("gpu", min_bytes=7)
        assert preference() == in_thread(preference) == ("gpu", 7)
        voxbind.prefer("cpu")
        assert preference() == in_thread(preference) == CPU_PREFERRED
    assert preference() == CPU_PREFERRED


def test_one_that_is_kept_holds_for_the_process_until_a_block_takes_it() -> None:
    kept = voxbind.prefer("gpu", min_bytes=7)
    assert in_thread(preference) == ("gpu", 7)
    with voxbind.prefer("cpu"):
        with kept:
            assert preference() == ("gpu", 7)
            assert in_thread(preference) == CPU_PREFERRED
        assert preference() == CPU_PREFERRED
    assert preference() == CPU_PREFERRED
    with kept:
        assert preference() == ("gpu", 7)
    assert preference() == CPU_PREFERRED


def test_blocks_of_two_threads_leave_nothing_behind() -> None:
    first = voxbind.prefer("gpu")
    second = voxbind.prefer("gpu", min_bytes=7)
    with first:
        assert in_thread(preference) == ("gpu", 7)  # a plain call until its block begins
        with second:
            assert in_thread(preference) == CPU_PREFERRED
    assert preference() == CPU_PREFERRED


def test_many_calls_are_not_kept() -> None:
    for _ in range(100):
        voxbind.prefer("gpu")
        with voxbind.prefer("cpu"):
            pass
    gc.collect()
    assert len(vars(context)["_process_settings"]) < 5


def test_many_threads_at_once_leave_nothing_behind() -> None:
    barrier = threading.Barrier(4)

    def work() -> bool:
        barrier.wait()
        for number in range(200):
            with voxbind.prefer("gpu", min_bytes=number):
                if preference() != ("gpu", number):
                    return False
        return True

    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(work())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 4
    assert preference() == CPU_PREFERRED


def test_tasks_keep_what_they_began_with() -> None:
    async def later() -> tuple[str, int]:
        await asyncio.sleep(0)
        return preference()

    async def main() -> list[tuple[str, int]]:
        with voxbind.prefer("gpu", min_bytes=7):
            task = asyncio.create_task(later())
            other = await asyncio.to_thread(preference)
        return [await task, other, await later()]

    assert asyncio.run(main()) == [("gpu", 7), ("gpu", 7), CPU_PREFERRED]


@pytest.mark.parametrize("device", ["GPU", "cuda", "", None, 0])
def test_devices_that_are_none_are_refused(device: Any) -> None:
    with pytest.raises(ValueError, match="give 'cpu' or 'gpu'"):
        voxbind.prefer(device)
    assert preference() == CPU_PREFERRED


@pytest.mark.parametrize("min_bytes", [-1, 1.5, True, "1", None])
def test_sizes_that_are_none_are_refused(min_bytes: Any) -> None:
    with pytest.raises(ValueError, match="integer of at least 0"):
        voxbind.prefer("gpu", min_bytes=min_bytes)
    assert preference() == CPU_PREFERRED


def test_it_shows_what_is_asked_for() -> None:
    assert repr(voxbind.prefer("gpu")) == "voxbind.prefer('gpu')"
    assert repr(voxbind.prefer("gpu", min_bytes=0)) == "voxbind.prefer('gpu', min_bytes=0)"
    with voxbind.prefer("cpu") as held:
        assert repr(held) == "voxbind.prefer('cpu')"
