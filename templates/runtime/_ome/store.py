"""`voxbind.OmeZarr`: an image in an OME-Zarr store."""

from __future__ import annotations

# Metadata are JSON, of which pyright knows nothing after a test of its class.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# Without xarray installed, `DataArray` is unknown.
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._axes.names import letter_of
from .._support.untyped import np
from ..errors import MemoryTypeError, StoreError, class_name
from .libraries import dask_array, dask_base, xarray, zarr
from .metadata import Image, axes_of_array, image_of, ome_attributes
from .provenance import record_of
from .writing import write

if TYPE_CHECKING:
    from xarray import DataArray  # type: ignore[import-not-found, unused-ignore]

    from .._settings.trace_log import TraceLog

__all__ = ["OmeZarr"]


class OmeZarr:
    """An image in an OME-Zarr store: arrays of several resolutions, with axes and scales.

    OME-Zarr 0.4 and 0.5 are read, and 0.5 is written (zarr 3). A store is a folder on a disk, which
    all machines that take part in a computation must reach by the same path.

    Parameters
    ----------
    path : str or path
        The folder of the image.

    Raises
    ------
    StoreError
        If there is no image, or its metadata contradicts its arrays.
    LibraryMissingError
        If zarr, ome-zarr-models, dask or xarray isn't installed: ``pip install 'voxbind[zarr]'``.

    Examples
    --------
    >>> import voxbind
    >>> from voxbind.skimage import filters
    >>> image = voxbind.OmeZarr("cells.zarr").read()  # doctest: +SKIP
    >>> blur = voxbind.over(filters.gaussian, micrometers="sigma")  # doctest: +SKIP
    >>> with voxbind.trace() as log:  # doctest: +SKIP
    ...     smooth = blur(image, sigma=0.5)
    >>> voxbind.OmeZarr.write("smooth.zarr", smooth, trace=log)  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path).absolute()
        """The folder of the image, from the root on."""
        self._group = _opened(self.path)
        self._image: Image = image_of(self._group, str(self.path))
        # Looks at each array, so that a contradiction is found before anything is computed.
        self._arrays = [self._array(level) for level in range(self.levels)]

    @property
    def version(self) -> str:
        """Version of OME-Zarr: ``0.4`` or ``0.5``."""
        return self._image.version

    @property
    def levels(self) -> int:
        """Number of resolutions."""
        return len(self._image.paths)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes, in the order of the array: ``("t", "c", "z", "y", "x")``."""
        return tuple(axis.name for axis in self._image.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis, at the highest resolution."""
        return tuple(map(int, self._arrays[0].shape))

    @property
    def scale(self) -> Mapping[str, float]:
        """Distance of two elements along each axis at the highest resolution, in `units`."""
        return dict(zip(self.axes, self._image.scales[0], strict=True))

    @property
    def units(self) -> Mapping[str, str]:
        """Unit of each axis that has one: ``{"y": "micrometer", "x": "micrometer"}``."""
        return {axis.name: axis.unit for axis in self._image.axes if axis.unit}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels; empty if they have none."""
        return self._image.channels

    @property
    def provenance(self) -> Mapping[str, Any] | None:
        """How the image was made, if voxbind has written it: see `write`."""
        record = self._group.attrs.get("voxbind")
        return record if isinstance(record, dict) else None

    def read(self, level: int = 0) -> DataArray:
        """Return the image as an array of xarray, whose data is a dask array.

        Parameters
        ----------
        level : int, default: 0
            The resolution; 0 is the highest.

        Returns
        -------
        xarray.DataArray
            With the axes as dimensions. The coordinates of time and space are positions, whose
            attribute ``units`` names their unit; those of the channels are their names. The chunks
            are those of the store.

        Raises
        ------
        IndexError
            If there is no such resolution.
        """
        if not 0 <= level < self.levels:
            raise IndexError(
                f"{self.path} was asked for level={level!r}, and has {self.levels} resolutions. "
                f"Give a number from 0 to {self.levels - 1}."
            )
        array = self._arrays[level]
        path = self._image.paths[level]
        lazy = dask_array().from_array(
            array, chunks=array.chunks, name=self._name_of_array(path, array)
        )
        image: DataArray = xarray().DataArray(
            lazy,
            dims=self.axes,
            coords=self._coordinates(level, lazy.shape),
            name=self.path.name.removesuffix(".zarr").removesuffix(".ome") or None,
        )
        return image

    def _array(self, level: int) -> Any:
        path = self._image.paths[level]
        array = self._group[path]
        if len(array.shape) != len(self.axes):
            raise StoreError(
                f"{self.path / path} has {len(array.shape)} axes, and the metadata names "
                f"{len(self.axes)}: {', '.join(self.axes)}. Correct the metadata."
            )
        return array

    def _name_of_array(self, path: str, array: Any) -> str:
        """Return a name that is the same in each process, as long as no file is changed."""
        place = (self.path / path).resolve()
        state = (str(place), *_state_of(place), array.shape, str(array.dtype))
        return f"ome-zarr-{dask_base().tokenize(*state)}"

    def _coordinates(self, level: int, shape: tuple[int, ...]) -> dict[str, Any]:
        coordinates: dict[str, Any] = {}
        numbers = zip(self._image.scales[level], self._image.translations[level], strict=True)
        for axis, length, (scale, start) in zip(self._image.axes, shape, numbers, strict=True):
            if letter_of(axis.name) == "C":
                if len(self.channels) == length:
                    coordinates[axis.name] = [*self.channels]
                continue
            if not axis.unit and (scale, start) == (1, 0):
                continue
            attributes = {"scale": scale} | ({"units": axis.unit} if axis.unit else {})
            positions = start + scale * np.arange(length)
            coordinates[axis.name] = (axis.name, positions, attributes)
        return coordinates

    @classmethod
    def write(
        cls,
        path: str | os.PathLike[str],
        array: DataArray,
        *,
        trace: TraceLog | None = None,
        run: str = "",
        progress: Any = False,
        overwrite: bool = False,
    ) -> OmeZarr:
        """Compute an array of xarray and write it, one chunk at a time.

        A run that was interrupted goes on when it is called again: chunks that are written aren't
        computed again. Until all are, the image is in a folder ``<path>.partial``, and nothing is
        at `path`. If the same run has finished, nothing is done.

        Parameters
        ----------
        path : str or path
            The folder of the image. It may be in a store: ``"plate.zarr/A/1/0"``.
        array : xarray.DataArray
            The image, with dimensions in the order t, c, z, y, x; others than y and x may be
            missing. Its coordinates give the scale and units, its chunks those of the store.
        trace : TraceLog, optional
            What `voxbind.trace` recorded: the functions, their versions, contracts and arguments
            become the attribute ``voxbind`` of the image.
        run : str, optional
            Names the computation. A run that was interrupted is only continued under the same
            name. By default, it is dask's name of the array, which follows from the functions,
            their arguments and the image that was read.
        progress : bool, callable or progress bar, default: False
            Shows the number of chunks that are written, as in `voxbind.over`.
        overwrite : bool, default: False
            Replaces an image that is there, with its labels, and begins a run that was interrupted
            again. Nothing but an image of OME-Zarr is replaced.

        Returns
        -------
        OmeZarr
            The image that was written.

        Raises
        ------
        StoreError
            If the image can't be written, if something else is there, if an interrupted run has
            computed something else, or if another run begins again meanwhile.
        """
        if not isinstance(array, xarray().DataArray):
            raise MemoryTypeError(
                f"voxbind.OmeZarr.write was given an array of type {class_name(array)}. Give an "
                "array of xarray, which knows its axes: xarray.DataArray(array, dims=('y', 'x'))."
            )
        if 0 in array.shape:
            raise StoreError(
                f"voxbind.OmeZarr.write was given an array of shape {array.shape}. Give at least "
                "one element on each axis."
            )
        kind, size = array.dtype.kind, array.dtype.itemsize
        if kind not in "biufc" or size > {"f": 8, "c": 16}.get(kind, size):
            raise StoreError(
                f"voxbind.OmeZarr.write was given an array of dtype {array.dtype}. Give numbers of "
                "at most 64 bits (complex numbers: 128), such as array.astype('float32')."
            )
        place = Path(path).absolute()
        data: Any = array.data
        if not isinstance(data, dask_array().Array):
            data = dask_array().from_array(np.asarray(data))
        if any(np.isnan(length) for length in data.shape):
            raise StoreError(
                "voxbind.OmeZarr.write was given a dask array with chunks of unknown size. Give "
                "array.compute_chunk_sizes()."
            )
        attributes = axes_of_array(array)
        record = record_of(trace)
        write(
            place,
            data,
            attributes,
            record,
            run=run,
            progress=progress,
            overwrite=overwrite,
        )
        return cls(place)

    @classmethod
    def images(cls, path: str | os.PathLike[str]) -> dict[str, OmeZarr]:
        """Return the images of a plate or well, by their path below it: ``A/1/0``.

        Parameters
        ----------
        path : str or path
            The folder of the plate or well.

        Raises
        ------
        StoreError
            If it is neither, or an image that it names isn't there.
        """
        place = Path(path)
        _, attributes = ome_attributes(_opened(place))
        if isinstance(plate := attributes.get("plate"), dict):
            wells = [str(well["path"]) for well in plate.get("wells", ())]
            return {
                f"{well}/{name}": image
                for well in wells
                for name, image in cls.images(place / well).items()
            }
        if isinstance(well := attributes.get("well"), dict):
            names = [str(image["path"]) for image in well.get("images", ())]
            return {name: cls(place / name) for name in names}
        raise StoreError(f"{place} is no plate or well of OME-Zarr. Give the folder of one.")

    def __repr__(self) -> str:
        sizes = ", ".join(f"{n}: {s}" for n, s in zip(self.axes, self.shape, strict=True))
        return f"<OmeZarr {self.version} ({sizes}) at {self.path}>"


def _state_of(folder: Path) -> tuple[int, int]:
    """Return the number of files below a folder, and the last time that one was written."""
    number, newest = 0, 0
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders.append(entry.path)
                    continue
                with suppress(FileNotFoundError):  # zarr renames a file when it is written
                    newest = max(newest, entry.stat().st_mtime_ns)
                    number += 1
    return number, newest


def _opened(path: Path) -> Any:
    try:
        return zarr().open_group(path, mode="r")
    except (FileNotFoundError, NotADirectoryError) as error:
        partial = path.with_name(f"{path.name}.partial")
        advice = (
            f"{partial} is of a run that was interrupted: run it again to finish it."
            if partial.exists()
            else "Check the path."
        )
        raise StoreError(f"{path} is no group of zarr. {advice}") from error
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{path} can't be read: {type(error).__name__}: {error}.") from error
