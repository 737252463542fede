"""voxbind as a backend of scikit-image: unchanged programs, scikit-image's own dispatch."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GROUPS = ("skimage_backends", "skimage_backend_infos")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

IMAGES = """
    import warnings
    import numpy as np
    import torch
    from skimage import metrics

    first, second = np.random.default_rng(0).random((2, 16, 16))
    error = ((first - second) ** 2).mean()

    def call(*arguments, **options):
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            result = metrics.mean_squared_error(*arguments, **options)
        return float(result), [str(warning.message) for warning in raised]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the metadata of an installation: pyproject.toml's entry points."""
    pytest.importorskip("skimage.util._backends")
    folder = tmp_path_factory.mktemp("installed")
    metadata = folder / "voxbind_entry_points-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: voxbind-entry-points\nVersion: 1.0\n"
    )
    lines = [
        line
        for group in GROUPS
        for line in (
            f"[{group}]",
            *(f"{name} = {value}" for name, value in PROJECT["entry-points"][group].items()),
        )
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder


def run(code: str, installed: Path, requested: str | None) -> str:
    """Run a program beside the installed entry points, and return what it prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (installed, ROOT / "generated"))),
    }
    for name in ("SKIMAGE_BACKENDS", "SKIMAGE_NO_DISPATCHING"):
        environment.pop(name, None)
    if requested is not None:
        environment["SKIMAGE_BACKENDS"] = requested
    done = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(IMAGES) + textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


ARRAYS = {
    "a tensor": "torch.from_numpy(first), torch.from_numpy(second)",
    "a tensor as the second argument": "first, torch.from_numpy(second)",
    "tensors by name": "image0=torch.from_numpy(first), image1=torch.from_numpy(second)",
}


@pytest.mark.parametrize("requested", ["voxbind", "other, voxbind"])
@pytest.mark.parametrize("case", ARRAYS)
def test_other_arrays_go_to_voxbind(installed: Path, requested: str, case: str) -> None:
    # The CPU's tensors take the same way as a GPU's: by scikit-image's dispatch to voxbind.auto,
    # which calls scikit-image itself here. tests/gpu/test_skimage_backend_gpu.py has the GPU's.
    code = f"""
        from voxbind import trace

        with trace() as log:
            result, messages = call({ARRAYS[case]})
        assert np.isclose(result, error), (result, error)
        assert len(messages) == 1 and "to the 'voxbind' backend" in messages[0], messages
        assert "mean_squared_error" in str(log), str(log)
        print("dispatched")
    """
    assert run(code, installed, requested) == "dispatched\n"


NOT_ACCEPTED = {
    "NumPy's arrays": ("voxbind", "first, second"),
    "lists": ("voxbind", "first.tolist(), second.tolist()"),
    "without the variable": (None, "torch.from_numpy(first), torch.from_numpy(second)"),
    "another backend": ("other", "torch.from_numpy(first), torch.from_numpy(second)"),
    "none": ("False", "torch.from_numpy(first), torch.from_numpy(second)"),
}


@pytest.mark.parametrize("case", NOT_ACCEPTED)
def test_all_other_calls_stay_with_scikit_image(installed: Path, case: str) -> None:
    requested, arguments = NOT_ACCEPTED[case]
    # Whatever scikit-image itself returns or raises for these arguments stays the same.
    code = f"""
        from skimage.util import _backends

        assert "voxbind" in _backends.all_backends()

        def outcome(function):
            try:
                return function({arguments})
            except Exception as error:
                return repr(error)

        own = outcome(getattr(metrics.mean_squared_error, "__wrapped__"))
        expected = own if isinstance(own, str) else (float(own), [])
        assert outcome(lambda *a: call(*a)) == expected
        print("itself")
    """
    assert run(code, installed, requested) == "itself\n"


def test_a_wrapper_is_not_handed_back(installed: Path) -> None:
    code = """
        from voxbind.auto import metrics as auto
        from voxbind.skimage import metrics as wrapped

        warnings.simplefilter("error")
        tensors = torch.from_numpy(first), torch.from_numpy(second)
        for module in (auto, wrapped):
            assert np.isclose(float(module.mean_squared_error(*tensors)), error)
            # This function calls the other one.
            root = module.normalized_root_mse(*tensors, normalization="min-max")
            assert np.isclose(float(root), np.sqrt(error) / np.ptp(first))
        warnings.simplefilter("ignore")
        assert np.isclose(float(metrics.normalized_root_mse(*tensors, normalization="mean")),
                          np.sqrt(error) / first.mean())
        print("once")
    """
    assert run(code, installed, "voxbind") == "once\n"


def test_without_the_variable_wrappers_call_scikit_image_directly(installed: Path) -> None:
    code = """
        from skimage import filters
        from voxbind._upstream.backends import without_backends

        assert without_backends(filters.gaussian) is filters.gaussian
        print("direct")
    """
    assert run(code, installed, None) == "direct\n"


def test_every_listed_function_has_an_implementation(installed: Path) -> None:
    code = """
        from voxbind._backend import scikit_image as backend

        names = backend.information().supported_functions
        assert {"skimage.metrics:mean_squared_error", "skimage.filters:gaussian"} <= {*names}
        import skimage, importlib
        for name in names:
            module, _, function = name.partition(":")
            assert getattr(importlib.import_module(module), function)  # scikit-image has it
            assert backend.get_implementation(name).__name__ == function
        print(len(names) > 200)
    """
    assert run(code, installed, "voxbind") == "True\n"


def test_scikit_image_loads_little_of_a_backend_that_is_not_asked_for(installed: Path) -> None:
    code = """
        import sys

        metrics.mean_squared_error  # imports the module, which looks for backends
        print(sorted(name for name in sys.modules if name.startswith("voxbind")))
    """
    modules = ["voxbind", "voxbind._backend", "voxbind._backend.scikit_image"]
    assert run(code, installed, None) == f"{modules}\n"
