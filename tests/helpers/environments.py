"""Virtual environments that a test installs packages into."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from pathlib import Path


def run(*command: object, cwd: Path, **variables: str) -> str:
    """Run a command, which has to succeed, and return what it prints."""
    ran = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


class Environment:
    """A virtual environment without anything."""

    def __init__(self, folder: Path, *, see_ours: bool = False) -> None:
        venv.create(folder, with_pip=True)
        self.folder = folder
        self.python = folder / "bin" / "python"
        if see_ours:  # the tools and libraries of the environment that runs the tests
            site = self("import sysconfig; print(sysconfig.get_path('purelib'))").strip()
            (Path(site) / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def __call__(self, code: str) -> str:
        """Run Python code and return what it prints."""
        return run(self.python, "-c", code, cwd=self.folder)

    def pip(self, *arguments: object) -> str:
        """Run pip and return what it prints."""
        return run(self.python, "-m", "pip", *arguments, cwd=self.folder)

    @property
    def site(self) -> Path:
        """The folder of the installed packages."""
        (site,) = self.folder.glob("lib/python*/site-packages")
        return site
