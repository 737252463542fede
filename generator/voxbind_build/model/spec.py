"""A library's specification: what a person writes, one TOML a library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeVar

from msgspec import Struct, field
from msgspec.structs import force_setattr

from voxbind_build.model.vocabulary import Contract, MemoryType, ResultKind

_Entry = TypeVar("_Entry")


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


class ImageClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A library's own class of images, and the two functions between it and NumPy's arrays.

    Each name is dotted: ``SimpleITK.Image``.
    """

    name: str
    from_array: str
    """Returns an image for a NumPy array: ``SimpleITK.GetImageFromArray``."""
    to_array: str
    """Returns a NumPy array for an image: ``SimpleITK.GetArrayFromImage``."""


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
    """By dotted public name, ``fnmatch`` patterns allowed."""
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """Roles of parameters whose names mislead: ``{"skimage.x.f": {"param": "role"}}``; a
    parameter named here is given when the function is measured, also where it is optional.
    ``fnmatch`` patterns are allowed for the function; its optional parameters aren't given then."""
    values: dict[str, list[Any] | dict[str, list[Any]]] = field(default_factory=dict)
    """Trial values, the most likely first. A list is for the required parameters of that name in
    all functions: ``{"wavelet": ["haar"]}``. A table is for one function, and for its optional
    parameters too, or for those that match a pattern: ``{"lib.f": {"size": [[8, 8]]}}``."""
    axes: str = ""
    """The axes of the library's images, if there are others before Y and X: ``NCYX`` for batch
    and channel. A wrapper also takes arrays without them."""
    image_class: ImageClass | None = None
    """The library's own class of images, if it takes no arrays."""
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The dtypes of the library's memory that a function reads rightly, by dotted public name:
    it is given no others, neither to measure nor by its wrapper."""
    lazy: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameters for which a function takes a dask array and keeps it lazy, by dotted public name,
    if the documentation doesn't say so."""
    unknown_reach: dict[str, str] = field(default_factory=dict)
    """Why a function's reach is unknown although the measurement shows one, by dotted public name:
    a clause, such as ``it clips to [-1, 1] if any element is negative``."""
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

    def roles_of(self, function: str) -> dict[str, str]:
        """Return the roles of a function's parameters: of all patterns that match, then its own."""
        roles: dict[str, str] = {}
        for entry in matching(self.roles, function):
            roles = {**entry, **roles}
        return roles

    def trial_values(self, function: str, parameters: tuple[str, ...]) -> dict[str, list[Any]]:
        """Return the trial values for a function's parameters: for it, or else for all."""
        lists = {key: entry for key, entry in self.values.items() if isinstance(entry, list)}
        matches = ((name, next(matching(lists, name), None)) for name in parameters)
        values = {name: entry for name, entry in matches if entry is not None}
        tables = {key: entry for key, entry in self.values.items() if isinstance(entry, dict)}
        for entry in reversed([*matching(tables, function)]):
            values |= {name: listed for name, listed in entry.items() if name in parameters}
        return values

    def named_for(self, function: str) -> tuple[str, ...]:
        """Return the parameters that have a role or trial values for this function by its name."""
        values = self.values.get(function, {})
        return (*self.roles.get(function, {}), *(values if isinstance(values, dict) else ()))

    def declaration_of(self, function: str) -> Declaration | None:
        """Return the declaration for a function: its own, or that of the first matching pattern."""
        return next(matching(self.declare, function), None)

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


def matching(entries: Mapping[str, _Entry], name: str) -> Iterator[_Entry]:
    """Yield the entry for a name, and then those whose ``fnmatch`` patterns match it."""
    if name in entries:
        yield entries[name]
    yield from (entry for key, entry in entries.items() if key != name and fnmatchcase(name, key))
