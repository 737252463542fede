"""What a limit, a kill, a lack of memory or a single crash ends never becomes a verdict."""

import json
import tempfile
from pathlib import Path

import msgspec
import pytest

from voxbind_build import manifest
from voxbind_build.build import pipeline
from voxbind_build.cli import name_search as lookup
from voxbind_build.manifest import decode_observations, observations_path
from voxbind_build.model import LibrarySpec
from voxbind_build.probe.sandbox import pool as sandbox

SPEC = LibrarySpec(name="moody", distribution="moody", modules=("moody",))
SOURCE = '''
"""A library that can be told to misbehave on volumes."""
import os
import time

MOOD = "well"
MARKER = "no file"


def _misbehave(image):
    while image.ndim == 3 and MOOD == "sleeps":
        time.sleep(60)
    while image.ndim == 3 and MOOD == "spins":
        pass
    if image.ndim == 3 and MOOD == "is killed":
        os.kill(os.getpid(), 9)
    if image.ndim == 3 and MOOD == "has no memory":
        raise MemoryError("Unable to allocate 1 TiB")
    if image.ndim == 3 and MOOD == "crashes once" and not os.path.exists(MARKER):
        open(MARKER, "w").close()
        os.abort()
    if MOOD == "refuses":
        raise ValueError("not today")


def blur(image):
    """Blur an image.

    Parameters
    ----------
    image : ndarray
        Of any number of axes.
    """
    _misbehave(image)
    return image + image.mean()


def invert(image):
    """Invert an image.

    Parameters
    ----------
    image : ndarray
        Of any number of axes.
    """
    return image.max() - image
'''
ENDS = {
    "sleeps": "volume: didn't end within",
    "spins": "volume: used more than 1 s of processor time",
    "is killed": "volume: was ended from outside by SIGKILL",
    "has no memory": "volume: MemoryError: Unable to allocate 1 TiB",
}


@pytest.fixture
def moody(tmp_path, monkeypatch):
    """The library, and the way to change its mood, which is another source."""
    folder = tmp_path / "libraries" / "moody"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(folder.parent)

    def feel(mood, marker="no file"):
        # What sleeps is ended by the clock alone, so that no test need wait long for it.
        monkeypatch.setattr(sandbox, "PATIENCE", 2 if mood == "sleeps" else 10)
        source = SOURCE.replace('"well"', repr(mood)).replace('"no file"', repr(str(marker)))
        (folder / "__init__.py").write_text(source)

    feel("well")
    return feel


@pytest.fixture
def marker():
    """A file that functions can make, and that later processes see: `/dev/shm` isn't confined."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder) / "marker"


def build(out, **more):
    return pipeline.build([SPEC], out, jobs=2, time_limit=4, **more)


def function(out, name="blur"):
    return manifest.read(out / manifest.MANIFEST).libraries["moody"].functions[f"moody.{name}"]


def without_source(function):
    """Return a function without the digests of its source, which its mood is part of."""
    return msgspec.structs.replace(function, fingerprint="", code="", shared_code="")


def observation(out):
    return decode_observations((out / observations_path("moody")).read_bytes())["moody:blur"]


@pytest.mark.parametrize("mood", ENDS)
def test_a_recorded_verdict_stays_and_is_named(moody, tmp_path, mood):
    out = tmp_path / "out" / "voxbind"
    assert build(out).notes == ()
    before, seen = function(out), observation(out)
    assert (before.contract, before.evidence) == ("FLEXIBLE", "observed")
    moody(mood)
    report = build(out)
    (note,) = report.notes
    assert note.startswith(f"moody.blur: the measurement was inconclusive twice ({ENDS[mood]}")
    assert note.endswith("; the earlier record of it is kept.")
    after = function(out)
    assert without_source(after) == without_source(before)
    assert observation(out) == seen
    assert function(out, "invert").evidence == "observed"
    # What wasn't settled is measured again by the next build, and settled as soon as it can be.
    moody("well")
    assert build(out).notes == ()
    assert observation(out).inconclusive == {}


def test_check_reports_it_and_calls_it_no_difference(moody, tmp_path):
    out = tmp_path / "out" / "voxbind"
    build(out)
    moody("is killed")
    report = pipeline.check([SPEC], out, measure=True, jobs=2, time_limit=4)
    # A mood is written into the source, and that alone is a difference.
    assert {difference.aspect for difference in report.differences} == {"source"}
    assert ["moody.blur" in note and ENDS["is killed"] in note for note in report.notes] == [True]


@pytest.mark.parametrize("mood", ENDS)
def test_without_a_record_it_is_unobserved(moody, tmp_path, mood):
    out = tmp_path / "out" / "voxbind"
    moody(mood)
    report = build(out)
    (note,) = report.notes
    assert ENDS[mood] in note and note.endswith("`voxbind build --fresh` measures it again.")
    found = function(out)
    assert (found.kind, found.contract, found.evidence) == ("image", None, "unobserved")
    assert (found.refuses, found.dtypes, found.allowed_dtypes) == ({}, {}, ())
    assert function(out, "invert").contract == "FLEXIBLE"
    # Nothing was settled that could stay.
    moody("well")
    build(out, fresh=True)
    assert function(out).evidence == "observed"


def test_a_function_that_crashes_once_is_observed_when_it_is_called_again(moody, tmp_path, marker):
    out = tmp_path / "out" / "voxbind"
    moody("crashes once", marker)
    assert build(out).notes == ()
    assert marker.exists()
    after = function(out)
    assert (after.contract, after.evidence, after.refuses) == ("FLEXIBLE", "observed", {})
    assert {call.outcome for call in observation(out).calls} == {"returned"}


def test_a_function_that_is_observed_no_longer_is_a_loss_by_name(moody, tmp_path):
    out = tmp_path / "out" / "voxbind"
    build(out)
    moody("refuses")
    report = build(out)
    assert report.notes == ()
    (changes,) = report.library_changes
    (lost,) = changes.under("lost")
    assert changes.changes[0] == lost
    assert lost.names == ("moody.blur",)
    (words,) = lost.words
    assert words.startswith("was measured to be FLEXIBLE, but could not be measured now: ")
    assert "ValueError: not today" in words
    assert build(out).library_changes == ()  # once
    frozen = manifest.read(out / manifest.MANIFEST)
    assert [*dict(lookup.functions(frozen, evidence="unobserved"))] == ["moody.blur"]
    index = json.loads((out / "registry.json").read_text())["moody.blur"]
    assert (index["kind"], index["contract"], index["evidence"]) == ("image", None, "unobserved")
