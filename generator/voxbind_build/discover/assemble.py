"""Combines the names in a library's source with those of the imported modules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Literal, NamedTuple

import msgspec

from voxbind_build.common.bindable import why_not_bindable
from voxbind_build.common.library_code import digests_of
from voxbind_build.discover.class_members import members, members_of_made
from voxbind_build.discover.documented_signatures import documented_signature, is_unknown
from voxbind_build.discover.handed_on import handed_on
from voxbind_build.discover.live_differences import compare, reconcile
from voxbind_build.discover.live_worker import LiveModule, LiveName
from voxbind_build.discover.module_source import Module
from voxbind_build.discover.resolve import Home, Resolver
from voxbind_build.discover.source_signatures import define
from voxbind_build.discover.stubs import stub_signature, with_stub
from voxbind_build.model import (
    NOT_FOR_USERS,
    UNRENDERABLE,
    Definition,
    Exclusion,
    LibrarySpec,
    PublicName,
    SourceParameter,
)

__all__ = ["Assembled", "assemble"]

Kind = Literal["function", "class", "constant", "module"]
Access = Literal["exported", "open", "internal"]
"""How a name is public: it is in ``__all__`` (``exported``), it only has no underscore (``open``),
or the module only imports it for its own use (``internal``)."""

_UNKNOWN_SIGNATURE = (
    SourceParameter(name="args", kind="VAR_POSITIONAL"),
    SourceParameter(name="kwargs", kind="VAR_KEYWORD"),
)
_MODULE = Exclusion(reason="module", detail="A submodule; only listed modules are wrapped.")
_MIRRORED = Exclusion(reason="module", detail="A listed module, which is wrapped as a module.")
_INTERNAL = Exclusion(
    reason="internal", detail="Imported for the module's own use, and not in its `__all__`."
)
_FOREIGN = Exclusion(reason="foreign", detail="Belongs to another package and is not exported.")
_MISSING = Exclusion(
    reason="missing", detail="In the source, but missing from the imported module."
)
_COMPILED = Exclusion(
    reason="compiled", detail="Has no Python source, and the library could not be imported."
)

_UNRESOLVED = Exclusion(
    reason="unresolved",
    detail="Created when the module is imported, and the library could not be imported.",
)
_HIDDEN = Exclusion(
    reason=UNRENDERABLE,
    detail="A listed module has the same name. To wrap this function, take the module out of "
    "`modules`.",
)
_NOT_FOUND = re.compile(r"ModuleNotFoundError: No module named '(.*?)'")
_EXPECTED: dict[str, tuple[str, ...]] = {
    "class": ("class",),
    "value": ("constant", "function", "class"),
    "module": ("module",),
    "unknown": (),
}
"""Kinds that an imported object may have, by the kind in the source; any kind if not listed."""


class Assembled(NamedTuple):
    """The public names of a library; the fields are those of `Inventory`."""

    names: tuple[PublicName, ...]
    differences: tuple[str, ...]
    live: bool
    absent: tuple[str, ...]
    not_importable: dict[str, str]
    handed_on: dict[str, dict[str, str]]


def assemble(
    spec: LibrarySpec, resolver: Resolver, live: Mapping[str, LiveModule] | str
) -> Assembled:
    """Classify every public name of every listed module.

    Parameters
    ----------
    spec
        The library's specification.
    resolver
        The library's source.
    live
        The imported modules by name, or the reason that none could be imported.
    """
    assembler = _Assembler(spec, resolver)
    if isinstance(live, str):
        assembler.differences.append(f"{spec.name} was only read, not imported: {live}")
        live = {}
    names = [name for module in spec.modules for name in assembler.module(module, live.get(module))]
    names += assembler.other_modules()
    unreadable = (f"{module}: its source can't be parsed" for module in resolver.unreadable)
    return Assembled(
        tuple(sorted(names, key=lambda name: name.name)),
        tuple(sorted({*assembler.differences, *unreadable})),
        bool(live)
        and not assembler.only_read
        and any(not module.error for module in live.values()),
        tuple(assembler.absent),
        assembler.not_importable,
        handed_on(spec, resolver, (*assembler.folders, *_not_listed(spec, names))),
    )


def _not_listed(spec: LibrarySpec, names: Iterable[PublicName]) -> Iterator[str]:
    """Yield the public modules that the specification doesn't list, of voxbind's own none."""
    for public in names:
        is_module = public.exclusion is not None and public.exclusion.reason == "module"
        if is_module and public.exclusion is not _MIRRORED and not spec.home:
            yield public.name


class _Assembler:
    def __init__(self, spec: LibrarySpec, resolver: Resolver) -> None:
        self.spec = spec
        self.resolver = resolver
        package = resolver.package
        self.digests = digests_of(package.name, package.folders, package.file)
        self.differences: list[str] = []
        self.only_read = False
        """Whether an imported module lacks most functions of its source."""
        self.absent: list[str] = []
        self.not_importable: dict[str, str] = {}
        """By module that exists and couldn't be imported, the error."""

    def module(self, name: str, live: LiveModule | None) -> Iterator[PublicName]:
        """Yield the public names of one module."""
        # The source and the imported module complement each other: either may lack names.
        source_name = self.resolver.reach(name)
        if source_name is None and (live is None or live.error):
            if live is None or _says_absent(name, live.error):
                self.absent.append(name)
            else:
                self.differences.append(f"{name} was not read: {live.error}")
                self.not_importable[name] = live.error
            return
        source_name = source_name or name
        source = self.resolver.module(source_name)
        source_names = self.resolver.public_names(source) if source is not None else ()
        if live is not None and self.is_incomplete(name, source_name, source_names, live):
            live = None
        exports, is_complete = _exports(source, live)
        for attribute in sorted({*source_names, *(live.names if live is not None else ())}):
            home = self.resolver.home(source_name, attribute)
            live_name = live.names.get(attribute) if live is not None else None
            if live_name is None and live is not None and home.kind != "module":
                live_name = LiveName(kind="missing")
            access: Access = "exported" if attribute in exports else "open"
            if access == "open" and is_complete and source and source.imports_for_itself(attribute):
                access = "internal"
            yield self.public_name(f"{name}.{attribute}", home, live_name, access)

    def is_incomplete(
        self, name: str, source_name: str, source_names: Iterable[str], live: LiveModule
    ) -> bool:
        """Return whether an imported module failed or lacks most functions, and report it if so."""
        problem = live.error or self.missing_functions(source_name, source_names, live)
        if not problem:
            return False
        self.differences.append(f"{name} was only read, not imported: {problem}")
        if live.error:
            self.not_importable[name] = live.error
        else:
            self.only_read = True
        return True

    @cached_property
    def exports(self) -> frozenset[str]:
        """The public names of all listed modules that have source."""
        sources = (self.resolver.module(self.resolver.reach(m) or m) for m in self.spec.modules)
        return frozenset(
            name for source in sources if source for name in self.resolver.public_names(source)
        )

    @property
    def folders(self) -> list[str]:
        """The packages that contain listed modules and aren't listed themselves."""
        folders: set[str] = set()
        for module in self.spec.modules:
            while module := module.rpartition(".")[0]:
                folders.add(module)
        return sorted(folders.difference(self.spec.modules))

    def other_modules(self) -> Iterator[PublicName]:
        """Yield the modules that aren't listed, from the packages that contain listed ones."""
        for folder in self.folders:
            for name in self.resolver.package.submodules(folder):
                public = f"{folder}.{name}"
                exclusion = self.exclusion(public) or self.mirrored(public)
                if exclusion is not _MIRRORED and name not in NOT_FOR_USERS:
                    yield PublicName(name=public, kind="module", exclusion=exclusion)

    def missing_functions(self, module: str, source_names: Iterable[str], live: LiveModule) -> str:
        """Return a sentence if most functions are missing after an import that warned, else "".

        A library that finds no device may warn and leave out most of its functions.
        """
        functions = [
            name for name in source_names if self.resolver.home(module, name).kind == "function"
        ]
        missing = [name for name in functions if name not in live.names]
        if not live.warning or 2 * len(missing) <= len(functions):
            return ""
        return f"{len(missing)} of its {len(functions)} functions are missing ({live.warning})"

    def public_name(
        self, name: str, home: Home, live: LiveName | None, access: Access
    ) -> PublicName:
        """Decide what kind a name has, and whether it is excluded."""
        # The first condition that holds decides, so their order matters.
        excluded = self.exclusion(name) or _unbindable(name)
        if home.kind == "module" and (live is None or live.kind == "module"):
            return PublicName(name=name, kind="module", exclusion=excluded or self.mirrored(name))
        if access != "exported" and self.is_foreign(home, live):
            kind: Kind = "module" if not home.name else "constant"
            if live is not None and live.kind != "missing":
                kind = _kind(live)
            return PublicName(name=name, kind=kind, exclusion=excluded or _FOREIGN)
        if access == "internal":
            excluded = excluded or _INTERNAL
        if self.mirrored(name) is _MIRRORED and self.resolver.reach(name) is not None:
            excluded = excluded or _HIDDEN
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
            described = members(self.resolver, home, live)
        return PublicName(name=name, kind=kind, exclusion=excluded, members=described)

    def function(
        self, name: str, home: Home, live: LiveName | None, excluded: Exclusion | None
    ) -> PublicName:
        """Return a function that has Python source."""
        definition = define(self.resolver, home)
        if definition is not None and live is not None:
            if live.kind == "missing":
                self.missing(name, live)
                # A function that couldn't be imported on this machine is still wrapped.
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
            definition = self.with_code(with_stub(definition, self.resolver.package))
            if is_unknown(definition.parameters):
                known = self.elsewhere(name, definition.module, definition.docstring, live)
                if known is not None:
                    definition = msgspec.structs.replace(definition, parameters=known)
        made = members_of_made(self.resolver, home, self.exports) if excluded is None else {}
        return PublicName(
            name=name, kind="function", definition=definition, exclusion=excluded, members=made
        )

    def live_function(self, name: str, live: LiveName, excluded: Exclusion | None) -> PublicName:
        """Return a callable that is compiled, or is created when the module is imported."""
        module, _, attribute = name.rpartition(".")
        home = live.home or module
        parameters = live.parameters
        if is_unknown(parameters):
            known = self.elsewhere(name, home, live.doc, live)
            parameters = parameters if known is None else known
        if parameters is None:
            parameters = _UNKNOWN_SIGNATURE
            if excluded is None:
                self.differences.append(f"{name} has no signature that Python can inspect")
        definition = Definition(
            module=home,
            qualname=live.qualname or attribute,
            parameters=parameters,
            docstring=live.doc,
            fingerprint=self.resolver.fingerprint(home) or self.resolver.fingerprint(module),
            origin="live",
        )
        definition = self.with_code(definition)
        return PublicName(name=name, kind="function", definition=definition, exclusion=excluded)

    def with_code(self, definition: Definition) -> Definition:
        """Return a definition with the digests of its code."""
        code, shared = self.digests(definition.module, definition.qualname.partition(".")[0])
        return msgspec.structs.replace(definition, code=code, shared_code=shared)

    def elsewhere(
        self, name: str, home: str, docstring: str, live: LiveName | None
    ) -> tuple[SourceParameter, ...] | None:
        """Return the signature in a stub or a docstring, for a function that doesn't report one."""
        module, _, attribute = name.rpartition(".")
        in_stub = stub_signature(module, attribute, home, self.resolver.package)
        if in_stub is not None:
            return in_stub
        return documented_signature(attribute, docstring, live.parameters if live else None)

    def is_foreign(self, home: Home, live: LiveName | None) -> bool:
        if home.kind in ("unknown", "compiled") and live is not None and live.home:
            return self.resolver.is_foreign(live.home)
        return home.kind == "foreign"

    def exclusion(self, name: str) -> Exclusion | None:
        """Return the specification's reason to exclude a name, or None."""
        if name in self.spec.exclude:
            return self.spec.exclude[name]
        patterns = self.spec.exclude.items()
        return next((reason for pattern, reason in patterns if fnmatchcase(name, pattern)), None)

    def mirrored(self, name: str) -> Exclusion:
        """Return the exclusion of a name that is a module."""
        is_listed = any(f"{module}.".startswith(f"{name}.") for module in self.spec.modules)
        return _MIRRORED if is_listed else _MODULE

    def missing(self, name: str, live: LiveName) -> None:
        reason = f" ({live.error})" if live.error else ""
        self.differences.append(f"{name} is in the source but not in the imported module{reason}")

    def disagree(self, name: str, home: Home, live: LiveName) -> None:
        kinds = {"value": "a constant", "unknown": "nothing"}
        self.differences.append(
            f"{name} is a {live.kind} when imported and "
            f"{kinds.get(home.kind, f'a {home.kind}')} in the source"
        )


def _unbindable(name: str) -> Exclusion | None:
    module, _, attribute = name.rpartition(".")
    reason = why_not_bindable(attribute)
    if not reason:
        return None
    return Exclusion(
        reason=UNRENDERABLE,
        detail=f"{attribute!r} {reason}. Take it from {module} itself.",
    )


def _says_absent(module: str, error: str) -> bool:
    """Return whether an import failed because the module itself doesn't exist."""
    missing = _NOT_FOUND.match(error)
    return missing is not None and f"{module}.".startswith(f"{missing[1]}.")


def _exports(source: Module | None, live: LiveModule | None) -> tuple[tuple[str, ...], bool]:
    """Return the known names of ``__all__``, and whether it exists and is completely known."""
    if live is not None:
        return live.exports or (), live.exports is not None
    if source is None or source.exports is None:
        return (), False
    return source.exports, source.exports_whole


def _kind(live: LiveName) -> Kind:
    kinds: dict[str, Kind] = {"function": "function", "class": "class", "module": "module"}
    return kinds.get(live.kind, "constant")
