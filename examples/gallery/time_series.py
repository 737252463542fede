"""A movie of growing colonies: each time point is processed by itself, and counted."""

import sys

import numpy as np
import panels

import voxbind
from voxbind.skimage import filters, measure, morphology

# A synthetic movie, axes (T, Y, X): spots that appear one after the other and grow.
random = np.random.default_rng(3)
y, x = np.mgrid[:96, :96]
movie = random.normal(0, 0.1, (12, 96, 96))
for start, center in enumerate(random.uniform(8, 88, (9, 2))):
    for time in range(start, 12):
        radius = 2 + 0.6 * (time - start)
        movie[time] += np.hypot(y - center[0], x - center[1]) < radius

over_time = "TYX"
smooth = voxbind.over(filters.gaussian, over_time)(movie, sigma=1.5)
mask = smooth > 0.5
opened = voxbind.over(morphology.opening, over_time)(mask, morphology.disk(1))
# Labels of each time point begin at 1. Without `over`, an object would be one through time.
labels = voxbind.over(measure.label, over_time)(opened)
counts = labels.reshape(len(labels), -1).max(axis=1)

print("objects by time point:", *counts)
chart = np.full((96, 96), 0.9)
for time, count in enumerate(counts):
    chart[95 - 9 * count :, 8 * time : 8 * time + 7] = 0.3
panels.save(
    sys.argv[1],
    time_2=movie[2],
    time_7=movie[7],
    labels_at_7=labels[7],
    labels_at_11=labels[11],
    objects_by_time=chart,
)
