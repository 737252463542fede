"""Reads the types that people write in docstrings.

`doctype.lark` is the grammar, `nicknames.toml` lists its words, and `meaning` translates a parse
tree to a type of the vocabulary, and to facts that a type can't express. If part of a text doesn't
fit the grammar, all of it counts as unreadable, since half a type would reject valid arguments. The
exception is a remark after a type, which becomes a fact.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from lark import Lark, UnexpectedInput
from lark.exceptions import VisitError

from voxbind_build.common.typeexpr import TypeExpr
from voxbind_build.describe.annotations import NO_CLASSES, Classes
from voxbind_build.describe.doctype_meaning import ENDS, joined, meaning
from voxbind_build.describe.nicknames import NICKNAMES

__all__ = ["ReadType", "facts_of", "read", "read_type"]

_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "`": ""})
_ROLE = re.compile(r":(?:\w+:)?\w+:(?=`)|(?<=`)~|(?<![\w`])~(?=\w)")
# Commas in quotes and brackets don't separate clauses.
_CLAUSE = re.compile(
    r"""(?:[^,'"()\[\]{}]|'[^']*'|"[^"]*"|\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\]|\{[^{}]*\})+"""
)


_LONGEST = 2000
"""Greatest number of characters of a documented type; a longer text is no type."""


class ReadType(NamedTuple):
    """A documented type and the facts beside it."""

    type: TypeExpr | None
    """None if the text names no type: "optional" alone, say."""
    facts: dict[str, str]
    """Facts that a type can't express: ``{"shape": "(M, N)", "optional": "optional"}``."""


def read_type(text: str, classes: Classes = NO_CLASSES) -> TypeExpr | None:
    """Read the type without the facts; None if the text can't be read or names no type."""
    reading = read(text, classes)
    return reading.type if reading else None


def facts_of(text: str, classes: Classes = NO_CLASSES) -> dict[str, str]:
    """Return the facts of a documented type; unreadable text is the fact ``unread``."""
    reading = read(text, classes)
    if reading is None:
        return {"unread": text} if text else {}
    return dict(reading.facts)


def read(text: str, classes: Classes = NO_CLASSES) -> ReadType | None:
    """Read a documented type.

    Parameters
    ----------
    text : str
        The text in the documentation: ``"(M, N) ndarray of bool, optional"``.
    classes : mapping of str to str
        The library's public classes, by name.

    Returns
    -------
    ReadType or None
        None if the text can't be read.
    """
    if len(text) > _LONGEST:
        return None
    return _read(text, tuple(sorted(classes.items())))


@cache
def _read(text: str, classes: tuple[tuple[str, str], ...]) -> ReadType | None:
    plain = _ROLE.sub("", " ".join(text.split())).translate(_QUOTES).strip(ENDS)
    remarks: list[str] = []
    while plain:
        try:
            part = meaning(_parser().parse(plain), dict(classes))
        except UnexpectedInput as error:
            remark = _remark(plain, error.pos_in_stream or 0)
            if remark is None:
                return None
            plain = f"{plain[: remark.start()].rstrip(' ,')}{plain[remark.end() :]}"
            remarks.insert(0, remark[0].strip())
            continue
        except VisitError:
            return None
        facts = joined([*part.facts, *(("remark", remark) for remark in remarks)], "; ")
        if not part.type and (remarks or not facts):
            return None
        return ReadType(part.type, dict(facts))
    return None


@cache
def _parser() -> Lark:
    grammar = files("voxbind_build.describe").joinpath("doctype.lark").read_text("utf-8")
    for kind, words in NICKNAMES.terminals.items():
        grammar = grammar.replace(f"<{kind}>", words.replace("/", r"\/"))
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


def _remark(text: str, position: int) -> re.Match[str] | None:
    """Return the unreadable clause at a position, if it can be treated as a remark."""
    clauses = list(_CLAUSE.finditer(text))
    if any(clause[0].strip().startswith("or ") for clause in clauses):
        return None  # a list of alternatives, one of which is unknown
    for clause in clauses[1:]:
        if clause.start() <= position <= clause.end() and clause[0].strip():
            return clause
    return None
