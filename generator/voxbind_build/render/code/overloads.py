"""The signature of a wrapper and its overloads: the result's type for each type of image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from voxbind_build.common.typeexpr import (
    NONE,
    Generic,
    Name,
    TypeExpr,
    head,
    members,
    names,
    substitute,
    union,
    walk,
)
from voxbind_build.memories.lookup import facts
from voxbind_build.model import SLICE_BY_SLICE, Form, Function, MemoryType, Parameter
from voxbind_build.render.code.checked_text import annotation, literal, type_of, with_arrays
from voxbind_build.render.code.namespace import Namespace

__all__ = ["SLICE_BY_SLICE", "Signature", "has_switch", "image_is_plain", "signatures"]

_ARRAYS = frozenset(("Array", "ArrayT"))
_INVARIANT = frozenset(("dict", "list", "set"))
_WORDS = re.compile(r"\b_*Literal\[[^\[\]]{30,}\]")
"""A `Literal` so long that it becomes an alias if it occurs twice."""
_IMAGE_TYPES = frozenset(("Any", "Array", "ArrayLike", "ArrayT", "object"))


class Signature(Struct, frozen=True, kw_only=True):
    """Parameters and result, as Python source."""

    parameters: tuple[str, ...]
    returns: str


class _Arrays(Struct, frozen=True, kw_only=True):
    """The types of image and result in one overload."""

    image: TypeExpr | None
    """The image's type; None for the documented type."""
    result: str
    """The type of the arrays in the result."""
    options: Mapping[str, TypeExpr] = {}
    """Parameter annotations that this overload narrows, by name."""


def signatures(
    function: Function, first: Parameter | None, memory: MemoryType, names: Namespace
) -> tuple[Signature, ...]:
    """Return the overloads of a wrapper and, last, the signature of its implementation.

    Parameters
    ----------
    function
        The wrapped function.
    first
        The parameter that takes the image, if there is one.
    memory
        The memory that the library works in.
    names
        The names of the generated module.
    """
    return tuple(_Writer(function, first, memory, names).all())


def has_switch(function: Function) -> bool:
    """Return whether a wrapper adds a parameter `slice_by_slice` to the library's."""
    return function.contract == "FLEXIBLE" and all(
        parameter.name != SLICE_BY_SLICE for parameter in function.parameters
    )


def image_is_plain(parameter: Parameter, where: str) -> bool:
    """Return whether an image parameter takes an array, rather than a list of arrays, say."""
    return any(
        head(member) in _IMAGE_TYPES for member in members(type_of(parameter.annotation, where))
    )


class _Writer:
    def __init__(
        self, function: Function, first: Parameter | None, memory: MemoryType, names: Namespace
    ) -> None:
        self._function, self._first, self._names = function, first, names
        self._where = function.public
        self._returns = type_of(function.returns.annotation, self._where)
        self._array = facts(memory).array_type
        self._has_switch = has_switch(function)
        self._takes_lists = first is not None and first.name in function.array_like

    def all(self) -> Iterator[Signature]:
        kinds = self._kinds()
        forms = self._forms()
        if len(kinds) > 1 or forms:
            for form in forms:
                yield self._signature(kinds[0], type_of(form.annotation, self._where), form)
            yield from (self._signature(kind, self._returns) for kind in kinds)
        yield self._signature(self._any(kinds), self._united(kinds))

    def _forms(self) -> tuple[Form, ...]:
        """Return the result types by options, if all these options can be passed by name."""
        kinds = {parameter.name: parameter.kind for parameter in self._function.parameters}
        if self._has_switch:
            kinds[SLICE_BY_SLICE] = "KEYWORD_ONLY"
        keyword_kinds = {"KEYWORD_ONLY"}
        if "VAR_POSITIONAL" not in kinds.values():
            keyword_kinds.add("POSITIONAL_OR_KEYWORD")
        forms = self._function.returns.forms
        return (
            forms
            if all(kinds.get(name) in keyword_kinds for form in forms for name in form.options)
            else ()
        )

    # --- kinds of arrays ----------------------------------------------------------------

    def _kinds(self) -> list[_Arrays]:
        """Return the types of images, each with the type of the arrays that come back."""
        first = self._first
        plain = first is not None and image_is_plain(first, self._where)
        image = self._image(first) if first and plain else None
        library_type = _Arrays(image=image, result="LibraryArray")
        if first is None or not plain or first.default is not None or not self._gives_arrays():
            return [library_type]
        same_type = _Arrays(image=Name(f"{self._array}T"), result=f"{self._array}T")
        recast = _Arrays(image=Generic("Castable", (Name("OutT"),)), result="OutT")
        reshaped = _Arrays(image=Generic("Reshapable", (Name("OutT"),)), result="OutT")
        dtype = self._dtype_option()
        kinds = {
            "all": [same_type],
            "dtype": [reshaped, same_type],
            "memory": [recast, same_type],
            "nothing": [library_type],
        }[self._function.preserves]
        if dtype and self._function.preserves == "all":
            default_dtype = _Arrays(
                image=same_type.image, result=same_type.result, options={dtype: NONE}
            )
            kinds = [default_dtype, recast, same_type]
        elif dtype and self._function.preserves == "dtype":
            kinds = [recast, same_type]
        if self._takes_lists and self._function.preserves != "nothing":
            kinds.append(_Arrays(image=Name("Nested"), result="LibraryArray"))
        return kinds

    def _any(self, kinds: list[_Arrays]) -> _Arrays:
        """Return the types of the implementation, which include those of all overloads."""
        if len(kinds) == 1:
            return kinds[0]
        images: list[TypeExpr] = [Name(self._array)]
        images += [
            substitute(kind.image, {"OutT": Name("Array")})
            for kind in kinds
            if kind.image is not None and kind.result == "OutT"
        ]
        images += [Name("Nested")] * self._takes_lists
        return _Arrays(image=union(*images), result=self._array)

    def _united(self, kinds: list[_Arrays]) -> TypeExpr:
        """Return a type that includes the results of all overloads."""
        # `list[A]` isn't a `list[B]`, even if each A is a B.
        invariant = any(
            head(part) in _INVARIANT and _ARRAYS & names(part) for part in walk(self._returns)
        )
        return Name("object") if invariant and len(kinds) > 1 else self._returns

    def _image(self, parameter: Parameter) -> TypeExpr:
        image = [Name(self._array), *[Name("Nested")] * self._takes_lists]
        return union(*image, *[NONE] * (parameter.default == "None"))

    def _gives_arrays(self) -> bool:
        return bool(_ARRAYS & names(self._returns))

    def _dtype_option(self) -> str:
        """Return the name of the optional parameter for the result's dtype; empty if none."""
        return next(
            (
                parameter.name
                for parameter in self._function.parameters
                if parameter.default == "None"
                and Name("DTypeLike") in members(type_of(parameter.annotation, self._where))
            ),
            "",
        )

    # --- one signature ------------------------------------------------------------------

    def _signature(self, kind: _Arrays, returns: TypeExpr, form: Form | None = None) -> Signature:
        return Signature(
            parameters=self._parameters(kind, form),
            returns=self._annotation(with_arrays(returns, kind.result)),
        )

    def _parameters(self, kind: _Arrays, form: Form | None) -> tuple[str, ...]:
        texts: list[str] = []
        previous = ""
        starred = optional = False
        for parameter in self._function.parameters:
            values = form.options.get(parameter.name, "") if form else ""
            required = bool(values) and values != parameter.default
            if previous == "POSITIONAL_ONLY" and parameter.kind != previous:
                texts.append("/")
            if parameter.kind == "VAR_KEYWORD":
                self._add_switch(texts, starred, form)
            keyword = parameter.kind == "KEYWORD_ONLY" or (required and optional)
            if keyword and not starred:
                texts.append("*")
            starred = starred or keyword or parameter.kind == "VAR_POSITIONAL"
            optional = optional or parameter.default is not None
            texts.append(self._parameter(parameter, kind, values, required=required))
            previous = parameter.kind
        if previous == "POSITIONAL_ONLY":
            texts.append("/")
        if previous != "VAR_KEYWORD":
            self._add_switch(texts, starred, form)
        return tuple(texts)

    def _add_switch(self, texts: list[str], starred: bool, form: Form | None) -> None:
        if self._has_switch:
            value = form.options.get(SLICE_BY_SLICE, "") if form else ""
            flag = f"Literal[{value}]" if value else "bool"
            default = "" if value == "True" else " = False"
            type_ = self._annotation(type_of(flag, self._where))
            texts += [*(() if starred else ("*",)), f"{SLICE_BY_SLICE}: {type_}{default}"]

    def _parameter(
        self, parameter: Parameter, kind: _Arrays, values: str, *, required: bool
    ) -> str:
        star = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind, "")
        if parameter is self._first and kind.image is not None:
            described = kind.image
        elif values:
            described = type_of(f"Literal[{values}]", self._where)
        else:
            documented = type_of(parameter.annotation, self._where)
            described = with_arrays(kind.options.get(parameter.name, documented), self._array)
        type_ = self._without_repetition(self._annotation(described), parameter.name)
        text = f"{star}{parameter.name}: {type_}"
        if parameter.default is None or required:
            return text
        if parameter.default_is_literal:
            where = f"{self._where}, parameter {parameter.name!r}"
            return f"{text} = {literal(parameter.default, where, self._names.bind)}"
        mark = self._names.bind("library_default", "voxbind._upstream.defaults")
        return f"{text} = {mark}({parameter.default!r})"

    def _without_repetition(self, text: str, parameter: str) -> str:
        """Return a type with a repeated long `Literal` replaced by an alias.

        Its first occurrence stays, since editors show the words of a `Literal` but only the name of
        an alias.
        """
        for match in _WORDS.finditer(text):
            words = match[0]
            head, _, tail = text.partition(words)
            if words in tail:
                return head + words + tail.replace(words, self._names.name_type(words, parameter))
        return text

    def _annotation(self, type_: TypeExpr) -> str:
        return annotation(type_, self._where, self._names.bind_type)
