"""How a function and its twin differ, in lines: their signatures and their results."""

from __future__ import annotations

from collections.abc import Iterator

from voxbind_build.classify import device_name
from voxbind_build.common.wording import kind_of_call
from voxbind_build.model import Agreement, Manifest, Twin

__all__ = ["counterpart", "kinds_that_differ", "told"]


def counterpart(manifest: Manifest, library: str, public: str) -> tuple[str, Twin | None] | None:
    """Return the twin's library and the comparison of a function with its twin, from either side.

    Returns
    -------
    tuple of str and Twin or None
        The name of the twin's library, and the pair, which is None if the twin's library has no
        such function. None if this library has no twin.
    """
    here = manifest.libraries[library]
    there = manifest.libraries.get(here.twin or "")
    if here.twin is None or there is None:
        return None
    if here.device:
        return here.twin, here.functions[public].twin
    if not there.device:
        return None
    on_device = there.functions.get(device_name(public, there))
    return here.twin, on_device.twin if on_device else None


def told(pair: Twin) -> Iterator[str]:
    """Give one line for each difference between two twins, in words that fit both of them."""
    if pair.is_alike:
        yield "the same signature"
    if pair.missing:
        yield f"only on the CPU: {', '.join(pair.missing)}"
    if pair.added:
        yield f"only on the GPU: {', '.join(pair.added)}"
    for theirs, mine in pair.renamed.items():
        yield f"{theirs} on the CPU is {mine} on the GPU"
    for name, defaults in pair.defaults.items():
        cpu, gpu = (_default(name, each) for each in defaults)
        yield f"{cpu} on the CPU, {gpu} on the GPU"
    yield _results(pair)
    if pair.deviations:
        kinds = ", ".join(kinds_that_differ(pair)) or "all"
        yield f"calls that voxbind.auto runs on the CPU: {kinds}"
    for given, (cpu, gpu) in sorted(pair.dtypes.items()):
        yield f"{given} gives {cpu} on the CPU, {gpu} on the GPU"
    if pair.agreement is not None:
        for call in pair.agreement.only_twin:
            yield f"accepted only by the CPU's function: {call}"


def _results(pair: Twin) -> str:
    agreement = pair.agreement
    if agreement is None:
        return "not run side by side yet"
    if not (agreement.calls or agreement.unlike):
        return "run side by side, but no numbers could be compared"
    if not (agreement.relative or agreement.unlike):
        return f"the same results in {_calls(agreement)}"
    verdict = "results differ" if pair.differs else "results agree"
    compared = f"{_calls(agreement)} compared, " if agreement.calls else ""
    return (
        f"{compared}{verdict}: {_distance(agreement)}; relative differences up to "
        f"{pair.tolerance:g} count as agreement"
    )


def _calls(agreement: Agreement) -> str:
    return f"{agreement.calls} calls" if agreement.calls > 1 else "1 call"


def _distance(agreement: Agreement) -> str:
    """Return the largest differences in words, and the call with the largest relative one."""
    if unlike := agreement.unlike:
        differences = f"{len(unlike)} differences" if len(unlike) > 1 else "1 difference"
        return f"{differences} in kind or shape, for example {unlike[0]}"
    where = f", for {agreement.at}" if agreement.at else ""
    return (
        f"the largest absolute difference is {agreement.absolute:.2g}, and the largest relative "
        f"difference is {agreement.relative:.2g}{where}"
    )


def _default(name: str, default: str) -> str:
    if not default:
        return f"{name} is required"
    return f"{name} is another object" if default.startswith("<") else f"{name}={default}"


def kinds_that_differ(pair: Twin) -> list[str]:
    """Return the kinds of call whose results differ too much; an empty list if all calls do."""
    if any(each.is_every_call for each in pair.deviations):
        return []
    return [kind_of_call(each.dtype, each.parameters) for each in pair.deviations]
