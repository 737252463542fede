"""A real browser without a window: Chromium, driven by Selenium."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = "needs a browser: install Debian's packages chromium and chromium-driver"
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextlib.contextmanager
def browser(
    profile: Path, *, width: int = 1200, height: int = 900, dark: bool = False
) -> Iterator[webdriver.Chrome]:
    """Start a browser that remembers its console's messages, and end it afterwards.

    Parameters
    ----------
    profile
        An empty folder for its data.
    width, height
        Size of the page in pixels.
    dark
        Whether the person prefers dark pages.
    """
    options = Options()
    options.binary_location = str(BROWSER)
    for option in (*_OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        yield driver
    finally:
        driver.quit()


def requests(driver: webdriver.Chrome) -> list[str]:
    """Return the addresses that pages have requested since the last call."""
    entries: list[dict[str, str]] = driver.get_log("performance")  # type: ignore[no-untyped-call]  # Selenium's
    events = [json.loads(entry["message"])["message"] for entry in entries]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


def complaints(driver: webdriver.Chrome) -> list[str]:
    """Return the errors and warnings in the browser's console since the last call."""
    entries: list[dict[str, str]] = driver.get_log("browser")  # type: ignore[no-untyped-call]  # Selenium's
    return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]
