"""Ratios of voxbind to direct calls, code by hand, and its peers: `python benchmarks`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import conversion
import crossover
import editors
import gpu_arrays as gpu
import overhead
import page as report
import peers
import per_slice
import starting
from rich.console import Console
from timing import Effort, Topic

DOCS = Path(__file__).parent.parent / "docs"
TOPICS = ("calls", "conversions", "volumes", "starts", "editors", "gpu", "crossover")
WITH_PEERS = frozenset(TOPICS) - {"editors", "gpu", "crossover"}


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, a smaller volume")
    parser.add_argument("--no-peers", action="store_true", help="without arraybridge and OpenHCS")
    parser.add_argument(
        "--only",
        action="append",
        choices=TOPICS,
        default=[],
        help="print this topic alone and leave the page as it is; may be given again",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="save when the GPU pays, for pages that are written without a GPU",
    )
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of benchmarks.md and .svg")
    return parser.parse_args()


def main() -> None:
    """Measure, print, and write the page and the chart."""
    options = _parsed()
    # The topics in the order in which they are measured, printed and written.
    quick: bool = options.quick
    # A pipe has no width, and names in the tables must not be cut.
    console = Console(width=None if sys.stdout.isatty() else 150)
    cores = _cores()
    calls = Effort(rounds=40 if quick else 200)
    slices = Effort(rounds=3 if quick else 7)
    starts = 2 if quick else 11
    asked = options.only or TOPICS
    names = () if options.no_peers or WITH_PEERS.isdisjoint(asked) else peers.NAMES
    with peers.opened(names, console) as found, console.status("Measuring") as status:
        ways: dict[str, Callable[[], Topic | None]] = {
            "calls": lambda: overhead.topic(calls, found),
            "conversions": lambda: conversion.topic(calls, found),
            "volumes": lambda: per_slice.topic(slices, found, 8 if quick else 64, cores),
            "starts": lambda: starting.topic(starts, found),
            "editors": lambda: editors.topic(2 if quick else 5),
            "gpu": lambda: gpu.topic(Effort(rounds=5 if quick else 25)),
        }
        measured: dict[str, Topic] = {}
        pays: crossover.Figures | None = None
        for name in asked:
            status.update(f"Measuring {name}")
            if name == "crossover":
                sizes = crossover.SIZES[:10:3] if quick else crossover.SIZES
                pays = crossover.measured(Effort(rounds=2 if quick else 5), sizes)
                continue
            if topic := ways[name]():
                measured[name] = topic
        versions = {name: peer.versions for name, peer in found.items()}
    topics = list(measured.values())
    report.printed(topics, console)
    if "gpu" in asked and "gpu" not in measured:
        console.print("Left out: conversions from and to a GPU, since PyTorch finds no GPU.")
    if pays is not None and options.keep:
        crossover.keep(pays)
    figures = pays or crossover.kept()
    if "crossover" in asked:
        if pays is None:
            console.print("This machine has no NVIDIA GPU with CuPy and cuCIM. Saved figures:")
        crossover.printed(figures, console)
    console.print("Compare the ratios; the absolute times are this machine's.")
    if options.only:
        return
    options.out.mkdir(parents=True, exist_ok=True)
    page = report.markdown(topics, versions, cores, gpu.name_of_gpu(), quick)
    page += "\n".join([*crossover.markdown(figures), ""])
    (options.out / "benchmarks.md").write_text(page, encoding="utf-8")
    report.chart(topics, options.out / "benchmarks.svg")
    crossover.chart(figures, options.out / "crossover.svg")


def _cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


if __name__ == "__main__":
    main()
