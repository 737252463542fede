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
    """The device that processes arrays on the host; see `prefer`."""

    device: Literal["cpu", "gpu"]
    min_bytes: int = MIN_BYTES


class Settings(NamedTuple):
    """The settings of a context."""

    transfers: Literal["allow", "forbid"] = "allow"
    workers: int = 1
    logs: tuple[TraceLog, ...] = ()
    prefer: Preference | None = None
    """None means the setting of the process."""
    reason: str = ""
    """Why `voxbind.auto` chose this device for the next call; a trace of the call reports it."""

    @property
    def watched(self) -> bool:
        """Whether copies must be reported, to a trace or because they are forbidden."""
        return bool(self.logs) or self.transfers == "forbid"


DEFAULT = Settings()
_settings: ContextVar[Settings] = ContextVar("voxbind", default=DEFAULT)
current: Callable[[], Settings] = _settings.get
calm: Settings | None = DEFAULT
"""The object that `current` returns if no setting was changed; None while the process prefers the
GPU. A single comparison with it shows that all settings are at their defaults."""


def change(**changes: Any) -> None:
    """Change the settings of this context."""
    changed = current()._replace(**changes)
    _settings.set(DEFAULT if changed == DEFAULT else changed)


class _Setting:
    """A setting that holds from its creation on or, as a context manager, until the block ends."""

    _name: str

    def __init__(self, value: Any) -> None:
        self._value = value
        self._pending = [getattr(current(), self._name)]
        """The value before its creation; removed when a block begins."""
        self._before: list[Any] = []
        """The value before each of its blocks, which may be nested."""
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

    So are the calls of `voxbind.over`, and those for the times and channels of an array of xarray.

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
        # Checked at run time too, for callers that use no type checker.
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(
                f"workers({count!r}): give an integer of at least 0; 0 means all processors"
            )
        super().__init__(count or _processors())


class prefer(_Setting):
    """Choose the device on which `voxbind.auto` processes images that are in host memory.

    As a plain call, the setting holds from then on for the whole process, in all threads. As a
    context manager, it holds until the block ends, in this thread or asyncio task only, and takes
    precedence over the setting of the process. (Between the call and the start of the block, it
    holds for the whole process.) Images that are on a GPU are always processed there.

    Parameters
    ----------
    device : {'cpu', 'gpu'}
        With ``'gpu'``, an image is copied to the NVIDIA GPU, processed there, and the result is
        copied back. The call runs on the CPU instead if the function has no equivalent twin on
        the GPU, if there is no GPU, or if `transfers` are forbidden; a `trace` reports the
        reason. The default is ``'cpu'``.
    min_bytes : int
        Smallest image, in bytes, that is moved to the GPU. The default is
        ``voxbind._settings.context.MIN_BYTES``, 64 KiB.

    Raises
    ------
    ValueError
        If `device` is neither ``'cpu'`` nor ``'gpu'``, or `min_bytes` is not an integer of at
        least 0.

    Examples
    --------
    >>> import numpy as np
    >>> import voxbind
    >>> from voxbind.auto import filters
    >>> with voxbind.prefer("gpu"):
    ...     smooth = filters.gaussian(np.zeros((8, 8)))  # 512 bytes: too small to move
    >>> smooth.shape
    (8, 8)
    """

    _name = "prefer"

    def __init__(self, device: Literal["cpu", "gpu"], *, min_bytes: int = MIN_BYTES) -> None:
        if device not in ("cpu", "gpu"):
            raise ValueError(f"prefer({device!r}): give 'cpu' or 'gpu'")
        # Checked at run time too, for callers that use no type checker.
        is_integer = isinstance(min_bytes, int) and not isinstance(min_bytes, bool)  # pyright: ignore[reportUnnecessaryIsInstance]
        if not is_integer or min_bytes < 0:
            raise ValueError(f"prefer(min_bytes={min_bytes!r}): give an integer of at least 0")
        super().__init__(Preference(device, min_bytes))

    def _begin(self) -> None:
        # It isn't known yet whether a `with` block follows, so this counts as a plain call.
        _set_for_process(self, self._value)
        if current().prefer is not None:  # inside a block, it changes the setting of that block
            change(prefer=self._value)

    def __enter__(self) -> Self:
        before = current().prefer
        if before is self._value and self._pending:
            before = self._pending[0]
        self._pending.clear()
        self._before.append(before)
        _unset_for_process(self)
        change(prefer=self._value)
        return self

    def __repr__(self) -> str:
        device, min_bytes = self._value
        keyword = f", min_bytes={min_bytes}" * (min_bytes != MIN_BYTES)
        return f"voxbind.prefer({device!r}{keyword})"


def preferred(settings: Settings) -> Preference:
    """Return the preference that applies: that of the context, else that of the process."""
    return settings.prefer or _of_process()


_CPU = Preference("cpu")
_lock = allocate_lock()
_process_settings: list[tuple[ref[prefer], Preference]] = []
"""Settings of the process, the last of which applies. If a setting turns out to be that of a block,
it is removed from here, wherever it is in the list."""


def _of_process() -> Preference:
    last = _process_settings[-1:]  # a slice, as another thread may empty the list at any time
    return last[0][1] if last else _CPU


def _set_for_process(setting: prefer, value: Preference) -> None:
    with _lock:
        # A setting whose object is gone can't become that of a block any more. It will never be
        # removed, so the settings before it can't apply again.
        permanent = [
            number for number, (setting_ref, _) in enumerate(_process_settings) if not setting_ref()
        ]
        del _process_settings[: permanent[-1] if permanent else 0]
        _process_settings.append((ref(setting), value))
        _update_calm()


def _unset_for_process(setting: prefer) -> None:
    with _lock:
        _process_settings[:] = [entry for entry in _process_settings if entry[0]() is not setting]
        _update_calm()


def _update_calm() -> None:
    global calm
    calm = None if _of_process().device == "gpu" else DEFAULT


def _processors() -> int:
    import os

    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1
