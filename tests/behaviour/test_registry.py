"""The registry answers from the manifest, and imports nothing to do so."""

from __future__ import annotations

import copy
import json
import pickle
import shutil
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing

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


GAUSSIAN = "skimage.filters.gaussian"
LIBRARY = "at 'libraries', 'skimage'"
DAMAGES = {
    "missing": (None, "can't be read (FileNotFoundError"),
    "cut short": (
        '{"skimage.filters.gaussian": {\n "kind"',
        "isn't valid JSON at line 2, column 8",
    ),
    "not text": (b"\xff\xfe{", "can't be read (UnicodeDecodeError"),
    "a list": ("[]", "has a value of type list at the top level, not an object"),
}
ENTRIES: dict[str, tuple[str, Any, str]] = {
    "an entry that is a list": (
        "registry.json",
        {GAUSSIAN: []},
        f"has a value of type list at '{GAUSSIAN}', not an object",
    ),
    "an entry without a contract": (
        "registry.json",
        {GAUSSIAN: {}},
        f"has a wrong entry at '{GAUSSIAN}' (KeyError: 'contract')",
    ),
    "an entry without anything else": (
        "registry.json",
        {GAUSSIAN: {"contract": "FLEXIBLE"}},
        f"has a wrong entry at '{GAUSSIAN}' (TypeError: ",
    ),
    "an entry with a contract that there isn't": (
        "registry.json",
        {GAUSSIAN: {"contract": "PURE_4D"}},
        f"has a wrong entry at '{GAUSSIAN}' (ValueError: 'PURE_4D'",
    ),
    "no libraries": ("manifest.json", {}, "has a value of type NoneType at 'libraries'"),
    "a library that is a text": (
        "manifest.json",
        {"libraries": {"skimage": ""}},
        f"has a value of type str {LIBRARY}, not an object",
    ),
    "a function that is a number": (
        "manifest.json",
        {"libraries": {"skimage": {"functions": {GAUSSIAN: 1}}}},
        f"has a value of type int {LIBRARY}, 'functions', '{GAUSSIAN}', not an object",
    ),
    "a function without documentation": (
        "manifest.json",
        {"libraries": {"skimage": {"functions": {GAUSSIAN: {"wrapper": "voxbind.f"}}}}},
        f"lacks a wrapper's name or its documentation {LIBRARY}, 'functions', '{GAUSSIAN}'",
    ),
}


def _asked_of_damaged(
    package: Path, folder: Path, file: str, content: bytes | None
) -> tuple[str, str]:
    """Return the sentence that a damaged record is answered with, and the kind of error."""
    shutil.copytree(package, folder / "package")
    damaged = folder / "package" / "voxbind" / file
    damaged.unlink()
    if content is not None:
        damaged.write_bytes(content)
    with importing(folder / "package") as load:
        registry, error = load("").registry, load("").VoxbindError
        with pytest.raises(error) as raised:
            if file == "registry.json":
                registry.functions()
            else:
                _ = registry.functions()[GAUSSIAN].doc
    return str(raised.value), file


@pytest.mark.parametrize("file", ["registry.json", "manifest.json"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_answered_with_its_name_the_place_and_the_cure(
    handmade_package: Path, tmp_path: Path, file: str, damage: str
) -> None:
    text, problem = DAMAGES[damage]
    content = text.encode() if isinstance(text, str) else text
    _check_sentence(_asked_of_damaged(handmade_package, tmp_path, file, content), problem)


@pytest.mark.parametrize("damage", ENTRIES)
def test_a_damaged_entry_is_answered_with_the_file_its_place_and_the_cure(
    handmade_package: Path, tmp_path: Path, damage: str
) -> None:
    file, content, problem = ENTRIES[damage]
    text = json.dumps(content).encode()
    _check_sentence(_asked_of_damaged(handmade_package, tmp_path, file, text), problem)


def _check_sentence(answer: tuple[str, str], problem: str) -> None:
    sentence, file = answer
    assert sentence.startswith(f"{file} of the package voxbind {problem}")
    assert sentence.endswith(": install voxbind anew, or run `voxbind build`, which writes it.")
    assert "\n" not in sentence


def test_a_wrapper_that_a_frozen_program_lacks_is_told_with_the_option_to_add_it(
    handmade_package: Path, tmp_path: Path
) -> None:
    shutil.copytree(handmade_package, tmp_path / "package")
    (tmp_path / "package" / "voxbind" / "scipy" / "ndimage.py").unlink()
    with importing(tmp_path / "package") as load:
        found = load("").registry.functions()["scipy.ndimage.gaussian_filter"]
        with pytest.raises(
            load("").LibraryMissingError, match=r"--hidden-import voxbind\.scipy\.ndimage"
        ):
            _ = found.func
        assert load("").registry.functions()[GAUSSIAN].func is load("skimage.filters").gaussian
