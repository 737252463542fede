"""The catalogue: its pages, its pictures, its bytes, and the folder that it is written to."""

from __future__ import annotations

import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from voxbind_build import manifest
from voxbind_build.catalog.pictures.panels import panel, result_panels, words
from voxbind_build.catalog.pictures.scenes import PLANE, SPACE, scene
from voxbind_build.cli import app as cli
from voxbind_build.cli.places import default_package
from voxbind_build.model import Function

GOLDEN = Path(__file__).parent.parent / "golden"
TOML = str(GOLDEN / "toylib.toml")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def catalog(package: Path, out: Path, *options: str) -> int:
    given = ("--from", str(package), "--out", str(out), "--library", TOML, "--no-open")
    return cli.run(["catalog", *given, *options])


@pytest.fixture(scope="module")
def site(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue of the toy library, with pictures."""
    out = tmp_path_factory.mktemp("catalog") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(GOLDEN)
        assert catalog(built, out) == 0
    return out


@pytest.fixture(scope="module")
def functions(built: Path) -> dict[str, Function]:
    return manifest.read(built / manifest.MANIFEST).libraries["toylib"].functions


def data(site: Path, name: str) -> Any:
    """What a script of the index holds: a text of JSON between single quotes."""
    text = site.joinpath(f"{name}.js").read_text()
    (literal,) = re.findall(rf"^window\.catalog_{name} = JSON\.parse\('(.*)'\);$", text, re.M)
    return json.loads(re.sub(r"\\(.)", r"\1", literal))


def index(site: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = data(site, "functions")
    return [{"page": f"functions/{row['name']}.html", **row} for row in rows]


def test_each_function_has_a_page_and_a_row(site: Path, functions: dict[str, Function]) -> None:
    assert {row["name"] for row in index(site)} == set(functions)
    for row in index(site):
        page = html.unescape(site.joinpath(row["page"]).read_text())
        function = functions[row["name"]]
        module, _, name = function.wrapper.rpartition(".")
        assert f"from {module} import {name}" in page
        if function.form == "function" and function.reason:
            assert " ".join(function.reason.split()) in " ".join(page.split())


def test_comparisons_and_words_are_of_the_functions_in_the_index(site: Path) -> None:
    rows, comparisons = index(site), data(site, "comparisons")
    assert {*comparisons["functions"]} == {row["name"] for row in rows}
    assert len({*comparisons["texts"]}) == len(comparisons["texts"])
    for row in rows:
        labels = comparisons["functions"][row["name"]]
        texts = {
            label: [comparisons["texts"][number] for number in numbers]
            for label, numbers in labels.items()
        }
        assert row["name"].rpartition(".")[2] in texts["import"][0]
        assert texts["memory"] == [row["memory"]]
    words = dict(zip((row["name"] for row in rows), data(site, "words"), strict=True))
    assert {"mean", "box", "size"} <= {*words["toylib.filters.box"].split()}


def test_a_page_says_the_same_as_show(
    site: Path, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["show", "toylib.filters.box", "--out", str(built)]) == 0
    shown = capsys.readouterr().out.partition("contract")[2]
    page = html.unescape(site.joinpath("functions/toylib.filters.box.html").read_text())
    text = re.sub(r"\s+", "", re.sub(r"<[^>]*>", "", page))
    lines = [re.sub(r"^  \S*(\s\S+)?\s{3,}", "", line) for line in shown.splitlines()]
    assert len(lines) > 10
    for line in lines:
        assert re.sub(r"\s+", "", line) in text


def test_all_links_and_pictures_are_there(site: Path) -> None:
    for path in site.rglob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"]*)"', path.read_text()):
            if link.startswith(("http", "data:", "mailto:")):
                assert " src=" not in link
                continue
            file, _, anchor = link.partition("#")
            target = path.parent / file if file else path
            assert target.is_file(), (path.name, link)
            if anchor and "=" not in anchor:
                assert f'id="{anchor}"' in target.read_text(), (path.name, link)


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for path, content in files(site).items():
        if path.endswith((".html", ".css", ".js")):
            text = content.decode()
            assert not re.findall(r'(?:src|<link[^>]*href)="https?:', text), path
            assert "url(" not in text and "@import" not in text, path


def test_pictures_show_what_the_call_returns(site: Path, functions: dict[str, Function]) -> None:
    page = site.joinpath("functions/toylib.filters.box.html").read_text()
    assert "The call <code>box(image)</code>" in page
    pictures = re.findall(r'<img src="\.\./([^"]+)"', page)
    assert len(pictures) == 2
    before, after = (np.asarray(Image.open(site / path).convert("L"), float) for path in pictures)
    assert before.shape == after.shape == PLANE
    # A mean over a box leaves less difference between neighbours.
    assert np.abs(np.diff(after)).mean() < 0.8 * np.abs(np.diff(before)).mean()
    shown = [row for row in index(site) if row.get("picture")]
    images = [f for f in functions.values() if f.kind == "image" and "image" in f.result]
    assert len(shown) >= len(images) / 2


def test_a_function_without_a_picture_says_why(site: Path, functions: dict[str, Function]) -> None:
    for name, function in functions.items():
        page = site.joinpath(f"functions/{name}.html").read_text()
        if function.kind == "image" and "<figure>" not in page:
            section = page.partition('id="picture"')[2].partition("</section>")[0]
            assert re.search(r"<p>[A-Z].*\w.*\.</p>", section), name


def test_the_same_package_gives_the_same_bytes(site: Path, built: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(GOLDEN)
        assert catalog(built, tmp_path / "other", "--jobs", "1") == 0
    assert files(tmp_path / "other") == files(site)


def test_a_catalogue_replaces_an_earlier_one_and_nothing_else(
    site: Path, built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(site, tmp_path / "site"))
    assert catalog(built, copy, "--no-pictures") == 0
    assert not (copy / "pictures").exists()
    copy.joinpath("notes.txt").write_text("mine")
    before = files(copy)
    assert catalog(built, copy, "--no-pictures") == 1
    assert "notes.txt" in " ".join(capsys.readouterr().err.split())
    assert files(copy) == before


@pytest.mark.parametrize("content", ['{"files": 3}', '{"files": null}', "[]", "3", "{"])
def test_another_programs_file_of_the_same_name_is_kept(
    content: str, built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("catalog.json").write_text(content)
    assert catalog(built, tmp_path, "--no-pictures") == 1
    assert "aren't of a catalogue: catalog.json" in " ".join(capsys.readouterr().err.split())
    assert tmp_path.joinpath("catalog.json").read_text() == content


def test_messages_on_the_folder_speak_of_the_catalogue(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("file").write_text("")
    assert catalog(built, tmp_path / "file", "--no-pictures") == 1
    error = " ".join(capsys.readouterr().err.split())
    assert "Give --out a folder that you may write, or change the rights" in error
    assert "the catalogue is as it was" in error and "package" not in error and "wheel" not in error


def test_a_folder_without_a_manifest_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "package").mkdir()
    given = ("--from", str(tmp_path / "package"), "--out", str(tmp_path / "s"), "--no-open")
    assert cli.run(["catalog", *given]) == 1
    assert "isn't a voxbind package. Run `voxbind build` first." in " ".join(
        capsys.readouterr().err.split()
    )
    assert not (tmp_path / "s").exists()


def test_a_library_without_a_known_toml_file_has_a_reason(
    built: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(GOLDEN)
    given = ("--from", str(built), "--out", str(tmp_path / "site"), "--no-open")
    assert cli.run(["catalog", *given]) == 0
    error = " ".join(capsys.readouterr().err.split())
    assert "toylib: no pictures. Its TOML file isn't known; pass it with --library" in error


def test_pictures_find_the_device_that_came_with_the_library(tmp_path: Path) -> None:
    """OpenCL on the CPU needs an environment variable before pyclesperanto is imported."""
    pytest.importorskip("pyclesperanto")
    name, package = "pyclesperanto.gaussian_blur", tmp_path / "voxbind"
    shutil.copytree(default_package(), package)
    whole = manifest.read(package / manifest.MANIFEST)
    library = whole.libraries["pyclesperanto"]
    few = replace(library, functions={name: library.functions[name]})
    record = manifest.encode(replace(whole, libraries={"pyclesperanto": few}))
    (package / manifest.MANIFEST).write_text(record, "utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "OCL_ICD_FILENAMES"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-P", "-m", "voxbind_build", "catalog", "--no-open"]
    given = ["--from", str(package), "--out", str(tmp_path / "site"), "--library", "pyclesperanto"]
    subprocess.run([*command, *given], env=environment, check=True, capture_output=True)
    page = (tmp_path / "site" / "functions" / f"{name}.html").read_text("utf-8")
    assert "<img" in page.partition('id="picture"')[2].partition("</section>")[0], page


def test_damaged_observations_are_reported_and_the_pages_are_written(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "voxbind"
    shutil.copytree(built, package)
    (package / manifest.observations_path("toylib")).write_text("{}")
    assert catalog(package, tmp_path / "site", "--no-pictures") == 0
    assert "toylib.json" in capsys.readouterr().err
    page = (tmp_path / "site" / "functions" / "toylib.filters.box.html").read_text()
    assert "There is no picture of the result. The catalogue was made without pictures." in page
    assert cli.run(["show", "toylib.filters.box", "--out", str(package)]) == 0
    said = capsys.readouterr()
    assert "toylib.json" in said.err
    assert "box" in said.out


def test_a_library_that_is_missing_costs_only_its_pictures(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Without the folder on `sys.path`, the wrapped library can't be imported.
    assert (
        cli.run(["catalog", "--from", str(built), "--out", str(tmp_path / "s"), "--no-open"]) == 0
    )
    assert "toylib can't be imported here" in capsys.readouterr().err
    page = (tmp_path / "s" / "functions" / "toylib.filters.box.html").read_text()
    assert "There is no picture of the result. toylib can&#39;t be imported here." in page
    assert len(list((tmp_path / "s" / "functions").glob("toylib*.html"))) > 10


def test_an_unknown_library_is_named(
    tmp_path: Path, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--from", str(built), "--out", str(tmp_path / "s"), "--library", "scipy", "--no-open")
    assert cli.run(["catalog", *given]) == 1
    assert "no library scipy" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("pattern", "change", "sentence"),
    [
        (
            r'"schema_version": \d+',
            '"schema_version": 999',
            "has schema version 999, but this voxbind reads versions 1 to 2. Install a newer",
        ),
        (r"(?s).*", "{", "manifest.json"),
        (r'"FLEXIBLE"', '"FLEXIBEL"', "manifest.json"),
    ],
    ids=["newer", "cut", "edited"],
)
def test_a_manifest_that_cant_be_read_leaves_the_catalogue_as_it_was(
    pattern: str,
    change: str,
    sentence: str,
    site: Path,
    built: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    package = Path(shutil.copytree(built, tmp_path / "package"))
    text, count = re.subn(pattern, change, (package / manifest.MANIFEST).read_text(), count=1)
    assert count == 1
    (package / manifest.MANIFEST).write_text(text)
    copy = Path(shutil.copytree(site, tmp_path / "site"))
    assert catalog(package, copy) == 1
    error = " ".join(capsys.readouterr().err.split())
    assert sentence in error and "Traceback" not in error
    assert files(copy) == files(site)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on files, and /proc")
@pytest.mark.parametrize(
    ("out", "limit", "sentence"),
    [
        ("site", 3000, "Raise the limit on the size of a file (`ulimit -f`) and run `voxbind cat"),
        ("/proc/site", 1 << 30, "Give --out a folder that you may write, or change the rights"),
    ],
    ids=["full", "read-only"],
)
def test_a_place_that_cant_be_written_keeps_the_earlier_catalogue(
    out: str, limit: int, sentence: str, site: Path, built: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(site, tmp_path / "site"))
    (copy / "index.html").write_text("an earlier catalogue")
    before = files(copy)
    given = ["catalog", "--from", str(built), "--out", str(tmp_path / out), "--no-pictures"]
    # A disk that is full for one process only: a file may not get larger than the limit.
    program = f"""
        import resource, sys
        from voxbind_build.cli.app import run
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        sys.exit(run({[*given, "--library", TOML, "--no-open"]!r}))
    """
    done = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert sentence in " ".join(done.stderr.split())
    assert "the catalogue is as it was" in done.stderr and "Traceback" not in done.stderr
    assert files(copy) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"site", ".site.lock"}


# --- pictures ---------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [PLANE, SPACE, (*PLANE, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_scenes_span_their_dtype(shape: tuple[int, ...], dtype: str) -> None:
    image = scene(shape, "grey", dtype)
    assert image.shape == shape and image.dtype == dtype
    largest = 255 if dtype == "uint8" else 1
    assert image.min() >= 0 and 0.8 * largest <= image.max() <= largest


def test_scenes_show_several_objects() -> None:
    from scipy import ndimage

    labels, mask = scene(PLANE, "labels", "int32"), scene(PLANE, "mask", "bool")
    assert labels.max() >= 4
    for label in range(1, labels.max() + 1):
        _, count = ndimage.label(labels == label)
        assert count == 1
    assert (mask[labels > 0]).all()
    assert set(np.unique(scene(PLANE, "markers", "int32"))) == set(range(labels.max() + 2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (np.float32(2), "2"),
        (np.arange(4).reshape(2, 2), "int64 array (2, 2), from 0 to 3"),
        (np.full((2, 2), np.nan), "float64 array (2, 2)"),
        ({"area": [1], "label": [2]}, "a table with the columns area, label"),
        (np.array([-3.0, 0.25]), "float64 array (2,): -3, 0.25"),
        (np.arange(7), "int64 array (7,), from 0 to 6"),
        ([1, 2], "a list: 1, 2"),
        ((np.float64(64.215), 2), "a tuple: 64.22, 2"),
        (["a", "b"], "a list with 2 items of str"),
        (None, "None: the result is in an argument"),
    ],
)
def test_results_that_are_no_pictures_are_described(value: object, text: str) -> None:
    shown = panel("result", value)
    assert shown.text == text == words(value)
    assert shown.picture == b""


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("points", np.array([[20, 30], [100, 150]])),
        ("points", np.array([[20, 30, 4.5], [100, 150, 2.5]])),
        ("points", np.repeat([[20, 30], [100, 150]], 1000, axis=0)),
        ("other", [np.array([[20.0, 30.0]]), np.array([[100.0, 150.0]])]),
    ],
    ids=["points", "blobs", "many", "lines"],
)
def test_places_are_marked_in_the_image(kind: str, result: Any) -> None:
    (shown,) = result_panels(result, (kind,), ("places",), np.zeros(PLANE))
    with Image.open(io.BytesIO(shown.picture)) as image:
        red = np.argwhere(np.asarray(image.convert("RGB"), int) @ (1, -1, 0) > 60)
    assert len(red)
    near = [np.abs(red - place).max(axis=1).min() for place in ((20, 30), (100, 150))]
    assert max(near) <= 3
    assert shown.text == words(result)


def test_places_outside_the_image_are_described() -> None:
    (shown,) = result_panels(np.array([[20, 300]]), ("points",), ("places",), np.zeros(PLANE))
    assert shown.picture == b""


def test_a_threshold_is_shown_as_the_mask_that_it_gives() -> None:
    image = scene(PLANE, "grey", "float64")
    number, mask = result_panels(0.5, ("scalar",), ("threshold",), image)
    assert (number.text, mask.title, mask.text) == (
        "0.5",
        "image > threshold",
        "bool array (128, 160)",
    )
    with Image.open(io.BytesIO(mask.picture)) as shown:
        assert ((np.asarray(shown.convert("L")) > 127) == (image > 0.5)).all()
    assert len(result_panels(0.5, ("scalar",), ("mean",), image)) == 1


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "uint64"])
def test_labels_differ_from_the_background(dtype: str) -> None:
    labels = np.zeros((20, 20), dtype)
    largest = np.iinfo(dtype).max
    values = [value for value in (1, 2, 100, 127, 128, 255, 256, 512) if value <= largest]
    labels[0, : len(values)] = values
    with Image.open(io.BytesIO(panel("result", labels, "labels").picture)) as image:
        colours = np.asarray(image.convert("RGB"))
    assert not colours[1:].any()
    assert colours[0, : len(values)].any(axis=-1).all()


@pytest.mark.parametrize(
    "value",
    [
        np.full((20, 20), np.inf),
        np.zeros((20, 20)),
        np.full((20, 20), 1 + 2j),
        np.zeros((3, 20, 20), bool),
        np.random.default_rng(0).random((20, 4000)),
        np.zeros((20, 30, 3), np.uint16),
    ],
    ids=["infinite", "constant", "complex", "volume", "wide", "colour"],
)
def test_any_array_of_an_image_gives_a_small_picture(value: Any) -> None:
    shown = panel("result", value)
    image = Image.open(io.BytesIO(shown.picture))
    assert image.format == "WEBP" and max(image.size) <= 320
