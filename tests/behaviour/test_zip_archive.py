"""The package, and the generator's look-ups, work from a zip archive on the search path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from voxbind_build.describe.doctype_reader import read

ROOT = Path(__file__).parents[2]

CASES = {
    "the registry": """
        from voxbind import registry
        found = registry.functions()["skimage.filters.gaussian"]
        assert found in registry.find(library="skimage", text="gaussian filter")
        from skimage.filters import gaussian
        import inspect
        assert found.doc == inspect.getdoc(gaussian)
        assert found.func.__module__ == "voxbind.skimage.filters"
    """,
    "a wrapper": """
        import numpy, skimage.filters
        from voxbind.skimage import filters
        image = numpy.random.default_rng(0).random((32, 40))
        assert (filters.gaussian(image) == skimage.filters.gaussian(image)).all()
    """,
    "a volume, slice by slice": """
        import numpy, skimage.feature
        from voxbind.skimage import feature
        volume = numpy.random.default_rng(0).random((3, 32, 40))
        edges = numpy.stack([skimage.feature.canny(plane) for plane in volume])
        assert (feature.canny(volume) == edges).all()
    """,
    "voxbind.auto": """
        import numpy, scipy.ndimage
        from voxbind.auto import ndimage
        image = numpy.random.default_rng(0).random((32, 40))
        expected = scipy.ndimage.gaussian_filter(image, 1)
        assert (ndimage.gaussian_filter(image, 1) == expected).all()
    """,
    "voxbind.native": """
        import numpy
        from voxbind import native
        volume = numpy.random.default_rng(0).random((3, 32, 40))
        assert (native.max_projection(volume) == volume.max(axis=0)).all()
    """,
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated package and the generator in one archive, and nothing of them beside it."""
    file = tmp_path_factory.mktemp("zip") / "voxbind.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in (ROOT / "generated" / "voxbind", ROOT / "generator" / "voxbind_build"):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, path.relative_to(folder.parent))
    return file


def run(archive: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=archive.parent,
        env={**os.environ, "PYTHONPATH": str(archive)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("case", CASES)
def test_the_package_works_from_an_archive(archive: Path, case: str) -> None:
    lines = "\n".join(line.removeprefix(" " * 8) for line in CASES[case].splitlines())
    check = f"\nimport voxbind\nassert voxbind.__file__.startswith({str(archive)!r})"
    done = run(archive, "-c", lines + check)
    assert done.returncode == 0, done.stderr


def test_a_damaged_registry_in_an_archive_is_named(archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "voxbind.zip"
    shutil.copy(archive, file)
    with zipfile.ZipFile(file, "a") as opened, pytest.warns(UserWarning, match="Duplicate name"):
        opened.writestr("voxbind/registry.json", "{\n]")
    done = run(file, "-c", "from voxbind import registry; registry.functions()")
    assert done.stderr.splitlines()[-1].endswith(
        "VoxbindError: registry.json of the package voxbind isn't valid JSON at line 2, column 1 "
        "(Expecting property name enclosed in double quotes): install voxbind anew, or run "
        "`voxbind build`, which writes it."
    )


@pytest.mark.parametrize(
    "command",
    [
        ("list", "canny", "--json"),
        ("show", "skimage.filters.sobel_h"),
        ("show", "skimage.filters.sobel_h", "--json"),
        ("twins",),
    ],
    ids=" ".join,
)
def test_what_is_looked_up_from_an_archive_is_what_the_folders_give(
    archive: Path, command: tuple[str, ...]
) -> None:
    done = run(archive, "-m", "voxbind_build", *command)
    assert done.returncode == 0, done.stderr
    folders = os.pathsep.join(str(ROOT / name) for name in ("generator", "generated"))
    there = subprocess.run(
        [sys.executable, "-m", "voxbind_build", *command],
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == there.stdout


def test_the_tables_of_the_generator_are_read_from_an_archive(archive: Path) -> None:
    code = (
        "from voxbind_build import libraries\n"
        "from voxbind_build.classify.result_names import patterns\n"
        "from voxbind_build.describe.doctype_reader import read\n"
        "from voxbind_build.manifest import schema, seal\n"
        "from voxbind_build.model import Manifest\n"
        "assert 'skimage' in [spec.name for spec in libraries.builtin()]\n"
        "assert libraries.load('scipy').name == 'scipy'\n"
        "assert patterns().points\n"
        "print(read('ndarray or float, optional'))\n"
        "assert 'manifest.schema.json' in seal(Manifest(libraries={}), {})\n"
        "try:\n"
        "    libraries.load('skimgae')\n"
        "except libraries.SpecError as error:\n"
        "    assert 'skimage' in str(error)\n"
        "else:\n"
        "    raise SystemExit('accepted')\n"
    )
    done = run(archive, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(read("ndarray or float, optional"))
