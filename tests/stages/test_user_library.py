"""A lab's own functions, from a file of a few lines: wrapped, and held to what they declare."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import voxbind
from helpers.generated_packages import importing
from voxbind_build.cli import app as cli
from voxbind_build.describe import describe
from voxbind_build.discover import discover
from voxbind_build.model import LibrarySpec

EXAMPLES = Path(__file__).parents[2] / "examples"
VOLUME = np.random.default_rng(0).random((5, 24, 31))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the example's functions, built from the command line."""
    out = tmp_path_factory.mktemp("lab") / "voxbind"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES)  # as who uses the functions has it
        assert cli.run(["build", "--library", str(EXAMPLES / "mylab.toml"), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def mylab(built: Path) -> Iterator[Any]:
    with importing(built.parent, EXAMPLES, also=("mylab",)) as load:
        yield load("mylab")


def test_the_file_has_about_ten_lines() -> None:
    assert len((EXAMPLES / "mylab.toml").read_text().splitlines()) <= 12


@pytest.mark.parametrize(
    ("name", "contract", "evidence"),
    [
        ("local_contrast", "FLEXIBLE", "declared"),
        ("depth_of_maximum", "VOLUMETRIC_TO_SLICE", "declared"),
        ("even_rows", "PURE_2D", "observed"),
    ],
)
def test_contracts_are_declared_and_held_to_or_measured(
    built: Path, name: str, contract: str, evidence: str
) -> None:
    library = json.loads((built / "manifest.json").read_text())["libraries"]["mylab"]
    assert library["distribution"] == "mylab"
    function = library["functions"][f"mylab.{name}"]
    assert function["contract"] == contract
    assert function["evidence"] == evidence
    if evidence == "declared":
        assert function["reason"].startswith("declared by its author; observed as well: ")
        assert function["overruled"]["agrees"]


@pytest.mark.parametrize(
    ("decorator", "contract"),
    [
        ("declare('FLEXIBLE')", "FLEXIBLE"),
        ("voxbind.declare(contract='PURE_3D')", "PURE_3D"),
        ("declare(ProcessingContract.PURE_2D)", "PURE_2D"),
        ("declare(voxbind.ProcessingContract.VOLUMETRIC_TO_SLICE)", "VOLUMETRIC_TO_SLICE"),
        ("declare('something else')", None),
        ("declare", None),
        ("registry.register('FLEXIBLE')", None),
    ],
)
def test_a_declaration_is_read_off_the_source(
    decorator: str, contract: str | None, tmp_path: Path
) -> None:
    (tmp_path / "one.py").write_text(f"@{decorator}\ndef f(image): ...\n")
    spec = LibrarySpec(name="one", modules=("one",))
    (description,) = describe(discover(spec, [tmp_path]))
    assert description.declared == contract


@pytest.mark.parametrize("contract", ["FLEXIBLE", voxbind.ProcessingContract.FLEXIBLE])
def test_a_declared_function_is_the_very_same(contract: str) -> None:
    def identity(image: Any) -> Any:
        return image

    function: Any = identity
    assert voxbind.declare(contract)(function) is function
    assert function.__voxbind_contract__ == "FLEXIBLE"
    with pytest.raises(ValueError, match="PURE_2D"):
        voxbind.declare("FLAT")


def test_wrappers_do_what_the_functions_do_in_any_memory(mylab: Any) -> None:
    import mylab as own

    np.testing.assert_array_equal(mylab.local_contrast(VOLUME), own.local_contrast(VOLUME))
    tensor = mylab.local_contrast(torch.from_numpy(VOLUME), sigma=2)
    np.testing.assert_array_equal(tensor.numpy(), own.local_contrast(VOLUME, sigma=2))
    planes = mylab.even_rows(VOLUME)
    np.testing.assert_array_equal(planes, np.stack([own.even_rows(plane) for plane in VOLUME]))
    depths = mylab.depth_of_maximum(torch.from_numpy(VOLUME))
    np.testing.assert_array_equal(depths.numpy(), VOLUME.argmax(axis=0))


def test_a_declaration_that_does_not_hold_fails_the_build_and_leaves_the_package_whole(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "liars"
    folder.mkdir()
    source = (EXAMPLES / "mylab.py").read_text()
    lying = source.replace("def even_rows", '@declare("FLEXIBLE")\ndef even_rows')
    (folder / "liar.py").write_text(lying)
    (folder / "liar.toml").write_text('name = "liar"\nmodules = ["liar"]\n')
    monkeypatch.syspath_prepend(folder)
    out = Path(shutil.copytree(built, tmp_path / "voxbind"))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    code = cli.run(["build", "--library", str(folder / "liar.toml"), "--out", str(out)])
    told = " ".join(capsys.readouterr().err.split())
    assert code == 1
    assert (
        "liar.even_rows is declared FLEXIBLE by its author, but was measured to be PURE_2D" in told
    )
    assert "The package is unchanged" in told
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("name", "package", "told"),
    [
        ("scipy", "alib", "the library 'scipy' wraps 'scipy' already"),
        ("mine", "native", "because the library 'native' wraps it already"),
        ("errors", "errors", "voxbind itself has a module of this name"),
        ("auto", "auto", "voxbind itself has a module of this name"),
        ("trace", "trace", "'trace' can't be wrapped: voxbind itself has something of this name"),
        ("mine", "registry", "'registry' can't be wrapped: voxbind itself has a module of this"),
        ("Scipy", "Scipy", "'scipy', which wraps 'scipy', differ only by the case of letters"),
    ],
)
def test_a_library_takes_no_other_ones_place(
    built: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    package: str,
    told: str,
) -> None:
    (tmp_path / f"{package}.py").write_text("def f(image): return image\n")
    file = tmp_path / "clash.toml"
    file.write_text(f'name = "{name}"\nmodules = ["{package}"]\n')
    out = Path(shutil.copytree(built, tmp_path / "voxbind"))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert cli.run(["build", "--library", str(file), "--out", str(out)]) == 1
    assert told in " ".join(capsys.readouterr().err.split())
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("source", "told"), [(None, "beside the file"), ("import nothing_there", "nothing_there")]
)
def test_what_was_asked_for_and_is_not_there_is_told_with_exit_code_1(
    built: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    source: str | None,
    told: str,
) -> None:
    if source:
        (tmp_path / "nolib.py").write_text(source)
    (tmp_path / "nolib.toml").write_text('name = "nolib"\nmodules = ["nolib"]\n')
    out = Path(shutil.copytree(built, tmp_path / "voxbind"))
    assert cli.run(["build", "--library", str(tmp_path / "nolib.toml"), "--out", str(out)]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert told in said
    assert "pip install" not in said


def test_tensors_are_given_to_functions_that_work_on_tensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "tensors.py").write_text(
        '''
import torch


def soften(image):
    """Blend an image with its neighbours along X.

    Parameters
    ----------
    image : Tensor
        Image.
    """
    assert isinstance(image, torch.Tensor)
    return (image + torch.roll(image, 1, -1)) / 2


def turn(image):
    """Turn an image by 90 degrees.

    Parameters
    ----------
    image : Tensor
        (Y, X) image.
    """
    rows, columns = image.shape
    return torch.rot90(image)
'''
    )
    (folder / "tensors.toml").write_text(
        'name = "tensors"\nmodules = ["tensors"]\nmemory_type = "torch"\n'
    )
    monkeypatch.syspath_prepend(folder)
    out = tmp_path / "voxbind"
    assert cli.run(["build", "--library", str(folder / "tensors.toml"), "--out", str(out)]) == 0
    functions = json.loads((out / "manifest.json").read_text())["libraries"]["tensors"]["functions"]
    assert functions["tensors.soften"]["contract"] == "FLEXIBLE"
    assert functions["tensors.turn"]["contract"] == "PURE_2D"
    with importing(tmp_path, folder, also=("tensors",)) as load:
        tensors = load("tensors")
        expected = (VOLUME + np.roll(VOLUME, 1, -1)) / 2
        for volume in (VOLUME, torch.from_numpy(VOLUME)):
            result = tensors.soften(volume)
            assert type(result) is type(volume)
            np.testing.assert_allclose(np.asarray(result), expected)
            turned = tensors.turn(volume)
            assert type(turned) is type(volume)
            np.testing.assert_array_equal(np.asarray(turned), np.rot90(VOLUME, axes=(1, 2)))
