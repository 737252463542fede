"""Which modules import which, read from source: statements anywhere in it, and literal names."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

Graph = Mapping[str, set[str]]
"""By a module's dotted name, the modules that it imports."""

BY_NAME = ("import_module", "__import__", "import_finished")


def modules(folder: Path, package: str) -> dict[str, Path]:
    """Return the files of a package by the dotted names of their modules."""
    files = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        files[".".join((package, *parts)).removesuffix(".__init__")] = path
    return files


def graph(files: Mapping[str, Path], *, for_checkers: bool = True) -> dict[str, set[str]]:
    """Return what each module imports of the others.

    Statements in functions count, and so do names that `import_module` is given as literals. With
    `for_checkers`, statements under ``if TYPE_CHECKING:`` count as well.
    """
    found = {}
    for module, path in files.items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        tree = ast.parse(path.read_bytes())
        names = set(_imports(tree, package, for_checkers))
        found[module] = {_nearest(name, files) for name in names} - {"", module}
    return found


def circle(imports: Graph) -> list[str]:
    """Return modules each of which imports the next, and the last the first; empty if none do."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return [*error.args[1]]
    return []


def _nearest(name: str, files: Mapping[str, Path]) -> str:
    """Return the module itself, or the one that has the name as an attribute."""
    return (
        name if name in files else (parent if (parent := name.rpartition(".")[0]) in files else "")
    )


def _imports(node: ast.AST, package: str, for_checkers: bool) -> Iterator[str]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        inverted = ast.unparse(node.test).startswith("not ")
        blocks = (node.orelse, node.body) if inverted else (node.body, node.orelse)
        for block in blocks if for_checkers else blocks[1:]:
            for statement in block:
                yield from _imports(statement, package, for_checkers)
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        origin = resolve_name("." * node.level + (node.module or ""), package)
        yield from (f"{origin}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in BY_NAME:
        name = node.args[0]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield resolve_name(name.value, package)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, package, for_checkers)
