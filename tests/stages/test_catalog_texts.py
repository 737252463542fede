"""The texts of the catalogue: documentation as HTML, and the JSON Schema of parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import jsonschema
import pytest

from voxbind_build import manifest
from voxbind_build.catalog.documentation import documentation
from voxbind_build.catalog.parameter_schema import parameter_schema
from voxbind_build.catalog.pictures.tasks import picture_tasks
from voxbind_build.cli import app as cli
from voxbind_build.cli.inputs import requested_specs
from voxbind_build.cli.places import default_package
from voxbind_build.model import Function, Parameter, Returns

# --- documentation ----------------------------------------------------------------------


def function(doc: str, *parameters: Parameter) -> Function:
    return Function(
        kind="image",
        contract="FLEXIBLE",
        reason="",
        evidence="observed",
        wrapper="voxbind.made.up",
        deprecated=None,
        parameters=parameters,
        returns=Returns(annotation="Array", annotation_source="unknown"),
        module="made",
        original_name="up",
        definition="made:up",
        fingerprint="",
        doc=doc,
        tags=(),
    )


@pytest.mark.parametrize(
    "hostile",
    [
        ".. raw:: html\n\n   <script>alert(1)</script>",
        "<script>alert(1)</script>",
        "`here <javascript:alert(1)>`_",
        ".. include:: /etc/passwd",
        ".. image:: https://example.org/pixel.png",
        ".. figure:: javascript:alert(1)",
        ".. _here: javascript:alert(1)\n\nGo here_.",
        ":raw-html:`<img src=x onerror=alert(1)>`",
    ],
)
def test_documentation_brings_no_code_and_loads_nothing(hostile: str) -> None:
    made = documentation(function(f"Summary.\n\n{hostile}\n"))
    assert "Summary." in made
    assert not re.search(r"<script|<img|<iframe|root:|(href|src)=.?javascript", made)


def test_documentation_keeps_formulas_examples_and_notes_on_versions() -> None:
    made = documentation(
        function(
            "Blur :func:`~scipy.ndimage.gaussian_filter` by :math:`x^2`.\n\n"
            ".. versionadded:: 0.19\n   For volumes.\n\n"
            "Examples\n--------\n>>> blur(1)\n2\n"
        )
    )
    assert "<math" in made and "scipy.ndimage.gaussian_filter" in made
    assert "Added in version 0.19" in made and "For volumes." in made
    assert "&gt;&gt;&gt; blur(1)" in made and ":func:" not in made


def test_documentation_shows_unknown_directives_as_they_were_written() -> None:
    text = "Blur.\n\n.. testcode::\n\n   blur(1)\n\n.. autofunction:: sharpen\n"
    made = documentation(function(text))
    assert ".. testcode::\n\n   blur(1)" in made and ".. autofunction:: sharpen" in made


@pytest.mark.parametrize("gap", [" ", "\n\n   "])
def test_documentation_shows_references_to_similar_functions(gap: str) -> None:
    made = documentation(function(f"Blur.\n\n.. seealso::{gap}:func:`~lab.sharpen`\n"))
    assert "See also" in made and "lab.sharpen" in made and "seealso" not in made


def test_documentation_lists_each_parameter_once_with_its_text() -> None:
    text = (
        "Blur.\n\nParameters\n----------\nsigma : float\n    The width.\n\n"
        "Other Parameters\n----------------\nmode : str\n    The border.\n"
        "cval : float\n    The value beyond.\n"
    )
    made = documentation(function(text, parameter("sigma", "float"), parameter("mode", "str")))
    assert [made.count(words) for words in ("The width.", "The border.", "The value")] == [1, 1, 1]
    assert made.index("The border.") < made.index("Other Parameters") < made.index("The value")


# --- schemas ----------------------------------------------------------------------------


def parameter(name: str, annotation: str, default: str | None = None) -> Parameter:
    return Parameter(
        name=name,
        kind="POSITIONAL_OR_KEYWORD",
        annotation=annotation,
        annotation_source="docstring",
        default=default,
    )


@pytest.mark.parametrize(
    ("annotation", "accepted", "rejected"),
    [
        ("int", [3], ["3", 3.5, None]),
        ("float | None", [3, 0.5, None], ["3"]),
        ('Literal["reflect", "wrap"]', ["wrap"], ["wrapped", 1]),
        ('Literal["a"] | Literal[1]', ["a", 1], ["b"]),
        ("bool", [True], [1, "yes"]),
        ("float | Sequence[float] | Array", [1.5, [1, 2.5]], ["1"]),
        ("tuple[int, ...]", [[1, 2, 3]], [[1.5], 3]),
        ("tuple[int, str]", [[1, "a"]], [[1], ["a", 1]]),
        ("Mapping[str, object] | None", [{"a": 1}, None], [[]]),
        ("Array", ["anything", 3, None], []),
        ("Array | None", ["anything", 3, None], []),
        ("Callable[..., object]", ["anything"], []),
    ],
)
def test_a_schema_accepts_what_the_type_does(
    annotation: str, accepted: list[object], rejected: list[object]
) -> None:
    schema = parameter_schema(function("", parameter("value", annotation)))
    check = jsonschema.Draft202012Validator(schema)
    check.check_schema(schema)
    assert [value for value in accepted if not check.is_valid({"value": value})] == []
    assert [value for value in rejected if check.is_valid({"value": value})] == []
    assert not check.is_valid({}) and not check.is_valid({"value": accepted[0], "other": 1})


@pytest.fixture(scope="module")
def committed() -> Iterator[list[Function]]:
    libraries = manifest.read(default_package() / manifest.MANIFEST).libraries.values()
    yield [function for library in libraries for function in library.functions.values()]


def test_schemas_of_all_functions_are_valid_and_accept_the_defaults(
    committed: list[Function],
) -> None:
    assert len(committed) > 1000
    for entry in committed:
        schema = parameter_schema(entry)
        jsonschema.Draft202012Validator.check_schema(schema)
        for name, facts in schema["properties"].items():
            if "default" in facts:
                check = jsonschema.Draft202012Validator(facts)
                assert check.is_valid(facts["default"]), (entry.public, name, facts)


def test_the_page_of_a_function_has_the_texts_of_its_parameters(
    committed: list[Function],
) -> None:
    (gaussian,) = (entry for entry in committed if entry.public == "skimage.filters.gaussian")
    assert parameter_schema(gaussian)["properties"]["sigma"]["description"]
    made = documentation(gaussian)
    assert "Standard deviation for Gaussian kernel" in made and "No description." not in made


def test_a_picture_is_chosen_by_the_texts_of_the_parameters() -> None:
    record = manifest.read_record(default_package())
    tasks = picture_tasks(record.manifest, record.observations, requested_specs(["skimage"]))
    task = tasks["skimage.filters.gaussian"]
    texts = {entry.name: entry.description for entry in task.probe.description.parameters}
    assert "Standard deviation" in texts["sigma"]


def test_show_gives_programs_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["show", "skimage.filters.gaussian", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    properties = shown["schema"]["properties"]
    assert properties["mode"]["enum"][0] == "reflect"
    assert properties["image"]["x-array"] is True
    assert properties["sigma"]["description"].startswith("Standard deviation for Gaussian kernel")
    assert shown["schema"]["required"] == ["image"]
