"""Finds entries of a library's TOML that match nothing in the installed library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from voxbind_build.libraries.problems import Problem, suggestion
from voxbind_build.libraries.values import NAMED, PATTERNS, is_pattern
from voxbind_build.model import Inventory, LibrarySpec, PublicName

__all__ = ["misfits"]

_PLURALS = {"class": "classes", "function": "functions"}


def misfits(inventory: Inventory) -> tuple[Problem, ...]:
    """Return a problem for each module, name, pattern or parameter that the library lacks."""
    spec = inventory.spec
    names = {name.name: name for name in inventory.names}
    library = f"{spec.distribution} {inventory.version}"
    return (
        *_modules(inventory, library),
        *_names(spec, names, library),
        *_patterns(spec, names, library),
        *_parameters(spec, names),
        *_trials(spec, names, library),
    )


def _modules(inventory: Inventory, library: str) -> Iterator[Problem]:
    for module in inventory.absent:
        number = inventory.spec.modules.index(module)
        public_modules = [public.name for public in inventory.names if public.kind == "module"]
        nearest = suggestion(module, public_modules, "correct the name, or remove it")
        yield Problem(("modules", number), f"{library} has no module {module!r}; {nearest}")


def _names(spec: LibrarySpec, names: Mapping[str, PublicName], library: str) -> Iterator[Problem]:
    for table in NAMED:
        expected_kind = "class" if table == "untyped" else "function"
        for name in getattr(spec, table):
            public = names.get(name)
            if is_pattern(name) and table in PATTERNS:
                if not any(fnmatchcase(function, name) for function in _functions(names)):
                    yield Problem(
                        (table, name),
                        f"it matches no function of {library}; {_near(name, names)}",
                    )
            elif public is None:
                yield Problem((table, name), f"{library} has no such name; {_near(name, names)}")
            elif public.exclusion is not None:
                yield Problem(
                    (table, name),
                    f"it is excluded ({public.exclusion.reason}), so this entry has no effect; "
                    "remove the entry or the exclusion",
                )
            elif public.kind != expected_kind:
                yield Problem(
                    (table, name),
                    f"it is a {public.kind}, but this table is for {_PLURALS[expected_kind]}; "
                    "remove it",
                )


def _patterns(
    spec: LibrarySpec, names: Mapping[str, PublicName], library: str
) -> Iterator[Problem]:
    for name in spec.exclude:
        if not any(fnmatchcase(public, name) for public in names):
            yield Problem(
                ("exclude", name), f"it matches no public name of {library}; {_near(name, names)}"
            )
    functions = _functions(names)
    # The first entry that matches a function sets its tolerance.
    without_tolerance = {*functions}
    for name in spec.tolerance:
        matches = {function for function in functions if fnmatchcase(function, name)}
        if not matches:
            yield Problem(
                ("tolerance", name),
                f"it matches no function of {library}; {_near(name, functions)}",
            )
        elif not matches & without_tolerance:
            yield Problem(
                ("tolerance", name),
                "earlier entries match all functions that it matches; put this one first",
            )
        without_tolerance -= matches


def _functions(names: Mapping[str, PublicName]) -> dict[str, PublicName]:
    """Return the functions that aren't excluded, by name."""
    return {
        name: public
        for name, public in names.items()
        if public.kind == "function" and public.exclusion is None
    }


def _trials(spec: LibrarySpec, names: Mapping[str, PublicName], library: str) -> Iterator[Problem]:
    """Yield a problem for each trial value that no function would get."""
    functions = {
        name: [parameter.name for parameter in public.definition.parameters]
        for name, public in _functions(names).items()
        if public.definition is not None
    }
    for key, entry in spec.values.items():
        if isinstance(entry, list):
            parameters = sorted({name for listed in functions.values() for name in listed})
            if not any(fnmatchcase(parameter, key) for parameter in parameters):
                nearest = suggestion(key, parameters, "correct the name, or remove it")
                yield Problem(
                    ("values", key), f"no function of {library} has such a parameter; {nearest}"
                )
            continue
        matches = [function for function in functions if fnmatchcase(function, key)]
        if not matches:
            yield Problem(
                ("values", key), f"it matches no function of {library}; {_near(key, names)}"
            )
        for parameter in entry:
            if matches and not any(parameter in functions[function] for function in matches):
                nearest = suggestion(parameter, functions[matches[0]], "correct it, or remove it")
                yield Problem(
                    ("values", key, parameter),
                    f"the function has no parameter {parameter!r}; {nearest}",
                )


def _parameters(spec: LibrarySpec, names: Mapping[str, PublicName]) -> Iterator[Problem]:
    for table, is_list in (("roles", False), ("needs_output", True)):
        for name, entry in getattr(spec, table).items():
            functions = _functions(names)
            matches = [public for public in functions if fnmatchcase(public, name)]
            definitions = [functions[public].definition for public in matches]
            parameters = [
                parameter.name
                for definition in definitions
                if definition is not None
                for parameter in definition.parameters
            ]
            if not matches:
                continue
            for position, parameter in enumerate(entry):
                if parameter not in parameters:
                    known = ", ".join(parameters) if name in names else "others"
                    listed = f"it has {known}" if parameters else "it has none"
                    nearest = suggestion(parameter, parameters, listed)
                    yield Problem(
                        (table, name, position if is_list else parameter),
                        f"the function has no parameter {parameter!r}; {nearest}",
                    )


def _near(name: str, names: Mapping[str, PublicName]) -> str:
    """Suggest the most similar public name, from the same module if the library has it."""
    module, _, attribute = name.rpartition(".")
    attributes = [public.attribute for public in names.values() if public.module == module]
    if not attributes:
        return suggestion(name, names, "correct it, or remove the entry")
    nearest = suggestion(attribute, attributes)
    return nearest.replace("'", f"'{module}.", 1) or "correct it, or remove the entry"
