"""Which parameters are lengths, and how a library takes each: data, and no code beyond look-ups."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..errors import ScaleError
from .measured import Measured
from .names import SPATIAL

__all__ = ["SPACINGS", "Length", "length_of"]

_LENGTHS = (
    *("sigma", "low_sigma", "high_sigma", "min_sigma", "max_sigma", "sigma_min", "sigma_max"),
    *("sigma_spatial", "anti_aliasing_sigma", "outline_sigma", "spot_sigma"),
    *("radius", "min_distance", "distance", "size", "block_size", "window_size", "win_size"),
)
_SEVERAL = ("sigmas",)
"""Lengths of which a call has several, each of them for all axes."""
SPACINGS = ("spacing", "sampling")
"""Parameters that take the scale itself."""
_BY_AXIS = ("sigma", "sigma1", "sigma2", "radius")
"""Of pyclesperanto: ``sigma_x`` is a length along X."""
_NOISE = "is a standard deviation of the values, not a length"
_OTHERS = {
    "restoration.denoise_nl_means.sigma": _NOISE,
    "restoration.denoise_wavelet.sigma": _NOISE,
    "restoration.rolling_ball.radius": "is a difference of values as well as a length",
    "registration.optical_flow_ilk.radius": "is a length or a factor, depending on `gaussian`",
    "ndimage.fourier_gaussian.sigma": "belongs to a Fourier transform, whose axes are frequencies",
    "ndimage.fourier_ellipsoid.size": "belongs to a Fourier transform, whose axes are frequencies",
    "ndimage.fourier_uniform.size": "belongs to a Fourier transform, whose axes are frequencies",
    **{
        f"transform.pyramid_{each}.sigma": "counts elements of each level of the pyramid"
        for each in ("gaussian", "laplacian")
    },
    **{
        f"pyclesperanto.{each}_of_touching_neighbors_map.radius": "counts rounds over neighbors"
        for each in ("maximum", "mean", "median", "minimum", "mode", "standard_deviation")
    },
    "pyclesperanto.proximal_neighbor_count.min_distance": "has negative numbers with a meaning",
    "pyclesperanto.proximal_neighbor_count_map.min_distance": "has negative numbers with a meaning",
}
"""Parameters that are called like a length, and why they aren't converted."""


class Length(NamedTuple):
    """How a function takes a length."""

    kind: Literal["axes", "one", "several", "spacing", "along"]
    """For each axis, one for all, several of these, the scale itself, or along a single axis."""
    is_whole: bool = False
    """Whether it counts whole elements."""
    axis: str = ""
    """The axis of a length along a single one."""
    spacing: str = ""
    """The parameter of the scale, if the function takes the length in the same unit."""


def length_of(facts: Measured, parameter: str) -> Length:
    """Return how a function takes a length.

    Raises
    ------
    ScaleError
        If the parameter is no length, or it isn't certain that it is one.
    """
    parameters = facts.signature.parameters
    names = [name for name in parameters if _kind(facts, name) is not None]
    accepted = f"{', '.join(names)} can be" if names else "no parameter can be"
    if parameter not in parameters:
        raise ScaleError(
            f"{facts.name} has no parameter {parameter!r} to give in micrometers: {accepted}."
        )
    length = _kind(facts, parameter)
    if length is None:
        reason = _reason(facts, parameter) or "isn't a length, as far as voxbind knows"
        raise ScaleError(
            f"{facts.name}: {parameter!r} can't be given in micrometers, since it {reason}. Of "
            f"this function, {accepted}."
        )
    return length


def _reason(facts: Measured, parameter: str) -> str:
    return _OTHERS.get(".".join((*facts.upstream.split(".")[-2:], parameter)), "")


def _kind(facts: Measured, parameter: str) -> Length | None:
    if not facts.upstream or _reason(facts, parameter):
        return None
    stem, _, axis = parameter.rpartition("_")
    if facts.upstream.startswith("pyclesperanto.") and stem in _BY_AXIS:
        is_axis = axis.upper() in SPATIAL
        return Length("along", stem == "radius", axis.upper()) if is_axis else None
    if parameter in SPACINGS:
        return Length("spacing")
    if parameter in _SEVERAL:
        return Length("several")
    if parameter not in _LENGTHS:
        return None
    annotation = str(facts.signature.parameters[parameter].annotation)
    is_whole = "float" not in annotation and "int" in annotation
    spacing = next((name for name in SPACINGS if name in facts.signature.parameters), "")
    if spacing:
        return Length("one", spacing=spacing)
    takes_axes = any(word in annotation for word in ("Sequence", "tuple", "Array"))
    return Length("axes" if takes_axes else "one", is_whole)
