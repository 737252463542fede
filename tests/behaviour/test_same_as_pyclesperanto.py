"""Every wrapper of pyclesperanto against the function it wraps, in processes that may end."""

from __future__ import annotations

from pathlib import Path

import pytest

import voxbind
from helpers.isolated_comparison import compare
from helpers.wrapper_comparison import descriptions
from voxbind import registry
from voxbind_build import libraries
from voxbind_build.classify.library_messages import safe_dtypes
from voxbind_build.manifest import decode_observations, observations_path
from voxbind_build.model import Observation, ProbeTask

LIBRARY = "pyclesperanto"
CHUNKS = 6
"""Tests that xdist can spread; each takes every so many-th function."""
BREAK_THE_HEAP = frozenset(
    f"pyclesperanto.{name}"
    for name in ("make_anisotropic", "make_isotropic", "rigid_transform", "rotate", "scale")
)
"""These write beyond a result that is larger than its image (0.25.1): whether, and in which later
call, a process ends of it is a matter of luck, so that no record tells it."""


def tasks() -> list[ProbeTask]:
    spec = libraries.load(LIBRARY)
    return [
        ProbeTask(
            description=description,
            memory_type=spec.memory_type,
            roles=spec.roles_of(description.name),
            asked=spec.named_for(description.name),
            allowed_dtypes=spec.only.get(description.name, ()),
        )
        for description in descriptions(LIBRARY)
        if description.name in registry.functions()
    ]


@pytest.fixture(scope="module")
def observations() -> dict[str, Observation]:
    path = Path(voxbind.__file__).parent / observations_path(LIBRARY)
    return decode_observations(path.read_bytes())


def ends_its_process(observation: Observation) -> bool:
    """Whether the record tells that some call of the function does."""
    crashed = any(call.outcome == "crashed" for call in observation.calls)
    return crashed or bool(observation.crashes)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_wrapper_does_what_the_function_does(
    chunk: int, observations: dict[str, Observation], tmp_path: Path
) -> None:
    chosen = {task.description.name: task for task in tasks()[chunk::CHUNKS]}
    wrong: dict[str, tuple[str, ...]] = {}
    silent = []
    only = {definition: safe_dtypes(seen) for definition, seen in observations.items()}
    for name, compared in compare(chosen.values(), only, tmp_path):
        told = compared.differences
        ends = ends_its_process(observations[chosen[name].description.definition])
        if not ends and name not in BREAK_THE_HEAP:
            told = (*compared.deaths, *told)
        if told:
            wrong[name] = told[:4]
        if not compared.count:
            silent.append(name)
    assert not wrong, "\n".join(f"{name}: {told}" for name, told in wrong.items())
    assert not silent, f"nothing was compared of {silent}"
