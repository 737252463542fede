"""The progress bar that ``progress=True`` shows."""

from __future__ import annotations

from typing import Any

__all__ = ["tqdm_class"]


def tqdm_class() -> Any:  # tqdm has no types
    """Return the class of tqdm's bars.

    Raises
    ------
    ImportError
        If tqdm isn't installed.
    """
    try:
        from tqdm.auto import tqdm  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise ImportError(
            "progress=True shows a progress bar with tqdm, which isn't installed. Install it, "
            "pip install tqdm, or give another bar, such as progress=rich.progress.track."
        ) from error
    return tqdm
