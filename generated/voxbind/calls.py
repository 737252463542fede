"""One call of a library's function: what came, what the library is given, what goes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import index
from typing import Any, TypedDict

# The generated package is checked without the libraries, and so without NumPy.
import numpy as np  # type: ignore[import-not-found, unused-ignore]

from .errors import DimensionError, MemoryTypeError, class_name
from .memories import (
    NUMPY,
    is_array,
    is_number_or_nested,
    library_memory,
    memory_of,
    to_host,
)
from .memory import Exchange, lower_dtype
from .slices import run_per_slice
from .upstream import LibraryDefault

__all__ = ["Arguments", "Call", "Facts", "Function"]

Function = Callable[..., Any]
Arguments = Mapping[str, Any]


class Facts(TypedDict, total=False):
    """What is known of a function's parameters; what is at its default is left out."""

    images: tuple[str, ...]
    """Arrays of the image's spatial shape, the image first: cut along Z together."""
    whole: tuple[str, ...]
    """Other arrays: converted, never cut."""
    outputs: tuple[str, ...]
    """Arrays that the library writes into."""
    host: tuple[str, ...]
    """Arrays that the library wants as NumPy's, whatever memory it works in: a matrix, say."""
    array_like: tuple[str, ...]
    """Arrays for which numbers and nested sequences are taken too."""
    named: tuple[str, ...]
    """Arrays for which a name is taken too: ``init_level_set="checkerboard"``."""
    masked: tuple[str, ...]
    """Arrays for which a masked one is taken too: the library looks at its mask."""
    required: int
    """How many leading parameters have no default; 1 unless given."""
    positional: int
    """How many leading parameters are passed by position; as `required` unless given."""
    only: tuple[str, ...]
    """The dtypes of the library's memory that the function reads rightly; all, if empty."""
    needs_output: tuple[str, ...]
    """Outputs without which the library returns memory that nobody wrote."""
    args: str
    """Name of ``*args``."""
    kwargs: str
    """Name of ``**kwargs``."""
    memory: str
    """The memory that the library works in; ``numpy`` unless given."""
    defaults: Arguments
    """Of a function with deprecated parameters: what is at its default isn't passed on, since
    the library takes what is passed for given, and refuses both an old name and its new one."""


class Call:
    """One call of a library's function: its arguments, checked, and what is known of them."""

    def __init__(self, function: Function, arguments: Arguments, facts: Facts) -> None:
        self.name: str = getattr(function, "__name__", "the function")
        self._function = function
        self._arguments = arguments
        self._images = facts.get("images", ())
        self._whole = facts.get("whole", ())
        self._outputs = facts.get("outputs", ())
        self._host = facts.get("host", ())
        self._array_like = facts.get("array_like", ())
        self._named = facts.get("named", ())
        self._masked = facts.get("masked", ())
        self._only = facts.get("only", ())
        for name in facts.get("needs_output", ()):
            if arguments[name] is None:
                raise MemoryTypeError(
                    f"{self.name} was given no {name!r}, and the library would return memory that "
                    "nobody wrote. Give an array of the result's shape, zeros(...) for example."
                )
        self._required = facts.get("required", 1)
        self._positional = facts.get("positional", self._required)
        self._args = facts.get("args", "")
        self._kwargs = facts.get("kwargs", "")
        self._memory = library_memory(facts.get("memory", "numpy"))
        self._defaults = facts.get("defaults", {})
        given = [name for name in self._images if arguments[name] is not None]
        given += [name for name in self._whole if is_array(_first_array(arguments[name]))]
        self.image = next(iter((*given, *self._images)), "")
        for name in self._images:
            self._check(name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image; of what is no array, what NumPy makes of it."""
        image = self._arguments[self.image]
        try:
            return tuple(image.shape)
        except (AttributeError, RuntimeError):  # a list; a nested tensor, which has no shape
            return tuple(np.asarray(to_host(image, self.image)).shape)

    @property
    def may_be_colours(self) -> bool:
        """Whether the library may read the image's last axis as colours."""
        shape = self.shape
        return self._memory.reads_colours and len(shape) > 2 and shape[-1] in (3, 4)

    @property
    def has_coordinates_of_all_axes(self) -> bool:
        """Whether an array names, for each element of the result, a place on all the axes."""
        axes = len(self.shape)
        others = (self._arguments[name] for name in self._whole)
        shapes = [np.shape(other) for other in others if is_array(other)]
        return any(len(shape) == axes + 1 and shape[0] == axes for shape in shapes)

    @property
    def comprehension(self) -> str:
        """The call for each slice, as one would write it."""
        return f"[{self.name}(plane) for plane in {self.image}]"

    def told(self, shape: tuple[int, ...]) -> str:
        """Return the start of a message: what came."""
        return f"{self.name} was given {self.image!r} of shape {shape}"

    def run(self) -> Any:
        """Run the function on all axes at once."""
        exchange = self._exchange()
        result = self._forward(self._lower(exchange))
        return self._finish(exchange, result)

    def run_per_slice(self, has_channels: bool) -> Any:
        """Run the function on each slice of the volume and stack the results."""
        exchange = self._exchange()
        values = self._lower(exchange)
        if has_channels:
            self._check_channel_axis(len(self.shape), values)
        cut = self._cut(values, has_channels)
        result = run_per_slice(
            self._forward,
            values,
            cut=cut,
            outputs=self._outputs,
            function=self.name,
            memory=self._memory,
        )
        return self._finish(exchange, result)

    def _check(self, name: str) -> None:
        """Refuse what is no image; other parameters are the library's to judge."""
        value = self._arguments[name]
        if is_array(_first_array(value)) or isinstance(value, LibraryDefault):
            return
        required = list(self._arguments).index(name) < self._required
        if value is None and not required:
            return
        first = name == self.image
        if is_number_or_nested(value) and (not first or name in self._array_like):
            return
        if type(value) in (list, tuple) and self._memory.takes_nested:
            return
        if isinstance(value, str) and name in self._named:
            return
        also = ", numbers and nested sequences" if name in self._array_like else ""
        raise MemoryTypeError(
            f"{self.name}: {name!r} is {_told(value)}. Taken are numpy.ndarray, torch.Tensor, "
            "pyclesperanto.Array and what exports an array (__array__, DLPack)"
            f"{also}. {_advice(value)}"
        )

    def _exchange(self) -> Exchange:
        return Exchange(self._memory, self._memory.device_of_call(self._in_order()))

    def _in_order(self) -> Iterator[Any]:
        """Give the arguments, those first that say where the call works."""
        arrays = dict.fromkeys((*self._images, *self._whole, *self._outputs))
        yield from (_first_array(self._arguments[name]) for name in arrays)
        yield from (value for name, value in self._arguments.items() if name not in arrays)

    def _lower(self, exchange: Exchange) -> dict[str, Any]:
        values = {name: lower_dtype(value, name) for name, value in self._arguments.items()}
        for name in self._host:
            values[name] = to_host(values[name], name)
        for name in values.keys() - {*self._images, *self._whole, *self._outputs}:
            # A sigma or a centre may come as a tensor, and no library reads one.
            memory = memory_of(_first_array(values[name]))
            if memory not in (None, NUMPY, self._memory):
                values[name] = to_host(values[name], name)
        for name in self._outputs:
            exchange.expect(values[name], name)
        for name in (*self._images, *self._whole):
            if not (name in self._masked and isinstance(values[name], np.ma.MaskedArray)):
                values[name] = exchange.lower(values[name], name)
        for name in self._outputs:
            if name not in self._images and name not in self._whole:
                values[name] = exchange.lower(values[name], name, overwritten=True)
        if self._only:
            self._refuse_misread(values)
        return values

    def _refuse_misread(self, values: dict[str, Any]) -> None:
        for name in (*self._images, *self._whole):
            came, held = self._arguments[name], values[name]
            dtype = getattr(held, "dtype", None)
            if dtype is not None and str(dtype) not in self._only:
                raise MemoryTypeError(
                    f"{self.name} was given {name!r} of dtype {getattr(came, 'dtype', dtype)}, "
                    "which the library misreads, or ends the process on. Taken are "
                    f"{', '.join(self._only)}: give {name}.astype(numpy.{self._only[0]})."
                )

    def _finish(self, exchange: Exchange, result: Any) -> Any:
        for name in self._outputs:
            exchange.settle(self._arguments[name])
        # Of a function that was given no array, the result is what the library made it.
        like = self._arguments[self.image] if self.image else None
        return exchange.give_back(result, _first_array(like))

    def _cut(self, values: dict[str, Any], has_channels: bool) -> tuple[str, ...]:
        """Return which arrays are given slice by slice: the volumes."""
        values[self.image] = image = self._memory.volume(values[self.image])
        cut = [self.image]
        for name in (*self._images, *self._outputs):
            value = values[name]
            if name in self._array_like and is_number_or_nested(value):
                value = self._memory.volume(value)
            if name in cut or not self._memory.holds(value):
                continue
            mask_of_colours = has_channels and value.ndim == 3 and value.shape == image.shape[:3]
            if value.ndim != image.ndim and not mask_of_colours:
                if name in self._outputs:
                    raise DimensionError(
                        f"{self.name} was given {name!r} of shape {value.shape} for slices of "
                        f"{self.image!r} of shape {image.shape}. Give one with as many axes."
                    )
                continue
            if value.shape[0] != image.shape[0]:
                raise DimensionError(
                    f"{self.name} was given {self.image!r} with {image.shape[0]} slices and "
                    f"{name!r} with {value.shape[0]}. Give both the same number, or {name!r} as "
                    "one slice, which is used for all."
                )
            values[name] = value
            cut.append(name)
        if not image.shape[0]:
            raise DimensionError(
                f"{self.told(image.shape)}: a volume without slices. It takes one or more."
            )
        return tuple(cut)

    def _check_channel_axis(self, ndim: int, values: dict[str, Any]) -> None:
        """Let the axis of colours be the same for slices as for the volume."""
        axis = values.get("channel_axis")
        if axis is None:
            return
        try:
            is_last = index(axis) in (-1, ndim - 1)
        except TypeError:
            is_last = False
        if not is_last:
            raise DimensionError(
                f"{self.name} was given channel_axis={axis!r}; slice by slice it takes the last "
                f"axis: numpy.moveaxis({self.image}, {axis!r}, -1) and channel_axis=-1."
            )
        values["channel_axis"] = -1

    def _forward(self, values: Mapping[str, Any]) -> Any:
        """Call the library: what is required by position, the rest by keyword."""
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for position, (name, value) in enumerate(values.items()):
            if name in (self._args, self._kwargs) or isinstance(value, LibraryDefault):
                continue
            if name in self._defaults and _is_same(value, self._defaults[name]):
                continue
            if position < self._positional and len(positional) == position:
                positional.append(value)
            else:
                keywords[name] = value
        if self._args:
            positional.extend(values[self._args])
        if self._kwargs:
            keywords.update(values[self._kwargs])
        return self._function(*positional, **keywords)


def _first_array(value: Any) -> Any:
    """Return the array whose memory a result is given in; in a list, the first one's."""
    while type(value) in (list, tuple) and value:
        value = value[0]
    return value


def _is_same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


def _told(value: Any) -> str:
    return "None" if value is None else f"of type {class_name(value)}"


def _advice(value: Any) -> str:
    if isinstance(value, (str, bytes)) or hasattr(value, "read") or hasattr(value, "__fspath__"):
        return "Read the file into an array first, with skimage.io.imread for example."
    if isinstance(value, dict):
        return "Give one of its values."
    if is_number_or_nested(value):
        return "Make an array of it: numpy.asarray(...)."
    return "Give an array."
