"""cuCIM's functions through their wrappers: what cuCIM gives, in the memory of the image."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.gpu_libraries import IMAGE, VOLUME
from helpers.gpu_wrappers import check, check_version, modules, result_of_each_memory

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("cucim")]
MODULES = modules("cucim")


@pytest.fixture(scope="session")
def cucim(cupy: Any) -> Any:
    reason = "cuCIM isn't installed"
    return pytest.importorskip("cucim.skimage", reason=reason, exc_type=ImportError)


@pytest.mark.parametrize("module", MODULES)
def test_wrapper_gives_what_the_function_gives(module: str) -> None:
    assert check("cucim", module, "compared")


@pytest.mark.parametrize("module", MODULES)
def test_nothing_moves_where_the_image_is_on_the_gpu(module: str) -> None:
    assert check("cucim", module, "moved")


@pytest.mark.parametrize("module", MODULES)
def test_volume_is_cut_where_only_images_are_taken(module: str) -> None:
    check("cucim", module, "cut")


def test_there_are_functions_that_take_images_alone() -> None:
    assert check("cucim", "cucim.skimage.feature", "cut")


@pytest.mark.parametrize("array", [IMAGE, VOLUME], ids=["image", "volume"])
def test_each_memory_gets_its_own_back_with_the_same_values(array: Any) -> None:
    from voxbind.cucim.skimage import filters

    found = result_of_each_memory(lambda image: filters.gaussian(image, sigma=2), array)
    np.testing.assert_array_equal(found["numpy"], found["cupy"], strict=True)
    np.testing.assert_array_equal(found["torch"], found["cupy"], strict=True)


def test_array_on_the_host_is_copied_there_and_back_and_that_can_be_forbidden() -> None:
    from voxbind.cucim.skimage import filters

    with voxbind.trace() as log:
        filters.gaussian(IMAGE)
    (row,) = log.rows()
    assert row["device"].startswith("cuda:")
    assert row["bytes_copied"] == 2 * IMAGE.nbytes
    with voxbind.transfers("forbid"), pytest.raises(voxbind.TransferForbiddenError):
        filters.gaussian(IMAGE)


def test_helper_makes_its_array_on_the_gpu(cupy: Any) -> None:
    from voxbind.cucim.skimage import morphology

    assert type(morphology.disk(3)) is cupy.ndarray


def test_version_is_the_wrapped_one_or_told() -> None:
    cucim: Any = import_module("cucim")

    check_version("cucim", cucim.__version__)
