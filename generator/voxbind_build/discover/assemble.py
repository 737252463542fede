"""Putting together what the source says and what the live module shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

import msgspec

from voxbind_build.discover.class_members import members
from voxbind_build.discover.live_differences import compare, reconcile
from voxbind_build.discover.live_worker import LiveModule, LiveName
from voxbind_build.discover.module_source import Module
from voxbind_build.discover.resolve import Home, Resolver
from voxbind_build.discover.source_signatures import define
from voxbind_build.discover.stubs import with_stub
from voxbind_build.model import (
    Definition,
    Exclusion,
    LibrarySpec,
    PublicName,
    SourceParameter,
)

__all__ = ["Assembled", "assemble"]

Kind = Literal["function", "class", "constant", "module"]
Access = Literal["exported", "open", "internal"]
"""Whether ``__all__`` has a name, or it is public for want of an underscore, or only imported."""

_UNKNOWN_SIGNATURE = (
    SourceParameter(name="args", kind="VAR_POSITIONAL"),
    SourceParameter(name="kwargs", kind="VAR_KEYWORD"),
)
_MODULE = Exclusion(reason="module", detail="A submodule; only listed modules are mirrored.")
_MIRRORED = Exclusion(reason="module", detail="A module: it is mirrored, as a module.")
_INTERNAL = Exclusion(
    reason="internal", detail="Imported for the module's own use: its `__all__` leaves it out."
)
_FOREIGN = Exclusion(reason="foreign", detail="Belongs to another package and is not exported.")
_MISSING = Exclusion(reason="missing", detail="In the source, but not in the imported module.")
_COMPILED = Exclusion(
    reason="compiled", detail="Has no Python source, and the library could not be imported."
)

_UNRESOLVED = Exclusion(
    reason="unresolved",
    detail="Made while the module is imported, and the library could not be imported.",
)
_NOT_FOR_USERS = frozenset(("conftest", "setup", "test", "tests"))
"""Names of modules that serve a library's own tests and build."""
_NOT_FOUND = re.compile(r"ModuleNotFoundError: No module named '(.*?)'")
_EXPECTED: dict[str, tuple[str, ...]] = {
    "class": ("class",),
    "value": ("constant", "function", "class"),
    "module": ("module",),
    "unknown": (),
}
"""What the import may show, by what the source defines; no entry: anything."""


class Assembled(NamedTuple):
    """What a library shows; the fields are those of `Inventory`."""

    names: tuple[PublicName, ...]
    differences: tuple[str, ...]
    live: bool
    absent: tuple[str, ...]


def assemble(
    spec: LibrarySpec, resolver: Resolver, live: Mapping[str, LiveModule] | str
) -> Assembled:
    """Account for every public name of every listed module."""
    assembler = _Assembler(spec, resolver)
    if isinstance(live, str):
        assembler.differences.append(f"{spec.name} was only read, not imported: {live}")
        live = {}
    names = [name for module in spec.modules for name in assembler.module(module, live.get(module))]
    names += assembler.modules_beside()
    unreadable = (f"{module}: its source can't be parsed" for module in resolver.unreadable)
    return Assembled(
        tuple(sorted(names, key=lambda name: name.name)),
        tuple(sorted({*assembler.differences, *unreadable})),
        bool(live) and not assembler.only_read,
        tuple(assembler.absent),
    )


class _Assembler:
    def __init__(self, spec: LibrarySpec, resolver: Resolver) -> None:
        self.spec = spec
        self.resolver = resolver
        self.differences: list[str] = []
        self.only_read = False
        """Whether a module that is there couldn't be imported."""
        self.absent: list[str] = []

    def module(self, name: str, live: LiveModule | None) -> Iterator[PublicName]:
        """Account for the public names of one module."""
        # What was read and what was imported go together line by line, each where the other lacks.
        reached = self.resolver.reach(name)
        if reached is None and (live is None or live.error):
            if live is None or _says_absent(name, live.error):
                self.absent.append(name)
            else:
                self.differences.append(f"{name} was not read: {live.error}")
                self.only_read = True
            return
        reached = reached or name
        source = self.resolver.module(reached)
        read = self.resolver.public_names(source) if source is not None else ()
        if live is not None and (problem := live.error or self.lacks(reached, read, live)):
            self.differences.append(f"{name} was only read, not imported: {problem}")
            self.only_read = True
            live = None
        exports, is_whole = _exports(source, live)
        for attribute in sorted({*read, *(live.names if live is not None else ())}):
            home = self.resolver.home(reached, attribute)
            shown = live.names.get(attribute) if live is not None else None
            if shown is None and live is not None and home.kind != "module":
                shown = LiveName(kind="missing")
            access: Access = "exported" if attribute in exports else "open"
            if access == "open" and is_whole and source and source.imports_for_itself(attribute):
                access = "internal"
            yield self.public_name(f"{name}.{attribute}", home, shown, access)

    def modules_beside(self) -> Iterator[PublicName]:
        """Account for the modules beside the listed ones, in the packages around these."""
        folders: set[str] = set()
        for module in self.spec.modules:
            while module := module.rpartition(".")[0]:
                folders.add(module)
        for folder in sorted(folders.difference(self.spec.modules)):
            for name in self.resolver.package.submodules(folder):
                public = f"{folder}.{name}"
                exclusion = self.exclusion(public) or self.mirrored(public)
                if exclusion is not _MIRRORED and name not in _NOT_FOR_USERS:
                    yield PublicName(name=public, kind="module", exclusion=exclusion)

    def lacks(self, module: str, read: Iterable[str], live: LiveModule) -> str:
        """Say what a module misses that warned at its import instead of failing; or nothing.

        A library that finds no device may leave nearly everything out.
        """
        functions = [each for each in read if self.resolver.home(module, each).kind == "function"]
        missing = [each for each in functions if each not in live.names]
        if not live.warning or 2 * len(missing) <= len(functions):
            return ""
        return f"{len(missing)} of its {len(functions)} functions are missing ({live.warning})"

    def public_name(
        self, name: str, home: Home, live: LiveName | None, access: Access
    ) -> PublicName:
        """Decide what one name is."""
        # One question after the other, the first that is answered decides: their order is the rule.
        excluded = self.exclusion(name)
        if home.kind == "module" and (live is None or live.kind == "module"):
            return PublicName(name=name, kind="module", exclusion=excluded or self.mirrored(name))
        if access != "exported" and self.is_foreign(home, live):
            kind: Kind = "module" if not home.name else "constant"
            if live is not None and live.kind != "missing":
                kind = _kind(live)
            return PublicName(name=name, kind=kind, exclusion=excluded or _FOREIGN)
        if access == "internal":
            excluded = excluded or _INTERNAL
        if home.kind == "function":
            return self.function(name, home, live, excluded)
        if live is None:
            kinds: dict[str, Kind] = {"class": "class", "value": "constant"}
            if home.kind in kinds:
                return self.handed_on(name, kinds[home.kind], home, None, excluded)
            reason = {"foreign": _FOREIGN, "compiled": _COMPILED}.get(home.kind, _UNRESOLVED)
            return PublicName(name=name, kind="constant", exclusion=excluded or reason)
        if live.kind == "missing":
            self.missing(name, live)
            return PublicName(name=name, kind="constant", exclusion=excluded or _MISSING)
        if live.kind not in _EXPECTED.get(home.kind, (live.kind,)):
            self.disagree(name, home, live)
        if live.kind == "module":
            return PublicName(name=name, kind="module", exclusion=excluded or self.mirrored(name))
        if live.kind == "function":
            return self.live_function(name, live, excluded)
        return self.handed_on(name, _kind(live), home, live, excluded)

    def handed_on(
        self, name: str, kind: Kind, home: Home, live: LiveName | None, excluded: Exclusion | None
    ) -> PublicName:
        """Describe a class by its members, and a constant by nothing but its name."""
        described = {}
        if kind == "class" and excluded is None:
            described = members(self.resolver, home, live.parameters if live is not None else None)
        return PublicName(name=name, kind=kind, exclusion=excluded, members=described)

    def function(
        self, name: str, home: Home, live: LiveName | None, excluded: Exclusion | None
    ) -> PublicName:
        """Describe a function that has source."""
        definition = define(self.resolver, home)
        if definition is not None and live is not None:
            if live.kind == "missing":
                self.missing(name, live)
                # A part that can't be imported here is no reason to lose the function.
                excluded = excluded or (None if live.error else _MISSING)
            elif live.kind != "function":
                self.disagree(name, home, live)
                return PublicName(name=name, kind=_kind(live), exclusion=excluded)
            else:
                if excluded is None:
                    self.differences += compare(name, definition, live)
                definition = msgspec.structs.replace(
                    definition,
                    docstring=live.doc or definition.docstring,
                    parameters=reconcile(definition.parameters, live.parameters),
                )
        if definition is not None:
            definition = with_stub(definition, self.resolver.package)
        return PublicName(name=name, kind="function", definition=definition, exclusion=excluded)

    def live_function(self, name: str, live: LiveName, excluded: Exclusion | None) -> PublicName:
        """Describe a callable that has no source or that the import makes."""
        module, _, attribute = name.rpartition(".")
        home = live.home or module
        parameters = live.parameters
        if parameters is None:
            parameters = _UNKNOWN_SIGNATURE
            if excluded is None:
                self.differences.append(f"{name} has no signature that could be read")
        definition = Definition(
            module=home,
            qualname=live.qualname or attribute,
            parameters=parameters,
            docstring=live.doc,
            fingerprint=self.resolver.fingerprint(home) or self.resolver.fingerprint(module),
            origin="live",
        )
        return PublicName(name=name, kind="function", definition=definition, exclusion=excluded)

    def is_foreign(self, home: Home, live: LiveName | None) -> bool:
        if home.kind in ("unknown", "compiled") and live is not None and live.home:
            return self.resolver.is_foreign(live.home)
        return home.kind == "foreign"

    def exclusion(self, name: str) -> Exclusion | None:
        """Give the specification's reason to leave a name out."""
        if name in self.spec.exclude:
            return self.spec.exclude[name]
        patterns = self.spec.exclude.items()
        return next((reason for pattern, reason in patterns if fnmatchcase(name, pattern)), None)

    def mirrored(self, name: str) -> Exclusion:
        """Give the reason for which a module is no function, class or constant."""
        is_listed = any(f"{each}.".startswith(f"{name}.") for each in self.spec.modules)
        return _MIRRORED if is_listed else _MODULE

    def missing(self, name: str, live: LiveName) -> None:
        why = f" ({live.error})" if live.error else ""
        self.differences.append(f"{name} is in the source but not in the imported module{why}")

    def disagree(self, name: str, home: Home, live: LiveName) -> None:
        kinds = {"value": "a constant", "unknown": "nothing"}
        self.differences.append(
            f"{name} is a {live.kind} when imported and "
            f"{kinds.get(home.kind, f'a {home.kind}')} in the source"
        )


def _says_absent(module: str, error: str) -> bool:
    """Tell whether an import failed for want of the module, and of none that it imports."""
    missing = _NOT_FOUND.match(error)
    return missing is not None and f"{module}.".startswith(f"{missing[1]}.")


def _exports(source: Module | None, live: LiveModule | None) -> tuple[tuple[str, ...], bool]:
    """Give ``__all__`` as far as it is known, and whether there is one and that is all of it."""
    if live is not None:
        return live.exports or (), live.exports is not None
    if source is None or source.exports is None:
        return (), False
    return source.exports, source.exports_whole


def _kind(live: LiveName) -> Kind:
    kinds: dict[str, Kind] = {"function": "function", "class": "class", "module": "module"}
    return kinds.get(live.kind, "constant")
