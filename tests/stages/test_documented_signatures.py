"""The signature of a compiled function is read from the first lines of its documentation."""

from __future__ import annotations

import pytest

from voxbind_build.discover.documented_signatures import documented_signature, is_unknown
from voxbind_build.model import SourceParameter

OF_LIBRARY = "<default>"
ARGS = SourceParameter(name="args", kind="VAR_POSITIONAL")
KWARGS = SourceParameter(name="kwargs", kind="VAR_KEYWORD")

# Docstring -> (name, default, type) of each parameter; None if it is no signature.
CASES = {
    # OpenCV
    "f(src, ksize[, dst[, sigmaY]]) -> dst\n.   @brief Blurs.": [
        ("src", None, None),
        ("ksize", None, None),
        ("dst", OF_LIBRARY, None),
        ("sigmaY", OF_LIBRARY, None),
    ],
    "f([, nfeatures[, scale]]) -> retval": [
        ("nfeatures", OF_LIBRARY, None),
        ("scale", OF_LIBRARY, None),
    ],
    # SWIG
    "f(Image image1, double sigma=1.0, bool flag=False, VectorUInt32 r=std::vector< int >(3, 1))"
    " -> Image": [
        ("image1", None, "Image"),
        ("sigma", "1.0", "float"),
        ("flag", "False", "bool"),
        ("r", OF_LIBRARY, "Sequence[int]"),
    ],
    "\n  f(Image image1, Image image2) -> Image\n  f(Image image1, double constant) -> Image\n": [
        ("image1", None, "Image"),
        ("image2", None, "Image | float"),
    ],
    "f(Image image, itk::simple::Kernel kernel=Ball, unsigned int n=2) -> Image": [
        ("image", None, "Image"),
        ("kernel", OF_LIBRARY, "Kernel"),
        ("n", "2", "int"),
    ],
    "f(Image image, Image mask, int n=2) -> Image\nf(Image image, int n=2) -> Image": [
        ("image", None, "Image"),
        ("n", "2", "int"),
    ],
    # pybind11
    "f(image: numpy.ndarray, mode: str = 'a, b', n: int = 3) -> int\n\nCount.": [
        ("image", None, "numpy.ndarray"),
        ("mode", "'a, b'", "str"),
        ("n", "3", "int"),
    ],
    "f(*args, **kwargs)\nOverloaded function.\n\n1. f(image: numpy.ndarray) -> int\n": [
        ("image", None, "numpy.ndarray")
    ],
    "f(*args, **kwargs)\n\n1. f(in: lib.Image, sigmas: list[float] = [1.0])": [
        ("in_", None, "lib.Image"),
        ("sigmas", "[1.0]", "list[float]"),
    ],
    "f(image: lib.Image, mask: lib.Image = <Image>, sizes: list[int], n: int = 1) -> lib.Image": [
        ("image", None, "lib.Image"),
        ("mask", OF_LIBRARY, "lib.Image"),
        ("sizes", OF_LIBRARY, "list[int]"),
        ("n", "1", "int"),
    ],
    # Cython
    "f(image, list[int] sizes=[1, 2], *, out=None)": [
        ("image", None, None),
        ("sizes", "[1, 2]", "list[int]"),
        ("out", "None", None),
    ],
    # f2py
    "y = f(x,n,[w,m])\n\nWrapper for ``f``.": [
        ("x", None, None),
        ("n", None, None),
        ("w", OF_LIBRARY, None),
        ("m", OF_LIBRARY, None),
    ],
    "Blur an image, as f(x) does.": None,
    "f(x, x)": None,
    "f(x": None,
    "f(class)": [("class_", None, None)],
    "f(a-b)": None,
    "f(...)": None,
    "g(x)": None,
    "": None,
}


@pytest.mark.parametrize("docstring", CASES)
def test_a_signature_is_read_in_each_style(docstring):
    parameters = documented_signature("f", docstring)
    expected = CASES[docstring]
    if expected is None:
        assert parameters is None
        return
    assert parameters is not None
    assert [(each.name, each.default, each.stub) for each in parameters] == expected


def test_arguments_are_positional_if_python_reports_only_starred_ones():
    parameters = documented_signature("f", "f(Image a, double b=1.0, int c=K) -> Image", [ARGS])
    assert parameters is not None
    # A default in C++ can't be passed on by position, so arguments from there on are `*args`.
    assert [(each.name, each.kind) for each in parameters] == [
        ("a", "POSITIONAL_ONLY"),
        ("b", "POSITIONAL_ONLY"),
        ("args", "VAR_POSITIONAL"),
    ]
    complete = documented_signature("f", "f(Image a, double b=1.0) -> Image", [ARGS])
    assert complete is not None
    assert [each.name for each in complete] == ["a", "b"]
    named = documented_signature("f", "f(Image a, int c=K) -> Image", [ARGS, KWARGS])
    assert named is not None
    assert [each.kind for each in named] == ["POSITIONAL_OR_KEYWORD"] * 2


def test_an_argument_by_position_has_the_types_of_all_overloads():
    docstring = "f(Image a, Image mask, double b=1.0) -> Image\nf(Image a, double b=1.0) -> Image"
    parameters = documented_signature("f", docstring, [ARGS])
    assert parameters is not None
    assert [(each.name, each.default, each.stub) for each in parameters] == [
        ("a", None, "Image"),
        ("b", "1.0", "float | Image"),
        ("args", None, None),
    ]


def test_a_parameter_that_is_called_like_a_keyword_is_positional():
    parameters = documented_signature("f", "f(n: int, in: lib.Image, size: int = 3) -> lib.Image")
    assert parameters is not None
    assert [(each.name, each.kind) for each in parameters] == [
        ("n", "POSITIONAL_ONLY"),
        ("in_", "POSITIONAL_ONLY"),
        ("size", "POSITIONAL_OR_KEYWORD"),
    ]


def test_only_starred_parameters_say_nothing():
    assert is_unknown(None)
    assert is_unknown([ARGS, KWARGS])
    assert not is_unknown([])
    assert not is_unknown([SourceParameter(name="image", kind="POSITIONAL_OR_KEYWORD"), KWARGS])


@pytest.mark.parametrize("text", ["[" * 100_000, "a, " * 100_000, "f(" * 100_000, "'" * 100_000])
def test_long_texts_are_no_signatures(text):
    assert documented_signature("f", f"f({text})\n" * 3) is None
