"""Readers of what other people write, given what nobody should write, for a bounded time.

Each reader returns a result or raises its own error, in time that is proportional to the text.
"""

from __future__ import annotations

import ast
import keyword
import time
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from voxbind_build.build.library_state import LibraryState
from voxbind_build.build.progress import Silent
from voxbind_build.build.publish import assemble_package, settled
from voxbind_build.build.reading import read_library
from voxbind_build.common.docstrings import entries, split
from voxbind_build.common.typeexpr import TypeExprError, parse
from voxbind_build.describe.doctype_reader import read as read_type
from voxbind_build.libraries import SpecError, load
from voxbind_build.manifest import MANIFEST, ManifestError, Record, read
from voxbind_build.model import LibrarySpec, Manifest

ROOT = Path(__file__).parents[2]
FUZZ = hypothesis.settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.too_slow,
    ],
)
TOML = (ROOT / "generator/voxbind_build/libraries/pyclesperanto.toml").read_bytes()
JSON = (ROOT / "tests/golden/expected/manifest.json").read_bytes()


def mutated(data: bytes) -> st.SearchStrategy[bytes]:
    """Return a strategy for bytes with a few pieces replaced, removed, repeated or moved."""
    places = st.integers(0, len(data))
    pieces = st.one_of(st.binary(max_size=8), st.just(b""), st.sampled_from([b"[", b'"', b"}"]))
    edits = st.lists(st.tuples(places, st.integers(0, 40), pieces), min_size=1, max_size=4)

    def edit(changes: list[tuple[int, int, bytes]]) -> bytes:
        result = data
        for start, length, piece in changes:
            result = result[:start] + piece + result[start + length :]
        return result

    return edits.map(edit)


@hypothesis.given(data=st.one_of(mutated(TOML), st.binary(max_size=200)))
@FUZZ
def test_a_specification_is_read_or_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "any.toml"
    file.write_bytes(data)
    try:
        spec = load(file, roles=("image",))
    except SpecError as error:
        assert error.lines and all(str(file) in line for line in error.lines)
    else:
        assert isinstance(spec, LibrarySpec)


@hypothesis.given(data=st.one_of(mutated(JSON), st.binary(max_size=200)))
@FUZZ
def test_a_manifest_is_read_or_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / MANIFEST
    file.write_bytes(data)
    try:
        manifest = read(file)
    except ManifestError as error:
        assert "voxbind build --fresh" in str(error)
    else:
        assert data == JSON and isinstance(manifest, Manifest)


WORDS = st.sampled_from(
    [
        *("ndarray", "of", "int", "or", "float", "(", ")", "[", "]", "{", "}", ",", "'a'", "1"),
        *("optional", "None", "array_like", ":", "|", "...", "`", "``", "default", "=", "list["),
        *(
            "tuple",
            "{'a', 'b'}",
            "N",
            "(M, N)",
            "\\",
            "\x00",
            "é",
            "Parameters",
            "----------",
            "\n",
        ),
    ]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=60).map(" ".join))


@hypothesis.given(text=TEXTS)
@FUZZ
def test_a_documented_type_is_read_or_left_out(text: str) -> None:
    read_type(text)
    try:
        tree = parse(text)
    except TypeExprError:
        return
    assert parse(str(tree)) == tree


@hypothesis.given(text=st.lists(st.one_of(TEXTS, WORDS), max_size=20).map("\n".join))
@FUZZ
def test_any_docstring_has_sections(text: str) -> None:
    for section in split(text).sections:
        for entry in entries(section):
            assert isinstance(entry.name, str)


@pytest.mark.parametrize(
    "pieces",
    [
        *("(", "[", "list[", "{", "'", "`", "``", "of ", "or ", "int or ", "(M, N) ", ", ", "\\"),
        *("ndarray of ", "optional, ", "{'a', ", ": ", " : ", "    ", "-", "=", "\n    x : int"),
    ],
)
def test_the_time_of_reading_grows_with_the_text_and_no_faster(pieces: str) -> None:
    def seconds(count: int) -> float:
        # Each text is another one, since readings are kept.
        text = f"Do.\n\nParameters\n----------\nx : {pieces * count}\n    Text {pieces * count}\n"
        started = time.process_time()
        for section in split(text).sections:
            entries(section)
        read_type(pieces * count)
        return time.process_time() - started

    few, many = 2000 // len(pieces), 16000 // len(pieces)
    base = max(seconds(few + number) for number in range(3))
    assert seconds(many) < max(30 * base, 1.0)  # eight times the text


NAMES = st.one_of(
    st.sampled_from(
        [
            *("l", "O", "type", "print", "annotations", "voxbind", "np", "Any", "overload"),
            *("upstream", "call_2d", "class_of", "TYPE_CHECKING", "result", "globals", "locals"),
            *("image", "slice_by_slice", "_", "__class__", "match", "ﬁlter", "Ångström"),
        ]
    ),
    st.from_regex(r"[^\W\d]\w{0,5}", fullmatch=True),
).filter(lambda name: name.isidentifier() and not keyword.iskeyword(name))
DEFAULTS = st.sampled_from(
    [
        *("1", "-1", "None", "'a'", "b'\\xff'", "...", "(1,)", "[1]", "{1: 2}", "{(1, 2): 3}"),
        *(
            "float('nan')",
            "1e400",
            "1j",
            "-0.0",
            "len",
            "object()",
            "10 ** 5000",
            "[*range(10**10)]",
        ),
        *("lambda: 1", "'\\ud800'", '\'"""\'', "'\\\\'", "__import__('os')", "frozenset([1])"),
    ]
)
DOCUMENTS = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            '"""',
            "\\",
            "{{ evil }}",
            "\x00",
            ">>> import os\n>>> os.abort()",
            "x" * 5000,
            "Do.\n\nParameters\n----------\nimage : ndarray\n    I.\nx : " + "list[" * 100,
        ]
    ),
)
FUNCTIONS = st.lists(
    st.tuples(NAMES, st.lists(st.tuples(NAMES, DEFAULTS), max_size=4), DOCUMENTS),
    min_size=1,
    max_size=8,
)
ALLOWED = (
    *(ast.Module, ast.Expr, ast.Constant, ast.Import, ast.ImportFrom, ast.alias, ast.If),
    *(ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.Return, ast.Call, ast.Name, ast.Attribute),
    *(ast.Tuple, ast.List, ast.Dict, ast.Set, ast.keyword, ast.arguments, ast.arg, ast.BinOp),
    *(ast.BitOr, ast.Add, ast.Sub, ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Is, ast.IsNot),
    *(ast.In, ast.NotIn, ast.Lt, ast.LtE, ast.Eq, ast.NotEq, ast.UnaryOp, ast.Not, ast.USub),
    *(ast.Subscript, ast.Load, ast.Store, ast.IfExp, ast.Starred, ast.Pass, ast.ClassDef),
)


CALLED = {"isinstance", "locals", "globals"} | {"bytes", "bytearray", "range", "slice"}
CALLED |= {"complex", "dict", "float", "frozenset", "int", "list", "set", "tuple"}
"""The built-ins that wrappers call; the second half is part of literals."""


def source(functions: list[tuple[str, list[tuple[str, str]], str]]) -> str:
    """Return a module that parses, whatever its functions are called."""
    lines = ['__version__ = "1"']
    for name, parameters, document in functions:
        names = list(dict.fromkeys(["image", *(parameter for parameter, _ in parameters)]))
        defaults = dict(parameters)
        listed = ", ".join(
            each if each == "image" else f"{each}={defaults[each]}" for each in names
        )
        text = f"def {name}({listed}):\n    {document!r}\n    return image\n"
        try:
            compile(text, "x", "exec")
        except (SyntaxError, ValueError, UnicodeEncodeError):
            continue
        lines.append(text)
    return "\n".join(lines)


@hypothesis.given(functions=FUNCTIONS)
@hypothesis.settings(FUZZ, max_examples=25)
def test_what_is_written_of_any_library_compiles_and_holds_only_plain_statements(
    functions: list[tuple[str, list[tuple[str, str]], str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    text = source(functions)
    hypothesis.assume("def " in text)
    (folder / "hostile.py").write_text(text, encoding="utf-8", errors="surrogatepass")
    # It needs a device that nobody has, so it is read and not imported.
    spec = LibrarySpec(name="hostile", modules=("hostile",), device="cuda")
    reading = read_library(spec, [folder], anew=True)
    state = LibraryState(reading.inventory, reading.descriptions, observations={})
    package = assemble_package({"hostile": state}, Record(manifest=Manifest(libraries={})))
    package, files = settled(package, folder / "out", Silent(), prove=False)
    library = package.manifest.libraries["hostile"]
    assert {*library.functions} | {*library.excluded} == {
        name.name for name in reading.inventory.names
    }
    module = files["hostile.py"]
    compile(module, "hostile.py", "exec", dont_inherit=True)
    tree = ast.parse(module)
    imported = {
        alias.asname or alias.name: node.module or ""
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        assert isinstance(node, ALLOWED), ast.unparse(node)
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] in (
                *("__future__", "builtins", "collections", "hostile", "numpy", "os", "types"),
                *("typing", "voxbind"),
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            of_runtime = imported.get(name, "").partition(".")[0] in ("voxbind", "builtins")
            assert of_runtime or name in CALLED, name
    compiled = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert {node.name for node in compiled} >= {
        name.rpartition(".")[2]
        for name, function in library.functions.items()
        if function.form == "function"
    }
