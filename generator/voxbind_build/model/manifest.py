"""The frozen record: functions and libraries as they are written."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from voxbind_build.model.description import Parameter, Returns
from voxbind_build.model.spec import EnvironmentVariable, Exclusion
from voxbind_build.model.twin import Twin
from voxbind_build.model.verdict import Overruled, Verdict
from voxbind_build.model.vocabulary import SCHEMA_VERSION, Aspect, MemoryType


class Function(Verdict, frozen=True, kw_only=True):
    """A callable as the manifest holds it: its verdict, and beside it how it is described."""

    wrapper: str
    deprecated: str | None
    parameters: tuple[Parameter, ...]
    returns: Returns
    module: str
    original_name: str
    definition: str
    fingerprint: str
    doc: str
    tags: tuple[str, ...]
    twin: Twin | None = None
    form: Literal["function", "class", "constant"] = "function"
    """Classes and constants are re-exported, as helpers."""
    members: dict[str, str] = field(default_factory=dict)
    """Public members of a class that has source, by name, inherited ones included. Each is a
    signature without `self`, after words that say what else it is: ``(src, dst)``,
    ``classmethod (src, dst)``, ``deprecated property``, ``attribute``. The constructor is
    ``__init__``."""

    @property
    def public(self) -> str:
        """Dotted public name upstream: ``skimage.filters.gaussian``."""
        return f"{self.module}.{self.original_name}"

    @property
    def lazy(self) -> tuple[str, ...]:
        """Array parameters that take a dask array as well, and keep it lazy."""
        return tuple(
            parameter.name
            for parameter in self.parameters
            if parameter.name in self.arrays and "dask" in parameter.facts.get("storage", "")
        )

    @property
    def label(self) -> str:
        """The contract in one word, or what stands in its place."""
        return self.contract or ("helper" if self.kind == "helper" else "unobserved")

    @property
    def promised(self) -> Overruled | None:
        """What was observed of a function whose contract its author declares."""
        return self.overruled if self.overruled and self.overruled.by == "author" else None


class Library(Struct, frozen=True, kw_only=True):
    """One library as the manifest holds it."""

    distribution: str
    extra: str
    version: str
    memory_type: MemoryType
    twin: str | None
    modules: tuple[str, ...]
    functions: dict[str, Function]
    excluded: dict[str, Exclusion]
    handed_on: dict[str, dict[str, str]] = field(default_factory=dict)
    """By module in which nothing is wrapped, and by package that only holds modules: the public
    names in the source, which voxbind re-exports unchanged. Each has a function's signature,
    ``class`` or ``constant``. The name ``*`` stands for all names, of a module that has a stub."""
    differences: tuple[str, ...] = ()
    environment: dict[str, EnvironmentVariable] = field(default_factory=dict)
    home: str = ""
    device: Literal["", "cuda"] = ""
    machine: str = ""
    """The device and driver on which it was observed; empty where that was here, or nowhere."""
    measured_with: dict[str, str] = field(default_factory=dict)
    """By distribution, the versions of NumPy and other libraries with which it was observed, as far
    as its results depend on them; empty if they aren't known."""


class Manifest(Struct, frozen=True, kw_only=True):
    """The frozen record that is written, and all that `render` reads."""

    libraries: dict[str, Library]
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each generated file, by its path below the package."""
    digest: str = ""
    """SHA-256 over the manifest without this field: tells an edit by hand."""
    schema_version: int = SCHEMA_VERSION


class Difference(Struct, frozen=True, kw_only=True):
    """One thing in which two records of a library differ."""

    name: str
    """Dotted public name, or the library's name for what concerns all of it."""
    aspect: Aspect
    before: str = ""
    after: str = ""
