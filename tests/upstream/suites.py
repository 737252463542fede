"""The libraries' test suites: where they are, and how pytest is called on them."""

import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from unearth import PackageFinder

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Suite:
    """One library's tests."""

    name: str
    library: str
    """Key in the manifest."""
    root: str
    """The library's dotted name."""
    tests: Path
    folder: Path
    """Where pytest runs."""
    options: tuple[str, ...]

    def run(self, way: str, outcomes: Path, log: Path, *more: str) -> None:
        """Run the suite and write each test's outcome; pytest's own words go to `log`."""
        command = [sys.executable, "-P", "-m", "pytest", "-p", "plugin", "-n", "auto"]
        command += ["-q", "--tb=short", "-p", "no:cacheprovider"]
        command += [f"--way={way}", f"--library={self.library}", f"--import-root={self.root}"]
        command += [f"--tests-root={self.tests}", f"--outcomes={outcomes}", *self.options, *more]
        ours = [str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH")]
        path = os.pathsep.join(filter(None, ours))
        env = {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "agg"}
        # What is parametrized over sets has the same order in all workers, each has one core.
        env |= {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        outcomes.unlink(missing_ok=True)
        with log.open("w", encoding="utf-8") as out:
            ended = subprocess.run(
                command, cwd=self.folder, env=env, stdout=out, stderr=out, check=False
            )
        if ended.returncode not in (0, 1) or not outcomes.exists():
            outcomes.unlink(missing_ok=True)
            sys.exit(f"pytest came to no end (exit code {ended.returncode}); see {log}")


def scikit_image(cache: Path, version: str) -> Suite:
    """Return scikit-image's tests, which only its source distribution holds."""
    folder = cache / f"scikit-image-{version}"
    if not folder.exists():
        unpack(source_distribution("scikit-image", version, cache), folder)
    options = (
        *("-c", "pyproject.toml", "--rootdir", ".", "--import-mode=importlib", "--maxfail=0"),
        # The conftest above is about how results are printed.
        *("tests/skimage", "--confcutdir", "tests/skimage"),
        *("--data", str(folder / "src/skimage/data")),
        # Warnings are errors there, and newer releases of pytest have more of them.
        *("-W", "ignore::pytest.PytestDeprecationWarning"),
    )
    return Suite("skimage", "skimage", "skimage", folder / "tests", folder, options)


def scikit_image_examples(cache: Path, version: str) -> Suite:
    """Return the examples in scikit-image's documentation, which its own CI runs too."""
    package = folder_of("skimage")
    options = (
        *("-c", os.devnull, "--rootdir", str(package), "--doctest-plus", str(package)),
        # Each needs a library of its own.
        *("--ignore", str(package / "io/_plugins")),
    )
    return Suite("skimage-examples", "skimage", "skimage", cache / "examples", cache, options)


def scipy_ndimage(cache: Path, version: str) -> Suite:
    """Return scipy.ndimage's tests, which are installed with it."""
    package = folder_of("scipy.ndimage")
    options = ("-c", os.devnull, "--rootdir", str(package), str(package / "tests"))
    return Suite("scipy", "scipy", "scipy.ndimage", package / "tests", cache, options)


SUITES = {
    "scipy": ("scipy", scipy_ndimage),
    "skimage-examples": ("skimage", scikit_image_examples),
    "skimage": ("skimage", scikit_image),
}
"""By name: the library's key in the manifest, and what makes the suite."""


def source_distribution(name: str, version: str, folder: Path) -> Path:
    """Download a source distribution from where pip would; pip would build it first."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    settings: dict[str, list[str]] = {}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        settings.setdefault(key.rpartition(".")[2], []).extend(value.strip("'\"").split())
    # Without an index of its own it asks PyPI's; the others come on top.
    finder = PackageFinder(
        index_urls=settings.get("index-url", [])[-1:],
        trusted_hosts=settings.get("trusted-host", []),
        no_binary=[name],
    )
    for url in settings.get("extra-index-url", []):
        finder.add_index_url(url)
    for place in settings.get("find-links", []):
        finder.add_find_links(place)
    match = finder.find_best_match(f"{name}=={version}").best
    if match is None:
        sys.exit(f"No source distribution of {name} {version} is to be had.")
    return Path(finder.download(match.link, folder))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack tests and data, and not the library itself, which is the installed one."""
    unfinished = folder.with_suffix(".part")
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            _, _, member.name = member.name.partition("/")
            is_data = member.name.startswith("src/") and not member.name.endswith((".py", ".pyi"))
            if member.name.startswith("tests/") or is_data or member.name == "pyproject.toml":
                tar.extract(member, unfinished, filter="data")
    unfinished.rename(folder)


def folder_of(package: str) -> Path:
    """Return the folder of an installed package."""
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def installed() -> str:
    """Return what a suite's plain outcome depends on: each distribution's version, and us."""
    pins = {f"{dist.name}=={dist.version}" for dist in metadata.distributions()}
    files = [*sorted(HERE.glob("*.py")), HERE.parent / "helpers" / "annotation_agreement.py"]
    ours = [path.read_text(encoding="utf-8") for path in files]
    return json.dumps([sys.version, *sorted(pins), *ours])
