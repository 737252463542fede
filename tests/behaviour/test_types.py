"""What a type checker makes of programs that use the generated package."""

from __future__ import annotations

from pathlib import Path

import mypy.api
import pytest

ROOT = Path(__file__).parents[2]

USES = """
import numpy as np
import numpy.typing as npt
from voxbind.scipy import ndimage
from voxbind.skimage import filters, measure, morphology, segmentation

{setup}

image.{own}
filters.gaussian(image).shape
filters.gaussian(image, sigma=2).{own}
ndimage.gaussian_filter(image, 1).{own}
ndimage.maximum_filter1d(image, 3).{own}
measure.centroid(image).{own}

found = measure.label(image)
labels = found[0] if isinstance(found, tuple) else found
labels.{own}
counted = measure.label(image, return_num=True)
assert isinstance(counted, tuple)
labels, count = counted
count + 1

found_too = ndimage.label(image)
assert not isinstance(found_too, int)
labels, count = found_too
labels.{own}

ndimage.mean(image) + 1.0
float(ndimage.sum(image)) + 1.0
smallest, largest, _, where = ndimage.extrema(image)
largest + 1.0
image > filters.threshold_otsu(image)

distances = ndimage.distance_transform_edt(image)
assert not isinstance(distances, tuple)
distances.{own}
skeleton = morphology.medial_axis(image)
assert not isinstance(skeleton, tuple)
segmented = segmentation.chan_vese(image)
assert not isinstance(segmented, tuple)
segmented.{own}
"""

MISUSES = [
    ("measure.label(image).shape", "union-attr"),
    ("ndimage.mean(image).append(1)", "union-attr"),
    ("ndimage.label(image).shape", "union-attr"),
    ("segmentation.chan_vese(image).shape", "union-attr"),
    ("filters.gaussian(image).sort_values()", "attr-defined"),
]

NUMPY = "image: npt.NDArray[np.float64] = np.zeros((4, 5))", "argmax()"
TORCH = "import torch\nimage = torch.zeros(4, 5)", "cpu()"


def check(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> list[str]:
    """Check a program against the generated package and return what the checker tells."""
    (folder / "program.py").write_text(program)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MYPYPATH", str(ROOT / "generated"))
    cache = f"--cache-dir={ROOT / '.mypy_cache'}"
    told, failed, _ = mypy.api.run(["--strict", "--no-error-summary", cache, "program.py"])
    assert not failed
    return told.splitlines()


@pytest.mark.parametrize("memory", [NUMPY, TORCH], ids=["numpy", "torch"])
def test_programs_that_run_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: tuple[str, str]
) -> None:
    setup, own = memory
    if "torch" in setup:
        pytest.importorskip("torch")
    assert check(tmp_path, monkeypatch, USES.format(setup=setup, own=own)) == []


def test_programs_that_can_fail_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line, _ in MISUSES]
    imports = USES.partition("{setup}")[0]
    errors = check(tmp_path, monkeypatch, "\n".join([imports, NUMPY[0], *lines]))
    wrong = {error.split(":")[1]: error for error in errors if ": error: " in error}
    first = imports.count("\n") + 3
    for number, (line, code) in enumerate(MISUSES, first):
        assert f"[{code}]" in wrong.get(str(number), "no error"), line


@pytest.mark.parametrize("memory", [NUMPY, TORCH], ids=["numpy", "torch"])
def test_programs_that_are_right_run(memory: tuple[str, str]) -> None:
    setup, own = memory
    if "torch" in setup:
        pytest.importorskip("torch")
    image = "image[1:3, 1:3] = 1"
    exec(compile(USES.format(setup=f"{setup}\n{image}", own=own), "program.py", "exec"), {})
