"""Writes the manifest as canonical text, and checks its digest when reading it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from inspect import cleandoc
from typing import Any

import msgspec

from voxbind_build.manifest.manifest_text import ALWAYS, text
from voxbind_build.manifest.migrations import STEPS, migrated
from voxbind_build.manifest.sealing import seal_holds, sealed, sha256
from voxbind_build.model import SCHEMA_VERSION, Manifest

MANIFEST = "manifest.json"
SCHEMA = "manifest.schema.json"


class ManifestError(ValueError):
    """A manifest that can't be read, or that was changed by something other than voxbind."""

    def __init__(self, path: Traversable, problem: str, cure: str = "Restore the file") -> None:
        super().__init__(
            f"{path} {problem}. {cure}, or run `voxbind build --fresh`, which measures "
            "the installed libraries again and writes a new record."
        )


def encode(manifest: Manifest) -> str:
    """Return the manifest's canonical text, including its digest.

    Keys are sorted, and the text doesn't depend on the time, the machine or the user, so that
    equal manifests have equal bytes.
    """
    return sealed(text(manifest))


def read(path: Traversable) -> Manifest:
    """Read a manifest of this schema version or an older one.

    Raises
    ------
    ManifestError
        If the file isn't a manifest, has a newer schema version, or was changed since voxbind
        wrote it.
    FileNotFoundError
        If there is no such file.
    """
    try:
        data = path.read_bytes()
    except (IsADirectoryError, PermissionError) as error:
        raise ManifestError(path, f"can't be read: {error.strerror}") from None
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version > SCHEMA_VERSION or any(v not in STEPS for v in range(version, SCHEMA_VERSION)):
            raise ManifestError(
                path,
                f"has schema version {version}, but this voxbind reads versions "
                f"{min(STEPS, default=SCHEMA_VERSION)} to {SCHEMA_VERSION}",
                "Install a newer voxbind",
            )
        if version < SCHEMA_VERSION:
            document = migrated(msgspec.json.decode(data), version, SCHEMA_VERSION)
            manifest = msgspec.convert(document, Manifest)
        else:
            manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.ValidationError as error:
        raise ManifestError(path, f"isn't a voxbind manifest: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(path, f"isn't valid JSON: {error}") from None
    if not seal_holds(data):
        raise ManifestError(path, "was changed since voxbind wrote it: its digest doesn't match")
    return manifest


def listed(path: Traversable) -> frozenset[str]:
    """Return the files that a manifest lists, or none if it can't be read."""
    try:
        return frozenset(msgspec.json.decode(path.read_bytes(), type=_Files).files)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return frozenset()


def schema() -> str:
    """Return the JSON Schema of the manifests that are written, derived from `Manifest`."""
    document = _with_clean_descriptions(msgspec.json.schema(Manifest))
    for record, fields in ALWAYS.items():
        entry = document["$defs"][record.__name__]
        entry["required"] = sorted({*entry.get("required", ()), *fields})
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def seal(manifest: Manifest, files: Mapping[str, str]) -> dict[str, str]:
    """Return files together with the manifest that lists their digests, and its schema.

    Parameters
    ----------
    manifest
        The manifest without digests.
    files
        Texts by POSIX path relative to the package.
    """
    package = {path: text for path, text in files.items() if path != MANIFEST}
    package[SCHEMA] = schema()
    digests = {path: sha256(text) for path, text in sorted(package.items())}
    package[MANIFEST] = encode(msgspec.structs.replace(manifest, files=digests))
    return dict(sorted(package.items()))


def _with_clean_descriptions(value: Any) -> Any:
    """Remove the indentation of docstrings, which some versions of Python and msgspec keep."""
    if isinstance(value, list):
        return [_with_clean_descriptions(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: cleandoc(item)
        if key == "description" and isinstance(item, str)
        else _with_clean_descriptions(item)
        for key, item in value.items()
    }


class _Version(msgspec.Struct):
    schema_version: int


class _Files(msgspec.Struct):
    files: dict[str, str]
