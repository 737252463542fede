"""The build hook of hatchling with which another project generates its own typed wrappers.

A project asks for it in its pyproject.toml, in the table ``tool.hatch.build.hooks.voxbind``.
`VoxbindHook` documents the keys. Hatchling loads this module by the entry point ``voxbind`` of the
group ``hatch``, whether a project uses the hook or not, so the generator is imported later.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

__all__ = ["VoxbindHook", "hatch_register_build_hook"]

_RECORD = {
    "use": {},
    "require": {"recorded_only": True},
    "ignore": {"fresh": True},
}
"""The values of the key ``record``, with the arguments of the pipeline that they stand for."""
_KEYS = {"libraries", "package", "out", "record"}
_HATCHLINGS_KEYS = {"dependencies", "enable-by-default", "require-runtime-dependencies"} | {
    "require-runtime-features"
}
"""The keys that hatchling itself reads in the table of each hook."""


class VoxbindHook(BuildHookInterface[Any]):
    """Generates a package of typed wrappers before a wheel is packed, editable ones too.

    Its table has these keys:

    ``libraries``
        The specifications of the libraries to wrap: paths of TOML files below the project's folder,
        or names of libraries that come with voxbind or with an installed package.
    ``package``
        Dotted name of the package to generate: ``labwrap.typed``.
    ``out``
        Its folder: ``src/labwrap/typed``.
    ``record``
        Whether a record in that folder spares measuring: ``use`` (the default) measures only
        functions without a valid record, ``require`` measures none, and ``ignore`` measures all.

    The wheel requires the run time of the voxbind that generated it.
    """

    PLUGIN_NAME = "voxbind"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate the package in place, and stop the build of the wheel if that fails."""
        if self.target_name != "wheel":
            return  # a source distribution has the record, from which its wheel is built
        problem = self._problem() or self._build()
        if problem:
            self.app.abort(f"The typed wrappers can't be generated: {problem}")
        from voxbind_build.build.own_package import requirement

        build_data["dependencies"].append(requirement(metadata.version("voxbind")))
        # Generated files are packed even if the version control ignores them.
        build_data["artifacts"].append(f"/{Path(self.config['out']).as_posix()}/**")

    def _problem(self) -> str:
        """Return what is wrong with the table; empty if nothing is."""
        table = "[tool.hatch.build.hooks.voxbind] in pyproject.toml"
        unknown = sorted(self.config.keys() - _KEYS - _HATCHLINGS_KEYS)
        if unknown:
            return f"{table} has the unknown key {unknown[0]!r}. Its keys are {_listed(_KEYS)}."
        for key in ("package", "out"):
            if not isinstance(self.config.get(key), str) or not self.config[key]:
                example = {"package": "labwrap.typed", "out": "src/labwrap/typed"}[key]
                return f"{table} needs the key {key!r}, a text such as {example!r}."
        libraries = self.config.get("libraries")
        is_list = isinstance(libraries, list) and all(isinstance(name, str) for name in libraries)
        if not libraries or not is_list:
            return f"{table} needs the key 'libraries', a list such as ['mylab.toml']."
        record = self.config.get("record", "use")
        if record not in _RECORD:
            return f"{table} has record = {record!r}. Accepted are {_listed(_RECORD)}."
        root = Path(self.root).resolve()
        if not (root / self.config["out"]).resolve().is_relative_to(root):
            return f"{table} has out = {self.config['out']!r}, which is outside the project."
        return ""

    def _build(self) -> str:
        """Generate the package; return the error that stopped it, empty if there was none."""
        try:
            from voxbind_build.build.hook import build
        except ModuleNotFoundError as error:
            return (
                f"{error.name} isn't installed. Add 'voxbind[build]' to `requires` of "
                "[build-system] in pyproject.toml, or install it if you build without isolation."
            )
        root = Path(self.root)
        return build(
            root / self.config["out"],
            package=self.config["package"],
            libraries=[
                str(root / name) if name.endswith(".toml") else name
                for name in self.config["libraries"]
            ],
            **_RECORD[self.config.get("record", "use")],
        )


def _listed(names: Any) -> str:
    return ", ".join(map(repr, sorted(names)))


@hookimpl
def hatch_register_build_hook() -> type[VoxbindHook]:
    """Return the hook, of which hatchling asks each plugin."""
    return VoxbindHook
