"""A lab's own function, wrapped from a short TOML file, and called with a tensor and a volume."""

import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import numpy as np
import panels
import torch

from voxbind import registry

EXAMPLES = Path(__file__).parents[1]
folder = Path(tempfile.mkdtemp())

# The build finds the functions of `mylab.py`, measures them, and writes a typed package.
build = ("build", "--package", "lab", "--library", str(EXAMPLES / "mylab.toml"))
command = [sys.executable, "-m", "voxbind_build", *build, "--out", str(folder / "lab")]
subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
sys.path[:0] = [str(folder), str(EXAMPLES)]

mylab = import_module("lab.mylab")  # in your own program: `from lab import mylab`

for name, function in registry.functions(package="lab").items():
    print(name, function.contract, function.evidence)

random = np.random.default_rng(6)
y, x = np.mgrid[:96, :96]
volume = np.stack([np.sin(x / (4 + z)) * np.sin(y / (4 + z)) for z in range(8)])
volume *= np.linspace(0.1, 1, 96)  # darker on the left
volume += random.normal(0, 0.02, volume.shape)

contrast = mylab.local_contrast(torch.from_numpy(volume), sigma=6.0)
depth = mylab.depth_of_maximum(torch.from_numpy(volume))
assert isinstance(contrast, torch.Tensor)
panels.save(
    sys.argv[1],
    volume=volume[2],
    local_contrast=contrast[2],
    depth_of_maximum=np.asarray(depth).astype(float),
)
