"""Explains in words where a call of `voxbind.auto` runs, for traces, errors and docstrings."""

from __future__ import annotations

from collections.abc import Iterator

from .pair import Deviation, Pair
from .wording import difference, enumerated, kind_of_call

__all__ = ["deviates", "documented", "never_on_gpu", "not_moved", "where_it_runs"]

_WIDTH = 92
"""Length of the lines in docstrings, the same as in the wrappers' docstrings."""


def deviates(pair: Pair, deviation: Deviation) -> str:
    """Return the reason why calls of a kind run on the CPU, as a clause after ``because``."""
    kind = kind_of_call(deviation.dtype, deviation.parameters)
    results = f"results of {pair.gpu} {kind}".rstrip()
    return f"{results} {difference(deviation.max_relative, f'those of {pair.cpu}')}"


def never_on_gpu(pair: Pair) -> str:
    """Return the reason why no call runs on the GPU; empty if some calls do."""
    routing = pair.routing
    if not routing.has_twin:
        return f"{pair.cpu} has no twin on the GPU"
    for deviation in routing.cpu_only:
        if not deviation.dtype and not deviation.parameters:
            return deviates(pair, deviation)
    for name in routing.missing:
        if name not in pair.defaults:
            return f"{pair.gpu} has no parameter {name!r}"
    if routing.spatial_axes == 0:
        return f"{pair.gpu} takes other axes than {pair.cpu}"
    return ""


def not_moved(pair: Pair) -> str:
    """Return the reason why `prefer` doesn't move an array to the GPU; empty if it does."""
    routing = pair.routing
    if not routing.has_image:
        return f"{pair.cpu} takes no image, and runs where its arrays are"
    if routing.is_random:
        return f"{pair.cpu} is random, and a GPU would draw different random numbers"
    if routing.returns_objects:
        return f"{pair.cpu} returns objects, which stay where their arrays are"
    return ""


def where_it_runs(pair: Pair) -> str:
    """Return the paragraph of a docstring that says where calls run."""
    return f"voxbind.auto: {'. '.join(_sentences(pair))}."


def _sentences(pair: Pair) -> Iterator[str]:
    routing = pair.routing
    if not routing.arrays:
        yield f"takes no array, so it runs {pair.cpu} on the CPU"
        return
    if reason := never_on_gpu(pair):
        yield f"runs on the CPU, because {reason}"
        return
    preferred = "" if not_moved(pair) else " or voxbind.prefer('gpu') is set"
    yield (
        f"runs {pair.gpu} if {routing.arrays[0]} is on an NVIDIA GPU{preferred}, "
        f"else {pair.cpu} on the CPU"
    )
    if limits := [*_limits(pair)]:
        yield f"These run on the CPU in any case: {'; '.join(limits)}"
    if routing.returns_objects:
        yield f"On a GPU it returns objects of {pair.gpu.partition('.')[0]}'s classes"
    if routing.returns_numbers:
        yield "Numbers are returned on the host, wherever it runs"
    if not routing.has_gpu_dtypes:
        yield "The dtypes above were measured on the CPU; they haven't been measured on a GPU yet"
    for dtypes in routing.result_dtypes:
        images = enumerated(dtypes.images)
        yield f"Images of {images} give {dtypes.gpu} on a GPU, but {dtypes.cpu} on the CPU"


def _limits(pair: Pair) -> Iterator[str]:
    """Yield the kinds of call that run on the CPU wherever the image is."""
    routing = pair.routing
    for name in routing.missing:
        yield f"calls with {name}"
    for name in routing.kernels:
        yield f"calls with a Python function as {name}"
    if routing.refused_dtypes:
        yield f"images of {enumerated(routing.refused_dtypes)} (the GPU's function refuses them)"
    for deviation in routing.cpu_only:
        kind = kind_of_call(deviation.dtype, deviation.parameters, "images of")
        results = difference(deviation.max_relative, "the CPU's")
        yield f"calls {kind} (results {results})"
    if routing.spatial_axes:
        yield f"images that don't have {routing.spatial_axes} spatial axes"


def documented(pair: Pair, doc: str, cpu: str, auto: str) -> str:
    """Return the docstring of a function of `voxbind.auto`.

    Parameters
    ----------
    pair
        The function and its twin.
    doc
        Docstring of the CPU's wrapper: a summary, a paragraph on the contract, and the rest.
    cpu
        Package of the CPU's wrappers: ``voxbind.skimage``.
    auto
        Package that examples import from instead: ``voxbind.auto``.
    """
    summary, contract, *rest = doc.split("\n\n", 2)
    indent = contract[: len(contract) - len(contract.lstrip())]
    routing = _filled(where_it_runs(pair), indent)
    lines = "\n\n".join([summary, contract.rstrip(), routing, *rest]).split("\n")
    return "\n".join(_imported_from(line, cpu, auto) for line in lines)


def _filled(text: str, indent: str) -> str:
    """Break a text into lines, without `textwrap`, which takes long to import."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) < _WIDTH:
            lines[-1] += f" {word}" if lines[-1] else word
        else:
            lines.append(word)
    return "\n".join(indent + line for line in lines)


def _imported_from(line: str, cpu: str, auto: str) -> str:
    """Return a line of a docstring, with the package of an example's import replaced."""
    if not line.lstrip().startswith(">>> from "):
        return line
    (above, _, package), (_, _, name) = cpu.rpartition("."), auto.rpartition(".")
    line = line.replace(f"from {above} import {package} as ", f"from {above} import {name} as ")
    return line.replace(f"from {cpu}.", f"from {auto}.").replace(f"from {cpu} ", f"from {auto} ")
