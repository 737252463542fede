"""Times imports in new interpreters, which measure themselves.

The interpreters may write bytecode, as usual; otherwise each start would compile the wrappers
again.
"""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from peers import OPENHCS_REGISTRY, Peer, clean_environment
from timing import Pair, Row, Topic

import voxbind

# The modules of scikit-image that OpenHCS registers.
OF_OPENHCS = tuple(
    f"skimage.{name}"
    for name in (
        *("filters", "morphology", "segmentation", "feature"),
        *("measure", "transform", "restoration", "exposure"),
    )
)


def topic(rounds: int, peers: Mapping[str, Peer]) -> Topic:
    """Measure the imports of voxbind, of its wrappers and of the libraries.

    Parameters
    ----------
    rounds
        Number of interpreters to start for each import.
    peers
        The peers' processes, by name.
    """
    wrappers = _wrapper_modules()
    upstream = _imports([name for name in map(_upstream, wrappers) if _is_installed(name)])
    import_wrappers = _imports(wrappers)
    resolved = _resolved(OF_OPENHCS)
    ready = _imports([f"voxbind.{name}" for name in OF_OPENHCS]) + _OPENED
    peer = peers.get("OpenHCS")
    starts = {
        "voxbind": _Start("import voxbind"),
        "registry": _Start(_OPENED),
        "wrappers": _Start(import_wrappers),
        "after": _Start(upstream, import_wrappers),
        "ready": _Start(resolved, ready),
    }
    if peer:
        starts["OpenHCS resolved"] = _Start(resolved, peer=peer)
        starts["OpenHCS"] = _Start(OPENHCS_REGISTRY, peer=peer)
    for _ in range(rounds):
        for start in starts.values():
            start.run()
    best = {name: start.best for name, start in starts.items()}
    peer_times = {}
    if peer:
        peer_times["OpenHCS"] = Pair(best["OpenHCS resolved"][0], best["OpenHCS"][0])
    return Topic(
        "Start",
        "the import of the libraries' modules alone",
        "less than 20 ms added for all wrappers",
        [
            Row("import voxbind", best["voxbind"][0]),
            Row("import the registry and list all functions", best["registry"][0]),
            Row(f"all {len(wrappers)} wrapper modules, alone", best["wrappers"][0]),
            Row(
                f"all {len(wrappers)} wrapper modules, after the libraries' lazy import",
                Pair(best["after"][0], sum(best["after"])),
            ),
            Row(
                "scikit-image's functions resolved, wrapped and in the registry",
                Pair(best["ready"][0], sum(best["ready"])),
                peer_times,
            ),
        ],
        "In the last two rows, voxbind's part is timed after the libraries' part, in the same new "
        "interpreter.",
    )


_OPENED = "from voxbind import registry; registry.functions()\n"


def _wrapper_modules() -> list[str]:
    """Return the names of all wrapper modules."""
    names = []
    for library in pkgutil.iter_modules(voxbind.__path__, "voxbind."):
        if library.ispkg and not library.name.startswith("voxbind._"):
            names.append(library.name)
            folder = Path(voxbind.__path__[0], library.name.partition(".")[2])
            submodules = pkgutil.walk_packages([str(folder)], f"{library.name}.")
            names.extend(module.name for module in submodules)
    return names


def _upstream(wrapper: str) -> str:
    return wrapper.removeprefix("voxbind.")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False


def _imports(modules: Sequence[str]) -> str:
    return "".join(f"import {name}\n" for name in modules)


def _resolved(modules: Sequence[str]) -> str:
    """Return code that imports modules, and everything that they import lazily."""
    accesses = "".join(f"[getattr({name}, _) for _ in {name}.__all__]\n" for name in modules)
    return _imports(modules) + accesses


class _Start:
    """A program in consecutive parts, each of which is timed, run in new interpreters."""

    def __init__(self, *parts: str, peer: Peer | None = None) -> None:
        end = "\n"
        clock = f"_times.append(_clock()){end}"
        self._program = (
            "import warnings; warnings.simplefilter('ignore')\n"
            "from time import perf_counter as _clock; _times = []\n"
            f"{clock}{clock.join(f'{part}{end}' for part in parts)}{clock}"
            "print(*(after - before for before, after in zip(_times, _times[1:])))"
        )
        self._python = peer.python if peer else sys.executable
        self._environment = (
            peer.environment
            if peer
            else clean_environment(PYTHONPATH=os.pathsep.join(search_path()))
        )
        self.best = [float("inf")] * len(parts)
        """Best time of each part, in seconds."""

    def run(self) -> None:
        """Run the program in a new interpreter, and update the best times."""
        completed = subprocess.run(
            [str(self._python), "-c", self._program],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = map(float, completed.stdout.splitlines()[-1].split())
        self.best = list(map(min, self.best, seconds))


def search_path() -> list[str]:
    """Return the folders that contain voxbind, so that new interpreters import the same one."""
    return [str(Path(folder).parent) for folder in voxbind.__path__]
