"""What a build and `voxbind show` tell of types: contradictions, `Any`, and what is unread."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from helpers.synthetic_library import function, manifest, parameter
from voxbind_build.build.report import BuildReport, Source, Types, row, types
from voxbind_build.cli import function_page as explain
from voxbind_build.cli import printing as show
from voxbind_build.model import Manifest
from voxbind_build.verify.disk import Changes


def described() -> Manifest:
    made = function(
        parameter("image", annotation="Array"),
        parameter(
            "peaks",
            annotation="float",
            default='float("inf")',
            contradiction="documented as 'int', but the default is float(\"inf\")",
        ),
        parameter("mask", annotation="Array | None", default="None", contradiction="documented"),
        parameter("rest", untyped="neither annotated nor documented, and required"),
        parameter("odd", annotation="int", facts={"unread": "see there", "optional": "optional"}),
    )
    returns = replace(
        made.returns, untyped="documented as 'Map'", facts={"a.unread": "see there", "a.shape": ""}
    )
    return manifest(replace(made, returns=returns))


def printed(width: int = 200) -> Console:
    return Console(file=io.StringIO(), width=width)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_a_build_counts_what_is_untyped_contradicted_and_unread() -> None:
    (found,) = types(described())
    assert found == Types(
        library="made", parameters=5, untyped=1, contradictions=2, none=1, unread={"see there": 2}
    )
    console = printed()
    show.build(console, BuildReport(rows=(), changes=Changes(), types=types(described())))
    assert "made: 1 of 5 parameters (20.0%) have Any in their type" in text(console)
    assert "2 defaults aren't of the documented type (1 None)" in text(console)
    assert "can't be parsed, 2 times: see there" in text(console)


@pytest.mark.parametrize(("source", "is_printed"), [("measured", True), ("record", False)])
def test_a_build_reports_the_types_of_the_libraries_that_it_read(
    source: Source, is_printed: bool
) -> None:
    made = described()
    rows = (row("made", made.libraries["made"], source=source),)
    console = printed()
    show.build(console, BuildReport(rows=rows, changes=Changes(), types=types(made)))
    assert ("have Any in their type" in text(console)) is is_printed


def test_the_page_of_a_function_names_each() -> None:
    console = printed()
    explain.page(console, described(), "made.up.f", {})
    page = text(console)
    assert (
        "contradicts peaks: documented as 'int', but the default is float(\"inf\"); "
        "its type is float" in page
    )
    assert "None is the default of mask, but isn't documented as a value" in page
    assert "untyped rest: neither annotated nor documented, and required" in page
    assert "result: documented as 'Map'" in page
