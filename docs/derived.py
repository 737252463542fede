"""Parts of the site's reference that are made from the program: its structs and its commands.

A page has a line ``<!-- derived: toml_keys -->`` where such a part belongs; `conf.py` fills it in.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from voxbind_build.model import Manifest
from voxbind_build.model.spec import LibrarySpec

__all__ = ["PARTS", "filled", "structs"]

_MARK = re.compile(r"^<!-- derived: (\w+) -->$", re.MULTILINE)
_CODE = re.compile(r"(```.*?```|`[^`]*`)", re.DOTALL)
_OPTION = re.compile(r"--[a-z][a-z-]*")
_NOT_KEYS = {"LibrarySpec": ("file",)}  # set by the program


def filled(text: str) -> str:
    """Return a page with each of its marks replaced by the part that it names."""
    return _MARK.sub(lambda mark: PARTS[mark[1]](), text)


def toml_keys() -> str:
    """Return all keys of a library's TOML file, from the structs that read it."""
    return "\n\n".join(_struct(struct) for struct in structs(LibrarySpec))


def manifest_schema() -> str:
    """Return all fields of ``manifest.json``, from the structs that write it."""
    return "\n\n".join(_struct(struct) for struct in structs(Manifest))


def command_line() -> str:
    """Return the help of each command, as typer writes it for documents."""
    command = (sys.executable, "-m", "typer", "voxbind_build.cli.app", "utils", "docs")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*command, "--name", "voxbind"], env=environment, stdout=subprocess.PIPE, check=True
    )
    text = done.stdout.decode("utf-8")
    text = text[text.index("\n## ") :].strip()  # the head lists the commands once more
    # An option in a sentence becomes code, or the site would join its hyphens to a dash.
    parts = _CODE.split(text)
    parts[::2] = [_OPTION.sub(r"`\g<0>`", part) for part in parts[::2]]
    return "".join(parts)


PARTS: dict[str, Callable[[], str]] = {
    "toml_keys": toml_keys,
    "manifest_schema": manifest_schema,
    "command_line": command_line,
}


def structs(root: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """Return a struct, and all structs that its fields lead to."""
    reached = [root]
    for struct in reached:
        for hint in get_type_hints(struct).values():
            reached += [member for member in _structs_in(hint) if member not in reached]
    return reached


def _structs_in(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
        yield hint
    for argument in get_args(hint):
        yield from _structs_in(argument)


def _struct(struct: type[msgspec.Struct]) -> str:
    """Return a heading, the struct's description and a list of its fields."""
    hints, texts = get_type_hints(struct), _field_texts(struct)
    lines = [f"## {struct.__name__}\n", f"{_markdown(inspect.getdoc(struct) or '')}\n"]
    for field in msgspec.structs.fields(struct):
        if field.name not in _NOT_KEYS.get(struct.__name__, ()):
            need = "required" if field.required else f"default: {_default(field)}"
            text = texts.get(field.name, "")
            lines.append(f"* `{field.encode_name}` ({_words(hints[field.name])}; {need}): {text}")
    return "\n".join(lines).replace("): \n", ")\n")


def _field_texts(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the text below each field, also of the classes that the struct derives from."""
    texts: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if not issubclass(base, msgspec.Struct) or base is msgspec.Struct:
            continue
        (node,) = ast.parse(inspect.getsource(base)).body
        assert isinstance(node, ast.ClassDef)
        for field, text in zip(node.body, node.body[1:], strict=False):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                    ast.Constant(str() as value)
                ):
                    texts[name] = _markdown(value).replace("\n", " ")
    return texts


def _markdown(text: str) -> str:
    return inspect.cleandoc(text).replace("``", "`")


def _default(field: msgspec.structs.FieldInfo) -> str:
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "none" if value is None else "empty" if value in ("", (), {}, []) else f"`{value!r}`"


_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def _words(hint: Any) -> str:
    """Return a type in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return ", ".join(f"`{value}`" if value != "" else "empty" for value in arguments)
    if origin in (Union, types.UnionType):
        members = [member for member in arguments if member is not type(None)]
        return " or ".join(_words(member) for member in members)
    if origin in (tuple, list):
        return f"list of {_words(arguments[0])}" if arguments[1:] in ((), (...,)) else "list"
    if origin is dict:
        return f"table of {_words(arguments[1])}"
    if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return _PLAIN.get(hint, "any value")
