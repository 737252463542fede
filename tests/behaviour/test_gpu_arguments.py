"""The calls that wrappers on a GPU are tested with are there, also where no GPU is."""

from __future__ import annotations

import inspect

import pytest

from helpers import gpu_arguments
from voxbind import registry


@pytest.mark.parametrize(
    ("library", "module"),
    [("cucim", "cucim.skimage.exposure"), ("cupyx", "cupyx.scipy.ndimage")],
)
def test_each_function_with_a_twin_has_calls_that_fit_its_signature(
    library: str, module: str
) -> None:
    functions = gpu_arguments.functions(library, module)
    assert functions
    for name in functions:
        signature = inspect.signature(registry.functions()[name].func)
        calls = gpu_arguments.calls(library, name)
        assert 0 < len(calls) <= gpu_arguments.ENOUGH, name
        for given in calls:
            signature.bind(**given.arguments)
            assert given.ndim >= 2 or name.endswith(("find_objects", "value_indices"))


def test_renamed_parameters_go_by_their_name_on_the_gpu() -> None:
    for given in gpu_arguments.calls("cupyx", "cupyx.scipy.ndimage.distance_transform_edt"):
        assert given.image == "image"
