"""Reports how the functions of a library on a GPU differ from their twins on the CPU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from voxbind_build.catalog.twin_lines import kinds_that_differ
from voxbind_build.classify import facing
from voxbind_build.model import Library, Manifest, Twin, Twins

__all__ = ["libraries", "markdown"]

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


# --- the document --------------------------------------------------------------------------


def markdown(manifest: Manifest) -> str:
    """Return the page about all libraries that have a twin."""
    comparisons = libraries(manifest)
    lines = [_HEAD]
    if not any(
        twins.compared or manifest.libraries[name].machine for name, twins in comparisons.items()
    ):
        lines += ["", _UNSEEN]
    lines += ["", *_overview(manifest, comparisons)]
    for name, twins in comparisons.items():
        lines += ["", *_section(manifest, name, twins)]
    return "\n".join(lines) + "\n"


def _overview(manifest: Manifest, comparisons: Mapping[str, Twins]) -> Iterator[str]:
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
                        agreement.calls > 0 and not twins.pairs[name].differs
                        for name, agreement in twins.compared.items()
                    )
                ),
                str(len(twins.only_twin)),
                str(len(twins.only_device)),
            )
            for name, twins in comparisons.items()
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
                ", ".join(f"`{name}`" for name in pair.missing),
                ", ".join(f"`{name}`" for name in pair.added),
                ", ".join(f"`{theirs}` is `{mine}`" for theirs, mine in pair.renamed.items()),
                ", ".join(
                    f"`{name}`: {_code(cpu)}, {_code(gpu)}"
                    for name, (cpu, gpu) in pair.defaults.items()
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
            for name, agreement in compared.items()
            if agreement.relative or agreement.unlike or not agreement.calls
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
    kinds = ", ".join(kinds_that_differ(pair))
    return f"not {kinds}" if kinds else "no"


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
    return ", ".join([f"`{first}`", *(f"`{name.removeprefix(module)}`" for name in others)])


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
