"""The hooks of hatchling: a wheel contains verified wrappers, and says what they were made from.

Before the packages of `dependencies` are installed, only hatchling, msgspec and the standard
library can be imported. They are enough to read the libraries' specifications; the rest of the
generator is imported later.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

_PACKAGE = Path("generated", "voxbind")


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
        _find_generator(root)
        from voxbind_build.build.generated_from import recorded_versions
        from voxbind_build.libraries import SpecError, builtin

        versions = recorded_versions(root / _PACKAGE / "manifest.json")
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
        root = Path(self.root)
        _find_generator(root)
        try:
            from voxbind_build.build.hook import build
        except ModuleNotFoundError as error:
            self.app.abort(
                f"voxbind's wrappers can't be built: {error.name} isn't installed. Build with "
                "build isolation, or install the requirements of the extra `build` first."
            )
        problem = build(root / _PACKAGE)
        if problem:
            self.app.abort(f"voxbind's wrappers can't be built: {problem}")
        # Hatchling has read the metadata before this hook, from the record that there was then.
        description = _description(root)
        self.metadata.core._readme = description
        if self.metadata.core.readme != description:
            self.app.abort(
                "voxbind's wrappers were built from other versions than before. Run the same "
                "command again, so that the wheel's metadata name these versions."
            )


class VersionsHook(MetadataHookInterface):
    """Adds to the description which versions of libraries the wrappers were generated from."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the field `readme`."""
        text = _description(Path(self.root))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def _description(root: Path) -> str:
    """Return the README and the versions in the record."""
    _find_generator(root)
    from voxbind_build.build.generated_from import recorded_versions, with_versions

    readme = (root / "README.md").read_text(encoding="utf-8")
    return with_versions(readme, recorded_versions(root / _PACKAGE / "manifest.json"))


def _find_generator(root: Path) -> None:
    """Add the checkout's generator to `sys.path`."""
    folder = str(root / "generator")
    if folder not in sys.path:
        sys.path.insert(0, folder)
