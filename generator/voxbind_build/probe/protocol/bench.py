"""One function on the bench: composes its arguments, calls it, keeps the record."""

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
from voxbind_build.probe.inputs.arguments import Scene, candidates
from voxbind_build.probe.inputs.images import SIZES, Array, colour_image, image
from voxbind_build.probe.inputs.roles import paired_images, table
from voxbind_build.probe.invoke import Answer, call, describe_result, outline

_REMEMBERED = 40  # calls kept in an observation
_INCONCLUSIVE = 2  # calls of one search that may be inconclusive before it is given up


@dataclass(frozen=True)
class Arrangement:
    """Everything that decides one call but for the function."""

    content: str
    dtype: str
    ndim: int
    size: str = "small"
    channels: int = 0
    choice: tuple[tuple[str, int], ...] = ()
    """Which candidate each parameter takes, where not the first."""
    fills: bool = False
    """Whether optional arguments that may be needed are given."""
    flat: str = ""
    """Arguments beside a volume made as for an image: ``whole`` but for the images, or ``all``."""
    idle: bool = False
    """Whether options whose defaults do nothing are left alone."""
    named_channels: bool = True
    """Whether ``channel_axis`` is given or left at its default."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The spatial shape."""
        return SIZES[self.size][self.ndim]

    @property
    def case(self) -> str:
        """The case in words: ``image of grey``, ``colour volume of grey``."""
        space = "image" if self.ndim == 2 else "volume"
        colour = "colour " if self.channels else ""
        return f"{colour}{space} of {self.content}"

    def main(self) -> Array:
        """Make the image itself."""
        if self.channels:
            return colour_image(self.shape, self.content, self.dtype, channels=self.channels)
        return image(self.shape, self.content, self.dtype)


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
    """Optional parameters that the library's TOML asks to give."""
    only: tuple[str, ...] = ()
    """The dtypes that the function is given; all, if empty."""
    fatal: Mapping[int, Ending] = field(default_factory=dict)
    """Calls that ended an earlier process: not to be made again."""
    before_call: Callable[[int], None] = lambda number: None
    """Is told each call's number before it is made."""
    number: int = 0
    part: Part = "call"
    """What the calls that are made now are about."""
    inconclusive: dict[Part, str] = field(default_factory=dict)
    """By part, how the first call of it ended that was inconclusive."""
    inconclusive_calls: int = 0
    """Calls of a search that were inconclusive."""
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
        """Return whether the time for a part is used up; then the part is left open."""
        late = time.process_time() > self.deadline
        if late:
            self.inconclusive.setdefault(self.part, "the time for it was used up")
        return late

    @property
    def sparing(self) -> bool:
        """Whether every call is slow, so that few are made."""
        return self.description.attribute in table().sparing

    @property
    def default_channels(self) -> bool:
        """Whether the function takes an axis for channels unless told otherwise."""
        return any(
            self.roles.get(entry.name) == "channels" and entry.default not in (None, "None")
            for entry in self.parameters
        )

    def parameter(self, name: str) -> Parameter | None:
        """Find a parameter by name."""
        return next((entry for entry in self.parameters if entry.name == name), None)

    def given(self, *, fills: bool, idle: bool = False) -> list[Parameter]:
        """Name the parameters that get an argument beside the main image."""
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
        """Choose one size-like and every other optional argument that may be needed."""
        names = [
            entry.name
            for entry in self.parameters
            if entry.default is not None and entry.name in table().fills.names
        ]
        if "size" in names:  # size and footprint say the same
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
            What to give.
        main : ndarray
            The image.
        spatial : tuple of int, optional
            Lengths of the spatial axes; the arrangement's own by default.
        cut : dict, optional
            Arguments to give as they are.
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
            if entry.name in table().fills.values and entry.default is not None:
                values = table().fills.values[entry.name]
            else:
                values = candidates(entry, role, scene)
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
        """Set the options that make calls quick, repeatable and about space alone."""
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
        """Give the value that keeps the function quick, where the default is above it."""
        economies = table().economies
        value = economies.get(
            f"{self.description.attribute}.{parameter.name}", economies.get(parameter.name)
        )
        try:
            return value if value is not None and float(parameter.default or "0") > value else None
        except ValueError:
            return None

    def alternatives(self, arrangement: Arrangement) -> Iterator[tuple[tuple[str, int], ...]]:
        """Give other choices of candidates: each parameter by itself, then all together."""
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
        """Give the values to try for a parameter."""
        scene = Scene(
            shape=arrangement.shape,
            content=arrangement.content,
            dtype=arrangement.dtype,
            main=main,
            main_role=self.roles.get(self.main or "", ""),
        )
        return candidates(entry, self.roles.get(entry.name), scene)

    # --- calls --------------------------------------------------------------------------

    def run(self, arguments: dict[str, Any]) -> Answer:
        """Call the function with NumPy's global generator in a known state."""
        np.random.seed(0)
        return self.call(arguments)

    def call(self, arguments: dict[str, Any]) -> Answer:
        """Call the function with NumPy's global generator as it is."""
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
            )
        if answer.outcome == "inconclusive":
            self.inconclusive.setdefault(self.part, answer.error)
        return answer

    def attempt(self, arrangement: Arrangement, *, record: bool = True) -> Answer:
        """Make one call of an arrangement and keep it."""
        main = arrangement.main()
        arguments = self.compose(arrangement, main)
        answer = self.run(arguments)
        self.inconclusive_calls += answer.outcome == "inconclusive"
        if self.inconclusive_calls >= _INCONCLUSIVE:
            self.deadline = 0.0  # other arguments would only take as much again
            self.inconclusive_calls = 0
        if record:
            self.note(arrangement, main, arguments, answer)
        return answer

    def note(
        self, arrangement: Arrangement, main: Array, arguments: dict[str, Any], answer: Answer
    ) -> None:
        """Keep a call: every one that returned, and each error once."""
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
    """Tell an argument without its data."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array {value.shape}"
    if callable(value):
        return f"function {getattr(value, '__name__', type(value).__name__)}"
    return re.sub(r"np\.\w+\(([^()]*)\)", r"\1", repr(value))[:120]
