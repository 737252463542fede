"""The example that runs wherever its volume is, on a GPU: nothing moves, same objects as on a CPU.

Medians, sums and thresholds differ in their last bits between the two, so that a voxel at a
threshold may fall on either side; the objects are the same.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import voxbind

pytestmark = pytest.mark.gpu

CHAIN = Path(__file__).parents[2] / "examples" / "chain.py"


@pytest.fixture(scope="module")
def chain(cupy: Any) -> ModuleType:
    pytest.importorskip("cucim.skimage", reason="cuCIM isn't installed", exc_type=ImportError)
    spec = importlib.util.spec_from_file_location("chain", CHAIN)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("memory", ["cupy", "torch-cuda"])
def test_chain_stays_on_the_gpu_and_finds_what_the_cpu_finds(
    chain: ModuleType, memory: str
) -> None:
    expected, expected_table = chain.segmented(chain.brain())
    volume = chain.MEMORIES[memory](chain.brain())
    with voxbind.transfers("forbid"), voxbind.trace() as log:
        labels, table = chain.segmented(volume)
    assert type(labels) is type(volume)
    assert str(labels.device) == str(volume.device)
    for row in log.rows():
        assert row["function"].startswith(("cucim.", "cupyx."))
        assert row["device"].startswith("cuda:")
        assert not row["bytes_copied"]
    found = chain.on_host(labels)
    assert np.mean((found > 0) == (expected > 0)) > 0.999
    areas = [np.sort(chain.on_host(each["area"])) for each in (table, expected_table)]
    np.testing.assert_allclose(areas[0], areas[1], rtol=0.02, atol=2)


@pytest.mark.parametrize("memory", ["cupy", "torch-cuda"])
def test_the_script_runs(
    chain: ModuleType, memory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chain.main(memory)
    assert "cucim.skimage.filters.gaussian" in capsys.readouterr().out
