"""The results as a table in the terminal, as Markdown and as a chart."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from peers import NAMES
from rich.console import Console
from rich.table import Table
from timing import Pair, Row, Topic

from voxbind_build.libraries import builtin

COLUMNS = ("", "baseline", "voxbind", "added", "ratio", *NAMES)
WRAPPED = [name for spec in builtin() for name in (spec.distribution, *spec.also) if not spec.home]
DISTRIBUTIONS = ("numpy", "torch", *WRAPPED)
COLOURS = {"voxbind": "#1b7f79", "arraybridge": "#e0a030", "OpenHCS": "#b04a5a"}


def printed(topics: Sequence[Topic], console: Console) -> None:
    """Print a table for each topic."""
    for topic in topics:
        table = Table(title=topic.title, title_justify="left", caption=_caption(topic))
        table.caption_justify = "left"
        for column in COLUMNS:
            table.add_column(column, justify="right" if column else "left")
        for row in topic.rows:
            table.add_row(*_cells(row))
        console.print(table, "")


def markdown(
    topics: Sequence[Topic],
    peers: Mapping[str, Mapping[str, str]],
    cores: int,
    gpu: str,
    is_quick: bool,
) -> str:
    """Return the page: the versions of everything measured, and a table for each topic."""
    lines = [
        "# Benchmarks",
        "",
        f"`python benchmarks{' --quick' if is_quick else ''}` writes this page; don't edit it. "
        "The times of a row were measured in turn in one run, and each is the best of many "
        "rounds. **Compare the ratios, not the absolute times**, which differ on your machine.",
        "",
        "`ratio` is the time of voxbind divided by the baseline, and `added` is the difference. "
        "The columns arraybridge and OpenHCS show the ratio of another tool to the same call, loop "
        "or import in its own environment.",
        "",
        f"- Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{cores} cores, {gpu or 'no GPU'}",
        f"- voxbind: {_listed(_installed())}",
        *(f"- {name}: {_listed(versions)}" for name, versions in peers.items()),
        "",
        "![Ratios of all calls](benchmarks.svg)",
    ]
    for topic in topics:
        lines += ["", *_section(topic)]
    return "\n".join(lines) + "\n"


def with_topic(page: str, topic: Topic) -> str:
    """Return the page with the section of one topic replaced, or added as the last but one.

    The last section is the one on the GPU, which `crossover` writes.
    """
    sections = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    section = "\n".join([*_section(topic), "", ""])
    titles = [text.partition("\n")[0].removeprefix("## ") for text in sections]
    if topic.title in titles:
        sections[titles.index(topic.title)] = section
    else:
        sections.insert(-1, section)
    return "".join(sections)


def _section(topic: Topic) -> list[str]:
    """Return the lines of a topic's section."""
    lines = [f"## {topic.title}", "", _caption(topic), ""]
    lines += [_line(COLUMNS), _line(["---", *["---:"] * (len(COLUMNS) - 1)])]
    return [*lines, *(_line(_cells(row)) for row in topic.rows)]


def _draw_bars(axes: Any, position: int, ratios: Mapping[str, float]) -> None:
    """Draw a row's bars from 1 to each ratio, with the ratio beside its end."""
    for number, (name, ratio) in enumerate(ratios.items()):
        place = position + (number - (len(ratios) - 1) / 2) * 0.28
        axes.barh(place, ratio - 1, 0.26, left=1, color=COLOURS[name])
        beyond = ratio < 1
        axes.annotate(
            f"{ratio:.3g}",
            (ratio, place),
            xytext=(-3 if beyond else 3, 0),
            textcoords="offset points",
            ha="right" if beyond else "left",
            va="center",
            fontsize=7,
        )


def chart(topics: Sequence[Topic], path: Path) -> None:
    """Draw the ratios; the same figures give the same file."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    charted = [topic for topic in topics if topic.in_chart]
    rows = [row for topic in charted for row in topic.rows if not row.is_yardstick]
    bars = [(row.what, _ratios(row)) for row in rows if isinstance(row.ours, Pair)]
    style: Any = {"svg.hashsalt": "voxbind", "svg.fonttype": "none", "font.size": 9}
    with matplotlib.rc_context(style):
        figure, axes = pyplot.subplots(figsize=(9, 0.8 + 0.36 * len(bars)), layout="constrained")
        for position, (_, ratios) in enumerate(bars):
            _draw_bars(axes, position, ratios)
        axes.set_yticks(range(len(bars)), [what for what, _ in bars])
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.axvline(1, color="black", linewidth=0.8)
        top = max((ratio for _, ratios in bars for ratio in ratios.values()), default=1)
        axes.set_xlim(0.3, max(4, top * 2))
        marks = [mark for mark in (0.5, 1, 2, 5, 10, 20, 50, 100, 200) if mark <= max(4, top)]
        axes.xaxis.set_major_locator(FixedLocator(marks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda mark, _: f"{mark:g}"))
        axes.set_xlabel("times the direct call, the code by hand or the libraries' import")
        axes.spines[["top", "right"]].set_visible(False)
        shown = [name for name in COLOURS if any(name in ratios for _, ratios in bars)]
        handles = [matplotlib.patches.Patch(color=COLOURS[name], label=name) for name in shown]
        axes.legend(handles=handles, loc="lower right", frameon=False)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def _ratios(row: Row) -> dict[str, float]:
    pairs = {"voxbind": row.ours, **row.peers}
    return {name: pair.ratio for name, pair in pairs.items() if isinstance(pair, Pair)}


def _cells(row: Row) -> list[str]:
    ours = row.ours
    if isinstance(ours, Pair):
        own = [_time(ours.base), _time(ours.seconds), _time(ours.added, sign="+"), _x(ours)]
    else:
        own = ["", _time(ours), "", ""]
    peers = (row.peers.get(name, "") for name in NAMES)
    return [row.what, *own, *map(_peer, peers)]


def _x(pair: Pair) -> str:
    return f"{pair.ratio:.2f}" if pair.ratio < 10 else f"{pair.ratio:.0f}"


def _peer(pair: Pair | str) -> str:
    if isinstance(pair, Pair):
        return _x(pair)
    return f"fails: {pair.partition(':')[0]}" if pair else ""


def _time(seconds: float, sign: str = "") -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= size:
            return f"{seconds / size:{sign}.1f} {unit}"
    return f"{seconds / 1e-6:{sign}.2f} µs"


def _caption(topic: Topic) -> str:
    return f"Baseline: {topic.base}. Aim: {topic.aim}. {topic.note}".strip()


def _installed() -> dict[str, str]:
    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
