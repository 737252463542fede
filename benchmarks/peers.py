"""Runs arraybridge and OpenHCS, each in its own process, which lives as long as the benchmarks.

OpenHCS needs other versions than voxbind, so it gets its own environment. arraybridge has few
requirements, so it is installed into a folder and uses NumPy and PyTorch from this environment.
Both are installed in `.nox/peers` if they are missing; OpenHCS writes its files there too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from timing import Timer

HERE = Path(__file__).parent
NAMES = ("arraybridge", "OpenHCS")
FOLDER = HERE.parent / ".nox" / "peers"
OPENHCS = ("openhcs==0.8.6",)
ARRAYBRIDGE = ("arraybridge==0.5.2", "metaclass-registry==0.4.1", "python-introspect")
"""arraybridge, and its requirements except NumPy."""
OPENHCS_REGISTRY = """
from openhcs.processing.backends.lib_registry.scikit_image_registry import SkimageRegistry
SkimageRegistry().load_or_discover_functions()
"""


class PeerError(Exception):
    """A peer that can't be installed or started, or a call that fails in it."""


class Peer:
    """A peer's process.

    Parameters
    ----------
    python
        The interpreter.
    environment
        The environment variables.
    """

    def __init__(self, python: Path, environment: Mapping[str, str]) -> None:
        self.python, self.environment = python, dict(environment)
        self._process = subprocess.Popen(
            [str(python), "-W", "ignore", str(HERE / "peer_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self.environment,
        )
        self.versions: dict[str, str] = json.loads(self._answer())

    def timer(self, kind: str, function: str, shape: str) -> Timer:
        """Return the timer of a call in the peer's environment, after running the call once.

        Parameters
        ----------
        kind
            How to call the function: a key of ``KINDS`` in `peer_worker`.
        function
            The function's dotted name.
        shape
            The image's shape, such as ``16x16``.

        Raises
        ------
        PeerError
            If the call fails.
        """

        def seconds(number: int) -> float:
            assert self._process.stdin is not None
            print(number, kind, function, shape, file=self._process.stdin, flush=True)
            answer = self._answer()
            if answer.startswith("error:"):
                raise PeerError(answer.removeprefix("error:").strip())
            return float(answer)

        seconds(1)
        return seconds

    def pair(self, base: str, kind: str, function: str, shape: str) -> tuple[Timer, Timer] | str:
        """Return the timers of a baseline and of a call, or the error of either.

        Parameters
        ----------
        base
            The kind of the baseline.
        kind, function, shape
            See `timer`.
        """
        try:
            return self.timer(base, function, shape), self.timer(kind, function, shape)
        except PeerError as error:
            return str(error)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        if answer := self._process.stdout.readline():
            return answer.strip()
        raise PeerError(f"the process of {self.python} ended ({self._process.wait()})")


@contextmanager
def opened(names: Iterable[str], console: Console) -> Iterator[dict[str, Peer]]:
    """Start peers, and print why any of them can't be started.

    Parameters
    ----------
    names
        Names of the peers.
    console
        Where to print.
    """
    starts = {"arraybridge": _arraybridge, "OpenHCS": _openhcs}
    with ExitStack() as stack:
        peers = {}
        for name in names:
            try:
                peers[name] = starts[name](console)
            except (PeerError, subprocess.CalledProcessError, OSError) as error:
                console.print(f"Left out: {name}. {error}", markup=False)
            else:
                stack.callback(peers[name].close)
        yield peers


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment variables except Python's own, with some more."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return others | more


def _arraybridge(console: Console) -> Peer:
    folder = FOLDER / "arraybridge"
    if not folder.exists():
        with _installed_folder(folder, console) as target:
            _pip(Path(sys.executable), "--no-deps", "--target", str(target), *ARRAYBRIDGE)
    return Peer(Path(sys.executable), clean_environment(PYTHONPATH=str(folder)))


def _openhcs(console: Console) -> Peer:
    folder, home = FOLDER / "openhcs", str(FOLDER / "home")
    # It is made in its final place, because an environment's scripts contain its path.
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "complete"
    if not done.exists():
        with _announced(folder, console):
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            _pip(python, *OPENHCS)
            done.touch()
    environment = clean_environment(HOME=home, USERPROFILE=home)
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        environment[f"XDG_{name}_HOME"] = str(FOLDER / "home" / name.lower())
    with console.status("OpenHCS is opening its registry; the first time, it scans scikit-image"):
        peer = Peer(python, environment)
        try:
            peer.timer("openhcs", "skimage.filters.sobel_h", "16x16")
        except PeerError:
            peer.close()
            raise
    return peer


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True)


@contextmanager
def _announced(folder: Path, console: Console) -> Iterator[None]:
    """Print that a peer is being installed, and afterwards where it is."""
    relative = folder.relative_to(HERE.parent)
    with console.status(f"Installing a peer in {relative} for the first time; may take minutes"):
        yield
    console.print(f"Installed a peer in {relative}; to install it again, remove that folder.")


@contextmanager
def _installed_folder(folder: Path, console: Console) -> Iterator[Path]:
    """Yield a temporary folder to fill, and rename it to `folder` when it is complete."""
    temporary = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    with _announced(folder, console):
        yield temporary
        temporary.rename(folder)
