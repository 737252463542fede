"""Verdicts follow from observations, and are right where the truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import ndimage

from helpers.live_descriptions import describe_function, describe_name, watch, watch_name
from voxbind_build.classify import classify, find_types
from voxbind_build.model import (
    DECISIVE,
    Call,
    Declaration,
    Observation,
    Part,
    Result,
    Returns,
)

# --- real functions with known contracts ------------------------------------------------

F, P2, P3, V2S = "FLEXIBLE", "PURE_2D", "PURE_3D", "VOLUMETRIC_TO_SLICE"

KNOWN: dict[str, tuple[str, Any]] = {
    # Pixel by pixel, or by the histogram alone.
    "skimage.exposure.adjust_gamma": (F, "image"),
    "skimage.exposure.equalize_hist": (F, "image"),
    "skimage.exposure.rescale_intensity": (F, "image"),
    "skimage.exposure.histogram": (F, ("histogram", "histogram")),
    "skimage.util.invert": (F, "image"),
    "skimage.util.img_as_bool": (F, "mask"),
    "skimage.util.map_array": (F, "image"),
    # Filters over all axes.
    "skimage.filters.gaussian": (F, "image"),
    "skimage.filters.sobel": (F, "image"),
    "skimage.filters.median": (F, "image"),
    "skimage.filters.frangi": (F, "image"),
    "skimage.filters.rank.mean": (F, "image"),
    "skimage.filters.threshold_local": (F, "image"),
    "skimage.restoration.denoise_nl_means": (F, "image"),
    "skimage.restoration.denoise_tv_chambolle": (F, "image"),
    "skimage.restoration.richardson_lucy": (F, "image"),
    "skimage.restoration.rolling_ball": (F, "image"),
    "skimage.restoration.unwrap_phase": (F, "image"),
    "skimage.restoration.inpaint_biharmonic": (F, "image"),
    "scipy.ndimage.gaussian_filter": (F, "image"),
    "scipy.ndimage.median_filter": (F, "image"),
    "scipy.ndimage.generic_filter": (F, "image"),
    "scipy.ndimage.vectorized_filter": (F, "image"),
    "scipy.ndimage.fourier_shift": (F, "image"),
    "scipy.ndimage.distance_transform_edt": (F, "image"),
    # Along axes that the caller chooses.
    "scipy.ndimage.gaussian_filter1d": (F, "image"),
    "scipy.ndimage.generic_filter1d": (F, "image"),
    "scipy.ndimage.sobel": (F, "image"),
    "scipy.ndimage.rotate": (F, "resized"),
    # Of another size.
    "scipy.ndimage.zoom": (F, "resized"),
    "scipy.ndimage.map_coordinates": (F, "resized"),
    "skimage.transform.resize": (F, "resized"),
    "skimage.transform.pyramid_reduce": (F, "resized"),
    "skimage.feature.match_template": (F, "resized"),
    "skimage.util.crop": (F, "resized"),
    # Two dimensions only, by refusal.
    "skimage.feature.canny": (P2, "mask"),
    "skimage.feature.corner_harris": (P2, "image"),
    "skimage.feature.corner_foerstner": (P2, ("image", "image")),
    "skimage.feature.local_binary_pattern": (P2, "image"),
    "skimage.filters.gabor": (P2, ("image", "image")),
    "skimage.filters.sobel_h": (P2, "image"),
    "skimage.filters.rank.mean_bilateral": (P2, "image"),
    "skimage.filters.rank.threshold_percentile": (P2, "mask"),
    "skimage.measure.find_contours": (P2, "points"),
    "skimage.measure.perimeter": (P2, "scalar"),
    "skimage.morphology.thin": (P2, "mask"),
    "skimage.morphology.medial_axis": (P2, "mask"),
    "skimage.restoration.denoise_bilateral": (P2, "image"),
    "skimage.segmentation.chan_vese": (P2, "mask"),
    "skimage.segmentation.mark_boundaries": (P2, "image"),
    "skimage.transform.radon": (P2, "resized"),
    "skimage.transform.iradon": (P2, "resized"),
    "skimage.transform.frt2": (P2, "resized"),
    "skimage.transform.ifrt2": (P2, "resized"),
    "skimage.transform.warp_polar": (P2, "resized"),
    "skimage.transform.hough_ellipse": (P2, "table"),
    # Two dimensions only, by misreading: the last axis is taken for channels.
    "skimage.transform.rotate": (P2, "image"),
    "skimage.transform.swirl": (P2, "image"),
    "skimage.transform.warp": (P2, "image"),
    "skimage.measure.profile_line": (P2, "table"),
    "skimage.restoration.denoise_tv_bregman": (P2, "image"),
    "skimage.segmentation.active_contour": (P2, "points"),
    "skimage.segmentation.felzenszwalb": (P2, "labels"),
    "skimage.segmentation.quickshift": (P2, "labels"),
    # Three dimensions only.
    "skimage.measure.marching_cubes": (P3, ("points", "table", "table", "table")),
    "skimage.util.montage": (V2S, "image"),
    # Masks and labels.
    "skimage.filters.apply_hysteresis_threshold": (F, "mask"),
    "skimage.morphology.isotropic_erosion": (F, "mask"),
    "skimage.morphology.skeletonize": (F, "mask"),
    "skimage.morphology.h_maxima": (F, "mask"),
    "skimage.morphology.convex_hull_image": (F, "mask"),
    "skimage.morphology.remove_small_holes": (F, "mask"),
    "skimage.morphology.reconstruction": (F, "image"),
    "skimage.segmentation.morphological_chan_vese": (F, "mask"),
    "skimage.segmentation.find_boundaries": (F, "mask"),
    "skimage.segmentation.slic": (F, "labels"),
    "skimage.segmentation.watershed": (F, "labels"),
    "skimage.segmentation.random_walker": (F, "labels"),
    "skimage.segmentation.expand_labels": (F, "labels"),
    "skimage.measure.label": (F, "labels"),
    "scipy.ndimage.label": (F, ("labels", "scalar")),
    "scipy.ndimage.binary_fill_holes": (F, "mask"),
    "scipy.ndimage.watershed_ift": (F, "labels"),
    # Numbers, points, tables: no image in which an axis could be gone.
    "skimage.filters.threshold_otsu": (F, "scalar"),
    "skimage.filters.threshold_minimum": (F, "scalar"),
    "skimage.metrics.structural_similarity": (F, "scalar"),
    "skimage.metrics.adapted_rand_error": (F, ("scalar", "scalar", "scalar")),
    "skimage.feature.peak_local_max": (F, "points"),
    "skimage.feature.blob_log": (F, "points"),
    "skimage.measure.centroid": (F, "points"),
    "skimage.measure.inertia_tensor": (F, "table"),
    "skimage.measure.moments": (F, "table"),
    "skimage.measure.regionprops": (F, "table"),
    "skimage.registration.phase_cross_correlation": (F, ("points", "scalar", "scalar")),
    "scipy.ndimage.center_of_mass": (F, "points"),
    "scipy.ndimage.extrema": (F, ("scalar", "scalar", "points", "points")),
    "scipy.ndimage.histogram": (F, "histogram"),
    "scipy.ndimage.labeled_comprehension": (F, "table"),
    # Colours.
    "skimage.color.rgb2gray": (F, "image"),
    "skimage.color.rgb2lab": (F, "image"),
    "skimage.color.deltaE_cie76": (F, "image"),
    "skimage.color.gray2rgb": (F, "image"),
    "skimage.color.label2rgb": (F, "image"),
}

HELPERS = (
    "skimage.filters.gabor_kernel",
    "skimage.measure.approximate_polygon",
    "skimage.measure.moments_hu",
    "skimage.measure.points_in_poly",
    "skimage.morphology.disk",
    "skimage.morphology.mirror_footprint",
    "skimage.segmentation.disk_level_set",
    "skimage.transform.estimate_transform",
    "skimage.transform.warp_coords",
    "skimage.util.regular_grid",
    "skimage.util.unique_rows",
    "scipy.ndimage.generate_binary_structure",
    "scipy.ndimage.iterate_structure",
)

COLOURS_NEEDED = (
    "skimage.color.rgb2gray",
    "skimage.color.rgba2rgb",
    "skimage.color.lab2lch",
    "skimage.color.deltaE_cie76",
    "skimage.segmentation.quickshift",
)


@pytest.mark.parametrize("name", KNOWN)
def test_known_contracts_and_results(name: str) -> None:
    contract, result = KNOWN[name]
    _, verdict = watch_name(name)
    assert (verdict.kind, verdict.evidence) == ("image", "observed")
    assert (verdict.contract, verdict.result) == (contract, result), verdict.reason


@pytest.mark.parametrize("name", HELPERS)
def test_what_takes_no_image_is_a_helper(name: str) -> None:
    _, verdict = watch_name(name)
    assert (verdict.kind, verdict.contract, verdict.arrays) == ("helper", None, ())


def test_a_helpers_lists_of_arrays_are_told_by_their_type() -> None:
    _, verdict = watch_name("skimage.feature.structure_tensor_eigenvalues")
    assert verdict.other_arrays == ("A_elems",)


def test_masked_arrays_are_taken_where_the_mask_is_looked_at() -> None:
    assert watch_name("skimage.restoration.unwrap_phase")[1].masked == ("image",)
    assert watch_name("skimage.filters.gaussian")[1].masked == ()


@pytest.mark.parametrize("name", sorted({*COLOURS_NEEDED, *list(KNOWN)[::5]}))
def test_colours_are_needed_where_an_image_without_is_refused(name: str) -> None:
    _, verdict = watch_name(name)
    assert verdict.needs_channels is (name in COLOURS_NEEDED)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("skimage.transform.rotate", True),
        ("skimage.segmentation.felzenszwalb", True),
        ("skimage.segmentation.slic", True),
        ("skimage.filters.gaussian", False),
        ("skimage.feature.canny", False),
    ],
)
def test_a_last_axis_of_colours(name: str, expected: bool) -> None:
    assert watch_name(name)[1].channels_last is expected


@pytest.mark.parametrize(
    ("name", "colours"),
    [
        ("skimage.color.rgb2gray", "removed"),
        ("skimage.segmentation.quickshift", "removed"),  # labels of an image with colours
        ("skimage.segmentation.slic", "removed"),  # and of one without
        ("skimage.color.rgba2rgb", ""),  # three colours instead of four
        ("skimage.color.rgb2hsv", ""),
        ("skimage.color.gray2rgb", "added"),
        ("skimage.segmentation.mark_boundaries", "added"),
        ("skimage.filters.gaussian", ""),
        ("skimage.filters.rank.windowed_histogram", ""),  # a histogram, not colours
    ],
)
def test_the_axis_of_colours_of_a_result(name: str, colours: str) -> None:
    assert watch_name(name)[1].result_colours == colours


@pytest.mark.parametrize(
    ("name", "arrays", "whole", "outputs"),
    [
        ("skimage.feature.canny", ("image", "mask"), (), ()),
        ("skimage.segmentation.random_walker", ("data", "labels"), (), ()),
        ("skimage.measure.regionprops", ("label_image", "intensity_image"), ("offset",), ()),
        ("skimage.restoration.richardson_lucy", ("image",), ("psf",), ()),
        ("skimage.filters.rank.mean", ("image", "mask"), ("footprint",), ("out",)),
        ("skimage.util.apply_parallel", ("array",), (), ()),
        ("scipy.ndimage.map_coordinates", ("input",), ("coordinates",), ("output",)),
        ("scipy.ndimage.distance_transform_edt", ("input",), (), ("distances", "indices")),
        ("scipy.ndimage.binary_dilation", ("input", "mask"), ("structure",), ("output",)),
    ],
)
def test_array_parameters(
    name: str, arrays: tuple[str, ...], whole: tuple[str, ...], outputs: tuple[str, ...]
) -> None:
    if name.endswith("apply_parallel"):
        pytest.importorskip("dask")
    _, verdict = watch_name(name)
    assert (verdict.arrays, verdict.other_arrays, verdict.outputs) == (arrays, whole, outputs)


def test_a_matrix_that_is_written_as_a_list_belongs_on_the_host() -> None:
    description = describe_function(ndimage.affine_transform, "made.affine_transform")
    observation, verdict = watch_name("scipy.ndimage.affine_transform")
    assert verdict.other_arrays == ("matrix",)
    assert verdict.host_arrays == ()  # no source says so: an array like others
    for annotation, host in (("Sequence[Any] | None", ("matrix",)), ("Array | None", ())):
        written = tuple(
            replace(each, annotation=annotation, annotation_source="annotation")
            for each in description.parameters
        )
        verdict = classify(replace(description, parameters=written), observation, None)
        assert (verdict.other_arrays, verdict.host_arrays) == (("matrix",), host)


def test_nested_lists_where_the_library_documents_them() -> None:
    assert watch_name("scipy.ndimage.convolve")[1].array_like == ("input", "weights")
    assert watch_name("skimage.filters.sobel")[1].array_like == ()


@pytest.mark.parametrize(
    ("name", "stacks"),
    [
        ("skimage.feature.canny", True),
        ("skimage.filters.gabor", True),
        ("skimage.transform.radon", True),
        ("skimage.measure.perimeter", False),
        ("skimage.measure.find_contours", False),
        ("scipy.ndimage.label", True),  # with one number a slice beside it
        ("scipy.ndimage.extrema", False),
    ],
)
def test_only_images_stack(name: str, stacks: bool) -> None:
    assert watch_name(name)[1].stacks is stacks


def test_reasons_are_told_in_words() -> None:
    swirl = watch_name("skimage.transform.swirl")[1].reason
    assert "read as channels" in swirl and "last axis" in swirl
    perimeter = watch_name("skimage.measure.perimeter")[1].reason
    assert "`perimeter` supports 2D images only" in perimeter
    assert "channel_axis=None" in watch_name("skimage.segmentation.slic")[1].reason


# --- from observations made up to verdicts ------------------------------------------------

IMAGE, IMAGE2, VOLUME, VOLUME2 = (17, 22), (19, 15), (9, 17, 22), (11, 19, 15)


def smooth(image, footprint=None, *, out=None):
    """Smooth an image.

    Parameters
    ----------
    image : array_like
    footprint : ndarray, optional
    out : ndarray, optional

    Returns
    -------
    result : ndarray
    """


SMOOTH = describe_function(smooth)


def call(shape: tuple[int, ...], result: Result | str, case: str = "") -> Call:
    space = case or ("image" if len(shape) == 2 else "volume")
    if isinstance(result, str):
        return Call(
            case=f"{space} of grey", shape=shape, dtype="float64", outcome="raised", error=result
        )
    return Call(
        case=f"{space} of grey", shape=shape, dtype="float64", outcome="returned", result=result
    )


def array(*shape: int, dtype: str = "float64", integral: bool = False) -> Result:
    return Result(type="array", shape=shape, dtype=dtype, range=(0.0, 1.0), integral=integral)


def seen(*calls: Call, **relations: bool) -> Observation:
    return Observation(
        definition="m:smooth",
        fingerprint="",
        image="image",
        roles={"image": "image", "footprint": "footprint", "out": "output"},
        calls=calls,
        relations=relations,
    )


SAME = tuple(call(shape, array(*shape)) for shape in (IMAGE, IMAGE2, VOLUME, VOLUME2))
ONLY_2D = (*SAME[:2], call(VOLUME, "ValueError: no volumes"))
ONLY_3D = (call(IMAGE, "ValueError: no images"), *SAME[2:])
TO_SLICE = (
    call(IMAGE, "ValueError: no images"),
    call(VOLUME, array(17, 22)),
    call(VOLUME2, array(19, 15)),
)
LINE = (
    call(IMAGE, array(22)),
    call(IMAGE2, array(15)),
    call(VOLUME, array(17, 22)),
    call(VOLUME2, array(19, 15)),
)
COLOURS = (
    call(IMAGE, "ValueError: no colours"),
    call((17, 22, 3), array(17, 22), "colour image"),
)
COLOUR_VOLUME = (*COLOURS, call((9, 17, 22, 3), array(9, 17, 22), "colour volume"))
REFUSED = (call(IMAGE, "TypeError: never"), call(VOLUME, "TypeError: never"))


@pytest.mark.parametrize(
    ("observation", "contract", "said"),
    [
        (seen(*SAME), F, "all axes are spatial"),
        (seen(*SAME, per_slice=True, last_axis=True), F, "treats every pixel separately"),
        (seen(*SAME, per_slice=True, last_axis=False), F, "the same result as the slice alone"),
        (seen(*SAME, last_axis=True, per_slice=False), P2, "read as channels"),
        (seen(*SAME, last_axis=True, caller_chooses_axes=True), F, "chooses the axes"),
        (seen(*SAME, last_axis=True, caller_chooses_axes=False), P2, "read as channels"),
        (seen(*SAME, last_axis_gone=True), P2, "lacks its last axis"),
        (seen(*SAME, shuffle_last=True, shuffle_rows=False), P2, "order of a volume's planes"),
        (seen(*SAME, mean_of_planes=True), P2, "the mean of those for its planes"),
        (seen(*SAME, mean_of_planes=False), F, "all axes are spatial"),
        (
            seen(*SAME, shuffle_last=True, shuffle_rows=True),
            F,
            "no difference which pixels are neighbours",
        ),
        (seen(*SAME, flat_arguments=True), P2, "made for an image of its first two axes"),
        (seen(*SAME, default_reads_channels=True), F, "channel_axis=None"),
        (seen(*ONLY_2D), P2, "ValueError: no volumes"),
        (seen(*ONLY_3D), P3, "ValueError: no images"),
        (seen(*TO_SLICE), V2S, "returns a two-dimensional image"),
        (seen(*LINE), V2S, "removes one spatial axis"),
        (seen(*LINE, last_axis=True), V2S, "removes one spatial axis"),
        (seen(*COLOURS), P2, "needs a channel axis"),
        (seen(*COLOUR_VOLUME), F, "needs a channel axis"),
        (seen(*REFUSED), None, "not observed: tried (Y, X)"),
        (seen(*REFUSED), None, "the library raised TypeError: never"),
    ],
)
def test_contracts_follow_from_observations(
    observation: Observation, contract: str, said: str
) -> None:
    verdict = classify(SMOOTH, observation, None)
    assert verdict.contract == contract
    assert said in verdict.reason
    assert verdict == classify(SMOOTH, observation, None)


def test_only_what_was_never_taken_is_unobserved() -> None:
    assert classify(SMOOTH, seen(*REFUSED), None).evidence == "unobserved"
    assert classify(SMOOTH, None, None).evidence == "unobserved"
    assert classify(SMOOTH, seen(*ONLY_2D), None).evidence == "observed"


SLOW = "used more than 10 s of processor time"


@pytest.mark.parametrize("part", sorted(DECISIVE))
@pytest.mark.parametrize("calls", [SAME, ONLY_2D, ONLY_3D, TO_SLICE, COLOURS, REFUSED])
def test_no_contract_rests_on_what_was_inconclusive(calls: tuple[Call, ...], part: Part) -> None:
    observation = replace(
        seen(*calls, per_slice=True),
        inconclusive={part: SLOW},
        dtypes={"uint8": array(*IMAGE)},
        refused={"bool": "TypeError: no bool"},
    )
    verdict = classify(SMOOTH, observation, None)
    assert (verdict.kind, verdict.contract, verdict.evidence) == ("image", None, "unobserved")
    assert f"the measurement was inconclusive: {SLOW}" in verdict.reason
    assert (verdict.arrays, verdict.other_arrays) == (("image",), ("footprint",))
    assert (verdict.refuses, verdict.dtypes, verdict.allowed_dtypes, verdict.stacks) == (
        {},
        {},
        (),
        False,
    )


@pytest.mark.parametrize("part", ["dtypes", "options"])
def test_a_contract_stands_that_rests_on_other_calls(part: Part) -> None:
    plain = seen(*SAME, per_slice=True)
    assert classify(SMOOTH, replace(plain, inconclusive={part: SLOW}), None) == classify(
        SMOOTH, plain, None
    )


def test_an_inconclusive_dtype_is_not_refused_beside_one_that_ends_the_process() -> None:
    crashed = replace(
        seen(*SAME, per_slice=True),
        dtypes={"uint8": array(*IMAGE)},
        refused={"bool": "ended its process by SIGABRT or SIGSEGV"},
        crashes=("bool",),
    )
    assert classify(SMOOTH, crashed, None).allowed_dtypes == ("uint8",)
    verdict = classify(SMOOTH, replace(crashed, inconclusive={"dtypes": SLOW}), None)
    assert (verdict.evidence, verdict.allowed_dtypes) == ("unobserved", ())


def test_an_inconclusive_call_is_no_refusal_and_no_reason() -> None:
    late = Call(
        case="volume of grey", shape=VOLUME, dtype="float64", outcome="inconclusive", error=SLOW
    )
    verdict = classify(SMOOTH, seen(late, *ONLY_2D), None)
    assert verdict.contract == P2
    assert verdict.refuses == {"(Z, Y, X)": "ValueError: no volumes"}
    assert SLOW not in verdict.reason


def test_a_result_that_is_declared_leaves_the_contract_of_an_image_function_unknown() -> None:
    verdict = classify(SMOOTH, seen(*REFUSED), Declaration(result="mask", reason="It is one."))
    assert (verdict.kind, verdict.contract, verdict.result) == ("image", None, "mask")
    assert (verdict.evidence, verdict.arrays) == ("unobserved", ("image",))


def test_a_declaration_overrules_and_keeps_what_was_observed() -> None:
    declaration = Declaration(contract="PURE_2D", reason="Planes are not isotropic.", result="mask")
    verdict = classify(SMOOTH, seen(*SAME), declaration)
    assert (verdict.contract, verdict.result, verdict.evidence) == (P2, "mask", "declared")
    assert verdict.reason == "Planes are not isotropic."
    seen_alone = classify(SMOOTH, seen(*SAME), None)
    overruled = verdict.overruled
    assert overruled is not None
    assert (overruled.contract, overruled.result, overruled.evidence) == (F, "image", "observed")
    assert overruled.reason == seen_alone.reason
    assert overruled.agrees is False
    assert seen_alone.overruled is None


@pytest.mark.parametrize(
    ("declaration", "agrees"),
    [
        (Declaration(contract="FLEXIBLE", reason="So it is."), True),
        (Declaration(result="image", reason="So it is."), True),
        (Declaration(contract="FLEXIBLE", result="mask", reason="Zeros and ones."), False),
        (Declaration(needs_channels=True, reason="Colours alone."), False),
        (Declaration(needs_channels=False, reason="Grey as well."), True),
        (Declaration(contract="helper", reason="A table, not an image."), False),
    ],
)
def test_a_declaration_that_says_what_was_observed_is_told(
    declaration: Declaration, agrees: bool
) -> None:
    verdict = classify(SMOOTH, seen(*SAME), declaration)
    assert verdict.overruled is not None
    assert verdict.overruled.agrees is agrees


def test_a_declaration_changes_nothing_that_it_doesnt_name() -> None:
    observed = classify(SMOOTH, seen(*SAME), None)
    declared = classify(SMOOTH, seen(*SAME), Declaration(result="mask", reason="Zeros and ones."))
    assert declared.result == "mask"
    assert (declared.contract, declared.arrays, declared.other_arrays, declared.stacks) == (
        observed.contract,
        observed.arrays,
        observed.other_arrays,
        observed.stacks,
    )


def test_a_function_declared_a_helper_is_cut_no_more() -> None:
    declaration = Declaration(contract="helper", reason="A table, not an image.")
    verdict = classify(SMOOTH, seen(*SAME), declaration)
    assert (verdict.kind, verdict.contract, verdict.stacks) == ("helper", None, False)
    assert (verdict.arrays, verdict.other_arrays) == ((), ("image", "footprint"))


def test_a_helper_declared_an_image_function_takes_its_first_parameter_for_the_image() -> None:
    helper = replace(seen(), image="", roles={"image": "matrix", "footprint": "footprint"})
    verdict = classify(SMOOTH, helper, Declaration(contract="PURE_2D", reason="It is an image."))
    assert (verdict.kind, verdict.contract) == ("image", P2)
    assert (verdict.arrays, verdict.other_arrays) == (("image",), ("footprint",))


def test_a_declaration_stands_alone_where_nothing_was_observed() -> None:
    declaration = Declaration(contract="PURE_3D", reason="By its author.")
    verdict = classify(SMOOTH, None, declaration)
    assert (verdict.contract, verdict.reason) == (P3, "By its author.")
    assert verdict.overruled is not None
    assert (verdict.overruled.evidence, verdict.overruled.agrees) == ("unobserved", False)


# --- what the library answers -------------------------------------------------------------


def test_what_is_never_taken_is_told_with_the_librarys_error() -> None:
    observation = replace(
        seen(*ONLY_2D, call((17, 22, 3), "TypeError: no colours", "colour image")),
        refused={"bool": "TypeError: no bool"},
    )
    assert classify(SMOOTH, observation, None).refuses == {
        "(Z, Y, X)": "ValueError: no volumes",
        "(Y, X, 3)": "TypeError: no colours",
        "bool": "TypeError: no bool",
    }


def test_what_was_taken_once_is_not_refused() -> None:
    disliked = call(IMAGE, "ValueError: too small")
    assert classify(SMOOTH, seen(disliked, *SAME), None).refuses == {}


def test_the_answer_to_an_image_goes_before_that_to_an_argument_of_ours() -> None:
    ours = replace(call(VOLUME, "TypeError: None"), arguments={"channel_axis": "None"})
    observation = seen(*SAME[:2], ours, call(VOLUME, "ValueError: no volumes"))
    observation = replace(observation, roles={**observation.roles, "channel_axis": "channels"})
    assert classify(SMOOTH, observation, None).refuses == {"(Z, Y, X)": "ValueError: no volumes"}


def test_warnings_are_kept_with_the_inputs_that_they_came_with() -> None:
    warned = replace(SAME[0], warnings=("FutureWarning: soon",))
    refused = replace(call(VOLUME, "ValueError: no"), warnings=("UserWarning: not told",))
    observation = replace(
        seen(warned, *SAME[1:], refused),
        dtypes={"uint8": array(*IMAGE)},
        refused={"bool": "TypeError: no bool"},
        warned={"uint8": ("FutureWarning: soon", "UserWarning: 8 bits"), "bool": ("X: not told",)},
    )
    assert classify(SMOOTH, observation, None).warnings == {
        "FutureWarning: soon": ("(Y, X) grey float64", "uint8"),
        "UserWarning: 8 bits": ("uint8",),
    }


def test_what_ended_its_process_is_an_image_function_that_was_not_observed() -> None:
    observation = replace(seen(), failure="ended its process by SIGSEGV")
    verdict = classify(SMOOTH, observation, None)
    assert (verdict.kind, verdict.contract, verdict.evidence) == ("image", None, "unobserved")
    assert "ended its process by SIGSEGV" in verdict.reason


def test_a_helper_that_could_not_be_run_says_what_was_tried() -> None:
    tried = Call(
        case="no image",
        shape=(),
        dtype="",
        outcome="raised",
        error="ValueError: no such thing",
        arguments={"footprint": "3"},
    )
    verdict = classify(SMOOTH, replace(seen(tried), image=""), None)
    assert (verdict.kind, verdict.evidence) == ("helper", "unobserved")
    assert "footprint=3" in verdict.reason and "ValueError: no such thing" in verdict.reason


def test_real_refusals_and_warnings() -> None:
    mean = watch_name("skimage.filters.rank.mean")[1]
    assert mean.refuses["bool"] == "ValueError: dtype cannot be bool."
    (loss,) = [text for text in mean.warnings if "type float32 to uint8" in text]
    assert mean.warnings[loss] == ("float32",)
    assert (
        "supports 2D images only" in watch_name("skimage.measure.perimeter")[1].refuses["(Z, Y, X)"]
    )


# --- kinds of results ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "kind"),
    [
        ([array(*shape, dtype="bool", integral=True) for shape in (IMAGE, VOLUME)], "mask"),
        ([array(*shape, dtype="uint8", integral=True) for shape in (IMAGE, VOLUME)], "mask"),
        ([array(*shape) for shape in (IMAGE, VOLUME)], "image"),
        ([array(8, 11), array(4, 8, 11)], "resized"),
        ([array(7, 2), array(9, 3)], "points"),
        ([array(7, 4), array(9, 5)], "points"),
        ([array(2), array(3)], "points"),
        ([array(2, 17, 22), array(3, 9, 17, 22)], "other"),
        ([Result(type="scalar"), Result(type="scalar")], "scalar"),
        ([Result(type="dict"), Result(type="dict")], "table"),
        ([Result(type="m.Model"), Result(type="m.Model")], "other"),
    ],
)
def test_kinds_of_results(results: list[Result], kind: str) -> None:
    calls = [call(shape, result) for shape, result in zip((IMAGE, VOLUME), results, strict=True)]
    assert classify(SMOOTH, seen(*calls), None).result == kind


def test_dtypes_are_those_of_the_image_in_a_tuple() -> None:
    pair = Result(type="tuple", members=(Result(type="scalar", dtype="int64"), array(*IMAGE)))
    observation = replace(seen(*SAME), dtypes={"uint8": pair})
    assert classify(SMOOTH, observation, None).dtypes["uint8"].dtype == "float64"


# --- types of results ------------------------------------------------------------------------

ARRAY, PLACE = array(*IMAGE), (Result(type="scalar", dtype="int64"),)
NUMBER, COUNT = Result(type="scalar", dtype="float64"), PLACE[0]


def several(kind: str, *members: Result) -> Result:
    return Result(type=kind, shape=(len(members),), members=members)


PAIR, TRIPLE = several("tuple", *PLACE * 2), several("tuple", *PLACE * 3)

DOCUMENTED_HOLDS = [
    ("Array", [ARRAY]),
    ("Array | tuple[Array, int]", [ARRAY]),
    ("float | list[float]", [NUMBER, several("list", NUMBER)]),
    ("float", [COUNT]),
    ("tuple[int, ...]", [PAIR, TRIPLE]),
    ("list[Any]", [several("list", Result(type="m.Region"))]),
    ("Any", [Result(type="m.Model")]),
    ("Callable[..., Any] | tuple[Callable[..., Any], int]", [Result(type="functools.partial")]),
    ("tuple[Array, Any]", [several("tuple", ARRAY, Result(type="m.Map"))]),
    ("dict[Any, Any]", [Result(type="dict")]),
    ("float", []),
]
SEEN_OVERRULES = [
    ("Any", [ARRAY], "Array"),
    ("Any", [several("list", ARRAY)], "list[Array]"),
    ("Any", [several("iterator", ARRAY)], "Iterator[Array]"),
    ("tuple[Any, ...]", [several("tuple", PAIR, PAIR)], "tuple[tuple[int, int], ...]"),
    ("dict[Any, Any]", [Result(type="dict", keys="str", members=(ARRAY,))], "dict[str, Array]"),
    ("Any", [Result(type="builtins.str")], "str"),
    ("Array", [Result(type="m.Model")], "Any"),
    ("list[Any]", [NUMBER], "float"),
    ("int", [NUMBER, COUNT], "float"),
    ("float", [Result(type="scalar", dtype="complex128")], "complex"),
    ("Array", [Result(type="scalar", dtype="bool")], "bool"),
    ("Array | None", [ARRAY], "Array"),
    ("tuple[float, ...]", [ARRAY], "Array"),
    ("tuple[Any, ...]", [PAIR], "tuple[int, int]"),
    ("list[int]", [PAIR, TRIPLE], "tuple[int, ...]"),
    ("Array", [several("tuple", ARRAY, COUNT)], "tuple[Array, int]"),
    ("tuple[Array, list[float]]", [ARRAY], "Array | tuple[Array, list[float]]"),
    ("tuple[Array | int, int]", [several("tuple", ARRAY, COUNT)], "tuple[Array, int] | int"),
]


def told(documented: str, results: list[Result], **roles: str) -> str | None:
    description = replace(
        SMOOTH, returns=Returns(annotation=documented, annotation_source="docstring")
    )
    observation = seen(*(call(IMAGE, result) for result in results))
    return find_types(
        description, replace(observation, roles={**observation.roles, **roles})
    ).returns


@pytest.mark.parametrize(("documented", "results"), DOCUMENTED_HOLDS)
def test_a_documented_type_with_room_for_what_was_seen_holds(
    documented: str, results: list[Result]
) -> None:
    assert told(documented, results) is None


@pytest.mark.parametrize(("documented", "results", "annotation"), SEEN_OVERRULES)
def test_what_was_seen_overrules_a_documented_type(
    documented: str, results: list[Result], annotation: str
) -> None:
    assert told(documented, results) == annotation


@pytest.mark.parametrize(
    ("documented", "results", "annotation"),
    [
        ("list[Any]", [NUMBER], "float | Array"),
        ("list[tuple[int, ...]]", [PAIR, TRIPLE], "tuple[int, ...] | list[tuple[int, ...]]"),
        ("int", [several("tuple", NUMBER, COUNT)], "tuple[float | Array, float | Array]"),
        ("Array", [ARRAY], None),
    ],
)
def test_several_indices_give_several_numbers(
    documented: str, results: list[Result], annotation: str | None
) -> None:
    assert told(documented, results, labels="labels", index="index") == annotation


@pytest.mark.parametrize(
    ("name", "annotation"),
    [
        ("scipy.ndimage.mean", "float | Array"),
        ("scipy.ndimage.label", "tuple[Array, int] | int | tuple[Array, Array] | Array"),
        ("scipy.ndimage.maximum_filter1d", "Array"),
        # None comes back where an array was given to write into.
        ("scipy.ndimage.distance_transform_edt", "Array | tuple[Array, Array] | None"),
        ("skimage.measure.label", "Array | tuple[Array, int] | tuple[Array, Array]"),
        ("skimage.measure.centroid", "Array"),
        ("skimage.segmentation.chan_vese", "Array | tuple[Array, Array, list[float]]"),
        ("skimage.transform.pyramid_gaussian", "Iterator[Array]"),
    ],
)
def test_types_of_real_results(name: str, annotation: str | None) -> None:
    assert find_types(describe_name(name), watch_name(name)[0]).returns == annotation


def test_types_that_were_seen_are_types_of_what_several_indices_give() -> None:
    image, labels = np.arange(12.0).reshape(3, 4), np.repeat([[1], [2], [2]], 4, axis=1)
    assert isinstance(ndimage.mean(image), float)
    assert isinstance(ndimage.mean(image, labels, index=[1, 2]), np.ndarray)
    assert isinstance(ndimage.maximum_position(image, labels, index=[1, 2]), list)


# --- calls that show nothing ------------------------------------------------------------


def turned(image, angle=0.0):
    """Turn an image about its first two axes.

    Parameters
    ----------
    image : ndarray
        The image.
    angle : float, optional
        Angle in degrees.
    """
    return ndimage.rotate(image, angle, axes=(1, 0), reshape=False, order=1)


def brightened(image, factor=1.0):
    """Multiply an image.

    Parameters
    ----------
    image : ndarray
        The image.
    factor : float, optional
        What it is multiplied by.
    """
    return image * factor


@pytest.mark.parametrize(("function", "contract"), [(turned, None), (brightened, "FLEXIBLE")])
def test_a_call_that_changes_nothing_doesnt_decide_how_a_volume_is_treated(function, contract):
    _, verdict = watch(function)
    assert verdict.contract == contract
    assert (verdict.evidence == "unobserved") is (contract is None)
    assert contract or "but with angle=" in verdict.reason
