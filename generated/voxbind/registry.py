"""All wrapped functions, looked up in the manifest without importing any library.

The facts are read from an index, ``registry.json``; the manifest itself is read only for
documentation.

>>> from voxbind import registry
>>> [found.name for found in registry.find(library="skimage", text="otsu")]  # doctest: +SKIP
['skimage.filters.rank.otsu', 'skimage.filters.threshold_otsu', ...]
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from os.path import dirname, join
from types import MappingProxyType

from ._support.classes import class_of
from .contract import ProcessingContract
from .errors import VoxbindError

TYPE_CHECKING = False  # as in `voxbind`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal

__all__ = ["FunctionMetadata", "find", "functions"]

_PACKAGE = __package__ or "voxbind"


@dataclass(frozen=True, kw_only=True)
class FunctionMetadata:
    """Facts about one wrapper."""

    name: str
    """Dotted name below voxbind: ``skimage.filters.gaussian``."""
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
    needs_channels: bool
    """Whether the image needs a channel axis."""
    mutates: tuple[str, ...]
    """Parameters that the function modifies in place, as measured."""
    random: bool
    """Whether two calls on one image give different results."""
    dtypes: Mapping[str, Mapping[str, Any]] = field(hash=False)
    """By input dtype: the measured ``dtype`` and ``range`` of the result."""
    tags: tuple[str, ...]
    deprecated: str | None = field(repr=False)

    @cached_property
    def doc(self) -> str:
        """The library's own documentation."""
        return _documentation()[self.name]

    @cached_property
    def func(self) -> Callable[..., Any]:
        """The wrapper itself; its module is imported at first use."""
        module, _, attribute = f"{_PACKAGE}.{self.name}".rpartition(".")
        function: Callable[..., Any] = getattr(import_module(module), attribute)
        return function

    def __reduce__(self) -> tuple[Callable[[str], FunctionMetadata], tuple[str]]:
        """Make copies and unpickled objects the registry's own entry."""
        return _entry, (self.name,)


def functions(*, helpers: bool = False) -> Mapping[str, FunctionMetadata]:
    """Return the image functions, by dotted name below voxbind and sorted by it.

    Parameters
    ----------
    helpers
        Whether to include functions and classes without an image argument, such as footprints.
    """
    return _everything() if helpers else _images()


def find(
    *,
    library: str | None = None,
    contract: ProcessingContract | str | None = None,
    memory_type: str | None = None,
    tag: str | None = None,
    text: str | None = None,
    helpers: bool = False,
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

    Raises
    ------
    ValueError
        If there is no such library, contract or memory.
    """
    found = functions(helpers=helpers).values()
    every = _everything().values()
    if library is not None:
        _accept("library", library, sorted({each.library for each in every}))
    if contract is not None:
        _accept("contract", contract, ProcessingContract)
    if memory_type is not None:
        _accept("memory_type", memory_type, sorted({each.memory_type for each in every}))
    words = (text or "").casefold().split()

    def fits(each: FunctionMetadata) -> bool:
        return (
            library in (None, each.library)
            and contract in (None, each.contract)
            and memory_type in (None, each.memory_type)
            and (tag is None or tag in each.tags)
            and (not words or _mentions(each, words))
        )

    return tuple(filter(fits, found))


def _mentions(each: FunctionMetadata, words: list[str]) -> bool:
    text = " ".join((each.name, *each.tags, each.doc)).casefold()
    return all(word in text for word in words)


def _accept(parameter: str, value: str, accepted: Iterable[str]) -> None:
    values = [str(each) for each in accepted]
    if value not in values:
        names = ", ".join(map(repr, values))
        raise ValueError(f"{parameter}={value!r} isn't known; accepted are {names}")


def _read(file: str) -> dict[str, Any]:
    # `pathlib` takes longer to import than the file takes to read.
    with open(join(dirname(__file__), file), "rb") as opened:  # noqa: PTH118, PTH120, PTH123
        read: dict[str, Any] = json.load(opened)
    return read


def _unreadable(error: Exception) -> VoxbindError:
    return VoxbindError(
        f"voxbind's manifest can't be read ({type(error).__name__}: {error}). Reinstall voxbind, "
        "or run `voxbind build`, which writes it."
    )


@cache
def _everything() -> Mapping[str, FunctionMetadata]:
    try:
        found = {name: _metadata(name, facts) for name, facts in _read("registry.json").items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(error) from error
    return MappingProxyType(found)


@cache
def _documentation() -> dict[str, str]:
    try:
        libraries = _read("manifest.json")["libraries"].values()
        entries = [entry for library in libraries for entry in library["functions"].values()]
        return {entry["wrapper"].partition(".")[2]: entry["doc"] for entry in entries}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(error) from error


@cache
def _images() -> Mapping[str, FunctionMetadata]:
    return MappingProxyType(
        {name: each for name, each in _everything().items() if each.kind == "image"}
    )


def _entry(name: str) -> FunctionMetadata:
    return _everything()[name]


def _read_only(value: Any) -> Any:
    kind = class_of(value)
    if kind is dict:
        return MappingProxyType({key: _read_only(item) for key, item in value.items()})
    return tuple(map(_read_only, value)) if kind is list else value


def _metadata(name: str, facts: dict[str, Any]) -> FunctionMetadata:
    contract = facts.pop("contract")
    return FunctionMetadata(
        name=name,
        contract=contract and ProcessingContract(contract),
        **{fact: _read_only(value) for fact, value in facts.items()},
    )
