"""voxbind as a backend of scikit-image, for programs that ask for it.

scikit-image looks for the entry points ``skimage_backends`` and ``skimage_backend_infos``, and
hands calls on to the packages that have them. voxbind accepts calls only if the environment
variable ``SKIMAGE_BACKENDS`` names it, and only those with an array that isn't NumPy's. They go to
`voxbind.auto`, whose functions run where their arrays are. A wrapper calls scikit-image with all
backends hidden (`voxbind._upstream.backends`), so a call is never handed back.

scikit-image imports this module when it is imported itself, so its imports are in the functions.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

__all__ = ["can_has", "get_implementation", "information"]

_VARIABLE = "SKIMAGE_BACKENDS"
_CPU, _GPU = "skimage", "cucim.skimage"


def information() -> SimpleNamespace:
    """Return what scikit-image asks of a backend: the functions that it implements.

    Returns
    -------
    types.SimpleNamespace
        ``supported_functions`` has the functions of scikit-image with a twin on the GPU, as
        ``skimage.metrics:mean_squared_error``. It is empty if `SKIMAGE_BACKENDS` doesn't name
        voxbind.
    """
    requested = os.environ.get(_VARIABLE, "")
    if "voxbind" not in (name.strip() for name in requested.split(",")):
        return SimpleNamespace(supported_functions=())
    from ..registry import functions

    names = functions()
    twins = (name.removeprefix(f"{_GPU}.") for name in names if name.startswith(f"{_GPU}."))
    with_twin = (f"{_CPU}.{name}" for name in twins if f"{_CPU}.{name}" in names)
    return SimpleNamespace(supported_functions=tuple(":".join(n.rsplit(".", 1)) for n in with_twin))


def can_has(name: str, *args: Any, **kwargs: Any) -> bool:
    """Whether voxbind accepts a call: an argument is an array of PyTorch, CuPy and so on.

    Parameters
    ----------
    name
        The function: ``skimage.metrics:mean_squared_error``.
    *args, **kwargs
        The arguments of the call.
    """
    from .._memory.lookup import memory_of
    from .._memory.registry import MEMORIES

    # The first memory is NumPy's. The last one has everything that scikit-image converts itself.
    accepted = MEMORIES[1:-1]
    return any(memory_of(value) in accepted for value in (*args, *kwargs.values()))


def get_implementation(name: str) -> Callable[..., Any]:
    """Return the function of `voxbind.auto`.

    Parameters
    ----------
    name
        The function: ``skimage.metrics:mean_squared_error``.
    """
    from importlib import import_module

    module, _, function = name.partition(":")
    auto = import_module(f"voxbind.auto{module.removeprefix(_CPU)}")
    implementation: Callable[..., Any] = getattr(auto, function)
    return implementation
