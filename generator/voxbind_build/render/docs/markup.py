"""Converts reStructuredText that only Sphinx understands to plain text.

Language servers show docstrings as Markdown. They drop directives, roles and targets, or show them
raw, and may drop all text after them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["plain"]

_DIRECTIVE = re.compile(r"^(?P<indent> *)\.\. *(?P<name>[\w-]+):: *(?P<argument>.*)$")
_REFERENCE = re.compile(r"^(?P<indent> *)\.\. *(?P<label>\[[\w#*-]+\]) *(?P<text>.*)$")
_TARGET = re.compile(r"^ *\.\. *_(?P<name>[^:]+): *(?P<url>\S+) *$")
_COMMENT = re.compile(r"^ *\.\.$")
_CITED = re.compile(r"(\[[\w#*-]+\])_(?!\w)")
_EXAMPLE = re.compile(r"(^ *>>>(?:(?! *\S.*\n *-{3,}$).*\S.*\n?)*)", re.MULTILINE)
"""A prompt and all lines up to an empty line or the title of a section."""
# Some roles have two backticks, or end with an acute accent.
_ROLE = re.compile(r":(?P<role>[A-Za-z][\w:]{0,60}):`+(?P<text>[^`\u00b4]+)[`\u00b4]+")
_LINK = re.compile(
    r"(?<![`\w])`(?P<text>[^`<]+?)\s*(?:<(?P<target>[^`<>]+)>)?`__?(?!\w)", re.DOTALL
)
_UNOPENED = re.compile(
    r"(?:(?<![^`\s])|(?<=`_)|(?<=`__))(?P<text>[^`\s]+)\s*<(?P<target>[^`<>\s]+)>`__?(?!\w)"
)
"""A link without its opening backtick. It starts with a word, or after another link, so that a long
word isn't searched again from each of its letters."""

_LITERAL = frozenset(("code", "code-block", "math", "parsed-literal", "sourcecode"))
_TITLED = frozenset(("csv-table", "list-table", "only", "rubric", "table"))
_VERSION_NOTES = {
    "versionadded": "Added in version {}",
    "versionchanged": "Changed in version {}",
    "deprecated": "Deprecated since version {}",
}
_RESOLVERS = {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/"}


def plain(text: str) -> str:
    """Return a text without directives, roles and targets; examples stay as they are."""
    lines = text.split("\n")
    targets = {
        " ".join(match["name"].lower().split()): match["url"]
        for line in lines
        if (match := _TARGET.match(line))
    }
    parts = _EXAMPLE.split("\n".join(_lines(lines)))
    texts = (part if _EXAMPLE.match(part) else _inline(part, targets) for part in parts)
    return re.sub(r"\n{3,}", "\n\n", "".join(texts))


def _inline(text: str, targets: dict[str, str]) -> str:
    def role(match: re.Match[str]) -> str:
        if resolver := _RESOLVERS.get(match["role"].lower()):
            return resolver + match["text"]
        text = re.sub(r"\s*<[^<>]*>$", "", match["text"]) if match["role"] != "math" else ""
        return f"`{(text or match['text']).lstrip('~!')}`"

    def link(match: re.Match[str]) -> str:
        target = match["target"] or targets.get(" ".join(match["text"].lower().split()), "")
        return match["text"] if target in ("", match["text"]) else f"{match['text']} ({target})"

    return _CITED.sub(r"\1", _UNOPENED.sub(link, _LINK.sub(link, _ROLE.sub(role, text))))


def _lines(lines: list[str]) -> Iterator[str]:
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if directive := _DIRECTIVE.match(line):
            block, position = _block(lines, position, len(directive["indent"]))
            yield from _directive(directive, block)
        elif reference := _REFERENCE.match(line):
            indent = reference["indent"]
            block, position = _block(lines, position, len(indent))
            yield f"{indent}{reference['label']} {reference['text']}".rstrip()
            yield from _reindented(
                [block_line for block_line in block if block_line], indent + "    "
            )
            # Each reference is a paragraph, since a renderer would join their lines.
            yield ""
        elif not _TARGET.match(line) and not _COMMENT.match(line):
            yield line


def _block(lines: list[str], start: int, indent: int) -> tuple[list[str], int]:
    """Return the lines from `start` on that are indented by more than `indent`, and their end."""
    end = position = start
    while position < len(lines):
        line = lines[position]
        position += 1
        if line and len(line) - len(line.lstrip()) <= indent:
            break
        if line:
            end = position
    return lines[start:end], end


def _directive(match: re.Match[str], block: list[str]) -> Iterator[str]:
    indent, name, argument = match["indent"], match["name"], match["argument"].strip()
    # Options come first, such as `:class: dropdown`; they only affect the layout.
    while block and (not block[0] or re.match(r" *:[\w-]+:", block[0])):
        block = block[1:]
    if name in _LITERAL:
        formula = [indent + "    " + argument] if name == "math" and argument else []
        yield from (indent + "::", "", *formula, *_reindented(block, indent + "    "), "")
        return
    first_line, *more_lines = list(_lines(list(_reindented(block, indent)))) or [""]
    if name in _TITLED:
        yield from (indent + argument, "", first_line, *more_lines, "")
        return
    if name in _VERSION_NOTES:
        version, _, argument = argument.partition(" ")
        label = _VERSION_NOTES[name].format(version)
    else:
        label = name.replace("-", " ").replace("seealso", "see also").capitalize()
    text = " ".join(part for part in (argument, first_line.strip()) if part)
    yield from (f"{indent}{label}: {text}" if text else f"{indent}{label}.", *more_lines, "")


def _reindented(block: list[str], indent: str) -> Iterator[str]:
    """Yield a block at another indentation; lines that are indented further stay so."""
    margin = min((len(line) - len(line.lstrip()) for line in block if line), default=0)
    return (indent + line[margin:] if line else "" for line in block)
