"""scikit-image itself, although packages with other implementations of it are installed.

scikit-image hands some calls on to such a package, a *backend*. Its results were not measured, so
wrappers don't use it. Direct calls of scikit-image in the same program still do.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["without_backends"]

_DISPATCHER = "skimage.util._backends"
_is_wrapped_call: ContextVar[bool] = ContextVar("voxbind: a wrapper runs", default=False)


def without_backends(function: Any) -> Any:
    """Return a function that neither uses a backend itself, nor by way of functions it calls.

    Parameters
    ----------
    function
        A function of scikit-image, or any other object, which is returned unchanged. So is a
        function if no installed backend implements any function (voxbind's own backend implements
        none until it is asked for), or if scikit-image is a version without backends.
    """
    dispatcher: Any = sys.modules.get(_DISPATCHER)
    if not isinstance(function, FunctionType) or dispatcher is None:
        return function
    if not any(map(_implements_functions, dispatcher.all_backends().values())):
        return function
    if not hasattr(dispatcher.all_backends, "__voxbind__"):
        dispatcher.all_backends = _none_for_wrappers(dispatcher.all_backends)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        before = _is_wrapped_call.set(True)
        try:
            return function(*args, **kwargs)
        finally:
            _is_wrapped_call.reset(before)

    return call


def _implements_functions(backend: Mapping[str, Any]) -> bool:
    # A backend without information can't be excluded.
    return "info" not in backend or bool(getattr(backend["info"], "supported_functions", True))


def _none_for_wrappers(
    all_backends: Callable[[], Mapping[str, Any]],
) -> Callable[[], Mapping[str, Any]]:
    """Return a function that lists the backends, and lists none while a wrapper's call runs."""

    @wraps(all_backends)
    def chosen_backends() -> Mapping[str, Any]:
        return {} if _is_wrapped_call.get() else all_backends()

    chosen_backends.__dict__["__voxbind__"] = True
    return chosen_backends
