"""The manifest as a package of typed modules: ``{path: text}``, the same for the same manifest.

Texts go in and texts come out; putting them on disk is the writer's work. Nothing that a
library wrote reaches a module but as what it parses to: a literal, a type, a name or a
quoted text.
"""

from __future__ import annotations

import ast
from pathlib import Path

from voxbind_build.model import Manifest
from voxbind_build.render.code.auto import PACKAGE, render_auto
from voxbind_build.render.code.checked_text import RenderError
from voxbind_build.render.code.formatting import tidy
from voxbind_build.render.code.module import render_module
from voxbind_build.render.code.module_tree import module_tree
from voxbind_build.render.code.registry_index import INDEX, index
from voxbind_build.render.docs.examples import Examples

__all__ = ["RenderError", "own_names", "render", "templates_dir"]


def render(manifest: Manifest, templates: Path) -> dict[str, str]:
    """Return the text of each file of the package, by POSIX path below it, sorted.

    The manifest's own file isn't among them: it lists the digests of these.

    Parameters
    ----------
    manifest
        What is known of every library.
    templates
        See `templates_dir`.

    Raises
    ------
    RenderError
        If something in the manifest is not the name, type or literal that it claims to be.
    """
    runtime = _copied(templates / "runtime")
    own = {f"_native/{path}": text for path, text in _copied(templates / "native").items()}
    modules: dict[str, str] = {}
    examples = Examples(manifest)
    reserved = own_names(templates)
    for node in module_tree(manifest):
        if node.name.partition(".")[0] in reserved:
            raise RenderError(f"{node.name}: a library can't have this name, voxbind itself has it")
        modules[node.path] = render_module(node, templates, examples)
    modules |= render_auto(manifest, templates)
    rest = {INDEX: index(manifest), "py.typed": ""}
    return dict(sorted({**tidy(modules), **runtime, **own, **rest}.items()))


def own_names(templates: Path) -> frozenset[str]:
    """Return the names that voxbind itself has at its top: no library can have one of them.

    They are those of its modules and what it exports: a module ``voxbind.trace`` would take the
    place of the function ``voxbind.trace``.
    """
    paths = {path.partition("/")[0] for path in _copied(templates / "runtime")}
    modules = {path.removesuffix(".py") for path in paths} - {"__init__"}
    return frozenset({*modules, *_exported(templates / "runtime" / "__init__.py"), PACKAGE})


def _exported(module: Path) -> list[str]:
    """Return a module's ``__all__``."""
    for statement in ast.parse(module.read_bytes()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(statement.value)
            return names
    raise RenderError(f"{module} has no __all__ to say what it exports")


def _copied(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def templates_dir() -> Path:
    """Return the folder of the templates: the checkout's, or those of the installed package."""
    package = Path(__file__).parent.parent
    # An editable install has a copy in site-packages that isn't the one being edited.
    checkout = package.parent.parent / "templates"
    if (checkout / "runtime").is_dir() and (package.parent.parent / "pyproject.toml").is_file():
        return checkout
    return package / "templates"
