"""Versions of NumPy and other libraries that results depend on are part of the record."""

from importlib import metadata

import numpy as np
import pytest
from msgspec.structs import replace

from voxbind_build import libraries, manifest
from voxbind_build.build import dependencies, pipeline
from voxbind_build.build.dependencies import changed, sentence, to_record, versions_of
from voxbind_build.cli import doctor
from voxbind_build.common.installed_versions import version_of
from voxbind_build.model import Library

BUILTIN = {spec.name: spec for spec in libraries.builtin()}
MAJOR, MINOR, PATCH = (int(part) for part in np.__version__.split(".")[:3])
OLDER = f"{MAJOR}.{MINOR - 1}.0" if MINOR else f"{MAJOR - 1}.26.4"
NEWER = f"{MAJOR}.{MINOR + 1}.0"
PATCHED = f"{MAJOR}.{MINOR}.{PATCH + 1}"


def spec(toylib):
    return libraries.load(toylib.parent / "toylib.toml")


@pytest.fixture
def numpy_version(monkeypatch):
    """Let another version of NumPy seem to be installed; an empty one, none."""
    installed = version_of

    def pretend(version):
        monkeypatch.setattr(
            dependencies,
            "version_of",
            lambda name: version if name == "numpy" else installed(name),
        )

    return pretend


@pytest.fixture
def package(toylib, tmp_path):
    out = tmp_path / "out" / "voxbind"
    pipeline.build([spec(toylib)], out)
    return out


def recorded(package):
    return manifest.read(package / manifest.MANIFEST).libraries["toylib"].measured_with


def definitions(package):
    return {*manifest.read_record(package).observations["toylib"]}


# --- which versions --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["native", "pyclesperanto", "scipy", "skimage"])
def test_each_library_depends_on_numpy_and_not_on_itself(name):
    versions = versions_of(BUILTIN[name])
    assert versions["numpy"] == np.__version__
    assert BUILTIN[name].distribution not in versions


def test_only_requirements_that_compute_with_arrays_count():
    versions = versions_of(BUILTIN["skimage"])
    assert versions == {"numpy": np.__version__, "scipy": metadata.version("scipy")}


def test_the_library_of_the_memory_counts():
    tensors = replace(BUILTIN["native"], name="mine", distribution="mine", memory_type="torch")
    assert versions_of(tensors).keys() >= {"numpy", "torch"}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {"numpy": "2.4.6"}, {}),
        ({"numpy": "2.4.6"}, {"numpy": "2.4.6"}, {}),
        ({"numpy": "2.4.6"}, {"numpy": "2.4.0"}, {}),
        ({"numpy": "2.4.6"}, {"numpy": "2.5.0rc1"}, {"numpy": "2.4.6"}),
        ({"numpy": "1.26.4"}, {"numpy": "2.26.4"}, {"numpy": "1.26.4"}),
        ({"numpy": "2.4.6"}, {}, {"numpy": "2.4.6"}),
        ({"numpy": "2.4.6", "scipy": "1.17.1"}, {"numpy": "2.4.6", "scipy": "1.16.0"},
         {"scipy": "1.17.1"}),
    ],
)  # fmt: skip
def test_another_minor_version_is_a_change(before, now, expected):
    assert changed(before, now) == expected
    assert bool(sentence("toy", before, now, 3)) is bool(expected)


@pytest.mark.parametrize(
    ("before", "now", "is_complete", "expected"),
    [
        ({}, {"numpy": "2.4.6"}, True, {"numpy": "2.4.6"}),
        ({}, {"numpy": "2.4.6"}, False, {}),
        ({"numpy": "2.4.6"}, {"numpy": "2.5.0"}, True, {"numpy": "2.5.0"}),
        ({"numpy": "2.4.6"}, {"numpy": "2.5.0"}, False, {"numpy": "2.4.6"}),
        ({"numpy": "2.4.6"}, {"numpy": "2.4.7"}, True, {"numpy": "2.4.6"}),
        ({"numpy": "2.4.6"}, {"numpy": "2.4.6", "scipy": "1.17.1"}, True,
         {"numpy": "2.4.6", "scipy": "1.17.1"}),
    ],
)  # fmt: skip
def test_versions_are_recorded_once_everything_was_measured_with_them(
    before, now, is_complete, expected
):
    assert to_record(before, now, is_complete=is_complete) == expected


# --- check and build -------------------------------------------------------------------


def test_a_build_records_the_versions(package):
    assert recorded(package) == {"numpy": np.__version__}


@pytest.mark.parametrize("version", [OLDER, NEWER])
def test_with_another_numpy_check_says_so_and_build_measures_again(
    toylib, package, numpy_version, version
):
    numpy_version(version)
    report = pipeline.check([spec(toylib)], package)
    assert {*report.outdated} == definitions(package)
    (note,) = report.notes
    assert note == (
        f"toylib was measured with numpy {np.__version__}, and numpy {version} is installed: the "
        f"results of {len(definitions(package))} functions may differ."
    )
    assert not report.agrees
    assert recorded(package) == {"numpy": np.__version__}

    built = pipeline.build([spec(toylib)], package)
    assert built.rows[0].measured == len(definitions(package))
    assert built.notes == (f"{note.removesuffix('.')}, so they were measured again.",)
    assert recorded(package) == {"numpy": version}
    assert pipeline.check([spec(toylib)], package).agrees


def test_a_patch_release_of_numpy_changes_nothing(toylib, package, numpy_version):
    numpy_version(PATCHED)
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    assert pipeline.check([spec(toylib)], package).agrees
    assert pipeline.build([spec(toylib)], package, fresh=True).notes == ()
    assert {path: path.read_bytes() for path in package.rglob("*") if path.is_file()} == before


def test_what_a_stopped_build_measured_with_another_numpy_counts_only_there(
    toylib, package, numpy_version
):
    observations = manifest.read_record(package).observations["toylib"]
    journal = manifest.Journal(package)
    for observation in observations.values():
        journal.add("toylib", observation, {"numpy": NEWER})
    numpy_version(OLDER)
    assert pipeline.build([spec(toylib)], package).rows[0].measured == len(observations)
    journal = manifest.Journal(package)
    for observation in observations.values():
        journal.add("toylib", observation, {"numpy": NEWER})
    numpy_version(NEWER)
    assert pipeline.build([spec(toylib)], package).rows[0].measured == 0
    assert recorded(package) == {"numpy": NEWER}


def test_what_check_measured_with_another_numpy_is_kept_for_the_build(
    toylib, package, numpy_version
):
    """Also if nothing differs: the build records that it was measured."""
    numpy_version(OLDER)
    report = pipeline.check([spec(toylib)], package, measure=True)
    assert [change.aspect for change in report.differences] == ["library"]
    assert pipeline.build([spec(toylib)], package).rows[0].measured == 0
    assert recorded(package) == {"numpy": OLDER}
    assert pipeline.check([spec(toylib)], package).agrees


# --- doctor ----------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "is_ill"), [(OLDER, True), (NEWER, True), (PATCHED, False)])
def test_the_doctor_agrees_with_check(package, numpy_version, version, is_ill):
    library = manifest.read(package / manifest.MANIFEST).libraries["toylib"]
    scipy = BUILTIN["scipy"]
    entry: Library = replace(
        library,
        distribution="scipy",
        version=metadata.version("scipy"),
        modules=("scipy.ndimage",),
        measured_with={"numpy": np.__version__},
    )
    numpy_version(version)
    finding = doctor._library("scipy", scipy, entry, package)
    assert finding.usable
    assert finding.ill is is_ill
    assert finding.command == ("voxbind build --library scipy" if is_ill else "")
    if is_ill:
        assert finding.detail.startswith(
            f"scipy was measured with numpy {np.__version__}, and numpy {version} is installed"
        )
