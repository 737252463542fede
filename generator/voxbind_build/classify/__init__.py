"""From observations to contracts, result kinds and reasons: pure."""

from voxbind_build.classify.verdict import classify

__all__ = ["classify"]
