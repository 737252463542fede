"""The programs for clusters, as far as they run without one."""

from __future__ import annotations

import py_compile
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RECIPES = Path(__file__).parents[2] / "examples" / "clusters"


def loaded(name: str) -> Any:
    spec = spec_from_file_location(f"recipe_{name}", RECIPES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.py")), ids=lambda path: path.stem)
def test_recipes_compile(path: Path, tmp_path: Path) -> None:
    py_compile.compile(str(path), cfile=str(tmp_path / "compiled.pyc"), doraise=True)


def test_the_job_of_slurm_starts_workers() -> None:
    pytest.importorskip("dask_jobqueue")
    with loaded("slurm").make_cluster() as cluster:
        script = cluster.job_script()
    for part in ("#SBATCH --cpus-per-task=8", "#SBATCH -t 02:00:00", "--nworkers 8", "115m"):
        assert part in script
    assert sys.executable in script


def test_the_pods_of_kubernetes_have_the_volume() -> None:
    pytest.importorskip("dask_kubernetes")
    spec = loaded("kubernetes").specification("registry/voxbind:1", "images")["spec"]
    for role in ("scheduler", "worker"):
        pod = spec[role]["spec"]
        (volume,) = pod["volumes"]
        assert volume["persistentVolumeClaim"] == {"claimName": "images"}
        container = pod["containers"][0]
        assert container["image"] == "registry/voxbind:1"
        assert container["volumeMounts"] == [{"name": volume["name"], "mountPath": "/data"}]


def test_the_resource_of_kubernetes_fits_the_schema_of_dasks_operator() -> None:
    operator = pytest.importorskip("dask_kubernetes.operator")
    jsonschema, yaml = pytest.importorskip("jsonschema"), pytest.importorskip("yaml")
    folder = Path(operator.__file__).parent
    (path,) = folder.rglob("crds/daskcluster.yaml")
    (version,) = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    spec = loaded("kubernetes").specification("registry/voxbind:1", "images")
    assert spec["apiVersion"].partition("/")[2] == version["name"]
    jsonschema.validate(spec, schema)
    container = spec["spec"]["worker"]["spec"]["containers"][0]
    container["volumeMounts"][0].pop("mountPath")
    with pytest.raises(jsonschema.ValidationError, match="mountPath"):
        jsonschema.validate(spec, schema)


def test_what_the_recipes_compute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("dask_jobqueue", "ome_zarr_models", "tqdm", "xarray", "zarr"):
        pytest.importorskip(library)
    import xarray as xr

    from voxbind import OmeZarr
    from voxbind.skimage import filters

    values = np.random.default_rng(0).random((4, 20, 24))
    positions = {
        axis: (axis, np.arange(length) * 0.5, {"units": "micrometer"})
        for axis, length in zip("zyx", values.shape, strict=True)
    }
    given = xr.DataArray(values, dims=[*"zyx"], coords=positions)
    OmeZarr.write(tmp_path / "in.zarr", given)
    there = loaded("slurm").blur(str(tmp_path / "in.zarr"), str(tmp_path / "out.zarr"))
    np.testing.assert_array_equal(there.read().values, filters.gaussian(values, sigma=1))
