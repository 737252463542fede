"""The manifest's file: canonical text, checked when it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files as resources
from importlib.resources.abc import Traversable

import msgspec

from voxbind_build.model import SCHEMA_VERSION, Manifest

MANIFEST = "manifest.json"
SCHEMA = "manifest.schema.json"


class ManifestError(ValueError):
    """A frozen record that can't be read, or that somebody else has written."""

    def __init__(self, path: Traversable, problem: str) -> None:
        super().__init__(
            f"{path} {problem}. Restore the file, or run `voxbind build --fresh`, which measures "
            "the installed libraries anew and writes the record again."
        )


def sha256(content: str | bytes) -> str:
    """Return the digest of a file's content as the manifest writes it."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encode(manifest: Manifest) -> str:
    """Return the manifest's one canonical text, its digest filled in.

    Keys are sorted and nothing in it depends on when, where or by whom it was
    written, so equal manifests are equal bytes.
    """
    return _text(msgspec.structs.replace(manifest, digest=_digest(manifest)))


def read(path: Traversable) -> Manifest:
    """Read a manifest.

    Raises
    ------
    ManifestError
        If the file is no manifest of this version, or was changed since it was written.
    FileNotFoundError
        If there is none.
    """
    try:
        text = path.read_bytes()
        version = msgspec.json.decode(text, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            raise ManifestError(
                path, f"has schema version {version}, and this voxbind reads {SCHEMA_VERSION}"
            )
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.ValidationError as error:
        raise ManifestError(path, f"isn't a voxbind manifest: {error}") from None
    except msgspec.DecodeError as error:
        raise ManifestError(path, f"isn't whole JSON: {error}") from None
    if manifest.digest != _digest(manifest):
        raise ManifestError(path, "was changed since voxbind wrote it: its digest doesn't fit")
    return manifest


def listed(path: Traversable) -> frozenset[str]:
    """Return the files that a manifest lists, as far as it can be read at all."""
    try:
        return frozenset(msgspec.json.decode(path.read_bytes(), type=_Files).files)
    except (OSError, msgspec.DecodeError):
        return frozenset()


def schema() -> str:
    """Return the manifest's JSON Schema, made from the model."""
    return json.dumps(msgspec.json.schema(Manifest), indent=1, sort_keys=True) + "\n"


def seal(manifest: Manifest, files: Mapping[str, str]) -> dict[str, str]:
    """Return `files` with the manifest that lists their digests, and its schema."""
    sealed = {path: text for path, text in files.items() if path != MANIFEST}
    sealed[SCHEMA] = resources("voxbind_build.manifest").joinpath("schema.json").read_text("utf-8")
    digests = {path: sha256(text) for path, text in sorted(sealed.items())}
    sealed[MANIFEST] = encode(msgspec.structs.replace(manifest, files=digests))
    return dict(sorted(sealed.items()))


class _Version(msgspec.Struct):
    schema_version: int


class _Files(msgspec.Struct):
    files: dict[str, str]


def _digest(manifest: Manifest) -> str:
    return sha256(_text(msgspec.structs.replace(manifest, digest="")))


def _text(manifest: Manifest) -> str:
    document = msgspec.json.encode(manifest, order="sorted")
    return msgspec.json.format(document, indent=1).decode() + "\n"
