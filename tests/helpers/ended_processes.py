"""Functions of pyclesperanto that may end their process, by the record and by experience."""

from __future__ import annotations

from voxbind_build.model import Observation

BREAK_THE_HEAP = frozenset(
    f"pyclesperanto.{name}"
    for name in ("make_anisotropic", "make_isotropic", "rigid_transform", "rotate", "scale")
)
"""These write beyond a result that is larger than its image (0.25.1): whether, and in which later
call, a process ends of it is a matter of luck, so that no record tells it."""


def ends_its_process(observation: Observation) -> bool:
    """Return whether a call of the function ended its process when it was recorded."""
    crashed = any(call.outcome == "crashed" for call in observation.calls)
    return crashed or bool(observation.crashes)
