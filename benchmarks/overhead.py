"""Times wrappers on arrays of the library's own class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from peers import Peer
from timed_calls import Array, given, image, named
from timing import Effort, Row, Topic, measured, timer

SHAPE = "16x16"
FUNCTIONS = (
    "skimage.util.invert",
    "skimage.exposure.adjust_gamma",
    "skimage.filters.gaussian",
    "skimage.filters.sobel_h",
    "scipy.ndimage.minimum",
    "scipy.ndimage.maximum",
    "scipy.ndimage.uniform_filter",
)
IN_OPENHCS = ("skimage.exposure", "skimage.filters")
ON_A_DEVICE = "pyclesperanto.absolute"


def topic(effort: Effort, peers: Mapping[str, Peer]) -> Topic:
    """Measure wrappers against direct calls and the peers."""
    rows = [_yardstick(effort)]
    for name in FUNCTIONS:
        direct, wrapper, array = named(name), named(f"voxbind.{name}"), image(SHAPE)
        pairs = {}
        if "arraybridge" in peers:
            pairs["arraybridge"] = peers["arraybridge"].pair(
                "direct", "arraybridge-decorator", name, SHAPE
            )
        if "OpenHCS" in peers and name.startswith(IN_OPENHCS):
            pairs["OpenHCS"] = peers["OpenHCS"].pair("direct", "openhcs", name, SHAPE)
        rows.append(
            measured(
                f"{name} {SHAPE}",
                timer(given(direct, array)),
                timer(given(wrapper, array)),
                effort,
                pairs,
            )
        )
    left_out = ""
    try:
        rows.append(_on_a_device(effort))
    except Exception as error:
        left_out = f"Left out: {ON_A_DEVICE}. {type(error).__name__}: {error}"
    return Topic(
        "Overhead of a call on the library's own array",
        "the direct call",
        "less than 0.3 µs added",
        rows,
        left_out,
    )


def _on_a_device(effort: Effort) -> Row:
    # voxbind is imported first: it makes the CPU a device before pyclesperanto is imported.
    wrapper = named(f"voxbind.{ON_A_DEVICE}")
    array = named("voxbind.pyclesperanto.push")(image(SHAPE))
    direct = named(ON_A_DEVICE)
    return measured(
        f"{ON_A_DEVICE} {SHAPE}, on its device",
        timer(given(direct, array)),
        timer(given(wrapper, array)),
        effort,
    )


def _yardstick(effort: Effort) -> Row:
    array = image(SHAPE)
    row = measured(
        "yardstick: pass-through of eight keywords, by hand",
        timer(given(_target, array)),
        timer(given(_pass_through, array)),
        effort,
    )
    return replace(row, is_yardstick=True)


def _target(
    image: Array,
    a: int = 1,
    b: float = 2.0,
    c: str = "c",
    d: bool = False,
    e: Any = None,
    f: Any = None,
    g: int = 0,
    h: bool = True,
) -> Array:
    return image


def _pass_through(
    image: Array,
    a: int = 1,
    b: float = 2.0,
    c: str = "c",
    d: bool = False,
    e: Any = None,
    f: Any = None,
    g: int = 0,
    h: bool = True,
) -> Array:
    if type(image) is not np.ndarray:
        raise TypeError(type(image).__name__)
    return _target(image, a=a, b=b, c=c, d=d, e=e, f=f, g=g, h=h)
