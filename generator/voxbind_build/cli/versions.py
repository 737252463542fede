"""What ``voxbind --version`` prints."""

from __future__ import annotations

from importlib import metadata

from voxbind_build.cli import printing
from voxbind_build.cli.inputs import requested_manifest

__all__ = ["versions"]


def versions(*, as_json: bool) -> None:
    """Print the version of voxbind, and of the libraries that the wrappers were made from."""
    own = metadata.version("voxbind")
    if not as_json:
        print(f"voxbind {own}")  # also if there is no package
    libraries = requested_manifest(None).libraries.values()
    numbers = dict(sorted((v.distribution, v.version) for v in libraries if not v.home))
    if as_json:
        printing.as_json({"voxbind": own, **numbers})
    else:
        for name, number in numbers.items():
            print(f"{name} {number}")
