"""A digest of everything that decides a measurement: the code and tables that a task uses.

Code is compared by its syntax tree, without docstrings and comments, so that no change of these
causes a new measurement. Of the tables, only the entries that a task reads are included, so that a
new role causes a new measurement only of the functions that have it.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from voxbind_build.model import MemoryType, ProbeTask
from voxbind_build.probe.inputs.roles import image_parameters, table

_FOLDER = Path(__file__).parent
_SHARED = (
    *("probe/inputs/*.py", "probe/protocol/**/*.py", "probe/invoke.py", "probe/array_forms.py"),
    *("common/figures.py", "common/fixed_text.py", "common/image_axes.py"),
)
_FOR_RECORDING = frozenset({"twin_agreement.py"})
"""Files that only `voxbind record` uses; they don't affect any other observation."""
_TABLES = frozenset({"MAKERS", "ALONG_AXIS"})
"""Dictionaries in modules of `inputs` that map a role to code."""
_MEMORIES: dict[MemoryType, str] = {"array_api": "numpy"}
"""The memory in which a library is measured, if that isn't the library's own."""
_NOT_MEASURING = frozenset({"EXAMINATION", "EXAMINATIONS", "FACTS"})
"""Names in a memory's file that have no effect on measurements."""


def method_fingerprint(task: ProbeTask) -> str:
    """Return a digest of everything that the probe does with a task.

    Parameters
    ----------
    task
        The function that is to be measured.

    Returns
    -------
    str
        SHA-256 of the code that makes the calls, the code of the memory that the library works in,
        and the table entries for the task's roles and parameters. The sandbox is left out: it
        decides where a function runs, but not what is measured.
    """
    roles = image_parameters(task.description, task.roles)
    basis = [
        _shared_code(),
        _memory_code(task.memory_type),
        [(role, _code_of_role(role)) for role in sorted({*roles.values()})],
        _table_entries(task, roles),
        [task.values, task.asked, task.axes, task.image_class],
    ]
    return hashlib.sha256(msgspec.json.encode(basis)).hexdigest()


def _table_entries(task: ProbeTask, roles: dict[str, str]) -> list[Any]:
    """Return the entries of the tables for a task's parameters."""
    entries, attribute = table(), task.description.attribute
    facts: list[Any] = [attribute in entries.sparing, attribute in entries.slow]
    for parameter in task.description.parameters:
        name, role = parameter.name, roles.get(parameter.name)
        facts.append(
            [
                name,
                role,
                entries.plain(name),
                entries.values.get(role or ""),
                name in entries.fills.names,
                entries.fills.values.get(name),
                entries.beside.get(name),
                entries.is_idle(parameter),
                entries.neutral_number(name),
                entries.economies.get(f"{attribute}.{name}", entries.economies.get(name)),
            ]
        )
    return facts


@cache
def _shared_code() -> str:
    root = _FOLDER.parent
    paths = sorted({path for pattern in _SHARED for path in root.glob(pattern)})
    trees = [
        [path.relative_to(root).as_posix(), syntax(_Module(path).shared)]
        for path in paths
        if path.name not in _FOR_RECORDING
    ]
    return _digest(trees)


@cache
def _memory_code(memory: MemoryType) -> str:
    path = _FOLDER.parent / "memories" / f"{_MEMORIES.get(memory, memory)}_memory.py"
    return _digest(syntax(_Module(path).shared))


@cache
def _code_of_role(role: str) -> str:
    return _digest([syntax(node) for module in _input_modules() for node in module.of_role(role)])


@cache
def _input_modules() -> tuple[_Module, ...]:
    return tuple(_Module(path) for path in sorted(_FOLDER.glob("inputs/*.py")))


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


class _Module:
    """The top-level statements of a module: those for all tasks, and those for certain roles."""

    def __init__(self, path: Path) -> None:
        body = ast.parse(path.read_text(encoding="utf-8")).body
        self._body = [node for node in body if _assigned(node) not in _NOT_MEASURING]
        self._tables = [node for node in self._body if _assigned(node) in _TABLES]
        self._private = {
            node.name: node
            for node in self._body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("_")
        }

    @property
    def shared(self) -> list[ast.stmt]:
        """All statements except the tables by role and the functions that only they use."""
        return [
            node
            for node in self._body
            if node not in self._tables and getattr(node, "name", None) not in self._only_in_tables
        ]

    def of_role(self, role: str) -> Iterator[ast.AST]:
        """Yield a role's entries in the tables, and the functions that only such entries use."""
        for value in _entries(self._tables, role):
            yield value
            for name in sorted(self._reachable(value) & self._only_in_tables):
                yield self._private[name]

    @cached_property
    def _only_in_tables(self) -> set[str]:
        """The names of private functions that only entries of the tables use."""
        own: set[str] = set().union(*map(self._reachable, self._tables))
        names = [(node, _names(node)) for node in self._body if node not in self._tables]
        while True:
            others = [used for node, used in names if getattr(node, "name", None) not in own]
            used = own & set().union(*others)
            if not used:
                return own
            own -= used

    def _reachable(self, node: ast.AST) -> set[str]:
        """Return the names of private functions that a node uses, directly or indirectly."""
        names: set[str] = set()
        waiting = [node]
        while waiting:
            new = (_names(waiting.pop()) & self._private.keys()) - names
            names |= new
            waiting += [self._private[name] for name in new]
        return names


def _assigned(node: ast.stmt) -> str:
    target: ast.expr | None = None
    if isinstance(node, ast.AnnAssign):
        target = node.target
    elif isinstance(node, ast.Assign):
        target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _entries(tables: Iterable[ast.stmt], role: str) -> Iterator[ast.expr]:
    for node in tables:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Dict):
            for key, entry in zip(value.keys, value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == role:
                    yield entry


def syntax(node: Any) -> Any:
    """Return a syntax tree as nested lists, which are equal on all versions of Python.

    Docstrings and other string statements are left out, and so are empty fields, which newer
    versions add.
    """
    if isinstance(node, list):
        return [syntax(each) for each in node if not _is_text(each)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [
        [name, syntax(value)]
        for name, value in ast.iter_fields(node)
        if value is not None and value != [] and name not in ("ctx", "kind", "type_comment")
    ]
    return [type(node).__name__, *fields]


def _is_text(node: Any) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
