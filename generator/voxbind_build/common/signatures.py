"""Signatures as text: how parameters are written in Python, and how such a text is read again."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol, TypeVar

__all__ = ["HasSignature", "SignatureParameter", "parts", "read", "starred_name", "text", "written"]

Kind = Literal[
    "POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"
]


class HasSignature(Protocol):
    """What a signature needs to know of one parameter."""

    @property
    def name(self) -> str:
        """Name without stars."""

    @property
    def kind(self) -> Kind:
        """Kind as `inspect.Parameter` names it."""

    @property
    def default(self) -> str | None:
        """Default as Python writes it; None if the argument is required."""


class SignatureParameter(NamedTuple):
    """One parameter as it was read from a text."""

    name: str
    kind: Kind
    default: str | None = None


P = TypeVar("P", bound=HasSignature)


def written(parameter: HasSignature) -> str:
    """Return one parameter: ``sigma=1``, ``*images``."""
    default = "" if parameter.default is None else f"={parameter.default}"
    return f"{starred_name(parameter)}{default}"


def starred_name(parameter: HasSignature) -> str:
    """Return the name with the stars that stand before it."""
    stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind, "")
    return f"{stars}{parameter.name}"


def parts(parameters: Sequence[P], write: Callable[[P], str] = written) -> list[str]:
    """Return the members of a signature, the bare ``*`` and ``/`` among them."""
    members: list[str] = []
    kinds = [parameter.kind for parameter in parameters]
    for position, parameter in enumerate(parameters):
        if parameter.kind == "KEYWORD_ONLY" and not {"KEYWORD_ONLY", "VAR_POSITIONAL"} & {
            *kinds[:position]
        }:
            members.append("*")
        members.append(write(parameter))
        if parameter.kind == "POSITIONAL_ONLY" and kinds[position + 1 : position + 2] != [
            "POSITIONAL_ONLY"
        ]:
            members.append("/")
    return members


def text(parameters: Sequence[HasSignature]) -> str:
    """Return a signature as Python writes it: ``(image, sigma=1, *, mode='nearest')``."""
    return f"({', '.join(parts(parameters))})"


def read(signature: str) -> tuple[SignatureParameter, ...] | None:
    """Return the parameters of a text that `text` made; None if Python can't parse it."""
    try:
        (definition,) = ast.parse(f"def f{signature}: ...").body
    except SyntaxError:
        return None
    if not isinstance(definition, ast.FunctionDef):
        return None
    given = definition.args
    positional = [*given.posonlyargs, *given.args]
    required = len(positional) - len(given.defaults)
    defaults = [None] * required + [ast.unparse(node) for node in given.defaults]
    only = len(given.posonlyargs)
    members = [
        SignatureParameter(
            argument.arg, "POSITIONAL_ONLY" if place < only else "POSITIONAL_OR_KEYWORD", default
        )
        for place, (argument, default) in enumerate(zip(positional, defaults, strict=True))
    ]
    members += _starred(given.vararg, "VAR_POSITIONAL")
    members += [
        SignatureParameter(argument.arg, "KEYWORD_ONLY", ast.unparse(node) if node else None)
        for argument, node in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    return (*members, *_starred(given.kwarg, "VAR_KEYWORD"))


def _starred(argument: ast.arg | None, kind: Kind) -> Iterable[SignatureParameter]:
    return [SignatureParameter(argument.arg, kind)] if argument is not None else []
