"""A memory is added by one file and one line; without a part of it, mypy and Python refuse it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import scipy.ndimage
import skimage.filters
import skimage.measure

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing, write_package
from voxbind_build.memories.lookup import EXAMINATIONS, facts
from voxbind_build.model import MemoryType

TESTS = Path(__file__).parents[1]
TOYS = TESTS / "toys"
GENERATOR = TESTS.parent / "generator"
IMAGE = np.random.default_rng(0).random((12, 15))
VOLUME = np.random.default_rng(0).random((4, 12, 15)).astype(np.float32)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package that has one more memory: its file, and its line in the registry."""
    folder = write_package(handmade.manifest(), tmp_path_factory.mktemp("toy"))
    memories = folder / "voxbind" / "_memory"
    shutil.copy(TOYS / "tagged_memory.py", memories)
    shutil.copy(TOYS / "tagged.py", folder)
    registry = memories / "registry.py"
    text = registry.read_text("utf-8")
    text = text.replace("    NUMPY,\n    Torch", "    TaggedMemory(),\n    NUMPY,\n    Torch", 1)
    text = text.replace("from .torch", "from .tagged_memory import TaggedMemory\nfrom .torch", 1)
    assert text.count("TaggedMemory") == 2
    registry.write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def voxbind(package: Path) -> Iterator[Import]:
    with importing(package, also=("tagged",)) as load:
        yield load


@pytest.fixture
def tagged(voxbind: Import) -> Any:
    import tagged

    return tagged


def equal(result: Any, expected: Any, kind: type, tag: str = "here") -> None:
    assert type(result) is kind
    found: Any = result
    assert found.tag == tag
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(np.asarray(result), expected)


def test_its_arrays_go_in_and_come_out(voxbind: Import, tagged: Any) -> None:
    image = tagged.tagged(IMAGE, "here")
    smooth = voxbind("skimage.filters").gaussian(image, sigma=2)
    equal(smooth, skimage.filters.gaussian(IMAGE, sigma=2), tagged.Tagged)
    mask = IMAGE > 0.5
    labels, count = voxbind("skimage.measure").label(tagged.tagged(mask, "there"), return_num=True)
    expected, expected_count = skimage.measure.label(mask, return_num=True)
    equal(labels, expected, tagged.Tagged, "there")
    assert count == expected_count
    filtered = voxbind("scipy.ndimage").gaussian_filter(image, 1)
    equal(filtered, scipy.ndimage.gaussian_filter(IMAGE, 1), tagged.Tagged)


def test_a_volume_goes_slice_by_slice(voxbind: Import, tagged: Any) -> None:
    with voxbind("").trace() as log:
        result = voxbind("skimage.filters").sobel_h(tagged.tagged(VOLUME, "here"))
    expected = np.stack([skimage.filters.sobel_h(plane) for plane in VOLUME])
    equal(result, expected, tagged.Tagged)
    assert log[0].slices == len(VOLUME)


def test_its_copies_are_reported_and_can_be_forbidden(voxbind: Import, tagged: Any) -> None:
    image, gaussian = tagged.tagged(IMAGE, "here"), voxbind("skimage.filters").gaussian
    with voxbind("").trace() as log:
        gaussian(image, sigma=2)
    assert [tuple(each) for each in log[0].conversions] == [
        ("image", "tagged (here)", "numpy", IMAGE.nbytes, False),
        ("result", "numpy", "tagged (here)", IMAGE.nbytes, False),
    ]
    error = voxbind("errors").TransferForbiddenError
    with voxbind("").transfers("forbid"), pytest.raises(error, match=r"tagged \(here\)"):
        gaussian(image, sigma=2)


def test_an_output_is_written_back(voxbind: Import, tagged: Any) -> None:
    output = tagged.tagged(np.zeros_like(IMAGE), "there")
    given = tagged.tagged(IMAGE, "here")
    result = voxbind("scipy.ndimage").gaussian_filter(given, 1, output=output)
    assert result is output
    equal(output, scipy.ndimage.gaussian_filter(IMAGE, 1), tagged.Tagged, "there")


def test_it_is_in_the_table_of_routes_and_in_error_messages(voxbind: Import) -> None:
    routes = voxbind("_memory.routes")
    assert "tagged" in routes.PLACES
    assert routes.route("tagged", "numpy") == "copy"
    assert routes.route("tagged", "cupy") == "copy, copy"
    with pytest.raises(TypeError, match=r"Accepted are tagged\.Tagged, numpy\.ndarray, torch"):
        voxbind("skimage.filters").gaussian(object())


def test_numpys_arrays_do_not_notice(voxbind: Import) -> None:
    result = voxbind("skimage.filters").gaussian(IMAGE, sigma=2)
    assert type(result) is np.ndarray
    memories = voxbind("_memory.lookup")
    assert memories.memory_of(IMAGE) is memories.NUMPY


# --- what is missing is an error of types ----------------------------------------------------


def checked(folder: Path, *files: str) -> str:
    """Return what `mypy --strict` says of files below a folder."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--no-color-output"),
            *("--config-file", os.devnull, "--cache-dir", str(folder / "cache")),
            *("--ignore-missing-imports", *files),
        ],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(folder), "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def members() -> list[str]:
    """Name what the toy memory says, in order."""
    (memory,) = ast.parse((TOYS / "tagged_memory.py").read_text("utf-8")).body[-1:]
    assert isinstance(memory, ast.ClassDef)
    names = [node.name for node in memory.body if isinstance(node, ast.FunctionDef)]
    for node in memory.body:
        if isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return names


def without(member: str) -> str:
    """Return the toy memory's class without a member, named after what it lacks."""
    module = ast.parse((TOYS / "tagged_memory.py").read_text("utf-8"))
    memory = module.body[-1]
    assert isinstance(memory, ast.ClassDef)
    memory.name = f"Without_{member}"
    memory.body = [
        node
        for node in memory.body
        if getattr(node, "name", "") != member
        and member not in [ast.unparse(each) for each in getattr(node, "targets", ())]
    ]
    return ast.unparse(memory)


def test_a_memory_that_lacks_a_member_is_refused(voxbind: Import, package: Path) -> None:
    names = members()
    head = (TOYS / "tagged_memory.py").read_text("utf-8").partition("\nclass ")[0]
    listed = ", ".join(f"Without_{name}()" for name in names)
    text = "\n\n\n".join(
        [head, *map(without, names), f"LISTED: tuple[Memory, ...] = ({listed},)\n"]
    )
    (package / "lacking.py").write_text(text, "utf-8")
    said = checked(package, "lacking.py", "voxbind/_memory/registry.py")
    refused = re.findall(
        r'Cannot instantiate abstract class "Without_(\w+)" with abstract attribute "(\w+)"', said
    )
    assert sorted(refused) == sorted(zip(names, names, strict=True)), said
    assert said.count("error:") == len(names), said
    # And whoever doesn't check types hears it when the memory is made.
    namespace: dict[str, Any] = {}
    exec(compile(text.partition("LISTED")[0], "lacking.py", "exec"), namespace)
    for name in names:
        with pytest.raises(TypeError, match=name):
            namespace[f"Without_{name}"]()


@pytest.fixture
def generator(tmp_path: Path) -> Path:
    """The generator's records and memories, to be edited."""
    for part in ("model", "memories"):
        shutil.copytree(GENERATOR / "voxbind_build" / part, tmp_path / "voxbind_build" / part)
    (tmp_path / "voxbind_build" / "__init__.py").touch()
    return tmp_path


def test_a_name_without_its_parts_is_an_error_of_types_at_the_generators_list(
    generator: Path,
) -> None:
    lookup = "voxbind_build/memories/lookup.py"
    assert checked(generator, lookup).startswith("Success")
    vocabulary = generator / "voxbind_build" / "model" / "vocabulary.py"
    text = vocabulary.read_text("utf-8")
    assert text.count('MemoryType = Literal["numpy", ') == 1
    vocabulary.write_text(
        text.replace('MemoryType = Literal["numpy", ', 'MemoryType = Literal["toy", "numpy", ')
    )
    tensors = generator / "voxbind_build" / "memories" / "torch_memory.py"
    tensors.write_text(tensors.read_text("utf-8").replace("def give(", "def gave("))
    said = checked(generator, lookup)
    errors = [line for line in said.splitlines() if " error: " in line]
    assert len(errors) == 2, said
    assert all(line.startswith(lookup) for line in errors)
    assert 'got "type[Tensors]", expected "type[Memory]"' in errors[0]
    assert "Literal['toy']" in errors[1]


def test_both_sides_know_the_same_memories() -> None:
    with importing(TESTS.parent / "generated") as load:
        registry = load("_memory.registry")
    kinds = get_args(MemoryType)
    assert {*kinds} == {*registry.LIBRARY_MEMORIES, registry.ARRAY_API}
    assert [each.place for each in EXAMINATIONS] == [place.name for place in registry.PLACES]
    assert [kind for kind in kinds if facts(kind).is_default] == [registry.NUMPY.name]
    for kind in kinds:
        device = facts(kind).device
        assert device is None or device in EXAMINATIONS


def test_nothing_but_the_registry_lists_memories(voxbind: Import, package: Path) -> None:
    names = {memory.name for memory in voxbind("_memory.registry").MEMORIES}
    found = set()
    # Which package has the version of cupyx; which libraries `voxbind.auto` runs on a GPU.
    others = {"_upstream/versions.py", "_auto"}
    for path in (package / "voxbind").rglob("*.py"):
        if path.name.endswith("_memory.py") or path.parent.name == "_native":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Compare, ast.Dict, ast.Tuple, ast.Set, ast.List, ast.Match)):
                texts = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
                if texts & (names - {"numpy"}):
                    found.add(path.relative_to(package / "voxbind").as_posix())
    assert not {name for name in found if not {name, name.partition("/")[0]} & others}
