"""Leaves out functions whose wrapper can't be written or proved, so that the rest is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from voxbind_build.model import PACKAGE, UNRENDERABLE, Exclusion, Library, Manifest
from voxbind_build.render.code.module_tree import module_tree
from voxbind_build.verify import Problem

__all__ = ["functions_with_problems", "left_out", "sentences"]

_DEFINITION = re.compile(r"def (\w+)")


def left_out(library: Library, problems: Mapping[str, str], package: str = PACKAGE) -> Library:
    """Return a library's entry without some functions, which it lists as excluded.

    Parameters
    ----------
    library
        The entry in the manifest.
    problems
        The problem of each function, by the wrapper's dotted name below the package.
    package
        Dotted name of the package that holds the wrappers.
    """
    excluded = {
        public: Exclusion(
            reason=UNRENDERABLE,
            detail=f"Its wrapper would not be valid: {problems[wrapper]}. Take it from "
            f"{public.rpartition('.')[0]} itself.",
        )
        for public, function in library.functions.items()
        if (wrapper := function.wrapper.removeprefix(f"{package}.")) in problems
    }
    if not excluded:
        return library
    kept = {
        public: function for public, function in library.functions.items() if public not in excluded
    }
    listed = dict(sorted({**library.excluded, **excluded}.items()))
    return replace(library, functions=kept, excluded=listed)


def functions_with_problems(
    problems: Iterable[Problem], files: Mapping[str, str], manifest: Manifest
) -> dict[str, str]:
    """Return the problem of each function whose wrapper has one.

    Problems that are in no wrapper are left out.

    Parameters
    ----------
    problems
        Problems of the generated files.
    files
        Text by path below the package.
    manifest
        What the files were made from.

    Returns
    -------
    dict of str to str
        The first problem by the wrapper's dotted name below the package.
    """
    nodes = {node.path: node for node in module_tree(manifest)}
    blamed: dict[str, str] = {}
    for problem in problems:
        node = nodes.get(problem.path)
        name = _function_at(files[problem.path], problem.line) if node else ""
        if node is not None and name in node.callables:
            blamed.setdefault(f"{node.name}.{name}", f"{problem.message} [{problem.tool}]")
    return blamed


def sentences(libraries: Mapping[str, Library]) -> list[str]:
    """Return a sentence for each function that has no wrapper because none can be written."""
    return [
        f"{public} has no wrapper. {exclusion.detail}"
        for _, library in sorted(libraries.items())
        for public, exclusion in library.excluded.items()
        if exclusion.reason == UNRENDERABLE
    ]


def _function_at(text: str, number: int) -> str:
    """Return the name of the top-level function that a line belongs to; empty if to none.

    The text may not compile, so it can't be parsed.
    """
    lines = text.splitlines()
    above = (line for line in reversed(lines[:number]) if _begins_statement(line))
    first = next(above, "")
    if first.startswith("@"):
        first = next((line for line in lines[number:] if line.startswith("def ")), "")
    definition = _DEFINITION.match(first)
    return definition[1] if definition else ""


def _begins_statement(line: str) -> bool:
    return line[:1] not in ("", " ", ")", "#")
