"""From the arrays that a wrapper was given to those that its library takes, and back.

Each wrapper calls its library directly where it can. For everything else - another
memory, a volume, a list, what is no array at all - it calls the function here that has
its contract's name. Each checks first, so that what the library can't take or would
misread is told before the library is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from ..errors import DimensionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .call import Call
    from .facts import Arguments, Facts, Function

__all__ = ["direct", "flexible", "per_slice", "told", "volume"]


def direct(function: Function, arguments: Arguments, **facts: Unpack[Facts]) -> Any:
    """Run a function as it is; only memories are exchanged."""
    return _call(function, arguments, facts).run()


def per_slice(
    function: Function,
    arguments: Arguments,
    *,
    stacks: bool = True,
    needs_channels: bool = False,
    **facts: Unpack[Facts],
) -> Any:
    """Run a function that takes a (Y, X) image; on a volume, slice by slice.

    Parameters
    ----------
    function
        The library's function.
    arguments
        The wrapper's arguments by parameter, in order.
    stacks
        Whether the results of slices are images, which stack to a volume.
    needs_channels
        Whether the last axis of an image is one of colours.
    **facts
        See `voxbind._dispatch.facts.Facts`.
    """
    call = _call(function, arguments, facts)
    shape = call.shape
    axes = len(shape)
    takes_channels = needs_channels or arguments.get("channel_axis") is not None
    # What looks like colours goes to the library, which reads or refuses them in its own words.
    has_channels = takes_channels or call.may_be_colours
    if axes - has_channels < 3 or call.has_coordinates_of_all_axes:
        return call.run()
    image = "(Y, X, channels)" if takes_channels else "(Y, X)"
    if axes - has_channels > 3:
        raise DimensionError(
            f"{call.told(shape)}. It takes a {image} image"
            + (" and, slice by slice, a volume of them" if stacks else "")
            + ": loop over the axes before."
        )
    if not stacks:
        raise DimensionError(
            f"{call.told(shape)}. It takes a {image} image, and what it gives for slices can't be "
            f"stacked to a volume: call it for each, `{call.comprehension}`."
        )
    return call.run_per_slice(has_channels)


def flexible(
    function: Function,
    arguments: Arguments,
    *,
    stacks: bool = True,
    needs_channels: bool = False,
    **facts: Unpack[Facts],
) -> Any:
    """Run a function that takes images and volumes, on all axes at once or slice by slice.

    The wrapper's own ``slice_by_slice`` is among the arguments; see `per_slice` for the rest.
    """
    arguments = dict(arguments)
    slice_by_slice = arguments.pop("slice_by_slice", False)
    call = _call(function, arguments, facts)
    if not slice_by_slice:
        return call.run()
    shape = call.shape
    axes = len(shape)
    channel_axis = arguments.get("channel_axis")
    has_channels = needs_channels or channel_axis is not None
    if axes == 3 and has_channels and not needs_channels:
        raise DimensionError(
            f"{call.told(shape)}, channel_axis={channel_axis!r} and slice_by_slice=True: beside "
            "the axis of channels that is one slice. Give channel_axis=None for a volume, or leave "
            "slice_by_slice out."
        )
    if axes - has_channels < 3:
        return call.run()
    if axes - has_channels > 3:
        image = "(Z, Y, X, channels)" if has_channels else "(Z, Y, X)"
        raise DimensionError(
            f"{call.told(shape)}. With slice_by_slice=True it takes a {image} volume: loop over "
            "the axes before, or leave slice_by_slice out."
        )
    if not stacks:
        raise DimensionError(
            f"{call.told(shape)} and slice_by_slice=True, and what it gives for slices can't be "
            "stacked to a volume: leave slice_by_slice out for the whole volume, or call it for "
            f"each slice, `{call.comprehension}`."
        )
    return call.run_per_slice(has_channels)


def volume(
    function: Function,
    arguments: Arguments,
    *,
    needs_channels: bool = False,
    **facts: Unpack[Facts],
) -> Any:
    """Run a function that takes a volume only."""
    call = _call(function, arguments, facts)
    has_channels = needs_channels or arguments.get("channel_axis") is not None
    if len(call.shape) - has_channels == 2:
        raise DimensionError(
            f"{call.told(call.shape)}. It takes a (Z, Y, X"
            f"{', channels' if has_channels else ''}) volume: give the whole stack, or, for a "
            f"volume of one slice, {call.image}[None]."
        )
    return call.run()


def told(value: Any, name: str, asked: Any = None) -> Any:
    """Return what goes to pyclesperanto's memory as it is, after telling what it becomes there.

    Parameters
    ----------
    value
        An array, or what else the library takes.
    name
        The parameter.
    asked
        The dtype that the caller asks for, if any: then there is nothing to tell.
    """
    if asked is None:
        from .._memory.pyclesperanto_memory import tell

        tell(value, name)
    return value


def _first_call(function: Function, arguments: Arguments, facts: Facts) -> Call:
    global _call
    # NumPy isn't imported before the first call that needs it.
    from .call import begin

    _call = begin
    return _call(function, arguments, facts)


_call: Callable[[Function, Arguments, Facts], Call] = _first_call
