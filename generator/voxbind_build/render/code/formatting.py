"""Import order and layout of the generated modules, by ruff."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from voxbind_build.common.scratch import scratch_folder
from voxbind_build.render.code.checked_text import RenderError

__all__ = ["tidy"]

# No configuration but this one counts: the same texts come out in any folder.
OPTIONS = ("--isolated", "--no-cache", "--quiet", "--target-version", "py311")
# A module of the package is no reason to take the library's of the same name for our own.
LAYOUT = ("--config=line-length=100", "--config=src=[]")


def tidy(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules with sorted imports and ``__all__``, in ruff's layout.

    Raises
    ------
    RenderError
        If one doesn't parse.
    """
    with scratch_folder() as folder:
        # Below a package of the right name ruff knows which imports are of the package itself.
        root = folder / "voxbind"
        root.mkdir()
        (root / "__init__.py").touch()
        for path, text in texts.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        sort = ("check", "--fix", "--unsafe-fixes", "--select=I,RUF022", "--ignore-noqa")
        for command in (sort, ("format",)):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *command, *OPTIONS, *LAYOUT, "."],
                cwd=root,
                capture_output=True,
                text=True,
                encoding="utf-8",
            )
            if done.returncode:
                raise RenderError(
                    f"ruff {command[0]} refuses the generated modules:\n{done.stdout}{done.stderr}"
                )
        return {path: (root / path).read_bytes().decode("utf-8") for path in texts}
