"""Chooses the modules of a library that `voxbind init` looks at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from voxbind_build.discover import Package, locate
from voxbind_build.model import UNRENDERABLE, Inventory, LibrarySpec

__all__ = ["NOT_FOR_IMAGES", "Candidates", "candidates", "hiding"]

NOT_FOR_IMAGES = re.compile(
    r"(?i)(tests?|testing|conftest|setup|version|cli|main|benchmarks?|examples?|demos?|docs?"
    r"|compat|typing|types|utils?_test|.*_tests?|test_.*|data|datasets?)$"
)
"""Modules that rarely have functions of images; a person can add them."""
_DEPTH = 3
"""Number of parts of the longest module names that are looked at."""
_DEEPEST = 9
"""Number of parts of the longest module names that are counted."""
_MOST = 80
"""Greatest number of modules that are looked at."""
_IMAGES = re.compile(rb"(?i)\b(images?|img|ndarray|masks?|labels|pixels?|voxels?)\b")
"""Words of source code that works on images."""


class Candidates(NamedTuple):
    """The public modules of a package."""

    chosen: tuple[str, ...]
    """Those to look at, the package first; modules that are near before those that are deep."""
    others: tuple[str, ...]
    """Those that are too many or too deep, in the same order."""


def candidates(spec: LibrarySpec) -> Candidates:
    """Return the public modules of a package and those below, without those of tests and the like.

    If there are too many, those that are near are chosen first. Among modules of one depth, these
    are the ones whose source most often mentions images.

    Parameters
    ----------
    spec
        A specification that lists the package as its only module.

    Raises
    ------
    LibraryNotFound
        If the package isn't found.
    """
    package = locate(spec, None)
    start = spec.modules[0]
    levels = [[start]]
    while levels[-1] and levels[-1][0].count(".") + 1 < _DEEPEST:
        levels.append(
            [
                f"{module}.{name}"
                for module in levels[-1]
                for name in package.submodules(module)
                if not NOT_FOR_IMAGES.match(name)
            ]
        )
    depth = max(_DEPTH, start.count(".") + 2)
    chosen: set[str] = set()
    for level in levels[: depth - start.count(".")]:
        left = _MOST - len(chosen)
        if len(level) > left:
            level = sorted(level, key=lambda module: -_mentions(package, module))[:left]
        chosen.update(level)
    found = [module for level in levels for module in level]
    return Candidates(
        tuple(module for module in found if module in chosen),
        tuple(module for module in found if module not in chosen),
    )


def _mentions(package: Package, module: str) -> int:
    """Return how often the source of a module, or of a package's own files, mentions images."""
    found = package.find(module)
    if found is None or found.is_compiled:
        return 0
    files = [found.path]
    if found.is_package:
        folder = found.path if found.path.is_dir() else found.path.parent
        files = sorted(folder.glob("*.py"))
    return sum(len(_IMAGES.findall(_content(file))) for file in files)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def hiding(inventory: Inventory, modules: Iterable[str]) -> dict[str, str]:
    """Return the modules that, as modules of wrappers, would hide a function.

    Parameters
    ----------
    inventory
        What the modules have.
    modules
        Names of modules.

    Returns
    -------
    dict
        By module, the public name of the function. The module has the same name or is below it.
    """
    functions = {
        name.name
        for name in inventory.names
        if name.kind == "function"
        and (name.exclusion is None or name.exclusion.reason == UNRENDERABLE)
    }
    return {
        module: function
        for module in modules
        for function in sorted(functions)
        if f"{module}.".startswith(f"{function}.")
    }
