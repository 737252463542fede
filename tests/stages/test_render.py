"""The manifest as Python: what is written is what the library has, and nothing else."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mypy.api
import numpy as np
import pytest

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing, write_package
from helpers.synthetic_library import function, manifest, parameter, written
from voxbind_build.common import image_axes, wording
from voxbind_build.model import DtypeFact, Manifest, Overruled, Reach, Returns, Twin
from voxbind_build.render import RenderError, render, templates_dir
from voxbind_build.render.code.quoting import clean
from voxbind_build.render.docs.documentation import document
from voxbind_build.render.docs.examples import Examples
from voxbind_build.verify import verify

MANIFEST = handmade.manifest()
CALLABLES = [
    name
    for library in MANIFEST.libraries.values()
    for name, each in library.functions.items()
    if each.form == "function"
]
EXAMPLES = Examples(MANIFEST)
IMAGE = np.arange(12.0).reshape(3, 4)


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return render(MANIFEST, templates_dir())


@pytest.fixture(scope="module")
def voxbind(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with importing(write_package(MANIFEST, tmp_path_factory.mktemp("handmade"))) as load:
        yield load


# --- the package as a whole --------------------------------------------------------------------


def test_the_package_compiles_is_clean_and_type_checks(files: dict[str, str]) -> None:
    assert verify(files) == ()


def test_the_same_manifest_gives_the_same_texts(files: dict[str, str]) -> None:
    assert render(handmade.manifest(), templates_dir()) == files
    assert list(files) == sorted(files)


def test_modules_stand_where_the_library_has_them(files: dict[str, str]) -> None:
    generated = {path for path in files if "/" in path and not path.startswith("_")}
    assert generated == {
        "scipy/__init__.py",
        "scipy/ndimage.py",
        "skimage/__init__.py",
        "skimage/color.py",
        "skimage/exposure.py",
        "skimage/feature.py",
        "skimage/filters/__init__.py",
        "skimage/filters/rank.py",
        "skimage/measure.py",
        "skimage/metrics.py",
        "skimage/morphology.py",
        "skimage/restoration.py",
        "skimage/segmentation.py",
        "skimage/util.py",
    }
    assert files["py.typed"] == ""


def test_the_run_time_is_copied_as_it_is(files: dict[str, str]) -> None:
    runtime = templates_dir() / "runtime"
    copies = {
        path: text
        for path, text in files.items()
        if path.endswith(".py") and ("/" not in path or path.startswith("_"))
    }
    assert {path: text for path, text in copies.items() if not path.startswith("_native/")} == {
        "_auto/wording.py": Path(wording.__file__).read_bytes().decode(),
        "_upstream/image_axes.py": Path(image_axes.__file__).read_bytes().decode(),
        **{
            path.relative_to(runtime).as_posix(): path.read_bytes().decode()
            for path in runtime.rglob("*.py")
        },
    }


def test_the_index_has_what_is_asked_for_and_no_documentation(files: dict[str, str]) -> None:
    index = json.loads(files["registry.json"])
    for key, library in MANIFEST.libraries.items():
        for each in library.functions.values():
            facts = index.pop(each.wrapper.removeprefix("voxbind."))
            assert facts["library"] == key
            assert facts["contract"] == each.contract
            assert facts["arrays"] == list(each.arrays)
            assert "doc" not in facts
    assert not index


def test_the_templates_are_the_checkouts() -> None:
    assert templates_dir() == Path(__file__).parents[2] / "templates"


@pytest.mark.parametrize("name", CALLABLES)
def test_names_order_kinds_and_defaults_are_the_librarys(voxbind: Import, name: str) -> None:
    module, _, attribute = name.rpartition(".")
    upstream = inspect.signature(getattr(__import__(module, fromlist=["*"]), attribute)).parameters
    wrapper = dict(inspect.signature(getattr(voxbind(module), attribute)).parameters)
    if MANIFEST.libraries[name.partition(".")[0]].functions[name].contract == "FLEXIBLE":
        switch = wrapper.pop("slice_by_slice")
        assert switch.default is False
        assert switch.kind is inspect.Parameter.KEYWORD_ONLY
    assert [(p.name, p.kind) for p in wrapper.values()] == [
        (p.name, p.kind) for p in upstream.values()
    ]
    mark = voxbind("_upstream.defaults").LibraryDefault
    for ours, live in zip(wrapper.values(), upstream.values(), strict=True):
        if not isinstance(ours.default, mark):
            assert ours.default == live.default
            assert type(ours.default) is type(live.default)
        else:
            assert not isinstance(live.default, (int, float, str, tuple, type(None)))


@pytest.mark.parametrize("name", CALLABLES)
def test_the_documentation_is_the_librarys_and_what_was_measured(
    voxbind: Import, name: str
) -> None:
    module, _, attribute = name.rpartition(".")
    upstream = inspect.getdoc(getattr(__import__(module, fromlist=["*"]), attribute))
    assert upstream is not None
    written = inspect.getdoc(getattr(voxbind(module), attribute)) or ""
    assert written.startswith(clean(upstream).partition("\n\n")[0])
    paragraph = written.split("\n\n")[1]
    assert paragraph.startswith(
        ("Contract (declared, not measured by voxbind): ", "Helper without an image")
    )


def test_the_measured_dtypes_are_told(voxbind: Import) -> None:
    documented = voxbind("skimage.filters").gaussian.__doc__
    on_one_line = " ".join(documented.split())
    assert "FLEXIBLE. Takes a (Y, X) image or a (Z, Y, X) volume" in on_one_line
    assert "Dtypes: uint8 -> float64, in [0, 1]." in on_one_line
    parameters, _, rest = documented.partition("Returns\n    -------")
    assert "slice_by_slice : bool, default: False" in parameters
    assert "slice_by_slice" not in rest


AXES = [
    (
        {},
        "takes a (Y, X) image or a (Z, Y, X) volume, which is processed in 3-D. Returns an image",
    ),
    ({"contract": "PURE_2D"}, "(Y, X) image; a volume is processed slice by slice. Returns"),
    (
        {"contract": "PURE_2D", "stacks": False},
        "(Y, X) image; a volume raises an error, since its slices' results can't be stacked.",
    ),
    ({"contract": "PURE_3D"}, "takes a (Z, Y, X) volume; an image raises an error."),
    (
        {"contract": "PURE_2D", "channels_last": True},
        "A 3-D array whose last axis has length 3 or 4 is read as a colour image.",
    ),
    ({"contract": "PURE_2D", "channels_last": True, "channel": "None"}, "has length 3 or 4"),
    (
        {"contract": "PURE_2D", "channels_last": True, "channel": "-1"},
        "with channel_axis=None a volume is processed slice by slice. By default the last of three "
        "axes is read as channels, whatever its length",
    ),
    (
        {"channels_last": True, "channel": "-1"},
        "a (Y, X) image or, with channel_axis=None, a (Z, Y, X) volume, which is processed in 3-D.",
    ),
    ({"channel": "-1"}, "in 3-D. Returns an image of the same spatial shape"),
    ({"channel": "None"}, "in 3-D. Returns an image of the same shape"),
    (
        {"needs_channels": True, "channels_last": True, "channel": "-1"},
        "(Y, X, C) image or a (Z, Y, X, C) volume, which is processed in 3-D. C is the channel "
        "axis (the colours), the last unless channel_axis says otherwise. Returns an image of the "
        "same spatial shape",
    ),
    (
        {"contract": "VOLUMETRIC_TO_SLICE"},
        "returns a 2-D image; an image is treated as a volume of one slice.",
    ),
    (
        {"contract": "VOLUMETRIC_TO_SLICE", "refuses": {"(Y, X)": "ValueError: no images"}},
        "takes a (Z, Y, X) volume and returns a 2-D image; an image raises an error.",
    ),
    (
        {"contract": None, "evidence": "unobserved", "reason": "not observed: tried (Y, X) grey"},
        "unknown. Not observed: tried (Y, X) grey. Arrays are converted to the library's memory, "
        "and results back. Dimensions, dtypes and all other arguments are passed on unchecked.",
    ),
]
"""What is known of a function, and a part of its documentation; upper case doesn't count."""


def overruled(by: Any, agrees: bool) -> Overruled:
    return Overruled(
        kind="image",
        contract="FLEXIBLE",
        result="image",
        needs_channels=False,
        reason="known",
        evidence="observed",
        by=by,
        agrees=agrees,
    )


SOURCES = [
    ({"evidence": "observed"}, "Contract (measured by voxbind): FLEXIBLE. "),
    ({"evidence": "recorded"}, "Contract (measured by voxbind): FLEXIBLE. "),
    (
        {"evidence": "inferred", "twin": Twin(name="made.on_cpu")},
        "Contract (not measured by voxbind yet, taken from made.on_cpu): FLEXIBLE. ",
    ),
    ({"evidence": "declared"}, "Contract (declared, not measured by voxbind): FLEXIBLE. "),
    (
        {"evidence": "declared", "overruled": overruled(by="author", agrees=True)},
        "Contract (declared by its author, confirmed by voxbind): FLEXIBLE. ",
    ),
    (
        {"evidence": "declared", "overruled": overruled(by="specification", agrees=False)},
        "Contract (declared in the library's TOML file): FLEXIBLE. ",
    ),
    (
        {"contract": None, "kind": "helper", "arrays": (), "result": "other"},
        "Helper without an image argument: voxbind passes all arguments on unchanged.",
    ),
    (
        {"contract": None, "kind": "helper", "result": "other"},
        "Helper without an image argument: arrays may be in any memory that voxbind supports.",
    ),
]

TWINS = [
    (Twin(name="a.f"), ""),
    (Twin(name="a.f", missing=("x",)), "Unlike a.f, it lacks x."),
    (
        Twin(name="a.f", missing=("x", "y"), added=("z",), renamed={"input": "image"}),
        "Unlike a.f, it has image instead of input; lacks x and y; adds z.",
    ),
    (
        Twin(name="a.f", defaults={"clip": ("True", "None"), "op": ("numpy.max", "<max>")}),
        "Unlike a.f, it defaults to clip=None instead of clip=True.",
    ),
]


def facts_told(*, channel: str | None = None, **facts: Any) -> str:
    more = () if channel is None else (parameter("channel_axis", default=channel),)
    text = document(function(parameter("image"), *more, **facts), False, EXAMPLES)
    return " ".join(text.partition("\n\n")[2].partition("\n\n")[0].split())


@pytest.mark.parametrize(("facts", "sentence"), AXES)
def test_what_happens_to_the_axes_is_documented(facts: dict[str, Any], sentence: str) -> None:
    assert sentence.lower() in facts_told(**facts).lower()


@pytest.mark.parametrize(("facts", "start"), SOURCES)
def test_the_documentation_begins_with_who_knows_the_contract(
    facts: dict[str, Any], start: str
) -> None:
    assert facts_told(**facts).startswith(start)


@pytest.mark.parametrize(("twin", "sentence"), TWINS)
def test_differences_to_the_cpus_twin_are_documented(twin: Twin, sentence: str) -> None:
    assert facts_told().partition("Unlike")[1:] == ("", "")
    assert "".join(facts_told(twin=twin).partition("Unlike")[1:]) == sentence


def test_shapes_and_ranges_are_not_spread_over_two_lines() -> None:
    facts = {name: DtypeFact(dtype="float64", range=(0.0, 1.0)) for name in ("uint8", "uint16")}
    for length in range(1, 93):
        refuses = {"bool": "x" * length}
        text = document(
            function(parameter("image"), dtypes=facts, refuses=refuses, warnings={}),
            False,
            EXAMPLES,
        )
        assert "(Z, Y, X)" in text
        assert "uint16 -> float64, in" in " ".join(text.split())
        assert re.search(r"[(\[][A-Z0-9],\n", text) is None


def test_nothing_is_told_twice_of_a_volumes_slice() -> None:
    assert "same shape" not in facts_told(contract="VOLUMETRIC_TO_SLICE")


@pytest.mark.parametrize(
    ("result", "documented", "sentence"),
    [
        ("table", (), "Returns a table of values."),
        (
            ("other", "table", "scalar"),
            (("hspace", "ndarray"), ("angles", "ndarray"), ("count", "int")),
            "Returns a tuple of hspace, a table of values (angles) and a number (count).",
        ),
        (
            ("image", "image"),
            (("real, imag", "arrays"),),
            "an image of the same shape (real) and an image of the same shape (imag).",
        ),
        (("labels", "scalar"), (), "Returns a tuple of a label image and a number."),
    ],
)
def test_the_members_of_a_tuple_are_named(
    result: Any, documented: tuple[tuple[str, str], ...], sentence: str
) -> None:
    returns = Returns(annotation="Any", annotation_source="unknown", documented=documented)
    assert sentence in facts_told(result=result, returns=returns)


DTYPES = [
    # A function that divides integers by their largest number gives tiny numbers for labels.
    (
        "image",
        {
            "bool": ("float64", 0.0, 0.99),
            "uint8": ("float64", 0.0157, 0.8),
            "uint16": ("float64", 0.0159, 0.8),
            "int32": ("float64", 0.0, 1.7e-9),
            "float32": ("float32", 0.016, 0.8),
            "float64": ("float64", 0.016, 0.8),
        },
        "Dtypes: bool, uint8, uint16 -> float64, scaled to [0, 1]; int32 -> float64, scaled to "
        "[-1, 1]; float32, float64 -> same dtype.",
    ),
    (
        "image",
        {"uint8": ("float64", -0.38, 0.4), "int32": ("float64", -2e-9, 2e-9)},
        "Dtypes: uint8 -> float64, computed on the image scaled to [0, 1]; int32 -> float64, "
        "computed on the image scaled to [-1, 1].",
    ),
    # Labels are treated like other numbers: the range is the function's own, if it is reached.
    (
        "image",
        {"uint8": ("float64", -0.76, 1.0), "int32": ("float64", -0.4, 1.0)},
        "Dtypes: uint8, int32 -> float64, in [-1, 1].",
    ),
    (
        "resized",
        {"uint8": ("float32", 0.0, 1.0), "float32": ("float32", 0.0, 0.97)},
        "Dtypes: uint8 -> float32, in [0, 1]; float32 -> float32.",
    ),
    ("image", {"uint8": ("float64", 0.0, 0.4)}, "Dtypes: uint8 -> float64."),
    ("image", {"uint8": ("float64", 0.0, 12.4)}, "Dtypes: uint8 -> float64."),
    (
        "image",
        {"bool": ("float64", -4.0, 3.0), "uint8": ("float64", -0.4, 0.95)},
        "Dtypes: bool, uint8 -> float64.",
    ),
    # What a float image holds decides the range of a float result.
    ("image", {"float64": ("float32", 0.0, 1.0)}, "Dtypes: float64 -> float32."),
    (
        "image",
        {
            "uint8": ("uint8", 2.0, 251.0),
            "uint16": ("uint8", 1.0, 250.0),
            "float32": ("uint8", 3.0, 250.0),
        },
        "Dtypes: uint8 -> uint8; uint16, float32 -> uint8, scaled to [0, 255].",
    ),
    ("image", {"float32": ("uint8", 0.0, 7.0)}, "Dtypes: float32 -> uint8."),
    (
        "image",
        {"uint8": ("uint8", 2.0, 251.0), "float32": ("float32", 0.0, 1.0)},
        "Dtypes: uint8 and float32 are preserved.",
    ),
    ("image", {"uint16": ("uint64", 0.0, 2.0**40)}, "Dtypes: uint16 -> uint64."),
    ("mask", {"uint8": ("bool", 0.0, 1.0)}, "Dtypes: uint8 -> bool."),
    ("labels", {"uint8": ("float32", 0.0, 1.0)}, "Dtypes: uint8 -> float32."),
    (("scalar", "scalar"), {"uint8": ("int64", -1.0, -1.0)}, "Dtypes: uint8 -> int64."),
    (
        "points",
        {name: ("float64", 1.0, 2.0) for name in ("float32", "float64", "int32", "uint8")}
        | {"bool": ("float64", 1.0, 2.0), "uint16": ("float64", 0.0, 5.0)},
        "Dtypes: bool, uint8, uint16, int32, float32, float64 -> float64.",
    ),
]
"""Kind of result; for each dtype of the image that of the result, with its least and greatest
number; and the sentence."""


@pytest.mark.parametrize(("result", "dtypes", "sentence"), DTYPES)
def test_dtypes_that_behave_alike_are_one_group_and_a_range_is_a_natural_one(
    result: Any, dtypes: dict[str, tuple[str, float, float]], sentence: str
) -> None:
    facts = {
        name: DtypeFact(dtype=dtype, range=(least, greatest))
        for name, (dtype, least, greatest) in dtypes.items()
    }
    told = facts_told(result=result, dtypes=facts)
    assert "".join(told.partition("Dtypes: ")[1:]) == sentence


def test_columns_of_a_table_have_no_common_dtype() -> None:
    returns = Returns(annotation="dict[str, Array]", annotation_source="docstring")
    facts = {"uint8": DtypeFact(dtype="int64", range=(1.0, 3.0))}
    assert "Dtypes" not in facts_told(result="table", dtypes=facts, returns=returns)


REFUSED = [
    (
        {"refuses": {"bool": "ValueError: dtype cannot be bool.", "(Z, Y, X)": "ValueError: 3-D"}},
        "The library refuses bool (ValueError: dtype cannot be bool).",
    ),
    (
        {"refuses": {each: f"TypeError: no {each}" for each in ("float64", "float32")}},
        "The library refuses float32 and float64 (TypeError: no float64).",
    ),
    (
        {"refuses": {"uint16": "not given: arrays of other dtypes than uint8 are misread"}},
        "Raises MemoryTypeError for uint16, which the library would misread.",
    ),
    (
        {"warnings": {"FutureWarning: it will change": ("(Y, X)",)}},
        "The library warns (FutureWarning: it will change).",
    ),
    (
        {
            "dtypes": {each: DtypeFact(dtype=each) for each in ("uint8", "float32")},
            "warnings": {"UserWarning: precision lost": ("float32",)},
        },
        "The library warns for float32 (UserWarning: precision lost).",
    ),
    ({"mutates": ("image", "mask")}, "Modifies image and mask in place."),
    ({"random": True}, "Random: results differ from call to call unless a seed is given."),
    (
        {"random": True, "seeds": ("rng",), "stacks": True},
        "Random: results differ from call to call unless a seed is given; slices that are "
        "processed separately get seeds of their own.",
    ),
    (
        {"keeps_state": True},
        "Keeps a state: two equal calls in a row can give different results.",
    ),
    (
        {"reach": Reach(kind="local", formula="1", evidence="observed")},
        "Reach: 1 element along each axis (measured).",
    ),
    (
        {"reach": Reach(kind="local", formula="size // 2", evidence="observed")},
        "Reach: size // 2 elements along each axis (measured).",
    ),
    ({"masked": ("image",)}, "Looks at the mask of a masked array (image)."),
    (
        {"masked": ("image",), "masked_dtypes": {"image": ("float32", "float64")}},
        "Looks at the mask of a masked array (image) of dtype float32 or float64.",
    ),
]


@pytest.mark.parametrize(("facts", "sentence"), REFUSED)
def test_what_is_refused_warned_of_and_changed_is_documented(
    facts: dict[str, Any], sentence: str
) -> None:
    assert facts_told(**facts).endswith(f". {sentence}")


def test_classes_and_constants_are_handed_on(voxbind: Import) -> None:
    import skimage.feature
    import skimage.util

    assert voxbind("skimage.feature").ORB is skimage.feature.ORB
    assert voxbind("skimage.util").dtype_limits is skimage.util.dtype_limits
    with pytest.raises(AttributeError, match="nothing"):
        voxbind("skimage.feature").nothing  # noqa: B018


def test_a_module_takes_a_class_from_the_package_around_it() -> None:
    device = function(
        original_name="Device", module="made", wrapper="voxbind.made.Device", form="class"
    )
    taker = function(parameter("image"), parameter("device", annotation="made.Device"))
    texts = render(manifest(device, taker, modules=("made", "made.up")), templates_dir())
    assert "    from made import Device as Device  # type: ignore" in texts["made/__init__.py"]
    assert "    from voxbind.made import Device  # type: ignore" in texts["made/up.py"]


def test_public_names_are_listed(voxbind: Import) -> None:
    assert voxbind("skimage.filters").__all__ == ["gaussian", "rank", "sobel_h", "threshold_otsu"]
    assert voxbind("skimage").filters.rank.mean.__module__ == "voxbind.skimage.filters.rank"
    for path in ("skimage", "skimage.filters", "skimage.feature", "scipy.ndimage"):
        module = voxbind(path)
        assert all(getattr(module, name) is not None for name in module.__all__)


RESOLUTION = """

if not TYPE_CHECKING:
    resolve_annotations(globals(), NDArray="numpy.typing")
"""
"""The end of each module with wrappers that give arrays."""
SAMPLE = """
import numpy as np
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters

class Tensor:
    ndim: int = 2
    shape: tuple[int, ...] = (1, 2)
    dtype: str = "float32"

    @property
    def T(self) -> "Tensor":
        return self

    def clip(self, min: int, max: int, /) -> "Tensor":
        return self

image = np.zeros((3, 3))
reveal_type(filters.gaussian(Tensor()))
reveal_type(filters.sobel_h(image).T)
reveal_type(ndimage.label(Tensor()))
reveal_type(feature.hessian_matrix(Tensor(), slice_by_slice=True))
filters.rank.mean(image, footprint=np.ones((3, 3)))
filters.gaussian("image.png")
filters.gaussian([[1, 2]])
filters.gausian(image)
"""


def test_a_checker_gives_the_type_that_went_in(
    tmp_path: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(MANIFEST, tmp_path)
    (tmp_path / "sample.py").write_text(SAMPLE)
    monkeypatch.chdir(tmp_path)
    told, _, _ = mypy.api.run(["--strict", "--no-error-summary", "sample.py"])
    lines = [line.partition(": ")[2] for line in told.splitlines()]
    for expected in ("sample.Tensor", "tuple[sample.Tensor, int]", "list[sample.Tensor]"):
        assert f'note: Revealed type is "{expected}"' in lines
    assert any("Revealed type" in line and "numpy.ndarray" in line for line in lines)
    errors = [line for line in lines if line.startswith("error")]
    assert len(errors) == 3
    for refused, line in zip(("str", "list[list[int]]", "gausian"), errors, strict=True):
        assert refused in line


@pytest.mark.parametrize(
    ("contract", "facts", "direct"),
    [
        ("PURE_2D", {}, 'getattr(image, "ndim", 0) < 3'),
        ("PURE_2D", {"needs_channels": True}, 'getattr(image, "ndim", 0) < 4'),
        ("PURE_3D", {}, 'getattr(image, "ndim", 0) == 3'),
        (
            "VOLUMETRIC_TO_SLICE",
            {"refuses": {"(Y, X)": "ValueError: no"}},
            'getattr(image, "ndim", 0) == 3',
        ),
        ("FLEXIBLE", {}, 'getattr(image, "ndim", 0) < 4 and not slice_by_slice'),
        (
            "FLEXIBLE",
            {"needs_channels": True},
            'getattr(image, "ndim", 0) < 5 and not slice_by_slice',
        ),
    ],
)
def test_bodies_have_a_branch_for_what_the_library_takes(
    contract: Any, facts: dict[str, Any], direct: str
) -> None:
    text = written(function(parameter("image", annotation="Array"), contract=contract, **facts))
    lifting = {"PURE_2D": "call_2d", "FLEXIBLE": "call_2d_or_3d"}.get(contract, "call_3d")
    more = ", needs_channels=True" if "needs_channels" in facts else ""
    assert text.removesuffix(RESOLUTION).endswith(
        f"    if class_of(image) is _made.Array and {direct}:\n"
        f"        result: Array = _made.f(image)\n"
        f"    else:\n"
        f'        result = {lifting}(_made.f, locals(), images=("image",){more})\n'
        f"    return result\n"
    )


@pytest.mark.parametrize(
    "facts",
    [{"allowed_dtypes": ("float32",)}, {"needs_output": ("output",)}],
    ids=["allowed_dtypes", "needs_output"],
)
def test_a_module_whose_calls_are_never_direct_imports_nothing_for_direct_calls(
    facts: dict[str, Any],
) -> None:
    parameters = (parameter("image", annotation="Array"), parameter("output", default="None"))
    text = written(function(*parameters, outputs=("output",), contract="FLEXIBLE", **facts))
    assert "class_of" not in text
    assert "    result: Array = call_2d_or_3d(" in text


def test_a_helper_without_arrays_is_one_call() -> None:
    helper = function(parameter("radius"), kind="helper", contract=None, arrays=(), result="other")
    assert (
        written(helper)
        .removesuffix(RESOLUTION)
        .endswith("    result: NDArray[Any] = _made.f(radius)\n    return result\n")
    )


def test_only_what_is_not_at_its_default_is_passed_to_the_lifting() -> None:
    text = written(
        function(
            *(parameter(name) for name in ("image", "second")),
            *(parameter(name, default="None") for name in ("mask", "footprint", "out")),
            contract="PURE_2D",
            arrays=("image", "second", "mask"),
            other_arrays=("footprint",),
            outputs=("out",),
            array_like=("second",),
            stacks=False,
        )
    )
    call = ast.parse(text).body[-2]
    calls = [ast.unparse(node) for node in ast.walk(call) if isinstance(node, ast.Call)]
    assert (
        "call_2d(_made.f, locals(), images=('image', 'second', 'mask'), "
        "other_arrays=('footprint',), outputs=('out',), array_like=('second',), "
        "n_required=2, stackable=False)"
    ) in calls


@pytest.mark.parametrize(
    ("default", "condition"),
    [
        ("None", "second is None or class_of(second) is _made.Array"),
        ("1", "class_of(second) is int or class_of(second) is _made.Array"),
        ("-0.25", "class_of(second) is float or class_of(second) is _made.Array"),
        ("'disk'", "class_of(second) is str or class_of(second) is _made.Array"),
        (
            "(0, 0, 0)",
            "class_of(second) is tuple and second == (0, 0, 0) or class_of(second) is _made.Array",
        ),
        ("range(3)", "class_of(second) is _made.Array"),
    ],
)
def test_a_default_that_is_no_array_is_passed_directly(default: str, condition: str) -> None:
    second = parameter("second", default=default)
    text = written(function(parameter("image"), second, other_arrays=("second",)))
    *_, wrapper = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    body = next(node for node in ast.walk(wrapper) if isinstance(node, ast.If))
    assert isinstance(body.test, ast.BoolOp)
    assert ast.unparse(body.test.values[-1]) == condition


def test_the_lifting_knows_the_defaults_where_a_parameter_is_deprecated() -> None:
    mark: dict[str, Any] = {"default": "made._utils.DEPRECATED", "default_is_literal": False}
    parameters = (parameter("image"), parameter("new", default="64"))
    old, other = parameter("old", **mark), {**mark, "default": "numpy.sum"}
    assert "defaults={'new': 64}" in _lifted(written(function(*parameters, old)))
    assert "defaults" not in _lifted(written(function(*parameters, parameter("f", **other))))


def test_what_a_librarys_arrays_are_is_passed_on() -> None:
    library = handmade.pyclesperanto().libraries["pyclesperanto"]
    texts = render(Manifest(libraries={"pyclesperanto": library}), templates_dir())
    assert verify(texts) == ()
    body = ast.parse(texts["pyclesperanto/fft.py"]).body
    made = [each.value for each in body if isinstance(each, ast.Assign)]
    upstream = next(each for each in made if isinstance(each, ast.Call))
    given = {each.arg: ast.literal_eval(each.value) for each in upstream.keywords}
    assert given["memory"] == "pyclesperanto"
    device = handmade.CPU_DEVICE
    expected = {"below_prefix": device.below_prefix, "unless": device.unless}
    assert given["environment"] == {"OCL_ICD_FILENAMES": expected}
    assert "memory='pyclesperanto'" in _lifted(texts["pyclesperanto/fft.py"])


def test_what_belongs_on_the_host_goes_directly_as_a_list_or_left_out() -> None:
    matrix = parameter("matrix", default="None")
    text = written(
        function(parameter("image"), matrix, other_arrays=("matrix",), host_arrays=("matrix",))
    )
    assert "(matrix is None or class_of(matrix) is list)" in text
    assert "host_arrays=('matrix',)" in _lifted(text)
    assert "other_arrays" not in text


def _lifted(text: str) -> str:
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return next(ast.unparse(call) for call in calls if "locals()" in ast.unparse(call))


Broken = Callable[[], Manifest]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (
            lambda: manifest(function(parameter("image"), wrapper="voxbind.other.f")),
            "in a module that the library made lists",
        ),
        (
            lambda: manifest(function(parameter("image"), wrapper="os.f")),
            "in a module that the library made lists",
        ),
        (lambda: manifest(modules=("made.../up",)), "isn't a name that Python can bind"),
        (
            lambda: manifest(
                function(parameter("image"), original_name="sub"),
                modules=("made.up", "made.up.sub"),
            ),
            "is the name of a module and of a function",
        ),
        (lambda: manifest(modules=("registry",)), "voxbind uses it itself"),
    ],
)
def test_modules_that_cannot_be_are_refused(broken: Broken, told: str) -> None:
    with pytest.raises(RenderError, match=told):
        render(broken(), templates_dir())


def test_the_docstring_tells_refused_dtypes_and_warnings_that_await_a_user() -> None:
    floats = {name: DtypeFact(dtype="uint8") for name in ("uint8", "int32", "float32", "float64")}
    loss = "UserWarning: Possible precision loss converting image of type {} to uint8."
    told = " ".join(
        document(
            function(
                parameter("image"),
                dtypes=floats,
                refuses={
                    "(Z, Y, X)": "ValueError: two dimensions alone",
                    "bool": "TypeError: no bool, please.",
                    "uint16": "TypeError: no uint16, please.",
                },
                warnings={
                    "FutureWarning: sigma will be required": ("(Y, X) grey float64", *floats),
                    loss.format("float32"): ("float32",),
                    loss.format("float64"): ("(Y, X) grey float64", "float64"),
                    "UserWarning: always so": tuple(floats),
                    "UserWarning: of colours": ("(Y, X, 3) grey float64",),
                    "RuntimeWarning: divide by zero": ("uint8",),
                },
            ),
            False,
            EXAMPLES,
        ).split()
    )
    assert "The library refuses bool and uint16 (TypeError: no bool, please)." in told
    assert "two dimensions alone" not in told  # the contract has told
    assert "The library warns (FutureWarning: sigma will be required)." in told
    assert f"The library warns for float32 and float64 ({loss.format('float32')[:-1]})." in told
    for unsaid in ("always so", "of colours", "divide by zero"):
        assert unsaid not in told


@pytest.mark.parametrize(
    "parameters",
    [
        (parameter("image"), parameter("mask", default="None"), parameter("sizes")),
        (parameter("image", kind="KEYWORD_ONLY"), parameter("size")),
    ],
)
def test_a_signature_in_another_order_than_pythons_is_refused_with_its_function(
    parameters: tuple[Any, ...],
) -> None:
    with pytest.raises(RenderError, match="isn't one of Python") as caught:
        written(function(*parameters))
    assert [*caught.value.functions] == ["made.up.f"]
