"""Fingerprints that decide whether an observation is still valid, or must be measured again."""

from __future__ import annotations

import msgspec
from msgspec import structs

from voxbind_build.manifest.sealing import sha256
from voxbind_build.model import Description, Parameter, ProbeTask


def fingerprint(task: ProbeTask, version: str, method: str) -> str:
    """Return a digest of everything that a measurement on this machine depends on.

    Parameters
    ----------
    task
        The function, and the roles and types from which its arguments are made.
    version
        The library's version.
    method
        Fingerprint of the probe for this task: `probe.fingerprint.method_fingerprint`.
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
    """Return a digest of the function's source, for observations from another machine.

    The probe isn't part of it, because that machine may not be available to measure again.
    """
    basis = [version, description.definition, description.fingerprint]
    return sha256(msgspec.json.encode(basis))


def _read_by_the_probe(parameter: Parameter) -> Parameter:
    """Return a parameter without voxbind's own sentences on its type."""
    return structs.replace(parameter, contradiction="", untyped="")
