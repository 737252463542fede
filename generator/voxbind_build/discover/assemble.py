"""Putting together what the source says and what the live module shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from voxbind_build.discover.compare import compare, reconcile
from voxbind_build.discover.resolve import Home, Resolver
from voxbind_build.discover.signatures import define
from voxbind_build.discover.worker import LiveModule, LiveName
from voxbind_build.model import (
    Definition,
    Exclusion,
    LibrarySpec,
    PublicName,
    SourceParameter,
)

__all__ = ["assemble"]

Kind = Literal["function", "class", "constant", "module"]

_UNKNOWN_SIGNATURE = (
    SourceParameter(name="args", kind="VAR_POSITIONAL"),
    SourceParameter(name="kwargs", kind="VAR_KEYWORD"),
)
_MODULE = Exclusion(reason="module", detail="A submodule; only listed modules are mirrored.")
_FOREIGN = Exclusion(reason="foreign", detail="Belongs to another package and is not exported.")
_MISSING = Exclusion(reason="missing", detail="In the source, but not in the imported module.")
_COMPILED = Exclusion(
    reason="compiled", detail="Has no Python source, and the library could not be imported."
)

_UNRESOLVED = Exclusion(
    reason="unresolved",
    detail="Made while the module is imported, and the library could not be imported.",
)
_EXPECTED: dict[str, tuple[str, ...]] = {
    "class": ("class",),
    "value": ("constant", "function", "class"),
    "module": ("module",),
    "unknown": (),
}
"""What the import may show, by what the source defines; no entry: anything."""


def assemble(
    spec: LibrarySpec, resolver: Resolver, live: Mapping[str, LiveModule] | str
) -> tuple[tuple[PublicName, ...], tuple[str, ...], bool]:
    """Account for every public name of every listed module.

    Returns
    -------
    names, differences, is_live
        As in `Inventory`.
    """
    assembler = _Assembler(spec, resolver)
    if isinstance(live, str):
        assembler.differences.append(f"{spec.name} was only read, not imported: {live}")
        live = {}
    names = [name for module in spec.modules for name in assembler.module(module, live.get(module))]
    assembler.check_specification(names)
    unreadable = (f"{module}: its source can't be parsed" for module in resolver.unreadable)
    return (
        tuple(sorted(names, key=lambda name: name.name)),
        tuple(sorted({*assembler.differences, *unreadable})),
        bool(live) and not any(module.error for module in live.values()),
    )


class _Assembler:
    def __init__(self, spec: LibrarySpec, resolver: Resolver) -> None:
        self.spec = spec
        self.resolver = resolver
        self.differences: list[str] = []

    def module(self, name: str, live: LiveModule | None) -> Iterator[PublicName]:
        """Account for the public names of one module."""
        if self.resolver.package.find(name) is None and (live is None or live.error):
            self.differences.append(f"{name} is listed in the specification and doesn't exist")
            return
        if live is not None and live.error:
            self.differences.append(f"{name} was only read, not imported: {live.error}")
            live = None
        source = self.resolver.module(name)
        read = self.resolver.public_names(source) if source is not None else ()
        exports = frozenset(source.exports or ()) if source is not None else frozenset()
        for attribute in sorted({*read, *(live.names if live is not None else ())}):
            home = self.resolver.home(name, attribute)
            shown = live.names.get(attribute) if live is not None else None
            if shown is None and live is not None and home.kind != "module":
                shown = LiveName(kind="missing")
            yield self.public_name(f"{name}.{attribute}", home, shown, attribute in exports)

    def public_name(
        self, name: str, home: Home, live: LiveName | None, is_exported: bool
    ) -> PublicName:
        """Decide what one name is."""
        excluded = self.exclusion(name)
        if home.kind == "module" and (live is None or live.kind == "module"):
            return PublicName(name=name, kind="module", exclusion=excluded or _MODULE)
        if not is_exported and self.is_foreign(home, live):
            kind: Kind = "module" if not home.name else "constant"
            if live is not None and live.kind != "missing":
                kind = _kind(live)
            return PublicName(name=name, kind=kind, exclusion=excluded or _FOREIGN)
        if home.kind == "function":
            return self.function(name, home, live, excluded)
        if live is None:
            kinds: dict[str, Kind] = {"class": "class", "value": "constant"}
            if home.kind in kinds:
                return PublicName(name=name, kind=kinds[home.kind], exclusion=excluded)
            reason = {"foreign": _FOREIGN, "compiled": _COMPILED}.get(home.kind, _UNRESOLVED)
            return PublicName(name=name, kind="constant", exclusion=excluded or reason)
        if live.kind == "missing":
            self.missing(name, live)
            return PublicName(name=name, kind="constant", exclusion=excluded or _MISSING)
        if live.kind not in _EXPECTED.get(home.kind, (live.kind,)):
            self.disagree(name, home, live)
        if live.kind == "module":
            return PublicName(name=name, kind="module", exclusion=excluded or _MODULE)
        if live.kind == "function":
            return self.live_function(name, live, excluded)
        return PublicName(name=name, kind=_kind(live), exclusion=excluded)

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
                self.differences += compare(name, definition, live)
                definition = msgspec.structs.replace(
                    definition,
                    docstring=live.doc or definition.docstring,
                    parameters=reconcile(definition.parameters, live.parameters),
                )
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

    def missing(self, name: str, live: LiveName) -> None:
        why = f" ({live.error})" if live.error else ""
        self.differences.append(f"{name} is in the source but not in the imported module{why}")

    def disagree(self, name: str, home: Home, live: LiveName) -> None:
        kinds = {"value": "a constant", "unknown": "nothing"}
        self.differences.append(
            f"{name} is a {live.kind} when imported and "
            f"{kinds.get(home.kind, f'a {home.kind}')} in the source"
        )

    def check_specification(self, names: Iterable[PublicName]) -> None:
        """Report entries of the specification that no name fits."""
        present = {name.name for name in names}
        for pattern in self.spec.exclude:
            if not any(fnmatchcase(name, pattern) for name in present):
                self.differences.append(f"exclude {pattern!r} in the specification fits no name")
        for field in ("declare", "roles"):
            for name in sorted(set(getattr(self.spec, field)) - present):
                self.differences.append(f"{field} {name!r} in the specification fits no name")


def _kind(live: LiveName) -> Kind:
    kinds: dict[str, Kind] = {"function": "function", "class": "class", "module": "module"}
    return kinds.get(live.kind, "constant")
