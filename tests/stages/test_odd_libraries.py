"""A library with odd names, defaults and objects: each costs itself, and the rest is wrapped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.generated_packages import importing
from voxbind_build.build.unrenderable import functions_with_problems
from voxbind_build.cli import app as cli
from voxbind_build.manifest import MANIFEST, read
from voxbind_build.verify import verify

DOC = '''
    """Double an image.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return image * 2.0
'''
DOUBLE = f"def double(image):{DOC}"
# By module of the library: its source. All of them also have the function `double`.
MODULES = {
    "names": f"""
def l(image):{DOC}
def annotations(image):{DOC}
__all__ = ["double", "l", "annotations", "a-b", "1x", "class", "ﬁlter", "sub"]
globals().update({{"a-b": double, "1x": double, "class": double, "ﬁlter": lambda image: image}})
from oddlib.names import sub
def sub(image):{DOC}
""",
    "names.sub": "",
    "dunder": f"""
def __name__(image):{DOC}
__all__ = ["double", "__name__"]
""",
    "values": f'''
def pairs(image):
    """Count pairs.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return {{(1, 2): 3.0}}
def word(label="fast"):
    """Run."""
def table(image, table={{(1, 2): 3}}):{DOC}
def digits(image, limit=10**5000):{DOC}
def deep(image, shape={"(" * 150}1{",)" * 150}):{DOC}
def switch(slice_by_slice):{DOC.replace("image", "slice_by_slice")}
def nested(image, option=None):
    """Double an image.

    Parameters
    ----------
    image : ndarray
        The image.
    option : {"list[" * 100}int{"]" * 100}
        An option.
    """
    return image * 2.0
''',
    "proxies": """
class Unbound:
    def __getattr__(self, name): raise RuntimeError("unbound proxy")
    def __call__(self, *arguments): return 1
class WithoutClass:
    @property
    def __class__(self): raise RuntimeError("no class")
class Interrupting:
    @property
    def __signature__(self): raise KeyboardInterrupt
    def __call__(self, image): return image
unbound, without_class, interrupting = Unbound(), WithoutClass(), Interrupting()
""",
    "listing": """
def __dir__(): raise RuntimeError("nothing is listed")
""",
    "signatures": f"""
import inspect
def with_parameter(name):
    def function(image, *arguments):{DOC.replace("    ", "        ")}
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("image", positional), inspect.Parameter(name, positional)]
    function.__signature__ = inspect.Signature(parameters)
    return function
debug, ligature = with_parameter("__debug__"), with_parameter("ﬁ")
""",
    "files.save": f"def save(image):{DOC}",
    "broken": "import a_module_that_is_not_installed\n",
    "ends": "import sys; sys.exit(3)\n",
}
# Modules that aren't listed: a package that exports functions under the names of its modules.
NOT_LISTED = {
    "files/__init__.py": "from .load import load\nfrom .save import save\n",
    "files/load.py": f"def load(image):{DOC}",
}
UNRENDERABLE = {
    "oddlib.names.annotations": "from __future__ import annotations",
    "oddlib.dunder.__name__": "a meaning for Python itself",
    "oddlib.names.a-b": "isn't a name",
    "oddlib.names.1x": "isn't a name",
    "oddlib.names.class": "is a keyword",
    "oddlib.names.ﬁlter": "is read as 'filter'",
    "oddlib.names.sub": "A listed module has the same name",
    "oddlib.signatures.debug": "'__debug__' isn't a name that Python can bind",
    "oddlib.signatures.ligature": "'ﬁ' isn't a name that Python can bind",
}
WRAPPED = (
    *(f"oddlib.{module}.double" for module in MODULES if module not in ("broken", "ends")),
    *("oddlib.names.l", "oddlib.values.pairs", "oddlib.values.word", "oddlib.values.table"),
    *("oddlib.values.digits", "oddlib.values.switch", "oddlib.values.nested"),
    "oddlib.values.deep",
    "oddlib.files.save.save",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    package = folder / "oddlib"
    package.mkdir()
    (package / "__init__.py").write_text('__version__ = "1"\n')
    for name, source in MODULES.items():
        path = package.joinpath(*name.split("."))
        is_package = any(other.startswith(f"{name}.") for other in MODULES)
        file = path / "__init__.py" if is_package else path.with_suffix(".py")
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{DOUBLE}\n{source}", encoding="utf-8")
    for place, source in NOT_LISTED.items():
        (package / place).write_text(source, encoding="utf-8")
    modules = [f"oddlib.{name}" for name in MODULES]
    (folder / "odd.toml").write_text(f'name = "oddlib"\nmodules = {json.dumps(modules)}\n')
    return folder


@pytest.fixture(scope="module")
def built(library: Path) -> Path:
    out = library / "out" / "voxbind"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(library)
        command = ["build", "--library", str(library / "odd.toml"), "--out", str(out)]
        assert cli.run(command) == 0
    return out


@pytest.fixture(scope="module")
def load(built: Path, library: Path) -> Iterator[Any]:
    with importing(built.parent, library, also=("oddlib",)) as load:
        yield load


def test_everything_else_is_wrapped(built: Path) -> None:
    functions = read(built / MANIFEST).libraries["oddlib"].functions
    assert set(WRAPPED) <= functions.keys()
    assert not UNRENDERABLE.keys() & functions.keys()


@pytest.mark.parametrize("name", UNRENDERABLE)
def test_a_name_that_cannot_be_written_is_excluded_with_its_reason(name: str, built: Path) -> None:
    exclusion = read(built / MANIFEST).libraries["oddlib"].excluded[name]
    assert exclusion.reason == "unrenderable"
    assert UNRENDERABLE[name] in exclusion.detail


def test_modules_that_cannot_be_imported_are_left_out(built: Path) -> None:
    library = read(built / MANIFEST).libraries["oddlib"]
    assert not {"oddlib.broken", "oddlib.ends"} & {*library.modules}
    differences = "\n".join(library.differences)
    assert "oddlib.broken was only read, not imported: ModuleNotFoundError" in differences
    assert "oddlib.ends was only read, not imported: SystemExit: 3" in differences


def test_the_wrappers_work(load: Any) -> None:
    image = np.arange(6.0).reshape(2, 3)
    for name in WRAPPED:
        module, _, function = name.rpartition(".")
        if function in ("double", "l", "table", "digits", "deep", "switch", "nested", "save"):
            np.testing.assert_array_equal(getattr(load(module), function)(image), image * 2)
    assert load("oddlib.values").pairs(image) == {(1, 2): 3.0}
    assert load("oddlib.values").word() is None


def test_a_package_can_export_functions_under_the_names_of_its_modules(load: Any) -> None:
    files, image = load("oddlib.files"), np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(files.load(image), image * 2)  # the library's own, unwrapped
    np.testing.assert_array_equal(load("oddlib.files.save").save(image), image * 2)
    assert "Contract" in load("oddlib.files.save").save.__doc__


def test_a_second_build_and_a_check_leave_out_the_same(
    built: Path, library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(library)
    before = {path: path.read_bytes() for path in built.rglob("*") if path.is_file()}
    arguments = ["--library", str(library / "odd.toml"), "--out", str(built)]
    assert cli.run(["check", *arguments]) == 0
    assert cli.run(["build", *arguments]) == 0
    assert {path: path.read_bytes() for path in built.rglob("*") if path.is_file()} == before
    output = " ".join(capsys.readouterr().err.split())
    for name in UNRENDERABLE:
        assert f"{name} has no wrapper." in output


def test_a_problem_of_the_generated_code_is_attributed_to_its_function(built: Path) -> None:
    """The last resort: no case is known, so a wrapper is damaged before it is proved."""
    files = {
        path.relative_to(built).as_posix(): path.read_text(encoding="utf-8")
        for path in built.rglob("*.py")
    }
    path = "oddlib/values.py"
    damaged = re.sub(r"(def table\(\s*image: )\w+", r"\1NoSuchType", files[path])
    assert damaged != files[path]
    files[path] = damaged
    blamed = functions_with_problems(verify(files), files, read(built / MANIFEST))
    assert list(blamed) == ["oddlib.values.table"]
    assert "NoSuchType" in blamed["oddlib.values.table"]
