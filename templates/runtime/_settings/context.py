"""Settings for the calls that follow, each in its own context.

Each thread and asyncio task has its own context (`contextvars`), so that settings in one don't
affect another. A task starts with a copy of the context it is created in, as does
`asyncio.to_thread`; a plain thread starts with the defaults. `prefer` can be set for the whole
process as well.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self
from weakref import ref

if TYPE_CHECKING:
    from .trace_log import TraceLog

__all__ = [
    "DEFAULT",
    "MIN_BYTES",
    "Preference",
    "Settings",
    "calm",
    "change",
    "current",
    "prefer",
    "preferred",
    "transfers",
    "workers",
]

MIN_BYTES = 2**16
"""Smallest host image, in bytes, that ``prefer("gpu")`` moves to the GPU: 64 KiB, 128 x 128 pixels
of 32 bits. The median over eleven functions on an NVIDIA H200, both copies included; see
`docs/benchmarks.md`."""


class Preference(NamedTuple):
    """Where arrays on the host are worked on: see `prefer`."""

    device: Literal["cpu", "gpu"]
    min_bytes: int = MIN_BYTES


class Settings(NamedTuple):
    """What is asked for."""

    transfers: Literal["allow", "forbid"] = "allow"
    workers: int = 1
    logs: tuple[TraceLog, ...] = ()
    prefer: Preference | None = None
    """None: as the process has it."""
    reason: str = ""
    """Why the next call runs where it does: whoever watches that call takes it from here."""

    @property
    def watched(self) -> bool:
        """Whether somebody wants to know what moves."""
        return bool(self.logs) or self.transfers == "forbid"


DEFAULT = Settings()
_settings: ContextVar[Settings] = ContextVar("voxbind", default=DEFAULT)
current: Callable[[], Settings] = _settings.get
calm: Settings | None = DEFAULT
"""What `current` gives where nothing is asked for, by this context or by the process; None while
the process prefers the GPU. One comparison tells that all is as it always is."""


def change(**changes: Any) -> None:
    """Change the settings of this context."""
    changed = current()._replace(**changes)
    _settings.set(DEFAULT if changed == DEFAULT else changed)


class _Setting:
    """A setting, from the moment that it is made; as a context manager, until its end."""

    _name: str

    def __init__(self, value: Any) -> None:
        self._value = value
        self._pending = [getattr(current(), self._name)]
        """What was there before it was made, until a block begins."""
        self._before: list[Any] = []
        """What was there before each of its blocks, which may stand inside one another."""
        self._begin()

    def _begin(self) -> None:
        change(**{self._name: self._value})

    def __enter__(self) -> Self:
        self._before.append(
            self._pending.pop() if self._pending else getattr(current(), self._name)
        )
        self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        change(**{self._name: self._before.pop()})

    def __repr__(self) -> str:
        return f"voxbind.{self._name}({self._value!r})"


class transfers(_Setting):
    """Forbid or allow copies between memories.

    The setting holds from the call on, in this thread or asyncio task; as a context manager, until
    the block ends.

    Parameters
    ----------
    policy : {'allow', 'forbid'}
        With ``'forbid'``, a call that would copy an array from one memory to another raises
        `TransferForbiddenError` before it does; the message names the function, the argument, the
        number of bytes and both memories. Memories that share a buffer need no copy. Explicit
        copies (``cle.push``, ``tensor.cpu()``) are never forbidden.

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
    """Set how many slices of a volume are processed at a time, each in a thread.

    The setting holds from the call on, in this thread or asyncio task; as a context manager, until
    the block ends. The default is one slice at a time: several are faster only if the library
    releases Python's global lock, and all threads share the filters of `warnings.catch_warnings`.
    Functions that are random, modify their arguments or work on a GPU always process one slice at a
    time.

    Parameters
    ----------
    count : int
        Maximum number of threads. 1 uses the caller's thread only; 0 uses one thread for each
        processor available to this process.

    Raises
    ------
    ValueError
        If `count` is not an integer of at least 0.

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


class prefer(_Setting):
    """Say where `voxbind.auto` runs what is on the host: on the CPU, or on an NVIDIA GPU.

    Called plainly it holds from the call on for the whole process, all threads included. As
    a context manager it holds until the block ends, in this thread or asyncio task, and there goes
    before what the process has; between the call and the block, a moment, it holds for all. What
    is on a GPU runs there in any case.

    Parameters
    ----------
    device : {'cpu', 'gpu'}
        With ``'gpu'`` an image on the host is copied to the GPU, worked on there, and its result
        copied back, where the function has a twin there that does the same. Where it has none,
        where there is no GPU and where `transfers` are forbidden, the call runs on the CPU, and
        a `trace` tells why. ``'cpu'`` is how it is when nothing is asked for.
    min_bytes : int
        Images of fewer bytes stay on the CPU. The default is
        ``voxbind._settings.context.MIN_BYTES``, 64 KiB.

    Raises
    ------
    ValueError
        If `device` is neither, or `min_bytes` is no whole number of at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> import voxbind
    >>> from voxbind.auto import filters
    >>> with voxbind.prefer("gpu"):
    ...     smooth = filters.gaussian(np.zeros((8, 8)))  # 512 bytes: not worth the way
    >>> smooth.shape
    (8, 8)
    """

    _name = "prefer"

    def __init__(self, device: Literal["cpu", "gpu"], *, min_bytes: int = MIN_BYTES) -> None:
        if device not in ("cpu", "gpu"):
            raise ValueError(f"prefer({device!r}): give 'cpu' or 'gpu'")
        # Also for who checks no types.
        is_whole = isinstance(min_bytes, int) and not isinstance(min_bytes, bool)  # pyright: ignore[reportUnnecessaryIsInstance]
        if not is_whole or min_bytes < 0:
            raise ValueError(f"prefer(min_bytes={min_bytes!r}): give a whole number of bytes")
        super().__init__(Preference(device, min_bytes))

    def _begin(self) -> None:
        # Whether a block will follow isn't known yet: until then it is a plain call.
        _ask(self, self._value)
        if current().prefer is not None:  # within a block it is this block's from here on
            change(prefer=self._value)

    def __enter__(self) -> Self:
        before = current().prefer
        if before is self._value and self._pending:
            before = self._pending[0]
        self._pending.clear()
        self._before.append(before)
        _withdraw(self)
        change(prefer=self._value)
        return self

    def __repr__(self) -> str:
        device, min_bytes = self._value
        more = f", min_bytes={min_bytes}" * (min_bytes != MIN_BYTES)
        return f"voxbind.prefer({device!r}{more})"


def preferred(settings: Settings) -> Preference:
    """Return where arrays on the host are worked on, by these settings and the process's."""
    return settings.prefer or _of_process()


_CPU = Preference("cpu")
_lock = allocate_lock()
_asked: list[tuple[ref[prefer], Preference]] = []
"""What the process was asked for, the last of which holds: each until it turns out to be a block's,
which takes it out of here whatever came after it."""


def _of_process() -> Preference:
    asked = _asked[-1:]  # in one step, as other threads may take it away
    return asked[0][1] if asked else _CPU


def _ask(setting: prefer, value: Preference) -> None:
    with _lock:
        # What nobody holds any longer can't become a block's: nothing before it comes back.
        final = [number for number, (held, _) in enumerate(_asked) if held() is None]
        del _asked[: final[-1] if final else 0]
        _asked.append((ref(setting), value))
        _tell_all()


def _withdraw(setting: prefer) -> None:
    with _lock:
        _asked[:] = [each for each in _asked if each[0]() is not setting]
        _tell_all()


def _tell_all() -> None:
    global calm
    calm = None if _of_process().device == "gpu" else DEFAULT


def _processors() -> int:
    import os

    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1
