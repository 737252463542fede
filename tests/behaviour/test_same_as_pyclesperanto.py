"""Every wrapper of pyclesperanto against the function it wraps, in processes that may end."""

from __future__ import annotations

from pathlib import Path

import pytest

import voxbind
from helpers.ended_processes import BREAK_THE_HEAP, ends_its_process
from helpers.isolated_comparison import compare
from helpers.wrapper_comparison import descriptions
from voxbind import registry
from voxbind_build import libraries
from voxbind_build.build.library_state import task_of
from voxbind_build.classify.library_messages import safe_dtypes
from voxbind_build.manifest import decode_observations, observations_path
from voxbind_build.model import Observation, ProbeTask

LIBRARY = "pyclesperanto"
CHUNKS = 6
"""Tests that xdist can spread; each takes every so many-th function."""


def tasks() -> list[ProbeTask]:
    spec = libraries.load(LIBRARY)
    return [
        task_of(spec, description)
        for description in descriptions(LIBRARY)
        if description.name in registry.functions()
    ]


@pytest.fixture(scope="module")
def observations() -> dict[str, Observation]:
    path = Path(voxbind.__file__).parent / observations_path(LIBRARY)
    return decode_observations(path.read_bytes())


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_wrapper_does_what_the_function_does(
    chunk: int, observations: dict[str, Observation], tmp_path: Path
) -> None:
    chosen = {task.description.name: task for task in tasks()[chunk::CHUNKS]}
    wrong: dict[str, tuple[str, ...]] = {}
    silent = []
    only = {definition: safe_dtypes(seen) for definition, seen in observations.items()}
    for name, compared in compare(chosen.values(), only, tmp_path / "first"):
        told = compared.differences
        ends = ends_its_process(observations[chosen[name].description.definition])
        if not ends and name not in BREAK_THE_HEAP:
            told = (*compared.deaths, *told)
        if told:
            wrong[name] = told[:4]
        if not compared.count:
            silent.append(name)
    broken = [chosen[name] for name in wrong if name in BREAK_THE_HEAP]
    for name, compared in compare(broken, only, tmp_path / "again") if broken else ():
        wrong[name] = tuple(told for told in wrong[name] if told in compared.differences)
    wrong = {name: told for name, told in wrong.items() if told}
    assert not wrong, "\n".join(f"{name}: {told}" for name, told in wrong.items())
    assert not silent, f"nothing was compared of {silent}"
