"""Calls of a library's function by the signature that was wrapped, where it has another now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from .defaults import LibraryDefault

__all__ = ["Stale", "adapted"]

Stale = Callable[[str], Exception]
"""Makes the error of a call that uses what changed, from a clause that says what that is."""
_Parameters = Mapping[str, Parameter]
_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def adapted(function: Any, wrapper: Callable[..., Any], stale: Stale) -> Any:
    """Return a library's function, to be called as its wrapper calls it.

    A function whose signature still fits is returned itself. Otherwise the returned function
    passes arguments by their names, and leaves out those of parameters that are gone. It raises an
    error for a call that uses what changed.

    Parameters
    ----------
    function
        The installed library's function.
    wrapper
        Its wrapper, which has the signature that was wrapped.
    stale
        Makes the error.
    """
    try:
        live = signature(function).parameters
    except (TypeError, ValueError):  # compiled, without a signature
        return function
    if live and {parameter.kind for parameter in live.values()} <= {*_VARIADIC}:
        return function  # the signature that was wrapped is from a stub or the documentation
    wrapped = {
        name: parameter
        for name, parameter in signature(wrapper).parameters.items()
        if name != "slice_by_slice" or name in live
    }
    adapter = _Adapter(function, wrapped, live, stale)
    return adapter.call if adapter.is_needed else function


class _Adapter:
    """Passes on the arguments of calls that don't use what changed."""

    def __init__(
        self, function: Callable[..., Any], wrapped: _Parameters, live: _Parameters, stale: Stale
    ) -> None:
        self._function, self._wrapped, self._live = function, wrapped, live
        self._stale = stale
        self._order = [
            name for name, parameter in wrapped.items() if parameter.kind in _BY_POSITION
        ]
        self._changed_defaults = {
            name: f"the default of {name!r} was {_shown(parameter)} and is now {_shown(live[name])}"
            for name, parameter in wrapped.items()
            if name in live and not _is_same_default(parameter, live[name])
        }
        self._required = [
            name
            for name, parameter in live.items()
            if name not in wrapped
            and parameter.default is Parameter.empty
            and parameter.kind not in _VARIADIC
        ]

    @property
    def is_needed(self) -> bool:
        """Whether calls by the wrapped signature could mean something else, or fail."""
        live = [
            (name, parameter.kind)
            for name, parameter in self._live.items()
            if name in self._wrapped
        ]
        wrapped = [(name, parameter.kind) for name, parameter in self._wrapped.items()]
        ahead = len(
            [parameter for parameter in self._wrapped.values() if parameter.kind in _BY_POSITION]
        )
        inserted = [
            name
            for name, parameter in list(self._live.items())[:ahead]
            if name not in self._wrapped and parameter.kind in _BY_POSITION
        ]
        return bool(live != wrapped or inserted or self._changed_defaults or self._required)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the library's function with arguments of the wrapped signature."""
        if self._required:
            raise self._stale(f"parameter {self._required[0]!r} is new and required")
        values = dict(zip(self._order, args, strict=False)) | kwargs
        more = args[len(self._order) :]
        for name, parameter in self._wrapped.items():
            if name not in values or parameter.kind in _VARIADIC:
                continue
            is_default = values[name] is parameter.default
            if name not in self._live:
                if not is_default:
                    raise self._stale(f"parameter {name!r} is gone")
                del values[name]
            elif is_default and name in self._changed_defaults:
                raise self._stale(self._changed_defaults[name])
        return self._function(*self._by_position(values, more), **values)

    def _by_position(self, values: dict[str, Any], more: tuple[Any, ...]) -> list[Any]:
        """Take out of `values` the arguments that can't be passed by name."""
        arguments: list[Any] = []
        for name, parameter in self._live.items():
            must = parameter.kind is Parameter.POSITIONAL_ONLY
            if not must and not (more and parameter.kind is Parameter.POSITIONAL_OR_KEYWORD):
                continue
            if name not in values:
                if any(other in values for other in self._live) or more:
                    raise self._stale(f"parameter {name!r} is new, ahead of others")
                break
            arguments.append(values.pop(name))
        return [*arguments, *more]


def _is_same_default(wrapped: Parameter, live: Parameter) -> bool:
    """Whether two parameters have one default, as far as the wrapper passes its own on."""
    ours, theirs = wrapped.default, live.default
    if ours is theirs or isinstance(ours, LibraryDefault) or wrapped.kind in _VARIADIC:
        return True
    if ours is Parameter.empty or theirs is Parameter.empty:
        return ours is Parameter.empty  # a call has to give it, and still may
    both_numbers = all(type(value) in (int, float) for value in (ours, theirs))
    if type(ours) is not type(theirs) and not both_numbers:
        return False
    try:
        return bool(ours == theirs) or repr(ours) == repr(theirs)
    except Exception:  # the comparison of arrays has no truth value
        return repr(ours) == repr(theirs)


def _shown(parameter: Parameter) -> str:
    return "none" if parameter.default is Parameter.empty else repr(parameter.default)
