"""The types of functions that `voxbind.over` takes and returns, for type checkers only.

A checker compares each overload of a wrapper with a type in this file. So a type says what a
wrapper returns for one kind of image, and the overloads of `voxbind.over` ask for the types in an
order in which the first that fits is right for all overloads of the wrapper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Protocol, TypeVar, overload

from ..arrays import (
    AnyArray,
    AnyCarrier,
    Array,
    ArrayLike,
    Castable,
    Exporter,
    Integer,
    Lists,
    OutT,
)

if TYPE_CHECKING:
    # A type checker may read this package without NumPy.
    from typing import Never

    import numpy as np  # type: ignore[import-not-found, unused-ignore]
    from numpy.typing import NDArray  # type: ignore[import-not-found, unused-ignore]

P = ParamSpec("P")
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
_ResultT_co = TypeVar("_ResultT_co", covariant=True)


# --- functions that are passed --------------------------------------------------------------


class OfImage(Protocol):
    """A function that returns arrays for an image: its type stays.

    Its image is a NumPy array of no certain dtype, so a function of images of one dtype fits too.
    """

    def __call__(
        self, image: np.ndarray[Any, np.dtype[Never]], /, *args: Any, **kwargs: Any
    ) -> Array | tuple[Any, ...] | dict[Any, Any] | None: ...


class OfLabels(Protocol[_ResultT_co]):
    """A function of scipy.ndimage that returns a result, or one for each of several labels."""

    def __call__(
        self, input: NDArray[Any], labels: None = None, index: None = None
    ) -> _ResultT_co: ...


class OfMask(Protocol):
    """``label`` of scipy.ndimage."""

    def __call__(
        self, input: NDArray[Any], structure: None = None, output: None = None
    ) -> tuple[Any, int]: ...


class OfLabelImage(Protocol):
    """``label`` of scikit-image, which returns a number too if ``return_num=True``."""

    def __call__(
        self, label_image: NDArray[Any], background: None = None, *, return_num: Literal[True]
    ) -> tuple[Any, int]: ...


class OfTwoImages(Protocol):
    """``structural_similarity``, which returns an image too if ``full=True``."""

    def __call__(
        self, im1: NDArray[Any], im2: NDArray[Any], *, full: Literal[True]
    ) -> tuple[float, Any]: ...


class _Nothing:
    """A type that no result has, so that only a result of type `Any` fits it."""

    _is_nothing: bool


class _OnlyCarrier(AnyCarrier, Protocol):
    """An image that no overload of a wrapper takes and returns as `_Nothing`, but for `Any`."""

    @property
    def T(self) -> _OnlyCarrier: ...
    def clip(self, min: int, max: int, /) -> _OnlyCarrier: ...
    def reshape(self, shape: tuple[int, ...], /) -> _OnlyCarrier: ...
    def _is_only_carrier(self) -> bool: ...


class OfCarrier(Protocol[P]):
    """A wrapper with a parameter of type `AnyCarrier`: the results of calls have no common type."""

    def __call__(self, image: _OnlyCarrier, /, *args: P.args, **kwargs: P.kwargs) -> _Nothing: ...


class _SupportsGrad(Protocol):
    """A tensor of PyTorch."""

    @property
    def requires_grad(self) -> bool: ...


class _SupportsAt(Protocol):
    """An array of JAX."""

    @property
    def at(self) -> Any: ...


OfImageT = TypeVar("OfImageT", bound=OfImage)
OfLabelImageT = TypeVar("OfLabelImageT", bound=OfLabelImage)
TensorT = TypeVar("TensorT", bound=_SupportsGrad | _SupportsAt)
if TYPE_CHECKING:
    NumpyT = TypeVar(
        "NumpyT",
        NDArray[np.float64],
        NDArray[np.float32],
        NDArray[np.bool_],
        NDArray[np.uint8],
        NDArray[np.uint16],
        NDArray[np.int32],
        NDArray[np.int64],
    )


# --- functions that are returned ------------------------------------------------------------


class Numbers(Protocol[P]):
    """A function that returned a number for one image."""

    @overload
    def __call__(self, image: AnyCarrier, /, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    @overload
    def __call__(self, image: AnyArray, /, *args: P.args, **kwargs: P.kwargs) -> NDArray[Any]: ...


class ListsOfArrays(Protocol[P]):
    """A function that returned a list of arrays for one image."""

    @overload
    def __call__(self, image: AnyCarrier, /, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    @overload
    def __call__(
        self, image: Castable[OutT], /, *args: P.args, **kwargs: P.kwargs
    ) -> list[list[OutT]]: ...
    @overload
    def __call__(
        self, image: Exporter, /, *args: P.args, **kwargs: P.kwargs
    ) -> list[list[NDArray[Any]]]: ...


class Others(Protocol[P]):
    """A function whose results have no common type."""

    def __call__(self, image: AnyArray, /, *args: P.args, **kwargs: P.kwargs) -> Any: ...


class LoopedReduction(Protocol):
    """What `voxbind.over` makes of a function that returns a number, or one for each label."""

    @overload
    def __call__(
        self,
        input: AnyCarrier,
        labels: ArrayLike | None = None,
        index: ArrayLike | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> Any: ...
    @overload
    def __call__(
        self,
        input: AnyArray,
        labels: ArrayLike | None = None,
        index: Integer | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> NDArray[Any]: ...
    @overload
    def __call__(
        self,
        input: Castable[OutT],
        labels: ArrayLike | None,
        index: Lists | AnyArray,
        *,
        slice_by_slice: bool = False,
    ) -> OutT: ...
    @overload
    def __call__(
        self,
        input: Exporter,
        labels: ArrayLike | None,
        index: Lists | AnyArray,
        *,
        slice_by_slice: bool = False,
    ) -> NDArray[Any]: ...


class LoopedPosition(Protocol):
    """What `voxbind.over` makes of a function that returns a position, or one for each label."""

    @overload
    def __call__(
        self,
        input: AnyCarrier,
        labels: ArrayLike | None = None,
        index: ArrayLike | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> Any: ...
    @overload
    def __call__(
        self,
        input: AnyArray,
        labels: ArrayLike | None = None,
        index: Integer | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> tuple[NDArray[Any], ...]: ...
    @overload
    def __call__(
        self,
        input: AnyArray,
        labels: ArrayLike | None,
        index: Lists | AnyArray,
        *,
        slice_by_slice: bool = False,
    ) -> list[list[tuple[float, ...]]]: ...


class LoopedOfMask(Protocol):
    """What `voxbind.over` makes of `OfMask`."""

    @overload
    def __call__(
        self,
        input: AnyCarrier,
        structure: ArrayLike | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> tuple[Any, Any]: ...
    @overload
    def __call__(
        self,
        input: Castable[OutT],
        structure: ArrayLike | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> tuple[OutT, NDArray[Any]]: ...
    @overload
    def __call__(
        self, input: Exporter, structure: ArrayLike | None = None, *, slice_by_slice: bool = False
    ) -> tuple[NDArray[Any], NDArray[Any]]: ...


class LoopedOfLabelImage(Protocol):
    """What `voxbind.over` makes of `OfLabelImage`."""

    @overload
    def __call__(
        self,
        label_image: Castable[OutT],
        background: Integer | None = None,
        return_num: Literal[False] = False,
        connectivity: Integer | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> OutT: ...
    @overload
    def __call__(
        self,
        label_image: Exporter,
        background: Integer | None = None,
        return_num: Literal[False] = False,
        connectivity: Integer | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> NDArray[Any]: ...
    @overload
    def __call__(
        self,
        label_image: AnyCarrier,
        background: Integer | None = None,
        *,
        return_num: Literal[True],
        connectivity: Integer | None = None,
        slice_by_slice: bool = False,
    ) -> tuple[Any, Any]: ...
    @overload
    def __call__(
        self,
        label_image: Castable[OutT],
        background: Integer | None = None,
        *,
        return_num: Literal[True],
        connectivity: Integer | None = None,
        slice_by_slice: bool = False,
    ) -> tuple[OutT, NDArray[Any]]: ...
    @overload
    def __call__(
        self,
        label_image: AnyArray,
        background: Integer | None = None,
        return_num: bool = False,
        connectivity: Integer | None = None,
        *,
        slice_by_slice: bool = False,
    ) -> Any: ...
