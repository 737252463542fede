"""The report of what differs between two records: for a terminal, and as Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from voxbind_build.model import Change, Heading, LibraryChanges

TITLES: dict[Heading, str] = {
    "lost": "Lost contracts: measured before, and no longer",
    "removed": "Removed",
    "signature": "Signatures and defaults",
    "contract": "Contracts",
    "result": "Results",
    "values": "Values of results",
    "dtypes": "Dtypes and value ranges",
    "warnings": "Warnings and errors",
    "deprecated": "Deprecated",
    "added": "Added",
    "types": "Types",
    "record": "Other fields of the record",
    "documentation": "Documentation",
}
_RED: tuple[Heading, ...] = ("lost", "removed")
_NAMED = 3
"""Names that are written in full. If there are more, names of one module are listed after it."""
_ADDITIONS = 25
"""If more lines of additions would be printed, only their names are."""
_EXAMPLES = 5
_LONGEST_LIST = 60
"""Of a longer list of names, the number and some examples are printed."""
_SUCCESSOR = re.compile(r"([A-Za-z_][\w.]*)\(\)(?= instead)")
"""The function to use in place of a deprecated one, in a message."""
_LONGEST = 400
"""Characters of a phrase: the message of a library's error can be pages long."""

_Style = Callable[[str], str]


def page(console: Console, changes: LibraryChanges, *, documentation: bool = False) -> None:
    """Print the changes of one library.

    Parameters
    ----------
    console
        Where to print.
    changes
        What differs between two records of the library.
    documentation
        Whether to print the lines of documentation that changed, and not only their number.
    """
    console.print(Text(_title(changes), style="bold"))
    for heading, title in TITLES.items():
        if not (members := changes.under(heading)):
            continue
        console.print(Text(title, style="bold red" if heading in _RED else "bold"))
        style = "red" if heading == "lost" else ""
        for line in _entries(heading, members, str, str):
            for part in _wrapped(line, console.width):
                console.print(Text(part, style=style), soft_wrap=True)
        for change in members if heading == "documentation" and documentation else ():
            for part in _wrapped(_names(change.names, str), console.width):
                console.print(Text(part), soft_wrap=True)
            for line in change.words:
                console.print(Text(f"      {line}"), soft_wrap=True)


def markdown(changes: LibraryChanges, *, documentation: bool = False) -> str:
    """Return the changes of one library as a section of a changelog.

    Parameters
    ----------
    changes, documentation
        See `page`.
    """
    lines = [f"## {_title(changes)}", ""]
    for heading, title in TITLES.items():
        if members := changes.under(heading):
            lines += [f"### {title}", ""]
            lines += [*(f"- {entry}" for entry in _entries(heading, members, _code, _prose)), ""]
        for change in members if heading == "documentation" and documentation else ():
            lines += [f"{_names(change.names, _code)}:", "", "```diff", *change.words, "```", ""]
    return "\n".join(lines)


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(
        line, width, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
    )


def _title(changes: LibraryChanges) -> str:
    name = changes.distribution
    if not changes.before:
        return f"{name} {changes.after}: new"
    if not changes.after:
        return f"{name} {changes.before}: no longer wrapped"
    if changes.before == changes.after:
        return f"{name} {changes.after}"
    return f"{name} {changes.before} → {changes.after}"


def _entries(
    heading: Heading, changes: Sequence[Change], code: _Style, prose: _Style
) -> Iterator[str]:
    """Yield one line for each change, and one for all of documentation.

    Parameters
    ----------
    code, prose
        How to write a name, and a phrase.
    """
    if heading == "documentation":
        count = len({name for change in changes for name in change.names})
        yield "1 docstring changed" if count == 1 else f"{count} docstrings changed"
        return
    if heading == "added" and len(changes) > _ADDITIONS:
        names = sorted({name for change in changes for name in change.names})
        yield f"{len(names)} names: {_listed(names, code)}"
        return
    if heading == "deprecated":
        by_message, changes = _by_message(changes)
        for message, replaced in by_message.items():
            pairs = [
                f"{_names(change.names, code)} → {code(successor)}"
                for change, successor in replaced
            ]
            yield f"{prose(message.removesuffix('.'))}: {'; '.join(pairs)}"
    for change in changes:
        phrases = "; ".join(prose(_shortened(phrase)) for phrase in change.words)
        if heading == "record" and len(change.names) > _NAMED:
            yield f"{phrases}: {len(change.names)} names"
        elif heading == "record":
            yield f"{phrases}: {_names(change.names, code)}"
        else:
            yield ": ".join(filter(None, (_names(change.names, code), phrases)))


def _by_message(
    changes: Sequence[Change],
) -> tuple[dict[str, list[tuple[Change, str]]], list[Change]]:
    """Put changes together that name different successors in the same message.

    Returns
    -------
    dict of str to list
        By message, with an ellipsis for the successor, the changes and the name of the successor.
    list of Change
        The changes whose message is of their own.
    """
    messages: dict[str, list[tuple[Change, str]]] = {}
    for change in changes:
        match = _SUCCESSOR.search(change.words[0]) if len(change.words) == 1 else None
        if match is not None:
            message = change.words[0].replace(match[0], "…")
            messages.setdefault(message, []).append((change, match[1]))
    shared = {message: found for message, found in messages.items() if len(found) >= _NAMED}
    together = {id(change) for replaced in shared.values() for change, _ in replaced}
    return shared, [change for change in changes if id(change) not in together]


def _names(names: Sequence[str], code: _Style) -> str:
    """Return names as a list, those of one module after its name if they are many."""
    if len(names) <= _NAMED:
        return ", ".join(map(code, names))
    if len(names) > _LONGEST_LIST:
        return f"{len(names)} names, such as {', '.join(map(code, names[:_EXAMPLES]))}"
    return _listed(names, code)


def _listed(names: Sequence[str], code: _Style) -> str:
    """Return all names, those of one module after its name."""
    modules: dict[str, list[str]] = {}
    for name in names:
        # The module of a class's member is left of the class, which has a capital letter.
        match = re.fullmatch(r"(.*?)\.([A-Z]\w*\.\w+|\w+)", name)
        module, attribute = match.groups() if match else ("", name)
        modules.setdefault(module, []).append(attribute)
    return "; ".join(
        f"{code(module)}: {listed}" if module else listed
        for module, members in modules.items()
        for listed in [", ".join(map(code, members))]
    )


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}..."


def _code(name: str) -> str:
    return f"`{name}`"


def _prose(text: str) -> str:
    """Return a phrase with what Markdown would take for its own marks escaped.

    Text between backticks stays as it is, and so do underscores within a word. Two backticks, as
    reStructuredText has them, become one.
    """
    pieces = re.split(r"(`[^`]+`)", text.replace("``", "`"))
    return "".join(
        piece if number % 2 else re.sub(r"([\\*<>`]|(?<!\w)_|_(?!\w))", r"\\\1", piece)
        for number, piece in enumerate(pieces)
    )
