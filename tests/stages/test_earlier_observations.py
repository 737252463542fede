"""Observations of an earlier voxbind are read with the meaning that they had."""

import json

import msgspec
import pytest

from voxbind_build.manifest import (
    RECORDINGS,
    decode_observations,
    encode_recordings,
    read_recordings,
)
from voxbind_build.manifest.sealing import sealed
from voxbind_build.model import Deviation, Machine, Observation, Recording, Recordings

LATER: dict[str, object] = {
    "axis_arguments": None,
    "crashes": [],
    "dtype_follows": "",
    "ignored_outputs": [],
    "inconclusive": {},
    "keeps_state": False,
    "masks": {},
    "seeds": [],
    "slices_with_one": False,
}
"""Fields that observations didn't have at first, and their defaults."""


def call(case="image of grey", outcome="returned", error=""):
    return {"case": case, "shape": [4, 5], "dtype": "float64", "outcome": outcome, "error": error}


def observation(**fields):
    return {"definition": "m:f", "fingerprint": "", "image": "image", **fields}


def read(old):
    return decode_observations(json.dumps({"m:f": old}).encode())["m:f"]


@pytest.mark.parametrize(
    ("old", "outcomes", "inconclusive"),
    [
        ([call()], ["returned"], {}),
        ([call(outcome="raised", error="ValueError: no")], ["raised"], {}),
        ([call(outcome="exited", error="SystemExit: enough")], ["raised"], {}),
        ([call(outcome="crashed", error="ended its process by SIGSEGV")], ["crashed"], {}),
        (
            [call(), call("volume of grey", "timeout", "took longer than 10 s")],
            ["returned", "inconclusive"],
            {"volume": "took longer than 10 s"},
        ),
        ([call(outcome="memory", error="MemoryError")], ["inconclusive"], {"image": "MemoryError"}),
        # Another arrangement of the same dimensions was taken.
        ([call(outcome="timeout", error="took longer than 10 s"), call()], None, {}),
    ],
)
def test_outcomes_have_the_names_of_today(old, outcomes, inconclusive):
    found = read(observation(calls=old))
    assert outcomes in (None, [each.outcome for each in found.calls])
    assert found.inconclusive == inconclusive


def test_renamed_fields_are_read_by_their_old_names():
    apart = {"dtype": "bool", "given": ["mode"], "relative": 0.5, "unlike": False}
    agreement = {"calls": 2, "absolute": 1.0, "relative": 0.5, "apart": [apart]}
    option = {"options": {"full": "True"}, "dtype": "float64", "result": {"type": "none"}}
    newer: list[dict[str, dict[str, str]]] = [{}, {"inconclusive": {}}]
    for later in newer:
        migrated = read(
            observation(
                only=["uint8"],
                turned=[option],
                also={"sigma": ["float"]},
                agreement=agreement,
                **later,
            )
        )
        assert migrated.allowed_dtypes == ("uint8",)
        assert migrated.option_effects[0].options == {"full": "True"}
        assert migrated.also_accepts == {"sigma": ("float",)}
        assert migrated.agreement.deviations == (
            Deviation(dtype="bool", parameters=("mode",), max_relative=0.5),
        )


def test_refused_dtypes_are_those_that_the_function_refused():
    refused = {
        "bool": "TypeError: no bool",
        "int32": "ended its process by SIGABRT or SIGSEGV",
        "uint8": "took longer than 10 s",
    }
    found = read(observation(refused=refused))
    assert found.refused == {name: refused[name] for name in ("bool", "int32")}
    assert found.crashes == ("int32",)
    assert found.inconclusive == {"dtypes": "took longer than 10 s"}


def test_a_callable_that_used_up_its_time_is_inconclusive():
    words = "took longer than 300 s"
    assert read(observation(failure=words)).inconclusive == {"process": words}
    assert read(observation(failure="ended its process by SIGSEGV")).inconclusive == {}


@pytest.mark.parametrize("library", ["cucim", "cupyx"])
def test_what_a_gpu_recorded_keeps_its_meaning(library):
    recordings = json.loads((RECORDINGS / f"{library}.json").read_bytes())["recordings"]
    old = {
        name: {field: value for field, value in found.items() if field not in LATER}
        for recording in recordings
        for name, found in recording["observations"].items()
    }
    new = json.loads(msgspec.json.encode(decode_observations(json.dumps(old).encode())))
    assert len(new) > 50
    for name, found in new.items():
        assert {field: found.pop(field) for field in LATER} == LATER
        assert found.pop("values", {}) == old[name].pop("values", {})
        assert found.pop("reach", None) == old[name].pop("reach", None)
        assert found == old[name]


def test_a_recording_of_an_earlier_voxbind_is_read(tmp_path):
    """Its digest is that of the fields that it has."""
    recording = Recording(
        library="fast",
        distribution="fast",
        version="1",
        machine=Machine(device="cpu"),
        observations={"m:f": Observation(definition="m:f", fingerprint="sha256:0", image="image")},
    )
    document = json.loads(encode_recordings(Recordings(recordings=(recording,))))
    for field in LATER:
        document["recordings"][0]["observations"]["m:f"].pop(field, None)  # a default is left out
    path = tmp_path / "old.json"
    path.write_text(sealed(json.dumps(document)))
    assert read_recordings(path).recordings == (recording,)
