"""Digests of a library's code, by the file of the run time that compares them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from voxbind_build.common.templates import templates_dir

__all__ = ["Digests", "digests_of"]

Digests = Callable[[str, str], tuple[str, str]]
"""Takes a module and the name of a function, and returns the digests of its code."""


def digests_of(package: str, folders: Sequence[Path], file: Path | None) -> Digests:
    """Return what digests the code of a library: see ``LibraryCode`` of the run time.

    Parameters
    ----------
    package
        Name of the library's top-level package or module.
    folders
        Folders of the package; empty if it is one module.
    file
        File of the module.
    """
    digests: Digests = _run_time().LibraryCode(package, folders, file).digests
    return digests


@cache
def _run_time() -> ModuleType:
    path = templates_dir() / "runtime" / "_upstream" / "library_code.py"
    spec = spec_from_file_location("voxbind_build.common._library_code", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be imported")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
