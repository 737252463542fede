"""Other results than the recorded ones are written only if a second measurement agrees."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from voxbind_build.build import pipeline
from voxbind_build.build.confirming import as_written, confirmed_observation, is_doubtful
from voxbind_build.build.report import BuildReport
from voxbind_build.common.figures import UNSTABLE
from voxbind_build.manifest import decode_observations, observations_path
from voxbind_build.model import LibrarySpec, Observation

SPEC = LibrarySpec(name="fickle", distribution="fickle", modules=("fickle",))
SOURCE = '''
"""A library that reads a constant once in each process, as others compile a kernel."""
from pathlib import Path

CONSTANTS = Path("no folder")
_constant = None


def brighten(image):
    """Brighten an image.

    Parameters
    ----------
    image : ndarray
        Of any number of axes.
    """
    global _constant
    if _constant is None:
        _constant = 0.0
        for file in sorted(CONSTANTS.glob("*")):
            _constant = float(file.read_text())
            file.unlink()
            break
    return image * 1.5 + _constant
'''


@pytest.fixture
def constants() -> Iterator[Path]:
    """A folder of constants; each process takes one: `/dev/shm` isn't confined."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def out(tmp_path: Path, constants: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the library, whose functions were measured with the usual constant."""
    library = tmp_path / "libraries" / "fickle"
    library.mkdir(parents=True)
    monkeypatch.syspath_prepend(library.parent)
    (library / "__init__.py").write_text(SOURCE.replace('"no folder"', repr(str(constants))))
    out = tmp_path / "out" / "voxbind"
    build(out)
    return out


def build(out: Path) -> BuildReport:
    """Measure the library's functions."""
    return pipeline.build([SPEC], out, jobs=1, fresh=True)


def figures(out: Path) -> str:
    """Return the recorded figures of the plain call."""
    observations = decode_observations((out / observations_path("fickle")).read_bytes())
    return observations["fickle:brighten"].values["image"].partition(" ")[2]


def provide(constants: Path, numbers: Sequence[float]) -> None:
    """Let each of the next processes have another constant; the last ones have the usual one."""
    for place, number in enumerate(numbers):
        (constants / str(place)).write_text(str(number))


@pytest.mark.parametrize("numbers", [(), (0.5,)])
def test_a_result_that_differs_once_leaves_the_package_as_it_is(
    out: Path, constants: Path, numbers: Sequence[float]
) -> None:
    provide(constants, numbers)
    report = build(out)
    assert not any(constants.iterdir())
    assert not report.changes.written
    assert not report.changes.removed
    assert report.notes == ()


def test_a_result_that_differs_twice_in_the_same_way_is_written(out: Path, constants: Path) -> None:
    before = figures(out)
    provide(constants, (0.5, 0.5))
    build(out)
    assert not any(constants.iterdir())
    assert figures(out) not in (before, UNSTABLE)


def test_a_result_that_differs_each_time_is_marked(out: Path, constants: Path) -> None:
    provide(constants, (0.5, 0.7))
    build(out)
    assert not any(constants.iterdir())
    assert figures(out) == UNSTABLE
    build(out)  # with the usual constant, which proves nothing
    assert figures(out) == UNSTABLE


def observed(text: str, *, fingerprint: str = "1", per_slice: bool = False) -> Observation:
    """Return an observation of a function with the figures of one call."""
    return Observation(
        definition="m:f",
        fingerprint=fingerprint,
        relations={"per_slice": per_slice},
        values={"image": f"aa {text}"},
    )


RECORDED = observed(":1")


@pytest.mark.parametrize(
    ("new", "doubtful"),
    [
        (observed(":1"), False),
        (observed(":1.00001"), False),
        (observed(":1.1"), True),
        (observed(":1", per_slice=True), True),
        (observed("~"), False),  # the recorded figures stay
        # The source is another: then other relations are no surprise.
        (observed(":1", per_slice=True, fingerprint="2"), False),
        (observed(":1.1", fingerprint="2"), True),
        (observed("~", fingerprint="2"), False),
    ],
)
def test_what_differs_from_the_record_without_a_reason_is_doubtful(
    new: Observation, doubtful: bool
) -> None:
    written = as_written(RECORDED, new, new.fingerprint)
    assert is_doubtful(RECORDED, written) is doubtful
    assert not is_doubtful(None, written)


@pytest.mark.parametrize(
    ("first", "second", "written"),
    [
        (observed(":1.1"), observed(":1"), RECORDED),
        (observed(":1.1"), observed(":1.10001"), observed(":1.1")),
        (observed(":1.1"), observed(":1.2"), observed("~")),
        (observed(":1", per_slice=True), RECORDED, RECORDED),
        (observed(":1", per_slice=True), observed(":1.2"), RECORDED),
        (
            observed(":1.1", fingerprint="2", per_slice=True),
            observed(":1", fingerprint="2"),
            observed(":1", fingerprint="2"),
        ),
    ],
)
def test_two_of_three_measurements_decide(
    first: Observation, second: Observation, written: Observation
) -> None:
    assert confirmed_observation(RECORDED, first, second) == written
