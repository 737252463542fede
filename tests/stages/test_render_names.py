"""Names, texts, types and literals of a library are only ever that."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers.synthetic_library import Made, function, parameter, written
from voxbind_build.common.typeexpr import parse
from voxbind_build.discover.constants import canonical
from voxbind_build.model import Returns
from voxbind_build.render import RenderError
from voxbind_build.render.code.checked_text import VOCABULARY, annotation, literal
from voxbind_build.render.code.quoting import clean, docstring

IMAGE = np.arange(12.0).reshape(3, 4)

# --- what a library may be called and may say -----------------------------------------------


@given(st.text() | st.text(st.characters(codec=None, categories=["Cs", "Cc", "Cf", "Po"])))
def test_any_text_is_quoted_as_itself(text: str) -> None:
    quoted = docstring(text, "    ")
    assert quoted.isprintable() or "\n" in quoted
    assert inspect.cleandoc(ast.literal_eval(quoted)) == inspect.cleandoc(clean(text))


HOSTILE = [
    '"""; raise SystemExit #',
    'ends in a quote"',
    "ends in a backslash\\",
    "\\N{not a name} \\x \\u12 \\",
    "'''\"\"\"''' \\\"\"\"",
    "{{ 1 }} {% raw %} {# x #}",
    "null \x00 bell \x07 line \u2028 bidi \u202e",
    "\tindented\r\nwith\rreturns\x0b\x0c",
    "# type: ignore\n# noqa\n# fmt: off",
]


def test_hostile_documentation_stays_a_text(tmp_path: Path) -> None:
    made = Made()
    docs = {}
    for text in HOSTILE:
        doc = f"Summary {text}\n\nMore {text}\n\nParameters\n----------\nimage : {text}"
        described = function(parameter("image"), doc=doc)
        docs[made.add("def f(image): return image", described)] = doc
    with made.wrapped(tmp_path) as load:
        for module, doc in docs.items():
            wrapper = load(module).f
            summary, _, rest = inspect.cleandoc(wrapper.__doc__).partition(
                "\n\nContract (declared, not measured by voxbind): "
            )
            expected, _, more = clean(doc).partition("\n\n")
            assert summary == expected
            assert more.partition("\n\n")[0] in rest
            assert wrapper(IMAGE) is IMAGE


COLLIDING = ["type", "locals", "result", "_made", "call_2d_or_3d", "call_as_is", "bool", "Array"]
COLLIDING += [
    "LibraryDefault",
    "library_default",
    "upstream",
    "result_",
    "TYPE_CHECKING",
    "isinstance",
]


def test_a_parameter_may_have_any_name(tmp_path: Path) -> None:
    made = Made()
    modules = {}
    for name in COLLIDING:
        source = (
            f"DEFAULT = []\ndef f({name}, other=int, last=DEFAULT):\n    return {name}, other, last"
        )
        described = function(
            parameter(name, annotation="Array"),
            parameter("other", default="int"),
            parameter(
                "last",
                annotation="Callable[..., Any] | DTypeLike | int",
                default="made.up.DEFAULT",
                default_is_literal=False,
            ),
            returns=Returns(
                annotation="tuple[Array, type[int], Any]", annotation_source="docstring"
            ),
            result=("image", "other", "other"),
        )
        modules[name] = made.add(source, described)
    with made.wrapped(tmp_path) as load:
        for name, module in modules.items():
            f = load(module).f
            assert f(IMAGE)[0] is IMAGE
            assert f(IMAGE)[1:] == (int, [])
            assert f(**{name: IMAGE}, other=3, last=4)[1:] == (3, 4)
            assert isinstance(f(torch.ones(2), slice_by_slice=False)[0], torch.Tensor)


def test_a_function_may_have_any_name(tmp_path: Path) -> None:
    made = Made()
    names = ["type", "locals", "flexible", "upstream", "ArrayT", "_made", "bool", "match", "_"]
    names += ["overload", "OutT", "Castable", "result", "typing"]
    modules = {}
    for name in names:
        functions = [
            function(parameter("image", annotation="Array"), original_name=each)
            for each in (name, "another")
        ]
        source = f"def {name}(image): return image\ndef another(image): return image"
        modules[name] = made.add(source, *functions)
    with made.wrapped(tmp_path) as load:
        for name, module in modules.items():
            for each in (getattr(load(module), name), load(module).another):
                assert each(IMAGE) is IMAGE
                tensor = torch.ones(2, 2)
                assert each(tensor) is tensor


def test_every_kind_of_parameter_arrives(tmp_path: Path) -> None:
    made = Made()
    described = function(
        parameter("a", "POSITIONAL_ONLY"),
        parameter("b", "POSITIONAL_ONLY", default="1"),
        parameter("c", default="2"),
        parameter("more", "VAR_POSITIONAL"),
        parameter("d", "KEYWORD_ONLY"),
        parameter("e", "KEYWORD_ONLY", default="5"),
        parameter("rest", "VAR_KEYWORD"),
        result="other",
    )
    source = "def f(a, b=1, /, c=2, *more, d, e=5, **rest): return a, b, c, more, d, e, rest"
    module = made.add(source, described)
    with made.wrapped(tmp_path) as load:
        f = load(module).f
        for image in (IMAGE, torch.ones(2)):
            assert f(image, d=4)[1:] == (1, 2, (), 4, 5, {})
            assert f(image, 8, 9, 10, 11, d=4, e=0, x=1)[1:] == (8, 9, (10, 11), 4, 0, {"x": 1})


# --- what isn't what it claims to be -----------------------------------------------------------

NOT_TYPES = ["os.system('x')", "__import__('os')", "int; x", "lambda: 0", "'Array'", "Unknown", "1"]
NOT_TYPES += [
    "Literal[f()]",
    "int # comment\n)",
    "int if x else y",
    "[x for x in y]",
    "",
    "int, *y",
]
NOT_TYPES += ["f'{x}'", "Array[0]()", "(yield)", "Literal[1.5]", "int and str", "a[b].c", "int, *y"]
NOT_LITERALS = ["os", "f()", "range(1)()", "__import__('os')", "x.y", "lambda: 0", "[i for i in x]"]
NOT_LITERALS += [
    "1; x",
    "f'{x}'",
    "range(*x)",
    "dict(a=1)",
    "object()",
    "type('X')",
    "2 ** 99",
    "x",
]
NOT_LITERALS += ["", "x", "(yield)", "'a' % x", "open('x')", "int('1').real"]
NOT_NAMES = ["", "1a", "a b", "class", "a.b", "a=1", "*a", "a\n", "lambda", "a:int", "None"]


def bare(name: str, module: str) -> str:
    return name


@pytest.mark.parametrize("text", NOT_TYPES)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(RenderError, match=r"made\.up\.f"):
        written(function(parameter("image"), parameter("other", annotation=text)))
    with pytest.raises(RenderError, match=r"made\.up\.f"):
        returns = Returns(annotation=text, annotation_source="docstring")
        written(function(parameter("image"), returns=returns, result="other"))


@pytest.mark.parametrize("text", NOT_LITERALS)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(RenderError, match="'other'"):
        written(function(parameter("image"), parameter("other", default=text)))


@pytest.mark.parametrize("text", NOT_NAMES)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(RenderError):
        written(function(parameter("image"), parameter(text)))
    with pytest.raises(RenderError):
        written(function(parameter("image"), original_name=text))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_path_of_a_default_is_only_a_text(text: str) -> None:
    described = parameter("other", default=text, default_is_literal=False)
    module = ast.parse(written(function(parameter("image"), described)))
    wrapper = next(node for node in module.body if isinstance(node, ast.FunctionDef))
    [default] = wrapper.args.defaults
    assert isinstance(default, ast.Call)
    assert ast.unparse(default.func) == "library_default"
    assert ast.literal_eval(default.args[0]) == text


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.binary(),
)
VALUES: st.SearchStrategy[object] = st.recursive(
    SCALARS | st.sampled_from([int, float, bool, ...]) | st.builds(range, st.integers(0, 9)),
    lambda values: (
        st.lists(values) | st.tuples(values, values) | st.dictionaries(st.text(), values)
    ),
    max_leaves=5,
)


@given(VALUES)
def test_any_literal_is_written_as_itself(value: object) -> None:
    text = canonical(value)
    assert repr(eval(literal(text, "here", bare))) == repr(eval(text))


@pytest.mark.parametrize(
    "text",
    [
        *VOCABULARY,
        "Literal['a', 'b\\'', -1, True] | None",
        "Callable[..., Array] | None",
        "Callable[[int, str], float]",
        "tuple[int, ...] | Sequence[float]",
        "dict[str, list[tuple[int, Array]]]",
    ],
)
def test_types_are_written_as_they_are(text: str) -> None:
    assert ast.dump(ast.parse(annotation(parse(text), "here", bare))) == ast.dump(ast.parse(text))


def test_classes_of_libraries_are_imported_for_checkers_alone() -> None:
    returns = Returns(annotation="list[made.up._regions.Region]", annotation_source="docstring")
    text = written(function(parameter("image"), result="other", returns=returns))
    for_checkers = text.partition("if TYPE_CHECKING:\n")[2].partition("\n\n")[0]
    assert "    from made.up._regions import Region  # type: ignore" in for_checkers
    assert text.count("import Region") == 1
    assert "-> list[Region]:" in text

    # "as" makes a name public, which those are that a library hands on.
    facts = {"original_name": "Region", "module": "made.up._regions", "form": "class"}
    handed_on = function(**facts, kind="helper", wrapper="voxbind.made.up.Region")
    assert "    from made.up._regions import Region as Region  # type: ignore" in written(handed_on)
