"""Lists the names of modules in which voxbind wraps nothing, from their source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from msgspec.structs import replace

from voxbind_build.common import signatures
from voxbind_build.common.bindable import why_not_bindable
from voxbind_build.discover.locate import stub_folders
from voxbind_build.discover.module_source import Function, Module, Value
from voxbind_build.discover.resolve import Home, Resolver
from voxbind_build.discover.source_signatures import parameters_of
from voxbind_build.model import NOT_FOR_USERS, LibrarySpec

__all__ = ["handed_on"]

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
        By module, the names, each with the signature of a function (``(image, sigma=...)``), with
        ``"class"``, or with ``"constant"``, which also stands for functions of unknown signature.
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


def _names(
    spec: LibrarySpec, resolver: Resolver, source: Module, is_folder: bool
) -> Iterator[tuple[str, str]]:
    exports = source.exports if source.exports_whole else None
    for name, binding in sorted(source.bindings.items()):
        is_private = name.startswith("_") and name != "__version__"
        # Packages leave some names out of `__all__` (`skimage.img_as_float`), which scripts use.
        is_open = is_folder or _has_stub(resolver, source)
        is_older = is_open and not isinstance(binding, Value)
        is_internal = exports is not None and name not in exports and not is_older
        is_excluded = any(fnmatchcase(f"{source.name}.{name}", pattern) for pattern in spec.exclude)
        if is_private or is_internal or is_excluded or source.imports_for_itself(name):
            continue
        if name in NOT_FOR_USERS or (why_not_bindable(name) and name != "__version__"):
            continue
        home = resolver.home(source.name, name)
        is_listed = name in (exports or ()) or (is_open and not is_folder)
        if home.kind not in _NEITHER or (home.kind == "foreign" and is_listed):
            yield name, _kind(resolver, home)


def _has_stub(resolver: Resolver, source: Module) -> bool:
    """Return whether a stub beside the module lists the names that it loads lazily."""
    file = resolver.package.find(source.name)
    is_lazy = "__getattr__" in source.bindings
    return file is not None and is_lazy and file.path.with_suffix(".pyi").is_file()


def _kind(resolver: Resolver, home: Home) -> str:
    if home.kind == "class":
        return "class"
    module = resolver.module(home.module)
    if module is None or not isinstance(home.binding, Function) or home.binding.node.decorators:
        return "constant"  # a decorator may change the signature
    parameters = parameters_of(resolver, module, home.binding.node)
    return signatures.text(
        [replace(p, default=None if p.default is None else "...") for p in parameters]
    )
