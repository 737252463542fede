"""The committed wrappers with any supported version of pyclesperanto, the installed one."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import voxbind
from helpers import pyclesperanto_comparison
from helpers.ended_processes import BREAK_THE_HEAP, ends_its_process
from voxbind import registry
from voxbind._upstream.versions import relation
from voxbind_build.manifest import decode_observations, observations_path

PACKAGE = Path(voxbind.__file__).parent
WRAPPED = json.loads((PACKAGE / "manifest.json").read_text(encoding="utf-8"))
OF_OLDER_VERSIONS = {"pyclesperanto.deskew_x", "pyclesperanto.deskew_y"}
"""These end a process with a CPU's OpenCL driver, in versions before 0.25."""


def ends_a_process() -> set[str]:
    """Return the functions of which some recorded call ended its process."""
    seen = decode_observations((PACKAGE / observations_path("pyclesperanto")).read_bytes())
    functions = WRAPPED["libraries"]["pyclesperanto"]["functions"]
    definitions = {
        definition for definition, observation in seen.items() if ends_its_process(observation)
    }
    return {name for name, facts in functions.items() if facts["definition"] in definitions}


def test_wrappers_give_what_the_installed_version_gives_or_name_what_changed(
    tmp_path: Path,
) -> None:
    wrapped = WRAPPED["libraries"]["pyclesperanto"]["version"]
    is_other = relation(version("pyclesperanto"), wrapped) == "other"
    left_out = ends_a_process() | BREAK_THE_HEAP | (OF_OLDER_VERSIONS if is_other else set())
    output = tmp_path / "compared.json"
    program = (sys.executable, pyclesperanto_comparison.__file__, output, ",".join(left_out))
    # Kernels that fail print their source.
    run = subprocess.run(
        program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=240, check=False
    )
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    names: dict[str, list[str]] = json.loads(output.read_text(encoding="utf-8"))
    # The first call warned of all functions whose compiled code can't be compared.
    assert names.pop("warns of other code") == []
    assert not [kind for kind in names if kind.startswith("wrong")], names
    assert len(names["equal"]) > 200
    image_functions = [f for f in registry.functions().values() if f.library == "pyclesperanto"]
    assert sum(map(len, names.values())) + len(left_out) >= len(image_functions)
    assert ("stale" in names) == is_other
