"""Makes docstrings of compiled functions readable: without signatures, and numpydoc for Doxygen.

SWIG, Cython and f2py write a function's signature into the first lines, and OpenCV writes Doxygen's
commands after it: ``.   @brief Blurs an image.``
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

__all__ = ["readable"]

_LONGEST = 100_000
"""Characters of a docstring that is changed; longer ones stay as they are."""
_COMMAND = re.compile(r"[@\\](\w+)(?:\[[\w, ]*\])?\s*")
_TITLES = {
    **dict.fromkeys(("return", "returns", "result"), "Returns"),
    **dict.fromkeys(("sa", "see"), "See Also"),
    **dict.fromkeys(("note", "warning", "remark", "remarks"), "Notes"),
}
"""Sections of numpydoc by command of Doxygen."""
_LEFT_OUT = ("overload", "code", "endcode", "snippet", "include", "internal", "cond", "endcond")
_OF_INTRODUCTION = frozenset(
    (
        *("attention", "author", "authors", "brief", "bug", "date", "deprecated", "details"),
        *("exception", "par", "paragraph", "post", "pre", "section", "short", "since"),
        *("subsection", "throw", "throws", "todo", "tparam", "version"),
    )
)
"""Commands whose text is added to the introduction."""
_COMMANDS = frozenset(("param", *_TITLES, *_LEFT_OUT, *_OF_INTRODUCTION))
"""All known commands; the other words after a backslash are formulas: ``\\begin{bmatrix}``."""


def readable(docstring: str, name: str) -> str:
    """Return a docstring without the lines that are signatures of the function.

    Parameters
    ----------
    docstring
        The docstring.
    name
        The function's name.

    Returns
    -------
    str
        The text, with Doxygen's commands as sections of numpydoc. If there are several signatures,
        or types of C++ in the only one, they are listed in the notes.
    """
    if f"{name}(" not in docstring[:_LONGEST] or len(docstring) > _LONGEST:
        return docstring
    signature = re.compile(rf"\s*(\d+\.\s+)?([\w, ]+ = )?{re.escape(name)}\(.*")
    lines = docstring.strip("\n").splitlines()
    is_doxygen = any(line.startswith(".   ") for line in lines)
    count = next((n for n, line in enumerate(lines) if not signature.fullmatch(line)), len(lines))
    if not count or any(line.rstrip()[-1:] in (",", "(") for line in lines[:count]):
        return docstring
    signatures = [line.strip() for line in lines[:count]]
    rest = lines[count:]
    if is_doxygen:
        signatures += [line.strip() for line in rest if signature.fullmatch(line)]
        rest = [*_numpydoc([line for line in rest if not signature.fullmatch(line)])]
    text = re.sub(r"\n{3,}", "\n\n", textwrap.dedent("\n".join(rest)).strip("\n"))
    is_noted = len(signatures) > 1 or "::" in signatures[0]
    if is_noted and not re.search(r"^\s*Notes\n\s*-", text, re.MULTILINE):
        listed = "\n".join(f"    {line}" for line in signatures)
        text += f"\n\nNotes\n-----\nSignatures in the library::\n\n{listed}\n"
    return text.strip("\n")


def _numpydoc(lines: list[str]) -> Iterator[str]:
    """Yield the text of Doxygen's commands as numpydoc."""
    introduction: list[str] = []
    parameters: dict[str, list[str]] = {}
    sections: dict[str, list[str]] = {}
    current = introduction
    for line in map(_plain, lines):
        command = _COMMAND.match(line)
        word = command[1] if command and command[1] in _COMMANDS else ""
        text = line[command.end() :] if command and word else line
        if word in _LEFT_OUT:
            continue
        if word == "param":
            parameter, _, text = text.partition(" ")
            # A later overload documents the parameters of the first one again.
            current = [] if parameter in parameters else parameters.setdefault(parameter, [])
        elif word in _TITLES:
            current = sections.setdefault(_TITLES[word], [])
        elif word or (not text and any(current is entry for entry in parameters.values())):
            current = introduction
        current.append(text)
    yield from introduction
    if parameters:
        yield from ("", "Parameters", "----------")
        for name, described in parameters.items():
            yield name
            yield from (f"    {line}".rstrip() for line in described)
    for title, body in sections.items():
        yield from ("", title, "-" * len(title))
        if title == "See Also":
            yield ", ".join(re.findall(r"\w+", " ".join(body)))
        elif title == "Returns":
            yield from ("result", *(f"    {line}" for line in body))
        else:
            yield from body


def _plain(line: str) -> str:
    """Return a line without the dot before it, and with references and formulas as plain text."""
    line = re.sub(r"^\.( {1,3}|$)", "", line)
    line = re.sub(r"\\f[$\[\]]", "$", line)
    line = re.sub(r"[@\\](cite \w+ ?|ref )", "", line)
    return re.sub(r"#(?=[A-Za-z_]\w{3,})", "", line)
