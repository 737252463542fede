"""One function under test: composes its arguments, calls it and records the calls."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from voxbind_build.memories.interface import Memory
from voxbind_build.model import (
    IMAGE_ROLES,
    OUTPUT_ROLES,
    WHOLE_ROLES,
    Call,
    Description,
    Ending,
    Parameter,
    Part,
)
from voxbind_build.probe.inputs.arguments import Scene, as_arguments, candidates
from voxbind_build.probe.inputs.images import Array, colour_image
from voxbind_build.probe.inputs.roles import paired_images, table
from voxbind_build.probe.invoke import Answer, call, describe_result, outline
from voxbind_build.probe.protocol.arrangement import Arrangement

__all__ = ["Arrangement", "Bench", "in_words"]

_REMEMBERED = 40  # number of recorded calls after which no more failed calls are recorded
_INCONCLUSIVE = 2  # number of inconclusive calls at which a search is given up


@dataclass
class Bench:
    """One function, its parameters' roles, and the record of its calls."""

    function: Callable[..., Any]
    description: Description
    roles: dict[str, str]
    main: str | None
    deadline: float
    memory: Memory
    asked: Container[str] = ()
    """Optional parameters that the library's TOML file lists, which get an argument too."""
    trial_values: Mapping[str, list[Any]] = field(default_factory=dict)
    """Values to try, by parameter, as the library's TOML file lists them."""
    has_channels: bool = False
    """Whether the library's images have an axis of channels."""
    only: tuple[str, ...] = ()
    """The dtypes that may be passed to the function; all if empty."""
    fatal: Mapping[int, Ending] = field(default_factory=dict)
    """Calls that ended an earlier process, by number. They are not made again."""
    before_call: Callable[[int], None] = lambda number: None
    """Called with the number of each call before it is made."""
    number: int = 0
    part: Part = "call"
    """The part of the observation that the present calls belong to."""
    inconclusive: dict[Part, str] = field(default_factory=dict)
    """The end of the first inconclusive call of each part, in words."""
    inconclusive_calls: int = 0
    """Number of inconclusive calls in the present search."""
    calls: list[Call] = field(default_factory=list)
    mutated: set[str] = field(default_factory=set)
    seen: set[tuple[str, str]] = field(default_factory=set)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The function's parameters."""
        return self.description.parameters

    @property
    def arrays(self) -> frozenset[str]:
        """The parameters that take arrays in the library's memory."""
        return frozenset(
            name
            for name, role in self.roles.items()
            if role in IMAGE_ROLES | WHOLE_ROLES | OUTPUT_ROLES
        )

    def is_late(self) -> bool:
        """Return whether the time for a part is used up; if so, the part is inconclusive."""
        late = time.process_time() > self.deadline
        if late:
            self.inconclusive.setdefault(self.part, "the time for it was used up")
        return late

    @property
    def sparing(self) -> bool:
        """Whether calls are so slow that only a few are made."""
        return self.description.attribute in table().sparing

    @property
    def default_channels(self) -> bool:
        """Whether the function reads an axis as channels by default."""
        return any(
            self.roles.get(entry.name) == "channels" and entry.default not in (None, "None")
            for entry in self.parameters
        )

    def parameter(self, name: str) -> Parameter | None:
        """Find a parameter by name."""
        return next((entry for entry in self.parameters if entry.name == name), None)

    def given(self, *, fills: bool, idle: bool = False) -> list[Parameter]:
        """Return the parameters that get an argument in addition to the main image.

        Parameters
        ----------
        fills
            Whether optional arguments that may be necessary are included.
        idle
            Whether options without an effect at their defaults are left out.
        """
        pair = paired_images(self.main, self.description, self.roles) if self.main else ()
        filled = self._filled() if fills else ()
        return [
            entry
            for entry in self.parameters
            if entry.name != self.main
            and entry.kind not in ("VAR_POSITIONAL", "VAR_KEYWORD")
            and (
                entry.default is None
                or entry.name in pair
                or entry.name in filled
                or entry.name in self.asked
                or (not idle and table().is_idle(entry))
            )
        ]

    def _filled(self) -> tuple[str, ...]:
        """Return the optional parameters that may be necessary, but only one for the size."""
        names = [
            entry.name
            for entry in self.parameters
            if entry.default is not None and entry.name in table().fills.names
        ]
        if "size" in names:  # size and footprint mean the same
            names = [name for name in names if name not in ("footprint", "structure")]
        return tuple(name for name in names if name != "channel_axis")

    # --- arguments ----------------------------------------------------------------------

    def compose(
        self,
        arrangement: Arrangement,
        main: Array,
        *,
        spatial: tuple[int, ...] | None = None,
        cut: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Make all arguments of a call.

        Parameters
        ----------
        arrangement : Arrangement
            The properties of the call.
        main : ndarray
            The image.
        spatial : tuple of int, optional
            Lengths of the spatial axes; by default those of the arrangement.
        cut : dict, optional
            Arguments to pass unchanged.
        """
        shape = spatial or arrangement.shape
        whole_shape = shape[:2] if arrangement.flat else shape
        image_shape = shape[:2] if arrangement.flat == "all" else shape
        choice = dict(arrangement.choice)
        arguments: dict[str, Any] = {}
        for entry in self.given(fills=arrangement.fills, idle=arrangement.idle):
            role = self.roles.get(entry.name)
            scene = Scene(
                shape=image_shape if role in IMAGE_ROLES else whole_shape,
                content=arrangement.content,
                dtype=arrangement.dtype,
                main=main,
                main_role=self.roles.get(self.main or "", ""),
            )
            if (
                entry.name in table().fills.values
                and entry.default is not None
                and entry.name not in self.trial_values
            ):
                values = table().fills.values[entry.name]
            else:
                values = self._values(entry, scene)
            arguments[entry.name] = values[min(choice.get(entry.name, 0), len(values) - 1)]
            if role in ("image", "colour image") and arrangement.channels:
                arguments[entry.name] = colour_image(
                    shape,
                    arrangement.content,
                    arrangement.dtype,
                    channels=arrangement.channels,
                    variant=1,
                )
        if self.main:
            arguments[self.main] = main
        self._settle(arrangement, arguments)
        arguments.update(cut or {})
        return arguments

    def _settle(self, arrangement: Arrangement, arguments: dict[str, Any]) -> None:
        """Set options that make calls fast and reproducible, and that name the channel axis."""
        for entry in self.parameters:
            if entry.default is None or entry.name in arguments:
                continue
            role = self.roles.get(entry.name)
            economy = self._economy(entry)
            if economy is not None:
                arguments[entry.name] = economy
            elif role == "generator" and entry.default == "None":
                arguments[entry.name] = 0
            elif role == "channels" and arrangement.named_channels:
                if arrangement.channels:
                    arguments[entry.name] = -1
                elif entry.default != "None":
                    arguments[entry.name] = None

    def _economy(self, parameter: Parameter) -> Any:
        """Return a value that makes the function fast, if the default is larger; else None."""
        economies = table().economies
        value = economies.get(
            f"{self.description.attribute}.{parameter.name}", economies.get(parameter.name)
        )
        try:
            return value if value is not None and float(parameter.default or "0") > value else None
        except ValueError:
            return None

    def alternatives(self, arrangement: Arrangement) -> Iterator[tuple[tuple[str, int], ...]]:
        """Yield other choices of candidates: for one parameter at a time, then for all."""
        main = arrangement.main()
        counts = {
            entry.name: len(self.candidates(entry, arrangement, main))
            for entry in self.given(fills=arrangement.fills, idle=arrangement.idle)
        }
        for name, count in counts.items():
            for index in range(1, count):
                yield ((name, index),)
        many = [name for name, count in counts.items() if count > 1]
        if len(many) > 1:
            yield tuple((name, 1) for name in many)

    def candidates(self, entry: Parameter, arrangement: Arrangement, main: Array) -> list[Any]:
        """Return the values to try for a parameter.

        Parameters
        ----------
        entry
            The parameter.
        arrangement
            The properties of the call.
        main
            The image.
        """
        scene = Scene(
            shape=arrangement.shape,
            content=arrangement.content,
            dtype=arrangement.dtype,
            main=main,
            main_role=self.roles.get(self.main or "", ""),
        )
        return self._values(entry, scene)

    def _values(self, entry: Parameter, scene: Scene) -> list[Any]:
        """Return the values to try: those that the TOML file lists, or else by role and type."""
        role = self.roles.get(entry.name)
        listed = self.trial_values.get(entry.name)
        return (
            candidates(entry, role, scene)
            if listed is None
            else as_arguments(listed, role, scene.dtype)
        )

    # --- calls --------------------------------------------------------------------------

    def run(self, arguments: dict[str, Any], *, watched: bool = True) -> Answer:
        """Call the function with NumPy's global generator in a known state.

        Parameters
        ----------
        arguments
            The arguments, by parameter name.
        watched
            Whether to find out which arguments the function changes.
        """
        np.random.seed(0)
        return self.call(arguments, watched=watched)

    def call(self, arguments: dict[str, Any], *, watched: bool = True) -> Answer:
        """Call the function without seeding NumPy's global generator: see `run`."""
        self.number += 1
        if ending := self.fatal.get(self.number):
            answer = Answer(outcome=ending.outcome, error=ending.words)
        else:
            self.before_call(self.number)
            answer = call(
                self.function,
                self.parameters,
                arguments,
                memory=self.memory,
                given=self.arrays,
                only=self.only,
                watched=watched,
            )
        if answer.outcome == "inconclusive":
            self.inconclusive.setdefault(self.part, answer.error)
        return answer

    def attempt(self, arrangement: Arrangement, *, record: bool = True) -> Answer:
        """Make one call of an arrangement.

        Parameters
        ----------
        arrangement
            The properties of the call.
        record
            Whether the call is recorded.
        """
        main = arrangement.main()
        arguments = self.compose(arrangement, main)
        answer = self.run(arguments)
        self.inconclusive_calls += answer.outcome == "inconclusive"
        if self.inconclusive_calls >= _INCONCLUSIVE:
            self.deadline = 0.0  # other arguments would take as long again
            self.inconclusive_calls = 0
        if record:
            self.note(arrangement, main, arguments, answer)
        return answer

    def note(
        self, arrangement: Arrangement, main: Array, arguments: dict[str, Any], answer: Answer
    ) -> None:
        """Record a call; calls that failed with the same error are recorded once.

        Parameters
        ----------
        arrangement
            The properties of the call.
        main
            The image.
        arguments
            All arguments, by parameter name.
        answer
            The outcome.
        """
        key = (arrangement.case, answer.error or f"{arrangement.size} {arrangement.dtype}")
        if key in self.seen or (len(self.calls) >= _REMEMBERED and not answer.returned):
            return
        self.seen.add(key)
        self.mutated.update(answer.mutated)
        self.calls.append(
            Call(
                case=arrangement.case,
                shape=main.shape,
                dtype=str(main.dtype),
                outcome=answer.outcome,
                result=outline(describe_result(answer.value)) if answer.returned else None,
                error=answer.error,
                warnings=answer.warnings,
                arguments={
                    name: in_words(value)
                    for name, value in sorted(arguments.items())
                    if name != self.main
                },
            )
        )


def in_words(value: Any) -> str:
    """Describe an argument without its data."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array {value.shape}"
    if callable(value):
        return f"function {getattr(value, '__name__', type(value).__name__)}"
    return re.sub(r"np\.\w+\(([^()]*)\)", r"\1", repr(value))[:120]
