"""Finds compiled files that Python would run although they don't match their source."""

from __future__ import annotations

import importlib.util
import marshal
import os
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["FOLDER", "planted"]

FOLDER = "__pycache__"
_HEADER = 16
"""Length of a cache's header in bytes: the magic number, flags, then a time and a size, or a hash
of the source."""
_OPTIMISED = re.compile(r"opt-([12])")


def planted(out: Path) -> tuple[str, ...]:
    """Return the caches below a folder that would run although they don't match their source.

    A cache that is out of date by its header does no harm, because Python compiles the source
    again. If Python would use a cache, the source is compiled here and compared with it. Caches
    of other versions of Python can't be compared; they are only returned if their header tells
    Python not to check the source.

    Parameters
    ----------
    out
        The folder.

    Returns
    -------
    tuple of str
        Paths relative to the folder, sorted.
    """
    caches = []
    for folder, _, names in os.walk(out):
        if Path(folder).name == FOLDER:
            caches += [Path(folder, name) for name in names if name.endswith(".pyc")]
    return tuple(sorted(path.relative_to(out).as_posix() for path in caches if _is_planted(path)))


def _is_planted(cache: Path) -> bool:
    """Return whether Python would run a cache that doesn't match its source."""
    stem, tag, *suffixes = cache.name.split(".")
    source = cache.parent.parent / f"{stem}.py"
    if not source.is_file():
        return False  # Python uses a cache only if there is a source
    try:
        data = cache.read_bytes()
        text = source.read_bytes()
        time = int(source.stat().st_mtime)
    except OSError:
        return False  # Python can't read it either
    flags = int.from_bytes(data[4:8], "little")
    if flags == 0b01:  # the cache has a hash that Python never checks
        return True
    if data[:4] != importlib.util.MAGIC_NUMBER or tag != _tag():
        return False
    if flags == 0b11:
        is_current = data[8:_HEADER] == importlib.util.source_hash(text)
    else:
        is_current = data[8:_HEADER] == b"".join(_words(time, len(text)))
    return is_current and not _is_of(data[_HEADER:], text, source, suffixes)


def _is_of(body: bytes, text: bytes, source: Path, suffixes: list[str]) -> bool:
    """Return whether a cache's code is the compiled source."""
    optimised = _OPTIMISED.match(suffixes[0]) if suffixes else None
    level = int(optimised[1]) if optimised else 0
    if suffixes[:-1] and not optimised:
        return True  # a cache of a tool such as pytest, which Python itself doesn't use
    try:
        code = marshal.loads(body)
        return bool(code == compile(text, str(source), "exec", dont_inherit=True, optimize=level))
    except (EOFError, SyntaxError, TypeError, ValueError):
        return False


def _words(*numbers: int) -> Iterator[bytes]:
    for number in numbers:
        yield (number & 0xFFFFFFFF).to_bytes(4, "little")


def _tag() -> str:
    return importlib.util.cache_from_source("x.py").rpartition("x.")[2].partition(".")[0]
