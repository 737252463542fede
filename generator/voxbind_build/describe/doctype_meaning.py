"""What a parse of a documented type means: alternatives of the vocabulary, and facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lark import ParseTree, Token, Transformer, v_args

from voxbind_build.common.typeexpr import (
    ANY,
    DOTS,
    Generic,
    Literal,
    Name,
    Parameters,
    TypeExpr,
    arguments,
    choices,
    head,
    is_open,
    union,
)
from voxbind_build.describe.annotations import Classes, from_annotation
from voxbind_build.describe.known_types import type_of, untyped
from voxbind_build.describe.nicknames import NICKNAMES, bare_container

__all__ = ["ENDS", "Part", "joined", "meaning"]

ENDS = " .;:"
"""What ends a text and means nothing."""

_ARRAYS = (Name("Array"), Name("ArrayLike"))
_TUPLE = bare_container("tuple")
_CALLABLE = Generic("Callable", (DOTS, ANY))
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


class Part(NamedTuple):
    """What one node of the tree means."""

    type: TypeExpr | None = None
    """None where it says nothing about a type."""
    facts: tuple[tuple[str, str], ...] = ()
    word: str = ""
    """The text of a bare name."""
    members: tuple[TypeExpr, ...] = ()
    """Those of a group, "(ndarray, int)", in their order."""


def meaning(tree: ParseTree, classes: Classes) -> Part:
    """Say what a tree of `doctype.lark` means.

    Raises
    ------
    lark.exceptions.VisitError
        Where it means nothing, as ``{int, unknown}`` doesn't.
    """
    return _Meaning(classes).transform(tree)


def joined(facts: Iterable[tuple[str, str]], separator: str) -> tuple[tuple[str, str], ...]:
    """Put facts of one name together."""
    together: dict[str, list[str]] = {}
    for name, text in facts:
        together.setdefault(name, []).append(text)
    return tuple((name, separator.join(dict.fromkeys(texts))) for name, texts in together.items())


@v_args(inline=True)
class _Meaning(Transformer[Token, Part]):
    """Turns a tree into types and facts, from its leaves upwards."""

    def __init__(self, classes: Classes) -> None:
        super().__init__()
        self._classes = classes

    # --- from the whole to its phrases -------------------------------------------------

    def start(self, *clauses: Part) -> Part:
        found: list[TypeExpr] = []
        facts: list[tuple[str, str]] = []
        for clause in clauses:
            facts += clause.facts
            if clause.word in NICKNAMES.dtypes and found and found[-1] in _ARRAYS:
                facts.append(("dtype", clause.word))  # "ndarray, int64"
            elif clause.type:
                found.append(clause.type)
        return Part(_united(found), joined([*facts, *_covered(found)], "; "))

    def clause(self, *phrases: Part) -> Part:
        found = [phrase.type for phrase in phrases if phrase.type]
        facts = [fact for phrase in phrases for fact in phrase.facts]
        facts = [*joined(facts, " or "), *_covered(found)]
        word = phrases[0].word if len(phrases) == 1 and not facts else ""
        return Part(_united(found), tuple(facts), word, phrases[0].members)

    def phrase(self, *parts: Part | Token) -> Part:
        core = next((part for part in parts if isinstance(part, Part)), Part())
        own = dict(_facts(part for part in parts if isinstance(part, Token)))
        found = core.type and _counted(core.type, own.get("length", ""))
        if found == _TUPLE and re.fullmatch(r"\([A-Z, ]+\)", own.get("shape", "")):
            found = Generic("tuple", (Name("int"), DOTS))  # "tuple (M, N)"
        return core._replace(type=found, facts=joined(_facts(parts), ", "))

    # --- types -------------------------------------------------------------------------

    def name(self, word: Token) -> Part:
        return Part(NICKNAMES.types[word.lower()], word=word.lower())

    def array(self, word: Token, of: Part | Token | None = None, *remark: Token) -> Part:
        found = NICKNAMES.types[word.lower()]
        if isinstance(of, Token):
            return Part(found, _facts([of]))
        items = (("items", str(of.type or ANY)), *of.facts) if of else ()
        return Part(found, (*items, *_facts(remark)))

    def foreign(self, name: Token) -> Part:
        found = self._classes.get(name.rpartition(".")[2])
        return Part(Name(found)) if found else Part(ANY, (("class", str(name)),))

    def subscript(self, *tokens: Token) -> Part:
        text = "".join(tokens)
        # In a docstring, `tuple[int]` says nothing about the number of them.
        is_bare = re.fullmatch(r"(?i)tuple\[[^,]*\]", text) is not None
        found = from_annotation(f"{text[:-1]}, ...]" if is_bare else text, self._classes)
        is_known = found is not None and ("Any" in text or not untyped(found))
        return Part(found or ANY, () if is_known else (("class", text),))

    def callable(self, *words: Token) -> Part:
        for word in words:
            if word.type == "SIGNATURE":
                return Part(_callable(word), (("signature", str(word)),))
        return Part(_CALLABLE)

    def container(self, word: Token, *of: Part | Token) -> Part:
        kind = str(NICKNAMES.container(word.lower()))
        item = next((part for part in of if isinstance(part, Part)), Part())
        if item.members and kind in ("tuple", "dict") and len(item.members) > 1:
            inner = item.members
        elif kind == "dict" or not item.type:
            items = (("items", str(item.type)),) if item.type else ()
            return Part(bare_container(kind), (*item.facts, *items))
        else:
            one = Generic("tuple", item.members) if len(item.members) > 1 else item.type
            inner = (one, DOTS) if kind == "tuple" else (one,)
        count = next((str(part) for part in of if isinstance(part, Token)), "")
        facts = (("length", count), *item.facts) if count else item.facts
        return Part(_counted(Generic(kind, inner), count), facts)

    def either(self, word: Token, *items: Part) -> Part:
        return self.container(word, Part(_united(item.type for item in items)))

    def item(self, *parts: Part | Token) -> Part:
        part = self.phrase(*parts)
        # "sequence of (red, green, blue)"
        return part if part.type else part._replace(type=_TUPLE)

    def STRING(self, text: Token) -> Part:
        return Part(Literal((str(ast.literal_eval(text)),)))

    def BROKEN(self, text: Token) -> Part:
        return Part(Literal((text.strip("'\" "),)))  # a quote is missing

    def INTEGER(self, text: Token) -> Part:
        return Part(Literal((int(text),)))

    # --- what stands in brackets -------------------------------------------------------

    def choice(self, part: Part | Token) -> Part:
        if isinstance(part, Part):
            return part
        return Part(ANY, (("bound", str(part)),), _BOUND)

    def members(self, *parts: Part | Token) -> Part:
        return self.group(*parts)

    def choices(self, *parts: Part | Token) -> Part:
        return self.group(*parts)._replace(members=())

    def listed(self, *parts: Part | Token) -> Part:
        elements = [part for part in parts if isinstance(part, Part)]
        if not any(part.type for part in elements):  # "list [(N1, M), (N2, M), ...]"
            return Part(_TUPLE, tuple(fact for part in elements for fact in part.facts))
        return self.group(*parts)._replace(members=())

    def group(self, *parts: Part | Token) -> Part:
        elements = [part for part in parts if isinstance(part, Part)]
        facts = joined((fact for part in elements for fact in part.facts), ", ")
        if any(part.type == "ELLIPSIS" for part in parts if isinstance(part, Token)):
            # "{1, 2, ..., ndim}": more than these.
            values = [value for part in elements if part.type for value in choices(part.type)]
            told = ", ".join([*map(repr, values), "...", *dict(facts).values()])
            return Part(_united(map(type_of, values)), (("choices", told),))
        members = tuple(part.type for part in elements if part.type)
        if len(members) < len(elements) or any(part.word == _BOUND for part in elements):
            raise ValueError("an element of unknown type")
        return Part(_united(members), (*facts, *_covered(members)), members=members)


def _united(found: Iterable[TypeExpr | None]) -> TypeExpr | None:
    """Unite types; None where there is none."""
    types = [type_ for type_ in found if type_ is not None]
    return union(*types) if types else None


def _facts(parts: Iterable[Part | Token]) -> tuple[tuple[str, str], ...]:
    """Give the facts of a phrase in their order; a token's name is its terminal's first word."""
    facts: list[tuple[str, str]] = []
    for part in parts:
        if isinstance(part, Part):
            facts += part.facts
        else:
            name = part.type.partition("_")[0].lower()
            text = part[1:-1] if part.startswith("(") and name != "shape" else str(part)
            facts.append((name, _LEADS.get(name, _NO_LEAD).sub("", text).strip(ENDS)))
    return tuple(facts)


def _covered(found: Sequence[TypeExpr]) -> tuple[tuple[str, str], ...]:
    """Keep the choices that a wider type beside them covers: "{1, 2}, int"."""
    told = [value for each in found for value in choices(each) if not isinstance(value, bool)]
    kept = choices(union(*found)) if found else ()
    lost = ", ".join(repr(value) for value in dict.fromkeys(told) if value not in kept)
    return (("choices", lost),) if lost else ()


def _counted(found: TypeExpr, length: str) -> TypeExpr:
    """Write out a tuple of so many members."""
    if not length.isdigit() or not 0 < int(length) <= _MOST_MEMBERS:
        return found
    if head(found) != "tuple" or not is_open(found):
        return found
    return Generic("tuple", arguments(found)[:1] * int(length))


def _callable(signature: str) -> TypeExpr:
    """Write the type of callables that take so many arguments: each takes a `Never`."""
    inner = signature[signature.index("(") + 1 : signature.index(")")]
    names = [name.strip() for name in inner.split(",")]
    if not all(name.isidentifier() for name in names):
        return _CALLABLE
    return Generic("Callable", (Parameters((Name("Never"),) * len(names)), ANY))
