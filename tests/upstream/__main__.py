"""Run the libraries' own test suites through the wrappers: ``python tests/upstream``.

Each suite runs three ways: ``plain`` calls the library; ``numpy`` calls the wrappers;
``torch`` calls the wrappers with tensors for all arrays. A test that passes plainly must pass
the other ways, or be listed with its reason in ``known.toml``.

Each call of a wrapper that comes to an end is held against the wrapper's annotations. What
they don't allow must be listed with its reason in ``accepted.toml``, and be rare.
"""

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from pathlib import Path

import accepted
import suites
from compare import Comparison, Known, Run, compare, load
from rich.console import Console
from rich.table import Table
from tally import Tally

import voxbind

COLUMNS = (
    *("suite", "way", "passed", "failed", "skipped"),
    *("wrappers", "calls", "listed", "unlisted", "seconds"),
)
OF_TYPES = ("way", "calls", "agree", "share", "with NumPy's scalars in", "out", "differences")


def main() -> int:
    """Run, compare, print; 1 where a difference isn't on the list, or the list is stale."""
    parser = argparse.ArgumentParser(prog="tests/upstream", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".nox/upstream"))
    parser.add_argument("--suite", choices=suites.SUITES, action="append")
    asked = parser.parse_args()
    cache = asked.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    manifest = Path(voxbind.__file__).with_name("manifest.json")
    libraries = json.loads(manifest.read_text(encoding="utf-8"))["libraries"]
    known = load(Path(__file__).with_name("known.toml"))
    table = Table(*COLUMNS)
    called: dict[str, set[str]] = {}
    types: dict[str, Tally] = {"numpy": Tally(), "torch": Tally()}
    problems: list[str] = []
    for name in asked.suite or suites.SUITES:
        library, make = suites.SUITES[name]
        suite = make(cache, libraries[library]["version"])
        listed = [entry for entry in known if entry.suite == name]
        runner = Runner(suite, cache, listed, table, types)
        called[library] = runner.run() | called.get(library, set())
        problems += runner.problems
    for library, names in called.items():
        # A function that stands in two modules has two wrappers; either says that it is called.
        entries = libraries[library]["functions"].values()
        wrappers = {e["wrapper"]: e["definition"] for e in entries if e["form"] == "function"}
        definitions = {wrappers[name] for name in names}
        never = sorted(name for name, where in wrappers.items() if where not in definitions)
        print(f"{library}: {len(definitions)} of {len({*wrappers.values()})} functions called")
        print("    never:", ", ".join(never) or "-")
    Console(width=110).print(table)
    problems += hold_types(types, cache / "types.json", whole=not asked.suite)
    print(*problems, sep="\n")
    return bool(problems)


def hold_types(types: dict[str, Tally], path: Path, *, whole: bool) -> list[str]:
    """Print how calls agree with annotations and write it down; return what is wrong."""
    entries = accepted.load(Path(__file__).with_name("accepted.toml"))
    table, together = Table(*OF_TYPES), Tally()
    problems: list[str] = []
    for way, tally in types.items():
        names = ("calls", "agreed", "NumPy scalars in", "NumPy scalars out")
        calls, agreed, scalars_in, scalars_out = (str(tally.figures[name]) for name in names)
        groups = str(len(tally.groups))
        table.add_row(way, calls, agreed, f"{tally.share:.2%}", scalars_in, scalars_out, groups)
        problems += (f"{way}: {each}" for each in accepted.problems(tally, entries))
        together.merge(tally.told())
    if whole:
        problems += accepted.stale(together, entries)
    path.write_text(json.dumps({way: tally.told() for way, tally in types.items()}, indent=1))
    Console(width=110).print(table)
    for reason, count in accepted.by_reason(together, entries).most_common():
        print(f"{count:6} {reason}")
    return problems


class Runner:
    """Runs one suite in all ways; `problems` says what is wrong, the table has a row for each."""

    def __init__(
        self,
        suite: suites.Suite,
        cache: Path,
        known: list[Known],
        table: Table,
        types: dict[str, Tally],
    ) -> None:
        self._suite, self._cache, self._known = suite, cache, known
        self._table, self._types = table, types
        self.problems: list[str] = []

    def run(self) -> set[str]:
        """Return the names of all wrappers that were called."""
        # The plain outcomes stand as long as no distribution changes.
        state = hashlib.sha256(suites.installed().encode()).hexdigest()[:12]
        plain = self._run("plain", f"{self._suite.name}-plain-{state}.json")
        through = self._run("numpy", f"{self._suite.name}-numpy.json", plain.outcomes)
        # Only tests that call a wrapper can tell anything new of tensors.
        touched = [test for test, counts in through.calls.items() if counts]
        only = self._cache / f"{self._suite.name}-touched.json"
        only.write_text(json.dumps(touched), encoding="utf-8")
        wanted = {test: plain.outcomes[test] for test in touched}
        self._run("torch", f"{self._suite.name}-torch.json", wanted, "--only", str(only))
        return set(through.sum_of_calls())

    def _run(self, way: str, name: str, plain: dict[str, str] | None = None, *more: str) -> Run:
        outcomes, start = self._cache / name, time.perf_counter()
        if way != "plain" or not outcomes.exists():
            self._suite.run(way, outcomes, self._cache / f"{self._suite.name}-{way}.log", *more)
        seconds, run = time.perf_counter() - start, Run.read(outcomes)
        if way in self._types:
            self._types[way].merge(run.types)
        known = [entry for entry in self._known if way in entry.ways]
        difference = Comparison() if plain is None else compare(plain, run.outcomes, known)
        self.problems += (
            f"{self._suite.name}, {way}: {test}\n    {run.details.get(test, 'not run')[:300]}"
            for test in difference.unlisted
        )
        self.problems += (
            f"{self._suite.name}, {way}: listed, but passes: {entry}" for entry in difference.stale
        )
        sums, calls = Counter(run.outcomes.values()), run.sum_of_calls()
        if not sums["passed"] or (way != "plain" and not calls):
            self.problems.append(
                f"{self._suite.name}, {way}: nothing passed, or no wrapper was called"
            )
        figures = [sums["passed"], sums["failed"], sums["skipped"]]
        figures += [len(calls), calls.total(), len(difference.listed), len(difference.unlisted)]
        self._table.add_row(self._suite.name, way, *map(str, figures), f"{seconds:.0f}")
        return run


if __name__ == "__main__":
    sys.exit(main())
