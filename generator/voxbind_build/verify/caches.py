"""Compiled files that Python would run in place of a source that they aren't made of."""

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
"""Bytes: the magic number, flags, then a time and a size, or a hash of the source."""
_OPTIMISED = re.compile(r"opt-([12])")


def planted(out: Path) -> tuple[str, ...]:
    """Return the cached files below a folder that would run instead of the source, sorted.

    A cache of which Python sees by its header that it is out of date is an ordinary one: Python
    compiles the source again. One that Python takes for current is compiled and compared here.
    Caches of other versions of Python can't be compared; of those, the ones are named that say of
    themselves that the source is not to be looked at.
    """
    found = []
    for folder, _, names in os.walk(out):
        if Path(folder).name == FOLDER:
            found += [Path(folder, name) for name in names if name.endswith(".pyc")]
    return tuple(sorted(path.relative_to(out).as_posix() for path in found if _is_planted(path)))


def _is_planted(cache: Path) -> bool:
    stem, tag, *rest = cache.name.split(".")
    source = cache.parent.parent / f"{stem}.py"
    if not source.is_file():
        return False  # Python doesn't look for it
    try:
        data = cache.read_bytes()
        text = source.read_bytes()
        time = int(source.stat().st_mtime)
    except OSError:
        return False  # Python can't read it either
    flags = int.from_bytes(data[4:8], "little")
    if flags == 0b01:  # by hash, and never checked
        return True
    if data[:4] != importlib.util.MAGIC_NUMBER or tag != _tag():
        return False
    if flags == 0b11:
        current = data[8:_HEADER] == importlib.util.source_hash(text)
    else:
        current = data[8:_HEADER] == b"".join(_words(time, len(text)))
    return current and not _is_of(data[_HEADER:], text, source, rest)


def _is_of(body: bytes, text: bytes, source: Path, suffixes: list[str]) -> bool:
    """Tell whether a cache's code is what the source is compiled to."""
    optimised = _OPTIMISED.match(suffixes[0]) if suffixes else None
    level = int(optimised[1]) if optimised else 0
    if suffixes[:-1] and not optimised:
        return True  # of a tool, such as pytest, under a name that Python itself doesn't look for
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
