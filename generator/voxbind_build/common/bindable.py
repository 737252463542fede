"""Names that a generated module can give to a wrapper."""

from __future__ import annotations

import keyword
import unicodedata
from types import ModuleType

__all__ = ["is_identifier", "why_not_bindable"]

_OF_MODULES = frozenset(
    {
        *vars(ModuleType("")),
        *("__all__", "__builtins__", "__cached__", "__class__", "__debug__", "__dict__"),
        *("__dir__", "__file__", "__getattr__", "__path__"),
    }
)
"""Attributes through which Python and voxbind use a module."""


def is_identifier(text: str) -> bool:
    """Return whether Python can bind a name, and doesn't read it as another one."""
    return not _problem_of_syntax(text)


def why_not_bindable(name: str) -> str:
    """Return why a generated module can't bind a name; empty if it can.

    Parameters
    ----------
    name
        A name, without the dotted names of its modules.
    """
    if problem := _problem_of_syntax(name):
        return problem
    if name in _OF_MODULES:
        return "has a meaning for Python itself"
    if name == "annotations":
        return "is bound by `from __future__ import annotations` in each generated module"
    return ""


def _problem_of_syntax(name: str) -> str:
    # https://docs.python.org/3/reference/lexical_analysis.html#identifiers
    if not name.isidentifier():
        return "isn't a name in Python's syntax"
    if keyword.iskeyword(name):
        return "is a keyword of Python"
    if (normal := unicodedata.normalize("NFKC", name)) != name:
        return f"is read as {normal!r} by Python"
    return ""
