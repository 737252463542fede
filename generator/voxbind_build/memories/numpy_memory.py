"""NumPy's memory, in which the test images are made."""

from __future__ import annotations

from typing import Any

from voxbind_build.memories.interface import Examination, MemoryFacts

EXAMINATIONS = (
    Examination(
        place="numpy",
        kind="memory",
        distributions=("numpy",),
        ask="import json, numpy\nprint(json.dumps({'usable': True, 'detail': ''}))",
        install="pip install numpy",
        repair="pip install --force-reinstall numpy",
    ),
)

FACTS = MemoryFacts(is_default=True, outlives_fork=True)


class Host:
    """NumPy's memory."""

    facts = FACTS
    colours = True
    patience = 1

    def start(self, number: int) -> None:
        """Do nothing, because there is no device to start."""

    def give(self, value: Any) -> Any:
        """Return the value unchanged."""
        return value

    def take(self, value: Any) -> Any:
        """Return the value unchanged."""
        return value

    def wait(self) -> None:
        """Do nothing, because a call's work is done when it returns."""
