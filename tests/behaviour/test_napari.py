"""The plugin of napari: its list of functions, and the forms in a napari without a screen."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import voxbind
from voxbind import registry
from voxbind._napari.layers import axes_of, size_of
from voxbind._napari.running import Cancelled, Run
from voxbind._napari.script import program

PROGRAM = Path(__file__).parents[1] / "helpers" / "napari_session.py"
PLUGIN = Path(voxbind.__file__).with_name("napari.json")
LAYERS = {"image": "Image", "resized": "Image", "labels": "Labels", "mask": "Labels"}
# Thirty functions of all libraries in NumPy's memory: filters, labels and masks of images and of
# labels, a projection, slices of images, several images, numbers beside an image.
RUN = (
    *("skimage.filters.gaussian", "skimage.filters.sobel", "skimage.filters.median"),
    *("skimage.filters.unsharp_mask", "skimage.filters.meijering", "skimage.filters.laplace"),
    *(
        "skimage.filters.threshold_local",
        "skimage.feature.canny",
        "skimage.feature.hessian_matrix_det",
    ),
    *("skimage.exposure.equalize_hist", "skimage.exposure.rescale_intensity"),
    *("skimage.restoration.denoise_tv_chambolle", "skimage.filters.farid"),
    *("skimage.morphology.opening", "skimage.morphology.white_tophat"),
    *("skimage.morphology.isotropic_erosion@nuclei", "skimage.morphology.skeletonize@nuclei"),
    *("skimage.morphology.remove_small_objects@nuclei", "skimage.measure.label@nuclei"),
    *("skimage.segmentation.expand_labels@nuclei", "skimage.segmentation.clear_border@nuclei"),
    *("skimage.segmentation.find_boundaries@nuclei", "skimage.transform.rotate"),
    *("scipy.ndimage.prewitt", "scipy.ndimage.label@nuclei", "scipy.ndimage.rotate"),
    *("scipy.ndimage.distance_transform_edt@nuclei", "scipy.ndimage.binary_dilation@nuclei"),
    *("native.max_projection", "native.normalize_percentile", "scipy.ndimage.uniform_filter"),
)

FAILING = {
    "skimage.morphology.remove_small_objects": "Only bool or integer image types",
    "scipy.ndimage.zoom": "Fill in 'zoom'",
    "skimage.filters.gaussian@": "Open or choose an image first: the viewer has no layer",
    "skimage.morphology.skeletonize@": "Open or choose an image first: the viewer has no layer",
}
"""Sentences in the form by call; ``@`` without a layer is a viewer that has none."""

OFFSCREEN = {**os.environ, "PYTHONPATH": str(PLUGIN.parents[1]), "QT_QPA_PLATFORM": "offscreen"}


def napari(*arguments, screen=False):
    """Run the helper's program, and return what it printed; skip if napari can't run here."""
    command = [sys.executable, str(PROGRAM), *arguments]
    environment = OFFSCREEN
    if screen:
        command = ["xvfb-run", "-a", "-s", "-screen 0 1400x1000x24", *command]
        environment = {key: value for key, value in OFFSCREEN.items() if key != "QT_QPA_PLATFORM"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    if "lack" in answer:
        pytest.skip(f"napari or its Qt can't be imported: {answer['lack']}")
    return answer


@pytest.fixture(scope="module")
def plugin():
    return json.loads(PLUGIN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def every_form():
    """All forms, and the runs; in one process, because its start takes longer than the runs."""
    return napari("forms", *RUN, *FAILING)


@pytest.fixture(scope="module")
def runs(every_form):
    return every_form["runs"]


def test_menus_hold_every_measured_function_whose_result_is_a_layer(plugin):
    listed = {
        command["python_name"].partition(":")[2] for command in plugin["contributions"]["commands"]
    }
    expected = {
        entry.name
        for entry in registry.functions().values()
        if entry.contract is not None
        and not entry.deprecated
        and entry.library not in ("cucim", "cupyx")
        and (entry.result if isinstance(entry.result, str) else entry.result[0]) in LAYERS
    }
    assert listed == expected
    assert len(listed) > 500


def test_each_function_is_in_one_menu_below_naparis_own(plugin):
    contributions = plugin["contributions"]
    items = [item for entries in contributions["menus"].values() for item in entries]
    commands = [item["command"] for item in items if "command" in item]
    assert sorted(commands) == sorted(entry["id"] for entry in contributions["commands"])
    submenus = {entry["id"] for entry in contributions["submenus"]}
    assert {item["submenu"] for item in items if "submenu" in item} == submenus
    own = {menu for menu in contributions["menus"] if menu not in submenus}
    assert own and all(menu.startswith("napari/layers/") for menu in own)


@pytest.mark.skipif(find_spec("npe2") is None, reason="npe2 isn't installed")
def test_npe2_accepts_the_plugin():
    command = [sys.executable, "-m", "npe2", "validate", str(PLUGIN)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_function_of_the_menus_has_a_form(plugin, every_form):
    assert every_form["failed"] == {}
    assert len(every_form["made"]) == len(plugin["contributions"]["commands"])


@pytest.mark.parametrize(
    ("name", "parameter", "field"),
    [
        ("skimage.filters.gaussian", "image", ["ComboBox", "layer"]),
        ("skimage.filters.gaussian", "mode", ["ComboBox", "value"]),
        ("skimage.filters.gaussian", "truncate", ["FloatSpinBox", "value"]),
        ("skimage.filters.gaussian", "sigma", ["LineEdit", "expression"]),
        ("skimage.filters.gaussian", "slice_by_slice", ["CheckBox", "value"]),
        ("skimage.filters.rank.mean", "footprint", ["LineEdit", "expression"]),
        ("skimage.segmentation.expand_labels", "spacing", ["LineEdit", "size"]),
        ("skimage.transform.resize", "output_shape", ["LineEdit", "expression"]),
    ],
)
def test_a_parameter_has_the_field_of_its_type(every_form, name, parameter, field):
    assert every_form["made"][name]["fields"][parameter] == field


def test_outputs_have_no_field(every_form):
    for name, form in every_form["made"].items():
        assert not {*registry.functions()[name].outputs} & {*form["fields"]}, name


@pytest.mark.parametrize("call", RUN)
def test_a_run_adds_the_layer_that_the_copied_program_computes(runs, call):
    name = call.partition("@")[0]
    kind = registry.functions()[name].result
    layer, *_ = runs[call]["layers"]
    assert layer["equal"], runs[call]["program"]
    assert layer["type"] == LAYERS[kind if isinstance(kind, str) else kind[0]]
    assert layer["function"] == name
    assert "voxbind" in runs[call]["program"]


@pytest.mark.parametrize(
    ("call", "scale"),
    [
        ("skimage.filters.gaussian", [2.0, 0.5, 0.5]),
        ("skimage.feature.canny", [2.0, 0.5, 0.5]),
        ("native.max_projection", [0.5, 0.5]),
    ],
)
def test_a_result_lies_where_its_image_lies(runs, call, scale):
    assert runs[call]["layers"][0]["scale"] == scale


def test_sizes_are_those_of_the_layer(runs):
    program = runs["skimage.segmentation.expand_labels@nuclei"]["program"]
    assert "spacing=(2.0, 0.5, 0.5)" in program


@pytest.mark.parametrize(("call", "sentence"), FAILING.items())
def test_a_call_that_fails_is_explained_in_the_form(runs, call, sentence):
    assert sentence in runs[call]["message"]
    assert runs[call]["layers"] == []


def test_a_run_shows_its_progress_and_can_be_cancelled(every_form):
    cancelled = every_form["cancelled"]
    assert len(cancelled["steps"]) == 2
    assert 0 < cancelled["steps"][0] < 4000
    assert cancelled["said"].startswith("Cancelling")
    assert cancelled["message"] == "Cancelled"
    assert cancelled["is_ready"]
    assert cancelled["layers"] == ["movie"]


def test_the_copied_program_is_on_the_clipboard(every_form):
    copied = every_form["copied"]
    assert copied["clipboard"] == copied["program"]
    assert "filters.gaussian(image)" in copied["program"]
    assert copied["message"] == "Copied"


def test_a_cancelled_run_makes_no_further_call():
    calls = []

    @voxbind.declare("PURE_2D")
    def counted(image):
        calls.append(image.shape)
        run.is_cancelled = len(calls) == 3
        return image

    run = Run(counted, "TYX", {"image": np.zeros((10, 4, 4))})
    with pytest.raises(Cancelled):
        run()
    assert calls == [(4, 4)] * 3
    assert run.total == 10
    assert run.done == 3


@pytest.mark.skipif(find_spec("magicgui") is None, reason="magicgui isn't installed")
def test_a_napari_without_qt_gets_a_sentence():
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['PyQt6', 'PyQt5', 'PySide6', 'PySide2']))\n"
        "from voxbind._napari import forms\n"
        "from voxbind.errors import LibraryMissingError\n"
        "try:\n"
        "    forms.form('skimage.filters.gaussian', None)\n"
        "except LibraryMissingError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=OFFSCREEN, capture_output=True, text=True, check=False)
    assert 'Install it with `pip install "napari[pyqt6]"`.' in done.stdout, done.stderr[-3000:]


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="Xvfb isn't installed")
def test_a_real_window_shows_form_and_result(tmp_path):
    picture = tmp_path / "window.png"
    names = ("skimage.filters.gaussian", "skimage.morphology.remove_small_objects")
    answer = napari("screenshot", str(picture), *names, screen=True)
    error = "Only bool or integer image types are supported. Got float64."
    # With each sentence, whether the window cuts it.
    assert answer["messages"] == [["Added 1 layer", False], [error, False]]
    assert picture.stat().st_size > 10_000


def test_sizes_are_in_the_order_of_the_axes_that_functions_take():
    layer = SimpleNamespace(ndim=3, axis_labels=("x", "y", "z"), scale=(0.1, 0.2, 2.0))
    assert axes_of(layer) == "XYZ"
    assert size_of(layer, axes_of(layer)) == (2.0, 0.2, 0.1)


@pytest.mark.parametrize(
    ("axes", "call"),
    [
        ("YX", "filters.gaussian(image)"),
        ("ZYX", "filters.gaussian(image)"),
        ("XYZ", "voxbind.over(filters.gaussian, 'XYZ')(image)"),
        ("TYX", "voxbind.over(filters.gaussian, 'TYX')(image)"),
    ],
)
def test_a_program_names_axes_unless_the_function_takes_them_as_they_are(axes, call):
    facts = registry.functions()["skimage.filters.gaussian"]
    assert program(facts, axes, {"image": "cells"}, {}, ()).endswith(f"result = {call}\n")
