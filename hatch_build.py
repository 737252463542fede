"""The door from hatchling to the pipeline: a wheel is built with freshly proved wrappers.

Until `dependencies` are installed there is nothing here but hatchling, msgspec and the standard
library: enough to read the specifications of the libraries, by the code that the build reads
them with. The rest of the generator is imported after that.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WrapperBuildHook(BuildHookInterface[Any]):
    """Runs the pipeline before a wheel, editable ones too, is packed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return the generator's tools, and the libraries as the frozen record has them.

        Those that need a device keep their record: pip can't install them here without their
        dependencies, which are gigabytes.
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
            else:  # a library that isn't recorded yet, or what voxbind's own functions need
                libraries += extras.get(spec.extra, [])
        return [*extras["build"], *extras["measure"], *libraries]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the package in place; a wheel without it isn't built."""
        self._find_generator()
        try:
            from voxbind_build.build.hook import build
        except ModuleNotFoundError as error:
            self.app.abort(
                f"voxbind's wrappers can't be built: {error.name} isn't installed. Build with "
                "isolation, or install the requirements of the extra `build` first."
            )
        problem = build(Path(self.root) / "generated" / "voxbind")
        if problem:
            self.app.abort(f"voxbind's wrappers can't be built: {problem}")

    def _find_generator(self) -> None:
        """Put the checkout's generator where it is imported from."""
        folder = str(Path(self.root) / "generator")
        if folder not in sys.path:
            sys.path.insert(0, folder)


def _frozen_versions(manifest: Path) -> dict[str, str]:
    """Return the version of each distribution that the record was made from."""
    try:
        libraries = json.loads(manifest.read_text(encoding="utf-8"))["libraries"].values()
        return {library["distribution"]: library["version"] for library in libraries}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # The pipeline tells what is wrong with the record.
