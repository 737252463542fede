"""What the registry answers from: the manifest's facts, without documentation and signatures.

The whole manifest takes tens of milliseconds to read; a program that asks for the functions of
a contract shouldn't wait for their documentation.
"""

from __future__ import annotations

import msgspec

from voxbind_build.model import Manifest

__all__ = ["INDEX", "index"]

INDEX = "registry.json"
_FACTS = (
    *("arrays", "contract", "deprecated", "dtypes", "evidence", "kind", "module", "mutates"),
    *("needs_channels", "original_name", "random", "reason", "result", "tags"),
)


def index(manifest: Manifest) -> str:
    """Return the index as JSON: one line for each function, by its dotted name below voxbind."""
    lines = {}
    for key, library in manifest.libraries.items():
        for function in library.functions.values():
            facts = {fact: getattr(function, fact) for fact in _FACTS}
            facts |= {"library": key, "memory_type": library.memory_type}
            name = function.wrapper.partition(".")[2]
            lines[name] = f'"{name}": {msgspec.json.encode(facts, order="sorted").decode()}'
    return "{\n" + ",\n".join(lines[name] for name in sorted(lines)) + "\n}\n"
