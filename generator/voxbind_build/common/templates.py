"""The folder of the templates, which hold the run time."""

from __future__ import annotations

from pathlib import Path

__all__ = ["templates_dir"]


def templates_dir() -> Path:
    """Return the folder of the templates: that of the checkout, else of the installed package."""
    package = Path(__file__).parent.parent
    # An editable install also has a copy in site-packages, which nobody edits.
    checkout = package.parent.parent / "templates"
    if (checkout / "runtime").is_dir() and (package.parent.parent / "pyproject.toml").is_file():
        return checkout
    return package / "templates"
