"""The libraries that OME-Zarr needs, imported at first use."""

from __future__ import annotations

# Without these libraries installed, pyright knows nothing of them.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from typing import Any

from ..errors import LibraryMissingError

__all__ = ["dask_array", "dask_base", "models", "xarray", "zarr"]

# Import statements, and not names in strings: tools that freeze a program follow them.


def zarr() -> Any:
    """Return zarr, from version 3 on."""
    try:
        import zarr  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise _missing("zarr", error) from error
    return zarr


def models(version: str) -> Any:
    """Return the models of a version of OME-Zarr's metadata: 0.4 or 0.5."""
    try:
        if version == "0.4":
            import ome_zarr_models.v04 as module  # type: ignore[import-not-found, import-untyped, unused-ignore]
        else:
            import ome_zarr_models.v05 as module  # type: ignore[import-not-found, import-untyped, unused-ignore, no-redef]
    except ImportError as error:
        raise _missing("ome_zarr_models", error) from error
    return module


def dask_array() -> Any:
    """Return `dask.array`."""
    try:
        import dask.array  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise _missing("dask", error) from error
    return dask.array


def dask_base() -> Any:
    """Return `dask.base`."""
    dask_array()
    import dask.base  # type: ignore[import-not-found, import-untyped, unused-ignore]

    return dask.base


def xarray() -> Any:
    """Return xarray."""
    try:
        import xarray  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise _missing("xarray", error) from error
    return xarray


def _missing(name: str, error: ImportError) -> LibraryMissingError:
    return LibraryMissingError(
        f"voxbind.OmeZarr needs {name}, which can't be imported ({error}). Install it with "
        "voxbind's extra: pip install 'voxbind[zarr]'.",
        name=name,
    )
