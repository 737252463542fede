"""The comparison of `wrapper_comparison`, each function in a process of its own, which it may end.

The processes are forked from the server that the build's are forked from, which has the library
imported, and its device started where that outlives a fork.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pebble
from pebble.concurrent import process as in_process

from helpers.wrapper_comparison import Twin, probe_instead
from voxbind import registry
from voxbind_build.libraries import import_dotted
from voxbind_build.model import Ending, ProbeTask

# Private, and the very server that measures: another would live on and serve later tests.
from voxbind_build.probe.sandbox.fork_server import fork_server
from voxbind_build.probe.sandbox.pool import FATAL_LIMIT

_TIME_LIMIT = 60.0
"""Seconds for a function; so many that only a hang takes them."""


class Compared(msgspec.Struct, frozen=True):
    """What the comparison of one function came to."""

    count: int = 0
    """How many calls were compared."""
    differences: tuple[str, ...] = ()
    deaths: tuple[str, ...] = ()
    """How its process ended, and in which way of calling: each such call is left out after."""


def compare(
    tasks: Iterable[ProbeTask], only: Mapping[str, tuple[str, ...]], folder: Path
) -> Iterator[tuple[str, Compared]]:
    """Compare functions one after another, and give each one's name with what came of it.

    Parameters
    ----------
    tasks
        What to probe, one for each wrapper.
    only
        By definition, the dtypes that are safe; all, if empty.
    folder
        An empty one.
    """
    tasks = list(tasks)
    # Compiling a module of wrappers takes longer than calling one of them on every image.
    wrappers = {f"voxbind.{task.description.module}" for task in tasks}
    with fork_server(tasks, folder, ahead=wrappers) as context:
        context.set_forkserver_preload(["voxbind_build.probe.sandbox.preload", __name__])
        # pebble's types name the argument `mp_context`, its code reads `context`.
        run: Any = in_process
        run_apart = run(timeout=_TIME_LIMIT, daemon=False, context=context)
        for task in tasks:
            start = partial(run_apart(_compare), only[task.description.definition])
            yield task.description.name, _compare_apart(task, folder / "call", start)


def _compare_apart(task: ProbeTask, journal: Path, start: Callable[..., Any]) -> Compared:
    deaths: list[str] = []
    while True:
        journal.unlink(missing_ok=True)
        try:
            found: Compared = start(task, journal).result()
            return msgspec.structs.replace(found, deaths=tuple(deaths))
        except (pebble.ProcessExpired, TimeoutError) as error:
            number, way = journal.read_text().split() if journal.exists() else ("0", "the start")
            ended = f"exit code {getattr(error, 'exitcode', 'of a hang')}"
            deaths.append(f"{way}: call {number}: {ended}")
            if number == "0" or len(deaths) > FATAL_LIMIT:
                return Compared(deaths=tuple(deaths))
            fatal = {**task.fatal, int(number): Ending(outcome="crashed", words=ended)}
            task = msgspec.structs.replace(task, fatal=fatal)


def _compare(only: tuple[str, ...], task: ProbeTask, journal: Path) -> Compared:
    """Compare one function, in a process for it alone."""
    description = task.description
    calls = [0]

    def tell(way: str) -> None:
        journal.write_text(f"{calls[-1]} {way}")

    twin = Twin(
        getattr(import_dotted(description.module), description.attribute),
        registry.functions()[description.name],
        before_call=tell,
        only=only,
    )
    probe_instead(task, twin, before_call=calls.append)
    return Compared(count=twin.compared, differences=tuple(sorted(set(twin.differences))))
