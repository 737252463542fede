"""A record that was made with another NumPy: what differs is reported, and measured again.

`nox -s versions` installs a second NumPy into a folder, and names it in VOXBIND_OTHER_NUMPY.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCALED = '''
import numpy as np

__version__ = "1.0"


def doubled(image):
    """Return an image with twice the values.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return image * np.float64(2)


def negative(image):
    """Return the negative of an image.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return np.asarray(image).max() - image
'''


@pytest.fixture
def other_numpy() -> Path:
    """The folder of another NumPy, on the other side of version 2 than the installed one."""
    name = os.environ.get("VOXBIND_OTHER_NUMPY")
    if name is None:
        pytest.skip("`nox -s versions` installs the second NumPy that this test needs")
    folder = Path(name)
    (other,) = metadata.distributions(name="numpy", path=[str(folder)])
    assert (other.version < "2") is not (np.__version__ < "2")
    return folder


@pytest.fixture
def scaled(tmp_path: Path) -> Path:
    """A library with one function whose results depend on NumPy's version, and one without."""
    folder = tmp_path / "scaled"
    folder.mkdir()
    (folder / "scaled.py").write_text(SCALED)
    toml = folder / "scaled.toml"
    toml.write_text('name = "scaled"\nmodules = ["scaled"]\n')
    return toml


def test_results_that_numpy_changes_are_reported_and_measured_again(
    other_numpy: Path, scaled: Path, tmp_path: Path, search_path: str
) -> None:
    """NumPy 2 keeps the dtype of a NumPy scalar; NumPy 1 chooses one by the scalar's value."""
    out = tmp_path / "out" / "voxbind"
    (other,) = metadata.distributions(name="numpy", path=[str(other_numpy)])
    before, now = f"numpy {other.version}", f"numpy {np.__version__}"

    def voxbind(*arguments: str, numpy: Path | None = None, code: int = 0) -> Any:
        path = [str(numpy)] * (numpy is not None) + [search_path]
        command = [sys.executable, "-m", "voxbind_build", *arguments, "--json"]
        ran = subprocess.run(
            [*command, "--library", str(scaled), "--out", str(out)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code, ran.stderr
        return json.loads(ran.stdout)

    def changed(report: Any) -> dict[str, str]:
        """Return the words on the changes of each function that a report names."""
        return {
            name: " ".join(change["words"])
            for library in report["library_changes"]
            for change in library["changes"]
            for name in change["names"]
        }

    assert voxbind("build", numpy=other_numpy)["rows"][0]["measured"] == 2
    assert voxbind("check", numpy=other_numpy)["agrees"]

    warning = f"scaled was measured with {before}, and {now} is installed: the results of 2 "
    report = voxbind("check", code=1)
    assert report["notes"] == [f"{warning}functions may differ."]
    assert len(report["outdated"]) == 2

    report = voxbind("check", "--measure", code=1)
    assert report["notes"] == [f"{warning}functions may differ, so they were measured again."]
    seen = changed(report)
    assert "scaled.negative" not in seen
    assert "float32" in seen["scaled.doubled"]
    assert "float64" in seen["scaled.doubled"]

    # What `check --measure` measured is used by the build, which records it.
    report = voxbind("build")
    assert report["rows"][0]["measured"] == 0
    assert changed(report) == seen
    assert voxbind("check")["agrees"]
    assert voxbind("check", numpy=other_numpy, code=1)["notes"] != []
