"""Reports on a library that no package has yet."""

from __future__ import annotations

from msgspec import Struct

from voxbind_build.build.report import Row, Unobserved
from voxbind_build.model import Exclusion, ImageClass, MemoryType

__all__ = ["FirstLook", "TrialReport"]


class FirstLook(Struct, frozen=True, kw_only=True):
    """What an installed library seems to have, before anything of it is run."""

    package: str
    """The module that was asked for: ``mahotas``, ``skimage.filters``."""
    distribution: str
    version: str
    modules: dict[str, int]
    """By module, the number of its functions that seem to take an image. A function that several
    modules have is counted for the first."""
    memory_type: MemoryType
    mentions: int
    """Number of these functions whose types or documentation mention the memory's arrays."""
    exclusions: dict[str, Exclusion]
    """By public name, why it should have no wrapper."""
    unclear: dict[str, tuple[str, ...]]
    """By public name of an image function, its required parameters of which nothing is known."""
    broken: dict[str, str]
    """By module that can't be imported, the error."""
    hiding: dict[str, str]
    """By module that isn't listed because its wrappers would hide a function, that function. It
    has the name of the module, or of a package that contains it."""
    lost: tuple[str, ...]
    """Image functions that only such modules have."""
    not_looked_at: tuple[str, ...]
    """Modules that weren't looked at because they are too many or too deep."""
    image_class: ImageClass | None = None
    """The class of images that most functions seem to take, if it isn't one of arrays."""


class TrialReport(Struct, frozen=True, kw_only=True):
    """What libraries that a package doesn't have would give."""

    rows: tuple[Row, ...]
    excluded: dict[str, dict[str, tuple[str, ...]]]
    """By library and reason, the public names that would have no wrapper."""
    unobserved: tuple[Unobserved, ...] = ()
    notes: tuple[str, ...] = ()
    kept_for: str = ""
    """The folder of the package whose next build uses what was measured. It is empty if nothing is
    kept, because the folder that contains it can't be written."""
