"""Compares voxbind's speed with direct calls, code by hand and its peers: `python benchmarks`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import catalog
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
TOPICS = ("calls", "conversions", "volumes", "starts", "editors", "catalog", "gpu", "crossover")
WITH_PEERS = frozenset(TOPICS) - {"editors", "catalog", "gpu", "crossover"}


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, a smaller volume")
    parser.add_argument("--no-peers", action="store_true", help="without arraybridge and OpenHCS")
    parser.add_argument(
        "--only",
        action="append",
        choices=TOPICS,
        default=[],
        help="measure and print this topic only, and don't write the page; may be repeated",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="with --only: replace the topic's section of the page; not for topics in the chart",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="save the crossover measured on this GPU, for pages written on machines without one",
    )
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of benchmarks.md and .svg")
    return parser.parse_args()


def main() -> None:
    """Measure the topics in order, print them, and write the page and the charts."""
    options = _parsed()
    quick: bool = options.quick
    # A pipe has no width, and the names in the tables must not be cut.
    console = Console(width=None if sys.stdout.isatty() else 150)
    cores = _cores()
    calls = Effort(rounds=40 if quick else 200)
    slices = Effort(rounds=3 if quick else 7)
    starts = 2 if quick else 11
    requested = options.only or TOPICS
    names = () if options.no_peers or WITH_PEERS.isdisjoint(requested) else peers.NAMES
    with peers.opened(names, console) as processes, console.status("Measuring") as status:
        measurements: dict[str, Callable[[], Topic | None]] = {
            "calls": lambda: overhead.topic(calls, processes),
            "conversions": lambda: conversion.topic(calls, processes),
            "volumes": lambda: per_slice.topic(slices, processes, 8 if quick else 64, cores),
            "starts": lambda: starting.topic(starts, processes),
            "editors": lambda: editors.topic(2 if quick else 5),
            "catalog": lambda: catalog.topic(2 if quick else 7),
            "gpu": lambda: gpu.topic(Effort(rounds=5 if quick else 25)),
        }
        measured: dict[str, Topic] = {}
        measured_figures: crossover.Figures | None = None
        for name in requested:
            status.update(f"Measuring {name}")
            if name == "crossover":
                sizes = crossover.SIZES[:10:3] if quick else crossover.SIZES
                measured_figures = crossover.measured(Effort(rounds=2 if quick else 5), sizes)
                continue
            if topic := measurements[name]():
                measured[name] = topic
        versions = {name: peer.versions for name, peer in processes.items()}
    topics = list(measured.values())
    report.printed(topics, console)
    if "gpu" in requested and "gpu" not in measured:
        console.print("Left out: conversions from and to a GPU, because PyTorch finds no GPU.")
    if measured_figures is not None and options.keep:
        crossover.keep(measured_figures)
    figures = measured_figures or crossover.kept()
    if "crossover" in requested:
        _print_crossover(figures, is_saved=measured_figures is None, console=console)
    console.print("Compare the ratios; the absolute times are those of this machine.")
    if options.only and options.update:
        _update(options.out / "benchmarks.md", topics)
    if options.only:
        return
    options.out.mkdir(parents=True, exist_ok=True)
    page = report.markdown(topics, versions, cores, gpu.name_of_gpu(), quick)
    page += "\n".join([*crossover.markdown(figures), ""])
    (options.out / "benchmarks.md").write_text(page, encoding="utf-8")
    report.chart(topics, options.out / "benchmarks.svg")
    crossover.chart(figures, options.out / "crossover.svg")


def _update(path: Path, topics: Sequence[Topic]) -> None:
    """Replace the sections of topics; the other sections keep the times of an earlier run."""
    if charted := [topic.title for topic in topics if topic.in_chart]:
        raise SystemExit(f"Run all topics: the chart shows {' and '.join(charted)} beside others.")
    text = path.read_text(encoding="utf-8")
    for topic in topics:
        text = report.with_topic(text, topic)
    path.write_text(text, encoding="utf-8")


def _print_crossover(figures: crossover.Figures, *, is_saved: bool, console: Console) -> None:
    if is_saved:
        console.print(
            "This machine has no NVIDIA GPU with CuPy and cuCIM. These are the saved figures of "
            "another machine:"
        )
    crossover.printed(figures, console)


def _cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


if __name__ == "__main__":
    main()
