"""Whether the comparison of scikit-image's gallery sees what differs, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery import standins
from gallery.differences import differences
from gallery.prefix import with_prefix
from gallery.values import text_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("plain", "prefixed"),
    [
        ("import skimage", "import voxbind.skimage as skimage"),
        ("import skimage as ski", "import voxbind.skimage as ski"),
        ("import numpy, skimage as s, os", "import numpy, voxbind.skimage as s, os"),
        ("from skimage import data, color", "from voxbind.skimage import data, color"),
        ("from skimage.color.adapt_rgb import x", "from voxbind.skimage.color.adapt_rgb import x"),
        ("from skimage_other import x", "from skimage_other import x"),
        ("if 1:\n    from skimage import io", "if 1:\n    from voxbind.skimage import io"),
        ("'é'; from skimage import io", "'é'; from voxbind.skimage import io"),
        ("'''\nfrom skimage import io\n'''", "'''\nfrom skimage import io\n'''"),
        ("from skimage.util import (\n    a,\n)", "from voxbind.skimage.util import (\n    a,\n)"),
    ],
)
def test_the_prefix_is_put_before_imports_alone(plain: str, prefixed: str) -> None:
    assert with_prefix(plain) == prefixed


ONE_BIT = np.nextafter(1.0, 2.0)


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (1, [True, 1.0, np.int64(1), "1", [1]]),
        (1.0, [ONE_BIT, np.float64(1), np.float32(1)]),
        (0.0, [-0.0]),
        (np.ones(3), [np.ones((3, 1)), np.ones(3, "f4"), np.array([1, 1, ONE_BIT])]),
        (np.array([None, 1]), [np.array([None, 2]), np.array([0, 1])]),
        ({"a": [np.ones(2)]}, [{"a": [np.zeros(2)]}, {"b": [np.ones(2)]}, {"a": (np.ones(2),)}]),
        (slice(0, 2), [slice(0, 3), (0, 2)]),
    ],
)
def test_values_have_equal_texts_only_if_they_are_equal(value: Any, others: list[Any]) -> None:
    assert text_of(value) == text_of(value)
    for other in others:
        assert text_of(value) != text_of(other)


def test_an_object_that_holds_itself_has_a_text() -> None:
    held: list[Any] = [1]
    held.append(held)
    assert text_of(held) == "list(int(1), list(...))"


@pytest.mark.parametrize("file", sorted(standins.STAND_INS))
def test_a_stand_in_has_the_documented_shape(file: str) -> None:
    data = pytest.importorskip("skimage.data")
    from skimage.data import _fetchers

    assert file in vars(_fetchers)["registry"]
    shape, dtype = standins.STAND_INS[file]
    documented = [getattr(data, name).__doc__ or "" for name in data.__all__ if name[0] != "_"]
    assert any(str(shape) in text for text in documented)
    if np.prod(shape) > 1e7:
        return  # takes seconds
    first, again = (standins.image_in_place_of(file) for _ in range(2))
    assert first.shape == shape and first.dtype.name == dtype
    assert np.array_equal(first, again) and first.std() > 0


def record(script: Path, text: str) -> dict[str, Any]:
    """Run a script in a process of its own, and return its record."""
    script.write_text(textwrap.dedent(text), encoding="utf-8")
    path = os.pathsep.join((str(ROOT / "generated"), str(ROOT / "tests")))
    subprocess.run(
        [sys.executable, "-P", "-m", "gallery.run_script", script.name, "record.json"],
        cwd=script.parent,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )
    content: dict[str, Any] = json.loads((script.parent / "record.json").read_text())
    return content


SCRIPT = """
    import matplotlib.pyplot as plt
    import numpy as np
    from skimage import data, draw, filters, img_as_float
    from skimage.color.adapt_rgb import adapt_rgb, each_channel
    from skimage.measure import label, regionprops_table
    from skimage.registration._phase_cross_correlation import _upsampled_dft
    import skimage

    image = img_as_float(data.human_mitosis())[:96, :96]  # a stand-in
    noisy = image + np.random.default_rng().normal(scale=0.01, size=image.shape)
    sobel_each = adapt_rgb(each_channel)(filters.sobel)
    edges = sobel_each(data.astronaut()[:32, :32])
    labels = label(filters.gaussian(noisy, 2) > 0.3)
    table = regionprops_table(labels, properties=("label", "area"))
    rows, columns = draw.disk((5, 5), 3)
    old = skimage.morphology.square(3)  # deprecated
    fig, ax = plt.subplots()
    ax.imshow(labels)
    plt.show()
    print(labels.max(), skimage.__version__)
"""


def test_a_script_agrees_with_itself_with_the_prefix(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    text = textwrap.dedent(SCRIPT)
    plain, ours = (record(tmp_path / "a.py", each) for each in (text, with_prefix(text)))
    assert differences(plain, ours) == {}
    assert plain["error"] == "" and not plain["wrappers"] and ours["wrappers"]
    assert {"image", "noisy", "edges", "labels", "table", "rows"} <= {*plain["values"]}
    assert len(plain["figures"]) == len(plain["printed"]) == 1
    assert any("FutureWarning" in warning for warning in plain["warnings"])
    # A change of each kind is a difference.
    changed = with_prefix(text)
    for old, new in (
        ("(5, 5), 3", "(5, 5), 2"),
        ("ax.imshow(labels)", "ax.imshow(noisy)"),
        ("print(labels", "print('', labels"),
        ("skimage.morphology.square(3)", "np.ones((3, 3), 'u1')"),
    ):
        assert changed.count(old) == 1
        changed = changed.replace(old, new)
    differing = differences(plain, record(tmp_path / "b.py", changed))
    names = {name.rstrip(" 0123456789") for name in differing}
    assert names == {"values columns", "values rows", "figures", "printed", "warnings"}
    failed = record(tmp_path / "c.py", "print(1 / 0)")
    assert differences(plain, failed) == {"error": "none -> ZeroDivisionError: division by zero"}
