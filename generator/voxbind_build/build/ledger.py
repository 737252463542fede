"""Results of earlier builds, kept in the user's cache folder with what they were made from.

A result is used again only if nothing of this has changed: the generator, the version of Python,
the machine, the environment variables, what can be imported from the search path, and the inputs
and files that the result was made from. Otherwise it is made anew. A ledger that is missing or
damaged, or that can't be written, only makes a build slower.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from voxbind_build.build import file_stamps
from voxbind_build.build.file_stamps import Stamp
from voxbind_build.common.cache_folder import cache_folder
from voxbind_build.manifest.sealing import seal_holds, sealed, sha256

__all__ = ["Entry", "replace_file"]

Content = TypeVar("Content")

_GENERATOR = Path(__file__).parents[1]
_MOST = 64 * 2**20
"""Size of the ledger in bytes. Results that were used the longest ago are removed."""
_COARSE = 1.0
"""Seconds by which the clock of a file system may be coarse, or differ from this machine's."""
_STATE = frozenset(("PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "PYTEST_CURRENT_TEST"))
"""Environment variables in which a shell or pytest keeps its own state."""


class Entry:
    """The place of one result in the ledger.

    Parameters
    ----------
    name
        The beginning of the result's file name.
    inputs
        The inputs that the result is made from; they can be encoded as JSON.
    places
        Files and folders that the result is made from.
    """

    def __init__(self, name: str, inputs: Any, places: Iterable[Path]) -> None:
        self._started = time.time()
        self._path: Path | None = None
        try:
            files = [file_stamps.below(place) for place in (_GENERATOR, *places)]
            importable = file_stamps.on_search_path()
            folder = cache_folder() / "ledger"
        except (OSError, RuntimeError):  # a folder that can't be read, or no home
            return
        self._newest = file_stamps.newest(
            stamp for stamps in (*files, *dict(importable).values()) for stamp in stamps.values()
        )
        environment = {name: value for name, value in os.environ.items() if name not in _STATE}
        basis = [sys.version, platform.uname(), environment, importable, files, inputs]
        self._key = sha256(msgspec.json.encode(basis, order="sorted"))
        self._path = folder / f"{name}-{self._key[-16:]}.json"

    def load(self, type_: type[Content]) -> Content | None:
        """Return the kept result, or None if there is none that was made from the same."""
        if self._path is None:
            return None
        try:
            data = self._path.read_bytes()
            page = msgspec.json.decode(data, type=_Page)
            is_same = page.key == self._key and page.files == file_stamps.of_files(page.files)
            if not (is_same and seal_holds(data)):
                return None
            result = msgspec.json.decode(page.result, type=type_)
            self._path.touch()
            return result
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def save(self, result: Any, files: Iterable[str] = ()) -> None:
        """Keep a result, unless a file changed while the result was made.

        Parameters
        ----------
        result
            The result, which can be encoded as JSON.
        files
            Further files that the result was made from.
        """
        if self._path is None:
            return
        stamps = file_stamps.of_files(sorted(set(files)))
        newest = max(self._newest, file_stamps.newest(stamps.values()))
        if newest > self._started - _COARSE:
            return
        encoded = msgspec.Raw(msgspec.json.encode(result))
        page = _Page(digest="", files=stamps, key=self._key, result=encoded)
        # Without the result, the next build only takes longer.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, sealed(msgspec.json.encode(page).decode()))
            _prune(self._path.parent)


class _Page(msgspec.Struct):
    digest: str
    files: dict[str, Stamp | None]
    """The files that are known only once the result has been made."""
    key: str
    result: msgspec.Raw


def replace_file(path: Path, text: str) -> None:
    """Write a file as a whole, even if other processes write it at the same time."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as folder:
        part = Path(folder, "part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)


def _prune(folder: Path) -> None:
    """Remove the results that were used the longest ago, until the ledger has its size."""
    sizes = {page: page.stat() for page in folder.glob("*.json")}
    size = 0
    for page in sorted(sizes, key=lambda page: sizes[page].st_mtime, reverse=True):
        size += sizes[page].st_size
        if size > _MOST:
            page.unlink(missing_ok=True)
