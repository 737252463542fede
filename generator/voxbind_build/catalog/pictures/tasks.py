"""Decides of which functions pictures are made, and from what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from voxbind_build.build.library_state import task_of
from voxbind_build.catalog.basis import Observations
from voxbind_build.catalog.parameter_texts import with_texts
from voxbind_build.catalog.pictures.call import PictureTask
from voxbind_build.model import Description, Function, Library, LibrarySpec, Manifest

__all__ = ["picture_tasks", "reason_without_picture"]


def picture_tasks(
    manifest: Manifest, observations: Observations, specs: Sequence[LibrarySpec]
) -> dict[str, PictureTask]:
    """Return a task for each function that takes an image and can be called here, by name.

    Parameters
    ----------
    manifest
        The record of all libraries.
    observations
        Observations by library and definition.
    specs
        The libraries' specifications, which may have values for parameters.
    """
    by_name: Mapping[str, LibrarySpec] = {spec.name: spec for spec in specs}
    tasks: dict[str, PictureTask] = {}
    for name, library in sorted(manifest.libraries.items()):
        if reason_without_picture(library, is_known=name in by_name):
            continue
        for public, function in sorted(library.functions.items()):
            observation = observations.get(name, {}).get(function.definition)
            if function.kind != "image" or observation is None or not observation.image:
                continue
            tasks[public] = PictureTask(
                probe=task_of(by_name[name], _description(public, function)),
                function=function,
                observation=observation,
            )
    return tasks


def reason_without_picture(library: Library, *, is_known: bool) -> str:
    """Return why a library's functions can't be called here, as a sentence; empty if they can.

    Parameters
    ----------
    library
        The library's entry in the manifest.
    is_known
        Whether there is a specification of the library, which may have values for parameters.
    """
    if library.device:
        return "It needs a GPU."
    roots = {module.partition(".")[0] for module in library.modules}
    # The package has the source of a library with a home.
    missing = [] if library.home else sorted(root for root in roots if find_spec(root) is None)
    if missing:
        return f"{' and '.join(missing)} can't be imported here."
    return "" if is_known else "Its TOML file isn't known; pass it with --library FILE.toml."


def _description(public: str, function: Function) -> Description:
    return Description(
        name=public,
        module=function.module,
        attribute=function.original_name,
        definition=function.definition,
        fingerprint=function.fingerprint,
        parameters=with_texts(function),
        returns=function.returns,
        doc=function.doc,
        tags=function.tags,
    )
