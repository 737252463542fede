"""Discover: from a library's specification to everything public that it shows.

The source is read without being run; where the library can be imported, a process of
its own says what is really there, and the two are compared.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from voxbind_build.discover.assemble import assemble
from voxbind_build.discover.constants import NotConstant, evaluate
from voxbind_build.discover.live import inspect_live
from voxbind_build.discover.locate import NO_VERSION, LibraryNotFound, installed_version, locate
from voxbind_build.discover.resolve import Resolver
from voxbind_build.model import Inventory, LibrarySpec

__all__ = ["LibraryNotFound", "discover"]


def discover(
    spec: LibrarySpec, search_path: Sequence[Path] | None = None, *, live: bool = True
) -> Inventory:
    """List everything public that a library's modules show.

    Parameters
    ----------
    spec : LibrarySpec
        Where to look.
    search_path : sequence of Path, optional
        Folders that hold the library, where it isn't installed; `sys.path` by default.
    live : bool, optional
        Whether to import it as well; without, what is found is the same on any machine.

    Returns
    -------
    Inventory
        Each public name as a function with its definition, a class, a constant, or with
        the reason for which it is left out.

    Raises
    ------
    LibraryNotFound
        Where there is no source.
    """
    resolver = Resolver(locate(spec, search_path))
    shown = inspect_live(spec.modules, search_path) if live else {}
    assembled = assemble(spec, resolver, shown)
    return Inventory(
        spec=spec,
        version=installed_version(spec, search_path) or _source_version(resolver),
        **assembled._asdict(),
    )


def _source_version(resolver: Resolver) -> str:
    """Read ``__version__`` off the source."""
    module = resolver.module(resolver.package.name)
    if module is None:
        return NO_VERSION
    try:
        version = evaluate(ast.Name("__version__"), resolver.lookup(module))
    except NotConstant:
        return NO_VERSION
    return version if isinstance(version, str) else NO_VERSION
