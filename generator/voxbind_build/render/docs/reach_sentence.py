"""The sentence on how far a function looks, for docstrings and for `voxbind show`."""

from __future__ import annotations

from voxbind_build.common.wording import enumerated
from voxbind_build.model import Function

__all__ = ["reach_limits", "reach_sentence"]


def reach_sentence(function: Function) -> str:
    """Return the sentence without its full stop; empty if the reach isn't known."""
    reach = function.reach
    if reach is None or function.kind != "image":
        return ""
    source = "measured"
    if reach.evidence == "twin" and function.twin is not None:
        source = f"measured for {function.twin.name}"
    match reach.kind:
        case "pointwise":
            return (
                "Reach: 0, because an element of the result depends only on the element at its own "
                f"place ({source})"
            )
        case "local":
            axes = "Y and X" if function.contract == "PURE_2D" else "each axis"
            half = ", where half() is half the length of an array" * ("half(" in reach.formula)
            elements = "1 element" if reach.formula == "1" else f"{reach.formula} elements"
            return f"Reach: {elements} along {axes}{half} ({source})"
        case "everything":
            return f"Reach: the entire image ({source})"
        case "unknown":
            return ""


def reach_limits(function: Function) -> list[str]:
    """Return the limits of a reach in words: the arguments that it is valid for."""
    reach = function.reach
    if reach is None:
        return []
    if reach.kind in ("everything", "unknown"):
        return [reach.reason]
    limits = [
        f"with {name}={' or '.join(map(repr, values))}" for name, values in reach.parameters.items()
    ]
    if reach.free:
        limits.append(f"with any number for {enumerated(reach.free)}")
    limits += [f"if {name} is at least {least:g}" for name, least in reach.least.items()]
    limits += [f"if {name} is at most {most:g}" for name, most in reach.most.items()]
    known = {*reach.names, *reach.parameters, *reach.free, *reach.images}
    others = [
        parameter.name
        for parameter in function.parameters
        if parameter.default is not None
        and parameter.name not in known
        and parameter.name not in function.outputs
    ]
    if others:
        limits.append(f"unknown if {' or '.join(others)} isn't the default")
    return limits
