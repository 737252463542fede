"""The versions of other libraries that a measurement depends on: NumPy's, for example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from voxbind_build.common.installed_versions import version_of
from voxbind_build.discover import has_minor_version
from voxbind_build.libraries import builtin
from voxbind_build.memories.lookup import EXAMINATIONS
from voxbind_build.model import LibrarySpec

__all__ = ["changed", "sentence", "to_record", "versions_of"]


def versions_of(spec: LibrarySpec) -> dict[str, str]:
    """Return the installed versions of the libraries that may change a library's results.

    These are NumPy, the library of the memory that the library works in, and those of the
    library's requirements that compute with arrays themselves: voxbind wraps them, or has a memory
    of their arrays. Other requirements, such as those that read files, aren't included.

    Parameters
    ----------
    spec
        The library's specification.

    Returns
    -------
    dict of str to str
        Versions by distribution, sorted.
    """
    own = {canonicalize_name(name) for name in (spec.distribution, *spec.also)}
    names = {"numpy", *_of_memories(spec.memory_type), *(_requirements(spec) & _computing())} - own
    versions = {name: version_of(name) for name in sorted(names)}
    return {name: version for name, version in versions.items() if version}


def changed(recorded: Mapping[str, str], installed: Mapping[str, str]) -> dict[str, str]:
    """Return the recorded versions of which another minor version is installed, or none.

    A patch release, such as NumPy 2.4.7 instead of 2.4.6, changes no results.
    """
    return {
        name: version
        for name, version in recorded.items()
        if name not in installed or not has_minor_version(installed[name], version)
    }


def to_record(
    recorded: Mapping[str, str], installed: Mapping[str, str], *, is_complete: bool
) -> dict[str, str]:
    """Return the versions that are recorded of a library after a build.

    Recorded versions stay if only their patch releases differ, so that two machines write the same.

    Parameters
    ----------
    recorded
        The versions that the record has.
    installed
        The versions that are installed here.
    is_complete
        Whether all functions of the library were measured with the installed versions.
    """
    has_other_names = recorded.keys() != installed.keys()
    is_other = is_complete and (has_other_names or bool(changed(recorded, installed)))
    return dict(installed if is_other else recorded)


def sentence(
    distribution: str, recorded: Mapping[str, str], installed: Mapping[str, str], functions: int
) -> str:
    """Return a sentence on functions whose results may differ; empty if no version has changed.

    Parameters
    ----------
    distribution
        The library's distribution.
    recorded
        The versions that the library was measured with.
    installed
        The versions that are installed here.
    functions
        Number of the library's functions.
    """
    others = changed(recorded, installed)
    if not others:
        return ""
    before = ", ".join(f"{name} {version}" for name, version in others.items())
    now = ", ".join(f"{name} {installed.get(name, 'none')}" for name in others)
    return (
        f"{distribution} was measured with {before}, and {now} is installed: the results of "
        f"{functions} functions may differ"
    )


@cache
def _computing() -> frozenset[str]:
    """Return the distributions that compute with arrays: of memories, and of wrapped libraries."""
    wrapped = (canonicalize_name(spec.distribution) for spec in builtin())
    return frozenset({"numpy", *_of_memories(), *wrapped})


def _of_memories(memory: str = "") -> Iterator[str]:
    """Yield the distributions of the libraries of all memories, or of one."""
    for examination in EXAMINATIONS:
        if memory in ("", examination.place.partition(" ")[0].lower()):
            yield from map(canonicalize_name, examination.distributions)


def _requirements(spec: LibrarySpec) -> set[str]:
    """Return the names of what a library's distribution requires in this environment."""
    names = set()
    for line in _declared(spec):
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            names.add(str(canonicalize_name(requirement.name)))
    return names


def _declared(spec: LibrarySpec) -> list[str]:
    for name in (spec.distribution, *spec.also):
        try:
            return metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
    return []
