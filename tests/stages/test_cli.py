"""The command line: what it prints, what it returns, and what it says when something is wrong."""

import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import textwrap
from importlib import import_module, metadata
from pathlib import Path

import pytest
import typer
from rich.console import Console

from helpers.terminals import read_until_closed
from voxbind_build import manifest
from voxbind_build.catalog.function_lines import RELATIONS
from voxbind_build.cli import app as cli
from voxbind_build.cli import function_page as explain
from voxbind_build.cli import places
from voxbind_build.cli.places import default_package
from voxbind_build.libraries import reading
from voxbind_build.verify import tools

GOLDEN = Path(__file__).parent.parent / "golden"
TOML = str(GOLDEN / "toylib.toml")


@pytest.fixture
def voxbind(capsys, built):
    """Run a command on the toy library's package; return exit code, output and errors."""

    def run(*arguments, out=built):
        code = cli.run([*arguments, "--out", str(out)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def flat(errors):
    """Undo the frame and the line breaks of an error message."""
    return re.sub(r"[\s│]+", " ", errors)


# --- list and show ---------------------------------------------------------------------


def names(output):
    return {entry["name"] for entry in json.loads(output)}


@pytest.fixture
def functions(built):
    return manifest.read(built / manifest.MANIFEST).libraries["toylib"].functions


def test_list_names_the_image_functions_and_no_helpers(voxbind, functions):
    code, output, _ = voxbind("list", "--json")
    assert code == 0
    assert names(output) == {
        name for name, function in functions.items() if function.kind == "image"
    }


@pytest.mark.parametrize("contract", ["PURE_2D", "PURE_3D", "FLEXIBLE", "VOLUMETRIC_TO_SLICE"])
def test_list_by_contract(voxbind, functions, contract):
    _, output, _ = voxbind("list", "--contract", contract.lower(), "--json")
    assert names(output) == {
        name for name, function in functions.items() if function.contract == contract
    }
    assert names(output)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["mean over a box"], {"toylib.filters.box", "toylib.filters.boxcar"}),
        (["FILTERS.BOX"], {"toylib.filters.box", "toylib.filters.boxcar"}),
        (["nothing like this"], set()),
        (["filters.box", "--memory", "numpy"], {"toylib.filters.box", "toylib.filters.boxcar"}),
        (["filters.box", "--memory", "cupy"], set()),
        (["filters.box", "--library", "toylib"], {"toylib.filters.box", "toylib.filters.boxcar"}),
    ],
)
def test_list_by_text_memory_and_library(voxbind, arguments, expected):
    code, output, _ = voxbind("list", *arguments, "--json")
    assert code == 0
    assert names(output) == expected


def test_list_by_kind_and_evidence(voxbind, functions):
    for kind in ("image", "helper", "any"):
        _, output, _ = voxbind("list", "--kind", kind, "--json")
        expected = {name for name, function in functions.items() if kind in ("any", function.kind)}
        assert names(output) == expected != set()
    for evidence in ("observed", "inferred", "declared", "unobserved"):
        _, output, _ = voxbind("list", "--kind", "any", "--evidence", evidence, "--json")
        assert names(output) == {
            name for name, function in functions.items() if function.evidence == evidence
        }


def test_list_prints_a_table(voxbind):
    code, output, _ = voxbind("list", "filters")
    assert code == 0
    assert re.search(r"toylib\.filters\.box +FLEXIBLE +image +Mean over a box", output)


@pytest.mark.parametrize(
    "name", ["toylib.filters.box", "voxbind.toylib.filters.box", "filters.box", "box"]
)
def test_show_finds_a_function_by_any_of_its_names(voxbind, name):
    code, output, _ = voxbind("show", name)
    assert code == 0
    for told in ("toylib.filters.box", "def box(", "size", "FLEXIBLE", "observed", "float64"):
        assert told in output
    assert re.search(r"tested +.*(yes|no)", output)
    assert "boxcar" not in output


def test_show_gives_programs_everything(voxbind, functions):
    _, output, _ = voxbind("show", "toylib.filters.box", "--json")
    (told,) = json.loads(output)
    function = functions["toylib.filters.box"]
    assert told["contract"] == function.contract
    assert told["reason"] == function.reason
    assert told["signature"] == "(image, size=3)"
    assert told["relations"]
    assert [parameter["name"] for parameter in told["parameters"]] == ["image", "size"]


def test_show_tells_what_the_measurement_rests_on(voxbind):
    _, page, _ = voxbind("show", "toylib.filters.box")
    _, output, _ = voxbind("show", "toylib.filters.box", "--json")
    (told,) = json.loads(output)
    basis = told["basis"]
    assert told["version"] == "1.0"
    assert "observed, by running toylib 1.0" in page
    assert basis["taken"] > 1
    assert f"{basis['taken']} returned, {basis['refused']} raised an error" in page
    (shapes,) = basis["images"].values()
    assert {len(shape) for shape in shapes} >= {2, 3}
    assert str(tuple(shapes[0])) in page


def test_show_gives_the_librarys_refusals(voxbind, functions):
    name, function = next((n, f) for n, f in functions.items() if f.refuses and f.kind == "image")
    _, page, _ = voxbind("show", name)
    for given, error in function.refuses.items():
        assert given in page
        assert error in flat(page)


def test_show_says_why_a_result_is_of_its_kind(voxbind, functions):
    named = ("toylib.filters.box", "toylib.measure.label", "toylib.morphology.square")
    for name in named:
        kinds, reasons = functions[name].result, functions[name].result_reason
        pairs = (
            [(kinds, reasons)] if isinstance(kinds, str) else [*zip(kinds, reasons, strict=True)]
        )
        _, page, _ = voxbind("show", name)
        for kind, reason in pairs:
            assert reason
            assert f"{kind}: {reason}" in flat(page)


COMMITTED = Path(__file__).parents[2] / "generated" / "voxbind"
LINES = [
    ("skimage.filters.threshold_li", "masks", "of dtype float32 or float64"),
    ("skimage.exposure.adjust_gamma", "masks", "Looks at the mask of a masked array (image)"),
    ("skimage.util.random_noise", "random", "slices that are processed separately get seeds"),
    ("skimage.color.rgb2gray", "axes", "C is the channel axis (the colours), the last unless"),
    ("pyclesperanto.gaussian_blur", "axes", "sigma_x along X (the last axis); sigma_y along Y"),
]


@pytest.mark.parametrize(("name", "label", "text"), LINES)
def test_show_names_masks_axes_and_seeds_as_the_docstring_does(voxbind, name, label, text):
    code, page, _ = voxbind("show", name, out=COMMITTED)
    assert code == 0
    (line,) = re.findall(rf"^  {label} (?:.*\n)(?: {{15}}.*\n)*", page, re.MULTILINE)
    assert text in flat(line)
    module, _, function = name.rpartition(".")
    wrapper = getattr(import_module(f"voxbind.{module}"), function)
    assert text in " ".join(wrapper.__doc__.split())


def test_show_names_no_masks_axes_and_seeds_of_other_functions(voxbind):
    _, page, _ = voxbind("show", "skimage.filters.gaussian", out=COMMITTED)
    assert not re.search(r"^  (masks|axes|random) ", page, re.MULTILINE)


@pytest.mark.parametrize("width", [40, 72, 200])
def test_a_page_fits_the_terminal(built, functions, width):
    frozen = manifest.read(built / manifest.MANIFEST)
    observations = manifest.read_record(built).observations
    for name in [*functions, *frozen.libraries["toylib"].excluded]:
        printed = io.StringIO()
        console = Console(width=width, file=printed)
        explain.page(console, frozen, name, observations)
        lines = printed.getvalue().splitlines()
        assert not [line for line in lines if line != line.rstrip()]
        # A word that is longer than the line can't be helped.
        assert all(len(line) <= width or " " not in line.strip() for line in lines), name


def test_every_tested_relation_is_told_in_words(built):
    for observed in manifest.read_record(built).observations["toylib"].values():
        assert set(observed.relations) <= set(RELATIONS)


def test_a_declared_verdict_is_shown_with_what_it_overrules(voxbind, capsys, package, toylib):
    toml = toylib.parent / "toylib.toml"
    toml.write_text(
        toml.read_text() + '\n[declare."toylib.filters.box"]\ncontract = "PURE_2D"\n'
        'reason = "Planes are far apart."\n'
    )
    code, printed, _ = voxbind("build", "--library", str(toml), out=package)
    assert code == 0
    for command in (printed, voxbind("check", "--library", str(toml), out=package)[1]):
        assert "toylib.filters.box: the declaration overrules the measurement" in command
        assert "declared PURE_2D: Planes are far apart." in command
        assert "observed FLEXIBLE: takes images and volumes" in command
    _, page, _ = voxbind("show", "toylib.filters.box", out=package)
    assert "declared by a person" in page
    assert "Planes are far apart." in page
    assert "FLEXIBLE: takes images and volumes" in flat(page)


def test_what_was_not_observed_is_counted_and_named(voxbind, package, toylib, functions):
    path = toylib / "measure.py"
    path.write_text(path.read_text() + "\n\ndef fails(image):\n    raise ValueError('never')\n")
    code, printed, _ = voxbind(
        "build", "--library", str(toylib.parent / "toylib.toml"), out=package
    )
    assert code == 0
    assert re.search(
        r"toylib: 1 of \d+ image functions \(\d+\.\d%\) and \d+ of \d+ helpers", printed
    )
    assert "toylib.measure.fails, image, unobserved: " in printed
    assert "ValueError: never" in printed


def test_show_tells_why_a_name_is_left_out(voxbind, built):
    excluded = manifest.read(built / manifest.MANIFEST).libraries["toylib"].excluded
    assert excluded
    for name, exclusion in excluded.items():
        code, output, _ = voxbind("show", name)
        assert code == 0
        assert f"excluded: {exclusion.reason}" in output


@pytest.mark.parametrize("typo", ["toylib.filters.bux", "boxx", "filters.boxar"])
def test_show_suggests_near_misses(voxbind, typo):
    code, output, errors = voxbind("show", typo)
    assert (code, output) == (2, "")
    assert "Do you mean" in flat(errors)
    assert "toylib.filters.box" in flat(errors)


def test_show_of_something_else_points_at_list(voxbind):
    code, _, errors = voxbind("show", "qqqqqqqq")
    assert code == 2
    assert "voxbind list" in flat(errors)


# --- build and check -------------------------------------------------------------------


def test_build_then_check_then_build_again(capsys, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(GOLDEN)
    out = str(tmp_path / "voxbind")
    assert cli.run(["build", "--library", TOML, "--out", out, "--jobs", "2"]) == 0
    printed = capsys.readouterr()
    assert re.search(r"toylib: measuring \d+ functions", printed.err)
    assert re.search(r"toylib +\S+ +\d+ +\d+ +\d+ +\d+", printed.out)
    assert re.search(r"\d+ files written, 0 removed, 0 unchanged", printed.out)

    assert cli.run(["check", "--library", TOML, "--out", out]) == 0
    printed = capsys.readouterr()
    total = re.search(
        r"(\d+) public names = (\d+) wrapped \+ (\d+) helpers \+ (\d+) excluded", printed.out
    )
    assert total is not None
    public, *parts = map(int, total.groups())
    assert public == sum(parts) > 0

    assert cli.run(["build", "--library", TOML, "--out", out, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["changes"]["written"] == []
    assert report["rows"][0]["source"] == "unchanged"


def test_check_returns_one_and_names_the_edited_file(capsys, package, monkeypatch):
    monkeypatch.syspath_prepend(GOLDEN)
    with (package / "toylib" / "filters.py").open("a") as file:
        file.write("# mine\n")
    assert cli.run(["check", "--library", TOML, "--out", str(package)]) == 1
    output = capsys.readouterr().out
    assert "edited by hand: toylib/filters.py" in output
    assert "voxbind build" in output
    assert cli.run(["check", "--library", TOML, "--out", str(package), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["agrees"] is False
    assert report["edited"] == ["toylib/filters.py"]


def test_check_tells_each_difference_in_a_line_the_most_important_first(
    capsys, package, toylib, tmp_path
):
    smooth = toylib / "filters" / "_smooth.py"
    smooth.write_text(smooth.read_text().replace("size=3", "size=5"))
    (package / "_upstream/lazy.py").rename(tmp_path / "lazy.py")
    (package / "_upstream/lazy.py").symlink_to(tmp_path / "lazy.py")
    (package / "errors.py").unlink()
    (package / "lazy.pyc").write_bytes(b"")
    with (package / "_dispatch/facts.py").open("a") as file:
        file.write("# mine\n")
    toml = str(toylib.parent / "toylib.toml")
    assert cli.run(["check", "--library", toml, "--out", str(package)]) == 1
    lines = capsys.readouterr().out.splitlines()
    found = [
        "symbolic link: _upstream/lazy.py",
        "edited by hand: _dispatch/facts.py",
        "missing: errors.py",
        "not voxbind's: lazy.pyc",
        "  toylib.filters.box, toylib.filters.boxcar, toylib.filters.soften: size=3 → 5",
        "needs measuring: toylib.filters._smooth:box",
        "out of date: manifest.json",
        "out of date: toylib/filters.py",
    ]
    assert [line for line in lines if line in found] == found
    assert "refuses to write: first move files that aren't voxbind's elsewhere" in flat(lines[-1])


def test_build_prints_what_changed_in_the_library(capsys, package, toylib):
    smooth = toylib / "filters" / "_smooth.py"
    smooth.write_text(smooth.read_text().replace("size=3", "size=5"))
    arguments = ["--library", str(toylib.parent / "toylib.toml"), "--out", str(package)]
    assert cli.run(["build", *arguments, "--documentation"]) == 0
    printed = capsys.readouterr().out
    _, heading, changes = printed.partition("Signatures and defaults\n")
    assert heading
    assert changes.startswith(
        "  toylib.filters.box, toylib.filters.boxcar, toylib.filters.soften: size=3 → 5\n"
    )
    assert cli.run(["check", *arguments]) == 0
    assert "toylib.filters.box" not in capsys.readouterr().out


# --- wrong usage and failures ----------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biuld"], "biuld"),
        (["build", "--jobs", "0"], "--jobs"),
        (["build", "--library", "scikit-image"], "skimage"),
        (["build", "--library", "absent.toml"], "absent.toml"),
        (["build", "--library", TOML, "--library", TOML], "toylib is given twice"),
        (["list", "--contract", "PURE_4D"], "PURE_3D"),
        (["list", "--memory", "paper"], "numpy"),
        (["list", "--evidence", "hearsay"], "inferred"),
        (["list", "--kind", "tool"], "helper"),
        (["build", "--time-limit", "0"], "--time-limit"),
        (["list", "--library", "absent"], "toylib"),
        (["show"], "NAME"),
    ],
)
def test_wrong_usage_returns_two_and_says_what_is_accepted(voxbind, arguments, said):
    code, output, errors = voxbind(*arguments)
    assert (code, output) == (2, "")
    assert said.casefold() in flat(errors).casefold()


DAMAGES = {
    "no TOML": b"name = ",
    "no text": b"\xff\xfe\x00",
    "empty": b"",
    "no modules": b'name = "x"\n',
    "unknown keys": b'nmae = "x"\nmodlues = ["x"]\n',
    "folder": None,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", ["build", "check", "record"])
def test_a_wrong_specification_returns_two_and_names_the_file(voxbind, tmp_path, command, damage):
    file = tmp_path / "mine.toml"
    file.mkdir() if DAMAGES[damage] is None else file.write_bytes(DAMAGES[damage])
    code, output, errors = voxbind(command, "--library", str(file))
    assert (code, output) == (2, "")
    assert errors.startswith(f"wrong specification: {file}: ")
    assert all(line.startswith(f"{file}: ") for line in errors.splitlines()[1:])


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", [["build"], ["check"], ["record"], ["doctor"]])
def test_a_wrong_specification_of_voxbinds_own_returns_two_and_names_the_file(
    voxbind, tmp_path, monkeypatch, command, damage
):
    file = tmp_path / "mine.toml"
    file.mkdir() if DAMAGES[damage] is None else file.write_bytes(DAMAGES[damage])
    monkeypatch.setattr(reading, "_FOLDER", tmp_path)
    code, output, errors = voxbind(*command)
    assert (code, output) == (2, "")
    assert errors.startswith(f"wrong specification: {file}: ")


@pytest.mark.parametrize("command", [["list", "--json"], ["show", "box", "--json"]])
def test_looking_up_needs_no_specification(voxbind, tmp_path, monkeypatch, command):
    (tmp_path / "mine.toml").write_text("name = ")
    monkeypatch.setattr(reading, "_FOLDER", tmp_path)
    assert voxbind(*command)[0] == 0


def test_problems_of_all_named_specifications_are_listed_together(voxbind, tmp_path):
    files = [tmp_path / "one.toml", tmp_path / "two.toml"]
    for file in files:
        file.write_text("a = 1")
    code, _, errors = voxbind("build", *(part for file in files for part in ("-l", str(file))))
    assert code == 2
    assert all(f"{file}: at a: unknown key" in errors for file in files)


@pytest.mark.parametrize("command", [["list"], ["show", "box"], ["check"]])
def test_a_folder_without_a_package_returns_one(voxbind, tmp_path, command):
    code, output, errors = voxbind(*command, out=tmp_path)
    assert (code, output) == (1, "")
    assert "voxbind build" in errors


@pytest.mark.parametrize("command", [["list"], ["show", "box"], ["check"], ["build"], ["doctor"]])
def test_a_damaged_manifest_returns_one_and_says_how_to_go_on(voxbind, package, command):
    (package / "manifest.json").write_text("{")
    code, output, errors = voxbind(*command, out=package)
    assert (code, output) == (1, "")
    assert "voxbind build --fresh" in errors
    assert "Traceback" not in errors


def test_ctrl_c_says_that_the_package_is_unchanged(package, search_path):
    before = {path: path.read_bytes() for path in package.rglob("*.*")}
    build = _start(package, search_path, stderr=subprocess.PIPE)
    assert build.stderr is not None
    for line in build.stderr:
        if "measuring" in line:
            build.send_signal(2)
            break
    told = build.stderr.read()
    assert build.wait(timeout=30) == 1
    assert "Stopped. The package is unchanged" in told
    assert "Traceback" not in told
    assert {path: path.read_bytes() for path in package.rglob("*.*")} == before


def test_a_terminal_gets_a_progress_bar(package, search_path):
    ours, theirs = pty.openpty()
    build = _start(package, search_path, stderr=theirs, TERM="xterm-256color", COLUMNS="120")
    os.close(theirs)
    shown = read_until_closed(ours)
    assert build.wait() == 0
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"toylib .*━.* \d+/\d+ functions .* about \d+:\d\d left in all", text)
    assert re.search(r"toylib .*━.* (\d+)/\1 functions", text)


def _start(package, search_path, **options):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(GOLDEN), search_path]),
        **{name: options.pop(name) for name in list(options) if name.isupper()},
    }
    command = ["build", "--fresh", "--library", TOML, "--out", str(package)]
    return subprocess.Popen(
        [sys.executable, "-m", "voxbind_build", *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        text=True,
        **options,
    )


# --- the rest --------------------------------------------------------------------------


def test_doctor_names_libraries_and_devices_with_what_changes_them(voxbind):
    import pyclesperanto

    code, output, _ = voxbind("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(output)}
    assert {"skimage", "scipy", "toylib", "numpy", "torch (CPU)", "torch (CUDA)"} <= set(findings)
    assert findings["numpy"]["usable"]
    assert not findings["toylib"]["usable"]
    assert findings["toylib"]["command"] == "pip install 'toylib==1.0'"
    devices = ", ".join(pyclesperanto.list_available_devices())
    assert findings["pyclesperanto"]["usable"]
    assert findings["pyclesperanto (OpenCL)"]["detail"] == devices
    for finding in findings.values():
        way = finding["kind"] == "route"
        assert finding["usable"] or (finding["detail"] and (way or finding["command"]))
    assert code in (0, 1)
    code, output, _ = voxbind("doctor")
    assert "not usable" in output


def test_doctor_tells_the_ways_between_the_memories(voxbind):
    _, output, _ = voxbind("doctor", "--json")
    ways = {each["name"]: each for each in json.loads(output) if each["kind"] == "route"}
    assert len(ways) == 30  # from each of six places to each other
    told = {
        "numpy -> torch (CPU)": ("share", True),
        "torch (CPU) -> numpy": ("share", True),
        "numpy -> pyclesperanto": ("copy", True),
        "cupy -> torch (CUDA)": ("share", None),
        "cupy -> pyclesperanto": ("copy, copy", None),
    }
    for name, (cost, usable) in told.items():
        assert ways[name]["detail"] == cost
        assert usable in (ways[name]["usable"], None)
    _, output, _ = voxbind("doctor")
    row = next(line for line in output.splitlines() if line.strip().startswith("torch (CPU)  "))
    assert row.split()[2:6] == ["share", "same", "(copy)", "(copy)"] or "copy" in row


def test_doctor_tells_a_broken_library_from_a_missing_one(voxbind, toylib):
    for text, told in (("raise OSError('no lib')", "OSError: no lib"), ("1 +", "SyntaxError")):
        shutil.copytree(GOLDEN / "toylib", toylib, dirs_exist_ok=True)
        (toylib / "__init__.py").write_text(text)
        metadata = toylib.parent / "toylib-1.0.dist-info"
        metadata.mkdir(exist_ok=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toylib\nVersion: 1.0\n")
        code, output, _ = voxbind("doctor", "--json")
        (finding,) = [found for found in json.loads(output) if found["name"] == "toylib"]
        assert code == 1
        assert not finding["usable"]
        assert told in finding["detail"]


def cles_findings(voxbind):
    code, output, _ = voxbind("doctor", "--json")
    found = {finding["name"]: finding for finding in json.loads(output)}
    return code, found["pyclesperanto"], found["pyclesperanto (OpenCL)"]


def test_doctor_tells_what_brings_pyclesperanto_a_device(voxbind, monkeypatch, tmp_path):
    monkeypatch.setenv("OCL_ICD_FILENAMES", "")
    monkeypatch.setenv("OCL_ICD_VENDORS", str(tmp_path))
    code, *findings = cles_findings(voxbind)
    assert code == 1
    for finding in findings:
        assert not finding["usable"]
        assert "device" in finding["detail"]
        assert "pip install 'voxbind[opencl-cpu]'" in finding["command"]


def test_doctor_tells_a_driver_that_isnt_where_it_is_said_to_be(voxbind, monkeypatch, tmp_path):
    gone = str(tmp_path / "libgone.so")
    monkeypatch.setenv("OCL_ICD_FILENAMES", gone)
    monkeypatch.setenv("OCL_ICD_VENDORS", str(tmp_path))
    code, *findings = cles_findings(voxbind)
    assert code == 1
    for finding in findings:
        assert gone in finding["detail"]
        assert finding["command"] == "unset OCL_ICD_FILENAMES"


def test_the_default_package_is_the_checkouts():
    root = Path(__file__).parents[2]
    assert default_package() == root / "generated" / "voxbind"


@pytest.mark.parametrize("missing", ["typer", "rich", "libcst", "msgspec"])
def test_a_missing_tool_is_told_with_the_command_that_brings_it(search_path, missing):
    code = f"""
        import sys
        sys.modules[{missing!r}] = None
        from voxbind_build.__main__ import main
        sys.exit(main())
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), "build"],
        env={**os.environ, "PYTHONPATH": search_path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert "pip install 'voxbind[build]'" in ran.stderr
    assert missing in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_missing_tool_is_told_without_a_traceback(voxbind, toylib, monkeypatch, tmp_path):
    monkeypatch.setattr(tools, "_PYTHON", (sys.executable, "-c", "raise SystemExit('no mypy')"))
    code, _, told = voxbind("build", "--library", TOML, out=tmp_path / "voxbind")
    assert code == 1
    assert "can't be checked" in told
    assert "pip install 'voxbind[build]'" in told
    assert not (tmp_path / "voxbind").exists()


def test_the_versions_of_voxbind_and_of_the_recorded_libraries_are_printed(capsys, monkeypatch):
    assert cli.run(["--version"]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"voxbind \d+\.\d+\.\d+", first)
    recorded = manifest.read(default_package() / manifest.MANIFEST).libraries
    assert others == sorted(
        f"{library.distribution} {library.version}"
        for name, library in recorded.items()
        if name != "native"
    )


def test_versions_are_printed_as_json(capsys):
    assert cli.run(["--version", "--json"]) == 0
    versions = json.loads(capsys.readouterr().out)
    assert {"voxbind", "scikit-image", "scipy"} <= versions.keys()
    assert versions["voxbind"] == metadata.version("voxbind")


def test_json_without_a_command_is_of_the_suggestions_and_before_one_is_refused(capsys):
    assert cli.run(["--json"]) == 0
    assert "voxbind list edges" in json.loads(capsys.readouterr().out)
    assert cli.run(["--json", "list", "edges"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "voxbind list --json" in " ".join(said.err.split())


def test_the_version_is_printed_even_if_there_is_no_package(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(places, "default_package", lambda: tmp_path)
    assert cli.run(["--version"]) == 1
    printed = capsys.readouterr()
    assert re.fullmatch(r"voxbind \d+\.\d+\.\d+\n", printed.out)
    assert "isn't a voxbind package. Run `voxbind build` first." in printed.err


def test_list_looks_for_each_word(voxbind):
    _, output, _ = voxbind("list", "box mean")
    assert "toylib.filters.box" in output


def test_each_command_prints_json_and_explains_each_option():
    group = typer.main.get_group(cli.app)
    for name, command in group.commands.items():
        options = {option: each for each in command.params for option in each.opts}
        assert "--json" in options, name
        unexplained = [opt for opt, each in options.items() if not getattr(each, "help", "")]
        assert unexplained == [], name
