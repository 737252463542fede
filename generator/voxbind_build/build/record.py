"""Measures libraries that need a device, such as a GPU, on this machine's device."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.durations import Durations
from voxbind_build.build.folded_notes import folded
from voxbind_build.build.library_state import LibraryState, outlasts, own_folder, recorded
from voxbind_build.build.progress import Reporter, Silent
from voxbind_build.build.publish import assemble_package, publish
from voxbind_build.build.recorded_libraries import (
    add_recordings,
    claimed_package,
    known_record,
    read_all,
    record_report,
    refuse_without_device,
)
from voxbind_build.build.report import BuildError, RecordReport, inconclusive
from voxbind_build.classify import paired, twin_name
from voxbind_build.discover import discover
from voxbind_build.discover.locate import installed_version
from voxbind_build.manifest import Record
from voxbind_build.memories.lookup import facts
from voxbind_build.model import (
    Library,
    LibrarySpec,
    Machine,
    Observation,
    ProbeTask,
    Recording,
    Recordings,
    Twin,
)
from voxbind_build.probe import gpu as cuda
from voxbind_build.probe.sandbox import pool as sandbox
from voxbind_build.verify import disk

TIME_LIMIT = 900.0
"""CPU time for all calls of one function, in seconds; it is long because calls compile kernels."""
_JOBS = 4
"""Number of processes that share a device by default."""


def record(
    specs: Sequence[LibrarySpec],
    out: Path,
    *,
    to: Path | None = None,
    recordings: Path | None = None,
    jobs: int | None = None,
    fresh: bool = False,
    time_limit: float = TIME_LIMIT,
    within: float = math.inf,
    reporter: Reporter | None = None,
) -> RecordReport:
    """Measure functions on this machine's device, and compare each with its twin on the CPU.

    Parameters
    ----------
    specs
        The libraries, all of which must need a device.
    out
        The package's folder. Functions whose record is still valid aren't measured again.
    to
        A file for the recording; by default it is merged into the package.
    recordings
        The folder of committed recordings, to add this one to; None to keep it in the package.
    jobs
        Number of processes that measure in parallel; by default a few, which share the device.
    fresh
        Measure every function, even if its record is still valid.
    time_limit
        CPU time allowed per function, in seconds; a function that uses more is inconclusive.
    within
        Seconds after which measuring stops; the functions measured until then are recorded.
    reporter
        Shows progress.

    Returns
    -------
    RecordReport
        The functions that were measured, and their comparison with the twins.

    Raises
    ------
    BuildError
        If the device or a library is missing, or no function could be run.
    ManifestError, OutputError
        If the frozen record is damaged or was edited, or the folder or file can't be written.
    """
    # The steps in order; some are only for a file, others only for a package.
    started = time.monotonic()
    reporter = reporter or Silent()
    refuse_without_device(specs)
    if to is not None:
        _prove_writable(to)
    if to is None:
        claim = claimed_package(out, reporter.say)
    else:  # the package stays unchanged
        claim = disk.claimed(to, reporter.say, is_file=True)
    with claim:
        frozen_record = known_record(out, recordings, writing=to is None)
        reporter.say("looking for the device")
        machines = {spec.name: _machine(spec) for spec in specs}
        notes = [*frozen_record.problems, *frozen_record.damaged_recordings]
        states = read_all(specs, frozen_record, notes, reporter)
        notes += [note for state in states.values() for note in _live_differences(state)]

        # Observations of an interrupted recording are kept next to the file or folder to write.
        journal = frozen.Journal(to or out.with_name(f"{out.name}.recorded"))
        if fresh:
            journal.forget(states)
        run = _Run(states, machines, journal)
        for name, state in states.items():
            pairs = _pairs(state, frozen_record, notes)
            run.ask(name, recorded(state, frozen_record), pairs, fresh=fresh)
        run.observe(
            jobs or min(_JOBS, sandbox.usable_cores()), time_limit, started + within, reporter
        )
        try:
            run.refuse_failure()
        except BuildError:
            journal.forget(states)
            raise

        notes += run.notes
        if run.left:
            left = f"there was no time to measure {run.left} functions"
            notes.append(f"{left}; run the command again to continue")
        if to is None and recordings is not None:
            frozen_record = add_recordings(run.recordings().recordings, frozen_record, recordings)
        package = assemble_package(states, frozen_record, frozen_record.manifest.package)
        changes = None
        if to is None:
            package, changes = publish(package, out, frozen_record.owned, reporter)
        elif run.observed:
            frozen.write_whole(to, frozen.encode_recordings(run.recordings()))
        elif not run.left:
            notes.append("every record in the package is still valid, so no file was written")
        if to is None or not run.left:
            journal.forget(states)
    report = record_report(package, states, notes, reporter, started)
    return replace(
        report,
        observed=len(run.observed),
        machines=tuple(sorted({machine.words for machine in machines.values()})),
        file=str(to) if to is not None and run.observed else "",
        changes=changes,
    )


def _prove_writable(path: Path) -> None:
    """Raise an error if a file can't be written, before time is spent on measuring."""
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise disk.OutputError(
            f"{path} can't be written: {error.strerror}. Name another file with --to."
        ) from error


def _machine(spec: LibrarySpec) -> Machine:
    """Return a description of the device that a library's functions run on here."""
    if not facts(spec.memory_type).on_gpu:
        return Machine(device="cpu")
    machine = cuda.examine()
    if isinstance(machine, str):
        raise BuildError(
            f"{spec.name} can't be measured here: {machine}. It needs an NVIDIA GPU with its "
            f"driver, and the library with all of CUDA: pip install 'voxbind[{spec.extra}]'. "
            "`voxbind doctor` reports what is installed. To merge a recording from another "
            "machine, run `voxbind record --from FILE`."
        )
    return machine


def _live_differences(state: LibraryState) -> list[str]:
    """Return how the imported library differs from its source."""
    spec = state.inventory.spec
    live = discover(spec, own_folder(spec))
    if not live.live:
        reason = "; ".join(folded(live.differences)) or "the reason is unknown"
        raise BuildError(f"{spec.distribution} can't be imported here: {reason}")
    reported = {*state.inventory.differences}
    return [
        f"{spec.name}: {difference}"
        for difference in live.differences
        if difference not in reported
    ]


def _pairs(state: LibraryState, frozen_record: Record, notes: list[str]) -> dict[str, Twin]:
    """Return the twin to compare each function with, by the function's definition."""
    spec = state.inventory.spec
    twin = frozen_record.manifest.libraries.get(spec.twin or "")
    if twin is None:
        if spec.twin:
            notes.append(
                f"{spec.name}: results aren't compared, because the package has no {spec.twin}"
            )
        return {}
    if (version := _installed(spec.twin or "", twin)) not in (twin.version, ""):
        notes.append(
            f"{spec.name}: results aren't compared with {spec.twin}, because {spec.twin} "
            f"{version} is installed, but the package wraps {twin.version}"
        )
        return {}
    pairs: dict[str, Twin] = {}
    for description in state.descriptions:
        name = twin_name(description.name)
        other = twin.functions.get(name)
        if other is not None and other.form == "function":
            pair = paired(description, name, other.parameters, spec, None)
            pairs.setdefault(description.definition, pair)
    return pairs


def _installed(name: str, library: Library) -> str:
    """Return the installed version of a library; empty if it has none."""
    spec = LibrarySpec(name=name, modules=library.modules, distribution=library.distribution)
    return installed_version(spec, None) or ""


class _Run:
    """One run of the probe over the functions to measure."""

    def __init__(
        self,
        states: Mapping[str, LibraryState],
        machines: Mapping[str, Machine],
        journal: frozen.Journal,
    ) -> None:
        self._states, self._machines, self._journal = states, machines, journal
        self._libraries: dict[str, str] = {}
        self._tasks: dict[str, ProbeTask] = {}
        self._sources: dict[str, str] = {}
        self._pairs: dict[str, Twin] = {}
        self._recorded: dict[str, Observation] = {}
        self.notes: list[str] = []
        """A sentence for each function whose measurement was inconclusive."""
        self.observed: dict[str, Observation] = {}
        """Observations of this run and of the interrupted run that it continues, by definition."""

    def ask(
        self,
        library: str,
        recorded: Mapping[str, Observation],
        pairs: dict[str, Twin],
        *,
        fresh: bool,
    ) -> None:
        """Add the functions of a library that have no valid record, or all if `fresh`."""
        state, machine = self._states[library], self._machines[library].words
        valid = {} if fresh else dict(recorded)
        self._recorded |= recorded
        state.observations = dict(valid)
        self._sources |= state.sources()
        self._pairs |= pairs
        unfinished = self._journal.of(library)
        for definition, task in state.tasks().items():
            self._libraries[definition] = library
            if definition in valid:
                continue
            earlier = unfinished.get(definition)
            source = self._sources[definition]
            if earlier and (earlier.fingerprint, earlier.machine) == (source, machine):
                self._keep(earlier)
            else:
                self._tasks[definition] = task

    def observe(self, jobs: int, time_limit: float, until: float, reporter: Reporter) -> None:
        """Measure the functions until this monotonic time; compare those that run with twins."""
        if not self._tasks:
            return
        # A function that has a twin is measured first, then run again next to the twin.
        first_runs: dict[str, Observation] = {}
        durations = Durations(self._tasks, jobs, {})

        def done(observation: Observation) -> ProbeTask | None:
            definition = observation.definition
            library = self._libraries[definition]
            state, pair = self._states[library], self._pairs.get(definition)
            state.seconds += durations.end(definition)
            if definition in first_runs:
                observation = replace(first_runs[definition], agreement=observation.agreement)
            else:
                earlier = self._recorded.get(definition)
                keeps_earlier = earlier is not None and outlasts(earlier, observation)
                if observation.inconclusive:
                    name = self._tasks[definition].description.name
                    self.notes.append(inconclusive(name, observation, keeps_earlier=keeps_earlier))
                if earlier is not None and keeps_earlier:
                    self._journal.add(library, earlier)
                    self._keep(earlier)
                    reporter.advance(library)
                    return None
                first_runs[definition] = observation = replace(
                    observation,
                    fingerprint=self._sources[definition],
                    machine=self._machines[library].words,
                )
                # The results of random functions never agree.
                if pair is not None and not (observation.failure or observation.random):
                    return replace(self._tasks[definition], beside=pair)
            self._journal.add(library, observation)
            self._keep(observation)
            state.measured += 1
            reporter.advance(library)
            return None

        on_gpu = any(facts(task.memory_type).on_gpu for task in self._tasks.values())
        libraries = [self._libraries[definition] for definition in self._tasks]
        totals = {name: libraries.count(name) for name in self._states}
        reporter.start(totals, durations.seconds_left)
        try:
            sandbox.probe(
                [*self._tasks.values()],
                jobs=jobs,
                on_start=durations.start,
                on_done=done,
                time_limit=time_limit,
                until=until,
                call_limit=sandbox.GPU_CALL_LIMIT if on_gpu else sandbox.CALL_LIMIT,
                ahead={pair.name.rpartition(".")[0] for pair in self._pairs.values()},
            )
        finally:
            reporter.finish()

    def _keep(self, observation: Observation) -> None:
        definition = observation.definition
        self.observed[definition] = observation
        self._states[self._libraries[definition]].observations[definition] = observation

    @property
    def left(self) -> int:
        """Number of functions that there was no time to measure."""
        return len(self._tasks.keys() - self.observed.keys())

    def refuse_failure(self) -> None:
        """Raise an error if no function of a library ran, which means that the machine is broken.

        Raises
        ------
        BuildError
            If a library's functions were called, and no call returned a result.
        """
        for library in self._states:
            observations = [
                observation
                for observation in self.observed.values()
                if self._of(library, observation)
            ]
            calls = [call for observation in observations for call in observation.calls]
            if observations and not any(call.outcome == "returned" for call in calls):
                errors = [call.error for call in calls]
                errors += [observation.failure for observation in observations]
                first_error = next(filter(None, errors), "nothing was called")
                raise BuildError(
                    f"None of {len(observations)} functions of {library} could be run, so nothing "
                    f"is recorded. The first error: {first_error}"
                )

    def recordings(self) -> Recordings:
        """Return the observations of each library, to be written to a file."""
        recordings = []
        for name, state in sorted(self._states.items()):
            observations = {
                definition: observation
                for definition, observation in sorted(self.observed.items())
                if self._of(name, observation)
            }
            if observations:
                recordings.append(
                    Recording(
                        library=name,
                        distribution=state.inventory.spec.distribution,
                        version=state.inventory.version,
                        machine=self._machines[name],
                        observations=observations,
                    )
                )
        return Recordings(recordings=tuple(recordings))

    def _of(self, library: str, observation: Observation) -> bool:
        """Return whether an observation is of a function of this library."""
        return self._libraries[observation.definition] == library
