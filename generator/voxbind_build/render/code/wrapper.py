"""One wrapper: its signature, the direct call of the library, and the call through voxbind."""

from __future__ import annotations

import ast

from msgspec import Struct

from voxbind_build.memories.lookup import facts as memory_facts
from voxbind_build.model import Function, MemoryType, Parameter
from voxbind_build.render.code.checked_text import identifier, literal, other_class
from voxbind_build.render.code.namespace import Namespace
from voxbind_build.render.code.overloads import (
    SLICE_BY_SLICE,
    Signature,
    has_switch,
    image_is_plain,
    signatures,
)
from voxbind_build.render.code.quoting import docstring
from voxbind_build.render.contract_forms import contract_form
from voxbind_build.render.docs.documentation import document
from voxbind_build.render.docs.examples import Examples

__all__ = ["Wrapper", "first_image", "name_of_result", "names_used", "wrap"]

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
    """The direct call of the library, with the caller's arguments; empty if there is none."""
    conditions: tuple[str, ...]
    """Conditions for the direct call, all of which must be true; empty if it is always made."""
    lifted: str
    """The call through `voxbind._dispatch`, if a condition is false; empty if none can be."""


def names_used(function: Function) -> set[str]:
    """Return the names that a wrapper binds in its scope."""
    return {parameter.name for parameter in function.parameters} | {SLICE_BY_SLICE}


def first_image(function: Function) -> Parameter | None:
    """Return the parameter that takes the image, if there is one."""
    if function.kind == "helper" or not function.arrays:
        return None
    return next(
        parameter for parameter in function.parameters if parameter.name == function.arrays[0]
    )


def name_of_result(function: Function) -> str:
    """Return a name for the result's local variable that isn't a parameter's."""
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
    library_axes: str = "",
) -> Wrapper:
    """Return one wrapper, and bind the names that it uses in `names`.

    Parameters
    ----------
    name
        The wrapper's name in the generated module.
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
    library_axes
        The axes of the library's images: see `LibrarySpec.axes`.
    """
    return _Writer(name, function, library, memory, names, examples, library_axes).write()


class _Writer:
    def __init__(
        self,
        name: str,
        function: Function,
        library: str,
        memory: MemoryType,
        names: Namespace,
        examples: Examples,
        library_axes: str,
    ) -> None:
        self._examples, self._library_axes = examples, library_axes
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
        other_arrays = (
            function.other_arrays if contract else function.arrays + function.other_arrays
        )
        # If a function has no contract, its images can't be checked or sliced. They are converted
        # like any other array.
        host_or_output = (*function.outputs, *function.host_arrays)
        self._whole = tuple(name for name in other_arrays if name not in host_or_output)
        # A projection that treats an image as a volume of one slice takes any dimensions.
        self._takes_any = (
            function.contract == "VOLUMETRIC_TO_SLICE" and "(Y, X)" not in function.refuses
        )
        self._first = first_image(function)

    def write(self) -> Wrapper:
        function = self._function
        # Conditions for a call that is never direct would import names that nothing uses.
        is_direct = not (function.allowed_dtypes or function.needs_output) and (
            self._first is None or image_is_plain(self._first, self._where)
        )
        conditions = self._conditions() if is_direct else ()
        *overloads, implementation = signatures(
            self._function, self._first, self._memory, self._names
        )
        is_direct = is_direct and "" not in conditions
        return Wrapper(
            name=self._name,
            # Type checkers treat each `_` as a new function and don't combine its overloads.
            overloads=() if self._name == "_" else tuple(overloads),
            parameters=implementation.parameters,
            returns=implementation.returns,
            docstring=docstring(document(self._function, self._has_switch, self._examples), "    "),
            result=name_of_result(self._function),
            direct=self._direct() if is_direct else "",
            conditions=conditions,
            lifted=self._lifted() if conditions or not is_direct else "",
        )

    # --- body --------------------------------------------------------------------------

    def _class_of(self) -> str:
        """Return the local name of a `type` by which type checkers don't narrow unions."""
        return self._names.bind("class_of", "voxbind._support.classes")

    def _is_array(self, name: str) -> str:
        kind = self._class_of()
        if self._memory == "array_api":
            return f"{kind}({name}) in {self._upstream}.Arrays"
        return f"{kind}({name}) is {self._upstream}.Array"

    def _conditions(self) -> tuple[str, ...]:
        """Return the conditions for the direct call; an empty text is a condition never true."""
        function, conditions = self._function, []
        if self._first is not None:
            conditions.append(self._is_array(self._first.name))
            if limit := self._dimensions():
                if self._first.default == "None":
                    conditions.insert(0, f"{self._first.name} is not None")
                conditions.append(limit)
            if self._has_switch:
                conditions.append(f"not {SLICE_BY_SLICE}")
        arrays = dict.fromkeys((*self._images, *self._whole, *self._outputs))
        for name in (*arrays, *function.host_arrays):
            parameter = self._by_name[name]
            if parameter is self._first or not parameter.default_is_literal:
                continue
            condition = self._is_array(name)
            if self._memory == "array_api":
                # An array here needs the call through `voxbind._dispatch`, which compares its
                # device with the image's.
                conditions.append(self._has_plain_default(parameter))
                continue
            if name in function.host_arrays:  # anything but a list is copied to the host
                kind, plain = self._class_of(), self._names.bind("list", "builtins")
                condition = f"{kind}({name}) is {plain}"
            if unchanged := self._has_plain_default(parameter):
                condition = f"({unchanged} or {condition})"
            conditions.append(condition)
        for parameter in function.parameters:
            if parameter.default is not None and not parameter.default_is_literal:
                check = self._names.bind("isinstance", "builtins")
                mark = self._names.bind("LibraryDefault", "voxbind._upstream.defaults")
                conditions.append(f"{check}({parameter.name}, {mark})")
        return tuple(conditions)

    def _has_plain_default(self, parameter: Parameter) -> str:
        """Return a condition that is true for the default; empty if none can be written."""
        name, text = parameter.name, parameter.default
        if text is None or text == "None":
            return f"{name} is None" if text else ""
        try:
            default = ast.literal_eval(text)
        except ValueError:  # a call such as range(...), for which no condition is written
            return ""
        kind, check = type(default).__name__, self._class_of()
        if kind not in ("bool", "int", "float", "str", "tuple"):
            return ""
        condition = f"{check}({name}) is {self._names.bind(kind, 'builtins')}"
        # A tuple may contain arrays of another memory.
        return f"({condition} and {name} == {text})" if kind == "tuple" else condition

    def _dimensions(self) -> str:
        """Return a condition on the image's number of axes; empty if any number is accepted."""
        function = self._function
        if not (function.contract and self._images) or self._takes_any:
            return ""
        form = contract_form(function.contract)
        comparison, plain = form.direct_axes
        image = self._images[0]
        # Lists and exporters have no `ndim`.
        ndim = f"{self._names.bind('getattr', 'builtins')}({image}, 'ndim', 0)"
        if function.needs_channels:
            return f"{ndim} {comparison} {plain + 1}"
        channel_axis = self._by_name.get("channel_axis")
        # Some functions always have it, for the colours that they add.
        if channel_axis is not None and "None" in (channel_axis.annotation or "None"):
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
        dtype = ", dtype" * ("dtype" in self._by_name)
        warn = self._names.bind("warn_if_converted", "voxbind._dispatch.dispatch")
        return f"{warn}({name}, {name!r}{dtype})"

    def _lifted(self) -> str:
        """Return the call of `voxbind._dispatch.dispatch`, with the facts that it needs."""
        function = self._function
        entry = "call_as_is"
        if function.contract and self._images and not self._takes_any:
            entry = contract_form(function.contract).entry
        facts = {**self._array_facts(entry), **self._call_facts(entry)}
        call = self._names.bind(entry, "voxbind._dispatch.dispatch")
        arguments = "".join(f", {name}={value!r}" for name, value in facts.items())
        arguments += self._defaults()
        scope = self._names.bind("locals", "builtins")
        target = f"{self._upstream}.{function.original_name}"
        return f"{call}({target}, {scope}(){arguments})"

    def _array_facts(self, entry: str) -> dict[str, object]:
        """Return which parameters take which arrays, without the facts that are empty."""
        function = self._function
        _, _, args, kwargs = self._forwarding()
        is_image = function.kind == "image"
        facts: dict[str, object] = {
            "images": self._images,
            "other_arrays": self._whole,
            "outputs": self._outputs,
            "host_arrays": function.host_arrays,
            "modified": self._modified,
            "array_like": function.array_like if self._images else (),
            "name_or_array": function.name_or_array if self._images else (),
            "default_classes": {
                name: kind
                for name in self._images[1:]
                if self._by_name[name].default_is_literal
                and (kind := other_class(self._by_name[name].default or "None"))
            },
            "accepts_masked": function.masked if is_image else (),
            "masked_dtypes": function.masked_dtypes if is_image else {},
            "accepts_dask": function.lazy if self._images else (),
            "allowed_dtypes": function.allowed_dtypes if is_image else (),
            "required_outputs": function.needs_output if is_image else (),
            "args": args,
            "kwargs": kwargs,
            "library_axes": self._library_axes if entry in ("call_2d", "call_3d") else "",
            "memory": "" if memory_facts(self._memory).is_default else self._memory,
        }
        return {name: value for name, value in facts.items() if value}

    def _call_facts(self, entry: str) -> dict[str, object]:
        """Return how the function is called, and what happens to its slices, unless it is usual."""
        function = self._function
        positional, required, _, _ = self._forwarding()
        has_slices = entry in ("call_2d", "call_2d_or_3d")
        facts: dict[str, object] = {}
        if required != 1:
            facts["n_required"] = required
        if positional != required:
            facts["n_positional"] = positional
        if has_slices and not function.stacks:
            facts["stackable"] = False
        if entry != "call_as_is" and function.needs_channels:
            facts["needs_channels"] = True
        if has_slices and (function.random or function.mutates):
            facts["sequential"] = True
        if has_slices and function.stacks:
            facts |= _slice_facts(function)
        return facts

    def _defaults(self) -> str:
        """Return the argument ``defaults``, which a function with deprecated parameters needs."""
        parameters = self._function.parameters
        marks = (
            parameter.default or "" for parameter in parameters if not parameter.default_is_literal
        )
        if not any(mark.endswith(_DEPRECATED) for mark in marks):
            return ""
        defaults = (
            f"{parameter.name!r}: {literal(parameter.default, self._where, self._names.bind)}"
            for parameter in parameters
            if parameter.default is not None and parameter.default_is_literal
        )
        return f", defaults={{{', '.join(defaults)}}}"

    def _forwarding(self) -> tuple[int, int, str, str]:
        """Return how arguments are forwarded.

        Returns
        -------
        n_positional, n_required : int
            How many parameters are passed by position, and how many have no default.
        args, kwargs : str
            Names of the variadic parameters; empty if there are none.
        """
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


def axis_kinds(function: Function) -> dict[str, str | tuple[float, ...]]:
    """Return the kind of each argument that has an entry for each axis, as the run time has it."""
    return {
        name: argument.neutral if argument.kind == "numbers" else argument.kind
        for name, argument in function.axis_arguments.items()
    }


def _slice_facts(function: Function) -> dict[str, object]:
    """Return the facts on arguments that a slice of a volume gets in another form."""
    facts: dict[str, object] = {"axis_arguments": axis_kinds(function), "seeds": function.seeds}
    return {name: value for name, value in facts.items() if value}
