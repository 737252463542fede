"""The site in a real browser: search, pages, light and dark, a telephone, links and anchors."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from helpers.browser import BROWSER, DRIVER, MISSING, browser, complaints

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/voxbind/voxbind/blob/main/"
PATIENCE = 60  # seconds, for a machine that does other things as well
in_a_browser = pytest.mark.skipif(not (BROWSER and DRIVER), reason=MISSING)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site without the catalogue, which has tests of its own; a warning fails."""
    if importlib.util.find_spec("pydata_sphinx_theme") is None:
        pytest.skip("needs Sphinx: `pip install --group docs`")
    out = tmp_path_factory.mktemp("site")
    paths = [str(ROOT / folder) for folder in ("generator", "generated")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, *sys.path])}
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E"]
    done = subprocess.run(
        [*command, "-d", str(out / "doctrees"), str(ROOT / "docs"), str(out / "html")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out / "html"


class _Page(HTMLParser):
    """Collects the links of a page, and the anchors to which links may lead."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag's links and its anchor."""
        values = dict(attrs)
        self.links += [values[name] or "" for name in ("href", "src") if name in values]
        if identifier := values.get("id"):
            self.anchors.add(identifier)


def pages_of(site: Path) -> list[Path]:
    """Return the pages, without the templates that the theme puts beside its styles."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


def test_all_links_and_anchors_lead_somewhere(site: Path) -> None:
    pages = {path: _Page(path) for path in pages_of(site)}
    assert len(pages) > 40
    broken, checked = [], 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if link.startswith(REPOSITORY):
                checked += 1
                if not (ROOT / unquote(parts.path.partition("/blob/main/")[2])).exists():
                    broken.append((path.relative_to(site).as_posix(), link))
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            checked += 1
            anchor = unquote(parts.fragment)
            if not target.exists() or (target in pages and anchor not in pages[target].anchors):
                broken.append((path.relative_to(site).as_posix(), link))
    assert checked > 1000
    # The catalogue is written beside the site by the next command of `nox -s docs`.
    assert [entry for entry in broken if not entry[1].startswith("catalog/")] == []


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Serve the site: a search loads the pages that it found, which browsers refuse for files."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


SEARCHES = {
    "micrometers": "Lengths in micrometers",
    "TransferForbiddenError": "TransferForbiddenError",
    "SKIMAGE_BACKENDS": "own dispatch",
    "written_for": "TOML file",
}


@in_a_browser
@pytest.mark.parametrize("text", SEARCHES)
def test_a_search_finds_the_page(chromium: webdriver.Chrome, address: str, text: str) -> None:
    chromium.get(f"{address}/index.html")
    complaints(chromium)
    chromium.get(f"{address}/search.html?q={text}")
    results = "#search-results li a"
    WebDriverWait(chromium, PATIENCE).until(
        lambda driver: "finished" in driver.find_element(By.ID, "search-results").text
    )
    titles = [link.text for link in chromium.find_elements(By.CSS_SELECTOR, results)]
    assert [title for title in titles if SEARCHES[text] in title], titles
    WebDriverWait(chromium, PATIENCE).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, "#search-results p.context")
    )
    chromium.find_elements(By.CSS_SELECTOR, results)[0].click()
    assert "search.html" not in chromium.current_url
    assert text.casefold() in chromium.find_element(By.TAG_NAME, "article").text.casefold()
    assert complaints(chromium) == []


@in_a_browser
def test_the_search_field_opens_by_keyboard(chromium: webdriver.Chrome, address: str) -> None:
    chromium.get(f"{address}/index.html")
    chromium.find_element(By.TAG_NAME, "body").send_keys(Keys.CONTROL, "k")
    WebDriverWait(chromium, PATIENCE).until(
        lambda driver: driver.switch_to.active_element.get_attribute("name") == "q"
    )
    field = chromium.switch_to.active_element
    field.send_keys("plate", Keys.ENTER)
    WebDriverWait(chromium, PATIENCE).until(lambda driver: "search.html" in driver.current_url)


@in_a_browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_fits_a_telephone_and_the_console_is_empty(
    site: Path, address: str, dark: bool, tmp_path: Path
) -> None:
    pages = [path.relative_to(site).as_posix() for path in pages_of(site)]
    with browser(tmp_path, width=390, height=800, dark=dark) as driver:
        wide, backgrounds = [], set()
        for page in pages:
            driver.get(f"{address}/{page}")
            time.sleep(0.05)
            if driver.execute_script("return document.documentElement.scrollWidth") > 390:
                wide.append(page)
            assert driver.execute_script("return document.documentElement.dataset.theme") == (
                "dark" if dark else "light"
            )
            backgrounds.add(
                driver.execute_script("return getComputedStyle(document.body).backgroundColor")
            )
        assert wide == []
        assert complaints(driver) == []
    (background,) = backgrounds
    red, *_ = map(int, background[background.index("(") + 1 : -1].split(",")[:3])
    assert (red < 60) is dark
