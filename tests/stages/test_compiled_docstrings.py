"""Docstrings of compiled functions lose their signatures, and Doxygen's become numpydoc."""

from __future__ import annotations

import pytest

from voxbind_build.describe.compiled_docstrings import readable
from voxbind_build.describe.docstrings import parse

OPENCV = """f(src, ksize[, dst]) -> dst
.   @brief Blurs an image @cite Canny86 .
.
.   The function uses \\f$K\\f$, see #BorderTypes.
.
.   @note In-place.
.
.   @param src input image
.   of any depth.
.   @param[out] dst output image.
.   @param ksize size.
.   @return nothing
.   @sa  blur, boxFilter



f(src) -> dst
.   @overload
.   @param src again.
"""


def test_doxygen_becomes_numpydoc() -> None:
    assert readable(OPENCV, "f").split("\n") == [
        "Blurs an image .",
        "",
        "The function uses $K$, see BorderTypes.",
        "",
        "Parameters",
        "----------",
        "src",
        "    input image",
        "    of any depth.",
        "dst",
        "    output image.",
        "ksize",
        "    size.",
        "",
        "Notes",
        "-----",
        "In-place.",
        "",
        "Returns",
        "-------",
        "result",
        "    nothing",
        "",
        "See Also",
        "--------",
        "blur, boxFilter",
    ]
    assert parse(readable(OPENCV, "f")).parameters["src"].text == "input image\nof any depth."


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("y = f(x, out={new})\n\n    Blur.\n\n    More.", "Blur.\n\nMore."),
        ("\n  f(Image a, int n=2) -> Image\n", ""),
        ("f(x)", ""),
        # Without a signature in the first line, and for long signatures, nothing changes.
        ("Blur, as f(x) does.\n\nf(x)", "Blur, as f(x) does.\n\nf(x)"),
        ("f(a,\n  b)\nBlur.", "f(a,\n  b)\nBlur."),
        ("g(x)\nBlur.", "g(x)\nBlur."),
        ("f(x)\n\nNotes\n-----\nMore.\n", "Notes\n-----\nMore."),
        ("", ""),
    ],
)
def test_signatures_are_left_out(docstring: str, expected: str) -> None:
    assert readable(docstring, "f") == expected


def test_signatures_of_several_overloads_are_noted() -> None:
    text = readable("f(Image a)\nf(Image a, Image b)\n", "f")
    assert (
        text
        == "Notes\n-----\nSignatures in the library::\n\n    f(Image a)\n    f(Image a, Image b)"
    )


def test_formulas_keep_their_commands() -> None:
    formula = ["\\f[", "\\begin{bmatrix}", "a & b", "\\end{bmatrix}", "\\f]"]
    lines = [
        "f(src) -> dst",
        "@brief Blurs.",
        *formula,
        "@param src image,",
        "\\alpha times @ref g.",
    ]
    text = readable("\n.   ".join(lines), "f")
    assert "$\n\\begin{bmatrix}\na & b\n\\end{bmatrix}\n$" in text
    assert parse(text).parameters["src"].text == "image,\n\\alpha times g."
