"""A program that uses the installed package; type checkers read it as well."""

import numpy as np
from labwrap.typed import labfilters

import voxbind
from voxbind import registry

volume = np.zeros((4, 64, 48), dtype=np.float32)
volume[1:3, 20, 30] = 1.0

# `flatten` takes (Y, X) images alone. Its wrapper takes volumes, and runs for each slice.
flat = labfilters.flatten(volume, radius=4)
assert flat.shape == volume.shape, flat.shape
count: int = labfilters.count_spots(volume)
assert count == 2, count

# The settings of voxbind hold, and so do its functions.
with voxbind.trace() as log:
    labfilters.flatten(volume)
assert [(call.function, call.slices) for call in log] == [("labfilters.flatten", 4)], [*log]
movie = np.stack([volume, volume])
assert voxbind.over(labfilters.count_spots, "TZYX")(movie).tolist() == [2, 2]

found = registry.find(package="labwrap.typed", contract="PURE_2D")
assert [entry.name for entry in found] == ["labfilters.flatten"], found
assert found[0].func is labfilters.flatten
