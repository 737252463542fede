"""What voxbind.auto is written as: made-up pairs of functions, each with something of its own."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from helpers.generated_packages import Import, importing, write_package
from helpers.synthetic_library import function, parameter
from voxbind_build.classify import limited
from voxbind_build.model import (
    Agreement,
    Description,
    Deviation,
    DtypeFact,
    Exclusion,
    Form,
    Function,
    Library,
    Manifest,
    Parameter,
    Returns,
    Twin,
    Verdict,
)
from voxbind_build.render import RenderError, own_names, render, templates_dir
from voxbind_build.verify import verify

IMAGE = np.arange(12.0).reshape(3, 4)


class Managed:
    """An array in memory that an NVIDIA GPU and the host both see."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape, self.dtype, self.nbytes = array.shape, array.dtype, array.nbytes
        self.__array_interface__ = array.__array_interface__

    def __dlpack_device__(self) -> tuple[int, int]:
        return 13, 0

    __array_struct__ = property(lambda self: self._array.__array_struct__)


def number(name: str, default: str | None = None, **facts: Any) -> Parameter:
    return parameter(name, default=default, **facts)


def keyword(name: str, default: str) -> Parameter:
    return parameter(name, "KEYWORD_ONLY", default=default)


MARK: dict[str, Any] = {"default": "numpy.sum", "default_is_literal": False}
VARIADIC = (parameter("args", "VAR_POSITIONAL"), parameter("kwargs", "VAR_KEYWORD"))
NUMBER = {"result": "scalar", "returns": Returns(annotation="float", annotation_source="stub")}
NOTHING = {"kind": "helper", "contract": None, "arrays": (), "stacks": False}


class Pair:
    """Two functions of one name: how each is written, and how the one differs from the other."""

    def __init__(
        self,
        cpu: str,
        gpu: str | None = None,
        *parameters: Parameter,
        own: tuple[Parameter, ...] | None = None,
        facts: dict[str, Any] | None = None,
        own_facts: dict[str, Any] | None = None,
        **twin: Any,
    ) -> None:
        self.cpu, self.gpu = cpu, gpu
        self.parameters, self.own = parameters, parameters if own is None else own
        self.facts, self.own_facts = facts or {}, own_facts or facts or {}
        self.twin = twin


image = parameter("image")
PAIRS = {
    "plain": Pair("(image)", "(image)", image),
    "alone": Pair("(image, radius=1)", None, image, number("radius", "1")),
    "lacking": Pair(
        "(image, radius=None, mode='a')",
        "(image, mode='a')",
        *(image, number("radius", "None"), number("mode", "'a'")),
        own=(image, number("mode", "'a'")),
        missing=("radius",),
    ),
    "needing": Pair(
        "(image, other)",
        "(image)",
        *(image, parameter("other")),
        own=(image,),
        missing=("other",),
    ),
    "renamed": Pair(
        "(input)",
        "(image)",
        parameter("input"),
        own=(image,),
        renamed={"input": "image"},
    ),
    "defaults": Pair(
        "(image, clip=True)",
        "(image, clip=None)",
        *(image, number("clip", "True")),
        own=(image, number("clip", "None")),
        defaults={"clip": ("True", "None")},
    ),
    "marked": Pair(
        "(image, func=sum, size=2)",
        "(image, func='own', size=2)",
        *(image, parameter("func", **MARK), number("size", "2")),
        own=(image, number("func", "'own'"), number("size", "2")),
        defaults={"func": ("numpy.sum", "'own'")},
    ),
    "differing": Pair("(image)", "(image)", image, deviations=(Deviation(max_relative=0.5),)),
    "partly": Pair(
        "(image, mode='a', cval=0)",
        "(image, mode='a', cval=0)",
        *(image, number("mode", "'a'"), number("cval", "0")),
        deviations=(
            Deviation(dtype="bool", max_relative=0.5),
            Deviation(parameters=("mode", "cval"), unlike=True),
        ),
    ),
    "flat": Pair("(image)", "(image)", image, axes=2),
    "flat_of_colours": Pair("(image)", "(image)", image, axes=2, facts={"needs_channels": True}),
    "otherwise": Pair("(image)", "(image)", image, axes=0),
    "choosy": Pair("(image)", "(image)", image, refuses=("float64",)),
    "compiled": Pair(
        "(image, function)",
        "(image, function)",
        *(image, parameter("function")),
        kernels=("function",),
    ),
    "counted": Pair("(image)", "(image)", image, numbers="some", facts=NUMBER),
    "kept": Pair("(image)", "(image)", image, objects=True),
    "random": Pair("(image)", "(image)", image, facts={"random": True}),
    "written": Pair(
        "(image, output=None)",
        "(image, out=None)",
        *(image, number("output", "None")),
        own=(image, number("out", "None")),
        renamed={"output": "out"},
        facts={"mutates": ("image",)},
        own_facts={"outputs": ("out",)},
    ),
    "recast": Pair(
        "(image)",
        "(image)",
        image,
        dtypes={
            "uint8": ("float64", "float32"),
            "int32": ("int64", "int32"),
            "bool": ("float64", "float32"),
        },
    ),
    "unseen": Pair(
        "(image)",
        "(image)",
        image,
        facts={"dtypes": {"uint8": DtypeFact(dtype="uint8")}},
        own_facts={"dtypes": {}},
    ),
    "sliced": Pair("(image)", "(image)", image, own_facts={"contract": "PURE_2D"}, axes=2),
    "loose": Pair("(image, *args, **kwargs)", "(image, *args, **kwargs)", image, *VARIADIC),
    "first": Pair(
        "(image, /, sigma=1)",
        "(image, /, sigma=1)",
        *(parameter("image", "POSITIONAL_ONLY"), number("sigma", "1")),
    ),
    "shadowing": Pair(
        "(image, context=1, *, locals=2, result=3, _cpu=4, route=5)",
        "(image, context=1, *, locals=2, result=3, _cpu=4, route=5)",
        *(image, number("context", "1"), keyword("locals", "2"), keyword("result", "3")),
        *(keyword("_cpu", "4"), keyword("route", "5")),
    ),
    "disk": Pair("(radius)", "(radius)", parameter("radius"), facts=NOTHING),
    "points": Pair(
        "(radius, coords)",
        "(radius, coords)",
        *(parameter("radius"), parameter("coords")),
        facts={**NOTHING, "other_arrays": ("coords",)},
    ),
    "optional": Pair(
        "(image=None, mask=None)",
        "(image=None, mask=None)",
        *(number("image", "None"), number("mask", "None")),
        facts={"arrays": ("image", "mask")},
    ),
}
BODY = "    return {place!r}, dict(vars())\n"


def source(place: str) -> str:
    """Write a library in which each function tells where it is, and what it was given."""
    written = [
        "sum = 'summed'\nCONSTANT = 3\n\n\nclass Kind:\n    pass\n\n\ndef show():\n    pass\n"
    ]
    for name, pair in PAIRS.items():
        signature = pair.cpu if place == "cpu" else pair.gpu
        if signature is not None:
            written.append(f"def {name}{signature}:\n{BODY.format(place=place)}")
    return "\n\n".join(written)


def described(name: str, module: str, **facts: Any) -> Function:
    parameters = facts.pop("parameters")
    return function(
        *parameters,
        **{
            "original_name": name,
            "module": module,
            "wrapper": f"voxbind.{module}.{name}",
            "result": "other",
            "returns": Returns(annotation="Any", annotation_source="docstring"),
            "doc": f"Do what {name} does.",
            **facts,
        },
    )


def manifest(*only: str) -> Manifest:
    cpus, gpus = [], []
    for name in only or PAIRS:
        pair = PAIRS[name]
        cpus.append(described(name, "made.up", parameters=pair.parameters, **pair.facts))
        if pair.gpu is not None:
            twin = Twin(name=f"made.up.{name}", **pair.twin)
            facts = {"parameters": pair.own, "twin": twin, **pair.own_facts}
            gpus.append(described(name, "onto.made.up", **facts))
    for name, form in (("Kind", "class"), ("CONSTANT", "constant")):
        cpus.append(described(name, "made.up", parameters=(), form=form, **NOTHING))
    below = described("deep", "made.up.below", parameters=(image,))
    excluded = {"made.up.show": Exclusion(reason="display")}
    cpu = library("made", ("made.up", "made.up.below"), *cpus, below, excluded=excluded)
    gpu = library("onto", ("onto.made.up",), *gpus, twin="made", device="cuda")
    return Manifest(libraries={"made": cpu, "onto": gpu})


def library(name: str, modules: tuple[str, ...], *functions: Function, **facts: Any) -> Library:
    return Library(
        distribution=name,
        extra="",
        version="1.0",
        memory_type="numpy",
        modules=modules,
        functions={each.wrapper.partition(".")[2]: each for each in functions},
        **{"twin": None, "excluded": {}, **facts},
    )


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return render(manifest(), templates_dir())


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Import]:
    folder = tmp_path_factory.mktemp("auto")
    for place, parts in (("cpu", ("made", "up")), ("gpu", ("onto", "made", "up"))):
        module = folder / "libraries"
        for part in parts:
            module /= part
            module.mkdir(parents=True)
            (module / "__init__.py").write_text('__version__ = "1.0"\n')
        (module / "__init__.py").write_text(source(place))
        (module / "below.py").write_text("def deep(image):\n    return 'cpu', image\n")
    package = write_package(manifest(), folder / "package")
    with importing(package, folder / "libraries", also=("made", "onto")) as load:
        yield load


@pytest.fixture
def auto(load: Import) -> Any:
    return load("auto.up")


def table(files: dict[str, str], path: str = "auto/up/__init__.py") -> dict[str, Any]:
    """Return the arguments of the one call at run time that a module of the package has."""
    tree = ast.parse(files[path])
    [call] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "routed"
    ]
    assert [ast.unparse(each) for each in call.args] == ["__name__"]
    return {each.arg or "": data(each.value) for each in call.keywords}


def data(node: ast.expr) -> Any:
    """Return an expression's value, in which a record is its name and its fields."""
    if isinstance(node, ast.Call):
        assert not node.args
        fields = {each.arg: data(each.value) for each in node.keywords}
        return ast.unparse(node.func), fields
    if isinstance(node, ast.Tuple):
        return tuple(map(data, node.elts))
    if isinstance(node, ast.Dict):
        keys = [ast.literal_eval(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(data, node.values), strict=True))
    return ast.literal_eval(node)


IMAGES = {"arrays": ("image",)}
FACTS: dict[str, dict[str, Any]] = {
    "plain": IMAGES,
    "alone": {**IMAGES, "has_twin": False},
    "lacking": {**IMAGES, "missing": ("radius",)},
    "needing": {**IMAGES, "missing": ("other",)},
    "renamed": {"arrays": ("input",), "renamed": {"input": "image"}},
    "defaults": IMAGES,
    "marked": IMAGES,
    "differing": {**IMAGES, "cpu_only": (("Deviation", {"max_relative": 0.5}),)},
    "partly": {
        **IMAGES,
        "cpu_only": (
            ("Deviation", {"dtype": "bool", "max_relative": 0.5}),
            ("Deviation", {"parameters": ("mode", "cval")}),
        ),
    },
    "flat": {**IMAGES, "spatial_axes": 2},
    "flat_of_colours": {**IMAGES, "spatial_axes": 2, "has_colors": True},
    "otherwise": {**IMAGES, "spatial_axes": 0},
    "choosy": {**IMAGES, "refused_dtypes": ("float64",)},
    "compiled": {**IMAGES, "kernels": ("function",)},
    "counted": {**IMAGES, "returns_numbers": "some"},
    "kept": {**IMAGES, "returns_objects": True},
    "random": {**IMAGES, "is_random": True},
    "written": {**IMAGES, "renamed": {"output": "out"}, "outputs": ("image", "output")},
    "recast": {
        **IMAGES,
        "result_dtypes": (
            ("ResultDtype", {"images": ("bool", "uint8"), "cpu": "float64", "gpu": "float32"}),
            ("ResultDtype", {"images": ("int32",), "cpu": "int64", "gpu": "int32"}),
        ),
    },
    "unseen": {**IMAGES, "has_gpu_dtypes": False},
    "sliced": {**IMAGES, "missing": ("slice_by_slice",), "spatial_axes": 2},
    "loose": IMAGES,
    "first": IMAGES,
    "shadowing": IMAGES,
    "disk": {},
    "points": {"arrays": ("coords",), "has_image": False},
    "optional": {"arrays": ("image", "mask")},
}


@pytest.mark.parametrize("name", FACTS)
def test_what_the_manifest_knows_of_a_pair_is_what_is_written(
    files: dict[str, str], name: str
) -> None:
    assert table(files)["routings"][name] == ("Routing", FACTS[name])


def test_a_table_has_all_functions_and_names_both_modules(files: dict[str, str]) -> None:
    written = table(files)
    assert written["routings"].keys() == PAIRS.keys() == FACTS.keys()
    del written["routings"]
    assert written == {
        "cpu": "made.up",
        "gpu": "onto.made.up",
        "submodules": ("below",),
        "handed_on": ("CONSTANT", "Kind", "show"),
    }
    without = table(files, "auto/up/below.py")
    assert without["gpu"] == ""
    assert without["routings"] == {"deep": ("Routing", FACTS["alone"])}


def test_the_package_compiles_is_clean_and_type_checks(files: dict[str, str]) -> None:
    assert verify(files) == ()


def test_modules_stand_where_the_cpus_have_them(files: dict[str, str]) -> None:
    found = {path for path in files if path.startswith("auto/")}
    assert found == {"auto/__init__.py", "auto/up/__init__.py", "auto/up/below.py"}
    assert "auto" in own_names(templates_dir())


def test_to_a_checker_a_module_hands_on_the_cpus_names_and_to_the_run_time_it_is_a_table() -> None:
    text = render(manifest("lacking"), templates_dir())["auto/up/__init__.py"]
    assert (
        text.rpartition('"""')[2].strip()
        == """
from __future__ import annotations

from typing import TYPE_CHECKING

# If the library isn't installed, the types of its objects are unknown.
# pyright: reportUnknownVariableType=false

if TYPE_CHECKING:
    from voxbind.made.up import CONSTANT as CONSTANT  # type: ignore[attr-defined, unused-ignore]
    from voxbind.made.up import Kind as Kind  # type: ignore[attr-defined, unused-ignore]
    from voxbind.made.up import lacking as lacking
    from voxbind.made.up import show as show  # type: ignore[attr-defined, unused-ignore]

    from . import below as below

__all__ = ["CONSTANT", "Kind", "below", "lacking", "show"]

if not TYPE_CHECKING:
    from voxbind._auto.functions import routed
    from voxbind._auto.pair import Routing

    __getattr__ = routed(
        __name__,
        cpu="made.up",
        gpu="onto.made.up",
        submodules=("below",),
        handed_on=("CONSTANT", "Kind", "show"),
        routings={
            "lacking": Routing(arrays=("image",), missing=("radius",)),
        },
    )

    def __dir__() -> list[str]:
        return [*__all__]
""".strip()
    )


def test_names_order_kinds_and_defaults_are_the_cpus(load: Import, auto: Any) -> None:
    cpu = load("made.up")
    assert auto.__all__ == cpu.__all__
    for name in PAIRS:
        ours, cpus = (inspect.signature(getattr(each, name)) for each in (auto, cpu))
        assert str(ours) == str(cpus), name
    assert auto.Kind is cpu.Kind
    assert auto.show is cpu.show
    assert auto.CONSTANT == 3
    assert auto.below.deep(IMAGE)[0] == "cpu"


def test_every_function_is_the_cpus_on_the_host(load: Import, auto: Any) -> None:
    cpu = load("made.up")
    for name, pair in PAIRS.items():
        required = [each for each in pair.parameters if each.default is None]
        given = [IMAGE for each in required if not each.kind.startswith("VAR_")]
        result, expected = (getattr(each, name)(*given) for each in (auto, cpu))
        assert result[0] == expected[0] == "cpu"
        assert repr(result) == repr(expected), name


def test_what_is_on_a_gpu_is_given_to_its_twin_with_the_cpus_defaults(auto: Any) -> None:
    managed = Managed(IMAGE)
    place, given = auto.defaults(managed)
    assert place == "gpu"
    assert given["clip"] is True
    np.testing.assert_array_equal(given["image"], IMAGE)
    assert auto.defaults(managed, clip=False)[1]["clip"] is False
    assert auto.marked(managed)[1]["func"] == "own"  # each library has its own
    assert auto.marked(managed, func="mine")[1]["func"] == "mine"
    assert auto.renamed(managed)[1].keys() == {"image"}
    assert auto.points(2, managed)[0] == "gpu"
    assert auto.optional(mask=managed)[0] == "gpu"
    assert auto.first(managed)[0] == "gpu"


def test_variadic_arguments_come_to_either(auto: Any) -> None:
    for given, place in ((IMAGE, "cpu"), (Managed(IMAGE), "gpu")):
        where, told = auto.loose(given, 1, 2, more=3)
        assert (where, told["args"], told["kwargs"]) == (place, (1, 2), {"more": 3})


def test_what_only_the_cpus_takes_goes_there(auto: Any) -> None:
    managed = Managed(IMAGE)
    assert auto.lacking(managed, None, "b")[0] == "gpu"
    assert auto.lacking(managed, 3)[0] == "cpu"
    assert auto.needing(managed, 1)[0] == "cpu"
    assert auto.alone(managed)[0] == "cpu"
    assert auto.differing(managed)[0] == "cpu"
    assert auto.partly(managed)[0] == "gpu"
    assert auto.partly(managed, "b")[0] == "gpu"
    assert auto.partly(managed, cval=1)[0] == "gpu"
    assert auto.partly(managed, "b", 1)[0] == "cpu"
    assert auto.partly(Managed(IMAGE > 1))[0] == "cpu"
    assert auto.otherwise(managed)[0] == "cpu"
    assert auto.choosy(managed)[0] == "cpu"
    assert auto.choosy(Managed(IMAGE.astype(np.float32)))[0] == "gpu"
    assert auto.compiled(managed, len)[0] == "cpu"
    assert auto.flat(managed)[0] == "gpu"
    assert auto.flat(Managed(IMAGE[None]))[0] == "cpu"
    assert auto.flat_of_colours(managed)[0] == "cpu"
    assert auto.flat_of_colours(Managed(IMAGE[None]))[0] == "gpu"


def test_slice_by_slice_is_passed_through(auto: Any) -> None:
    assert auto.sliced(Managed(IMAGE))[0] == "gpu"
    assert auto.sliced(Managed(IMAGE), slice_by_slice=True)[0] == "cpu"


def test_a_parameter_of_any_name_is_a_parameter(auto: Any) -> None:
    for given, place in ((IMAGE, "cpu"), (Managed(IMAGE), "gpu")):
        where, told = auto.shadowing(given, 10, locals=20, result=30, _cpu=40, route=50)
        del told["image"]
        assert where == place
        assert told == {"context": 10, "locals": 20, "result": 30, "_cpu": 40, "route": 50}


def test_the_documentation_says_where_a_function_runs(auto: Any) -> None:
    def told(name: str) -> str:
        text = inspect.getdoc(getattr(auto, name)) or ""
        summary, measured, *_ = text.split("\n\n")
        assert summary == f"Do what {name} does."
        assert measured.startswith(
            ("Contract (declared, not measured by voxbind): ", "Helper without an ")
        )
        return " ".join(text.partition("voxbind.auto: ")[2].partition("\n\n")[0].split())

    where = (
        "runs onto.made.up.{0} if image is on an NVIDIA GPU or voxbind.prefer('gpu') is set, else "
        "made.up.{0} on the CPU."
    )
    only_there = "runs onto.made.up.{0} if image is on an NVIDIA GPU, else made.up.{0} on the CPU."
    not_here = "runs on the CPU, because "
    limits = f"{where} These run on the CPU in any case: "
    assert {name: told(name).replace(name, "{0}") for name in EXPECTED} == {
        name: text.format(where=where, limits=limits, only_there=only_there, not_here=not_here)
        for name, text in EXPECTED.items()
    }


EXPECTED = {
    "plain": "{where}",
    "alone": "{not_here}made.up.{{0}} has no twin on the GPU.",
    "disk": "takes no array, so it runs made.up.{{0}} on the CPU.",
    "needing": "{not_here}onto.made.up.{{0}} has no parameter 'other'.",
    "otherwise": "{not_here}onto.made.up.{{0}} takes other axes than made.up.{{0}}.",
    "differing": (
        "{not_here}results of onto.made.up.{{0}} differ from those of made.up.{{0}} by up to 0.5 "
        "times the largest number."
    ),
    "partly": (
        "{limits}calls for images of bool (results differ from the CPU's by up to 0.5 times the "
        "largest number); calls with mode and cval (results differ in kind or shape from the "
        "CPU's)."
    ),
    "lacking": "{limits}calls with radius.",
    "compiled": "{limits}calls with a Python function as function.",
    "choosy": "{limits}images of float64 (the GPU's function refuses them).",
    "flat": "{limits}images that don't have 2 spatial axes.",
    "sliced": "{limits}calls with slice_by_slice; images that don't have 2 spatial axes.",
    "kept": "{only_there} On a GPU it returns objects of onto's classes.",
    "random": "{only_there}",
    "counted": "{where} Numbers are returned on the host, wherever it runs.",
    "recast": (
        "{where} Images of bool and uint8 give float32 on a GPU, but float64 on the CPU. Images of "
        "int32 give int32 on a GPU, but int64 on the CPU."
    ),
    "unseen": "{where} The dtypes above were measured on the CPU; they haven't been measured on a "
    "GPU yet.",
}


def test_without_a_twin_there_is_no_such_package() -> None:
    whole = manifest()
    alone = Manifest(libraries={"made": whole.libraries["made"]})
    assert not [path for path in render(alone, templates_dir()) if path.startswith("auto")]
    gone = replace(whole.libraries["onto"], twin="another")
    unknown = Manifest(libraries={**whole.libraries, "onto": gone})
    assert not [path for path in render(unknown, templates_dir()) if path.startswith("auto")]


def test_two_modules_of_one_name_are_refused() -> None:
    whole = manifest()
    other = described("plain", "other.up", parameters=(image,))
    twin = Twin(name="other.up.plain")
    gpu = described("plain", "top.other.up", parameters=(image,), twin=twin)
    libraries = {
        **whole.libraries,
        "other": library("other", ("other.up",), other),
        "top": library("top", ("top.other.up",), gpu, twin="other", device="cuda"),
    }
    with pytest.raises(RenderError, match=r"voxbind\.auto\.up would stand for made\.up and for"):
        render(Manifest(libraries=libraries), templates_dir())


def test_a_module_that_is_a_library_of_its_own_has_its_name() -> None:
    cpu = described("plain", "lone", parameters=(image,))
    twin = Twin(name="lone.plain")
    gpu = described("plain", "onto.lone", parameters=(image,), twin=twin)
    libraries = {
        "lone": library("lone", ("lone",), cpu),
        "onto": library("onto", ("onto.lone",), gpu, twin="lone", device="cuda"),
    }
    files = render(Manifest(libraries=libraries), templates_dir())
    assert table(files, "auto/lone.py") == {
        "cpu": "lone",
        "gpu": "onto.lone",
        "routings": {"plain": ("Routing", IMAGES)},
    }


def test_a_twin_that_works_in_another_memory_than_numpys_is_refused() -> None:
    pair = manifest()
    made = replace(pair.libraries["made"], memory_type="array_api")
    with pytest.raises(
        RenderError, match=r"onto: its twin made works on array_api arrays, but voxbind\.auto needs"
    ):
        render(Manifest(libraries={**pair.libraries, "made": made}), templates_dir())


def test_no_library_can_be_called_auto() -> None:
    made = library("auto", ("auto",), described("f", "auto", parameters=(image,)))
    with pytest.raises(RenderError, match="auto: a library can't have this name"):
        render(Manifest(libraries={"auto": made}), templates_dir())


# --- what follows from what was seen -------------------------------------------------------------


def judged(contract: Any = "FLEXIBLE", **facts: Any) -> Verdict:
    kind: Any = "image" if contract else "helper"
    given: dict[str, Any] = {"reason": "seen", "evidence": "recorded", "stacks": True, **facts}
    return Verdict(kind=kind, contract=contract, **given)


TWIN = Twin(name="made.up.f")


def pair(
    own: Verdict,
    returns: Returns | None = None,
    known: Twin = TWIN,
    **facts: Any,
) -> Twin:
    returns = returns or Returns(annotation="Array", annotation_source="stub")
    cpu = function(image, returns=returns, **facts)
    description = Description(
        name="onto.made.up.f",
        module="onto.made.up",
        attribute="f",
        definition="onto.made.up:f",
        fingerprint="",
        parameters=(image,),
        returns=cpu.returns,
    )
    return limited(known, description, own, cpu)


@pytest.mark.parametrize(
    ("found", "left"),
    [
        (
            (Deviation(dtype="bool", max_relative=0.5),),
            (Deviation(dtype="bool", max_relative=0.5),),
        ),
        ((Deviation(dtype="bool", max_relative=0.01),), ()),  # as much as is allowed
        ((Deviation(unlike=True),), (Deviation(unlike=True),)),
        # What is part of another kind needn't be told.
        (
            (
                Deviation(parameters=("own", "more"), max_relative=0.6),
                Deviation(parameters=("own",), max_relative=0.5),
                Deviation(dtype="bool", parameters=("own",), max_relative=0.5),
                Deviation(dtype="bool", max_relative=0.4),
            ),
            (
                Deviation(parameters=("theirs",), max_relative=0.5),
                Deviation(dtype="bool", max_relative=0.4),
            ),
        ),
        (
            (Deviation(dtype="bool", max_relative=0.5), Deviation(max_relative=0.4)),
            (Deviation(max_relative=0.4),),
        ),
        # An argument is tried on one dtype, and has the other's name in `auto`.
        (
            (
                Deviation(dtype="float64", parameters=("own",), max_relative=0.5),
                Deviation(dtype="float32", parameters=("own",), max_relative=0.4),
            ),
            (Deviation(parameters=("theirs",), max_relative=0.5),),
        ),
    ],
)
def test_kinds_of_call_count_that_differ_beyond_the_tolerance(
    found: tuple[Deviation, ...], left: tuple[Deviation, ...]
) -> None:
    seen = Agreement(
        calls=3, absolute=1.0, relative=max(x.max_relative for x in found), deviations=found
    )
    known = Twin(name="made.up.f", tolerance=0.01, agreement=seen, renamed={"theirs": "own"})
    assert pair(judged(), known=known).deviations == left


def test_a_difference_of_no_known_kind_counts_for_every_call() -> None:
    seen = Agreement(calls=3, absolute=1.0, relative=0.5)
    known = Twin(name="made.up.f", tolerance=0.01, agreement=seen)
    assert pair(judged(), known=known).deviations == (Deviation(max_relative=0.5),)
    assert pair(judged(), known=replace(known, tolerance=0.5)).deviations == ()


def test_pairs_that_do_the_same_are_left_alone() -> None:
    assert pair(judged()) == Twin(name="made.up.f")


def test_dtypes_that_come_back_are_compared() -> None:
    own = {"uint8": DtypeFact(dtype="float32"), "bool": DtypeFact(dtype="bool")}
    cpu = {"uint8": DtypeFact(dtype="float64"), "bool": DtypeFact(dtype="bool")}
    assert pair(judged(dtypes=own), dtypes=cpu).dtypes == {"uint8": ("float64", "float32")}
    assert pair(judged(dtypes={}), dtypes=cpu).dtypes == {}


def test_dtypes_count_that_one_refuses_and_the_other_takes() -> None:
    refuses = {"bool": "TypeError", "uint8": "TypeError", "(Z, Y, X)": "ValueError"}
    assert pair(judged(refuses=refuses), refuses={"uint8": "no"}).refuses == ("bool",)


@pytest.mark.parametrize(
    ("own", "other", "axes"),
    [
        ("FLEXIBLE", "FLEXIBLE", None),
        ("PURE_2D", "FLEXIBLE", 2),
        ("FLEXIBLE", "PURE_2D", 2),
        ("FLEXIBLE", "PURE_3D", 3),
        ("PURE_2D", "PURE_3D", 0),
        ("VOLUMETRIC_TO_SLICE", "FLEXIBLE", 0),
        (None, "FLEXIBLE", 0),
        (None, None, None),
    ],
)
def test_axes_count_with_which_both_do_the_same(own: Any, other: Any, axes: int | None) -> None:
    assert pair(judged(own), contract=other).axes == axes


def test_a_volume_counts_that_only_one_puts_together() -> None:
    assert pair(judged("PURE_2D", stacks=False), contract="PURE_2D", stacks=True).axes == 2
    assert pair(judged("PURE_2D", stacks=True), contract="PURE_2D", stacks=True).axes is None


@pytest.mark.parametrize(
    ("annotation", "forms", "numbers", "objects"),
    [
        ("Array", (), "none", False),
        ("float", (), "some", False),
        ("tuple[Array, int]", (), "some", False),
        ("Array", ("tuple[Array, bool]",), "some", False),
        ("list[float]", (), "all", False),
        ("tuple[float, ...] | list[tuple[float, ...]]", (), "all", False),
        ("tuple[Array, dict[str, list[float]]]", (), "some", False),
        ("list[made.up.Region]", (), "none", True),
        ("Literal['a.b']", (), "none", False),
        ("Callable[..., Any]", (), "none", True),
    ],
)
def test_what_comes_back_follows_from_the_cpus_type(
    annotation: str, forms: tuple[str, ...], numbers: str, objects: bool
) -> None:
    returns = Returns(
        annotation=annotation,
        annotation_source="stub",
        forms=tuple(Form(options={"full": "True"}, annotation=each) for each in forms),
    )
    found = pair(judged(), returns)
    assert (found.numbers, found.objects) == (numbers, objects)


def test_kernels_count_where_the_other_takes_functions() -> None:
    own = parameter("kernel", documented="cupy.ReductionKernel or cupy.RawKernel")
    theirs = parameter("function", annotation="Callable[..., object]")
    cpu = function(image, theirs)
    description = Description(
        name="onto.made.up.f",
        module="onto.made.up",
        attribute="f",
        definition="onto.made.up:f",
        fingerprint="",
        parameters=(image, own),
        returns=cpu.returns,
    )
    renamed = Twin(name="made.up.f", renamed={"function": "kernel"})
    assert limited(renamed, description, judged(), cpu).kernels == ("function",)
