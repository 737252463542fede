"""Docstrings in Google's style, as CuPy's, as numpydoc."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from voxbind_build.render.docs.sections import indented

__all__ = ["numpydoc"]

_TITLES = {
    "Args": "Parameters",
    "Arguments": "Parameters",
    "Example": "Examples",
    "Examples": "Examples",
    "Keyword Args": "Other Parameters",
    "Keyword Arguments": "Other Parameters",
    "Note": "Notes",
    "Notes": "Notes",
    "Other Parameters": "Other Parameters",
    "Parameters": "Parameters",
    "Raises": "Raises",
    "References": "References",
    "Return": "Returns",
    "Returns": "Returns",
    "See Also": "See Also",
    "Warning": "Warnings",
    "Warnings": "Warnings",
    "Warns": "Warns",
    "Yields": "Yields",
}
_LINES = r"(?:[ ]*\n)*[ ]+\S.*(?:\n(?:[ ]+\S.*|[ ]*$))*"
_SECTION = re.compile(
    rf"^(?P<title>{'|'.join(_TITLES)}):[ ]*\n(?P<block>{_LINES})", re.MULTILINE | re.IGNORECASE
)
_RULE = re.compile(r"^[-=]{3,}$", re.MULTILINE)
_NAME = re.compile(r"(?P<name>\*{0,2}\w+(?:, *\*{0,2}\w+)*) *(?=[(:])")
# What stands before the first colon, where it is no sentence.
_RESULT = re.compile(r"(?P<type>[^:.]+(?:\.\w[^:.]*)*): +(?P<text>\S.*)", re.DOTALL)


def numpydoc(text: str) -> str:
    """Return a docstring with numpydoc's sections in the place of Google's."""
    found = list(_SECTION.finditer(text))
    if not found or _RULE.search(text):
        return text
    ends = [*(section.start() for section in found[1:]), len(text)]
    # What is outside of all sections would belong to the last one of numpydoc's.
    outside = [text[section.end() : end].strip() for section, end in zip(found, ends, strict=True)]
    parts = [text[: found[0].start()], *map(_section, found)]
    if notes := "\n\n".join(filter(None, outside)):
        parts.append(f"\nNotes\n-----\n{notes}")
    return "".join(parts)


def _section(found: re.Match[str]) -> str:
    title = _TITLES[found["title"].title()]
    body = textwrap.dedent(found["block"]).strip("\n")
    if title in ("Parameters", "Other Parameters"):
        body = "\n".join(_parameter(item) for item in _items(body))
    elif title in ("Returns", "Yields"):
        body = _result(body)
    elif title in ("Raises", "Warns"):
        body = "\n".join(_entry(*item.partition(":")[::2]) for item in _items(body))
    return f"\n{title}\n{'-' * len(title)}\n{body}\n"


def _items(body: str) -> Iterator[str]:
    """Split a block: what is indented goes on with the item above."""
    yield from (item.strip("\n") for item in re.split(r"\n(?=\S)", body))


def _parameter(item: str) -> str:
    named = _NAME.match(item)
    if named is None:
        return item
    type_, text = "", item[named.end() :]
    if text.startswith("("):
        end = _closing(text)
        type_, text = " ".join(text[1:end].split()), text[end + 1 :]
    return _entry(f"{named['name']} : {type_}" if type_ else named["name"], text.lstrip(" :"))


def _closing(text: str) -> int:
    """Find the parenthesis that closes the first."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return position
    return len(text)


def _result(body: str) -> str:
    typed = _RESULT.match(body)
    if typed is None:
        return indented(body)
    return _entry(" ".join(typed["type"].split()), typed["text"])


def _entry(head: str, text: str) -> str:
    """Put a text below its head: its first line began behind that one."""
    first, _, rest = text.strip().partition("\n")
    text = f"{first}\n{textwrap.dedent(rest)}".strip("\n")
    return f"{head}\n{indented(text)}" if text else head
