"""Lets one process at a time work on a package.

The lock belongs to an open file, so the operating system releases it with the process, however
that ends. The file holds the process's number for the message of the one that waits.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["locked"]

_NO_LOCKS = frozenset((errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP))
"""Errors of a file system that can't lock files."""


@contextlib.contextmanager
def locked(out: Path, say: Callable[[str], None], noun: str = "package") -> Iterator[None]:
    """Wait until no other process works on a package, and keep others waiting.

    Parameters
    ----------
    out
        The package's folder, or another path. The lock is a hidden file beside it, which is
        removed at the end.
    say
        Is called with one sentence if another process has to be waited for, or if the file system
        has no locks.
    noun
        What the processes write, for that sentence.

    Raises
    ------
    OSError
        If the lock's file can't be written.
    """
    try:
        import fcntl  # noqa: F401
    except ModuleNotFoundError:  # Windows, where no build can measure
        yield
        return
    out = out.resolve()
    path = out.with_name(f".{out.name}.lock")
    lock = _acquired(path, out, say, noun)
    try:
        yield
    finally:
        # Removed while it is locked: a process that waits sees that, and makes a new file.
        path.unlink(missing_ok=True)
        os.close(lock)


def _acquired(path: Path, out: Path, say: Callable[[str], None], noun: str) -> int:
    """Return the descriptor of the locked file at a path."""
    is_announced = False
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not (is_free := _lock(lock, wait=False)) and not is_announced:
                is_announced = True
                say(f"Waiting for {_holder(lock)}, which writes the same {noun}, {out}.")
            if (is_free or _lock(lock, wait=True)) and _is_at(path, lock):
                with contextlib.suppress(OSError):  # a full disk, or another user's file
                    os.ftruncate(lock, 0)
                    os.write(lock, str(os.getpid()).encode())
                    os.fchmod(lock, 0o666)
                return lock
        except BaseException as error:
            if isinstance(error, OSError) and error.errno in _NO_LOCKS:
                say(
                    f"The file system of {out} can't lock files ({error.strerror}). Run one build "
                    "at a time."
                )
                return lock
            os.close(lock)
            raise
        os.close(lock)


def _lock(file: int, *, wait: bool) -> bool:
    """Lock an open file and return whether it is locked now, by this process."""
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _holder(lock: int) -> str:
    """Return which process has locked a file, in words."""
    number = os.pread(lock, 20, 0).decode("ascii", "replace")
    return f"the build of process {number}" if number.isdecimal() else "another build"


def _is_at(path: Path, file: int) -> bool:
    """Return whether an open file is still the one at a path."""
    try:
        there, here = path.stat(), os.fstat(file)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
