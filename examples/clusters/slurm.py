"""Blurs an image in OME-Zarr on a cluster with SLURM: `pip install 'voxbind[zarr]' dask-jobqueue`.

Run it where jobs can be submitted. The folder of the image must be on a file system that all nodes
share. If the job of this program is killed, submit it again: regions that are written stay.

    python examples/clusters/slurm.py IN.zarr OUT.zarr
"""

from __future__ import annotations

import sys

from dask.distributed import Client
from dask_jobqueue import SLURMCluster

import voxbind
from voxbind import OmeZarr
from voxbind.skimage import filters

JOBS = 20


def make_cluster() -> SLURMCluster:
    """Return a cluster that submits jobs of 8 processes each; `scale` starts them."""
    return SLURMCluster(
        cores=8,
        processes=8,  # one thread each: most functions hold Python's lock
        memory="32GB",
        walltime="02:00:00",
        # Workers end a little before the job does, and hand on what they have.
        worker_extra_args=["--lifetime", "115m", "--lifetime-stagger", "4m"],
        job_script_prologue=["export OMP_NUM_THREADS=1"],
    )


def blur(source: str, target: str) -> OmeZarr:
    """Blur an image by half a micrometer, on the cluster of the current client."""
    image = OmeZarr(source).read()
    with voxbind.trace() as log:
        smooth = voxbind.over(filters.gaussian, micrometers="sigma")(image, sigma=0.5)
    return OmeZarr.write(target, smooth, trace=log, progress=True)


if __name__ == "__main__":
    with make_cluster() as cluster, Client(cluster):
        cluster.scale(jobs=JOBS)
        print(blur(sys.argv[1], sys.argv[2]))
