"""The example that runs wherever its volume is, on the CPU."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import voxbind

ROOT = Path(__file__).parents[2]
CHAIN = ROOT / "examples" / "chain.py"


@pytest.fixture(scope="module")
def chain() -> ModuleType:
    spec = importlib.util.spec_from_file_location("chain", CHAIN)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def expected(chain: ModuleType) -> tuple[Any, Any]:
    return chain.segmented(chain.brain())


def test_objects_are_found(expected: tuple[Any, Any]) -> None:
    labels, table = expected
    assert len(table["label"]) == labels.max() > 10
    np.testing.assert_array_equal(table["area"], np.bincount(labels.ravel())[1:])


@pytest.mark.parametrize("memory", ["numpy", "torch"])
def test_each_memory_gives_the_same_and_nothing_moves(
    chain: ModuleType, expected: tuple[Any, Any], memory: str
) -> None:
    volume = chain.MEMORIES[memory](chain.brain())
    with voxbind.transfers("forbid"), voxbind.trace() as log:
        labels, table = chain.segmented(volume)
    assert type(labels) is type(volume)
    np.testing.assert_array_equal(np.asarray(labels), expected[0])
    for name, column in expected[1].items():
        np.testing.assert_array_equal(chain.on_host(table[name]), column)
    assert len(log) == 7
    assert {row["device"] for row in log.rows()} == {"cpu"}
    assert not any(row["bytes_copied"] for row in log.rows())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHAIN), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "generated"), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("memory", ["numpy", "torch"])
def test_the_script_prints_the_objects_and_what_ran(memory: str) -> None:
    done = run("--memory", memory)
    assert done.returncode == 0, done.stderr
    for told in ("bright structures", "voxels", "skimage.filters.gaussian", "bytes copied"):
        assert told in done.stdout


@pytest.mark.parametrize("memory", ["cupy", "torch-cuda"])
def test_a_memory_that_isnt_here_is_told_in_a_sentence(memory: str) -> None:
    done = run("--memory", memory)
    assert done.returncode == 1
    assert f"--memory {memory} can't be had here: " in done.stderr
    assert "Traceback" not in done.stderr
