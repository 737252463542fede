"""Derives signatures with types, and documentation, from the definitions of functions."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from typing import get_args

import msgspec
from msgspec.structs import replace

from voxbind_build.common.deprecation import deprecates_callable
from voxbind_build.common.typeexpr import Name, names, union
from voxbind_build.common.typeexpr import parse as parse_type
from voxbind_build.describe.annotations import Classes
from voxbind_build.describe.compiled_docstrings import readable
from voxbind_build.describe.docstrings import parse
from voxbind_build.describe.documented_parameters import describe_parameter
from voxbind_build.describe.documented_returns import describe_returns
from voxbind_build.describe.neighbours import like_neighbours, words_elsewhere
from voxbind_build.model import Contract, Definition, Description, Inventory, PublicName

__all__ = ["describe", "words_elsewhere"]


def describe(inventory: Inventory) -> tuple[Description, ...]:
    """Describe the functions of an inventory, in its order, without those that are excluded."""
    classes = _classes(inventory)
    lazy = inventory.spec.lazy
    described = [
        _scrubbed(
            _declared_lazy(
                _describe(name, name.definition, inventory.version, classes),
                lazy.get(name.name, ()),
            )
        )
        for name in inventory.names
        if name.kind == "function" and name.definition is not None and name.exclusion is None
    ]
    if inventory.spec.image_class is not None:
        described = [
            _with_arrays(description, inventory.spec.image_class.name) for description in described
        ]
    return like_neighbours(described)


def _classes(inventory: Inventory) -> Classes:
    """Return the library's public classes by name; of two modules with one, the upper counts."""
    untyped = inventory.spec.untyped
    classes = [
        name
        for name in inventory.names
        if name.kind == "class" and name.exclusion is None and name.name not in untyped
    ]
    classes.sort(key=lambda name: -name.name.count("."))
    return {name.attribute: name.name for name in classes}


def _describe(
    name: PublicName, definition: Definition, version: str, classes: Classes
) -> Description:
    docstring = readable(definition.docstring, name.attribute)
    documentation = parse(docstring)
    fingerprint = hashlib.sha256(f"{definition.fingerprint}\n{version}".encode()).hexdigest()
    return Description(
        name=name.name,
        module=name.module,
        attribute=name.attribute,
        definition=f"{definition.module}:{definition.qualname}",
        fingerprint=fingerprint,
        code=definition.code,
        shared_code=definition.shared_code,
        parameters=tuple(
            describe_parameter(parameter, documentation, classes, docstring)
            for parameter in definition.parameters
        ),
        returns=describe_returns(definition.returns, documentation, classes),
        doc=docstring,
        deprecated=documentation.deprecated or _deprecating_decorator(definition),
        tags=(*name.module.split(".")[1:], *_categories(definition)),
        declared=_declared(definition),
    )


def _declared_lazy(description: Description, names: tuple[str, ...]) -> Description:
    """Record that parameters accept dask arrays, as if the documentation said so."""
    parameters = tuple(
        replace(parameter, facts={**parameter.facts, "storage": "dask"})
        if parameter.name in names
        else parameter
        for parameter in description.parameters
    )
    return replace(description, parameters=parameters)


def _with_arrays(description: Description, image_class: str) -> Description:
    """Let parameters take arrays that take images of the library's own class."""
    parameters = tuple(
        replace(parameter, annotation=str(union(Name("Array"), parse_type(parameter.annotation))))
        if image_class in names(parse_type(parameter.annotation))
        else parameter
        for parameter in description.parameters
    )
    return replace(description, parameters=parameters)


def _scrubbed(description: Description) -> Description:
    """Replace unpaired surrogates, which can't be written to a file, by replacement characters."""

    def scrub(value: object) -> object:
        if isinstance(value, str):
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(value, dict):
            return {key: scrub(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [scrub(item) for item in value]
        return value

    return msgspec.convert(scrub(msgspec.to_builtins(description)), Description)


def _categories(definition: Definition) -> Iterator[str]:
    """Yield the strings in a decorator's list: "filter" in ``@plugin(categories=["filter"])``."""
    for decorator in definition.decorators:
        node = ast.parse(decorator, mode="eval").body
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            if keyword.arg in ("categories", "tags") and isinstance(keyword.value, ast.List):
                yield from _texts(keyword.value.elts)


def _declared(definition: Definition) -> Contract | None:
    """Return the contract that a decorator declares: ``@declare("FLEXIBLE")``."""
    for decorator in definition.decorators:
        node = ast.parse(decorator, mode="eval").body
        if not isinstance(node, ast.Call) or len(node.args) + len(node.keywords) != 1:
            continue
        if ast.unparse(node.func).rpartition(".")[2] != "declare":
            continue
        argument = node.args[0] if node.args else node.keywords[0].value
        text = argument.value if isinstance(argument, ast.Constant) else ast.unparse(argument)
        # A name, or a member of `voxbind.ProcessingContract`.
        name = str(text).rpartition(".")[2]
        contracts: tuple[Contract, ...] = get_args(Contract)
        return next((contract for contract in contracts if contract == name), None)
    return None


def _deprecating_decorator(definition: Definition) -> str | None:
    """Return the texts in a decorator such as ``@deprecated("use `gaussian`")``."""
    for decorator in definition.decorators:
        node = ast.parse(decorator, mode="eval").body
        if not deprecates_callable(node):
            continue
        arguments = (
            node.args + [k.value for k in node.keywords] if isinstance(node, ast.Call) else []
        )
        # Some texts begin with the name of the decorated function.
        name = f"{definition.qualname}: "
        return "; ".join(text.removeprefix(name) for text in _texts(arguments)) or "deprecated"
    return None


def _texts(nodes: Iterable[ast.expr]) -> list[str]:
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
