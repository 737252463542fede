"""Explains one function: what it takes and gives, and what the measurement rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from voxbind_build.classify import device_name
from voxbind_build.cli import name_search as lookup
from voxbind_build.cli import twins_page as twins
from voxbind_build.common.typeexpr import choices, members, parse
from voxbind_build.manifest import signature, signature_parts
from voxbind_build.model import (
    Call,
    Exclusion,
    Function,
    Library,
    Manifest,
    Observation,
)
from voxbind_build.render.docs.contract_paragraph import gives, takes
from voxbind_build.render.docs.dtype_sentence import outcome
from voxbind_build.render.docs.library_warnings import grouped

Observations = Mapping[str, Mapping[str, Observation]]
"""By library, then by definition."""

RELATIONS = {
    "per_slice": "f(volume)[z] equals f(volume[z])",
    "last_axis": "f(volume)[..., k] equals f(volume[..., k])",
    "last_axis_gone": "a volume loses its last axis, an image doesn't",
    "shuffle_rows": "shuffled rows change nothing but the order of the result's",
    "shuffle_last": "shuffled planes along the last axis change nothing but their order",
    "flat_arguments": "a volume is taken only beside arguments made for an image",
    "caller_chooses_axes": "with a slice's axes named, f(volume)[z] equals f(volume[z])",
    "takes_trailing_colours": "a (Y, X, 3) array is taken as it is",
    "takes_channel_axis": "a (Y, X, 3) image is taken with channel_axis=-1",
    "takes_channel_axis_of_volume": "a (Z, Y, X, 3) volume is taken with channel_axis=-1",
    "takes_colour_volume": "a (Z, Y, X, 3) volume is taken as it is",
    "default_reads_channels": "left alone, channel_axis takes a volume's last axis",
}
"""The relations that the probe tests, in the order and the words to show them in."""
_EVIDENCE = {
    "observed": "observed, by running {}",
    "recorded": "recorded, by running {} on {}",
    "inferred": "inferred: no call of {} gave a result",
    "declared": "declared by a person, for {}",
    "unobserved": "unobserved: no call of {} decides what it takes",
}
_FROM_TWIN = "inferred from its twin on the CPU: no GPU has run {} yet"
_PROMISED = "declared by its author, and held against what runs of {} show"
_DTYPES = ("bool", "uint8", "uint16", "int32", "float32", "float64")
_LABEL = 13


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """The calls that a verdict rests on, told together."""

    relations: dict[str, bool] = {}
    """Outcome of each relation that was tested."""
    taken: int = 0
    """Calls on record that gave a result."""
    refused: int = 0
    """Calls on record that ended in an error; one for each error and kind of image."""
    inconclusive: int = 0
    """Calls on record that a limit, or the machine, ended."""
    dtypes: int = 0
    """Calls on the same image in each dtype."""
    images: dict[str, tuple[tuple[int, ...], ...]] = {}
    """Shapes of the images that were taken, by content and dtype: ``grey float64``."""
    arguments: dict[str, tuple[str, ...]] = {}
    """What was given beside the image where a call gave a result, by parameter."""
    answers: tuple[str, ...] = ()
    """What the library answered, where no call gave a result."""
    failure: str = ""


def page(console: Console, manifest: Manifest, public: str, observations: Observations) -> None:
    """Print what is known of one public name."""
    name, entry = lookup.entry(manifest, public)
    library = manifest.libraries[name]
    version = f"{library.distribution} {library.version}"
    gap = "  " if len(public) + 2 + len(version) <= console.width else "\n  "
    console.print(Text.assemble((public, "bold"), gap, version), soft_wrap=True)
    if isinstance(entry, Exclusion):
        _paragraph(console, f"left out: {entry.reason}. {entry.detail}")
        return
    if entry.doc:
        _paragraph(console, lookup.summary(entry))
    if entry.form == "function":
        code = Syntax("", "python", theme="ansi_dark").highlight(_code(entry, console.width))
        console.print(Text("\n"), code, sep="", soft_wrap=True)
    pair = _twin(manifest, name, public)
    for label, value in _facts(entry, library, _basis(name, entry, observations), pair):
        _line(console, label, value)


def facts(
    manifest: Manifest, public: str, observations: Observations | None = None
) -> dict[str, Any]:
    """Return what is known of one public name, for programs."""
    name, entry = lookup.entry(manifest, public)
    told: dict[str, Any] = {"name": public, "library": name, **msgspec.structs.asdict(entry)}
    told["memory_type"] = manifest.libraries[name].memory_type
    if isinstance(entry, Exclusion):
        return told | {"kind": "excluded"}
    told["signature"] = signature(entry)
    told["gpu_twin"] = _gpu_twin(manifest, name, public)
    if observations is not None:
        basis = msgspec.structs.asdict(_basis(name, entry, observations))
        told["relations"] = basis.pop("relations")
        told["version"] = manifest.libraries[name].version
        told["basis"] = basis
    return told


def _gpu_twin(manifest: Manifest, library: str, public: str) -> dict[str, Any] | None:
    """Return the pair that a function on the CPU is one of, by the other's name."""
    if manifest.libraries[library].device:
        return None
    _, pair = twins.counterpart(manifest, library, public) or ("", None)
    if pair is None:
        return None
    there = manifest.libraries[str(manifest.libraries[library].twin)]
    return {**msgspec.structs.asdict(pair), "name": device_name(public, there)}


# --- the lines of a page -------------------------------------------------------------------


def _facts(
    function: Function, library: Library, basis: Basis, twin: list[str]
) -> Iterator[tuple[str, str]]:
    """Give label and text; several lines of one label follow each other with the label empty."""
    # The page from its first line to its last: most lines are there only if there is something to
    # say.
    if function.kind == "helper":
        yield "contract", "none: a helper"
    elif function.contract is None:
        yield "contract", "unknown: arrays are converted, and everything else is passed on"
    else:
        yield "contract", f"{function.contract}: {takes(function)}"
    yield "why", function.reason
    yield from _together("tested", _tested(basis.relations))
    if seen := function.overruled:
        yield "observed", f"{seen.contract or seen.kind}: {seen.reason}"
    version = f"{library.distribution} {library.version}"
    if function.form == "function":
        evidence = _PROMISED if function.promised else _EVIDENCE[function.evidence]
        if function.evidence == "inferred" and function.twin and not (basis.taken or basis.refused):
            evidence = _FROM_TWIN
        yield "evidence", evidence.format(version, library.machine or "another machine")
    yield from _together("", _measured(basis, function.reason))
    if function.form == "function":
        yield "gives", gives(function) or function.returns.annotation
        yield from _together("result", _result(function))
    yield from _together("with options", _forms(function))
    yield from _together("contradicts", _contradictions(function))
    yield from _together("untyped", _untyped(function))
    yield from _together("dtypes", _dtypes(function))
    yield from _together(
        "refuses",
        [f"{', '.join(given)}: {error}" for error, given in grouped(_refuses(function))],
    )
    yield from _together("warns", _warns(function))
    if function.mutates:
        yield "changes", f"{', '.join(function.mutates)} in place"
    if function.random:
        yield "random", "equal calls differ unless seeded"
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
    """Say which function does the same on the GPU, or on the CPU, and in what the two differ."""
    found = twins.counterpart(manifest, library, public)
    if found is None:
        return []
    other, pair = found
    there = manifest.libraries[other]
    place = "on the GPU" if there.device else "on the CPU"
    if pair is None:
        if manifest.libraries[library].functions[public].form != "function":
            return []  # classes and constants are handed on, and not compared
        return [f"none {place}: {there.distribution} {there.version} has no such function"]
    name = device_name(public, there) if there.device else pair.name
    return [f"{name}, {place}", *twins.told(pair)]


def _together(label: str, lines: Iterator[str] | list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        yield label, line
        label = ""


def _tested(relations: Mapping[str, bool]) -> Iterator[str]:
    order = [*RELATIONS, *(name for name in relations if name not in RELATIONS)]
    for name in order:
        if name in relations:
            yield f"{'yes' if relations[name] else 'no':4} {RELATIONS.get(name, name)}"


def _measured(basis: Basis, reason: str) -> Iterator[str]:
    calls = f"calls on record: {basis.taken} with a result, {basis.refused} refused"
    if basis.inconclusive:
        calls += f", {basis.inconclusive} inconclusive"
    if basis.dtypes:
        calls += f"; besides, {basis.dtypes} for the dtypes"
    if basis.taken or basis.refused or basis.inconclusive:
        yield calls
    if basis.images:
        images = (f"{what} of {', '.join(map(str, of))}" for what, of in basis.images.items())
        yield f"on {'; '.join(images)}"
    if basis.arguments:
        given = (f"{name}={' or '.join(values)}" for name, values in basis.arguments.items())
        yield f"with {', '.join(given)}"
    for answer in (basis.failure, *basis.answers):
        if answer not in reason and basis.taken == 0:
            yield f"answered {answer}"


def _result(function: Function) -> Iterator[str]:
    """Say of which kind the result is, or each member of a tuple, and why."""
    kinds, reasons = function.result, function.result_reason
    if isinstance(kinds, str):
        kinds = (kinds,)
    if isinstance(reasons, str):  # one reason for all members, as of a declaration
        reasons = (reasons,) * len(kinds)
    for kind, reason in zip(kinds, reasons, strict=True):
        if reason:
            yield f"{kind}: {reason}"


def _forms(function: Function) -> Iterator[str]:
    """Say what comes back for options that decide on it."""
    for form in function.returns.forms:
        given = ", ".join(f"{name}={' or '.join(_values(v))}" for name, v in form.options.items())
        yield f"{given}: {form.annotation}"


def _values(literals: str) -> list[str]:
    """Split ``'a', 'b'``, the values of an option."""
    types = members(parse(f"Literal[{literals}]"))
    return [text for type_ in types for text in [*map(repr, choices(type_))] or [str(type_)]]


def _contradictions(function: Function) -> list[str]:
    """Say where documentation and default differ, beside the type that takes both."""
    found = [each for each in function.parameters if each.contradiction]
    lines = [
        f"{each.name}: {each.contradiction}; its type is {each.annotation}"
        for each in found
        if each.default != "None"
    ]
    if names := [each.name for each in found if each.default == "None"]:
        lines.append(f"None is the default of {', '.join(names)}, and isn't documented as a value")
    return [*lines, *filter(None, [function.returns.contradiction])]


def _untyped(function: Function) -> list[str]:
    told = {each.name: each.untyped for each in function.parameters if each.untyped}
    if function.returns.untyped:
        told["result"] = function.returns.untyped
    return [f"{name}: {reason}" for name, reason in told.items()]


def _dtypes(function: Function) -> Iterator[str]:
    for number, given in enumerate(sorted(function.dtypes, key=_rank)):
        out = outcome(function, given)
        told = "   (values are those of the test images)" if " in [" in out and not number else ""
        yield f"{given:8} -> {out}{told}"


def _refuses(function: Function) -> dict[str, str]:
    return {given: function.refuses[given] for given in sorted(function.refuses, key=_rank)}


def _warns(function: Function) -> Iterator[str]:
    flat = {
        f"{given} {warning}": warning
        for warning, inputs in function.warnings.items()
        for given in inputs
    }
    for warning, keys in grouped(flat):
        inputs = {key.removesuffix(f" {flat[key]}") for key in keys}
        yield f"{warning} [{'; '.join(sorted(inputs, key=_rank))}]"


def _rank(given: str) -> tuple[int, str]:
    return (_DTYPES.index(given) if given in _DTYPES else -1), given


def _code(function: Function, width: int) -> str:
    """Return the signature as Python, a parameter a line where one line is too long."""
    code = f"  def {function.original_name}{signature(function, annotated=True)}"
    if len(code) <= min(width, 88):
        return code
    lines = [f"  def {function.original_name}("]
    for part in signature_parts(function, annotated=True):
        lines += textwrap.wrap(
            f"{part},",
            width,
            initial_indent=" " * 6,
            subsequent_indent=" " * 10,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join([*lines, f"  ) -> {function.returns.annotation}"])


def _paragraph(console: Console, text: str) -> None:
    for line in textwrap.wrap(text, max(20, console.width - 2)):
        console.print(Text(f"  {line}"), soft_wrap=True)


def _line(console: Console, label: str, text: str) -> None:
    """Print a text with its label before it, wrapped beside the label and not below."""
    room = max(20, console.width - _LABEL - 3)
    flat = (
        text if text[:4].strip() in ("yes", "no") or "->" in text[:12] else " ".join(text.split())
    )
    lines = textwrap.wrap(flat, room, break_on_hyphens=False) or [""]
    for number, line in enumerate(lines):
        head = Text(f"  {label if not number else '':{_LABEL}}", style="cyan")
        console.print(head + Text(line), soft_wrap=True)


# --- what it rests on ----------------------------------------------------------------------


def _basis(library: str, function: Function, observations: Observations) -> Basis:
    observation = observations.get(library, {}).get(function.definition)
    if observation is None:
        return Basis()
    taken = [call for call in observation.calls if call.outcome == "returned"]
    ended = [call for call in observation.calls if call.outcome == "inconclusive"]
    refused = [call for call in observation.calls if call.outcome in ("raised", "crashed")]
    arguments: dict[str, dict[str, None]] = {}
    images: dict[str, dict[tuple[int, ...], None]] = {}
    for call in taken:
        if call.shape:
            images.setdefault(_content(call), {})[call.shape] = None
        for name, value in call.arguments.items():
            arguments.setdefault(name, {})[value] = None
    return Basis(
        relations=observation.relations,
        taken=len(taken),
        refused=len(refused),
        inconclusive=len(ended),
        dtypes=len(observation.dtypes) + len(observation.refused),
        images={content: tuple(shapes) for content, shapes in images.items()},
        arguments={name: tuple(values) for name, values in sorted(arguments.items())},
        answers=() if taken else tuple(dict.fromkeys(call.error for call in [*refused, *ended])),
        failure=observation.failure,
    )


def _content(call: Call) -> str:
    return f"{call.case.rpartition(' of ')[2]} {call.dtype}"
