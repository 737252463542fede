"""Measures graphs of dask and the computations with them: `python benchmarks/graphs.py`.

It writes docs/graphs.md and docs/graphs.svg. The figures are saved in graphs.json, so that
`--only growth` measures one topic anew and keeps the others.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import beside_dask_image
import blocks
import building
import graphs_page
import large_volume
import scheduling
from timing import Effort

DOCS = Path(__file__).parent.parent / "docs"
FIGURES = Path(__file__).with_name("graphs.json")
COUNTS = (100, 1000, 3000, 10_000)
"""Numbers of chunks, on the largest number of workers."""
WORKERS = (1, 10, 100)
"""Numbers of workers, for the chunks of `SCALED`."""
SCALED = 1000
Keep = Callable[[str, list[Any]], None]


def _overhead(keep: Keep) -> None:
    keep("overhead", blocks.measured(Effort(rounds=5)))


def _building(keep: Keep) -> None:
    keep("building", building.measured())


def _growth(keep: Keep) -> None:
    costs = scheduling.measured_costs()
    keep("costs", [[kind, *cost] for kind, cost in costs.items()])
    pairs = [(SCALED, workers) for workers in WORKERS[:-1]]
    pairs += [(count, WORKERS[-1]) for count in COUNTS]
    runs = []
    for chunks, workers in pairs:
        runs.append(scheduling.run(chunks, workers, costs))
        print(runs[-1], flush=True)
        keep("growth", runs)


def _dask_image(keep: Keep) -> None:
    keep("dask-image", beside_dask_image.measured())


def _volume(keep: Keep) -> None:
    volumes = []
    for workers in (1, 2):
        volumes.append(large_volume.measured(workers))
        print(volumes[-1], flush=True)
        keep("volume", volumes)


TOPICS: Mapping[str, Callable[[Keep], None]] = {
    "building": _building,
    "overhead": _overhead,
    "dask-image": _dask_image,
    "volume": _volume,
    "growth": _growth,
}


def main() -> None:
    """Measure the topics, save their figures, and write the page and the picture."""
    parser = argparse.ArgumentParser(prog="python benchmarks/graphs.py", description=__doc__)
    parser.add_argument(
        "--only",
        nargs="*",
        choices=TOPICS,
        default=[*TOPICS],
        help="topics to measure; without a topic, the page is written from the saved figures",
    )
    for topic in parser.parse_args().only:
        TOPICS[topic](_keep)
    figures = _kept()
    (DOCS / "graphs.md").write_text(graphs_page.markdown(figures), encoding="utf-8")
    graphs_page.chart(figures, DOCS / "graphs.svg")


def _kept() -> dict[str, list[Any]]:
    """Return the saved figures by topic."""
    figures: dict[str, list[Any]] = {}
    if FIGURES.exists():
        figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


def _keep(topic: str, figures: list[Any]) -> None:
    """Save the figures of a topic."""
    saved = json.dumps(_kept() | {topic: figures}, indent=1, sort_keys=True)
    FIGURES.write_text(saved + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
