"""Annotations of wrappers, evaluated when they are first read.

Generated modules import the classes in annotations for type checkers only. So that `inspect`,
`typing.get_type_hints` and tools such as magicgui find classes instead of texts, and no module
becomes slower to import, the texts are evaluated at the first access to ``__annotations__``.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from types import FunctionType, NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_overloads, get_type_hints

from .first_use import import_finished

__all__ = ["resolve_annotations"]


def resolve_annotations(namespace: dict[str, Any], /, **types: str) -> None:
    """Let all functions of a generated module evaluate their annotations at the first access.

    Parameters
    ----------
    namespace
        The module's `globals`.
    **types
        Names that are imported for type checkers only, each with the module that defines it. If the
        name differs there, a colon and that name follow; for a module itself, a colon alone.
    """
    for value in [*namespace.values()]:
        if type(value) is FunctionType and value.__module__ == namespace["__name__"]:
            _resolve_later(value, types)
            for variant in get_overloads(value):
                # `typing` also keeps those of an earlier module of this name.
                if getattr(variant, "__globals__", None) is namespace:
                    _resolve_later(variant, types)


def _resolve_later(function: Callable[..., Any], types: Mapping[str, str]) -> None:
    if not isinstance(function.__annotations__, _Annotations):  # a function may have two names
        function.__annotations__ = _Annotations(function, types)


class _Annotations(dict[str, Any]):
    """The annotations of a function: texts until they are first read, then types.

    Python accepts only a dictionary here. `dict` copies a subclass through its `keys` and items if
    it has its own ``__iter__``.
    """

    def __init__(self, function: Callable[..., Any], types: Mapping[str, str]) -> None:
        super().__init__(function.__annotations__)
        self._function, self._types = function, types
        self._is_evaluated = False

    def _evaluate(self) -> None:
        if self._is_evaluated:
            return
        texts = dict(super().items())
        names = {
            name: _type(self._types[name], name)
            for name in self._types
            if any(name in text for text in texts.values())
        }
        namespace: dict[str, Any] = getattr(self._function, "__globals__", {})
        types = get_type_hints(SimpleNamespace(__annotations__=texts), namespace, names)
        self.update({name: _for_forms(type_) for name, type_ in types.items()})
        self._is_evaluated = True

    def __iter__(self) -> Iterator[str]:
        self._evaluate()
        return super().__iter__()

    def __getitem__(self, name: str) -> Any:
        self._evaluate()
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._evaluate()
        return super().get(name, default)

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # `dict_keys` has no public name
        self._evaluate()
        return super().keys()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]  # as above
        self._evaluate()
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]  # as above
        self._evaluate()
        return super().items()

    def copy(self) -> dict[str, Any]:
        return dict(self)

    def __eq__(self, other: object) -> bool:
        self._evaluate()
        return super().__eq__(other)

    def __repr__(self) -> str:
        self._evaluate()
        return super().__repr__()


def _type(place: str, name: str) -> Any:
    """Return a library's class, or a class of its name if the library can't be imported."""
    module, colon, original = place.partition(":")
    name = original or name
    try:
        imported = import_finished(module)
        return getattr(imported, name) if original or not colon else imported
    except Exception:  # a library without its device may raise any error
        return type(
            name, (), {"__module__": module, "__doc__": f"{module}.{name}, not importable."}
        )


def _for_forms(type_: Any) -> Any:
    """Return an equal type from which magicgui can make an input field.

    It makes a check box of ``bool | None``, which can't show None, and an editor of a sequence of
    any length, which fails.
    """
    members = get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,)
    others = [member for member in members if member is not NoneType]
    if len(others) != 1:
        return type_
    is_optional = len(members) > 1
    if others == [bool]:
        return Literal[True, False] | None if is_optional else type_
    kind = get_origin(others[0])
    if not (isinstance(kind, type) and issubclass(kind, Sequence)):
        return type_
    if is_optional or kind is Sequence or ... in get_args(others[0]):
        return Union[type_, kind]  # noqa: UP007  # `|` isn't defined for all of these
    return type_
