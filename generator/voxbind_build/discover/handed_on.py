"""Lists the names of modules in which voxbind wraps nothing, from their source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec.structs import replace

from voxbind_build.common import signatures
from voxbind_build.common.bindable import why_not_bindable
from voxbind_build.discover.class_members import members
from voxbind_build.discover.live_worker import LiveModule
from voxbind_build.discover.locate import stub_folders
from voxbind_build.discover.module_source import Function, Module, Value
from voxbind_build.discover.resolve import Home, Resolver
from voxbind_build.discover.source_signatures import parameters_of
from voxbind_build.model import DECORATED, NOT_FOR_USERS, LibrarySpec

__all__ = ["classes", "handed_on", "with_compiled_names"]

_NEITHER = frozenset(("foreign", "module"))
"""Kinds of names that a package imports for its own use, or that are modules."""


def handed_on(
    spec: LibrarySpec, resolver: Resolver, modules: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return the names of modules, each with its signature or kind.

    Parameters
    ----------
    spec
        The library's specification, which may exclude names.
    resolver
        The library's source.
    modules
        Dotted names of the modules.

    Returns
    -------
    dict of str to dict
        By module, the names, each with the signature of a function (``(image, sigma=...)``, or
        ``decorated (image)`` if a decorator may have changed it), with ``"class"``, or with
        ``"constant"``, which also stands for functions of unknown signature.
        The one name ``*`` stands for all names of a module that has a stub in a folder
        ``<package>-stubs``: the stub states them.
    """
    has_stubs = bool(stub_folders(resolver.package))
    folders = {".".join(m.split(".")[:n]) for m in spec.modules for n in range(1, m.count(".") + 1)}
    names: dict[str, dict[str, str]] = {}
    for module in modules:
        if module.rpartition(".")[2] in NOT_FOR_USERS:
            continue
        if has_stubs and module not in folders:
            names[module] = {"*": "constant"}
            continue
        source = resolver.module(resolver.reach(module) or module)
        is_folder = module in folders
        if source is not None and (public := dict(_names(spec, resolver, source, is_folder))):
            names[module] = public
    return names


def with_compiled_names(
    spec: LibrarySpec, resolver: Resolver, names: Mapping[str, Iterable[str]]
) -> list[str]:
    """Return the modules that have to be imported to know the members of all their classes.

    Parameters
    ----------
    spec
        The library's specification.
    resolver
        The library's source.
    names
        By module, the names that are handed on. Submodules of listed modules are left out: most
        of their names are those of the listed module.
    """
    homes = _homes(spec, resolver, names)
    return sorted({module for (module, _), home in homes.items() if home.kind == "compiled"})


def classes(
    spec: LibrarySpec,
    resolver: Resolver,
    names: Mapping[str, Iterable[str]],
    live: Mapping[str, LiveModule],
) -> dict[str, dict[str, str]]:
    """Return the members of classes by dotted name: see `Library.classes`.

    Parameters
    ----------
    spec, resolver, names
        See `with_compiled_names`.
    live
        The imported modules, for the classes without source.
    """
    described = {
        f"{module}.{name}": members(
            resolver, home, live[module].names.get(name) if module in live else None
        )
        for (module, name), home in _homes(spec, resolver, names).items()
        if home.kind in ("class", "compiled")
    }
    return {name: known for name, known in sorted(described.items()) if known}


def _homes(
    spec: LibrarySpec, resolver: Resolver, names: Mapping[str, Iterable[str]]
) -> dict[tuple[str, str], Home]:
    """Return where each name is defined, by its module and itself."""
    return {
        (module, name): resolver.home(module, name)
        for module, attributes in names.items()
        if module.rpartition(".")[0] not in spec.modules
        for name in attributes
        if name != "*"
    }


def _names(
    spec: LibrarySpec, resolver: Resolver, source: Module, is_folder: bool
) -> Iterator[tuple[str, str]]:
    exports = source.exports if source.exports_whole else None
    # Packages leave some names out of `__all__` (`skimage.img_as_float`), which scripts use.
    is_open = is_folder or _has_stub(resolver, source)
    for name, binding in sorted(source.bindings.items()):
        is_older = is_open and not isinstance(binding, Value)
        is_internal = exports is not None and name not in exports and not is_older
        if is_internal or source.imports_for_itself(name) or _is_withheld(spec, source, name):
            continue
        home = resolver.home(source.name, name)
        is_listed = name in (exports or ()) or (is_open and not is_folder)
        if home.kind not in _NEITHER or (home.kind == "foreign" and is_listed):
            yield name, _kind(resolver, home)


def _is_withheld(spec: LibrarySpec, source: Module, name: str) -> bool:
    """Return whether a name is private, not for users, excluded, or can't be bound."""
    if any(fnmatchcase(f"{source.name}.{name}", pattern) for pattern in spec.exclude):
        return True
    if name == "__version__":
        return False
    return name.startswith("_") or name in NOT_FOR_USERS or bool(why_not_bindable(name))


def _has_stub(resolver: Resolver, source: Module) -> bool:
    """Return whether a stub beside the module lists the names that it loads lazily."""
    file = resolver.package.find(source.name)
    is_lazy = "__getattr__" in source.bindings
    return file is not None and is_lazy and file.path.with_suffix(".pyi").is_file()


def _kind(resolver: Resolver, home: Home) -> str:
    if home.kind == "class":
        return "class"
    module = resolver.module(home.module)
    if module is None or not isinstance(home.binding, Function):
        return "constant"
    parameters = parameters_of(resolver, module, home.binding.node)
    signature = signatures.text(
        [replace(p, default=None if p.default is None else "...") for p in parameters]
    )
    # A decorator may change the signature.
    return f"{DECORATED}{signature}" if home.binding.node.decorators else signature
