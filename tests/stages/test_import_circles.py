"""No module imports itself by way of others, be it in a function, for checkers or by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import import_graph

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "generated" / "voxbind"


def run_time() -> dict[str, Path]:
    """The run time as it is written by hand: what render copies, where it copies it to."""
    templates = ROOT / "templates"
    return {
        **import_graph.modules(templates / "runtime", "voxbind"),
        **import_graph.modules(templates / "native", "voxbind._native"),
    }


def test_the_run_time_has_no_circle() -> None:
    imports = import_graph.graph(run_time())
    assert "voxbind._settings.trace_log" in imports["voxbind._settings.context"]
    assert "voxbind.errors" in imports["voxbind._native._shared"]
    assert import_graph.circle(imports) == []


def test_the_generator_has_no_circle() -> None:
    files = import_graph.modules(ROOT / "generator" / "voxbind_build", "voxbind_build")
    imports = import_graph.graph(files)
    assert "voxbind_build.build.pipeline" in imports["voxbind_build.cli.app"]
    assert import_graph.circle(imports) == []


def test_the_generated_package_has_no_circle_also_counting_the_wrappers_imported_by_name() -> None:
    from voxbind.__pyinstaller.hidden_imports import imported_by_name

    files = import_graph.modules(GENERATED, "voxbind")
    imports = import_graph.graph(files, for_checkers=False)
    for module in files:
        if not module.startswith("voxbind._"):
            imports[module] |= imported_by_name(module)[0] - {module}
    assert "voxbind.skimage.filters" in imports["voxbind.auto.filters"]
    assert "voxbind.skimage.filters" in imports["voxbind.skimage"]
    assert import_graph.circle(imports) == []


@pytest.mark.parametrize(
    "statement",
    [
        "import toy.second",
        "from toy import second",
        "from .second import name",
        "from . import second",
        "def later():\n    from .second import name",
        "if TYPE_CHECKING:\n    from .second import name",
        "def later():\n    return importlib.import_module('.second', __package__)",
        "def later():\n    return __import__('toy.second')",
    ],
)
def test_a_circle_is_seen_however_it_is_closed(tmp_path: Path, statement: str) -> None:
    (tmp_path / "__init__.py").touch()
    (tmp_path / "first.py").write_text(f"{statement}\n")
    (tmp_path / "second.py").write_text("from .third import name\n")
    (tmp_path / "third.py").write_text("from toy.first import name\n")
    imports = import_graph.graph(import_graph.modules(tmp_path, "toy"))
    assert set(import_graph.circle(imports)) == {"toy.first", "toy.second", "toy.third"}
