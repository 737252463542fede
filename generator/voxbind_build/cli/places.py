"""The folder of the package that commands read and write by default."""

from __future__ import annotations

import importlib.util
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
