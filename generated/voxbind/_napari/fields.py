"""The fields of a form: one for each parameter, made from its type and its documentation."""

from __future__ import annotations

# Of napari, magicgui and Qt, pyright knows nothing if they aren't installed.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from magicgui import widgets as _widgets  # type: ignore[import-not-found, import-untyped, unused-ignore]

from .._axes.lengths import SPACINGS
from ..arrays import Array, IntegerScalar, RealScalar, SupportsArray
from ..registry import FunctionMetadata
from .expressions import evaluate

__all__ = ["Field", "documented", "fields"]

widgets: Any = _widgets  # `Any`, because the package is also checked without magicgui

_FOOTPRINTS = ("footprint", "structure")
"""Parameters that take a neighbourhood, which is written as ``disk(3)``."""
_IMAGES = ("Image", "Labels")
"""napari's classes of layers that an array is chosen from."""
_LARGEST = 2**31 - 1
"""The largest number that Qt's field of whole numbers can hold."""
_INTEGERS = {int, IntegerScalar}
_NUMBERS = {*_INTEGERS, float, complex, RealScalar}
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_RANGE = re.compile(
    rf"\[\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\]|between {_NUMBER} and {_NUMBER}"
    rf"|from {_NUMBER} to {_NUMBER}"
)
"""How documentation names the range of a number: ``[0, 1]``, ``between 0 and 1``."""
_NUMBERS_IN_WORDS = re.compile(r"\b(float|int|scalar|number|sequence|tuple|list)s?\b")
"""How the documented type names numbers, or one for each axis: ``float or sequence``."""


class Field(NamedTuple):
    """A field and what it is for."""

    widget: Any
    kind: Literal["layer", "size", "value", "expression"]
    """``layer`` chooses a layer of the viewer, ``size`` follows a layer's scale, ``expression`` is
    the text of a value: see `evaluate`."""


def fields(
    function: Callable[..., Any],
    facts: FunctionMetadata,
    documentation: Mapping[str, str],
    viewer: Any,
) -> dict[str, Field]:
    """Return a field for each parameter that a form can fill in, in the function's order.

    Parameters that the library writes its result into have none, because the result becomes a
    layer. Optional parameters of other types, such as functions, keep their default.

    Parameters
    ----------
    function
        The wrapper.
    facts
        What the registry says about it.
    documentation
        The documented type and description of each parameter, as text.
    viewer
        napari's viewer, among whose layers images are chosen.
    """
    made: dict[str, Field] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        is_variadic = parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        if is_variadic or name in facts.outputs:
            continue
        text = documentation.get(name, "")
        field = _field(parameter, text, viewer, is_image=name in facts.arrays)
        if field is not None:
            field.widget.tooltip = text
            made[name] = field
    return made


def documented(doc: str) -> dict[str, str]:
    """Return the documented type and description of each parameter, as text."""
    from docstring_parser import parse  # type: ignore[import-not-found, import-untyped, unused-ignore]

    parameters: Any = parse(doc).params
    return {
        name.strip("* "): "\n".join(filter(None, (entry.type_name, entry.description)))
        for entry in parameters
        for name in entry.arg_name.split(",")
    }


def _field(parameter: inspect.Parameter, text: str, viewer: Any, *, is_image: bool) -> Field | None:
    name, default = parameter.name, parameter.default
    is_required = default is parameter.empty
    types = {*_members(parameter.annotation)}
    # An ordered table of rules; the first that fits decides.
    if is_image:
        return Field(_layer(name, is_required, viewer), "layer")
    if name in SPACINGS:
        return Field(_expression(name, default), "size")
    choices = _choices(types)
    if choices:
        if default not in choices:
            choices.insert(0, choices[0] if is_required else default)
        return Field(widgets.ComboBox(name=name, choices=choices, value=default), "value")
    if types == {bool}:
        return Field(widgets.CheckBox(name=name, value=default is True), "value")
    if types == {str}:
        return Field(widgets.LineEdit(name=name, value="" if is_required else default), "value")
    if types <= _NUMBERS and (is_required or _fits(default)):
        value: Any = 1 if is_required else default
        return Field(_number(name, value, types, text), "value")
    has_numbers = _NUMBERS_IN_WORDS.search(text.partition("\n")[0])
    if is_required and name not in _FOOTPRINTS and _is_array(types) and not has_numbers:
        return Field(_layer(name, is_required, viewer), "layer")
    if any(map(_has_text, types)) and (is_required or _is_text(default)):
        return Field(_expression(name, default), "expression")
    return None


def _members(annotation: Any) -> Iterator[Any]:
    """Yield the members of a union, and those of the unions in it."""
    if get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _choices(types: set[Any]) -> list[Any]:
    """Return the values that a parameter accepts, if its type lists all of them."""
    lists = [type_ for type_ in types if get_origin(type_) is Literal]
    if len(lists) + (NoneType in types) < len(types):
        return []
    values = [value for type_ in lists for value in get_args(type_)]
    return [*values, None] if values and NoneType in types else values


def _is_array(types: set[Any]) -> bool:
    """Whether a parameter takes an array, and no number or list in its place but those of NumPy."""
    kinds = {get_origin(type_) or type_ for type_ in types}
    takes_anything = complex in kinds  # `ArrayLike`: nested lists of numbers are arrays too
    return SupportsArray in kinds and (takes_anything or not kinds & {int, float, list, Sequence})


def _has_text(type_: Any) -> bool:
    """Whether values of a type can be written in a field: numbers, texts, sequences, arrays."""
    kind = get_origin(type_) or type_
    if kind in _NUMBERS or kind in (str, Array, SupportsArray, range, Any, object):
        return True
    return isinstance(kind, type) and issubclass(kind, (Sequence, Mapping))


def _is_text(default: Any) -> bool:
    try:
        return bool(evaluate(repr(default)).value == default)
    except ValueError:
        return False


def _fits(default: Any) -> bool:
    return type(default) in (int, float) and abs(default) <= _LARGEST


def _layer(name: str, is_required: bool, viewer: Any) -> Any:
    """Return a choice of the viewer's layers of pixels; for labels and masks, labels first."""
    prefers_labels = any(word in name for word in ("label", "mask", "marker"))

    def choices(_: Any) -> list[tuple[str, Any]]:
        found = [layer for layer in viewer.layers if type(layer).__name__ in _IMAGES]
        if prefers_labels:
            found.sort(key=lambda layer: type(layer).__name__ != "Labels")
        return [(layer.name, layer) for layer in found]

    # napari asks for the choices again whenever its list of layers changes.
    return widgets.ComboBox(name=name, choices=choices, nullable=not is_required)


def _expression(name: str, default: Any) -> Any:
    value = "" if default is inspect.Parameter.empty else repr(default)
    return widgets.LineEdit(name=name, value=value)


def _number(name: str, value: float, types: set[Any], text: str) -> Any:
    """Return a field of numbers, limited to the documented range if the default lies in it."""
    low, high = _documented_range(text)
    if not low <= value <= high:
        low, high = -_LARGEST, _LARGEST
    if types <= _INTEGERS:
        return widgets.SpinBox(name=name, value=int(value), min=int(low), max=int(high))
    step = 10 ** _magnitude(value) if value else 0.1
    return widgets.FloatSpinBox(name=name, value=value, min=low, max=high, step=step)


def _magnitude(value: float) -> int:
    """Return the exponent of a tenth of a number, for steps that change it a little."""
    return int(f"{abs(value):e}".partition("e")[2]) - 1


def _documented_range(text: str) -> tuple[float, float]:
    match = _RANGE.search(text)
    bounds = [float(bound) for bound in match.groups() if bound] if match else []
    if len(bounds) == 2 and bounds[0] < bounds[1] and "typically" not in text:
        return bounds[0], bounds[1]
    return -_LARGEST, _LARGEST
