"""Imports a library's modules and lists their names; runs in a process of its own.

A new process is needed because a module's names can depend on earlier imports, and because an
import can hang, or end its process.
"""

from __future__ import annotations
import __future__

import contextlib
import inspect
import os
import resource
import sys
import typing
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Literal

import msgspec
from msgspec import Struct

from voxbind_build.common.fixed_text import without_folders
from voxbind_build.common.landlock import confine
from voxbind_build.discover.constants import NotConstant, canonical
from voxbind_build.discover.documented_signatures import (
    documented_signature,
    is_unknown,
    parameters_in,
)
from voxbind_build.libraries import import_dotted
from voxbind_build.model import ParameterKind, SourceParameter

__all__ = [
    "CALLABLE",
    "CONSTRUCTOR",
    "LiveImport",
    "LiveMember",
    "LiveModule",
    "LiveName",
    "Request",
    "is_public",
    "main",
]

CONSTRUCTOR = "__init__"
CALLABLE = (CONSTRUCTOR, "__call__")
"""The members of a class with underscores that a caller reaches without naming them."""

_KINDS: dict[object, ParameterKind] = {
    inspect.Parameter.POSITIONAL_ONLY: "POSITIONAL_ONLY",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "POSITIONAL_OR_KEYWORD",
    inspect.Parameter.VAR_POSITIONAL: "VAR_POSITIONAL",
    inspect.Parameter.KEYWORD_ONLY: "KEYWORD_ONLY",
    inspect.Parameter.VAR_KEYWORD: "VAR_KEYWORD",
}
_OF_THE_FUTURE = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning)
_FEATURE = type(__future__.annotations)
"""The class of what `from __future__ import` binds, which no module means for its users."""
_FILE_LIMIT = 256 << 20
"""Largest size of a file that an import can write, in bytes."""
_MEMORY_LIMIT = 8 << 30
"""Most private memory that an import can use, in bytes."""


class Request(Struct, frozen=True):
    """The modules to import."""

    modules: tuple[str, ...]
    search_path: tuple[str, ...] = ()
    """Folders to put in front of `sys.path`."""
    folder: str = ""
    """The only folder that the process may write to; empty if it isn't confined."""
    cpu_seconds: int = 0
    """Longest processor time, in seconds; 0 for no limit."""


class LiveMember(Struct, frozen=True):
    """One public member of an imported class."""

    binding: Literal["method", "classmethod", "staticmethod", "property", "attribute"]
    parameters: tuple[SourceParameter, ...] | None = None
    """Of what can be called, with `self` or the class in front; None if they aren't known."""


class LiveName(Struct, frozen=True, kw_only=True):
    """One attribute of an imported module."""

    kind: str
    home: str = ""
    """The object's ``__module__``."""
    qualname: str = ""
    code: str = ""
    """Dotted name of the innermost function, inside all decorators:
    ``pyclesperanto._tier1.absolute``."""
    parameters: tuple[SourceParameter, ...] | None = None
    members: dict[str, LiveMember] = {}
    """The public members of a class, those of its bases in the same package included."""
    doc: str = ""
    error: str = ""


class LiveModule(Struct, frozen=True):
    """An imported module, or the error of its import."""

    names: dict[str, LiveName] = {}
    exports: tuple[str, ...] | None = None
    """``__all__``; None if there is none."""
    error: str = ""
    warning: str = ""
    """The first warning of the import, except deprecations."""


class LiveImport(Struct, frozen=True):
    """The result of importing modules."""

    modules: dict[str, LiveModule] = {}
    """By name."""
    files: tuple[str, ...] = ()
    """Paths of the Python files and shared libraries that are loaded after the import."""


def main(argument: str) -> None:
    """Import the modules of the request, and write a `LiveImport` to standard output."""
    answer = os.dup(1)
    # Text that the library prints must not mix with the answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    request = msgspec.json.decode(argument, type=Request)
    sys.path[:0] = request.search_path
    if request.folder:
        _confine(Path(request.folder), request.cpu_seconds)
    modules = {name: _noted(name, request.folder) for name in request.modules}
    with os.fdopen(answer, "wb") as stream:
        stream.write(msgspec.json.encode(LiveImport(modules, tuple(sorted({*_loaded_files()})))))
    # Exit at once, so that threads of the library can't keep the process alive.
    os._exit(0)


def _noted(name: str, folder: str) -> LiveModule:
    """Import a module, and leave its name in the folder, in case that the import hangs."""
    if folder:
        Path(folder, "module").write_text(name, encoding="utf-8")
    return _module(name)


def _confine(folder: Path, cpu_seconds: int) -> None:
    """Limit this process: where it writes, its memory, files and processor time."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: _FILE_LIMIT,
        resource.RLIMIT_DATA: _MEMORY_LIMIT,
        resource.RLIMIT_CPU: cpu_seconds,
    }
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))
    confine([folder, Path("/dev/shm")], devices=[Path("/dev"), Path("/proc/self")])


def _loaded_files() -> Iterator[str]:
    """Yield the files of all imported modules, and all other files that are mapped into memory."""
    for module in [*sys.modules.values()]:
        # Any object can be in `sys.modules`, also one that answers with any attribute.
        file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
        if isinstance(file, str):
            yield file
    with contextlib.suppress(OSError):  # a system without this file
        for line in Path("/proc/self/maps").read_text(errors="replace").splitlines():
            _, slash, path = line.partition("/")
            if Path(slash + path).is_file():
                yield slash + path


def _module(name: str) -> LiveModule:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            module = import_dotted(name)
    except BaseException as error:
        return LiveModule(error=_explain(error))
    # Reading attributes of a lazy module can warn as well.
    warnings.simplefilter("ignore")
    attributes = {
        attribute
        for attribute in _dir(module)
        if not attribute.startswith("_") and type(_peek(module, attribute)) is not _FEATURE
    }
    all_names = _peek(module, "__all__")
    exports = None
    if isinstance(all_names, list | tuple | set | frozenset):
        exports = tuple(export for export in all_names if isinstance(export, str))
    names = {name: _attribute(module, name) for name in sorted({*attributes, *(exports or ())})}
    relevant = (warning for warning in map(_relevant_warning, caught) if warning is not None)
    first_warning = next(map(_explain, relevant), "")
    return LiveModule(names, exports, warning=first_warning)


def is_public(member: str) -> bool:
    """Return whether users reach a member of a class, by its name or without."""
    return member in CALLABLE or not member.startswith("_")


def _dir(module: ModuleType) -> list[str]:
    """Return the names of a module, also if its ``__dir__`` fails."""
    try:
        return dir(module)
    except Exception:
        return list(vars(module))


def _peek(value: object, attribute: str) -> object:
    """Return an attribute of any object; None if there is none, or if reading it fails.

    A proxy can raise any exception for any attribute, even for ``__class__``.
    """
    try:
        return getattr(value, attribute, None)
    except BaseException:
        return None


def _relevant_warning(caught: warnings.WarningMessage) -> Warning | None:
    """Return the warning, or None if it is only about future versions."""
    warning = caught.message
    if isinstance(warning, Warning) and not isinstance(warning, _OF_THE_FUTURE):
        return warning
    return None


def _attribute(module: ModuleType, attribute: str) -> LiveName:
    try:
        value = getattr(module, attribute)
    except BaseException as error:
        return LiveName(kind="missing", error=_explain(error))
    try:
        return _described(value)
    except BaseException:  # a proxy that raises, of which nothing can be read
        return LiveName(kind="constant")


def _described(value: object) -> LiveName:
    home, qualname = _peek(value, "__module__"), _peek(value, "__qualname__")
    if isinstance(value, ModuleType):
        return LiveName(kind="module", home=value.__name__)
    if inspect.isclass(value):
        kind = "class"
    elif callable(value) and not _is_type(value):
        kind = "function"
    else:
        return LiveName(kind="constant")
    doc = _peek(value, "__doc__")
    return LiveName(
        kind=kind,
        home=home if isinstance(home, str) else "",
        qualname=qualname if isinstance(qualname, str) else "",
        code=_code(value) if kind == "function" else "",
        parameters=_signature(value),
        members=_members(value) if inspect.isclass(value) else {},
        doc=_encodable(inspect.cleandoc(doc)) if isinstance(doc, str) else "",
    )


def _members(value: type) -> dict[str, LiveMember]:
    """Return the public members of a class, without reading any of them from it."""
    package = _package(value)
    attributes: dict[str, object] = {}
    for ancestor in reversed(value.__mro__):
        if _package(ancestor) == package:
            attributes |= vars(ancestor)
    return {
        name: _member(name, attribute) for name, attribute in attributes.items() if is_public(name)
    }


def _package(value: type) -> str:
    home = _peek(value, "__module__")
    return home.partition(".")[0] if isinstance(home, str) else ""


def _member(name: str, attribute: object) -> LiveMember:
    if isinstance(attribute, classmethod | staticmethod):
        binding: Literal["classmethod", "staticmethod"] = (
            "classmethod" if isinstance(attribute, classmethod) else "staticmethod"
        )
        return LiveMember(binding, _method(name, attribute.__func__))
    if inspect.isdatadescriptor(attribute):
        return LiveMember("property")
    if inspect.isclass(attribute) or not callable(attribute):
        return LiveMember("attribute")
    return LiveMember("method", _method(name, attribute))


def _method(name: str, function: object) -> tuple[SourceParameter, ...] | None:
    """Return the parameters that Python reports, or else those in the documentation."""
    parameters = _signature(function)
    doc = _peek(function, "__doc__")
    if is_unknown(parameters) and isinstance(doc, str):
        return documented_signature(name, _encodable(inspect.cleandoc(doc))) or parameters
    return parameters


def _is_type(value: object) -> bool:
    """Return whether this is a type but not a class: ``Union[int, str]`` or a ``TypeVar``."""
    return typing.get_origin(value) is not None or type(value).__module__ in ("typing", "types")


def _code(value: object) -> str:
    with contextlib.suppress(ValueError):  # a cycle of wrappers
        # `unwrap` returns objects without `__wrapped__` unchanged, whatever their type.
        value = inspect.unwrap(value)  # type: ignore[arg-type]
    if isinstance(value, FunctionType):
        return f"{value.__globals__.get('__name__')}.{value.__code__.co_qualname}"
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"


def _signature(value: object) -> tuple[SourceParameter, ...] | None:
    try:
        # `signature` raises an error for objects without one, whatever their type.
        signature = inspect.signature(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        # A text with a default that isn't a constant is no signature to Python.
        text = _peek(value, "__text_signature__")
        return parameters_in("", text) if isinstance(text, str) else None
    return tuple(_parameters(signature))


def _parameters(signature: inspect.Signature) -> Iterator[SourceParameter]:
    for parameter in signature.parameters.values():
        text, is_literal = None, True
        if parameter.default is not inspect.Parameter.empty:
            text, is_literal = _default(parameter.default)
        yield SourceParameter(
            name=parameter.name,
            kind=_KINDS[parameter.kind],
            default=text,
            default_is_literal=is_literal,
        )


def _default(value: object) -> tuple[str, bool]:
    try:
        return canonical(value), True
    # ValueError: an integer of over 4,300 digits has no text.
    except (NotConstant, ValueError, RecursionError):
        home, name = _peek(value, "__module__"), _peek(value, "__qualname__")
        if isinstance(home, str) and isinstance(name, str) and "<" not in name:
            return f"{home}.{name}", False
        return ("<lambda>" if name == "<lambda>" else f"<{type(value).__name__}>"), False


def _explain(error: BaseException) -> str:
    """Return the error's type and message without folders and addresses, which aren't fixed."""
    message = without_folders(_encodable(str(error)).partition("\n")[0])
    return f"{type(error).__name__}: {message}".rstrip(": ")


def _encodable(text: str) -> str:
    """Replace each half of a surrogate pair, which can't be encoded in UTF-8."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
