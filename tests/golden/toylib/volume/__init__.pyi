__all__ = ["depth_gradient", "project"]

from ._depth import depth_gradient, project
