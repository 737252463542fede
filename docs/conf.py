"""How Sphinx builds the site: ``nox -s docs``.

The documents are Markdown that GitHub shows as well. Links from them to other files of the
repository become links to GitHub.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))  # `derived`
_ROOT = Path(__file__).parents[1]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_REPOSITORY = f"{_PROJECT['urls']['Homepage']}/blob/main/"

project = "voxbind"
author = _PROJECT["authors"][0]["name"]
version = release = _PROJECT["version"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_typehints = "none"  # the text of a parameter names its type
default_role = "code"
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["changes/README.md"]
suppress_warnings = ["myst.header"]  # the changelog, in a page of its own, begins at a lower level
html_theme = "pydata_sphinx_theme"
html_title = "voxbind"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_context = {"default_mode": "auto"}  # light or dark, as the person's system
html_theme_options = {
    "github_url": _PROJECT["urls"]["Homepage"],
    "header_links_before_dropdown": 8,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}

_INTO_DOCS = re.compile(r"\]\(docs/")
_BESIDE = re.compile(r"\]\((?!https?:|#)([A-Z][\w.]*\.(?:md|cff)|examples/|tests/|LICENSE)")


def _fill_in(app: Sphinx, name: str, source: list[str]) -> None:
    """Put the parts that are made from the program where a page names them."""
    if "<!-- derived: " in source[0]:
        from derived import filled

        source[0] = filled(source[0])


def _link_to_repository(app: Sphinx, name: str, source: list[str]) -> None:
    """Let links that lead out of ``docs`` lead to GitHub."""
    up = re.compile(rf"\]\((?:\.\./){{{name.count('/') + 1}}}(?!docs/)")
    source[0] = up.sub(f"]({_REPOSITORY}", source[0])


def _link_in_included(app: Sphinx, relative: Path, parent: str, content: list[str]) -> None:
    """Let links of the repository's own files fit the page that includes them."""
    text = _INTO_DOCS.sub("](", content[0])
    content[0] = _BESIDE.sub(lambda match: f"]({_REPOSITORY}{match[1]}", text)


def setup(app: Sphinx) -> None:
    """Register the functions above."""
    app.connect("source-read", _fill_in)
    app.connect("source-read", _link_to_repository)
    app.connect("include-read", _link_in_included)
