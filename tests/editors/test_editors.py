"""What an editor shows of the generated package, told by real language servers."""

from __future__ import annotations

import functools
import html
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_overloads
from urllib.parse import unquote, urlparse

import pytest
from lsprotocol.types import Location

from helpers.language_client import GENERATED, Editor
from voxbind_build.manifest import MANIFEST, read

_LIBRARIES = read(GENERATED / "voxbind" / MANIFEST).libraries
_WRAPPERS = [each for library in _LIBRARIES.values() for each in library.functions.values()]
MODULES = sorted({each.wrapper.rpartition(".")[0] for each in _WRAPPERS})


def names_in(module: str) -> dict[str, str]:
    """Return the form of each public name that the manifest has in a module."""
    parts = (each.wrapper.rpartition(".") for each in _WRAPPERS)
    return {
        name: each.form
        for each, (home, _, name) in zip(_WRAPPERS, parts, strict=True)
        if home == module
    }


def use_of(module: str, rest: str) -> str:
    """Return a program that imports a module as one does, and goes on."""
    parent, _, name = module.rpartition(".")
    return f"from {parent} import {name}\n{name}.{rest}"


def overloads(function: Callable[..., Any]) -> Sequence[Callable[..., Any]]:
    """Return those of a function, and not those of a package of its name that was here before."""
    file = inspect.unwrap(function).__code__.co_filename
    return [each for each in get_overloads(function) if each.__code__.co_filename == file]


@functools.cache
def telling(module: str) -> list[Callable[..., Any]]:
    """Return the functions of a module that are hardest to show.

    These are the one with the most choices, one with overloads and the longest documentation.
    """
    loaded = import_module(module)
    found = [getattr(loaded, name) for name, form in names_in(module).items() if form == "function"]
    hardest = [
        max(found, key=lambda each: len(choices(each))),
        max(found, key=lambda each: len(overloads(each))),
        max(found, key=lambda each: len(inspect.getdoc(each) or "")),
    ]
    return list(dict.fromkeys(hardest))


def choices(function: Callable[..., Any]) -> set[str]:
    """Return the texts that some parameter of a function may be, from its annotations."""
    return {
        value
        for each in overloads(function) or [function]
        for name, type_ in each.__annotations__.items()
        if name != "return"
        for value in literals(type_)
        if isinstance(value, str)
    }


def literals(type_: Any) -> Iterator[object]:
    """Return the values of all literals in a type."""
    for inner in get_args(type_):
        if get_origin(type_) is Literal:
            yield inner
        else:
            yield from literals(inner)


def words(text: str) -> str:
    """Return the words of a text, which layout and Markdown's escapes leave as they are."""
    return " ".join(re.findall(r"\w+", html.unescape(text).replace("\\", "")))


def file_of(place: Location) -> Path:
    return Path(unquote(urlparse(place.uri).path))


@pytest.mark.parametrize("module", MODULES)
def test_all_names_of_a_module_are_completed(editor: Editor, module: str) -> None:
    shown = {item.label for item in editor.completions(editor.open(use_of(module, "|")))}
    assert names_in(module).keys() - shown == set()


COMPLETED = {
    # What voxbind hands on without a wrapper.
    "from voxbind.skimage import data\ndata.|": {"astronaut", "coins", "data_dir"},
    "from voxbind.skimage import draw\ndraw.|": {"disk", "line", "polygon"},
    "from voxbind.skimage import graph\ngraph.|": {"MCP", "RAG", "route_through_array"},
    "from voxbind import skimage\nskimage.|": {"data", "img_as_float", "__version__"},
    "from voxbind.skimage.color.adapt_rgb import |": {"each_channel", "hsv_value"},
    "from voxbind.|": {*_LIBRARIES},
    "from voxbind.auto import |": {"filters", "measure", "morphology", "ndimage"},
    "from voxbind import |": {*_LIBRARIES, *import_module("voxbind").__all__} - {"__version__"},
    **{
        f"import {package}\n{package}.|": {
            each.rpartition(".")[2] for each in MODULES if each.rpartition(".")[0] == package
        }
        for package in {each.rpartition(".")[0] for each in MODULES} - {"voxbind"}
    },
}


@pytest.mark.parametrize("text", sorted(COMPLETED))
def test_libraries_modules_and_tools_are_completed(editor: Editor, text: str) -> None:
    shown = {item.label for item in editor.completions(editor.open(text))}
    assert COMPLETED[text] - shown == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_function_is_shown_with_signature_and_documentation(editor: Editor, module: str) -> None:
    for function in telling(module):
        shown = words(editor.hover(editor.open(use_of(module, f"|{function.__name__}"))))
        summary, measured, *_ = (inspect.getdoc(function) or "").split("\n\n")
        assert f"def {function.__name__} {next(iter(signature(function)), '')}".strip() in shown
        for paragraph in (summary, measured):
            assert words(paragraph.splitlines()[0]) in shown
        assert {*signature(function)} - {*shown.split()} == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_call_is_helped_with_all_parameters_and_choices(editor: Editor, module: str) -> None:
    for function in telling(module):
        place = editor.open(use_of(module, f"{function.__name__}(|"))
        shown = [each.label for each in editor.signatures(place)]
        assert len(shown) == max(1, len(overloads(function)))
        label = "\n".join(shown)
        assert {*signature(function)} - {*words(label).split()} == set()
        assert {each for each in choices(function) if not re.search(quoted(each), label)} == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_definition_is_where_the_function_can_be_read(editor: Editor, module: str) -> None:
    for function in telling(module):
        # A server may show the overloads too, which stand above it.
        places = editor.definitions(editor.open(use_of(module, f"|{function.__name__}")))
        assert 1 <= len(places) <= len(overloads(function)) + 1
        for place in places:
            assert file_of(place).samefile(inspect.getfile(function))
            line = file_of(place).read_text(encoding="utf-8").splitlines()[place.range.start.line]
            assert line.startswith(f"def {function.__name__}(")


AUTO = {
    f"voxbind.auto.{module.split('.', 2)[2]}": module
    for library in _LIBRARIES.values()
    if library.device and library.twin
    for module in (f"voxbind.{each}" for each in _LIBRARIES[library.twin].modules)
}
"""By module of voxbind.auto, that of the functions on the CPU."""


@pytest.mark.parametrize("module", AUTO)
def test_a_function_of_auto_is_shown_as_the_cpus(editor: Editor, module: str) -> None:
    cpu = AUTO[module]
    shown = {item.label for item in editor.completions(editor.open(use_of(module, "|")))}
    assert names_in(cpu).keys() - shown == set()
    for name in [function.__name__ for function in telling(cpu)]:
        places = [editor.open(use_of(each, f"|{name}")) for each in (module, cpu)]
        ours, cpus = (words(editor.hover(place)) for place in places)
        assert ours == cpus
        assert f"def {name}" in ours
        # A server may go to the function itself, and leave out the overloads above it.
        our_places, cpus_places = (editor.definitions(place) for place in places)
        assert our_places
        assert all(place in cpus_places for place in our_places)
        assert file_of(our_places[-1]).samefile(inspect.getfile(import_module(cpu)))
        calls = [editor.open(use_of(each, f"{name}(|")) for each in (module, cpu)]
        labels, cpus_labels = ([each.label for each in editor.signatures(call)] for call in calls)
        assert labels == cpus_labels != []


def signature(function: Callable[..., Any]) -> list[str]:
    """Return the names of a function's parameters; a server may write ``...`` for ``*args``."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind not in variadic]


def quoted(choice: str) -> str:
    """Return a pattern of a text between quotes of either kind."""
    return f"(['\"]){re.escape(choice)}\\1"


CALLS = """\
import numpy
from voxbind import native
from voxbind import pyclesperanto as cle
from voxbind.auto import filters as auto_filters
from voxbind.scipy import ndimage
from voxbind.skimage import filters

image = numpy.zeros((4, 5))
"""
WRONG = [
    'filters.gaussian("x")',
    'filters.gaussian(image, mode="reflex")',
    "filters.gaussian(image, sigma=None)",
    "filters.gaussian()",
    "filters.gausian(image)",
    'ndimage.gaussian_filter("x", 1)',
    'auto_filters.gaussian(image, mode="reflex")',
    "auto_filters.gausian(image)",
    'cle.gaussian_blur("x")',
    'native.max_projection("x")',
    'native.bin_image(image, 2, reduce="median")',
]
RIGHT = [
    "filters.gaussian(image)",
    'filters.gaussian(image, mode="reflect")',
    "filters.gaussian(image, sigma=(1, 2))",
    "ndimage.gaussian_filter(image, 1)",
    "auto_filters.gaussian(image, sigma=(1, 2))",
    "cle.gaussian_blur(image)",
    "native.max_projection(image)",
    'native.bin_image(image, 2, reduce="max")',
]


@pytest.mark.parametrize("editor", ["basedpyright"], indirect=True)
def test_wrong_calls_are_marked_and_right_ones_are_not(editor: Editor) -> None:
    lines = [f"_ = {call}" for call in (*WRONG, *RIGHT)]
    place = editor.open(CALLS + "\n".join(lines) + "\n|")
    marked = [lines[number - CALLS.count("\n")] for number in sorted(editor.errors(place))]
    assert marked == lines[: len(WRONG)]
