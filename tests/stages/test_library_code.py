"""Which changes of a library's source change the digests of a function's code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from voxbind_build.common.library_code import digests_of

SOURCE = {
    "__init__.py": "from .filters import blur\n",
    "filters/__init__.py": "import lazy\n__getattr__ = lazy.attach_stub(__name__)\n",
    "filters/__init__.pyi": "from ._blur import blur, sharpen\n",
    "filters/_blur.py": """
        import numpy as np
        from .._shared import utils
        from .._shared.checks import check as _check
        from .. import _shared

        WIDTH = 3

        @utils.documented
        def blur(image: np.ndarray, width: int = WIDTH) -> np.ndarray:
            \"\"\"Blur an image.\"\"\"
            from ..more import rounded
            return rounded(_mean(_check(image), width))

        def _mean(image, width):  # of the neighbours
            return np.convolve(image, np.ones(width) / width)

        def sharpen(image):
            return 2 * image - blur(image)
        """,
    "_shared/__init__.py": "",
    "_shared/utils.py": """
        def documented(function):
            return function

        def unused():
            return 1
        """,
    "_shared/checks.py": "def check(image):\n    return image\n",
    "more.py": "def rounded(image):\n    return image.round()\n",
    "compiled.py": """
        from . import _fast
        from ._other import run
        from .filters import sharpen
        import importlib

        backend = importlib.import_module("toy._fast")

        def of_module(image):
            return _fast.run(image)

        def of_name(image):
            return run(image)

        def of_backend(image):
            return backend.run(image)

        def of_python(image):
            return sharpen(image)
        """,
    "ways.py": """
        from .more import *
        from . import _shared

        TABLE = {}
        TABLE["sizes"] = len

        def by_star(image):
            return rounded(image)

        def by_dots(image):
            return _shared.checks.check(image)

        def by_table(image):
            return TABLE["sizes"](image)
        """,
    "_fast.cpython-311-x86_64-linux-gnu.so": "",
    "_other.pyd": "",
}


def written(text: str) -> str:
    lines = text.splitlines()
    if lines and not lines[0]:
        lines = [line.removeprefix("        ") for line in lines[1:]]
    return "\n".join(lines) + "\n"


def package(folder: Path, changes: dict[str, tuple[str, str]]) -> Path:
    for path, text in SOURCE.items():
        file = folder / "toy" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before, after = changes.get(path, ("", ""))
        assert before in text
        file.write_text(written(text.replace(before, after)))
    return folder / "toy"


def digests(folder: Path, module: str, name: str, **changes: tuple[str, str]) -> tuple[str, str]:
    return digests_of("toy", [package(folder, changes)], None)(module, name)


@pytest.mark.parametrize(
    ("path", "before", "after", "changes"),
    [
        ("filters/_blur.py", "Blur an image.", "Smooth an image.", ""),
        ("filters/_blur.py", "  # of the neighbours", "", ""),
        ("filters/_blur.py", "width: int =", "width: float =", ""),
        ("filters/_blur.py", "-> np.ndarray", "-> object", ""),
        ("filters/_blur.py", "2 * image", "3 * image", ""),
        ("filters/_blur.py", "np.ones(width) / width", "(np.ones(width)\n    / width)", ""),
        ("_shared/utils.py", "return 1", "return 2", ""),
        ("filters/_blur.py", "= WIDTH", "= 5", "own"),
        ("filters/_blur.py", "WIDTH = 3", "WIDTH = 5", "own"),
        ("filters/_blur.py", "@utils.documented", "", "both"),
        ("filters/_blur.py", "np.ones(width)", "np.ones(width + 1)", "own"),
        ("filters/_blur.py", "import numpy as np", "import cupy as np", "own"),
        ("_shared/utils.py", "return function", "return print", "shared"),
        ("_shared/checks.py", "return image", "return image + 1", "shared"),
        ("more.py", "image.round()", "image", "shared"),
    ],
)
def test_code_counts_that_can_change_a_result(
    tmp_path: Path, path: str, before: str, after: str, changes: str
) -> None:
    then = digests_of("toy", [package(tmp_path / "then", {})], None)
    now = digests_of("toy", [package(tmp_path / "now", {path: (before, after)})], None)
    own, shared = (
        one != other
        for one, other in zip(
            then("toy.filters._blur", "blur"), now("toy.filters._blur", "blur"), strict=True
        )
    )
    assert own is (changes in ("own", "both"))
    assert shared is (changes in ("shared", "both"))


@pytest.mark.parametrize(
    ("name", "path", "before", "after"),
    [
        ("by_star", "more.py", "image.round()", "image"),
        ("by_dots", "_shared/checks.py", "return image", "return image + 1"),
        ("by_table", "ways.py", "= len", "= id"),
    ],
)
def test_code_counts_in_whichever_way_a_function_names_it(
    tmp_path: Path, name: str, path: str, before: str, after: str
) -> None:
    then = digests(tmp_path / "then", "toy.ways", name)
    change = {path: (before, after)}
    now = digests_of("toy", [package(tmp_path / "now", change)], None)("toy.ways", name)
    assert then != now


@pytest.mark.parametrize("name", ["of_module", "of_name", "of_backend"])
def test_compiled_code_has_no_digest(tmp_path: Path, name: str) -> None:
    own, shared = digests(tmp_path, "toy.compiled", name)
    assert own
    assert shared == "compiled"


def test_names_that_a_stub_lists_are_followed(tmp_path: Path) -> None:
    then = digests(tmp_path / "then", "toy.compiled", "of_python")
    change = {"filters/_blur.py": ("2 * image", "3 * image")}
    now = digests_of("toy", [package(tmp_path / "now", change)], None)("toy.compiled", "of_python")
    assert then[0] == now[0]
    assert "compiled" != then[1] != now[1]


def test_a_function_without_source_has_no_digest_of_its_own(tmp_path: Path) -> None:
    assert digests(tmp_path, "toy._fast", "run") == ("", "compiled")
    assert digests(tmp_path, "toy.unheard_of", "run") == ("", "")


def test_digests_are_the_same_on_each_python(tmp_path: Path) -> None:
    """These were made by Python 3.11, 3.12 and 3.13: a tree's fields differ between them."""
    assert digests(tmp_path, "toy.filters._blur", "blur") == EXPECTED, sys.version


EXPECTED = ("3166f97fe1efb3be", "83f2df683a164d3e")
