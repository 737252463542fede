"""Describe: from definitions to signatures with types, and documentation."""

from __future__ import annotations

import ast
import hashlib
import re

import msgspec

from voxbind_build.describe.docstrings import parse
from voxbind_build.describe.parameters import describe_parameter
from voxbind_build.describe.results import describe_returns
from voxbind_build.model import Definition, Description, Inventory, PublicName

__all__ = ["describe"]

_DEPRECATOR = re.compile(r"deprecat(?!.*(param|arg|default|kw))", re.IGNORECASE)


def describe(inventory: Inventory) -> tuple[Description, ...]:
    """Describe the functions of an inventory that are not left out, in its order."""
    return tuple(
        _scrubbed(_describe(name, name.definition, inventory.version))
        for name in inventory.names
        if name.kind == "function" and name.definition is not None and name.exclusion is None
    )


def _describe(name: PublicName, definition: Definition, version: str) -> Description:
    documentation = parse(definition.docstring)
    fingerprint = hashlib.sha256(f"{definition.fingerprint}\n{version}".encode()).hexdigest()
    return Description(
        name=name.name,
        module=name.module,
        attribute=name.attribute,
        definition=f"{definition.module}:{definition.qualname}",
        fingerprint=fingerprint,
        parameters=tuple(
            describe_parameter(parameter, documentation) for parameter in definition.parameters
        ),
        returns=describe_returns(definition.returns, documentation),
        doc=definition.docstring,
        deprecated=documentation.deprecated or _deprecating_decorator(definition),
        tags=tuple(name.module.split(".")[1:]),
    )


def _scrubbed(description: Description) -> Description:
    """Put a replacement character for each half of a pair, which no file can hold."""

    def scrub(value: object) -> object:
        if isinstance(value, str):
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(value, dict):
            return {key: scrub(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [scrub(item) for item in value]
        return value

    return msgspec.convert(scrub(msgspec.to_builtins(description)), Description)


def _deprecating_decorator(definition: Definition) -> str | None:
    """Give the texts in a decorator such as ``@deprecated("use `gaussian`")``."""
    for decorator in definition.decorators:
        node = ast.parse(decorator, mode="eval").body
        called = node.func if isinstance(node, ast.Call) else node
        if not _DEPRECATOR.search(ast.unparse(called)):
            continue
        arguments = (
            node.args + [k.value for k in node.keywords] if isinstance(node, ast.Call) else []
        )
        texts = [
            argument.value
            for argument in arguments
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        return "; ".join(texts) or "deprecated"
    return None
