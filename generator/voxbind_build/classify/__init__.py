"""From observations to contracts, result kinds and reasons: pure."""

from voxbind_build.classify.answers import undecided
from voxbind_build.classify.inferred import inferred
from voxbind_build.classify.routing import limited
from voxbind_build.classify.twins import device_name, facing, paired, twin_name
from voxbind_build.classify.verdict import classify

__all__ = [
    "classify",
    "device_name",
    "facing",
    "inferred",
    "limited",
    "paired",
    "twin_name",
    "undecided",
]
