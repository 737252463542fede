"""The manifest as Python: what is written is what the library has, and nothing else."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import handmade
import mypy.api
import numpy as np
import pytest
from madeup import function, manifest, parameter, written
from packages import Import, importing, write_package

from voxbind_build.model import DtypeFact, Manifest, Returns
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
        path.relative_to(runtime).as_posix(): path.read_bytes().decode()
        for path in runtime.rglob("*.py")
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
    mark = voxbind("_upstream.wrapped_module").LibraryDefault
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
    assert "\n\nvoxbind: " in written


def test_the_measured_dtypes_are_told(voxbind: Import) -> None:
    documented = voxbind("skimage.filters").gaussian.__doc__
    assert "FLEXIBLE: takes a (Y, X) image or a (Z, Y, X) volume" in documented
    assert "uint8 in, float64 in [0, 1] out" in documented
    parameters, _, rest = documented.partition("Returns\n    -------")
    assert "slice_by_slice : bool, optional" in parameters
    assert "slice_by_slice" not in rest


AXES = [
    ({}, "takes a (Y, X) image or a (Z, Y, X) volume; all axes are spatial. Gives an image"),
    ({"contract": "PURE_2D"}, "(Y, X) image; a volume is processed slice by slice. Gives"),
    ({"contract": "PURE_2D", "stacks": False}, "so a volume is refused"),
    (
        {"contract": "PURE_2D", "channels_last": True},
        "last of length 3 or 4, is taken for a colour",
    ),
    ({"contract": "PURE_2D", "channels_last": True, "channel": "None"}, "of length 3 or 4"),
    (
        {"contract": "PURE_2D", "channels_last": True, "channel": "-1"},
        "with channel_axis=None a volume is processed slice by slice. By default the last of three "
        "axes is taken for colours, whatever its length",
    ),
    (
        {"channels_last": True, "channel": "-1"},
        "a (Y, X) image or, with channel_axis=None, a (Z, Y, X) volume",
    ),
    ({"channel": "-1"}, "all axes are spatial. Gives an image of the same spatial shape"),
    ({"channel": "None"}, "all axes are spatial. Gives an image of the same shape"),
    (
        {"needs_channels": True, "channels_last": True, "channel": "-1"},
        "(Y, X, C) image or a (Z, Y, X, C) volume. C is the axis of colours, by default the last: "
        "see channel_axis. Gives an image of the same spatial shape",
    ),
    (
        {"contract": "VOLUMETRIC_TO_SLICE"},
        "gives an image with one axis less; an image is taken for a volume of one slice.",
    ),
    (
        {"contract": "VOLUMETRIC_TO_SLICE", "refuses": {"(Y, X)": "ValueError: no images"}},
        "takes a (Z, Y, X) volume only, and gives an image with one axis less.",
    ),
    (
        {"contract": None, "evidence": "unobserved", "reason": "not observed: tried (Y, X) grey"},
        "contract unknown, not observed: tried (Y, X) grey. Arrays are converted to the library's "
        "memory and back; all other arguments are passed on unchanged, and no dimension or dtype "
        "is refused.",
    ),
]


def facts_told(*, channel: str | None = None, **facts: Any) -> str:
    more = () if channel is None else (parameter("channel_axis", default=channel),)
    text = document(function(parameter("image"), *more, **facts), False, EXAMPLES)
    return " ".join(text.partition("voxbind: ")[2].split())


@pytest.mark.parametrize(("facts", "sentence"), AXES)
def test_what_becomes_of_the_axes_is_told(facts: dict[str, Any], sentence: str) -> None:
    assert sentence in facts_told(**facts)


def test_nothing_is_told_twice_of_a_volumes_slice() -> None:
    assert "same shape" not in facts_told(contract="VOLUMETRIC_TO_SLICE")


@pytest.mark.parametrize(
    ("result", "documented", "sentence"),
    [
        ("table", (), "Gives a table of values."),
        (
            ("other", "table", "scalar"),
            (("hspace", "ndarray"), ("angles", "ndarray"), ("count", "int")),
            "Gives a tuple of hspace, a table of values (angles) and a number (count).",
        ),
        (
            ("image", "image"),
            (("real, imag", "arrays"),),
            "an image of the same shape (real) and an image of the same shape (imag).",
        ),
        (("labels", "scalar"), (), "Gives a tuple of a label image and a number."),
    ],
)
def test_the_members_of_a_tuple_are_named(
    result: Any, documented: tuple[tuple[str, str], ...], sentence: str
) -> None:
    returns = Returns(annotation="Any", annotation_source="unknown", documented=documented)
    assert sentence in facts_told(result=result, returns=returns)


@pytest.mark.parametrize(
    ("result", "dtypes", "sentence"),
    [
        (
            "image",
            {"float32": ("float32", -0.5, 0.9), "uint8": ("float32", 3.0, 210.0)},
            "On test images from 0 to 1, or over an integer's whole range: uint8 in, "
            "float32 in [0, 255] out; float32 in, float32 in [-1, 1] out.",
        ),
        # A dtype's own limits, and values that keep to none, are no news.
        ("image", {"uint8": ("uint8", 2.0, 251.0)}, "uint8 in, uint8 out."),
        ("image", {"uint16": ("uint64", 0.0, 2.0**40)}, "uint16 in, uint64 out."),
        ("image", {"int32": ("float64", 0.0, 1.0)}, "int32 in, float64 out."),
        ("mask", {"uint8": ("bool", 0.0, 1.0)}, "uint8 in, bool out."),
        ("labels", {"uint8": ("int32", 0.0, 7.0)}, "uint8 in, int32 out."),
        (("scalar", "scalar"), {"uint8": ("int64", -1.0, -1.0)}, "uint8 in, int64 out."),
        (
            "points",
            {name: ("float64", 1.0, 2.0) for name in ("float32", "float64", "int32", "uint8")}
            | {"bool": ("float64", 1.0, 2.0), "uint16": ("float64", 0.0, 5.0)},
            "bool, uint8, uint16, int32, float32, float64 in, float64 out.",
        ),
    ],
)
def test_values_are_told_as_what_the_test_images_gave(
    result: Any, dtypes: dict[str, tuple[str, float, float]], sentence: str
) -> None:
    facts = {
        name: DtypeFact(dtype=dtype, range=(least, greatest))
        for name, (dtype, least, greatest) in dtypes.items()
    }
    assert sentence in facts_told(result=result, dtypes=facts)


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


SAMPLE = """
import numpy as np
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters

class Tensor:
    ndim: int = 2
    shape: tuple[int, ...] = (1, 2)
    dtype: str = "float32"

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
        ("PURE_2D", {}, "image.ndim < 3"),
        ("PURE_2D", {"needs_channels": True}, "image.ndim < 4"),
        ("PURE_3D", {}, "image.ndim != 2"),
        ("VOLUMETRIC_TO_SLICE", {"refuses": {"(Y, X)": "ValueError: no"}}, "image.ndim != 2"),
        ("FLEXIBLE", {}, "not slice_by_slice"),
    ],
)
def test_bodies_have_a_branch_for_what_the_library_takes(
    contract: Any, facts: dict[str, Any], direct: str
) -> None:
    text = written(function(parameter("image", annotation="Array"), contract=contract, **facts))
    lifting = {"PURE_2D": "call_2d", "FLEXIBLE": "call_2d_or_3d"}.get(contract, "call_3d")
    more = ", needs_channels=True" if "needs_channels" in facts else ""
    assert text.endswith(
        f"    if class_of(image) is _made.Array and {direct}:\n"
        f"        result: Array = _made.f(image)\n"
        f"    else:\n"
        f'        result = {lifting}(_made.f, locals(), images=("image",){more})\n'
        f"    return result\n"
    )


def test_a_helper_without_arrays_is_one_call() -> None:
    helper = function(parameter("radius"), kind="helper", contract=None, arrays=(), result="other")
    assert written(helper).endswith(
        "    result: LibraryArray = _made.f(radius)\n    return result\n"
    )


def test_only_what_is_not_at_its_default_is_passed_to_the_lifting() -> None:
    text = written(
        function(
            *(parameter(name) for name in ("image", "second")),
            *(parameter(name, default="None") for name in ("mask", "footprint", "out")),
            contract="PURE_2D",
            arrays=("image", "second", "mask"),
            whole=("footprint",),
            outputs=("out",),
            array_like=("second",),
            stacks=False,
        )
    )
    call = ast.parse(text).body[-1]
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
    text = written(function(parameter("image"), second, whole=("second",)))
    *_, wrapper = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    body = next(node for node in ast.walk(wrapper) if isinstance(node, ast.If))
    assert isinstance(body.test, ast.BoolOp)
    assert ast.unparse(body.test.values[-1]) == condition


def test_the_lifting_knows_the_defaults_where_a_parameter_is_deprecated() -> None:
    mark = {"default": "made._utils.DEPRECATED", "default_is_literal": False}
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
    text = written(function(parameter("image"), matrix, whole=("matrix",), host=("matrix",)))
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
            "listed module",
        ),
        (lambda: manifest(function(parameter("image"), wrapper="os.f")), "listed module"),
        (lambda: manifest(modules=("made.../up",)), "no name"),
        (
            lambda: manifest(
                function(parameter("image"), original_name="sub"),
                modules=("made.up", "made.up.sub"),
            ),
            "a module and a function",
        ),
        (lambda: manifest(modules=("registry",)), "voxbind itself"),
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
    assert "Refuses bool and uint16 (TypeError: no bool, please)." in told
    assert "two dimensions alone" not in told  # the contract has told
    assert "Warns: FutureWarning: sigma will be required." in told
    assert f"Warns of float32 and float64 ({loss.format('float32')[:-1]})." in told
    for unsaid in ("always so", "of colours", "divide by zero"):
        assert unsaid not in told
