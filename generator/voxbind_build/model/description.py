"""What documentation and annotations say of a callable: parameters, types, results."""

from __future__ import annotations

from msgspec import Struct, field

from voxbind_build.model.vocabulary import Contract, ParameterKind, TypeSource


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter of a wrapper."""

    name: str
    kind: ParameterKind
    annotation: str
    """A Python expression over the generated modules' vocabulary (see `render`)."""
    annotation_source: TypeSource
    default: str | None = None
    default_is_literal: bool = True
    documented: str = ""
    """The documentation's type, word for word."""
    facts: dict[str, str] = field(default_factory=dict)
    """What the documented type says that fits no annotation: ``{"range": "[0, 1]"}``."""
    contradiction: str = ""
    """What the documentation says and what the default is, where the two differ, in words."""
    untyped: str = ""
    """Why there is an ``Any`` in the annotation, in words."""
    description: str = ""


class Form(Struct, frozen=True, kw_only=True):
    """What comes back where options have certain values."""

    options: dict[str, str]
    """By parameter, literals that it may be, with commas between: ``{"return_num": "True"}``."""
    types: dict[str, str] = field(default_factory=dict)
    """By parameter, the type of an argument that isn't the default: ``{"index": "int"}``."""
    annotation: str


class Returns(Struct, frozen=True, kw_only=True):
    """What a wrapper gives back."""

    annotation: str
    annotation_source: TypeSource
    documented: tuple[tuple[str, str], ...] = ()
    """(name, type) of each documented member, word for word."""
    forms: tuple[Form, ...] = ()
    """Where options decide, the types that come with them, the defaults first."""
    facts: dict[str, str] = field(default_factory=dict)
    """As for a parameter; those of a member have its name before them: ``labels.dtype``."""
    contradiction: str = ""
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
    parameters: tuple[Parameter, ...]
    returns: Returns
    doc: str = ""
    deprecated: str | None = None
    tags: tuple[str, ...] = ()
    declared: Contract | None = None
    """What its author says of it, with `voxbind.declare`."""
