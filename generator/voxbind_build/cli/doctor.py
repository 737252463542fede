"""Says which libraries and devices can be used here, which can't, why, and what changes it.

Every probe runs in a process of its own: a library that crashes at import, or a driver
that hangs, is a finding and not the end of the examination.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from string import Template
from typing import Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from voxbind_build.discover.locate import NO_VERSION
from voxbind_build.libraries import settings
from voxbind_build.memories.interface import Examination
from voxbind_build.memories.lookup import EXAMINATIONS, facts
from voxbind_build.model import Library, LibrarySpec

PATIENCE = 120
"""Seconds that an import may take."""


class Finding(Struct, frozen=True, kw_only=True):
    """What is known of one library or device, or of the way between two memories."""

    name: str
    kind: Literal["library", "memory", "device", "route"]
    usable: bool
    version: str = ""
    frozen: str = ""
    """The version that the wrappers were made from."""
    detail: str = ""
    command: str = ""
    """What to run to change it."""
    wants_gpu: bool = False
    """Whether it is a GPU that is wanting, and without it nothing can be said."""

    @property
    def ill(self) -> bool:
        """Whether something that is there doesn't work, or isn't what was measured."""
        if not self.version or self.kind == "device":
            return False
        # A machine without a GPU is no worse for it.
        fails = not self.usable and not self.wants_gpu
        return fails or bool(self.frozen and self.version != self.frozen)


def examine(
    specs: Sequence[LibrarySpec], libraries: Mapping[str, Library], package: Path
) -> tuple[Finding, ...]:
    """Examine libraries and devices, and tell the ways between the memories.

    Parameters
    ----------
    specs
        Libraries that voxbind knows.
    libraries
        Those that the package wraps, by name.
    package
        Its folder.
    """
    known = {spec.name: spec for spec in specs}
    frozen = (library.environment for library in libraries.values())
    for environment in (*frozen, *(spec.environment for spec in specs)):
        os.environ.update(settings(environment))
    with ThreadPoolExecutor() as pool:
        found = [
            pool.submit(_library, name, known.get(name), libraries.get(name), package)
            for name in sorted({*known, *libraries})
        ]
        found += [pool.submit(_memory, entry, package) for entry in EXAMINATIONS]
        findings = [future.result() for future in found]
    return (*findings, *_routes(package, findings))


def _routes(package: Path, findings: Sequence[Finding]) -> list[Finding]:
    """Return what each way between two memories costs, and whether both are here."""
    said = _run(_ROUTES, path=(str(package.parent),))
    usable = {finding.name for finding in findings if finding.usable and finding.kind != "library"}

    def is_here(place: str) -> bool:
        return any(name.startswith(place) for name in usable)

    return [
        Finding(
            name=f"{source} -> {target}",
            kind="route",
            usable=is_here(source) and is_here(target),
            detail=cost,
        )
        for source, target, cost in cast("list[tuple[str, str, str]]", said.get("routes", []))
    ]


def _library(
    name: str, spec: LibrarySpec | None, library: Library | None, package: Path
) -> Finding:
    entry = spec or library
    assert entry is not None
    # A library without a version is compared with none.
    frozen = library.version if library is not None and library.version != NO_VERSION else ""
    pin = f"{entry.distribution}=={frozen}" if frozen else entry.distribution
    install = f"pip install '{pin}'"
    others = spec.also if spec is not None else ()
    version = next(filter(None, map(_version, (entry.distribution, *others))), "")
    finding = Finding(name=name, kind="library", usable=False, version=version, frozen=frozen)
    absent = "" if version else f"{entry.distribution} isn't installed"
    if entry.device == "cuda":
        install = _with_cuda()
        if lack := _lack_of_gpu(package):
            detail, command = _without_gpu(lack, absent)
            return replace(finding, detail=detail, command=command, wants_gpu=True)
    if absent:
        # A module beside the user's own code belongs to no distribution.
        said = {"error": absent} if entry.device else _run(_IMPORT, *entry.modules)
        if "error" in said:
            return replace(finding, detail=absent, command=install)
        version = str(said["version"])
        finding = replace(finding, version=version)
    elif spec is not None and spec.home:
        install = f"pip install '{spec.distribution}[{spec.extra}]'"
        said = _run(_IMPORT, spec.home, *spec.needs, path=(str(package.parent),))
    else:
        said = _run(_IMPORT, *entry.modules)
    device = facts(entry.memory_type).device
    # pyclesperanto can't be imported without a device, and CuPy can.
    if device is not None and ("error" in said or entry.device == "cuda"):
        found = _memory(device, package)
        if not found.usable:
            detail = f"needs a device: {found.detail}"
            return replace(finding, detail=detail, command=found.command)
    if "error" in said:
        detail, command = f"can't be imported: {said['error']}", f"{install} --force-reinstall"
    elif library is None:
        detail, command = "installed, but not in the package", f"voxbind build --library {name}"
    elif version and frozen and version != frozen:
        detail = "the wrappers were made from another version"
        command = f"voxbind build --library {name}"
    else:
        detail = command = ""
    return replace(finding, usable="error" not in said, detail=detail, command=command)


def _with_cuda() -> str:
    """Return what installs the libraries on a GPU, for the CUDA of those that are here."""
    is_13 = any(map(_version, ("cupy-cuda13x", "cucim-cu13")))
    return f"pip install 'voxbind[{'cuda13' if is_13 else 'cuda12'}]'"


def _without_gpu(lack: str, absent: str) -> tuple[str, str]:
    """Say what is missing, and what changes it: the GPU, and what isn't installed either."""
    detail = f"needs an NVIDIA GPU: {lack}"
    return (
        (f"{detail}; {absent}", f"{_DRIVER}, and: {_with_cuda()}") if absent else (detail, _DRIVER)
    )


def _lack_of_gpu(package: Path) -> str:
    """Say why there is no NVIDIA GPU to work on; nothing where there is one."""
    said = _run(_GPU, path=(str(package.parent),))
    return str(said.get("error") or said.get("lack") or "")


_IMPORT = """
import json
import sys
from voxbind_build.libraries import import_dotted
for name in sys.argv[1:]:
    import_dotted(name)
version = getattr(sys.modules[name.partition(".")[0]], "__version__", None)
print(json.dumps({"version": version if isinstance(version, str) else ""}))
"""


_GPU = """
import json
from voxbind._support.nvidia import lack
print(json.dumps({"lack": lack()}))
"""


_ROUTES = """
import json
from voxbind._memory.routes import PLACES, route
pairs = [(one, other) for one in PLACES for other in PLACES if one != other]
print(json.dumps({"routes": [(*pair, route(*pair)) for pair in pairs]}))
"""
_DRIVER = "on a machine with an NVIDIA GPU, install its driver (nvidia-smi lists the GPUs)"


def _memory(examination: Examination, package: Path) -> Finding:
    version = next(filter(None, map(_version, examination.distributions)), "")
    finding = Finding(name=examination.name, kind=examination.kind, usable=False, version=version)
    library = examination.name.partition(" ")[0]
    absent = "" if version else f"{library} isn't installed"
    if examination.needs_gpu and (lack := _lack_of_gpu(package)):
        detail, command = _without_gpu(lack, absent)
        return replace(finding, detail=detail, command=command)
    if absent:
        return replace(finding, detail=absent, command=_filled(examination.install))
    said = _run(examination.ask)
    usable = bool(said.get("usable"))
    return replace(
        finding,
        usable=usable,
        detail=str(said.get("error") or said.get("detail") or ""),
        command="" if usable else _filled(str(said.get("command") or examination.repair)),
    )


def _filled(command: str) -> str:
    return Template(command).safe_substitute(driver=_DRIVER, cuda=_with_cuda())


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _run(code: str, *arguments: str, path: Sequence[str] = ()) -> dict[str, object]:
    """Run Python code apart; return the JSON object that it prints last, or the error."""
    try:
        ran = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (*path, *sys.path)))},
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"took longer than {PATIENCE} s"}
    if ran.returncode < 0:
        return {"error": f"crashed with signal {-ran.returncode}"}
    if ran.returncode:
        lines = ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"]
        return {"error": lines[-1]}
    said = json.loads(ran.stdout.strip().splitlines()[-1])
    assert isinstance(said, dict)
    return said
