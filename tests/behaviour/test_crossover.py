"""When the GPU pays: the figures are worked out, kept, and told with the GPU's name."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voxbind import registry
from voxbind._settings.context import MIN_BYTES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def crossover() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield import_module("crossover")


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(2**14, 1, 2), (2**16, 2, 1)], 2**15),  # as much slower as it is faster then
        ([(2**14, 1, 8), (2**18, 2, 1)], 2**17),
        ([(2**14, 2, 1), (2**16, 4, 1)], 2**14),
        ([(2**14, 1, 2), (2**16, 1, 2)], None),
        ([(2**14, 2, 1), (2**16, 1, 2)], None),
        ([(2**14, 2, 1), (2**16, 1, 2), (2**18, 2, 1)], 2**17),  # the last one counts
        ([(2**14, 1, 1), (2**16, 2, 1)], 2**14),
        ([], None),
    ],
)
def test_crossover_lies_on_a_line_of_logarithms(
    crossover: Any, points: list[tuple[int, float, float]], expected: float | None
) -> None:
    assert crossover.crossover(points) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([2**18, 2**20, 2**24], 2**20),
        ([2**18, 1.3 * 2**20, None], 2**20),
        ([2**18, 1.5 * 2**20, None], 2**21),
        ([2**18, None, None], None),
        ([2**18, None], None),
        ([], None),
    ],
)
def test_suggestion_is_the_median_as_a_power_of_two(
    crossover: Any, found: list[float | None], expected: int | None
) -> None:
    assert crossover.suggested(found) == expected


def test_every_function_has_a_twin_that_takes_the_same_options(crossover: Any) -> None:
    assert len(crossover.FUNCTIONS) == 12
    known = registry.functions()
    for name, options in crossover.FUNCTIONS:
        for each in (name, crossover.name_on_gpu(name)):
            inspect.signature(known[each].func).bind(np.zeros((4, 4)), **options)


def test_images_have_the_bytes_that_are_asked_for(crossover: Any) -> None:
    for nbytes in (2**14, 2**15, 2**16, 2**20):
        image = crossover.image_for("skimage.filters.sobel", nbytes)
        mask = crossover.image_for("scipy.ndimage.label", nbytes)
        assert (image.nbytes, image.ndim, image.dtype) == (nbytes, 3, np.float32)
        assert (mask.nbytes, mask.ndim, mask.dtype) == (nbytes, 3, np.bool_)


@pytest.fixture
def figures(crossover: Any) -> Any:
    point = crossover.Point
    series = (
        crossover.Series(
            "scipy.ndimage.a", (point(2**14, 1e-4, 1e-4, 4e-4), point(2**20, 1e-2, 1e-3, 2e-3))
        ),
        crossover.Series(
            "scipy.ndimage.b", (point(2**14, 1e-4, 1e-5, 2e-5), point(2**20, 1e-2, 1e-3, 2e-3))
        ),
    )
    return crossover.Figures("NVIDIA H100", series)


def test_page_names_the_gpu_and_what_the_default_should_be(crossover: Any, figures: Any) -> None:
    page = "\n".join(crossover.markdown(figures))
    assert "Measured on an NVIDIA H100" in page
    assert "of 16 KiB to 1 MiB" in page
    assert "| scipy.ndimage.b | 16 KiB or less | 16 KiB or less | 10 times |" in page
    assert "`min_bytes` of `voxbind.prefer`" in page


def test_figures_are_kept(crossover: Any, figures: Any, tmp_path: Path) -> None:
    crossover.keep(figures, tmp_path / "figures.json")
    assert crossover.kept(tmp_path / "figures.json") == figures


def test_chart_is_drawn_the_same_each_time(crossover: Any, figures: Any, tmp_path: Path) -> None:
    drawn = []
    for name in ("one.svg", "other.svg"):
        crossover.chart(figures, tmp_path / name)
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1]
    assert b"scipy.ndimage.a" in drawn[0]


def test_committed_page_has_the_kept_figures(crossover: Any) -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert "\n".join(crossover.markdown(crossover.kept())) in page
    assert (ROOT / "docs" / "crossover.svg").exists()


def test_default_is_what_the_kept_figures_suggest(crossover: Any) -> None:
    assert crossover.suggested([each.round_trip for each in crossover.kept().series]) == MIN_BYTES
