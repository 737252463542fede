"""Reads the types that people write into docstrings.

The grammar is `doctype.lark`, its words are `nicknames.toml`; here stands what a parse means:
alternatives of the vocabulary, and facts that fit no type. What no rule fits is unreadable as
a whole, since half an answer would refuse good arguments. A remark after a type is a fact.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from voxbind_build.describe.annotations import NO_CLASSES, Classes, from_annotation
from voxbind_build.describe.nicknames import NICKNAMES, bare_container
from voxbind_build.describe.vocabulary import (
    Alternatives,
    choices_of,
    literal,
    text_of,
    type_of,
    unite,
    untyped,
)

__all__ = ["Reading", "facts_of", "read", "read_type"]

_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "`": ""})
_ROLE = re.compile(r":(?:\w+:)?\w+:(?=`)|(?<=`)~|(?<![\w`])~(?=\w)")
_ENDS = " .;:"
_ANY: Alternatives = ("Any",)
_ARRAYS = (("Array",), ("ArrayLike",))
# Written out, a tuple of more than these is a type that nobody reads.
_MOST_MEMBERS = 8
# What the name of a fact says already.
_LEADS = {
    "shape": re.compile(r"^(?:(?:of|with) )?shape[ =:]+", re.I),
    "ndim": re.compile(r"^of rank ", re.I),
    "dtype": re.compile(r"^(?:(?:of|with) )?(?:dtype[ =]+)?", re.I),
    "length": re.compile(r"^(?:(?:of|with) )?length[ -]|-$", re.I),
    "default": re.compile(r"^(?:=|default(?:s to| value| is)?[ :=]*) *", re.I),
}
_NO_LEAD = re.compile("^$")
# The word of a name in braces that may be a bound: "{1, ..., ndim}".
_BOUND = "bound"
# Quoted parts and brackets hold commas that part no clauses.
_CLAUSE = re.compile(
    r"""(?:[^,'"()\[\]{}]|'[^']*'|"[^"]*"|\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\]|\{[^{}]*\})+"""
)


class Reading(NamedTuple):
    """What a documented type says."""

    type: Alternatives
    """Empty where it says nothing about the type, as "optional" alone doesn't."""
    facts: dict[str, str]
    """What fits no type, by name: ``{"shape": "(M, N)", "optional": "optional"}``."""


class _Part(NamedTuple):
    """What one node of the tree means."""

    type: Alternatives = ()
    facts: tuple[tuple[str, str], ...] = ()
    word: str = ""
    """The text of a bare name."""
    members: tuple[Alternatives, ...] = ()
    """Those of a group, "(ndarray, int)", in their order."""


def read_type(text: str, classes: Classes = NO_CLASSES) -> Alternatives | None:
    """Read the type alone; None where the text can't be read, or says nothing about one."""
    reading = read(text, classes)
    return (reading.type or None) if reading else None


def facts_of(text: str, classes: Classes = NO_CLASSES) -> dict[str, str]:
    """Give the facts of a documented type; a text that no rule fits is the fact ``unread``."""
    reading = read(text, classes)
    if reading is None:
        return {"unread": text} if text else {}
    return dict(reading.facts)


def read(text: str, classes: Classes = NO_CLASSES) -> Reading | None:
    """Read a documented type.

    Parameters
    ----------
    text : str
        As it stands in the documentation: ``"(M, N) ndarray of bool, optional"``.
    classes : mapping of str to str
        The library's public classes, by name.

    Returns
    -------
    Reading or None
        None where no rule fits the text.
    """
    return _read(text, tuple(sorted(classes.items())))


@cache
def _read(text: str, classes: tuple[tuple[str, str], ...]) -> Reading | None:
    plain = _ROLE.sub("", " ".join(text.split())).translate(_QUOTES).strip(_ENDS)
    remarks: list[str] = []
    while plain:
        try:
            part = _Meaning(dict(classes)).transform(_parser().parse(plain))
        except UnexpectedInput as error:
            remark = _remark(plain, error.pos_in_stream or 0)
            if remark is None:
                return None
            plain = f"{plain[: remark.start()].rstrip(' ,')}{plain[remark.end() :]}"
            remarks.insert(0, remark[0].strip())
            continue
        except VisitError:
            return None
        facts = _joined([*part.facts, *(("remark", remark) for remark in remarks)], "; ")
        if not part.type and (remarks or not facts):
            return None
        return Reading(part.type, dict(facts))
    return None


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("doctype.lark").read_text(encoding="utf-8")
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


def _joined(facts: Iterable[tuple[str, str]], separator: str) -> tuple[tuple[str, str], ...]:
    """Put facts of one name together."""
    together: dict[str, list[str]] = {}
    for name, text in facts:
        together.setdefault(name, []).append(text)
    return tuple((name, separator.join(dict.fromkeys(texts))) for name, texts in together.items())


@v_args(inline=True)
class _Meaning(Transformer[Token, _Part]):
    """Turns a tree into types and facts, from its leaves upwards."""

    def __init__(self, classes: Classes) -> None:
        super().__init__()
        self._classes = classes

    # --- from the whole to its phrases -------------------------------------------------

    def start(self, *clauses: _Part) -> _Part:
        found: list[Alternatives] = []
        facts: list[tuple[str, str]] = []
        for clause in clauses:
            facts += clause.facts
            if clause.word in NICKNAMES.dtypes and found and found[-1] in _ARRAYS:
                facts.append(("dtype", clause.word))  # "ndarray, int64"
            elif clause.type:
                found.append(clause.type)
        return _Part(unite(*found), _joined([*facts, *_covered(found)], "; "))

    def clause(self, *phrases: _Part) -> _Part:
        found = [phrase.type for phrase in phrases if phrase.type]
        facts = [fact for phrase in phrases for fact in phrase.facts]
        facts = [*_joined(facts, " or "), *_covered(found)]
        word = phrases[0].word if len(phrases) == 1 and not facts else ""
        return _Part(unite(*found), tuple(facts), word, phrases[0].members)

    def phrase(self, *parts: _Part | Token) -> _Part:
        core = next((part for part in parts if isinstance(part, _Part)), _Part())
        own = dict(_facts(part for part in parts if isinstance(part, Token)))
        found = _counted(core.type, own.get("length", ""))
        if found == ("tuple[Any, ...]",) and re.fullmatch(r"\([A-Z, ]+\)", own.get("shape", "")):
            found = ("tuple[int, ...]",)  # "tuple (M, N)"
        return core._replace(type=found, facts=_joined(_facts(parts), ", "))

    # --- types -------------------------------------------------------------------------

    def name(self, word: Token) -> _Part:
        return _Part((NICKNAMES.names[word.lower()],), word=word.lower())

    def array(self, word: Token, of: _Part | Token | None = None, *remark: Token) -> _Part:
        found = (NICKNAMES.names[word.lower()],)
        if isinstance(of, Token):
            return _Part(found, _facts([of]))
        items = (("items", text_of(of.type)), *of.facts) if of else ()
        return _Part(found, (*items, *_facts(remark)))

    def foreign(self, name: Token) -> _Part:
        found = self._classes.get(name.rpartition(".")[2])
        return _Part((found,)) if found else _Part(_ANY, (("class", str(name)),))

    def subscript(self, *tokens: Token) -> _Part:
        text = "".join(tokens)
        # In a docstring, `tuple[int]` says nothing about the number of them.
        is_open = re.fullmatch(r"(?i)tuple\[[^,]*\]", text) is not None
        found = from_annotation(f"{text[:-1]}, ...]" if is_open else text, self._classes)
        is_known = found is not None and ("Any" in text or not untyped(text_of(found)))
        return _Part(found or _ANY, () if is_known else (("class", text),))

    def callable(self, *words: Token) -> _Part:
        for word in words:
            if word.type == "SIGNATURE":
                return _Part((_callable(word),), (("signature", str(word)),))
        return _Part(("Callable[..., Any]",))

    def container(self, word: Token, *of: _Part | Token) -> _Part:
        kind = str(NICKNAMES.container(word.lower()))
        item = next((part for part in of if isinstance(part, _Part)), _Part())
        if item.members and kind in ("tuple", "dict") and len(item.members) > 1:
            inner = ", ".join(map(text_of, item.members))
        elif kind == "dict" or not item.type:
            items = (("items", text_of(item.type)),) if item.type else ()
            return _Part((bare_container(kind),), (*item.facts, *items))
        else:
            one = text_of(_tupled(item) if len(item.members) > 1 else item.type)
            inner = f"{one}, ..." if kind == "tuple" else one
        count = next((str(part) for part in of if isinstance(part, Token)), "")
        facts = (("length", count), *item.facts) if count else item.facts
        return _Part(_counted((f"{kind}[{inner}]",), count), facts)

    def either(self, word: Token, *items: _Part) -> _Part:
        return self.container(word, _Part(unite(*(item.type for item in items))))

    def item(self, *parts: _Part | Token) -> _Part:
        part = self.phrase(*parts)
        # "sequence of (red, green, blue)"
        return part if part.type else part._replace(type=("tuple[Any, ...]",))

    def STRING(self, text: Token) -> _Part:
        return _Part((literal(str(ast.literal_eval(text))),))

    def BROKEN(self, text: Token) -> _Part:
        return _Part((literal(text.strip("'\" ")),))  # a quote is missing

    def INTEGER(self, text: Token) -> _Part:
        return _Part((literal(int(text)),))

    # --- what stands in brackets -------------------------------------------------------

    def choice(self, part: _Part | Token) -> _Part:
        if isinstance(part, _Part):
            return part
        return _Part(_ANY, (("bound", str(part)),), _BOUND)

    def members(self, *parts: _Part | Token) -> _Part:
        return self.group(*parts)

    def choices(self, *parts: _Part | Token) -> _Part:
        return self.group(*parts)._replace(members=())

    def listed(self, *parts: _Part | Token) -> _Part:
        elements = [part for part in parts if isinstance(part, _Part)]
        if not any(part.type for part in elements):  # "list [(N1, M), (N2, M), ...]"
            return _Part(
                ("tuple[Any, ...]",), tuple(fact for part in elements for fact in part.facts)
            )
        return self.group(*parts)._replace(members=())

    def group(self, *parts: _Part | Token) -> _Part:
        elements = [part for part in parts if isinstance(part, _Part)]
        facts = _joined((fact for part in elements for fact in part.facts), ", ")
        if any(part.type == "ELLIPSIS" for part in parts if isinstance(part, Token)):
            # "{1, 2, ..., ndim}": more than these.
            values = [value for part in elements for value in choices_of(part.type)]
            told = ", ".join([*map(repr, values), "...", *dict(facts).values()])
            return _Part(unite(*map(type_of, values)), (("choices", told),))
        if not all(part.type for part in elements) or any(part.word == _BOUND for part in elements):
            raise ValueError("an element of unknown type")
        members = tuple(part.type for part in elements)
        return _Part(unite(*members), (*facts, *_covered(members)), members=members)


def _facts(parts: Iterable[_Part | Token]) -> tuple[tuple[str, str], ...]:
    """Give the facts of a phrase in their order; a token's name is its terminal's first word."""
    facts: list[tuple[str, str]] = []
    for part in parts:
        if isinstance(part, _Part):
            facts += part.facts
        else:
            name = part.type.partition("_")[0].lower()
            text = part[1:-1] if part.startswith("(") and name != "shape" else str(part)
            facts.append((name, _LEADS.get(name, _NO_LEAD).sub("", text).strip(_ENDS)))
    return tuple(facts)


def _covered(found: Sequence[Alternatives]) -> tuple[tuple[str, str], ...]:
    """Keep the choices that a wider type beside them covers: "{1, 2}, int"."""
    told = [value for each in found for value in choices_of(each) if not isinstance(value, bool)]
    kept = choices_of(unite(*found))
    lost = ", ".join(repr(value) for value in dict.fromkeys(told) if value not in kept)
    return (("choices", lost),) if lost else ()


def _counted(found: Alternatives, length: str) -> Alternatives:
    """Write out a tuple of so many members."""
    if len(found) != 1 or not length.isdigit() or not 0 < int(length) <= _MOST_MEMBERS:
        return found
    open_ = re.fullmatch(r"tuple\[(.*), \.\.\.\]", found[0])
    return (f"tuple[{', '.join([open_[1]] * int(length))}]",) if open_ else found


def _tupled(part: _Part) -> Alternatives:
    return (f"tuple[{', '.join(map(text_of, part.members))}]",)


def _callable(signature: str) -> str:
    """Write the type of callables that take so many arguments: each takes a `Never`."""
    inner = signature[signature.index("(") + 1 : signature.index(")")]
    names = [name.strip() for name in inner.split(",")]
    if not all(name.isidentifier() for name in names):
        return "Callable[..., Any]"
    return f"Callable[[{', '.join(['Never'] * len(names))}], Any]"
