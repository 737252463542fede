"""The catalogue of all committed functions in a real browser: search, filters, keys, comparison."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from helpers.browser import BROWSER, DRIVER, MISSING, browser, complaints, requests
from voxbind_build import manifest
from voxbind_build.cli import app as cli
from voxbind_build.cli.places import default_package

pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason=MISSING)
PATIENCE = 60  # seconds, for a machine that does other things as well


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue of the committed package, without pictures, which take minutes."""
    out = tmp_path_factory.mktemp("catalog") / "site"
    assert cli.run(["catalog", "--out", str(out), "--no-pictures", "--no-open"]) == 0
    return out


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def words_loaded(driver: webdriver.Chrome) -> None:
    WebDriverWait(driver, PATIENCE).until(
        lambda _: driver.execute_script("return document.body.dataset.words")
    )


@pytest.fixture
def index(site: Path, chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """The index, opened, with the words of all documentation; in the end its console is empty."""
    chromium.get("about:blank")
    complaints(chromium)
    chromium.get(site.joinpath("index.html").as_uri())
    words_loaded(chromium)  # which draws the list again, if something is searched for
    yield chromium
    assert complaints(chromium) == []


def names(driver: webdriver.Chrome) -> list[str]:
    shown: list[str] = driver.execute_script(
        "return [...document.querySelectorAll('#functions h2 a')].map((link) => link.textContent)"
    )
    return shown


def status(driver: webdriver.Chrome) -> str:
    return driver.find_element(By.ID, "status").text


def search(driver: webdriver.Chrome, text: str) -> None:
    field = driver.find_element(By.ID, "text")
    field.clear()
    field.send_keys(text)


def choose(driver: webdriver.Chrome, name: str, value: str) -> None:
    driver.find_element(By.CSS_SELECTOR, f"#{name} option[value='{value}']").click()


def test_the_index_lists_all_functions(index: webdriver.Chrome) -> None:
    libraries = manifest.read(default_package() / manifest.MANIFEST).libraries.values()
    count = sum(len(library.functions) for library in libraries)
    assert status(index) == f"{count} of {count} functions"
    shown = len(names(index))
    index.find_element(By.ID, "more").click()
    assert shown < len(names(index)) == count > 1000


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gaussian", "skimage.filters.gaussian"),
        ("watershed", "skimage.segmentation.watershed"),
        ("voronoi otsu", "pyclesperanto.voronoi_otsu_labeling"),
        ("scipy label", "scipy.ndimage.label"),
        ("cupyx gaussian_filter", "cupyx.scipy.ndimage.gaussian_filter"),
    ],
)
def test_search_lists_the_best_match_first(index: webdriver.Chrome, text: str, first: str) -> None:
    search(index, text)
    assert names(index)[0] == first


def test_search_looks_into_the_documentation(index: webdriver.Chrome) -> None:
    search(index, "hysteresis thresholding edges")
    assert "skimage.feature.canny" in names(index)


@pytest.mark.parametrize(
    ("name", "value", "tag"),
    [
        ("library", "scipy", ""),
        ("contract", "PURE_2D", "PURE_2D"),
        ("memory", "pyclesperanto", "pyclesperanto"),
        ("result", "labels", "labels"),
    ],
)
def test_filters_leave_only_what_fits(
    index: webdriver.Chrome, name: str, value: str, tag: str
) -> None:
    choose(index, name, value)
    rows = index.find_elements(By.CSS_SELECTOR, "#functions li")
    assert rows
    assert all(tag in row.text for row in rows)
    if name == "library":
        assert all(shown.startswith(f"{value}.") for shown in names(index))


def test_the_address_keeps_the_query(index: webdriver.Chrome) -> None:
    search(index, "label")
    choose(index, "library", "skimage")
    before, address = names(index), index.current_url
    index.get("about:blank")
    index.get(address)
    words_loaded(index)
    assert names(index) == before != []
    index.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    WebDriverWait(index, PATIENCE).until(lambda _: len(names(index)) > len(before))


def test_a_misspelt_name_gets_a_suggestion(index: webdriver.Chrome) -> None:
    search(index, "guassian")
    assert "Do you mean" in status(index)
    index.find_element(By.CSS_SELECTOR, "#status button").click()
    assert names(index)[0] == "skimage.filters.gaussian"


def test_the_keyboard_is_enough(index: webdriver.Chrome) -> None:
    keys = ActionChains(index)
    keys.send_keys("/").send_keys("canny").perform()
    assert names(index)[0] == "skimage.feature.canny"
    ActionChains(index).send_keys(Keys.ARROW_DOWN).perform()
    assert index.switch_to.active_element.text == "skimage.feature.canny"
    ActionChains(index).send_keys(Keys.ENTER).perform()
    WebDriverWait(index, PATIENCE).until(lambda _: index.title == "skimage.feature.canny")
    assert index.find_element(By.TAG_NAME, "h1").text == "skimage.feature.canny"


def test_functions_are_compared_side_by_side(index: webdriver.Chrome) -> None:
    search(index, "gaussian_filter")
    chosen = names(index)[:2]
    for box in index.find_elements(By.CSS_SELECTOR, "#functions input")[:2]:
        box.click()
    index.find_element(By.ID, "compare").click()
    heads = (By.CSS_SELECTOR, "#comparison thead th")
    WebDriverWait(index, PATIENCE).until(lambda _: index.find_elements(*heads))
    assert [head.text for head in index.find_elements(*heads)] == chosen
    labels = [row.text for row in index.find_elements(By.CSS_SELECTOR, "#comparison tbody th")]
    assert {"import", "contract", "dtypes", "memory", "reach"} <= set(labels)
    index.find_element(By.ID, "empty").click()
    assert not index.find_element(By.ID, "comparison").is_displayed()


BARRIERS = """
const barriers = [];
const blame = (rule, element) => barriers.push(`${rule}: ${element.outerHTML.slice(0, 120)}`);
const all = (selector) => [...document.querySelectorAll(selector)];
if (!document.documentElement.lang) blame("page without a language", document.documentElement);
if (!document.title) blame("page without a title", document.head);
if (all("main").length !== 1 || all("h1").length !== 1) blame("one main, one h1", document.body);
const ids = all("[id]").map((element) => element.id);
for (const element of all("[id]"))
  if (ids.indexOf(element.id) !== ids.lastIndexOf(element.id)) blame("id twice", element);
let level = 1;
for (const heading of all("h1, h2, h3, h4, h5, h6")) {
  if (Number(heading.tagName[1]) > level + 1) blame("level of headings left out", heading);
  level = Number(heading.tagName[1]);
}
for (const image of all("img")) if (!image.hasAttribute("alt")) blame("image without alt", image);
for (const cell of all("th")) if (!cell.scope) blame("head of a table without scope", cell);
for (const list of all("ul, ol")) for (const child of list.children)
  if (child.tagName !== "LI") blame("not an item of a list", child);
for (const section of all("section[aria-labelledby]"))
  if (!document.getElementById(section.getAttribute("aria-labelledby"))) blame("label", section);
for (const element of all("[tabindex]"))
  if (element.tabIndex > 0) blame("order of tabs by hand", element);

const channels = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (colour) => {
  const [r, g, b] = channels(colour).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const back = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (channels(colour)[3] !== 0) return colour;
  }
  return getComputedStyle(document.body).backgroundColor;
};
for (const element of all("body *")) {
  const hasText = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!hasText || !element.checkVisibility() || element.disabled) continue;
  const [a, b] = [light(getComputedStyle(element).color), light(back(element))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) blame(`contrast ${contrast.toFixed(1)}`, element);
}
return barriers;
"""
"""Looks for what keeps people from reading a page, as the program axe does; returns sentences."""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_have_no_barriers(site: Path, tmp_path: Path, dark: bool) -> None:
    pages = (
        "index.html",
        "all.html",
        "functions/skimage.filters.gaussian.html",
        "functions/skimage.measure.regionprops.html",
        "functions/cucim.skimage.filters.gaussian.html",
    )
    with browser(tmp_path / "profile", dark=dark) as driver:
        for page in pages:
            driver.get(site.joinpath(page).as_uri())
            assert driver.execute_script(BARRIERS) == [], page
        driver.get(site.joinpath("index.html").as_uri())
        for box in driver.find_elements(By.CSS_SELECTOR, "#functions input")[:2]:
            box.click()
        driver.find_element(By.ID, "compare").click()
        heads = (By.CSS_SELECTOR, "#comparison thead th")
        WebDriverWait(driver, PATIENCE).until(lambda _: driver.find_elements(*heads))
        assert driver.execute_script(BARRIERS) == []
        search(driver, "guassian")
        assert driver.execute_script(BARRIERS) == []


def test_tabs_go_through_the_controls_in_the_order_of_the_page(index: webdriver.Chrome) -> None:
    stops = []
    for _ in range(10):
        ActionChains(index).send_keys(Keys.TAB).perform()
        focused = index.switch_to.active_element
        stops.append(focused.get_attribute("id") or focused.accessible_name)
        style = "const style = getComputedStyle(document.activeElement); return style.outlineStyle"
        assert index.execute_script(style) == "solid", stops
    first, second = names(index)[:2]
    assert stops == [
        *("Skip to the content", "text", "library", "contract", "memory", "result", "Clear"),
        *(first, f"Compare {first}", second),
    ]


def test_nothing_is_requested_but_files_of_the_folder(index: webdriver.Chrome, site: Path) -> None:
    requests(index)  # those of earlier tests
    index.refresh()
    words_loaded(index)
    for box in index.find_elements(By.CSS_SELECTOR, "#functions input")[:2]:
        box.click()
    index.find_element(By.ID, "compare").click()
    heads = (By.CSS_SELECTOR, "#comparison thead th")
    WebDriverWait(index, PATIENCE).until(lambda _: index.find_elements(*heads))
    index.get(site.joinpath("functions/skimage.filters.gaussian.html").as_uri())
    requested = [address for address in requests(index) if not address.startswith("data:")]
    assert f"{site.as_uri()}/comparisons.js" in requested
    elsewhere = [address for address in requested if not address.startswith(f"{site.as_uri()}/")]
    assert elsewhere == []


def test_the_list_is_drawn_before_the_words_of_the_documentation_are_loaded(
    site: Path, index: webdriver.Chrome
) -> None:
    scripts = re.findall(r'src="([^"]+)"', site.joinpath("index.html").read_text())
    assert "words.js" not in scripts and "comparisons.js" not in scripts
    # All that the list waits for is less than half of the data, and grows with the functions only.
    needed = sum(site.joinpath(name).stat().st_size for name in ["index.html", *scripts])
    assert needed < 300 * len(index.execute_script("return window.catalog_functions"))
    assert len(names(index)) == 40


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("words.js", "words.js can't be loaded. The search finds names and summaries, but not"),
        ("functions.js", "functions.js can't be loaded: copy the catalogue's whole folder."),
        ("comparisons.js", "comparisons.js can't be loaded."),
    ],
)
def test_a_missing_file_is_named_and_the_rest_works(
    site: Path, tmp_path: Path, chromium: webdriver.Chrome, missing: str, sentence: str
) -> None:
    copied = ("index.html", "functions.js", "words.js", "comparisons.js", "search.js", "compare.js")
    for name in {*copied} - {missing}:
        shutil.copy(site / name, tmp_path)
    chromium.get(tmp_path.joinpath("index.html").as_uri())
    if missing == "comparisons.js":
        for box in chromium.find_elements(By.CSS_SELECTOR, "#functions input")[:2]:
            box.click()
        chromium.find_element(By.ID, "compare").click()
    WebDriverWait(chromium, PATIENCE).until(
        lambda _: sentence in chromium.find_element(By.ID, "content").text
    )
    if missing != "functions.js":
        search(chromium, "gaussian")
        assert names(chromium)[0] == "skimage.filters.gaussian"
    complaints(chromium)  # the browser names the missing file too


def test_controls_have_names_for_screen_readers(index: webdriver.Chrome) -> None:
    # Chromium names what it hasn't drawn yet only when it is reached.
    index.execute_script(
        "for (const item of document.querySelectorAll('#functions li'))"
        " item.style.contentVisibility = 'visible'"
    )
    for control in index.find_elements(By.CSS_SELECTOR, "button, input, select, a"):
        if control.is_displayed():
            assert control.accessible_name, control.get_attribute("outerHTML")
    assert index.find_element(By.ID, "status").get_attribute("role") == "status"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "page", ["index.html", "all.html", "functions/skimage.filters.gaussian.html"]
)
def test_pages_fit_a_telephone_and_have_contrast(
    site: Path, tmp_path: Path, page: str, dark: bool
) -> None:
    with browser(tmp_path / "profile", width=390, height=844, dark=dark) as driver:
        driver.get(site.joinpath(page).as_uri())
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
        shades = driver.execute_script(
            "const style = getComputedStyle(document.body);"
            "return [style.color, style.backgroundColor].map("
            "  (text) => text.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) / 3)"
        )
        assert (shades[0] > shades[1]) == dark
        assert abs(shades[0] - shades[1]) > 150
        assert complaints(driver) == []


def test_an_import_line_can_be_copied(site: Path, chromium: webdriver.Chrome) -> None:
    chromium.get(site.joinpath("functions/scipy.ndimage.label.html").as_uri())
    button = chromium.find_element(By.CSS_SELECTOR, "button[data-copy]")
    button.click()
    WebDriverWait(chromium, PATIENCE).until(lambda _: button.text in ("Copied", "Selected"))
    assert complaints(chromium) == []


def test_a_twin_is_one_click_away(site: Path, chromium: webdriver.Chrome) -> None:
    chromium.get(site.joinpath("functions/cucim.skimage.filters.gaussian.html").as_uri())
    chromium.find_element(By.LINK_TEXT, "skimage.filters.gaussian").click()
    WebDriverWait(chromium, PATIENCE).until(lambda _: chromium.title == "skimage.filters.gaussian")
