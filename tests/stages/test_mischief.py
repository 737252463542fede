"""A whole build of a library that does everything wrong: each function pays for itself."""

import shutil
from pathlib import Path

import pytest

from voxbind_build import manifest
from voxbind_build.build import pipeline
from voxbind_build.cli import name_search as lookup
from voxbind_build.model import LibrarySpec
from voxbind_build.probe.sandbox import pool as sandbox

FUNCTIONS = Path(__file__).parents[1] / "helpers" / "misbehaving_functions.py"
SPEC = LibrarySpec(
    name="mischief", distribution="mischief", extra="mischief", modules=("mischief",)
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("libraries")
    (folder / "mischief").mkdir()
    shutil.copy(FUNCTIONS, folder / "mischief" / "__init__.py")
    (folder / "mischief-1.0.dist-info").mkdir()
    (folder / "mischief-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: mischief\nVersion: 1.0\n"
    )
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious.txt").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("OFFENDERS_OUTSIDE", str(outside))
        patch.setattr(sandbox, "DISK_LIMIT", 1 << 26)
        patch.setattr(sandbox, "PATIENCE", 2)
        out = tmp_path_factory.mktemp("out") / "voxbind"
        report = pipeline.build([SPEC], out, jobs=2, time_limit=12)
    return report, manifest.read(out / manifest.MANIFEST)


def test_every_function_is_wrapped_as_what_it_is(built):
    report, frozen = built
    (row,) = report.rows
    assert row.adds_up
    found = frozen.libraries["mischief"].functions
    functions = [entry for entry in found.values() if entry.form == "function"]
    assert len(functions) > 40
    # A function that took its process down still has a parameter called `image`.
    assert {entry.kind for entry in functions} == {"image"}
    assert {entry.arrays for entry in functions} == {("image",)}


def test_well_behaved_functions_are_observed_as_ever(built):
    _, frozen = built
    for name in ("invert", "neighbour"):
        entry = frozen.libraries["mischief"].functions[f"mischief.{name}"]
        assert (entry.contract, entry.result, entry.evidence) == ("FLEXIBLE", "image", "observed")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("segfaults", "ended its process by SIGABRT or SIGSEGV"),
        ("aborts", "ended its process by SIGABRT or SIGSEGV"),
        ("leaves_with_three", "ended its process with exit code 3"),
        ("exits", "SystemExit: enough"),
        ("hangs", "the measurement was inconclusive: didn't end within 6 s"),
        ("turns_a_deaf_ear", "the measurement was inconclusive: didn't end within 24 s"),
        ("is_killed", "the measurement was inconclusive: was ended from outside by SIGKILL"),
        ("fills_the_disk", "wrote more than 64 MiB of files"),
        ("reads_input", "EOFError"),
        ("opens_window", "no display name"),
    ],
)
def test_the_build_tells_what_happened(built, name, told):
    report, frozen = built
    (entry,) = [entry for entry in report.unobserved if entry.name == f"mischief.{name}"]
    assert told in entry.reason
    assert (entry.kind, entry.evidence) == ("image", "unobserved")
    function = dict(lookup.functions(frozen, evidence="unobserved"))[entry.name]
    assert (function.contract, function.refuses, function.dtypes) == (None, {}, {})


def test_the_build_names_what_was_inconclusive(built):
    report, _ = built
    noted = [note for note in report.notes if "the measurement was inconclusive twice" in note]
    names = {note.partition(":")[0] for note in noted}
    assert {f"mischief.{name}" for name in ("hangs", "spins", "is_killed", "eats_memory")} <= names
    assert not {f"mischief.{name}" for name in ("invert", "segfaults", "exits")} & names
