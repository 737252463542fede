"""What an observation rests on, as one digest: equal digests need no second measurement."""

from __future__ import annotations

import msgspec
from msgspec import structs

from voxbind_build.manifest.sealing import sha256
from voxbind_build.model import Description, Parameter, ProbeTask


def fingerprint(task: ProbeTask, version: str, method: str) -> str:
    """Return what an observation that is made here rests on.

    Parameters
    ----------
    task
        The function, and the roles and types that its arguments are made from.
    version
        The library's version.
    method
        What the probe does with this task: `probe.fingerprint.method_fingerprint`.
    """
    description = task.description
    basis = [
        method,
        version,
        description.definition,
        description.fingerprint,
        task.memory_type,
        sorted(task.roles.items()),
        sorted(task.allowed_dtypes),
        sorted(task.words.items()),
        [_read_by_the_probe(parameter) for parameter in description.parameters],
    ]
    return sha256(msgspec.json.encode(basis))


def source_fingerprint(description: Description, version: str) -> str:
    """Return what an observation that another machine made rests on.

    The way of measuring isn't part of it: that machine may not be at hand to measure anew.
    """
    basis = [version, description.definition, description.fingerprint]
    return sha256(msgspec.json.encode(basis))


def _read_by_the_probe(parameter: Parameter) -> Parameter:
    """Return a parameter without voxbind's own sentences on its type."""
    return structs.replace(parameter, contradiction="", untyped="")
