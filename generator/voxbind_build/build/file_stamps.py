"""Stamps of files: what the file system changes whenever a file changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import all_suffixes
from pathlib import Path

__all__ = ["Stamp", "below", "newest", "of_files", "on_search_path"]

Stamp = tuple[int, int, int, int]
"""Size, time of the last change of the content, time of the last change of the content or the
file's attributes (both in nanoseconds), and number of the file. A program may set the first of the
two times, but not the second."""

_IMPORTABLE = tuple(all_suffixes())
_POINTERS = (".pth", ".egg-link")
"""Suffixes of files that add folders to the search path, or run code when Python starts."""
_METADATA = {"dist-info": "METADATA", "egg-info": "PKG-INFO"}
"""By the suffix of an installed distribution's folder, the file that has its version."""


def of_files(paths: Iterable[str]) -> dict[str, Stamp | None]:
    """Return the stamps of files by path; None for a path that is no file."""
    return {path: _stamp(Path(path)) for path in paths}


def below(place: Path) -> dict[str, Stamp | None]:
    """Return the stamps of a file, or of all files in a folder and its folders, by path.

    Compiled files in ``__pycache__`` are left out, because Python makes them from the others.
    """
    if not place.is_dir():
        return of_files([str(place)])
    return dict(sorted(_walk(place, set())))


def on_search_path() -> list[tuple[str, dict[str, Stamp | None]]]:
    """Return the names that can be imported from each folder of `sys.path`, in its order.

    Installed distributions have stamps, and so have files that change the search path. All other
    names have none: they only show that no module hides another one.
    """
    return [(folder, dict(sorted(_importable(Path(folder))))) for folder in sys.path]


def newest(stamps: Iterable[Stamp | None]) -> float:
    """Return the time of the last change of any of the files, in seconds since 1970."""
    return max((stamp[2] for stamp in stamps if stamp), default=0) / 1e9


def _stamp(file: Path | os.DirEntry[str]) -> Stamp | None:
    try:
        status = file.stat()
    except (OSError, ValueError):
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _walk(folder: Path, visited: set[tuple[int, int]]) -> Iterator[tuple[str, Stamp | None]]:
    status = folder.stat()
    if (status.st_dev, status.st_ino) in visited:  # a link to a folder above it
        return
    visited.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                yield entry.path, _stamp(entry)
            elif entry.name != "__pycache__":
                yield from _walk(Path(entry), visited)


def _importable(folder: Path) -> Iterator[tuple[str, Stamp | None]]:
    if not folder.is_dir():
        yield str(folder), _stamp(folder)  # a zip archive, or nothing
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                if entry.name.endswith(_POINTERS):
                    yield entry.name, _stamp(entry)
                elif entry.name.endswith(_IMPORTABLE):
                    yield entry.name, None
            elif metadata := _METADATA.get(entry.name.rpartition(".")[2]):
                yield entry.name, _stamp(Path(entry, metadata))
            elif entry.name.isidentifier() and entry.name != "__pycache__":
                yield entry.name, None
