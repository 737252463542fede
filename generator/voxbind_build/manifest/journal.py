"""What a build has measured, kept beside the package until the package is written.

Each observation is one line, which is written when the function has been measured. So a build that
is stopped or killed loses the functions that it was measuring, and no others. A line that was
written in part is ignored: each line has a digest.
"""

from __future__ import annotations

from collections.abc import Iterable
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
        self.observations: dict[str, dict[str, Observation]] = {}
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

    def of(self, library: str) -> dict[str, Observation]:
        """Return a library's observations by definition."""
        return dict(self.observations.get(library, {}))

    def add(self, library: str, observation: Observation) -> None:
        """Keep an observation, also if this process is killed a moment later.

        Raises
        ------
        OSError
            If the file can't be written, for example because the disk is full.
        """
        entry = _Entry(digest="", library=library, observation=observation)
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
            self.observations.pop(library, None)
        if not self.observations:
            self._path.unlink(missing_ok=True)
            return
        entries = (
            _Entry(digest="", library=library, observation=observation)
            for library, observations in self.observations.items()
            for observation in observations.values()
        )
        write_whole(self._path, "\n".join(map(_encoded, entries)))

    def _put(self, entry: _Entry) -> None:
        observations = self.observations.setdefault(entry.library, {})
        observations[entry.observation.definition] = entry.observation


class _Entry(msgspec.Struct, frozen=True):
    digest: str
    library: str
    observation: Observation


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
