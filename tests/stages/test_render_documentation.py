"""Docstrings: what upstream wrote, as whole numpydoc that an editor shows."""

from __future__ import annotations

import doctest
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.synthetic_library import function, manifest, parameter
from voxbind_build.model import Returns
from voxbind_build.render.docs.documentation import document
from voxbind_build.render.docs.examples import Examples
from voxbind_build.render.docs.markup import plain
from voxbind_build.render.docs.section_layout import read, write

LIBRARY = manifest(
    function(parameter("image"), original_name="f", definition="made._inner:f"),
    function(parameter("image"), original_name="g", definition="made._inner:g"),
    modules=("made.up",),
)
EXAMPLES = Examples(LIBRARY)


def documented(doc: str, *parameters: Any, switch: bool = False, **facts: Any) -> str:
    return document(function(*parameters, doc=textwrap.dedent(doc), **facts), switch, EXAMPLES)


def section(text: str, title: str) -> str:
    return read(text).bodies.get(title, "")


# --- sections ----------------------------------------------------------------------------

UNORDERED = """\
Do it.

Examples:
---------
>>> 1 + 1
2
Notes
=====
Old rules.

Args
----
image: array
    The image.
Return
------
array
    The result.
See also
--------
g
Caveats
-------
None.
Raises
------
"""


def test_sections_have_numpydocs_titles_and_order_and_none_is_empty() -> None:
    text = write(read(UNORDERED))
    titles = [
        line
        for line, rule in zip(text.split("\n"), text.split("\n")[1:], strict=False)
        if rule == "-" * len(line) and line
    ]
    assert titles == ["Parameters", "Returns", "See Also", "Notes", "Examples"]
    assert "**Caveats**\n\nNone." in text


@given(st.lists(st.sampled_from(UNORDERED.split("\n"))).map("\n".join))
def test_writing_what_was_written_changes_nothing(text: str) -> None:
    once = write(read(text))
    assert write(read(once)) == once


def test_examples_that_follow_the_examples_still_follow_them() -> None:
    text = write(read("F.\n\nExamples\n--------\n>>> a = 1\n\nNotes\n-----\nSo:\n\n>>> a\n1"))
    assert text.index("a = 1") < text.index("So:")


GOOGLE = """\
Multi-dimensional filter.

Args:
    input (cupy.ndarray): The input array.
    sigma (scalar or
        sequence of scalar): Deviations, at least
        one: see below.

        A single value applies to all axes.
    mode: How.
    **kwargs (dict): More.

Returns:
    {}

Raises:
    ValueError: If it is
        wrong.

.. seealso:: :func:`scipy.ndimage.f`

Example:
    >>> 1 + 1
    2
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "cupy.ndarray: The result,\n        filtered.",
            "cupy.ndarray\n    The result,\n    filtered.",
        ),
        ("tuple of (int, float): Two: one each.", "tuple of (int, float)\n    Two: one each."),
        ("The result. It is: filtered.", "array\n    The result. It is: filtered."),
    ],
)
def test_googles_sections_become_numpydocs(written: str, expected: str) -> None:
    text = documented(
        GOOGLE.format(written),
        *(parameter(name) for name in ("input", "sigma", "mode")),
        parameter("kwargs", "VAR_KEYWORD"),
        returns=Returns(annotation="Array", annotation_source="observed"),
    )
    assert read(text).bodies == {
        "Parameters": (
            "input : cupy.ndarray\n    The input array.\n"
            "sigma : scalar or sequence of scalar\n    Deviations, at least\n    one: see below."
            "\n\n"
            "    A single value applies to all axes.\n"
            "mode : object\n    How.\n**kwargs : dict\n    More."
        ),
        "Returns": expected,
        "Raises": "ValueError\n    If it is\n    wrong.",
        "Notes": "See also: `scipy.ndimage.f`",
        "Examples": ">>> 1 + 1\n2",
    }


# --- parameters --------------------------------------------------------------------------

LISTED = [
    pytest.param(
        "a: int\n    One.", "a : int\n    One.\nb : object", id="no space before the colon"
    ),
    pytest.param("a : int\n", "a : int\nb : object", id="no text"),
    pytest.param(
        "b : int\n    Two.\na : int\n    One.",
        "a : int\n    One.\nb : int\n    Two.",
        id="another order",
    ),
    pytest.param("a, b : int\n    Both.", "a, b : int\n    Both.", id="together"),
    pytest.param("b, a : int\n    Both.", "a, b : int\n    Both.", id="together in another order"),
    pytest.param("a : int\nc : str\n    Two.", "a : int\nb : str\n    Two.", id="renamed"),
    pytest.param("a : int\na : str\n    Two.", "a : int\nb : str\n    Two.", id="named twice"),
    pytest.param(
        "a : int\n* : *\n    See g.", "a : int\nb : object\n    See g.", id="the rest elsewhere"
    ),
    pytest.param("a : Optional[Image] (= None)", "a : Image, optional\nb : object", id="optional"),
    pytest.param("a : float (= 1.5)", "a : float, default: 1.5\nb : object", id="default"),
    pytest.param("a\n    One.", "a : object\n    One.\nb : object", id="no type"),
    pytest.param(
        "a : DEPRECATED\n    Gone.\na : int\n    One.",
        "a : int\n    One.\n\n    Gone.\nb : object",
        id="deprecated",
    ),
    pytest.param("", "a : object\nb : object", id="nothing"),
]


@pytest.mark.parametrize(("written", "expected"), LISTED)
def test_each_parameter_is_named_once_in_the_signatures_order(written: str, expected: str) -> None:
    text = documented(f"F.\n\nParameters\n----------\n{written}", parameter("a"), parameter("b"))
    assert section(text, "Parameters") == expected


UNDOCUMENTED = [
    ({"annotation": "Array | None", "default": "None"}, "x : array, optional"),
    ({"annotation": "int", "default": "3"}, "x : int, default: 3"),
    ({"annotation": "dict[Any, Any] | tuple[Any, ...]"}, "x : dict or tuple"),
    ({"annotation": "collections.abc.Sequence[int]"}, "x : Sequence[int]"),
    ({"annotation": "Any", "kind": "VAR_KEYWORD"}, "**x : dict, optional"),
    ({"annotation": "Any", "kind": "VAR_POSITIONAL"}, "*x : tuple, optional"),
    ({"default": "lib.DEPRECATED", "default_is_literal": False}, "x : DEPRECATED"),
]


@pytest.mark.parametrize(("facts", "expected"), UNDOCUMENTED)
def test_what_upstream_forgot_is_named_with_its_type(facts: dict[str, Any], expected: str) -> None:
    assert section(documented("F.", parameter("x", **facts)), "Parameters") == expected


def test_keywords_that_are_handed_on_are_documented_where_they_go() -> None:
    text = documented(
        "F.\n\nParameters\n----------\na : int\n\n"
        "Other Parameters\n----------------\nK : float\n    One.",
        parameter("a"),
        parameter("kwargs", "VAR_KEYWORD"),
        switch=True,
    )
    listed = section(text, "Parameters")
    assert listed.index("slice_by_slice") < listed.index("**kwargs : dict, optional")
    assert listed.endswith("Among them:\n\n    K : float\n        One.")
    assert section(text, "Other Parameters") == ""


# --- results -----------------------------------------------------------------------------

RESULTS = [
    ("", "Array", "labels", "array\n    A label image."),
    ("", "None", "other", ""),
    ("Image", "Array", "mask", "Image\n    A mask."),
    ("out : Image", "Array", "mask", "out : Image\n    A mask."),
    ("out : Image\n    Said.", "Array", "mask", "out : Image\n    Said."),
    (
        "a : Image\nn : int",
        "Any",
        ("labels", "scalar"),
        "a : Image\n    A label image.\nn : int\n    A number.",
    ),
]


@pytest.mark.parametrize(("written", "annotation", "kind", "expected"), RESULTS)
def test_results_say_what_they_are(written: str, annotation: str, kind: Any, expected: str) -> None:
    text = documented(
        f"F.\n\nReturns\n-------\n{written}",
        parameter("image"),
        result=kind,
        returns=Returns(annotation=annotation, annotation_source="observed"),
    )
    assert section(text, "Returns") == expected


# --- marks that Sphinx alone knows ---------------------------------------------------------

MARKS = [
    (".. versionadded:: 0.16", "Added in version 0.16."),
    (".. versionchanged:: 2.0\n    Now `x`\n    too.", "Changed in version 2.0: Now `x`\ntoo."),
    ("    .. deprecated:: 1.0 Use g.\n", "    Deprecated since version 1.0: Use g."),
    (".. note::\n    Mind this.\n\nThen.", "Note: Mind this.\n\nThen."),
    (".. math::\n\n    x = 1\n\nThen.", "::\n\n    x = 1\n\nThen."),
    (".. math:: x = 1", "::\n\n    x = 1"),
    (".. code-block:: python\n   :linenos:\n\n   if x:\n       y", "::\n\n    if x:\n        y"),
    (".. [1] A. B,\n       C.\n.. [2] D.", "[1] A. B,\n    C.\n\n[2] D."),
    ("Seen [1]_ [2]_.", "Seen [1] [2]."),
    ("By :func:`~pkg.f` and :math:`a_b`.", "By `pkg.f` and `a_b`."),
    (":ref:`a table <there>`", "`a table`"),
    (":DOI:`10.1/2`", "https://doi.org/10.1/2"),
    ("The `site\n<https://a.b>`_.", "The site (https://a.b)."),
    ("As `said`_.\n\n.. _said: https://a.b", "As said (https://a.b)."),
    (":func:`f`\n    ..\n:func:`g`\n    ..", "`f`\n`g`"),
    ("`a_`, ``b_`` and `c`", "`a_`, ``b_`` and `c`"),
    (">>> x = '[1]_'\n>>> x\n'[1]_'", ">>> x = '[1]_'\n>>> x\n'[1]_'"),
]


@pytest.mark.parametrize(("written", "expected"), MARKS)
def test_directives_roles_and_targets_become_text(written: str, expected: str) -> None:
    assert plain(written).strip("\n") == expected
    assert plain(plain(written)) == plain(written)


# --- examples ----------------------------------------------------------------------------

REWRITTEN = [
    (
        "from made.up import f",
        "from voxbind.made.up import f",
    ),
    (
        "from made.up import f as h, stray  # +SKIP",
        "from voxbind.made.up import f as h  # +SKIP | from made.up import stray  # +SKIP",
    ),
    (
        "from made._inner import g",
        "from voxbind.made.up import g",
    ),
    (
        "from made import up, data | up.f(data.x)",
        "from voxbind.made import up | from made import data | up.f(data.x)",
    ),
    (
        "import made.up as u | u.f(1)",
        "from voxbind.made import up as u | u.f(1)",
    ),
    (
        "import made.up | made.up.f(1)",
        "from voxbind import made | made.up.f(1)",
    ),
    (
        "import made as m | m.up.f(m.data.x)",
        "from voxbind import made as m | from made import data | m.up.f(data.x)",
    ),
    (
        "import made as m | data = 1 | m.up.f(m.data)",
        "from voxbind import made as m | from made import data as data_ | data = 1 | m.up.f(data_)",
    ),
    (
        "import made as m | m.data.x",
        "import made as m | m.data.x",
    ),
    (
        "import numpy, made | made.up.f(numpy.e)",
        "from voxbind import made | import numpy | made.up.f(numpy.e)",
    ),
    (
        "import made | made = 1",
        "import made | made = 1",
    ),
    (
        "f(np.ones(3))  # é",
        "import numpy as np | from voxbind.made.up import f | f(np.ones(3))  # é",
    ),
    (
        "x = [f for f in 'ab']",
        "x = [f for f in 'ab']",
    ),
    (
        "import elsewhere | elsewhere.up.f",
        "import elsewhere | elsewhere.up.f",
    ),
]
"""Statements before and after, with bars between them."""


@pytest.mark.parametrize(("written", "expected"), REWRITTEN)
def test_examples_go_through_voxbind_and_import_what_they_use(written: str, expected: str) -> None:
    once = EXAMPLES.rewrite(f">>> {written}".replace(" | ", "\n>>> "), "made.up")
    assert once == f">>> {expected}".replace(" | ", "\n>>> ")
    assert EXAMPLES.rewrite(once, "made.up") == once


def test_an_example_over_lines_keeps_its_prompts_and_its_output() -> None:
    rest = "  >>> if f:\n  ...     g(1)\n  ...\n  2\n\nB."
    text = f"A:\n\n  >>> from made.up import (f,\n  ...                      g)\n{rest}"
    expected = f"A:\n\n  >>> from voxbind.made.up import f, g\n{rest}"
    assert EXAMPLES.rewrite(text, "made.up") == expected


@pytest.mark.parametrize("text", [">>>f", ">>> def", ">>> f\n  2", "No examples."])
def test_what_doctest_cannot_read_stays_as_it_is(text: str) -> None:
    assert EXAMPLES.rewrite(text, "made.up") in (text, f">>> from voxbind.made.up import f\n{text}")


def test_other_tools_options_are_no_obstacle() -> None:
    assert "FLOAT_COMPARED" not in doctest.OPTIONFLAGS_BY_NAME
    assert EXAMPLES.rewrite(">>> f  # doctest: +FLOAT_COMPARED", "made.up").startswith(
        ">>> from voxbind.made.up import f\n"
    )
