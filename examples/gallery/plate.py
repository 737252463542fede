"""A plate of 96 wells as a map: the cells of each well are counted with one call for all wells."""

import sys

import numpy as np
import panels

import voxbind
from voxbind.skimage import filters, measure

# A synthetic plate, axes (P, Y, X) with a position for each well. From left to right, a growing
# dose leaves fewer cells.
random = np.random.default_rng(1)
y, x = np.mgrid[:64, :64]
wells = random.normal(0, 0.1, (96, 64, 64))
for well in range(96):
    survivors = round(14 * (1 - (well % 12) / 13) + random.uniform(-1, 1))
    for center in random.uniform(5, 59, (survivors, 2)):
        wells[well] += np.exp(-((y - center[0]) ** 2 + (x - center[1]) ** 2) / 8)

# `over` names the axis of wells T: the functions see one well at a time.
smooth = voxbind.over(filters.gaussian, "TYX")(wells, sigma=1)
labels = voxbind.over(measure.label, "TYX")(smooth > 0.35)
counts = labels.reshape(96, -1).max(axis=1).reshape(8, 12)

print("cells by column:", *counts.sum(axis=0))
panels.save(
    sys.argv[1],
    height=160,
    well_A1=wells[0],
    its_cells=labels[0],
    well_A12=wells[11],
    cells_by_well=counts.astype(float),
)
