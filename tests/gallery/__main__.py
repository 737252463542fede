"""Run scikit-image's gallery with its imports as they are, and with the prefix before them.

``python -P -m gallery`` runs each script twice, each time in a process of its own. Both must
compute, draw, print and warn the same. The records without the prefix are kept until an installed
package or this code changes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import voxbind
from gallery.differences import differences
from gallery.prefix import with_prefix
from gallery.scripts import gallery

HERE = Path(__file__).parent
LONGEST = 1800
"""Seconds that a script may take."""


def main() -> int:
    """Run, compare and print; the exit code is 1 if a script differs or doesn't run."""
    parser = argparse.ArgumentParser(prog="gallery", description=__doc__)
    parser.add_argument("scripts", nargs="*", help="only scripts whose names contain one of these")
    parser.add_argument("--cache", type=Path, default=Path(".nox/gallery"))
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    asked = parser.parse_args()
    cache = asked.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    manifest = Path(voxbind.__file__).with_name("manifest.json")
    library = json.loads(manifest.read_text(encoding="utf-8"))["libraries"]["skimage"]
    files = gallery(cache, library["version"])
    chosen = [n for n in files if not asked.scripts or any(part in n for part in asked.scripts)]
    folder = cache / f"plain-{_state()}"
    differing = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        pairs = pool.map(lambda name: _compare(name, files[name], folder, cache), chosen)
        for name, pair in zip(chosen, pairs, strict=True):
            differing += bool(pair.problems)
            print(f"{'differs' if pair.problems else 'agrees':8} {pair.seconds:5.0f} s  {name}")
            for line in pair.problems:
                print(f"    {line}")
            if pair.changing:
                print("    changes without voxbind, too:", ", ".join(pair.changing))
            sys.stdout.flush()
    print(f"{len(chosen) - differing} of {len(chosen)} scripts agree")
    return bool(differing)


class Pair(NamedTuple):
    """Both runs of one script."""

    seconds: float
    problems: list[str]
    changing: tuple[str, ...] = ()
    """What differs between two runs without voxbind, such as measured times."""


def _compare(name: str, script: Path, plain: Path, cache: Path) -> Pair:
    """Run one script both ways."""
    start = time.perf_counter()
    text = script.read_text(encoding="utf-8")
    record = plain / f"{name}.json"
    if not record.exists():
        _run(name, text, record)
    expected = _read(record)
    if expected["error"]:
        return Pair(time.perf_counter() - start, [f"fails without voxbind: {expected['error']}"])
    record = cache / "prefix" / f"{name}.json"
    prefixed = with_prefix(text)
    _run(name, prefixed, record)
    given = _read(record)
    differing, changing = differences(expected, given), dict[str, str]()
    if differing:
        again = plain / f"{name}.again.json"
        if not again.exists():
            _run(name, text, again)
        changing = differences(expected, _read(again))
    problems = [f"{what}: {how}" for what, how in differing.items() if what not in changing]
    if prefixed != text and not given.get("wrappers", True):
        problems.append("imports no wrapper")
    return Pair(time.perf_counter() - start, problems, tuple(changing))


def _run(name: str, text: str, record: Path) -> None:
    """Run a script's text in a new process, which writes the record."""
    script = record.with_name(Path(name).name)
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(text, encoding="utf-8")
    record.unlink(missing_ok=True)
    # Sums are added in one order, and sets are walked through in one order.
    env = {**os.environ, "PYTHONHASHSEED": "0", "MPLBACKEND": "agg"}
    env |= {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    command = [sys.executable, "-P", "-m", "gallery.run_script", str(script), str(record)]
    with record.with_suffix(".log").open("w", encoding="utf-8") as log:
        try:
            ended = subprocess.run(
                command, env=env, stdout=log, stderr=log, timeout=LONGEST, check=False
            )
            error = f"the process ended with exit code {ended.returncode}"
        except subprocess.TimeoutExpired:
            error = f"ran for longer than {LONGEST} s"
    if not record.exists():
        record.write_text(json.dumps({"error": error}), encoding="utf-8")


def _read(record: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return content


def _state() -> str:
    """Return a digest of all that the records without voxbind depend on."""
    pins = {f"{d.name}=={d.version}" for d in metadata.distributions() if d.name != "voxbind"}
    ours = [(HERE / f).read_text("utf-8") for f in ("run_script.py", "standins.py", "values.py")]
    return hashlib.sha256(json.dumps([sys.version, *sorted(pins), *ours]).encode()).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
