"""reStructuredText that editors drop or show raw, as plain text that they show.

Language servers turn docstrings into Markdown; what Sphinx alone knows (directives, roles,
targets) gets lost there, up to everything behind it.
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
"""A prompt and all that follows up to an empty line, or the title of a section."""
# Some are quoted twice, or closed with an accent.
_ROLE = re.compile(r":(?P<role>[A-Za-z][\w:]*):`+(?P<text>[^`\u00b4]+)[`\u00b4]+")
_LINK = re.compile(
    r"(?<![`\w])`(?P<text>[^`<]+?)\s*(?:<(?P<target>[^`<>]+)>)?`__?(?!\w)", re.DOTALL
)
_UNOPENED = re.compile(r"(?P<text>[^`\s]+)\s*<(?P<target>[^`<>\s]+)>`__?(?!\w)")
"""A link that lacks the accent before it."""

_LITERAL = frozenset(("code", "code-block", "math", "parsed-literal", "sourcecode"))
_SHOWN = frozenset(("csv-table", "list-table", "only", "rubric", "table"))
_SAID = {
    "versionadded": "Added in version {}",
    "versionchanged": "Changed in version {}",
    "deprecated": "Deprecated since version {}",
}
_RESOLVERS = {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/"}


def plain(text: str) -> str:
    """Return a text without directives, roles and targets; examples stay as they are."""
    lines = text.split("\n")
    targets = {
        " ".join(found["name"].lower().split()): found["url"]
        for line in lines
        if (found := _TARGET.match(line))
    }
    parts = _EXAMPLE.split("\n".join(_lines(lines)))
    shown = (part if _EXAMPLE.match(part) else _inline(part, targets) for part in parts)
    return re.sub(r"\n{3,}", "\n\n", "".join(shown))


def _inline(text: str, targets: dict[str, str]) -> str:
    def role(found: re.Match[str]) -> str:
        if resolver := _RESOLVERS.get(found["role"].lower()):
            return resolver + found["text"]
        shown = re.sub(r"\s*<[^<>]*>$", "", found["text"]) if found["role"] != "math" else ""
        return f"`{(shown or found['text']).lstrip('~!')}`"

    def link(found: re.Match[str]) -> str:
        target = found["target"] or targets.get(" ".join(found["text"].lower().split()), "")
        return found["text"] if target in ("", found["text"]) else f"{found['text']} ({target})"

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
            yield from _moved([each for each in block if each], indent + "    ")
            # One paragraph each, since a renderer would run them together.
            yield ""
        elif not _TARGET.match(line) and not _COMMENT.match(line):
            yield line


def _block(lines: list[str], start: int, indent: int) -> tuple[list[str], int]:
    """Return the lines from `start` that are indented more, and where they end."""
    end = position = start
    while position < len(lines):
        line = lines[position]
        position += 1
        if line and len(line) - len(line.lstrip()) <= indent:
            break
        if line:
            end = position
    return lines[start:end], end


def _directive(found: re.Match[str], block: list[str]) -> Iterator[str]:
    indent, name, argument = found["indent"], found["name"], found["argument"].strip()
    # Options, such as `:class: dropdown`, come first and are about the looks.
    while block and (not block[0] or re.match(r" *:[\w-]+:", block[0])):
        block = block[1:]
    if name in _LITERAL:
        formula = [indent + "    " + argument] if name == "math" and argument else []
        yield from (indent + "::", "", *formula, *_moved(block, indent + "    "), "")
        return
    first, *rest = list(_lines(list(_moved(block, indent)))) or [""]
    if name in _SHOWN:
        yield from (indent + argument, "", first, *rest, "")
        return
    if name in _SAID:
        version, _, argument = argument.partition(" ")
        said = _SAID[name].format(version)
    else:
        said = name.replace("-", " ").replace("seealso", "see also").capitalize()
    text = " ".join(part for part in (argument, first.strip()) if part)
    yield from (f"{indent}{said}: {text}" if text else f"{indent}{said}.", *rest, "")


def _moved(block: list[str], indent: str) -> Iterator[str]:
    """Give a block at another indentation, its lines' own kept beyond what all have."""
    margin = min((len(line) - len(line.lstrip()) for line in block if line), default=0)
    return (indent + line[margin:] if line else "" for line in block)
