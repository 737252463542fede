"""Entries of a library's TOML that fit nothing in the library as it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from voxbind_build.libraries.problems import Problem, suggestion
from voxbind_build.libraries.values import NAMED
from voxbind_build.model import Inventory, LibrarySpec, PublicName

__all__ = ["misfits"]


def misfits(inventory: Inventory) -> tuple[Problem, ...]:
    """Return each module, name, pattern and parameter of a specification that isn't there."""
    spec = inventory.spec
    names = {name.name: name for name in inventory.names}
    library = f"{spec.distribution} {inventory.version}"
    return (
        *_modules(inventory, library),
        *_names(spec, names, library),
        *_patterns(spec, names, library),
        *_parameters(spec, names),
    )


def _modules(inventory: Inventory, library: str) -> Iterator[Problem]:
    for module in inventory.absent:
        number = inventory.spec.modules.index(module)
        shown = [each.name for each in inventory.names if each.kind == "module"]
        nearest = suggestion(module, shown, "correct the name, or remove it")
        yield Problem(("modules", number), f"{library} has no module {module!r}; {nearest}")


def _names(spec: LibrarySpec, names: Mapping[str, PublicName], library: str) -> Iterator[Problem]:
    for table in NAMED:
        wanted = "class" if table == "untyped" else "function"
        for name in getattr(spec, table):
            shown = names.get(name)
            if shown is None:
                yield Problem((table, name), f"{library} has no such name; {_near(name, names)}")
            elif shown.exclusion is not None:
                yield Problem(
                    (table, name),
                    f"it has no wrapper ({shown.exclusion.reason}), so that the entry changes "
                    "nothing; remove one of the two",
                )
            elif shown.kind != wanted:
                yield Problem(
                    (table, name), f"it is a {shown.kind}, and here a {wanted} is named; remove it"
                )


def _patterns(
    spec: LibrarySpec, names: Mapping[str, PublicName], library: str
) -> Iterator[Problem]:
    for name in spec.exclude:
        if not any(fnmatchcase(each, name) for each in names):
            yield Problem(
                ("exclude", name), f"it fits no public name of {library}; {_near(name, names)}"
            )
    functions = {
        name: each
        for name, each in names.items()
        if each.kind == "function" and each.exclusion is None
    }
    # The first entry that fits a name counts for it.
    left = [*functions]
    for name in spec.tolerance:
        fits = [each for each in functions if fnmatchcase(each, name)]
        if not fits:
            yield Problem(
                ("tolerance", name), f"it fits no function of {library}; {_near(name, functions)}"
            )
        elif not any(each in left for each in fits):
            yield Problem(
                ("tolerance", name),
                "an entry before it fits all functions that it fits; put this one first",
            )
        left = [each for each in left if each not in fits]


def _parameters(spec: LibrarySpec, names: Mapping[str, PublicName]) -> Iterator[Problem]:
    for table, number in (("roles", False), ("needs_output", True)):
        for name, entry in getattr(spec, table).items():
            shown = names.get(name)
            if shown is None or shown.definition is None or shown.exclusion is not None:
                continue
            known = [parameter.name for parameter in shown.definition.parameters]
            for position, parameter in enumerate(entry):
                if parameter not in known:
                    listed = f"it has {', '.join(known)}" if known else "it has none"
                    nearest = suggestion(parameter, known, listed)
                    yield Problem(
                        (table, name, position if number else parameter),
                        f"the function has no parameter {parameter!r}; {nearest}",
                    )


def _near(name: str, names: Mapping[str, PublicName]) -> str:
    """Return the nearest name, of the same module if there is one."""
    module, _, attribute = name.rpartition(".")
    beside = {each.attribute: each.name for each in names.values() if each.module == module}
    if not beside:
        return suggestion(name, names, "correct it, or remove the entry")
    near = suggestion(attribute, beside)
    return near.replace("'", f"'{module}.", 1) or "correct it, or remove the entry"
