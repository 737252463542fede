"""The door from hatchling to the pipeline: a wheel is built with freshly proved wrappers.

Until `dependencies` are installed there is nothing here but hatchling and the standard
library; the generator is imported after that.
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
        libraries = []
        for path in sorted((root / "generator" / "voxbind_build" / "libraries").glob("*.toml")):
            spec = tomllib.loads(path.read_text(encoding="utf-8"))
            if "device" in spec:
                continue
            if "home" in spec:  # part of voxbind itself
                libraries += extras.get(spec["extra"], [])
            elif version := versions.get(spec["distribution"]):
                libraries.append(f"{spec['distribution']}=={version}")
            else:
                libraries += extras.get(spec["extra"], [])
        return [*extras["build"], *extras["measure"], *libraries]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the package in place; a wheel without it isn't built."""
        root = Path(self.root)
        sys.path.insert(0, str(root / "generator"))
        try:
            from voxbind_build.build.hook import build
        except ModuleNotFoundError as error:
            self.app.abort(
                f"voxbind's wrappers can't be built: {error.name} isn't installed. Build with "
                "isolation, or install the requirements of the extra `build` first."
            )
        problem = build(root / "generated" / "voxbind")
        if problem:
            self.app.abort(f"voxbind's wrappers can't be built: {problem}")


def _frozen_versions(manifest: Path) -> dict[str, str]:
    """Return the version of each distribution that the record was made from."""
    try:
        libraries = json.loads(manifest.read_text(encoding="utf-8"))["libraries"].values()
        return {library["distribution"]: library["version"] for library in libraries}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # The pipeline tells what is wrong with the record.
