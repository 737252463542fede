"""One call of a library's function: its arguments are checked and converted, its result back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from .._memory.exporter_memory import is_dask_array
from .._memory.lookup import (
    KNOWN,
    NESTED,
    NUMPY,
    PLAIN,
    LibraryMemory,
    first_array,
    is_array,
    is_number_or_nested,
    memory_for,
    memory_of,
    shape_of,
)
from .._memory.registry import accepted_arrays
from .._settings.context import DEFAULT, current
from .._settings.tracing import Watch
from .._support.classes import class_of
from .._support.untyped import np
from .._upstream.array_forms import is_complete
from .._upstream.defaults import LibraryDefault, is_same
from ..errors import DimensionError, MemoryTypeError, class_name
from .advice import advice, refuse_lists_of_arrays
from .exchange import Exchange, lower_dtype
from .facts import Arguments
from .plan import Plan
from .slice_arguments import arguments_of_slices, keep_channels_last
from .slices import run_per_slice

__all__ = ["Call"]


class Call:
    """One call of a library's function, with its arguments checked."""

    __slots__ = ("_arguments", "_device", "_memory", "_plan", "image")

    def __init__(self, plan: Plan, arguments: Arguments) -> None:
        self._plan = plan
        self._arguments = arguments
        for name in plan.required_outputs:
            if arguments[name] is None:
                raise MemoryTypeError(
                    f"{plan.name} was called without {name!r}: the library would return "
                    "uninitialized memory. Give an array of the result's shape, such as zeros(...)."
                )
        self.image: str = self._first()
        self._memory = plan.library or self._memory_of_image()
        for name in plan.images:
            if type(arguments[name]) not in KNOWN:
                self._check(name)
        self._device = self._find_device()

    @classmethod
    def unchanged(cls, plan: Plan, arguments: Arguments) -> Any:
        """Call the function with all arguments as they are."""
        call = cls.__new__(cls)
        call._plan, call._arguments = plan, arguments
        return call._pass_on(arguments)

    def _first(self) -> str:
        """Return the parameter that counts as the image: the first one with an array."""
        plan, arguments = self._plan, self._arguments
        for name in plan.images:
            if arguments[name] is not None:
                return name
        for name in plan.other_arrays:
            if is_array(first_array(arguments[name])):
                return name
        return plan.images[0] if plan.images else ""

    def _find_device(self) -> Any:
        """Return the device that the library works on; None for NumPy."""
        return None if self._memory is NUMPY else self._memory.device_of_call(self._in_order())

    def _memory_of_image(self) -> LibraryMemory:
        """Return the image's memory, for a function that works in any memory."""
        return memory_for(first_array(self._arguments[self.image]) if self.image else None)

    @property
    def name(self) -> str:
        """The function's own name."""
        return self._plan.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image; for a list or a number, the shape of its NumPy array."""
        return shape_of(self._arguments[self.image], self.image)

    @property
    def may_be_colours(self) -> bool:
        """Whether the library may read the image's last axis as colours."""
        if self._plan.library is None:
            return False  # the same in any memory
        shape = self.shape
        return self._memory.reads_colours and len(shape) > 2 and shape[-1] in (3, 4)

    def has_all_axes(self, needs_channels: bool) -> bool:
        """Return whether the image has the axes before Y and X that the library takes itself."""
        axes = self._plan.library_axes
        return bool(axes) and is_complete(self.shape, axes, needs_channels)

    @property
    def has_coordinates_of_all_axes(self) -> bool:
        """Whether an argument holds a coordinate on every axis for each element of the result."""
        axes = len(self.shape)
        others = {name: self._arguments[name] for name in self._plan.other_arrays}
        shapes = [shape_of(other, name) for name, other in others.items() if is_array(other)]
        return any(len(shape) == axes + 1 and shape[0] == axes for shape in shapes)

    @property
    def comprehension(self) -> str:
        """A list comprehension that calls the function for each slice, for messages."""
        return f"[{self.name}(plane) for plane in {self.image}]"

    def describe(self, shape: tuple[int, ...]) -> str:
        """Return the start of an error message, which names the image and its shape."""
        return f"{self.name} was given {self.image!r} of shape {shape}"

    def run(self) -> Any:
        """Run the function on all axes at once."""
        settings = current()
        if settings is DEFAULT:
            return self._run_simply() if self._plan.is_simple else self._run(None)
        if not settings.watched:
            return self._run(None)
        watch = Watch(settings, self._arguments)
        return watch.run(lambda: self._run(watch), self._memory.device_name(self._device))

    def _run_simply(self) -> Any:
        """Do the same as `_run` in a third of the time, if the image is the only array."""
        rest = dict(self._arguments)
        image = rest.pop(self._plan.images[0])
        home = KNOWN.get(class_of(image), NUMPY)
        if not home.always_converts or not PLAIN.issuperset(map(type, rest.values())):
            return self._run(None)
        host = home.to_host(image, self.image)
        result = self._plan.function(host, **rest)
        if type(result) is np.ndarray and result is not host:
            return home.from_host(result, home.device(image))
        exchange = Exchange()
        exchange.note(image, host, home)
        return exchange.give_back(result, image)

    def run_per_slice(self, has_channels: bool, *, takes_volumes: bool = False) -> Any:
        """Run the function on each slice of the volume and stack the results."""
        settings = current()
        workers = 1 if self._plan.sequential or self._memory is not NUMPY else settings.workers
        if not settings.watched:
            return self._run_per_slice(has_channels, takes_volumes, workers, None)
        watch = Watch(settings, self._arguments)
        return watch.run(
            lambda: self._run_per_slice(has_channels, takes_volumes, workers, watch),
            self._memory.device_name(self._device),
            slices=self.shape[0],
        )

    def _run(self, watch: Watch | None) -> Any:
        exchange = Exchange(self._memory, self._device, watch)
        result = self._forward(self._lower(exchange, keep_dask=self._plan.accepts_dask))
        return self._finish(exchange, result)

    def _run_per_slice(
        self, has_channels: bool, takes_volumes: bool, workers: int, watch: Watch | None
    ) -> Any:
        exchange = Exchange(self._memory, self._device, watch)
        values = self._lower(exchange, keep_dask=())
        if has_channels:
            keep_channels_last(self._plan, values, self.image, len(self.shape))
        cut, shape = self._cut(values, has_channels), values[self.image].shape
        result = run_per_slice(
            self._forward,
            values,
            cut=cut,
            outputs=(*self._plan.outputs, *self._plan.modified),
            function=self.name,
            memory=self._memory,
            of_slice=arguments_of_slices(
                self._plan, values, shape, self._memory, takes_volumes=takes_volumes
            ),
            workers=workers,
        )
        return self._finish(exchange, result)

    def _check(self, name: str) -> None:
        """Raise if an image argument is no array; the library checks all other arguments."""
        value = self._arguments[name]
        if memory_of(value) is not None or isinstance(value, LibraryDefault):
            return
        if is_array(first_array(value)):
            return
        plan = self._plan
        required = list(self._arguments).index(name) < plan.n_required
        if value is None and not required:
            return
        first = name == self.image
        if is_number_or_nested(value) and (not first or name in plan.array_like):
            return
        if type(value) in (list, tuple) and self._memory.takes_nested:
            return
        if isinstance(value, str) and name in plan.name_or_array:
            return
        if class_of(value).__name__ == plan.default_classes.get(name):
            return
        also = ", numbers and nested sequences" if name in plan.array_like else ""
        raise MemoryTypeError(
            f"{self.name}: {name!r} is {_kind(value)}. Accepted are {accepted_arrays()}{also}. "
            f"{advice(value, name)}"
        )

    def _in_order(self) -> Iterator[Any]:
        """Yield the arguments, first the arrays, which decide on which device the call works."""
        arrays = dict.fromkeys((*self._plan.read, *self._plan.outputs))
        yield from (first_array(self._arguments[name]) for name in arrays)
        yield from (value for name, value in self._arguments.items() if name not in arrays)

    def _lower(self, exchange: Exchange, keep_dask: tuple[str, ...]) -> dict[str, Any]:
        """Return the arguments in the library's memory, except dask arrays named in `keep_dask`."""
        plan, memory = self._plan, self._memory
        values = dict(self._arguments)
        for name, value in values.items():
            if type(value) in PLAIN:
                continue
            if not memory.has_own_dtypes:
                value = values[name] = lower_dtype(value, name)
            if name not in plan.arrays:
                values[name] = self._lower_other(exchange, name, value)
        for name in plan.outputs:
            exchange.expect(values[name], name)
        for name in plan.modified:
            if memory_of(values[name]) is memory:
                exchange.expect(values[name], name)
        for name in plan.lowered:
            value = values[name]
            if isinstance(value, np.ma.MaskedArray) and plan.reads_mask(value, name):
                continue
            if name in keep_dask and is_dask_array(value):
                continue
            package = plan.package if name in plan.other_arrays else ""
            values[name] = exchange.lower(
                value, name, changed=name in plan.modified, package=package
            )
        for name in plan.written:
            values[name] = exchange.lower(values[name], name, overwritten=True)
        if plan.allowed_dtypes:
            self._refuse_misread(values)
        return values

    def _lower_other(self, exchange: Exchange, name: str, value: Any) -> Any:
        """Convert an argument that is no image, such as a sigma in a tensor, if it must be."""
        if name in self._plan.host_arrays:
            return exchange.to_host(value, name)
        first = first_array(value)
        home = memory_of(first)
        if home is None or home is NUMPY or home is self._memory:
            return value
        if home.is_open:  # perhaps an object of the library, such as a transformation
            is_foreign = hasattr(class_of(first), "__array_function__")
            return exchange.to_host(value, name) if is_foreign else value
        if self.image and memory_of(first_array(self._arguments[self.image])) is self._memory:
            return value  # unchanged, as in the wrapper's direct call
        return exchange.to_host(value, name)

    def _refuse_misread(self, values: dict[str, Any]) -> None:
        allowed = self._plan.allowed_dtypes
        for name in self._plan.read:
            given, held = self._arguments[name], values[name]
            dtype = getattr(held, "dtype", None)
            if dtype is not None and str(dtype) not in allowed:
                raise MemoryTypeError(
                    f"{self.name} was given {name!r} of dtype {getattr(given, 'dtype', dtype)}, "
                    "with which the library returns wrong results or crashes the process. Accepted "
                    f"are {', '.join(allowed)}: give {name}.astype(numpy.{allowed[0]})."
                )

    def _finish(self, exchange: Exchange, result: Any) -> Any:
        exchange.wait()
        for name in self._plan.outputs:
            exchange.settle(self._arguments[name], name)
        if result is None:
            # The function's only effect is on the arrays that it modifies.
            for name in self._plan.modified:
                exchange.settle(self._arguments[name], name)
        # Without an array argument, the result stays as the library returned it.
        like = self._arguments[self.image] if self.image else None
        return exchange.give_back(result, first_array(like) if type(like) in NESTED else like)

    def _cut(self, values: dict[str, Any], has_channels: bool) -> tuple[str, ...]:
        """Return the parameters whose arrays are sliced: those that are volumes."""
        plan = self._plan
        values[self.image] = image = self._memory.volume(values[self.image])
        cut = [self.image]
        for name in (*plan.images, *plan.outputs):
            value = values[name]
            if name in plan.array_like and is_number_or_nested(value):
                value = self._memory.volume(value)
            if name in cut or not self._memory.holds(value):
                continue
            mask_of_colours = has_channels and value.ndim == 3 and value.shape == image.shape[:3]
            if value.ndim != image.ndim and not mask_of_colours:
                if name in plan.outputs:
                    raise DimensionError(
                        f"{self.name} was given {name!r} of shape {value.shape} and "
                        f"{self.image!r} of shape {image.shape}. Give an array with the same "
                        f"number of axes as {name!r}."
                    )
                continue
            if value.shape[0] != image.shape[0]:
                raise DimensionError(
                    f"{self.name} was given {self.image!r} with {image.shape[0]} slices and "
                    f"{name!r} with {value.shape[0]}. Give both the same number of slices, or one "
                    f"slice as {name!r}, which is then used for all of them."
                )
            values[name] = value
            cut.append(name)
        if not image.shape[0]:
            raise DimensionError(
                f"{self.describe(image.shape)}, a volume without slices. Give at least one slice."
            )
        return tuple(cut)

    def _forward(self, values: Mapping[str, Any]) -> Any:
        """Call the library: required arguments by position, all others by keyword."""
        try:
            if self._memory.works_on_current_device:
                with self._memory.working_on(self._device):
                    return self._pass_on(values)
            return self._pass_on(values)
        except (AttributeError, TypeError) as error:
            refuse_lists_of_arrays(error, self.name, self._arguments, self._plan.images)
            raise

    def _pass_on(self, values: Mapping[str, Any]) -> Any:
        plan = self._plan
        if plan.is_plain:
            rest = iter(values.items())
            first = [value for _, value in islice(rest, plan.n_positional)]
            keywords = dict(rest)
            if LibraryDefault in map(type, keywords.values()):
                given = keywords.items()
                keywords = {name: each for name, each in given if type(each) is not LibraryDefault}
            return plan.function(*first, **keywords)
        return self._pass_on_all(values)

    def _pass_on_all(self, values: Mapping[str, Any]) -> Any:
        """Do the same for a function with ``*args`` and ``**kwargs``, or deprecated parameters."""
        plan = self._plan
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for position, (name, value) in enumerate(values.items()):
            if isinstance(value, LibraryDefault) or name == plan.args or name == plan.kwargs:
                continue
            if name in plan.defaults and is_same(value, plan.defaults[name]):
                continue
            if position < plan.n_positional and len(positional) == position:
                positional.append(value)
            else:
                keywords[name] = value
        if plan.args:
            positional.extend(values[plan.args])
        if plan.kwargs:
            keywords.update(values[plan.kwargs])
        return plan.function(*positional, **keywords)


def _kind(value: Any) -> str:
    return "None" if value is None else f"of type {class_name(value)}"
