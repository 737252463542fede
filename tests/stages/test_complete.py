"""The committed package rests on observation, as far as the libraries allow it."""

import json
from pathlib import Path

import pytest

from voxbind_build.manifest import encode_observations, observations_path, read_record, seal
from voxbind_build.render import render, templates_dir

MANIFEST = Path(__file__).parents[2] / "generated" / "voxbind" / "manifest.json"
LIBRARIES = json.loads(MANIFEST.read_text(encoding="utf-8"))["libraries"]
PACKAGE = MANIFEST.parent
SHARE = 0.02
"""Of a library's image functions, those that may rest on something else than a run."""


def kept_promise(entry):
    """Whether the author declares what was observed as well."""
    seen = entry["overruled"]
    return bool(seen and seen["by"] == "author" and seen["agrees"])


def test_the_committed_package_is_what_the_templates_make_of_its_manifest():
    record = read_record(PACKAGE)
    texts = dict(render(record.manifest, templates_dir()))
    for library, observed in record.observations.items():
        texts[observations_path(library)] = encode_observations(observed)
    files = seal(record.manifest, texts)
    there = {
        path.relative_to(PACKAGE).as_posix(): path
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert sorted(files) == sorted(there)
    differing = [path for path, text in files.items() if there[path].read_bytes() != text.encode()]
    assert differing == [], "run `voxbind build` and commit generated/"


WITHOUT_DEVICE = [name for name, each in LIBRARIES.items() if not each["device"]]
"""The others say themselves what was run: see test_devices."""


@pytest.mark.parametrize(
    "library", [name for name, each in LIBRARIES.items() if not each["device"]]
)
def test_image_functions_were_run(library):
    functions = LIBRARIES[library]["functions"]
    images = {name: entry for name, entry in functions.items() if entry["kind"] == "image"}
    unseen = {
        name: entry["reason"]
        for name, entry in images.items()
        if entry["evidence"] not in ("observed", "recorded") and not kept_promise(entry)
    }
    assert len(unseen) <= SHARE * len(images), unseen


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_declaration_says_what_was_observed_anyway(library):
    functions = LIBRARIES[library]["functions"]
    assert [
        name
        for name, entry in functions.items()
        if (entry.get("overruled") or {}).get("agrees") and not kept_promise(entry)
    ] == []
