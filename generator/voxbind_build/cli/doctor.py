"""Reports which libraries and devices can be used here, why others can't, and how to fix them.

Each check runs in its own process, so that a library that crashes at import, or a driver that
hangs, becomes a finding and doesn't end the examination.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from voxbind_build.build.dependencies import sentence, versions_of
from voxbind_build.build.fft_plans import incomplete_fft_plans
from voxbind_build.common.installed_versions import version_of
from voxbind_build.discover.locate import NO_VERSION, is_patch
from voxbind_build.libraries import settings
from voxbind_build.memories.interface import Examination
from voxbind_build.memories.lookup import EXAMINATIONS, facts
from voxbind_build.model import Library, LibrarySpec

PATIENCE = 120
"""Longest time that one check, such as an import, may take, in seconds."""


class Finding(Struct, frozen=True, kw_only=True):
    """The state of one library, memory or device, or the cost of moving data between memories."""

    name: str
    kind: Literal["library", "memory", "device", "route"]
    usable: bool
    version: str = ""
    frozen: str = ""
    """The version that the wrappers were made from."""
    detail: str = ""
    command: str = ""
    """The commands, or the advice, that make it usable; one per line, and short lines."""
    other_versions: bool = False
    """Whether its results depend on NumPy, for example, and another version of it was measured."""
    wants_gpu: bool = False
    """Whether the library couldn't be checked because this machine has no GPU."""

    @property
    def ill(self) -> bool:
        """Whether it is installed but doesn't work, or isn't the version that was measured."""
        if not self.version or self.kind == "device":
            return False
        # A missing GPU is not a fault.
        fails = not self.usable and not self.wants_gpu
        is_other = self.version != self.frozen and not is_patch(self.version, self.frozen)
        return fails or self.other_versions or bool(self.frozen and is_other)


def examine(
    specs: Sequence[LibrarySpec], libraries: Mapping[str, Library], package: Path
) -> tuple[Finding, ...]:
    """Examine libraries and devices, and how data can move between memories.

    Parameters
    ----------
    specs
        Libraries that voxbind has specifications of.
    libraries
        Libraries that the package wraps, by name.
    package
        The package's folder.

    Returns
    -------
    tuple of Finding
        Libraries sorted by name, then memories and devices, then one route for each ordered pair
        of memories.
    """
    specs_by_name = {spec.name: spec for spec in specs}
    frozen = (library.environment for library in libraries.values())
    for environment in (*frozen, *(spec.environment for spec in specs)):
        os.environ.update(settings(environment))
    with ThreadPoolExecutor() as pool:
        futures = [
            pool.submit(_library, name, specs_by_name.get(name), libraries.get(name), package)
            for name in sorted({*specs_by_name, *libraries})
        ]
        futures += [pool.submit(_memory, entry, package) for entry in EXAMINATIONS]
        findings = [future.result() for future in futures]
    return (*findings, *_routes(package, findings))


def _routes(package: Path, findings: Sequence[Finding]) -> list[Finding]:
    """Return how data moves between each two memories, and whether both can be used here."""
    answer = _run(_ROUTES, path=(str(package.parent),))
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
        for source, target, cost in cast("list[tuple[str, str, str]]", answer.get("routes", []))
    ]


def _library(
    name: str, spec: LibrarySpec | None, library: Library | None, package: Path
) -> Finding:
    entry = spec or library
    assert entry is not None
    # The version of a library that has none can't be compared.
    frozen = library.version if library is not None and library.version != NO_VERSION else ""
    pin = f"{entry.distribution}=={frozen}" if frozen else entry.distribution
    install = f"pip install '{pin}'"
    other_distributions = spec.also if spec is not None else ()
    version = next(filter(None, map(version_of, (entry.distribution, *other_distributions))), "")
    finding = Finding(name=name, kind="library", usable=False, version=version, frozen=frozen)
    not_installed = "" if version else f"{entry.distribution} isn't installed"
    if entry.device == "cuda":
        install = _with_cuda()
        if missing_gpu := _lack_of_gpu(package):
            detail, command = _without_gpu(missing_gpu, not_installed)
            return replace(finding, detail=detail, command=command, wants_gpu=True)
    if not_installed:
        # A module of the user's own may belong to no distribution, but can be imported.
        answer = {"error": not_installed} if entry.device else _run(_IMPORT, *entry.modules)
        if "error" in answer:
            return replace(finding, detail=not_installed, command=install)
        version = str(answer["version"])
        finding = replace(finding, version=version)
    elif spec is not None and spec.home:
        install = f"pip install '{spec.distribution}[{spec.extra}]'"
        missing = [name for name in spec.needs if find_spec(name.partition(".")[0]) is None]
        if missing:  # voxbind is here, but not what its own functions need
            detail = f"needs {' and '.join(missing)}, not installed here"
            return replace(finding, version="", detail=detail, command=install)
        answer = _run(_IMPORT, spec.home, *spec.needs, path=(str(package.parent),))
    else:
        answer = _run(_IMPORT, *entry.modules)
    device = facts(entry.memory_type).device
    # pyclesperanto can't be imported without a device. CuPy can, so its device is always checked.
    if device is not None and ("error" in answer or entry.device == "cuda"):
        device_finding = _memory(device, package)
        if not device_finding.usable:
            detail = f"needs a device: {device_finding.detail}"
            return replace(finding, detail=detail, command=device_finding.command)
    if "error" in answer:
        detail, command = f"can't be imported: {answer['error']}", f"{install} --force-reinstall"
        return replace(finding, detail=detail, command=command)
    return _compared_with_package(replace(finding, usable=True), spec, library)


def _compared_with_package(
    finding: Finding, spec: LibrarySpec | None, library: Library | None
) -> Finding:
    """Return what differs between a library that can be imported and the wrapped one."""
    command = f"voxbind build --library {finding.name}"
    if library is None:
        return replace(finding, detail="installed, but not in the package", command=command)
    if finding.version and finding.frozen and finding.version != finding.frozen:
        is_close = is_patch(finding.version, finding.frozen)
        detail = f"the wrappers were made from another {'patch release' if is_close else 'version'}"
        return replace(finding, detail=detail, command=command)
    if spec is not None and (detail := _other_versions(spec, library)):
        return replace(finding, detail=detail, command=command, other_versions=True)
    if library.memory_type == "pyclesperanto" and (plans := incomplete_fft_plans(Path.home())):
        detail = f"{len(plans)} incomplete files in its cache, which let Fourier transforms fail"
        return replace(finding, detail=detail, command=f"rm -r '{plans[0].parent}'")
    return finding


def _other_versions(spec: LibrarySpec, library: Library) -> str:
    """Return which other versions of NumPy, for example, a library was measured with, in words."""
    count = sum(function.form == "function" for function in library.functions.values())
    return sentence(spec.distribution, library.measured_with, versions_of(spec), count)


def _with_cuda() -> str:
    """Return the command that installs the GPU libraries, for the CUDA version in use here."""
    is_13 = any(map(version_of, ("cupy-cuda13x", "cucim-cu13")))
    return f"pip install 'voxbind[{'cuda13' if is_13 else 'cuda12'}]'"


def _without_gpu(missing_gpu: str, not_installed: str) -> tuple[str, str]:
    """Return a finding's detail and command for a machine that lacks a GPU.

    Parameters
    ----------
    missing_gpu
        Why there is no GPU to use.
    not_installed
        The library that is missing too, as a sentence; empty if it is installed.
    """
    detail = f"needs an NVIDIA GPU: {missing_gpu}"
    if not_installed:
        return f"{detail}; {not_installed}", f"{_DRIVER}\n{_with_cuda()}"
    return detail, _DRIVER


def _lack_of_gpu(package: Path) -> str:
    """Return why there is no usable NVIDIA GPU; empty if there is one."""
    answer = _run(_GPU, path=(str(package.parent),))
    return str(answer.get("error") or answer.get("lack") or "")


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
pairs = [(source, target) for source in PLACES for target in PLACES if source != target]
print(json.dumps({"routes": [(*pair, route(*pair)) for pair in pairs]}))
"""
_DRIVER = "on a machine with an NVIDIA GPU, install its driver (test: nvidia-smi)"


def _memory(examination: Examination, package: Path) -> Finding:
    version = next(filter(None, map(version_of, examination.distributions)), "")
    finding = Finding(name=examination.name, kind=examination.kind, usable=False, version=version)
    library = examination.name.partition(" ")[0]
    not_installed = "" if version else f"{library} isn't installed"
    if examination.needs_gpu and (missing_gpu := _lack_of_gpu(package)):
        detail, command = _without_gpu(missing_gpu, not_installed)
        return replace(finding, detail=detail, command=command)
    if not_installed:
        return replace(finding, detail=not_installed, command=_filled(examination.install))
    answer = _run(examination.ask)
    usable = bool(answer.get("usable"))
    return replace(
        finding,
        usable=usable,
        detail=str(answer.get("error") or answer.get("detail") or ""),
        command="" if usable else _filled(str(answer.get("command") or examination.repair)),
    )


def _filled(command: str) -> str:
    return Template(command).safe_substitute(driver=_DRIVER, cuda=_with_cuda())


def _run(code: str, *arguments: str, path: Sequence[str] = ()) -> dict[str, object]:
    """Run Python code in a new process.

    Returns
    -------
    dict
        The JSON object on the last line that the code prints, or the reason that there is none
        under the key ``error``.
    """
    try:
        completed = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (*path, *sys.path)))},
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"took longer than {PATIENCE} s"}
    if completed.returncode < 0:
        return {"error": f"crashed with signal {-completed.returncode}"}
    if completed.returncode:
        lines = completed.stderr.strip().splitlines() or [f"exit code {completed.returncode}"]
        return {"error": lines[-1]}
    answer = json.loads(completed.stdout.strip().splitlines()[-1])
    assert isinstance(answer, dict)
    return answer
