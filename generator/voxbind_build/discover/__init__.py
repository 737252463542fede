"""Discover: lists every public name of a library's modules.

The source is read without running it. If the library can be imported, a separate process lists the
names that the imported modules have, and the two lists are compared.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from voxbind_build.discover.locate import (
    NO_VERSION,
    LibraryNotFound,
    Package,
    has_minor_version,
    installed_version,
    is_patch,
    locate,
    source_places,
)
from voxbind_build.model import Inventory, LibrarySpec

if TYPE_CHECKING:
    from voxbind_build.discover.resolve import Resolver

__all__ = [
    "LibraryNotFound",
    "Package",
    "discover",
    "has_minor_version",
    "is_patch",
    "locate",
    "source_places",
]


def discover(
    spec: LibrarySpec, search_path: Sequence[Path] | None = None, *, live: bool = True
) -> Inventory:
    """List every public name of a library's modules.

    Parameters
    ----------
    spec : LibrarySpec
        The library's specification, which lists the modules.
    search_path : sequence of Path, optional
        Folders to search for the library; `sys.path` by default.
    live : bool, optional
        Whether to import the library too. If False, the result is the same on any machine.

    Returns
    -------
    Inventory
        Each public name: a function with its definition, a class or a constant, or an excluded
        name with the reason.

    Raises
    ------
    LibraryNotFound
        If the library's source isn't found.
    """
    # Imported here because libcst takes 0.3 s, which a build that reads no source doesn't need.
    from voxbind_build.discover.assemble import assemble
    from voxbind_build.discover.deprecations import deprecations
    from voxbind_build.discover.handed_on import classes, with_compiled_names
    from voxbind_build.discover.live import LiveImport, inspect_live
    from voxbind_build.discover.resolve import Resolver

    resolver = Resolver(locate(spec, search_path))
    imported = inspect_live(spec.modules, search_path) if live else LiveImport()
    modules, files = (
        (imported, ()) if isinstance(imported, str) else (imported.modules, imported.files)
    )
    assembled = assemble(spec, resolver, modules)
    others = with_compiled_names(spec, resolver, assembled.handed_on) if assembled.live else []
    compiled = inspect_live(others, search_path) if others else LiveImport()
    if isinstance(compiled, str):
        compiled = LiveImport()
    return Inventory(
        spec=spec,
        version=installed_version(spec, search_path) or _source_version(resolver),
        imported=tuple(sorted({*files, *compiled.files})),
        classes=classes(spec, resolver, assembled.handed_on, compiled.modules),
        deprecations=deprecations(resolver, assembled.names, assembled.handed_on),
        **assembled._asdict(),
    )


def _source_version(resolver: Resolver) -> str:
    """Return ``__version__`` from the source, or `NO_VERSION`."""
    from voxbind_build.discover.constants import NotConstant, evaluate

    module = resolver.module(resolver.package.name)
    if module is None:
        return NO_VERSION
    try:
        version = evaluate(ast.Name("__version__"), resolver.lookup(module))
    except NotConstant:
        return NO_VERSION
    return version if isinstance(version, str) else NO_VERSION
