"""The build hook of hatchling: runs the pipeline, so that a wheel contains verified wrappers.

Before the packages of `dependencies` are installed, only hatchling, msgspec and the standard
library can be imported. They are enough to read the libraries' specifications; the rest of the
generator is imported later.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WrapperBuildHook(BuildHookInterface[Any]):
    """Runs the pipeline before a wheel is packed, including editable wheels."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return the generator's requirements, and the libraries in the versions of the record.

        Libraries that need a device aren't installed and keep their record, because pip would
        install gigabytes of dependencies with them.
        """
        root = Path(self.root)
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras: dict[str, list[str]] = project["optional-dependencies"]
        versions = _frozen_versions(root / "generated" / "voxbind" / "manifest.json")
        self._find_generator()
        from voxbind_build.libraries import SpecError, builtin

        try:
            specs = builtin()
        except SpecError as error:
            self.app.abort(f"voxbind's wrappers can't be built: {error}")
        libraries: list[str] = []
        for spec in specs:
            if spec.device:
                continue
            version = versions.get(spec.distribution)
            if version and not spec.home:
                libraries.append(f"{spec.distribution}=={version}")
            else:  # a library without a record, or requirements of voxbind's own functions
                libraries += extras.get(spec.extra, [])
        return [*extras["build"], *extras["measure"], *libraries]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the package in place, and stop the build of the wheel if that fails."""
        self._find_generator()
        try:
            from voxbind_build.build.hook import build
        except ModuleNotFoundError as error:
            self.app.abort(
                f"voxbind's wrappers can't be built: {error.name} isn't installed. Build with "
                "build isolation, or install the requirements of the extra `build` first."
            )
        problem = build(Path(self.root) / "generated" / "voxbind")
        if problem:
            self.app.abort(f"voxbind's wrappers can't be built: {problem}")

    def _find_generator(self) -> None:
        """Add the checkout's generator to `sys.path`."""
        folder = str(Path(self.root) / "generator")
        if folder not in sys.path:
            sys.path.insert(0, folder)


def _frozen_versions(manifest: Path) -> dict[str, str]:
    """Return the recorded version of each distribution; empty if the record can't be read."""
    try:
        libraries = json.loads(manifest.read_text(encoding="utf-8"))["libraries"].values()
        return {library["distribution"]: library["version"] for library in libraries}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # the pipeline reports the problem
