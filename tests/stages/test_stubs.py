"""Types from a library's stub files: beside the module, or in a distribution of stubs."""

from __future__ import annotations

from pathlib import Path

import pytest

from voxbind_build.describe import describe
from voxbind_build.discover import discover
from voxbind_build.model import LibrarySpec, Parameter

SOURCE = '''"""A module."""


def smooth(image, order=3, mode="a", weights=None, size=1, other=None, typed: int = 0):
    """Smooth.

    Parameters
    ----------
    image : ndarray
        Text.
    mode : str
        Text.
    size : float
        Text.
    other : int
        Text.
    typed : str
        Text.
    """
'''
STUB = """
from typing import Any, Literal, TypeAlias, TypeVar, overload
import numpy as np
import optype.numpy as onp

_Order: TypeAlias = Literal[0, 1, 2, 3]
_Mode: TypeAlias = Literal["a", "b"]
_Modes: TypeAlias = _Mode | tuple[_Mode, ...]
_T = TypeVar("_T", bound=np.generic)
_Number = TypeVar("_Number", int, float)
_Loop: TypeAlias = list[_Loop]
_OrType: TypeAlias = onp.ArrayND[_T] | type[_T]

@overload
def smooth(image: onp.ToFloatND, order: _Order = 3, mode: _Modes = "a", *, size: _Number,
           other: Unknown, typed: str) -> onp.ArrayND[np.float64]: ...
@overload
def smooth(image: onp.ToComplex, order: _Order = 3, mode: _Modes = "a",
           weights: _OrType[_T] | None = None, *, size: str, other: _Loop, typed: str) -> Any: ...
"""


def described(folder: Path) -> dict[str, Parameter]:
    spec = LibrarySpec(name="stubbed", modules=("stubbed",))
    (found,) = describe(discover(spec, [folder]))
    return {each.name: each for each in found.parameters}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    package = tmp_path / "stubbed"
    package.mkdir()
    (package / "__init__.py").write_text("from stubbed._core import smooth\n__all__ = ['smooth']\n")
    (package / "_core.py").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize("place", ["stubbed", "stubbed-stubs"])
def test_a_stub_comes_after_the_annotation_and_before_the_docstring(
    library: Path, place: str
) -> None:
    (library / place).mkdir(exist_ok=True)
    (library / place / "_core.pyi").write_text(STUB)
    found = described(library)
    assert {name: (each.annotation, each.annotation_source) for name, each in found.items()} == {
        "image": ("ArrayLike", "stub"),
        "order": ("Literal[0, 1, 2, 3]", "stub"),
        "mode": ('Literal["a", "b"] | tuple[Literal["a", "b"], ...]', "stub"),
        "weights": ("Array | type[object] | None", "stub"),
        "size": ("float | str", "stub"),
        # Not every name of the stub is known: the documentation has the word.
        "other": ("int | None", "docstring"),
        "typed": ("int", "annotation"),
    }
    assert found["other"].contradiction == "documented as 'int', but the default is None"
    assert found["mode"].documented == "str"


@pytest.mark.parametrize(
    ("library_version", "stubs_version", "source"),
    [
        ("1.14.1", "1.14.0.2", "stub"),
        ("1.14.1", "1.17.0.2", "docstring"),
        ("1.14.1", None, "stub"),
        (None, "1.17.0.2", "stub"),
    ],
)
def test_stubs_of_another_minor_version_are_not_used(
    library: Path, library_version: str | None, stubs_version: str | None, source: str
) -> None:
    (library / "stubbed-stubs").mkdir()
    (library / "stubbed-stubs" / "_core.pyi").write_text(STUB)
    for name, version in (("stubbed", library_version), ("stubbed-stubs", stubs_version)):
        if version is not None:
            folder = library / f"{name.replace('-', '_')}-{version}.dist-info"
            folder.mkdir()
            (folder / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
    assert described(library)["image"].annotation_source == source


@pytest.mark.parametrize("stub", [None, "def smooth(image: int", "smooth: int", "\0"])
def test_without_a_readable_stub_the_docstring_has_the_word(
    library: Path, stub: str | None
) -> None:
    if stub is not None:
        (library / "stubbed" / "_core.pyi").write_text(stub)
    found = described(library)
    assert (found["image"].annotation, found["image"].annotation_source) == ("Array", "docstring")


def test_the_fingerprint_of_measurements_does_not_hang_on_stubs(library: Path) -> None:
    spec = LibrarySpec(name="stubbed", modules=("stubbed",))
    (before,) = describe(discover(spec, [library]))
    (library / "stubbed" / "_core.pyi").write_text(STUB)
    (after,) = describe(discover(spec, [library]))
    assert before.fingerprint == after.fingerprint
