"""The manifest as a package of typed modules: ``{path: text}``, the same for the same manifest.

Texts go in and texts come out; putting them on disk is the writer's work. Nothing that a
library wrote reaches a module but as what it parses to: a literal, a type, a name or a
quoted text.
"""

from __future__ import annotations
import __future__

from pathlib import Path
from symtable import symtable

from voxbind_build.common import wording
from voxbind_build.model import Manifest
from voxbind_build.render.code.auto import PACKAGE, render_auto
from voxbind_build.render.code.checked_text import RenderError
from voxbind_build.render.code.formatting import tidy
from voxbind_build.render.code.module import render_handed_on, render_module
from voxbind_build.render.code.module_tree import module_tree
from voxbind_build.render.code.registry_index import INDEX, index
from voxbind_build.render.docs.examples import Examples

__all__ = ["RenderError", "own_names", "render", "templates_dir"]

_OWN = "_native"
"""The package of voxbind's own functions."""
_WORDING = Path(wording.__file__)
"""The one file that the generator and the run time share."""
_AUTO_WORDING = "_auto/wording.py"
"""Where the run time has it."""


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
    runtime |= {_AUTO_WORDING: _WORDING.read_text(encoding="utf-8")}
    own = {f"{_OWN}/{path}": text for path, text in _copied(templates / "native").items()}
    modules: dict[str, str] = {}
    examples = Examples(manifest)
    reserved = own_names(templates)
    for node in module_tree(manifest):
        if node.name.partition(".")[0] in reserved:
            raise RenderError(f"{node.name}: a library can't have this name, voxbind itself has it")
        modules[node.path] = render_module(node, templates, examples)
        for name in node.not_wrapped_modules:
            path = f"{node.name.replace('.', '/')}/{name}.py"
            modules[path] = render_handed_on(node, name, templates)
    modules |= render_auto(manifest, templates)
    rest = {INDEX: index(manifest), "py.typed": ""}
    return dict(sorted({**tidy(modules), **runtime, **own, **rest}.items()))


def own_names(templates: Path) -> dict[str, str]:
    """Return the names at the top of the package that are voxbind's own, and what each is.

    No library can have one of them: it would take the place of a module, or of what
    ``voxbind.__init__`` shows.
    """
    init = templates / "runtime" / "__init__.py"
    scope = symtable(init.read_text(encoding="utf-8"), init.name, "exec")
    bound = [
        symbol.get_name()
        for symbol in scope.get_symbols()
        if symbol.get_name() not in __future__.all_feature_names  # of `from __future__ import`
        and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace())
    ]
    paths = {path.partition("/")[0] for path in _copied(templates / "runtime")}
    modules = {path.removesuffix(".py") for path in paths}
    return {
        **dict.fromkeys(bound, "something"),
        **dict.fromkeys((*modules, PACKAGE, _OWN), "a module"),
    }


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
