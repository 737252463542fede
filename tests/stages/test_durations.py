"""How long the rest of a measurement takes, and in which order functions are measured."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxbind_build.build.durations import Durations, keep_durations, read_durations
from voxbind_build.model import Description, ProbeTask, Returns

FINAL = 0.02
"""Part of the whole time by which an estimate may be wrong, for the last few functions."""


def task(name: str, library: str = "toy") -> ProbeTask:
    definition = f"{library}:{name}"
    description = Description(
        name=f"{library}.{name}",
        module=library,
        attribute=name,
        definition=definition,
        fingerprint="",
        parameters=(),
        returns=Returns(annotation="Any", annotation_source="unknown"),
    )
    return ProbeTask(description=description, memory_type="numpy")


def estimates(
    taking: Mapping[str, float], known: Mapping[str, float], jobs: int
) -> Iterator[tuple[float, float, float]]:
    """Measure functions that take these seconds, by a clock that jumps to what happens next.

    Yield the time, the estimate of the time left, and the time left, at each end of a function and
    between two ends.
    """
    now = 0.0
    durations = Durations(taking, jobs, known, clock=lambda: now)
    waiting = durations.longest_first([task(*d.split(":")[::-1]) for d in taking])
    running: list[tuple[float, str]] = []
    moments: list[tuple[float, float]] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            first = waiting.pop(0)
            durations.start(first)
            definition = first.description.definition
            heapq.heappush(running, (now + taking[definition], definition))
        end, definition = heapq.heappop(running)
        before, now = now, (now + end) / 2
        moments.append((now, durations.seconds_left()))
        now = max(before, end)
        durations.end(definition)
        moments.append((now, durations.seconds_left()))
    yield from ((moment, estimate, now - moment) for moment, estimate in moments)


def check(
    taking: Mapping[str, float], known: Mapping[str, float], jobs: int, final: float = FINAL
) -> None:
    seen = [*estimates(taking, known, jobs)]
    total = seen[-1][0]
    for moment, estimate, left in seen:
        if moment >= total / 4:
            assert estimate <= 2 * left + final * total, (moment, total)
            assert left <= 2 * estimate + final * total, (moment, total)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    jobs=st.sampled_from([1, 2, 4]),
    machine=st.floats(0.2, 5.0),
    spread=st.floats(0.0, 1.2),
)
def test_the_time_left_is_right_within_a_factor_of_two_from_a_quarter_on(
    seed: int, jobs: int, machine: float, spread: float
) -> None:
    # Another machine, or a busy one, is slower by a factor, and each function varies by a third.
    random = np.random.default_rng(seed)
    known = {f"toy:f{n}": float(d) for n, d in enumerate(0.5 * random.lognormal(0, spread, 120))}
    taking = {name: d * machine * random.uniform(0.75, 1.33) for name, d in known.items()}
    check(taking, known, jobs)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), jobs=st.sampled_from([1, 2, 4]), new=st.floats(0.0, 1.0))
def test_the_time_left_is_right_if_some_functions_or_all_are_new(
    seed: int, jobs: int, new: float
) -> None:
    random = np.random.default_rng(seed)
    durations = 0.5 * random.lognormal(0, 0.7, 120)
    taking = {f"toy:f{n}": float(d) for n, d in enumerate(durations)}
    known = {name: d for name, d in taking.items() if random.random() >= new}
    check(taking, known, jobs, final=0.1)


def test_one_slow_function_that_is_known_says_nothing_about_the_others() -> None:
    taking = {"toy:slow": 20.0, **{f"toy:f{n}": 0.1 for n in range(600)}}
    check(taking, taking, jobs=2)


@pytest.mark.parametrize("first", ["quick", "slow"])
@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_the_time_left_is_right_if_the_functions_of_one_library_are_slower(
    first: str, jobs: int
) -> None:
    """Nothing is known: as in the first build on a machine, which measures all libraries."""
    libraries = {
        "quick": {f"quick:f{n}": 0.1 + n % 3 / 10 for n in range(75)},
        "slow": {f"slow:f{n}": 2.0 + n % 3 for n in range(400)},
    }
    other = "slow" if first == "quick" else "quick"
    check({**libraries[first], **libraries[other]}, {}, jobs)


def test_unknown_functions_are_taken_from_all_libraries_in_turn() -> None:
    tasks = [task(name, library) for library in ("one", "two") for name in "abcd"[: len(library)]]
    tasks += [task("e", "three")]
    durations = Durations([t.description.definition for t in tasks], 2, {})
    names = [t.description.name for t in durations.longest_first(tasks)]
    assert names == ["one.a", "two.a", "three.e", "one.b", "two.b", "one.c", "two.c"]


def test_the_slowest_function_is_measured_first_and_unknown_ones_keep_their_order() -> None:
    known = {"toy:quick": 0.1, "toy:slow": 9.0}
    tasks = [task(name) for name in ("quick", "new", "slow", "newer")]
    durations = Durations([t.description.definition for t in tasks], 2, known)
    names = [t.description.attribute for t in durations.longest_first(tasks)]
    assert names == ["slow", "new", "newer", "quick"]


def test_durations_are_kept_beside_those_of_other_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_durations() == {}
    keep_durations({"one:f": 1.0, "one:g": 2.0})
    keep_durations({"two:f": 0.25, "one:f": 3.0})
    assert read_durations() == {"one:f": 3.0, "one:g": 2.0, "two:f": 0.25}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", json.dumps({"f": "soon"}), '{"f": -1}', "\udcff"], ids=repr
)
def test_a_damaged_file_of_durations_counts_as_none(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    keep_durations({"one:f": 1.0})
    (file,) = tmp_path.rglob("durations.json")
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert read_durations() == {}
    keep_durations({"one:f": 2.0})
    assert read_durations() == {"one:f": 2.0}
