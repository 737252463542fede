"""Descriptions: types out of annotations, docstrings and defaults."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from voxbind_build import libraries
from voxbind_build.common.typeexpr import NONE, TypeExprError, members, union
from voxbind_build.common.typeexpr import parse as parse_type
from voxbind_build.describe import describe
from voxbind_build.describe.docstrings import parse
from voxbind_build.describe.doctype_reader import read_type
from voxbind_build.describe.known_types import accepts, is_known
from voxbind_build.discover import discover
from voxbind_build.model import (
    Definition,
    Description,
    Exclusion,
    Inventory,
    LibrarySpec,
    Parameter,
    PublicName,
    Returns,
    SourceParameter,
)

GOLDEN = Path(__file__).parents[1] / "golden"
SPEC = LibrarySpec(name="pkg", distribution="pkg", extra="pkg", modules=("pkg.a",))


@cache
def inventory(name: str) -> Inventory:
    if name == "toylib":
        return discover(libraries.load(GOLDEN / "toylib.toml"), [GOLDEN])
    return discover(libraries.load(name))


@cache
def descriptions(name: str) -> dict[str, Description]:
    return {each.name: each for each in describe(inventory(name))}


def installed() -> Iterator[Description]:
    for library in ("pyclesperanto", "scipy", "skimage"):
        yield from descriptions(library).values()


@dataclass(frozen=True)
class Source:
    """A function's signature in short."""

    docstring: str = ""
    parameters: tuple[SourceParameter, ...] = ()
    returns: str | None = None
    decorators: tuple[str, ...] = ()

    def describe(self, version: str = "1.0") -> Description:
        definition = Definition(
            module="pkg._a",
            qualname="f",
            parameters=self.parameters,
            returns=self.returns,
            docstring=self.docstring,
            fingerprint="0",
            decorators=self.decorators,
        )
        name = PublicName(name="pkg.a.f", kind="function", definition=definition)
        (described,) = describe(Inventory(spec=SPEC, version=version, names=(name,)))
        return described


def parameter(documented: str, default: str | None = None, **more: object) -> Parameter:
    source = SourceParameter(name="x", kind="POSITIONAL_OR_KEYWORD", default=default, **more)  # type: ignore[arg-type]
    docstring = (
        f"Do.\n\nParameters\n----------\nx : {documented}\n    Text.\n" if documented else ""
    )
    (described,) = Source(docstring, (source,)).describe().parameters
    return described


def returns(*entries: str) -> str:
    lines = "\n".join(entries)
    return Source(f"Do.\n\nReturns\n-------\n{lines}\n").describe().returns.annotation


# --- one type at a time ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("documented", "annotation"),
    [
        # scalars
        ("int", "int"),
        ("float, optional", "float"),
        ("bool, default: True", "bool"),
        ("int, optional (default: 64)", "int"),
        ("positive int", "int"),
        ("unsigned integer", "int"),
        ("float (range), optional", "float"),
        ("float, optional, in interval [0, 1]", "float"),
        ("float [0, 1], optional", "float"),
        ("float, >0", "float"),
        ("scalar", "float"),
        ("str", "str"),
        ("dtype, optional", "DTypeLike"),
        ("numpy data type, optional", "DTypeLike"),
        ("callable ``f(r, c, **kw)``", "Callable[..., object]"),
        ("Callable[[float], Any], optional", "Callable[[float], object]"),
        ("dict, optional", "Mapping[str, object]"),
        # arrays
        ("ndarray", "Array"),
        ("array_like", "ArrayLike"),
        ("array-like of ints", "ArrayLike"),
        ("(M, N) ndarray", "Array"),
        ("(M, N[, P]) ndarray of bool or int", "Array"),
        ("([P,] M, N) ndarray (uint8, uint16)", "Array"),
        ("ndarray (M[, N[, ...P]][, C]) of ints, uints or floats", "Array"),
        ("(M, N), ndarray", "Array"),
        ("ndarray, shape (M, N[, C])", "Array"),
        ("ndarray, int64, optional", "Array"),
        ("array, dtype=bool, optional", "Array"),
        ("2-D array, same dtype as input `image`", "Array"),
        ("2D or 3D ndarray", "Array"),
        ("(M, N) or (L, M, N) array", "Array"),
        ("(N, D) double or uint8 array", "Array"),
        ("ndarray of bools or 0's and 1's, optional", "Array"),
        ("binary ndarray, shape (M, N)", "Array"),
        (
            "np.ndarray (N, M) or list [(N1, M), (N2, M), ...]",
            "Array | Sequence[tuple[object, ...]]",
        ),
        ("numpy array or dask array", "Array"),
        # choices
        ("{'reflect', 'constant'}, optional", 'Literal["reflect", "constant"]'),
        ('{"2", "10", "R"}', 'Literal["2", "10", "R"]'),
        ("str, {'low', 'high'}", 'Literal["low", "high"]'),
        ("string in {'thick', 'inner'}", 'Literal["thick", "inner"]'),
        ('string, one of "real" or "fourier", optional', 'Literal["real", "fourier"]'),
        ("{'dilation'|'erosion'}", 'Literal["dilation", "erosion"]'),
        ("[ 'l1' | 'l2' ], optional", 'Literal["l1", "l2"]'),
        ("{'euclidean', similarity', 'affine'}", 'Literal["euclidean", "similarity", "affine"]'),
        ("{'mirror','\u2018wrap'}", 'Literal["mirror", "wrap"]'),
        ("{'with, comma', 'a or b'}", 'Literal["with, comma", "a or b"]'),
        ('{"it\'s"}', 'Literal["it\'s"]'),
        ("{1, 2, 3}", "Literal[1, 2, 3]"),
        ("2 or 4, optional", "Literal[2, 4]"),
        ("int in {1, ..., `image.ndim`}", "int"),
        ("{'euclidean', 'hamming', ...}", "str"),
        ("{1, 2}, int, optional", "int"),
        ('{"phase", None}', 'Literal["phase"] | None'),
        # alternatives
        ("float or None", "float | None"),
        ("None or int or sequence of ints", "int | Sequence[int] | None"),
        ("int, float or None", "int | float | None"),
        ("string, float, or tuple", "str | float | tuple[object, ...]"),
        ("{float, tuple of floats}, optional", "float | tuple[float, ...]"),
        ("array or dtype, optional", "Array | DTypeLike"),
        ("(None, data-type, array_like), optional", "DTypeLike | ArrayLike | None"),
        ("ndarray or array_like", "ArrayLike"),
        ("tuple of ints, int, or False", "tuple[int, ...] | int | Literal[False]"),
        ("True or False", "bool"),
        # containers
        ("tuple of int", "tuple[int, ...]"),
        ("tuple of positive integers", "tuple[int, ...]"),
        ("tuple of 3 floats", "tuple[float, float, float]"),
        ("length-3 tuple of floats", "tuple[float, float, float]"),
        ("2-tuple", "tuple[object, object]"),
        ("2-tuple (int, int)", "tuple[int, int]"),
        ("tuple (rows, cols)", "tuple[object, ...]"),
        ("tuple[int, ...]", "tuple[int, ...]"),
        ("tuple[tuple[ndarray, int], ...]", "tuple[tuple[Array, int], ...]"),
        ("tuple[ndarray]", "tuple[Array, ...]"),
        ("sequence", "Sequence[object]"),
        ("float or sequence of float", "float | Sequence[float]"),
        ("list of ndarray", "Sequence[Array]"),
        ("list of ints or floats", "Sequence[int | float]"),
        ("list of 2-tuple (a, b) where a < b.", "Sequence[tuple[object, object]]"),
        ("iterable of callables", "Sequence[Callable[..., object]]"),
        ("list of RegionProperties", "Sequence[object]"),
    ],
)
def test_documented_types_are_read(documented: str, annotation: str) -> None:
    found = parameter(documented)
    assert (found.annotation, found.annotation_source) == (annotation, "docstring")
    assert found.documented == documented
    assert found.description == "Text."


@pytest.mark.parametrize(
    "documented",
    [
        "a thing that nobody can read ((",
        ":class:`sklearn.mixture.GaussianMixture`",
        "transformation object, callable ``f(x, **kw)``, or ndarray",
        "int, or whatever else fits",
        "optional",
        "{}",
        "]][[",
        "'",
    ],
)
def test_what_cant_be_read_is_any_with_its_text_kept(documented: str) -> None:
    found = parameter(documented)
    assert (found.annotation, found.annotation_source) == ("Any", "unknown")
    assert found.documented == documented


@pytest.mark.parametrize(
    ("documented", "default", "annotation", "origin"),
    [
        pytest.param("float", "None", "float | None", "docstring", id="None is added"),
        pytest.param("float or None", "None", "float | None", "docstring", id="None is there"),
        pytest.param("int", 'float("inf")', "float", "docstring", id="infinite integer"),
        pytest.param("int", "0.5", "float", "docstring", id="broken integer"),
        pytest.param("float", "1", "float", "docstring", id="whole float"),
        pytest.param("int", "True", "int", "docstring", id="bool is an integer"),
        pytest.param("float", "'auto'", 'float | Literal["auto"]', "docstring", id="a word"),
        pytest.param("{'a', 'b'}", "'c'", 'Literal["a", "b", "c"]', "docstring", id="choice"),
        pytest.param("{'a', 'b'}", "'b'", 'Literal["a", "b"]', "docstring", id="known choice"),
        pytest.param(
            "tuple of ints",
            "(1, 0.5)",
            "tuple[int, ...] | tuple[float, ...]",
            "docstring",
            id="tuple",
        ),
        pytest.param("sequence of float", "(1, 2)", "Sequence[float]", "docstring", id="sequence"),
        pytest.param("dtype", "int", "DTypeLike", "docstring", id="type"),
        pytest.param("array_like", "2", "ArrayLike", "docstring", id="number for an array"),
        pytest.param("ndarray", "2", "Array | int", "docstring", id="number beside an array"),
        pytest.param(
            "tuple of ints, int, or False",
            "True",
            "tuple[int, ...] | int | Literal[False]",
            "docstring",
            id="truth",
        ),
        pytest.param(
            "ndarray", "slice(None, None, None)", "Array | slice", "docstring", id="slice"
        ),
        pytest.param(
            "ndarray",
            "(slice(None, 2, None), ...)",
            "Array | tuple[object, ...]",
            "docstring",
            id="tuple of slices",
        ),
        pytest.param("int", "...", "int | EllipsisType", "docstring", id="ellipsis"),
        pytest.param("int", "{1, 2}", "int | Collection[object]", "docstring", id="set"),
        pytest.param("int", "set()", "int | Collection[object]", "docstring", id="empty set"),
        pytest.param("str", "frozenset({1})", "str | Collection[object]", "docstring", id="frozen"),
        pytest.param("int", "b'a'", "int | bytes", "docstring", id="bytes"),
        pytest.param("int", "1j", "int | complex", "docstring", id="complex"),
        pytest.param(
            "bool",
            'complex(0.0, float("nan"))',
            "bool | complex",
            "docstring",
            id="call of complex",
        ),
        pytest.param(
            "dict", "{1: 2}", "Mapping[str, object] | object", "docstring", id="numbers as keys"
        ),
        pytest.param("int", "{1: 2}", "int | Mapping[object, object]", "docstring", id="dict"),
        pytest.param("", "slice(None, None, None)", "slice", "default", id="undocumented slice"),
        pytest.param("", "True", "bool", "default", id="undocumented bool"),
        pytest.param("", "1", "int", "default", id="undocumented int"),
        pytest.param("", "'a'", "str", "default", id="undocumented str"),
        pytest.param("", "(0, 0.5)", "tuple[float, ...]", "default", id="undocumented tuple"),
        pytest.param("", "range(1, 9)", "Sequence[int]", "default", id="undocumented range"),
        pytest.param("", "float", "DTypeLike", "default", id="undocumented type"),
        pytest.param("???", "2.5", "float", "default", id="unreadable"),
        pytest.param("", "None", "Any", "unknown", id="undocumented None"),
        pytest.param("", None, "Any", "unknown", id="undocumented and required"),
        pytest.param(
            "{`numpy.random.Generator`, int}, optional",
            "None",
            "RandomGenerator | int | None",
            "docstring",
            id="random",
        ),
    ],
)
def test_defaults_complete_and_widen_types(
    documented: str, default: str | None, annotation: str, origin: str
) -> None:
    found = parameter(documented, default)
    assert (found.annotation, found.annotation_source) == (annotation, origin)
    assert found.default == default


@pytest.mark.parametrize(
    ("default", "documented", "annotation"),
    [
        ("numpy.uint8", "data-type", "DTypeLike"),
        ("numpy.sum", "callable", "Callable[..., object]"),
        ("<lambda>", "", "Callable[..., object]"),
        ("pkg.DEPRECATED", "DEPRECATED", "Any"),
    ],
)
def test_defaults_without_literal_form_leave_the_documented_type(
    default: str, documented: str, annotation: str
) -> None:
    assert parameter(documented, default, default_is_literal=False).annotation == annotation


@pytest.mark.parametrize(
    ("source", "annotation"),
    [
        ("float", "float"),
        ("np.ndarray", "Array"),
        ("npt.NDArray[np.uint8] | None", "Array | None"),
        ("Optional[int]", "int | None"),
        ("Union[int, str]", "int | str"),
        ("Iterable[float]", "Sequence[float]"),
        ("list[int]", "Sequence[int]"),
        ("dict[str, Iterable[float]]", "Mapping[str, Sequence[float]]"),
        ("tuple[int]", "tuple[int]"),
        ("Literal['a', 2, None]", 'Literal["a", 2] | None'),
        ("'np.ndarray'", "Array"),
        ("collections.abc.Callable[[int], str]", "Callable[[int], str]"),
        ("Callable[[np.ndarray], Any]", "Callable[..., object]"),
        ("type[np.generic]", "type[object]"),
        ("np.typing.ArrayLike", "ArrayLike"),
    ],
)
def test_annotations_in_the_source_come_before_the_documentation(
    source: str, annotation: str
) -> None:
    found = parameter("str", annotation=source)
    assert (found.annotation, found.annotation_source) == (annotation, "annotation")


def test_an_annotation_outside_of_the_vocabulary_leaves_the_word_to_the_documentation() -> None:
    found = parameter("ndarray", annotation="SomeImage")
    assert (found.annotation, found.annotation_source) == ("Array", "docstring")


# --- results -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "annotation"),
    [
        (["out : ndarray"], "Array"),
        (["ndarray"], "Array"),
        (["labels: ndarray"], "Array"),
        (["dE : array_like"], "Array"),
        (["threshold : float"], "float"),
        (["contours : list of (K, 2) ndarrays"], "list[Array]"),
        (["labels : ndarray", "count : int"], "tuple[Array, int]"),
        (["labels : ndarray", "count : int, optional"], "Array | tuple[Array, int]"),
        (["a : ndarray", "b : ndarray (only if full)"], "Array | tuple[Array, Array]"),
        (
            ["a : float", "b : ndarray", "    The slope. This is only returned if asked for."],
            "float | tuple[float, Array]",
        ),
        (
            ["a : ndarray", "b : Map, optional", "c : Map, optional"],
            "Array | tuple[Array, Any, Any]",
        ),
        (
            ["a : float", "b : ndarray", "    Only if `full`.", "c : Map", "    Only if `grad`."],
            "float | tuple[float, Any] | tuple[float, Array] | tuple[float, Array, Any]",
        ),
        (["out : array_like, double"], "Array"),
        (["real, imag : arrays"], "tuple[Array, Array]"),
        (["accum, angles : tuple of array"], "tuple[Array, ...]"),
        (["low, high : int or ndarray", "n : int"], "tuple[int | Array, int | Array, int]"),
        (["out : ndarray", ".. versionchanged:: 0.20"], "Array"),
        (
            ["f : function", "If `extra` is True, also:", "(a, b) : tuple"],
            "Callable[..., Any] | tuple[Callable[..., Any], tuple[Any, ...]]",
        ),
        (["pyramid : generator"], "Any"),
        (["x : SomeClass", "y : int"], "tuple[Any, int]"),
    ],
)
def test_results_are_read_from_the_returns_section(entries: list[str], annotation: str) -> None:
    assert returns(*entries) == annotation


def test_documented_results_are_kept_word_for_word() -> None:
    docstring = "Do.\n\nReturns\n-------\nlabels : (M, N) ndarray\n    Text.\nn : int, optional\n"
    found = Source(docstring).describe().returns
    assert found.documented == (("labels", "(M, N) ndarray"), ("n", "int, optional"))
    assert found.annotation_source == "docstring"


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("Device", "pkg.Device"),
        ("Optional[Device]", "pkg.Device | None"),
        ("Union[list, np.ndarray, 'Device']", "list[Any] | Array | pkg.Device"),
        ("tuple[tuple[int, int], _core.Device]", "tuple[tuple[int, int], pkg.Device]"),
        ("Image", "Array"),
        ("Secret", "Any"),
        ("Optional[device]", "Any"),
    ],
)
def test_classes_of_the_library_are_named_where_they_are_public(
    annotation: str, expected: str
) -> None:
    source = SourceParameter(name="x", kind="POSITIONAL_OR_KEYWORD")
    documented = SourceParameter(name="y", kind="POSITIONAL_OR_KEYWORD", default="None")
    function = Definition(
        module="pkg._a",
        qualname="f",
        parameters=(replace(source, annotation=annotation), documented),
        returns=annotation,
        docstring="Do.\n\nParameters\n----------\ny : Device, optional\n    Where.\n",
    )
    hidden = Exclusion(reason="internal")
    names = (
        PublicName(name="pkg.a.Device", kind="class"),
        PublicName(name="pkg.Device", kind="class"),
        PublicName(name="pkg.Secret", kind="class", exclusion=hidden),
        PublicName(name="pkg.f", kind="function", definition=function),
    )
    (described,) = describe(Inventory(spec=SPEC, version="1.0", names=names))
    assert described.returns.annotation == expected
    x, y = (each.annotation for each in described.parameters)
    assert x == expected.replace("list[Any]", "Sequence[object]")
    assert y == "pkg.Device | None"


@pytest.mark.parametrize(
    ("decorators", "tags"),
    [
        (("plugin(categories=['filter', 'in assistant'])",), ("a", "filter", "in assistant")),
        (("deprecated('f')", "lib.plugin(tags=['x', 1])"), ("a", "x")),
        (("plugin", "plugin(categories=None)", "plugin(categories=NAMES)"), ("a",)),
    ],
)
def test_a_decorators_categories_are_tags(
    decorators: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    assert Source(decorators=decorators).describe().tags == tags


def test_the_tags_of_pyclesperanto_are_its_own_categories() -> None:
    import pyclesperanto

    checked = 0
    for described in descriptions("pyclesperanto").values():
        if described.module == "pyclesperanto":
            live = getattr(getattr(pyclesperanto, described.attribute), "categories", None)
            assert described.tags == tuple(live or ())
            checked += bool(live)
    assert checked > 100


def test_the_annotation_of_the_result_comes_first() -> None:
    docstring = "Do.\n\nReturns\n-------\nint\n"
    found = Source(docstring, returns="tuple[np.ndarray, float]").describe().returns
    assert (found.annotation, found.annotation_source) == ("tuple[Array, float]", "annotation")


# --- what else a docstring says ----------------------------------------------------------

PARAMETER_DEPRECATED = """Do.

Parameters
----------
x : int
    Text.

    .. deprecated:: 0.9
        No more.
"""


@pytest.mark.parametrize(
    ("docstring", "decorators", "deprecated"),
    [
        ("Do.\n\n.. deprecated:: 0.9\n    Use\n    `g`.\n", (), "since 0.9: Use `g`."),
        ("Do.\n\n.. deprecated:: 0.9\n\nMore.", (), "since 0.9"),
        ("**Deprecated:** `f` is old.\n Use `g`.\n\nDo.", (), "`f` is old. Use `g`."),
        ("Do.", ("deprecate_func(hint='use `g`')",), "use `g`"),
        ("Do.", ("deprecated",), "deprecated"),
        (
            "Do.",
            ("deprecated('f: Use g() instead.')", "plugin(categories=['x'])"),
            "Use g() instead.",
        ),
        ("Do.", ("deprecate_parameter('x', new_name='y')", "wraps(g)"), None),
        ("Do.\n\nDeprecated things are discussed here.", (), None),
        (PARAMETER_DEPRECATED, (), None),
    ],
)
def test_only_the_functions_own_deprecation_counts(
    docstring: str, decorators: tuple[str, ...], deprecated: str | None
) -> None:
    assert Source(docstring, decorators=decorators).describe().deprecated == deprecated


@pytest.mark.parametrize(
    "docstring",
    [
        "Do.\n\nParameters\n----------\nx : int\n\nParameters\n----------\nx : str\n",
        "Do.\n\nParameters\n----------\nx : int\n\nReturns\n-------\n\nReturns\n-------\nint\n",
        "Do.\n\nSee Also\n--------\n: : nonsense ::: \n\nParameters\n----------\nx : int\n",
        "Do.\n\nNo Such Section\n---------------\n\nParameters\n----------\nx : int\n",
        "Do.\n\nParameters\n----------\nx: int\n",
        "Do.\n\nOther parameters\n----------------\nx, y : int\n",
        "Do.\n\nParameters\n----------\n*x : int\n",
        "Do.\n\nArguments:\n----------\nx : int\n\nReturns:\n--------\nint\n",
        "Do.\n\nArgs\n----\nx: int\n",
    ],
)
def test_malformed_docstrings_are_read_as_far_as_they_go(
    docstring: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse(docstring).parameters["x"].type == "int"
    assert capfd.readouterr() == ("", "")


@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                ["Parameters", "----------", "Returns", "-------", "See Also", "--------"]
            ),
            st.sampled_from(["x : int", "    text", ".. deprecated:: 1", "", ":ref:`", "*"]),
        ),
        max_size=14,
    ).map("\n".join)
)
def test_no_docstring_stops_a_description(docstring: str) -> None:
    described = Source(docstring, (SourceParameter(name="x", kind="KEYWORD_ONLY"),)).describe()
    assert is_annotation(described.parameters[0].annotation)
    assert is_annotation(described.returns.annotation)


def is_annotation(text: str, classes: Collection[str] = ()) -> bool:
    """Tell whether a text is a type of the vocabulary."""
    try:
        return is_known(parse_type(text), classes)
    except TypeExprError:
        return False


words = st.sampled_from(
    [
        *("int", "float", "ndarray", "array_like", "None", "callable", "3", "'a'", '"b"', "'"),
        *("tuple", "list", "sequence", "2-tuple", "of", "or", "in", ",", "|", "...", "{", "}"),
        *("(", ")", "[", "]", "(M,N)", "shape", "optional", "default"),
    ]
)


@given(st.one_of(st.lists(words, max_size=9).map(" ".join), st.text()))
def test_whatever_is_read_is_in_the_vocabulary(text: str) -> None:
    found = read_type(text)
    assert found is None or is_known(found)


@given(
    st.lists(
        st.sampled_from(["int", "str", "None", "Array", "Literal[True]", 'Literal["a"]']),
        min_size=1,
    )
)
def test_uniting_alternatives_again_changes_nothing(alternatives: list[str]) -> None:
    united = union(*map(parse_type, alternatives))
    assert union(united) == united
    assert NONE not in members(united)[:-1]


@pytest.mark.parametrize(
    "text",
    [
        "numpy.ndarray",
        "Foo",
        "int()",
        "lambda: 1",
        "[i for i in x]",
        "int if x else str",
        "1 +",
        "",
    ],
)
def test_nothing_else_is_in_the_vocabulary(text: str) -> None:
    assert not is_annotation(text)


# --- whole libraries ---------------------------------------------------------------------


def test_every_function_that_isnt_left_out_is_described() -> None:
    for library in ("pyclesperanto", "scipy", "skimage", "toylib"):
        expected = {
            name.name: name.definition
            for name in inventory(library).names
            if name.kind == "function" and name.exclusion is None
        }
        assert list(descriptions(library)) == list(expected)
        for name, definition in expected.items():
            assert definition is not None
            described = descriptions(library)[name]
            assert [(p.name, p.kind, p.default) for p in described.parameters] == [
                (p.name, p.kind, p.default) for p in definition.parameters
            ]
            assert described.doc == definition.docstring


def test_every_annotation_of_the_libraries_uses_the_vocabulary_and_public_classes() -> None:
    classes = {
        name.name
        for library in ("pyclesperanto", "scipy", "skimage")
        for name in inventory(library).names
        if name.kind == "class" and name.exclusion is None
    }
    for described in installed():
        for annotation in (p.annotation for p in described.parameters):
            assert is_annotation(annotation, classes), (described.name, annotation)
        assert is_annotation(described.returns.annotation, classes)


def test_annotations_take_the_defaults_that_stand_beside_them() -> None:
    checked = 0
    for described in installed():
        for each in described.parameters:
            if each.default is None or not each.default_is_literal or each.annotation == "Any":
                continue
            value = eval(each.default)
            assert accepts(parse_type(each.annotation), value), (described.name, each)
            checked += 1
    assert checked > 1000


def test_nearly_everything_has_a_type() -> None:
    # The libraries' own documentation leaves a few dozen parameters without one.
    annotations = [
        annotation
        for described in installed()
        for annotation in (
            *(p.annotation for p in described.parameters if not p.kind.startswith("VAR")),
            described.returns.annotation,
        )
    ]
    assert sum(annotation != "Any" for annotation in annotations) / len(annotations) > 0.97


def test_any_is_given_only_where_nothing_is_known() -> None:
    for described in installed():
        for each in described.parameters:
            if each.annotation_source == "unknown":
                assert each.annotation == ("object" if each.kind.startswith("VAR") else "Any")


@pytest.mark.parametrize(
    ("library", "function", "parameter_name", "annotation"),
    [
        ("skimage", "skimage.filters.gaussian", "sigma", "float | Sequence[float]"),
        ("skimage", "skimage.feature.canny", "low_threshold", "float | None"),
        ("skimage", "skimage.feature.canny", "mask", "Array | None"),
        ("skimage", "skimage.feature.peak_local_max", "num_peaks", "float"),
        ("skimage", "skimage.segmentation.slic", "n_segments", "int"),
        ("skimage", "skimage.transform.resize", "order", "int | None"),
        ("pyclesperanto", "pyclesperanto.sobel", "input_image", "Array"),
        ("pyclesperanto", "pyclesperanto.sobel", "output_image", "Array | None"),
        ("pyclesperanto", "pyclesperanto.sobel", "device", "pyclesperanto.Device | None"),
        ("pyclesperanto", "pyclesperanto.zeros", "device", "pyclesperanto.Device | None"),
        ("pyclesperanto", "pyclesperanto.label", "connectivity", "str"),
        (
            "pyclesperanto",
            "pyclesperanto.transform.affine_transform",
            "transform_matrix",
            "Sequence[object] | Array | pyclesperanto.AffineTransform | None",
        ),
        (
            "skimage",
            "skimage.filters.wiener",
            "predefined_filter",
            "Any",
        ),
        ("scipy", "scipy.ndimage.gaussian_filter", "input", "ArrayLike"),
        ("scipy", "scipy.ndimage.gaussian_filter", "output", "Array | DTypeLike | None"),
        ("scipy", "scipy.ndimage.gaussian_filter1d", "axis", "int"),
    ],
)
def test_well_known_parameters_have_their_types(
    library: str, function: str, parameter_name: str, annotation: str
) -> None:
    described = descriptions(library)[function]
    (found,) = (each for each in described.parameters if each.name == parameter_name)
    assert found.annotation == annotation


# --- facts, contradictions and what is left open -------------------------------------------


def test_what_fits_no_type_is_kept_as_facts() -> None:
    found = parameter("(M, N) ndarray of bool, optional", "None")
    assert found.facts == {"shape": "(M, N)", "dtype": "bool", "optional": "optional"}
    assert parameter("a thing ((").facts == {"unread": "a thing (("}
    docstring = "Do.\n\nReturns\n-------\nlabels : (M, N) ndarray\nn : int, >0\n"
    assert Source(docstring).describe().returns.facts == {
        "labels.shape": "(M, N)",
        "n.range": ">0",
    }


@pytest.mark.parametrize(
    ("documented", "default", "contradiction"),
    [
        ("float", "None", "documented as 'float', but the default is None"),
        ("float or None", "None", ""),
        ("int", 'float("inf")', "documented as 'int', but the default is float(\"inf\")"),
        ("int", "1", ""),
        ("{'a', 'b'}", "'c'", "documented as \"{'a', 'b'}\", but the default is 'c'"),
        ("{'a', 'b'}", "'b'", ""),
        ("str", "True", "documented as 'str', but the default is True"),
        ("list of int", "(1, 2)", ""),
        ("dict", "{}", ""),
        ("int (default: 2)", "3", "the default is documented as 2, but is 3"),
        ("int (default: 2)", "2", ""),
        ("int (default: the image's)", "2", ""),
        ("???", "2.5", ""),
        ("", "None", ""),
    ],
)
def test_where_documentation_and_default_differ_both_are_told(
    documented: str, default: str, contradiction: str
) -> None:
    found = parameter(documented, default)
    assert found.contradiction == contradiction
    if "documented as" in contradiction and "the default is documented" not in contradiction:
        assert found.annotation != parameter(documented).annotation


def test_annotations_are_held_against_the_default_too() -> None:
    found = parameter("", "None", annotation="int")
    assert found.annotation == "int | None"
    assert found.contradiction == "annotated as 'int', but the default is None"


@pytest.mark.parametrize(
    ("documented", "default", "reason"),
    [
        ("", None, "neither annotated nor documented, and required"),
        ("", "None", "neither annotated nor documented, and the default is None"),
        ("DEPRECATED", "None", "the documentation doesn't name a type: 'DEPRECATED'"),
        ("see there", None, "the documentation can't be read: 'see there'"),
        ("sk.Mixture", None, "the documentation names a class of unknown module: sk.Mixture"),
    ],
)
def test_every_any_has_its_reason(documented: str, default: str | None, reason: str) -> None:
    found = parameter(documented, default)
    assert (found.annotation, found.untyped) == ("Any", reason)


def test_a_type_without_any_needs_no_reason() -> None:
    for described in installed():
        parts: tuple[Parameter | Returns, ...] = (*described.parameters, described.returns)
        for each in parts:
            has_any = "Any" in {
                node.id
                for node in ast.walk(ast.parse(each.annotation))
                if isinstance(node, ast.Name)
            }
            assert bool(each.untyped) == has_any, (described.name, each)


@pytest.mark.parametrize("library", ["pyclesperanto", "scipy", "skimage"])
def test_at_most_one_parameter_in_a_hundred_has_an_any(library: str) -> None:
    parameters = [p for described in descriptions(library).values() for p in described.parameters]
    assert sum(bool(p.untyped) for p in parameters) / len(parameters) <= 0.01


def test_starred_parameters_take_anything() -> None:
    source = tuple(
        SourceParameter(name=name, kind=kind)  # type: ignore[arg-type]
        for name, kind in (("args", "VAR_POSITIONAL"), ("kwargs", "VAR_KEYWORD"))
    )
    described = Source("Do.\n\nParameters\n----------\nkwargs : dict\n", source).describe()
    assert [each.annotation for each in described.parameters] == ["object", "object"]


# --- Google style --------------------------------------------------------------------------

GOOGLE = """Filter an image.

Args:
    input (cupy.ndarray): The input array.
        It is read.
    sigma (scalar or sequence of scalar, optional): One for each axis. Note: (Y, X).

        - a list
    *extra (:class:`~cupy.dtype` or None): More.
    mode ({'reflect', 'wrap'}): How: at the border
    undocumented: No type.
    a line that is no entry

Returns:
    cupy.ndarray: The result, which is
    in two lines: this is the second.

.. note::
    x (int): No parameter.
"""


def test_google_style_is_read() -> None:
    found = parse(GOOGLE)
    assert {name: entry.type for name, entry in found.parameters.items()} == {
        "input": "cupy.ndarray",
        "sigma": "scalar or sequence of scalar, optional",
        "extra": ":class:`~cupy.dtype` or None",
        "mode": "{'reflect', 'wrap'}",
        "undocumented": "",
    }
    assert found.parameters["input"].text == "The input array.\nIt is read."
    assert found.parameters["mode"].text == "How: at the border"
    assert [(entry.name, entry.type) for entry in found.returns] == [("", "cupy.ndarray")]


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("cupy.ndarray: The result.", "Array"),
        ("tuple: text", "tuple[Any, ...]"),
        ("cupy.ndarray or None:\n        The result.", "Array | None"),
        ("label (cupy.ndarray): One.\n\n    n (int): Two.", "tuple[Array, int]"),
        ("label (cupy.ndarray): One.\n    n (int): Two.", "tuple[Array, int]"),
        (
            "Both of:\n\n    **low (float)**: One.\n\n    **high (float)**: Two.",
            "tuple[float, float]",
        ),
        ("The result, in words alone.", "Any"),
        ("dict[str, int]: A table.", "dict[str, int]"),
    ],
)
@pytest.mark.parametrize("indent", ["    ", "  "])
def test_results_in_google_style(text: str, annotation: str, indent: str) -> None:
    docstring = f"Do.\n\nReturns:\n    {text}\n".replace("    ", indent)
    assert Source(docstring).describe().returns.annotation == annotation


def test_numpydoc_sections_come_before_google_ones() -> None:
    found = parse("Do.\n\nParameters\n----------\nx : int\n    Text.\n\nReturns:\n    str: Text.\n")
    assert found.parameters["x"].type == "int"
    assert found.returns == ()


def test_the_deprecation_of_a_google_style_function_is_found() -> None:
    docstring = "Do.\n\n.. deprecated:: 1.0\n    Use g.\n\nArgs:\n    x (int): Text.\n"
    assert Source(docstring).describe().deprecated == "since 1.0: Use g."


def test_two_names_of_one_function_share_the_definition() -> None:
    found = descriptions("skimage")
    measure, morphology = found["skimage.measure.label"], found["skimage.morphology.label"]
    assert measure.definition == morphology.definition == "skimage.measure._label:label"
    assert measure.fingerprint == morphology.fingerprint
    assert measure.tags == ("measure",)
    assert found["skimage.filters.rank.mean"].tags == ("filters", "rank")


def test_the_fingerprint_changes_with_the_version() -> None:
    source = Source("Do.")
    assert source.describe("1.0").fingerprint == source.describe("1.0").fingerprint
    assert source.describe("1.0").fingerprint != source.describe("1.1").fingerprint


def test_hostile_choices_stay_strings() -> None:
    found = descriptions("toylib")["toylib.odd.hostile"].parameters[1]
    node = ast.parse(found.annotation, mode="eval").body
    assert isinstance(node, ast.Subscript)
    values = ast.literal_eval(node.slice)
    assert values[:3] == ("a", "b'", '"""\\')
    assert found.default is not None
    assert values[3] == ast.literal_eval(found.default)


def test_deprecated_functions_say_so() -> None:
    assert descriptions("toylib")["toylib.morphology.grow"].deprecated == "since 0.9: Use `dilate`."
    text = descriptions("skimage")["skimage.morphology.binary_erosion"].deprecated
    assert text is not None and "skimage.morphology.erosion" in text
    assert descriptions("skimage")["skimage.morphology.erosion"].deprecated is None


def test_halves_of_surrogate_pairs_are_replaced_wherever_they_stand() -> None:
    half = "\ud800"
    described = Source(
        docstring=f"Do {half}.\n\nParameters\n----------\nx : {{'{half}', 'b'}}\n    Is {half}.\n"
        f"\nReturns\n-------\ny{half} : ndarray {half}\n",
        parameters=(SourceParameter(name="x", kind="POSITIONAL_OR_KEYWORD", default=f"'{half}'"),),
        decorators=(r"deprecated('since \ud800')",),
    ).describe()
    assert described.doc.startswith("Do \N{REPLACEMENT CHARACTER}.")
    assert described.parameters[0].default == "'\N{REPLACEMENT CHARACTER}'"
    assert described.deprecated == "since \N{REPLACEMENT CHARACTER}"
    msgspec.json.encode(described)


def test_whole_characters_beyond_the_first_plane_stay() -> None:
    assert Source(docstring="Do \N{MICROSCOPE}.").describe().doc == "Do \N{MICROSCOPE}."
