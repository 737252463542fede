"""Measures how a build grows with the number of functions: `python benchmarks/scale.py`.

It builds made-up libraries of increasing size, and writes docs/scale.md and docs/scale.svg. Times
are processor times of all processes of a build, which other programs hardly change.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from voxbind_build.build.library_state import LibraryState
from voxbind_build.build.progress import Silent
from voxbind_build.build.publish import assemble_package, settled
from voxbind_build.build.reading import read_library
from voxbind_build.manifest import Record
from voxbind_build.model import LibrarySpec, Manifest

DOCS = Path(__file__).parent.parent / "docs"
FIGURES = Path(__file__).with_name("scale.json")
"""The saved figures, by number of functions, to which a run adds its own."""
SIZES = (100, 300, 1000, 3000, 10000)
WITHOUT_MEASURING = (100, 1000, 3000, 10000)
IN_MODULE = 100
"""Functions in each module."""
KINDS = (
    ("scale", "image * 2.0 + {number}", "Multiply an image"),
    ("mirror", "image[..., ::-1].copy() + {number}", "Mirror an image"),
    ("mean", "float(image.mean()) + {number}", "Return the mean of an image"),
    ("flat", "_flat(image) + {number}", "Return the rows of a 2-D image in reverse order"),
    ("count", "{number} + len(str(image))", "Return a number without an image"),
)
"""The kinds of functions: name, result and documentation."""


class Build(NamedTuple):
    """What one build took."""

    functions: int
    seconds: float
    """Processor time of a first build, which measures all functions."""
    again: float
    """Processor time of a build in which nothing has changed."""
    megabytes: float
    """Memory of its largest process."""


class Stages(NamedTuple):
    """What the stages took that measure nothing, and check nothing with mypy."""

    functions: int
    reading: float
    """Processor time for reading and describing the library, in seconds."""
    classifying: float
    rendering: float
    megabytes: float
    """Memory of the process."""


def write_library(folder: Path, count: int) -> Path:
    """Write a library with a number of functions, and return its specification."""
    package = folder / "scaled"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.0"\n')
    modules = []
    for start in range(0, count, IN_MODULE):
        modules.append(f"part{start // IN_MODULE}")
        numbers = range(start, min(count, start + IN_MODULE))
        text = "\n\n".join(["", *map(_function, numbers)])
        (package / f"{modules[-1]}.py").write_text(_HEAD + text + "\n")
    listed = ", ".join(json.dumps(f"scaled.{module}") for module in modules)
    specification = folder / "scaled.toml"
    specification.write_text(f'name = "scaled"\nmodules = [{listed}]\n')
    return specification


_HEAD = """\
def _flat(image):
    if image.ndim != 2:
        raise ValueError("a 2-D image")
    return image[::-1].copy()
"""


def _function(number: int) -> str:
    name, result, summary = KINDS[number % len(KINDS)]
    parameter = "length : int" if name == "count" else "image : ndarray"
    returned = result.format(number=number)
    if name == "count":
        returned = returned.replace("image", "length")
    return (
        f"def {name}_{number}({parameter.partition(' ')[0]}, scale=1.0, mode='reflect'):\n"
        f'    """{summary}.\n\n    Parameters\n    ----------\n    {parameter}\n        Input.\n'
        f"    scale : float, optional\n        Not used.\n"
        f"    mode : {{'reflect', 'constant'}}, optional\n        Not used.\n"
        f'    """\n    return {returned}'
    )


def build(count: int, folder: Path) -> Build:
    """Build a library with a number of functions twice."""
    specification = write_library(folder, count)
    seconds, size = _run(specification, folder)
    again, _ = _run(specification, folder)
    return Build(count, seconds, again, size)


def _run(specification: Path, folder: Path) -> tuple[float, float]:
    """Return the processor time of a build in seconds, and its greatest memory in megabytes."""
    out = folder / "out" / "voxbind"
    command = [sys.executable, "-m", "voxbind_build", "build", "--out", str(out)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--library", str(specification)],
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), *sys.path[1:]))},
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError((folder / "log").read_text()[-2000:])
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def stages(count: int, folder: Path) -> Stages:
    """Run the stages that measure nothing, in this process."""
    spec = LibrarySpec(
        name="scaled",
        modules=tuple(tomllib.loads(write_library(folder, count).read_text())["modules"]),
        device="cuda",  # so the library is read, and neither imported nor measured
    )
    started = time.process_time()
    reading = read_library(spec, [folder], anew=True)
    read = time.process_time()
    state = LibraryState(reading.inventory, reading.descriptions, observations={})
    package = assemble_package({"scaled": state}, Record(manifest=Manifest(libraries={})))
    classified = time.process_time()
    settled(package, folder / "out", Silent(), prove=False)
    rendered = time.process_time()
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Stages(count, read - started, classified - read, rendered - classified, size)


def kept() -> tuple[list[Build], list[Stages]]:
    """Return the saved figures, smallest library first."""
    if not FIGURES.exists():
        return [], []
    saved = json.loads(FIGURES.read_text(encoding="utf-8"))
    builds = sorted(Build(*entry) for entry in saved["builds"])
    return builds, sorted(Stages(*entry) for entry in saved["stages"])


def keep(builds: Iterable[Build], without: Iterable[Stages]) -> None:
    """Save figures."""
    saved = {"builds": sorted(builds), "stages": sorted(without)}
    FIGURES.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")


def markdown(builds: Sequence[Build], without: Sequence[Stages]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# How a build grows with the number of functions"
    yield ""
    yield "`python benchmarks/scale.py` writes this page. It builds made-up libraries of growing"
    yield "size. Times are processor times of all processes of a build. On n cores, the first build"
    yield "takes about 1/n of its processor time, since functions are measured side by side."
    yield ""
    yield "![Processor time and memory over the number of functions](scale.svg)"
    yield ""
    columns = ("functions", "first build, s", "per function, ms", "nothing changed, s")
    yield f"| {' | '.join(columns)} | largest process, MB |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for each in builds:
        yield (
            f"| {each.functions:,} | {each.seconds:.0f} "
            f"| {1000 * each.seconds / each.functions:.0f} | {each.again:.1f} "
            f"| {each.megabytes:.0f} |"
        )
    yield ""
    first, last = builds[0], builds[-1]
    ratio = last.seconds / last.functions / (first.seconds / first.functions)
    yield f"With {last.functions:,} functions, a function takes {ratio:.2f} times the time that it"
    yield f"takes with {first.functions:,}: the growth is linear if the ratio is about 1."
    yield ""
    yield "Without measuring, and without the check by mypy:"
    yield ""
    yield "| functions | reading, s | classifying, s | rendering, s | per function, ms | MB |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    for stage in without:
        seconds = stage.reading + stage.classifying + stage.rendering
        yield (
            f"| {stage.functions:,} | {stage.reading:.1f} | {stage.classifying:.1f} "
            f"| {stage.rendering:.1f} | {1000 * seconds / stage.functions:.1f} "
            f"| {stage.megabytes:.0f} |"
        )


def chart(builds: Sequence[Build], without: Sequence[Stages], file: Path) -> None:
    """Draw the times and the memory over the number of functions."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    style: Any = {"svg.hashsalt": "voxbind", "svg.fonttype": "none", "font.size": 9}
    with plt.rc_context(style):
        figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
        counts = [each.functions for each in builds]
        left.loglog(counts, [each.seconds for each in builds], "o-", label="first build")
        left.loglog(counts, [each.again for each in builds], "s-", label="nothing changed")
        sizes = [each.functions for each in without]
        seconds = [each.reading + each.classifying + each.rendering for each in without]
        left.loglog(sizes, seconds, "^-", label="without measuring")
        line = [seconds[-1] / sizes[-1] * size for size in sizes]
        left.loglog(sizes, line, ":", color="grey", label="proportional")
        left.set(xlabel="functions", ylabel="processor time, s")
        left.legend(frameon=False)
        right.semilogx(counts, [each.megabytes for each in builds], "o-", label="first build")
        right.semilogx(sizes, [each.megabytes for each in without], "^-", label="without measuring")
        right.set(xlabel="functions", ylabel="largest process, MB", ylim=(0, None))
        figure.savefig(file, metadata={"Date": None})
        plt.close(figure)


def main() -> None:
    """Build the libraries, save the figures, and write the page and the chart."""
    parser = argparse.ArgumentParser(prog="python benchmarks/scale.py", description=__doc__)
    parser.add_argument("--builds", nargs="*", type=int, default=SIZES, help="numbers of functions")
    parser.add_argument(
        "--stages", nargs="*", type=int, default=WITHOUT_MEASURING, help="the same, unmeasured"
    )
    chosen = parser.parse_args()
    kept_builds, kept_stages = kept()
    builds = {figures.functions: figures for figures in kept_builds}
    without = {figures.functions: figures for figures in kept_stages}
    # Builds come first: a new process counts the memory of the one that started it as its own.
    for count in chosen.builds:
        with tempfile.TemporaryDirectory() as folder:
            builds[count] = build(count, Path(folder))
        print(builds[count], flush=True)
    for count in sorted(chosen.stages):  # in this order, since memory only grows
        with tempfile.TemporaryDirectory() as folder:
            without[count] = stages(count, Path(folder))
        print(without[count], flush=True)
    keep(builds.values(), without.values())
    page = "\n".join([*markdown(*kept()), ""])
    (DOCS / "scale.md").write_text(page, encoding="utf-8")
    chart(*kept(), DOCS / "scale.svg")


if __name__ == "__main__":
    main()
