"""Recording what needs a device: on a library that says so of itself, and runs anywhere."""

from __future__ import annotations

import json
import shutil
import time
from collections import namedtuple
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from helpers.synthetic_library import parameter
from voxbind_build import libraries, manifest
from voxbind_build.build import pipeline
from voxbind_build.build import record as recording
from voxbind_build.build.merge import merge
from voxbind_build.build.progress import Silent
from voxbind_build.build.report import BuildError, RecordReport
from voxbind_build.cli import app as cli
from voxbind_build.common.image_axes import mapped
from voxbind_build.manifest import RecordingError
from voxbind_build.memories.cupy_memory import LOST
from voxbind_build.memories.numpy_memory import Host
from voxbind_build.model import (
    Agreement,
    Description,
    Deviation,
    Function,
    LibrarySpec,
    Machine,
    Observation,
    ProbeTask,
    Returns,
)
from voxbind_build.probe import gpu as cuda
from voxbind_build.probe.protocol.twin_agreement import Pair, distance
from voxbind_build.probe.sandbox import pool as sandbox
from voxbind_build.probe.sandbox.confinement import Limits
from voxbind_build.verify.disk import OutputError

PLAIN = '''\
"""Filters on the CPU."""

import numpy as np


def negate(image):
    """Negate.

    Parameters
    ----------
    image : ndarray
        The image.

    Returns
    -------
    ndarray
        The negative.
    """
    return np.asarray(image).max() - np.asarray(image)


def brighten(image):
    """Brighten.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return np.asarray(image) * 1.0 + 1


def soften(image):
    """Soften.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return (image + np.roll(image, (1, 1), (0, 1))) / 2


def clean(image):
    """Clean.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return np.asarray(image).copy()


def measure(image):
    """Measure.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return image.sum(axis=0)


def speckle(image):
    """Add noise.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return image + np.random.random(image.shape)


def stop(image):
    """Stop.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return image * 2.0


def square(width):
    """Give a square.

    Parameters
    ----------
    width : int
        Its width.
    """
    return np.ones((width, width))
'''
"""The twin."""
CHANGES = {
    "image) * 1.0 + 1": "image) * 1.0 + (1.1 if np.asarray(image).dtype == np.float32 else 1)",
    "def soften(image)": "def soften(input)",
    '    image : ndarray\n        The image.\n    """\n    return (image + np.roll(image': (
        '    input : ndarray\n        The image.\n    """\n    return (input + np.roll(input'
    ),
    "    return np.asarray(image).copy()": (
        '    if np.asarray(image).dtype == bool:\n        raise TypeError("no truth values")\n'
        "    return np.asarray(image).copy()"
    ),
    "image.sum(axis=0)": "image.sum(axis=0, keepdims=True)",
    "    return image * 2.0": "    import os\n\n    os.abort()",
}
"""What is another way on the device: what is there, and what takes its place."""
NAMES = ("brighten", "clean", "measure", "negate", "soften", "speckle", "square", "stop")


def fast_source() -> str:
    source = PLAIN
    for old, new in CHANGES.items():
        assert source.count(old) == 1
        source = source.replace(old, new)
    return source


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both libraries: ``plain``, and ``fast.plain`` for the device."""
    folder = tmp_path_factory.mktemp("libraries")
    for package in ("plain", "fast", "fast/plain"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text('__version__ = "2.0"\n')
    (folder / "plain" / "filters.py").write_text(PLAIN)
    # A file each, so that one function's source can change alone.
    source = fast_source()
    head, *functions = source.split("\n\n\ndef ")
    imports = ""
    for text in functions:
        name = text.partition("(")[0]
        (folder / "fast" / "plain" / f"_{name}.py").write_text(f"{head}\n\n\ndef {text.rstrip()}\n")
        imports += f"from fast.plain._{name} import {name}\n"
    exports = "\n__all__ = [" + ", ".join(f'"{name}"' for name in NAMES) + "]\n"
    (folder / "fast" / "plain" / "filters.py").write_text(imports + exports)
    (folder / "plain.toml").write_text('name = "plain"\nmodules = ["plain.filters"]\n')
    (folder / "fast.toml").write_text(
        'name = "fast"\nmodules = ["fast.plain.filters"]\ntwin = "plain"\ndevice = "cuda"\n'
        '[tolerance]\n"*" = 0.001\n'
    )
    return folder


def specs(folder: Path) -> tuple[LibrarySpec, LibrarySpec]:
    return libraries.load(folder / "plain.toml"), libraries.load(folder / "fast.toml")


@pytest.fixture(scope="module")
def read_alone(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that was built where there is no device."""
    out = tmp_path_factory.mktemp("read") / "voxbind"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        pipeline.build(specs(folder), out)
    return out


@pytest.fixture(scope="module")
def made(
    folder: Path, read_alone: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, RecordReport]:
    """A file of observations, made once, and what was told of it."""
    file = tmp_path_factory.mktemp("recorded") / "fast.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        report = recording.record(specs(folder)[1:], read_alone, to=file, jobs=2)
    return file, report


@pytest.fixture
def here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the libraries that may be edited."""
    copied = Path(shutil.copytree(folder, tmp_path / "libraries"))
    monkeypatch.syspath_prepend(copied)
    return copied


@pytest.fixture
def package(read_alone: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(read_alone, tmp_path / "voxbind"))


def contents(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def functions(out: Path) -> dict[str, Function]:
    found = manifest.read(out / manifest.MANIFEST).libraries["fast"].functions
    return {name.rpartition(".")[2]: function for name, function in found.items()}


def observations(file: Path) -> dict[str, Observation]:
    (only,) = manifest.read_recordings(file).recordings
    return {name.rpartition(":")[2]: found for name, found in only.observations.items()}


def evidence(out: Path) -> dict[str, str]:
    return {name: function.evidence for name, function in functions(out).items()}


def agreement(file: Path, name: str) -> Agreement:
    found = observations(file)[name].agreement
    assert found is not None
    return found


# --- what is recorded --------------------------------------------------------------------


def test_without_a_device_contracts_are_the_twins(read_alone: Path) -> None:
    assert {*evidence(read_alone).values()} == {"inferred"}
    assert functions(read_alone)["soften"].arrays == ("input",)


def test_a_recording_names_the_machine_and_what_it_rests_on(
    made: tuple[Path, RecordReport],
) -> None:
    file, report = made
    (only,) = manifest.read_recordings(file).recordings
    assert (only.library, only.distribution, only.version) == ("fast", "fast", "2.0")
    assert only.machine == Machine(device="cpu")
    assert {*observations(file)} == {*NAMES}
    assert {found.machine for found in only.observations.values()} == {"cpu"}
    assert (report.file, report.observed, report.machines) == (str(file), len(NAMES), ("cpu",))
    assert report.changes is None


def test_the_package_stays_when_a_file_is_written(
    made: tuple[Path, RecordReport], read_alone: Path
) -> None:
    assert {*evidence(read_alone).values()} == {"inferred"}
    assert [path.name for path in made[0].parent.iterdir()] == [made[0].name]
    assert [path.name for path in read_alone.parent.iterdir()] == [read_alone.name]


def test_what_ends_its_process_leaves_the_others(made: tuple[Path, RecordReport]) -> None:
    found = observations(made[0])
    assert {name for name, each in found.items() if each.failure} == {"stop"}
    assert {call.outcome for call in found["stop"].calls} <= {"crashed"}


def test_the_same_run_gives_the_same_bytes(
    here: Path, made: tuple[Path, RecordReport], package: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.json"
    recording.record(specs(here)[1:], package, to=again, jobs=1)
    assert again.read_bytes() == made[0].read_bytes()
    assert str(tmp_path) not in again.read_text()


# --- agreement -----------------------------------------------------------------------------


def test_equal_results_agree(made: tuple[Path, RecordReport]) -> None:
    found = agreement(made[0], "negate")
    assert found.calls > 4
    assert found == Agreement(calls=found.calls, absolute=0.0, relative=0.0)


def test_a_difference_is_told_with_its_call(made: tuple[Path, RecordReport]) -> None:
    found = agreement(made[0], "brighten")
    assert found.absolute == pytest.approx(0.1, rel=0.01)
    assert 0 < found.relative < 0.1
    assert found.at.startswith("float32 array (")
    assert found.unlike == found.only_twin == ()


def test_kinds_of_call_that_differ_are_told_apart(made: tuple[Path, RecordReport]) -> None:
    found = agreement(made[0], "brighten")
    assert found.deviations == (Deviation(dtype="float32", max_relative=found.relative),)
    assert {each.unlike for each in agreement(made[0], "measure").deviations} == {True}


def test_arguments_of_every_call_make_no_kind_of_their_own() -> None:
    def twin(image: Any, sigma: float, mode: str = "a") -> Any:
        return image * sigma

    def function(image: Any, sigma: float, mode: str = "a") -> Any:
        return image * sigma + (mode == "b") + (image.dtype == bool)

    found = compared(function, twin, ({}, {"mode": "b"}, {"dtype": bool}))
    assert found == (
        Deviation(dtype="bool", max_relative=0.5),
        Deviation(dtype="float64", parameters=("mode",), max_relative=0.5),
    )


def test_arguments_make_a_kind_where_they_are_not_as_in_most_calls() -> None:
    def twin(image: Any, sigma: float, mode: str = "a") -> Any:
        return image * sigma

    def function(image: Any, sigma: float, mode: str = "a") -> Any:
        return image * sigma + (mode == "b")

    usual = {"mode": "a"}
    (apart,) = compared(function, twin, (usual, {"mode": "b"}, {**usual, "dtype": np.float32}, {}))
    assert apart == Deviation(dtype="float64", parameters=("mode",), max_relative=0.5)
    # Left out once, or of another shape, an argument is what it always is.
    (apart,) = compared(lambda image, sigma, mode=None: image + 3, twin, (usual, usual, {}))
    assert apart.parameters == ()
    weights = ({"mode": np.ones(3)}, {"mode": np.ones((3, 3))})
    (apart,) = compared(lambda image, sigma, mode=None: image + 3, twin, weights)
    assert apart.parameters == ()


def test_arrays_are_changed_in_whatever_holds_them() -> None:
    Named = namedtuple("Named", "one two")
    given = [1, (2, {"a": 3}), Named(4, [5])]
    found = mapped(given, lambda each: -each)
    assert found == [-1, (-2, {"a": -3}), Named(-4, [-5])]
    assert type(found[2]) is Named


def test_lists_make_no_kind_of_call() -> None:
    def double(image: Any, sigma: float, mode: str = "a") -> Any:
        return np.asarray(image) * 3

    assert compared(double, lambda image, sigma: np.asarray(image), ({"dtype": list},)) == ()


def compared(function: Any, twin: Any, calls: Sequence[dict[str, Any]]) -> tuple[Deviation, ...]:
    """Run two functions side by side on ones, and tell in which kinds of call they differ."""
    described = Description(
        name="fast.f",
        module="fast",
        attribute="f",
        definition="fast:f",
        fingerprint="",
        parameters=(parameter("image"), parameter("sigma"), parameter("mode", default="'a'")),
        returns=Returns(annotation="Array", annotation_source="docstring"),
    )
    pair = Pair(
        function, twin, Host(), ProbeTask(description=described, memory_type="numpy"), "image"
    )
    for call in calls:
        given = {name: value for name, value in call.items() if name != "dtype"}
        kind = call.get("dtype", float)
        image = np.ones((3, 4)).tolist() if kind is list else np.ones((3, 4), kind)
        pair(image, sigma=2.0, **given)
    assert pair.agreement is not None
    return pair.agreement.deviations


def test_a_renamed_parameter_is_given_to_the_twin_by_its_own_name(
    made: tuple[Path, RecordReport],
) -> None:
    found = agreement(made[0], "soften")
    assert (found.absolute, found.only_twin, found.unlike) == (0.0, (), ())
    assert found.calls > 4


def test_what_the_twin_alone_takes_is_told(made: tuple[Path, RecordReport]) -> None:
    (told,) = agreement(made[0], "clean").only_twin
    assert told.startswith("bool array (")
    assert told.endswith(": TypeError: no truth values")
    assert agreement(made[0], "clean").absolute == 0


def test_results_of_another_shape_have_no_distance(made: tuple[Path, RecordReport]) -> None:
    found = agreement(made[0], "measure")
    assert (found.calls, found.relative) == (0, 0.0)
    assert found.unlike
    assert all(": shape (1," in told for told in found.unlike)


@pytest.mark.parametrize("name", ["speckle", "stop"])
def test_what_is_random_or_fails_is_not_compared(
    made: tuple[Path, RecordReport], name: str
) -> None:
    assert observations(made[0])[name].agreement is None


def test_a_helper_is_compared(made: tuple[Path, RecordReport]) -> None:
    assert agreement(made[0], "square") == Agreement(
        calls=agreement(made[0], "square").calls, absolute=0.0, relative=0.0
    )


def test_functions_that_differ_are_listed(made: tuple[Path, RecordReport]) -> None:
    compared = {entry.name.rpartition(".")[2]: entry.differs for entry in made[1].compared}
    assert compared == {
        **dict.fromkeys(("clean", "negate", "soften", "square"), False),
        **dict.fromkeys(("brighten", "measure"), True),
    }


@pytest.mark.parametrize(
    ("value", "twin", "expected"),
    [
        (1.0, 1, (0.0, 0.0, "", 1)),
        (True, 1.0, (0.0, 0.0, "", 1)),
        (np.float32(3), np.asarray(4.0), (1.0, 0.25, "", 1)),
        (np.array([1, 2], np.uint8), np.array([2.0, 4.0]), (2.0, 0.5, "", 2)),
        (np.array([0, 255], np.uint8), np.array([255, 0], np.uint8), (255.0, 1.0, "", 2)),
        (np.zeros(2), np.zeros(2), (0.0, 0.0, "", 2)),
        (np.array([0.1]), np.zeros(1), (0.1, 1.0, "", 1)),
        (np.array([1e-16]), np.array([2e-15]), (1.9e-15, 0.0, "", 1)),  # remainders of zero
        (np.array([1e-12]), np.array([2e-12]), (1e-12, 0.5, "", 1)),
        (np.array([np.nan, 1.0]), np.array([np.nan, 1.0]), (0.0, 0.0, "", 2)),
        (np.array([np.inf, -np.inf]), np.array([np.inf, -np.inf]), (0.0, 0.0, "", 2)),
        (np.array([1 + 1j]), np.array([1.0]), (1.0, 1.0, "", 1)),
        ((1.0, [2.0]), [1.0, (4.0,)], (2.0, 0.5, "", 2)),
        ({"a": 1.0}, {"a": 2.0}, (1.0, 0.5, "", 1)),
        ([1.0, 2.0], np.array([1.0, 2.0]), (0.0, 0.0, "", 2)),
        (None, None, (0.0, 0.0, "", 0)),
        ("a", "a", (0.0, 0.0, "", 0)),
        (np.zeros((0, 2)), np.zeros((0, 2)), (0.0, 0.0, "", 0)),
    ],
)
def test_distance(value: Any, twin: Any, expected: tuple[float, float, str, int]) -> None:
    found = distance(value, twin)
    assert found[:2] == pytest.approx(expected[:2])
    assert found[2:] == expected[2:]


@pytest.mark.parametrize(
    ("value", "twin", "told"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2)), "shape (2, 3) for (3, 2)"),
        (np.zeros(1), 0.0, "shape (1,) for ()"),
        (np.array([np.nan]), np.array([1.0]), "a number where the twin has none"),
        (np.array([1.0]), np.array([np.inf]), "a number where the twin has none"),
        ((1, 2), (1, 2, 3), "2 members for 3"),
        ({"a": 1}, {"b": 1}, "other keys"),
        (None, 1.0, "NoneType for float"),
        ("a", "b", "'a' for 'b'"),
        (np.array(["a"]), np.array(["b"]), "other values"),
    ],
)
def test_what_is_no_matter_of_distance(value: Any, twin: Any, told: str) -> None:
    assert told in distance(value, twin).unlike


def test_the_greatest_numbers_have_a_finite_distance() -> None:
    most = np.finfo(float).max
    found = distance(np.array([most]), np.array([-most]))
    assert np.isfinite(found.absolute)
    assert np.isfinite(found.relative)


# --- merging -------------------------------------------------------------------------------


def test_a_file_is_merged_where_there_is_no_device(
    here: Path, made: tuple[Path, RecordReport], package: Path
) -> None:
    report = merge(specs(here)[1:], [made[0]], package)
    (merged,) = report.merged
    assert (merged.taken, merged.left_out, merged.machine) == (len(NAMES), {}, "cpu")
    assert evidence(package) == {
        **dict.fromkeys(NAMES, "recorded"),
        "stop": "inferred",
    }
    found = functions(package)
    assert found["negate"].reason != functions(package)["stop"].reason
    assert "taken from its twin plain.filters.stop" in found["stop"].reason
    assert found["stop"].reason.startswith("ended its process")
    twin = found["brighten"].twin
    assert twin is not None
    assert twin.agreement == agreement(made[0], "brighten")
    assert twin.differs
    assert manifest.read(package / manifest.MANIFEST).libraries["fast"].machine == "cpu"
    (row,) = report.rows
    assert (row.recorded, row.inferred, row.measured) == (7, 1, 8)


def test_a_build_and_a_check_keep_what_was_recorded(
    here: Path, made: tuple[Path, RecordReport], package: Path
) -> None:
    merge(specs(here)[1:], [made[0]], package)
    before = contents(package)
    assert pipeline.check(specs(here), package).agrees
    report = pipeline.build(specs(here), package)
    assert contents(package) == before
    assert (report.rows[0].library, report.rows[0].recorded) == ("fast", 7)
    assert merge(specs(here)[1:], [made[0]], package).changes is not None
    assert contents(package) == before


def test_committed_recordings_outlive_a_lost_package_and_a_fresh_build(
    here: Path, made: tuple[Path, RecordReport], package: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    merge(specs(here)[1:], [made[0]], package, recordings=folder)
    before, kept = contents(package), contents(folder)
    assert [*kept] == ["fast.json"]
    assert "observations/fast.json" not in before  # the folder has them, and the package no copy
    pipeline.build(specs(here), package, fresh=True, recordings=folder)
    assert contents(package) == before
    (package / "manifest.json").write_text("{")
    pipeline.build(specs(here), package, fresh=True, recordings=folder)
    assert contents(package) == before
    shutil.rmtree(package)
    pipeline.build(specs(here), package, recordings=folder)
    assert contents(package) == before
    assert contents(folder) == kept


def test_a_damaged_recording_is_named_and_nothing_is_lost(
    here: Path, made: tuple[Path, RecordReport], package: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    merge(specs(here)[1:], [made[0]], package, recordings=folder)
    path, before = folder / "fast.json", contents(package)
    path.write_text(damaged := path.read_text().replace("float64", "float32"))
    for write in (
        lambda: pipeline.build(specs(here), package, recordings=folder),
        lambda: pipeline.build(specs(here), package, fresh=True, recordings=folder),
        lambda: merge(specs(here)[1:], [made[0]], package, recordings=folder),
    ):
        with pytest.raises(BuildError, match=r"fast\.json .*digest doesn't match"):
            write()
    assert contents(package) == before
    assert path.read_text() == damaged
    checked = pipeline.check(specs(here), package, recordings=folder)
    assert [str(path) in note for note in checked.notes] == [True]


def test_recording_into_the_package_is_recording_and_merging(
    here: Path, made: tuple[Path, RecordReport], package: Path, tmp_path: Path
) -> None:
    elsewhere = Path(shutil.copytree(package, tmp_path / "elsewhere" / "voxbind"))
    merge(specs(here)[1:], [made[0]], elsewhere)
    report = recording.record(specs(here)[1:], package, jobs=2)
    assert report.observed == len(NAMES)
    assert contents(package) == contents(elsewhere)
    # What holds isn't observed again.
    again = recording.record(specs(here)[1:], package)
    assert again.observed == 0
    file = tmp_path / "nothing.json"
    again = recording.record(specs(here)[1:], package, to=file)
    assert not file.exists()
    assert "no file was written" in again.notes[-1]


def test_what_another_version_showed_is_refused(
    here: Path, made: tuple[Path, RecordReport], package: Path
) -> None:
    (here / "fast" / "__init__.py").write_text('__version__ = "2.1"\n')
    before = contents(package)
    with pytest.raises(BuildError, match=r"2\.0 was observed, but 2\.1 is installed here"):
        merge(specs(here)[1:], [made[0]], package)
    assert contents(package) == before


def test_a_changed_function_is_left_out_by_name(
    here: Path, made: tuple[Path, RecordReport], package: Path
) -> None:
    path = here / "fast" / "plain" / "_negate.py"
    path.write_text(path.read_text().replace("Negate.", "Turn dark into bright."))
    (here / "fast" / "plain" / "filters.py").write_text(
        (here / "fast" / "plain" / "filters.py")
        .read_text()
        .replace('"clean", ', "")
        .replace("from fast.plain._clean import clean\n", "")
    )
    (merged,) = merge(specs(here)[1:], [made[0]], package).merged
    assert merged.taken == len(NAMES) - 2
    assert merged.left_out == {
        "fast.plain._clean:clean": "the library here has no such function",
        "fast.plain._negate:negate": "its source code is different here",
    }
    assert any("fast.plain._negate:negate" in line for line in merged.lines())
    assert evidence(package)["negate"] == "inferred"
    assert evidence(package)["soften"] == "recorded"


@pytest.mark.parametrize("damage", ["edited", "truncated", "foreign", "empty", "older", "absent"])
def test_a_file_that_cant_be_trusted_is_refused(
    here: Path, made: tuple[Path, RecordReport], package: Path, tmp_path: Path, damage: str
) -> None:
    text = made[0].read_text()
    file = tmp_path / "damaged.json"
    if damage != "absent":
        file.write_text(
            {
                "edited": text.replace("float64", "float32"),
                "truncated": text[:-100],
                "foreign": '{"a": 1}\n',
                "empty": "",
                "older": text.replace('"schema_version":', '"schema_version":9'),
            }[damage]
        )
    before = contents(package)
    with pytest.raises(RecordingError, match=r"damaged\.json .*record --to"):
        merge(specs(here)[1:], [file], package)
    assert contents(package) == before


def test_what_isnt_named_is_left_out(
    here: Path, made: tuple[Path, RecordReport], package: Path
) -> None:
    with pytest.raises(BuildError, match="name it with --library"):
        merge([spec for spec in libraries.builtin() if spec.device], [made[0]], package)


# --- when something is wrong -------------------------------------------------------------


def test_a_recording_that_was_broken_off_goes_on_where_it_stopped(
    here: Path, made: tuple[Path, RecordReport], package: Path, tmp_path: Path
) -> None:
    class Impatient(Silent):
        told = 0

        def advance(self, library: str) -> None:
            self.told += 1
            if self.told == 3:
                raise KeyboardInterrupt

    file = tmp_path / "observed" / "fast.json"
    with pytest.raises(KeyboardInterrupt):
        recording.record(specs(here)[1:], package, to=file, reporter=Impatient())
    assert not file.exists()
    report = recording.record(specs(here)[1:], package, to=file)
    assert report.rows[0].measured == len(NAMES) - 3
    assert file.read_bytes() == made[0].read_bytes()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_there_is_no_time_for_is_recorded_the_next_time(
    here: Path,
    made: tuple[Path, RecordReport],
    package: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Clock:
        """Is an hour ahead once three functions are observed."""

        ahead = 0

        def monotonic(self) -> float:
            return time.monotonic() + self.ahead

    class Watching(Silent):
        told = 0

        def advance(self, library: str) -> None:
            self.told += 1
            clock.ahead = 3600 * (self.told >= 3)

    clock, file = Clock(), tmp_path / "observed" / "fast.json"
    monkeypatch.setattr(sandbox, "time", clock)
    report = recording.record(
        specs(here)[1:], package, to=file, jobs=1, within=3600, reporter=Watching()
    )
    assert report.notes == (
        f"there was no time to measure {len(NAMES) - 3} functions; "
        "run the command again to continue",
    )
    (part,) = manifest.read_recordings(file).recordings
    assert len(part.observations) == report.observed == 3
    clock.ahead = 0
    report = recording.record(specs(here)[1:], package, to=file)
    assert report.rows[0].measured == len(NAMES) - 3
    assert file.read_bytes() == made[0].read_bytes()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_without_any_time_nothing_is_written(here: Path, package: Path, tmp_path: Path) -> None:
    file = tmp_path / "observed" / "fast.json"
    report = recording.record(specs(here)[1:], package, to=file, within=0)
    assert report.notes == (
        f"there was no time to measure {len(NAMES)} functions; run the command again to continue",
    )
    assert not report.file
    assert not file.exists()


def test_a_library_that_needs_no_device_is_for_a_build(here: Path, package: Path) -> None:
    message = r"plain needs no device, so it isn't recorded\. `voxbind build`"
    with pytest.raises(BuildError, match=message):
        recording.record(specs(here), package)


def test_a_package_is_needed_to_record_into(here: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="voxbind build"):
        recording.record(specs(here)[1:], tmp_path / "voxbind")
    assert not (tmp_path / "voxbind").exists()


def test_a_file_that_cant_be_written_is_told_first(
    here: Path, package: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="--to"):
        recording.record(specs(here)[1:], package, to=tmp_path)


def test_a_library_that_cant_be_imported_is_an_error(here: Path, package: Path) -> None:
    (here / "fast" / "plain" / "__init__.py").write_text("raise ImportError('no driver')\n")
    before = contents(package)
    with pytest.raises(BuildError, match="no driver"):
        recording.record(specs(here)[1:], package)
    assert contents(package) == before


def test_a_machine_on_which_nothing_runs_records_nothing(
    here: Path, package: Path, tmp_path: Path
) -> None:
    for path in (here / "fast" / "plain").glob("_[a-z]*.py"):
        head, _, body = path.read_text().rpartition('"""\n')
        path.write_text(head + '"""\n    raise OSError("the device is gone")\n' + body)
    file = tmp_path / "observed" / "fast.json"
    with pytest.raises(BuildError, match=r"None of .* could be run.*the device is gone"):
        recording.record(specs(here)[1:], package, to=file, fresh=True)
    assert [*file.parent.iterdir()] == []


def test_without_a_gpu_its_absence_is_told(here: Path, package: Path) -> None:
    if not isinstance(missing := cuda.examine(), str):
        pytest.skip("there is a GPU")
    spec = msgspec.structs.replace(specs(here)[1], memory_type="cupy")
    before = contents(package)
    with pytest.raises(BuildError, match="needs an NVIDIA GPU") as raised:
        recording.record([spec], package)
    assert missing in str(raised.value)
    assert "voxbind record --from FILE" in str(raised.value)
    assert contents(package) == before


def test_the_command_records_and_merges(
    here: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fast.json"
    named = ["--library", str(here / "fast.toml"), "--out", str(package)]
    assert cli.run(["record", *named, "--to", str(file)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "8 functions observed on cpu" in told
    assert "6 functions were compared with their twins; the results of 2 differ" in told
    assert "by more than the tolerance" in told
    assert "fast.plain.filters.brighten: differs by 0.0" in told
    assert "fast: 7 recorded, 1 inferred" in told
    assert cli.run(["record", *named, "--from", str(file), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["merged"][0]["taken"] == 8
    assert report["rows"][0]["recorded"] == 7
    assert cli.run(["record", *named, "--from", str(file), "--to", str(file)]) == 2
    file.write_text("{}")
    capsys.readouterr()
    assert cli.run(["record", *named, "--from", str(file)]) == 1
    assert "error:" in capsys.readouterr().err


def test_the_command_says_what_is_missing(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not isinstance(cuda.examine(), str):
        pytest.skip("there is a GPU")
    assert cli.run(["record", "--library", "cucim", "--out", str(package)]) == 1
    told = capsys.readouterr().err
    assert "cucim can't be measured here" in told
    assert "NVIDIA GPU with its driver" in told
    assert "pip install 'voxbind[cuda12]'" in told


def test_a_process_that_the_gpu_fails_is_told_in_words() -> None:
    ending = sandbox._last_words(LOST, Limits(1, 1, 1, 1, 1))
    assert ending.words == "ended its process: the GPU was left in error"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "cpu"),
        (
            {"capability": "9.0", "driver": "550.54.15", "runtime": "12.4", "cupy": "14.2.0"},
            "cpu (compute capability 9.0), driver 550.54.15, CUDA 12.4, CuPy 14.2.0",
        ),
        ({"runtime": "12.4"}, "cpu, CUDA 12.4"),
    ],
)
def test_a_machine_is_told_by_what_is_known(facts: dict[str, str], words: str) -> None:
    assert Machine(device="cpu", **facts).words == words
