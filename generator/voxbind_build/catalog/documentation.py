"""A function's documentation as HTML, converted from its docstring by docutils."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree, publish_parts
from docutils.io import DocTreeInput
from docutils.parsers.rst import Directive, directives, roles
from docutils.readers.doctree import Reader
from docutils.statemachine import StringList
from docutils.utils import Reporter

from voxbind_build.catalog.parameter_texts import with_texts
from voxbind_build.common.docstrings import Section, entries, split
from voxbind_build.model import Function

__all__ = ["documentation"]

_SETTINGS: dict[str, Any] = {
    "doctitle_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,  # text of a library must not read files
    "halt_level": 5,
    "initial_header_level": 2,
    "input_encoding": "unicode",
    "math_output": "MathML",
    "output_encoding": "unicode",
    "raw_enabled": False,  # nor write HTML of its own
    "report_level": 5,
    "syntax_highlight": "none",
    "_disable_config": True,
}
_ROLES = (
    *("attr", "class", "const", "data", "doc", "exc", "func", "meth", "mod", "numref", "obj"),
    *("py:attr", "py:class", "py:func", "py:meth", "py:mod", "py:obj", "ref", "term", "file"),
)
"""Sphinx's roles that name something: they become code."""
_NOTES = {
    "deprecated": "Deprecated since version",
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
}
_OF_ENTRIES = frozenset(
    ("Returns", "Yields", "Receives", "Other Parameters", "Raises", "Warns", "Attributes")
)
_SCHEMES = ("http://", "https://", "mailto:", "#")
"""Beginnings of the links that a page may have."""


class _VersionNote(Directive):  # type: ignore[misc]  # docutils ships no types
    """Sphinx's notes on versions: ``.. versionadded:: 0.19``."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> Sequence[nodes.Node]:
        version, *words = " ".join(self.arguments).split(maxsplit=1) or [""]
        note = nodes.container(classes=["version"])
        note += nodes.paragraph("", "", nodes.emphasis("", f"{_NOTES[self.name]} {version}"))
        for lines in (StringList(words, source=""), self.content):
            self.state.nested_parse(lines, self.content_offset, note)
        return [note]


class _SeeAlso(Directive):  # type: ignore[misc]  # as above
    """Sphinx's references to similar functions: ``.. seealso:: :func:`scipy.ndimage.label```."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> Sequence[nodes.Node]:
        note = nodes.container(classes=["version"])
        note += nodes.paragraph("", "", nodes.emphasis("", "See also"))
        names = "\n".join(self.arguments).splitlines()
        for lines in (StringList(names, source=""), self.content):
            self.state.nested_parse(lines, self.content_offset, note)
        return [note]


class _Left(Directive):  # type: ignore[misc]  # as above
    """A directive whose content makes no sense on a page, such as a plot."""

    has_content = True
    optional_arguments = 9

    def run(self) -> Sequence[nodes.Node]:
        return []


def _as_code(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any, **__: Any
) -> tuple[Sequence[nodes.Node], Sequence[nodes.Node]]:
    title = re.sub(r"\s*<[^<>]*>$", "", text).lstrip("~!")
    return [nodes.literal(rawtext, title)], []


def _register() -> None:
    for name in _ROLES:
        roles.register_local_role(name, _as_code)
    for name in _NOTES:
        directives.register_directive(name, _VersionNote)
    directives.register_directive("seealso", _SeeAlso)
    for name in ("plot", "index", "currentmodule", "image", "figure"):
        directives.register_directive(name, _Left)


_register()


def documentation(function: Function) -> str:
    """Return the documentation as HTML, with the types of the manifest for parameters.

    Parameters
    ----------
    function
        The function's entry in the manifest.

    Returns
    -------
    str
        Headings begin at the second level. If the text isn't valid reStructuredText, what can't be
        converted is shown as it was written, and so are unknown directives.
    """
    text = "\n\n".join(_source(function))
    if not text.strip():
        return ""
    tree = publish_doctree(text, settings_overrides=_SETTINGS)
    _clean(tree)
    parts: Mapping[str, Any] = publish_parts(
        tree,
        reader=Reader(),
        source_class=DocTreeInput,
        writer="html5",
        settings_overrides=_SETTINGS,
    )
    return str(parts["body"])


def _source(function: Function) -> Iterator[str]:
    """Yield the paragraphs of the page as reStructuredText."""
    doc = split(function.doc)
    yield doc.introduction
    if function.parameters:
        yield _heading("Parameters")
        for parameter in with_texts(function):
            default = "" if parameter.default is None else f", default {_code(parameter.default)}"
            type_ = f"{_code(parameter.annotation)}{default}"
            yield _definition(f"{_code(parameter.name)} : {type_}", parameter.description)
    names = {parameter.name for parameter in function.parameters}
    for section in doc.sections:
        if section.title != "Parameters" and (body := [*_body(section, names)]):
            yield _heading(section.title)
            yield from body


def _body(section: Section, parameters: Set[str]) -> Iterator[str]:
    """Yield the paragraphs of a section, without parameters that are listed already."""
    if section.title in _OF_ENTRIES:
        for entry in entries(section):
            if section.title == "Other Parameters" and parameters >= {*entry.names} != set():
                continue
            name = _code(entry.name) if entry.name else ""
            type_ = _code(entry.type) if entry.type else ""
            if head := " : ".join(filter(None, (name, type_))):
                yield _definition(head, entry.text)
            else:
                yield entry.text
    elif section.title == "See Also":
        for line in re.sub(r"\n\s+", " ", textwrap.dedent(section.body)).splitlines():
            if line.strip():
                yield f"- {line.strip()}"
    else:
        yield textwrap.dedent(section.body)


def _heading(title: str) -> str:
    return f"{title}\n{'=' * len(title)}"


def _definition(term: str, text: str) -> str:
    body = textwrap.indent(textwrap.dedent(text).strip() or "No description.", "    ")
    return f"{term}\n{body}"


def _code(text: str) -> str:
    return f"``{' '.join(text.replace('`', chr(39)).split())}``"


def _clean(tree: nodes.document) -> None:
    """Remove messages about wrong markup, and links that a page must not have; mark code as such.

    Errors quote text that isn't on the page otherwise, such as an unknown directive: it stays.
    """
    for message in [*tree.findall(nodes.system_message)]:
        is_error = message["level"] >= Reporter.ERROR_LEVEL
        quoted = [*message.findall(nodes.literal_block)] if is_error else []
        message.parent.replace(message, quoted)
    for wrong in [*tree.findall(nodes.problematic)]:
        wrong.parent.replace(wrong, nodes.Text(wrong.astext()))
    for literal in tree.findall(nodes.literal):
        literal["classes"] = ["code"]  # makes it a `code` element, which screen readers know
    for link in [*tree.findall(nodes.reference)]:
        target = link.get("refuri", "")
        if target and not target.lower().startswith(_SCHEMES):
            link.parent.replace(link, nodes.Text(html.unescape(link.astext())))
