"""Which libraries a build takes, decided before anything is read or measured."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from voxbind_build import manifest as frozen
from voxbind_build.build.report import BuildError
from voxbind_build.libraries import Problem, SpecError, builtin, suggestion
from voxbind_build.model import IMAGE_ROLES, OUTPUT_ROLES, WHOLE_ROLES, Library, LibrarySpec
from voxbind_build.probe.inputs import arguments, roles
from voxbind_build.render import own_names, templates_dir

_OBSERVATIONS = frozen.observations_path("").partition("/")[0]
"""The folder of the package that holds no modules."""


def known_roles() -> frozenset[str]:
    """Return the roles that a parameter can have: those that some rule, maker or stage knows."""
    table = roles.table()
    ruled = (rule.role for rule in table.rule)
    made = (*table.values, *arguments.MAKERS, *arguments.ALONG_AXIS)
    by_stages = IMAGE_ROLES | OUTPUT_ROLES | WHOLE_ROLES
    return frozenset(role for role in (*ruled, *made, *by_stages) if role is not None)


def admit(specs: Sequence[LibrarySpec], recorded: Mapping[str, Library]) -> None:
    """Refuse a library that would take the place of another, or whose twin nobody knows.

    Parameters
    ----------
    specs
        The libraries that are to be wrapped.
    recorded
        Those that the package wraps, by name.

    Raises
    ------
    SpecError
        If a twin is no library that is wrapped, or that comes with voxbind.
    BuildError
        If a name is taken.
    """
    shipped = builtin()
    known = {*recorded, *(spec.name for spec in (*shipped, *specs))}
    unknown = [
        Problem(
            ("twin",),
            f"there is no library {spec.twin!r}; {suggestion(spec.twin, known, _listed(known))}",
        ).line(spec.file or spec.name)
        for spec in specs
        if spec.twin is not None and spec.twin not in known
    ]
    if unknown:
        raise SpecError(unknown)
    packages = {name: library.modules[0].partition(".")[0] for name, library in recorded.items()}
    packages |= {spec.name: spec.package for spec in shipped}
    clashes: list[str] = []
    for spec in specs:
        clashes += _clashes(spec, packages)
        packages.setdefault(spec.name, spec.package)
    if clashes:
        raise BuildError("\n".join(clashes))


def _clashes(spec: LibrarySpec, packages: Mapping[str, str]) -> Iterator[str]:
    """Yield what stands in the way of a library.

    Parameters
    ----------
    spec
        The library.
    packages
        The top-level packages of the others, and of itself if it is known, by name.
    """
    where = f"{spec.file}: " if spec.file else ""
    if packages.get(spec.name, spec.package) != spec.package:
        yield (
            f"{where}{spec.name!r} is the name of the library that wraps {packages[spec.name]!r}, "
            f"and {spec.package!r} is to be wrapped under it. Give it another name in its TOML."
        )
    for name, package in packages.items():
        if name == spec.name:
            continue
        if package == spec.package:
            yield (
                f"{where}{spec.package!r} is wrapped as library {name!r} already, and "
                f"{spec.name!r} is to wrap it as well. Leave it to one of them."
            )
        elif folded(name) == folded(spec.name) or folded(package) == folded(spec.package):
            yield (
                f"{where}{spec.name!r}, which wraps {spec.package!r}, differs from {name!r}, which "
                f"wraps {package!r}, by the case of letters alone, and file systems that don't "
                "tell cases apart would take one for the other. Give it another name."
            )
    taken = {
        folded(name): (name, kind)
        for name, kind in {
            **own_names(templates_dir()),
            _OBSERVATIONS: "a folder",
            "voxbind": "the package",
        }.items()
    }
    for name in dict.fromkeys((spec.package, spec.name)):
        if folded(name) in taken:
            own, kind = taken[folded(name)]
            what = "package" if name == spec.package else "library"
            yield (
                f"{where}{name!r} can't be wrapped: voxbind itself has {kind} of this name"
                f"{'' if own == name else f' ({own!r})'}. Give the {what} another one."
            )


def folded(name: str) -> str:
    """Return what is equal for names that a file system may take for the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def _listed(names: set[str]) -> str:
    return f"known are {', '.join(sorted(names))}"
