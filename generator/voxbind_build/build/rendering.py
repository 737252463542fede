"""Renders the modules of a package, unless an earlier build has rendered the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from voxbind_build import manifest as frozen
from voxbind_build.build.ledger import Entry
from voxbind_build.model import Manifest
from voxbind_build.render import render

__all__ = ["modules"]


def modules(manifest: Manifest, templates: Path, out: Path) -> dict[str, str]:
    """Return the text of each file that `render` makes, by POSIX path relative to the package.

    The ledger has the digests of the texts that were rendered from a manifest. If all files of the
    package have these digests, they are the texts, and are read instead of rendered again.

    Parameters
    ----------
    manifest
        The record to render.
    templates
        The folder of templates.
    out
        The package's folder, which may lack files or hold others.

    Raises
    ------
    RenderError
        If something in the manifest can't be written as code.
    """
    libraries = frozen.sha256(msgspec.json.encode(manifest.libraries, order="sorted"))
    entry = Entry("package", (manifest.package, libraries), [templates])
    digests = entry.load(dict[str, str])
    texts = _with_digests(out, digests) if digests else None
    if texts is None:
        texts = dict(render(manifest, templates))
        entry.save({path: frozen.sha256(text) for path, text in texts.items()})
    return texts


def _with_digests(out: Path, digests: Mapping[str, str]) -> dict[str, str] | None:
    """Return the texts of files, or None if one of them doesn't have the given digest."""
    texts = {}
    for path, digest in digests.items():
        try:
            content = (out / path).read_bytes()
        except OSError:
            return None
        if frozen.sha256(content) != digest:
            return None
        texts[path] = content.decode("utf-8")
    return texts
