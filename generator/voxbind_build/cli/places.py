"""The folder of the package that commands read and write by default."""

from __future__ import annotations

import importlib.util
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path

_BUILD_PACKAGE = Path(__file__).resolve().parents[1]
_ROOT = _BUILD_PACKAGE.parents[1]


def is_checkout() -> bool:
    """Return whether this code runs from voxbind's repository, not from an installed package."""
    return _ROOT.joinpath("generator").is_dir() and _ROOT.joinpath("templates").is_dir()


def default_package() -> Path:
    """Return the package's folder in the checkout, or else in the installed voxbind."""
    if is_checkout():
        return _ROOT / "generated" / "voxbind"
    spec = importlib.util.find_spec("voxbind")
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return _BUILD_PACKAGE.with_name("voxbind")


def package_at(out: Path | None) -> Path:
    """Return the folder that a command names, or else the default one."""
    return default_package() if out is None else out


def readable_package(out: Path | None) -> Traversable:
    """Return the package as it can be read, also if voxbind itself is in a zip archive."""
    package = package_at(out)
    in_archive = out is None and not package.is_dir() and importlib.util.find_spec("voxbind")
    return resources("voxbind") if in_archive else package
