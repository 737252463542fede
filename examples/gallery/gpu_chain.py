"""A chain of functions that stays on one device: the GPU if there is one, else the CPU."""

import sys

import numpy as np
import panels
import torch

import voxbind
from voxbind.auto import filters, measure, morphology, ndimage

device = "cuda" if torch.cuda.is_available() else "cpu"
random = np.random.default_rng(5)
y, x = np.mgrid[:128, :128]
grid = np.sin(x / 6) * np.sin(y / 7) + random.normal(0, 0.4, (128, 128)) + x / 100
image = torch.from_numpy(grid).to(device)

# On the GPU cuCIM and CuPy run, on the CPU scikit-image and SciPy. A copy between the two would be
# an error, and the trace lists what ran where.
with voxbind.transfers("forbid"), voxbind.trace() as log:
    quiet = ndimage.median_filter(image, size=5)
    flat = morphology.white_tophat(quiet, morphology.disk(9))
    smooth = filters.gaussian(flat, sigma=1)
    labels = measure.label(smooth > filters.threshold_otsu(smooth))
assert isinstance(labels, torch.Tensor)
assert labels.device.type == device

print(log)
panels.save(
    sys.argv[1],
    image=image.cpu(),
    median_filter=quiet.cpu(),
    white_tophat=flat.cpu(),
    labels=labels.cpu(),
)
