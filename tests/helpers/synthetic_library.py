"""Made-up libraries, for what no real one has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing, write_package
from voxbind_build.model import Function, Library, Manifest, Parameter, ParameterKind
from voxbind_build.render import render, templates_dir
from voxbind_build.verify import verify


def parameter(name: str, kind: ParameterKind = "POSITIONAL_OR_KEYWORD", **facts: Any) -> Parameter:
    facts = {"annotation": "Any", "annotation_source": "docstring", **facts}
    return Parameter(name=name, kind=kind, **facts)


def function(*parameters: Parameter, **facts: Any) -> Function:
    """Describe a function of the made-up module ``made.up``."""
    base = handmade.manifest().libraries["skimage"].functions["skimage.filters.gaussian"]
    facts = {
        "original_name": "f",
        "parameters": parameters,
        "arrays": (parameters[0].name,) if parameters else (),
        "doc": "",
        "dtypes": {},
        **facts,
    }
    facts = {"module": "made.up", "wrapper": f"voxbind.made.up.{facts['original_name']}", **facts}
    return replace(base, **facts)


def manifest(*functions: Function, modules: tuple[str, ...] = ("made.up",)) -> Manifest:
    library = Library(
        distribution="made-up",
        extra="made",
        version="1.0",
        memory_type="numpy",
        twin=None,
        modules=modules,
        functions={each.wrapper.partition(".")[2]: each for each in functions},
        excluded={},
    )
    return Manifest(libraries={"made": library})


def written(*functions: Function) -> str:
    return render(manifest(*functions), templates_dir())["made/up.py"]


class Made:
    """A made-up library, one module a case, and the wrappers of it."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}
        self._functions: list[Function] = []

    def add(self, source: str, *functions: Function) -> str:
        module = f"made.case_{len(self._sources)}"
        self._sources[module] = source
        for each in functions:
            wrapper = f"voxbind.{module}.{each.original_name}"
            self._functions.append(replace(each, module=module, wrapper=wrapper))
        return module

    @contextlib.contextmanager
    def wrapped(self, folder: Path) -> Iterator[Import]:
        """Give the wrappers, which mypy and ruff pass."""
        described = manifest(*self._functions, modules=tuple(self._sources))
        assert verify(render(described, templates_dir())) == ()
        library = folder / "library"
        (library / "made").mkdir(parents=True)
        (library / "made" / "__init__.py").write_text('__version__ = "1.0"\n')
        for module, source in self._sources.items():
            (library / f"{module.replace('.', '/')}.py").write_text(source)
        package = write_package(described, folder / "package")
        with importing(package, library, also=("made",)) as load:
            yield load
