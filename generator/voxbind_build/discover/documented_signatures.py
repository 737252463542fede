"""Reads the signature of a compiled function from its documentation.

Compiled functions often have no signature that Python can inspect, but their docstrings begin with
one: ``blur(src, size[, dst]) -> dst`` (OpenCV), ``Median(Image image1, double sigma=1.0) -> Image``
(SWIG), ``label(arg0: numpy.ndarray, n: int = 3) -> int`` (pybind11), ``y = f(x,[n])`` (f2py).
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from voxbind_build.common.bindable import why_not_bindable
from voxbind_build.discover.constants import NotConstant, canonical
from voxbind_build.model import ParameterKind, SourceParameter

__all__ = ["OF_LIBRARY", "documented_signature", "is_unknown", "parameters_in"]

OF_LIBRARY = "<default>"
"""A default that the documentation doesn't state in Python's syntax."""
_LONGEST = 4000
"""Characters of a signature that are read; longer ones aren't signatures."""
_LINES = 30
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_NUMBERED = re.compile(r"^\d+\.\s+")
_RESULT = re.compile(r"^[\w, ]+\s=\s(?=\w+\()")
_C_TYPES: tuple[tuple[str, str], ...] = (
    (r"(std::)?string|char ?\*", "str"),
    (r"bool", "bool"),
    (r"Vector(U?Int\d+|UInt|Int)|std::vector< ?(unsigned )?int\d*.*", "Sequence[int]"),
    (r"Vector(Double|Float)|std::vector< ?(double|float).*", "Sequence[float]"),
    (r"VectorBool", "Sequence[bool]"),
    (r"VectorString", "Sequence[str]"),
    (r"(const )?(unsigned |signed )?(int|long|short|char|long long)|u?int\d+_t|s?size_t", "int"),
    (r"(const )?(float|double)", "float"),
)
"""Types of C and C++ as regular expressions, and those of Python that they accept."""


def is_unknown(parameters: Sequence[SourceParameter] | None) -> bool:
    """Return whether parameters say nothing: there are none, or only ``*args`` and ``**kwargs``."""
    if parameters is None:
        return True
    kinds = [parameter.kind for parameter in parameters]
    return bool(kinds) and {*kinds} <= {"VAR_POSITIONAL", "VAR_KEYWORD"}


def documented_signature(
    name: str, docstring: str, known: Sequence[SourceParameter] | None = None
) -> tuple[SourceParameter, ...] | None:
    """Return the parameters in the first lines of a docstring; None if there are none.

    Parameters
    ----------
    name
        The function's name.
    docstring
        Its docstring, of which each line ``name(...)`` at the start is one overload.
    known
        The parameters that Python reports. If they lack ``**kwargs``, arguments are positional.
    """
    overloads = [
        parameters
        for line in _first_lines(docstring)
        if (parameters := parameters_in(name, line)) is not None
    ]
    if not overloads:
        return None
    if known is None or any(parameter.kind == "VAR_KEYWORD" for parameter in known):
        return _united(overloads)
    return tuple(_by_position(overloads, known))


def _first_lines(docstring: str) -> Iterator[str]:
    for line in docstring.strip()[: 10 * _LONGEST].splitlines()[:_LINES]:
        yield _RESULT.sub("", _NUMBERED.sub("", line.strip().removeprefix(". ")))


def parameters_in(name: str, line: str) -> tuple[SourceParameter, ...] | None:
    """Return the parameters in a line such as ``name(a, b=1)``; None if it isn't a signature."""
    if not line.startswith(f"{name}(") or len(line) > _LONGEST:
        return None
    inner = _up_to_bracket(line[len(name) + 1 :])
    if inner is None:
        return None
    parameters: list[SourceParameter] = []
    kind: ParameterKind = "POSITIONAL_OR_KEYWORD"
    for part, is_optional in _parts(inner):
        if part == "/":
            parameters = [*_positional(parameters)]
        elif part == "*":
            kind = "KEYWORD_ONLY"
        elif part != "$self" and part != "$module":
            parameter = _parameter(part, kind, is_optional)
            if parameter is None or parameter.name in {known.name for known in parameters}:
                return None
            if parameter.kind == "POSITIONAL_ONLY":
                parameters = [*_positional(parameters)]
            parameters.append(parameter)
    return None if is_unknown(parameters) else tuple(_in_pythons_order(parameters))


def _in_pythons_order(parameters: Sequence[SourceParameter]) -> Iterator[SourceParameter]:
    """Yield parameters; one without a default after one with a default gets the library's own.

    C++ has ``f(Image in, Image mask = Image(), Intervals intervals)``, and Python hasn't. The
    library says so if the argument is missing.
    """
    has_default = False
    for parameter in parameters:
        by_position = parameter.kind in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
        if by_position and has_default and parameter.default is None:
            parameter = replace(parameter, default=OF_LIBRARY, default_is_literal=False)
        has_default |= by_position and parameter.default is not None
        yield parameter


def _up_to_bracket(text: str) -> str | None:
    """Return the text up to the bracket that closes an open one."""
    depth = 1
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return text[:place]
    return None


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts between commas, and whether brackets make a part optional: ``a[, b]``."""
    closing: list[str] = []
    part, optional, depth, quote = "", False, 0, ""
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
            part += character
            continue
        begins_option = character == "[" and not closing and not _is_subscript(part, text, place)
        if begins_option or (character == "]" and depth and not closing):
            if part.strip():
                yield part.strip(), optional
            part, optional = "", optional or begins_option
            depth += 1 if begins_option else -1
            optional = depth > 0
        elif character == "," and not closing:
            if part.strip():
                yield part.strip(), optional
            part = ""
        else:
            if character in "'\"":
                quote = character
            elif character in _PAIRS:
                closing.append(_PAIRS[character])
            elif closing and character == closing[-1] and text[place - 1] != "-":
                closing.pop()
            part += character
    if part.strip():
        yield part.strip(), optional


def _is_subscript(part: str, text: str, place: int) -> bool:
    """Return whether a bracket belongs to a type or a default, such as ``list[int]``, ``=[1]``."""
    before = part.strip()
    is_option = not before or text[place + 1 :].lstrip().startswith(",")
    return not is_option and (":" in before or "=" in before or part[-1:].isalnum())


def _parameter(text: str, kind: ParameterKind, is_optional: bool) -> SourceParameter | None:
    head, equals, default = text.partition("=")
    named, _, annotation = head.partition(":") if "::" not in head else (head, "", "")
    if match := re.fullmatch(r"(\*{1,2})(\w+)", named.strip()):
        kind = "VAR_POSITIONAL" if match[1] == "*" else "VAR_KEYWORD"
        return SourceParameter(name=match[2], kind=kind)
    type_, _, name = named.strip().rpartition(" ")
    name = name.lstrip("&*")
    if keyword.iskeyword(name):  # `in`, which C++ allows: no call can name it
        name, kind = f"{name}_", "POSITIONAL_ONLY"
    if not name.isidentifier() or why_not_bindable(name):
        return None
    value, is_literal = _default(default.strip()) if equals else (None, True)
    if is_optional and value is None:
        value, is_literal = OF_LIBRARY, False
    return SourceParameter(
        name=name,
        kind="POSITIONAL_ONLY" if re.fullmatch(r"arg\d+", name) else kind,
        default=value,
        default_is_literal=is_literal,
        stub=_type(annotation.strip() or type_.strip()),
    )


def _default(text: str) -> tuple[str, bool]:
    if text in ("true", "false"):
        text = text.capitalize()
    try:
        return canonical(ast.literal_eval(text)), True
    except (NotConstant, ValueError, SyntaxError, RecursionError, MemoryError):
        return OF_LIBRARY, False


def _type(text: str) -> str | None:
    text = re.sub(r"^const | ?[&]$|^itk::simple::", "", text)
    for pattern, python in _C_TYPES:
        if re.fullmatch(pattern, text):
            return python
    return text if text and re.fullmatch(r"[\w.\[\], |]+", text) and " " not in text[:9] else None


def _positional(parameters: Sequence[SourceParameter]) -> Iterator[SourceParameter]:
    """Yield positional parameters, up to one whose default can't be passed on."""
    for parameter in parameters:
        if not parameter.default_is_literal:
            return
        yield _with_kind(parameter, "POSITIONAL_ONLY")


def _by_position(
    overloads: Sequence[tuple[SourceParameter, ...]], known: Sequence[SourceParameter]
) -> Iterator[SourceParameter]:
    """Yield the parameters of a function that takes arguments by position only.

    ``f(Image image, Image mask, int n=2)`` and ``f(Image image, int n=2)`` have two types for the
    second argument. ``*args`` takes the arguments that other overloads have in addition, and those
    after a default that can't be passed on.
    """
    parameters = [*_positional(_united(overloads))]
    for position, parameter in enumerate(parameters):
        others = [overload[position] for overload in overloads if position < len(overload)]
        yield _with_types([parameter, *others])
    starred = next((each for each in known if each.kind == "VAR_POSITIONAL"), None)
    names = {parameter.name for parameter in parameters}
    if starred and starred.name not in names and max(map(len, overloads)) > len(parameters):
        yield SourceParameter(name=starred.name, kind="VAR_POSITIONAL")


def _with_types(alike: Sequence[SourceParameter]) -> SourceParameter:
    """Return the first parameter with the types of all; none if one of them is unknown."""
    types = [parameter.stub for parameter in alike]
    stub = " | ".join(dict.fromkeys(filter(None, types))) if all(types) else None
    return SourceParameter(
        name=alike[0].name,
        kind=alike[0].kind,
        default=alike[0].default,
        default_is_literal=alike[0].default_is_literal,
        stub=stub,
    )


def _with_kind(parameter: SourceParameter, kind: ParameterKind) -> SourceParameter:
    return SourceParameter(
        name=parameter.name,
        kind=kind if parameter.kind == "POSITIONAL_OR_KEYWORD" else parameter.kind,
        default=parameter.default,
        default_is_literal=parameter.default_is_literal,
        stub=parameter.stub,
    )


def _united(overloads: Sequence[tuple[SourceParameter, ...]]) -> tuple[SourceParameter, ...]:
    """Return the overload with the fewest required parameters, and the types of equally long ones.

    It leaves out images that another overload takes too: ``f(Image image, Image mask)``.
    """
    first = min(
        overloads, key=lambda parameters: sum(parameter.default is None for parameter in parameters)
    )
    alike = [overload for overload in overloads if len(overload) == len(first)]
    return tuple(
        _with_types([parameter, *(overload[position] for overload in alike)])
        for position, parameter in enumerate(first)
    )
