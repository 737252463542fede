"""Library specifications: what is read, and what is said of a wrong one."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from unittest import mock

import hypothesis
import hypothesis.strategies as st
import msgspec
import pytest

import voxbind
from helpers.generated_packages import importing
from voxbind_build import libraries
from voxbind_build.build.admission import admit, known_roles
from voxbind_build.build.library_state import own_folder
from voxbind_build.build.report import BuildError
from voxbind_build.discover import discover
from voxbind_build.libraries import SpecError, reading
from voxbind_build.model import EnvironmentVariable, LibrarySpec
from voxbind_build.render import templates_dir

GOLDEN = Path(__file__).parents[1] / "golden"
GOOD = 'name = "x"\ndistribution = "x"\nextra = ""\n'


def test_builtin_specifications_are_sorted_and_name_modules_that_exist() -> None:
    specs = libraries.builtin(known_roles())
    assert {"cucim", "cupyx", "native", "pyclesperanto", "scipy", "skimage"} <= {
        spec.name for spec in specs
    }
    assert [spec.name for spec in specs] == sorted(
        path.stem for path in Path(libraries.__file__).parent.glob("*.toml")
    )
    for spec in specs:
        if spec.device:
            continue  # read from their source: see test_devices
        for module in [spec.home] if spec.home else spec.modules:
            assert isinstance(libraries.import_dotted(module), ModuleType)


@pytest.mark.parametrize("spec", libraries.builtin(), ids=lambda spec: spec.name)
def test_builtin_specifications_fit_their_libraries(spec: LibrarySpec) -> None:
    if importlib.util.find_spec(spec.home or spec.package) is None:
        pytest.skip(f"{spec.distribution} isn't installed")
    inventory = discover(spec, own_folder(spec), live=not spec.device)
    assert [problem.line(spec.name) for problem in libraries.misfits(inventory)] == []


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


# --- a file that is wrong by itself --------------------------------------------------------

FULL = GOOD + 'modules = ["x", "x.y"]\n'
DECLARE = FULL + '[declare."x.f"]\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param('name = "x', "not valid TOML: .* correct that line .*", id="syntax"),
        pytest.param(
            GOOD + 'modules = ["x"\n',
            "not valid TOML: .*toml.io has the syntax.*",
            id="open bracket",
        ),
        pytest.param("a = " + 4000 * "[", "not valid TOML: .*", id="too deep"),
        pytest.param("a = 1" + 5000 * "0", "not valid TOML: .*", id="a number without an end"),
        pytest.param("name = 'x'\nname = 'y'", "not valid TOML: .*", id="a key twice"),
        pytest.param("modules = ['x']", "missing required key `name`", id="no name"),
        pytest.param(
            FULL + 'module = "y"\n', "at module: unknown key; do you mean 'modules'\\?", id="a key"
        ),
        pytest.param(
            FULL + "zzz = 1\n",
            "at zzz: unknown key; the keys here are name, modules, .*",
            id="no key",
        ),
        pytest.param(FULL + 'file = "y"\n', "at file: unknown key; .*", id="not for a TOML"),
        pytest.param(GOOD, "missing required key `modules`", id="missing key"),
        pytest.param(
            GOOD + 'modules = "x"\n', "at modules: Expected `array`, got `str`", id="wrong type"
        ),
        pytest.param(
            GOOD + "modules = [1]\n", r"at modules\[0\]: Expected `str`, got `int`", id="item"
        ),
        pytest.param(GOOD + "modules = []\n", "at modules: the list is empty; .*", id="no modules"),
        pytest.param(
            FULL + 'memory_type = "cuppy"\n',
            "at memory_type: Invalid enum value 'cuppy'; do you mean 'cupy'\\?",
            id="choice",
        ),
        pytest.param(
            FULL + 'memory_type = "jax"\n',
            "at memory_type: Invalid enum value 'jax'; it may be 'numpy', 'cupy', .*",
            id="no choice",
        ),
        pytest.param(
            FULL + '[exclude."x.show"]\nreason = "display"\ndetial = "y"\n',
            "at exclude.\"x.show\".detial: unknown key; do you mean 'detail'\\?",
            id="nested key",
        ),
        pytest.param(
            FULL + '[exclude."x.show"]\ndetail = "y"\n',
            'at exclude."x.show": missing required key `reason`',
            id="nested key missing",
        ),
        pytest.param(
            FULL + '[exclude."x.show"]\nreason = ""\n',
            'at exclude."x.show".reason: the reason is empty; .*',
            id="no reason",
        ),
        pytest.param(
            FULL + '[environment.X]\nbelow_prefix = ["x"]\nvalue = "/lib/x.so"\n',
            "at environment.X.value: unknown key; .*",
            id="environment",
        ),
        pytest.param(
            FULL + "[environment.X]\nbelow_prefix = []\n",
            "at environment.X.below_prefix: the list is empty; name a file",
            id="no file",
        ),
        pytest.param(
            FULL + '[environment.X]\nbelow_prefix = ["/lib/x.so"]\n',
            r"at environment.X.below_prefix\[0\]: '/lib/x.so' is not a path relative to .*",
            id="absolute file",
        ),
        pytest.param(
            FULL + '[environment."A=B"]\nbelow_prefix = ["x"]\n',
            "at environment.\"A=B\": 'A=B' can't be the name of an environment variable.*",
            id="variable",
        ),
        *(
            pytest.param(
                FULL + f'[environment.{name}]\nbelow_prefix = ["x"]\n',
                f"at environment.{name}: '{name}' isn't a library's own variable: .*remove it",
                id=name,
            )
            for name in (
                *("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"),
                *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PATH", "HOME", "TMPDIR"),
                *("MALLOC_CHECK_", "GLIBC_TUNABLES", "GCONV_PATH", "BASH_ENV", "HTTPS_PROXY"),
            )
        ),
        pytest.param(
            FULL + '[environment.X]\nbelow_prefix = ["lib/../../x.so"]\n',
            r"at environment.X.below_prefix\[0\]: 'lib/../../x.so' is not a path relative to .*",
            id="climbing file",
        ),
        pytest.param(
            FULL + '[environment.X]\nbelow_prefix = ["x"]\nunless = ["/**/x"]\n',
            r"at environment.X.unless\[0\]: '/\*\*/x' is not a pattern of files in one folder.*",
            id="every folder",
        ),
        pytest.param(
            DECLARE + 'reason = "Because."\n',
            'at declare."x.f": the declaration states nothing; .*a contract, .* or needs_channels',
            id="empty declaration",
        ),
        pytest.param(
            DECLARE + 'contract = "PURE_2D"\nreason = " "\n',
            'at declare."x.f": the reason is empty; .*',
            id="declaration without a reason",
        ),
        pytest.param(
            DECLARE + 'contract = "helper"\nneeds_channels = true\nreason = "Because."\n',
            'at declare."x.f": a helper takes no image, so it needs no channels; .*',
            id="helper with colours",
        ),
        pytest.param(
            DECLARE + 'contract = "PURE2D"\nreason = "Because."\n',
            "at declare.\"x.f\".contract: Invalid enum value 'PURE2D'; do you mean 'PURE_2D'\\?",
            id="contract",
        ),
        pytest.param(
            GOOD + 'modules = ["x-y"]\n',
            r"at modules\[0\]: 'x-y' is not a dotted Python name such as 'skimage.filters'; .*",
            id="no Python name",
        ),
        pytest.param(
            GOOD + 'modules = ["x.class"]\n',
            r"at modules\[0\]: 'class' is a keyword.*",
            id="keyword",
        ),
        pytest.param(
            GOOD + 'modules = ["ﬁlters"]\n',
            r"at modules\[0\]: Python reads 'ﬁlters' as 'filters' .*",
            id="ligature",
        ),
        pytest.param(
            GOOD + 'modules = ["x", "x"]\n', r"at modules\[1\]: 'x' is listed twice", id="twice"
        ),
        pytest.param(
            GOOD + 'modules = ["x", "y.z"]\n',
            "at modules: .* packages \\(x, y\\); .*",
            id="two packages",
        ),
        pytest.param(
            'name = "x.y"\nmodules = ["x"]\n',
            "at name: 'x.y' is not a Python name .*",
            id="dotted name",
        ),
        pytest.param(
            'name = ""\nmodules = ["x"]\n', "at name: the name is empty; .*", id="empty name"
        ),
        pytest.param('name = "if"\nmodules = ["x"]\n', "at name: 'if' is a keyword .*", id="if"),
        pytest.param(
            'name = "__x"\nmodules = ["x"]\n',
            "at name: names like '__x' are reserved by Python; .*",
            id="dunder",
        ),
        pytest.param(
            'name = "\uff58"\nmodules = ["x"]\n',
            "at name: Python reads '\uff58' as 'x' .*",
            id="wide",
        ),
        pytest.param(
            FULL + 'also = ["scikit image"]\n',
            r"at also\[0\]: 'scikit image' is not the name of a distribution.*",
            id="distribution",
        ),
        pytest.param(
            FULL.replace('extra = ""', 'extra = "skimge"'),
            "at extra: voxbind has no extra 'skimge'; do you mean 'skimage'\\?",
            id="extra",
        ),
        pytest.param(
            FULL + 'twin = "x"\n', "at twin: 'x' is the library itself; .*", id="own twin"
        ),
        pytest.param(
            FULL + '[roles."x.f"]\nimage = "labls"\n',
            "at roles.\"x.f\".image: there is no role 'labls'; do you mean 'labels'\\?",
            id="role",
        ),
        pytest.param(
            FULL + '[roles."x.f"]\n', 'at roles."x.f": the table is empty; .*', id="no role"
        ),
        pytest.param(
            FULL + '[roles."x.z.f"]\nimage = "labels"\n',
            "at roles.\"x.z.f\": 'x.z' is not one of `modules`; do you mean 'x.y'\\?",
            id="not in a module",
        ),
        pytest.param(
            FULL + '[only]\n"x.f" = ["unit8"]\n',
            r"at only.\"x.f\"\[0\]: there is no dtype 'unit8'; do you mean 'uint8'\?",
            id="dtype",
        ),
        pytest.param(
            FULL + '[only]\n"x.f" = []\n', 'at only."x.f": the list is empty; .*', id="none"
        ),
        pytest.param(
            FULL + '[needs_output]\n"x.f" = []\n',
            'at needs_output."x.f": the list is empty; .*',
            id="no output",
        ),
        pytest.param(
            FULL + 'twin = "scipy"\n[tolerance]\n"*" = -1e-3\n',
            r'at tolerance."\*": -0.001 is not a tolerance; .*',
            id="negative",
        ),
        pytest.param(
            FULL + 'twin = "scipy"\n[tolerance]\n"*" = nan\n',
            r'at tolerance."\*": nan is not a tolerance; .*',
            id="no number",
        ),
        pytest.param(
            FULL + '[tolerance]\n"*" = 1e-3\n',
            "at tolerance: there is no twin to compare with; .*",
            id="nothing to tolerate",
        ),
        pytest.param(
            FULL + '[untyped]\n"x.C" = ""\n',
            'at untyped."x.C": the reason is empty; .*',
            id="untyped",
        ),
        pytest.param(
            FULL + 'home = "os"\n', "at home: only libraries that come with voxbind .*", id="home"
        ),
        pytest.param(FULL + 'needs = ["a b"]\n', r"at needs\[0\]: 'a b' is not .*", id="needs"),
    ],
)
def test_a_wrong_specification_is_refused_with_file_place_and_remedy(
    tmp_path: Path, text: str, line: str
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        libraries.load(path, known_roles())
    (told,) = caught.value.lines
    assert re.fullmatch(f"{re.escape(str(path))}: {line}", told), told
    assert str(caught.value) == told
    assert isinstance(caught.value, ValueError)


def test_all_problems_of_a_file_are_listed_together(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(
        """
        name = "x-y"
        nmae = "x"
        modules = ["x", 3]
        [exclude."x.f"]
        reason = ""
        why = "display"
        [roles."x.g"]
        image = "labls"
        [tolerance]
        "*" = -1
        """
    )
    with pytest.raises(SpecError) as caught:
        libraries.load(path, known_roles())
    places = [line.removeprefix(f"{path}: at ").partition(": ")[0] for line in caught.value.lines]
    assert sorted(places) == [
        *('exclude."x.f".reason', 'exclude."x.f".why', "modules[1]", "name", "nmae"),
        *('roles."x.g".image', "tolerance", 'tolerance."*"'),
    ]


def test_the_problems_of_all_builtin_files_are_listed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.toml").write_text('name = "one"\n')
    (tmp_path / "two.toml").write_text("name = \n")
    monkeypatch.setattr(reading, "_FOLDER", tmp_path)
    with pytest.raises(SpecError) as caught:
        libraries.builtin()
    assert [Path(line.partition(": ")[0]).name for line in caught.value.lines] == [
        "one.toml",
        "two.toml",
    ]


def test_an_unknown_name_lists_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(SpecError, match=r"'skimgae'.*do you mean 'skimage'.*scipy, skimage"):
        libraries.load("skimgae")


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b", "", "-"])
def test_what_no_path_can_be_is_an_unknown_name(name: str) -> None:
    with pytest.raises(SpecError):
        libraries.load(name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"absent\.toml: there is no such file"):
        libraries.load(tmp_path / "absent.toml")


def test_a_folder_is_no_specification(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").mkdir()
    for path in (tmp_path, tmp_path / "lab.toml"):
        with pytest.raises(SpecError, match=f"{path}: is a folder"):
            libraries.load(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.toml"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(SpecError, match="UTF-8"):
        libraries.load(path)


keys = st.sampled_from([field.name for field in msgspec.structs.fields(LibrarySpec)])
values = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@hypothesis.given(document=st.dictionaries(st.one_of(keys, st.text(max_size=8)), values))
def test_whatever_stands_in_a_file_is_a_specification_or_a_list_of_problems(
    document: dict[str, object],
) -> None:
    """Nothing that TOML can say ends in another error."""
    with (
        mock.patch.object(reading, "_document", lambda path: document),
        contextlib.suppress(SpecError),
    ):
        assert isinstance(libraries.load("any.toml", known_roles()), LibrarySpec)


# --- a file that doesn't fit its library ----------------------------------------------------

SOURCE = {
    "__init__": "",
    "filters": """
        __all__ = ["Kernel", "blur", "show_image", "sharpen"]
        def blur(image, sigma=1.0): return image
        def sharpen(image, *, amount=1.0, output=None): return image
        def show_image(image): ...
        class Kernel: ...
        """,
}


def fitted(folder: Path, **tables: object) -> list[str]:
    """Return the problems of a specification for a small library, without the file's name."""
    (folder / "lib").mkdir(exist_ok=True)
    for name, text in SOURCE.items():
        (folder / "lib" / f"{name}.py").write_text(textwrap.dedent(text))
    document = {"name": "lib", "modules": ["lib.filters"], **tables}
    spec = msgspec.convert(document, LibrarySpec)
    problems = libraries.misfits(discover(spec, [folder]))
    return [problem.line("lib.toml").removeprefix("lib.toml: at ") for problem in problems]


DISPLAY = {"reason": "display"}
PURE = {"reason": "Because.", "contract": "PURE_2D"}


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        (
            {"modules": ["lib.filters", "lib.filtrs"]},
            "modules[1]: lib unknown has no module 'lib.filtrs'; correct the name, or remove it",
        ),
        (
            {"exclude": {"lib.filters.shwo_im*": DISPLAY}},
            'exclude."lib.filters.shwo_im*": it matches no public name of lib unknown; '
            "do you mean 'lib.filters.show_image'?",
        ),
        (
            {"declare": {"lib.filters.blurr": PURE}},
            'declare."lib.filters.blurr": lib unknown has no such name; '
            "do you mean 'lib.filters.blur'?",
        ),
        (
            {"declare": {"lib.filters.Kernel": PURE}},
            'declare."lib.filters.Kernel": it is a class, but this table is for functions; '
            "remove it",
        ),
        (
            {"declare": {"lib.filters.show_image": PURE}, "exclude": {"*.show_*": DISPLAY}},
            'declare."lib.filters.show_image": it is excluded (display), so this entry '
            "has no effect; remove the entry or the exclusion",
        ),
        (
            {"roles": {"lib.filters.blur": {"imge": "mask"}}},
            "roles.\"lib.filters.blur\".imge: the function has no parameter 'imge'; "
            "do you mean 'image'?",
        ),
        (
            {"roles": {"lib.filters.blur": {"zzz": "mask"}}},
            "roles.\"lib.filters.blur\".zzz: the function has no parameter 'zzz'; "
            "it has image, sigma",
        ),
        (
            {"needs_output": {"lib.filters.sharpen": ["outptu"]}},
            "needs_output.\"lib.filters.sharpen\"[0]: the function has no parameter 'outptu'; "
            "do you mean 'output'?",
        ),
        (
            {"only": {"lib.filters.sharpn": ["uint8"]}},
            'only."lib.filters.sharpn": lib unknown has no such name; '
            "do you mean 'lib.filters.sharpen'?",
        ),
        (
            {"untyped": {"lib.filters.blur": "Because."}},
            'untyped."lib.filters.blur": it is a function, but this table is for classes; '
            "remove it",
        ),
        (
            {"twin": "scipy", "tolerance": {"lib.filters.kernl": 1e-3, "*": 1e-4}},
            'tolerance."lib.filters.kernl": it matches no function of lib unknown; '
            "correct it, or remove the entry",
        ),
        (
            {"twin": "scipy", "tolerance": {"*": 1e-3, "lib.filters.blur": 1e-4}},
            'tolerance."lib.filters.blur": earlier entries match all functions that it '
            "matches; put this one first",
        ),
    ],
)
def test_an_entry_that_fits_nothing_is_told_with_the_nearest_name(
    tmp_path: Path, tables: dict[str, object], problem: str
) -> None:
    assert fitted(tmp_path, **tables) == [problem]


def test_entries_that_fit_are_no_problem(tmp_path: Path) -> None:
    assert not fitted(
        tmp_path,
        twin="scipy",
        exclude={"lib.filters.show_*": DISPLAY},
        declare={"lib.filters.blur": PURE},
        roles={"lib.filters.blur": {"image": "mask"}},
        only={"lib.filters.blur": ["uint8"]},
        needs_output={"lib.filters.sharpen": ["output"]},
        untyped={"lib.filters.Kernel": "Because."},
        tolerance={"lib.filters.blur": 1e-3, "*": 0},
    )


# --- libraries that stand in each other's way -----------------------------------------------

SHOWN = [name for name in voxbind.__all__ if name != "__version__"]
MODULES = sorted(path.stem for path in (templates_dir() / "runtime").glob("*.py"))


@pytest.mark.parametrize("name", [*SHOWN, *MODULES, "_native", "auto", "observations", "voxbind"])
def test_no_library_takes_the_name_of_what_voxbind_shows(name: str) -> None:
    for spec in (
        LibrarySpec(name=name, modules=("lab",)),
        LibrarySpec(name="lab", modules=(f"{name}.filters",)),
    ):
        with pytest.raises(BuildError, match=f"'{name}' can't be wrapped: voxbind itself has"):
            admit([spec], {})


@pytest.mark.parametrize("name", ["Trace", "DIMENSIONERROR", "Skimage"])
def test_no_library_differs_by_case_alone(name: str) -> None:
    with pytest.raises(BuildError, match=f"'{name}'.*(voxbind itself|case of letters)"):
        admit([LibrarySpec(name=name, modules=(name,))], {})


def test_a_library_of_an_unknown_twin_is_refused() -> None:
    lab, other = (LibrarySpec(name=name, modules=(name,), twin="labb") for name in ("lab", "l2"))
    with pytest.raises(
        SpecError, match="l2: at twin: no library is named 'labb'; do you mean 'lab'"
    ):
        admit([msgspec.structs.replace(lab, twin="l2"), other], {})
    admit([msgspec.structs.replace(lab, twin="l2"), msgspec.structs.replace(other, twin="lab")], {})


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
