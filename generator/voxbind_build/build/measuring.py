"""Measures the functions whose recorded observations aren't valid any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from voxbind_build import manifest as frozen
from voxbind_build.build.confirming import (
    as_written,
    confirmed_observation,
    is_doubtful,
    once_more,
)
from voxbind_build.build.dependencies import changed, sentence, to_record, versions_of
from voxbind_build.build.durations import Durations, keep_durations, read_durations
from voxbind_build.build.fft_plans import remove_incomplete_fft_plans
from voxbind_build.build.library_state import LibraryState, outlasts, recorded
from voxbind_build.build.progress import Reporter
from voxbind_build.build.report import inconclusive
from voxbind_build.common.cache_folder import cache_folder
from voxbind_build.manifest import Record
from voxbind_build.model import Observation, ProbeTask
from voxbind_build.probe.fingerprint import method_fingerprint
from voxbind_build.probe.sandbox import pool as sandbox

__all__ = ["Measure", "measure_missing"]

Measure = Literal["changed", "all", "nothing"]
"""Which functions to measure: those without a valid observation, all, or none."""


def measure_missing(
    states: Mapping[str, LibraryState],
    record: Record,
    journal: frozen.Journal | None,
    which: Measure,
    jobs: int | None,
    time_limit: float,
    notes: list[str],
    reporter: Reporter,
) -> None:
    """Set the observations of each library: recorded ones that are still valid, else new ones.

    An inconclusive measurement doesn't replace a recorded observation. Recorded figures stay if the
    new ones differ from them by rounding alone. A function that gives other results than recorded
    is measured a second time. A library that was measured with another minor version of NumPy, or
    of another library that its results depend on, has no valid observation.

    Parameters
    ----------
    states
        The libraries by name. Those that need a device aren't measured, and get their recordings.
    record
        The frozen record.
    journal
        What a build that was stopped or killed has measured. New observations are added one by one.
    which
        Which functions to measure.
    jobs, time_limit
        See `probe.sandbox.probe`.
    notes
        A sentence is added for each library that was measured with other versions, and for each
        function whose measurement was inconclusive.
    reporter
        Shows progress.
    """
    measurement = _Measurement(record, journal, notes)
    for state in states.values():
        if state.inventory.spec.device:
            state.observations = recorded(state, record)
        else:
            measurement.add(state, which)
    if measurement.asked:
        totals = {name: state.measured for name, state in states.items()}
        measurement.run(totals, jobs, time_limit, reporter)


class _Asked(NamedTuple):
    """A function to measure."""

    task: ProbeTask
    state: LibraryState
    fingerprint: str
    versions: dict[str, str]
    """Of the library's dependencies, as they are installed."""


class _Known(NamedTuple):
    """The newest observation of a function."""

    task: ProbeTask
    fingerprint: str
    """That a new observation would have."""
    observation: Observation | None
    is_valid: bool


@dataclass
class _Measurement:
    """The functions to measure, and what becomes of their observations."""

    record: Record
    journal: frozen.Journal | None
    notes: list[str]
    asked: dict[str, _Asked] = field(default_factory=dict)
    """By definition."""
    doubtful: list[str] = field(default_factory=list)
    """The functions, by definition, whose observations a second measurement must confirm."""

    def add(self, state: LibraryState, which: Measure) -> None:
        """Give a library its valid observations, and ask for the others."""
        spec = state.inventory.spec
        library = self.record.manifest.libraries.get(spec.name)
        measured_with = library.measured_with if library else {}
        installed = versions_of(spec)
        tasks = state.tasks()
        has_other_versions = bool(changed(measured_with, installed))
        if has_other_versions:
            note = sentence(spec.distribution, measured_with, installed, len(tasks))
            consequence = "" if which == "nothing" else ", so they were measured again"
            self.notes.append(f"{note}{consequence}.")
        unfinished = self.journal.of(spec.name, installed) if self.journal else {}
        for known in self._known(state, tasks, unfinished, is_stale=has_other_versions):
            definition = known.task.description.definition
            if which == "nothing" and not known.is_valid:
                state.outdated = (*state.outdated, definition)
            if which == "all" or (which == "changed" and not known.is_valid):
                self.asked[definition] = _Asked(known.task, state, known.fingerprint, installed)
                state.measured += 1
            elif known.observation is not None and _has_its_parameters(known):
                state.observations[definition] = known.observation
        new = self.asked.keys() | unfinished.keys()
        state.measured_with = to_record(measured_with, installed, is_complete=tasks.keys() <= new)

    def _known(
        self,
        state: LibraryState,
        tasks: Mapping[str, ProbeTask],
        unfinished: Mapping[str, Observation],
        *,
        is_stale: bool,
    ) -> Iterator[_Known]:
        """Yield the newest observation of each function of a library.

        What an unfinished build measured is newer than the record, but it may have measured in
        another way.
        """
        frozen_observations = self.record.observations.get(state.inventory.spec.name, {})
        for definition, task in tasks.items():
            fingerprint = frozen.fingerprint(
                task, state.inventory.version, method_fingerprint(task)
            )
            newer = unfinished.get(definition)
            if newer is not None and newer.fingerprint == fingerprint:
                yield _Known(task, fingerprint, newer, is_valid=True)
                continue
            earlier = frozen_observations.get(definition)
            is_valid = earlier is not None and earlier.fingerprint == fingerprint
            yield _Known(task, fingerprint, earlier, is_valid=is_valid and not is_stale)

    def run(
        self, totals: Mapping[str, int], jobs: int | None, time_limit: float, reporter: Reporter
    ) -> None:
        """Measure what was asked for."""
        durations = Durations(self.asked, jobs or sandbox.usable_cores(), read_durations())

        def done(observation: Observation) -> None:
            self.keep(observation)
            state = self.asked[observation.definition].state
            state.seconds += durations.end(observation.definition)
            reporter.advance(state.inventory.spec.name)

        # Otherwise what a killed build left would be held against the Fourier transforms.
        remove_incomplete_fft_plans(cache_folder())
        reporter.start(totals, durations.seconds_left)
        try:
            sandbox.probe(
                durations.longest_first([asked.task for asked in self.asked.values()]),
                jobs=jobs,
                on_start=durations.start,
                on_done=done,
                time_limit=time_limit,
            )
        finally:
            reporter.finish()
            keep_durations(durations.measured)
        if self.doubtful:
            reporter.say(once_more(len(self.doubtful)))
            sandbox.probe(
                [self.asked[definition].task for definition in self.doubtful],
                jobs=jobs,
                on_done=self.confirm,
                time_limit=time_limit,
                keeps_kernels=False,
            )

    def keep(self, observation: Observation) -> None:
        """Set a new observation, unless it is inconclusive and the recorded one isn't."""
        definition = observation.definition
        asked = self.asked[definition]
        earlier = self._recorded(definition)
        keeps_earlier = earlier is not None and outlasts(earlier, observation)
        if earlier is not None and keeps_earlier:
            asked.state.observations[definition] = earlier
        else:
            new = as_written(earlier, observation, asked.fingerprint)
            asked.state.observations[definition] = new
            if is_doubtful(earlier, new):
                self.doubtful.append(definition)
            else:
                self._journal(asked, new)
        if observation.inconclusive:
            name = asked.task.description.name
            self.notes.append(inconclusive(name, observation, keeps_earlier=keeps_earlier))

    def confirm(self, observation: Observation) -> None:
        """Set the observation of a function that was measured a second time."""
        asked = self.asked[observation.definition]
        earlier = self._recorded(observation.definition)
        written = asked.state.observations[observation.definition]
        if earlier is not None and not observation.inconclusive:
            second = as_written(earlier, observation, asked.fingerprint)
            written = confirmed_observation(earlier, written, second)
            asked.state.observations[observation.definition] = written
        self._journal(asked, written)

    def _recorded(self, definition: str) -> Observation | None:
        name = self.asked[definition].state.inventory.spec.name
        return self.record.observations.get(name, {}).get(definition)

    def _journal(self, asked: _Asked, observation: Observation) -> None:
        if self.journal is not None:
            self.journal.add(asked.state.inventory.spec.name, observation, asked.versions)


def _has_its_parameters(known: _Known) -> bool:
    """Return whether the function still has each parameter that its observation describes."""
    names = {parameter.name for parameter in known.task.description.parameters}
    observation = known.observation
    return observation is not None and {observation.image, *observation.roles} - {""} <= names
