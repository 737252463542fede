"""The manifest: functions and libraries as they are written to JSON."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from voxbind_build.model.description import Parameter, Returns
from voxbind_build.model.spec import EnvironmentVariable, Exclusion, ImageClass
from voxbind_build.model.twin import Twin
from voxbind_build.model.verdict import Overruled, Verdict
from voxbind_build.model.vocabulary import PACKAGE, SCHEMA_VERSION, Aspect, MemoryType

DECORATED = "decorated "
"""In front of the signature of a function that is handed on, if it has a decorator."""


class Function(Verdict, frozen=True, kw_only=True):
    """A function in the manifest: its verdict and its description."""

    wrapper: str
    """Dotted name of the wrapper: the package, then the public name upstream."""
    deprecated: str | None
    """The library's text on its deprecation; none if it isn't deprecated."""
    parameters: tuple[Parameter, ...]
    """The wrapper's parameters, in order."""
    returns: Returns
    """The type of the result."""
    module: str
    """The module upstream that exports it: ``skimage.filters``."""
    original_name: str
    """Its name in that module: ``gaussian``."""
    definition: str
    """Where its code is, as ``module:name``: ``skimage.filters._gaussian:gaussian``. Public names
    with the same definition share one measurement."""
    fingerprint: str
    """Digest of the source of its module, or of its documented signature, and of the library's
    version; empty for classes and constants."""
    code: str = ""
    """Digest of the function's Python code and of what it uses in its module, without comments,
    documentation and annotations; empty if there is none. Equal digests of two versions mean equal
    code."""
    shared_code: str = ""
    """The same of what it uses in other modules of the library; ``compiled`` if some of that is
    compiled, and empty if there is nothing."""
    doc: str
    """The library's documentation of it."""
    tags: tuple[str, ...]
    """Words by which a search finds it: the modules that it is in, and the categories that the
    library gives it."""
    twin: Twin | None = None
    """How it differs from the function that does the same on the CPU; none for functions on the
    CPU, and for those without a counterpart."""
    form: Literal["function", "class", "constant"] = "function"
    """Classes and constants are re-exported, as helpers."""
    members: dict[str, str] = field(default_factory=dict)
    """Public members of a class that has source, by name, inherited ones included. Each is a
    signature without `self`, after words that say what else it is: ``(src, dst)``,
    ``classmethod (src, dst)``, ``deprecated property``, ``attribute``. The constructor is
    ``__init__``. For a function, the members of the classes that it makes instances of and that no
    module exports, each with the class's name: ``RegionProperties.area``."""

    @property
    def public(self) -> str:
        """Dotted public name upstream: ``skimage.filters.gaussian``."""
        return f"{self.module}.{self.original_name}"

    @property
    def lazy(self) -> tuple[str, ...]:
        """Array parameters that also take a dask array, and keep it lazy."""
        return tuple(
            parameter.name
            for parameter in self.parameters
            if parameter.name in self.arrays and "dask" in parameter.facts.get("storage", "")
        )

    @property
    def label(self) -> str:
        """The contract; ``helper`` or ``unobserved`` if there is none."""
        return self.contract or ("helper" if self.kind == "helper" else "unobserved")

    @property
    def summary(self) -> str:
        """The first paragraph of the documentation on one line."""
        return " ".join(self.doc.strip().partition("\n\n")[0].split())

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kind of the result, or of each member of a tuple."""
        return (self.result,) if isinstance(self.result, str) else self.result

    @property
    def promised(self) -> Overruled | None:
        """The observed verdict of a function whose contract its author declares, else None."""
        return self.overruled if self.overruled and self.overruled.by == "author" else None


class Library(Struct, frozen=True, kw_only=True):
    """One library in the manifest."""

    distribution: str
    """Its name on PyPI: ``scikit-image``."""
    extra: str
    """The extra of voxbind that installs it: ``skimage``; empty if none does."""
    version: str
    """The version that the wrappers were made from."""
    memory_type: MemoryType
    """The arrays that it takes; ``array_api`` for those of any library."""
    twin: str | None
    """The library with the same functions on the other device: ``cucim`` for ``skimage``, and
    ``skimage`` for ``cucim``; none if there is none."""
    modules: tuple[str, ...]
    """The modules whose public names were wrapped: ``skimage.filters``."""
    functions: dict[str, Function]
    """The wrapped functions, and the classes and constants that are re-exported, by dotted public
    name upstream: ``skimage.filters.gaussian``."""
    excluded: dict[str, Exclusion]
    """The public names that have no wrapper, by dotted public name, and why."""
    handed_on: dict[str, dict[str, str]] = field(default_factory=dict)
    """By module in which nothing is wrapped, and by package that only holds modules: the public
    names in the source, which voxbind re-exports unchanged. Each has a function's signature, with
    ``decorated`` in front if a decorator may have changed it, or ``class`` or ``constant``. The
    name ``*`` stands for all names, of a module with a stub."""
    classes: dict[str, dict[str, str]] = field(default_factory=dict)
    """By dotted public name, the members of the classes that `handed_on` lists, as in
    `Function.members`. Classes of submodules of listed modules are left out."""
    deprecations: dict[str, tuple[str, ...]] | None = None
    """By dotted public name of a function, a class or a module, the deprecation warnings in its
    source, which some call or import emits: ``FutureWarning: Pass a vector to `scale`.``. None in
    older records, which don't have them."""
    differences: tuple[str, ...] = ()
    """A sentence for each difference between the source and the imported module."""
    environment: dict[str, EnvironmentVariable] = field(default_factory=dict)
    """By name, environment variables that are set before the library's first import."""
    home: str = ""
    """The module that wrappers import the library from, if it comes with voxbind:
    ``voxbind._native``; empty otherwise."""
    axes: str = ""
    """The axes of the library's images, if there are others before Y and X: ``NCYX`` for batch and
    channel."""
    image_class: ImageClass | None = None
    """The library's own class of images; none if it takes arrays."""
    device: Literal["", "cuda"] = ""
    """``cuda`` if the library needs an NVIDIA GPU."""
    machine: str = ""
    """The device and driver that it was recorded on; empty if it was observed here, or never."""
    measured_with: dict[str, str] = field(default_factory=dict)
    """By distribution, the versions of NumPy and other libraries with which it was observed, as far
    as its results depend on them; empty if they aren't known."""


class Manifest(Struct, frozen=True, kw_only=True):
    """The record of all libraries. The wrappers are written from it, and from nothing else."""

    libraries: dict[str, Library]
    """The wrapped libraries, by the name of their subpackage: ``skimage``."""
    package: str = PACKAGE
    """Dotted name of the package that holds the wrappers: ``labwrap.typed``."""
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each generated file, by its path below the package."""
    digest: str = ""
    """SHA-256 over the manifest without this field. It shows whether somebody edited the file."""
    schema_version: int = SCHEMA_VERSION
    """The version of this format. It rises if a field gets another name or another meaning; a new
    field with a default leaves it as it is."""


class Difference(Struct, frozen=True, kw_only=True):
    """One difference between two records of a library."""

    name: str
    """Dotted public name of a function, or the library's name if all of it differs."""
    aspect: Aspect
    before: str = ""
    after: str = ""
