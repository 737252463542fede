"""What a program asks of voxbind for the calls that follow, in its own context.

A context is a thread's or an asyncio task's own (`contextvars`): what one asks for
disturbs no other. A task begins with a copy of the context that it is made in, as does
`asyncio.to_thread`; a bare thread begins with the defaults.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

if TYPE_CHECKING:
    from .tracing import TraceLog

__all__ = ["DEFAULT", "Settings", "change", "current", "transfers", "workers"]


class Settings(NamedTuple):
    """What is asked for."""

    transfers: Literal["allow", "forbid"] = "allow"
    workers: int = 1
    logs: tuple[TraceLog, ...] = ()

    @property
    def watched(self) -> bool:
        """Whether somebody wants to know what moves."""
        return bool(self.logs) or self.transfers == "forbid"


DEFAULT = Settings()
_settings: ContextVar[Settings] = ContextVar("voxbind", default=DEFAULT)
current: Callable[[], Settings] = _settings.get


def change(**changes: Any) -> None:
    """Change the settings of this context."""
    changed = current()._replace(**changes)
    _settings.set(DEFAULT if changed == DEFAULT else changed)


class _Setting:
    """A setting, from the moment that it is made; as a context manager, until its end."""

    _name: str

    def __init__(self, value: Any) -> None:
        self._value = value
        self._begin()

    def _begin(self) -> None:
        self._before = getattr(current(), self._name)
        self._has_ended = False
        change(**{self._name: self._value})

    def __enter__(self) -> Self:
        if self._has_ended:  # one that is kept, and used for a second block
            self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._has_ended = True
        change(**{self._name: self._before})

    def __repr__(self) -> str:
        return f"voxbind.{self._name}({self._value!r})"


class transfers(_Setting):
    """Forbid or allow copies between memories.

    It holds from the call on, in this thread or asyncio task; as a context manager,
    until the block ends.

    Parameters
    ----------
    policy : {'allow', 'forbid'}
        With ``'forbid'`` each call that would copy an array from one memory to another
        raises `TransferForbiddenError` before it does, with the function, the argument,
        the bytes and the route. Where two memories share a buffer nothing is copied. What
        is asked for by name (``cle.push``, ``tensor.cpu()``) is never forbidden.

    Raises
    ------
    ValueError
        If `policy` is neither.

    Examples
    --------
    >>> import numpy as np
    >>> import voxbind
    >>> from voxbind.scipy import ndimage
    >>> with voxbind.transfers("forbid"):
    ...     ndimage.uniform_filter(np.ones((2, 2)))  # nothing moves
    array([[1., 1.],
           [1., 1.]])
    """

    _name = "transfers"

    def __init__(self, policy: Literal["allow", "forbid"]) -> None:
        if policy not in ("allow", "forbid"):
            raise ValueError(f"transfers({policy!r}): give 'allow' or 'forbid'")
        super().__init__(policy)


class workers(_Setting):
    """Let functions that run slice by slice work on several slices at a time.

    It holds from the call on, in this thread or asyncio task; as a context manager,
    until the block ends. The default is one slice at a time: more than one is faster only where
    the library releases Python's lock, and the filters of `warnings.catch_warnings` are
    shared by all threads. What is random, or changes its arguments, and what works on a
    device, runs one slice at a time in any case.

    Parameters
    ----------
    count : int
        Threads to use at most; 1 is none beside the caller's own, 0 is one for each
        processor that this process may use.

    Raises
    ------
    ValueError
        If `count` is no whole number of at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> import voxbind
    >>> from voxbind.skimage import feature
    >>> with voxbind.workers(2):
    ...     edges = feature.canny(np.zeros((4, 32, 32)))
    >>> edges.shape
    (4, 32, 32)
    """

    _name = "workers"

    def __init__(self, count: int) -> None:
        # Also for who checks no types.
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"workers({count!r}): give a whole number, 0 for all processors")
        super().__init__(count or _processors())


def _processors() -> int:
    import os

    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1
