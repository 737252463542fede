"""Nuclei in 3-D that touch each other: smoothed, thresholded, and divided by a watershed."""

import sys

import numpy as np
import panels

from voxbind import native
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters, measure, segmentation

# Synthetic nuclei: 40 balls at random places of a (Z, Y, X) volume, with noise.
random = np.random.default_rng(7)
z, y, x = np.mgrid[:24, :96, :96]
volume = random.normal(0, 0.15, z.shape)
for center in random.uniform((6, 8, 8), (18, 88, 88), (40, 3)):
    distance = np.sqrt((z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2)
    volume += np.clip(7 - distance, 0, 1)

smooth = filters.gaussian(volume, sigma=1)
mask = smooth > filters.threshold_otsu(smooth)
depth = filters.gaussian(ndimage.distance_transform_edt(mask), sigma=1)
peaks = feature.peak_local_max(depth, min_distance=4, labels=mask.astype(int))
markers = np.zeros(mask.shape, int)
markers[tuple(peaks.T)] = range(1, len(peaks) + 1)
nuclei = segmentation.watershed(-depth, markers, mask=mask)
touching = measure.label(mask)

print(f"{touching.max()} objects above the threshold, {nuclei.max()} nuclei")
panels.save(
    sys.argv[1],
    volume=native.max_projection(volume),
    one_slice=volume[12],
    above_the_threshold=touching[12],
    nuclei=nuclei[12],
)
