"""Generated packages to import, made from a manifest."""

from __future__ import annotations

import contextlib
import importlib
import sys
import typing
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from voxbind_build.manifest import seal
from voxbind_build.model import Manifest
from voxbind_build.render import render, templates_dir

Import = Callable[[str], Any]
"""Imports a module below voxbind: ``load("skimage.filters")``."""


def write_package(manifest: Manifest, folder: Path) -> Path:
    """Render a manifest into a folder that can stand on ``sys.path``."""
    for path, text in seal(manifest, render(manifest, templates_dir())).items():
        file = folder / "voxbind" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return folder


@contextlib.contextmanager
def importing(*folders: Path, also: tuple[str, ...] = ()) -> Iterator[Import]:
    """Import voxbind, and packages of `also`, from folders; put back afterwards what was there."""
    packages = ("voxbind", *also)

    def ours() -> list[str]:
        return [name for name in sys.modules if name.partition(".")[0] in packages]

    before = {name: sys.modules.pop(name) for name in ours()}
    path = sys.path[:]
    # The finders of two packages of one name would ask each other without end.
    finders = _take_finders(packages)
    sys.path[:0] = map(str, folders)
    importlib.invalidate_caches()
    # Python keeps the overloads of all functions by their modules' names: these must not be added
    # to those of the package whose place they take.
    registry: dict[str, Any] = defaultdict(partial(defaultdict, dict))
    overloads = mock.patch.object(typing, "_overload_registry", registry)
    overloads.start()
    try:
        yield lambda name: importlib.import_module(f"voxbind.{name}" if name else "voxbind")
    finally:
        overloads.stop()
        sys.path[:] = path
        # Finders that other libraries have added meanwhile stay, since they are needed.
        _take_finders(packages)
        sys.meta_path[:0] = finders
        for name in ours():
            del sys.modules[name]
        sys.modules.update(before)


def _take_finders(packages: tuple[str, ...]) -> list[Any]:
    """Remove the finders of some packages from ``sys.meta_path``, and return them."""
    taken = [
        finder for finder in sys.meta_path if type(finder).__module__.partition(".")[0] in packages
    ]
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in taken]
    return taken
