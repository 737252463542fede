"""Results are recorded as figures, so that a changed result of an unchanged signature is seen."""

from __future__ import annotations

import math
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import ndimage
from skimage.util import random_noise

from helpers.live_descriptions import watch, watch_name
from voxbind_build import libraries
from voxbind_build import manifest as frozen
from voxbind_build.build import pipeline
from voxbind_build.build.settled_values import settled_values
from voxbind_build.common.figures import figures_differ, largest_change, parse, settled
from voxbind_build.model import Observation
from voxbind_build.probe.inputs.images import SIZES_OF_OBJECTS, image
from voxbind_build.probe.protocol.figures import figures

GREY = image((17, 22))
LABELS = image((17, 22), "labels", "int32")


def measured(value):
    """The figures of a result of a single array."""
    (found,) = parse(figures(value))
    return found


# --- figures ---------------------------------------------------------------------------


def test_figures_are_the_arrays_statistics():
    found = measured(GREY)
    assert (found.shape, found.is_integer, found.infinite) == ("17x22", False, 0)
    expected = {
        "mean": GREY.mean(),
        "spread": GREY.std(),
        "minimum": GREY.min(),
        "maximum": GREY.max(),
    }
    for name, number in expected.items():
        assert float(found.by_name()[name]) == pytest.approx(number, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "figure"),
    [
        # A change of all values changes several figures; which of them most isn't promised.
        (lambda a: a + 0.001, ""),
        (lambda a: a * 1.001, ""),
        (lambda a: -a, ""),
        (np.flipud, "mean weighted by position"),
        (np.fliplr, "mean weighted by position"),
        (lambda a: a[::-1, ::-1], "mean weighted by position"),
        (lambda a: np.roll(a, 1, axis=0), "mean weighted by position"),
        (lambda a: np.roll(a, 1, axis=1), "mean weighted by position"),
        (lambda a: np.random.default_rng(0).permuted(a), "mean weighted by position"),
        (lambda a: np.where(a == a.max(), 0, a), "maximum"),
        (lambda a: np.where(a == a.max(), np.nan, a), "values that are not finite"),
        (lambda a: np.full_like(a, np.inf), "values that are not finite"),
        (np.transpose, "shape"),
        (lambda a: a[1:], "shape"),
        (lambda a: a[:0], "shape"),
        (lambda a: (a, a), "number of arrays"),
        (lambda a: [float(a.mean())], "shape"),
    ],
)
@pytest.mark.parametrize("array", [GREY, LABELS], ids=["grey", "labels"])
def test_a_changed_result_has_other_figures(array, change, figure):
    old, new = figures(array.astype(float)), figures(change(array.astype(float)))
    for before, after in ((old, new), (new, old)):
        found = largest_change({"image": f"m {before}"}, {"image": f"m {after}"})
        assert found is not None
        assert found.call == "image"
        assert figure in ("", found.figure)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_volume_that_is_flipped_or_shifted_along_any_axis_has_other_figures(axis):
    volume = image((9, 17, 22))
    assert figures_differ(figures(volume), figures(np.flip(volume, axis)))
    assert figures_differ(figures(volume), figures(np.roll(volume, 1, axis)))


def test_one_pixel_of_a_mask_is_seen():
    mask = image((72, 86), "mask", "bool")
    changed = mask.copy()
    changed[40, 40] ^= True
    assert figures_differ(figures(mask), figures(changed))


@pytest.mark.parametrize(
    "rounded",
    [
        lambda a: a * (1 + 1e-6 * np.random.default_rng(0).standard_normal(a.shape)),
        lambda a: a.astype(np.float32),
        lambda a: a + 1e-9,
        lambda a: np.asfortranarray(a),
        lambda a: a.byteswap().view(a.dtype.newbyteorder()),
    ],
)
@pytest.mark.parametrize("scale", [1e-9, 1.0, 65535.0, 1e300])
def test_rounding_is_no_change(rounded, scale):
    array = GREY * scale
    with np.errstate(over="ignore"):
        other = rounded(array)
    if np.isfinite(other).all() and scale >= 1e-3:
        assert not figures_differ(figures(array), figures(other))
    assert figures_differ(figures(array), figures(array * 1.01))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "uint64", "float16", "float64"])
def test_the_dtype_alone_changes_no_number(dtype):
    mask = LABELS > 0
    assert measured(mask).numbers == measured(mask.astype(dtype)).numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4, "i:4"),
        (True, "i:1"),
        (0.5, ":0.5"),
        (-0.0, ":0"),
        (float("nan"), ":!1"),
        (1 / 3, ":0.333333"),
        (123456789, "i:1.23457e+08"),
        (1e-17, ":0"),
        (np.float32(1e-9), ":0"),
        (np.zeros((0, 2)), "0x2:"),
        (np.full((2, 3), np.nan), "2x3:!6"),
        (np.ones((2, 3), bool), "2x3i:1"),
        (np.array([1 + 2j]), "1:1; 1:2"),
        ((np.ones(2), 3), "2:1; i:3"),
        ({"a": 1, "b": [2.5]}, "i:1; :2.5"),
        ([(slice(2, 5), slice(3, 7))], "i:2; i:5; i:3; i:7"),
        (OrderedDict(a=np.array([(1, 2.0)], dtype=[("x", int), ("y", float)])), "1i:1; 1:2"),
        (np.array([np.ones(2), 7], dtype=object), "2:1; i:7"),
        (SimpleNamespace(b=2, a=1, _hidden=3, name="text"), "i:1; i:2"),
        (None, ""),
        ("text", ""),
        (np.array(["text"]), ""),
        (math.sqrt, ""),
        (np, ""),
    ],
    ids=str,
)
def test_figures_of_other_results(value, text):
    assert figures(value) == text


def test_many_numbers_are_one_row():
    assert measured(list(range(100))).shape == "100"
    assert measured([np.arange(3)] * 50).shape == "150"


# --- comparison ------------------------------------------------------------------------

OLD = {"image": "aa 2x2:1 0.5 0 2 1.1", "signed=True": "bb =image", "mode='wrap'": "cc i:4"}


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (OLD, None),
        ({}, None),
        ({"image": "aa 2x2:1.00019 0.5 0 2 1.1"}, None),
        ({"image": "aa 2x2:1.00021 0.5 0 2 1.1"}, ("image", "mean", "1", "1.00021")),
        ({"image": "ff 2x2:7 0.5 0 9 1.1"}, None),  # other arguments
        ({"sigma=2": "aa 2x2:7 0.5 0 9 1.1"}, None),  # another call
        ({"image": "aa ~"}, None),
        ({"image": "aa !"}, ("image", "outcome", "a result", "an error")),
        ({"mode='wrap'": "cc i:5"}, ("mode='wrap'", "mean", "4", "5")),
        # An option that had no effect has one now.
        (
            {"image": OLD["image"], "signed=True": "bb 2x2:1 0.5 0 3 1.1"},
            ("signed=True", "maximum", "2", "3"),
        ),
        # The largest change of several calls.
        (
            {"image": "aa 2x2:1.1 0.5 0 2 1.1", "mode='wrap'": "cc i:5"},
            ("mode='wrap'", "mean", "4", "5"),
        ),
    ],
)
def test_results_of_equal_calls_are_compared(new, change):
    found = largest_change(OLD, new)
    assert (found and found[:4]) == change
    assert (largest_change(new, OLD) is None) == (change is None)


def test_text_that_differs_by_rounding_alone_stays():
    new = {
        "image": "aa 2x2:1.0001 0.5001 0 2 1.1",
        "signed=True": "bb 2x2:1.0001 0.5 0 2 1.1",
        "mode='wrap'": "cc i:5",
        "order=2": "dd :1",
    }
    kept = {**OLD, "mode='wrap'": "cc i:5", "order=2": "dd :1"}
    assert settled(OLD, new) == kept
    assert settled({}, new) == new
    assert settled(OLD, {}) == {}


@pytest.mark.parametrize(
    ("recorded", "measured", "written"),
    [
        # Rounding, of the same source or of another one.
        (("1", ":1"), ("1", ":1.00001"), ":1"),
        (("1", ":1"), ("2", ":1.00001"), ":1"),
        # What rounding alone doesn't explain: by the machine only if the source is the same.
        (("1", ":1"), ("1", ":1.0005"), ":1"),
        (("1", ":1"), ("2", ":1.0005"), ":1.0005"),
        (("1", "~"), ("1", ":1"), "~"),
        (("1", "~"), ("2", ":1"), ":1"),
        (("1", ":1"), ("1", "~"), ":1"),
        (("1", ":1"), ("2", "~"), "~"),
        # Another result.
        (("1", ":1"), ("1", ":1.01"), ":1.01"),
        (("1", ":1"), ("1", "!"), "!"),
    ],
)
def test_the_machine_that_measures_decides_no_text(recorded, measured, written):
    old, new = (
        Observation(definition="m:f", fingerprint=basis, values={"image": f"aa {text}"})
        for basis, text in (recorded, measured)
    )
    assert settled_values(old, new, new.fingerprint) == {"image": f"aa {written}"}
    assert settled_values(None, new, new.fingerprint) == new.values
    nothing = replace(old, values={})
    assert settled_values(nothing, new, new.fingerprint) == new.values


# --- measurement -----------------------------------------------------------------------


def shifted(image, mode="near", cval=0.0, scale=1.0, weights=None, signed=False, label="a"):
    """Shift an image.

    Parameters
    ----------
    image : ndarray
    mode : {'near', 'constant', 'wrap'}, optional
    cval : float, optional
    scale : float, optional
    weights : ndarray, optional
    signed : bool, optional
    label : str, optional

    Returns
    -------
    ndarray
    """
    image = np.asarray(image, float)
    if label != "a":
        raise ValueError("label")
    result = np.roll(image, 1, axis=-1) * scale
    if mode == "near":
        result[..., 0] = image[..., 0] * scale
    if mode == "constant":
        result[..., 0] = cval
    return result


def test_each_option_has_figures_and_those_that_matter_together():
    values = watch(shifted)[0].values
    calls = {call: text.split(" ", 1)[1] for call, text in values.items()}
    assert {"image", "volume", "image of uint8"} <= calls.keys()
    assert calls["cval=1.0"] == calls["signed=True"] == "=image"
    assert calls["mode='constant'"] != calls["mode='wrap'"] != calls["image"]
    assert parse(calls["mode='constant', cval=1.0"])
    assert calls["mode='constant', signed=True"] == "=mode='constant'"
    assert parse(calls["scale=1.5"])


def blurred(image, sigma=1.0):
    return image * sigma


def sharpened(image, sigma=1.0):
    return image * sigma + 1


def powered(image, exponent, sigma=1.0):
    return image**exponent


def test_equal_calls_have_equal_marks_and_others_have_not():
    texts = [watch(function)[0].values["image"] for function in (blurred, sharpened, powered)]
    one, other, more = (text.split()[0] for text in texts)
    assert one == other != more


LIMIT = [0]


def of_size(mask, min_size=64):
    """Keep large objects.

    Parameters
    ----------
    mask : ndarray of bool
    min_size : int, optional
    """
    numbers, _ = ndimage.label(mask)
    return (np.bincount(numbers.ravel())[numbers] >= min_size + LIMIT[0]) & np.asarray(mask, bool)


def test_objects_of_exact_sizes_are_given_to_functions_of_objects():
    labels = image((72, 86), "blocks", "int32")
    sizes = np.bincount(labels.ravel())
    assert (*sizes[1:-1],) == SIZES_OF_OBJECTS
    below = np.flatnonzero((labels == labels.max()).any(axis=1))
    band = labels[below[0] : below[-1] + 1]
    assert (band == 0).sum() == sum(SIZES_OF_OBJECTS)

    texts = []
    for included in (0, 1):
        LIMIT[:] = [included]
        texts.append(watch(of_size)[0].values)
    found = largest_change(*texts)
    assert found is not None
    assert found.call == "image of blocks"


def noisy(image):
    return image + np.random.default_rng().random(image.shape)


def seeded(image, rng=None):
    return image + np.random.default_rng(rng).random(image.shape)


def unwritten(image, fill=True):
    result = np.empty_like(image)
    if fill:
        result[...] = image
    return result


def rests_on_rounding(image):
    return np.sin(1e12 * np.asarray(image, float))


def test_a_function_whose_results_differ_between_equal_calls_has_no_figures():
    observation = watch(noisy)[0]
    assert observation.random
    assert {text.split(" ", 1)[1] for text in observation.values.values()} == {"~"}


def test_a_random_function_has_the_figures_of_a_fixed_seed():
    observation, verdict = watch(seeded)
    assert observation.random and verdict.random
    assert {text[-1] for text in observation.values.values()}.isdisjoint("~!")
    assert observation.values == watch(seeded)[0].values


def with_noise(image, rng=None):
    return random_noise(image, rng=rng)


def with_clipped_noise(image, rng=None):
    return random_noise(image, rng=rng).clip(0.1)


def test_another_range_of_a_random_functions_results_is_seen():
    found = largest_change(watch(with_noise)[0].values, watch(with_clipped_noise)[0].values)
    assert found is not None
    assert found.figure == "minimum"


def test_results_that_another_machine_wouldnt_have_are_marked():
    assert watch(rests_on_rounding)[0].values["image"].endswith(" ~")
    values = watch(unwritten)[0].values
    assert not values["image"].endswith("~")
    assert values["fill=False"].endswith(" ~")


def strict(image, order=1):
    if order != 1:
        raise ValueError("order")
    return image


def test_calls_that_raise_are_marked():
    assert watch(strict)[0].values["order=2"].endswith(" !")


def test_measuring_twice_gives_the_same_text():
    assert watch(shifted)[0].values == watch(shifted)[0].values


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("skimage.filters.sobel", "mode='constant', cval=1.0"),
        ("skimage.morphology.remove_small_objects", "image of blocks"),
        ("scipy.ndimage.gaussian_filter", "mode='constant', cval=1.0"),
    ],
)
def test_real_functions_have_the_calls_whose_results_changed_between_versions(name, call):
    """`sobel` and `remove_small_objects` changed from scikit-image 0.25 to 0.26."""
    assert parse(watch_name(name)[0].values[call].split(" ", 1)[1])


# --- from build to build ---------------------------------------------------------------


def spec(toylib):
    return libraries.load(toylib.parent / "toylib.toml")


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def functions(package):
    return frozen.read(package / frozen.MANIFEST).libraries["toylib"]


def test_a_changed_body_is_reported_by_its_results(toylib, package):
    before = functions(package)
    smooth = toylib / "filters" / "_smooth.py"
    edit(smooth, "np.roll(image, step - size // 2, axis)", "np.roll(image, step, axis)")
    report = pipeline.check([spec(toylib)], package, measure=True)
    told = [found for found in report.differences if found.aspect == "values"]
    assert {found.name.rpartition(".")[2] for found in told} == {"box", "boxcar", "soften"}
    assert all(found.before.startswith("result of ") for found in told)
    pipeline.build([spec(toylib)], package)
    after = functions(package)
    differences = frozen.compare("toylib", before, after)
    assert {found.aspect for found in differences} == {"source", "values"}
    assert [found for found in differences if found.aspect == "values"] == told
    changes = frozen.library_changes("toylib", before, after).under("values")
    assert sorted(name for change in changes for name in change.names) == [
        found.name for found in told
    ]


def test_a_change_of_the_source_without_effect_changes_no_result(toylib, package):
    before = functions(package)
    smooth = toylib / "filters" / "_smooth.py"
    # Another order of additions: other bits at most.
    edit(smooth, "for step in range(size)) / size", "for step in reversed(range(size))) / size")
    pipeline.build([spec(toylib)], package)
    after = functions(package)
    assert {found.aspect for found in frozen.compare("toylib", before, after)} == {"source"}
    for name, function in before.functions.items():
        assert function.values == after.functions[name].values


def test_a_record_without_values_isnt_compared(toylib, package):
    after = functions(package)
    before = replace(
        after, functions={n: replace(f, values={}) for n, f in after.functions.items()}
    )
    for old, new in ((before, after), (after, before)):
        assert "values" not in {found.aspect for found in frozen.compare("toylib", old, new)}
