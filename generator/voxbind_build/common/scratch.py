"""Folders for temporary files, which a later build removes if this one is killed.

A folder is locked while its process lives. The operating system releases the lock with the process,
so an unlocked folder belongs to no build any more.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["remove_abandoned", "scratch_folder"]

_PREFIX = "voxbind-tmp-"
_NAME = re.compile(_PREFIX + r"[a-z0-9_]{8}")
"""`tempfile` adds eight characters; a folder with any other name isn't voxbind's."""


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a temporary folder, and remove it afterwards."""
    while True:
        with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            try:
                lock = _lock(folder)
            except (BlockingIOError, FileNotFoundError):
                continue  # another build took the new folder for an abandoned one
            except OSError:  # a file system without locks; there no build removes anything
                lock = None
            try:
                if folder.is_dir():
                    yield folder
                    return
            except OSError as error:
                # A failed write names no file, and a full disk is reported by its folder.
                error.filename = error.filename or str(folder.parent)
                raise
            finally:
                if lock is not None:
                    os.close(lock)


def remove_abandoned() -> None:
    """Remove this user's scratch folders whose processes have ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if not (_NAME.fullmatch(folder.name) and folder.lstat().st_uid == os.getuid()):
                continue
            lock = _lock(folder)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder until the file descriptor that is returned is closed.

    Raises
    ------
    BlockingIOError
        If another process has locked the folder.
    OSError
        If it is no folder, or can't be locked.
    """
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows, where nothing can be measured
        return None
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(place)
        raise
    return place
