"""Twins: what differs, what agrees and what is missing, in `show`, `twins` and the document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from helpers import handmade_manifest as handmade
from voxbind_build import manifest
from voxbind_build.catalog import twin_lines as twins
from voxbind_build.classify import facing, paired
from voxbind_build.cli import app as cli
from voxbind_build.cli import twins_page
from voxbind_build.cli.places import default_package
from voxbind_build.libraries import load
from voxbind_build.model import (
    Agreement,
    Description,
    Deviation,
    Exclusion,
    Function,
    Library,
    Manifest,
    Parameter,
    Returns,
    Twin,
)

ROOT = Path(__file__).parents[2]


def parameter(name: str, default: str | None = None) -> Parameter:
    return Parameter(
        name=name,
        kind="POSITIONAL_OR_KEYWORD",
        annotation="Any",
        annotation_source="unknown",
        default=default,
    )


def pair(own: list[Parameter], theirs: list[Parameter]) -> Twin:
    description = Description(
        name="cucim.skimage.a.f",
        module="cucim.skimage.a",
        attribute="f",
        definition="cucim.skimage.a:f",
        fingerprint="",
        parameters=tuple(own),
        returns=Returns(annotation="Any", annotation_source="unknown"),
    )
    return paired(description, "skimage.a.f", theirs, load("cucim"), None)


def test_signatures_are_compared_by_name_and_required_ones_by_place() -> None:
    found = pair(
        [parameter("image"), parameter("order", "1"), parameter("clip", "None"), parameter("fast")],
        [parameter("input"), parameter("order", "1.0"), parameter("clip", "True")],
    )
    assert found.renamed == {"input": "image"}
    assert found.added == ("fast",)
    assert found.missing == ()
    assert found.defaults == {"clip": ("True", "None")}
    assert not found.is_alike
    assert [*twins.told(found)] == [
        "only on the GPU: fast",
        "input on the CPU is image on the GPU",
        "clip=True on the CPU, clip=None on the GPU",
        "not run side by side yet",
    ]


def test_a_parameter_that_one_must_be_given_is_told() -> None:
    found = pair([parameter("ndim", "2"), parameter("f", "<lambda>")], [parameter("ndim")])
    assert "ndim is required on the CPU, ndim=2 on the GPU" in twins.told(found)


def test_equal_signatures_are_told_as_such() -> None:
    same = [parameter("image"), parameter("dtype", "numpy.uint8")]
    found = pair([parameter("image"), parameter("dtype", "cupy.uint8")], same)
    assert found.is_alike
    assert next(iter(twins.told(found))) == "the same signature"


@pytest.mark.parametrize(
    ("agreement", "differs", "told"),
    [
        (Agreement(calls=3, absolute=0, relative=0), False, "the same results in 3 calls"),
        (
            Agreement(calls=1, absolute=2e-4, relative=1e-4, at="grey float32"),
            False,
            "1 call compared, results agree: the largest absolute difference is 0.0002, and the "
            "largest relative difference is 0.0001, for grey float32; relative differences up to "
            "0.001 count as agreement",
        ),
        (
            Agreement(calls=2, absolute=2, relative=0.5, at="grey float32"),
            True,
            "2 calls compared, results differ: the largest absolute difference is 2, and the "
            "largest relative difference is 0.5, for grey float32; relative differences up to "
            "0.001 count as agreement",
        ),
        (
            Agreement(calls=2, absolute=0, relative=0, unlike=("mask: a list for an array",)),
            True,
            "2 calls compared, results differ: 1 difference in kind or shape, for example mask: "
            "a list for an array; relative differences up to 0.001 count as agreement",
        ),
        (
            Agreement(calls=0, absolute=0, relative=0),
            False,
            "run side by side, but no numbers could be compared",
        ),
        (
            Agreement(calls=0, absolute=0, relative=0, unlike=("mask: a list for an array",)),
            True,
            "results differ: 1 difference in kind or shape, for example mask: a list for an array; "
            "relative differences up to 0.001 count as agreement",
        ),
    ],
)
def test_results_are_told(agreement: Agreement, differs: bool, told: str) -> None:
    found = Twin(name="skimage.a.f", tolerance=1e-3, agreement=agreement)
    assert found.differs is differs
    assert [*twins.told(found)] == ["the same signature", told]


def test_kinds_of_call_that_are_left_to_the_cpu_are_told() -> None:
    kinds = (
        Deviation(dtype="bool", max_relative=1.0),
        Deviation(parameters=("mode", "cval"), unlike=True),
    )
    start = "calls that voxbind.auto runs on the CPU: "
    *_, told = twins.told(Twin(name="skimage.a.f", deviations=kinds))
    assert told == f"{start}for bool, with mode and cval"
    *_, told = twins.told(
        Twin(name="skimage.a.f", deviations=(*kinds, Deviation(max_relative=0.5)))
    )
    assert told == f"{start}all"


def test_what_the_cpu_alone_takes_is_told() -> None:
    agreement = Agreement(calls=1, absolute=0, relative=0, only_twin=("bool: TypeError: no",))
    told = [*twins.told(Twin(name="skimage.a.f", agreement=agreement))]
    assert told[-1] == "accepted only by the CPU's function: bool: TypeError: no"


# --- libraries -------------------------------------------------------------------------


def on_gpu(name: str, function: Function, twin: Twin | None) -> tuple[str, Function]:
    return name, replace(function, wrapper=f"voxbind.{name}", module="cucim.skimage.a", twin=twin)


@pytest.fixture
def made() -> Manifest:
    """Two libraries: each has names that the other lacks, or leaves out."""
    gaussian = handmade.function("skimage.filters.gaussian")
    shared = handmade.handed_on("skimage.filters.LPIFilter2D", "class")
    cpu = Library(
        distribution="scikit-image",
        extra="skimage",
        version="1.0",
        memory_type="numpy",
        twin="cucim",
        modules=("skimage.a",),
        functions={
            "skimage.a.both": gaussian,
            "skimage.a.drawn": gaussian,
            "skimage.a.lonely": gaussian,
            "skimage.a.Shared": shared,
        },
        excluded={
            "skimage.a.module": Exclusion(reason="module"),
            "skimage.a.shown": Exclusion(reason="display", detail="It draws."),
        },
    )
    gpu = Library(
        distribution="cucim-cu12",
        extra="cuda12",
        version="2.0",
        memory_type="cupy",
        twin="skimage",
        device="cuda",
        modules=("cucim.skimage.a",),
        functions=dict(
            [
                on_gpu("cucim.skimage.a.both", gaussian, Twin(name="skimage.a.both")),
                on_gpu("cucim.skimage.a.fast", gaussian, None),
                on_gpu("cucim.skimage.a.Shared", shared, None),
            ]
        ),
        excluded={
            "cucim.skimage.a.drawn": Exclusion(reason="display", detail="It draws."),
            "cucim.skimage.a.module": Exclusion(reason="module"),
            "cucim.skimage.a.shown": Exclusion(reason="display", detail="It draws."),
        },
    )
    return Manifest(libraries={"cucim": gpu, "skimage": cpu})


def test_every_name_of_both_is_a_pair_or_missing_or_left_out(made: Manifest) -> None:
    found = facing(made.libraries["cucim"], made.libraries["skimage"])
    assert [*found.pairs] == ["cucim.skimage.a.both"]
    assert found.alike == ("cucim.skimage.a.both",)
    assert found.handed_on == ("cucim.skimage.a.Shared",)
    assert found.only_twin == {"skimage.a.lonely": "image"}
    assert found.only_device == {"cucim.skimage.a.fast": "image"}
    assert [*found.left_out] == [
        "cucim.skimage.a.drawn",
        "cucim.skimage.a.shown",
        "skimage.a.shown",
    ]


def test_either_side_finds_the_other(made: Manifest) -> None:
    known = made.libraries["cucim"].functions["cucim.skimage.a.both"].twin
    assert twins.counterpart(made, "cucim", "cucim.skimage.a.both") == ("skimage", known)
    assert twins.counterpart(made, "skimage", "skimage.a.both") == ("cucim", known)
    assert twins.counterpart(made, "skimage", "skimage.a.lonely") == ("cucim", None)
    assert twins.counterpart(made, "cucim", "cucim.skimage.a.fast") == ("skimage", None)


def test_a_library_without_its_twin_has_nothing_to_tell(made: Manifest) -> None:
    alone = Manifest(libraries={"skimage": made.libraries["skimage"]})
    assert twins.counterpart(alone, "skimage", "skimage.a.both") is None
    assert twins_page.libraries(alone) == {}


def test_document_says_what_was_not_observed(made: Manifest) -> None:
    assert "None of these functions was observed on a GPU yet" in twins_page.markdown(made)
    seen = replace(made.libraries["cucim"], machine="NVIDIA H100, driver 580")
    text = twins_page.markdown(Manifest(libraries={**made.libraries, "cucim": seen}))
    assert "None of these functions" not in text
    assert "Observed on NVIDIA H100, driver 580." in text


def test_document_lists_results_furthest_apart_first(made: Manifest) -> None:
    library = made.libraries["cucim"]
    known = library.functions["cucim.skimage.a.both"]
    found = {
        "cucim.skimage.a.both": Agreement(calls=2, absolute=0, relative=0),
        "cucim.skimage.a.near": Agreement(calls=2, absolute=1, relative=1e-5, at="grey float32"),
        "cucim.skimage.a.far": Agreement(calls=2, absolute=1, relative=0.5, at="grey uint8"),
    }
    functions = {
        name: replace(known, twin=Twin(name=name[6:], tolerance=1e-3, agreement=agreement))
        for name, agreement in found.items()
    }
    functions["cucim.skimage.a.unrun"] = known
    changed = {**made.libraries, "cucim": replace(library, functions=functions)}
    text = twins_page.markdown(Manifest(libraries=changed))
    rows = [line for line in text.splitlines() if line.startswith("| `cucim.skimage.a.")]
    assert rows == [
        "| `cucim.skimage.a.far` | 2 | 1 | 0.5 | no | grey uint8 | 0 |",
        "| `cucim.skimage.a.near` | 2 | 1 | 1e-05 | yes, within 0.001 | grey float32 | 0 |",
    ]
    assert re.search(r"### Equal results\n\n- `cucim.skimage.a`: both\n", text)
    assert re.search(r"### Not run side by side\n\n- `cucim.skimage.a`: unrun\n", text)


# --- the package, and the command line -------------------------------------------------


@pytest.fixture(scope="module")
def frozen() -> Manifest:
    return manifest.read(default_package() / manifest.MANIFEST)


def test_the_committed_document_is_what_the_record_says(frozen: Manifest) -> None:
    written = (ROOT / "docs" / "twins.md").read_text("utf-8")
    assert written == twins_page.markdown(frozen), "run: voxbind twins > docs/twins.md"


def test_no_name_of_the_package_gets_lost(frozen: Manifest) -> None:
    found = twins_page.libraries(frozen)
    assert set(found) == {"cucim", "cupyx"}
    for name, each in found.items():
        library = frozen.libraries[name]
        twin = frozen.libraries[str(library.twin)]
        assert {*each.pairs, *each.handed_on, *each.only_device} == set(library.functions)
        of_twin = {public.partition(".")[2] for public in (*each.pairs, *each.handed_on)}
        assert of_twin | {*each.only_twin} == set(twin.functions)


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        assert cli.run(arguments) == 0
        return capsys.readouterr().out

    return run


def test_show_tells_the_twin_from_either_side(show: Callable[..., str]) -> None:
    page = show("show", "cucim.skimage.transform.warp")
    assert re.search(r"twin +skimage\.transform\.warp, on the CPU\n", page)
    assert re.search(r"\n +clip=True on the CPU, clip=None on the GPU\n", page)
    page = show("show", "skimage.transform.warp")
    assert re.search(r"twin +cucim\.skimage\.transform\.warp, on the GPU\n", page)
    assert re.search(r"\n +clip=True on the CPU, clip=None on the GPU\n", page)


def test_show_says_that_there_is_no_twin(show: Callable[..., str]) -> None:
    assert "none on the GPU: cucim-cu12" in show("show", "skimage.filters.rank.otsu")
    assert "twin" not in show("show", "pyclesperanto.absolute")
    assert "twin" not in show("show", "skimage.transform.AffineTransform")


def test_programs_are_told_the_twin_from_either_side(show: Callable[..., str]) -> None:
    (device,) = json.loads(show("show", "cupyx.scipy.ndimage.distance_transform_edt", "--json"))
    (host,) = json.loads(show("show", "scipy.ndimage.distance_transform_edt", "--json"))
    assert device["twin"]["renamed"] == host["gpu_twin"]["renamed"] == {"input": "image"}
    assert device["twin"]["name"] == "scipy.ndimage.distance_transform_edt"
    assert host["gpu_twin"]["name"] == "cupyx.scipy.ndimage.distance_transform_edt"
    assert device["gpu_twin"] is host["twin"] is None
    (lonely,) = json.loads(show("show", "scipy.ndimage.watershed_ift", "--json"))
    assert lonely["gpu_twin"] is None


def test_twins_are_told_to_people_and_programs(show: Callable[..., str], frozen: Manifest) -> None:
    assert show("twins") == twins_page.markdown(frozen)
    told = json.loads(show("twins", "--json"))
    assert told["cupyx"]["only_twin"]["scipy.ndimage.watershed_ift"] == "image"
    assert told["cucim"]["pairs"]["cucim.skimage.transform.warp"]["added"] == ["batch_axes"]
