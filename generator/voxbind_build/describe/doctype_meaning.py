"""Translates the parse tree of a documented type to a type of the vocabulary, and facts."""

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
"""Characters without meaning at the end of a text."""

_ARRAYS = (Name("Array"), Name("ArrayLike"))
_TUPLE = bare_container("tuple")
_CALLABLE = Generic("Callable", (DOTS, ANY))
# Tuples with more members are written as open tuples, which are easier to read.
_MOST_MEMBERS = 8
# Words at the start of a fact that its name already says.
_LEADS = {
    "shape": re.compile(r"^(?:(?:of|with) )?shape[ =:]+", re.I),
    "ndim": re.compile(r"^of rank ", re.I),
    "dtype": re.compile(r"^(?:(?:of|with) )?(?:dtype[ =]+)?", re.I),
    "length": re.compile(r"^(?:(?:of|with) )?length[ -]|-$", re.I),
    "default": re.compile(r"^(?:=|default(?:s to| value| is)?[ :=]*) *", re.I),
}
_NO_LEAD = re.compile("^$")
# Marks a name in braces that may be a bound: "{1, ..., ndim}".
_BOUND = "bound"


class Part(NamedTuple):
    """The meaning of one node of the tree."""

    type: TypeExpr | None = None
    """None if the node doesn't determine a type."""
    facts: tuple[tuple[str, str], ...] = ()
    word: str = ""
    """The text of a bare name."""
    members: tuple[TypeExpr, ...] = ()
    """The members of a group such as "(ndarray, int)", in their order."""


def meaning(tree: ParseTree, classes: Classes) -> Part:
    """Return the meaning of a tree of `doctype.lark`.

    Parameters
    ----------
    tree
        The parse tree of a documented type.
    classes
        The library's public classes.

    Raises
    ------
    lark.exceptions.VisitError
        If the tree has no meaning, such as ``{int, unknown}``.
    """
    return _Meaning(classes).transform(tree)


def joined(facts: Iterable[tuple[str, str]], separator: str) -> tuple[tuple[str, str], ...]:
    """Join the texts of facts that have the same name."""
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

    # --- text, clauses, phrases ----------------------------------------------------------

    def start(self, *clauses: Part) -> Part:
        types: list[TypeExpr] = []
        facts: list[tuple[str, str]] = []
        for clause in clauses:
            facts += clause.facts
            if clause.word in NICKNAMES.dtypes and types and types[-1] in _ARRAYS:
                facts.append(("dtype", clause.word))  # "ndarray, int64"
            elif clause.type:
                types.append(clause.type)
        return Part(_united(types), joined([*facts, *_covered(types)], "; "))

    def clause(self, *phrases: Part) -> Part:
        types = [phrase.type for phrase in phrases if phrase.type]
        facts = [fact for phrase in phrases for fact in phrase.facts]
        facts = [*joined(facts, " or "), *_covered(types)]
        word = phrases[0].word if len(phrases) == 1 and not facts else ""
        return Part(_united(types), tuple(facts), word, phrases[0].members)

    def phrase(self, *parts: Part | Token) -> Part:
        core = next((part for part in parts if isinstance(part, Part)), Part())
        own_facts = dict(_facts(part for part in parts if isinstance(part, Token)))
        type_ = core.type and _counted(core.type, own_facts.get("length", ""))
        if type_ == _TUPLE and re.fullmatch(r"\([A-Z, ]+\)", own_facts.get("shape", "")):
            type_ = Generic("tuple", (Name("int"), DOTS))  # "tuple (M, N)"
        return core._replace(type=type_, facts=joined(_facts(parts), ", "))

    # --- types -------------------------------------------------------------------------

    def name(self, word: Token) -> Part:
        return Part(NICKNAMES.types[word.lower()], word=word.lower())

    def array(self, word: Token, of: Part | Token | None = None, *remark: Token) -> Part:
        type_ = NICKNAMES.types[word.lower()]
        if isinstance(of, Token):
            return Part(type_, _facts([of]))
        items = (("items", str(of.type or ANY)), *of.facts) if of else ()
        return Part(type_, (*items, *_facts(remark)))

    def foreign(self, name: Token) -> Part:
        class_name = self._classes.get(name.rpartition(".")[2])
        return Part(Name(class_name)) if class_name else Part(ANY, (("class", str(name)),))

    def subscript(self, *tokens: Token) -> Part:
        text = "".join(tokens)
        # In a docstring, `tuple[int]` leaves the number of members open.
        is_bare = re.fullmatch(r"(?i)tuple\[[^,]*\]", text) is not None
        type_ = from_annotation(f"{text[:-1]}, ...]" if is_bare else text, self._classes)
        is_known = type_ is not None and ("Any" in text or not untyped(type_))
        return Part(type_ or ANY, () if is_known else (("class", text),))

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
            item_type = Generic("tuple", item.members) if len(item.members) > 1 else item.type
            inner = (item_type, DOTS) if kind == "tuple" else (item_type,)
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

    # --- content of brackets -------------------------------------------------------------

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
            # "{1, 2, ..., ndim}": there are more choices.
            values = [value for part in elements if part.type for value in choices(part.type)]
            listed_choices = ", ".join([*map(repr, values), "...", *dict(facts).values()])
            return Part(_united(map(type_of, values)), (("choices", listed_choices),))
        members = tuple(part.type for part in elements if part.type)
        if len(members) < len(elements) or any(part.word == _BOUND for part in elements):
            raise ValueError("an element of unknown type")
        return Part(_united(members), (*facts, *_covered(members)), members=members)


def _united(alternatives: Iterable[TypeExpr | None]) -> TypeExpr | None:
    """Return the union of types; None if there are none."""
    types = [type_ for type_ in alternatives if type_ is not None]
    return union(*types) if types else None


def _facts(parts: Iterable[Part | Token]) -> tuple[tuple[str, str], ...]:
    """Return the facts of a phrase in their order; a fact is named after its terminal."""
    facts: list[tuple[str, str]] = []
    for part in parts:
        if isinstance(part, Part):
            facts += part.facts
        else:
            name = part.type.partition("_")[0].lower()
            text = part[1:-1] if part.startswith("(") and name != "shape" else str(part)
            facts.append((name, _LEADS.get(name, _NO_LEAD).sub("", text).strip(ENDS)))
    return tuple(facts)


def _covered(types: Sequence[TypeExpr]) -> tuple[tuple[str, str], ...]:
    """Return, as a fact, the choices that another type in the union covers: "{1, 2}, int"."""
    all_choices = [
        value for type_ in types for value in choices(type_) if not isinstance(value, bool)
    ]
    remaining = choices(union(*types)) if types else ()
    covered = ", ".join(
        repr(value) for value in dict.fromkeys(all_choices) if value not in remaining
    )
    return (("choices", covered),) if covered else ()


def _counted(type_: TypeExpr, length: str) -> TypeExpr:
    """Replace an open tuple by one of the documented length."""
    if not length.isdigit() or not 0 < int(length) <= _MOST_MEMBERS:
        return type_
    if head(type_) != "tuple" or not is_open(type_):
        return type_
    return Generic("tuple", arguments(type_)[:1] * int(length))


def _callable(signature: str) -> TypeExpr:
    """Return the type of callables with the arguments of a signature, each of type `Never`."""
    inner = signature[signature.index("(") + 1 : signature.index(")")]
    names = [name.strip() for name in inner.split(",")]
    if not all(name.isidentifier() for name in names):
        return _CALLABLE
    return Generic("Callable", (Parameters((Name("Never"),) * len(names)), ANY))
