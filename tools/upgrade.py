"""Regenerates the package for newer releases of the libraries, tests it, and reports the changes.

nox has installed the newest release of each library before, whatever upper bound its extra has.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from changes import PYPROJECT, ROOT, pairs, write_page
from voxbind_build import manifest as frozen
from voxbind_build.build import changes_page
from voxbind_build.cli import twins_page
from voxbind_build.model import LibraryChanges, Manifest

PACKAGE = ROOT / "generated" / "voxbind"
OUT = ROOT / "out" / "upgrade"
"""What the workflow reads: `branch.txt`, `title.txt` and `body.md` of a pull request."""
_LONGEST_BODY = 60_000
"""Characters; GitHub refuses a pull request whose text is longer than 65,536."""
_LISTED = 30
"""Failed tests that a report names."""


class Release(NamedTuple):
    """A release of a library, and the release that the package was generated from."""

    library: str
    distribution: str
    recorded: str
    installed: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.installed}"


class Outcome(NamedTuple):
    """What became of the tests."""

    passed: int
    failed: tuple[str, ...]
    """Names of the tests that failed."""
    crashed: bool
    """Whether the run has ended without a result."""

    def __str__(self) -> str:
        if self.crashed:
            return "The tests could not be run."
        if not self.failed:
            return f"All {self.passed} tests pass."
        named = "".join(f"\n- `{name}`" for name in self.failed[:_LISTED])
        more = len(self.failed) - _LISTED
        rest = f"\n- and {more} more" if more > 0 else ""
        return f"{len(self.failed)} tests fail, {self.passed} pass.\n{named}{rest}"


def main(arguments: Sequence[str]) -> int:
    """Build, report and test, if a newer release of a library is installed."""
    parser = argparse.ArgumentParser(prog="nox -s upgrade --")
    parser.add_argument("--dry-run", action="store_true", help="only print what is newer")
    options, for_pytest = parser.parse_known_args(arguments)
    for file in OUT.glob("*"):
        file.unlink()
    installed = {str(canonicalize_name(entry.name)): entry.version for entry in distributions()}
    try:
        records = [frozen.read(PACKAGE / frozen.MANIFEST), *committed_record()]
    except (OSError, frozen.ManifestError) as error:
        print(f"The record can't be read: {error}", file=sys.stderr)
        return 1
    # If the package is up to date and not committed yet, the session is repeated.
    old = next(
        (record for record in records if _differing(compared(record, installed))), records[0]
    )
    releases = compared(old, installed)
    newer = _differing(releases)
    if older := [release for release in releases if _is_older(release)]:
        print(_older(older), file=sys.stderr)
        return 1
    if newer:
        _write("branch.txt", branch(newer))
        print(f"Newer than the package: {_list(f'{r} (was {r.recorded})' for r in newer)}.")
    else:
        print(_nothing_newer(releases))
    report_gpu_releases(old)
    if not newer or options.dry_run:
        return 0
    return _upgrade(old, newer, installed, for_pytest)


def _upgrade(
    old: Manifest,
    newer: Sequence[Release],
    installed: Mapping[str, str],
    for_pytest: Sequence[str],
) -> int:
    build = subprocess.run([sys.executable, "-P", "-m", "voxbind_build", "build"], check=False)
    if build.returncode:
        print(
            "The package could not be built with the newer releases, and is unchanged. The message "
            "above says why.",
            file=sys.stderr,
        )
        return 1
    new = frozen.read(PACKAGE / frozen.MANIFEST)
    changes = frozen.all_changes(old, new)
    changes = tuple(entry for entry in changes if entry.before != entry.after)
    if not changes:
        (OUT / "branch.txt").unlink()
        print(f"No wrapper changes: the package serves {_list(map(str, newer))} as it is.")
        return 0
    pages = [write_page(entry) for entry in changes]
    (ROOT / "docs" / "twins.md").write_text(twins_page.markdown(new), encoding="utf-8")
    text = PYPROJECT.read_text(encoding="utf-8")
    PYPROJECT.write_text(with_pairs(with_bounds(text, installed), changes), encoding="utf-8")
    # Tests read voxbind's version and description from its metadata.
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT], check=True)
    outcome = _run_tests(for_pytest)
    _write("title.txt", f"Upgrade to {_list(f'{c.distribution} {c.after}' for c in changes)}")
    _write("body.md", body(changes, outcome, pages))
    print(f"\n{outcome}\n\n{next_steps(changes, outcome, pages)}")
    return 1 if outcome.failed or outcome.crashed else 0


def committed_record() -> Iterator[Manifest]:
    """Yield the record of the last commit; nothing if this isn't a checkout by git."""
    path = (PACKAGE / frozen.MANIFEST).relative_to(ROOT).as_posix()
    shown = subprocess.run(
        ["git", "show", f"HEAD:./{path}"], cwd=ROOT, capture_output=True, check=False
    )
    if not shown.returncode:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, frozen.MANIFEST)
            file.write_bytes(shown.stdout)
            yield frozen.read(file)


def compared(record: Manifest, installed: Mapping[str, str]) -> list[Release]:
    """Return the libraries that are installed and need no GPU, each with both versions.

    Parameters
    ----------
    record
        The package's record.
    installed
        The version of each installed distribution.
    """
    return [
        Release(name, library.distribution, library.version, version)
        for name, library in record.libraries.items()
        if not (library.home or library.device)
        and (version := installed.get(canonicalize_name(library.distribution)))
    ]


def _differing(releases: Iterable[Release]) -> list[Release]:
    return [release for release in releases if release.installed != release.recorded]


def _is_older(release: Release) -> bool:
    return Version(release.installed) < Version(release.recorded)


def _older(releases: Sequence[Release]) -> str:
    return (
        f"pip installs {_list(map(str, releases))} for Python "
        f"{sys.version_info.major}.{sys.version_info.minor}, but the package was generated from "
        f"{_list(f'{r.distribution} {r.recorded}' for r in releases)}. Use a newer Python."
    )


def _nothing_newer(releases: Sequence[Release]) -> str:
    return (
        f"Nothing to upgrade: the package was generated from {_list(map(str, releases))}, the "
        "newest releases that pip can install here."
    )


def report_gpu_releases(record: Manifest) -> None:
    """Print which libraries that need a GPU have a newer release; this session can't measure it."""
    libraries = {
        library.distribution: library.version
        for library in record.libraries.values()
        if library.device
    }
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    newest = subprocess.run(
        [*pip, "--dry-run", "--ignore-installed", "--no-deps", "--report", "-", *libraries],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if newest.returncode:
        print(f"pip finds no release of {_list(libraries)}, which need a GPU.")
        return
    for entry in json.loads(newest.stdout)["install"]:
        name, version = entry["metadata"]["name"], entry["metadata"]["version"]
        recorded = libraries.get(name)
        if recorded is not None and Version(version) > Version(recorded):
            print(
                f"{name} {version} is newer than {recorded}. Someone with an NVIDIA GPU has to "
                "record it: docs/recording.md."
            )


def with_bounds(pyproject: str, installed: Mapping[str, str]) -> str:
    """Return pyproject.toml with each upper bound raised that excludes an installed release.

    The new bound has as many numbers as the old one: ``<0.27`` becomes ``<0.28`` for 0.27.1.
    """
    extras = tomllib.loads(pyproject)["project"]["optional-dependencies"]
    for text in {entry for requirements in extras.values() for entry in requirements}:
        requirement = Requirement(text)
        version = installed.get(canonicalize_name(requirement.name))
        bound = re.search(r"<\s*(\d[\d.]*)", text.partition(";")[0])
        if version is None or bound is None or Version(version) < Version(bound[1]):
            continue
        *front, last = Version(version).release[: bound[1].count(".") + 1]
        raised = ".".join(map(str, (*front, last + 1)))
        pyproject = pyproject.replace(
            f'"{text}"', f'"{text[: bound.start(1)]}{raised}{text[bound.end(1) :]}"'
        )
    return pyproject


def with_pairs(pyproject: str, changes: Iterable[LibraryChanges]) -> str:
    """Return pyproject.toml with the pairs of versions added of which there are pages now."""
    listed = pairs(pyproject)
    before, start, rest = pyproject.partition("\nchanges = [\n")
    end = rest.index("\n]") + 1
    for entry in changes:
        pair = [f"{entry.distribution}=={version}" for version in (entry.before, entry.after)]
        if pair not in listed:
            rest = f"{rest[:end]}  {json.dumps(pair)},\n{rest[end:]}"
    return f"{before}{start}{rest}"


def _run_tests(arguments: Sequence[str]) -> Outcome:
    """Run the tests with two workers, as `nox -s tests` does."""
    results = OUT / "tests.xml"
    command = [sys.executable, "-m", "pytest", "-n", "2", f"--junitxml={results}", *arguments]
    subprocess.run(command, cwd=ROOT, check=False)
    return outcome(results.read_text(encoding="utf-8") if results.is_file() else "")


def outcome(junit: str) -> Outcome:
    """Return what became of the tests, from pytest's report in XML; it may be empty."""
    cases = [*ElementTree.fromstring(junit).iter("testcase")] if junit else []
    failed = tuple(
        f"{case.get('classname')}.{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    )
    skipped = sum(case.find("skipped") is not None for case in cases)
    return Outcome(len(cases) - len(failed) - skipped, failed, crashed=not cases)


def branch(newer: Iterable[Release]) -> str:
    """Return a branch's name for these releases, the same each day."""
    return f"upgrade/{'-'.join(f'{r.distribution}-{r.installed}' for r in newer)}"


def body(changes: Iterable[LibraryChanges], outcome: Outcome, pages: Sequence[Path]) -> str:
    """Return the text of a pull request: what to do, the tests, and the report."""
    changes = tuple(changes)
    steps = next_steps(changes, outcome, pages)
    report = "\n".join(changes_page.markdown(entry) for entry in changes)
    text = f"{steps}\n\n## Tests\n\n{outcome}\n\n{report.rstrip()}\n"
    if len(text) > _LONGEST_BODY:
        text = text[:_LONGEST_BODY].rpartition("\n")[0]
        text += f"\n\nThe rest is in {_list(_links(pages))}.\n"
    return text


def next_steps(changes: Sequence[LibraryChanges], outcome: Outcome, pages: Sequence[Path]) -> str:
    """Return what is left to do for a person, as a list."""
    specifications = _list(f"`generator/voxbind_build/libraries/{c.library}.toml`" for c in changes)
    steps = [
        f"Read the report ({_list(_links(pages))}), and explain in `CHANGELOG.md` what a user "
        "notices.",
        f"Set `written_for` in {specifications}, and mend the entries of which the build says that "
        "they match nothing.",
        "Change the sentences in `README.md` and `CHANGELOG.md` that state the supported versions.",
        "Commit `generated/`, `docs/` and `pyproject.toml` together.",
    ]
    if outcome.failed or outcome.crashed:
        steps.insert(1, "Mend what the tests report.")
    names = _list(f"{entry.distribution} {entry.after}" for entry in changes)
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return f"The package was generated from {names}. What is left to do:\n\n{numbered}"


def _links(pages: Iterable[Path]) -> Iterable[str]:
    return (f"`{page.relative_to(ROOT).as_posix()}`" for page in pages)


def _list(items: Iterable[str]) -> str:
    *others, last = items
    return f"{', '.join(others)} and {last}" if others else last


def _write(name: str, text: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(f"{text.rstrip()}\n", encoding="utf-8")
