"""Derives contracts, kinds of result and their reasons from observations, by pure functions."""

from voxbind_build.classify.cpu_only import limited
from voxbind_build.classify.from_twin import inferred, twin_types, with_reach, with_slice_facts
from voxbind_build.classify.judge import classify
from voxbind_build.classify.library_messages import undecided
from voxbind_build.classify.twin_pairs import device_name, facing, paired, twin_name
from voxbind_build.classify.type_findings import find_types

__all__ = [
    "classify",
    "device_name",
    "facing",
    "find_types",
    "inferred",
    "limited",
    "paired",
    "twin_name",
    "twin_types",
    "undecided",
    "with_reach",
    "with_slice_facts",
]
