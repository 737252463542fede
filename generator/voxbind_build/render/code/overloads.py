"""The signature of a wrapper and its overloads: the result's type for each type of image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from voxbind_build.common.typeexpr import (
    ANY,
    NONE,
    Generic,
    Name,
    TypeExpr,
    head,
    members,
    names,
    union,
    walk,
)
from voxbind_build.memories.lookup import facts
from voxbind_build.model import SLICE_BY_SLICE, Form, Function, MemoryType, Parameter
from voxbind_build.render.code.checked_text import annotation, literal, type_of, with_arrays
from voxbind_build.render.code.forms import are_all_values, differs_for_carriers, has_joined_type
from voxbind_build.render.code.namespace import Namespace
from voxbind_build.render.code.numpy_types import dtype_rows, image_array, ndarray, numbers, scalar

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
    result: TypeExpr
    """The type of the arrays in the result."""
    options: Mapping[str, TypeExpr] = {}
    """Parameter annotations that this overload narrows, by name."""


_LIBRARY_ARRAY = Name("LibraryArray")
_CLESPERANTO = Name("ClesperantoArrayT")
_OUT = Name("OutT")
_SAME = _Arrays(image=Generic("Transposable", (_OUT,)), result=_OUT)
_RESHAPED = _Arrays(image=Generic("Reshapable", (_OUT,)), result=_OUT)
_RECAST = _Arrays(image=Generic("Castable", (_OUT,)), result=_OUT)
_CARRIERS = (Name("Carrier"), Name("AnyCarrier"))
"""Images of dask and xarray, of which a number may come back as an array, and points as a list."""


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
        self._function, self._names = function, names
        self._where = function.public
        self._first = first or self._first_array()
        self._returns = type_of(function.returns.annotation, self._where)
        self._array, self._is_numpys = facts(memory).array_type, facts(memory).is_default
        self._on_gpu = facts(memory).on_gpu
        self._has_switch = has_switch(function)
        self._takes_lists = self._first is not None and (
            self._first.name in function.array_like or "ArrayLike" in self._first.annotation
        )

    def all(self) -> Iterator[Signature]:
        kinds, forms = self._kinds(), self._forms()
        carrier = self._carrier(forms)
        if len(kinds) > 1 or forms or carrier:
            for form in forms:
                returns = type_of(form.annotation, self._where)
                if carrier and differs_for_carriers(returns, self._function.kinds):
                    yield self._signature(carrier, ANY)
                    carrier = None
                # Without an image, an option may decide the dtype as well.
                form_kinds = kinds if self._first is None else kinds[:1]
                if not _ARRAYS & names(returns):
                    form_kinds = [self._any(kinds)]
                for kind in form_kinds:
                    yield self._signature(kind, returns, form)
            if carrier:
                yield self._signature(carrier, ANY)
            if self._first is not None or not are_all_values(forms, self._function.parameters):
                yield from (self._signature(kind, self._returns) for kind in kinds)
        yield self._signature(self._any(kinds), self._united(kinds))

    def _carrier(self, forms: tuple[Form, ...]) -> _Arrays | None:
        """Return the type of images of dask and xarray if they give results of another type."""
        function, first = self._function, self._first
        if function.contract is None or first is None or first.name not in function.arrays:
            return None
        kinds = function.kinds
        if not image_is_plain(first, self._where) or not differs_for_carriers(self._returns, kinds):
            return None
        default = type_of(forms[0].annotation, self._where) if forms else self._returns
        options = [name for form in forms for name in form.options]
        is_joined = has_joined_type(self._returns, default, kinds, options)
        return _Arrays(image=Name("Carrier" if is_joined else "AnyCarrier"), result=ANY)

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
            if all(
                kinds.get(name) in keyword_kinds
                for form in forms
                for name in (*form.options, *form.types)
            )
            else ()
        )

    # --- kinds of arrays ----------------------------------------------------------------

    def _kinds(self) -> list[_Arrays]:
        """Return the types of images, each with the type of the arrays that come back."""
        first = self._first
        if first is None:
            return self._without_arrays()
        plain = image_is_plain(first, self._where)
        if not plain or first.default is not None or not self._gives_arrays():
            return [_Arrays(image=self._image(first) if plain else None, result=_LIBRARY_ARRAY)]
        function, dtype = self._function, self._dtype_option()
        if function.preserves == "nothing":
            return [_Arrays(image=self._image(first), result=self._new_array())]
        kinds = {
            "all": [_RECAST if dtype else _SAME],
            "dtype": [_RECAST] if dtype else [_RESHAPED, _RECAST],
            "memory": [*self._by_dtype(), _RECAST],
        }[function.preserves]
        if dtype and function.preserves == "all":
            default_dtype = _Arrays(image=_SAME.image, result=_SAME.result, options={dtype: NONE})
            kinds = [default_dtype, *kinds]
        return [*kinds, *self._other_kinds()]

    def _by_dtype(self) -> list[_Arrays]:
        """Return the types of NumPy images if the measured dtypes need few overloads.

        Libraries on the GPU have none, since their users have arrays of CuPy.
        """
        if (
            self._on_gpu
            or self._returns != Name("Array")
            or self._forms()
            or self._dtype_parameter()
        ):
            return []
        rows = dtype_rows(self._function.dtypes)
        kinds = [_Arrays(image=image, result=result) for image, result in rows]
        if len(rows) > 1:
            # An array of unknown dtype fits each row, and only it fits `Never`. An image of type
            # `Any` fits this overload too, and needn't be NumPy's.
            unknown = _Arrays(image=image_array(Name("Never")), result=ANY)
            return [unknown, *kinds]
        return kinds

    def _other_kinds(self) -> list[_Arrays]:
        """Return the types of images that come back as another type."""
        exporter, lists = Name("Exporter"), Name("Lists")
        kinds = []
        if self._array == "ClesperantoArray":
            kinds.append(_Arrays(image=_CLESPERANTO, result=_CLESPERANTO))
        if not self._takes_lists:
            return [*kinds, _Arrays(image=exporter, result=ndarray(ANY))]
        if self._is_numpys:
            return [*kinds, _Arrays(image=union(exporter, lists), result=ndarray(ANY))]
        exported = _Arrays(image=exporter, result=ndarray(ANY))
        return [*kinds, exported, _Arrays(image=lists, result=_LIBRARY_ARRAY)]

    def _without_arrays(self) -> list[_Arrays]:
        """Return the type of the arrays that a function without array arguments makes."""
        dtype, parameter = self._function.result_dtype, self._dtype_parameter()
        if not dtype or not self._is_numpys or not self._gives_arrays():
            return [_Arrays(image=None, result=self._new_array())]
        measured = ndarray(scalar(dtype))
        if parameter is None:
            return [_Arrays(image=None, result=measured)]
        any_dtype = _Arrays(image=None, result=ndarray(ANY))
        if parameter.default != str(scalar(dtype)):
            return [any_dtype]
        options = {parameter.name: Generic("type", (scalar(dtype),))}
        return [_Arrays(image=None, result=measured, options=options), any_dtype]

    def _new_array(self) -> TypeExpr:
        """Return the type of an array of unknown dtype that isn't in the memory of an argument."""
        documented = {text for entry in self._function.returns.documented for text in entry}
        # pyclesperanto documents its own arrays as such.
        return ndarray(ANY) if self._is_numpys or "np.ndarray" in documented else _LIBRARY_ARRAY

    def _any(self, kinds: list[_Arrays]) -> _Arrays:
        """Return the types of the implementation, which include those of all overloads."""
        if len(kinds) == 1:
            return kinds[0]
        if self._first is None:
            return kinds[-1]
        images = [Name(self._array), *[Name("Lists")] * self._takes_lists]
        result = self._array if any(kind.result == _CLESPERANTO for kind in kinds) else "Array"
        return _Arrays(image=union(*images), result=Name(result))

    def _united(self, kinds: list[_Arrays]) -> TypeExpr:
        """Return a type that includes the results of all overloads."""
        # `list[A]` isn't a `list[B]`, even if each A is a B.
        invariant = any(
            head(part) in _INVARIANT and _ARRAYS & names(part) for part in walk(self._returns)
        )
        return Name("object") if invariant and len(kinds) > 1 else self._returns

    def _first_array(self) -> Parameter | None:
        """Return the parameter of a helper that decides in which memory its result is."""
        function = self._function
        return next(
            (
                parameter
                for parameter in function.parameters
                if parameter.name in function.other_arrays[:1]
                and parameter.default is None
                and parameter.annotation in _IMAGE_TYPES
                and not function.sources
            ),
            None,
        )

    def _image(self, parameter: Parameter) -> TypeExpr:
        image = [Name(self._array), *[Name("Lists")] * self._takes_lists]
        return union(*image, *[NONE] * (parameter.default == "None"))

    def _gives_arrays(self) -> bool:
        return bool(_ARRAYS & names(self._returns))

    def _dtype_parameter(self) -> Parameter | None:
        """Return the optional parameter for the result's dtype, if there is one."""
        return next(
            (
                parameter
                for parameter in self._function.parameters
                if parameter.default is not None
                and Name("DTypeLike") in members(type_of(parameter.annotation, self._where))
            ),
            None,
        )

    def _dtype_option(self) -> str:
        """Return the name of the parameter for the result's dtype, if its default is None."""
        parameter = self._dtype_parameter()
        return parameter.name if parameter and parameter.default == "None" else ""

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
        n_required = self._n_required(form)
        for position, parameter in enumerate(self._function.parameters):
            values = form.options.get(parameter.name, "") if form else ""
            type_ = form.types.get(parameter.name, "") if form else ""
            required = position < n_required or (bool(values) and values != parameter.default)
            required = required or (parameter is self._first and kind.image in _CARRIERS)
            if previous == "POSITIONAL_ONLY" and parameter.kind != previous:
                texts.append("/")
            if parameter.kind == "VAR_KEYWORD":
                self._add_switch(texts, starred, form)
            keyword = parameter.kind == "KEYWORD_ONLY" or (required and optional)
            if keyword and not starred:
                texts.append("*")
            starred = starred or keyword or parameter.kind == "VAR_POSITIONAL"
            optional = optional or not (required or parameter.default is None)
            described = type_ or (f"Literal[{values}]" if values else parameter.annotation)
            texts.append(self._parameter(parameter, kind, described, required=required))
            previous = parameter.kind
        if previous == "POSITIONAL_ONLY":
            texts.append("/")
        if previous != "VAR_KEYWORD":
            self._add_switch(texts, starred, form)
        return tuple(texts)

    def _n_required(self, form: Form | None) -> int:
        """Return how many parameters have no default in an overload.

        A parameter of a certain type can be passed by position if those before it are passed too.
        """
        names = [parameter.name for parameter in self._function.parameters]
        return max((names.index(name) + 1 for name in (form.types if form else ())), default=0)

    def _add_switch(self, texts: list[str], starred: bool, form: Form | None) -> None:
        if self._has_switch:
            value = form.options.get(SLICE_BY_SLICE, "") if form else ""
            flag = f"Literal[{value}]" if value else "bool"
            default = "" if value == "True" else " = False"
            type_ = self._annotation(type_of(flag, self._where))
            texts += [*(() if starred else ("*",)), f"{SLICE_BY_SLICE}: {type_}{default}"]

    def _parameter(self, parameter: Parameter, kind: _Arrays, type_: str, *, required: bool) -> str:
        star = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind, "")
        if parameter is self._first and kind.image is not None:
            described = kind.image
        else:
            described = kind.options.get(parameter.name) or type_of(type_, self._where)
            described = with_arrays(numbers(described), Name(self._array))
        annotated = self._without_repetition(self._annotation(described), parameter.name)
        text = f"{star}{parameter.name}: {annotated}"
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
