"""Sorts the imports of generated modules and formats them, with ruff."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from voxbind_build.common.scratch import scratch_folder
from voxbind_build.model import PACKAGE
from voxbind_build.render.code.checked_text import RenderError

__all__ = ["tidy"]

# Ruff ignores all other configuration, so that the result is the same in any folder.
OPTIONS = ("--isolated", "--no-cache", "--quiet", "--target-version", "py311")
# Without `src`, ruff doesn't take a library for part of the package because of an equal name.
LAYOUT = ("--config=line-length=100", "--config=src=[]")


def tidy(texts: Mapping[str, str], package: str = PACKAGE) -> dict[str, str]:
    """Return the modules with sorted imports and ``__all__``, formatted by ruff.

    Parameters
    ----------
    texts
        Texts by POSIX path below the package.
    package
        Dotted name of the package.

    Raises
    ------
    RenderError
        If a module doesn't parse.
    """
    with scratch_folder() as folder:
        # In a folder of the package's name, ruff sees which imports are from the package itself.
        root = folder.joinpath(*package.split("."))
        root.mkdir(parents=True)
        (root / "__init__.py").touch()
        for path, text in texts.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        sort = ("check", "--fix", "--unsafe-fixes", "--select=I,RUF022", "--ignore-noqa")
        for command in (sort, ("format",)):
            completed = subprocess.run(
                [sys.executable, "-P", "-m", "ruff", *command, *OPTIONS, *LAYOUT, "."],
                cwd=root,
                capture_output=True,
                text=True,
                encoding="utf-8",
            )
            if completed.returncode:
                raise RenderError(
                    f"ruff {command[0]} refused the generated modules:\n"
                    f"{completed.stdout}{completed.stderr}"
                )
        return {path: (root / path).read_bytes().decode("utf-8") for path in texts}
