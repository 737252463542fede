"""Reads the types that people write into docstrings.

The grammar is `doctype.lark`, its words are `nicknames.toml`, and `meaning` makes of a parse
a type of the vocabulary and facts that fit no type. What no rule fits is unreadable as
a whole, since half an answer would refuse good arguments. A remark after a type is a fact.
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
# Quoted parts and brackets hold commas that part no clauses.
_CLAUSE = re.compile(
    r"""(?:[^,'"()\[\]{}]|'[^']*'|"[^"]*"|\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\]|\{[^{}]*\})+"""
)


class ReadType(NamedTuple):
    """What a documented type says."""

    type: TypeExpr | None
    """None where it says nothing about the type, as "optional" alone doesn't."""
    facts: dict[str, str]
    """What fits no type, by name: ``{"shape": "(M, N)", "optional": "optional"}``."""


def read_type(text: str, classes: Classes = NO_CLASSES) -> TypeExpr | None:
    """Read the type alone; None where the text can't be read, or says nothing about one."""
    reading = read(text, classes)
    return reading.type if reading else None


def facts_of(text: str, classes: Classes = NO_CLASSES) -> dict[str, str]:
    """Give the facts of a documented type; a text that no rule fits is the fact ``unread``."""
    reading = read(text, classes)
    if reading is None:
        return {"unread": text} if text else {}
    return dict(reading.facts)


def read(text: str, classes: Classes = NO_CLASSES) -> ReadType | None:
    """Read a documented type.

    Parameters
    ----------
    text : str
        As it stands in the documentation: ``"(M, N) ndarray of bool, optional"``.
    classes : mapping of str to str
        The library's public classes, by name.

    Returns
    -------
    ReadType or None
        None where no rule fits the text.
    """
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


def _remark(text: str, place: int) -> re.Match[str] | None:
    """Find the clause that can't be read, if it may be left out of the type as a remark."""
    clauses = list(_CLAUSE.finditer(text))
    if any(clause[0].strip().startswith("or ") for clause in clauses):
        return None  # a list of alternatives, one of which is unknown
    for clause in clauses[1:]:
        if clause.start() <= place <= clause.end() and clause[0].strip():
            return clause
    return None
