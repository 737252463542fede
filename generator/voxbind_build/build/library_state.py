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
from voxbind_build.build.report import Row, inconclusive, row
from voxbind_build.classify import (
    classify,
    find_types,
    inferred,
    limited,
    paired,
    twin_name,
    twin_types,
    undecided,
)
from voxbind_build.common import figures
from voxbind_build.describe import describe, words_elsewhere
from voxbind_build.discover import LibraryNotFound, discover
from voxbind_build.libraries import SpecError, misfits, prepare
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
    TypeFindings,
    Verdict,
)
from voxbind_build.probe.fingerprint import method_fingerprint
from voxbind_build.probe.sandbox import pool as sandbox
from voxbind_build.render import templates_dir

Measure = Literal["changed", "all", "nothing"]


class LibraryState(msgspec.Struct):
    """A library as it is installed here, on its way through the stages."""

    inventory: Inventory
    descriptions: tuple[Description, ...]
    observations: dict[str, Observation]
    measured: int = 0
    outdated: tuple[str, ...] = ()
    """Definitions whose observation is missing, or no longer holds, and that weren't measured."""
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
                    allowed_dtypes=spec.only.get(description.name, ()),
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
        types: dict[str, TypeFindings] = {}
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
            verdict, types[name] = self._judge(description, observation, other, pair)
            verdicts[name] = replace(verdict, needs_output=spec.needs_output.get(name, ()))
            if other is not None and pair is not None:
                twins[name] = limited(pair, description, verdicts[name], other)
        machines = {each.machine for each in self.observations.values()} - {""}
        return frozen.freeze(
            self.inventory, descriptions, verdicts, types, twins, "; ".join(sorted(machines))
        )

    def _judge(
        self,
        description: Description,
        observation: Observation | None,
        twin: Function | None,
        pair: Twin | None,
    ) -> tuple[Verdict, TypeFindings]:
        declaration = self.inventory.spec.declare.get(description.name)
        failure = (
            observation.failure or undecided(observation) if observation is not None else "not run"
        )
        if failure and twin is not None and pair is not None and declaration is None:
            verdict = inferred(description, twin, pair, failure)
            if verdict is not None:
                return verdict, twin_types(description, twin, pair)
        observation = observation or Observation(
            definition=description.definition, fingerprint="", failure="hasn't been measured yet"
        )
        verdict = classify(description, observation, declaration)
        return verdict, find_types(description, observation)

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


def twins_last(states: Mapping[str, LibraryState]) -> list[tuple[str, LibraryState]]:
    """Sort libraries by name, those last that are judged by another's functions."""
    return sorted(states.items(), key=lambda entry: (entry[1].inventory.spec.device, entry[0]))


def read(
    specs: Sequence[LibrarySpec], record: Record, notes: list[str], reporter: Reporter
) -> dict[str, LibraryState]:
    """Discover and describe the libraries that can be imported here, or need not be.

    Raises
    ------
    SpecError
        If a specification names what its library doesn't have.
    """
    states = {}
    wrong: list[str] = []
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
        wrong += (problem.line(spec.file or spec.name) for problem in misfits(inventory))
        notes += [f"{spec.name}: {difference}" for difference in inventory.differences]
        descriptions = describe(inventory)
        states[spec.name] = LibraryState(
            inventory, descriptions, {}, seconds=time.monotonic() - started
        )
    if wrong:
        raise SpecError(wrong)
    return states


def own_folder(spec: LibrarySpec) -> list[Path] | None:
    """Return where a library is that comes with voxbind, for this process and those it starts."""
    if not spec.home:
        return None
    folder = templates_dir()
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return [folder]


def measure_missing(
    states: Mapping[str, LibraryState],
    record: Record,
    measured: dict[str, Observation],
    which: Measure,
    jobs: int | None,
    time_limit: float,
    notes: list[str],
    reporter: Reporter,
) -> None:
    """Give each reading its observations: known ones where they hold, else new ones.

    What was recorded isn't replaced by a measurement that is inconclusive, nor are the figures of a
    result that differs by rounding alone.

    Parameters
    ----------
    states
        The libraries. Those that need a device get what was recorded of them.
    record
        What is known.
    measured
        What a build without an end has measured; new observations are put there as they come.
    which
        What to measure.
    jobs, time_limit
        See `probe.sandbox.probe`.
    notes
        A sentence is added for each function whose measurement was inconclusive.
    reporter
        Is told how it goes.
    """
    wanted: dict[str, str] = {}
    tasks: list[ProbeTask] = []
    libraries: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, state in states.items():
        if state.inventory.spec.device:
            state.observations = recorded(state, record)
            continue
        known = {**record.observations.get(name, {}), **measured}
        for definition, task in state.tasks().items():
            libraries[definition], names[definition] = name, task.description.name
            observation = known.get(definition)
            fingerprint = frozen.fingerprint(
                task, state.inventory.version, method_fingerprint(task)
            )
            holds = observation is not None and observation.fingerprint == fingerprint
            if which == "nothing" and not holds:
                state.outdated = (*state.outdated, definition)
            if which == "all" or (which == "changed" and not holds):
                wanted[definition] = fingerprint
                tasks.append(task)
                state.measured += 1
            elif observation is not None:
                state.observations[definition] = observation
    if not tasks:
        return

    def done(observation: Observation) -> None:
        definition = observation.definition
        name = libraries[definition]
        state = states[name]
        settled = record.observations.get(name, {}).get(definition)
        stays = settled is not None and outlasts(settled, observation)
        if settled is not None and stays:
            state.observations[definition] = settled
        else:
            measured[definition] = replace(
                observation,
                fingerprint=wanted[definition],
                values=figures.settled(settled.values if settled else {}, observation.values),
            )
            state.observations[definition] = measured[definition]
        if observation.inconclusive:
            notes.append(inconclusive(names[definition], observation, stays=stays))
        state.seconds += clock.lap()
        reporter.advance(name)

    clock = Clock()
    reporter.start({name: state.measured for name, state in states.items()})
    try:
        sandbox.probe(tasks, jobs=jobs, on_done=done, time_limit=time_limit)
    finally:
        reporter.finish()


def outlasts(recorded: Observation, measured: Observation) -> bool:
    """Return whether what was recorded stays, since a new measurement of it is inconclusive.

    It doesn't if it is inconclusive itself, or was made of parameters with other roles.
    """
    return (
        bool(measured.inconclusive)
        and not recorded.inconclusive
        and (recorded.image, recorded.roles) == (measured.image, measured.roles)
    )


def recorded(state: LibraryState, record: Record) -> dict[str, Observation]:
    """Return what was recorded on another machine of the very source that was read here.

    Of two observations of one function the package's own counts, which was made by its user.
    """
    name, wanted = state.inventory.spec.name, state.sources()
    sets = [recording.observations for recording in record.recordings.get(name, ())]
    return {
        definition: observation
        for known in (*sets, record.observations.get(name, {}))
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
