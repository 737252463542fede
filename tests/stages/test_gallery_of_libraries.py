"""The specifications in examples/libraries are valid, and small libraries are wrapped with them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from voxbind_build import manifest
from voxbind_build.build import pipeline
from voxbind_build.build.admission import known_roles
from voxbind_build.libraries import load
from voxbind_build.model import Library

FOLDER = Path(__file__).parents[2] / "examples" / "libraries"
PAGE = Path(__file__).parents[2] / "docs" / "libraries.md"
FILES = sorted(FOLDER.glob("*.toml"))
MEASURED = ("mahotas", "pywt")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_specification_is_valid_and_says_how_it_is_built(file: Path) -> None:
    spec = load(file, known_roles())
    assert f"voxbind build --library examples/libraries/{file.name}" in file.read_text()
    assert f"| [{spec.distribution}](../examples/libraries/{file.name}) |" in PAGE.read_text()


def test_there_are_twelve() -> None:
    assert len(FILES) == 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for module in MEASURED:
        pytest.importorskip(module)
    folder = tmp_path_factory.mktemp("gallery")
    specs = [load(FOLDER / f"{name}.toml", known_roles()) for name in MEASURED]
    pipeline.build(specs, folder / "voxbind", jobs=2)
    return folder


@pytest.fixture(scope="module")
def libraries(folder: Path) -> dict[str, Library]:
    return manifest.read(folder / "voxbind" / manifest.MANIFEST).libraries


@pytest.mark.parametrize("name", MEASURED)
def test_nine_of_ten_image_functions_are_observed(libraries: dict[str, Library], name: str) -> None:
    images = [each for each in libraries[name].functions.values() if each.kind == "image"]
    assert sum(each.evidence == "observed" for each in images) >= 0.9 * len(images) > 15


@pytest.mark.parametrize(
    ("function", "contract"),
    [
        ("mahotas.labeled.relabel", "FLEXIBLE"),
        ("mahotas.labeled.filter_labeled", "FLEXIBLE"),
        ("mahotas.labeled.remove_bordering", "FLEXIBLE"),
        ("mahotas.convolve1d", "FLEXIBLE"),
        ("mahotas.gaussian_filter", "FLEXIBLE"),
        ("mahotas.label", "FLEXIBLE"),
        ("mahotas.haar", "PURE_2D"),
        ("mahotas.close_holes", "PURE_2D"),
        ("mahotas.features.lbp", "PURE_2D"),
        ("mahotas.stretch_rgb", "PURE_2D"),
        ("pywt.threshold", "FLEXIBLE"),
        ("pywt.dwt2", "FLEXIBLE"),
        ("pywt.wavedecn", "FLEXIBLE"),
        ("pywt.imra", None),
        ("pywt.qmf", None),
        ("pywt.downcoef", None),
        ("pywt.idwt2", None),
    ],
)
def test_contracts_are_right(
    libraries: dict[str, Library], function: str, contract: str | None
) -> None:
    entry = libraries[function.partition(".")[0]].functions[function]
    assert entry.contract == contract
    assert entry.kind == ("image" if contract else "helper")


def test_wrappers_return_what_the_libraries_return(folder: Path) -> None:
    code = """
        import mahotas, numpy as np, pywt, torch
        from voxbind import mahotas as wrapped, pywt as wavelets
        from voxbind.mahotas import labeled
        volume = mahotas.label(np.random.default_rng(0).random((5, 12, 14)) > 0.8)[0]
        calls = [
            (mahotas.labeled.filter_labeled, labeled.filter_labeled, volume, {"min_size": 3}),
            (mahotas.labeled.relabel, labeled.relabel, volume * 3, {}),
            (mahotas.gaussian_filter, wrapped.gaussian_filter, volume, {"sigma": 1.5}),
            (mahotas.haar, wrapped.haar, volume[0, :12, :12].astype(float), {}),
            (pywt.dwt2, wavelets.dwt2, volume[0].astype(float), {"wavelet": "haar"}),
            (pywt.threshold, wavelets.threshold, volume.astype(float), {"value": 3}),
        ]
        def flat(value):
            return [x for v in value for x in flat(v)] if isinstance(value, tuple) else [value]
        for function, wrapper, image, options in calls:
            expected = flat(function(image, **options))
            for given in (image, torch.from_numpy(image)):
                for one, other in zip(flat(wrapper(given, **options)), expected, strict=True):
                    np.testing.assert_array_equal(np.asarray(one), other)
        np.testing.assert_array_equal(
            labeled.filter_labeled(volume, min_size=3)[1],
            mahotas.labeled.filter_labeled(volume, min_size=3)[1],
        )
        print("all")
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert ran.stdout.strip() == "all", ran.stderr
