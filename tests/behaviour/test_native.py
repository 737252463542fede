"""The wrappers of voxbind's own functions: nothing moves, and what a library does for others."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import array_api_strict
import numpy as np
import pyclesperanto as cle
import pytest
import torch

import voxbind
from voxbind import _native as own
from voxbind import native, registry

VOLUME = np.random.default_rng(0).random((5, 12, 15)).astype(np.float32)
CALLS = {
    "max_projection": lambda of, volume: of.max_projection(volume),
    "mean_projection": lambda of, volume: of.mean_projection(volume),
    "sum_projection": lambda of, volume: of.sum_projection(volume),
    "std_projection": lambda of, volume: of.std_projection(volume),
    "normalize_percentile": lambda of, volume: of.normalize_percentile(volume),
    "flat_field_correction": lambda of, volume: of.flat_field_correction(volume, volume[0] + 1),
    "best_focus_slice": lambda of, volume: of.best_focus_slice(volume),
    "crop": lambda of, volume: of.crop(volume, 1),
    "bin_image": lambda of, volume: of.bin_image(volume, 2),
    "composite": lambda of, volume: of.composite(volume),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("give", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_functions_run_where_the_image_is_and_nothing_moves(name: str, give: Any) -> None:
    call, volume = CALLS[name], give(VOLUME)
    call(native, volume)
    with voxbind.transfers("forbid"), voxbind.trace() as log:
        result = call(native, volume)
    assert type(result) is type(volume)
    np.testing.assert_array_equal(np.asarray(result), np.asarray(call(own, volume)))
    assert [(each.function, each.library, each.conversions) for each in log] == [
        (f"native.{name}", "native", ())
    ]
    assert log[0].device == "cpu"


def test_a_function_for_images_runs_slice_by_slice_in_the_images_memory() -> None:
    expected = np.stack([own.normalize_percentile_per_slice(plane) for plane in VOLUME])
    with voxbind.transfers("forbid"):
        for volume in (VOLUME, torch.from_numpy(VOLUME)):
            result = native.normalize_percentile_per_slice(volume)
            assert type(result) is type(volume)
            np.testing.assert_allclose(np.asarray(result), expected, rtol=1e-6)
            result = native.normalize_percentile(volume, slice_by_slice=True)
            assert type(result) is type(volume)
            np.testing.assert_allclose(np.asarray(result), expected, rtol=1e-6)


def test_gradients_flow_through_what_runs_in_pytorch() -> None:
    volume = torch.from_numpy(VOLUME).requires_grad_()
    native.mean_projection(volume).sum().backward()
    assert volume.grad is not None
    assert torch.allclose(volume.grad, torch.full_like(volume, 1 / 5))


def test_other_arrays_go_where_the_image_is() -> None:
    with voxbind.trace() as log:
        result = native.flat_field_correction(torch.from_numpy(VOLUME), VOLUME[0] + 1)
    assert isinstance(result, torch.Tensor)
    (moved,) = log[0].conversions
    assert moved[:3] == ("flat", "numpy", "torch (cpu)")
    assert isinstance(native.flat_field_correction(VOLUME, torch.ones(12, 15)), np.ndarray)
    assert isinstance(native.flat_field_correction(VOLUME, VOLUME[0] + 1, 0.5), np.ndarray)


def test_arrays_of_other_memories_come_back_as_they_went_in() -> None:
    expected = VOLUME.max(axis=0)
    on_device: object = native.max_projection(cle.push(VOLUME))
    assert type(on_device) is type(cle.push(VOLUME))
    np.testing.assert_array_equal(cle.pull(on_device), expected)
    # Types say that NumPy's arrays come back: such arrays have no method that could tell.
    strict: object = native.max_projection(array_api_strict.asarray(VOLUME))
    assert type(strict) is type(array_api_strict.asarray(VOLUME))
    np.testing.assert_array_equal(np.asarray(strict), expected)


@pytest.mark.parametrize("image", ["cells.tif", {"image": VOLUME}, [[1, 2], [3, 4]], None])
def test_what_is_no_array_is_refused(image: Any) -> None:
    with pytest.raises(voxbind.MemoryTypeError, match="image"):
        native.normalize_percentile(image)


@pytest.mark.parametrize(
    ("image", "advice"),
    [
        (torch.zeros(3, 3).to_sparse(), "to_dense"),
        (torch.zeros(3, 3, device="meta"), "no data"),
    ],
    ids=["sparse", "meta"],
)
def test_a_tensor_without_elements_to_read_is_refused(image: Any, advice: str) -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=advice):
        native.normalize_percentile(image)
    with pytest.raises(voxbind.MemoryTypeError, match=advice):
        native.flat_field_correction(torch.ones(3, 3), image)


@pytest.mark.parametrize("flat", [[[1, 2], [3, 4]], 2.0, "flat"])
def test_another_image_that_is_no_array_is_refused(flat: Any) -> None:
    with pytest.raises(voxbind.MemoryTypeError):
        native.flat_field_correction(np.ones((2, 2)), flat)


def test_the_same_is_done_in_every_memory() -> None:
    volume = VOLUME[:, :, :4]  # for a library of NumPy's, that may be an image with colours
    expected = native.normalize_percentile_per_slice(torch.from_numpy(volume))
    np.testing.assert_allclose(native.normalize_percentile_per_slice(volume), expected, rtol=1e-6)


def test_a_masked_array_does_not_lose_its_mask() -> None:
    with pytest.raises(voxbind.MemoryTypeError, match="mask"):
        native.normalize_percentile(np.ma.masked_less(VOLUME, 0.5))


def test_an_image_is_no_volume() -> None:
    with pytest.raises(voxbind.DimensionError, match=r"volume\[None\]"):
        native.max_projection(VOLUME[0])


def test_contracts_are_declared_and_were_held_to() -> None:
    found = registry.find(library="native")
    assert len(found) == 12
    for each in found:
        assert each.evidence == "declared"
        assert each.memory_type == "array_api"
        assert each.reason.startswith("declared by its author; observed as well: ")


def test_its_version_is_the_projects() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert own.__version__ == tomllib.loads(project.read_text())["project"]["version"]


@pytest.mark.parametrize(
    ("version", "warned"), [("0.1.0+skimage0.25.2", False), ("0.1.0", False), ("0.9.0", True)]
)
def test_a_wheel_that_was_regenerated_has_voxbinds_own_functions(
    version: str, warned: bool, tmp_path: Path
) -> None:
    """Its local version names libraries; only another voxbind has other functions."""
    info = tmp_path / f"voxbind-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: voxbind\nVersion: {version}\n")
    code = """
        import importlib.metadata, warnings
        import numpy as np
        from voxbind import native
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            native.max_projection(np.ones((3, 4, 5)))
        print(importlib.metadata.version("voxbind"), *[w.category.__name__ for w in caught])
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)]),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == [version, *["StaleWrapperWarning"] * warned]
