"""Specifications that installed packages announce, in the entry-point group ``voxbind.libraries``.

An entry point ``labpoints = "labpoints:voxbind.toml"`` says that the package ``labpoints`` has the
specification ``voxbind.toml`` among its files. No package is imported to find the file.
"""

from __future__ import annotations

from importlib import metadata, util
from pathlib import Path, PurePosixPath

from msgspec import Struct

from voxbind_build.libraries.problems import Problem, SpecError

__all__ = ["GROUP", "Announcement", "announced"]

GROUP = "voxbind.libraries"


class Announcement(Struct, frozen=True):
    """What one entry point announces."""

    name: str
    """Name of the library."""
    value: str
    """Package and file: ``labpoints:voxbind.toml``."""
    distribution: str
    """The installed distribution that announces it."""

    def file(self) -> Path:
        """Return the path of the specification.

        Raises
        ------
        SpecError
            If the package has no such file.
        """
        package, _, file = (part.strip() for part in self.value.partition(":"))
        top, *inner = package.split(".")
        climbs = ".." in PurePosixPath(file).parts or PurePosixPath(file).is_absolute()
        module_spec = util.find_spec(top) if top.isidentifier() and file and not climbs else None
        for folder in (module_spec.submodule_search_locations or ()) if module_spec else ():
            path = Path(folder, *inner, file)
            if path.is_file():
                return path
        raise SpecError([self.line(f"{package!r} has no file {file!r} below its folder")])

    def line(self, message: str) -> str:
        """Return a problem of this announcement in a line, with its place and the cure."""
        place = f"the entry point {self.name!r} of {self.distribution} in {GROUP}"
        cure = f"correct it in {self.distribution}, or uninstall it"
        return Problem((), f"{message}; {cure}").line(place)


def announced() -> dict[str, Announcement]:
    """Return what installed packages announce, by the library's name, sorted.

    Raises
    ------
    SpecError
        If two distributions announce libraries of one name.
    """
    announcements: dict[str, Announcement] = {}
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name):
        distribution = point.dist.name if point.dist is not None else "a package"
        announcement = Announcement(point.name, point.value, distribution)
        earlier = announcements.setdefault(point.name, announcement)
        if earlier.value != announcement.value:
            raise SpecError([announcement.line(f"{earlier.distribution} announces it as well")])
    return announcements
