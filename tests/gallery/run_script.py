"""Runs one script in a process of its own, and writes down what it computes, prints and warns."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

from gallery import standins
from gallery.values import is_value, text_of

SEED = 20260101


def main() -> None:
    """Run the script of the first argument, and write the record to the file of the second."""
    script, record = map(Path, sys.argv[1:])
    _make_repeatable()
    standins.install()
    made: dict[str, Any] = {"__name__": "__main__", "__file__": str(script)}
    printed, error = io.StringIO(), ""
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), made)
        except BaseException as raised:
            error = f"{type(raised).__name__}: {raised}"
            traceback.print_exc()
        figures = [_drawn(number) for number in plt.get_fignums()]
    own = {name: value for name, value in made.items() if name[:2] != "__" and is_value(value)}
    result = {
        "error": error,
        "values": {name: text_of(value) for name, value in own.items()},
        "figures": figures,
        "printed": printed.getvalue().splitlines(),
        "warnings": [f"{each.category.__name__}: {each.message}" for each in warned],
        "wrappers": "voxbind" in sys.modules,
    }
    record.write_text(json.dumps(result, indent=1), encoding="utf-8")


def _make_repeatable() -> None:
    """Seed random numbers, and let plotly show nothing."""
    matplotlib.use("agg")
    np.random.seed(SEED)  # scripts and libraries may use it
    with_seed = np.random.default_rng
    np.random.default_rng = lambda seed=None: with_seed(SEED if seed is None else seed)
    with contextlib.suppress(ImportError):
        import plotly.io

        plotly.io.show = lambda *_, **__: None


def _drawn(number: int) -> str:
    """Return a digest of a figure's pixels."""
    figure = plt.figure(number)
    try:
        figure.canvas.draw()
    except Exception as raised:  # as a script would see it when it saves the figure
        return f"{type(raised).__name__}: {raised}"
    pixels = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]  # agg's
    return f"{pixels.shape} {hashlib.sha256(pixels.tobytes()).hexdigest()[:16]}"


if __name__ == "__main__":
    main()
