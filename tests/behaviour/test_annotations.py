"""Annotations of the generated functions are types at run time."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_overloads, get_type_hints

import numpy as np
import pytest

from voxbind import registry

GENERATED = Path(__file__).parents[2] / "generated"
NAMES = sorted(registry.functions(helpers=True))
LIBRARIES = sorted({name.partition(".")[0] for name in NAMES})
TWINS = ("color", "feature", "filters", "measure", "morphology", "ndimage", "segmentation")
"""Some modules of `voxbind.auto`."""


def functions(library: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the wrappers of a library, and the functions of `voxbind.auto`."""
    if library == "auto":
        for name in TWINS:
            module = import_module(f"voxbind.auto.{name}")
            for function in module.__all__:
                value = getattr(module, function)
                if inspect.isfunction(value) and value.__module__ == module.__name__:
                    yield f"{name}.{function}", value
    for name in NAMES:
        module_name, _, function = name.rpartition(".")
        value = vars(import_module(f"voxbind.{module_name}")).get(function)
        if name.startswith(f"{library}.") and inspect.isfunction(value):
            yield name, value


def texts(value: Any) -> Iterator[str]:
    """Yield the texts and unresolved references in a type, other than those of a `Literal`."""
    if isinstance(value, str | typing.ForwardRef):
        yield str(value)
    if typing.get_origin(value) is not typing.Literal:
        for inner in typing.get_args(value):
            yield from texts(inner)


@pytest.mark.parametrize("library", [*LIBRARIES, "auto"])
def test_each_annotation_is_a_type(library: str) -> None:
    count = 0
    for name, function in functions(library):
        for variant in (*get_overloads(function), function):
            hints = get_type_hints(variant)
            assert [*hints] == [*inspect.signature(variant).parameters, "return"], name
            assert {text for hint in hints.values() for text in texts(hint)} == set(), name
        evaluated = inspect.signature(function, eval_str=True).parameters
        assert {name: each.annotation for name, each in evaluated.items()} == {
            name: hints[name] for name in evaluated
        }
        count += 1
    assert count


def test_types_are_the_librarys_own() -> None:
    from skimage.measure._regionprops import RegionProperties

    from voxbind.skimage import measure, morphology

    assert get_type_hints(measure.regionprops)["return"] == list[RegionProperties]
    variant = get_type_hints(get_overloads(morphology.disk)[0])
    assert variant["return"] == np.typing.NDArray[np.uint8]


def test_numbers_are_pythons_own() -> None:
    from voxbind.skimage import transform

    hints = get_type_hints(transform.rotate)
    assert hints["angle"] is float
    assert hints["resize"] is bool


WITHOUT_LIBRARIES = """
import sys, typing
sys.modules.update(dict.fromkeys(("pyclesperanto", "skimage", "scipy"), None))
from voxbind import pyclesperanto
from voxbind.skimage import measure, metrics
print(typing.get_type_hints(pyclesperanto.gaussian_blur)["device"])
print(typing.get_type_hints(measure.regionprops)["return"])
print(typing.get_type_hints(metrics.contingency_table)["return"].__name__)
"""


def test_a_library_that_is_missing_is_not_needed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBRARIES],
        env={"PYTHONPATH": str(GENERATED)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(name in done.stdout for name in ("Device", "RegionProperties", "csr_matrix"))


# --- magicgui --------------------------------------------------------------------------


def builds(function: Callable[..., Any]) -> str:
    """Return the error of magicgui for a function; empty if there is none."""
    from magicgui import magicgui

    try:
        magicgui(function)
    # Its widgets raise errors of their own.
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize("library", ["skimage", "scipy", "pyclesperanto"])
def test_magicgui_makes_a_form_wherever_it_makes_one_for_the_librarys_function(
    library: str,
) -> None:
    pytest.importorskip("magicgui", reason="magicgui isn't installed")
    pytest.importorskip("ipywidgets", reason="magicgui has no toolkit without a screen")
    pytest.importorskip(library)
    from magicgui import use_app

    use_app("ipynb")
    made = 0
    for name, metadata in registry.functions().items():
        if metadata.library != library:
            continue
        module = import_module(metadata.module.removesuffix(".fft").removesuffix(".transform"))
        original = getattr(module, metadata.original_name, None)
        if original is None or not builds(original):
            assert (name, builds(metadata.func)) == (name, "")
            made += 1
    assert made > 50
