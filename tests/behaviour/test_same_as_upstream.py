"""Every wrapper against the function it wraps, for libraries that work in NumPy's memory."""

from __future__ import annotations

import importlib

import pytest

from helpers.wrapper_comparison import Twin, descriptions, probe_instead
from voxbind import registry
from voxbind_build import libraries
from voxbind_build.model import ProbeTask

MODULES = [
    (spec.name, module)
    for spec in libraries.builtin()
    if spec.memory_type == "numpy"
    for module in spec.modules
]


@pytest.mark.parametrize(("library", "module"), MODULES, ids=lambda value: value)
def test_wrapper_does_what_the_function_does(library: str, module: str) -> None:
    wrong: dict[str, list[str]] = {}
    compared = 0
    for description in descriptions(library):
        facts = registry.functions().get(description.name)
        if description.module != module or facts is None:
            continue
        twin = Twin(getattr(importlib.import_module(module), description.attribute), facts)
        probe_instead(ProbeTask(description=description, memory_type="numpy"), twin)
        compared += twin.compared
        if twin.differences:
            wrong[description.name] = sorted(set(twin.differences))[:4]
    assert not wrong, "\n".join(f"{name}: {told}" for name, told in wrong.items())
    assert compared > 20
