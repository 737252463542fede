"""Writes any text as a readable Python string literal."""

from __future__ import annotations

import ast

__all__ = ["clean", "docstring"]


def clean(text: str) -> str:
    """Return a text with plain newlines, without tabs and without white space at line ends."""
    return "\n".join(line.rstrip() for line in text.expandtabs().splitlines()).strip()


def docstring(text: str, indent: str = "") -> str:
    """Return a triple-quoted literal of the cleaned text; all lines but the first are indented."""
    lines = clean(text).splitlines() or [""]
    body = "\n".join([lines[0], *(indent + line if line else "" for line in lines[1:])])
    if len(lines) > 1:
        body += "\n" + indent
    raw = f'r"""{body}"""'
    if "\\" in body and _evaluates_to(raw, body) and _printable(body):
        return raw
    # An unescaped quote at the end would merge with the closing quotes.
    head, tail = (body[:-1], '\\"') if body.endswith('"') else (body, "")
    escaped = "".join(map(_escaped, head)).replace('"""', '\\"\\"\\"')
    return f'"""{escaped}{tail}"""'


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character == "\n" or character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _printable(text: str) -> bool:
    return all(character == "\n" or character.isprintable() for character in text)


def _evaluates_to(literal: str, text: str) -> bool:
    try:
        return bool(ast.literal_eval(literal) == text)
    except (SyntaxError, ValueError):
        return False
