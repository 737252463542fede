"""Calls of a library's function with arguments that the library can't take as they are.

A wrapper calls its library directly if it can. Otherwise, for an array of another memory, a
volume, a list or an invalid argument, it calls one of the functions below: `call_2d`,
`call_2d_or_3d` and `call_3d` for a function of images, of images and volumes, and of volumes.
They check the arguments first, so that an array that the library would refuse or misread raises
voxbind's error before the library is called.
"""

from __future__ import annotations

from sys import modules
from typing import TYPE_CHECKING, Any, Unpack

from .._support.running import call_of_over
from ..errors import DimensionError, VoxbindError, class_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from .call import Call
    from .facts import Arguments, Facts, Function

__all__ = ["call_2d", "call_2d_or_3d", "call_3d", "call_as_is", "warn_if_converted"]


def call_as_is(function: Function, arguments: Arguments, **facts: Unpack[Facts]) -> Any:
    """Call a function with arrays of any shape; only their memory is converted."""
    if _is_named(arguments, facts):
        return _call_by_name(arguments)
    if _is_of_library(function, arguments, facts):
        return _call_with_own(function, arguments, facts)
    return _call(function, arguments, facts).run()


def call_2d(
    function: Function,
    arguments: Arguments,
    *,
    stackable: bool = True,
    needs_channels: bool = False,
    **facts: Unpack[Facts],
) -> Any:
    """Call a function of a (Y, X) image; a volume is processed slice by slice.

    Parameters
    ----------
    function
        The library's function.
    arguments
        The wrapper's arguments by parameter, in order.
    stackable
        Whether the results of slices can be stacked to a volume.
    needs_channels
        Whether the image has a channel axis, its last.
    **facts
        See `voxbind._dispatch.facts.Facts`.
    """
    if _is_named(arguments, facts):
        return _call_by_name(arguments)
    if _is_of_library(function, arguments, facts):
        return _call_with_own(function, arguments, facts)
    call = _call(function, arguments, facts)
    shape = call.shape
    axes = len(shape)
    takes_channels = needs_channels or arguments.get("channel_axis") is not None
    # An array that may be a colour image is passed on: the library reads it, or raises.
    has_channels = takes_channels or call.may_be_colours
    if (
        call.has_all_axes(needs_channels)
        or axes - has_channels < 3
        or call.has_coordinates_of_all_axes
    ):
        return call.run()
    image = "(Y, X, channels)" if takes_channels else "(Y, X)"
    if axes - has_channels > 3:
        volume = ", or a volume, which is processed slice by slice" if stackable else ""
        raise DimensionError(
            f"{call.describe(shape)}. It accepts a {image} image{volume}. Loop over the leading "
            f"axes: {call_of_over(call.name, call.image, axes - has_channels, takes_channels)}."
        )
    if not stackable:
        raise DimensionError(
            f"{call.describe(shape)}. It accepts a {image} image only, since the results of slices "
            f"can't be stacked. Call it for each slice: `{call.comprehension}`."
        )
    return call.run_per_slice(has_channels)


def call_2d_or_3d(
    function: Function,
    arguments: Arguments,
    *,
    stackable: bool = True,
    needs_channels: bool = False,
    **facts: Unpack[Facts],
) -> Any:
    """Call a function of images and volumes, on all axes at once or slice by slice.

    The wrapper's own ``slice_by_slice`` is one of `arguments`; see `call_2d` for the others.
    """
    if _is_named(arguments, facts):
        return _call_by_name(arguments)
    if _is_of_library(function, arguments, facts):
        return _call_with_own(function, arguments, facts)
    arguments = dict(arguments)
    slice_by_slice = arguments.pop("slice_by_slice", False)
    call = _call(function, arguments, facts)
    channel_axis = arguments.get("channel_axis")
    has_channels = needs_channels or channel_axis is not None
    if not slice_by_slice:
        return _run_on_all_axes(call, has_channels)
    shape = call.shape
    axes = len(shape)
    if axes == 3 and has_channels and not needs_channels:
        raise DimensionError(
            f"{call.describe(shape)}, channel_axis={channel_axis!r} and slice_by_slice=True. "
            "Without its channel axis, this array is a single slice. Give channel_axis=None if it "
            "is a volume, or leave slice_by_slice out."
        )
    if axes - has_channels < 3:
        return call.run()
    if axes - has_channels > 3:
        image = "(Z, Y, X, channels)" if has_channels else "(Z, Y, X)"
        raise DimensionError(
            f"{call.describe(shape)}. With slice_by_slice=True it accepts a {image} volume. Loop "
            "over the leading axes, "
            f"{call_of_over(call.name, call.image, axes - has_channels, has_channels)}, or leave "
            "slice_by_slice out."
        )
    if not stackable:
        raise DimensionError(
            f"{call.describe(shape)} and slice_by_slice=True, but the results of slices can't be "
            "stacked. Leave slice_by_slice out to process the volume in 3-D, or call it for each "
            f"slice: `{call.comprehension}`."
        )
    return call.run_per_slice(has_channels, takes_volumes=True)


def call_3d(
    function: Function,
    arguments: Arguments,
    *,
    needs_channels: bool = False,
    **facts: Unpack[Facts],
) -> Any:
    """Call a function of volumes."""
    if _is_named(arguments, facts):
        return _call_by_name(arguments)
    if _is_of_library(function, arguments, facts):
        return _call_with_own(function, arguments, facts)
    call = _call(function, arguments, facts)
    has_channels = needs_channels or arguments.get("channel_axis") is not None
    axes = len(call.shape) - has_channels
    volume = "(Z, Y, X, channels)" if has_channels else "(Z, Y, X)"
    if axes == 2:
        raise DimensionError(
            f"{call.describe(call.shape)}. It accepts a {volume} volume. Give the whole stack, or "
            f"{call.image}[None] for a volume of one slice."
        )
    if axes > 3 and not call.has_all_axes(needs_channels):
        raise DimensionError(
            f"{call.describe(call.shape)}. It accepts a {volume} volume. Loop over the leading "
            f"axes: {call_of_over(call.name, call.image, axes, has_channels)}."
        )
    return call.run()


def _run_on_all_axes(call: Call, has_channels: bool) -> Any:
    """Run a function on an image, a volume, or an array with more axes.

    Only images and volumes were measured. Many functions compute with more axes too, so the library
    is called, and its error is replaced if there are more.
    """
    try:
        return call.run()
    except (VoxbindError, MemoryError, Warning):
        raise
    except Exception as error:
        axes = len(call.shape) - has_channels
        if axes <= 3:
            raise
        raise DimensionError(
            f"{call.describe(call.shape)}, and the library raised {class_name(error)}: "
            f"{str(error).rstrip('.')}. If the leading axes are times or channels, loop over them: "
            f"{call_of_over(call.name, call.image, axes, has_channels)}."
        ) from error


def warn_if_converted(value: Any, name: str, asked: Any = None) -> Any:
    """Return an argument unchanged, after a warning if pyclesperanto will convert its dtype.

    Parameters
    ----------
    value
        An array, or any other argument that the library takes.
    name
        The parameter's name.
    asked
        The dtype that the caller asks for. If it isn't None, there is no warning.

    Warns
    -----
    DtypeConversionWarning
        If pyclesperanto has no such dtype and holds the values in another one.
    """
    if asked is None:
        from .._memory.pyclesperanto_memory import tell

        tell(value, name)
    return value


def _is_named(arguments: Arguments, facts: Facts) -> bool:
    """Whether the image is an array of xarray, which is never imported to find out."""
    xarray = modules.get("xarray")
    if xarray is None:
        return False
    for name in facts.get("images", ()):
        if (image := arguments[name]) is not None:
            return isinstance(image, getattr(xarray, "DataArray", ()))
    return False


def _is_of_library(function: Function, arguments: Arguments, facts: Facts) -> bool:
    """Whether an image is of the library's own class, which the library takes itself."""
    kind = getattr(function, "image_class", None)
    return kind is not None and any(
        isinstance(arguments[name], kind) for name in facts.get("images", ())
    )


def _call_with_own(function: Function, arguments: Arguments, facts: Facts) -> Any:
    """Call a function with images of the library's own class, unchanged."""
    from .starting import call_unchanged

    if arguments.get("slice_by_slice"):
        raise DimensionError(
            f"{getattr(function, '__name__', 'The function')} was given an image of the library's "
            "own class and slice_by_slice=True. Give an array, or leave slice_by_slice out."
        )
    own = {name: value for name, value in arguments.items() if name != "slice_by_slice"}
    return call_unchanged(function, own, facts)


def _first_call_by_name(arguments: Arguments) -> Any:
    global _call_by_name
    from .._axes.data_arrays import call_by_name  # NumPy isn't imported before it is needed

    _call_by_name = call_by_name
    return _call_by_name(arguments)


_call_by_name: Callable[[Arguments], Any] = _first_call_by_name


def _first_call(function: Function, arguments: Arguments, facts: Facts) -> Call:
    global _call
    # NumPy isn't imported before the first call that needs it.
    from .starting import begin

    _call = begin
    return _call(function, arguments, facts)


_call: Callable[[Function, Arguments, Facts], Call] = _first_call
