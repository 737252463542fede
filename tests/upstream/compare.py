"""A suite's outcomes through wrappers against its plain ones, and the list of known differences."""

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """What the plugin wrote down of one run: everything by test."""

    outcomes: dict[str, str]
    details: dict[str, str]
    """Of tests that didn't pass: why."""
    calls: dict[str, dict[str, int]]
    """How often each wrapper was called."""
    types: dict[str, Any]
    """How these calls agree with the annotations."""

    @classmethod
    def read(cls, path: Path) -> "Run":
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def sum_of_calls(self) -> Counter[str]:
        """Return how often each wrapper was called in all tests."""
        calls: Counter[str] = Counter()
        for counts in self.calls.values():
            calls.update(counts)
        return +calls


@dataclass(frozen=True)
class Known:
    """Tests that are known not to pass through wrappers, and why."""

    suite: str
    ways: tuple[str, ...]
    pattern: str
    """A test's id; a ``*`` stands for any text."""
    reason: str

    def fits(self, test: str) -> bool:
        return matches(self.pattern, test)


@dataclass(frozen=True)
class Comparison:
    """How one way of running a suite differs from the plain one."""

    unlisted: list[str] = field(default_factory=list)
    """Tests that pass plainly, don't here, and aren't on the list."""
    listed: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    """What the list says fails, and passes, or isn't there."""


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern fits a text; a ``*`` stands for any text."""
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text))


def load(path: Path) -> list[Known]:
    """Read the list."""
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("known", [])
    return [Known(**{**table, "ways": tuple(table["ways"])}) for table in tables]


def compare(plain: dict[str, str], through: dict[str, str], known: list[Known]) -> Comparison:
    """Compare outcomes test by test; `known` holds the entries for this way."""
    result = Comparison()
    for test, outcome in plain.items():
        if outcome != "passed" or through.get(test, "not run") == "passed":
            continue
        fits = any(entry.fits(test) for entry in known)
        (result.listed if fits else result.unlisted).append(test)
    failing = {*result.listed, *result.unlisted}
    for entry in known:
        tests = [test for test in plain if entry.fits(test)]
        result.stale.extend(test for test in tests if test not in failing)
        if not tests:
            result.stale.append(f"{entry.pattern} (no such test)")
    return result
