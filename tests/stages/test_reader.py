"""The grammar of documented types: each construct, and what five libraries really write."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.docstring_types import INSTALLED, LIBRARIES, Row, counted, installed, load, save
from voxbind_build.common.typeexpr import union
from voxbind_build.describe.doctype_reader import ReadType, facts_of, read, read_type
from voxbind_build.describe.known_types import is_known
from voxbind_build.describe.nicknames import NICKNAMES

SHARE = 0.97
"""How much of what the libraries write must be read."""


# --- a construct at a time ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found", "facts"),
    [
        # shapes, dimensions and dtypes
        ("(3,) array", "Array", {"shape": "(3,)"}),
        ("() array", "Array", {"shape": "()"}),
        ("2-D array", "Array", {"ndim": "2-D"}),
        ("1d array of ints", "Array", {"ndim": "1d", "dtype": "ints"}),
        ("(M, N[, P]) ndarray", "Array", {"shape": "(M, N[, P])"}),
        ("(M, N) or (L, M, N) array", "Array", {"shape": "(M, N) or (L, M, N)"}),
        ("(M, N), ndarray", "Array", {"shape": "(M, N)"}),
        ("(K*(M+p), ..., C=3) ndarray", "Array", {"shape": "(K*(M+p), ..., C=3)"}),
        ("ndarray, shape (M, N)", "Array", {"shape": "(M, N)"}),
        ("array of shape image.shape", "Array", {"shape": "image.shape"}),
        ("array, arbitrary shape", "Array", {"shape": "arbitrary shape"}),
        ("array_like of rank N", "ArrayLike", {"ndim": "N"}),
        ("array_like of bool", "ArrayLike", {"dtype": "bool"}),
        ("uint8 array", "Array", {"dtype": "uint8"}),
        ("double or uint8 array", "Array", {"dtype": "double or uint8"}),
        ("ndarray (uint8, uint16)", "Array", {"dtype": "uint8, uint16"}),
        ("ndarray, int64", "Array", {"dtype": "int64"}),
        ("array, dtype=bool", "Array", {"dtype": "bool"}),
        ("ndarray (M, N) of ints", "Array", {"shape": "(M, N)", "dtype": "ints"}),
        ("ndarray of bool or None", "Array | None", {"dtype": "bool"}),
        ("ndarray of list of tuples", "Array", {"items": "list[tuple[Any, ...]]"}),
        # what else is said of a value
        ("int, optional", "int", {"optional": "optional"}),
        ("float (= -1.0)", "float", {"default": "-1.0"}),
        ("int, optional (default: 2**30)", "int", {"optional": "optional", "default": "2**30"}),
        ("tuple, default = (1, 1)", "tuple[Any, ...]", {"default": "(1, 1)"}),
        ("float [0, 1]", "float", {"range": "[0, 1]"}),
        ("float in interval [0, 1]", "float", {"range": "in interval [0, 1]"}),
        ("float, >0", "float", {"range": ">0"}),
        ("float, between 0 and 1", "float", {"range": "between 0 and 1"}),
        ("odd positive int", "int", {"value": "odd, positive"}),
        ("binary ndarray", "Array", {"content": "binary"}),
        ("float, in radians", "float", {"unit": "in radians"}),
        ("bool, keyword-only", "bool", {"keyword": "keyword-only"}),
        ("int (cast to 0 or 1)", "int", {"conversion": "cast to 0 or 1"}),
        ("array (only if full)", "Array", {"condition": "only if full"}),
        ("array, same dtype as image", "Array", {"same": "same dtype as image"}),
        ("sparse array in csr format", "Array", {"storage": "sparse, in csr format"}),
        ("int, number of iterations", "int", {"remark": "number of iterations"}),
        ("ndarray (image)", "Array", {"remark": "image"}),
        ("optional", "", {"optional": "optional"}),
        ("DEPRECATED", "", {"deprecated": "DEPRECATED"}),
        # choices
        ("{'a', 'b'}", 'Literal["a", "b"]', {}),
        ("{'a' | 'b'}", 'Literal["a", "b"]', {}),
        ("str, one of {'a', 'b'}", 'Literal["a", "b"]', {}),
        ("{1, 2, ..., ndim}", "int", {"choices": "1, 2, ..., ndim"}),
        ("{'a', ...}", "str", {"choices": "'a', ..."}),
        ("'yes' or bool or None", 'Literal["yes"] | bool | None', {}),
        ("{None, int, `numpy.random.Generator`}", "int | RandomGenerator | None", {}),
        # containers
        ("tuple of int", "tuple[int, ...]", {}),
        ("tuple (M, N)", "tuple[int, ...]", {"shape": "(M, N)"}),
        ("2-tuple (int, int)", "tuple[int, int]", {"length": "2"}),
        ("tuple (list of int, str)", "tuple[list[int], str]", {}),
        ("tuple of (ndarray, int)", "tuple[Array, int]", {}),
        ("list of (ndarray, int)", "list[tuple[Array, int]]", {}),
        ("tuple of 2-tuples", "tuple[tuple[Any, Any], ...]", {"length": "2"}),
        ("sequence of 2 floats", "Sequence[float]", {"length": "2"}),
        ("tuple of float, length image.ndim", "tuple[float, ...]", {"length": "image.ndim"}),
        ("float or sequence of floats", "float | Sequence[float]", {}),
        ("list of ints or floats", "list[int | float]", {}),
        ("list of ints or None", "list[int] | None", {}),
        ("list of (red, green)", "list[tuple[Any, ...]]", {"shape": "(red, green)"}),
        ("dict(str, int)", "dict[str, int]", {}),
        ("dict of list", "dict[Any, Any]", {"items": "list[Any]"}),
        # callables and classes
        ("callable f(x) -> y", "Callable[[Never], Any]", {"signature": "f(x) -> y"}),
        ("callable ``f(r, **kw)``", "Callable[..., Any]", {"signature": "f(r, **kw)"}),
        ("callable like numpy.sum", "Callable[..., Any]", {"like": "like numpy.sum"}),
        (":class:`Device`", "pkg.Device", {}),
        (":obj:`~pkg.sub.Device` or None", "pkg.Device | None", {}),
        ("Optional[Device] (= None)", "pkg.Device | None", {"default": "None"}),
        (":obj:`int`", "int", {}),
        ("sklearn.mixture.GaussianMixture", "Any", {"class": "sklearn.mixture.GaussianMixture"}),
    ],
)
def test_every_construct_has_its_type_and_its_facts(
    text: str, found: str, facts: dict[str, str]
) -> None:
    reading = read(text, {"Device": "pkg.Device"})
    assert reading is not None
    assert (str(reading.type or ""), reading.facts) == (found, facts)


@pytest.mark.parametrize(
    "text",
    [
        "see `numpy.pad`",
        "int, or whatever else fits",
        "transformation object, callable ``f(x)``, or ndarray",
        "{int, unknown}",
        "origin, optional",
        "tuple of (",
        "{}",
        ", ,",
    ],
)
def test_what_no_rule_fits_is_unread_as_a_whole_and_kept(text: str) -> None:
    assert read(text) is None
    assert facts_of(text) == {"unread": text}


# --- properties --------------------------------------------------------------------------

# Words that stand for the structure of a type.
STRUCTURE = frozenset(
    (
        *("or", "of", "one", "in", "str", "string", "int", "integer", "uint", "available"),
        *("options", "shape", "dtype", "length", "rank", "default", "defaults", "is", "to"),
        *("value", "with", "class", "obj"),
    )
)


def unaccounted(text: str, reading: ReadType) -> set[str]:
    """Give the words that are neither the type's nor a fact's."""
    known = {*STRUCTURE, *NICKNAMES.articles, *re.findall(r"(\w+)\[", text.lower())}
    for phrase in (*NICKNAMES.names, *NICKNAMES.containers):
        known |= {word for name in (phrase, f"{phrase}s") for word in words_of(name)}
    for said in (str(reading.type or ""), *reading.facts.values()):
        known |= set(words_of(said))
    return set(words_of(text)) - known


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


pieces = st.sampled_from(
    [
        *("int", "float", "ndarray", "array_like", "None", "callable", "3", "'a'", '"b"', "'"),
        *("tuple", "list", "sequence", "2-tuple", "of", "or", "in", ",", "|", "...", "{", "}"),
        *("(", ")", "[", "]", "(M,N)", "shape", "optional", "default", "positive", "uint8", "dict"),
        *("(= 1)", "[0, 1]", ">0", "f(x)", "2-D", "same dtype as x", "Thing", "dtype", "length"),
        *("int8", "ints", "bools", "strings", "where", "unknown", "`", ":class:", "~"),
    ]
)


@given(st.one_of(st.lists(pieces, max_size=9).map(" ".join), st.text()))
def test_reading_never_raises_and_loses_no_word(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reading = read(text)
    if reading is not None:
        assert reading.type is None or is_known(reading.type)
        assert not unaccounted(text, reading)


plain = st.sampled_from(
    [
        *("int", "float", "bool", "str", "complex", "bytes", "slice", "object", "Array"),
        *("ArrayLike", "DTypeLike", "RandomGenerator", "Literal['a', 2]", "tuple[Any, ...]"),
    ]
)
types = st.recursive(
    plain,
    lambda inner: st.one_of(
        inner.map("Sequence[{}]".format),
        inner.map("list[{}]".format),
        inner.map("type[{}]".format),
        inner.map("tuple[{}, ...]".format),
        st.tuples(inner, inner).map(lambda pair: f"tuple[{pair[0]}, {pair[1]}]"),
        inner.map("Mapping[str, {}]".format),
        inner.map("Callable[..., {}]".format),
        st.lists(inner, min_size=2, max_size=3, unique=True).map(lambda many: " | ".join(many)),
    ),
    max_leaves=4,
)


@given(st.lists(types, min_size=1, max_size=3).map(lambda many: " | ".join(many)))
def test_a_type_of_the_vocabulary_reads_as_itself(text: str) -> None:
    found = read_type(text)
    assert found is not None
    assert union(found) == found
    assert read_type(str(found)) == found
    assert read(str(found)) == ReadType(found, {})


# --- what the libraries write --------------------------------------------------------------


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> list[Row]:
    before = load()
    if request.config.getoption("--regenerate"):
        save(
            {
                library: installed(library) if library in INSTALLED else counted(before, library)
                for library in LIBRARIES
            }
        )
    return load()


@pytest.mark.parametrize("library", [*LIBRARIES, "all"])
def test_nearly_all_documented_types_are_read(table: list[Row], library: str) -> None:
    names = LIBRARIES if library == "all" else (library,)
    counts = [sum(row.counts[name] for name in names) for row in table]
    unread = [
        count for row, count in zip(table, counts, strict=True) if count and row.type == "unread"
    ]
    assert sum(counts) > 500
    assert 1 - sum(unread) / sum(counts) >= SHARE
    assert 1 - len(unread) / sum(map(bool, counts)) >= SHARE


def test_the_table_says_what_the_reader_reads(table: list[Row]) -> None:
    for row in table:
        reading = read(row.text)
        now = ("unread", {}) if reading is None else (str(reading.type or ""), reading.facts)
        assert (row.type, row.facts) == now, "if that is meant, run pytest --regenerate"


def test_no_word_of_the_libraries_documentation_is_lost(table: list[Row]) -> None:
    lost = {
        row.text: words
        for row in table
        if (reading := read(row.text)) is not None and (words := unaccounted(row.text, reading))
    }
    assert not lost


@pytest.mark.parametrize("library", INSTALLED)
def test_the_table_has_what_the_installed_libraries_write(table: list[Row], library: str) -> None:
    assert counted(table, library) == installed(library), "if that is meant, pytest --regenerate"
