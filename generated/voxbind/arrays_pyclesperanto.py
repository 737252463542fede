"""Types of arrays for wrappers of pyclesperanto, whose own class shows a checker nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

from .arrays import Array

__all__ = ["ClesperantoArray", "ClesperantoArrayT"]

# mypy takes a name like this for true. To mypy pyclesperanto, which ships no types, is `Any`,
# and so would be all that stands in a union with it; others read its class.
MYPY = False
if TYPE_CHECKING:
    if MYPY:
        from .arrays import Array as _Own
    else:
        from pyclesperanto import Array as _Own  # type: ignore[import-not-found, unused-ignore]
else:
    _Own = Array

# To who doesn't take MYPY for true, `_Own` may be either of the two.
ClesperantoArray: TypeAlias = _Own
"""An array of any library, pyclesperanto's own included."""
ClesperantoArrayT = TypeVar("ClesperantoArrayT", bound=_Own)
"""The type of the first image, which is also that of an image result."""
