"""The command line on narrow terminals, on terminals without Unicode, and in shells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from voxbind_build import manifest as frozen
from voxbind_build.cli import name_search

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


def test_a_misspelt_name_is_refused_with_the_suggestions() -> None:
    refused = voxbind("show", "gausian")
    assert refused.returncode == 2
    words = " ".join(refused.stderr.replace("│", " ").split())
    assert "'gausian'. Do you mean skimage.filters.gaussian, " in words


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
