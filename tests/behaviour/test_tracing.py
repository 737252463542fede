"""What moved is told, and can be forbidden; nobody pays for that who doesn't ask."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyclesperanto as cle
import pytest
import torch
from skimage import transform as upstream

import voxbind
from voxbind import pyclesperanto as vcle
from voxbind._settings.called import called_function
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters, measure, transform

IMAGE = np.random.default_rng(0).random((12, 15)).astype(np.float32)
VOLUME = np.random.default_rng(1).random((5, 12, 15)).astype(np.float32)
DEVICE = cle.get_device().name
ON_DEVICE = f"pyclesperanto ({DEVICE})"
CALLS = {
    "NumPy's array in a library of NumPy": (
        lambda: filters.gaussian(IMAGE),
        ("skimage.filters.gaussian", "skimage", "cpu", "direct", 0),
        (),
    ),
    "a tensor": (
        lambda: filters.gaussian(torch.from_numpy(IMAGE)),
        ("skimage.filters.gaussian", "skimage", "cpu", "direct", 0),
        (
            ("image", "torch (cpu)", "numpy", IMAGE.nbytes, True),
            ("result", "numpy", "torch (cpu)", IMAGE.nbytes, True),
        ),
    ),
    "a volume, slice by slice": (
        lambda: feature.canny(VOLUME),
        ("skimage.feature.canny", "skimage", "cpu", "per slice", 5),
        (),
    ),
    "slices that are asked for": (
        lambda: ndimage.gaussian_filter(torch.from_numpy(VOLUME), 1, slice_by_slice=True),
        ("scipy.ndimage.gaussian_filter", "scipy", "cpu", "per slice", 5),
        (
            ("input", "torch (cpu)", "numpy", VOLUME.nbytes, True),
            ("result", "numpy", "torch (cpu)", VOLUME.nbytes, True),
        ),
    ),
    "an array that goes to a device and comes back": (
        lambda: vcle.absolute(IMAGE),
        ("pyclesperanto.absolute", "pyclesperanto", DEVICE, "direct", 0),
        (
            ("input_image", "numpy", ON_DEVICE, IMAGE.nbytes, False),
            ("result", ON_DEVICE, "numpy", IMAGE.nbytes, False),
        ),
    ),
    "an array that is on the device": (
        lambda: vcle.absolute(cle.push(IMAGE)),
        ("pyclesperanto.absolute", "pyclesperanto", DEVICE, "direct", 0),
        (),
    ),
    "an output that is written back": (
        lambda: vcle.absolute(cle.push(IMAGE), np.empty_like(IMAGE)),
        ("pyclesperanto.absolute", "pyclesperanto", DEVICE, "direct", 0),
        (
            ("output_image", "numpy", ON_DEVICE, IMAGE.nbytes, False),
            ("output_image", ON_DEVICE, "numpy", IMAGE.nbytes, False),
        ),
    ),
    "memories that are mixed": (
        lambda: filters.sobel_h(IMAGE, mask=torch.ones(IMAGE.shape, dtype=torch.bool)),
        ("skimage.filters.sobel_h", "skimage", "cpu", "direct", 0),
        (("mask", "torch (cpu)", "numpy", IMAGE.size, True),),
    ),
    "a list that becomes an array": (
        lambda: vcle.absolute([[1.0, -2.0], [3.0, 4.0]]),  # type: ignore[call-overload]  # no array
        ("pyclesperanto.absolute", "pyclesperanto", DEVICE, "direct", 0),
        (
            ("input_image", "list", ON_DEVICE, 32, False),
            ("result", ON_DEVICE, "numpy", 16, False),
        ),
    ),
    "a number that is a tensor": (
        lambda: ndimage.gaussian_filter(torch.from_numpy(IMAGE), torch.tensor([1.0, 2.0])),
        ("scipy.ndimage.gaussian_filter", "scipy", "cpu", "direct", 0),
        (
            ("sigma", "torch (cpu)", "numpy", 8, True),
            ("input", "torch (cpu)", "numpy", IMAGE.nbytes, True),
            ("result", "numpy", "torch (cpu)", IMAGE.nbytes, True),
        ),
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_trace_tells_what_ran_where_and_what_moved(case: str) -> None:
    call, (function, library, device, path, slices), conversions = CALLS[case]
    with voxbind.trace() as log:
        call()
    assert len(log) == 1
    traced = log[0]
    assert traced[:5] == (function, library, device, path, slices)
    assert traced.conversions == conversions
    assert traced.seconds > 0
    assert traced.error == ""


@pytest.mark.parametrize("case", CALLS)
def test_being_traced_changes_no_result(case: str) -> None:
    call = CALLS[case][0]
    expected = call()
    with voxbind.trace():
        result = call()
    assert type(result) is type(expected)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(np.asarray(result), np.asarray(expected))


@pytest.mark.parametrize("case", CALLS)
def test_exactly_the_calls_that_copy_are_forbidden(case: str) -> None:
    call, (function, *_), conversions = CALLS[case]
    copied = [each for each in conversions if not each[-1]]
    with voxbind.transfers("forbid"):
        if not copied:
            call()
            return
        argument, source, target, nbytes, _ = copied[0]
        with pytest.raises(voxbind.TransferForbiddenError) as refused:
            call()
    for told in (function, argument, source, target, f"{nbytes:,} bytes"):
        assert told in str(refused.value)


class Moved(transform.AffineTransform):
    """A user's own transformation, which NumPy can read as a matrix."""


@pytest.mark.parametrize("kind", [transform.AffineTransform, Moved])
@pytest.mark.parametrize("send", [np.asarray, torch.from_numpy])
def test_an_object_of_the_librarys_is_given_as_it_is(kind: Any, send: Any) -> None:
    moved = kind(translation=(2, 1))
    with voxbind.transfers("forbid"), voxbind.trace() as log:
        result = transform.warp(send(IMAGE), moved)
    assert [each.argument for each in log[0].conversions if each.argument == "inverse_map"] == []
    np.testing.assert_array_equal(np.asarray(result), upstream.warp(IMAGE, moved))


def test_a_read_only_result_is_a_copy_and_so_forbidden() -> None:
    # A tensor can't be read-only, and what it were written into is shared by all elements.
    flat = torch.zeros(3, 4)
    with voxbind.transfers("forbid"), pytest.raises(voxbind.TransferForbiddenError, match="result"):
        _read_only(flat)


def _read_only(image: Any) -> Any:
    from voxbind._dispatch.dispatch import call_as_is

    def wide(image: Any) -> Any:
        return np.broadcast_to(np.float32(1), (2, 3))

    return call_as_is(wide, {"image": image}, images=("image",))


def test_transfers_hold_from_the_call_on_and_end_with_the_block() -> None:
    with voxbind.transfers("forbid"):
        with voxbind.transfers("allow"):
            vcle.absolute(IMAGE)
        with pytest.raises(voxbind.TransferForbiddenError):
            vcle.absolute(IMAGE)
    vcle.absolute(IMAGE)
    before = voxbind.transfers("forbid")
    try:
        with pytest.raises(voxbind.TransferForbiddenError):
            vcle.absolute(IMAGE)
    finally:
        voxbind.transfers("allow")
    assert repr(before) == "voxbind.transfers('forbid')"
    vcle.absolute(IMAGE)


def test_a_setting_that_is_kept_holds_in_a_second_block() -> None:
    forbidden = voxbind.transfers("forbid")
    for _ in range(2):
        with forbidden, pytest.raises(voxbind.TransferForbiddenError):
            vcle.absolute(IMAGE)
        vcle.absolute(IMAGE)


def test_what_can_not_be_held_is_refused_before_anything_is_said_to_move() -> None:
    settings: tuple[Any, ...] = (voxbind.transfers("forbid"), voxbind.trace())
    for setting in settings:
        with setting as log, pytest.raises(voxbind.MemoryTypeError, match="at most 3 axes"):
            vcle.absolute(np.zeros((2, 2, 2, 2), np.float32))
    assert log[0].conversions == ()


def test_what_a_generator_gives_has_rows_of_its_own() -> None:
    with voxbind.trace() as log:
        levels = list(transform.pyramid_gaussian(torch.from_numpy(IMAGE), max_layer=2))
    assert len(levels) == 3
    moved = [move.argument for call in log for move in call.conversions]
    assert moved == ["image", "result", "result"]  # the first is the image


def test_arrays_in_a_tuple_of_arguments_are_told_too() -> None:
    def run() -> Any:
        return ndimage.generic_filter(
            torch.from_numpy(IMAGE), weighed, size=3, extra_arguments=(cle.push(IMAGE),)
        )

    def weighed(values: Any, weights: Any) -> float:
        assert type(weights) is np.ndarray
        return float(values[0])

    with voxbind.trace() as log:
        run()
    assert ("extra_arguments", ON_DEVICE, "numpy", IMAGE.nbytes, False) in log[0].conversions
    with voxbind.transfers("forbid"), pytest.raises(voxbind.TransferForbiddenError, match="extra"):
        run()


def test_a_forbidden_copy_leaves_an_output_alone() -> None:
    output = np.zeros_like(IMAGE)
    with voxbind.transfers("forbid"), pytest.raises(voxbind.TransferForbiddenError):
        vcle.absolute(cle.push(IMAGE), output)
    assert not output.any()


def test_what_is_asked_for_by_name_is_not_forbidden() -> None:
    with voxbind.transfers("forbid"):
        array = vcle.push(IMAGE)
        np.testing.assert_array_equal(vcle.pull(array), IMAGE)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("transfers", "maybe"),
        ("transfers", 1),
        ("workers", -1),
        ("workers", 1.5),
        ("workers", True),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(setting: str, value: Any) -> None:
    with pytest.raises(ValueError, match="give"):
        getattr(voxbind, setting)(value)


def test_a_call_that_fails_is_taken_down_with_its_error() -> None:
    with voxbind.trace() as log:
        with pytest.raises(ValueError, match="Sigma"):
            filters.gaussian(IMAGE, sigma=-1)
        with pytest.raises(voxbind.MemoryTypeError):
            vcle.absolute(IMAGE.astype(complex))
    assert [call.error for call in log] == ["ValueError", "MemoryTypeError"]


def test_only_functions_whose_call_succeeded_are_listed_in_the_order_in_which_they_began() -> None:
    def sobel(values: Any) -> float:
        filters.sobel(IMAGE)
        return float(values[0])

    with voxbind.trace() as log:
        filters.gaussian(IMAGE, sigma=1)
        with pytest.raises(ValueError, match="Sigma"):
            filters.gaussian(IMAGE, sigma=-1)
        ndimage.generic_filter(np.ones((1, 1)), sobel, size=1)
        with pytest.raises(ValueError, match="Sigma"):
            filters.gaussian(IMAGE, sigma=-1)
        filters.gaussian(IMAGE, sigma=1)
    names = [called.function.rpartition(".")[2] for called in log.functions]
    assert names == ["gaussian", "generic_filter", "sobel", "gaussian"]
    assert -1 not in [called.arguments.get("sigma") for called in log.functions]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1j, "1j"),
        (np.complex64(1 - 2j), "(1-2j)"),
        (slice(1, None), "slice(1, None, None)"),
        ((slice(0, 2), slice(None)), ["slice(0, 2, None)", "slice(None, None, None)"]),
        (b"ab", "b'ab'"),
    ],
    ids=repr,
)
def test_values_that_json_lacks_are_recorded_as_python_writes_them(value: Any, text: Any) -> None:
    recorded = called_function("f", {"value": value}).arguments["value"]
    assert recorded == text
    assert json.loads(json.dumps(recorded)) == text


def test_the_log_is_a_table_for_people_and_rows_for_programs() -> None:
    with voxbind.trace() as log:
        feature.canny(torch.from_numpy(VOLUME))
        filters.gaussian(IMAGE)
    head, canny, gaussian = str(log).splitlines()
    assert head.split() == ["function", "device", "path", "ms", "moved"]
    assert "per slice x 5" in canny
    assert "image: torch (cpu) -> numpy, 3,600 bytes shared" in canny
    assert gaussian.endswith("nothing")
    first, second = json.loads(json.dumps(log.rows()))
    assert first["function"] == "skimage.feature.canny"
    assert first["bytes_copied"] == 0
    assert first["bytes_shared"] == VOLUME.nbytes + VOLUME.size
    assert first["conversions"][0]["target"] == "numpy"
    assert second["conversions"] == []
    assert log[0:1] == [log[0]]
    assert repr(log).startswith("<2 traced calls>")
    with voxbind.trace() as empty:
        assert repr(empty) == "<no traced calls>"


def test_traces_within_one_another_see_each_their_own_block() -> None:
    with voxbind.trace() as outer:
        filters.gaussian(IMAGE)
        with voxbind.trace() as inner:
            measure.label(IMAGE > 0.5)
        filters.sobel(IMAGE)
    assert [call.function for call in inner] == ["skimage.measure.label"]
    assert [call.function.rpartition(".")[2] for call in outer] == ["gaussian", "label", "sobel"]


def test_when_the_last_trace_ends_arrays_go_straight_to_the_library_again() -> None:
    upstream = vars(filters)["_skimage"]
    filters.gaussian(IMAGE)
    assert upstream.Array is np.ndarray
    with voxbind.trace():
        with voxbind.trace():
            pass
        assert upstream.Array is not np.ndarray
    assert upstream.Array is np.ndarray
    with pytest.raises(ZeroDivisionError), voxbind.trace():
        raise ZeroDivisionError
    assert upstream.Array is np.ndarray


def test_threads_and_tasks_do_not_see_one_anothers_settings() -> None:
    barrier = threading.Barrier(2)

    def forbidding() -> int:
        with voxbind.transfers("forbid"), voxbind.trace() as log:
            barrier.wait()
            for _ in range(20):
                filters.gaussian(torch.from_numpy(IMAGE))
            with pytest.raises(voxbind.TransferForbiddenError):
                vcle.absolute(IMAGE)
            barrier.wait()
        return len(log)

    def allowing() -> int:
        barrier.wait()
        for _ in range(20):
            vcle.absolute(IMAGE)
        with voxbind.trace() as log:
            vcle.absolute(IMAGE)
        barrier.wait()
        return len(log)

    with ThreadPoolExecutor(2) as pool:
        counts = [each.result() for each in [pool.submit(forbidding), pool.submit(allowing)]]
    assert counts == [21, 1]

    async def task(policy: Any) -> int:
        with voxbind.transfers(policy), voxbind.trace() as log:
            await asyncio.sleep(0)
            try:
                vcle.absolute(IMAGE)
            except voxbind.TransferForbiddenError:
                assert policy == "forbid"
            else:
                assert policy == "allow"
            await asyncio.to_thread(filters.gaussian, IMAGE)
        return len(log)

    async def both() -> list[int]:
        return [*await asyncio.gather(task("forbid"), task("allow"))]

    assert asyncio.run(both()) == [2, 2]
