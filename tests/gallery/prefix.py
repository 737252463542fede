"""A script's text with ``voxbind.`` in front of its imports of scikit-image."""

from __future__ import annotations

import ast

PREFIX = "voxbind."


def with_prefix(text: str) -> str:
    """Return a script's text with the prefix before each import of scikit-image.

    ``import skimage`` becomes ``import voxbind.skimage as skimage``: the rest of the script stays.
    """
    lines = text.encode().splitlines(keepends=True)  # columns count bytes
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_of_library(node.module):
            _insert(lines, node.lineno, node.col_offset + len("from "), PREFIX)
        elif isinstance(node, ast.Import):
            for name in reversed(node.names):
                if _is_of_library(name.name):
                    if name.asname is None:
                        end = name.col_offset + len(name.name)
                        _insert(lines, name.lineno, end, f" as {name.name}")
                    _insert(lines, name.lineno, name.col_offset, PREFIX)
    return b"".join(lines).decode()


def _is_of_library(module: str | None) -> bool:
    return (module or "").partition(".")[0] == "skimage"


def _insert(lines: list[bytes], line: int, column: int, text: str) -> None:
    old = lines[line - 1]
    lines[line - 1] = old[:column] + text.encode() + old[column:]
