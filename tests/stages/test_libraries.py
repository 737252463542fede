"""Library specifications: what is read, and what is said of a wrong one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from voxbind_build import libraries
from voxbind_build.libraries import SpecError

GOLDEN = Path(__file__).parents[1] / "golden"
GOOD = 'name = "x"\ndistribution = "x"\nextra = "x"\n'


def test_builtin_specifications_are_sorted_and_name_modules_that_exist() -> None:
    specs = libraries.builtin()
    assert [spec.name for spec in specs] == ["scipy", "skimage"]
    for spec in specs:
        for module in spec.modules:
            assert importlib.util.find_spec(module) is not None


def test_a_name_and_its_file_give_the_same_specification() -> None:
    by_name = libraries.load("skimage")
    assert by_name == libraries.load(Path(libraries.__file__).with_name("skimage.toml"))
    assert by_name.distribution == "scikit-image"
    assert by_name.exclude["skimage.filters.try_all_threshold"].reason == "display"


def test_a_users_specification_is_read_from_its_file() -> None:
    spec = libraries.load(GOLDEN / "toylib.toml")
    assert "toylib.filters" in spec.modules
    assert spec.memory_type == "numpy"
    assert spec.twin is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('name = "x', ("not valid TOML", "correct that line"), id="syntax"),
        pytest.param(GOOD + 'modules = ["x"\n', ("not valid TOML", "toml.io"), id="open bracket"),
        pytest.param(
            GOOD + 'modules = ["x"]\nmodule = "y"\n',
            ("unknown field `module`", "must have name, distribution, extra, modules"),
            id="unknown field",
        ),
        pytest.param(GOOD, ("missing required field `modules`", "correct"), id="missing field"),
        pytest.param(
            GOOD + 'modules = "x"\n', ("at modules", "Expected `array`, got `str`"), id="wrong type"
        ),
        pytest.param(
            GOOD + "modules = [1]\n", ("at modules[0]", "Expected `str`, got `int`"), id="item"
        ),
        pytest.param(
            GOOD + 'modules = ["x"]\nmemory_type = "jax"\n',
            ("at memory_type", "Invalid enum value 'jax'"),
            id="choice",
        ),
        pytest.param(
            GOOD + 'modules = ["x"]\n[exclude."x.show"]\nwhy = "display"\n',
            ("at exclude[...]", "unknown field `why`"),
            id="nested field",
        ),
        pytest.param(GOOD + "modules = []\n", ("at modules", "empty"), id="no modules"),
        pytest.param(GOOD + 'modules = ["x-y"]\n', ("at modules", "'x-y'"), id="no Python name"),
        pytest.param(GOOD + 'modules = ["x", "y.z"]\n', ("packages (x, y)",), id="two packages"),
    ],
)
def test_a_wrong_specification_is_refused_with_file_place_and_remedy(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        libraries.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert all(word in message for word in words), message
    assert isinstance(caught.value, ValueError)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"'skimgae'.*scipy, skimage"):
        libraries.load("skimgae")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"absent\.toml: there is no such file"):
        libraries.load(tmp_path / "absent.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.toml"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(SpecError, match="UTF-8"):
        libraries.load(path)
