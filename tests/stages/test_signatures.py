"""Signatures tell what comes back for what goes in, to every checker."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from helpers.generated_packages import importing, write_package
from helpers.synthetic_library import function, manifest, parameter
from voxbind_build.model import Form, Function, Returns
from voxbind_build.render import render, templates_dir
from voxbind_build.verify import verify


def gives(*parameters: Any, returns: str, forms: dict[str, str] | None = None, **facts: Any) -> Any:
    """Describe a function that takes an image first, and what it gives back."""
    image = parameter("image", annotation="Array")
    parameters = (
        parameters if parameters[:1] and parameters[0].name == "image" else (image, *parameters)
    )
    told = tuple(
        Form(options=dict(pair.split("=") for pair in options.split()), annotation=annotation)
        for options, annotation in (forms or {}).items()
    )
    made = Returns(annotation=returns, annotation_source="observed", forms=told)
    return function(*parameters, returns=made, **{"contract": "PURE_2D", **facts})


OUT = parameter("output", annotation="Array | DTypeLike | None", default="None")
MASK = parameter("mask", annotation="Array | None", default="None")
FLAG = parameter("full", annotation="bool", default="False")
WAY = parameter("way", annotation="Literal['a', 'b', 'c'] | None", default="None")
FULL = {"full=False": "Array", "full=True": "tuple[Array, int]"}
WORDS = "Literal['reflect', 'constant', 'nearest', 'mirror', 'wrap']"
MODES = parameter("mode", annotation=f"{WORDS} | Sequence[{WORDS}]", default="'reflect'")
EITHER = "Array | tuple[Array, int]"

CASES: dict[str, tuple[Function, list[str]]] = {
    "all is kept": (
        gives(MASK, returns="Array", preserves="all"),
        [
            "image: Transposable[OutT], mask: AnyArray | None=None -> OutT",
            "image: Exporter, mask: AnyArray | None=None -> NDArray[Any]",
            "image: AnyArray, mask: AnyArray | None=None -> Array",
        ],
    ),
    "the dtype is kept": (
        gives(returns="Array", preserves="dtype"),
        [
            "image: Reshapable[OutT] -> OutT",
            "image: Castable[OutT] -> OutT",
            "image: Exporter -> NDArray[Any]",
            "image: AnyArray -> Array",
        ],
    ),
    "nothing is kept": (
        gives(returns="Array"),
        [
            "image: Castable[OutT] -> OutT",
            "image: Exporter -> NDArray[Any]",
            "image: AnyArray -> Array",
        ],
    ),
    "a dtype may be asked for": (
        gives(OUT, returns="Array", preserves="all"),
        [
            "image: Transposable[OutT], output: None=None -> OutT",
            "image: Castable[OutT], output: AnyArray | DTypeLike | None=None -> OutT",
            "image: Exporter, output: AnyArray | DTypeLike | None=None -> NDArray[Any]",
            "image: AnyArray, output: AnyArray | DTypeLike | None=None -> Array",
        ],
    ),
    "a dtype may be asked for, of what isn't kept": (
        gives(OUT, returns="Array", preserves="dtype"),
        [
            "image: Castable[OutT], output: AnyArray | DTypeLike | None=None -> OutT",
            "image: Exporter, output: AnyArray | DTypeLike | None=None -> NDArray[Any]",
            "image: AnyArray, output: AnyArray | DTypeLike | None=None -> Array",
        ],
    ),
    "lists are taken": (
        gives(returns="Array", preserves="all", array_like=("image",)),
        [
            "image: Transposable[OutT] -> OutT",
            "image: Exporter | Lists -> NDArray[Any]",
            "image: AnyArray | Lists -> Array",
        ],
    ),
    "no array comes back": (
        gives(MASK, returns="float", array_like=("image",)),
        [
            "image: Carrier, mask: AnyArray | None=None -> Any",
            "image: AnyArray | Lists, mask: AnyArray | None=None -> float",
            "image: AnyArray | Lists, mask: AnyArray | None=None -> float",
        ],
    ),
    "a flag decides": (
        gives(FLAG, returns=EITHER, forms=FULL),
        [
            "image: Castable[OutT], full: Literal[False]=False -> OutT",
            "image: AnyCarrier, full: bool=False -> Any",
            "image: Castable[OutT], full: Literal[True] -> tuple[OutT, int]",
            "image: Castable[OutT], full: bool=False -> OutT | tuple[OutT, int]",
            "image: Exporter, full: bool=False -> NDArray[Any] | tuple[NDArray[Any], int]",
            "image: AnyArray, full: bool=False -> Array | tuple[Array, int]",
        ],
    ),
    "a flag decides of numbers": (
        gives(FLAG, returns="float | tuple[int, int]", forms={"full=False": "float"}),
        [
            "image: AnyCarrier, full: bool=False -> Any",
            "image: AnyArray, full: Literal[False]=False -> float",
            "image: AnyArray, full: bool=False -> float | tuple[int, int]",
            "image: AnyArray, full: bool=False -> float | tuple[int, int]",
        ],
    ),
    "a flag that stands after options is named": (
        gives(MASK, FLAG, WAY, returns=EITHER, forms=FULL, preserves="all"),
        [
            "image: Transposable[OutT], mask: AnyArray | None=None, full: Literal[False]=False, "
            "way: Literal['a', 'b', 'c'] | None=None -> OutT",
            "image: AnyCarrier, mask: AnyArray | None=None, full: bool=False, way: Literal['a', "
            "'b', 'c'] | None=None -> Any",
            "image: Transposable[OutT], mask: AnyArray | None=None, *, full: Literal[True], "
            "way: Literal['a', 'b', 'c'] | None=None -> tuple[OutT, int]",
            "image: Transposable[OutT], mask: AnyArray | None=None, full: bool=False, "
            "way: Literal['a', 'b', 'c'] | None=None -> OutT | tuple[OutT, int]",
            "image: Exporter, mask: AnyArray | None=None, full: bool=False, way: Literal['a', "
            "'b', 'c'] | None=None -> NDArray[Any] | tuple[NDArray[Any], int]",
            "image: AnyArray, mask: AnyArray | None=None, full: bool=False, way: Literal['a', "
            "'b', 'c'] | None=None -> Array | tuple[Array, int]",
        ],
    ),
    "words decide": (
        gives(
            WAY,
            returns=EITHER,
            preserves="all",
            forms={"way=None": "Array", "way='a','b'": "tuple[Array, int]"},
        ),
        [
            "image: Transposable[OutT], way: None=None -> OutT",
            "image: AnyCarrier, way: Literal['a', 'b', 'c'] | None=None -> Any",
            "image: Transposable[OutT], way: Literal['a', 'b'] -> tuple[OutT, int]",
            "image: Transposable[OutT], way: Literal['a', 'b', 'c'] | None=None -> OutT | "
            "tuple[OutT, int]",
            "image: Exporter, way: Literal['a', 'b', 'c'] | None=None -> NDArray[Any] | "
            "tuple[NDArray[Any], int]",
            "image: AnyArray, way: Literal['a', 'b', 'c'] | None=None -> Array | tuple[Array, int]",
        ],
    ),
    "a flag that can't be named decides nothing": (
        gives(
            parameter("image", "POSITIONAL_ONLY", annotation="Array"),
            replace(MASK, kind="POSITIONAL_ONLY"),
            replace(FLAG, kind="POSITIONAL_ONLY"),
            returns=EITHER,
            preserves="all",
            forms=FULL,
        ),
        [
            "image: AnyCarrier, mask: AnyArray | None=None, full: bool=False, / -> Any",
            "image: Transposable[OutT], mask: AnyArray | None=None, full: bool=False, /"
            " -> OutT | tuple[OutT, int]",
            "image: Exporter, mask: AnyArray | None=None, full: bool=False, / -> NDArray[Any] | "
            "tuple[NDArray[Any], int]",
            "image: AnyArray, mask: AnyArray | None=None, full: bool=False, / -> Array | "
            "tuple[Array, int]",
        ],
    ),
    "a flag before any number of others decides nothing": (
        gives(
            MASK,
            FLAG,
            parameter("more", "VAR_POSITIONAL"),
            returns=EITHER,
            forms=FULL,
            preserves="all",
        ),
        [
            "image: AnyCarrier, mask: AnyArray | None=None, full: bool=False, *more: Any -> Any",
            "image: Transposable[OutT], mask: AnyArray | None=None, full: bool=False, *more: Any"
            " -> OutT | tuple[OutT, int]",
            "image: Exporter, mask: AnyArray | None=None, full: bool=False, *more: Any"
            " -> NDArray[Any] | tuple[NDArray[Any], int]",
            "image: AnyArray, mask: AnyArray | None=None, full: bool=False, *more: Any"
            " -> Array | tuple[Array, int]",
        ],
    ),
    "a flag after any number of others": (
        gives(
            parameter("more", "VAR_POSITIONAL"),
            replace(FLAG, kind="KEYWORD_ONLY"),
            returns=EITHER,
            forms=FULL,
            preserves="all",
        ),
        [
            "image: Transposable[OutT], *more: Any, full: Literal[False]=False -> OutT",
            "image: AnyCarrier, *more: Any, full: bool=False -> Any",
            "image: Transposable[OutT], *more: Any, full: Literal[True] -> tuple[OutT, int]",
            "image: Transposable[OutT], *more: Any, full: bool=False -> OutT | tuple[OutT, int]",
            "image: Exporter, *more: Any, full: bool=False -> NDArray[Any] | tuple[NDArray[Any], "
            "int]",
            "image: AnyArray, *more: Any, full: bool=False -> Array | tuple[Array, int]",
        ],
    ),
    "a list of arrays is of one kind": (
        gives(returns="list[Array]"),
        [
            "image: Carrier -> Any",
            "image: Castable[OutT] -> list[OutT]",
            "image: Exporter -> list[NDArray[Any]]",
            "image: AnyArray -> object",
        ],
    ),
    "the image may be left out": (
        gives(parameter("image", annotation="Array", default="None"), returns="Array"),
        [
            "image: AnyArray | None=None -> LibraryArray",
        ],
    ),
    "images are in a list": (
        gives(parameter("image", annotation="list[Array]"), returns="Array"),
        [
            "image: list[AnyArray] -> LibraryArray",
        ],
    ),
    "slices are a choice": (
        gives(FLAG, returns=EITHER, forms=FULL, preserves="all", contract="FLEXIBLE"),
        [
            "image: Transposable[OutT], full: Literal[False]=False, *, slice_by_slice: bool=False"
            " -> OutT",
            "image: AnyCarrier, full: bool=False, *, slice_by_slice: bool=False -> Any",
            "image: Transposable[OutT], full: Literal[True], *, slice_by_slice: bool=False"
            " -> tuple[OutT, int]",
            "image: Transposable[OutT], full: bool=False, *, slice_by_slice: bool=False"
            " -> OutT | tuple[OutT, int]",
            "image: Exporter, full: bool=False, *, slice_by_slice: bool=False -> NDArray[Any] | "
            "tuple[NDArray[Any], int]",
            "image: AnyArray, full: bool=False, *, slice_by_slice: bool=False -> Array | "
            "tuple[Array, int]",
        ],
    ),
    "words that may also come in a sequence": (
        gives(MODES, returns="float"),
        [
            "image: Carrier, mode: Literal['reflect', 'constant', 'nearest', 'mirror', 'wrap'] | "
            "Sequence[_Mode]='reflect' -> Any",
            "image: AnyArray, mode: Literal['reflect', 'constant', 'nearest', 'mirror', "
            "'wrap'] | Sequence[_Mode]='reflect' -> float",
            "image: AnyArray, mode: Literal['reflect', 'constant', 'nearest', 'mirror', 'wrap'] | "
            "Sequence[_Mode]='reflect' -> float",
        ],
    ),
    "the same words for another parameter": (
        gives(replace(MODES, name="border_modes"), returns="float"),
        [
            "image: Carrier, border_modes: Literal['reflect', 'constant', 'nearest', 'mirror', "
            "'wrap'] | Sequence[_Mode]='reflect' -> Any",
            "image: AnyArray, border_modes: Literal['reflect', 'constant', 'nearest', 'mirror', "
            "'wrap'] | Sequence[_Mode]='reflect' -> float",
            "image: AnyArray, border_modes: Literal['reflect', 'constant', 'nearest', 'mirror', "
            "'wrap'] | Sequence[_Mode]='reflect' -> float",
        ],
    ),
    "nothing is an image": (
        function(
            parameter("radius", annotation="float"),
            FLAG,
            kind="helper",
            contract=None,
            arrays=(),
            result="other",
            returns=Returns(
                annotation=EITHER,
                annotation_source="observed",
                forms=tuple(
                    Form(options={"full": value}, annotation=annotation)
                    for value, annotation in (("False", "Array"), ("True", "tuple[Array, int]"))
                ),
            ),
        ),
        [
            "radius: Real, full: Literal[False]=False -> NDArray[Any]",
            "radius: Real, full: Literal[True] -> tuple[NDArray[Any], int]",
            "radius: Real, full: bool=False -> NDArray[Any] | tuple[NDArray[Any], int]",
            "radius: Real, full: bool=False -> NDArray[Any] | tuple[NDArray[Any], int]",
        ],
    ),
}
FUNCTIONS = tuple(
    replace(each, original_name=f"f_{place}", wrapper=f"voxbind.made.up.f_{place}")
    for place, (each, _) in enumerate(CASES.values())
)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """All cases in one package, once of arrays in general and once of pyclesperanto's own."""
    made = manifest(*FUNCTIONS)
    library = made.libraries["made"]
    wrappers = {each.wrapper: each.wrapper.replace("made.up", "own.up") for each in FUNCTIONS}
    own = replace(
        library,
        memory_type="pyclesperanto",
        modules=("own.up",),
        functions={
            wrappers[each.wrapper].partition(".")[2]: replace(
                each, module="own.up", wrapper=wrappers[each.wrapper]
            )
            for each in FUNCTIONS
        },
    )
    return render(replace(made, libraries={"made": library, "own": own}), templates_dir())


def written(text: str, name: str) -> list[str]:
    """Read a function's signatures, overloads first."""
    return [
        f"{ast.unparse(node.args)} -> {ast.unparse(node.returns)}"
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == name and node.returns
    ]


@pytest.mark.parametrize("case", CASES)
def test_overloads_tell_what_comes_back(texts: dict[str, str], case: str) -> None:
    name = f"f_{[*CASES].index(case)}"
    assert written(texts["made/up.py"], name) == CASES[case][1]


def unified(signature: str) -> str:
    """Return a signature with one name for the arrays of any library, and one for new arrays."""
    signature = signature.replace("ClesperantoArray", "Array").replace("AnyArray", "Array")
    return signature.replace("LibraryArray", "NDArray[Any]")


@pytest.mark.parametrize("case", CASES)
def test_arrays_of_pyclesperanto_are_named_beside_others(texts: dict[str, str], case: str) -> None:
    name = f"f_{[*CASES].index(case)}"
    own = written(texts["own/up.py"], name)
    others = [text for text in own if "ClesperantoArrayT" not in text]
    expected = CASES[case][1]
    if case == "lists are taken":
        same, _, every = expected
        # Lists come back as pyclesperanto's own arrays.
        expected = [same, "image: Exporter -> NDArray[Any]", "image: Lists -> LibraryArray", every]
    assert [*map(unified, others)] == [*map(unified, expected)]
    # An image of pyclesperanto's comes back as one.
    assert (others != own) == any("Exporter" in text for text in own)
    # Whatever may be an array of any library may be one of its own.
    assert not any("AnyArray" in text for text in own)


def test_the_name_of_repeated_words_stands_for_them_at_run_time(tmp_path: Path) -> None:
    made = manifest(gives(MODES, returns="float", original_name="f"))
    with importing(write_package(made, tmp_path)) as load:
        assert "_Mode" not in load("made.up").__all__
        hints = typing.get_type_hints(load("made.up").f)
        modes = Literal["reflect", "constant", "nearest", "mirror", "wrap"]
        assert hints["mode"] == modes | Sequence[modes]


def test_mypy_and_ruff_find_nothing(texts: dict[str, str]) -> None:
    assert verify(texts) == ()


def test_basedpyright_finds_nothing(texts: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("basedpyright")
    for path, text in texts.items():
        file = tmp_path / "voxbind" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    looked_at = ["made", "own", "arrays.py", "arrays_pyclesperanto.py"]
    settings = {
        "include": [f"voxbind/{each}" for each in looked_at],
        "typeCheckingMode": "strict",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "-p", str(tmp_path)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    assert told["summary"]["filesAnalyzed"] >= len(looked_at)
    assert [
        (each["file"], each["range"]["start"]["line"] + 1, each["message"])
        for each in told["generalDiagnostics"]
        if each["severity"] == "error"
    ] == []
