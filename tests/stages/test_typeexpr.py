"""Type expressions: the parser and the printer are each other's inverse, and unions keep laws."""

from __future__ import annotations

import ast
import json
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxbind_build.common.typeexpr import (
    ANY,
    DOTS,
    NONE,
    Generic,
    Literal,
    Name,
    Opaque,
    Parameters,
    Quoted,
    TypeExpr,
    TypeExprError,
    Union,
    arguments,
    choices,
    head,
    is_open,
    literal_values,
    members,
    names,
    parse,
    substitute,
    transform,
    union,
    walk,
)

MANIFEST = Path(__file__).parents[2] / "generated" / "voxbind" / "manifest.json"

# --- trees that a type may be -----------------------------------------------------------

dotted = st.sampled_from(
    ["int", "float", "bool", "str", "bytes", "Any", "None", "Array", "ArrayLike", "lib.sub.Region"]
)
values = st.one_of(st.text(), st.binary(), st.integers(), st.booleans())
leaves = st.one_of(
    dotted.map(Name),
    st.lists(values, min_size=1, max_size=4).map(lambda some: Literal(tuple(some))),
)
opaque = st.sampled_from(
    ["f()", "1", "(1, 2)", "x if y else z", "lambda: 0", "-x", "()", "a[0][1]"]
)


def nested(inner: st.SearchStrategy[TypeExpr]) -> st.SearchStrategy[TypeExpr]:
    several = st.lists(inner, max_size=3).map(tuple)
    flat = st.lists(inner, min_size=2, max_size=4).map(
        lambda some: tuple(member for each in some for member in members(each))
    )
    return st.one_of(
        st.builds(Generic, st.sampled_from(["list", "tuple", "Callable", "lib.Box"]), several),
        several.map(lambda some: Generic("Callable", (Parameters(some), ANY))),
        inner.map(lambda one: Generic("tuple", (one, DOTS))),
        inner.map(Quoted),
        flat.map(Union),
        opaque.map(lambda text: Generic("Annotated", (Name("int"), Opaque(text)))),
        opaque.map(lambda text: Union((NONE, Opaque(text)))),
        opaque.map(lambda text: Generic("type", (Opaque(text),))),
    )


types: st.SearchStrategy[TypeExpr] = st.recursive(leaves, nested, max_leaves=6)


@given(types)
def test_what_is_printed_parses_to_the_same_tree(type_: TypeExpr) -> None:
    assert parse(str(type_)) == type_


@given(types)
def test_what_is_printed_is_python(type_: TypeExpr) -> None:
    ast.parse(str(type_), mode="eval")


def all_annotations() -> list[str]:
    """Return every annotation of the committed manifest."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    found: dict[str, None] = {}
    for library in manifest["libraries"].values():
        for function in library["functions"].values():
            returns = function["returns"]
            for each in (*function["parameters"], returns, *returns.get("forms", ())):
                found[each["annotation"]] = None
    return list(found)


def test_every_annotation_of_the_manifest_is_written_as_it_is_printed() -> None:
    found = all_annotations()
    assert len(found) > 200
    assert {text: str(parse(text)) for text in found} == {text: text for text in found}


def test_every_annotation_of_the_manifest_is_a_type_and_a_union_of_its_members() -> None:
    for text in all_annotations():
        tree = parse(text)
        assert not any(isinstance(part, Opaque | Quoted) for part in walk(tree)), text
        assert union(tree) == tree, text


# --- the parser -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("int", "int"),
        (" np.ndarray\n", "np.ndarray"),
        ("Literal['a', \"it's\", '\"']", 'Literal["a", "it\'s", \'"\']'),
        ("Literal[-1, True, b'x']", "Literal[-1, True, b'x']"),
        ("Literal['a', None, 2]", 'Literal["a", 2] | None'),
        ("Literal[None]", "None"),
        ("typing.Literal['a']", 'Literal["a"]'),
        ("literal['a']", 'Literal["a"]'),
        ("tuple[()]", "tuple[()]"),
        ("tuple[int,]", "tuple[int]"),
        ("(int | str) | (None)", "int | str | None"),
        ("Callable[[int, 'Array'], None]", 'Callable[[int, "Array"], None]'),
        ("Callable[..., Any]", "Callable[..., Any]"),
        ("Annotated[int, 'not a type!', f(1)]", 'Annotated[int, "not a type!", f(1)]'),
        ("f() | int", "(f()) | int"),
        ("tuple[(int, str)]", "tuple[int, str]"),
    ],
)
def test_texts_are_read_as_python_reads_them(text: str, printed: str) -> None:
    assert str(parse(text)) == printed


def test_each_kind_of_expression_is_a_node_of_its_own() -> None:
    assert parse("None | lib.Box[..., 'int'] | Callable[[bool], Literal[1]] | 1") == Union(
        (
            NONE,
            Generic("lib.Box", (DOTS, Quoted(Name("int")))),
            Generic("Callable", (Parameters((Name("bool"),)), Literal((1,)))),
            Opaque("1"),
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "int str", "tuple[", "int # comment\n)", "x = 1", "yield", "def f(): pass"),
        *(
            "Literal[1.5]",
            "Literal[f()]",
            "Literal[Color.RED]",
            "Literal[()]",
            "Literal[(1, 2), 3]",
        ),
        *("(" * 300 + "x" + ")" * 300, "\0"),
    ],
)
def test_an_error_names_the_text_that_is_no_type(text: str) -> None:
    with pytest.raises(TypeExprError) as raised:
        parse(text)
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Name("int; x"),
        lambda: Name("a..b"),
        lambda: Name("class"),
        lambda: Generic("f()", ()),
        lambda: Literal(()),
        lambda: Literal((1.5,)),  # type: ignore[arg-type]  # the error is what is tested
        lambda: Union((ANY,)),
        lambda: Union((ANY, Union((ANY, NONE)))),
    ],
)
def test_no_tree_is_made_that_prints_as_something_else(build) -> None:
    with pytest.raises(TypeExprError):
        build()


def test_truth_values_are_no_numbers() -> None:
    assert Literal((True,)) != Literal((1,))
    assert len({Literal((True,)), Literal((1,)), Literal((1,))}) == 2
    assert union(Literal((True,)), Literal((1, 0))) == Literal((True, 1, 0))


# --- unions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_types", "united"),
    [
        (["int", "str", "int"], "int | str"),
        (["None", "int | None", "str"], "int | str | None"),
        (["int", "Any", "None"], "Any"),
        (["list[Any]", "int"], "list[Any] | int"),
        (["Array", "int", "ArrayLike"], "int | ArrayLike"),
        (["Literal['a'] | int", "float", "Literal['b', 'a']"], 'Literal["a", "b"] | int | float'),
        (["Literal['a', 1]", "str"], "Literal[1] | str"),
        (["int", "Literal[True]", "Literal[False]"], "bool | int"),
        (["int", "Literal[True]"], "int | Literal[True]"),
        (["bool", "Literal[True, 'a']"], 'bool | Literal["a"]'),
        (["Literal[b'a']", "bytes"], "bytes"),
        (["int", "float"], "int | float"),
    ],
)
def test_what_a_union_keeps(given_types: list[str], united: str) -> None:
    assert str(union(*map(parse, given_types))) == united


@given(st.lists(types, min_size=1, max_size=4))
def test_uniting_again_changes_nothing(some: list[TypeExpr]) -> None:
    united = union(*some)
    assert union(united) == united
    assert union(united, united) == united
    assert all(union(united, each) == united for each in some)


def as_set(type_: TypeExpr) -> set[object]:
    """Return what a union accepts, without its order."""
    others = {member for member in members(type_) if not isinstance(member, Literal)}
    return others | {(type(value), value) for value in choices(type_)}


@given(st.lists(types, min_size=3, max_size=3))
def test_neither_order_nor_grouping_decides_what_a_union_accepts(some: list[TypeExpr]) -> None:
    first, second, third = some
    united = as_set(union(*some))
    assert all(as_set(union(*each)) == united for each in permutations(some))
    assert as_set(union(union(first, second), third)) == united
    assert as_set(union(first, union(second, third))) == united


@given(st.lists(types, min_size=1, max_size=4))
def test_a_union_has_no_member_twice_one_literal_at_most_and_none_last(
    some: list[TypeExpr],
) -> None:
    found = members(union(*some))
    assert len({*found}) == len(found)
    assert sum(isinstance(member, Literal) for member in found) <= 1
    assert NONE not in found[:-1]
    assert ANY not in found or found == (ANY,)


def test_a_union_of_nothing_is_an_error() -> None:
    with pytest.raises(TypeExprError, match="no types"):
        union()


# --- queries and changes ----------------------------------------------------------------

TREE = parse("dict[str, tuple[lib.Box, ...] | Literal['a', 1]] | Callable[['int'], None] | None")


def test_a_tree_is_asked_for_what_is_in_it() -> None:
    table, function, none = members(TREE)
    assert [head(each) for each in members(TREE)] == ["dict", "Callable", "None"]
    assert (head(DOTS), head(parse("Literal['a']"))) == ("", "Literal")
    assert arguments(table)[0] == Name("str")
    assert arguments(none) == () == arguments(Name("tuple"))
    assert names(TREE) == {"dict", "str", "tuple", "lib.Box", "Literal", "Callable", "int", "None"}
    assert literal_values(TREE) == ("a", 1)
    assert choices(TREE) == ()
    assert choices(parse("int | Literal['a'] | Literal[2]")) == ("a", 2)
    assert is_open(parse("tuple[int, ...]"))
    assert not is_open(parse("tuple[int, tuple[int, ...]]")) and not is_open(function)


@given(types)
def test_walking_meets_a_type_and_all_of_its_members(type_: TypeExpr) -> None:
    found = list(walk(type_))
    assert found[0] == type_
    assert {*members(type_)} <= {*found}
    assert names(type_) >= {part.dotted for part in found if isinstance(part, Name)}


@given(types)
def test_a_change_of_nothing_is_no_change(type_: TypeExpr) -> None:
    assert transform(type_, lambda part: None) == type_
    assert substitute(type_, {}) == type_


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("int", "float | Array"),
        ("list[int] | None", "list[float | Array] | None"),
        ("int | Array | None", "float | Array | None"),
        ("tuple[int, ...]", "tuple[float | Array, ...]"),
        ("Callable[[int], 'int']", 'Callable[[float | Array], "float | Array"]'),
        ("Literal['int'] | int[str]", 'Literal["int"] | int[str]'),
        ("lib.int", "lib.int"),
    ],
)
def test_a_name_is_replaced_wherever_it_stands_alone(text: str, replaced: str) -> None:
    assert str(substitute(parse(text), {"int": parse("float | Array")})) == replaced


def test_what_a_change_returns_is_not_changed_again() -> None:
    def wrap(part: TypeExpr) -> TypeExpr | None:
        return Generic("list", (part,)) if part == Name("int") else None

    assert str(transform(parse("int | tuple[int]"), wrap)) == "list[int] | tuple[list[int]]"
