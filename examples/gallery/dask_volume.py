"""A volume in blocks, as a dask array: the blocks overlap as far as a function looks."""

import sys

import dask.array as da
import numpy as np
import panels

from voxbind import registry
from voxbind.skimage import filters, measure

random = np.random.default_rng(4)
z, y, x = np.mgrid[:32, :96, :96]
volume = np.sin(x / 9) * np.sin(y / 8) * np.sin(z / 6) + random.normal(0, 0.3, z.shape)
blocks = da.from_array(volume, chunks=(32, 40, 40))

# Nothing is computed before `compute`. The overlap follows from the measured reach, a formula over
# the arguments.
smooth = filters.gaussian(blocks, sigma=2)
labels = measure.label(smooth > 0.3)
result, numbers = smooth.compute(), labels.compute()

print("reach:", registry.functions()["skimage.filters.gaussian"].reach)
difference = np.abs(result - filters.gaussian(volume, sigma=2))
print(f"largest difference to the same call in memory: {difference.max():.1e}")
print(f"{numbers.max()} objects, numbered through all blocks")
borders = volume[16].copy()
borders[[40, 80], :] = borders[:, [40, 80]] = borders.max()
panels.save(
    sys.argv[1],
    blocks_of_a_slice=borders,
    gaussian=result[16],
    labels_of_the_volume=numbers[16],
)
