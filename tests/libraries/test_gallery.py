"""The packages that `nox -s libraries` builds: contracts that people labelled, and users' calls.

The tests skip unless VOXBIND_LIBRARIES names the folder of the packages, as the session does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from voxbind_build import manifest

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
LABELS = tomllib.loads((FOLDER / "contracts.toml").read_text(encoding="utf-8"))
CALLS = tomllib.loads((FOLDER / "calls.toml").read_text(encoding="utf-8"))
DIFFERENT = {
    ("torch", "pywt.coeffs_to_array(pywt.wavedec2(even, 'haar', level=1))"),
    ("torch", "cv2.calcHist([image], [0], None, [16], [0, 256])"),
    ("numpy", "SimpleITK.Multiply(0.5, grey)"),
    ("torch", "SimpleITK.Multiply(0.5, grey)"),
}
"""Calls that wrappers refuse: of a list of tensors, and of a number in the place of an image."""


def package(name: str) -> Path:
    """Return the folder of the package that was built for a library, or skip the test."""
    if not (folder := os.environ.get("VOXBIND_LIBRARIES")):
        pytest.skip("`nox -s libraries` builds the packages that this test needs")
    if not (found := Path(folder, name)).joinpath("voxbind", manifest.MANIFEST).exists():
        pytest.skip(f"{name} wasn't built")
    return found


def test_each_library_has_labels_and_calls() -> None:
    names = {path.stem for path in (ROOT / "examples" / "libraries").glob("*.toml")}
    assert {*LABELS} == {*CALLS} == names
    assert sum(map(len, LABELS.values())) > 150


@pytest.mark.parametrize("name", sorted(LABELS))
def test_contracts_are_those_that_people_labelled(name: str) -> None:
    file = package(name) / "voxbind" / manifest.MANIFEST
    (library,) = manifest.read(file).libraries.values()
    measured = {
        function: "helper" if facts.kind == "helper" else facts.contract
        for function, facts in library.functions.items()
    }
    labels = LABELS[name]
    wrong = {
        function: (measured.get(function), label)
        for function, label in labels.items()
        if measured.get(function) != label
    }
    assert len(wrong) <= 0.05 * len(labels), wrong


@pytest.mark.parametrize("name", sorted(LABELS))
def test_nine_of_ten_image_functions_are_observed(name: str) -> None:
    file = package(name) / "voxbind" / manifest.MANIFEST
    (library,) = manifest.read(file).libraries.values()
    images = [function for function in library.functions.values() if function.kind == "image"]
    assert sum(function.evidence != "unobserved" for function in images) >= 0.9 * len(images)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_calls_return_what_the_library_returns(name: str) -> None:
    path = os.pathsep.join((str(package(name)), str(ROOT / "generator")))
    ran = subprocess.run(
        [sys.executable, "-P", str(FOLDER / "compare_expressions.py"), name],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    compared = json.loads(ran.stdout)
    assert compared.keys() == {*CALLS[name]}
    different = {
        (kind, call): words
        for call, kinds in compared.items()
        for kind, words in kinds.items()
        if words
    }
    assert different.keys() == {entry for entry in DIFFERENT if entry[1] in compared}, different
