"""Names that a generated module can give to a wrapper."""

from __future__ import annotations

import keyword
import unicodedata

__all__ = ["why_not_bindable"]


def why_not_bindable(name: str) -> str:
    """Return why a generated module can't bind a name; empty if it can.

    Parameters
    ----------
    name
        A name, without the dotted names of its modules.
    """
    if not name.isidentifier():
        return "isn't a name in Python's syntax"
    if keyword.iskeyword(name):
        return "is a keyword of Python"
    if (normal := unicodedata.normalize("NFKC", name)) != name:
        # https://docs.python.org/3/reference/lexical_analysis.html#identifiers
        return f"is read as {normal!r} by Python"
    if name.startswith("__") and name.endswith("__"):
        return "has a meaning for Python itself"
    if name == "annotations":
        return "is bound by `from __future__ import annotations` in each generated module"
    return ""
