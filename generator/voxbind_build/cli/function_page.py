"""The page of `voxbind show`: one function's contract and dtypes, and the evidence for them."""

from __future__ import annotations

import textwrap
from typing import Any

import msgspec
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from voxbind_build.catalog import twin_lines as twins
from voxbind_build.catalog.basis import Observations, basis_of
from voxbind_build.catalog.function_lines import SIGNATURE_WIDTH, lines, signature_lines
from voxbind_build.catalog.parameter_schema import parameter_schema
from voxbind_build.classify import device_name
from voxbind_build.cli import name_search as lookup
from voxbind_build.manifest import signature
from voxbind_build.model import Exclusion, Function, Manifest

_LABEL = 13


def page(console: Console, manifest: Manifest, public: str, observations: Observations) -> None:
    """Print the page of one public name.

    Parameters
    ----------
    console
        Where to print; long lines are wrapped to its width.
    manifest
        The manifest that has the name.
    public
        The function's public upstream name.
    observations
        Observations by library and definition; a function may have none.

    Raises
    ------
    KeyError
        If the manifest has no such name.
    """
    name, entry = lookup.entry(manifest, public)
    library = manifest.libraries[name]
    version = f"{library.distribution} {library.version}"
    gap = "  " if len(public) + 2 + len(version) <= console.width else "\n  "
    console.print(Text.assemble((public, "bold"), gap, version), soft_wrap=True)
    if isinstance(entry, Exclusion):
        _paragraph(console, f"excluded: {entry.reason}. {entry.detail}")
        return
    if entry.doc:
        _paragraph(console, entry.summary)
    if entry.form == "function":
        code = Syntax("", "python", theme="ansi_dark").highlight(_code(entry, console.width))
        console.print(Text("\n"), code, sep="", soft_wrap=True)
    for label, value in lines(manifest, name, public, observations):
        _line(console, label, value)


def facts(
    manifest: Manifest, public: str, observations: Observations | None = None
) -> dict[str, Any]:
    """Return the contents of a page as JSON values, for programs.

    Parameters
    ----------
    manifest
        The manifest that has the name.
    public
        The function's public upstream name.
    observations
        Observations by library and definition. If None, relations and calls are left out.

    Raises
    ------
    KeyError
        If the manifest has no such name.
    """
    name, entry = lookup.entry(manifest, public)
    values: dict[str, Any] = {"name": public, "library": name, **msgspec.structs.asdict(entry)}
    values["memory_type"] = manifest.libraries[name].memory_type
    if isinstance(entry, Exclusion):
        return values | {"kind": "excluded"}
    values["signature"] = signature(entry)
    values["schema"] = parameter_schema(entry)
    values["gpu_twin"] = _gpu_twin(manifest, name, public)
    if observations is not None:
        basis = msgspec.structs.asdict(basis_of(name, entry, observations))
        values["relations"] = basis.pop("relations")
        values["version"] = manifest.libraries[name].version
        values["basis"] = basis
    return values


def _gpu_twin(manifest: Manifest, library: str, public: str) -> dict[str, Any] | None:
    """Return a CPU function's comparison with its GPU twin, under the twin's name."""
    if manifest.libraries[library].device:
        return None
    _, pair = twins.counterpart(manifest, library, public) or ("", None)
    if pair is None:
        return None
    gpu_library = manifest.libraries[str(manifest.libraries[library].twin)]
    return {**msgspec.structs.asdict(pair), "name": device_name(public, gpu_library)}


def _code(function: Function, width: int) -> str:
    """Return the signature as indented Python, with lines of at most `width` columns."""
    first, *others = signature_lines(function, min(width, SIGNATURE_WIDTH) - 2)
    wrapped = [line for other in others for line in _wrapped(f"  {other}", width)]
    return "\n".join([f"  {first}", *wrapped])


def _wrapped(line: str, width: int) -> list[str]:
    code = line.lstrip()
    indent = len(line) - len(code)
    return textwrap.wrap(
        code,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 4),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _paragraph(console: Console, text: str) -> None:
    for line in textwrap.wrap(text, max(20, console.width - 2)):
        console.print(Text(f"  {line}"), soft_wrap=True)


def _line(console: Console, label: str, text: str) -> None:
    """Print a label and its text; further lines of the text are indented to match the first."""
    text_width = max(20, console.width - _LABEL - 3)
    is_aligned = text[:4].strip() in ("yes", "no") or "->" in text[:12]
    one_line = text if is_aligned else " ".join(text.split())
    lines = textwrap.wrap(one_line, text_width, break_on_hyphens=False) or [""]
    for number, line in enumerate(lines):
        margin = Text(f"  {label if not number else '':{_LABEL}}", style="cyan")
        console.print(margin + Text(line), soft_wrap=True)
