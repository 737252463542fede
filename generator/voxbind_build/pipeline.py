"""From library specifications to the package on disk: names every stage, decides nothing.

Data flows one way: specification -> discover -> describe -> probe -> classify -> manifest
-> render -> verify. What is frozen already flows in beside it: observations that still
hold are not made again, and a library that isn't here keeps its record.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.classify import classify, inferred, limited, paired, twin_name
from voxbind_build.describe import describe, words_elsewhere
from voxbind_build.discover import LibraryNotFound, discover
from voxbind_build.libraries import builtin, prepare
from voxbind_build.manifest import Record
from voxbind_build.model import (
    Description,
    Difference,
    Function,
    Inventory,
    Library,
    LibrarySpec,
    Manifest,
    Observation,
    ProbeTask,
    Twin,
    Verdict,
)
from voxbind_build.probe import sandbox
from voxbind_build.probe.fingerprint import method_fingerprint
from voxbind_build.progress import Reporter, Silent
from voxbind_build.render import RenderError, own_names, render, templates_dir
from voxbind_build.report import (
    BuildError,
    BuildReport,
    CheckReport,
    Row,
    broken_promises,
    declared,
    row,
    types,
    unobserved,
)
from voxbind_build.verify import ToolError, disk, verify

Measure = Literal["changed", "all", "nothing"]


def build(
    specs: Sequence[LibrarySpec],
    out: Path,
    *,
    jobs: int | None = None,
    fresh: bool = False,
    time_limit: float = sandbox.TIME_LIMIT,
    reporter: Reporter | None = None,
) -> BuildReport:
    """Read and measure libraries, and write the package.

    Parameters
    ----------
    specs
        The libraries to read anew. Those that aren't installed, and those of an earlier
        build that aren't named here, come from the frozen record.
    out
        The package's folder.
    jobs
        Processes that measure at a time; by default one for each usable core.
    fresh
        Measure everything, also what was measured before.
    time_limit
        Seconds that one function may take; what takes longer is not observed.
    reporter
        Is told how it goes.

    Raises
    ------
    BuildError
        If there is nothing to wrap, or the generated code doesn't hold.
    ManifestError
        If the frozen record can't be trusted.
    OutputError
        If the folder can't be written.
    """
    started = time.monotonic()
    reporter = reporter or Silent()
    disk.prepare(out)
    record = frozen.read_record(out, distrust=fresh)
    _refuse_clashes(specs, record.manifest.libraries)
    notes = list(record.problems)
    readings = _read(specs, record, notes, reporter)
    measured = {} if fresh else frozen.read_unfinished(out)
    try:
        _measure(
            readings, record, measured, "all" if fresh else "changed", jobs, time_limit, reporter
        )
    finally:
        if measured:
            frozen.keep_unfinished(out, measured)

    libraries = dict(record.manifest.libraries)
    observations = dict(record.observations)
    rows = {name: row(name, library) for name, library in libraries.items()}
    for name, reading in _twins_last(readings):
        libraries[name] = reading.freeze(libraries)
        observations[name] = reading.observations
        rows[name] = reading.row(libraries[name])
    if not libraries:
        raise BuildError(
            "There is no library to wrap: none can be imported here, and none was recorded by "
            "an earlier build.\n" + "\n".join(notes)
        )

    manifest = Manifest(libraries=dict(sorted(libraries.items())))
    if broken := broken_promises(manifest):
        raise BuildError(
            "What authors declare doesn't hold; the package is as it was.\n"
            + "\n".join(f"  {promise}" for promise in broken)
            + "\nCorrect the decorator or the function. Where a parameter was given what it isn't "
            "for, say in the library's TOML what it is, under [roles]."
        )
    reporter.say("writing the wrappers")
    try:
        texts = dict(render(manifest, templates_dir()))
    except RenderError as error:
        raise BuildError(f"The wrappers can't be written: {error}") from error
    for name, observed in observations.items():
        texts[frozen.observations_path(name)] = frozen.encode_observations(observed)
    files = frozen.seal(manifest, texts)
    # What is on disk byte for byte was proved by the build that wrote it.
    if disk.differing(files, out):
        reporter.say("checking the generated code")
        try:
            problems = verify(files)
        except ToolError as error:
            raise BuildError(
                f"The generated code can't be checked; the package is as it was. {error}\n"
                "Run: pip install 'voxbind[build]'"
            ) from error
        if problems:
            shown = "\n".join(f"  {problem}" for problem in problems[:20])
            raise BuildError(
                f"The generated code has {len(problems)} problems; the package is as it was.\n"
                f"{shown}"
            )
    changes = disk.write(files, out, record.owned)
    frozen.forget_unfinished(out)
    for note in notes:
        reporter.warn(note)
    return BuildReport(
        rows=tuple(rows[name] for name in sorted(rows)),
        changes=changes,
        declared=declared(manifest),
        unobserved=unobserved(manifest),
        types=types(manifest),
        notes=tuple(notes),
        seconds=round(time.monotonic() - started, 2),
    )


def check(
    specs: Sequence[LibrarySpec],
    out: Path,
    *,
    measure: bool = False,
    jobs: int | None = None,
    time_limit: float = sandbox.TIME_LIMIT,
    reporter: Reporter | None = None,
) -> CheckReport:
    """Compare the installed libraries, and the files on disk, with the frozen record.

    Parameters
    ----------
    specs
        The libraries to compare; those that aren't installed are named in the notes.
    out
        The package's folder.
    measure
        Observe every function again. Without it, contracts are derived anew from the
        recorded observations.

    Raises
    ------
    BuildError
        If there is no package to check.
    ManifestError
        If the frozen record can't be trusted.
    """
    reporter = reporter or Silent()
    if not (out / frozen.MANIFEST).is_file():
        raise BuildError(f"{out} holds no voxbind package to check. Run `voxbind build` first.")
    manifest = frozen.read(out / frozen.MANIFEST)
    edited, missing = frozen.altered(manifest, out)
    record = frozen.read_record(out, distrust=True)
    notes: list[str] = list(record.problems)
    # Without its observations a library's contracts can't be derived again.
    unread = manifest.libraries.keys() - record.observations.keys()
    readings = _read([spec for spec in specs if spec.name not in unread], record, notes, reporter)
    _measure(readings, record, {}, "all" if measure else "nothing", jobs, time_limit, reporter)

    rows = {name: row(name, library) for name, library in manifest.libraries.items()}
    libraries = dict(manifest.libraries)
    differences: list[Difference] = []
    for name, reading in _twins_last(readings):
        libraries[name] = new = reading.freeze(libraries)
        rows[name] = reading.row(new)
        old = manifest.libraries.get(name)
        if old is None:
            added = f"{new.distribution} {new.version}"
            differences.append(Difference(name=name, aspect="added", after=added))
        else:
            differences += frozen.compare(name, old, new)
    now = Manifest(libraries=dict(sorted(libraries.items())))
    return CheckReport(
        rows=tuple(rows[name] for name in sorted(rows)),
        differences=tuple(differences),
        edited=edited,
        missing=missing,
        foreign=disk.foreign(out, record.owned),
        declared=declared(now),
        unobserved=unobserved(now),
        notes=tuple(notes),
    )


# --- one library -------------------------------------------------------------------------


class _Reading(msgspec.Struct):
    """A library as it is installed here, on its way through the stages."""

    inventory: Inventory
    descriptions: tuple[Description, ...]
    observations: dict[str, Observation]
    measured: int = 0
    seconds: float = 0.0

    def tasks(self) -> dict[str, ProbeTask]:
        """Return one task for each definition, however many public names show it."""
        spec = self.inventory.spec
        tasks: dict[str, ProbeTask] = {}
        words = words_elsewhere(self.descriptions)
        for description in self.descriptions:
            tasks.setdefault(
                description.definition,
                ProbeTask(
                    description=description,
                    memory_type=spec.memory_type,
                    roles=spec.roles.get(description.name, {}),
                    only=spec.only.get(description.name, ()),
                    words=words.get(description.name, {}),
                ),
            )
        return tasks

    def freeze(self, libraries: Mapping[str, Library]) -> Library:
        """Classify every function and return the library's entry in the manifest.

        Parameters
        ----------
        libraries
            Those that are frozen already, by name; the twin of one with a device among them.
        """
        spec = self.inventory.spec
        twin = libraries.get(spec.twin or "") if spec.device else None
        verdicts: dict[str, Verdict] = {}
        twins: dict[str, Twin] = {}
        for description in self.descriptions:
            name, definition = description.name, description.definition
            observation = self.observations.get(definition)
            other = twin.functions.get(twin_name(name)) if twin else None
            if other is not None:
                agreement = observation.agreement if observation else None
                twins[name] = paired(
                    description, twin_name(name), other.parameters, spec, agreement
                )
            verdicts[name] = replace(
                self._verdict(description, observation, other, twins.get(name)),
                needs_output=spec.needs_output.get(name, ()),
            )
            if other is not None:
                twins[name] = limited(twins[name], description, verdicts[name], other)
        machines = {each.machine for each in self.observations.values()} - {""}
        return frozen.freeze(
            self.inventory, self.descriptions, verdicts, twins, "; ".join(sorted(machines))
        )

    def _verdict(
        self,
        description: Description,
        observation: Observation | None,
        twin: Function | None,
        pair: Twin | None,
    ) -> Verdict:
        declaration = self.inventory.spec.declare.get(description.name)
        if observation is None and twin is not None and pair is not None and declaration is None:
            found = inferred(description, twin, pair)
            if found is not None:
                return found
        unseen = Observation(
            definition=description.definition, fingerprint="", failure="hasn't been measured yet"
        )
        return classify(description, observation or unseen, declaration)

    def row(self, library: Library) -> Row:
        """Return the library's line in the table at the end."""
        return row(
            self.inventory.spec.name,
            library,
            public=len(self.inventory.names),
            source="measured" if self.measured else "unchanged",
            measured=self.measured,
            seconds=self.seconds,
        )


def _twins_last(readings: Mapping[str, _Reading]) -> list[tuple[str, _Reading]]:
    """Sort libraries by name, those last that are judged by another's functions."""
    return sorted(readings.items(), key=lambda entry: (entry[1].inventory.spec.device, entry[0]))


def _read(
    specs: Sequence[LibrarySpec], record: Record, notes: list[str], reporter: Reporter
) -> dict[str, _Reading]:
    """Discover and describe the libraries that can be imported here, or need not be."""
    readings = {}
    for spec in specs:
        reporter.say(f"reading {spec.distribution}")
        started = time.monotonic()
        # Discovery and the probes work in processes that inherit it.
        prepare(spec)
        try:
            inventory = discover(spec, _own_folder(spec), live=not spec.device)
        except LibraryNotFound as error:
            notes.append(_absent(spec, record, str(error)))
            continue
        if not (inventory.live or spec.device):
            reason = f"{spec.distribution} can't be imported here"
            reason = "; ".join((reason, *inventory.differences))
            remedy = "`voxbind doctor` says what helps" if spec.extra else "mend its import"
            notes.append(_absent(spec, record, f"{reason}. {remedy.capitalize()}"))
            continue
        notes += [f"{spec.name}: {difference}" for difference in inventory.differences]
        descriptions = describe(inventory)
        readings[spec.name] = _Reading(
            inventory, descriptions, {}, seconds=time.monotonic() - started
        )
    return readings


def _own_folder(spec: LibrarySpec) -> list[Path] | None:
    """Return where a library is that comes with voxbind, for this process and those it starts."""
    if not spec.home:
        return None
    folder = templates_dir()
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return [folder]


def _measure(
    readings: dict[str, _Reading],
    record: Record,
    measured: dict[str, Observation],
    measure: Measure,
    jobs: int | None,
    time_limit: float,
    reporter: Reporter,
) -> None:
    """Give each reading its observations: known ones where they hold, else new ones.

    Known are those of the record, and those that a build without an end has `measured`;
    new ones are put there as they come.
    """
    method = method_fingerprint()
    wanted: dict[str, str] = {}
    tasks: list[ProbeTask] = []
    libraries: dict[str, str] = {}
    for name, reading in readings.items():
        known = {**record.observations.get(name, {}), **measured}
        for definition, task in reading.tasks().items():
            libraries[definition] = name
            version, observation = reading.inventory.version, known.get(definition)
            if reading.inventory.spec.device:  # measured by `record` alone
                source = frozen.source_fingerprint(task.description, version)
                if observation is not None and observation.fingerprint == source:
                    reading.observations[definition] = observation
                continue
            fingerprint = frozen.fingerprint(task, version, method)
            holds = observation is not None and observation.fingerprint == fingerprint
            if measure == "all" or (measure == "changed" and not holds):
                wanted[definition] = fingerprint
                tasks.append(task)
                reading.measured += 1
            elif observation is not None:
                reading.observations[definition] = observation
    if not tasks:
        return

    def done(observation: Observation) -> None:
        definition = observation.definition
        reading = readings[libraries[definition]]
        measured[definition] = replace(observation, fingerprint=wanted[definition])
        reading.observations[definition] = measured[definition]
        reading.seconds += clock.lap()
        reporter.advance(libraries[definition])

    clock = _Clock()
    reporter.start({name: reading.measured for name, reading in readings.items()})
    try:
        sandbox.probe(tasks, jobs=jobs, on_done=done, time_limit=time_limit)
    finally:
        reporter.finish()


class _Clock:
    def __init__(self) -> None:
        self._last = time.monotonic()

    def lap(self) -> float:
        """Return the seconds since the last lap."""
        now = time.monotonic()
        seconds, self._last = now - self._last, now
        return seconds


def _absent(spec: LibrarySpec, record: Record, reason: str) -> str:
    recorded = record.manifest.libraries.get(spec.name)
    if recorded is None:
        return f"{spec.name} is left out: {reason}."
    version = f"{recorded.distribution} {recorded.version}"
    return f"{spec.name} stays as it was recorded from {version}: {reason}."


def _refuse_clashes(specs: Sequence[LibrarySpec], recorded: Mapping[str, Library]) -> None:
    """Refuse a library that would take the place of another, before anything is measured."""
    owners = {library.modules[0].partition(".")[0]: name for name, library in recorded.items()}
    owners |= {spec.package: spec.name for spec in builtin()}
    packages = {name: package for package, name in owners.items()}
    runtime = own_names(templates_dir())
    for spec in specs:
        if packages.get(spec.name, spec.package) != spec.package:
            raise BuildError(
                f"{spec.name!r} is the name of the library that wraps {packages[spec.name]!r}, and "
                f"{spec.package!r} is to be wrapped under it. Give it another name in its TOML."
            )
        if owners.get(spec.package, spec.name) != spec.name:
            raise BuildError(
                f"{spec.package!r} is wrapped as library {owners[spec.package]!r} already, and "
                f"{spec.name!r} is to wrap it as well. Leave it to one of them."
            )
        if spec.package in runtime:
            raise BuildError(
                f"{spec.package!r} can't be wrapped: voxbind itself has a module of this name. "
                "Give the package another one."
            )
