"""All facts about a function, as lines with labels for `voxbind show` and the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from voxbind_build.catalog import twin_lines as twins
from voxbind_build.catalog.basis import Basis, Observations, basis_of
from voxbind_build.classify import device_name
from voxbind_build.common.typeexpr import choices, members, parse
from voxbind_build.manifest import signature, signature_parts
from voxbind_build.model import Function, Library, Manifest
from voxbind_build.render.docs.contract_paragraph import (
    STATEFUL,
    axes,
    channels,
    gives,
    masks,
    randomness,
    takes,
)
from voxbind_build.render.docs.dtype_sentence import outcome
from voxbind_build.render.docs.library_warnings import grouped
from voxbind_build.render.docs.reach_sentence import reach_limits, reach_sentence

__all__ = ["RELATIONS", "SIGNATURE_WIDTH", "lines", "signature_lines"]

RELATIONS = {
    "per_slice": "f(volume)[z] equals f(volume[z])",
    "last_axis": "f(volume)[..., k] equals f(volume[..., k])",
    "last_axis_gone": "the result lacks the last axis for a volume, but not for an image",
    "shuffle_rows": "shuffling the rows of the image shuffles the rows of the result alike",
    "shuffle_last": "shuffling the planes along the last axis shuffles those of the result alike",
    "mean_of_planes": "f(volume) is the mean of f(volume[..., k]), and not that of f(volume[z])",
    "flat_arguments": "a volume is accepted only if the other arguments fit a 2-D image",
    "caller_chooses_axes": "if given the axes of one slice, f(volume)[z] equals f(volume[z])",
    "takes_trailing_colours": "a (Y, X, 3) array is accepted",
    "takes_channel_axis": "a (Y, X, 3) image is accepted with channel_axis=-1",
    "takes_channel_axis_of_volume": "a (Z, Y, X, 3) volume is accepted with channel_axis=-1",
    "takes_colour_volume": "a (Z, Y, X, 3) volume is accepted",
    "default_reads_channels": "by default, channel_axis is a volume's last axis",
}
"""The relations that the probe tests and their descriptions, in the order of the page."""
_EVIDENCE = {
    "observed": "observed, by running {}",
    "recorded": "recorded, by running {} on {}",
    "inferred": "inferred: no call of {} returned a result",
    "declared": "declared by a person, for {}",
    "unobserved": "unobserved: no call of {} shows which dimensions it takes",
}
_FROM_TWIN = "inferred from its CPU twin: {} hasn't been run on a GPU yet"
_PROMISED = "declared by its author, and checked by running {}"
SIGNATURE_WIDTH = 88
"""Most columns of a signature on one line."""
_DTYPES = ("bool", "uint8", "uint16", "int32", "float32", "float64")


def signature_lines(function: Function, width: int = SIGNATURE_WIDTH) -> list[str]:
    """Return a function's signature as lines of Python.

    Parameters
    ----------
    function
        The function's entry in the manifest.
    width
        Most columns of a signature on one line; a longer one has a line for each parameter.

    Returns
    -------
    list of str
        Empty for a class or constant.
    """
    if function.form != "function":
        return []
    beginning = f"def {function.original_name}"
    code = f"{beginning}{signature(function, annotated=True)}"
    if len(code) <= width:
        return [code]
    parts = [f"    {part}," for part in signature_parts(function, annotated=True)]
    return [f"{beginning}(", *parts, f") -> {function.returns.annotation}"]


def lines(
    manifest: Manifest, library: str, public: str, observations: Observations
) -> Iterator[tuple[str, str]]:
    """Yield the label and text of each line; further lines of a label have an empty label.

    Parameters
    ----------
    manifest
        The manifest that has the function.
    library
        The name of the function's library.
    public
        The function's public upstream name.
    observations
        Observations by library and definition; a function may have none.

    Yields
    ------
    tuple of str and str
        The label, and one line of text.
    """
    entry = manifest.libraries[library]
    function = entry.functions[public]
    basis = basis_of(library, function, observations)
    yield from _facts(function, entry, basis, _twin(manifest, library, public))


def _facts(
    function: Function, library: Library, basis: Basis, twin: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield the label and text of each line; further lines of a label have an empty label."""
    # This lists the page from top to bottom, with one branch for each optional line.
    if function.kind == "helper":
        yield "contract", "none: it is a helper, not an image function"
    elif function.contract is None:
        yield "contract", "unknown: arrays are converted, other arguments are passed unchanged"
    else:
        yield "contract", f"{function.contract}: {takes(function)}"
    yield from _together("axes", [*channels(function), *axes(function)])
    yield "why", function.reason
    yield from _together("tested", _tested(basis.relations))
    if observed := function.overruled:
        yield "observed", f"{observed.contract or observed.kind}: {observed.reason}"
    version = f"{library.distribution} {library.version}"
    if function.form == "function":
        evidence = _PROMISED if function.promised else _EVIDENCE[function.evidence]
        if function.evidence == "inferred" and function.twin and not (basis.taken or basis.refused):
            evidence = _FROM_TWIN
        yield "evidence", evidence.format(version, library.machine or "another machine")
    yield from _together("", _measured(basis, function.reason))
    if function.form == "function":
        yield "returns", gives(function) or function.returns.annotation
        yield from _together("result", _result(function))
    yield from _together("with options", _forms(function))
    yield from _together("contradicts", _contradictions(function))
    yield from _together("untyped", _untyped(function))
    yield from _together("dtypes", _dtypes(function))
    yield from _together("masks", masks(function))
    yield from _together(
        "refuses",
        [f"{', '.join(dtypes)}: {error}" for error, dtypes in grouped(_refuses(function))],
    )
    yield from _together("warns", _warns(function))
    yield from _together("reach", _reach(function))
    if function.mutates:
        yield "changes", f"{', '.join(function.mutates)} in place"
    if function.random:
        yield "random", randomness(function)
    if function.keeps_state:
        yield "state", STATEFUL
    if function.deprecated:
        yield "deprecated", function.deprecated
    for label, names in (
        ("images", function.arrays),
        ("arrays", function.other_arrays),
        ("writes into", function.outputs),
    ):
        if names:
            yield label, ", ".join(names)
    yield from _together("twin", twin)
    yield "wrapper", function.wrapper


def _twin(manifest: Manifest, library: str, public: str) -> list[str]:
    """Return the name of the twin on the GPU, or on the CPU, and how the two differ."""
    counterpart = twins.counterpart(manifest, library, public)
    if counterpart is None:
        return []
    twin_library_name, pair = counterpart
    twin_library = manifest.libraries[twin_library_name]
    place = "on the GPU" if twin_library.device else "on the CPU"
    if pair is None:
        if manifest.libraries[library].functions[public].form != "function":
            return []  # classes and constants are re-exported, and not compared
        version = f"{twin_library.distribution} {twin_library.version}"
        return [f"none {place}: {version} has no such function"]
    name = device_name(public, twin_library) if twin_library.device else pair.name
    return [f"{name}, {place}", *twins.told(pair)]


def _together(label: str, lines: Iterator[str] | list[str]) -> Iterator[tuple[str, str]]:
    """Yield lines with the label before the first one only."""
    for line in lines:
        yield label, line
        label = ""


def _tested(relations: Mapping[str, bool]) -> Iterator[str]:
    order = [*RELATIONS, *(name for name in relations if name not in RELATIONS)]
    for name in order:
        if name in relations:
            yield f"{'yes' if relations[name] else 'no':4} {RELATIONS.get(name, name)}"


def _measured(basis: Basis, reason: str) -> Iterator[str]:
    """Yield how many calls were made, and with which images and arguments."""
    calls = f"recorded calls: {basis.taken} returned, {basis.refused} raised an error"
    if basis.inconclusive:
        calls += f", {basis.inconclusive} inconclusive"
    if basis.dtypes:
        calls += f"; {basis.dtypes} more to test dtypes"
    if basis.taken or basis.refused or basis.inconclusive:
        yield calls
    if basis.images:
        images = (
            f"{content} of {', '.join(map(str, shapes))}"
            for content, shapes in basis.images.items()
        )
        yield f"on {'; '.join(images)}"
    if basis.arguments:
        arguments = (f"{name}={' or '.join(values)}" for name, values in basis.arguments.items())
        yield f"with {', '.join(arguments)}"
    for error in (basis.failure, *basis.answers):
        if error not in reason and basis.taken == 0:
            yield f"error: {error}"


def _result(function: Function) -> Iterator[str]:
    """Yield the kind of the result, or of each member of a tuple, and the reason."""
    kinds, reasons = function.kinds, function.result_reason
    if isinstance(reasons, str):  # a declaration gives one reason for all members
        reasons = (reasons,) * len(kinds)
    for kind, reason in zip(kinds, reasons, strict=True):
        if reason:
            yield f"{kind}: {reason}"


def _forms(function: Function) -> Iterator[str]:
    """Yield the type of the result for each setting of the options that change it."""
    for form in function.returns.forms:
        options = ", ".join(
            f"{name}={' or '.join(_values(literals))}" for name, literals in form.options.items()
        )
        yield f"{options}: {form.annotation}"


def _values(literals: str) -> list[str]:
    """Split an option's values, such as ``'a', 'b'``."""
    types = members(parse(f"Literal[{literals}]"))
    return [text for type_ in types for text in [*map(repr, choices(type_))] or [str(type_)]]


def _contradictions(function: Function) -> list[str]:
    """Return each default that the documentation contradicts, with the type that covers both."""
    contradicted = [parameter for parameter in function.parameters if parameter.contradiction]
    lines = [
        f"{parameter.name}: {parameter.contradiction}; its type is {parameter.annotation}"
        for parameter in contradicted
        if parameter.default != "None"
    ]
    if names := [parameter.name for parameter in contradicted if parameter.default == "None"]:
        lines.append(f"None is the default of {', '.join(names)}, but isn't documented as a value")
    return [*lines, *filter(None, [function.returns.contradiction])]


def _untyped(function: Function) -> list[str]:
    """Return why each parameter, or the result, has no full type."""
    reasons = {
        parameter.name: parameter.untyped for parameter in function.parameters if parameter.untyped
    }
    if function.returns.untyped:
        reasons["result"] = function.returns.untyped
    return [f"{name}: {reason}" for name, reason in reasons.items()]


def _dtypes(function: Function) -> Iterator[str]:
    """Yield the dtype of the result for each dtype of the image."""
    for number, dtype in enumerate(sorted(function.dtypes, key=_rank)):
        result = outcome(function, dtype)
        is_first_range = " in [" in result and not number
        remark = "   (the range of values on the test images)" if is_first_range else ""
        yield f"{dtype:8} -> {result}{remark}"


def _reach(function: Function) -> Iterator[str]:
    """Yield how far an element looks, and the arguments that this is valid for."""
    sentence = reach_sentence(function).removeprefix("Reach: ")
    limits = reach_limits(function)
    if sentence or limits:
        yield sentence or "unknown"
    yield from limits


def _refuses(function: Function) -> dict[str, str]:
    return {dtype: function.refuses[dtype] for dtype in sorted(function.refuses, key=_rank)}


def _warns(function: Function) -> Iterator[str]:
    """Yield each warning, or group of similar ones, with the inputs that cause it."""
    warning_of_key = {
        f"{source} {warning}": warning
        for warning, sources in function.warnings.items()
        for source in sources
    }
    for warning, keys in grouped(warning_of_key):
        inputs = {key.removesuffix(f" {warning_of_key[key]}") for key in keys}
        yield f"{warning} [{'; '.join(sorted(inputs, key=_rank))}]"


def _rank(dtype: str) -> tuple[int, str]:
    """Return a sort key: other inputs than the common dtypes first, then those in their order."""
    return (_DTYPES.index(dtype) if dtype in _DTYPES else -1), dtype
