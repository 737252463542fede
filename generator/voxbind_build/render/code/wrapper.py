"""One wrapper: its signature, the direct call of the library, and the call through voxbind."""

from __future__ import annotations

import ast

from msgspec import Struct

from voxbind_build.memories.lookup import facts as memory_facts
from voxbind_build.model import Function, MemoryType, Parameter
from voxbind_build.render.code.checked_text import identifier, literal
from voxbind_build.render.code.namespace import Namespace
from voxbind_build.render.code.overloads import (
    SLICE_BY_SLICE,
    Signature,
    has_switch,
    image_is_plain,
    signatures,
)
from voxbind_build.render.code.quoting import docstring
from voxbind_build.render.docs.documentation import document
from voxbind_build.render.docs.examples import Examples

__all__ = ["Wrapper", "first_image", "name_of_result", "names_used", "wrap"]

_CALLS = {
    "PURE_2D": "call_2d",
    "PURE_3D": "call_3d",
    "FLEXIBLE": "call_2d_or_3d",
    "VOLUMETRIC_TO_SLICE": "call_3d",
}
_DEPRECATED = ".DEPRECATED"
"""End of the name of the object that scikit-image uses as default of deprecated parameters."""


class Wrapper(Struct, frozen=True, kw_only=True):
    """The values that the template of a function needs."""

    name: str
    overloads: tuple[Signature, ...]
    """Signatures for certain arguments, if the type of the result depends on them."""
    parameters: tuple[str, ...]
    returns: str
    docstring: str
    result: str
    """Name of the local variable that holds the result."""
    direct: str
    """The call of the library with the caller's arguments; empty if there is none."""
    conditions: tuple[str, ...]
    """Conditions under which the direct call is made; none if it always is."""
    lifted: str
    """The call through `voxbind._dispatch` in all other cases; empty if there are none."""


def names_used(function: Function) -> set[str]:
    """Return the names that a wrapper's own scope has."""
    return {parameter.name for parameter in function.parameters} | {SLICE_BY_SLICE}


def first_image(function: Function) -> Parameter | None:
    """Return the parameter that takes the image, if there is one."""
    if function.kind == "helper" or not function.arrays:
        return None
    return next(each for each in function.parameters if each.name == function.arrays[0])


def name_of_result(function: Function) -> str:
    """Return a name for the local variable of the result that no parameter has."""
    result = "result"
    while result in names_used(function):
        result += "_"
    return result


def wrap(
    name: str,
    function: Function,
    library: str,
    memory: MemoryType,
    names: Namespace,
    examples: Examples,
) -> Wrapper:
    """Return one wrapper; the names that it uses are bound in `names`.

    Parameters
    ----------
    name
        Its name in the generated module.
    function
        The wrapped function.
    library
        The library's key.
    memory
        The memory that the library works in.
    names
        The names of the generated module.
    examples
        Rewrites the examples of its docstring.
    """
    return _Writer(name, function, library, memory, names, examples).write()


class _Writer:
    def __init__(
        self,
        name: str,
        function: Function,
        library: str,
        memory: MemoryType,
        names: Namespace,
        examples: Examples,
    ) -> None:
        self._examples = examples
        self._name, self._function, self._names = name, function, names
        self._memory = memory
        self._where = function.public
        self._upstream = names.upstream(function.module, library)
        self._by_name = {parameter.name: parameter for parameter in function.parameters}
        self._has_switch = has_switch(function)
        for parameter in function.parameters:
            identifier(parameter.name, self._where)
        contract = function.contract is not None and bool(function.arrays)
        self._images = function.arrays if contract else ()
        self._modified = (
            tuple(name for name in function.mutates if name not in function.outputs)
            if contract
            else ()
        )
        self._outputs = function.outputs
        whole = function.other_arrays if contract else function.arrays + function.other_arrays
        # The images of a function that was not observed can't be checked or sliced: they are
        # converted like any other array.
        apart = (*function.outputs, *function.host_arrays)
        self._whole = tuple(name for name in whole if name not in apart)
        # A projection that treats an image as a volume of one slice refuses nothing.
        self._takes_any = (
            function.contract == "VOLUMETRIC_TO_SLICE" and "(Y, X)" not in function.refuses
        )
        self._first = first_image(function)

    def write(self) -> Wrapper:
        conditions = self._conditions()
        readable = self._first is None or image_is_plain(self._first, self._where)
        *overloads, last = signatures(self._function, self._first, self._memory, self._names)
        readable = readable and "" not in conditions
        return Wrapper(
            name=self._name,
            # A type checker takes each function of this name for a new one, and has no overloads.
            overloads=() if self._name == "_" else tuple(overloads),
            parameters=last.parameters,
            returns=last.returns,
            docstring=docstring(document(self._function, self._has_switch, self._examples), "    "),
            result=name_of_result(self._function),
            direct=self._direct()
            if readable and not (self._function.allowed_dtypes or self._function.needs_output)
            else "",
            conditions=conditions,
            lifted=self._lifted() if conditions or not readable else "",
        )

    # --- body --------------------------------------------------------------------------

    def _class_of(self) -> str:
        """Return the name of `type` with which type checkers don't narrow unions."""
        return self._names.bind("class_of", "voxbind._support.classes")

    def _is_array(self, name: str) -> str:
        kind = self._class_of()
        if self._memory == "array_api":
            return f"{kind}({name}) in {self._upstream}.Arrays"
        return f"{kind}({name}) is {self._upstream}.Array"

    def _conditions(self) -> tuple[str, ...]:
        """Return the conditions for the direct call; an empty condition is never true."""
        function, conditions = self._function, []
        if self._first is not None:
            conditions.append(self._is_array(self._first.name))
            if limit := self._dimensions():
                if self._first.default == "None":
                    conditions.insert(0, f"{self._first.name} is not None")
                conditions.append(limit)
            if self._has_switch:
                conditions.append(f"not {SLICE_BY_SLICE}")
        rest = dict.fromkeys((*self._images, *self._whole, *self._outputs))
        for name in (*rest, *function.host_arrays):
            parameter = self._by_name[name]
            if parameter is self._first or not parameter.default_is_literal:
                continue
            condition = self._is_array(name)
            if self._memory == "array_api":
                # The other branch compares the devices of this array and the image.
                conditions.append(self._has_plain_default(parameter))
                continue
            if name in function.host_arrays:  # anything else is brought to the host
                kind, plain = self._class_of(), self._names.bind("list", "builtins")
                condition = f"{kind}({name}) is {plain}"
            if unchanged := self._has_plain_default(parameter):
                condition = f"({unchanged} or {condition})"
            conditions.append(condition)
        for parameter in function.parameters:
            if parameter.default is not None and not parameter.default_is_literal:
                check = self._names.bind("isinstance", "builtins")
                mark = self._names.bind("LibraryDefault", "voxbind._upstream.wrapped_module")
                conditions.append(f"{check}({parameter.name}, {mark})")
        return tuple(conditions)

    def _has_plain_default(self, parameter: Parameter) -> str:
        """Return a condition that is true for the default; empty if there is no such condition."""
        name, text = parameter.name, parameter.default
        if text is None or text == "None":
            return f"{name} is None" if text else ""
        try:
            default = ast.literal_eval(text)
        except ValueError:  # range(...), which is not tested for
            return ""
        kind, check = type(default).__name__, self._class_of()
        if kind not in ("bool", "int", "float", "str", "tuple"):
            return ""
        condition = f"{check}({name}) is {self._names.bind(kind, 'builtins')}"
        # A tuple may contain arrays of another memory.
        return f"({condition} and {name} == {text})" if kind == "tuple" else condition

    def _dimensions(self) -> str:
        function = self._function
        plain, comparison = (3, "<") if function.contract == "PURE_2D" else (2, "!=")
        if function.contract in (None, "FLEXIBLE") or self._takes_any:
            return ""
        image = self._images[0]
        ndim = f"{image}.ndim"
        # A list has no `ndim`, and type checkers don't know that of pyclesperanto's arrays.
        if image in function.array_like or not memory_facts(self._memory).shows_ndim:
            ndim = f"{self._names.bind('getattr', 'builtins')}({image}, 'ndim', 0)"
        if function.needs_channels:
            return f"{ndim} {comparison} {plain + 1}"
        if "channel_axis" in self._by_name:
            return f"{ndim} {comparison} ({plain} if channel_axis is None else {plain + 1})"
        return f"{ndim} {comparison} {plain}"

    def _direct(self) -> str:
        positional, _, args, kwargs = self._forwarding()
        arguments: list[str] = []
        for position, parameter in enumerate(self._function.parameters):
            if parameter.name in (args, kwargs):
                arguments.append(("*" if parameter.name == args else "**") + parameter.name)
            elif parameter.default is not None and not parameter.default_is_literal:
                continue
            elif position < positional and len(arguments) == position:
                arguments.append(self._argument(parameter.name))
            else:
                arguments.append(f"{parameter.name}={self._argument(parameter.name)}")
        return f"{self._upstream}.{self._function.original_name}({', '.join(arguments)})"

    def _argument(self, name: str) -> str:
        """Return the expression that is passed on for a parameter."""
        if name not in self._function.sources:
            return name
        asked = ", dtype" * ("dtype" in self._by_name)
        warn = self._names.bind("warn_if_converted", "voxbind._dispatch.dispatch")
        return f"{warn}({name}, {name!r}{asked})"

    def _lifted(self) -> str:
        function = self._function
        lifted = function.contract and self._images and not self._takes_any
        entry = _CALLS[function.contract] if function.contract and lifted else "call_as_is"
        positional, required, args, kwargs = self._forwarding()
        is_image = function.kind == "image"
        facts: dict[str, object] = {
            "images": self._images,
            "other_arrays": self._whole,
            "outputs": self._outputs,
            "host_arrays": function.host_arrays,
            "modified": self._modified,
            "array_like": function.array_like if self._images else (),
            "name_or_array": function.name_or_array if self._images else (),
            "accepts_masked": function.masked if is_image else (),
            "accepts_dask": function.lazy if self._images else (),
            "allowed_dtypes": function.allowed_dtypes if is_image else (),
            "required_outputs": function.needs_output if is_image else (),
            "args": args,
            "kwargs": kwargs,
            "memory": "" if memory_facts(self._memory).is_default else self._memory,
        }
        facts = {name: value for name, value in facts.items() if value}
        if required != 1:
            facts["n_required"] = required
        if positional != required:
            facts["n_positional"] = positional
        if entry in ("call_2d", "call_2d_or_3d") and not function.stacks:
            facts["stackable"] = False
        if entry != "call_as_is" and function.needs_channels:
            facts["needs_channels"] = True
        if entry in ("call_2d", "call_2d_or_3d") and (function.random or function.mutates):
            facts["sequential"] = True
        call = self._names.bind(entry, "voxbind._dispatch.dispatch")
        arguments = "".join(f", {name}={value!r}" for name, value in facts.items())
        arguments += self._defaults()
        scope = self._names.bind("locals", "builtins")
        target = f"{self._upstream}.{function.original_name}"
        return f"{call}({target}, {scope}(){arguments})"

    def _defaults(self) -> str:
        """Return the defaults of a function that has deprecated parameters, as an argument."""
        parameters = self._function.parameters
        marks = (each.default or "" for each in parameters if not each.default_is_literal)
        if not any(mark.endswith(_DEPRECATED) for mark in marks):
            return ""
        defaults = (
            f"{each.name!r}: {literal(each.default, self._where, self._names.bind)}"
            for each in parameters
            if each.default is not None and each.default_is_literal
        )
        return f", defaults={{{', '.join(defaults)}}}"

    def _forwarding(self) -> tuple[int, int, str, str]:
        """Return how many parameters go by position, how many are required, and variadic names."""
        required = positional = 0
        args = kwargs = ""
        for position, parameter in enumerate(self._function.parameters):
            if parameter.kind == "VAR_POSITIONAL":
                args, positional = parameter.name, position
            elif parameter.kind == "VAR_KEYWORD":
                kwargs = parameter.name
            elif parameter.kind == "POSITIONAL_ONLY":
                positional = position + 1
            if parameter.default is None and parameter.kind in (
                *("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD"),
            ):
                required = position + 1
        return max(positional, required), required, args, kwargs
