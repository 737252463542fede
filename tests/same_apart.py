"""The comparison of `same`, each function in a process of its own, which it may end.

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
from same import Twin, copied, probe_instead

from voxbind import registry
from voxbind_build.libraries import import_dotted
from voxbind_build.model import ProbeTask

# Private, and the very server that measures: another would live on and serve later tests.
from voxbind_build.probe.sandbox import FATAL_LIMIT, _fork_server

_TIME_LIMIT = 60.0
"""Seconds for a function; so many that only a hang takes them."""
_REPETITIONS = 20
"""How often the library is called alone, to see whether it is what ends a process."""


class Compared(msgspec.Struct, frozen=True):
    """What the comparison of one function came to."""

    count: int = 0
    """How many calls were compared."""
    differences: tuple[str, ...] = ()
    deaths: tuple[str, ...] = ()
    """How the wrapper ended its process, and in which way of calling, where the library alone
    doesn't; each call that ends a process is left out after."""


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
    with _fork_server(tasks, folder) as context:
        context.set_forkserver_preload(["voxbind_build.probe.ahead", __name__])
        # pebble's types name the argument `mp_context`, its code reads `context`.
        run: Any = in_process
        run_apart = run(timeout=_TIME_LIMIT, daemon=False, context=context)
        for task in tasks:
            start = partial(run_apart(_compare), only[task.description.definition])
            yield (
                task.description.name,
                _compare_apart(task, folder / "call", start, run_apart(_call_alone)),
            )


def _compare_apart(
    task: ProbeTask, journal: Path, start: Callable[..., Any], start_alone: Callable[..., Any]
) -> Compared:
    deaths: list[str] = []
    for _ in range(FATAL_LIMIT + 1):
        found, ended, number, way = _outcome(start, task, journal)
        if found is not None:
            return msgspec.structs.replace(found, deaths=tuple(deaths))
        if way != "upstream":
            # The library may leave a broken heap behind, of which a later call's process ends.
            _, ended_alone, number_alone, _ = _outcome(start_alone, task, journal)
            if not ended_alone or number_alone > number:
                deaths.append(f"{way}: call {number}: {ended}")
        if not number:
            break
        fatal = {**task.fatal, number: ended}
        task = msgspec.structs.replace(task, fatal=fatal)
    return Compared(deaths=tuple(deaths))


def _outcome(
    start: Callable[..., Any], task: ProbeTask, journal: Path
) -> tuple[Compared | None, str, int, str]:
    """Give what came back, or how the process ended, in which call and in which way of calling."""
    journal.unlink(missing_ok=True)
    try:
        return start(task, journal).result(), "", 0, ""
    except (pebble.ProcessExpired, TimeoutError) as error:
        number, way = journal.read_text().split() if journal.exists() else ("0", "start")
        return None, f"exit code {getattr(error, 'exitcode', 'of a hang')}", int(number), way


def _compare(only: tuple[str, ...], task: ProbeTask, journal: Path) -> Compared:
    """Compare one function, in a process for it alone."""
    description = task.description
    calls = [0]

    def tell(way: str) -> None:
        journal.write_text(f"{calls[-1]} {way}")

    twin = Twin(
        _upstream(task),
        registry.functions()[description.name],
        before_call=tell,
        only=only,
    )
    probe_instead(task, twin, before_call=calls.append)
    return Compared(count=twin.compared, differences=tuple(sorted(set(twin.differences))))


def _call_alone(task: ProbeTask, journal: Path) -> Compared:
    """Call the library alone, often, so that memory that it breaks is found broken."""
    upstream = _upstream(task)

    def repeated(*args: Any, **kwargs: Any) -> Any:
        for _ in range(_REPETITIONS):
            upstream(*copied(args), **copied(kwargs))
        return upstream(*args, **kwargs)

    probe_instead(
        task, repeated, before_call=lambda number: journal.write_text(f"{number} upstream")
    )
    return Compared()


def _upstream(task: ProbeTask) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(
        import_dotted(task.description.module), task.description.attribute
    )
    return function
