"""Checks that the requested libraries can be wrapped, before any is read or measured."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from voxbind_build import manifest as frozen
from voxbind_build.build.report import BuildError
from voxbind_build.libraries import Problem, SpecError, builtin, suggestion
from voxbind_build.model import (
    IMAGE_ROLES,
    OUTPUT_ROLES,
    PACKAGE,
    WHOLE_ROLES,
    Library,
    LibrarySpec,
)
from voxbind_build.probe.inputs import arguments, roles
from voxbind_build.render import own_names, templates_dir

_OBSERVATIONS = frozen.observations_path("").partition("/")[0]
"""The package's folder for files of observations, which a library can't be named after."""


def known_roles() -> frozenset[str]:
    """Return every role that a parameter can have in a library's TOML."""
    table = roles.table()
    roles_of_rules = (rule.role for rule in table.rule)
    roles_with_values = (*table.values, *arguments.MAKERS, *arguments.ALONG_AXIS)
    roles_of_arrays = IMAGE_ROLES | OUTPUT_ROLES | WHOLE_ROLES
    every_role = (*roles_of_rules, *roles_with_values, *roles_of_arrays, roles.NO_ARRAY)
    return frozenset(role for role in every_role if role is not None)


def admit(
    specs: Sequence[LibrarySpec], recorded: Mapping[str, Library], to_package: str = PACKAGE
) -> None:
    """Refuse a library whose name or package is in use, or whose twin doesn't exist.

    Parameters
    ----------
    specs
        The libraries to wrap.
    recorded
        Libraries that the package wraps already, by name.
    to_package
        Dotted name of the package. One of another project may use the names of voxbind's libraries
        and modules.

    Raises
    ------
    SpecError
        If a library names a twin that isn't wrapped and doesn't come with voxbind.
    BuildError
        If another library, or voxbind itself, uses a library's name or package already.
    """
    shipped = builtin()
    known_names = {*recorded, *(spec.name for spec in (*shipped, *specs))}
    unknown_twins = [
        Problem(
            ("twin",),
            f"no library is named {spec.twin!r}; "
            f"{suggestion(spec.twin, known_names, _listed(known_names))}",
        ).line(spec.file or spec.name)
        for spec in specs
        if spec.twin is not None and spec.twin not in known_names
    ]
    if unknown_twins:
        raise SpecError(unknown_twins)
    packages = {name: library.modules[0].partition(".")[0] for name, library in recorded.items()}
    is_own = to_package == PACKAGE
    if is_own:
        packages |= {spec.name: spec.package for spec in shipped}
    clashes: list[str] = []
    for spec in specs:
        clashes += _clashes(spec, packages, is_own)
        packages.setdefault(spec.name, spec.package)
    if clashes:
        raise BuildError("\n".join(clashes))


def _clashes(spec: LibrarySpec, packages: Mapping[str, str], is_own: bool) -> Iterator[str]:
    """Yield a sentence for each clash of a library with another, or with voxbind itself.

    Parameters
    ----------
    spec
        The library to add.
    packages
        The top-level package of each library by name, possibly including `spec` itself.
    is_own
        Whether the wrappers become part of voxbind, beside its own modules.
    """
    where = f"{spec.file}: " if spec.file else ""
    if packages.get(spec.name, spec.package) != spec.package:
        yield (
            f"{where}the library {spec.name!r} wraps {packages[spec.name]!r} already, so "
            f"{spec.package!r} can't be wrapped under the same name. Give it another name in its "
            "TOML."
        )
    for name, package in packages.items():
        if name == spec.name:
            continue
        if package == spec.package:
            yield (
                f"{where}the package {spec.package!r} can't be wrapped by {spec.name!r}, because "
                f"the library {name!r} wraps it already. Remove one of the two."
            )
        elif folded(name) == folded(spec.name) or folded(package) == folded(spec.package):
            yield (
                f"{where}{spec.name!r}, which wraps {spec.package!r}, and {name!r}, which wraps "
                f"{package!r}, differ only by the case of letters. On a file system that ignores "
                f"case they would be the same folder. Give {spec.name!r} another name."
            )
    reserved = {
        folded(name): (name, kind)
        for name, kind in {
            **(own_names(templates_dir()) if is_own else {}),
            _OBSERVATIONS: "a folder",
            "voxbind": "the package",
        }.items()
    }
    for name in dict.fromkeys((spec.package, spec.name)):
        if folded(name) in reserved:
            reserved_name, kind = reserved[folded(name)]
            what = "package" if name == spec.package else "library"
            yield (
                f"{where}{name!r} can't be wrapped: voxbind itself has {kind} of this name"
                f"{'' if reserved_name == name else f' ({reserved_name!r})'}. "
                f"Give the {what} another one."
            )


def folded(name: str) -> str:
    """Normalize a name, so that names that a file system may treat as the same become equal."""
    return unicodedata.normalize("NFKC", name).casefold()


def _listed(names: set[str]) -> str:
    return f"the libraries are {', '.join(sorted(names))}"
