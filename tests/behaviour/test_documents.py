"""What the documents show is run: Python blocks as they stand, commands that only look."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from voxbind_build.build.admission import known_roles
from voxbind_build.libraries import load

ROOT = Path(__file__).parents[2]
NAMES = (
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"),
    *("docs/memory.md", "docs/axes.md", "docs/dask.md", "docs/auto.md", "docs/recording.md"),
    "docs/twins.md",
    *("docs/platforms.md", "docs/freezing.md", "docs/upstream.md", "docs/glossary.md"),
    *("docs/benchmarks.md", "docs/upgrading.md", "CHANGELOG.md", "SECURITY.md"),
    *("docs/own-build.md", "docs/wrap-a-library.md"),
    *("examples/labwrap/README.md", "examples/spotwrap/README.md"),
)
DOCUMENTS = [ROOT / name for name in NAMES] + sorted((ROOT / "docs" / "changes").glob("*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ voxbind ((?:show|list|twins|doctor).*?)(?:\s+#.*)?$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)

BLOCKS = [
    block
    for path in DOCUMENTS
    for block in BLOCK.findall(path.read_text("utf-8"))
    if "from labwrap" not in block  # the packaging tests install it, and run its `tests/use.py`
]
COMMANDS = [line for path in DOCUMENTS for line in COMMAND.findall(path.read_text("utf-8"))]
LINKS = [(path, *link) for path in DOCUMENTS for link in LINK.findall(path.read_text("utf-8"))]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT / 'generated'}"
    }
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
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
