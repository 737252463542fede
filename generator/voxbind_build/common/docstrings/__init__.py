"""The sections of a docstring, numpydoc or Google style, and the entries of a section.

A docstring that has a numpydoc section of parameters or results is read as numpydoc alone; any
other may have sections of both styles.
"""

from __future__ import annotations

from voxbind_build.common.docstrings.entries import Entry, entries
from voxbind_build.common.docstrings.sections import TITLES, Docstring, Section, split

__all__ = ["TITLES", "Docstring", "Entry", "Section", "entries", "split"]
