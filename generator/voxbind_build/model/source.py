"""What discovery finds: public names and where they are defined."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from voxbind_build.model.spec import Exclusion, LibrarySpec
from voxbind_build.model.vocabulary import ParameterKind


class SourceParameter(Struct, frozen=True, kw_only=True):
    """One parameter, as it is written in the source."""

    name: str
    kind: ParameterKind
    default: str | None = None
    """A literal or builtin expression (``1``, ``'nearest'``, ``range(1, 10, 2)``), or the
    dotted public path of an object of a library (``numpy.sum``). A default that can't be written
    so is a text such as ``<lambda>``. None if the argument is required."""
    default_is_literal: bool = True
    annotation: str | None = None
    stub: str | None = None
    """The type in the library's stub file, with all overloads united."""


class Definition(Struct, frozen=True, kw_only=True):
    """Where and how a callable is defined."""

    module: str
    """The defining module: ``skimage.filters._gaussian``."""
    qualname: str
    parameters: tuple[SourceParameter, ...]
    returns: str | None = None
    docstring: str = ""
    """Cleaned with `inspect.cleandoc`. It is read from the imported object if there is one, because
    some libraries fill in templates when they are imported."""
    fingerprint: str = ""
    """SHA-256 over the text of the defining module."""
    code: str = ""
    shared_code: str = ""
    """See `Function.code`."""
    origin: Literal["source", "live"] = "source"
    """``live`` for compiled callables that have no Python source."""
    decorators: tuple[str, ...] = ()
    """The decorators as they are written in the source, outermost first."""


class PublicName(Struct, frozen=True, kw_only=True):
    """One public name of one listed module."""

    name: str
    """Dotted public name: ``skimage.filters.gaussian``."""
    kind: Literal["function", "class", "constant", "module"]
    definition: Definition | None = None
    """For functions; None for everything else."""
    exclusion: Exclusion | None = None
    members: dict[str, str] = field(default_factory=dict)
    """For classes, and for functions that make instances: see `Function.members`."""

    @property
    def module(self) -> str:
        """The listed module that shows the name."""
        return self.name.rpartition(".")[0]

    @property
    def attribute(self) -> str:
        """The name within its module."""
        return self.name.rpartition(".")[2]


class Inventory(Struct, frozen=True, kw_only=True):
    """Everything public that a library's listed modules show."""

    spec: LibrarySpec
    version: str
    names: tuple[PublicName, ...]
    """Sorted by name."""
    differences: tuple[str, ...] = ()
    """A sentence for each difference between the source and the imported module."""
    live: bool = True
    """Whether the library could be imported."""
    absent: tuple[str, ...] = ()
    """Listed modules that don't exist."""
    not_importable: dict[str, str] = field(default_factory=dict)
    """By listed module that exists and couldn't be imported, the error."""
    handed_on: dict[str, dict[str, str]] = field(default_factory=dict)
    """See `Library.handed_on`."""
    classes: dict[str, dict[str, str]] = field(default_factory=dict)
    """See `Library.classes`."""
    deprecations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """See `Library.deprecations`."""
    imported: tuple[str, ...] = ()
    """Paths of the files that Python and the library loaded when the library was imported. They
    depend on the machine, and no record holds them."""
