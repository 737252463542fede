"""What is measured again, and what isn't, after a change of the probe's code or tables."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from helpers.live_descriptions import describe_name
from voxbind_build.model import ProbeTask
from voxbind_build.probe import fingerprint
from voxbind_build.probe.inputs import roles

MEDIAN = ProbeTask(description=describe_name("scipy.ndimage.median_filter"), memory_type="numpy")
WARP = ProbeTask(description=describe_name("skimage.transform.warp"), memory_type="numpy")
TENSORS = ProbeTask(description=MEDIAN.description, memory_type="torch")
TASKS = {"median": MEDIAN, "warp": WARP, "tensors": TENSORS}


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the probe's files that may be edited."""
    folder = Path(fingerprint.__file__).parent
    shutil.copytree(folder.parent / "memories", tmp_path / "memories")
    copy = Path(shutil.copytree(folder, tmp_path / "probe"))
    monkeypatch.setattr(fingerprint, "_FOLDER", copy)
    monkeypatch.setattr(roles, "_FOLDER", copy / "inputs")
    return copy


def fingerprints() -> dict[str, str]:
    for cached in (
        fingerprint._shared_code,
        fingerprint._memory_code,
        fingerprint._code_of_role,
        fingerprint._input_modules,
    ):
        cached.cache_clear()
    roles.table.cache_clear()
    return {name: fingerprint.method_fingerprint(task) for name, task in TASKS.items()}


@pytest.fixture(autouse=True)
def forget() -> object:
    yield
    fingerprints()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def changed(probe: Path, file: str, old: str, new: str) -> set[str]:
    before = fingerprints()
    edit(probe / file, old, new)
    after = fingerprints()
    return {name for name in TASKS if before[name] != after[name]}


EDITS = [
    # Words change nothing.
    (
        "protocol/function_run.py",
        '"""Observe one callable.',
        '"""Observe one callable, please.',
        set(),
    ),
    ("inputs/arguments.py", "def _footprint(", "# A remark.\ndef _footprint(", set()),
    ("../memories/torch_memory.py", "tensors", "arrays of PyTorch", set()),
    ("sandbox/confinement.py", "from __future__", "import os  # noqa\nfrom __future__", set()),
    ("protocol/twin_agreement.py", "from __future__", "import os\nfrom __future__", set()),
    # The protocol decides everything.
    ("protocol/function_run.py", "_BUDGET = 60.0", "_BUDGET = 61.0", {*TASKS}),
    ("inputs/images.py", "from __future__", "import os\nfrom __future__", {*TASKS}),
    # A memory decides what is measured in it; what else it says decides nothing.
    ("../memories/torch_memory.py", "value.copy()", "value.copy().copy()", {"tensors"}),
    ("../memories/torch_memory.py", "pip install torch", "pip install pytorch", set()),
    ("../memories/torch_memory.py", "kernel_caches=(", 'kernel_caches=(".torch", ', set()),
    # A role decides the functions that have it.
    (
        "inputs/arguments.py",
        "(3,) * scene.ndim, dtype",
        "(5,) * scene.ndim, dtype",
        {"median", "tensors"},
    ),
    # A number that leaves an axis alone decides the functions with a parameter of that name.
    ("inputs/argument_values.toml", "\nsize = 1\n", "\nsize = 2\n", {"median", "tensors"}),
    ("inputs/argument_values.toml", "\nzoom = 1\n", "\nzoom = 2\n", set()),
    ("inputs/arguments.py", "callables.shifted_points", "callables.POINT_MAPS[0]", {"warp"}),
    (
        "inputs/arguments.py",
        '"snake": _snake,',
        '"snake": _snake,\n    "new role": lambda scene: [1],',
        set(),
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "measured"), EDITS)
def test_a_change_measures_what_it_touches(
    probe: Path, file: str, old: str, new: str, measured: set[str]
) -> None:
    assert changed(probe, file, old, new) == measured


def test_a_rule_for_a_new_role_measures_the_functions_whose_parameters_it_fits(
    probe: Path,
) -> None:
    rule = '[[rule]]\nrole = "brand new"\nnames = ["inverse_map"]\n'
    assert changed(probe, "inputs/role_rules.toml", "[[rule]]", f"{rule}[[rule]]") == {"warp"}


def test_a_fingerprint_is_a_digest() -> None:
    assert all(re.fullmatch(r"[0-9a-f]{64}", each) for each in fingerprints().values())
