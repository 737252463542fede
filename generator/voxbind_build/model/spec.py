"""A library's specification: what a person writes, one TOML a library."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

from voxbind_build.model.vocabulary import Contract, MemoryType, ResultKind


class Exclusion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a public name has no wrapper."""

    reason: str
    """A short category: ``file-io``, ``display``, ``module``, ``foreign``, ..."""
    detail: str = ""
    """One sentence for the reader of the manifest."""


class Declaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person states because it can't be measured, or contests; the rest stays as seen."""

    reason: str
    contract: Contract | Literal["helper"] | None = None
    """``helper`` for what takes no image."""
    result: ResultKind | tuple[ResultKind, ...] | None = None
    needs_channels: bool | None = None
    """Whether an axis of colours must be there."""

    def __post_init__(self) -> None:
        """Refuse a declaration that states nothing or contradicts itself."""
        if not self.reason.strip():
            raise ValueError("the reason is empty; say why the observation doesn't decide")
        if self.contract is None and self.result is None and self.needs_channels is None:
            raise ValueError(
                "the declaration states nothing; give it a contract, a result or needs_channels"
            )
        if self.contract == "helper" and self.needs_channels:
            raise ValueError("a helper takes no image, so it needs no channels; drop one of them")


class EnvironmentVariable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that a library must be told of before it is imported.

    Where the variable isn't set already, no `unless` pattern matches a file and one of
    `below_prefix` exists, the variable is set to the first such file's path.
    """

    below_prefix: tuple[str, ...]
    """Files below ``sys.prefix``, with ``/`` between folders."""
    unless: tuple[str, ...] = ()
    """`glob` patterns of files that make it unnecessary."""


class LibrarySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a library is and what can't be read off it."""

    name: str
    """Key in the manifest and the name below ``voxbind``: ``skimage``."""
    modules: tuple[str, ...]
    """Dotted upstream modules whose public names are taken: ``skimage.filters``."""
    distribution: str = ""
    """Name on PyPI: ``scikit-image``; by default the name."""
    also: tuple[str, ...] = ()
    """Other distributions that hold the same library: for another CUDA, say."""
    written_for: str = ""
    """The minor version of the library that all entries of this specification fit: ``0.26``. If
    another version is installed, an entry that matches nothing there is reported and ignored."""
    extra: str = ""
    """The extra of voxbind that installs it, if there is one: ``skimage``."""
    memory_type: MemoryType = "numpy"
    twin: str | None = None
    """The library that has the same functions on another device."""
    device: Literal["", "cuda"] = ""
    """What it needs to run, where not every machine has that: it is read from its source alone,
    and measured by ``voxbind record``."""
    exclude: dict[str, Exclusion] = field(default_factory=dict)
    """By dotted public name, ``fnmatch`` patterns allowed."""
    declare: dict[str, Declaration] = field(default_factory=dict)
    """By dotted public name."""
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """Roles of parameters whose names mislead: ``{"skimage.x.f": {"param": "role"}}``; a
    parameter named here is given when the function is measured, also where it is optional."""
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The dtypes of the library's memory that a function reads rightly, by dotted public name:
    it is given no others, neither to measure nor by its wrapper."""
    lazy: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameters for which a function takes a dask array and keeps it lazy, by dotted public name,
    if the documentation doesn't say so."""
    needs_output: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Outputs, optional upstream, without which a function returns memory that nobody wrote."""
    tolerance: dict[str, float] = field(default_factory=dict)
    """How far a result may be from the twin's, as a part of the largest number in it: by dotted
    public name, ``fnmatch`` patterns allowed, the first that fits."""
    untyped: dict[str, str] = field(default_factory=dict)
    """Public classes that no parameter has for its type, by dotted name, and why."""
    environment: dict[str, EnvironmentVariable] = field(default_factory=dict)
    """By name of an environment variable."""
    home: str = ""
    """Where wrappers import it from, if it comes with voxbind itself, as a copy of the folder of
    its name in ``templates/``: ``voxbind._native``."""
    needs: tuple[str, ...] = ()
    """Modules that it imports at its first call: the doctor looks for them."""
    file: str = ""
    """The file that it was read from, for messages; no key of the file."""

    @property
    def package(self) -> str:
        """The top-level package of its modules."""
        return self.modules[0].partition(".")[0]

    @property
    def remedy(self) -> str:
        """What brings the library in, as far as a build needs it."""
        if self.device:
            return f"`pip install --no-deps {self.distribution}` brings its source"
        if self.extra or self.distribution != self.name:
            return f"install it with `pip install {self.distribution}`"
        return f"put {self.package!r} beside the file that describes it, or on PYTHONPATH"

    def __post_init__(self) -> None:
        """Let what isn't on PyPI go by its name."""
        if not self.distribution:
            # The struct is frozen for who reads it; here it is being made.
            force_setattr(self, "distribution", self.name)
