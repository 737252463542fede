"""The same function on a volume at once, and on each of its slices."""

import sys

import numpy as np
import panels

from voxbind import registry
from voxbind.skimage import feature, filters

# A tilted plate in a (Z, Y, X) volume with noise.
random = np.random.default_rng(2)
z, y, x = np.mgrid[:48, :64, :96]
volume = (np.abs(z - 12 - x / 4) < 4) + random.normal(0, 0.3, z.shape)

# `gaussian` is FLEXIBLE: it smooths along all axes, unless it is to go slice by slice.
at_once = filters.gaussian(volume, sigma=2)
by_slice = filters.gaussian(volume, sigma=2, slice_by_slice=True)
np.testing.assert_array_equal(by_slice[5], filters.gaussian(volume[5], sigma=2))
# `canny` is PURE_2D: a volume is always processed slice by slice.
edges = feature.canny(volume, sigma=3)

for name in ("skimage.filters.gaussian", "skimage.feature.canny"):
    print(name, registry.functions()[name].contract)
print(f"noise along Z: {at_once.std(axis=0).mean():.3f} at once, {by_slice.std(axis=0).mean():.3f}")
side = np.s_[:, 32, :]  # a view from the side: Z downwards, X to the right
panels.save(
    sys.argv[1],
    height=120,
    volume_from_the_side=volume[side],
    gaussian_at_once=at_once[side],
    gaussian_by_slice=by_slice[side],
    canny_by_slice=edges[side].astype(float),
)
