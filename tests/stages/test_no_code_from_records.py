"""Nothing from a manifest becomes code, even if someone edited it and sealed it again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import pytest

from voxbind_build.manifest import MANIFEST, read
from voxbind_build.model import Manifest
from voxbind_build.render import RenderError, render, templates_dir

PAYLOADS = (
    "__import__('evil_module')",
    "evil_module",
    "evil_module.system",
    "x\n\nimport evil_module\n\ny",
    '"""\nimport evil_module\n"""',
    "a'); import evil_module; ('",
    "../../evil_module",
    "\x00",
    "{{ evil_module }}",
    "None, /, evil_module=evil_module()",
)
"""Texts that would do something if they were written as code, or as a path."""


@pytest.fixture(scope="module")
def document(built: Path) -> dict[str, Any]:
    """A small manifest as JSON: some functions of each form."""
    manifest = read(built / MANIFEST)
    (library,) = manifest.libraries.values()
    forms: dict[tuple[Any, ...], str] = {}
    for name, function in library.functions.items():
        has_forms = bool(function.returns.forms)
        key = (function.form, function.kind, function.contract, has_forms, function.deprecated)
        forms.setdefault(key, name)
    functions = {name: library.functions[name] for name in sorted(forms.values())}
    small = msgspec.structs.replace(library, functions=functions)
    return msgspec.to_builtins(
        msgspec.structs.replace(manifest, libraries={"toylib": small}, files={})
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of each text in a document, and of each key; keys end in None."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key, None)
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*path, number))
    elif isinstance(value, str):
        yield path


def changed(value: Any, path: tuple[Any, ...], payload: str) -> Any:
    """Return a document with one text, or one key, replaced."""
    if not path:
        return payload
    first, *rest = path
    if rest == [None]:
        return {payload if key == first else key: item for key, item in value.items()}
    if isinstance(value, dict):
        return value | {first: changed(value[first], tuple(rest), payload)}
    return [
        changed(item, tuple(rest), payload) if number == first else item
        for number, item in enumerate(value)
    ]


def kinds(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return one place for each field, also if several functions have it."""
    chosen: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    functions = document["libraries"]["toylib"]["functions"]
    for path in places(document):
        form = functions[path[4]]["form"] if len(path) > 5 and path[3:4] == ("functions",) else ""
        names = tuple(
            "*" if index in (3, 4, 5) and len(path) > 5 else part for index, part in enumerate(path)
        )
        shape = (form, *("#" if isinstance(part, int) else part for part in names))
        chosen.setdefault(shape, []).append(path)
    return [path for paths in chosen.values() for path in paths[:1]]


ALLOWED_IMPORTS = {"__future__", "typing", "collections", "numpy", "os", "types", "voxbind"}


def problems(files: dict[str, str]) -> Iterator[str]:
    """Yield what is in generated modules as code, or as a path, and must not be."""
    for path, text in files.items():
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts:
            yield f"path {path!r}"
        if not path.endswith(".py") or path.startswith("_"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Name | ast.alias | ast.arg | ast.Attribute | ast.keyword):
                names = [getattr(node, field, None) for field in ("id", "name", "arg", "attr")]
                if any("evil" in name for name in names if isinstance(name, str)):
                    yield f"{path}: {ast.dump(node)}"
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "__import__":
                yield f"{path}: {ast.unparse(node)}"


def rendered(document: dict[str, Any]) -> dict[str, str] | None:
    """Return the files of a manifest; None if it is refused."""
    try:
        return render(msgspec.convert(document, Manifest), templates_dir())
    except (msgspec.ValidationError, RenderError):
        return None


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_text_in_a_manifest_never_becomes_code(
    document: dict[str, Any], payload: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sorting and formatting starts two processes for each package, and changes no code.
    monkeypatch.setattr("voxbind_build.render.tidy", lambda texts, package: dict(texts))
    found = {}
    for path in kinds(document):
        is_constant = path[2:3] == ("handed_on",) and path[-1] is None
        is_any_name = (
            path == ("libraries", "toylib", None) or path[-1] == "original_name" or is_constant
        )
        if is_any_name and payload.isidentifier():
            continue  # a library, and a name in it, may be any name
        try:
            files = rendered(changed(document, path, payload))
            wrong = [*problems(files or {})]
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
        if wrong:
            found[".".join(map(str, path))] = wrong[:2]
    assert not found, "\n".join(f"{place}: {wrong}" for place, wrong in found.items())
