"""Tells how the functions of a library on a GPU stand to their twins on the CPU."""

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
    "agree",
    "only on the CPU",
    "only on the GPU",
)
_SIGNATURES = (
    "function",
    "only on the CPU",
    "only on the GPU",
    "renamed on the GPU",
    "default on the CPU, on the GPU",
)
_RESULTS = (
    "function",
    "calls",
    "apart",
    "of the largest number",
    "counts as agreement",
    "furthest apart in",
    "calls that the CPU alone takes",
)
_HEAD = """\
# Twins

Written by `voxbind twins > docs/twins.md`: not to be edited. A function on the GPU and the one of
the same name on the CPU are twins. Their signatures are compared as they stand in the source of
both; where a GPU has run both, so are their results. `voxbind show NAME` tells the same of one
function. What agrees was seen to agree in the calls that were made: on small test images, with one
argument changed at a time."""
_UNSEEN = (
    "**Nothing of this was observed on a GPU yet.** What is said of the functions' axes and\n"
    "results is inferred from their twins, which were run, and no results were compared."
)


def libraries(manifest: Manifest) -> dict[str, Twins]:
    """Return by its name how each library on a device stands to its twin."""
    return {
        name: facing(library, manifest.libraries[library.twin])
        for name, library in sorted(manifest.libraries.items())
        if library.device and library.twin in manifest.libraries
    }


def counterpart(manifest: Manifest, library: str, public: str) -> tuple[str, Twin | None] | None:
    """Return the twin's library and what is known of the pair, from either side.

    Returns
    -------
    tuple of str and Twin or None
        The name of the twin's library, and the pair, which is None where the twin's library
        has no such function. None where no library is the twin of this one.
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
    """Say in what two twins differ, in lines that hold from either side."""
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
        yield f"left to the CPU by voxbind.auto: {', '.join(_kinds(pair)) or 'all calls'}"
    for given, (cpu, gpu) in sorted(pair.dtypes.items()):
        yield f"{given} gives {cpu} on the CPU, {gpu} on the GPU"
    if pair.agreement is not None:
        for call in pair.agreement.only_twin:
            yield f"taken on the CPU alone: {call}"


def _results(pair: Twin) -> str:
    found = pair.agreement
    if found is None:
        return "not run side by side yet"
    if not found.calls:
        return "run side by side: there was no call that both take"
    if not (found.relative or found.unlike):
        return f"the same results in {_calls(found)}"
    verdict = "results differ" if pair.differs else "results agree"
    return (
        f"{verdict} in {_calls(found)}: {_distance(found)}; up to {pair.tolerance:g} of the "
        f"largest number counts as agreement"
    )


def _calls(found: Agreement) -> str:
    return f"{found.calls} calls" if found.calls > 1 else "1 call"


def _distance(found: Agreement) -> str:
    where = f", in {found.at}" if found.at else ""
    if found.unlike:
        return f"{len(found.unlike)} of another kind or shape, as in {found.unlike[0]}"
    return f"at most {found.absolute:.2g} apart, {found.relative:.2g} of the largest number{where}"


def _default(name: str, default: str) -> str:
    if not default:
        return f"{name} must be given"
    return f"{name} is another object" if default.startswith("<") else f"{name}={default}"


# --- the document --------------------------------------------------------------------------


def markdown(manifest: Manifest) -> str:
    """Return the document of all libraries that have a twin."""
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
        f"`voxbind.{name}` wraps {_version(library)}, `voxbind.{library.twin}` {_version(twin)}. "
        + (f"Observed on {library.machine}." if library.machine else "Not observed on a GPU yet.")
    )
    yield from _signatures(twins)
    yield from _agreements(twins)
    yield from _names(f"Only on the CPU: {name} has none of these", twins.only_twin)
    yield from _names(f"Only on the GPU: {library.twin} has none of these", twins.only_device)
    if twins.handed_on:
        yield from ("", "### In both, handed on as they are and not compared", "")
        yield from _by_module(twins.handed_on)
    if twins.left_out:
        yield from ("", "### Left out", "")
        for public, exclusion in twins.left_out.items():
            yield f"- `{public}`: {exclusion.reason}. {exclusion.detail}".rstrip()


def _signatures(twins: Twins) -> Iterator[str]:
    """Tell where signatures differ; functions that differ alike share a line."""
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
    """Say whether results agree, or in which kinds of call they don't."""
    if pair.agreement is not None and not (pair.agreement.calls or pair.agreement.unlike):
        return "not compared"
    if not pair.differs:
        return f"yes, up to {pair.tolerance:g}"
    return ", ".join(f"not {kind}" for kind in _kinds(pair)) or "no"


def _kinds(pair: Twin) -> list[str]:
    """Tell the kinds of call whose results are too far apart; nothing where that is any call."""
    if any(each.is_every_call for each in pair.deviations):
        return []
    return [kind_of_call(each.dtype, each.parameters) for each in pair.deviations]


def _names(title: str, names: Mapping[str, str]) -> Iterator[str]:
    """List names by what they are, and by module."""
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
