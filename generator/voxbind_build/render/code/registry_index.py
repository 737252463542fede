"""The registry's index: the manifest without documentation and signatures.

Reading the entire manifest takes tens of milliseconds. A program that looks up functions by their
contract shouldn't wait for their documentation.
"""

from __future__ import annotations

import msgspec

from voxbind_build.model import Manifest
from voxbind_build.render.code.lazy_facts import lazy_facts

__all__ = ["INDEX", "index"]

INDEX = "registry.json"
_FACTS = (
    *("arrays", "contract", "deprecated", "dtypes", "evidence", "kind", "module", "mutates"),
    *("needs_channels", "channels_last", "outputs", "original_name", "random", "reason", "result"),
    "tags",
)


def index(manifest: Manifest) -> str:
    """Return the index as JSON: one line per function, by dotted name below the package."""
    lines = {}
    for key, library in manifest.libraries.items():
        for function in library.functions.values():
            facts = {fact: getattr(function, fact) for fact in _FACTS}
            facts |= {"library": key, "memory_type": library.memory_type}
            facts |= lazy_facts(function)
            name = function.wrapper.removeprefix(f"{manifest.package}.")
            lines[name] = f'"{name}": {msgspec.json.encode(facts, order="sorted").decode()}'
    return "{\n" + ",\n".join(lines[name] for name in sorted(lines)) + "\n}\n"
