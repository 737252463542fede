"""The command line on narrow terminals, on terminals without Unicode, and in shells."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from helpers.terminals import read_until_closed
from voxbind_build import manifest as frozen
from voxbind_build.build.report import row
from voxbind_build.cli import name_search, printing

ROOT = Path(__file__).parents[2]
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}


def voxbind(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a new process."""
    path = os.pathsep.join((str(ROOT / "generator"), str(ROOT / "generated")))
    return subprocess.run(
        [sys.executable, "-P", "-m", "voxbind_build", *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def doctor() -> tuple[str, list[dict[str, str]]]:
    """What the doctor prints at 80 columns in ASCII, and its findings."""
    printed = voxbind("doctor", COLUMNS="80", **ASCII)
    findings = voxbind("doctor", "--json")
    assert printed.returncode == findings.returncode in (0, 1), printed.stderr
    return printed.stdout, json.loads(findings.stdout)


def test_the_doctor_prints_each_command_on_one_line_of_80_columns(
    doctor: tuple[str, list[dict[str, str]]],
) -> None:
    printed, findings = doctor
    lines = [line.strip() for line in printed.splitlines()]
    commands = {line for finding in findings for line in finding["command"].splitlines()}
    assert commands and commands <= {*lines}
    assert max(map(len, printed.splitlines())) <= 80


def test_the_doctor_names_all_that_a_command_helps(
    doctor: tuple[str, list[dict[str, str]]],
) -> None:
    printed, findings = doctor
    for finding in findings:
        if finding["command"]:
            before, command, _ = printed.partition(f"    {finding['command'].splitlines()[0]}\n")
            assert command
            assert finding["name"] in before.splitlines()[-1]


def test_the_doctor_breaks_no_word_at_80_columns(
    doctor: tuple[str, list[dict[str, str]]],
) -> None:
    printed, findings = doctor
    examined = [finding for finding in findings if finding["kind"] != "route"]
    assert len(examined) > 8
    for finding in examined:
        assert re.search(rf"^(not )?usable +{re.escape(finding['name'])} ", printed, re.MULTILINE)
        assert {*finding["detail"].split()} <= {*printed.split()}, finding["name"]
    places = {
        name
        for finding in findings
        if finding["kind"] == "route"
        for name in finding["name"].split(" -> ")
    }
    assert {word for place in places for word in place.split()} <= {*printed.split()}


COMMANDS = [
    ["list", "denoise"],
    ["show", "skimage.restoration.denoise_nl_means"],
    ["show", "skimage.color.lab2xyz", "--json"],
    ["show", "gausian"],
    ["twins"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands_print_to_a_terminal_without_unicode(command: list[str]) -> None:
    full, ascii = voxbind(*command), voxbind(*command, **ASCII)
    assert ascii.returncode == full.returncode
    assert "Traceback" not in ascii.stderr
    assert (ascii.stdout + ascii.stderr).isascii()
    if "--json" in command:
        assert json.loads(ascii.stdout) == json.loads(full.stdout)


def test_signs_without_ascii_are_printed_as_their_nearest() -> None:
    code = "from voxbind_build.cli.encoding import write_any_character; write_any_character(); "
    code += r"print('\xe9\u2192\u2026\u03a9\u2260\ufb01')"
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator"), **ASCII},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == "e->...\\u03a9!=fi\n"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("gausian", "skimage.filters.gaussian"),
        ("voxbind.skimage.filters.gausian", "skimage.filters.gaussian"),
        ("filters.gausian", "skimage.filters.gaussian"),
        ("erosoin", "skimage.morphology.erosion"),
        ("gausian_filter", "scipy.ndimage.gaussian_filter"),
        ("gausian_blur", "pyclesperanto.gaussian_blur"),
        ("Watersched", "skimage.segmentation.watershed"),
    ],
)
def test_the_most_similar_name_is_suggested_first(typed: str, first: str) -> None:
    package = frozen.read(ROOT / "generated" / "voxbind" / frozen.MANIFEST)
    assert name_search.near(package, typed)[0] == first


@pytest.mark.parametrize("width", [60, 80, 110, 140])
def test_the_rows_of_a_build_are_whole_at_any_width(width: int) -> None:
    manifest = frozen.read(ROOT / "generated" / "voxbind" / frozen.MANIFEST)
    rows = [row(name, library, seconds=1.5) for name, library in manifest.libraries.items()]
    stream = io.StringIO()
    printing._rows(Console(file=stream, width=width), rows)
    text = stream.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    for entry in rows:
        for part in (entry.library, entry.version, str(entry.public), str(entry.wrapped)):
            assert part in text


def test_the_module_alone_makes_no_name_similar() -> None:
    package = frozen.read(ROOT / "generated" / "voxbind" / frozen.MANIFEST)
    assert name_search.near(package, "skimage.filters.qqq") == ()
    assert "`voxbind list --library skimage`" in name_search.nearest(package, "skimage.filters.qqq")
    assert "`voxbind list` " in name_search.nearest(package, "nolibrary.qqq")


def test_a_misspelt_name_is_refused_with_the_suggestions() -> None:
    refused = voxbind("show", "gausian")
    assert refused.returncode == 2
    words = " ".join(refused.stderr.replace("│", " ").split())
    assert "'gausian'. Do you mean skimage.filters.gaussian, " in words


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("lits",), "Did you mean 'list'?"),
        (("list", "--libary", "skimage"), "--library"),
        (("list", "--library", "skimge"), "do you mean 'skimage'? Its libraries are cucim, "),
        (("list", "guassian"), "0 functions Do you mean skimage.filters.gaussian, "),
        (("build", "--library", "scipi"), "do you mean 'scipy'?"),
        (("catalog", "--library", "skimge"), "do you mean 'skimage'?"),
        (("init", "numpyy"), "do you mean 'numpy'? Install it with pip"),
    ],
    ids=" ".join,
)
def test_a_misspelt_word_gets_the_nearest_one(arguments: tuple[str, ...], sentence: str) -> None:
    done = voxbind(*arguments)
    assert sentence in " ".join((done.stdout + done.stderr).replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_a_short_name_shows_the_cpus_function_first() -> None:
    package = frozen.read(ROOT / "generated" / "voxbind" / frozen.MANIFEST)
    names = name_search.resolve(package, "gaussian")
    assert names == ("skimage.filters.gaussian", "cucim.skimage.filters.gaussian")


FILES = {
    "bash": (".bash_completions/voxbind.sh", ".bashrc"),
    "zsh": (".zfunc/_voxbind", ".zshrc"),
    "fish": (".config/fish/completions/voxbind.fish",),
}


@pytest.mark.parametrize("shell", FILES)
def test_completion_is_installed_below_the_home_folder(shell: str, tmp_path: Path) -> None:
    # Else the shell that runs the tests would be recognised.
    given = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = voxbind("--install-completion", shell, HOME=str(tmp_path), **given, **ASCII)
    assert done.returncode == 0, done.stderr
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {*FILES[shell]} <= files
    assert "_VOXBIND_COMPLETE" in (tmp_path / FILES[shell][0]).read_text()


def test_bash_completes_commands_and_names_of_functions(tmp_path: Path) -> None:
    command = tmp_path / "voxbind"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m voxbind_build "$@"\n')
    command.chmod(0o755)
    script = """
        voxbind --install-completion > /dev/null || exit
        . ~/.bashrc
        complete_last() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _voxbind_completion voxbind
            echo "${COMPREPLY[@]}"
        }
        complete_last voxbind doc
        complete_last voxbind show skimage.filters.gaus
        complete_last voxbind show butterw
    """
    path = os.pathsep.join((str(ROOT / "generator"), str(ROOT / "generated")))
    search = os.pathsep.join((str(tmp_path), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PYTHONPATH": path, "PATH": search, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["doctor", "skimage.filters.gaussian", "butterworth"], done.stderr


def _words(result: str | Sequence[str]) -> str:
    return result if isinstance(result, str) else ", ".join(result)


def test_voxbind_alone_names_commands_that_exist() -> None:
    done = voxbind(COLUMNS="80")
    assert done.returncode == 0
    commands = re.findall(r"^  voxbind (\S+)", done.stdout, re.MULTILINE)
    assert len(commands) == 5
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    for command in commands:
        arguments = [command] if command.startswith("-") else [command, "--help"]
        assert voxbind(*arguments).returncode == 0, command


@pytest.mark.parametrize("order", ["function", "contract", "result", "summary"])
def test_the_list_fits_eighty_columns_and_is_sorted(order: str) -> None:
    done = voxbind("list", "gaussian", "--kind", "any", "--sort", order, COLUMNS="80")
    *lines, count = done.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert count == f"{len(names)} functions"
    libraries = frozen.read(ROOT / "generated" / "voxbind" / frozen.MANIFEST).libraries.values()
    known = {name: entry for library in libraries for name, entry in library.functions.items()}
    keys = {
        "function": lambda name: name,
        "contract": lambda name: known[name].label,
        "result": lambda name: _words(known[name].result),
        "summary": lambda name: known[name].summary.casefold(),
    }
    assert names == sorted(names, key=lambda name: (keys[order](name), name))
    assert len(names) > 10


@pytest.mark.parametrize(("text", "is_paged"), [("gaussian", True), ("skimage canny", False)])
def test_a_long_list_goes_to_the_pager(text: str, is_paged: bool, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho in the pager\ncat\n")
    pager.chmod(0o755)
    ours, theirs = pty.openpty()
    path = os.pathsep.join((str(ROOT / "generator"), str(ROOT / "generated")))
    changed = {"PYTHONPATH": path, "PAGER": str(pager), "TERM": "xterm", "LINES": "20"}
    listing = subprocess.Popen(
        [sys.executable, "-P", "-m", "voxbind_build", "list", text],
        env={**os.environ, **changed, "COLUMNS": "80"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = read_until_closed(ours)
    assert listing.wait() == 0
    assert b"functions" in shown
    assert (b"in the pager" in shown) == is_paged
