"""How decorators and defaults say that something is deprecated."""

from __future__ import annotations

import ast
import re

__all__ = ["deprecates_callable", "marks_deprecated"]

_DECORATOR = re.compile(r"deprecat(?!.*(param|arg|default|kw))", re.IGNORECASE)
_SENTINEL = re.compile(r"(^|[._])deprecated$", re.IGNORECASE)


def deprecates_callable(decorator: ast.expr) -> bool:
    """Return whether a decorator deprecates the function below it, and not only a parameter."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return _DECORATOR.search(ast.unparse(called)) is not None


def marks_deprecated(default: str | None) -> bool:
    """Return whether a default is an object that marks a deprecated parameter.

    Libraries tell by it whether the parameter was passed: ``skimage._shared.utils.DEPRECATED``.
    """
    return default is not None and _SENTINEL.search(default) is not None
