"""The wrapped modules: imported at first use, and checked against what was wrapped."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .._support.classes import array_api_classes
from .._support.package import PACKAGE
from .._support.stacklevel import callers_level
from ..errors import (
    DeviceUnavailableError,
    LibraryMissingError,
    StaleWrapperError,
    StaleWrapperWarning,
)
from .array_forms import Forms, in_form
from .backends import without_backends
from .environment import Environment, set_environment
from .first_use import (
    attribute_finished,
    import_finished,
    is_initializing,
    one_thread_at_a_time,
)
from .signatures import adapted
from .versions import NO_VERSION, Relation, code_change, installed_version, relation

if TYPE_CHECKING:
    from .._memory.interface import LibraryMemory

__all__ = [
    "handed_on",
    "library_of",
    "public_names",
    "submodule",
    "unwrapped",
    "watch_direct_calls",
]

_LACKING = "the installed version doesn't have it"
_upstreams: list[ModuleType] = []
_libraries: dict[tuple[str, str], _Library] = {}
"""By the package of the wrappers and the dotted name of a library's module."""
_watching = 0
"""Number of open traces, in all threads."""
_lock = allocate_lock()
_relations: dict[tuple[str, str], Relation] = {}
"""By distribution and wrapped version, how the installed version stands to that one."""
_warned: set[tuple[str, str]] = set()
"""By the package of the wrappers, functions of another version whose callers were warned, and
libraries with shared or compiled code."""


def watch_direct_calls(on: bool) -> None:
    """Switch the fast path off (or on again), so that calls can be traced.

    A wrapper calls its library directly if the class of the image is ``upstream.Array``. While a
    trace is open, ``Array`` is a class without instances, so that no wrapper does. Without a trace
    this costs nothing. Calls in other threads give the same results meanwhile, only slower.
    """
    global _watching
    with _lock:
        _watching += 1 if on else -1
        if _watching == int(on):  # the first trace opens, or the last one closes
            for module in _upstreams:
                module.__dict__.pop("Array", None)
                module.__dict__.pop("Arrays", None)


class _NoArray:
    """A class without instances."""


def upstream(
    module: str,
    *,
    distribution: str,
    version: str,
    extra: str,
    memory: str = "",
    environment: Environment | None = None,
    home: str = "",
    package: str = PACKAGE,
    forms: Forms | None = None,
) -> Any:
    """Return the functions and classes of one wrapped module, as attributes.

    An attribute is looked up and checked once. The returned object is a plain module, since Python
    finds a module's attributes faster than those of any other object. ``Array`` is the class of
    the library's arrays; ``Arrays`` are the classes that a function of any memory works on.

    Parameters
    ----------
    module
        Dotted name of the wrapped module.
    distribution
        Name of the library on PyPI.
    version
        The version that was wrapped.
    extra
        Extra of voxbind that installs the library; empty if there is none.
    memory
        The memory that the library works in, if it isn't NumPy's.
    environment
        Environment variables to set before the library is imported. A variable is set to the first
        file of ``below_prefix`` that exists below `sys.prefix`, unless the variable is set already
        or a file matches a pattern of ``unless``.
    home
        Dotted name to import the module by, if it isn't `module`.
    package
        The package that the wrappers are in.
    forms
        How the library takes images, if not as arrays of the axes Y and X: see `Forms`.
    """
    # Set now, since other code may import the library before the first call.
    set_environment(environment or {})
    lazy_module = ModuleType(f"{module} of {distribution} {version}")
    library = _Library(
        lazy_module.__dict__, module, distribution, version, extra, memory, home, package, forms
    )
    lazy_module.__dict__.update(__getattr__=library.find, __library__=library)
    _upstreams.append(lazy_module)
    _libraries[package, module] = library
    return lazy_module


def library_of(module: str, package: str) -> _Library | None:
    """Return the library that has a module; None unless `upstream` was called for it."""
    return _libraries.get((package, module))


def submodule(module: str, name: str, package: str) -> Any:
    """Return what `upstream` returns, for a module below one that it was called for."""
    return upstream(f"{module}.{name}", **_libraries[package, module].origin)


def handed_on(upstream: Any, name: str) -> Any:
    """Return an attribute of the library's module, even if its name is ``Array``."""
    library: _Library = upstream.__library__
    return library.attribute(name)


def unwrapped(upstream: Any, name: str) -> Any:
    """Return an attribute of the library's module that voxbind doesn't wrap.

    Raises
    ------
    AttributeError
        If the installed library has no such name.
    """
    library: _Library = upstream.__library__
    return library.attribute(name, is_wrapped=False)


def public_names(upstream: Any) -> list[str]:
    """Return the names in ``__all__`` of a module of the library, or else in its `dir`.

    Names with an underscore are left out.
    """
    library: _Library = upstream.__library__
    names: list[str]
    try:
        names = library.attribute("__all__", is_wrapped=False)
    except AttributeError:
        names = library.attribute("__dir__", is_wrapped=False)()
    return sorted(name for name in names if name[:1] != "_")


class _Library:
    """Looks up the attributes of a wrapped module: see `upstream`."""

    def __init__(
        self,
        attributes: dict[str, Any],
        module: str,
        distribution: str,
        version: str,
        extra: str,
        memory: str,
        home: str,
        package: str,
        forms: Forms | None,
    ) -> None:
        self._attributes, self._forms = attributes, forms
        self._module, self._home = module, home or module
        self.distribution, self._version = distribution, version
        self._wanted = f"'voxbind[{extra}]'" if extra else distribution
        self._memory_name = memory
        self._package = package
        self.origin: dict[str, Any] = {
            "distribution": distribution,
            "version": version,
            "extra": extra,
            "memory": memory,
            "package": package,
        }
        """The arguments of `upstream` that are the same for all modules of the library."""

    def find(self, name: str) -> Any:
        """Return an attribute, and keep it."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in ("Array", "Arrays"):
            value = self._attributes[name] = self.attribute(name)
            return value
        # Any: what stands here is compared with classes, and only that.
        array: Any = array_api_classes if name == "Arrays" else one_thread_at_a_time(self._array)
        with _lock:
            if _watching:  # until the last trace closes, which takes it out again
                array = () if name == "Arrays" else _NoArray
            self._attributes[name] = array
        return array

    @property
    def _memory(self) -> LibraryMemory:
        """The memory that the library works in; other memories aren't imported for NumPy's."""
        from .._memory.numpy_memory import NUMPY

        if not self._memory_name:
            return NUMPY
        from .._memory.registry import library_memory

        return library_memory(self._memory_name) or NUMPY

    def _array(self) -> type:
        self._refuse_before_import()
        return self._memory.array_class(self._on_device())

    def _on_device(self) -> ModuleType:
        """Return the module of the library's arrays; refuse it if it finds no device."""
        module: ModuleType = self._import(self._memory.module)
        if message := self._memory.lack_of_device(module, self.distribution):
            raise DeviceUnavailableError(message)
        return module

    def _refuse_before_import(self) -> None:
        top = self._home.partition(".")[0]
        if message := self._memory.lack_before_import(self._module, self._wanted, top):
            raise DeviceUnavailableError(message)

    def module(self) -> Any:
        """Return the library's module itself."""
        self._refuse_before_import()
        return one_thread_at_a_time(lambda: self._import(self._home))

    def attribute(self, name: str, *, is_wrapped: bool = True) -> Any:
        """Return an attribute of the library's module; a wrapped one is checked."""
        return one_thread_at_a_time(lambda: self._checked(name, is_wrapped))

    def _checked(self, name: str, is_wrapped: bool) -> Any:
        self._refuse_before_import()  # also if the library is imported already
        module = self._import(self._home)
        try:
            value = attribute_finished(module, name)
        except AttributeError as error:
            if is_initializing(module):
                raise self._unfinished(name) from error
            self._on_device()  # without a device, a module may be all but empty
            if not is_wrapped:
                raise
            raise self._stale(f"{self._module}.{name}") from error
        except Exception as error:
            # A library that imports its own submodules lazily fails here.
            raise self._broken(self._home, error) from error
        if is_wrapped and self.distribution == "scikit-image":
            value = without_backends(value)
        if is_wrapped and self._forms is not None:
            value = in_form(name, value, self._forms)
        return value if self._relation() == "same" else self._called_as_wrapped(name, value)

    def _import(self, module: str) -> Any:
        try:
            return import_finished(module)
        except ModuleNotFoundError as error:
            parent, _, name = module.rpartition(".")
            if parent and error.name == module:
                # An attribute of its parent module that can't be imported as a module.
                shown = getattr(self._import(parent), name, None)
                if shown is not None:
                    return shown
                self._on_device()
            inner = (error.name or "").partition(".")[2]
            if inner and f"{module}.".startswith(f"{error.name}.") and self._relation() != "same":
                raise self._stale(self._module if module == self._home else module) from error
            if error.name is None or error.name != module.partition(".")[0]:
                raise self._broken(module, error) from error
            missing = self.distribution if module == self._home else module
            raise LibraryMissingError(
                f"{self._package} wraps {self._module}, but {missing} isn't installed. "
                f"Install it with: pip install {self._wanted}",
                name=error.name,
            ) from error
        except Exception as error:
            raise self._broken(module, error) from error

    def _unfinished(self, name: str) -> LibraryMissingError:
        return LibraryMissingError(
            f"{self._module}.{name} was called before the import of {self._home} finished, since "
            f"the calling module and {self._home} import each other. Call it after the import, for "
            "example within a function.",
            name=self._module,
        )

    def _broken(self, module: str, error: Exception) -> LibraryMissingError:
        name = self._module if module == self._home else module
        return LibraryMissingError(
            f"{name} is installed but fails to import: {type(error).__name__}: {error}. "
            f"`python -c 'import {module}'` shows the whole error. Reinstall it with: "
            f"pip install --force-reinstall {self._wanted}",
            name=name,
        )

    def _stale(self, public: str, problem: str = _LACKING) -> StaleWrapperError:
        wrapped, installed, advice = self.distribution, "", ""
        if self._version != NO_VERSION:
            wrapped = f"{self.distribution} {self._version}"
            installed = f" ({self._installed()})"
            pinned = f"'{self.distribution}=={self._version}'"
            advice = f", or install the wrapped version: pip install {pinned}"
        return StaleWrapperError(
            f"{public} was wrapped from {wrapped} and has changed since: {problem}. "
            f"{self._rebuild} to wrap the installed version{installed}{advice}"
        )

    def _called_as_wrapped(self, name: str, function: Any) -> Any:
        """Return a function of another version, to be called by the signature that was wrapped."""
        from inspect import isfunction

        wrappers = sys.modules.get(f"{self._package}.{self._module}")
        wrapper = getattr(wrappers, "__dict__", {}).get(name)
        if not isfunction(wrapper):
            return function
        if self._relation() == "other":
            self._warn_of_other_code(name)
        return adapted(
            function, wrapper, lambda problem: self._stale(f"{self._module}.{name}", problem)
        )

    def _warn_of_other_code(self, name: str) -> None:
        """Warn once of a function's own code, and once for all functions that share code."""
        public = f"{self._module}.{name}"
        change = code_change(public, self._package)
        if change.kind == "none":
            return
        is_alone = change.functions == 1
        key = public if is_alone else f"{self.distribution} {change.kind} {change.group}"
        with _lock:  # one thread warns
            if (self._package, key) in _warned:
                return
            _warned.add((self._package, key))
        import warnings

        code = {
            "own": "its code is another",
            "shared": "code that it uses is another",
            "compiled": "compiled code that it uses may be another",
        }
        whose = "its contract, types and dtypes"
        if not is_alone:
            whose = f"contracts, types and dtypes of {change.functions} functions with this code"
        warnings.warn(
            f"{public} was measured with {self.distribution} {self._version}. In the installed "
            f"version {self._installed()}, {code[change.kind]}: {whose} may differ. "
            f"{self._rebuild} to measure the installed version.",
            StaleWrapperWarning,
            stacklevel=callers_level(),
        )

    @property
    def _rebuild(self) -> str:
        """What generates the wrappers anew, for messages."""
        own = self._package == PACKAGE
        return "Run `voxbind build`" if own else f"Build {self._package} anew"

    def _installed(self) -> str:
        return installed_version(self.distribution, self._home.partition(".")[0])

    def _relation(self) -> Relation:
        key = (self.distribution, self._version)
        known = _relations.get(key)
        if known is None:
            known = _relations[key] = relation(self._installed(), self._version)
        return known
