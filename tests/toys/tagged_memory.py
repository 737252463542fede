"""The toy library's memory, as one would add it to ``voxbind/_memory``."""

from __future__ import annotations

import sys
from typing import Any

from voxbind._memory.interface import Memory, Place

__all__ = ["TaggedMemory"]


class TaggedMemory(Memory):
    """Tagged arrays. Where an array is, its tag says."""

    name = "tagged"
    places = (Place("tagged", "own"),)
    array_name = "tagged.Tagged"

    def holds(self, value: Any) -> bool:
        kind = getattr(sys.modules.get("tagged"), "Tagged", None)
        return kind is not None and isinstance(value, kind)

    def device(self, value: Any) -> Any:
        return value.tag

    def place(self, device: Any) -> str:
        return f"tagged ({device})"

    def leaves_shared(self, value: Any) -> bool:
        return False

    def arrives_shared(self, array: Any, device: Any) -> bool:
        return False

    def keeps_out(self, array: Any, device: Any) -> bool:
        return bool(array.dtype.kind not in "biuf")

    def to_host(self, value: Any, name: str) -> Any:
        return sys.modules["tagged"].plain(value)

    def from_host(
        self,
        array: Any,
        device: Any,
        name: str = "",
        cast: str = "",
        *,
        overwritten: bool = False,
        plain: bool = False,
    ) -> Any:
        if self.keeps_out(array, device):
            return array
        return sys.modules["tagged"].tagged(array, device)

    def shares(self, value: Any, array: Any) -> bool:
        return False

    def write(self, value: Any, array: Any) -> None:
        value[...] = array

    def cast(self, name: str, dtype: str) -> str:
        return f"{name}.astype(numpy.{dtype})"
