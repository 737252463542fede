"""Imports and look-ups at first use, which several threads may ask for at the same time."""

from __future__ import annotations

import sys
import time
from _thread import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    _T = TypeVar("_T")

__all__ = [
    "attribute_finished",
    "import_dotted",
    "import_finished",
    "is_initializing",
    "one_thread_at_a_time",
]

_IMPORT_SYSTEM = frozenset(("importlib._bootstrap", "_frozen_importlib"))
_PATIENCE = 60.0
"""Seconds that a thread waits for the look-ups of other threads before it goes on."""
_lock = RLock()
_DEADLOCK = "_DeadlockError"
"""The private class of the error that Python raises if two threads wait for each other's import."""


def import_finished(name: str) -> Any:
    """Import a module and return it once its import is finished, in whichever thread it runs.

    A package is imported before its submodules: Python starts on a submodule although another
    thread is still importing the package. If two threads import modules that import each other,
    one of them gets a module whose import isn't finished, as from an ``import`` statement.

    Parameters
    ----------
    name
        Dotted name of the module.

    Raises
    ------
    Exception
        Whatever the module raises while it is imported.
    """
    parent = name.rpartition(".")[0]
    if parent and name not in sys.modules:
        import_finished(parent)
    _until_no_deadlock(lambda: __import__(name))
    return sys.modules[name]


def attribute_finished(module: Any, name: str) -> Any:
    """Return an attribute of a module, which may import it: see `import_finished`."""
    return _until_no_deadlock(lambda: getattr(module, name))


def _until_no_deadlock(look_up: Callable[[], _T]) -> _T:
    """Call a function that imports, again while Python breaks off its import.

    If a thread imports what another thread is importing, and the other thread waits for an import
    of this one, Python ends this one's import with an error. The other thread can then go on,
    unless this thread is within yet another import, which the other one may wait for as well.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return look_up()
        except RuntimeError as error:
            is_last = time.monotonic() > end or _is_within_import()
            if type(error).__name__ != _DEADLOCK or is_last:
                raise
        time.sleep(0.01)


def import_dotted(name: str) -> Any:
    """Return an object by its dotted name, such as ``dask.array.Array.compute``."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_finished(module), attribute)
    except ModuleNotFoundError:  # an attribute of a class
        return getattr(import_dotted(module), attribute)


def is_initializing(module: Any) -> bool:
    """Whether the import of a module isn't finished, as the import system itself records it."""
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def one_thread_at_a_time(look_up: Callable[[], _T]) -> _T:
    """Call a function that may import a library, in one thread at a time.

    Modules of a library that import each other can be imported in one thread, and fail in two:
    each thread meets a module that the other hasn't finished.

    There is no wait in two cases, which would otherwise never end. A thread that is itself within
    an import may hold up the import that another thread waits for, so it goes on at once. A library
    whose import waits for threads of its own holds those up, so they go on after a minute.
    """
    if _is_within_import() or not _lock.acquire(timeout=_PATIENCE):
        return look_up()
    try:
        return look_up()
    finally:
        _lock.release()


def _is_within_import() -> bool:
    """Whether a module that this thread is importing made the call."""
    # Documented, and private by its name alone.
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back:
        frame = frame.f_back
        if frame.f_globals.get("__name__") in _IMPORT_SYSTEM:
            return True
    return False
