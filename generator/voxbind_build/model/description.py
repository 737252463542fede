"""The description of a function by its documentation and annotations."""

from __future__ import annotations

from msgspec import Struct, field

from voxbind_build.model.vocabulary import Contract, ParameterKind, TypeSource


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter of a wrapper."""

    name: str
    """The library's name of it."""
    kind: ParameterKind
    """How it is passed: by position, by name, or either, as in Python's `inspect`."""
    annotation: str
    """The type as a Python expression, with the names that the generated modules import: ``Array |
    None``."""
    annotation_source: TypeSource
    """Where its type comes from: the library's annotation, a stub, the documentation, the default,
    calls, or the twin."""
    default: str | None = None
    """The default as Python code; none if an argument is required."""
    default_is_literal: bool = True
    """Whether the default is a number, a text or another literal. Otherwise `default` is an
    expression of the library."""
    documented: str = ""
    """The documentation's type, word for word."""
    facts: dict[str, str] = field(default_factory=dict)
    """Facts of the documented type that no annotation can state: ``{"range": "[0, 1]"}``."""
    contradiction: str = ""
    """If the default isn't of the documented type, both of them, in words."""
    untyped: str = ""
    """Why there is an ``Any`` in the annotation, in words."""
    description: str = ""
    """The documentation's text on the parameter. The manifest leaves it out, because the
    function's `doc` contains it."""


class Form(Struct, frozen=True, kw_only=True):
    """The type of the result if options have certain values."""

    options: dict[str, str]
    """By parameter, its values as literals, separated by commas: ``{"return_num": "True"}``."""
    types: dict[str, str] = field(default_factory=dict)
    """By parameter, the type of an argument that isn't the default: ``{"index": "int"}``."""
    annotation: str
    """The type of the result with these options."""


class Returns(Struct, frozen=True, kw_only=True):
    """The result of a wrapper."""

    annotation: str
    """The type as a Python expression, as for a parameter."""
    annotation_source: TypeSource
    """Where the type comes from, as for a parameter."""
    documented: tuple[tuple[str, str], ...] = ()
    """(name, type) of each documented member, word for word."""
    forms: tuple[Form, ...] = ()
    """The types for certain options, if options decide; that of the defaults is first."""
    facts: dict[str, str] = field(default_factory=dict)
    """As for a parameter. Facts of a member of a tuple begin with its name: ``labels.dtype``."""
    contradiction: str = ""
    """If the measured type isn't the documented one, both of them, in words."""
    untyped: str = ""
    """Why there is an ``Any`` in the annotation, in words."""


class Description(Struct, frozen=True, kw_only=True):
    """Signature, types and documentation of one callable."""

    name: str
    module: str
    attribute: str
    definition: str
    """``module:qualname`` of the definition; names that share it share observations."""
    fingerprint: str
    code: str = ""
    shared_code: str = ""
    """See `Function.code`."""
    parameters: tuple[Parameter, ...]
    returns: Returns
    doc: str = ""
    deprecated: str | None = None
    tags: tuple[str, ...] = ()
    declared: Contract | None = None
    """The contract that its author declares with `voxbind.declare`."""
