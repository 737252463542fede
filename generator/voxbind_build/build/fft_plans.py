"""Finds the compiled Fourier transforms that pyclesperanto's cache holds incompletely.

pyclesperanto 0.25 compiles a plan for each shape of a Fourier transform, and writes it into its
cache in place. If the process is killed meanwhile, or the disk is full, the file stays incomplete,
and each later transform of that shape fails with ``VKFFT_ERROR_FAILED_TO_CREATE_PROGRAM`` or ends
its process.

A plan starts with its own length in bytes, as a number of 4 bytes, and then 12 bytes of zeros. This
was read from files of the cache. Other compiled kernels, which are written whole, start otherwise.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from voxbind_build.memories.lookup import facts

__all__ = ["incomplete_fft_plans", "remove_incomplete_fft_plans"]

_HEADER = 16
_ZEROS = bytes(12)


def incomplete_fft_plans(home: Path) -> list[Path]:
    """Return the incomplete plans and the empty files in the cache below a home, sorted.

    Parameters
    ----------
    home
        The folder that pyclesperanto takes for the user's home.
    """
    return sorted(
        path
        for cache in facts("pyclesperanto").kernel_caches
        for path in _files(home / cache)
        if _is_incomplete(path)
    )


def remove_incomplete_fft_plans(home: Path) -> None:
    """Remove what `incomplete_fft_plans` returns, as far as it may be removed."""
    for path in incomplete_fft_plans(home):
        with contextlib.suppress(OSError):
            path.unlink()


def _files(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):  # of folders that may not be read, or that are removed now
        yield from (path for path in folder.rglob("*.bin") if path.is_file())


def _is_incomplete(path: Path) -> bool:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError:
        return False
    if len(header) < _HEADER:
        return True
    return header[4:] == _ZEROS and int.from_bytes(header[:4], "little") != size
