"""Output to a terminal or file that can't hold every character, such as one with ASCII alone."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

_SIGNS = {"→": "->", "←": "<-", "≠": "!=", "…": "...", "·": ".", "≤": "<=", "≥": ">=", "µ": "u"}
_SIGNS |= {"\N{MULTIPLICATION SIGN}": "x", "\N{EN DASH}": "-", "\N{EM DASH}": "-"}
_SIGNS |= {"\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}
_SIGNS |= {"\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"'}
_HANDLER = "voxbind.nearest"


def write_any_character() -> None:
    """Write characters that an output stream can't encode as the nearest that it can."""
    codecs.register_error(_HANDLER, _nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors=_HANDLER)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """Return ASCII text for characters that can't be encoded, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(map(_in_ascii, characters)), error.end


def _in_ascii(character: str) -> str:
    """Return a sign in ASCII, or a letter without its accent, or else the code of a character."""
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return _SIGNS.get(character) or plain or character.encode("ascii", "backslashreplace").decode()
