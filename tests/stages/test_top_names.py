"""Few names at the top of `voxbind` are its own: a lab's module may have any other."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from helpers import handmade_manifest as handmade
from helpers.generated_packages import importing, write_package
from voxbind_build import libraries
from voxbind_build.build import pipeline
from voxbind_build.model import Library, Manifest
from voxbind_build.render import RenderError, own_names, render, templates_dir

FREE = ("slices", "memory", "calls", "plans", "lazy")
"""Names that a lab's module is likely to have, and that modules of the run time have or had."""
SOURCE = '''
"""A lab's module."""


def mean_of_rows(image):
    """Take the mean of each row off an image of shape (Y, X)."""
    if image.ndim != 2:
        raise ValueError("a (Y, X) image is needed")
    return image - image.mean(axis=1, keepdims=True)


def double(image):
    """Return an image of any shape, doubled."""
    return image * 2


class Setting:
    """Something that isn't a function."""
'''
VOLUME = np.random.default_rng(0).random((3, 24, 30))
RUN_TIME = templates_dir() / "runtime"


def public(names: Iterable[str]) -> list[str]:
    """Return the names that a module may have by convention: lower case, and not private."""
    return sorted(name for name in names if re.fullmatch(r"[a-z][a-z0-9_]*", name))


def written(folder: Path, name: str) -> Path:
    folder.mkdir()
    (folder / f"{name}.py").write_text(SOURCE)
    return folder


def check(load: Any, name: str) -> None:
    """Run the wrappers of a module with that name beside the run time's own parts."""
    own, wrappers = importlib.import_module(name), load(name)
    assert wrappers.__name__ == f"voxbind.{name}"
    assert wrappers.Setting is own.Setting
    np.testing.assert_array_equal(wrappers.double(VOLUME), 2 * VOLUME)
    planes = np.stack([own.mean_of_rows(plane) for plane in VOLUME])
    np.testing.assert_array_equal(wrappers.mean_of_rows(VOLUME), planes)
    tensor = torch.from_numpy(VOLUME)
    np.testing.assert_array_equal(wrappers.mean_of_rows(tensor).numpy(), planes)
    with load("").trace() as log:
        wrappers.mean_of_rows(tensor)
    assert [(call.function, call.slices) for call in log] == [(f"{name}.mean_of_rows", 3)]
    found = load("").registry.functions()[f"{name}.mean_of_rows"]
    assert found.func is wrappers.mean_of_rows
    assert found.doc == own.mean_of_rows.__doc__


@pytest.mark.parametrize("name", FREE)
def test_a_labs_module_of_this_name_is_wrapped_and_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.syspath_prepend(written(tmp_path / "lab", name))
    monkeypatch.delitem(sys.modules, name, raising=False)
    described = Library(
        distribution=name,
        extra="",
        version="unknown",
        memory_type="numpy",
        twin=None,
        modules=(name,),
        functions={
            each.wrapper.partition(".")[2]: each
            for each in (
                handmade.function(f"{name}.mean_of_rows", contract="PURE_2D"),
                handmade.function(f"{name}.double"),
                handmade.handed_on(f"{name}.Setting", "class"),
            )
        },
        excluded={},
    )
    package = write_package(Manifest(libraries={name: described}), tmp_path / "package")
    with importing(tmp_path / "lab", package, also=(name,)) as load:
        check(load, name)


def test_a_labs_module_called_memory_is_built_and_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "memory"
    folder = written(tmp_path / "lab", name)
    monkeypatch.syspath_prepend(folder)
    (folder / f"{name}.toml").write_text(f'name = "{name}"\nmodules = ["{name}"]\n')
    out = tmp_path / "package" / "voxbind"
    pipeline.build([libraries.load(folder / f"{name}.toml")], out)
    with importing(folder, out.parent, also=(name,)) as load:
        check(load, name)
        found = load("").registry.functions()
        assert found[f"{name}.mean_of_rows"].contract == "PURE_2D"
        assert found[f"{name}.double"].contract == "FLEXIBLE"


def test_at_most_ten_names_are_taken() -> None:
    taken = public(own_names(templates_dir()))
    assert {path.stem for path in RUN_TIME.glob("[a-z]*.py")} <= {*taken}
    assert {"registry", "trace", "auto"} <= {*taken}
    assert not {*taken} & {*FREE}
    assert len(taken) <= 10, taken


@pytest.mark.parametrize("name", public(own_names(templates_dir())))
def test_a_name_that_is_taken_is_refused(name: str) -> None:
    described = Library(
        distribution=name,
        extra="",
        version="unknown",
        memory_type="numpy",
        twin=None,
        modules=(name,),
        functions={},
        excluded={},
    )
    with pytest.raises(RenderError, match=f"{name}: a library can't have this name"):
        render(Manifest(libraries={name: described}), templates_dir())
