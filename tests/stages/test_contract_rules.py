"""Each contract has a reason, and each reason is one that some function has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

import voxbind
from voxbind import ProcessingContract
from voxbind._native import declaring
from voxbind_build.classify.contract_facts import ContractFacts, Takes
from voxbind_build.classify.contract_rules import RULES, contract
from voxbind_build.manifest import MANIFEST, read
from voxbind_build.model import Call, Contract, Observation, ReachTrial, ReachTrials, Result
from voxbind_build.render.contract_forms import contract_form

TEXTS = {
    "default": r"(, if channel_axis=None is passed .*)?",
    "needs_colours": ".*",
    "shows_nothing": r"\w+=.+",
}
"""What may stand for a field in braces; for all others it is the library's error, or nothing."""
IMAGES = {"image": ((17, 22), (19, 15)), "volume": ((9, 17, 22), (11, 19, 15))}


def pattern(reason: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", reason)
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [TEXTS.get(name, r"( \(.*\)|: .*)?") for name in parts[1::2]]
    return re.compile("".join(parts) + "$")


def committed_reasons() -> set[str]:
    libraries = read(Path(voxbind.__path__[0]) / MANIFEST).libraries.values()
    functions = [each for library in libraries for each in library.functions.values()]
    overruled = [each.overruled.reason for each in functions if each.overruled]
    return {*(each.reason for each in functions), *overruled}


# --- observations made up, for what no function of the libraries does ------------------------


def observed(*calls: Call, **relations: bool) -> Observation:
    return Observation(
        definition="m:f", fingerprint="", image="image", calls=calls, relations=relations
    )


def call(kind: str, shape: tuple[int, ...], *result: int, error: str = "") -> Call:
    return Call(
        case=f"{kind} of grey",
        shape=shape,
        dtype="float64",
        outcome="raised" if error else "returned",
        result=None if error else Result(type="array", shape=result, dtype="float64"),
        error=error,
    )


SAME = tuple(call(kind, shape, *shape) for kind, shapes in IMAGES.items() for shape in shapes)
NUMBERS = tuple(call(kind, shape) for kind, shapes in IMAGES.items() for shape in shapes)
QUOTED = call("volume", (9, 17, 22), error="ValueError: no {volumes}")
MADE_UP = (
    observed(*SAME, last_axis_gone=True),
    observed(QUOTED, *SAME, flat_arguments=True),
    observed(*NUMBERS, mean_of_planes=True),
    replace(
        observed(*SAME, per_slice=True, last_axis=True),
        reach=ReachTrials(
            trials=(
                ReachTrial(elements=(0, 0)),
                ReachTrial(changed={"angle": "1.6"}, elements=None),
            ),
        ),
    ),
)


def test_each_rule_decides_for_a_function_of_the_libraries_or_for_an_observation_made_for_it() -> (
    None
):
    reasons = committed_reasons() | {contract(each).reason for each in MADE_UP}
    for rule in RULES:
        assert any(map(pattern(rule.reason).search, reasons)), rule.reason


def test_errors_of_a_library_are_quoted_as_they_are() -> None:
    reason = contract(observed(*SAME[:2], QUOTED)).reason
    assert reason.endswith("arrangement of arguments tried: ValueError: no {volumes}")


def test_no_reason_stands_for_two_rules() -> None:
    texts = [rule.reason for rule in RULES]
    assert len(texts) == len({*texts})


def test_reasons_name_facts_alone() -> None:
    named = {name for rule in RULES for name in re.findall(r"\{(\w+)\}", rule.reason)}
    assert named <= {*ContractFacts.__struct_fields__}


@pytest.mark.parametrize("takes", [each for each in get_args(Takes) if each != "nothing"])
def test_the_last_rule_of_what_is_taken_always_fits(takes: str) -> None:
    names = [rule.fits.__name__ for rule in RULES if rule.takes == takes]
    assert names[-1:] == ["_always"]
    assert "_always" not in names[:-1], "the rules after it would never decide"


def test_all_places_list_the_same_contracts() -> None:
    names = list(get_args(Contract))
    assert [contract.value for contract in ProcessingContract] == names
    assert list(declaring._CONTRACTS) == names
    assert {contract_form(name).volumes for name in names} == {"sliced", "processed", "projected"}
