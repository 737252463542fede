"""`voxbind.over`: a function for arrays with time, channels and further axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from .._memory.lookup import is_array, shape_of
from ..arrays import Array, DTypeLike
from ..errors import DimensionError, MemoryTypeError, class_name
from .calling import call, colours_of, is_data_array, named_images, slice_by_slice
from .data_arrays import Named
from .joining import Finish
from .layout import Image, Layout, takes_whole
from .lazy_options import lazy_options
from .measured import LOOPS, Measured, measured
from .names import parsed

if TYPE_CHECKING:
    # A type checker may read this package without NumPy.
    from numpy.typing import NDArray  # type: ignore[import-not-found, unused-ignore]

__all__ = ["over"]

_P = ParamSpec("_P")
_ItemT = TypeVar("_ItemT")
_ArrayT = TypeVar("_ArrayT", bound=Array)
_FunctionT = TypeVar("_FunctionT", bound=Callable[..., object])
_ImageFunctionT = TypeVar("_ImageFunctionT", bound=Callable[..., Array])


class _Bar(Protocol):
    """A progress bar that counts the calls that are done."""

    def update(self, n: int, /) -> object:
        """Count `n` more calls."""
        ...


# `Any`, because bars yield what they iterate over.
Progress: TypeAlias = bool | Callable[[range], Iterable[Any]] | _Bar

Reach: TypeAlias = int | Sequence[int] | None


@overload
def over(
    function: _ImageFunctionT,
    axes: str,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
) -> _ImageFunctionT: ...


@overload
def over(
    function: Callable[_P, float],
    axes: str,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
) -> Callable[_P, NDArray[Any]]: ...


@overload
def over(
    function: Callable[_P, list[_ItemT]],
    axes: str,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
) -> Callable[_P, list[list[_ItemT]]]: ...


@overload
def over(
    function: Callable[_P, tuple[_ArrayT, float]],
    axes: str,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
) -> Callable[_P, tuple[_ArrayT, NDArray[Any]]]: ...


@overload
def over(
    function: _FunctionT,
    axes: str,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
) -> _FunctionT: ...


def over(
    function: Callable[..., Any],
    axes: str,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
) -> Callable[..., Any]:
    """Return a function for arrays with these axes.

    It loops over the axes that `function` doesn't take, as its contract says: T and C, and Z if it
    takes images only. Z, Y and X stay together for a function of volumes. The function gets
    the axes in the order Z, Y, X, S; the result has them in the order of the array that was passed.

    Parameters
    ----------
    function : callable
        A wrapper, a `functools.partial` of one, or a function with a contract of
        `voxbind.declare`.
    axes : str
        A letter for each axis of the image: T (time), C (channel), Z, Y, X (space) and S (samples
        of colour). ``"TCZYX"`` is an array of shape (times, channels, slices, rows, columns).
        Functions that take colours get S as their last axis, with ``channel_axis=-1`` if they have
        that parameter; others are called for each sample.
    progress : bool, callable or progress bar, default: False
        True shows a bar of tqdm, which must be installed. A function such as `tqdm.tqdm` or
        `rich.progress.track` is called with the range of calls, and iterated over. The method
        ``update(1)`` of any other object is called after each call.
    reach : int or sequence of int, optional
        For dask arrays: the number of neighbours in each direction that an element of the result
        depends on, along all spatial axes, or one number for each of those that the function gets.
        By default it follows from what was measured.
    verify : bool or int, default: False
        For dask arrays: the number of blocks that are computed a second time with twice the reach;
        True for a few. If the results differ, computing raises a `ValueError`.
    dtype : dtype, optional
        For dask arrays: the dtype of the result. By default it follows from what was measured.

    Returns
    -------
    callable
        A function with the same parameters. Images, labels and masks are stacked, in the memory
        and on the device of the image. Numbers become a NumPy array with an axis for each looped
        axis. A dictionary of columns becomes one with the columns of all calls, and the index on
        each looped axis in columns named by its letter. Coordinates and other objects become a
        list, in which the last axis changes fastest. The members of a tuple are joined one by one.

    Raises
    ------
    TypeError
        If `function` is no wrapper and has no declared contract, or `axes` is no string.
    DimensionError
        If a letter is unknown or occurs twice, or the function needs other axes. When it is
        called: if the array has another number of axes, an axis is empty, or the results can't be
        stacked.

    See Also
    --------
    voxbind.workers : Sets how many calls run at a time.

    Notes
    -----
    Further images among the arguments, such as labels or a mask, may have the same axes, or only
    those of one call; they are cut along with the image. An axis of length 1 is used for all. All
    other arguments are those of one call.

    Examples
    --------
    >>> import numpy as np
    >>> import voxbind
    >>> from voxbind.skimage import feature, filters
    >>> movie = np.random.default_rng(0).random((4, 2, 32, 32))
    >>> voxbind.over(feature.canny, "TCYX")(movie, sigma=2).shape
    (4, 2, 32, 32)
    >>> voxbind.over(filters.threshold_otsu, "TCYX")(movie).shape
    (4, 2)
    """
    facts = measured(function)
    letters = parsed(axes)
    options = lazy_options(reach, verify, dtype)
    takes_whole(letters, facts, colours_of(letters, facts, {}, False))  # refuses other axes

    def loop(*args: Any, **kwargs: Any) -> Any:
        given = facts.signature.bind(*args, **kwargs).arguments
        taken, arguments = slice_by_slice(facts, given)
        first = _first_image(facts, arguments, letters)
        colours = colours_of(letters, facts, arguments, "channel_axis" in arguments)
        images = named_images(taken, arguments, first, colours)

        def finish(layout: Layout) -> Finish:
            image = arguments[first.parameter]
            return Named(image, letters) if is_data_array(image) else _Plain()

        return call(
            function,
            taken,
            arguments,
            images,
            finish,
            colours=colours,
            progress=progress,
            options=options,
        )

    update_wrapper(loop, function)
    setattr(loop, LOOPS, letters)
    loop.__doc__ = f"Loop over the axes {letters}.\n\n{function.__doc__ or ''}"
    return loop


def _first_image(facts: Measured, arguments: Any, letters: str) -> Image:
    for name in facts.images:
        value = arguments.get(name)
        if value is None:
            continue
        if not is_array(value):
            raise MemoryTypeError(
                f"{facts.name}: {name!r} is of type {class_name(value)}. voxbind.over accepts an "
                f"array with the axes {', '.join(letters)}. Give numpy.asarray({name})."
            )
        shape = shape_of(value, name)
        if len(shape) != len(letters):
            raise DimensionError(
                f"{facts.name} was given {name!r} of shape {shape}, which has {len(shape)} axes, "
                f"and voxbind.over was given axes={letters!r}, which names {len(letters)}. Give "
                "one letter for each axis."
            )
        return Image(name, value.data if is_data_array(value) else value, shape, letters)
    raise MemoryTypeError(f"{facts.name} was called without {facts.images[0]!r}, an array.")


class _Plain(Finish):
    """Results without names."""

    gives_names = False

    def array(self, array: Any, axes: str, kind: str) -> Any:
        return array

    def column(self, letter: str, indices: Any) -> tuple[str, Any]:
        return letter, indices
