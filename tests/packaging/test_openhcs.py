"""OpenHCS, with examples/openhcs beside it: its own discovery, its own calls. `nox -s openhcs`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voxbind import registry

pytest.importorskip("openhcs.processing.backends.lib_registry.voxbind_registry")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Return OpenHCS's catalogue, which it makes in a process of its own and reads from a cache."""
    from openhcs.processing.backends.lib_registry.registry_service import RegistryService

    folder: Path = tmp_path_factory.mktemp("openhcs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENHCS_CPU_ONLY", "1")
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(name, str(folder / name))
        return dict(RegistryService.get_all_functions_with_metadata())


def test_the_catalogue_has_each_wrapper_with_contract_and_memory(
    catalogue: Mapping[str, Any],
) -> None:
    ours = {key[8:]: entry for key, entry in catalogue.items() if key.startswith("voxbind:")}
    assert {"skimage.filters.gaussian", "scipy.ndimage.median_filter", "native.max_projection"} <= {
        *ours
    }
    assert len(ours) > 200
    for name, entry in ours.items():
        wrapper = registry.functions()[name]
        assert wrapper.contract is not None
        assert (entry.contract.name, entry.get_memory_type()) == (wrapper.contract.name, "numpy")
        assert (entry.module, entry.original_name) == tuple(f"voxbind.{name}".rsplit(".", 1))


def test_other_libraries_stay_in_the_catalogue(catalogue: Mapping[str, Any]) -> None:
    assert {"skimage", "openhcs"} <= {key.partition(":")[0] for key in catalogue}


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "a volume at once": ("skimage.filters.gaussian", {"sigma": 2.0}),
    "a volume by slice": ("skimage.filters.gaussian", {"slice_by_slice": True}),
    "a function of images": ("skimage.feature.canny", {}),
    "a projection": ("native.max_projection", {}),
    "labels": ("scipy.ndimage.binary_erosion", {"iterations": 1}),
}


@pytest.mark.parametrize("form", ["array", "image with metadata"])
@pytest.mark.parametrize("case", CALLS)
def test_openhcs_calls_wrappers_as_they_are_called_directly(
    catalogue: Mapping[str, Any], case: str, form: str
) -> None:
    from openhcs.core.runtime_image_values import (
        ImageMetadataPayload,
        ImagePayloadMetadata,
        image_payload_data,
    )
    from openhcs.core.runtime_plane_projection import RuntimePlaneAxis

    name, options = CALLS[case]
    stack = np.random.default_rng(0).random((3, 16, 16)).astype(np.float32)
    metadata = ImagePayloadMetadata(plane_axis=RuntimePlaneAxis.RUNTIME_SLICE)
    image = stack if form == "array" else ImageMetadataPayload(stack, metadata)
    result = catalogue[f"voxbind:{name}"].func(image, **options)
    pixels = result if isinstance(result, np.ndarray) else image_payload_data(result)
    np.testing.assert_array_equal(pixels, registry.functions()[name].func(stack, **options))


def test_a_wrapper_is_recognised_without_the_catalogue(catalogue: Mapping[str, Any]) -> None:
    from openhcs.processing.backends.lib_registry.registry_service import RegistryService

    wrapper = registry.functions()["skimage.filters.gaussian"].func
    declared = RegistryService.declared_metadata_for_callable(wrapper)
    assert declared is not None
    assert declared[0] == "voxbind:skimage.filters.gaussian"
