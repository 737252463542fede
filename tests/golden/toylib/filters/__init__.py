"""Filters."""

from . import _edges, _smooth
from ._edges import *  # noqa: F403
from ._smooth import *  # noqa: F403
from ._smooth import box as boxcar

__all__ = _edges.__all__ + [name for name in _smooth.__all__]
__all__ += ["boxcar"]
