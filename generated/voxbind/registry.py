"""All wrapped functions, looked up in the manifest without importing any library.

The facts are read from an index, ``registry.json``; the manifest itself is read only for
documentation.

>>> from voxbind import registry
>>> [function.name for function in registry.find(library="skimage", text="otsu")]  # doctest: +SKIP
['skimage.filters.rank.otsu', 'skimage.filters.threshold_otsu', ...]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal

from ._support.classes import class_of
from ._support.contract import ProcessingContract
from ._support.package import PACKAGE
from .errors import LibraryMissingError, VoxbindError

__all__ = ["FunctionMetadata", "find", "functions"]


@dataclass(frozen=True, kw_only=True)
class FunctionMetadata:
    """Facts about one wrapper."""

    name: str
    """Dotted name below the package: ``skimage.filters.gaussian``."""
    library: str
    """Key of the library: ``skimage``."""
    memory_type: str
    """Memory that the library works in: ``numpy``."""
    module: str
    """The library's module: ``skimage.filters``."""
    original_name: str
    """Name within that module: ``gaussian``."""
    kind: Literal["image", "helper"]
    contract: ProcessingContract | None
    """None for helpers, and for image functions that could not be observed."""
    reason: str
    """Why it has this contract, in words."""
    evidence: str
    """``observed``, ``recorded``, ``inferred``, ``declared`` or ``unobserved``."""
    result: str | tuple[str, ...]
    """Kind of the result, or of each member if it is a tuple."""
    arrays: tuple[str, ...]
    """Parameters that take image-like arrays."""
    outputs: tuple[str, ...]
    """Parameters that the library writes its result into."""
    needs_channels: bool
    """Whether the image needs a channel axis."""
    channels_last: bool
    """Whether the image may have a channel axis, its last."""
    mutates: tuple[str, ...]
    """Parameters that the function modifies in place, as measured."""
    random: bool
    """Whether two calls on one image give different results."""
    dtypes: Mapping[str, Mapping[str, Any]] = field(hash=False)
    """By input dtype: the measured ``dtype`` and ``range`` of the result."""
    tags: tuple[str, ...]
    deprecated: str | None = field(repr=False)
    package: str = field(default=PACKAGE, repr=False)
    """The package that the wrapper is in: ``voxbind``, or one that another project generated."""
    reach: Mapping[str, Any] | None = field(default=None, hash=False)
    """How far an element of the result looks along each axis, as the manifest has it: see
    ``reach`` there. None if that wasn't measured."""
    axis_arguments: Mapping[str, str | tuple[float, ...]] = field(
        default_factory=dict[str, str | tuple[float, ...]], hash=False
    )
    """Parameters with an entry for each axis of the image, and of which kind: ``shape``,
    ``property``, ``kernel``, ``transform``, or the numbers that leave an axis alone."""
    keeps_state: bool = False
    """Whether two equal calls in a row can give different results, though nothing is random."""
    ignored_outputs: tuple[str, ...] = ()
    """Parameters that take a dtype which the result then doesn't have."""
    slices_with_one: bool = False
    """Whether each slice of a volume is processed by itself if the further images are slices."""
    result_colours: str = ""
    """``removed`` if the result of a colour image has no axis of colours, ``added`` if the result
    of an image has one."""
    result_options: tuple[str, ...] = ()
    """Parameters on which the kind of the result depends: ``return_num``. The kind in `result` is
    that with their defaults."""
    colours: tuple[int, ...] = ()
    """Number of colours that the image must have, and of the result's if it has an axis of colours;
    empty if any number is accepted."""
    resizing_options: Mapping[str, tuple[object, ...]] = field(
        default_factory=dict[str, tuple[object, ...]], hash=False
    )
    """By parameter, values with which the result has another shape: ``{"resize": (True,)}``."""
    dtype_follows: str = ""
    """The parameter, besides the image, whose dtype the result has: ``markers``."""
    refuses: tuple[str, ...] = ()
    """What the library never accepted: dtypes of the image, and its axes, such as
    ``(Y, X, 3)``."""

    @cached_property
    def doc(self) -> str:
        """The library's own documentation."""
        return _documentation(self.package)[self.name]

    @cached_property
    def func(self) -> Callable[..., Any]:
        """The wrapper itself; its module is imported at first use.

        Raises
        ------
        LibraryMissingError
            If a frozen program was made without the wrapper's module.
        """
        module, _, attribute = f"{self.package}.{self.name}".rpartition(".")
        try:
            function: Callable[..., Any] = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if not f"{module}.".startswith(f"{error.name}."):
                raise
            raise LibraryMissingError(
                f"{module} isn't part of this program, though the registry lists it. Import it in "
                "the program, or name it to the tool that freezes the program: PyInstaller takes "
                f"--hidden-import {module}.",
                name=module,
            ) from error
        return function

    def __reduce__(self) -> tuple[Callable[[str, str], FunctionMetadata], tuple[str, str]]:
        """Make copies and unpickled objects the registry's own entry."""
        return _entry, (self.name, self.package)


def functions(*, helpers: bool = False, package: str = PACKAGE) -> Mapping[str, FunctionMetadata]:
    """Return the image functions, by dotted name below the package and sorted by it.

    Parameters
    ----------
    helpers
        Whether to include functions and classes without an image argument, such as footprints.
    package
        The package of the wrappers: ``voxbind``, or one that another project generated with it.

    Raises
    ------
    VoxbindError
        If there is no such package, or its index is damaged.
    """
    return _everything(package) if helpers else _images(package)


def find(
    *,
    library: str | None = None,
    contract: ProcessingContract | str | None = None,
    memory_type: str | None = None,
    tag: str | None = None,
    text: str | None = None,
    helpers: bool = False,
    package: str = PACKAGE,
) -> tuple[FunctionMetadata, ...]:
    """Return the functions that match all arguments, sorted by name.

    Parameters
    ----------
    library
        Key of a library: ``skimage``.
    contract
        A contract or its name.
    memory_type
        Memory that the library works in: ``numpy``.
    tag
        One of the function's tags.
    text
        Words that must all occur in the name, the tags or the documentation; case doesn't matter.
    helpers
        Whether to search the helpers too.
    package
        The package of the wrappers, as for `functions`.

    Raises
    ------
    ValueError
        If there is no such library, contract or memory.
    """
    candidates = functions(helpers=helpers, package=package).values()
    every = _everything(package).values()
    if library is not None:
        _accept("library", library, sorted({function.library for function in every}))
    if contract is not None:
        _accept("contract", contract, ProcessingContract)
    if memory_type is not None:
        _accept("memory_type", memory_type, sorted({function.memory_type for function in every}))
    words = (text or "").casefold().split()

    def fits(function: FunctionMetadata) -> bool:
        return (
            library in (None, function.library)
            and contract in (None, function.contract)
            and memory_type in (None, function.memory_type)
            and (tag is None or tag in function.tags)
            and (not words or _mentions(function, words))
        )

    return tuple(filter(fits, candidates))


def _mentions(function: FunctionMetadata, words: list[str]) -> bool:
    text = " ".join((function.name, *function.tags, function.doc)).casefold()
    return all(word in text for word in words)


def _accept(parameter: str, value: str, accepted: Iterable[str]) -> None:
    values = [str(member) for member in accepted]
    if value not in values:
        names = ", ".join(map(repr, values))
        raise ValueError(f"{parameter}={value!r} isn't known; accepted are {names}")


class _Damage(ValueError):
    """What is wrong in a file of the record, and where."""


def _read(file: str, package: str) -> dict[str, Any]:
    """Read a file of the record, which may be in a zip archive as the package itself may be."""
    from importlib.resources import files  # takes longer to import than all else here

    try:
        content = json.loads(files(package).joinpath(file).read_bytes())
    except (OSError, ImportError, UnicodeDecodeError) as error:
        raise _Damage(f"can't be read ({type(error).__name__}: {error})") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _Damage(f"isn't valid JSON at {place} ({error.msg})") from error
    return _checked(content, "at the top level")


def _checked(value: Any, place: str) -> dict[str, Any]:
    if class_of(value) is not dict:
        raise _Damage(f"has a value of type {class_of(value).__name__} {place}, not an object")
    checked: dict[str, Any] = value
    return checked


def _damaged(file: str, package: str, damage: Exception) -> VoxbindError:
    return VoxbindError(
        f"{file} of the package {package} {damage}: install {package.partition('.')[0]} anew, or "
        "run `voxbind build`, which writes it."
    )


@cache
def _everything(package: str = PACKAGE) -> Mapping[str, FunctionMetadata]:
    file = "registry.json"
    try:
        entries = {
            name: _metadata(name, facts, package) for name, facts in _read(file, package).items()
        }
    except _Damage as damage:
        raise _damaged(file, package, damage) from damage
    return MappingProxyType(entries)


@cache
def _documentation(package: str) -> dict[str, str]:
    file = "manifest.json"
    documentation: dict[str, str] = {}
    try:
        libraries = _checked(_read(file, package).get("libraries"), "at 'libraries'")
        for library, facts in libraries.items():
            place = f"at 'libraries', {library!r}"
            functions = _checked(_checked(facts, place).get("functions"), f"{place}, 'functions'")
            for name, entry in functions.items():
                where = f"{place}, 'functions', {name!r}"
                wrapper, doc = map(_checked(entry, where).get, ("wrapper", "doc"))
                if not (isinstance(wrapper, str) and isinstance(doc, str)):
                    raise _Damage(f"lacks a wrapper's name or its documentation {where}")
                documentation[wrapper.removeprefix(f"{package}.")] = doc
    except _Damage as damage:
        raise _damaged(file, package, damage) from damage
    return documentation


@cache
def _images(package: str) -> Mapping[str, FunctionMetadata]:
    return MappingProxyType(
        {
            name: function
            for name, function in _everything(package).items()
            if function.kind == "image"
        }
    )


def _entry(name: str, package: str = PACKAGE) -> FunctionMetadata:
    return _everything(package)[name]


def _read_only(value: Any) -> Any:
    kind = class_of(value)
    if kind is dict:
        return MappingProxyType({key: _read_only(item) for key, item in value.items()})
    return tuple(map(_read_only, value)) if kind is list else value


def _metadata(name: str, facts: Any, package: str) -> FunctionMetadata:
    place = f"at {name!r}"
    values = {fact: _read_only(value) for fact, value in _checked(facts, place).items()}
    try:
        contract = values.pop("contract")
        return FunctionMetadata(
            name=name,
            package=package,
            contract=contract and ProcessingContract(contract),
            **values,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _Damage(f"has a wrong entry {place} ({type(error).__name__}: {error})") from error
