"""Observes what needs a device, where there is one, and merges what was observed elsewhere."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.library_state import (
    Clock,
    LibraryState,
    outlasts,
    own_folder,
    recorded,
)
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
"""Seconds of processor time for all calls of one function: many of them compile a kernel first."""
_JOBS = 4
"""Processes that share a device."""


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
    """Observe functions on this machine's device, and run each beside its twin.

    Parameters
    ----------
    specs
        The libraries; each needs a device.
    out
        The package's folder: what is recorded in it, and holds, isn't observed again.
    to
        A file for what is observed; by default it is merged into the package.
    recordings
        The folder of committed recordings, if what is observed is to be added to it. Else the
        package keeps what is merged into it.
    jobs
        Processes at a time; by default a few, which share the device.
    fresh
        Observe everything, also what holds.
    time_limit
        Seconds of processor time that one function may use; what uses more is inconclusive.
    within
        Seconds after which no more is observed: what was until then is recorded.
    reporter
        Is told how it goes.

    Raises
    ------
    BuildError
        If there is no device, no library, or nothing could be observed.
    ManifestError
        If the frozen record can't be trusted.
    OutputError
        If the folder, or the file, can't be written.
    """
    # One step after the other, of which some are only for a file and others only for a package.
    started = time.monotonic()
    reporter = reporter or Silent()
    refuse_without_device(specs)
    if to is not None:
        _prove_writable(to)
    if to is None:
        claim = claimed_package(out, reporter.say)
    else:  # the package stays as it is
        claim = disk.claimed(to, reporter.say, is_file=True)
    with claim:
        known = known_record(out, recordings, writing=to is None)
        reporter.say("looking for the device")
        machines = {spec.name: _machine(spec) for spec in specs}
        notes = list(known.problems)
        states = read_all(specs, known, notes, reporter)
        notes += [note for state in states.values() for note in _live_differences(state)]

        # What a recording without an end has observed is kept beside what it is to be written to.
        kept = to or out.with_name(f"{out.name}.recorded")
        journal = frozen.Journal(kept)
        if fresh:
            journal.forget(states)
        run = _Run(states, machines, journal)
        for name, state in states.items():
            run.ask(name, recorded(state, known), _pairs(state, known, notes), fresh=fresh)
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
            notes.append(f"there was no time for {run.left} functions: record again, to go on")
        if to is None and recordings is not None:
            known = add_recordings(run.recordings().recordings, known, recordings)
        package = assemble_package(states, known)
        changes = None
        if to is None:
            changes = publish(package, out, known.owned, reporter)
        elif run.observed:
            frozen.write_whole(to, frozen.encode_recordings(run.recordings()))
        elif not run.left:
            notes.append("all that the package has recorded holds, so that no file was written")
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
    """Refuse a file that can't be written, before anything is observed for it."""
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
    """Return the machine that a library's functions work on here."""
    if not facts(spec.memory_type).on_gpu:
        return Machine(device="cpu")
    found = cuda.examine()
    if isinstance(found, str):
        raise BuildError(
            f"{spec.name} can't be observed here: {found}. It needs an NVIDIA GPU with its driver, "
            f"and the library with all of CUDA: pip install 'voxbind[{spec.extra}]'. `voxbind "
            "doctor` says what is there. What was recorded on another machine is merged here by "
            "`voxbind record --from FILE`."
        )
    return found


def _live_differences(state: LibraryState) -> list[str]:
    """Say where a library isn't, once imported, what is read from its source."""
    spec = state.inventory.spec
    live = discover(spec, own_folder(spec))
    if not live.live:
        told = "; ".join(live.differences) or "no reason is known"
        raise BuildError(f"{spec.distribution} can't be imported here: {told}")
    known = {*state.inventory.differences}
    return [f"{spec.name}: {each}" for each in live.differences if each not in known]


def _pairs(state: LibraryState, known: Record, notes: list[str]) -> dict[str, Twin]:
    """Return the twins to run beside functions, by the functions' definitions."""
    spec = state.inventory.spec
    twin = known.manifest.libraries.get(spec.twin or "")
    if twin is None:
        if spec.twin:
            notes.append(f"{spec.name}: the package has no {spec.twin} to compare results with")
        return {}
    if (version := _installed(spec.twin or "", twin)) not in (twin.version, ""):
        notes.append(
            f"{spec.name}: results aren't compared with {spec.twin}, of which {version} is "
            f"installed and {twin.version} in the package"
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
    """Return the version of a library that is installed; empty where it has none."""
    like = LibrarySpec(name=name, modules=library.modules, distribution=library.distribution)
    return installed_version(like, None) or ""


class _Run:
    """One run of the probe over all that is to be observed."""

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
        """By definition, what was observed in this run or in one that it goes on with."""

    def ask(
        self,
        library: str,
        settled: Mapping[str, Observation],
        pairs: dict[str, Twin],
        *,
        fresh: bool,
    ) -> None:
        """Ask for the functions of a library that aren't recorded, or for all of them."""
        state, machine = self._states[library], self._machines[library].words
        known = {} if fresh else dict(settled)
        self._recorded |= settled
        state.observations = dict(known)
        self._sources |= state.sources()
        self._pairs |= pairs
        unfinished = self._journal.of(library)
        for definition, task in state.tasks().items():
            self._libraries[definition] = library
            if definition in known:
                continue
            found = unfinished.get(definition)
            if found and (found.fingerprint, found.machine) == (self._sources[definition], machine):
                self._keep(found)
            else:
                self._tasks[definition] = task

    def observe(self, jobs: int, time_limit: float, until: float, reporter: Reporter) -> None:
        """Observe what was asked for; as each comes in, run it beside its twin."""
        if not self._tasks:
            return
        alone: dict[str, Observation] = {}
        clock = Clock()

        def done(observation: Observation) -> ProbeTask | None:
            definition = observation.definition
            library = self._libraries[definition]
            state, pair = self._states[library], self._pairs.get(definition)
            state.seconds += clock.lap()
            if definition in alone:
                observation = replace(alone[definition], agreement=observation.agreement)
            else:
                settled = self._recorded.get(definition)
                stays = settled is not None and outlasts(settled, observation)
                if observation.inconclusive:
                    name = self._tasks[definition].description.name
                    self.notes.append(inconclusive(name, observation, stays=stays))
                if settled is not None and stays:
                    self._journal.add(library, settled)
                    self._keep(settled)
                    reporter.advance(library)
                    return None
                alone[definition] = observation = replace(
                    observation,
                    fingerprint=self._sources[definition],
                    machine=self._machines[library].words,
                )
                # Of what is random no two results agree.
                if pair is not None and not (observation.failure or observation.random):
                    return replace(self._tasks[definition], beside=pair)
            self._journal.add(library, observation)
            self._keep(observation)
            state.measured += 1
            reporter.advance(library)
            return None

        on_gpu = any(facts(task.memory_type).on_gpu for task in self._tasks.values())
        wanted = [self._libraries[definition] for definition in self._tasks]
        reporter.start({name: wanted.count(name) for name in self._states})
        try:
            sandbox.probe(
                [*self._tasks.values()],
                jobs=jobs,
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
        """How many functions there was no time for."""
        return len(self._tasks.keys() - self.observed.keys())

    def refuse_failure(self) -> None:
        """Refuse to go on where no function of a library could be run: the machine is amiss."""
        for library in self._states:
            found = [each for each in self.observed.values() if self._of(library, each)]
            if found and not any(
                call.outcome == "returned" for each in found for call in each.calls
            ):
                told = [call.error for each in found for call in each.calls]
                told += [each.failure for each in found]
                first = next(filter(None, told), "nothing was called")
                raise BuildError(
                    f"Of {len(found)} functions of {library} none could be run, so that nothing is "
                    f"recorded. The first: {first}"
                )

    def recordings(self) -> Recordings:
        """Return what was observed, for a file."""
        return Recordings(
            recordings=tuple(
                Recording(
                    library=name,
                    distribution=state.inventory.spec.distribution,
                    version=state.inventory.version,
                    machine=self._machines[name],
                    observations=found,
                )
                for name, state in sorted(self._states.items())
                if (found := {k: o for k, o in sorted(self.observed.items()) if self._of(name, o)})
            )
        )

    def _of(self, library: str, observation: Observation) -> bool:
        return self._libraries[observation.definition] == library
