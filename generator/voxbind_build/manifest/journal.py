"""What a build has measured, kept beside the package until the package is written.

Each observation is one line, which is written when the function has been measured. So a build that
is stopped or killed loses the functions that it was measuring, and no others. A line that was
written in part is ignored: each line has a digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from voxbind_build.manifest.earlier_observations import with_fields_of_today
from voxbind_build.manifest.sealing import seal_holds, sealed
from voxbind_build.manifest.whole_file import part_of, write_whole
from voxbind_build.model import Observation

__all__ = ["Journal"]


class Journal:
    """The observations of builds that haven't written their package yet.

    Parameters
    ----------
    out
        The package's folder, or the file that a recording will be written to.
    """

    def __init__(self, out: Path) -> None:
        out = out.resolve()
        self._path = out.with_name(f".{out.name}.measured.jsonl")
        self._entries: dict[str, dict[str, _Entry]] = {}
        """By library, then by definition."""
        part_of(self._path).unlink(missing_ok=True)  # of a process that was killed
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError:  # nobody may read it, so it can't be continued either
            self._path.unlink()
            return
        for entry in filter(None, map(_decoded, lines)):
            self._put(entry)

    def of(
        self, library: str, measured_with: Mapping[str, str] | None = None
    ) -> dict[str, Observation]:
        """Return a library's observations by definition.

        Parameters
        ----------
        library
            The library's name.
        measured_with
            Leave out those that were measured with other versions of other libraries.
        """
        return {
            definition: entry.observation
            for definition, entry in self._entries.get(library, {}).items()
            if measured_with is None or entry.measured_with in ({}, measured_with)
        }

    def add(
        self, library: str, observation: Observation, measured_with: dict[str, str] | None = None
    ) -> None:
        """Keep an observation, also if this process is killed a moment later.

        Parameters
        ----------
        library
            The library's name.
        observation
            The observation of one of its functions.
        measured_with
            Versions of other libraries that the observation depends on, by distribution.

        Raises
        ------
        OSError
            If the file can't be written, for example because the disk is full.
        """
        entry = _Entry(
            digest="",
            library=library,
            observation=observation,
            measured_with=measured_with or {},
        )
        try:
            with self._path.open("a", encoding="utf-8") as file:
                # The line break comes first: the line before may have been written in part.
                file.write("\n" + _encoded(entry))
        except OSError as error:
            error.filename = str(self._path)
            raise
        self._put(entry)

    def forget(self, libraries: Iterable[str]) -> None:
        """Remove what was measured of some libraries; the file goes with the last one."""
        for library in libraries:
            self._entries.pop(library, None)
        if not self._entries:
            self._path.unlink(missing_ok=True)
            return
        entries = (entry for entries in self._entries.values() for entry in entries.values())
        write_whole(self._path, "\n".join(map(_encoded, entries)))

    def _put(self, entry: _Entry) -> None:
        entries = self._entries.setdefault(entry.library, {})
        entries[entry.observation.definition] = entry


class _Entry(msgspec.Struct, frozen=True):
    digest: str
    library: str
    observation: Observation
    measured_with: dict[str, str] = {}


def _encoded(entry: _Entry) -> str:
    return sealed(msgspec.json.encode(entry).decode())


def _decoded(line: bytes) -> _Entry | None:
    """Return the entry of a line; None if the line was written in part, or was changed."""
    if not seal_holds(line):
        return None
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
        observation = with_fields_of_today(fields["observation"])
        return msgspec.convert({**fields, "observation": observation}, type=_Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return None
