"""The journal beside a package, for commands that measure and don't write the package."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from voxbind_build import manifest as frozen
from voxbind_build.build.progress import Reporter
from voxbind_build.verify import disk

__all__ = ["journal_beside"]


@contextlib.contextmanager
def journal_beside(out: Path, reporter: Reporter) -> Iterator[frozen.Journal | None]:
    """Yield the journal that the next build reads; None if its folder can't be written.

    A folder that doesn't exist is made, as by a build; otherwise what is measured would be lost.

    Parameters
    ----------
    out
        The package's folder.
    reporter
        Says if another build has to be waited for.
    """
    parent = next(folder for folder in out.resolve().parents if folder.exists())
    if not os.access(parent, os.W_OK | os.X_OK):
        yield None
        return
    with disk.claimed(out, reporter.say):
        yield frozen.Journal(out)
