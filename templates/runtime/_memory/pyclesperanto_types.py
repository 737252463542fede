"""Types of arrays for wrappers of pyclesperanto, whose own class shows a checker nothing.

``pyclesperanto.Array`` is empty: its metaclass finds the attributes of the back end's class. That
metaclass is all that tells it from other classes, so it is what is asked for here; the library
need not be installed for it.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias, TypeVar

from ..arrays import AnyArray

__all__ = ["ClesperantoArray", "ClesperantoArrayT"]


class _Class(Protocol):
    """A class that looks its attributes up elsewhere."""

    def __getattr__(self, name: str, /) -> object: ...
    def __subclasscheck__(self, subclass: type, /) -> bool: ...


class _Own(Protocol):
    """An array of pyclesperanto's."""

    # What a checker takes for an assignable property of every object is only read here.
    @property  # type: ignore[misc]
    def __class__(self) -> _Class: ...  # type: ignore[override]


ClesperantoArray: TypeAlias = AnyArray | _Own
"""An array of any library, pyclesperanto's own included."""
ClesperantoArrayT = TypeVar("ClesperantoArrayT", bound=_Own)
"""The type of an image of pyclesperanto's, which is also that of an image result."""
