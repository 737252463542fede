"""The modules that the wrappers import by names in strings, read from the wrappers themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path

from .._support.package import PACKAGE

__all__ = ["hidden_imports", "imported_by_name"]

_PRIVATE = f"{PACKAGE}._"
_AUTO, _UPSTREAM = f"{_PRIVATE}auto.", f"{_PRIVATE}upstream."
"""Where the functions are that wrappers give names of modules to."""


def hidden_imports(modules: Iterable[str]) -> list[str]:
    """Return the modules that some modules of voxbind import by name at run time, sorted.

    Wrappers that are imported by name are themselves read in turn. A library that isn't installed
    is left out; so is a module that can't be imported by its name, of which the package around it
    is returned.

    Parameters
    ----------
    modules
        Dotted names: ``voxbind.skimage.filters``. The packages around them count as well.
    """
    waiting = [name for module in modules for name in _with_parents(module)]
    seen: set[str] = set()
    hidden: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen or not _is_public(module):
            continue
        seen.add(module)
        named, upstream = imported_by_name(module)
        wrappers = {name for name in named if not _is_handed_on(name)}
        hidden |= wrappers | upstream
        waiting += [name for wrapper in wrappers for name in _with_parents(wrapper)]
    return sorted(hidden)


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _is_public(module: str) -> bool:
    """Whether a module is voxbind's and may have wrappers."""
    return module == PACKAGE or (
        module.startswith(f"{PACKAGE}.") and not module.startswith(_PRIVATE)
    )


def imported_by_name(module: str) -> tuple[set[str], set[str]]:
    """Return the modules of voxbind, and those of libraries, that one module imports by name."""
    wrappers: set[str] = set()
    upstream: set[str] = set()
    spec = _spec(module)
    if spec is None or spec.origin is None:
        return wrappers, upstream
    tree = ast.parse(Path(spec.origin).read_bytes())
    # The run time's functions by the names that they have here, which a library may have taken.
    functions = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        function = functions.get(node.func.id, "")
        if function == f"{_UPSTREAM}wrapped_module.upstream":
            upstream |= _importable(_upstream_module(node))
        elif function.startswith((_AUTO, _UPSTREAM)):
            # `voxbind.auto` names modules of any library, and all others modules below their own.
            packages = (module, PACKAGE) if function.startswith(_AUTO) else (module,)
            for text in _texts(node):
                names = [f"{package}.{text}" for package in packages]
                importable = [name for name in names if _is_public(name) and _spec(name)][:1]
                wrappers.update(importable)
    return wrappers, upstream


def _is_handed_on(module: str) -> bool:
    """Whether nothing of a module is wrapped: a program that uses it imports it by a statement."""
    spec = _spec(module)
    if spec is None or spec.origin is None:
        return False
    return "lazy_module(" in Path(spec.origin).read_text("utf-8")


def _upstream_module(call: ast.Call) -> str:
    """Return the module that a call of `upstream` says to import."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    name = keywords.get("home", call.args[0])
    return str(ast.literal_eval(name))


def _texts(call: ast.Call) -> Iterator[str]:
    """Return the strings among a call's arguments, and those in a tuple or list that is one."""
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        members = argument.elts if isinstance(argument, ast.Tuple | ast.List) else [argument]
        for member in members:
            if isinstance(member, ast.Constant) and isinstance(member.value, str):
                yield member.value


def _importable(module: str) -> set[str]:
    """Return the module, else the nearest package around it that an import finds."""
    while module:
        if _spec(module) is not None:
            return {module}
        module = module.rpartition(".")[0]
    return set()


def _spec(module: str) -> ModuleSpec | None:
    """Find a module without importing it, or the packages around it."""
    top, *names = module.split(".")
    spec = find_spec(top)
    for depth, name in enumerate(names, 2):
        if spec is None or spec.submodule_search_locations is None or not name.isidentifier():
            return None
        path = list(spec.submodule_search_locations)
        spec = PathFinder.find_spec(".".join([top, *names][:depth]), path)
    return spec
