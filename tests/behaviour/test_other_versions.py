"""What the committed wrappers make of the versions that they were wrapped from."""

from __future__ import annotations

import json
from collections import Counter
from functools import reduce
from importlib import import_module
from importlib.resources import files

import numpy as np
import pytest

from voxbind import LibraryMissingError, StaleWrapperError, registry
from voxbind._upstream.signatures import adapted
from voxbind._upstream.versions import code_change, relation
from voxbind._upstream.wrapped_module import upstream

MANIFEST = json.loads(files("voxbind").joinpath("manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("wrapped", "installed", "expected"),
    [
        ("1.17.1", "1.17.1", "same"),
        ("26.10.0", "26.10.00", "same"),
        ("1.17.0", "1.17", "same"),
        ("1.17.1", "1.17.0", "patch"),
        ("1.17.1", "1.17.2rc1", "patch"),
        ("1.17.1", "1.18.1", "other"),
        ("1.17.1", "2.17.1", "other"),
        ("0.26.0", "0.26.1.dev0", "patch"),
        ("2024.01", "2024.02", "other"),
        ("1.0", "1.0.1", "other"),
        ("1.0", "unknown", "unknown"),
        ("unknown", "1.0", "unknown"),
    ],
)
def test_a_patch_release_has_the_minor_version_that_was_wrapped(
    wrapped: str, installed: str, expected: str
) -> None:
    assert relation(installed, wrapped) == expected


@pytest.mark.parametrize("library", ["skimage", "scipy", "pyclesperanto"])
def test_the_installed_code_is_the_recorded_code(library: str) -> None:
    kinds = Counter[str]()
    for public, function in MANIFEST["libraries"][library]["functions"].items():
        if function["form"] == "function":
            import_module(function["definition"].partition(":")[0])
            is_compiled = function.get("shared_code") == "compiled"
            kind = code_change(public).kind
            assert kind == ("compiled" if is_compiled else "none"), public
            kinds[kind] += 1
    assert min(kinds["none"], kinds["compiled"]) > 0
    assert code_change(f"{library}.unheard_of").kind == "compiled"


def test_most_of_scikit_image_can_be_compared_and_pyclesperanto_only_passes_arguments_on() -> None:
    one, other = code_change("skimage.measure.label"), code_change("pyclesperanto.sobel")
    functions = Counter(facts.library for facts in registry.functions().values())
    assert (one.kind, other.kind) == ("compiled", "compiled")
    assert one.functions < 0.5 * functions["skimage"]
    assert other.functions > 0.9 * functions["pyclesperanto"]


@pytest.mark.parametrize("library", ["native", "pyclesperanto", "scipy", "skimage"])
def test_no_wrapper_would_say_that_the_wrapped_version_changed(library: str) -> None:
    for name, function in registry.functions().items():
        if function.library == library:
            top, *path = function.module.split(".")
            home = import_module("voxbind._native" if top == "native" else top)
            original = reduce(getattr, (*path, function.original_name), home)
            assert adapted(original, function.func, AssertionError) is original, name


def test_an_array_that_became_a_default_is_a_changed_default() -> None:
    def wrapper(image: object, weights: object = None) -> None: ...

    def installed(image: object, weights: object = np.ones(3)) -> None: ...

    function = adapted(installed, wrapper, ValueError)
    function(0, 1)
    with pytest.raises(ValueError, match="'weights' was None and is now array"):
        function(0, weights=None)


@pytest.mark.parametrize("module", ["skimage.gone", "skimage.gone.deeper"])
def test_a_module_that_another_version_lacks_is_a_stale_wrapper(module: str) -> None:
    lacking = upstream(module, distribution="scikit-image", version="0.1.0", extra="skimage")
    expected = rf"{module} was wrapped from scikit-image 0\.1\.0 .* doesn't have it.*voxbind build"
    with pytest.raises(StaleWrapperError, match=expected):
        lacking.blur  # noqa: B018


def test_a_module_that_the_wrapped_version_lacks_is_a_broken_installation() -> None:
    version = MANIFEST["libraries"]["skimage"]["version"]
    lacking = upstream(
        "skimage.gone", distribution="scikit-image", version=version, extra="skimage"
    )
    with pytest.raises(LibraryMissingError, match="fails to import"):
        lacking.blur  # noqa: B018
