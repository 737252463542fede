"""Which modules the package has, and what is in each."""

from __future__ import annotations

from voxbind_build.model import Function, Library, Manifest
from voxbind_build.render.code.checked_text import RenderError, identifier

__all__ = ["Node", "module_tree"]


class Node:
    """One module of the package."""

    def __init__(self, name: str, key: str, library: Library, listed: bool) -> None:
        self.name = name
        """Dotted name below voxbind: ``skimage.filters``."""
        self.key = key
        self.library = library
        self.listed = listed
        """Whether it stands for a module of the library, not only for a folder of them."""
        self.children: list[str] = []
        """Names of the modules below it."""
        self.upstream = ""
        """The library's module whose names are handed on where they aren't wrapped, if any."""
        self.not_wrapped: list[str] = []
        """Names of that module that are left out and still part of what it shows."""
        self.not_wrapped_modules: list[str] = []
        """Names of the library's modules below it in which nothing is wrapped."""
        self.functions: dict[str, Function] = {}
        """By the name they have in this module, sorted."""
        self.above: dict[tuple[str, str], tuple[str, str]] = {}
        """Where a class of the library, by its module and name, is in a package that this module
        is in: the package's module and the name there."""

    @property
    def callables(self) -> dict[str, Function]:
        """The functions that have a wrapper here."""
        return {name: each for name, each in self.functions.items() if each.form == "function"}

    @property
    def handed_on(self) -> dict[str, Function]:
        """The classes and constants, which are handed on as they are."""
        return {name: each for name, each in self.functions.items() if each.form != "function"}

    @property
    def is_folder(self) -> bool:
        """Whether it only holds modules, and hands on what else the library's package has."""
        return bool(self.upstream) and not self.listed

    @property
    def path(self) -> str:
        """Path of its file below the package."""
        file = "/__init__.py" if self.children or not self.listed else ".py"
        return self.name.replace(".", "/") + file


def module_tree(manifest: Manifest) -> list[Node]:
    """Return the package's modules, sorted by name."""
    nodes: dict[str, Node] = {}
    for key, library in sorted(manifest.libraries.items()):
        for module in sorted(library.modules):
            _add(nodes, module, key, library)
        for public, function in sorted(library.functions.items()):
            package, _, name = function.wrapper.partition(".")
            parent, _, name = name.rpartition(".")
            if package != "voxbind" or parent not in nodes or not nodes[parent].listed:
                raise RenderError(
                    f"{public}: the wrapper {function.wrapper!r} isn't in a listed module of {key}"
                )
            nodes[parent].functions[identifier(name, public)] = function
        if not library.home:
            _add_not_wrapped(nodes, key, library)
    for node in nodes.values():
        both = sorted(set(node.children) & set(node.functions))
        if both:
            raise RenderError(f"{node.name}: {both[0]!r} is a module and a function as well")
        node.above = _above(node, nodes)
    return [nodes[name] for name in sorted(nodes)]


def _add(nodes: dict[str, Node], module: str, key: str, library: Library) -> None:
    parts = [identifier(part, module) for part in module.split(".")]
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        if name not in nodes:
            nodes[name] = Node(name, key, library, listed=False)
            if length > 1:
                nodes[".".join(parts[: length - 1])].children.append(parts[length - 1])
    nodes[module].listed = True


def _add_not_wrapped(nodes: dict[str, Node], key: str, library: Library) -> None:
    """Add what the library has and voxbind doesn't wrap."""
    for node in nodes.values():
        if node.key == key:
            node.upstream = node.name
    for public, exclusion in sorted(library.excluded.items()):
        parent, _, name = public.rpartition(".")
        if parent not in nodes or name[:1] == "_":
            continue
        node = nodes[parent]
        if exclusion.reason == "module" and node.is_folder and public not in nodes:
            node.not_wrapped_modules.append(identifier(name, public))
        elif exclusion.reason not in _NOT_SHOWN:
            node.not_wrapped.append(identifier(name, public))


_NOT_SHOWN = frozenset(("foreign", "internal", "missing", "module", "test-runner"))
"""Reasons for which a name is left out that isn't part of what a module shows."""


def _above(node: Node, nodes: dict[str, Node]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the classes that the packages around a module hand on, those of the nearest first."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    parent, _, _ = node.name.rpartition(".")
    while parent:
        for name, each in nodes[parent].handed_on.items():
            if each.form == "class":
                found.setdefault((each.module, each.original_name), (f"voxbind.{parent}", name))
        parent, _, _ = parent.rpartition(".")
    return found
