"""Libraries on their way through the first stages: read, described, observed, classified."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.progress import Reporter
from voxbind_build.build.report import BuildError, Row, row
from voxbind_build.classify import classify, inferred, limited, paired, twin_name
from voxbind_build.describe import describe, words_elsewhere
from voxbind_build.discover import LibraryNotFound, discover
from voxbind_build.libraries import builtin, prepare
from voxbind_build.manifest import Record
from voxbind_build.model import (
    Description,
    Function,
    Inventory,
    Library,
    LibrarySpec,
    Observation,
    ProbeTask,
    Twin,
    Verdict,
)
from voxbind_build.probe.fingerprint import method_fingerprint
from voxbind_build.probe.sandbox import pool as sandbox
from voxbind_build.render import own_names, templates_dir

Measure = Literal["changed", "all", "nothing"]


class Reading(msgspec.Struct):
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

    def sources(self) -> dict[str, str]:
        """Return by definition the fingerprint of what another machine's observations rest on."""
        version = self.inventory.version
        return {
            description.definition: frozen.source_fingerprint(description, version)
            for description in self.descriptions
        }

    def freeze(self, libraries: Mapping[str, Library]) -> Library:
        """Classify every function and return the library's entry in the manifest.

        Parameters
        ----------
        libraries
            Those that are frozen already, by name; the twin of one with a device among them.
        """
        spec = self.inventory.spec
        twin = libraries.get(spec.twin or "") if spec.device else None
        descriptions: list[Description] = []
        verdicts: dict[str, Verdict] = {}
        twins: dict[str, Twin] = {}
        for description in self.descriptions:
            name, definition = description.name, description.definition
            observation = self.observations.get(definition)
            other = twin.functions.get(twin_name(name)) if twin else None
            pair = None
            if other is not None:
                description = replace(description, doc=description.doc or other.doc)
                agreement = observation.agreement if observation else None
                pair = paired(description, twin_name(name), other.parameters, spec, agreement)
            descriptions.append(description)
            verdicts[name] = replace(
                self._verdict(description, observation, other, pair),
                needs_output=spec.needs_output.get(name, ()),
            )
            if other is not None and pair is not None:
                twins[name] = limited(pair, description, verdicts[name], other)
        machines = {each.machine for each in self.observations.values()} - {""}
        return frozen.freeze(
            self.inventory, descriptions, verdicts, twins, "; ".join(sorted(machines))
        )

    def _verdict(
        self,
        description: Description,
        observation: Observation | None,
        twin: Function | None,
        pair: Twin | None,
    ) -> Verdict:
        declaration = self.inventory.spec.declare.get(description.name)
        failure = observation.failure if observation else "not run"
        if failure and twin is not None and pair is not None and declaration is None:
            found = inferred(description, twin, pair, failure)
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


def twins_last(readings: Mapping[str, Reading]) -> list[tuple[str, Reading]]:
    """Sort libraries by name, those last that are judged by another's functions."""
    return sorted(readings.items(), key=lambda entry: (entry[1].inventory.spec.device, entry[0]))


def read(
    specs: Sequence[LibrarySpec], record: Record, notes: list[str], reporter: Reporter
) -> dict[str, Reading]:
    """Discover and describe the libraries that can be imported here, or need not be."""
    readings = {}
    for spec in specs:
        reporter.say(f"reading {spec.distribution}")
        started = time.monotonic()
        # Discovery and the probes work in processes that inherit it.
        prepare(spec)
        try:
            inventory = discover(spec, own_folder(spec), live=not spec.device)
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
        readings[spec.name] = Reading(
            inventory, descriptions, {}, seconds=time.monotonic() - started
        )
    return readings


def own_folder(spec: LibrarySpec) -> list[Path] | None:
    """Return where a library is that comes with voxbind, for this process and those it starts."""
    if not spec.home:
        return None
    folder = templates_dir()
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return [folder]


def fill(
    readings: Mapping[str, Reading],
    record: Record,
    measured: dict[str, Observation],
    which: Measure,
    jobs: int | None,
    time_limit: float,
    reporter: Reporter,
) -> None:
    """Give each reading its observations: known ones where they hold, else new ones.

    Parameters
    ----------
    readings
        The libraries. Those that need a device get what was recorded of them.
    record
        What is known.
    measured
        What a build without an end has measured; new observations are put there as they come.
    which
        What to measure.
    jobs, time_limit
        See `probe.sandbox.probe`.
    reporter
        Is told how it goes.
    """
    method = method_fingerprint()
    wanted: dict[str, str] = {}
    tasks: list[ProbeTask] = []
    libraries: dict[str, str] = {}
    for name, reading in readings.items():
        if reading.inventory.spec.device:
            reading.observations = recorded(reading, record)
            continue
        known = {**record.observations.get(name, {}), **measured}
        for definition, task in reading.tasks().items():
            libraries[definition] = name
            observation = known.get(definition)
            fingerprint = frozen.fingerprint(task, reading.inventory.version, method)
            holds = observation is not None and observation.fingerprint == fingerprint
            if which == "all" or (which == "changed" and not holds):
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

    clock = Clock()
    reporter.start({name: reading.measured for name, reading in readings.items()})
    try:
        sandbox.probe(tasks, jobs=jobs, on_done=done, time_limit=time_limit)
    finally:
        reporter.finish()


def recorded(reading: Reading, record: Record) -> dict[str, Observation]:
    """Return the observations of a record that rest on the source that was read."""
    known, wanted = record.observations.get(reading.inventory.spec.name, {}), reading.sources()
    return {
        definition: observation
        for definition, observation in known.items()
        if wanted.get(definition) == observation.fingerprint
    }


class Clock:
    """Tells how long each step takes."""

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


def refuse_clashes(specs: Sequence[LibrarySpec], recorded: Mapping[str, Library]) -> None:
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
                f"{spec.package!r} can't be wrapped: voxbind itself has a module or a function of "
                "this name. Give the package another one."
            )
