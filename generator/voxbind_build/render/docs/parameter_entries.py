"""The sections "Parameters" and "Returns", which list every parameter and result with its type."""

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
"""Words of numpydoc for the type names of generated modules."""
_LONGEST_DEFAULT = 30


def parameters(
    function: Function, documented: str, documented_others: str, added: Entry | None
) -> tuple[str, str]:
    """Return the texts of "Parameters" and "Other Parameters", in the signature's order.

    Parameters
    ----------
    function
        The wrapped function.
    documented, documented_others
        The two sections in the library's docstring. Parameters that they omit are added.
    added
        The entry of a keyword that only the wrapper has.
    """
    main_section = entries(Section("Parameters", documented))
    other_section = entries(Section("Other Parameters", documented_others))
    entry_of = _matched(function, main_section + other_section)
    other_names = {name for entry in other_section for name in entry.names} - {
        name for entry in main_section for name in entry.names
    }
    main = [parameter for parameter in function.parameters if parameter.name not in other_names]
    other = [parameter for parameter in function.parameters if parameter.name in other_names]
    main_entries = list(
        _merged(function.public, [(parameter, entry_of[parameter.name]) for parameter in main])
    )
    if added is not None:
        starred = sum(parameter.kind == "VAR_KEYWORD" for parameter in main)
        main_entries.insert(len(main_entries) - starred, added)
    return written(main_entries), written(
        _merged(function.public, [(parameter, entry_of[parameter.name]) for parameter in other])
    )


def _matched(function: Function, documented: Sequence[Entry]) -> dict[str, Entry]:
    """Return the entry of each parameter; an undocumented parameter gets an entry without text."""
    by_name, unmatched = _by_name(function, [entry for entry in documented if entry.names])
    general_texts = [_text_of_all(entry) for entry in documented if not entry.names]
    missing = [parameter for parameter in function.parameters if parameter.name not in by_name]
    missing_named = [parameter for parameter in missing if parameter.kind not in _STARS]
    if len(missing_named) == len(unmatched) == 1:  # renamed since it was documented, or misspelled
        by_name[missing_named[0].name] = replace(unmatched.pop(), names=(missing_named[0].name,))
    var_keyword = next(
        (parameter for parameter in function.parameters if parameter.kind == "VAR_KEYWORD"), None
    )
    if var_keyword is not None:
        entry = by_name.get(
            var_keyword.name, Entry((var_keyword.name,), "", "\n\n".join(general_texts))
        )
        by_name[var_keyword.name] = _with_keywords(entry, unmatched)
    general_text = general_texts[0] if general_texts and var_keyword is None else ""
    return {
        parameter.name: Entry((parameter.name,), "", general_text) for parameter in missing
    } | by_name


def _by_name(
    function: Function, documented: Sequence[Entry]
) -> tuple[dict[str, Entry], list[Entry]]:
    """Return the entries by parameter name, and the entries that name no parameter."""
    names = {parameter.name for parameter in function.parameters}
    by_name: dict[str, Entry] = {}
    unmatched: list[Entry] = []
    for entry in documented:
        new_names = [name for name in entry.names if name in names and name not in by_name]
        repeated = next((name for name in entry.names if name in by_name), None)
        by_name.update((name, entry) for name in new_names)
        if repeated is not None and _deprecated(by_name[repeated]) != _deprecated(entry):
            # Documented twice: for its effect, and for its deprecation.
            entries_of_name = sorted((by_name[repeated], entry), key=_deprecated)
            text = "\n\n".join(item.text for item in entries_of_name if item.text)
            by_name[repeated] = replace(entries_of_name[0], names=(repeated,), text=text)
        elif not new_names:
            unmatched.append(entry)
    return by_name, unmatched


def _text_of_all(entry: Entry) -> str:
    """Return the text of an entry without a name, which describes all undocumented parameters."""
    head = entry.type.strip("*: ") and entry.type  # "* : *" stands for all other parameters
    return f"{head}\n{entry.text}".strip()


def _with_keywords(entry: Entry, keywords: Sequence[Entry]) -> Entry:
    """Add the keywords that are documented separately to the entry of ``**kwargs``."""
    if not keywords:
        return entry
    among = f"Among them:\n\n{written(keywords)}"
    return replace(entry, text=f"{entry.text}\n\n{among}".strip("\n"))


def _deprecated(entry: Entry) -> bool:
    return entry.type.strip("`").upper().startswith("DEPRECATED")


def _merged(where: str, documented: Sequence[tuple[Parameter, Entry]]) -> Iterator[Entry]:
    """Yield the entries; adjacent parameters that share an entry stay in one."""
    position = 0
    while position < len(documented):
        parameter, entry = documented[position]
        together = [parameter]
        for following, its_entry in documented[position + 1 :]:
            if its_entry is not entry:
                break
            together.append(following)
        position += len(together)
        names = tuple(_STARS.get(member.kind, "") + member.name for member in together)
        yield Entry(names, _tidied(entry.type) or _type(where, parameter), entry.text)


def _tidied(type_: str) -> str:
    """Write ``Optional[Image] (= None)`` as numpydoc does: ``Image, optional``."""
    type_ = re.sub(r"\s+\(=", " (=", _DEFAULT.sub(r", default: \g<default>", type_))
    type_ = re.sub(r"\s+, default", ", default", type_)
    return _OPTIONAL.sub(r"\g<type>, optional", type_)


def _type(where: str, parameter: Parameter) -> str:
    """Return the type of a parameter that the library doesn't document."""
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
    """Return a type in the words of numpydoc: ``array or None``."""
    return write(transform(type_, _bare), _word).replace(" | ", " or ")


def _word(name: str) -> str:
    return _WORDS.get(name, name.removeprefix("collections.abc.").removeprefix("typing."))


def _bare(type_: TypeExpr) -> TypeExpr | None:
    """Return ``list`` for ``list[Any]``; None for other types."""
    inner = arguments(type_)
    if inner[:1] == (ANY,) and {*inner} <= {ANY, DOTS}:
        return Name(head(type_))
    return None


def returns(function: Function, documented: str, roles: Sequence[str]) -> str:
    """Return the text of "Returns", with types and descriptions added if they are missing.

    Parameters
    ----------
    function
        The wrapped function.
    documented
        The section in the library's docstring. It is returned unchanged if the function returns
        None.
    roles
        A phrase for the result or for each member of it; empty if there is none.
    """
    if function.returns.annotation == "None":
        return documented
    result_entries = entries(Section("Returns", documented)) or [Entry((), "", "")]
    if documented.startswith(" ") and not any(entry.names for entry in result_entries):
        result_entries = [Entry((), "", textwrap.dedent(documented))]  # a text without types
    if len(result_entries) == 1 and not result_entries[0].type and not result_entries[0].names:
        words = _in_words(type_of(function.returns.annotation, function.public))
        result_entries = [Entry((), words, result_entries[0].text)]
    if len(result_entries) == len(roles):
        result_entries = [
            entry if entry.text or not role else replace(entry, text=f"{role.capitalize()}.")
            for entry, role in zip(result_entries, roles, strict=True)
        ]
    return written(result_entries)
