"""Removes from messages what differs between machines and runs: addresses, folders and paths."""

from __future__ import annotations

import re

__all__ = ["without_folders", "without_places"]

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+\b")
_PATH = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?(?:[/\\][\w.+\-]+){2,}")
_FOLDERS = re.compile(r"(?:[A-Za-z]:)?[/\\](?:[^\s'\":,;/\\]+[/\\])+")


def without_places(message: str) -> str:
    """Return a message with placeholders for addresses and paths.

    Parameters
    ----------
    message
        The text of an exception or of a warning. Calls may name temporary files in it.
    """
    return _ADDRESS.sub("<address>", _PATH.sub("<path>", message))


def without_folders(message: str) -> str:
    """Return a message with placeholders for addresses, and with files named without their folders.

    Parameters
    ----------
    message
        The text of an exception that an import raised. The name of a file in it is the same on each
        machine: that of a shared library that wasn't found, for example.
    """
    return _ADDRESS.sub("<address>", _FOLDERS.sub("", message))
