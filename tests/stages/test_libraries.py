"""Library specifications: what is read, and what is said of a wrong one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from helpers.generated_packages import importing
from voxbind_build import libraries
from voxbind_build.libraries import SpecError
from voxbind_build.model import EnvironmentVariable, LibrarySpec

GOLDEN = Path(__file__).parents[1] / "golden"
GOOD = 'name = "x"\ndistribution = "x"\nextra = "x"\n'


def test_builtin_specifications_are_sorted_and_name_modules_that_exist() -> None:
    specs = libraries.builtin()
    assert [spec.name for spec in specs] == [
        "cucim",
        "cupyx",
        "native",
        "pyclesperanto",
        "scipy",
        "skimage",
    ]
    for spec in specs:
        if spec.device:
            continue  # read from their source: see test_devices
        for module in [spec.home] if spec.home else spec.modules:
            assert isinstance(libraries.import_dotted(module), ModuleType)


def test_a_name_and_its_file_give_the_same_specification() -> None:
    by_name = libraries.load("skimage")
    assert by_name == libraries.load(Path(libraries.__file__).with_name("skimage.toml"))
    assert by_name.distribution == "scikit-image"
    assert by_name.exclude["skimage.filters.try_all_threshold"].reason == "display"


def test_what_is_not_on_pypi_goes_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text('name = "lab"\nmodules = ["lab"]\n')
    spec = libraries.load(file)
    assert (spec.distribution, spec.extra) == ("lab", "")


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
            ("unknown field `module`", "must have name, modules"),
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
        pytest.param(
            GOOD + 'modules = ["x"]\n[environment.X]\nvalue = "/lib/x.so"\n',
            ("at environment[...]", "unknown field `value`"),
            id="environment",
        ),
        pytest.param(
            GOOD + 'modules = ["x"]\n[declare."x.f"]\nreason = "Because."\n',
            ("at declare[...]", "states nothing", "a contract, a result or needs_channels"),
            id="empty declaration",
        ),
        pytest.param(
            GOOD + 'modules = ["x"]\n[declare."x.f"]\ncontract = "PURE_2D"\nreason = " "\n',
            ("at declare[...]", "the reason is empty"),
            id="declaration without a reason",
        ),
        pytest.param(
            GOOD
            + 'modules = ["x"]\n[declare."x.f"]\ncontract = "helper"\nneeds_channels = true\n'
            + 'reason = "Because."\n',
            ("at declare[...]", "needs no channels"),
            id="helper with colours",
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


# --- what importing takes ----------------------------------------------------------------


def variable(*files: str, unless: tuple[str, ...] = ()) -> dict[str, EnvironmentVariable]:
    return {"TOY_DRIVERS": EnvironmentVariable(below_prefix=files, unless=unless)}


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python's folder with one driver in it."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "python"))
    # Set first, so that whatever the test sets is gone after it.
    monkeypatch.setenv("TOY_DRIVERS", "")
    monkeypatch.delenv("TOY_DRIVERS")
    driver = tmp_path / "python" / "lib" / "libtoy.so"
    driver.parent.mkdir(parents=True)
    driver.touch()
    (tmp_path / "machine.icd").touch()
    return tmp_path


def test_the_first_file_that_exists_is_told(prefix: Path) -> None:
    files = ("bin/toy.dll", "lib/libtoy.so", "lib")
    expected = {"TOY_DRIVERS": str(prefix / "python" / "lib" / "libtoy.so")}
    assert libraries.settings(variable(*files, unless=(f"{prefix}/vendors/*.icd",))) == expected


def test_nothing_is_told_where_there_is_no_such_file(prefix: Path) -> None:
    assert libraries.settings(variable("bin/toy.dll", "lib")) == {}


def test_what_the_machine_has_is_left_alone(prefix: Path) -> None:
    own = variable("lib/libtoy.so", unless=(f"{prefix}/none/*.icd", f"{prefix}/*.icd"))
    assert libraries.settings(own) == {}


@pytest.mark.parametrize("value", ["", "/elsewhere/libother.so"])
def test_what_the_user_has_set_is_left_alone(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TOY_DRIVERS", value)
    assert libraries.settings(variable("lib/libtoy.so")) == {}


def test_preparing_sets_the_variable_for_this_process_and_its_children(prefix: Path) -> None:
    spec = LibrarySpec(
        name="toy",
        distribution="toy",
        extra="toy",
        modules=("toy",),
        environment=variable("lib/libtoy.so"),
    )
    libraries.prepare(spec)
    told = os.environ["TOY_DRIVERS"]
    assert told.endswith("libtoy.so")
    libraries.prepare(spec)
    assert os.environ["TOY_DRIVERS"] == told


def test_pyclesperanto_is_told_of_the_cpu_device_from_pypi() -> None:
    environment = libraries.load("pyclesperanto").environment
    assert "lib/libintelocl.so" in environment["OCL_ICD_FILENAMES"].below_prefix
    assert environment["OCL_ICD_FILENAMES"].unless


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    """The folder of a package that shows modules by other names."""
    (tmp_path / "pkg").mkdir()
    for file, source in {
        "__init__": "from . import _nice as nice\nNAME = 'pkg'\nVALUE = 1\nbroken = nice",
        "_nice": "from . import _inner as inner\nNAME = 'pkg.nice'",
        "_inner": "NAME = 'pkg.nice.inner'",
        "sub": "NAME = 'pkg.sub'",
        "broken": "import libthatisnotthere",
    }.items():
        (tmp_path / "pkg" / f"{file}.py").write_text(source, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["pkg", "pkg.sub", "pkg.nice", "pkg.nice.inner"])
def test_a_module_is_reached_by_import_or_as_an_attribute(nested: Path, name: str) -> None:
    with importing(nested, also=("pkg",)):
        assert vars(libraries.import_dotted(name))["NAME"] == name


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("pkg.gone", "pkg.gone"),
        ("pkg.gone.deeper", "pkg.gone"),
        ("pkg.VALUE", "pkg.VALUE"),
        ("libthatisnotthere.x", "libthatisnotthere"),
        ("pkg.broken", "libthatisnotthere"),
    ],
)
def test_what_is_no_module_says_what_is_missing(nested: Path, name: str, missing: str) -> None:
    with importing(nested, also=("pkg",)), pytest.raises(ModuleNotFoundError) as caught:
        libraries.import_dotted(name)
    assert caught.value.name == missing
