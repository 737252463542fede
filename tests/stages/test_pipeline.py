"""The whole line on a small library: from its TOML to the package on disk."""

import importlib.util
import marshal
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import msgspec
import pytest

from voxbind_build import libraries, manifest
from voxbind_build.build import measuring, pipeline
from voxbind_build.build import publish as publishing
from voxbind_build.build.report import BuildError
from voxbind_build.libraries import SpecError
from voxbind_build.manifest import ManifestError
from voxbind_build.model import Declaration, Exclusion
from voxbind_build.render import templates_dir
from voxbind_build.verify.disk import OutputError

GOLDEN = Path(__file__).parent.parent / "golden"
EXPECTED = GOLDEN / "expected"


def spec(toylib):
    return libraries.load(toylib.parent / "toylib.toml")


def contents(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def state(out):
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in [out, *out.rglob("*")]}


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


class Listener:
    """A reporter that remembers."""

    def __init__(self):
        self.said, self.warned, self.totals, self.advanced = [], [], {}, []

    def say(self, text):
        self.said.append(text)

    def warn(self, text):
        self.warned.append(text)

    def start(self, totals, seconds_left):
        self.totals = dict(totals)

    def advance(self, library):
        self.advanced.append(library)

    def finish(self):
        pass


# --- what comes out --------------------------------------------------------------------


def golden(out):
    """The part of a package that depends on the library: not the runtime, nor the schema."""
    copied = {"runtime": "", "native": "_native/"}
    runtime = {
        below + path.relative_to(templates_dir() / folder).as_posix()
        for folder, below in copied.items()
        for path in (templates_dir() / folder).rglob("*.py")
    }
    runtime |= {"_auto/wording.py", "_upstream/image_axes.py"}
    files = {
        path: text
        for path, text in contents(out).items()
        if path not in runtime | {manifest.SCHEMA, manifest.MANIFEST}
    }
    # The manifest lists the digests of the runtime's files as well.
    read = manifest.read(out / manifest.MANIFEST)
    files["manifest.json"] = manifest.encode(msgspec.structs.replace(read, files={})).encode()
    return files


def test_a_patch_release_with_the_same_sources_agrees_with_the_record(toylib, tmp_path):
    def install(version, box_size):
        for path, old, new in (
            (toylib / "__init__.py", '__version__ = "[^"]*"', f'__version__ = "{version}"'),
            (toylib / "filters" / "_smooth.py", "size=[0-9]", f"size={box_size}"),
        ):
            path.write_text(re.sub(old, new, path.read_text()))
        importlib.invalidate_caches()

    spec, out = libraries.load(GOLDEN / "toylib.toml"), tmp_path / "voxbind"
    install("1.0.1", 3)
    pipeline.build([spec], out)
    before = contents(out)
    install("1.0.2", 3)
    report = pipeline.check([spec], out)
    assert report.agrees
    assert any("toylib 1.0.2 is installed. The record of 1.0.1 fits" in n for n in report.notes)
    assert not pipeline.build([spec], out).changes.written
    assert contents(out) == before
    install("1.0.2", 5)
    assert not pipeline.check([spec], out).agrees
    install("1.1.2", 3)
    report = pipeline.check([spec], out)
    assert not report.agrees
    derived = "toylib 1.1.2 wasn't measured: contracts, results and dtypes are derived from calls"
    assert [note for note in report.notes if note.startswith(f"{derived} of 1.0.1.")]


def test_an_image_parameter_with_another_name_has_no_contract_before_a_measurement(
    toylib, tmp_path
):
    spec, out = libraries.load(GOLDEN / "toylib.toml"), tmp_path / "voxbind"
    pipeline.build([spec], out)
    source = toylib / "filters" / "_smooth.py"
    source.write_text(re.sub(r"\bimage\b", "picture", source.read_text()))
    importlib.invalidate_caches()
    report = pipeline.check([spec], out)
    changed = {difference.name: difference for difference in report.differences}
    assert "toylib.filters.box" in changed
    assert "toylib.filters.box" in {entry.name for entry in report.unobserved}


@pytest.mark.parametrize(
    ("written_for", "is_ignored"), [("0.9", True), ("1.0", False), ("", False)]
)
def test_an_entry_for_another_version_of_a_library_is_ignored(
    toylib, tmp_path, written_for, is_ignored
):
    gone = {"toylib.filters.gone": Exclusion(reason="display")}
    spec = msgspec.structs.replace(
        libraries.load(GOLDEN / "toylib.toml"), exclude=gone, written_for=written_for
    )
    out = tmp_path / "voxbind"
    if not is_ignored:
        with pytest.raises(SpecError, match=r"toylib\.filters\.gone"):
            pipeline.build([spec], out)
        return
    (note,) = [note for note in pipeline.build([spec], out).notes if "gone" in note]
    assert note.endswith("(ignored: the file is for 0.9)")


def test_a_module_that_is_a_function_in_an_older_version_costs_nothing_but_itself(toylib, tmp_path):
    spec = libraries.load(GOLDEN / "toylib.toml")
    newer = msgspec.structs.replace(
        spec, modules=(*spec.modules, "toylib.filters.box"), written_for="1.1"
    )
    out = tmp_path / "voxbind"
    (note,) = [note for note in pipeline.build([newer], out).notes if "box" in note]
    assert "has no module 'toylib.filters.box'" in note
    recorded = manifest.read(out / manifest.MANIFEST).libraries["toylib"]
    assert recorded.modules == spec.modules
    assert recorded.functions["toylib.filters.box"].contract == "FLEXIBLE"


def test_the_toy_librarys_package_is_as_expected(built, request):
    made = golden(built)
    if request.config.getoption("--regenerate"):
        shutil.rmtree(EXPECTED, ignore_errors=True)
        for path, text in made.items():
            (EXPECTED / path).parent.mkdir(parents=True, exist_ok=True)
            (EXPECTED / path).write_bytes(text)
    expected = contents(EXPECTED)
    assert sorted(made) == sorted(expected)
    for path, text in made.items():
        assert text.decode() == expected[path].decode(), (
            f"{path} differs; if that is meant, run pytest --regenerate and read the diff"
        )


def python(code, *path):
    """Run code in a fresh process and return what it prints."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_public_name_is_accounted_for(built):
    """Counted here by importing the modules, not by reading what discovery says."""
    entry = manifest.read(built / manifest.MANIFEST).libraries["toylib"]
    code = f"""
        import importlib
        for name in {entry.modules!r}:
            module = importlib.import_module(name)
            listed = getattr(module, "__all__", None)
            for attribute in listed or [a for a in vars(module) if a[0] != "_"]:
                print(name + "." + attribute)
    """
    public = set(python(code, GOLDEN).split())
    assert len(public) > 15
    assert public <= {*entry.functions, *entry.excluded}


def test_the_package_imports_and_runs(built, search_path):
    code = """
        import numpy as np
        import toylib.filters
        from voxbind.toylib import filters
        image = np.arange(42.0).reshape(6, 7)
        assert np.array_equal(filters.box(image), toylib.filters.box(image))
        print("ran")
    """
    assert python(code, built.parent, GOLDEN, search_path) == "ran\n"


# --- same in, same out -----------------------------------------------------------------


def test_a_second_build_touches_and_measures_nothing(toylib, package):
    before = state(package)
    listener = Listener()
    report = pipeline.build([spec(toylib)], package, reporter=listener)
    assert state(package) == before
    assert report.changes.written == report.changes.removed == ()
    assert (report.rows[0].source, report.rows[0].measured) == ("unchanged", 0)
    assert listener.advanced == []


def test_measuring_again_gives_the_same_bytes(toylib, package, built):
    before = state(package)
    report = pipeline.build([spec(toylib)], package, fresh=True, jobs=1)
    assert report.rows[0].measured > 0
    assert contents(package) == contents(built)
    assert state(package) == before


NARROW = '''

def narrow(image):
    """Threshold an image of small integers.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    if image.dtype not in ("uint8", "uint16"):
        raise TypeError("only 8 and 16 bits")
    return (image > image.mean()).astype("int32")
'''


def test_a_build_writes_the_same_from_a_measurement_as_from_its_record(
    toylib, package, tmp_path, monkeypatch
):
    """The measurement is in the order of the calls, and the record is sorted."""
    smooth = toylib / "filters" / "_smooth.py"
    edit(smooth, '"soften"]', '"soften", "narrow"]')
    smooth.write_text(smooth.read_text() + NARROW)
    assert pipeline.build([spec(toylib)], package).rows[0].measured > 0
    assert "np.dtype[np.uint16 | np.uint8]" in (package / "toylib" / "filters.py").read_text()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # where no text is kept
    assert pipeline.check([spec(toylib)], package).agrees


def test_the_place_of_the_package_doesnt_show(toylib, built, tmp_path):
    elsewhere = tmp_path / "some" / "where" / "else"
    pipeline.build([spec(toylib)], elsewhere)
    assert contents(elsewhere) == contents(built)


def test_progress_is_told_function_by_function(toylib, tmp_path):
    listener = Listener()
    report = pipeline.build([spec(toylib)], tmp_path / "voxbind", reporter=listener)
    assert listener.totals == {"toylib": report.rows[0].measured}
    assert len(listener.advanced) == report.rows[0].measured


# --- when the library moves ------------------------------------------------------------


def test_only_what_changed_is_measured_again(toylib, package):
    edit(toylib / "filters" / "_smooth.py", "def box(image, size=3)", "def box(image, size=5)")
    before = contents(package)
    report = pipeline.build([spec(toylib)], package)
    everything = manifest.read(package / manifest.MANIFEST).libraries["toylib"].functions
    in_module = {
        function.definition
        for function in everything.values()
        if function.definition.startswith("toylib.filters._smooth:")
    }
    assert report.rows[0].measured == len(in_module)
    changed = {path for path, text in contents(package).items() if before.get(path) != text}
    assert changed == {
        "toylib/filters.py",
        "observations/toylib.json",
        "manifest.json",
        "registry.json",
    }


def test_check_tells_what_changed_function_by_function(toylib, package):
    assert pipeline.check([spec(toylib)], package).agrees
    smooth = toylib / "filters" / "_smooth.py"
    edit(smooth, "def box(image, size=3)", "def box(image, size=5)")
    edit(smooth, '"soften"]', '"sharpen"]')
    with smooth.open("a") as file:
        file.write('\n\ndef sharpen(image):\n    """Sharpen."""\n    return image\n')
    report = pipeline.check([spec(toylib)], package)
    told = {(difference.name, difference.aspect) for difference in report.differences}
    assert not report.agrees
    assert ("toylib.filters.box", "signature") in told
    assert ("toylib.filters.boxcar", "signature") in told
    assert ("toylib.filters.sharpen", "added") in told
    assert ("toylib.filters.soften", "removed") in told
    assert {name.rpartition(".")[0] for name, _ in told} == {"toylib.filters"}
    pipeline.build([spec(toylib)], package)
    assert pipeline.check([spec(toylib)], package).agrees


def test_a_build_reports_what_changed_in_a_library_once(toylib, package):
    edit(toylib / "filters" / "_smooth.py", "def box(image, size=3)", "def box(image, size=5)")
    checked = pipeline.check([spec(toylib)], package)
    built = pipeline.build([spec(toylib)], package)
    for report in (checked, built):
        (changes,) = report.library_changes
        assert (changes.library, changes.before == changes.after) == ("toylib", True)
        (signature,) = changes.under("signature")
        assert signature.names == ("toylib.filters.box", "toylib.filters.boxcar")
        assert signature.words == ("size=3 → 5",)
    assert pipeline.build([spec(toylib)], package).library_changes == ()
    assert pipeline.check([spec(toylib)], package).library_changes == ()


def test_a_library_that_is_new_in_a_package_has_no_changes(toylib, tmp_path):
    out = tmp_path / "new" / "voxbind"
    assert pipeline.build([spec(toylib)], out).library_changes == ()


def test_check_can_measure_again(toylib, package):
    smooth = toylib / "filters" / "_smooth.py"
    edit(smooth, "image = _box(image, int(sizes[axis]), [axis])", "image = image.max(axis)")
    unmeasured = pipeline.check([spec(toylib)], package)
    # All that is known without a measurement: what must be measured anew.
    assert {found.aspect for found in unmeasured.differences} == {"source"}
    assert unmeasured.outdated
    assert all(name.startswith("toylib.filters._smooth:") for name in unmeasured.outdated)
    report = pipeline.check([spec(toylib)], package, measure=True)
    told = {(found.name, found.aspect) for found in report.differences}
    assert {name for name, aspect in told if aspect != "source"} == {
        "toylib.filters.box",
        "toylib.filters.boxcar",
    }
    assert report.outdated == ()
    assert {"contract", "result"} & {aspect for _, aspect in told}
    # The build that follows needs no measurement, and leaves no journal.
    listener = Listener()
    assert pipeline.build([spec(toylib)], package, reporter=listener).rows[0].measured == 0
    assert listener.advanced == []
    assert pipeline.check([spec(toylib)], package).agrees
    assert [*package.parent.glob(".voxbind*")] == []


def test_a_check_that_measures_the_same_leaves_nothing_behind(toylib, package):
    before = state(package)
    assert pipeline.check([spec(toylib)], package, measure=True).agrees
    assert state(package) == before
    assert [*package.parent.glob(".voxbind*")] == []


@pytest.mark.parametrize(
    "breakage",
    [
        'raise ImportError("a shared library is missing")',
        'raise ZeroDivisionError("oops")',
        "import os; os._exit(0)",
        "import ctypes; ctypes.string_at(0)",
        "raise SystemExit",
    ],
    ids=["ImportError", "any error", "exit", "crash", "SystemExit"],
)
def test_a_library_that_fails_to_import_keeps_its_record(toylib, package, built, breakage):
    init = toylib / "__init__.py"
    init.write_text(breakage + "\n" + init.read_text())
    listener = Listener()
    report = pipeline.build([spec(toylib)], package, reporter=listener)
    assert contents(package) == contents(built)
    assert report.rows[0].source == "record"
    assert len(report.notes) == 1
    assert "toylib keeps its record of" in report.notes[0]
    assert listener.warned == list(report.notes)


def test_a_library_that_is_gone_keeps_its_record(toylib, package, built):
    given = spec(toylib)
    shutil.rmtree(toylib)
    report = pipeline.build([given], package)
    assert contents(package) == contents(built)
    assert report.rows[0].source == "record"
    assert pipeline.check([given], package).agrees


def test_a_library_that_never_was_here_is_left_out(toylib, package, built):
    missing = msgspec.structs.replace(
        spec(toylib), name="absent", distribution="absent-lib", modules=("absent_library.x",)
    )
    report = pipeline.build([spec(toylib), missing], package)
    assert contents(package) == contents(built)
    assert "absent is left out" in report.notes[0]
    assert "pip install absent-lib" in report.notes[0]


def test_libraries_that_arent_named_stay(toylib, package, monkeypatch):
    other = toylib.parent / "otherlib"
    other.mkdir()
    (other / "__init__.py").write_text('__version__ = "2.0"\n')
    (other / "filters.py").write_text(
        'def negate(image):\n    """Negate.\n\n    Parameters\n    ----------\n'
        '    image : ndarray\n        The image.\n    """\n    return -image\n'
    )
    given = msgspec.structs.replace(
        spec(toylib),
        name="otherlib",
        distribution="otherlib",
        extra="otherlib",
        modules=("otherlib.filters",),
        exclude={},
    )
    before = contents(package)
    report = pipeline.build([given], package)
    after = contents(package)
    assert [row.library for row in report.rows] == ["otherlib", "toylib"]
    assert {path for path in before if after[path] != before[path]} <= {
        "__init__.py",
        "manifest.json",
        "napari.json",
        "registry.json",
    }
    assert "otherlib/filters.py" in after
    assert report.rows[0].version == "2.0"
    assert pipeline.check([given, spec(toylib)], package).agrees


# --- what a person declares --------------------------------------------------------------


def test_declarations_are_reported_beside_what_they_overrule(toylib, package):
    told = Declaration(contract="PURE_2D", reason="Planes are far apart.")
    known = Declaration(contract="FLEXIBLE", reason="Every axis is one of space.")
    given = msgspec.structs.replace(
        spec(toylib), declare={"toylib.filters.box": told, "toylib.filters.boxcar": known}
    )
    listener = Listener()
    report = pipeline.build([given], package, reporter=listener)
    assert listener.totals == {}  # nothing is measured again
    box, boxcar = report.declared
    assert (box.name, box.contract, box.reason) == (
        "toylib.filters.box",
        "PURE_2D",
        "Planes are far apart.",
    )
    assert (box.observed.contract, box.observed.evidence) == ("FLEXIBLE", "observed")
    assert box.standing == "overrules the measurement"
    assert "no longer needed" in boxcar.standing
    frozen = manifest.read(package / manifest.MANIFEST).libraries["toylib"].functions
    assert frozen["toylib.filters.box"].evidence == "declared"
    assert frozen["toylib.filters.box"].overruled == box.observed
    # What rests on a person's word is listed with what couldn't be observed.
    assert {"toylib.filters.box", "toylib.filters.boxcar"} <= {
        entry.name for entry in report.unobserved
    }
    checked = pipeline.check([given], package)
    assert checked.agrees
    assert checked.declared == report.declared
    assert checked.unobserved == report.unobserved


@pytest.mark.parametrize("run", [pipeline.build, pipeline.check])
def test_a_declaration_of_nothing_is_refused_before_anything_is_measured(toylib, package, run):
    told = Declaration(contract="PURE_2D", reason="Planes are far apart.")
    given = msgspec.structs.replace(spec(toylib), declare={"toylib.filters.bux": told})
    # So that there would be something to measure.
    edit(toylib / "filters" / "_smooth.py", "def box(image, size=3)", "def box(image, size=5)")
    before, listener = state(package), Listener()
    with pytest.raises(
        SpecError, match=r'toylib\.toml: at declare\."toylib\.filters\.bux": .*\.box'
    ):
        run([given], package, reporter=listener)
    assert state(package) == before
    assert listener.totals == {}


# --- what a build would change -----------------------------------------------------------

FINDINGS = ("planted", "links", "edited", "missing", "foreign", "outdated", "obsolete", "stale")


def findings(report):
    """What a check found in the files, by kind."""
    return {kind: getattr(report, kind) for kind in FINDINGS if getattr(report, kind)}


@pytest.fixture
def templates(tmp_path, monkeypatch):
    """A copy of the templates that builds and checks read."""
    folder = Path(shutil.copytree(templates_dir(), tmp_path / "templates"))
    monkeypatch.setattr(publishing, "templates_dir", lambda: folder)
    return folder


@pytest.mark.parametrize(
    ("file", "stale"),
    [
        ("runtime/_upstream/lazy.py", {"_upstream/lazy.py"}),
        ("native/focus.py", {"_native/focus.py"}),
        ("module.py.jinja", {"toylib/filters.py", "toylib/measure.py"}),
    ],
)
def test_check_tells_of_a_template_that_has_changed(toylib, package, templates, file, stale):
    assert pipeline.check([spec(toylib)], package).agrees
    path = templates / file
    text = path.read_text()
    if file.endswith(".py"):
        path.write_text(text + "\n\nNEW = 1\n")
    else:
        edit(path, "from __future__", "# Another line.\nfrom __future__")
    report = pipeline.check([spec(toylib)], package)
    assert stale | {"manifest.json"} <= {*report.stale}
    assert {*findings(report)} == {"stale"}
    assert not report.agrees
    pipeline.build([spec(toylib)], package)
    assert pipeline.check([spec(toylib)], package).agrees


def plant(package, code, header=None):
    """Put a compiled file where Python looks for that of `lazy.py`, as current as can be."""
    source = package / "_upstream/lazy.py"
    cache = Path(importlib.util.cache_from_source(str(source)))
    cache.parent.mkdir(exist_ok=True)
    told = source.stat()
    current = struct.pack("<III", 0, int(told.st_mtime), told.st_size & 0xFFFFFFFF)
    body = marshal.dumps(compile(code, str(source), "exec", dont_inherit=True))
    cache.write_bytes(importlib.util.MAGIC_NUMBER + (header or current) + body)


def link(path, elsewhere):
    target = elsewhere / path.name
    path.rename(target)
    path.symlink_to(target)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda out, elsewhere: link(out / "_upstream/lazy.py", elsewhere),
            {"links": ("_upstream/lazy.py",)},
        ),
        (
            lambda out, elsewhere: link(out / "toylib", elsewhere),
            {"links": ("toylib",)},
        ),
        (
            lambda out, elsewhere: plant(out, "raise SystemExit"),
            {"planted": (f"_upstream/__pycache__/lazy.{sys.implementation.cache_tag}.pyc",)},
        ),
        (
            lambda out, elsewhere: plant(out, "raise SystemExit", struct.pack("<III", 1, 0, 0)),
            {"planted": (f"_upstream/__pycache__/lazy.{sys.implementation.cache_tag}.pyc",)},
        ),
        (
            lambda out, elsewhere: (out / "_upstream/lazy.py").unlink(),
            {"missing": ("_upstream/lazy.py",)},
        ),
        (
            lambda out, elsewhere: (
                (out / "_upstream/lazy.py").unlink(),
                (out / "_upstream/lazy.py").mkdir(),
            ),
            {"edited": ("_upstream/lazy.py",)},
        ),
        (
            lambda out, elsewhere: (out / "manifest.schema.json").write_text("{}"),
            {"edited": ("manifest.schema.json",)},
        ),
        (
            lambda out, elsewhere: edit(out / "registry.json", "FLEXIBLE", "PURE_2D"),
            {"edited": ("registry.json",)},
        ),
    ],
    ids=["link", "folder link", "planted", "never checked", "gone", "folder", "schema", "index"],
)
def test_check_reports_what_a_build_puts_right(toylib, package, built, tmp_path, change, expected):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    change(package, elsewhere)
    report = pipeline.check([spec(toylib)], package)
    assert findings(report) == expected
    assert not report.agrees
    pipeline.build([spec(toylib)], package)
    assert pipeline.check([spec(toylib)], package).agrees
    assert contents(package) == contents(built)
    assert not [path for path in package.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("name", ["lazy.pyc", "toylib/filters.pyc", "mine.so", "toylib/mine.py"])
def test_check_reports_what_a_build_refuses(toylib, package, name):
    (package / name).write_bytes(b"")
    assert findings(pipeline.check([spec(toylib)], package)) == {"foreign": (name,)}
    with pytest.raises(OutputError, match=re.escape(name)):
        pipeline.build([spec(toylib)], package)


def test_ordinary_caches_are_no_finding(toylib, package):
    for level in ("", "-O", "-OO"):
        subprocess.run(
            [sys.executable, *level.split(), "-m", "compileall", "-q", package], check=True
        )
    assert len([*package.rglob("*.pyc")]) > 30
    # One of a source that has been touched since, of no source, and of another Python.
    os.utime(package / "_upstream/lazy.py", (0, 0))
    for name in ("gone.cpython-311.pyc", "lazy.cpython-39.pyc"):
        (package / "__pycache__" / name).write_bytes(bytes(16))
    before = state(package)
    assert pipeline.check([spec(toylib)], package).agrees
    pipeline.build([spec(toylib)], package)
    assert state(package) == before


def test_check_touches_nothing(toylib, package):
    (package / "_upstream/lazy.py").write_text("mine = 1\n")
    before = state(package)
    pipeline.check([spec(toylib)], package)
    assert state(package) == before


def test_check_tells_of_observations_that_no_longer_hold(toylib, package, monkeypatch):
    monkeypatch.setattr(measuring, "method_fingerprint", lambda task: "another way of measuring")
    report = pipeline.check([spec(toylib)], package)
    recorded = manifest.read_record(package).observations["toylib"]
    assert {*report.outdated} == {*recorded}
    assert findings(report) == {"outdated": report.outdated}
    assert not report.agrees


def test_check_tells_of_a_promise_that_doesnt_hold(toylib, package):
    smooth = toylib / "filters" / "_smooth.py"
    edit(smooth, "def box(", "@declare('PURE_3D')\ndef box(")
    edit(smooth, '"soften"]', '"soften"]\n\n\ndef declare(contract):\n    return lambda f: f')
    report = pipeline.check([spec(toylib)], package)
    assert [line.partition(" is declared")[0] for line in report.refused] == [
        "toylib.filters.box",
        "toylib.filters.boxcar",
    ]
    with pytest.raises(BuildError, match="These declarations contradict the measurement"):
        pipeline.build([spec(toylib)], package)


# --- when something is wrong -----------------------------------------------------------


def test_nothing_to_wrap_is_an_error(toylib, tmp_path):
    given = msgspec.structs.replace(spec(toylib), distribution="toylib-images")
    shutil.rmtree(toylib)
    with pytest.raises(BuildError, match="pip install toylib-images"):
        pipeline.build([given], tmp_path / "voxbind")
    assert not (tmp_path / "voxbind").exists()


def damage_file(path, damage):
    text = path.read_text()
    path.write_text(
        {
            "edited": text.replace("float64", "float32"),
            "truncated": text[:-100],
            "foreign": '{"a": 1}\n',
        }[damage]
    )


@pytest.mark.parametrize("damage", ["edited", "truncated", "foreign"])
def test_observations_that_cant_be_trusted_are_named_and_measured_anew(
    toylib, package, built, damage
):
    damage_file(package / "observations" / "toylib.json", damage)
    report = pipeline.build([spec(toylib)], package)
    assert contents(package) == contents(built)
    (note,) = report.notes
    assert str(package / "observations" / "toylib.json") in note
    assert report.rows[0].measured


@pytest.mark.parametrize("damage", ["edited", "truncated", "foreign"])
def test_a_manifest_that_cant_be_trusted_is_refused_until_fresh(toylib, package, built, damage):
    damage_file(package / "manifest.json", damage)
    before = contents(package)
    with pytest.raises(ManifestError, match="voxbind build --fresh"):
        pipeline.build([spec(toylib)], package)
    assert contents(package) == before
    report = pipeline.build([spec(toylib)], package, fresh=True)
    assert contents(package) == contents(built)
    assert report.notes


def test_edits_by_hand_are_found_and_undone(toylib, package, built):
    edit(package / "toylib" / "filters.py", "import", "import ")
    (package / "toylib" / "measure.py").unlink()
    (package / "mine.py").write_text("mine = 1\n")
    report = pipeline.check([spec(toylib)], package)
    assert (report.edited, report.missing, report.foreign) == (
        ("toylib/filters.py",),
        ("toylib/measure.py",),
        ("mine.py",),
    )
    assert not report.agrees
    with pytest.raises(OutputError, match=r"mine\.py"):
        pipeline.build([spec(toylib)], package)
    (package / "mine.py").unlink()
    pipeline.build([spec(toylib)], package)
    assert contents(package) == contents(built)


def test_check_tells_of_edited_observations(toylib, package):
    edit(package / "observations" / "toylib.json", "float64", "float32")
    report = pipeline.check([spec(toylib)], package)
    assert report.edited == ("observations/toylib.json",)
    assert report.differences == ()
    assert not report.agrees


def test_check_needs_a_package(toylib, tmp_path):
    with pytest.raises(BuildError, match="voxbind build"):
        pipeline.check([spec(toylib)], tmp_path)


def test_a_folder_that_cant_be_written_is_told_before_anything_is_measured(toylib, tmp_path):
    (tmp_path / "file").write_text("keep")
    listener = Listener()
    with pytest.raises(OutputError, match="--out"):
        pipeline.build([spec(toylib)], tmp_path / "file" / "voxbind", reporter=listener)
    assert listener.said == []


def test_generated_code_that_doesnt_hold_isnt_written(toylib, package, built):
    """A recorded default that isn't of the recorded type: only the type checker can see it."""
    path = package / "manifest.json"
    read = manifest.read(path)
    toy = read.libraries["toylib"]
    name = "toylib.filters.box"
    image, size = toy.functions[name].parameters
    size = msgspec.structs.replace(size, default="'three'")
    box = msgspec.structs.replace(toy.functions[name], parameters=(image, size))
    toy = msgspec.structs.replace(toy, functions={**toy.functions, name: box})
    path.write_text(
        manifest.encode(msgspec.structs.replace(read, libraries={"toylib": toy})), encoding="utf-8"
    )
    shutil.rmtree(toylib)
    before = contents(package)
    with pytest.raises(BuildError, match=r"toylib/filters\.py"):
        pipeline.build([libraries.load(toylib.parent / "toylib.toml")], package)
    assert contents(package) == before


class Impatient(Listener):
    """Breaks the build off after a few functions, as Ctrl-C would."""

    def advance(self, library):
        super().advance(library)
        if len(self.advanced) == 5:
            raise KeyboardInterrupt


def test_a_build_that_was_broken_off_goes_on_where_it_stopped(toylib, built, tmp_path):
    out = tmp_path / "out" / "voxbind"
    with pytest.raises(KeyboardInterrupt):
        pipeline.build([spec(toylib)], out, reporter=Impatient())
    assert not out.exists()
    listener = Listener()
    report = pipeline.build([spec(toylib)], out, reporter=listener)
    whole = len(manifest.read_record(out).observations["toylib"])
    assert report.rows[0].measured == len(listener.advanced) == whole - 5
    assert contents(out) == contents(built)
    assert [path.name for path in out.parent.iterdir()] == ["voxbind"]


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", '{"library": "toylib"}', '\n{"digest":"sha256:0","library":"toylib"}']
)
def test_a_damaged_remainder_of_a_build_is_ignored(toylib, built, tmp_path, kept):
    out = tmp_path / "out" / "voxbind"
    out.parent.mkdir()
    (out.parent / ".voxbind.measured.jsonl").write_text(kept)
    pipeline.build([spec(toylib)], out)
    assert contents(out) == contents(built)
    assert [path.name for path in out.parent.iterdir()] == ["voxbind"]


@pytest.mark.parametrize("moment", [0.3, 0.9, 1.5, 2.5, 4.0, 6.0])
def test_a_kill_in_the_middle_of_a_build_leaves_the_package_whole(
    toylib, package, built, moment, search_path
):
    edit(toylib / "filters" / "_smooth.py", "def box(image, size=3)", "def box(image, size=5)")
    chance = random.Random(moment)
    build = subprocess.Popen(
        [
            sys.executable,
            *("-m", "voxbind_build", "build", "--fresh", "--out", str(package)),
            *("--library", str(toylib.parent / "toylib.toml")),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(toylib.parent), search_path])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(moment * chance.uniform(0.8, 1.2))
    build.kill()
    build.wait()
    assert manifest.altered(manifest.read(package / manifest.MANIFEST), package) == ((), ())
    pipeline.build([spec(toylib)], package)
    assert [path.name for path in package.parent.glob("*voxbind*")] == ["voxbind"]
    assert pipeline.check([spec(toylib)], package).agrees


def test_data_flows_one_way(search_path):
    """No stage imports another one; the contracts are in pyproject.toml."""
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert linter is not None
    ran = subprocess.run(
        [linter, "--no-cache"],
        cwd=GOLDEN.parents[1],
        env={**os.environ, "PYTHONPATH": search_path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
    assert " 0 broken" in ran.stdout
