"""What is wrong with generated code is told with its file and line, before it is written."""

from __future__ import annotations

import pytest

from helpers import handmade_manifest as handmade
from voxbind_build.render import render, templates_dir
from voxbind_build.verify import Problem, verify

FILES = render(handmade.manifest(), templates_dir())
HEAD = '"""A module."""\n\nfrom __future__ import annotations\n'


def test_a_clean_package_has_no_problems() -> None:
    assert verify(FILES) == ()


BROKEN = [
    ("def f(:\n", 4, "compile", "invalid syntax"),
    ('x = "\x00"\n', 0, "compile", "null bytes"),
    ("import os\n", 4, "ruff", "F401"),
    ("\n\ndef f():\n    return 1\n", 6, "mypy", "missing a return type"),
    ('\nx: int = "text"\n', 5, "mypy", "Incompatible types"),
    ("\nfrom voxbind.arrays import Missing as Missing\n", 5, "mypy", "Missing"),
    ("\nfrom library_that_is_nowhere import f as f\n", 5, "mypy", "library_that_is_nowhere"),
    ("\n\n\n\nx  =  1\n", 6, "ruff", "layout"),
]


@pytest.mark.parametrize(("text", "line", "tool", "told"), BROKEN, ids=[each[3] for each in BROKEN])
def test_a_problem_is_told_with_file_line_and_tool(
    text: str, line: int, tool: str, told: str
) -> None:
    problems = verify({**FILES, "skimage/broken.py": HEAD + text})
    found = [each for each in problems if each.tool == tool and told in each.message]
    assert [(each.path, each.line) for each in found] == [("skimage/broken.py", line)]
    assert str(found[0]).startswith(f"skimage/broken.py:{line}: ")
    assert {each.path for each in problems} == {"skimage/broken.py"}


def test_problems_come_in_order_of_file_and_line() -> None:
    two = HEAD + '\nx: int = "a"\ny: int = "b"\n'
    problems = verify({**FILES, "b.py": two, "a.py": two})
    assert [(each.path, each.line) for each in problems] == [
        ("a.py", 5),
        ("a.py", 6),
        ("b.py", 5),
        ("b.py", 6),
    ]
    assert list(problems) == sorted(problems)


def test_the_tools_import_nothing_from_the_package_that_they_check() -> None:
    """A library may have modules that are called like those of Python."""
    stops = HEAD + 'raise SystemExit("imported")\n'
    names = ("keyword", "json", "ast", "typing_extensions", "subprocess", "ruff", "mypy")
    shadows = {f"{name}.py": stops for name in names}
    problems = verify({**FILES, **shadows, "broken.py": HEAD + "import os\n"})
    assert "F401" in "".join(problem.message for problem in problems if problem.path == "broken.py")


def test_other_files_than_modules_are_left_alone() -> None:
    assert verify({**FILES, "manifest.json": "not Python"}) == ()


def test_a_configuration_nearby_does_not_count(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "mypy.ini").write_text("[mypy]\nignore_errors = True\n")
    (folder / "ruff.toml").write_text("line-length = 20\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MYPYPATH", str(folder))
    [problem] = verify({**FILES, "a.py": HEAD + '\nx: int = "a"\n'})
    assert isinstance(problem, Problem)
    assert problem.tool == "mypy"
