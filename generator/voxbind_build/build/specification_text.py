"""The text of a specification that `voxbind init` writes: TOML with comments for its reader."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from voxbind_build.build.new_library import FirstLook

__all__ = ["specification"]

_MODULES = 20
"""Greatest number of modules or functions that are listed in a comment."""
_UNCLEAR = 20
"""Greatest number of functions with unclear parameters that are listed."""


def specification(look: FirstLook, name: str, file: Path) -> str:
    """Return the text of a specification.

    Parameters
    ----------
    look
        What the library seems to have.
    name
        The name that `voxbind init` was given.
    file
        The file that the text is written to.
    """
    return "\n".join(_lines(look, name, file)) + "\n"


def _lines(look: FirstLook, name: str, file: Path) -> Iterator[str]:
    library = look.package.replace(".", "_")
    yield f"# What voxbind needs to know of {look.distribution} {look.version}."
    yield f"# Written by `voxbind init {name}` after a first look. Correct what is wrong."
    yield f"#     voxbind check --library {file}    reports what it would give"
    yield f"#     voxbind build --library {file}    measures the functions and writes the wrappers"
    yield f"name = {json.dumps(library)}    # what `voxbind list --library` calls it"
    yield f"distribution = {json.dumps(look.distribution)}    # its name for pip"
    yield ""
    yield "# The modules whose public functions are wrapped, with the number of functions that seem"
    yield "# to take an image. If several modules have a function, the first one counts it."
    yield "modules = ["
    for module, count in look.modules.items():
        yield f"  {json.dumps(module)},    # {count}"
    yield "]"
    yield from _modules_left_out(look)
    yield ""
    images = sum(look.modules.values())
    yield "# The memory of the arrays that the functions work on, as types or documentation of"
    yield f"# {look.mentions} of {images} functions say."
    yield "# One of numpy, torch, cupy, pyclesperanto, array_api."
    yield f"memory_type = {json.dumps(look.memory_type)}"
    yield ""
    if look.image_class:
        yield "# Most functions take images of this class first. If they take no arrays, or return"
        yield "# such images, uncomment the table and check its functions: voxbind converts arrays."
        yield "# [image_class]"
        yield f"# name = {json.dumps(look.image_class.name)}"
        yield f"# from_array = {json.dumps(look.image_class.from_array)}"
        yield f"# to_array = {json.dumps(look.image_class.to_array)}"
        yield ""
    yield '# Functions without a wrapper. Each name may be a pattern: "module.plot_*".'
    if not look.exclusions:
        yield f'# [exclude."{look.package}.show"]'
        yield '# reason = "display"'
        yield '# detail = "Draws, and returns nothing."'
    for public, exclusion in sorted(look.exclusions.items()):
        yield f"[exclude.{json.dumps(public)}]"
        yield f"reason = {json.dumps(exclusion.reason)}"
        yield f"detail = {json.dumps(exclusion.detail)}"
        yield ""
    yield ""
    yield "# Parameters whose names don't say what they take. With a role (image, mask, labels,"
    yield "# markers, footprint, points, weights, ...) the function can be measured."
    listed = sorted(look.unclear.items())
    if not listed:
        yield f'# [roles."{look.package}.function"]'
        yield '# parameter = "mask"'
    for public, parameters in listed[:_UNCLEAR]:
        yield f"# [roles.{json.dumps(public)}]"
        for parameter in parameters:
            yield f'# {parameter} = "..."'
    if len(listed) > _UNCLEAR:
        yield f"# {len(listed) - _UNCLEAR} more functions have such parameters."


def _modules_left_out(look: FirstLook) -> Iterator[str]:
    """Yield comments on the modules that aren't listed, and on the functions that this loses."""
    if look.hiding:
        yield "# These modules aren't listed, because a wrapped module hides the function of the"
        yield "# same name, or of the name of its package:"
        yield from _names([*look.hiding])
    if look.lost:
        yield "# These functions of images are only in such modules, and get no wrapper:"
        yield from _names(look.lost)
    if look.broken:
        yield "# These modules can't be imported here, so they aren't listed:"
        yield from _names([*look.broken])
    if look.not_looked_at:
        count = len(look.not_looked_at)
        yield f"# Modules that weren't looked at, {count} in all, because they are too many"
        yield "# or too deep. To wrap the functions of one, add its name to `modules`:"
        yield from _names(look.not_looked_at)


def _names(names: Sequence[str]) -> Iterator[str]:
    yield from (f"#     {name}" for name in names[:_MODULES])
    if len(names) > _MODULES:
        yield f"#     and {len(names) - _MODULES} more, which `voxbind init --json` lists"
