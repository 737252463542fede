"""Writes a file as a whole, or leaves the old one."""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["part_of", "write_whole"]


def part_of(path: Path) -> Path:
    """Return where the text of a file is until it has been written as a whole."""
    return path.with_name(f"{path.name}.part")


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never there in part; it keeps its permissions.

    Raises
    ------
    OSError
        If the file can't be written, for example because the disk is full. The old file stays.
    """
    part = part_of(path)
    try:
        part.write_text(text, encoding="utf-8")
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        error.filename = error.filename or str(path)
        raise
