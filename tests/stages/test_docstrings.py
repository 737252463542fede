"""The one reader of docstrings: sections in both styles, and the entries of a section."""

from __future__ import annotations

import json
import re
import textwrap
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpydoc.docscrape import NumpyDocString

from voxbind_build.common.docstrings import TITLES, Entry, Section, entries, split
from voxbind_build.describe.docstrings import parse
from voxbind_build.render.docs.google import numpydoc
from voxbind_build.render.docs.section_layout import read

MANIFEST = Path(__file__).parents[2] / "generated" / "voxbind" / "manifest.json"

# --- sections ----------------------------------------------------------------------------

NUMPYDOC = """\
    Do.

    More of it.

    Parameters
    ----------
    x : int

    Returns
    -------
    float
"""
GOOGLE = """\
    Do.

    Args:
        x (int): One.

    Returns:
        float: Two.

    .. seealso:: g
"""
SECTIONS = {
    "numpydoc": (
        NUMPYDOC,
        "Do.\n\nMore of it.",
        [("Parameters", "x : int"), ("Returns", "float")],
    ),
    "Google": (
        GOOGLE,
        "Do.",
        [("Parameters", "x (int): One."), ("Returns", "float: Two."), ("Notes", ".. seealso:: g")],
    ),
    "no section": ("Do.\n\nNote: not one.\n", "Do.\n\nNote: not one.", []),
    "nothing": ("", "", []),
    "a title with a colon and a rule of another kind": (
        "Do.\n\nArguments:\n==========\nx : int\n",
        "Do.",
        [("Parameters", "x : int")],
    ),
    "titles in lower case, of one and of several words": (
        "Do.\n\nOther parameters\n----------------\nx\n\nSee also\n--------\ng\n",
        "Do.",
        [("Other Parameters", "x"), ("See Also", "g")],
    ),
    "titles that only the one reader of a style knew": (
        "Do.\n\nParams:\n    x (int): One.\n\nYield:\n    int: Two.\n\nExample:\n    >>> 1\n",
        "Do.",
        [("Parameters", "x (int): One."), ("Yields", "int: Two."), ("Examples", ">>> 1")],
    ),
    "the same titles with rules": (
        "Do.\n\nParams\n------\nx\n\nYield\n-----\nint\n\nReference\n---------\n[1]\n",
        "Do.",
        [("Parameters", "x"), ("Yields", "int"), ("References", "[1]")],
    ),
    "Google titles in lower case": (
        "Do.\n\nargs:\n  x: One.\n",
        "Do.",
        [("Parameters", "x: One.")],
    ),
    "a section that comes twice": (
        "Do.\n\nNotes\n-----\nOne.\n\nNotes\n-----\nTwo.\n",
        "Do.",
        [("Notes", "One."), ("Notes", "Two.")],
    ),
    "a title that is unknown": ("Do.\n\nCaveats\n-------\nNo.\n", "Do.", [("Caveats", "No.")]),
    "an empty section": ("Do.\n\nReturns\n-------\n", "Do.", [("Returns", "")]),
    "Google's before numpydoc's": (
        "Do.\n\nArgs:\n    x (int): One.\n\nExamples\n--------\n>>> 1\n",
        "Do.",
        [("Parameters", "x (int): One."), ("Examples", ">>> 1")],
    ),
    "numpydoc's parameters leave Google's titles alone": (
        "Do.\n\nParameters\n----------\nx : int\n\nReturns:\n    str: Text.\n",
        "Do.",
        [("Parameters", "x : int\n\nReturns:\n    str: Text.")],
    ),
    "a table is no heading": (
        "Do.\n\n===  ===\na    b\n===  ===\n\nArgs:\n    x: One.\n",
        "Do.\n\n===  ===\na    b\n===  ===",
        [("Parameters", "x: One.")],
    ),
    "text between Google's sections": (
        "Do.\n\nArgs:\n    x: One.\n\nFirst.\n\nReturns:\n    int: Two.\n\nSecond.\n",
        "Do.",
        [("Parameters", "x: One."), ("Returns", "int: Two."), ("Notes", "First.\n\nSecond.")],
    ),
    "a title with no indented line": ("Do.\n\nNote:\nText.\n", "Do.\n\nNote:\nText.", []),
}


@pytest.mark.parametrize(
    ("docstring", "introduction", "sections"), SECTIONS.values(), ids=SECTIONS.keys()
)
def test_a_docstring_is_split_at_its_headings(
    docstring: str, introduction: str, sections: list[tuple[str, str]]
) -> None:
    found = split(textwrap.dedent(docstring))
    assert found.introduction.strip() == introduction
    assert [(each.title, each.body.strip()) for each in found.sections] == sections


# --- entries -----------------------------------------------------------------------------

Rows = list[tuple[tuple[str, ...], str, str]]
ENTRIES: dict[str, tuple[str, str, Rows]] = {
    "name : type": ("Parameters", "x : int\n    Text.", [(("x",), "int", "Text.")]),
    "name: type": ("Parameters", "x: int", [(("x",), "int", "")]),
    "name :": ("Parameters", "x :\n    Text.", [(("x",), "", "Text.")]),
    "name": ("Parameters", "x\n    Text.", [(("x",), "", "Text.")]),
    "names": ("Parameters", "x, y : int", [(("x", "y"), "int", "")]),
    "asterisks": ("Parameters", "*args, **kwargs : any", [(("args", "kwargs"), "any", "")]),
    "marked names": ("Parameters", "`x`, **y** : int", [(("x", "y"), "int", "")]),
    "the rest": ("Parameters", "x, ... : int", [(("x", "..."), "int", "")]),
    "a type with colons": ("Parameters", "x : {a: b} : c", [(("x",), "{a: b} : c", "")]),
    "a backslash": ("Parameters", "x : {'a',       'b'}", [(("x",), "{'a', 'b'}", "")]),
    "prose": ("Parameters", "All that f takes.", [((), "All that f takes.", "")]),
    "paragraphs": (
        "Parameters",
        "x\n    One.\n\n      - two\n\ny\n",
        [(("x",), "", "One.\n\n  - two"), (("y",), "", "")],
    ),
    "outdented": ("Parameters", "x\n      One.\n    Two.", [(("x",), "", "One.\nTwo.")]),
    "indented as a whole": (
        "Parameters",
        "    x : int\n        One.\n    y : str",
        [(("x",), "int", "One."), (("y",), "str", "")],
    ),
    "a result's type": ("Returns", "ndarray\n    Text.", [((), "ndarray", "Text.")]),
    "a result": ("Returns", "labels: ndarray", [(("labels",), "ndarray", "")]),
    "a result of two words": ("Returns", "p-value : float", [(("p-value",), "float", "")]),
    "a tuple": ("Returns", "(a, b) : tuple", [(("(a, b)",), "tuple", "")]),
    "two results": ("Returns", "a, b : float", [(("a", "b"), "float", "")]),
    "an error": ("Raises", "ValueError\n    If so.", [((), "ValueError", "If so.")]),
    "no entry": ("Parameters", "", []),
}
GOOGLE_ENTRIES: dict[str, tuple[str, str, Rows]] = {
    "name (type): text": ("Parameters", "x (int): Text.", [(("x",), "int", "Text.")]),
    "name: text": ("Parameters", "x: Text: more.", [(("x",), "", "Text: more.")]),
    "no colon": ("Parameters", "a line that is none", [((), "a line that is none", "")]),
    "a role": ("Parameters", "x (:class:`A`): T.", [(("x",), ":class:`A`", "T.")]),
    "nested brackets": ("Parameters", "x (A(1, [2])): T.", [(("x",), "A(1, [2])", "T.")]),
    "a type over two lines": (
        "Parameters",
        "x (int or\n    str): T.",
        [(("x",), "int or str", "T.")],
    ),
    "a text over two lines": (
        "Parameters",
        "x: One\n    two.\n\n      - three\n*y: Four.",
        [(("x",), "", "One\ntwo.\n\n  - three"), (("y",), "", "Four.")],
    ),
    "a result's type": ("Returns", "ndarray: Text.", [((), "ndarray", "Text.")]),
    "a result's text goes on": (
        "Returns",
        "ndarray: One\ntwo: 3.",
        [((), "ndarray", "One\ntwo: 3.")],
    ),
    "a second paragraph": ("Returns", "ndarray: One.\n\nTwo.", [((), "ndarray", "One.\n\nTwo.")]),
    "a sentence": ("Returns", "The result. It is: this.", [((), "", "The result. It is: this.")]),
    "a type alone on its line": ("Returns", "ndarray:\n    Text.", [((), "ndarray", "Text.")]),
    "a dictionary": ("Returns", "dict[str: int]: T.", [((), "dict[str: int]", "T.")]),
    "named results": (
        "Returns",
        "a (int): One.\nb (str): Two.",
        [(("a",), "int", "One."), (("b",), "str", "Two.")],
    ),
    "results in bold, with an introduction": (
        "Returns",
        "Both of.\n\n**a (int)**: One.\n\n**b (str)**: Two.",
        [((), "", "Both of."), (("a",), "int", "One."), (("b",), "str", "Two.")],
    ),
    "results in bold, introduced by what looks like a type": (
        "Returns",
        "Both of:\n\n**a (int)**: One.",
        [((), "Both of", ""), (("a",), "int", "One.")],
    ),
    "an error": (
        "Raises",
        "ValueError: If so\n    or so.",
        [((), "ValueError", "If so\nor so.")],
    ),
    "an error's role": ("Raises", ":class:`lib.E`: If so.", [((), ":class:`lib.E`", "If so.")]),
    "an error alone": (
        "Raises",
        "ValueError\nKeyError",
        [((), "ValueError", ""), ((), "KeyError", "")],
    ),
    "no entry": ("Returns", "", []),
}


@pytest.mark.parametrize(("title", "body", "rows"), ENTRIES.values(), ids=ENTRIES.keys())
def test_a_numpydoc_section_has_entries(title: str, body: str, rows: Rows) -> None:
    assert entries(Section(title, body)) == [Entry(*row) for row in rows]


@pytest.mark.parametrize(
    ("title", "body", "rows"), GOOGLE_ENTRIES.values(), ids=GOOGLE_ENTRIES.keys()
)
def test_a_google_section_has_entries(title: str, body: str, rows: Rows) -> None:
    assert entries(Section(title, body, "google")) == [Entry(*row) for row in rows]


# --- what holds of any docstring ---------------------------------------------------------

lines = st.sampled_from(
    [
        *("Parameters", "----------", "Returns", "-------", "Params:", "Yield:", "Notes", "====="),
        *(
            "Args:",
            "Returns:",
            "x : int",
            "    x (int): Text.",
            "    Text.",
            "\ttabs",
            "",
            "  ",
            ":",
        ),
        *("Other Parameters:", "        deep", "`x`, *y : (a", "    (x): y", "**a (int)**: b"),
    ]
)


@given(st.one_of(st.lists(lines, max_size=14).map("\n".join), st.text()))
def test_any_text_is_read(docstring: str) -> None:
    found = split(docstring)
    assert docstring.startswith(found.introduction)
    for section in found.sections:
        for entry in entries(section):
            assert entry.names or entry.type or entry.text
            assert all(entry.names) or len(entry.names) > 1


@given(st.lists(lines, max_size=14).map("\n".join))
def test_both_stages_read_the_same_parameters(docstring: str) -> None:
    described = {name for name in parse(docstring).parameters if name != "..."}
    bodies = read(numpydoc(docstring)).bodies
    rendered = {
        name
        for title in ("Parameters", "Other Parameters")
        for entry in entries(Section(title, bodies.get(title, "")))
        for name in entry.names
    }
    assert described <= rendered


# --- what the libraries write ------------------------------------------------------------


def documentation() -> dict[str, str]:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return {
        name: function["doc"]
        for library in manifest["libraries"].values()
        for name, function in library["functions"].items()
        if function["doc"]
    }


def referee(section: Section) -> list[tuple[str, str, str]]:
    """Read a section as numpydoc itself does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rule = "-" * len(section.title)
        found = NumpyDocString(f"T\n\n{section.title}\n{rule}\n{section.body}\n")[section.title]
    return [(each.name, each.type, "\n".join(each.desc).strip()) for each in found]


def bare(head: str) -> str:
    """Return a head without its marks, which part names from types."""
    return re.sub(r"[\s:*`]", "", head)


@pytest.mark.parametrize(("title", "least"), [("Parameters", 4000), ("Returns", 1000)])
def test_numpydoc_reads_the_libraries_sections_alike(title: str, least: int) -> None:
    count = 0
    for name, doc in documentation().items():
        for section in split(doc).sections:
            if section.title != title or section.style != "numpydoc":
                continue
            for ours, theirs in zip(entries(section), referee(section), strict=True):
                assert ours.text == theirs[2], name
                assert bare(ours.name + ours.type) == bare(theirs[0] + theirs[1]), name
                if ours.names and theirs[0] and theirs[1]:
                    assert ours.type == theirs[1], name
                count += 1
    assert count > least


def test_every_section_of_the_libraries_has_one_of_numpydocs_titles() -> None:
    unknown = {
        section.title
        for doc in documentation().values()
        for section in split(doc).sections
        if section.title not in TITLES
    }
    assert unknown <= {"Extra Parameters", "Additional Parameters"}
