"""Keeps a process from writing outside certain folders, if Linux supports it.

Landlock needs no privileges and applies to every thread and child that is started afterwards.
Neither the standard library nor PyPI has a maintained binding, so this module makes the three
system calls itself.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

# From linux/landlock.h. Rights to read or execute aren't listed here, so they stay unrestricted.
_WRITE_FILE = 1 << 1
_MAKE_AND_REMOVE = sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_OUTSIDE = 0b11  # connections to abstract sockets (such as X11's) and signals
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH, _NO_NEW_PRIVILEGES = 1, 1, 38
_OPEN_AS_PLACE = 0o10000000  # O_PATH


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("place", ctypes.c_int32))


def version() -> int:
    """Return the kernel's version of Landlock: 0 for none; 6 supports everything used here."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        return 0
    libc = ctypes.CDLL(None)
    return max(0, int(libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)))


def confine(writable: Iterable[Path], devices: Iterable[Path]) -> bool:
    """Allow this process and its future children to write only in certain places.

    Parameters
    ----------
    writable
        Folders in which everything is allowed.
    devices
        Files, or folders of files, that may be written but neither created nor removed.

    Returns
    -------
    bool
        Whether the kernel enforces it. Linux does from 5.13 on, and from 6.12 on it also blocks
        signals to other processes. Other systems don't.
    """
    known = version()
    if not known:
        return False
    libc = ctypes.CDLL(None)
    files = _WRITE_FILE | _MAKE_AND_REMOVE
    files |= _REFER * (known >= 2) | _TRUNCATE * (known >= 3)
    scoped = _OUTSIDE if known >= 6 else 0
    wanted = _Ruleset(files=files, network=0, scoped=scoped)
    # Older kernels refuse a structure that is longer than their own.
    size = ctypes.sizeof(_Ruleset) if scoped else ctypes.sizeof(ctypes.c_uint64)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(wanted), size, 0)
    if ruleset < 0:
        return False
    try:
        for path in writable:
            _allow(libc, ruleset, path, files)
        for path in devices:
            _allow(libc, ruleset, path, (_WRITE_FILE | _TRUNCATE) & files)
        failed = libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(
            _RESTRICT_SELF, ruleset, 0
        )
        return not failed
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, _OPEN_AS_PLACE | os.O_CLOEXEC)
    except OSError:
        return  # a missing file needs no rights
    try:
        rule = _PathBeneath(allowed=rights, place=place)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(place)
