"""Library specifications: one short TOML for each library, the loader, and what importing takes."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from voxbind_build.libraries.environment import prepare, settings
from voxbind_build.libraries.importing import import_dotted
from voxbind_build.model import LibrarySpec

__all__ = ["SpecError", "builtin", "import_dotted", "load", "prepare", "settings"]

_FOLDER = files(__name__)
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_FIELD = re.compile(r"`\$(?P<place>[^`]*)`$")


class SpecError(ValueError):
    """A library specification that can't be read or doesn't say what it must."""


def builtin() -> tuple[LibrarySpec, ...]:
    """Give the specifications that come with voxbind, sorted by name."""
    return tuple(load(name) for name in _names())


def load(path_or_name: str | Path) -> LibrarySpec:
    """Read a library specification.

    Parameters
    ----------
    path_or_name : str or Path
        A TOML file, or the name of a library that voxbind knows (``skimage``).

    Raises
    ------
    SpecError
        With the file, the place in it, what is accepted and what to do.
    """
    path = _locate(path_or_name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"{path}: can't be read as UTF-8 text ({error}); name a readable TOML file"
        ) from error
    try:
        spec = msgspec.toml.decode(text, type=LibrarySpec)
    except msgspec.ValidationError as error:
        raise SpecError(_explain(path, str(error))) from error
    except msgspec.DecodeError as error:
        raise SpecError(
            f"{path}: not valid TOML: {error}; correct that line (https://toml.io shows the syntax)"
        ) from error
    _check_names(path, spec)
    return spec


def _locate(path_or_name: str | Path) -> Traversable:
    path = Path(path_or_name)
    if path.suffix == ".toml" or path.is_file():
        if path.is_file():
            return path
        raise SpecError(f"{path}: there is no such file; {_known()}")
    if str(path_or_name) in _names():
        return _FOLDER / f"{path_or_name}.toml"
    raise SpecError(f"{str(path_or_name)!r} is not a library that voxbind knows; {_known()}")


def _names() -> list[str]:
    """Return the names of the libraries that voxbind knows, sorted."""
    tables = (file.name for file in _FOLDER.iterdir() if file.name.endswith(".toml"))
    return sorted(name.removesuffix(".toml") for name in tables)


def _known() -> str:
    names = ", ".join(_names())
    return f"give the path of a specification (*.toml) or one of the names {names}"


def _explain(path: Traversable, message: str) -> str:
    """Say which field is wrong, and which fields there are."""
    found = _FIELD.search(message)
    place = found["place"].lstrip(".") if found else ""
    problem = re.sub(r" - at `.*`$", "", message)
    problem = re.sub(r"^Object (contains|missing)", lambda match: match[1], problem)
    fields = msgspec.structs.fields(LibrarySpec)
    required = ", ".join(field.name for field in fields if field.required)
    optional = ", ".join(field.name for field in fields if not field.required)
    return (
        f"{path}: {f'at {place}' if place else 'at the top level'}: {problem}; "
        f"a specification must have {required} and may have {optional}; correct the file"
    )


def _check_names(path: Traversable, spec: LibrarySpec) -> None:
    """Refuse what has the right type and can't be a Python name."""
    places = {"name": (spec.name,), "modules": spec.modules, "roles": tuple(spec.roles)}
    places["declare"] = tuple(spec.declare)
    for place, names in places.items():
        for name in names:
            if not _DOTTED.fullmatch(name):
                raise SpecError(
                    f"{path}: at {place}: {name!r} is not a dotted Python name such as "
                    "'skimage.filters'; correct the file"
                )
    if not spec.modules:
        raise SpecError(f"{path}: at modules: the list is empty; name at least one dotted module")
    tops = sorted({module.partition(".")[0] for module in spec.modules})
    if len(tops) > 1:
        raise SpecError(
            f"{path}: at modules: the modules belong to several packages ({', '.join(tops)}); "
            "write one specification for each package"
        )
