"""What an installer knows of the package's files: the RECORD of an installed voxbind.

`pip uninstall` removes the files that RECORD lists, so a build that changes an installed package
brings the list up to date. A checkout, or a package in any other folder, has no RECORD.
"""

from __future__ import annotations

import base64
import csv
import errno
import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path, PurePosixPath

from voxbind_build import manifest as frozen
from voxbind_build.build.report import BuildError
from voxbind_build.verify import disk

__all__ = ["DISTRIBUTION", "InstalledFiles", "Row", "row", "table"]

DISTRIBUTION = "voxbind"
Row = tuple[str, str, str]
"""A path, the digest of its file, and the file's size in bytes."""


class InstalledFiles:
    """The list of the files that belong to an installed voxbind.

    Parameters
    ----------
    path
        The file RECORD.
    rows
        Its rows.
    """

    def __init__(self, path: Path, rows: Iterable[Row]) -> None:
        self._path, self._rows = path, tuple(rows)

    @classmethod
    def of(cls, out: Path) -> InstalledFiles | None:
        """Return the list that a package's files are in; None if no installer put them there.

        Raises
        ------
        BuildError
            If the list is damaged, as by an installer that was interrupted.
        """
        out = out.resolve()
        for installed in metadata.distributions(name=DISTRIBUTION, path=[str(out.parent)]):
            try:
                rows = _rows(installed.read_text("RECORD") or "")
            except (ValueError, csv.Error):
                raise BuildError(
                    f"The RECORD of the voxbind that is installed in {out.parent} is damaged, as "
                    "after an interrupted installation. Run `pip install --force-reinstall "
                    "voxbind` and build again; the package is as it was."
                ) from None
            (name,) = [path for path, *_ in rows if path.endswith(".dist-info/RECORD")] or [""]
            # An editable install lists a file that names the checkout, and none of the package.
            if name and any(_is_below(path, out.name) for path, *_ in rows):
                return cls(out.parent / name, rows)
        return None

    def prove_writable(self) -> None:
        """Refuse to change the package if the list can't be changed.

        Raises
        ------
        OutputError
            If it can't.
        """
        if not os.access(self._path.parent, os.W_OK | os.X_OK):
            raise disk.unwritable(
                self._path, PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            )

    def update(self, out: Path, files: Mapping[str, str]) -> None:
        """List the files that a package has now.

        Parameters
        ----------
        out
            The package's folder, as it was just written.
        files
            The texts of its files by POSIX path below it.

        Raises
        ------
        BuildError
            If the list can't be written; the next build writes it.
        """
        name, site = out.resolve().name, self._path.parent.parent
        kept = [
            entry
            for entry in self._rows
            # Compiled files are listed if the installer made them, and go with an old package.
            if not _is_below(entry[0], name) or (_is_cache(entry[0]) and (site / entry[0]).exists())
        ]
        ours = [row(f"{name}/{path}", text.encode()) for path, text in files.items()]
        rows = sorted((*kept, *ours))
        if rows == sorted(self._rows):
            return
        try:
            frozen.write_whole(self._path, table(rows))
        except OSError as error:
            raise BuildError(
                f"The package is written, but {self._path} can't be ({error.strerror}), by which "
                "pip knows the package's files. Run the same build again."
            ) from error


def row(path: str, data: bytes) -> Row:
    """Return a file's row in a RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return path, f"sha256={digest}", str(len(data))


def table(rows: Iterable[Row]) -> str:
    """Return the text of a RECORD."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _rows(text: str) -> list[Row]:
    return [(path, digest, size) for path, digest, size in csv.reader(text.splitlines())]


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def _is_cache(path: str) -> bool:
    return PurePosixPath(path).parent.name == "__pycache__"
