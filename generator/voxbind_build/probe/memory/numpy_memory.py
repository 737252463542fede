"""NumPy's own memory: everything is measured on its arrays."""

from __future__ import annotations

from typing import Any


class Host:
    """NumPy's own memory."""

    colours = True
    patience = 1

    def start(self, number: int) -> None:
        """Do nothing: it is there."""

    def give(self, value: Any) -> Any:
        """Return the value as it is."""
        return value

    def take(self, value: Any) -> Any:
        """Return the value as it is."""
        return value

    def wait(self) -> None:
        """Do nothing: a call that has returned is done."""
