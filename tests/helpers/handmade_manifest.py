"""A small manifest written by hand: real functions of real libraries, with known contracts.

It lets the tests of rendering and of the run time stand on their own, whatever the
stages before them find out.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

from msgspec.structs import replace

from voxbind_build.discover.constants import NotConstant, canonical
from voxbind_build.model import (
    DtypeFact,
    EnvironmentVariable,
    Function,
    Library,
    Manifest,
    Parameter,
    ParameterKind,
    Returns,
)

TYPES = {
    "image": "Array",
    "input": "ArrayLike",
    "mask": "Array | None",
    "footprint": "Array | None",
    "structure": "ArrayLike | None",
    "mode": "str",
    "size": "int | tuple[int, ...] | None",
    "origin": "int | Sequence[int]",
}

CPU_DEVICE = EnvironmentVariable(
    below_prefix=("lib/libintelocl.so", "Library/bin/intelocl64.dll"),
    unless=("/etc/OpenCL/vendors/*.icd",),
)
"""Where the CPU device is that comes from PyPI."""


def function(
    name: str, returns: str = "Array", storage: Mapping[str, str] | None = None, **facts: Any
) -> Function:
    """Describe a function by its live signature and the facts given.

    `storage` says by parameter which kinds of array it takes beside the library's own.
    """
    kinds = storage or {}
    module, _, attribute = name.rpartition(".")
    package, *path = name.split(".")
    upstream: Any = importlib.import_module(package)
    for depth, part in enumerate(path, 1):
        if not hasattr(upstream, part):
            importlib.import_module(".".join((package, *path[:depth])))
        upstream = getattr(upstream, part)
    parameters = tuple(
        Parameter(
            name=each.name,
            kind=cast(ParameterKind, each.kind.name),
            annotation=TYPES.get(each.name, "Any"),
            annotation_source="docstring",
            facts={"storage": kinds[each.name]} if each.name in kinds else {},
            **_default(each.default),
        )
        for each in inspect.signature(upstream).parameters.values()
    )
    facts = {
        "kind": "image",
        "contract": "FLEXIBLE",
        "reason": "known",
        "evidence": "declared",
        "result": "image",
        "arrays": tuple(each.name for each in parameters[:1]),
        "other_arrays": (),
        "outputs": (),
        "array_like": (),
        "name_or_array": (),
        "masked": (),
        "stacks": True,
        "needs_channels": False,
        "channels_last": False,
        "dtypes": {},
        "mutates": (),
        "random": False,
        "warnings": {},
        "refuses": {},
        "allowed_dtypes": (),
        "needs_output": (),
        "sources": (),
        "overruled": None,
        "deprecated": None,
        "tags": (),
        "parameters": parameters,
        "doc": inspect.getdoc(upstream) or "",
        **facts,
    }
    return Function(
        wrapper=f"voxbind.{name}",
        returns=Returns(annotation=returns, annotation_source="docstring"),
        module=module,
        original_name=attribute,
        definition=f"{upstream.__module__}:{attribute}",
        fingerprint="",
        **facts,
    )


def helper(name: str, returns: str = "Any", **facts: Any) -> Function:
    """Describe a function without an image."""
    nothing = {"kind": "helper", "contract": None, "arrays": (), "result": "other"}
    return function(name, returns, **{**nothing, "stacks": False, **facts})


def handed_on(name: str, form: str) -> Function:
    """Describe a class or a constant."""
    return helper(name, parameters=(), doc="", form=form)


def library(key: str, distribution: str, modules: tuple[str, ...], *functions: Function) -> Library:
    return Library(
        distribution=distribution,
        extra=key,
        version=version(distribution),
        memory_type="numpy",
        twin=None,
        modules=modules,
        functions={each.wrapper.partition(".")[2]: each for each in functions},
        excluded={},
    )


def manifest() -> Manifest:
    floats = {"uint8": DtypeFact(dtype="float64", range=(0.0, 1.0))}
    skimage = library(
        "skimage",
        "scikit-image",
        (
            *("skimage.color", "skimage.feature", "skimage.filters", "skimage.filters.rank"),
            *("skimage.measure", "skimage.morphology", "skimage.util", "skimage.exposure"),
            *("skimage.metrics", "skimage.restoration", "skimage.segmentation"),
        ),
        function("skimage.filters.gaussian", dtypes=floats, tags=("smoothing",)),
        function("skimage.filters.sobel_h", contract="PURE_2D", arrays=("image", "mask")),
        function("skimage.filters.threshold_otsu", "float", result="scalar", stacks=False),
        function(
            "skimage.filters.rank.mean",
            arrays=("image", "mask"),
            other_arrays=("footprint",),
            outputs=("out",),
        ),
        function(
            "skimage.feature.canny", contract="PURE_2D", arrays=("image", "mask"), result="mask"
        ),
        function("skimage.feature.corner_peaks", contract="PURE_2D", result="points", stacks=False),
        function("skimage.feature.hessian_matrix", "list[Array]", result=("image",) * 3),
        handed_on("skimage.feature.ORB", "class"),
        function("skimage.color.rgb2gray", needs_channels=True),
        function("skimage.exposure.equalize_adapthist", channels_last=True),
        function("skimage.exposure.rescale_intensity", storage={"image": "dask"}),
        function("skimage.measure.label", "Array", result="labels"),
        function("skimage.measure.block_reduce", result="resized"),
        function(
            "skimage.measure.regionprops_table", "dict[str, Array]", result="table", stacks=False
        ),
        helper("skimage.morphology.disk", "Array"),
        function("skimage.util.crop", arrays=("ar",), array_like=("ar",), result="resized"),
        handed_on("skimage.util.dtype_limits", "constant"),
        function(
            "skimage.metrics.structural_similarity",
            "float",
            arrays=("im1", "im2"),
            result="scalar",
            stacks=False,
        ),
        function("skimage.restoration.unwrap_phase", masked=("image",)),
        function(
            "skimage.segmentation.clear_border",
            result="labels",
            outputs=("out",),
            arrays=("labels", "mask"),
        ),
    )
    return Manifest(libraries={"skimage": skimage, "scipy": scipy()})


def scipy() -> Library:
    smoothing: dict[str, Any] = {
        "arrays": ("input",),
        "outputs": ("output",),
        "array_like": ("input",),
    }
    return library(
        "scipy",
        "scipy",
        ("scipy.ndimage",),
        function("scipy.ndimage.gaussian_filter", **smoothing),
        function("scipy.ndimage.median_filter", other_arrays=("footprint",), **smoothing),
        function(
            "scipy.ndimage.label",
            "tuple[Array, int]",
            result=("labels", "scalar"),
            other_arrays=("structure",),
            **smoothing,
        ),
        function("scipy.ndimage.generic_filter", other_arrays=("footprint",), **smoothing),
        function(
            "scipy.ndimage.sum_labels",
            "float | Array",
            result="scalar",
            arrays=("input", "labels"),
            array_like=("input", "labels"),
            stacks=False,
        ),
        function(
            "scipy.ndimage.distance_transform_edt",
            **{**smoothing, "outputs": ("distances", "indices")},
        ),
    )


def pyclesperanto() -> Manifest:
    """Describe functions that work on a device, beside those of scikit-image."""
    module = "pyclesperanto"
    out: dict[str, Any] = {"arrays": ("input_image",), "outputs": ("output_image",)}
    two = {**out, "arrays": ("input_image0", "input_image1")}
    described = library(
        module,
        module,
        (module, f"{module}.fft"),
        function(f"{module}.gaussian_blur", **out),
        # It takes volumes as well, and stands here for those that don't.
        function(f"{module}.sobel", **{**out, "contract": "PURE_2D"}),
        function(f"{module}.absolute_difference", **{**two, "contract": "PURE_2D"}),
        function(f"{module}.add_images_weighted", **two),
        function(f"{module}.add_image_and_scalar", **out),
        function(f"{module}.greater_constant", result="mask", **out),
        function(f"{module}.maximum_z_projection", **{**out, "contract": "VOLUMETRIC_TO_SLICE"}),
        function(f"{module}.set", arrays=("input_image",), mutates=("input_image",)),
        function(f"{module}.paste", **out),
        function(
            f"{module}.affine_transform",
            other_arrays=("transform_matrix",),
            host_arrays=("transform_matrix",),
            **out,
        ),
        function(f"{module}.mean_of_all_pixels", "float", arrays=("input_image",), result="scalar"),
        function(f"{module}.copy", **out),
        function(f"{module}.fft.fft", **out),
        helper(f"{module}.ones"),
        helper(f"{module}.push"),
        helper(f"{module}.pull"),
        handed_on(f"{module}.Array", "class"),
        handed_on(f"{module}.Device", "class"),
    )
    environment = {"OCL_ICD_FILENAMES": CPU_DEVICE}
    described = replace(described, memory_type="pyclesperanto", environment=environment)
    return Manifest(libraries={**manifest().libraries, module: described})


def _default(default: Any) -> dict[str, Any]:
    if default is inspect.Parameter.empty:
        return {}
    try:
        return {"default": canonical(default)}
    except NotConstant:
        path = f"{getattr(default, '__module__', '')}.{getattr(default, '__name__', '')}"
        return {"default": path if path != "." else "<default>", "default_is_literal": False}
