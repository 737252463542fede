"""The tree of the package's modules, with the content of each."""

from __future__ import annotations

from voxbind_build.common.bindable import why_not_bindable
from voxbind_build.model import NOT_FOR_USERS, PACKAGE, Function, Library, Manifest
from voxbind_build.render.code.checked_text import RenderError, identifier

__all__ = ["Node", "module_tree"]


class Node:
    """One module of the package."""

    def __init__(
        self, name: str, key: str, library: Library, listed: bool, package: str = PACKAGE
    ) -> None:
        self.package = package
        """Dotted name of the package of wrappers that holds it."""
        self.name = name
        """Dotted name below the package: ``skimage.filters``."""
        self.key = key
        self.library = library
        self.listed = listed
        """Whether the library's specification lists this module; if not, it only holds others."""
        self.children: list[str] = []
        """Names of the modules directly below it."""
        self.upstream = ""
        """The library's module whose other names are re-exported unwrapped; empty if none is."""
        self.not_wrapped: list[str] = []
        """Names that the library's module exports and that have no wrapper."""
        self.not_wrapped_modules: list[str] = []
        """Names of the library's submodules in which nothing is wrapped."""
        self.submodules: list[str] = []
        """Names of the submodules of a wrapped module, which are imported by their paths alone."""
        self.names_of_package: dict[str, str] = {}
        """Names of the library's package that are no modules: see `Library.handed_on`. Empty unless
        this module only holds others."""
        self.functions: dict[str, Function] = {}
        """Functions, classes and constants by their name in this module, sorted."""
        self.above: dict[tuple[str, str], tuple[str, str]] = {}
        """Classes of the library that a package around this module re-exports: module and name
        of the class, to the package's module and the name there."""

    @property
    def callables(self) -> dict[str, Function]:
        """The functions that have a wrapper here."""
        return {
            name: function
            for name, function in self.functions.items()
            if function.form == "function"
        }

    @property
    def handed_on(self) -> dict[str, Function]:
        """The classes and constants, which are re-exported unchanged."""
        return {
            name: function
            for name, function in self.functions.items()
            if function.form != "function"
        }

    @property
    def is_folder(self) -> bool:
        """Whether it only holds modules, and re-exports all else from the library's package."""
        return bool(self.upstream) and not self.listed

    @property
    def path(self) -> str:
        """Path of its file below the package."""
        is_package = self.children or self.submodules or not self.listed
        file = "/__init__.py" if is_package else ".py"
        return self.name.replace(".", "/") + file


def module_tree(manifest: Manifest) -> list[Node]:
    """Return the package's modules, sorted by name.

    Raises
    ------
    RenderError
        If a wrapper isn't in a module that its library lists, if a module and a function have the
        same name, or if a name isn't one that Python can bind.
    """
    nodes: dict[str, Node] = {}
    for part in manifest.package.split("."):
        identifier(part, f"the package {manifest.package!r}")
    for key, library in sorted(manifest.libraries.items()):
        identifier(key, "the name of a library")
        for module in sorted(library.modules):
            _add(nodes, module, key, library, manifest.package)
        for public, function in sorted(library.functions.items()):
            for part in function.public.split("."):
                identifier(part, public)
            below = function.wrapper.removeprefix(f"{manifest.package}.")
            parent, _, name = below.rpartition(".")
            if below == function.wrapper or parent not in nodes or not nodes[parent].listed:
                raise RenderError(
                    f"{public}: the wrapper {function.wrapper!r} isn't in a module that the "
                    f"library {key} lists"
                )
            nodes[parent].functions[identifier(name, public)] = function
        if not library.home:
            _add_not_wrapped(nodes, key, library)
    for node in nodes.values():
        ambiguous = sorted(set(node.children) & set(node.functions))
        if ambiguous:
            raise RenderError(
                f"{node.name}: {ambiguous[0]!r} is the name of a module and of a function"
            )
        node.above = _above(node, nodes)
    return [nodes[name] for name in sorted(nodes)]


def _add(nodes: dict[str, Node], module: str, key: str, library: Library, package: str) -> None:
    """Add a module and the packages around it."""
    parts = [identifier(part, module) for part in module.split(".")]
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        if name not in nodes:
            nodes[name] = Node(name, key, library, listed=False, package=package)
            if length > 1:
                nodes[".".join(parts[: length - 1])].children.append(parts[length - 1])
    nodes[module].listed = True


def _add_not_wrapped(nodes: dict[str, Node], key: str, library: Library) -> None:
    """Add the names and modules of a library that aren't wrapped."""
    for node in nodes.values():
        if node.key == key:
            node.upstream = node.name
            names = library.handed_on.get(node.name, {})
            node.names_of_package = {
                identifier(name, node.name): kind
                for name, kind in names.items()
                if name not in node.children  # a module of wrappers is found by its path
            }
    for public, exclusion in sorted(library.excluded.items()):
        parent, _, name = public.rpartition(".")
        if parent not in nodes or name[:1] == "_" or why_not_bindable(name):
            continue
        node = nodes[parent]
        if exclusion.reason == "module" and node.is_folder and public not in nodes:
            # A package can export a function under the name of its module: `from .load import load`
            if name not in node.names_of_package:
                node.not_wrapped_modules.append(identifier(name, public))
        elif exclusion.reason == "module" and public not in nodes and name not in NOT_FOR_USERS:
            node.submodules.append(identifier(name, public))
        elif exclusion.reason not in _NOT_SHOWN and name not in node.children:
            node.not_wrapped.append(identifier(name, public))


_NOT_SHOWN = frozenset(("foreign", "internal", "missing", "module", "test-runner"))
"""Reasons for exclusion of names that a module doesn't export, so that they aren't re-exported."""


def _above(node: Node, nodes: dict[str, Node]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the classes that the packages around a module re-export; the nearest package wins."""
    classes: dict[tuple[str, str], tuple[str, str]] = {}
    parent, _, _ = node.name.rpartition(".")
    while parent:
        for name, function in nodes[parent].handed_on.items():
            if function.form == "class":
                classes.setdefault(
                    (function.module, function.original_name), (f"{node.package}.{parent}", name)
                )
        parent, _, _ = parent.rpartition(".")
    return classes
