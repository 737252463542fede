"""The sections of parameters and results: every one is named, with its type."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from voxbind_build.common.docstrings import Entry, Section, entries
from voxbind_build.common.typeexpr import (
    ANY,
    DOTS,
    Name,
    TypeExpr,
    arguments,
    head,
    transform,
    write,
)
from voxbind_build.model import Function, Parameter
from voxbind_build.render.code.checked_text import type_of
from voxbind_build.render.docs.section_layout import written

__all__ = ["parameters", "returns"]

_DEFAULT = re.compile(r"\(= *(?P<default>.+)\)$")
_OPTIONAL = re.compile(r"^Optional\[(?P<type>.+)\]\s*(?:, default: None)?$")
_STARS = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}
_VARIADIC = {"VAR_POSITIONAL": "tuple", "VAR_KEYWORD": "dict"}
_WORDS = {"Any": "object", "Array": "array", "ArrayLike": "array_like", "ArrayT": "array"}
"""The generated modules' own names in words that numpydoc's readers know."""
_LONGEST_DEFAULT = 30


def parameters(
    function: Function, documented: str, others: str, added: Entry | None
) -> tuple[str, str]:
    """Return the texts of "Parameters" and "Other Parameters", in the signature's order.

    Parameters
    ----------
    function
        What is known of the function.
    documented, others
        The sections as upstream wrote them; what they don't name is named all the same.
    added
        A keyword that the wrapper has beside the library's.
    """
    first = entries(Section("Parameters", documented))
    second = entries(Section("Other Parameters", others))
    found = _matched(function, first + second)
    later = {name for entry in second for name in entry.names} - {
        name for entry in first for name in entry.names
    }
    main = [each for each in function.parameters if each.name not in later]
    rest = [each for each in function.parameters if each.name in later]
    listed = list(_merged(function.public, [(each, found[each.name]) for each in main]))
    if added is not None:
        starred = sum(each.kind == "VAR_KEYWORD" for each in main)
        listed.insert(len(listed) - starred, added)
    return written(listed), written(
        _merged(function.public, [(each, found[each.name]) for each in rest])
    )


def _matched(function: Function, listed: Sequence[Entry]) -> dict[str, Entry]:
    """Give each parameter the entry that is about it; without one it gets its type alone."""
    by_name, spare = _by_name(function, [entry for entry in listed if entry.names])
    said = [_text_of_all(entry) for entry in listed if not entry.names]
    missing = [each for each in function.parameters if each.name not in by_name]
    named = [each for each in missing if each.kind not in _STARS]
    if len(named) == len(spare) == 1:  # renamed since it was documented, or misspelt
        by_name[named[0].name] = replace(spare.pop(), names=(named[0].name,))
    starred = next((each for each in function.parameters if each.kind == "VAR_KEYWORD"), None)
    if starred is not None:
        own = by_name.get(starred.name, Entry((starred.name,), "", "\n\n".join(said)))
        by_name[starred.name] = _with_keywords(own, spare)
    text = said[0] if said and starred is None else ""
    return {each.name: Entry((each.name,), "", text) for each in missing} | by_name


def _by_name(function: Function, listed: Sequence[Entry]) -> tuple[dict[str, Entry], list[Entry]]:
    """Return the entries by the parameters that they name, and those that name no parameter."""
    names = {each.name for each in function.parameters}
    by_name: dict[str, Entry] = {}
    spare: list[Entry] = []
    for entry in listed:
        known = [name for name in entry.names if name in names and name not in by_name]
        again = next((name for name in entry.names if name in by_name), None)
        by_name.update((name, entry) for name in known)
        if again is not None and _deprecated(by_name[again]) != _deprecated(entry):
            # Once for what it did and once for its end.
            both = sorted((by_name[again], entry), key=_deprecated)
            text = "\n\n".join(each.text for each in both if each.text)
            by_name[again] = replace(both[0], names=(again,), text=text)
        elif not known:
            spare.append(entry)
    return by_name, spare


def _text_of_all(entry: Entry) -> str:
    """Return the text of an entry without a name: it is about all parameters that have none."""
    head = entry.type.strip("*: ") and entry.type  # "* : *" stands for all the others
    return f"{head}\n{entry.text}".strip()


def _with_keywords(entry: Entry, keywords: Sequence[Entry]) -> Entry:
    """Add to the entry of ``**kwargs`` the keywords that are documented one by one."""
    if not keywords:
        return entry
    among = f"Among them:\n\n{written(keywords)}"
    return replace(entry, text=f"{entry.text}\n\n{among}".strip("\n"))


def _deprecated(entry: Entry) -> bool:
    return entry.type.strip("`").upper().startswith("DEPRECATED")


def _merged(where: str, listed: Sequence[tuple[Parameter, Entry]]) -> Iterator[Entry]:
    """Keep together what is documented together, as far as it stands together."""
    position = 0
    while position < len(listed):
        parameter, entry = listed[position]
        together = [parameter]
        for following, its_entry in listed[position + 1 :]:
            if its_entry is not entry:
                break
            together.append(following)
        position += len(together)
        names = tuple(_STARS.get(each.kind, "") + each.name for each in together)
        yield Entry(names, _tidied(entry.type) or _type(where, parameter), entry.text)


def _tidied(type_: str) -> str:
    """Write ``Optional[Image] (= None)`` the way numpydoc does: ``Image, optional``."""
    type_ = re.sub(r"\s+\(=", " (=", _DEFAULT.sub(r", default: \g<default>", type_))
    type_ = re.sub(r"\s+, default", ", default", type_)
    return _OPTIONAL.sub(r"\g<type>, optional", type_)


def _type(where: str, parameter: Parameter) -> str:
    """Return the type of what upstream doesn't document."""
    default, type_ = parameter.default, _in_words(type_of(parameter.annotation, where))
    if parameter.kind in _VARIADIC:
        return f"{_VARIADIC[parameter.kind]}, optional"
    if default is None:
        return type_
    if not parameter.default_is_literal and default.endswith(".DEPRECATED"):
        return "DEPRECATED"
    if default == "None" or not parameter.default_is_literal or len(default) > _LONGEST_DEFAULT:
        return f"{type_.removesuffix(' or None')}, optional"
    return f"{type_}, default: {default}"


def _in_words(type_: TypeExpr) -> str:
    """Return a type as documentation writes it: ``array or None``."""
    return write(transform(type_, _bare), _word).replace(" | ", " or ")


def _word(name: str) -> str:
    return _WORDS.get(name, name.removeprefix("collections.abc.").removeprefix("typing."))


def _bare(type_: TypeExpr) -> TypeExpr | None:
    """Return the name alone of a container of anything."""
    inner = arguments(type_)
    if inner[:1] == (ANY,) and {*inner} <= {ANY, DOTS}:
        return Name(head(type_))
    return None


def returns(function: Function, documented: str, roles: Sequence[str]) -> str:
    """Return the text of "Returns"; nothing for what returns nothing.

    Parameters
    ----------
    function
        What is known of the function.
    documented
        The section as upstream wrote it.
    roles
        What the result is, or each member of it, as far as that has a word.
    """
    if function.returns.annotation == "None":
        return documented
    listed = entries(Section("Returns", documented)) or [Entry((), "", "")]
    if documented.startswith(" ") and not any(entry.names for entry in listed):
        listed = [Entry((), "", textwrap.dedent(documented))]  # no types, but a text about them
    if len(listed) == 1 and not listed[0].type and not listed[0].names:
        words = _in_words(type_of(function.returns.annotation, function.public))
        listed = [Entry((), words, listed[0].text)]
    if len(listed) == len(roles):
        listed = [
            entry if entry.text or not role else replace(entry, text=f"{role.capitalize()}.")
            for entry, role in zip(listed, roles, strict=True)
        ]
    return written(listed)
