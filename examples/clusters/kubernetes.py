"""Blurs an image in OME-Zarr on Kubernetes: `pip install 'voxbind[zarr]' dask-kubernetes`.

The cluster needs dask's operator, and a volume that all pods can write (ReadWriteMany) with the
image. The container needs voxbind, the libraries and dask in the versions of this program.

    python examples/clusters/kubernetes.py IMAGE-OF-THE-CONTAINER CLAIM /data/in.zarr /data/out.zarr
"""

from __future__ import annotations

import sys
from typing import Any

from dask.distributed import Client
from dask_kubernetes.operator import KubeCluster, make_cluster_spec

import voxbind
from voxbind import OmeZarr
from voxbind.skimage import filters

WORKERS = 20


def specification(container: str, claim: str) -> dict[str, Any]:
    """Return the resource of a cluster whose pods have the volume of a claim at ``/data``."""
    resources = {"requests": {"cpu": "1", "memory": "4Gi"}, "limits": {"memory": "4Gi"}}
    spec: dict[str, Any] = make_cluster_spec(
        "voxbind", image=container, n_workers=0, resources=resources, env={"OMP_NUM_THREADS": "1"}
    )
    for role in ("scheduler", "worker"):
        pod = spec["spec"][role]["spec"]
        pod["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
        pod["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    return spec


def blur(source: str, target: str) -> OmeZarr:
    """Blur an image by half a micrometer, on the cluster of the current client."""
    image = OmeZarr(source).read()
    with voxbind.trace() as log:
        smooth = voxbind.over(filters.gaussian, micrometers="sigma")(image, sigma=0.5)
    return OmeZarr.write(target, smooth, trace=log, progress=True)


if __name__ == "__main__":
    container, claim, source, target = sys.argv[1:]
    spec = specification(container, claim)
    with KubeCluster(custom_cluster_spec=spec) as cluster, Client(cluster):
        cluster.scale(WORKERS)
        print(blur(source, target))
