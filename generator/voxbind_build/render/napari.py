"""The plugin of napari: a menu entry for each function that makes layers of layers."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voxbind_build.model import Function, Manifest

__all__ = ["PLUGIN", "plugin"]

PLUGIN = "napari.json"
_LAYERS = frozenset({"image", "resized", "labels", "mask"})
"""Kinds of results that napari shows as a layer."""
_FORMS = "voxbind._napari.forms"
_MENUS = Path(__file__).with_name("napari_menus.toml")


def plugin(manifest: Manifest) -> str:
    """Return the manifest for npe2, napari's plugin engine, as JSON.

    It lists the image functions that were measured and return an image, a mask or labels, without
    those of libraries that need a device: their twins on the CPU have the same names.

    Parameters
    ----------
    manifest
        The record of every library.
    """
    menus = tomllib.loads(_MENUS.read_text(encoding="utf-8"))
    commands, widgets = [], []
    items: dict[str, list[dict[str, str]]] = {}
    submenus: dict[str, str] = {}
    for function in sorted(_functions(manifest), key=lambda function: function.wrapper):
        name = function.wrapper.removeprefix(f"{manifest.package}.")
        command = f"voxbind.{name}"
        title = f"{function.original_name} ({name.rpartition('.')[0]})"
        commands.append({"id": command, "title": title, "python_name": f"{_FORMS}:{name}"})
        widgets.append({"command": command, "display_name": title})
        menu = _menu(function, menus)
        submenu = f"{menu.rpartition('/')[2]}.{function.module}".replace(".", "/")
        if submenu not in submenus:
            submenus[submenu] = menus["titles"].get(function.module, function.module)
            items.setdefault(menu, []).append({"submenu": submenu})
        items.setdefault(submenu, []).append({"command": command})
    contributions = {
        "commands": commands,
        "widgets": widgets,
        "menus": dict(sorted(items.items())),
        "submenus": [{"id": key, "label": label} for key, label in sorted(submenus.items())],
    }
    return (
        json.dumps(
            {
                "name": "voxbind",
                "display_name": "voxbind",
                "schema_version": "0.2.1",
                "categories": ["Image Processing", "Segmentation"],
                "contributions": contributions,
            },
            indent=1,
        )
        + "\n"
    )


def _functions(manifest: Manifest) -> Iterator[Function]:
    for library in manifest.libraries.values():
        for function in () if library.device else library.functions.values():
            if function.contract and not function.deprecated and function.kinds[0] in _LAYERS:
                yield function


def _menu(function: Function, menus: dict[str, Any]) -> str:
    of_module: str = menus["modules"].get(function.module, menus["menus"]["default"])
    of_result: str = menus["results"].get(function.kinds[0], of_module)
    return of_result
