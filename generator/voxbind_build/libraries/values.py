"""Finds values of a library's TOML that have the right type but can't be right."""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from voxbind_build.libraries.problems import Problem, suggestion
from voxbind_build.model import LibrarySpec

__all__ = ["NAMED", "PATTERNS", "is_pattern", "wrong_values"]

NAMED = ("declare", "roles", "only", "needs_output", "unknown_reach", "untyped")
"""The tables whose keys are dotted public names, or patterns of them in some."""
PATTERNS = ("declare", "exclude", "roles", "tolerance")
"""The tables whose keys are dotted public names or `fnmatch` patterns."""
_EMPTY_ENTRIES = {
    "roles": "the table is empty; give the role of a parameter",
    "only": "the list is empty; name the dtypes, or exclude the name",
    "needs_output": "the list is empty; name the outputs",
}
"""Advice for a table whose entries hold something."""
_EMPTY_REASONS = {
    "unknown_reach": "say what was not measured",
    "untyped": "say why the class is not a type",
}
"""Advice for a table whose entries are reasons."""
_DTYPES = (
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    *("float16", "float32", "float64", "complex64", "complex128"),
)
"""NumPy's names of the dtypes that a library's arrays can have."""
_DISTRIBUTION = re.compile(r"(?i)[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_NOT_A_LIBRARYS = re.compile(
    r"(LD|DYLD|PYTHON|MALLOC|GLIBC|VOXBIND|PIP|XDG|LC|SSL|GIT|DEBUGINFOD)(_.*|[A-Z].*)?"
    r"|PATH|HOME|USER|SHELL|ENV|BASH_ENV|IFS|TMPDIR|TEMP|TMP|LANG|LANGUAGE|TZ|GCONV_PATH|LOCPATH"
    r"|NLSPATH|RESOLV_HOST_CONF|.*_PRELOAD|.*_PROXY"
)
"""Variables that change what the process loads, or how Python or the system works."""


def wrong_values(
    spec: LibrarySpec, *, extras: Collection[str] | None, roles: Collection[str] | None
) -> Iterator[Problem]:
    """Yield a problem for each value that can't be right for any library.

    Parameters
    ----------
    spec
        A specification; empty fields count as missing and aren't checked.
    extras
        The extras of voxbind; None if they are unknown.
    roles
        The roles that a parameter can have; None if they are unknown.
    """
    yield from _of_library(spec, extras)
    for number, module in enumerate(spec.modules):
        yield from _dotted(module, ("modules", number))
        if module in spec.modules[:number]:
            yield Problem(("modules", number), f"{module!r} is listed twice")
    packages = sorted({module.partition(".")[0] for module in spec.modules})
    if len(packages) > 1:
        yield Problem(
            ("modules",),
            f"the modules belong to several packages ({', '.join(packages)}); "
            "write one specification for each package",
        )
    yield from _of_keys(spec)
    yield from _of_entries(spec, roles)
    yield from _of_trials(spec)
    yield from _of_environment(spec)


def _of_library(spec: LibrarySpec, extras: Collection[str] | None) -> Iterator[Problem]:
    if spec.name:
        yield from _identifier(spec.name, ("name",))
        if spec.name.startswith("__"):
            yield Problem(
                ("name",), f"names like {spec.name!r} are reserved by Python; give another one"
            )
        if spec.twin == spec.name:
            yield Problem(("twin",), f"{spec.twin!r} is the library itself; name another library")
    for number, name in enumerate((spec.distribution, *spec.also)):
        if name and not _DISTRIBUTION.fullmatch(name) and name != spec.name:
            place = ("also", number - 1) if number else ("distribution",)
            yield Problem(
                place, f"{name!r} is not the name of a distribution, such as 'scikit-image'"
            )
    if extras is not None and spec.extra and _normal(spec.extra) not in map(_normal, extras):
        nearest = suggestion(spec.extra, extras, f"its extras are {', '.join(sorted(extras))}")
        yield Problem(("extra",), f"voxbind has no extra {spec.extra!r}; {nearest}")
    if spec.home:
        yield from _dotted(spec.home, ("home",))
    for number, module in enumerate(spec.needs):
        yield from _dotted(module, ("needs", number))


def _of_keys(spec: LibrarySpec) -> Iterator[Problem]:
    """Yield a problem for each key that can't be a public name in one of the listed modules."""
    for table in dict.fromkeys((*NAMED, *PATTERNS)):
        for name in getattr(spec, table):
            if is_pattern(name) and table in PATTERNS:
                continue
            problems = [*_dotted(name, (table, name))]
            yield from problems
            module = name.rpartition(".")[0]
            if not problems and spec.modules and module not in spec.modules:
                listed = ", ".join(spec.modules)
                nearest = suggestion(module, spec.modules, f"the modules are {listed}")
                yield Problem(
                    (table, name), f"{module or name!r} is not one of `modules`; {nearest}"
                )


def _of_entries(spec: LibrarySpec, roles: Collection[str] | None) -> Iterator[Problem]:
    """Yield the problems of the tables' entries."""
    yield from _empty(spec)
    for name, parameters in spec.roles.items():
        for parameter, role in parameters.items():
            if roles is not None and role not in roles:
                nearest = suggestion(role, roles, "probe/roles.toml lists the roles")
                yield Problem(("roles", name, parameter), f"there is no role {role!r}; {nearest}")
    for name, dtypes in spec.only.items():
        for number, dtype in enumerate(dtypes):
            if dtype not in _DTYPES:
                nearest = suggestion(dtype, _DTYPES, f"the dtypes are {', '.join(_DTYPES)}")
                yield Problem(("only", name, number), f"there is no dtype {dtype!r}; {nearest}")
    for name, tolerance in spec.tolerance.items():
        if not (tolerance >= 0 and math.isfinite(tolerance)):
            yield Problem(
                ("tolerance", name),
                f"{tolerance} is not a tolerance; give a number of at least 0, such as 1e-4",
            )
    if spec.tolerance and not spec.twin:
        yield Problem(("tolerance",), "there is no twin to compare with; name one as `twin`")


def _empty(spec: LibrarySpec) -> Iterator[Problem]:
    """Yield a problem for each entry that says nothing."""
    for table, advice in _EMPTY_ENTRIES.items():
        for name, entry in getattr(spec, table).items():
            if not entry:
                yield Problem((table, name), advice)
    for table, advice in _EMPTY_REASONS.items():
        for name, reason in getattr(spec, table).items():
            if not reason.strip():
                yield Problem((table, name), f"the reason is empty; {advice}")
    for name, exclusion in spec.exclude.items():
        if not exclusion.reason.strip():
            yield Problem(
                ("exclude", name, "reason"), "the reason is empty; give one, such as 'display'"
            )


def is_pattern(name: str) -> bool:
    """Return whether a key is an `fnmatch` pattern and not a name."""
    return any(character in name for character in "*?[")


def _of_trials(spec: LibrarySpec) -> Iterator[Problem]:
    """Yield the problems of trial values, axes and the class of images."""
    for key, entry in spec.values.items():
        lists: dict[tuple[str, ...], list[Any]] = {}
        if isinstance(entry, list):
            lists[key,] = entry
        if isinstance(entry, dict):
            lists = {(key, parameter): values for parameter, values in entry.items()}
            if not entry:
                yield Problem(("values", key), "the table is empty; give a parameter its values")
        for place, values in lists.items():
            if not values:
                yield Problem(("values", *place), "the list is empty; give at least one value")
    if spec.axes:
        if not re.fullmatch(r"(?!.*(.).*\1)[NCST]+YX", spec.axes):
            yield Problem(
                ("axes",),
                f"{spec.axes!r} isn't a list of axes such as 'NCYX': give the letters of the axes "
                "before Y and X (N for a batch, C or S for channels, T for time), then YX",
            )
        if spec.memory_type == "pyclesperanto":
            yield Problem(("axes",), "pyclesperanto's arrays have no other axes; remove it")
    if spec.image_class:
        for key in ("name", "from_array", "to_array"):
            yield from _dotted(getattr(spec.image_class, key), ("image_class", key))
        if spec.memory_type != "numpy":
            yield Problem(
                ("image_class",),
                "its functions convert NumPy arrays; leave out memory_type, or give 'numpy'",
            )


def _of_environment(spec: LibrarySpec) -> Iterator[Problem]:
    for name, variable in spec.environment.items():
        place = ("environment", name)
        if not _VARIABLE.fullmatch(name):
            yield Problem(
                place,
                f"{name!r} can't be the name of an environment variable of a library; it has "
                "capitals, digits and underscores, such as 'OCL_ICD_FILENAMES'",
            )
        elif _NOT_A_LIBRARYS.fullmatch(name):
            yield Problem(
                place,
                f"{name!r} isn't a library's own variable: it changes what every process loads, or "
                "how it works; remove it",
            )
        if not variable.below_prefix:
            yield Problem((*place, "below_prefix"), "the list is empty; name a file")
        for number, file in enumerate(variable.below_prefix):
            parts = {*PurePosixPath(file).parts, *PureWindowsPath(file).parts}
            outside = ".." in parts or PurePosixPath(file).is_absolute() or "\0" in file
            if not file or outside or PureWindowsPath(file).drive:
                yield Problem(
                    (*place, "below_prefix", number),
                    f"{file!r} is not a path relative to `sys.prefix`, such as 'lib/libtoy.so'",
                )
        for number, pattern in enumerate(variable.unless):
            if not pattern or "**" in pattern or "\0" in pattern:
                yield Problem(
                    (*place, "unless", number),
                    f"{pattern!r} is not a pattern of files in one folder, such as "
                    "'/etc/OpenCL/vendors/*.icd'",
                )


def _dotted(name: str, place: tuple[str | int, ...]) -> Iterator[Problem]:
    if not name or not all(part.isidentifier() for part in name.split(".")):
        yield Problem(
            place, f"{name!r} is not a dotted Python name such as 'skimage.filters'; correct it"
        )
        return
    for part in name.split("."):
        yield from _identifier(part, place)


def _identifier(name: str, place: tuple[str | int, ...]) -> Iterator[Problem]:
    normal = unicodedata.normalize("NFKC", name)
    if not name.isidentifier():
        yield Problem(place, f"{name!r} is not a Python name such as 'skimage'; correct it")
    elif keyword.iskeyword(name):
        yield Problem(place, f"{name!r} is a keyword of Python, so it can't be a name")
    elif name != normal:
        yield Problem(
            place, f"Python reads {name!r} as {normal!r} (NFKC normalization); write it like that"
        )


def _normal(extra: str) -> str:
    return re.sub(r"[-_.]+", "-", extra).lower()
