"""What the doctor says of libraries on a GPU, for what may be missing one after another."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement

from voxbind_build import manifest as frozen
from voxbind_build.cli import app as cli
from voxbind_build.cli import doctor
from voxbind_build.cli.places import default_package
from voxbind_build.libraries import builtin
from voxbind_build.memories.cupy_memory import EXAMINATION
from voxbind_build.model import Library

ROOT = Path(__file__).parents[2]
PACKAGE = default_package()
NO_GPU = "there is no NVIDIA driver here"
CUDA12 = "pip install 'voxbind[cuda12]'"
BOTH = {"cupy-cuda12x": "14.2.0", "cucim-cu12": "26.10.0"}

Examine = Callable[..., dict[str, doctor.Finding]]


@pytest.fixture(scope="module")
def libraries() -> dict[str, Library]:
    found = frozen.read(PACKAGE / frozen.MANIFEST).libraries
    return {name: library for name, library in found.items() if library.device}


@pytest.fixture
def examine(monkeypatch: pytest.MonkeyPatch, libraries: dict[str, Library]) -> Examine:
    """Examine a machine that has what is said, and nothing else."""

    def run(
        installed: dict[str, str], *, lack: str = "", imports: str = "", cupy: str = "NVIDIA H100"
    ) -> dict[str, doctor.Finding]:
        def answer(code: str, *arguments: str, path: object = ()) -> dict[str, object]:
            if code is doctor._GPU:
                return {"lack": lack}
            if code is doctor._IMPORT:
                return {"error": imports} if imports else {}
            if code is EXAMINATION.ask:
                if cupy.startswith("NVIDIA"):
                    return {"usable": True, "detail": cupy}
                return {"usable": False, "detail": cupy, "command": "$cuda --force-reinstall"}
            return {"error": "isn't asked here"}

        monkeypatch.setattr(doctor, "_run", answer)
        monkeypatch.setattr(doctor, "version_of", lambda name: installed.get(name, ""))
        specs = [spec for spec in builtin() if spec.device]
        return {each.name: each for each in doctor.examine(specs, libraries, PACKAGE)}

    return run


def test_a_machine_without_gpu_and_libraries_is_told_both(examine: Examine) -> None:
    found = examine({}, lack=NO_GPU)
    for name, absent in (
        ("cucim", "cucim-cu12"),
        ("cupyx", "cupy-cuda12x"),
        ("cupy (CUDA)", "cupy"),
    ):
        assert not found[name].usable
        assert not found[name].ill
        assert found[name].detail == f"needs an NVIDIA GPU: {NO_GPU}; {absent} isn't installed"
        assert "install its driver" in found[name].command
        assert CUDA12 in found[name].command


def test_libraries_without_a_gpu_are_no_illness(examine: Examine) -> None:
    found = examine(BOTH, lack=NO_GPU)
    for name in ("cucim", "cupyx", "cupy (CUDA)"):
        assert not found[name].usable
        assert not found[name].ill
        assert found[name].detail == f"needs an NVIDIA GPU: {NO_GPU}"
        assert "install its driver" in found[name].command
        assert "pip" not in found[name].command


def test_another_version_is_an_illness_also_without_a_gpu(examine: Examine) -> None:
    assert examine({"cucim-cu12": "26.12.0"}, lack=NO_GPU)["cucim"].ill


def test_a_gpu_without_libraries_is_told_the_extra(examine: Examine) -> None:
    found = examine({})
    for name in ("cucim", "cupyx", "cupy (CUDA)"):
        assert "isn't installed" in found[name].detail
        assert found[name].command == CUDA12


def test_the_libraries_for_cuda_13_are_the_same(examine: Examine) -> None:
    found = examine({"cupy-cuda13x": "14.2.0"})
    assert found["cupyx"].usable
    assert found["cupyx"].version == "14.2.0"
    assert found["cucim"].command == "pip install 'voxbind[cuda13]'"


def test_all_is_well_with_a_gpu_and_its_libraries(examine: Examine) -> None:
    found = examine(BOTH)
    for name in ("cucim", "cupyx", "cupy (CUDA)"):
        assert found[name].usable
        assert not found[name].ill
        assert not found[name].command


def test_a_cupy_that_cant_calculate_is_told_for_all_that_need_it(examine: Examine) -> None:
    found = examine(BOTH, cupy="libnvrtc.so.12 isn't found")
    for name in ("cucim", "cupyx", "cupy (CUDA)"):
        assert not found[name].usable
        assert "libnvrtc.so.12" in found[name].detail
        assert found[name].command == f"{CUDA12} --force-reinstall"
    assert found["cucim"].ill


def test_a_library_that_cant_be_imported_is_told(examine: Examine) -> None:
    found = examine(BOTH, imports="ModuleNotFoundError: No module named 'lazy_loader'")
    assert not found["cucim"].usable
    assert "lazy_loader" in found["cucim"].detail
    assert found["cucim"].command == f"{CUDA12} --force-reinstall"


def test_own_functions_without_what_they_need_are_not_installed() -> None:
    library = frozen.read(PACKAGE / frozen.MANIFEST).libraries["native"]
    (spec,) = [spec for spec in builtin() if spec.name == "native"]
    needy = replace(spec, needs=("not_a_module.part",))
    finding = doctor._library("native", needy, library, PACKAGE)
    assert not finding.usable
    assert not finding.ill
    assert "not_a_module" in finding.detail
    assert finding.command == "pip install 'voxbind[native]'"


@pytest.mark.parametrize(
    ("recorded", "installed", "is_ill"),
    [
        ("unknown", "", False),
        ("unknown", '__version__ = "1.0"', False),
        ("1.0", "", False),
        ("1.0", '__version__ = "1.0"', False),
        ("1.0", '__version__ = "2.0"', True),
    ],
)
def test_a_module_without_a_distribution_is_usable_and_compared_if_both_have_a_version(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    libraries: dict[str, Library],
    recorded: str,
    installed: str,
    is_ill: bool,
) -> None:
    (tmp_path / "mylab.py").write_text(installed)
    monkeypatch.syspath_prepend(str(tmp_path))
    mylab = replace(
        libraries["cupyx"],
        distribution="mylab",
        version=recorded,
        memory_type="numpy",
        device="",
        modules=("mylab",),
    )
    finding = doctor._library("mylab", None, mylab, PACKAGE)
    assert finding.usable
    assert finding.ill == is_ill
    assert finding.command == "voxbind build --library mylab" * is_ill


def test_the_doctor_asks_the_driver_for_real(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["doctor", "--json"])
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    for name in ("cucim", "cupyx"):
        told = found[name]["detail"]
        assert found[name]["usable"] or re.search("NVIDIA|isn't installed|needs a device", told)


def test_the_extras_install_what_is_wrapped(libraries: dict[str, Library]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    specs = {spec.name: spec for spec in builtin()}
    for name, library in libraries.items():
        wanted = "\n".join(project["optional-dependencies"][library.extra])
        requirements = [Requirement(each) for each in wanted.splitlines()]
        (own,) = (each for each in requirements if each.name == library.distribution)
        assert own.specifier.contains(library.version)
        major, minor, _ = library.version.split(".")
        assert not own.specifier.contains(f"{int(major) + 1}.0.0")
        others = "\n".join(project["optional-dependencies"]["cuda13"])
        assert re.search(rf"^{specs[name].also[0]}(\[\w+\])?>={major}\.{minor}\b", others, re.M)
