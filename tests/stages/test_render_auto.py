"""What voxbind.auto is written as: made-up pairs of functions, each with something of its own."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from madeup import function, parameter
from msgspec.structs import replace
from packages import Import, importing, write_package

from voxbind_build.classify import limited
from voxbind_build.model import (
    Agreement,
    Apart,
    Description,
    DtypeFact,
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
    "differing": Pair("(image)", "(image)", image, apart=(Apart(relative=0.5),)),
    "partly": Pair(
        "(image, mode='a', cval=0)",
        "(image, mode='a', cval=0)",
        *(image, number("mode", "'a'"), number("cval", "0")),
        apart=(
            Apart(dtype="bool", relative=0.5),
            Apart(given=("mode", "cval"), unlike=True),
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
        facts={**NOTHING, "whole": ("coords",)},
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
    written = ["sum = 'summed'\nCONSTANT = 3\n\n\nclass Kind:\n    pass\n"]
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
    cpu = library("made", ("made.up", "made.up.below"), *cpus, below)
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
        excluded={},
        **{"twin": None, **facts},
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


def routed(files: dict[str, str], name: str) -> dict[str, Any]:
    """Return the facts that a function gives to `route`; none if it has no such call."""
    [node] = [
        node
        for node in ast.parse(files["auto/up/__init__.py"]).body
        if isinstance(node, ast.FunctionDef) and node.name == name and not node.decorator_list
    ]
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("route"):
            facts = {each.arg or "": ast.literal_eval(each.value) for each in call.keywords}
            return {"gpu": ast.unparse(call.args[1]), **facts}
    return {}


IMAGES = {"gpu": "_gpu", "images": ("image",)}
FACTS: dict[str, dict[str, Any]] = {
    "plain": IMAGES,
    "alone": {**IMAGES, "gpu": "None"},
    "lacking": {**IMAGES, "lacks": {"radius": None}},
    "needing": {**IMAGES, "never": "onto.made.up.needing has no parameter 'other'"},
    "renamed": {"gpu": "_gpu", "images": ("input",), "renamed": {"input": "image"}},
    "defaults": IMAGES,
    "differing": {
        **IMAGES,
        "never": "results of onto.made.up.differing were up to 0.5 times the largest number away "
        "from those of made.up.differing",
    },
    "partly": {
        **IMAGES,
        "apart": (
            ("bool", {}, "up to 0.5 times the largest number away from"),
            ("", {"mode": "a", "cval": 0}, "of another kind or shape than"),
        ),
    },
    "flat": {**IMAGES, "axes": 2},
    "flat_of_colours": {**IMAGES, "axes": 2, "needs_channels": True},
    "otherwise": {
        **IMAGES,
        "never": "onto.made.up.otherwise takes other axes than made.up.otherwise",
    },
    "choosy": {**IMAGES, "refuses": ("float64",)},
    "compiled": {**IMAGES, "kernels": ("function",)},
    "counted": {**IMAGES, "numbers": "some"},
    "kept": {**IMAGES, "stays": "made.up.kept gives objects, which stay where their arrays are"},
    "sliced": {**IMAGES, "axes": 2, "lacks": {"slice_by_slice": False}},
    "loose": {**IMAGES, "positional": 1, "args": "args", "kwargs": "kwargs"},
    "first": {**IMAGES, "positional": 1},
    "disk": {},
    "points": {
        "gpu": "_gpu",
        "images": ("coords",),
        "stays": "made.up.points takes no image, and works where its arrays are",
    },
    "optional": {"gpu": "_gpu", "images": ("image", "mask")},
}


@pytest.mark.parametrize("name", FACTS)
def test_what_the_manifest_knows_of_a_pair_is_what_is_written(
    files: dict[str, str], name: str
) -> None:
    assert routed(files, name) == FACTS[name]


def test_the_package_compiles_is_clean_and_type_checks(files: dict[str, str]) -> None:
    assert verify(files) == ()


def test_modules_stand_where_the_cpus_have_them(files: dict[str, str]) -> None:
    found = {path for path in files if path.startswith("auto/")}
    assert found == {"auto/__init__.py", "auto/up/__init__.py", "auto/up/below.py"}
    assert "auto" in own_names(templates_dir())


def test_the_body_is_one_to_read() -> None:
    text = render(manifest("lacking"), templates_dir())["auto/up/__init__.py"]
    assert '_cpu = wrapped("made.up")\n_gpu = wrapped("onto.made.up")\n' in text
    assert (
        text.rpartition('"""')[2].rstrip()
        == """
    if class_of(image) is _cpu.Array and context.current() is context.calm:
        result: Any = _cpu.lacking(image, radius, mode, slice_by_slice=slice_by_slice)
    else:
        result = route(_cpu, _gpu, "lacking", locals(), images=("image",), lacks={"radius": None})
    return result"""
    )


def test_names_order_kinds_and_defaults_are_the_cpus(load: Import, auto: Any) -> None:
    cpu = load("made.up")
    assert auto.__all__ == cpu.__all__
    for name in PAIRS:
        ours, cpus = (inspect.signature(getattr(each, name)) for each in (auto, cpu))
        assert str(ours) == str(cpus), name
    assert auto.Kind is cpu.Kind
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

    assert told("plain") == (
        "where image is on an NVIDIA GPU, or voxbind.prefer('gpu') holds, it runs "
        "onto.made.up.plain there, else made.up.plain on the CPU."
    )
    assert told("alone") == "runs on the CPU: made.up.alone has no twin on the GPU."
    assert told("disk") == "takes no image, so that it is made.up.disk everywhere."
    assert told("needing").startswith("runs on the CPU, because onto.made.up.needing has no param")
    assert told("differing").startswith("runs on the CPU, because results of onto.made.up.differ")
    assert told("partly").endswith(
        "It is the CPU's in any case for images of bool (results were up to 0.5 times the largest "
        "number away from the CPU's) and with mode and cval (results were of another kind or shape "
        "than the CPU's)."
    )
    assert told("lacking").endswith("It is the CPU's in any case with radius.")
    assert told("compiled").endswith("in any case with a Python function as function.")
    assert told("choosy").endswith("in any case for images of float64.")
    assert told("flat").endswith("in any case for images that haven't 2 spatial axes.")
    assert "prefer" not in told("kept")
    assert told("counted").endswith("Numbers come to the host wherever it runs.")


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
    assert "def plain(" in files["auto/lone.py"]


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
        ((Apart(dtype="bool", relative=0.5),), (Apart(dtype="bool", relative=0.5),)),
        ((Apart(dtype="bool", relative=0.01),), ()),  # as much as is allowed
        ((Apart(unlike=True),), (Apart(unlike=True),)),
        # What is part of another kind needn't be told.
        (
            (
                Apart(given=("own", "more"), relative=0.6),
                Apart(given=("own",), relative=0.5),
                Apart(dtype="bool", given=("own",), relative=0.5),
                Apart(dtype="bool", relative=0.4),
            ),
            (Apart(given=("theirs",), relative=0.5), Apart(dtype="bool", relative=0.4)),
        ),
        ((Apart(dtype="bool", relative=0.5), Apart(relative=0.4)), (Apart(relative=0.4),)),
        # An argument is tried on one dtype, and has the other's name in `auto`.
        (
            (
                Apart(dtype="float64", given=("own",), relative=0.5),
                Apart(dtype="float32", given=("own",), relative=0.4),
            ),
            (Apart(given=("theirs",), relative=0.5),),
        ),
    ],
)
def test_kinds_of_call_count_that_differ_beyond_the_tolerance(
    found: tuple[Apart, ...], left: tuple[Apart, ...]
) -> None:
    seen = Agreement(calls=3, absolute=1.0, relative=max(x.relative for x in found), apart=found)
    known = Twin(name="made.up.f", tolerance=0.01, agreement=seen, renamed={"theirs": "own"})
    assert pair(judged(), known=known).apart == left


def test_a_difference_of_no_known_kind_counts_for_every_call() -> None:
    seen = Agreement(calls=3, absolute=1.0, relative=0.5)
    known = Twin(name="made.up.f", tolerance=0.01, agreement=seen)
    assert pair(judged(), known=known).apart == (Apart(relative=0.5),)
    assert pair(judged(), known=replace(known, tolerance=0.5)).apart == ()


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
