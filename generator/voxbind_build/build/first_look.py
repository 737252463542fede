"""A first look at an installed library, from which `voxbind init` writes a specification.

The library is read and imported, and none of its functions is called. Names, signatures and
documentation decide, so the result is a guess that a person completes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.util import find_spec
from itertools import chain

from msgspec.structs import replace

from voxbind_build.build.candidate_modules import NOT_FOR_IMAGES, candidates, hiding
from voxbind_build.build.folded_notes import folded
from voxbind_build.build.image_class_guess import guess_image_class
from voxbind_build.build.new_library import FirstLook
from voxbind_build.build.reading import Reading, read_library
from voxbind_build.build.report import BuildError
from voxbind_build.discover import LibraryNotFound
from voxbind_build.libraries import builtin, suggestion
from voxbind_build.model import Description, Exclusion, LibrarySpec, MemoryType
from voxbind_build.probe.inputs import roles

__all__ = ["look"]

_SUSPICIOUS = (
    (
        "file-io",
        r"(im)?(read|write|save|load|open|dump|export)s?(_|$)|.*_(from|to)_(file|disk|path)$",
    ),
    ("display", r"(im)?(show|plot|draw_figure|display|view|print)(_|$)|.*_gui$"),
    ("network", r"(download|fetch|upload)(_|$)"),
    ("test-runner", r"(run_)?(test|tests|doctest)(_|$)"),
    (
        "settings",
        r"(enable|disable|configure|register|unregister|set_(num|n|max|log|default))(_|$)",
    ),
)
"""Reasons to leave a function out, and names that suggest it."""
_DETAILS = {
    "file-io": "Its name says that it reads or writes a file.",
    "display": "Its name says that it draws or prints.",
    "network": "Its name says that it uses the network.",
    "test-runner": "Its name says that it runs the library's tests.",
    "settings": "Its name says that it changes a setting of the library.",
}
_PATHS = re.compile(r"(file|path|filename|fname|filepath|file_name|directory|folder|url)$")
_ARRAYS: dict[MemoryType, re.Pattern[str]] = {
    "torch": re.compile(r"\btorch\b|\bTensor\b"),
    "cupy": re.compile(r"\bcupy\b|\bcp\.ndarray\b"),
}
"""Words by which types and documentation mention the arrays of a memory other than NumPy's."""


def look(name: str) -> FirstLook:
    """Look at an installed library.

    Parameters
    ----------
    name
        The name of a package or module, or the name of a distribution.

    Raises
    ------
    BuildError
        If it isn't installed, can't be imported, or comes with voxbind.
    """
    package = _importable(name)
    distribution = _distribution(package.partition(".")[0])
    for spec in builtin():
        if spec.package == package.partition(".")[0]:
            raise BuildError(
                f"The specification of {spec.package} comes with voxbind. "
                f"Use it by its name: voxbind build --library {spec.name}"
            )
    spec = LibrarySpec(name=package, distribution=distribution, modules=(package,))
    try:
        modules, others = candidates(spec)
        whole = _read(spec, modules)
        hidden_by = hiding(whole.inventory, modules)
        reading = whole
        if hidden_by:
            reading = _read(spec, [module for module in modules if module not in hidden_by])
    except LibraryNotFound as error:
        raise BuildError(str(error)) from error
    inventory = whole.inventory
    if not inventory.live or package in inventory.not_importable:
        reasons = "; ".join(folded(inventory.differences))
        raise BuildError(f"{package} can't be imported here. {reasons}".strip())
    listed = _counted(modules, [*filter(_takes_image, reading.descriptions)])
    # A function is only hidden if the module that shows it is listed.
    hidden_by = {
        module: function
        for module, function in hidden_by.items()
        if listed.get(function.rpartition(".")[0])
    }
    shown = {*hidden_by.values()}
    descriptions = [
        *(entry for entry in whole.descriptions if entry.module not in hidden_by),
        *(entry for entry in reading.descriptions if entry.name in shown),
    ]
    descriptions.sort(key=lambda entry: entry.name)
    images = [*filter(_takes_image, descriptions)]
    counts = _counted(modules, images)
    kept = [entry for entry in descriptions if entry.module in counts]
    # If several modules have a function, the first one has it here.
    kept_images = [*{e.definition: e for e in reversed(images) if e.module in counts}.values()]
    definitions = {entry.definition for entry in kept_images}
    memory, mentions = _memory(kept_images)
    exclusions = dict(_exclusions(kept))
    return FirstLook(
        package=package,
        distribution=distribution,
        version=inventory.version,
        modules=counts,
        memory_type=memory,
        mentions=mentions,
        exclusions=exclusions,
        unclear={
            entry.name: unclear
            for entry in kept_images
            if entry.name not in exclusions and (unclear := _unclear(entry))
        },
        broken=inventory.not_importable,
        image_class=guess_image_class(kept, [entry.name for entry in inventory.names]),
        hiding=hidden_by,
        lost=tuple(
            entry.name
            for entry in whole.descriptions
            if entry.module in hidden_by
            and _takes_image(entry)
            and entry.definition not in definitions
        ),
        not_looked_at=others,
    )


def _read(spec: LibrarySpec, modules: Sequence[str]) -> Reading:
    return read_library(replace(spec, modules=tuple(modules)), None)


def _importable(name: str) -> str:
    """Return the name of the package or module that a person means.

    Raises
    ------
    BuildError
        If there is none.
    """
    top = name.partition(".")[0]
    if all(part.isidentifier() for part in name.split(".")) and find_spec(top) is not None:
        return name
    wanted = _normalized(name)
    names = [
        module
        for module, distributions in metadata.packages_distributions().items()
        if wanted in map(_normalized, distributions) and module.isidentifier()
    ]
    public = sorted(module for module in names if not module.startswith("_"))
    if not public:
        by_module = metadata.packages_distributions()
        known = {*by_module, *chain.from_iterable(by_module.values())}
        nearest = suggestion(name, sorted(known))
        raise BuildError(
            f"There is no installed library {name!r}{f'; {nearest}' if nearest else '.'} Install "
            "it with pip, or give the name by which it is imported."
        )
    # `scikit-image` installs `skimage` beside folders of its tests or documentation.
    return min(public, key=lambda module: (NOT_FOR_IMAGES.match(module) is not None, module))


def _distribution(top: str) -> str:
    """Return the name for pip of a top-level package; the package's own name if it has none."""
    return min(metadata.packages_distributions().get(top, [top]))


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _takes_image(description: Description) -> bool:
    named = roles.image_parameters(description, {})
    return roles.main_parameter(description, named) is not None


def _counted(modules: Sequence[str], images: Sequence[Description]) -> dict[str, int]:
    """Return the modules to list, with the number of image functions that each adds.

    A module that adds none is left out. If no module has any, the first one is listed.
    """
    seen: set[str] = set()
    counts: dict[str, int] = {}
    for module in modules:
        own = {entry.definition for entry in images if entry.module == module} - seen
        seen |= own
        if own:
            counts[module] = len(own)
    return counts or {modules[0]: 0}


def _memory(images: Sequence[Description]) -> tuple[MemoryType, int]:
    """Return the memory whose arrays most functions mention, and how many do."""
    texts = [
        " ".join(
            (
                entry.doc,
                *(
                    f"{parameter.documented} {parameter.annotation}"
                    for parameter in entry.parameters
                ),
            )
        )
        for entry in images
    ]
    for memory, words in _ARRAYS.items():
        mentions = sum(words.search(text) is not None for text in texts)
        if 2 * mentions > len(texts):
            return memory, mentions
    return "numpy", sum("array" in text.casefold() for text in texts)


def _exclusions(descriptions: Sequence[Description]) -> Iterator[tuple[str, Exclusion]]:
    for entry in descriptions:
        for reason, names in _SUSPICIOUS:
            if re.match(names, entry.attribute):
                yield entry.name, Exclusion(reason=reason, detail=_DETAILS[reason])
                break
        else:
            paths = [p.name for p in entry.parameters if p.default is None and _PATHS.match(p.name)]
            if paths:
                detail = f"Its parameter {paths[0]!r} seems to name a file."
                yield entry.name, Exclusion(reason="file-io", detail=detail)


def _unclear(description: Description) -> tuple[str, ...]:
    """Return the required parameters for which the measurement knows no value."""
    named = roles.image_parameters(description, {})
    table = roles.table()
    return tuple(
        parameter.name
        for parameter in description.parameters
        if parameter.default is None
        and parameter.kind not in ("VAR_POSITIONAL", "VAR_KEYWORD")
        and parameter.name not in named
        and not table.plain(parameter.name)
        and parameter.annotation == "Any"
    )
