"""Reports how the functions of a library on a GPU differ from their twins on the CPU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from voxbind_build.classify import device_name, facing
from voxbind_build.common.wording import kind_of_call
from voxbind_build.model import Agreement, Library, Manifest, Twin, Twins

__all__ = ["counterpart", "libraries", "markdown", "told"]

_KINDS = {
    "image": "image functions",
    "helper": "helpers",
    "class": "classes",
    "constant": "constants",
}
_OVERVIEW = (
    "",
    "twin",
    "observed on",
    "pairs",
    "same signature",
    "run side by side",
    "results agree",
    "only on the CPU",
    "only on the GPU",
)
_SIGNATURES = (
    "function",
    "only on the CPU",
    "only on the GPU",
    "renamed on the GPU",
    "default on the CPU, and on the GPU",
)
_RESULTS = (
    "function",
    "calls compared",
    "largest absolute difference",
    "largest relative difference",
    "do the results agree?",
    "difference in kind or shape, or the call with the largest relative difference",
    "errors that only the GPU's function raises",
)
_HEAD = """\
# Twins

`voxbind twins > docs/twins.md` writes this page; don't edit it. A function on the GPU and the
function of the same name on the CPU are twins. Their signatures are compared in the source of both
libraries. If the two functions ran side by side on a machine with a GPU, their results are compared
as well. A relative difference is the difference divided by the largest number in the CPU's result.
The calls used small test images and changed one argument at a time, so results that agree here may
still differ in other calls. `voxbind show NAME` prints the comparison for one function."""
_UNSEEN = (
    "**None of these functions was observed on a GPU yet.** Their contracts and results are\n"
    "inferred from their twins, which ran on the CPU, and no results were compared."
)


def libraries(manifest: Manifest) -> dict[str, Twins]:
    """Return the comparison of each library on a device with its twin, by the library's name."""
    return {
        name: facing(library, manifest.libraries[library.twin])
        for name, library in sorted(manifest.libraries.items())
        if library.device and library.twin in manifest.libraries
    }


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
        yield f"calls that voxbind.auto runs on the CPU: {', '.join(_kinds(pair)) or 'all'}"
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


# --- the document --------------------------------------------------------------------------


def markdown(manifest: Manifest) -> str:
    """Return the page about all libraries that have a twin."""
    found = libraries(manifest)
    lines = [_HEAD]
    if not any(twins.compared or manifest.libraries[name].machine for name, twins in found.items()):
        lines += ["", _UNSEEN]
    lines += ["", *_overview(manifest, found)]
    for name, twins in found.items():
        lines += ["", *_section(manifest, name, twins)]
    return "\n".join(lines) + "\n"


def _overview(manifest: Manifest, found: Mapping[str, Twins]) -> Iterator[str]:
    yield from _table(
        _OVERVIEW,
        [
            (
                _version(manifest.libraries[name], name),
                _version(_twin(manifest, name), str(manifest.libraries[name].twin)),
                manifest.libraries[name].machine or "no GPU yet",
                str(len(twins.pairs)),
                str(len(twins.alike)),
                str(len(twins.compared)),
                str(
                    sum(
                        found.calls > 0 and not twins.pairs[each].differs
                        for each, found in twins.compared.items()
                    )
                ),
                str(len(twins.only_twin)),
                str(len(twins.only_device)),
            )
            for name, twins in found.items()
        ],
    )


def _section(manifest: Manifest, name: str, twins: Twins) -> Iterator[str]:
    library, twin = manifest.libraries[name], _twin(manifest, name)
    yield f"## {name} and {library.twin}"
    yield ""
    yield (
        f"`voxbind.{name}` wraps {_version(library)}, and `voxbind.{library.twin}` wraps "
        f"{_version(twin)}. "
        + (f"Observed on {library.machine}." if library.machine else "Not observed on a GPU yet.")
    )
    yield from _signatures(twins)
    yield from _agreements(twins)
    yield from _names(f"Only on the CPU: {name} has none of these", twins.only_twin)
    yield from _names(f"Only on the GPU: {library.twin} has none of these", twins.only_device)
    if twins.handed_on:
        yield from ("", "### In both, without a wrapper and not compared", "")
        yield from _by_module(twins.handed_on)
    if twins.left_out:
        yield from ("", "### Left out", "")
        for public, exclusion in twins.left_out.items():
            yield f"- `{public}`: {exclusion.reason}. {exclusion.detail}".rstrip()


def _signatures(twins: Twins) -> Iterator[str]:
    """Give the table of signatures that differ; functions with the same differences share a row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, pair in twins.pairs.items():
        if not pair.is_alike:
            cells = (
                ", ".join(f"`{each}`" for each in pair.missing),
                ", ".join(f"`{each}`" for each in pair.added),
                ", ".join(f"`{theirs}` is `{mine}`" for theirs, mine in pair.renamed.items()),
                ", ".join(
                    f"`{each}`: {_code(cpu)}, {_code(gpu)}"
                    for each, (cpu, gpu) in pair.defaults.items()
                ),
            )
            alike.setdefault(cells, []).append(name)
    if alike:
        yield from ("", "### Signatures that differ", "")
        yield from _table(
            _SIGNATURES,
            [(_listed(names), *cells) for cells, names in alike.items()],
        )


def _agreements(twins: Twins) -> Iterator[str]:
    compared = twins.compared
    if not compared:
        return
    unequal = sorted(
        (
            name
            for name, found in compared.items()
            if found.relative or found.unlike or not found.calls
        ),
        key=lambda name: (not compared[name].unlike, -compared[name].relative, name),
    )
    yield from ("", "### Results", "")
    yield from _table(
        _RESULTS,
        [
            (
                f"`{name}`",
                str(compared[name].calls),
                f"{compared[name].absolute:.2g}",
                f"{compared[name].relative:.2g}",
                _verdict(twins.pairs[name]),
                next(iter(compared[name].unlike), compared[name].at),
                str(len(compared[name].only_twin)),
            )
            for name in unequal
        ],
    )
    for title, names in (
        ("Equal results", [name for name in compared if name not in unequal]),
        ("Not run side by side", [name for name in twins.pairs if name not in compared]),
    ):
        if names:
            yield from ("", f"### {title}", "")
            yield from _by_module(names)


def _verdict(pair: Twin) -> str:
    """Return whether results agree, or the kinds of call in which they don't."""
    if pair.agreement is not None and not (pair.agreement.calls or pair.agreement.unlike):
        return "not compared"
    if not pair.differs:
        return f"yes, within {pair.tolerance:g}"
    kinds = ", ".join(_kinds(pair))
    return f"not {kinds}" if kinds else "no"


def _kinds(pair: Twin) -> list[str]:
    """Return the kinds of call whose results differ too much; an empty list if all calls do."""
    if any(each.is_every_call for each in pair.deviations):
        return []
    return [kind_of_call(each.dtype, each.parameters) for each in pair.deviations]


def _names(title: str, names: Mapping[str, str]) -> Iterator[str]:
    """List names by kind, and by module."""
    if names:
        yield from ("", f"### {title}", "")
    for kind, plural in _KINDS.items():
        yield from _by_module((name for name, what in names.items() if what == kind), plural)


def _by_module(names: Iterable[str], what: str = "") -> Iterator[str]:
    modules: dict[str, list[str]] = {}
    for name in names:
        module, _, attribute = name.rpartition(".")
        modules.setdefault(module, []).append(attribute)
    for module, attributes in modules.items():
        yield f"- `{module}`{what and f', {what}'}: {', '.join(attributes)}"


def _listed(names: Iterable[str]) -> str:
    first, *others = names
    module = f"{first.rpartition('.')[0]}."
    return ", ".join([f"`{first}`", *(f"`{each.removeprefix(module)}`" for each in others)])


def _code(default: str) -> str:
    if not default:
        return "none"
    return "another object" if default.startswith("<") else f"`{default}`"


def _twin(manifest: Manifest, name: str) -> Library:
    return manifest.libraries[str(manifest.libraries[name].twin)]


def _version(library: Library, name: str = "") -> str:
    return f"{name} ({_version(library)})" if name else f"{library.distribution} {library.version}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (heads, ("---",) * len(heads), *rows):
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
