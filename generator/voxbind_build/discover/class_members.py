"""The public members of a class.

They are read from its source and that of its bases, or from the imported class if it is compiled.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Sequence
from typing import Literal

import libcst as cst
import libcst.matchers as matchers
from msgspec.structs import replace

from voxbind_build.common import signatures
from voxbind_build.common.deprecation import deprecates_callable
from voxbind_build.discover.constants import dotted_name
from voxbind_build.discover.live_differences import reconcile
from voxbind_build.discover.live_worker import (
    CALLABLE,
    CONSTRUCTOR,
    LiveMember,
    LiveName,
    is_public,
)
from voxbind_build.discover.module_source import Class, Function, Module, expression
from voxbind_build.discover.resolve import Home, Resolver
from voxbind_build.discover.source_signatures import parameters_of
from voxbind_build.model import SourceParameter

__all__ = ["class_and_ancestors", "made_classes", "members", "members_of_made"]

_RAISED = ("Error", "Exception", "Warning")
"""Ends of the names of classes whose instances are raised."""
Binding = Literal["method", "classmethod", "staticmethod", "property"]


def members(resolver: Resolver, home: Home, live: LiveName | None) -> dict[str, str]:
    """Return the public members of a class, as `Function.members` writes them, sorted by name.

    Parameters
    ----------
    resolver
        The modules of the package.
    home
        Where the class is defined.
    live
        The imported class, if it was imported. If the class has no source, its members are those
        of the imported class; otherwise its constructor counts, which a decorator may have changed.
    """
    constructor = live.parameters if live is not None else None
    has_source = _class(resolver, home) is not None
    described: dict[str, str] = {}
    for ancestor in reversed(_linearized(resolver, home)) if has_source else ():
        described |= dict(_own_members(resolver, ancestor, constructor))
    if not has_source and live is not None:
        described = {
            name: _imported(member)
            for name, member in live.members.items()
            if name not in CALLABLE
            or not (member.parameters is None or _is_vague(member.parameters))
        }
    is_read = has_source and CONSTRUCTOR in described
    is_described = has_source or bool(described)
    if is_described and not is_read and constructor is not None and not _is_vague(constructor):
        described[CONSTRUCTOR] = _signature(constructor)
    return dict(sorted(described.items()))


def _imported(member: LiveMember) -> str:
    """Describe a member of an imported class as one that was read from source."""
    if member.binding in ("property", "attribute"):
        return member.binding
    words = [] if member.binding == "method" else [member.binding]
    if member.parameters is None:
        return " ".join([*words, "(...)"])
    bound = member.parameters[member.binding == "method" :]
    return " ".join([*words, _signature(bound)])


def members_of_made(resolver: Resolver, home: Home, public: Container[str]) -> dict[str, str]:
    """Return the members of classes that a function makes instances of, such as its result.

    Parameters
    ----------
    resolver
        The modules of the package.
    home
        Where the function is defined.
    public
        Names of classes that are described elsewhere, because a listed module exports them.

    Returns
    -------
    dict of str to str
        As `members` returns them, each with the name of its class: ``RegionProperties.area``.
    """
    described: dict[str, str] = {}
    for name, made in made_classes(resolver, home, public):
        found = members(resolver, made, None)
        described |= {f"{name}.{member}": found[member] for member in found}
    return dict(sorted(described.items()))


def made_classes(
    resolver: Resolver, home: Home, public: Container[str]
) -> Iterator[tuple[str, Home]]:
    """Yield the classes that a function makes instances of: see `members_of_made`."""
    if not isinstance(home.binding, Function):
        return
    try:
        calls = matchers.findall(home.binding.node.body, matchers.Call(func=matchers.Name()))
    except RecursionError:  # thousands of expressions within each other
        return
    for call in calls:
        name = cst.ensure_type(cst.ensure_type(call, cst.Call).func, cst.Name).value
        if name.startswith("_") or name in public or name.endswith(_RAISED):
            continue
        made = resolver.home(home.module, name)
        if made.kind == "class":
            yield name, made


def class_and_ancestors(resolver: Resolver, home: Home) -> list[tuple[Module, cst.ClassDef]]:
    """Return a class and its ancestors in this package with their modules; empty without source."""
    sources = (_class(resolver, ancestor) for ancestor in _linearized(resolver, home))
    return [source for source in sources if source is not None]


def _own_members(
    resolver: Resolver, home: Home, constructor: Sequence[SourceParameter] | None
) -> Iterator[tuple[str, str]]:
    """Yield what the body of one class defines, in the order of its lines."""
    source = _class(resolver, home)
    if source is None:
        return
    module, node = source
    written: dict[str, str] = {}
    for statement in node.body.body:
        match statement:
            case cst.FunctionDef(name=cst.Name(name)):
                if is_public(name) and not _sets_property(statement):
                    shown = constructor if name == CONSTRUCTOR else None
                    written[name] = _method(resolver, module, statement, shown)
            case cst.SimpleStatementLine(body=small):
                for line in small:
                    written |= _assigned(line, written)
            case _:
                pass
    yield from written.items()


def _method(
    resolver: Resolver,
    module: Module,
    node: cst.FunctionDef,
    shown: Sequence[SourceParameter] | None,
) -> str:
    decorators = [expression(decorator.decorator) for decorator in node.decorators]
    words = ["deprecated"] if any(map(deprecates_callable, filter(None, decorators))) else []
    binding = _binding(decorators)
    if binding == "property":
        return " ".join([*words, binding])
    parameters = parameters_of(resolver, module, node)
    if binding != "staticmethod":
        parameters = parameters[1:]
    if binding != "method":
        words.append(binding)
    if shown is not None:
        parameters = reconcile(parameters, tuple(shown))
    return " ".join([*words, _signature(parameters)])


def _binding(decorators: Sequence[ast.expr | None]) -> Binding:
    names = {(dotted_name(node) or ("",))[-1] for node in decorators if node is not None}
    if names & {"property", "cached_property"}:
        return "property"
    if "classmethod" in names:
        return "classmethod"
    return "staticmethod" if "staticmethod" in names else "method"


def _signature(parameters: Sequence[SourceParameter]) -> str:
    """Return a signature that Python can parse: what has no name in Python is ``...``."""
    return signatures.text(
        [
            replace(parameter, default="...")
            if parameter.default is not None and _is_nameless(parameter)
            else parameter
            for parameter in parameters
        ]
    )


def _is_nameless(parameter: SourceParameter) -> bool:
    """Return whether a default is a lambda or another object that no name leads to."""
    return not parameter.default_is_literal and (parameter.default or "").startswith("<")


def _is_vague(parameters: Sequence[SourceParameter]) -> bool:
    """Return whether a signature takes whatever is passed, as `typing.Protocol` shows it."""
    kinds = {parameter.kind for parameter in parameters}
    return bool(kinds) and kinds <= {"VAR_POSITIONAL", "VAR_KEYWORD"}


def _assigned(line: cst.BaseSmallStatement, known: dict[str, str]) -> dict[str, str]:
    """Return the public names that a line of a class binds: another name of a method, or a value.

    An annotation alone binds nothing.
    """
    match line:
        case cst.Assign(targets=targets, value=value):
            names = [target.target for target in targets]
        case cst.AnnAssign(target=target, value=cst.BaseExpression() as value):
            names = [target]
        case _:
            return {}
    alias = known.get(value.value) if isinstance(value, cst.Name) else None
    return {
        name.value: alias or "attribute"
        for name in names
        if isinstance(name, cst.Name) and is_public(name.value)
    }


def _sets_property(node: cst.FunctionDef) -> bool:
    """Return whether a method is the setter or the deleter of a property of its name."""
    return any(
        isinstance(decorator.decorator, cst.Attribute)
        and decorator.decorator.attr.value in ("setter", "deleter")
        for decorator in node.decorators
    )


def _class(resolver: Resolver, home: Home) -> tuple[Module, cst.ClassDef] | None:
    module = resolver.module(home.module)
    if module is None or not isinstance(home.binding, Class):
        return None
    return module, home.binding.node


def _linearized(resolver: Resolver, home: Home, derived: tuple[str, ...] = ()) -> list[Home]:
    """Return a class and its ancestors in this package, in the order in which Python looks.

    That order is the one of `type.mro`: each class comes before its bases, and the bases in the
    order in which they are written. Classes of other packages are left out.
    """
    bases = [
        base
        for base in _bases(resolver, home)
        if base.dotted not in (*derived, home.dotted)  # no class is an ancestor of itself
    ]
    lines = [_linearized(resolver, base, (*derived, home.dotted)) for base in bases]
    return [home, *_merged([*lines, bases])]


def _merged(lines: list[list[Home]]) -> list[Home]:
    merged: list[Home] = []
    while lines := [line for line in lines if line]:
        behind = {home.dotted for line in lines for home in line[1:]}
        # Python refuses bases without a common order. The first line decides then.
        heads = [line[0] for line in lines]
        first = next((home for home in heads if home.dotted not in behind), heads[0])
        merged.append(first)
        lines = [[home for home in line if home.dotted != first.dotted] for line in lines]
    return merged


def _bases(resolver: Resolver, home: Home) -> Iterator[Home]:
    source = _class(resolver, home)
    if source is None:
        return
    module, node = source
    for base in node.bases:
        named = expression(base.value)
        parts = dotted_name(named) if named is not None else None
        owner = module.name
        reached = None
        for part in parts or ():
            reached = resolver.home(owner, part)
            owner = reached.module
        if reached is not None and isinstance(reached.binding, Class):
            yield reached
