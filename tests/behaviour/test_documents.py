"""What the documents show is run: Python blocks as they stand, commands that only look."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
import typer

from voxbind import errors
from voxbind_build.build.admission import known_roles
from voxbind_build.cli.app import app
from voxbind_build.libraries import load
from voxbind_build.model import LibrarySpec, Manifest

ROOT = Path(__file__).parents[2]
NAMES = (
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"),
    *("examples/labwrap/README.md", "examples/spotwrap/README.md", "examples/openhcs/README.md"),
)
DOCUMENTS = [*(ROOT / name for name in NAMES), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^\$ voxbind (.*?)(?:\s+#.*)?$", re.MULTILINE)
COMMAND = re.compile(r"show|list|twins|doctor")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)

BLOCKS = [
    block
    for path in DOCUMENTS
    for block in BLOCK.findall(path.read_text("utf-8"))
    if "from labwrap" not in block  # the packaging tests install it, and run its `tests/use.py`
]
LINES = sorted({line for path in DOCUMENTS for line in LINE.findall(path.read_text("utf-8"))})
COMMANDS = [line for line in LINES if COMMAND.match(line)]  # they only read, and take a second
MARK = re.compile(r"<!-- derived: (\w+) -->")
MESSAGE = re.compile(r"^```none\n(.*?)\n```\n\n.*?^```py\n(.*?)^```", re.MULTILINE | re.DOTALL)
MESSAGES = [
    match
    for section in (ROOT / "docs" / "errors.md").read_text("utf-8").split("\n## ")
    for match in MESSAGE.findall(section)
]
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
TITLED = re.compile(r"^.*<")  # `Title <page>`
LINKS = [(path, *link) for path in DOCUMENTS for link in LINK.findall(path.read_text("utf-8"))]


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT / 'generated'}"
    }
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 3
    assert len(COMMANDS) >= 3


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_python_in_documents_runs(block: str) -> None:
    done = run("-c", block)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_in_documents_run(command: str) -> None:
    done = run("-m", "voxbind_build", *shlex.split(command))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith("-")])
def test_commands_in_documents_have_arguments_that_are_accepted(line: str) -> None:
    name, *arguments = shlex.split(line)
    group = typer.main.get_command(app)
    command = group.commands[name]  # type: ignore[attr-defined]  # it is a group
    command.make_context(name, arguments)  # parses the arguments, and runs nothing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_toml_in_documents_can_be_read(path: Path) -> None:
    for block in TOML.findall(path.read_text("utf-8")):
        tomllib.loads(block)


def test_the_documented_hook_is_that_of_the_sample_project() -> None:
    (documented,) = TOML.findall((ROOT / "docs" / "own-build.md").read_text("utf-8"))
    table = tomllib.loads(documented)
    sample = tomllib.loads((ROOT / "examples" / "labwrap" / "pyproject.toml").read_text("utf-8"))
    assert table["build-system"] == sample["build-system"]
    hooks = [each["tool"]["hatch"]["build"]["hooks"] for each in (table, sample)]
    assert hooks[0] == hooks[1]


def test_the_documented_command_is_that_of_the_sample_project() -> None:
    command = re.compile(r"^voxbind build .*--package.*$", re.MULTILINE)
    texts = [
        (ROOT / name).read_text("utf-8")
        for name in ("docs/own-build.md", "examples/spotwrap/README.md")
    ]
    assert command.findall(texts[0]) == command.findall(texts[1]) != []


def test_documented_specifications_can_be_read(tmp_path: Path) -> None:
    blocks = TOML.findall((ROOT / "docs" / "wrap-a-library.md").read_text("utf-8"))
    specifications = [block for block in blocks if block.startswith("name")]
    assert len(specifications) == 2
    for block in specifications:
        file = tmp_path / "mylab.toml"
        file.write_text(block, encoding="utf-8")
        assert load(file, known_roles()).name == "mylab"


def test_the_documented_routes_are_those_that_are_taken() -> None:
    from voxbind._memory.routes import PLACES, route

    text = (ROOT / "docs" / "memory.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    head, _, *routes = rows[: len(PLACES) + 2]
    assert tuple(head[1:]) == PLACES
    assert {
        (source, target): cost
        for source, *costs in routes
        for target, cost in zip(PLACES, costs, strict=True)
    } == {(source, target): route(source, target) for source in PLACES for target in PLACES}


@pytest.mark.parametrize(("path", "link", "anchor"), LINKS, ids=lambda value: str(value))
def test_links_between_documents_lead_somewhere(path: Path, link: str, anchor: str) -> None:
    target = path.parent / link if link else path
    assert target.exists()
    if anchor:
        headings = HEADING.findall(target.read_text("utf-8"))
        # GitHub makes an anchor of a heading: lower case, without punctuation, hyphens for spaces.
        anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
        assert anchor in anchors


def test_contributing_names_tests_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[\w/.]+)`", text))
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_each_page_of_the_site_is_in_a_table_of_contents() -> None:
    docs = ROOT / "docs"
    pages = {*docs.rglob("*.md")} - {docs / "index.md", docs / "changes" / "README.md"}
    listed = [
        page.parent / f"{TITLED.sub('', line).rstrip('>')}.md"
        for page in docs.rglob("*.md")
        for block in TOCTREE.findall(page.read_text("utf-8"))
        for line in block.splitlines()
        if not line.startswith(":")
    ]
    assert sorted(listed) == sorted(pages)


def test_the_reference_lists_each_error_and_warning() -> None:
    texts = [(ROOT / "docs" / name).read_text("utf-8") for name in ("reference.md", "errors.md")]
    names = [name for name in errors.__all__ if name[0].isupper()]
    assert [name for name in names if f"{name}`" not in texts[0]] == []
    assert [name for name in names if f"\n## {name}\n" not in texts[1]] == ["VoxbindError"]


@pytest.mark.parametrize(("message", "code"), MESSAGES, ids=lambda text: text.partition(":")[0])
def test_documented_messages_are_those_of_the_calls(
    message: str, code: str, tmp_path: Path
) -> None:
    done = run("-c", code, folder=tmp_path)
    raised = done.stderr.replace(str(tmp_path), "/data")
    assert [line for line in raised.splitlines() if line.endswith(message)], raised


@pytest.mark.parametrize(
    ("page", "root"), [("toml-keys.md", LibrarySpec), ("manifest.md", Manifest)]
)
def test_the_site_explains_each_field_of_the_files(
    page: str, root: type[msgspec.Struct], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from derived import filled, structs

    text = filled((ROOT / "docs" / page).read_text("utf-8"))
    without_text = []
    for struct in structs(root):
        section = text.partition(f"## {struct.__name__}\n")[2].partition("\n## ")[0]
        for field in msgspec.structs.fields(struct):
            if (struct, field.name) == (LibrarySpec, "file"):  # set by the program
                continue
            start = f"* `{field.encode_name}` "
            (line,) = [line for line in section.splitlines() if line.startswith(start)]
            if not line.partition("): ")[2]:
                without_text.append(f"{struct.__name__}.{field.name}")
    assert without_text == []


def test_the_site_uses_each_derived_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from derived import PARTS

    named = {mark for path in DOCUMENTS for mark in MARK.findall(path.read_text("utf-8"))}
    assert named == {*PARTS}


def test_the_site_lists_each_command_and_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from derived import command_line

    page = command_line()
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # it is a group
        section = page.partition(f"## `voxbind {name}`\n")[2].partition("\n## ")[0]
        options = [option for each in command.params for option in each.opts if option[0] == "-"]
        assert options
        assert [option for option in options if option not in section] == []
