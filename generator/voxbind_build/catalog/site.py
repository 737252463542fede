"""The catalogue as files: a page for each function, an index, and what they need.

The same manifest and pictures give the same bytes. All links are relative, and nothing is loaded
from elsewhere, so that the folder can be opened from a disk, copied and served.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from voxbind_build.catalog import entries as listing
from voxbind_build.catalog.basis import Observations
from voxbind_build.catalog.documentation import documentation
from voxbind_build.catalog.entries import Entry
from voxbind_build.catalog.function_lines import lines, signature_lines
from voxbind_build.catalog.parameter_schema import parameter_schema
from voxbind_build.catalog.pictures.call import Picture
from voxbind_build.catalog.pictures.panels import Panel
from voxbind_build.catalog.twin_lines import counterpart
from voxbind_build.classify import device_name
from voxbind_build.model import Function, Manifest

__all__ = ["LIST_OF_FILES", "render_site"]

LIST_OF_FILES = "catalog.json"
"""Name of the file that lists all files of the catalogue, by which a later one replaces them."""
_COPIED = ("style.css", "page.js", "search.js", "compare.js")


class _Files:
    """The files of the catalogue; equal pictures share a file."""

    def __init__(self) -> None:
        self.contents: dict[str, str | bytes] = {}

    def picture(self, panel: Panel) -> str:
        """Add a panel's picture, and return its path; empty if it has none."""
        if not panel.picture:
            return ""
        path = f"pictures/{hashlib.sha256(panel.picture).hexdigest()[:16]}.webp"
        self.contents[path] = panel.picture
        return path


def render_site(
    manifest: Manifest,
    observations: Observations,
    pictures: Mapping[str, Picture],
    reasons: Mapping[str, str],
    templates: Path,
) -> dict[str, str | bytes]:
    """Return the files of the catalogue by POSIX path, sorted.

    Parameters
    ----------
    manifest
        The record of all libraries.
    observations
        Observations by library and definition; a function may have none.
    pictures
        Pictures by the function's public name; a function may have none.
    reasons
        By library without pictures, why it has none, as a sentence.
    templates
        The folder with the templates of the pages.
    """
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["content"] = _content
    page, files = environment.get_template("page.html.jinja"), _Files()
    all_entries = listing.contents(manifest)
    pages = {entry.name: entry.page for entry in all_entries}
    listed: list[tuple[dict[str, Any], str]] = []
    compared: dict[str, dict[str, list[str]]] = {}
    for entry in all_entries:
        library = manifest.libraries[entry.library]
        facts = list(lines(manifest, entry.library, entry.name, observations))
        twin = _twin(manifest, entry)
        made = pictures.get(entry.name, Picture())
        files.contents[entry.page] = page.render(
            entry=entry,
            function=entry.function,
            library=library,
            code="\n".join(signature_lines(entry.function)),
            facts=_together(facts),
            documentation=documentation(entry.function),
            schema=_schema(entry.function),
            picture=_shown(made, files),
            reason=reasons.get(entry.library, "No call of the function is known."),
            twin=twin,
            twin_page=pages.get(twin, ""),
            twin_has_picture=any(p.picture for p in pictures.get(twin, Picture()).results),
            root="../",
        )
        thumbnail = next((path for p in made.results if (path := files.picture(p))), "")
        row = listing.index_row(entry, manifest, thumbnail)
        listed.append((row, listing.words(entry)))
        compared[entry.name] = listing.comparison(entry, library.memory_type, iter(facts))
    versions = [(name, entry) for name, entry in sorted(manifest.libraries.items())]
    for name in ("index", "all"):
        files.contents[f"{name}.html"] = environment.get_template(f"{name}.html.jinja").render(
            entries=all_entries, libraries=versions, package=manifest.package, root=""
        )
    listed.sort(key=lambda entry: _place(entry[0]))
    scripts: dict[str, Any] = {
        "functions": [row for row, _ in listed],
        "words": [words for _, words in listed],
        "comparisons": _numbered(compared),
    }
    files.contents |= {f"{name}.js": _script(name, value) for name, value in scripts.items()}
    for name in _COPIED:
        files.contents[name] = templates.joinpath(name).read_text(encoding="utf-8")
    paths = sorted([*files.contents, LIST_OF_FILES])
    files.contents[LIST_OF_FILES] = json.dumps({"files": paths}, indent=1) + "\n"
    return dict(sorted(files.contents.items()))


def _content(text: str) -> str:
    """Escape the content of an element, where quotes may stay: code and schemas have many."""
    return html.escape(text, quote=False)


def _place(row: dict[str, Any]) -> tuple[bool, bool, bool, str]:
    """Return a sort key of the index: functions of images that run anywhere come first."""
    is_helper, is_numpy = row["contract"] == "helper", row["memory"] == "numpy"
    return is_helper, "gpu" in row, not is_numpy, row["name"]


def _twin(manifest: Manifest, entry: Entry) -> str:
    """Return the public name of a function's twin; empty if it has none."""
    library, pair = counterpart(manifest, entry.library, entry.name) or ("", None)
    if pair is None:
        return ""
    other = manifest.libraries[library]
    return device_name(entry.name, other) if other.device else pair.name


def _together(facts: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Put the texts of each label together."""
    grouped: list[tuple[str, list[str]]] = []
    for label, text in facts:
        if label or not grouped:
            grouped.append((label, []))
        grouped[-1][1].append(text)
    return grouped


def _schema(function: Function) -> str:
    if function.form != "function":
        return ""
    return json.dumps(parameter_schema(function), indent=2, ensure_ascii=False)


def _shown(picture: Picture, files: _Files) -> dict[str, Any]:
    def panels(shown: tuple[Panel, ...]) -> list[dict[str, Any]]:
        return [
            {"title": p.title, "text": p.text, "path": files.picture(p), "size": p.size}
            for p in shown
        ]

    return {
        "call": picture.call,
        "failure": picture.failure,
        "images": panels(picture.images),
        "results": panels(picture.results),
    }


def _numbered(compared: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    """Return the comparisons with each text once, because many functions have the same texts."""
    numbers: dict[str, int] = {}
    functions = {
        name: {
            label: [numbers.setdefault(text, len(numbers)) for text in texts]
            for label, texts in by_label.items()
        }
        for name, by_label in compared.items()
    }
    return {"texts": [*numbers], "functions": functions}


def _script(name: str, value: Any) -> str:
    """Return a script that holds a value; a page that is opened from a disk can't load JSON.

    The text is parsed as JSON, which is quicker than reading it as a program. It is between single
    quotes, because JSON has many double ones, which would need a backslash each.
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    literal = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"\"use strict\";\nwindow.catalog_{name} = JSON.parse('{literal}');\n"
