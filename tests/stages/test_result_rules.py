"""Each kind of result has a reason, and each reason is one that some function has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

import voxbind
from helpers.live_descriptions import describe_function
from voxbind_build.classify import classify
from voxbind_build.classify.result_facts import Form
from voxbind_build.classify.result_rules import RULES, result_kind
from voxbind_build.manifest import MANIFEST, read
from voxbind_build.model import Call, Declaration, Function, Observation, Result

IMAGE, SECOND = (17, 22), (19, 15)
ARRAYS = (
    "an array of the image's shape",
    "an array of a volume's shape without one of its axes",
)


def functions() -> list[Function]:
    libraries = read(Path(voxbind.__path__[0]) / MANIFEST).libraries.values()
    return [each for library in libraries for each in library.functions.values()]


def reasons(function: Function) -> tuple[str, ...]:
    given = function.result_reason
    given = (given,) if isinstance(given, str) else given
    return tuple(re.sub(r"^taken from its twin [\w.]+: ", "", reason) for reason in given)


# --- made-up results, for what no function of the libraries gives --------------------------


def array(*shape: int) -> Result:
    return Result(type="array", shape=shape, dtype="float64")


def several(kind: str, *members: Result) -> Result:
    return Result(type=kind, shape=(len(members),), members=members)


NUMBER, NONE = Result(type="scalar", dtype="float64"), Result(type="none")
SHORT, LONG = several("tuple", NUMBER), several("tuple", *[NUMBER] * 4)
NOTHING = several("list")

MADE_UP: dict[str, tuple[list[tuple[tuple[int, ...], Result]], str, str]] = {
    "no call returned a result": ([], "image", "other"),
    "a tuple whose members are not classified separately, documented as points": (
        [(IMAGE, SHORT), (SECOND, LONG)],
        "peaks",
        "points",
    ),
    "a tuple whose members are not classified separately": (
        [(IMAGE, SHORT), (SECOND, LONG)],
        "levels",
        "other",
    ),
    "an empty list in every call, documented as points": ([(IMAGE, NOTHING)], "peaks", "points"),
    "an empty list in every call": ([(IMAGE, NOTHING)], "levels", "other"),
    "a list of numbers": ([(IMAGE, several("list", NUMBER))], "levels", "table"),
    "an undocumented array with one column for each axis of the image": (
        [(IMAGE, array(7, 2)), (SECOND, array(9, 2))],
        "",
        "points",
    ),
    "an array with as many axes as the image, of other lengths, and its channel axis": (
        [((17, 22, 3), array(8, 11, 3)), ((19, 15, 3), array(9, 7, 3))],
        "image",
        "resized",
    ),
    "None in every call": ([(IMAGE, NONE)], "", "other"),
    "results of different types": ([(IMAGE, NONE), (SECOND, array(19, 15))], "image", "other"),
}


def threshold(image):
    """Find something."""


def observed(results: list[tuple[tuple[int, ...], Result]]) -> Observation:
    return Observation(
        definition="m:threshold",
        fingerprint="",
        image="image",
        roles={"image": "image"},
        calls=tuple(
            Call(
                case=f"{'colour image' if shape[-1] == 3 else 'image'} of grey",
                shape=shape,
                dtype="float64",
                outcome="returned",
                result=result,
            )
            for shape, result in results
        ),
    )


@pytest.mark.parametrize("reason", MADE_UP)
def test_a_rule_decides_for_a_result_made_for_it(reason: str) -> None:
    results, name, kind = MADE_UP[reason]
    description = describe_function(threshold)
    documented = ((name, ""),) if name else ()
    description = replace(description, returns=replace(description.returns, documented=documented))
    finding = result_kind(description, observed(results), None)
    assert (finding.kind, finding.reason) == (kind, reason)


# --- the table --------------------------------------------------------------------------


def test_each_rule_decides_for_a_function_of_the_libraries_or_for_a_result_made_for_it() -> None:
    given = {reason for each in functions() for reason in reasons(each)} | {*MADE_UP}
    for rule in RULES:
        if rule.kind is None:  # the members have reasons of their own
            assert any(isinstance(each.result, tuple) for each in functions())
            continue
        texts = {rule.reason.format(array=array) for array in ARRAYS}
        assert texts & given, f"no function has this reason: {rule.reason}"


def test_no_reason_stands_for_two_rules() -> None:
    texts = [rule.reason for rule in RULES]
    assert len(texts) == len({*texts})


@pytest.mark.parametrize("form", get_args(Form))
def test_the_last_rule_of_each_form_always_fits(form: str) -> None:
    names = [rule.fits.__name__ for rule in RULES if rule.form == form]
    assert names[-1:] == ["_always"]
    assert "_always" not in names[:-1], "the rules after it would never decide"


def missing(entries: list[Function]) -> Iterator[str]:
    """Yield the functions that lack a reason for a kind of result."""
    for each in entries:
        kinds = 1 if isinstance(each.result, str) else len(each.result)
        given = each.result_reason
        given = (given,) * kinds if isinstance(given, str) else given
        if each.form == "function" and not (len(given) == kinds and all(given)):
            yield each.public


def test_each_function_has_a_reason_for_each_kind_of_its_result() -> None:
    assert list(missing(functions())) == []


def test_a_declared_result_has_the_declarations_reason_and_keeps_the_observed_one() -> None:
    description = describe_function(threshold)
    observation = observed([(IMAGE, array(*IMAGE))])
    declaration = Declaration(result="mask", reason="Zeros and ones.")
    verdict = classify(description, observation, declaration)
    assert (verdict.result, verdict.result_reason) == ("mask", "Zeros and ones.")
    assert verdict.overruled is not None
    assert verdict.overruled.result_reason == (
        "an array of the image's shape, not of an integer dtype in every call"
    )
    contract = Declaration(contract="PURE_2D", reason="Planes are not isotropic.")
    assert classify(description, observation, contract).result_reason == (
        verdict.overruled.result_reason
    )
