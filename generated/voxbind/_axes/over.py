"""`voxbind.over`: a function for arrays with time, channels and further axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from ..arrays import DTypeLike
from .calling import colours_of
from .layout import takes_whole
from .lazy_options import lazy_options
from .loop_functions import Progress, by_letters, by_names
from .measured import measured
from .micrometers import checked_lengths
from .names import parsed
from .scales import checked_scale

if TYPE_CHECKING:
    from typing import Concatenate

    # A type checker may read this package without NumPy.
    import numpy as np  # type: ignore[import-not-found, unused-ignore]
    from numpy.typing import NDArray  # type: ignore[import-not-found, unused-ignore]

    from ..arrays import AnyArray
    from .function_types import (
        ItemT,
        ListsOfArrays,
        LoopedOfLabelImage,
        LoopedOfMask,
        LoopedPosition,
        LoopedReduction,
        Numbers,
        NumpyT,
        OfCarrier,
        OfImageT,
        OfLabelImageT,
        OfLabels,
        OfMask,
        OfTwoImages,
        Others,
        P,
        ResultT,
        TensorT,
    )

__all__ = ["over"]

Reach: TypeAlias = int | Sequence[int] | None
Scale: TypeAlias = "Sequence[float] | NDArray[Any] | None"


@overload
def over(
    function: OfLabels[float],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> LoopedReduction: ...


@overload
def over(
    function: OfLabels[tuple[float, ...]],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> LoopedPosition: ...


@overload
def over(
    function: OfMask,
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> LoopedOfMask: ...


@overload
def over(
    # A variable instead of its bound: mypy then regards this and the overload for `OfImageT` as
    # equal, and takes the first.
    function: OfLabelImageT,  # pyright: ignore[reportInvalidTypeVarUse]
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> LoopedOfLabelImage: ...


@overload
def over(
    function: OfTwoImages,
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> Callable[..., Any]: ...


@overload
def over(
    function: OfCarrier[P],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> Others[P]: ...


@overload
def over(
    function: OfImageT,
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> OfImageT: ...


@overload
def over(
    function: Callable[Concatenate[NDArray[np.float64], P], float],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> Numbers[P]: ...


@overload
def over(
    function: Callable[Concatenate[NumpyT, P], float],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> Numbers[P]: ...


@overload
def over(  # pyright: ignore[reportOverlappingOverload] - a list of arrays is a list of items too
    function: Callable[Concatenate[NDArray[np.float64], P], list[NDArray[Any]]],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> ListsOfArrays[P]: ...


@overload
def over(
    function: Callable[Concatenate[NDArray[np.float64], P], list[ItemT]],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> Callable[Concatenate[AnyArray, P], list[list[ItemT]]]: ...


@overload
def over(
    function: Callable[Concatenate[TensorT, P], float],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> Callable[Concatenate[TensorT, P], NDArray[Any]]: ...


@overload
def over(
    function: Callable[Concatenate[TensorT, P], ResultT],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
) -> Callable[Concatenate[TensorT, P], ResultT]: ...


def over(
    function: Callable[..., Any],
    axes: str | None = None,
    *,
    progress: Progress = False,
    reach: Reach = None,
    verify: bool | int = False,
    dtype: DTypeLike | None = None,
    micrometers: str | Sequence[str] = (),
    scale: Scale = None,
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
    axes : str, optional
        A letter for each axis of the image: T (time), C (channel), Z, Y, X (space) and S (samples
        of colour). ``"TCZYX"`` is an array of shape (times, channels, slices, rows, columns).
        Functions that take colours get S as their last axis, with ``channel_axis=-1`` if they have
        that parameter; others are called for each sample. If it is left out, the image must be an
        array of xarray, whose dimensions have names.
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
    micrometers : str or sequence of str, optional
        Names of parameters that are lengths, such as ``"sigma"``: the function that is returned
        takes them in micrometers, and converts them along each axis by the scale of the image. A
        parameter ``spacing`` or ``sampling`` that is named is filled in with the scale.
    scale : sequence of float, optional
        Micrometers of an element along each spatial axis of the image, in the order Z, Y, X. By
        default it follows from the coordinates of an array of xarray, which must have an
        attribute ``units``: see `voxbind.OmeZarr`.

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
    ScaleError
        If a parameter of `micrometers` isn't a length, or `scale` has a number that isn't positive
        and finite, or is given without `micrometers`. When it is called: if the scale isn't known,
        or if the function can't take the length, since it takes one number for axes of different
        scales, or whole elements.

    See Also
    --------
    voxbind.workers : Sets how many calls run at a time.

    Notes
    -----
    Further images among the arguments, such as labels or a mask, may have the same axes, or only
    those of one call; they are cut along with the image. An axis of length 1 is used for all. All
    other arguments are those of one call, except that a shape may be that of the entire array. If
    Z is looped over, an argument for a volume serves its slices if they can do without its entry
    for Z, and is refused otherwise.

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
    >>> blur = voxbind.over(filters.gaussian, "TCYX", micrometers="sigma", scale=(0.5, 0.25))
    >>> blur(movie, sigma=1).shape  # 2 elements along Y, 4 along X
    (4, 2, 32, 32)
    """
    facts = measured(function)
    options = lazy_options(reach, verify, dtype)
    lengths = checked_lengths(facts, micrometers)
    scale = checked_scale(facts.name, scale, micrometers)
    if axes is None:
        return by_names(function, facts, progress, options, lengths, scale)
    letters = parsed(axes)
    takes_whole(letters, facts, colours_of(letters, facts, {}, False))  # refuses other axes

    return by_letters(function, facts, letters, progress, options, lengths, scale)
