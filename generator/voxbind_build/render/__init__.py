"""Render a manifest as a package of typed modules: ``{path: text}``.

The same manifest always gives the same bytes. Nothing is written to disk here; the writer does
that. Text of a library reaches a module only as a literal, a type, a name or a quoted string, each
of which is parsed first.
"""

from __future__ import annotations
import __future__

from pathlib import Path
from symtable import symtable

from voxbind_build.common import image_axes, wording
from voxbind_build.common.templates import templates_dir
from voxbind_build.model import PACKAGE, Manifest
from voxbind_build.render.code.auto import AUTO, render_auto
from voxbind_build.render.code.checked_text import RenderError
from voxbind_build.render.code.formatting import tidy
from voxbind_build.render.code.module import render_handed_on, render_module
from voxbind_build.render.code.module_tree import module_tree
from voxbind_build.render.code.package import render_package
from voxbind_build.render.code.registry_index import INDEX, index
from voxbind_build.render.docs.examples import Examples
from voxbind_build.render.napari import PLUGIN, plugin

__all__ = ["RenderError", "own_names", "render", "runtime", "templates_dir"]

_NATIVE = "_native"
"""The package of voxbind's own functions."""
_SHARED = {"_auto/wording.py": wording, "_upstream/image_axes.py": image_axes}
"""The files that the generator and the run time share, by their path in the package."""


def render(manifest: Manifest, templates: Path) -> dict[str, str]:
    """Return the text of each file of the package.

    The manifest's own file is left out, since it lists the digests of all others.

    Parameters
    ----------
    manifest
        The record of every library.
    templates
        The folder of templates, see `templates_dir`.

    Returns
    -------
    dict of str to str
        Text by POSIX path below the package, sorted by path.

    Raises
    ------
    RenderError
        If a name, type or literal in the manifest isn't one, or if a library has a name that
        voxbind uses itself.
    """
    modules: dict[str, str] = {}
    examples = Examples(manifest)
    is_own = manifest.package == PACKAGE
    reserved = own_names(templates) if is_own else {}
    for node in module_tree(manifest):
        if node.name.partition(".")[0] in reserved:
            raise RenderError(
                f"{node.name}: a library can't have this name, since voxbind uses it itself. "
                "Choose another name in the library's TOML file"
            )
        modules[node.path] = render_module(node, templates, examples)
        for name in (*node.not_wrapped_modules, *node.submodules):
            path = f"{node.name.replace('.', '/')}/{name}.py"
            modules[path] = render_handed_on(node, name, templates)
    if is_own:
        modules |= render_auto(manifest, templates)
    else:
        modules |= render_package(manifest, templates)
    data = {INDEX: index(manifest), "py.typed": ""}
    if is_own:
        data[PLUGIN] = plugin(manifest)
    copied = runtime(templates) if is_own else {}
    return dict(sorted({**tidy(modules, manifest.package), **copied, **data}.items()))


def runtime(templates: Path) -> dict[str, str]:
    """Return the files that wrappers import at run time, by POSIX path below `voxbind`.

    Parameters
    ----------
    templates
        The folder of templates.
    """
    native = {f"{_NATIVE}/{path}": text for path, text in _copied(templates / "native").items()}
    shared = {
        path: Path(str(module.__file__)).read_text(encoding="utf-8")
        for path, module in _SHARED.items()
    }
    return _copied(templates / "runtime") | shared | native


def own_names(templates: Path) -> dict[str, str]:
    """Return the top-level names that voxbind uses itself, each with what it names.

    A library can't have one of these names: it would hide a module of voxbind, or a name that
    ``voxbind.__init__`` exports.
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
        **dict.fromkeys((*modules, AUTO, _NATIVE), "a module"),
    }


def _copied(folder: Path) -> dict[str, str]:
    """Return the Python files of a folder, by POSIX path below it."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
    }
