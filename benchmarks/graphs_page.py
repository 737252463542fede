"""Writes docs/graphs.md and its picture from the saved figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from beside_dask_image import CHUNKS, SHAPE, Pair, Usage
from blocks import Overhead
from building import CHUNK as CUBE
from building import ROUNDS, SLICE, Growth
from large_volume import LIMIT, Volume
from scheduling import BANDWIDTH, CHUNK, COMPUTED, FUNCTION, LATENCY, Cost, Run

Figures = Mapping[str, Sequence[Any]]
_HEAD = """\
# Graphs of dask: growth, overhead, memory

`python benchmarks/graphs.py` writes this page. Times are processor times if the text doesn't say
otherwise. On a machine that other programs use too, as here, they vary by up to a factor of two.

![Time of the scheduler over chunks, and speed over workers](graphs.svg)
"""


def markdown(figures: Figures) -> str:
    """Return the page; a topic without figures is left out."""
    parts: Mapping[str, Callable[[], Iterator[str]]] = {
        "building": lambda: _building([Growth(*row) for row in figures["building"]]),
        "growth": lambda: _growth(_runs(figures), dict(_costs(figures))),
        "overhead": lambda: _overhead([Overhead(*row) for row in figures["overhead"]]),
        "volume": lambda: _volume([Volume(*row) for row in figures["volume"]]),
        "dask-image": lambda: _dask_image([_pair(*row) for row in figures["dask-image"]]),
    }
    return "\n".join(
        [_HEAD, *("\n".join([*part(), ""]) for topic, part in parts.items() if topic in figures)]
    )


def _building(rows: Sequence[Growth]) -> Iterator[str]:
    yield "## Building a graph of many chunks"
    yield ""
    yield (
        f"Processor time of the call and of all its tasks, by chunk: the quickest of {ROUNDS} "
        f"graphs. Chunks are {_size(CUBE)}, and {_size(SLICE)} for a function of slices. By hand "
        "is dask's `map_blocks`, or `map_overlap` with the same reach; voxbind also gives each "
        "block its position. The growth is linear if a "
        "column stays the same for a form. The fewer chunks, the more of them lie at the border, "
        "with fewer neighbours and tasks."
    )
    yield ""
    yield from _table(
        ("form", "chunks", "tasks per chunk", "by hand, ms per chunk", "voxbind, ms per chunk"),
        [
            (
                row.form,
                f"{row.chunks:,}",
                f"{row.tasks / row.chunks:.1f}",
                f"{1e3 * row.by_hand / row.chunks:.3f}",
                f"{1e3 * row.voxbind / row.chunks:.3f}",
            )
            for row in rows
        ],
    )


def _size(chunk: Sequence[int]) -> str:
    return " x ".join(map(str, chunk))


def _runs(figures: Figures) -> list[Run]:
    return [Run(*row) for row in figures["growth"]]


def _costs(figures: Figures) -> list[tuple[str, Cost]]:
    return [(kind, Cost(*cost)) for kind, *cost in figures["costs"]]


def _growth(runs: Sequence[Run], costs: Mapping[str, Cost]) -> Iterator[str]:
    most = max(run.workers for run in runs)
    yield "## Many chunks on many workers"
    yield ""
    yield (
        f"A simulation around dask's own scheduler. Real are the graph of `{FUNCTION}` for a "
        f"random volume in chunks of {_size(CHUNK)}, the scheduler with all its "
        "decisions and messages, and its processor time. Simulated are the workers, with one "
        f"thread each, and a network of {BANDWIDTH / 1e9:g} GB/s and {1e3 * LATENCY:g} ms: a task "
        f"takes as long on them as it took when {COMPUTED} chunks were computed here, "
        f"{_listed(costs)}. dask's stealing of tasks between workers is left out."
    )
    yield ""
    yield (
        f"By chunk and by task, on {most} workers. The growth is linear if a column stays the "
        "same. The fewer chunks, the more of them lie at the border, with fewer neighbours."
    )
    yield ""
    large = sorted((run for run in runs if run.workers == most), key=lambda run: run.chunks)
    yield from _table(
        (
            *("chunks", "tasks", "tasks per chunk", "bytes per chunk", "graph built, ms per chunk"),
            *("graph accepted, ms per task", "messages handled, ms per task"),
        ),
        [
            (
                f"{run.chunks:,}",
                f"{run.tasks:,}",
                f"{run.tasks / run.chunks:.1f}",
                f"{run.size / run.chunks:.0f}",
                f"{1e3 * run.built / run.chunks:.2f}",
                f"{1e3 * run.accepted / run.tasks:.2f}",
                f"{1e3 * run.handled / run.tasks:.2f}",
            )
            for run in large
        ],
    )
    yield ""
    scaled = _scaled(runs)
    yield f"{scaled[0].chunks:,} chunks on more workers, in simulated time:"
    yield ""
    yield from _table(
        ("workers", "time, s", "times as fast as one", "workers busy", "scheduler busy"),
        [
            (
                f"{run.workers:,}",
                f"{run.makespan:.1f}",
                f"{scaled[0].makespan / run.makespan:.1f}",
                f"{run.working / run.makespan / run.workers:.0%}",
                f"{(run.accepted + run.handled) / run.makespan:.0%}",
            )
            for run in scaled
        ],
    )
    yield ""
    last = scaled[-1]
    dispatched = (last.accepted + last.handled) / last.chunks
    worked = last.working / last.chunks
    yield (
        f"The scheduler needs {1e3 * dispatched:.0f} ms for the tasks of a chunk, and a worker "
        f"{1e3 * worked:.0f} ms, so one scheduler keeps about {worked / dispatched:.0f} workers "
        "busy with chunks as small as these. The tasks are those of dask's `map_overlap`: give "
        "larger chunks to more workers. A chunk that is twice as long along each axis takes eight "
        "times as long, and needs as many tasks."
    )


def _scaled(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that differ in their workers alone."""
    chunks = min(runs, key=lambda run: run.workers).chunks
    return sorted((run for run in runs if run.chunks == chunks), key=lambda run: run.workers)


def _listed(costs: Mapping[str, Cost]) -> str:
    kinds = {"random": "to make a chunk", "getitem": "to cut a border", "overlap": "to filter it"}
    return ", ".join(
        f"{1e3 * costs[kind].seconds:.3g} ms {what}"
        for kind, what in kinds.items()
        if kind in costs
    )


def _overhead(rows: Sequence[Overhead]) -> Iterator[str]:
    yield "## Overhead beside `map_overlap` by hand"
    yield ""
    yield (
        "A volume of 128 x 128 x 128 in chunks of 32 x 32 x 32, each time by chunk. By hand is "
        "dask's `map_overlap` with SciPy's function and the reach. The times of a row were "
        "measured in turn, and each is the best of five rounds."
    )
    yield ""
    yield from _table(
        ("", "by hand, ms", "voxbind, ms", "added, ms", "ratio"),
        [
            (
                f"`{row.function}`: {_STEPS[row.step]}",
                f"{1e3 * row.by_hand / row.chunks:.3f}",
                f"{1e3 * row.voxbind / row.chunks:.3f}",
                f"{1e3 * (row.voxbind - row.by_hand) / row.chunks:+.3f}",
                f"{row.voxbind / row.by_hand:.2f}",
            )
            for row in rows
        ],
    )


_STEPS = {"graph": "graph built", "computed": "graph built and computed"}


def _volume(rows: Sequence[Volume]) -> Iterator[str]:
    yield f"## A volume of {rows[0].gigabytes:.1f} GB with {LIMIT / 1e9:g} GB of memory a worker"
    yield ""
    yield (
        f"The mean of `{FUNCTION}` over a random volume, on processes of `dask.distributed` with "
        "one thread each. dask ends a worker that uses more than its memory. The time on the clock "
        "was measured on two cores, one row after the other."
    )
    yield ""
    yield from _table(
        (
            *("workers", "time on the clock, s", "processor time of the workers, s"),
            *("largest memory of a worker, MB", "workers that dask ended"),
        ),
        [
            (
                f"{row.workers}",
                f"{row.seconds:.0f}",
                f"{row.processor:.0f}",
                f"{row.megabytes:.0f}",
                f"{row.restarted}",
            )
            for row in rows
        ],
    )
    if len(rows) > 1:  # a run can be stopped after the first one
        yield ""
        yield (
            f"{rows[-1].workers} workers were {rows[0].seconds / rows[-1].seconds:.2f} times as "
            "fast as one."
        )


def _pair(name: str, theirs: Any, ours: Any) -> Pair:
    usages = [usage if isinstance(usage, str) else Usage(*usage) for usage in (theirs, ours)]
    return Pair(name, *usages)


def _dask_image(pairs: Sequence[Pair]) -> Iterator[str]:
    refused = [pair.name.rpartition(".")[2] for pair in pairs if isinstance(pair.ours, str)]
    yield "## Beside dask-image"
    yield ""
    yield (
        f"Its functions on a volume of float32 of {_size(SHAPE)} ({4 * prod(SHAPE) / 1e6:.0f} MB) "
        f"in chunks of {_size(CHUNKS)}, on two threads, without keeping the result. The memory is "
        "that of the process, without what it had before. *Same* says whether a small volume gives "
        "the values of the library in memory, labels up to their numbers."
    )
    yield ""
    yield (
        f"voxbind refuses {len(refused)} of the {len(pairs)} with an error that says what to do: "
        f"{', '.join(f'`{name}`' for name in refused)}."
    )
    yield ""
    yield from _table(
        (
            *("", "dask-image, s", "voxbind, s", "ratio", "dask-image, MB", "voxbind, MB"),
            *("dask-image same", "voxbind same"),
        ),
        [_cells(pair) for pair in pairs],
    )


def _cells(pair: Pair) -> tuple[str, ...]:
    both = [usage if isinstance(usage, Usage) else None for usage in (pair.theirs, pair.ours)]
    first, second = both
    return (
        f"`{pair.name}`",
        *(f"{usage.seconds:.2f}" if usage else "refused" for usage in both),
        f"{second.seconds / first.seconds:.2f}" if first and second else "",
        *(f"{usage.megabytes:.0f}" if usage else "" for usage in both),
        *(("yes" if usage.is_same else "no") if usage else "" for usage in both),
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"| {' | '.join(['---', *['---:'] * (len(columns) - 1)])} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def chart(figures: Figures, path: Path) -> None:
    """Draw the time of the scheduler over chunks, and the speed over workers."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    runs = _runs(figures)
    most = max(run.workers for run in runs)
    large = sorted((run for run in runs if run.workers == most), key=lambda run: run.chunks)
    scaled = _scaled(runs)
    style: Any = {"svg.hashsalt": "voxbind", "svg.fonttype": "none", "font.size": 9}
    with matplotlib.rc_context(style):
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3), layout="constrained")
        chunks = [run.chunks for run in large]
        for name, label in (("built", "graph built"), ("accepted", "graph accepted")):
            left.loglog(chunks, [getattr(run, name) for run in large], "o-", label=label)
        handled = [run.handled for run in large]
        left.loglog(chunks, handled, "s-", label="messages handled")
        line = [handled[-1] / chunks[-1] * count for count in chunks]
        left.loglog(chunks, line, ":", color="grey", label="proportional")
        left.set(xlabel="chunks", ylabel="processor time, s")
        left.legend(frameon=False)
        workers = [run.workers for run in scaled]
        speeds = [scaled[0].makespan / run.makespan for run in scaled]
        right.loglog(workers, speeds, "o-", label=f"{scaled[0].chunks:,} chunks, simulated")
        right.loglog(workers, workers, ":", color="grey", label="proportional")
        right.set(xlabel="workers", ylabel="times as fast as one worker")
        right.legend(frameon=False)
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
