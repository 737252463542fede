"""Times calls of NumPy libraries with a PyTorch tensor that is on the CPU."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from peers import Peer
from timed_calls import given, image, named, shared_by_hand
from timing import Effort, Topic, measured, timer

CALLS = (
    ("skimage.util.invert", "16x16"),
    ("skimage.util.invert", "512x512"),
    ("scipy.ndimage.uniform_filter", "16x16"),
)


def topic(effort: Effort, peers: Mapping[str, Peer]) -> Topic:
    """Measure calls with tensors, against the conversion by hand and arraybridge."""
    rows = []
    for name, shape in CALLS:
        wrapper, tensor = named(f"voxbind.{name}"), torch.from_numpy(image(shape))
        peer = peers.get("arraybridge")
        rows.append(
            measured(
                f"{name} {shape}, tensor in and out",
                timer(shared_by_hand(named(name), image(shape))),
                timer(given(wrapper, tensor)),
                effort,
                {"arraybridge": peer.pair("by-hand", "arraybridge", name, shape)} if peer else {},
            )
        )
    return Topic(
        "Conversion from PyTorch to NumPy and back on the CPU",
        "the conversion by hand",
        "at most 3 times the time",
        rows,
    )
