"""What to pass instead of a value that isn't an array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._memory.lookup import NESTED, first_array, is_array, is_number_or_nested
from .._support.classes import class_of
from ..errors import MemoryTypeError

__all__ = ["advice", "refuse_lists_of_arrays"]

_CONVERSIONS = {
    "SimpleITK": "Give SimpleITK.GetArrayFromImage({name}), whose axes are (Z, Y, X).",
    "itk": "Give itk.array_from_image({name}), whose axes are (Z, Y, X).",
    "vtkmodules": "Give the array of its scalars, with vtkmodules.util.numpy_support.",
    "nibabel": "Give numpy.asarray({name}.dataobj), whose axes are (X, Y, Z).",
    "ants": "Give {name}.numpy(), whose axes are (X, Y, Z).",
    "aicsimageio": 'Give {name}.get_image_data("ZYX", T=0, C=0).',
    "bioio": 'Give {name}.get_image_data("ZYX", T=0, C=0).',
    "napari": "Give {name}.data.",
    "tifffile": "Give {name}.asarray().",
}
"""For objects that hold an image: the call that returns the array, by their package."""


def advice(value: Any, name: str) -> str:
    """Return a sentence that says what to pass to the parameter `name` instead of `value`."""
    package = class_of(value).__module__.partition(".")[0]
    if package in _CONVERSIONS:
        return _CONVERSIONS[package].format(name=name)
    if isinstance(value, (str, bytes)) or hasattr(value, "read") or hasattr(value, "__fspath__"):
        return "Read the file into an array first, with skimage.io.imread for example."
    if isinstance(value, Mapping):
        return "Give one of its values."
    if hasattr(value, "toarray"):  # the sparse matrices of scipy and their like
        return f"Give a dense array: {name}.toarray()."
    if is_number_or_nested(value):
        return "Convert it to an array: numpy.asarray(...)."
    if hasattr(value, "__next__"):
        return f"Stack its arrays: numpy.stack(list({name}))."
    return "Give an array."


def refuse_lists_of_arrays(
    error: Exception, function: str, arguments: Mapping[str, Any], images: tuple[str, ...]
) -> None:
    """Replace a library's error if it took a list of arrays for an array; some accept a list.

    Raises
    ------
    MemoryTypeError
        An image was passed as a list of arrays. The message says what to pass instead.
    """
    for name in images:
        value = arguments[name]
        if type(value) in NESTED and is_array(first_array(value)):
            raise MemoryTypeError(
                f"{function}: {name!r} is a {type(value).__name__} of arrays, which the library "
                f"can't process: {error}. If they are the slices of a volume, give "
                f"numpy.stack({name}); if they are separate images, call {function} for each."
            ) from error
