"""Times the catalogue's index in a browser: to load and draw it, and to search as one types."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import sleep

from peers import HERE
from timing import Pair, Row, Topic

from voxbind_build.cli import app as cli

sys.path.append(str(HERE.parent / "tests"))
from selenium import webdriver

from helpers.browser import BROWSER, DRIVER, browser  # the browser that the tests use

_WORDS = ("gaussian", "watershed", "hysteresis thresholding")
_TYPE = """
const field = document.getElementById("text");
field.value = arguments[0];
field.dispatchEvent(new Event("input"));
document.body.offsetHeight;  // waits for the layout of the rows
"""
_KEEP = """
window.kept = JSON.stringify([window.catalog_functions.map(({row, ...entry}) => entry),
                              window.catalog_words]);
"""
_PARSE = "JSON.parse(window.kept);"


def topic(rounds: int) -> Topic | None:
    """Measure the index of the committed package's catalogue; None without a browser."""
    if not (BROWSER and DRIVER):
        return None
    loads = {"all.html": float("inf"), "index.html": float("inf")}
    typed = {word[:end]: float("inf") for word in _WORDS for end in range(1, len(word) + 1)}
    parsed = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "catalog")
        if cli.run(["catalog", "--out", str(site), "--no-pictures", "--no-open"]):
            raise RuntimeError("The catalogue can't be written.")
        with browser(Path(folder, "profile")) as driver:
            # The times of its thread, which other programs on the machine don't lengthen.
            driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
            for _ in range(rounds):
                for page in loads:
                    loads[page] = min(loads[page], _load(driver, site / page))
                for text in typed:
                    typed[text] = min(typed[text], _run(driver, _TYPE, text))
                driver.execute_script(_KEEP)
                parsed = min(parsed, _run(driver, _PARSE))
    return Topic(
        "The catalogue's index",
        "a list of the same functions without a script; for the search, to parse the index's data "
        "as JSON",
        "at most 100 ms until the index is drawn, and at most 100 ms for each letter",
        [
            Row(
                "load and draw the index, the words of the documentation included",
                Pair(loads["all.html"], loads["index.html"]),
            ),
            Row(
                "the slowest letter while one types three searches",
                Pair(parsed, max(typed.values())),
            ),
        ],
        "In Chromium, from a disk. The times are those that the page's main thread computes.",
        in_chart=False,
    )


def _load(driver: webdriver.Chrome, page: Path) -> float:
    """Return the seconds that the browser's main thread needs to load and draw a page."""
    driver.get("about:blank")
    before = _seconds(driver)
    driver.get(page.as_uri())
    while driver.execute_script(
        "return Boolean(window.catalog_functions) && !document.body.dataset.words"
    ):
        sleep(0.05)
    sleep(0.3)  # until the last frame is drawn
    return _seconds(driver) - before


def _run(driver: webdriver.Chrome, script: str, *arguments: str) -> float:
    """Return the seconds that the browser's main thread needs to run a script, and to draw."""
    before = _seconds(driver)
    driver.execute_script(script, *arguments)
    return _seconds(driver) - before


def _seconds(driver: webdriver.Chrome) -> float:
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(float(entry["value"]) for entry in metrics if entry["name"] == "TaskDuration")
