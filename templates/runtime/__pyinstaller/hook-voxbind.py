"""PyInstaller's hook: what a frozen program needs of voxbind beside what it imports by statements.

PyInstaller calls `hook` after it has followed the import statements of the program. The hook adds
the modules that the program's wrappers import by names in strings, and the files that the registry
reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol

from voxbind.__pyinstaller.hidden_imports import hidden_imports

_DATA = ("manifest.json", "py.typed", "registry.json")
_COMPAT = "array_api_compat."


class _HookApi(Protocol):
    """What the hook uses of ``PyInstaller.depend.imphookapi.PostGraphAPI``."""

    __path__: Iterable[str]
    analysis: Any
    module_graph: Any

    def add_imports(self, *module_names: str) -> None: ...
    def add_datas(self, datas: list[tuple[str, str]]) -> None: ...


def hook(hook_api: _HookApi) -> None:
    """Add hidden imports and data files to a program that imports voxbind."""
    modules = {node.identifier: node for node in hook_api.module_graph.iter_graph()}
    hidden = hidden_imports(modules)
    for name, node in modules.items():
        # array-api-compat has a package for each array library, which imports its modules by name.
        if name.startswith(_COMPAT) and node.packagepath:
            hidden += [submodule.name for submodule in iter_modules(node.packagepath, f"{name}.")]
    excluded = tuple(f"{name}." for name in hook_api.analysis.excludes)
    hook_api.add_imports(*(name for name in hidden if not f"{name}.".startswith(excluded)))
    folder = Path(next(iter(hook_api.__path__)))
    hook_api.add_datas([(str(folder / file), folder.name) for file in _DATA])
