"""The registry answers from the manifest, and imports nothing to do so."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import

LIBRARIES = handmade.manifest().libraries
EVERYTHING = {
    each.wrapper.removeprefix("voxbind."): each
    for library in LIBRARIES.values()
    for each in library.functions.values()
}
IMAGES = [name for name, each in EVERYTHING.items() if each.kind == "image"]


@pytest.fixture
def registry(voxbind: Import) -> Any:
    return voxbind("").registry


def test_functions_are_the_image_functions_by_name_in_order(registry: Any) -> None:
    assert list(registry.functions()) == sorted(IMAGES)
    assert list(registry.functions(helpers=True)) == sorted(EVERYTHING)


def test_every_entry_says_what_the_manifest_says(registry: Any) -> None:
    for name, found in registry.functions(helpers=True).items():
        expected = EVERYTHING[name]
        assert found.name == name
        assert found.contract == expected.contract
        for same in ("module", "original_name", "doc", "kind", "result", "reason", "evidence"):
            assert getattr(found, same) == getattr(expected, same)
        assert found.tags == expected.tags
        assert found.memory_type == "numpy"
        assert found.library == name.partition(".")[0]


def test_func_is_the_wrapper_itself(voxbind: Import, registry: Any) -> None:
    for name, found in registry.functions(helpers=True).items():
        module, _, attribute = name.rpartition(".")
        assert found.func is getattr(voxbind(module), attribute)


def test_entries_cannot_be_changed(registry: Any) -> None:
    found = registry.functions()["skimage.filters.gaussian"]
    with pytest.raises(FrozenInstanceError):
        found.name = "other"
    with pytest.raises(TypeError):
        registry.functions()["other"] = found
    with pytest.raises(TypeError):
        found.dtypes["uint8"] = None
    with pytest.raises(TypeError):
        found.dtypes["uint8"]["dtype"] = "uint8"
    assert found.dtypes["uint8"]["range"] == (0.0, 1.0)
    assert len({found, registry.functions()["skimage.filters.gaussian"]}) == 1


def test_copies_and_pickles_are_the_entry_itself(registry: Any) -> None:
    for found in registry.functions(helpers=True).values():
        assert copy.copy(found) is copy.deepcopy(found) is found
        assert pickle.loads(pickle.dumps(found)) is found


@pytest.mark.parametrize(
    "query",
    [
        {"library": "scipy"},
        {"contract": "PURE_2D"},
        {"memory_type": "numpy"},
        {"tag": "smoothing"},
        {"tag": "nothing has this tag"},
        {"text": "OTSU threshold"},
        {"library": "skimage", "contract": "FLEXIBLE", "text": "gaussian"},
        {},
    ],
    ids=str,
)
def test_queries_give_what_fits_all_that_is_asked(registry: Any, query: dict[str, str]) -> None:
    def fits(name: str) -> bool:
        entry = EVERYTHING[name]
        text = " ".join((name, *entry.tags, entry.doc)).lower()
        return (
            query.get("library", name.partition(".")[0]) == name.partition(".")[0]
            and query.get("contract", entry.contract) == entry.contract
            and ("tag" not in query or query["tag"] in entry.tags)
            and all(word in text for word in query.get("text", "").lower().split())
        )

    expected = [name for name in sorted(IMAGES) if fits(name)]
    assert [found.name for found in registry.find(**query)] == expected
    assert bool(expected) == (query.get("tag") != "nothing has this tag")


def test_contracts_may_be_members_or_names(voxbind: Import, registry: Any) -> None:
    contract = voxbind("").ProcessingContract
    assert registry.find(contract=contract.PURE_2D) == registry.find(contract="PURE_2D")
    assert registry.functions()["skimage.feature.canny"].contract is contract.PURE_2D


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"library": "opencv"}, "'scipy', 'skimage'"),
        ({"contract": "PURE_4D"}, "'PURE_2D', 'PURE_3D', 'FLEXIBLE', 'VOLUMETRIC_TO_SLICE'"),
        ({"memory_type": "disk"}, "'numpy'"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(registry: Any, query: Any, told: str) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(query.values()))}.*{told}"):
        registry.find(**query)


@pytest.mark.parametrize("text", [None, "{", json.dumps({"functions": []}), json.dumps([])])
def test_a_record_that_cannot_be_read_is_told(
    voxbind: Import,
    registry: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str | None,
) -> None:
    gaussian = registry.functions()["skimage.filters.gaussian"]
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "registry.py"))
    caches = (registry._everything, registry._images, registry._documentation)
    for cached in caches:
        cached.cache_clear()
    if text is not None:
        for name in ("registry.json", "manifest.json"):
            (tmp_path / name).write_text(text)
    try:
        for ask in (registry.functions, lambda: copy.copy(gaussian).doc):
            with pytest.raises(voxbind("").VoxbindError, match="voxbind build"):
                ask()
    finally:
        for cached in caches:
            cached.cache_clear()
