"""A library's specification, which a person writes: one TOML file for each library."""

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
    """Facts that a person states because a measurement can't show them, or is wrong.

    All other facts stay as observed.
    """

    reason: str
    """Why the measurement doesn't decide, in a sentence."""
    contract: Contract | Literal["helper"] | None = None
    """What the function does with axes; ``helper`` for a function that takes no image."""
    result: ResultKind | tuple[ResultKind, ...] | None = None
    """The kind of the result, or of each member if it is a tuple."""
    needs_channels: bool | None = None
    """Whether the image must have a channel axis."""

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
    """An environment variable with the path of a file, which is set before a library is imported.

    It is set to the first file of `below_prefix` that exists, unless the variable is set already
    or a file matches a pattern of `unless`.
    """

    below_prefix: tuple[str, ...]
    """Files below ``sys.prefix``, with ``/`` between folders."""
    unless: tuple[str, ...] = ()
    """`glob` patterns of files. If one of them exists, the variable isn't needed."""


class ImageClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A library's own class of images, and the two functions between it and NumPy's arrays.

    Each name is dotted: ``SimpleITK.Image``.
    """

    name: str
    """The class: ``SimpleITK.Image``."""
    from_array: str
    """Returns an image for a NumPy array: ``SimpleITK.GetImageFromArray``."""
    to_array: str
    """Returns a NumPy array for an image: ``SimpleITK.GetArrayFromImage``."""


class LibrarySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a library is, and what can't be read from its source."""

    name: str
    """Key in the manifest and the name below ``voxbind``: ``skimage``."""
    modules: tuple[str, ...]
    """Dotted upstream modules whose public names are taken: ``skimage.filters``."""
    distribution: str = ""
    """Name on PyPI: ``scikit-image``; by default the name."""
    also: tuple[str, ...] = ()
    """Other distributions of the same library, such as one for another version of CUDA."""
    written_for: str = ""
    """The minor version of the library that all entries of this specification fit: ``0.26``. If
    another version is installed, an entry that matches nothing there is reported and ignored."""
    extra: str = ""
    """The extra of voxbind that installs it, if there is one: ``skimage``."""
    memory_type: MemoryType = "numpy"
    """The arrays that the library takes; ``array_api`` for those of any library."""
    twin: str | None = None
    """The library that has the same functions on another device."""
    device: Literal["", "cuda"] = ""
    """``cuda`` if the library needs a GPU. A build then only reads its source, and ``voxbind
    record`` measures it."""
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
    """By dotted public name, the only dtypes that a function reads correctly. Neither the probe
    nor the wrapper passes it others."""
    lazy: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameters for which a function takes a dask array and keeps it lazy, by dotted public name,
    if the documentation doesn't say so."""
    unknown_reach: dict[str, str] = field(default_factory=dict)
    """Why a function's reach is unknown although the measurement shows one, by dotted public name:
    a clause, such as ``it clips to [-1, 1] if any element is negative``."""
    needs_output: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Optional outputs without which a function returns memory that was never written."""
    tolerance: dict[str, float] = field(default_factory=dict)
    """By dotted public name, how much a result may differ from the twin's, as a fraction of its
    largest number. ``fnmatch`` patterns are allowed; the first that matches decides."""
    untyped: dict[str, str] = field(default_factory=dict)
    """By dotted name of a public class, why it isn't used as the type of a parameter."""
    environment: dict[str, EnvironmentVariable] = field(default_factory=dict)
    """By name of an environment variable."""
    home: str = ""
    """The module that wrappers import the library from, if it comes with voxbind:
    ``voxbind._native``, a copy of the folder in ``templates/`` that has the library's name."""
    needs: tuple[str, ...] = ()
    """Modules that the library imports at its first call. The doctor checks them."""
    file: str = ""
    """The file of the specification, for messages. It isn't a key of the file."""

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
        """How to install what a build needs of the library, in words."""
        if self.device:
            return f"`pip install --no-deps {self.distribution}` brings its source"
        if self.extra or self.distribution != self.name:
            return f"install it with `pip install {self.distribution}`"
        return f"put {self.package!r} beside the file that describes it, or on PYTHONPATH"

    def __post_init__(self) -> None:
        """Use the name as the distribution if there is none."""
        if not self.distribution:
            # The struct is frozen once it exists; this sets its first value.
            force_setattr(self, "distribution", self.name)


def matching(entries: Mapping[str, _Entry], name: str) -> Iterator[_Entry]:
    """Yield the entry for a name, and then those whose ``fnmatch`` patterns match it."""
    if name in entries:
        yield entries[name]
    yield from (entry for key, entry in entries.items() if key != name and fnmatchcase(name, key))
