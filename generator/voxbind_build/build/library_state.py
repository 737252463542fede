"""The state of a library in a build: discovered, described, observed, then classified."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.report import Row, row
from voxbind_build.classify import (
    classify,
    find_types,
    inferred,
    limited,
    paired,
    twin_name,
    twin_types,
    undecided,
    with_reach,
    with_slice_facts,
)
from voxbind_build.describe import words_elsewhere
from voxbind_build.manifest import Record
from voxbind_build.model import (
    PACKAGE,
    Description,
    Function,
    Inventory,
    Library,
    LibrarySpec,
    Observation,
    ProbeTask,
    Reach,
    Twin,
    TypeFindings,
    Verdict,
)
from voxbind_build.render import templates_dir


def task_of(
    spec: LibrarySpec, description: Description, words: Mapping[str, tuple[str, ...]] | None = None
) -> ProbeTask:
    """Return the task to measure a function of a library, with all that its TOML file says.

    Parameters
    ----------
    spec
        The library's specification.
    description
        The function.
    words
        See `ProbeTask.words`.
    """
    parameters = tuple(parameter.name for parameter in description.parameters)
    return ProbeTask(
        description=description,
        memory_type=spec.memory_type,
        roles=spec.roles_of(description.name),
        values=spec.trial_values(description.name, parameters),
        asked=spec.named_for(description.name),
        axes=spec.axes,
        image_class=spec.image_class,
        allowed_dtypes=spec.only.get(description.name, ()),
        words=dict(words or {}),
    )


class LibraryState(msgspec.Struct):
    """An installed library and the results of the stages that it has passed so far."""

    inventory: Inventory
    descriptions: tuple[Description, ...]
    observations: dict[str, Observation]
    measured_with: dict[str, str] = {}
    """Versions of the libraries that the observations depend on, by distribution."""
    measured: int = 0
    outdated: tuple[str, ...] = ()
    """Definitions that need measuring and weren't measured in this run."""
    seconds: float = 0.0

    def tasks(self) -> dict[str, ProbeTask]:
        """Return one task per definition, even if a definition has several public names."""
        spec = self.inventory.spec
        tasks: dict[str, ProbeTask] = {}
        words = words_elsewhere(self.descriptions)
        for description in self.descriptions:
            task = task_of(spec, description, words.get(description.name, {}))
            tasks.setdefault(description.definition, task)
        return tasks

    def sources(self) -> dict[str, str]:
        """Return each definition's source fingerprint, which is the same on every machine."""
        version = self.inventory.version
        return {
            description.definition: frozen.source_fingerprint(description, version)
            for description in self.descriptions
        }

    def freeze(self, libraries: Mapping[str, Library], package: str = PACKAGE) -> Library:
        """Classify every function and return the library's entry in the manifest.

        Parameters
        ----------
        libraries
            Libraries that are frozen already, by name. If this library needs a device, its twin
            must be one of them.
        package
            Dotted name of the package that holds the wrappers.
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
        machines = {observation.machine for observation in self.observations.values()} - {""}
        return frozen.freeze(
            self.inventory,
            descriptions,
            verdicts,
            types,
            twins,
            "; ".join(sorted(machines)),
            self.measured_with,
            package,
        )

    def _judge(
        self,
        description: Description,
        observation: Observation | None,
        twin: Function | None,
        pair: Twin | None,
    ) -> tuple[Verdict, TypeFindings]:
        declaration = self.inventory.spec.declaration_of(description.name)
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
        if observation.axis_arguments is None and twin is not None and pair is not None:
            verdict = with_slice_facts(verdict, description, twin, pair)
        if observation.reach is None and twin is not None and pair is not None:
            verdict = with_reach(verdict, twin, pair)
        reason = self.inventory.spec.unknown_reach.get(description.name, "")
        if reason and verdict.reach is not None:
            unknown = Reach(kind="unknown", reason=reason, evidence="declared")
            verdict = replace(verdict, reach=unknown)
        return verdict, find_types(description, observation)

    def row(self, library: Library) -> Row:
        """Return the library's row in the table that a build prints."""
        return row(
            self.inventory.spec.name,
            library,
            public=len(self.inventory.names),
            source="measured" if self.measured else "unchanged",
            measured=self.measured,
            seconds=self.seconds,
        )


def twins_last(states: Mapping[str, LibraryState]) -> list[tuple[str, LibraryState]]:
    """Sort libraries by name, with those that need a device, and so their CPU twin, last."""
    return sorted(states.items(), key=lambda entry: (entry[1].inventory.spec.device, entry[0]))


def own_folder(spec: LibrarySpec) -> list[Path] | None:
    """Return the folder of a library that comes with voxbind, and add it to `sys.path`.

    Returns
    -------
    list of Path, or None
        None if the library doesn't come with voxbind.
    """
    if not spec.home:
        return None
    folder = templates_dir()
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return [folder]


def outlasts(recorded: Observation, measured: Observation) -> bool:
    """Return whether a recorded observation is kept because the new one is inconclusive.

    It isn't kept if it is inconclusive too, or if its parameters had other roles.

    Parameters
    ----------
    recorded
        The earlier observation of the function.
    measured
        The new observation of the same function.
    """
    return (
        bool(measured.inconclusive)
        and not recorded.inconclusive
        and (recorded.image, recorded.roles) == (measured.image, measured.roles)
    )


def recorded(state: LibraryState, record: Record) -> dict[str, Observation]:
    """Return the recorded observations whose source is the same as the source read here.

    If a function has several, the package's own observation is used, which its user made.

    Parameters
    ----------
    state
        The library.
    record
        The frozen record, with committed recordings.
    """
    name, fingerprints = state.inventory.spec.name, state.sources()
    recordings = [recording.observations for recording in record.recordings.get(name, ())]
    return {
        definition: observation
        for observations in (*recordings, record.observations.get(name, {}))
        for definition, observation in observations.items()
        if fingerprints.get(definition) == observation.fingerprint
    }
