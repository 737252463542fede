"""Functions of volumes, imported on first use from where the stub says they are."""

import importlib

_HOMES = {"depth_gradient": "._depth", "project": "._depth"}


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name], __name__), name)


def __dir__():
    return [*_HOMES, "__all__"]
