"""Simulates a cluster around dask's own scheduler: its workers only count time.

Real are the graph of a wrapper's call, dask's `Scheduler` with all its decisions, the time that it
takes for each message, and the time and memory of each kind of task, which are measured first.
Simulated are the workers, with one thread each, and the network.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from typing import Any, NamedTuple

from timed_calls import named

CHUNK = (32, 256, 256)
"""Shape of a chunk, which has all slices of the volume. It is float32, so it has 8 MiB."""
COMPUTED = 16
FUNCTION, SIGMA = "scipy.ndimage.gaussian_filter", 1
BANDWIDTH = 1e9
"""Bytes that a worker receives in a second from the others: a network of 10 Gbit/s."""
LATENCY = 0.001
"""Seconds that a message between two computers takes."""
CLIENT = "client"


class Cost(NamedTuple):
    """What a kind of task takes."""

    seconds: float
    size: int
    """Bytes of its result."""


class Run(NamedTuple):
    """One simulated computation."""

    chunks: int
    workers: int
    tasks: int
    size: int
    """Bytes of the graph as it is sent to the scheduler."""
    built: float
    """Seconds to build the graph, to optimize and to pickle it."""
    accepted: float
    """Seconds that the scheduler takes until it has sent out the first tasks."""
    handled: float
    """Seconds that the scheduler takes for all messages afterwards."""
    makespan: float
    """Simulated seconds until the last task is done."""
    working: float
    """Simulated seconds in which a worker computes a task, on all workers."""


def lazy_result(chunks: int) -> Any:
    """Return the wrapper's lazy result for a random volume of so many chunks, or a few more."""
    random = import_module("dask.array").random.default_rng(0)
    rows = math.isqrt(chunks)
    shape = (CHUNK[0], CHUNK[1] * rows, CHUNK[2] * math.ceil(chunks / rows))
    return named(f"voxbind.{FUNCTION}")(
        random.random(shape, chunks=CHUNK, dtype="float32"), sigma=SIGMA
    )


def measured_costs() -> dict[str, Cost]:
    """Compute `COMPUTED` chunks in this thread, and return the mean of each kind of task."""
    dask = import_module("dask")
    callbacks, sizeof = import_module("dask.callbacks"), import_module("dask.sizeof").sizeof
    key_split = import_module("dask.utils").key_split
    started: dict[Any, float] = {}
    costs: defaultdict[str, list[Cost]] = defaultdict(list)

    def before(key: Any, *_: Any) -> None:
        started[key] = time.process_time()

    def after(key: Any, value: Any, *_: Any) -> None:
        seconds = time.process_time() - started[key]
        costs[key_split(key)].append(Cost(seconds, sizeof(value)))

    (lazy,) = dask.optimize(lazy_result(COMPUTED))
    with callbacks.Callback(pretask=before, posttask=after):
        lazy.persist(scheduler="synchronous")  # without the task that joins the chunks
    return {
        kind: Cost(
            sum(cost.seconds for cost in single) / len(single),
            sum(cost.size for cost in single) // len(single),
        )
        for kind, single in costs.items()
    }


def run(chunks: int, workers: int, costs: Mapping[str, Cost]) -> Run:
    """Simulate the computation of an image of so many chunks, or a few more."""
    import_module("distributed")  # now, since it adds to the settings that are restored below
    logging.getLogger("distributed").setLevel(logging.WARNING)
    # It would ask the workers for their memory.
    setting = {"distributed.scheduler.active-memory-manager.start": False}
    with import_module("dask").config.set(setting):
        return asyncio.run(_run(chunks, workers, costs))


async def _run(chunks: int, workers: int, costs: Mapping[str, Cost]) -> Run:
    protocol = import_module("distributed.protocol")
    start = time.process_time()
    lazy = lazy_result(chunks)
    expression = import_module("dask.base").collections_to_expr([lazy], True).optimize()
    keys = {*import_module("dask.core").flatten(expression.__dask_keys__())}
    header, frames = protocol.serialize(protocol.to_serialize(expression), on_error="raise")
    built = time.process_time() - start
    cluster = _Cluster(workers, costs)
    start = time.process_time()
    await cluster.scheduler.update_graph(
        client=CLIENT,
        expr_ser=protocol.Serialized(header, frames),
        keys=keys,
        span_metadata={"collections": []},
        internal_priority=None,
        submitting_task=None,
    )
    cluster.encode_messages()
    accepted = time.process_time() - start
    tasks = len(cluster.scheduler.tasks)
    cluster.simulate(accepted)
    missing = [key for key in keys if cluster.scheduler.tasks[key].state != "memory"]
    if missing or not keys:
        raise RuntimeError(f"{len(missing)} of {len(keys)} chunks aren't computed")
    return Run(
        chunks=lazy.npartitions,
        workers=workers,
        tasks=tasks,
        size=sum(memoryview(frame).nbytes for frame in frames),
        built=built,
        accepted=accepted,
        handled=cluster.handled,
        makespan=cluster.now,
        working=cluster.working,
    )


@dataclass
class _Worker:
    """A worker that computes one task after the other; it takes the place of its connection."""

    address: str
    receivers: set[str]
    """Addresses of all workers with messages that they haven't read."""
    inbox: list[Mapping[str, Any]] = field(default_factory=list)
    ready: list[tuple[Any, int, Mapping[str, Any]]] = field(default_factory=list)
    data: set[Any] = field(default_factory=set)
    """Keys of the results that are in its memory."""
    is_busy: bool = False

    def send(self, *messages: Mapping[str, Any]) -> None:
        """Receive messages of the scheduler."""
        self.inbox.extend(messages)
        self.receivers.add(self.address)


class _Client:
    """Takes the place of the connection to a client."""

    def send(self, *messages: Mapping[str, Any]) -> None:
        """Do nothing: the state of the tasks is read from the scheduler."""


class _Cluster:
    """dask's scheduler, with workers that only count time."""

    def __init__(self, workers: int, costs: Mapping[str, Cost]) -> None:
        module, core = import_module("distributed.scheduler"), import_module("distributed.core")
        self.scheduler: Any = module.Scheduler(dashboard_address=":0", validate=False)
        self._split = import_module("dask.utils").key_split
        self._dumps = import_module("distributed.protocol").dumps
        self._costs = costs
        self.now = self.handled = self.working = 0.0
        self._events: list[tuple[float, int, _Worker, list[Any] | dict[str, Any]]] = []
        """When, a number that keeps their order, the worker, and what it receives or reports."""
        self._numbers = count()
        self.scheduler.clients[CLIENT] = module.ClientState(CLIENT)
        self.scheduler.client_comms[CLIENT] = _Client()
        self._receivers: set[str] = set()
        addresses = [f"tcp://10.0.{n // 250}.{n % 250 + 1}:1" for n in range(workers)]
        self._workers = {name: _Worker(name, self._receivers) for name in addresses}
        for worker in self._workers.values():
            state = module.WorkerState(
                address=worker.address,
                status=core.Status.running,
                pid=0,
                name=worker.address,
                nthreads=1,
                memory_limit=2**35,
                local_directory="",
                nanny=None,
                server_id=worker.address,
                scheduler=self.scheduler,
            )
            self._register(state, worker)

    def _register(self, state: Any, worker: _Worker) -> None:
        """Add a worker, as `Scheduler.add_worker` does it for a connection."""
        self.scheduler.workers[worker.address] = state
        self.scheduler.running.add(state)
        self.scheduler.aliases[state.name] = worker.address
        self.scheduler.total_nthreads += state.nthreads
        self.scheduler.total_memory += state.memory_limit
        self.scheduler.stream_comms[worker.address] = worker
        for plugin in [*self.scheduler.plugins.values()]:
            plugin.add_worker(scheduler=self.scheduler, worker=worker.address)
        self.scheduler.check_idle_saturated(state)

    def encode_messages(self) -> None:
        """Encode the messages to the workers, as for the network: a batch for each worker."""
        for address in self._receivers:
            self._dumps(self._workers[address].inbox)

    def simulate(self, start: float) -> None:
        """Run until no task is left; the scheduler handles one message after the other."""
        self._send(start)
        free = start
        while self._events:
            when, _, worker, message = heapq.heappop(self._events)
            if isinstance(message, list):
                self._receive(worker, message)
            else:
                begin = time.process_time()
                fetched = message.pop("fetched")
                if fetched:
                    self.scheduler.add_keys(worker=worker.address, keys=fetched)
                self.scheduler.handle_task_finished(worker=worker.address, **message)
                self.encode_messages()
                seconds = time.process_time() - begin
                self.handled += seconds
                free = max(free, when + LATENCY) + seconds
                self._send(free)
                worker.is_busy = False
            if not worker.is_busy:
                self._start_next(worker, when)

    def _send(self, when: float) -> None:
        """Let the messages of the scheduler arrive at the workers."""
        for worker in map(self._workers.__getitem__, sorted(self._receivers)):
            event = (when + LATENCY, next(self._numbers), worker, [*worker.inbox])
            heapq.heappush(self._events, event)
            worker.inbox.clear()
        self._receivers.clear()

    def _receive(self, worker: _Worker, messages: Sequence[Mapping[str, Any]]) -> None:
        for message in messages:
            if message["op"] == "compute-task":
                heapq.heappush(worker.ready, (message["priority"], next(self._numbers), message))
            elif message["op"] in ("free-keys", "remove-replicas"):
                worker.data.difference_update(message["keys"])

    def _start_next(self, worker: _Worker, when: float) -> None:
        """Let a worker fetch what a task needs, and compute it."""
        if not worker.ready:
            return
        _, _, message = heapq.heappop(worker.ready)
        key, cost = message["key"], self._costs[self._split(message["key"])]
        fetched = [other for other in message["who_has"] if other not in worker.data]
        size = sum(message["nbytes"][other] for other in fetched)
        begin = when + (2 * LATENCY + size / BANDWIDTH if fetched else 0)
        end = begin + cost.seconds
        worker.is_busy = True
        worker.data.update([key, *fetched])
        self.working += cost.seconds
        self.now = max(self.now, end)
        report = {
            "key": key,
            "run_id": message["run_id"],
            "stimulus_id": "task-finished",
            "status": "OK",
            "nbytes": cost.size,
            "type": b"",
            "typename": "numpy.ndarray",
            "metadata": {},
            "thread": 0,
            "startstops": [{"action": "compute", "start": begin, "stop": end}],
            "fetched": fetched,
        }
        heapq.heappush(self._events, (end, next(self._numbers), worker, report))
