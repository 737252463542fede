"""One module of the package as text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from voxbind_build.model import Library
from voxbind_build.render.examples import Examples
from voxbind_build.render.expressions import identifier
from voxbind_build.render.namespace import Namespace
from voxbind_build.render.quoting import docstring
from voxbind_build.render.tree import Node
from voxbind_build.render.wrapper import Wrapper, names_used, wrap

__all__ = ["fill_in", "render_module", "taken"]

_MEMORIES = {
    "array_api": """\
The functions run where their images are, without a conversion: on the arrays of NumPy, PyTorch and
CuPy, on any device, and what comes out is of the same kind. Axes are (Z, Y, X). What only exports
an array, and pyclesperanto's arrays, go by way of NumPy and come back.

""",
    "cupy": """\
The functions run on an NVIDIA GPU. CuPy's arrays and PyTorch's CUDA tensors stay where they are;
arrays on the host are copied to the GPU, and results come back as what the first image came as.
Axes are (Z, Y, X). Without a GPU a call raises ``DeviceUnavailableError``.

""",
    "pyclesperanto": """\
Images are pyclesperanto's arrays, NumPy's or PyTorch's, of one to three axes, (Z, Y, X).
Results come back as what the first image came as; an array on the device stays there.
pyclesperanto's numbers have at most 32 bits: float64, int64 and uint64 are converted with a
``DtypeConversionWarning``, bool is held as uint8, and what doesn't fit is refused.

""",
}
"""What to know of arrays in a library that doesn't work in NumPy's memory."""


def render_module(node: Node, templates: Path, examples: Examples) -> str:
    """Return the text of one module, not yet tidied.

    Parameters
    ----------
    node
        The module.
    templates
        Where ``module.py.jinja`` is.
    examples
        Rewrites the examples of docstrings.
    """
    names = Namespace(taken(node), node.above)
    library = node.key
    memory = node.library.memory_type
    wrappers = [
        wrap(name, each, library, memory, names, examples)
        for name, each in sorted(node.callables.items())
    ]
    for each in node.handed_on.values():
        names.upstream(each.module, library)
    return fill_in(node, templates, names, wrappers, _describe(node), _upstreams(node, names))


def fill_in(
    node: Node,
    templates: Path,
    names: Namespace,
    wrappers: Sequence[Wrapper],
    description: str,
    upstreams: Sequence[str],
) -> str:
    """Return the text of a module of which the wrappers are made already.

    Parameters
    ----------
    node
        The module.
    templates
        Where ``module.py.jinja`` is.
    names
        Of the module, those of the wrappers among them.
    wrappers
        In the order in which they are written.
    description
        What the module's docstring says.
    upstreams
        The statements that bind what the wrappers call.
    """
    has_overloads = any(wrapper.overloads for wrapper in wrappers)
    overload = names.bind("overload", "typing") if has_overloads else ""
    constants = sorted(name for name, each in node.handed_on.items() if each.form == "constant")
    for name, each in sorted(node.handed_on.items()):
        if each.form == "class":
            names.hand_on(identifier(each.original_name, name), each.module, name)
    lazy = _lazy(node, names)
    type_imports, from_above = names.type_imports, names.type_imports_from_above
    for_checkers = bool(node.children or type_imports or from_above or constants)
    checking = names.bind("TYPE_CHECKING", "typing") if for_checkers else ""
    # What a library's constants are is written nowhere.
    anything = names.bind("Any", "typing") if constants else ""
    return (
        _jinja(templates)
        .get_template("module.py.jinja")
        .render(
            docstring=docstring(description),
            wrappers=wrappers,
            overload=overload,
            lazy=lazy,
            public=sorted([*node.functions, *node.children]),
            children=sorted(node.children),
            upstreams=upstreams,
            # Only now is known what the parts above need.
            imports=names.imports,
            type_imports=type_imports,
            type_imports_from_above=from_above,
            has_types_of_library=names.has_types_of_library,
            constants=constants,
            any=anything,
            checking=checking,
        )
    )


def taken(node: Node) -> set[str]:
    """Return the names that nothing may have which a module's code needs beside its own."""
    own = {"__all__", "__getattr__", "annotations", *node.functions, *node.children}
    return own.union(*(names_used(function) for function in node.callables.values()))


def _describe(node: Node) -> str:
    library = node.library
    memory = _MEMORIES.get(library.memory_type, "")
    return (
        f"{node.name}, typed and measured.\n\n{memory}Generated by voxbind from "
        f"{library.distribution} {library.version}: not to be edited."
    )


def _upstreams(node: Node, names: Namespace) -> list[str]:
    kind = names.bind("upstream", "voxbind.upstream") if names.upstreams else ""
    library = node.library
    memory = "" if library.memory_type == "numpy" else f", memory={library.memory_type!r}"
    environment = f", environment={_environment(library)!r}" if library.environment else ""
    return [
        f"{local} = {kind}({module!r}, distribution={library.distribution!r}, "
        f"version={library.version!r}, extra={library.extra!r}"
        f"{memory}{environment}{_home(module, library)})"
        for module, local in sorted(names.upstreams.items())
    ]


def _home(module: str, library: Library) -> str:
    """Return from where a module is imported that comes with voxbind, as an argument."""
    if not library.home:
        return ""
    _, dot, rest = module.partition(".")
    return f", home={library.home + dot + rest!r}"


def _environment(library: Library) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        variable: {"below_prefix": each.below_prefix, "unless": each.unless}
        for variable, each in sorted(library.environment.items())
    }


def _lazy(node: Node, names: Namespace) -> str:
    """Return the expression for the module's ``__getattr__``, or nothing if it needs none."""
    if not node.children and not node.handed_on:
        return ""
    arguments = ["__name__"]
    if node.children:
        arguments.append(f"submodules={tuple(sorted(node.children))!r}")
    if node.handed_on:
        modules = {each.module for each in node.handed_on.values()}
        upstream = names.upstream(min(modules), node.key)
        arguments += [f"upstream={upstream}", f"names={tuple(sorted(node.handed_on))!r}"]
    return f"{names.bind('lazy_attributes', 'voxbind.lazy')}({', '.join(arguments)})"


@cache
def _jinja(templates: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # The result is Python, not HTML; texts are quoted as Python literals.
        autoescape=False,
    )
