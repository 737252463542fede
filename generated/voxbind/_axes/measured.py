"""What was measured about a function, as far as its axes are concerned."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from .. import registry
from .._support.contract import ProcessingContract
from .._support.package import package_of, packages

__all__ = ["LOOPS", "LazyFacts", "Measured", "measured"]

LOOPS = "__voxbind_axes__"
"""The attribute of a function of `voxbind.over` with its axes."""


class LazyFacts(NamedTuple):
    """Facts that only calls with dask arrays need: see `voxbind.registry.FunctionMetadata`."""

    colours: tuple[int, ...] = ()
    resizing_options: Mapping[str, tuple[object, ...]] = MappingProxyType({})
    dtype_follows: str = ""
    ignored_outputs: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    keeps_state: bool = False
    slices_with_one: bool = False
    reads_colours: bool = False
    """Whether the image may have an axis of colours, its last."""
    is_of_any_memory: bool = False
    """Whether the function is written against the array API standard."""


class Measured(NamedTuple):
    """Facts about a function."""

    name: str
    """Its name for messages: ``feature.canny``."""
    contract: ProcessingContract
    images: tuple[str, ...]
    """Parameters that take arrays with the axes of the image, the image first."""
    outputs: tuple[str, ...]
    """Parameters that the library writes its result into."""
    kinds: str | tuple[str, ...]
    """Kind of the result, or of each member if it is a tuple."""
    needs_colours: bool
    """Whether the image needs an axis of colours."""
    takes_colours: bool
    """Whether the function can take an axis of colours, as the last one."""
    is_random: bool
    runs_in_threads: bool
    """Whether several calls may run at a time."""
    signature: inspect.Signature
    dtypes: Mapping[str, Mapping[str, Any]]
    """By dtype of the image, the measured ``dtype`` of the result."""
    reach: Mapping[str, Any] | None
    """How far the result depends on neighbours; None if that isn't known."""
    modified: tuple[str, ...]
    """Parameters that the function modifies in place."""
    function: Callable[..., Any]
    """The function itself."""
    upstream: str
    """Name of the library's function: ``scipy.ndimage.label``; empty for a user's own."""
    axis_arguments: Mapping[str, str | tuple[float, ...]] = MappingProxyType({})
    """Kinds of the arguments with an entry for each axis: see
    `voxbind._axes.slice_arguments`."""
    result_colours: str = ""
    """``removed`` if the result has no axis of colours, ``added`` if it has one of its own."""
    result_options: tuple[str, ...] = ()
    """Parameters on which the kind of the result depends: ``return_num``."""
    lazy: LazyFacts = LazyFacts()
    is_sliced: bool = False
    """Whether the caller asked for slices with ``slice_by_slice=True``."""


def measured(function: Callable[..., Any]) -> Measured:
    """Return the facts about a wrapper, or a `functools.partial` of one.

    Raises
    ------
    TypeError
        If it is neither, if it has no image, or if its contract isn't known.
    """
    wrapper: Any = function
    while isinstance(wrapper, partial):
        wrapper = wrapper.func
    if hasattr(wrapper, LOOPS):
        raise TypeError(
            f"voxbind.over was given a function that loops over {getattr(wrapper, LOOPS)} already. "
            "Name all axes in one call."
        )
    wrapper = inspect.unwrap(wrapper)  # a function of `voxbind.auto` is a copy of a wrapper
    facts = _facts(wrapper)
    if function is wrapper:
        return facts
    return facts._replace(signature=inspect.signature(function), function=function)


def _facts(wrapper: Any) -> Measured:
    module: Any = getattr(wrapper, "__module__", None)
    name = getattr(wrapper, "__qualname__", None)
    package = package_of(module) if isinstance(module, str) else ""
    if package:
        public = f"{module[len(package) + 1 :]}.{name}"
        entry = registry.functions(helpers=True, package=package).get(public)
        if entry is not None:
            return _measured(wrapper, entry)
    declared = getattr(wrapper, "__voxbind_contract__", None)
    if declared is None:
        raise TypeError(_not_a_wrapper(wrapper))
    signature = inspect.signature(wrapper)
    return Measured(
        str(name),
        ProcessingContract(declared),
        images=tuple(signature.parameters)[:1],
        outputs=(),
        kinds="other",
        needs_colours=False,
        takes_colours="channel_axis" in signature.parameters,
        is_random=False,
        runs_in_threads=True,
        signature=signature,
        dtypes={},
        reach=None,
        modified=(),
        function=wrapper,
        upstream="",
    )


@cache
def _measured(wrapper: Any, entry: registry.FunctionMetadata) -> Measured:
    short = ".".join(entry.name.split(".")[-2:])
    if not entry.arrays:
        raise TypeError(f"{short} can't be looped over axes: it takes no image.")
    if entry.contract is None:
        raise TypeError(
            f"{short} can't be looped over axes: its contract isn't known, since no call succeeded "
            "when it was measured. Call it for each image, as an array without names."
        )
    signature = inspect.signature(wrapper)
    axis = signature.parameters.get("channel_axis")
    return Measured(
        short,
        entry.contract,
        images=entry.arrays,
        outputs=entry.outputs,
        kinds=entry.result,
        needs_colours=entry.needs_channels,
        takes_colours=entry.needs_channels
        or entry.channels_last
        or (axis is not None and axis.default is None),
        is_random=entry.random,
        runs_in_threads=entry.memory_type == "numpy" and not (entry.random or entry.mutates),
        signature=signature,
        dtypes=entry.dtypes,
        reach=entry.reach,
        modified=entry.mutates,
        function=wrapper,
        upstream=f"{entry.module}.{entry.original_name}",
        axis_arguments=entry.axis_arguments,
        result_colours=entry.result_colours,
        result_options=entry.result_options,
        lazy=LazyFacts(
            entry.colours,
            entry.resizing_options,
            entry.dtype_follows,
            entry.ignored_outputs,
            entry.refuses,
            entry.keeps_state,
            entry.slices_with_one,
            entry.channels_last,
            entry.memory_type == "array_api",
        ),
    )


def _not_a_wrapper(function: Any) -> str:
    name = getattr(function, "__name__", None) or repr(function)
    library = str(getattr(function, "__module__", "")).partition(".")[0]
    wrappers = [
        f"{package}.{entry.name}"
        for package in packages
        for entry in registry.functions(helpers=True, package=package).values()
        if entry.original_name == name and entry.module.partition(".")[0] == library
    ]
    advice = (
        f"Give {wrappers[0]}."
        if wrappers
        else "Loop over the axes yourself, declare its contract with `voxbind.declare`, or wrap "
        "its module: see `voxbind build --library`."
    )
    return (
        f"voxbind.over was given {name}, which is not a wrapper of voxbind, so its contract isn't "
        f"known: which axes it takes. {advice}"
    )
