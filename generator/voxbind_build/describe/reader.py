"""Reads the types that people write into docstrings.

A text is a list of clauses with commas between, a clause is a list of alternatives with
"or" between, and an alternative is a phrase such as "(M, N) ndarray of bool". What can't
be read is said to be unreadable as a whole: half an answer would refuse good arguments.
"""

from __future__ import annotations

import ast
import re
from functools import cache

from voxbind_build.describe.annotations import from_annotation
from voxbind_build.describe.nicknames import NICKNAMES, bare_container
from voxbind_build.describe.vocabulary import Alternatives, literal, text_of, type_of, unite

__all__ = ["read_type"]

_OPEN, _CLOSE = "([{", ")]}"
_ARRAYS = (("Array",), ("ArrayLike",))
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_QUOTED = re.compile(r"""(?<![\w'"])(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w)""")
_CHOICE = re.compile(r"""^(?P<open>['"]*)(?P<value>[\w.+\- ]+?)(?P<close>['"]*)$""")
_COUNTED = re.compile(r"^(?:length-)?(?P<count>\d+)[- ](?P<word>(?:tuple|sequence|list)s?)\b")
_OF = re.compile(r"^(?P<head>.+?) of (?:(?:length )?(?P<count>\d+) )?(?P<item>.+)$")
_PLURAL = re.compile(r" of (?:\w+ or )*\w+s$")
_TAIL = re.compile(
    r" ?(?:\b(?:of|in) (?:the )?(?:same )?(?:shape|length|rank|size|range|interval)\b.*"
    r"|\bof type\b.*|\bwith\b.*|(?<!\S)like\b.*|\byielding\b.*|\bwhere\b.*)$"
)


@cache
def read_type(text: str) -> Alternatives | None:
    """Read a documented type; None where it can't be read."""
    text = NICKNAMES.rewrite(" ".join(text.translate(_QUOTES).split())).strip(" .;:")
    if not text:
        return None
    found: list[Alternatives] = []
    clauses = [clause for clause in _split(text, ",") if clause]
    is_list = any(clause.startswith("or ") for clause in clauses[1:])
    for clause in clauses:
        stripped = clause.removeprefix("or ")
        if NICKNAMES.remark.fullmatch(stripped):
            continue
        if found and found[-1] in _ARRAYS and stripped in NICKNAMES.adjectives and not is_list:
            continue  # "ndarray, int64"
        members = _clause(stripped)
        if members is None and _is_shape(stripped):
            continue
        if members is None:
            # A remark that the table doesn't know may follow a type, not stand for one.
            if not found or is_list:
                return None
            continue
        found.append(members)
    return unite(*found) if found else None


def _clause(text: str) -> Alternatives | None:
    found: list[Alternatives] = []
    is_shape = False
    for part in _alternatives(text):
        if _is_shape(part):
            is_shape = True  # "2-D" in "2-D or 3-D array"
            continue
        members = _phrase(part)
        if members is None:
            return None
        found.append(members)
    if is_shape and not found:
        return _elements(text[1:-1]) if text.startswith("(") and text.endswith(")") else None
    return unite(*found) if found else None


def _alternatives(text: str) -> list[str]:
    parts: list[str] = []
    for part in (part for clause in _split(text, " or ") for part in _split(clause, "|")):
        if parts and _PLURAL.search(parts[-1]) and part in NICKNAMES.names and part.endswith("s"):
            parts[-1] += f" or {part}"  # "list of ints or floats" is a list of either
        elif part:
            parts.append(part)
    return parts


def _is_shape(text: str) -> bool:
    if text.startswith("(") and _closing(text) == len(text) - 1:
        return True
    return bool(re.fullmatch(r"[\dn]-?d", text, re.I))


def _phrase(text: str) -> Alternatives | None:
    """Read one alternative."""
    text = text.strip(" .")
    if text.startswith("{") and text.endswith("}"):
        return _elements(text[1:-1])
    if text.startswith("[") and text.endswith("]") and {"'", '"'} & set(text):
        return _elements(text[1:-1])
    if (value := _constant(text)) is not None:
        return (literal(value),)
    if re.fullmatch(r"[\w.]+\[.*\]", text):
        # In a docstring, `tuple[int]` says nothing about the number of them.
        is_open = text.startswith("tuple[") and len(_split(text[6:-1], ",")) == 1
        return from_annotation(f"{text[:-1]}, ...]" if is_open else text)
    lowered = _without_groups(text.lower())
    if (counted := _COUNTED.match(lowered)) is not None:
        return _counted(text.lower(), lowered, counted)
    if re.match(r"callable\b|function\b", lowered):
        return ("Callable[..., Any]",)
    if (of := _OF.match(lowered)) is not None and (members := _container(of)) is not None:
        return members
    lowered = _TAIL.sub("", lowered).strip()
    return _word(lowered)


def _word(text: str) -> Alternatives | None:
    """Read a name, with what stands before it for adornment."""
    words = text.split()
    while words:
        phrase = " ".join(words)
        if phrase in NICKNAMES.names:
            return (NICKNAMES.names[phrase],)
        if (kind := NICKNAMES.container(phrase)) is not None:
            return (bare_container(kind),)
        if words[0] not in NICKNAMES.adjectives:
            return None
        del words[0]
    return None


def _container(of: re.Match[str]) -> Alternatives | None:
    """Read "tuple of int", "list of ndarray", "2-D array of bool"."""
    head = _word(of["head"])
    if head is None:
        return None
    if head in _ARRAYS:
        return head
    kind = head[0].partition("[")[0]
    if kind not in ("tuple", "list", "set", "Sequence"):
        return head if kind == "dict" else None
    item = read_type(of["item"])
    if item is None:
        return head
    return (_filled(kind, item, int(of["count"] or 0)),)


def _filled(kind: str, item: Alternatives, count: int) -> str:
    if kind != "tuple":
        return f"{kind}[{text_of(item)}]"
    return f"tuple[{', '.join([text_of(item)] * count if count else (text_of(item), '...'))}]"


def _counted(text: str, lowered: str, counted: re.Match[str]) -> Alternatives:
    """Read "2-tuple of floats", "length-3 sequence", "2-tuple (int, int)"."""
    kind = NICKNAMES.container(counted["word"]) or "tuple"
    count = int(counted["count"])
    of = _OF.match(lowered)
    items = re.search(r"\((.*)\)$", text)
    if of is not None:
        item = read_type(of["item"]) or ("Any",)
        return (_filled(kind, item, count),)
    if kind == "tuple" and items is not None:
        members = [read_type(item) for item in _split(items[1], ",")]
        if len(members) == count and all(members):
            return (f"tuple[{', '.join(text_of(member) for member in members if member)}]",)
    return (_filled(kind, ("Any",), count),)


def _elements(text: str) -> Alternatives | None:
    """Read what stands between braces: choices, or alternatives."""
    found: list[Alternatives] = []
    is_open = False
    for element in (item for part in _split(text, ",") for item in _split(part, "|")):
        element = element.strip()
        if not element:
            continue
        if element in ("...", "…"):
            is_open = True
            continue
        value = _constant(element)
        if value is None and (choice := _CHOICE.match(element)) and (choice[1] or choice[3]):
            value = choice["value"]  # a quote is missing
        if value is not None:
            found.append((literal(value),))
        elif (members := read_type(element)) is not None:
            found.append(members)
        elif not is_open:
            return None
    if is_open:
        # "{1, 2, ..., ndim}": more than these.
        values = [ast.literal_eval(member[0][8:-1]) for member in found if "Literal" in member[0]]
        return unite(*map(type_of, values)) or None
    return unite(*found) if found else None


def _constant(text: str) -> str | int | bool | None:
    """Read a quoted string, a number or a truth value."""
    if not _QUOTED.fullmatch(text) and not re.fullmatch(r"-?\d+|True|False", text):
        return None
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, (str, int)) else None


def _without_groups(text: str) -> str:
    """Take out shapes and remarks in parentheses or brackets."""
    while (match := re.search(r"[(\[]", text)) is not None:
        end = _closing(text[match.start() :])
        if end < 0:
            return text
        text = f"{text[: match.start()]} {text[match.start() + end + 1 :]}"
    return " ".join(text.split())


def _closing(text: str) -> int:
    """Give the place of the bracket that closes the first one."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in _OPEN) - (character in _CLOSE)
        if depth == 0:
            return place
    return -1


def _split(text: str, separator: str) -> list[str]:
    """Split outside of brackets and quotes."""
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    parts, start, depth, place = [], 0, 0, 0
    while place < len(text):
        if (span := next((span for span in quoted if span[0] == place), None)) is not None:
            place = span[1]
            continue
        depth += (text[place] in _OPEN) - (text[place] in _CLOSE)
        if depth == 0 and text.startswith(separator, place):
            parts.append(text[start:place].strip())
            place = start = place + len(separator)
            continue
        place += 1
    return [*parts, text[start:].strip()]
