"""Many workers on Ray: an actor a GPU or a share of the cores, each with a model of its own.

Batches go to whichever worker is free, two at a time so that none waits for the network. A worker that dies is started
anew, and what it had not answered is asked again; both a bounded number of times. Workers hold no state; only the head
writes.
"""

import logging
import os
import socket
import textwrap
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mibench.errors import InputError
from mibench.running.batches import Batch
from mibench.running.engine import About, Result, Stopping
from mibench.running.worker import Answered, OnError

IN_FLIGHT = 2
"""Batches that a worker holds: one that it answers, one that waits."""
DEATHS = 3
"""Workers that may die over one batch; and how often in a row one may die before it has answered anything."""
TICK_SECONDS = 1.0
"""How soon a wish to stop is heard while no worker answers."""
QUIET_TICKS = 60
"""After so many without a worker that could be asked, the log says what is waited for."""
CONNECT_SECONDS = 10.0

_log = logging.getLogger(__name__)


@dataclass
class _Task:
    """A batch, and how many workers died over it."""

    batch: Batch
    deaths: int = 0


@dataclass(eq=False)
class _Place:
    """A worker's place in the pool.

    Attributes:
        worker: the actor; another one after a death.
        loading: comes true when its model is loaded; None from then on.
        asked: what it holds, in the order in which it answers.
        deaths: in a row, without an answer.
        usage: what its answers have cost.

    """

    worker: Any
    loading: Any
    asked: deque[tuple[Any, _Task]] = field(default_factory=deque)
    deaths: int = 0
    usage: dict[str, float] = field(default_factory=dict)

    @property
    def awaited(self) -> Any:
        """What will come of it next; None where nothing will."""
        if self.loading is not None:
            return self.loading
        return self.asked[0][0] if self.asked else None


class RayEngine:
    """Answers batches on the workers of a Ray cluster, or of this machine."""

    about: About

    def __init__(
        self,
        model: str,
        arguments: Mapping[str, str],
        *,
        workers: int | None = None,
        address: str | None = None,
        on_error: OnError = "fail",
    ) -> None:
        """Start the workers, and wait until the first of them has loaded its model.

        Args:
            model: the adapter's name.
            arguments: its arguments.
            workers: how many; by default one a GPU of the cluster, or one a core where it has none.
            address: of a running cluster; None starts one on this machine.
            on_error: as `Worker` takes it.

        Raises:
            InputError: Ray is missing, the cluster cannot be reached or is too small, or the adapter cannot be made.

        """
        self._ray = _connect(address)
        self._places = list[_Place]()
        self._again = deque[_Task]()
        self._spent = Counter[str]()
        self._quiet = 0
        self._arguments = (model, dict(arguments), on_error, str(Path.cwd()))
        try:
            self._node = self._ray.get_runtime_context().get_node_id()
            machines = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
            count, share = _shares(machines, workers)
            self.name = f"ray, {count} workers"
            self._actor = self._ray.remote(**share, max_restarts=0, max_task_retries=0)(_RemoteWorker)
            self._places = [_Place(*self._start()) for _ in range(count)]
            while not hasattr(self, "about"):
                self._wait()
        except BaseException:
            self.close()
            raise

    def answers(self, batches: Iterator[Batch], stopping: Stopping) -> Generator[Result, None, None]:
        """Answer batches on whichever worker is free, in the order in which they are done."""
        while True:
            more = not stopping()
            while more and (place := self._free()) is not None:
                more = self._ask(place, batches)
            if not more and not any(place.asked for place in self._places):
                return
            result = self._wait()
            if result is not None:
                yield result

    def usage(self) -> dict[str, float]:
        """Return the sum over all workers, those that died too."""
        return dict(sum((Counter(place.usage) for place in self._places), self._spent))

    def close(self) -> None:
        """End the workers, and the cluster where this engine started it."""
        for place in self._places:
            self._end(place)
        self._ray.shutdown()

    def _start(self) -> tuple[Any, Any]:
        worker = self._actor.remote(*self._arguments)
        return worker, worker.about.remote()

    def _free(self) -> _Place | None:
        """Return the worker with the fewest batches; None where each has as many as it may hold."""
        able = [place for place in self._places if place.loading is None and len(place.asked) < IN_FLIGHT]
        return min(able, key=lambda place: len(place.asked), default=None)

    def _ask(self, place: _Place, batches: Iterator[Batch]) -> bool:
        """Hand a worker the next batch, and tell whether there was one."""
        if self._again:
            task = self._again.popleft()
        elif (batch := next(batches, None)) is not None:
            task = _Task(batch)
        else:
            return False
        place.asked.append((place.worker.answer.remote([request for _, request in task.batch]), task))
        return True

    def _wait(self) -> Result | None:
        """Wait a moment for a worker to load its model, to answer or to die."""
        awaited = {place.awaited: place for place in self._places if place.awaited is not None}
        done, _ = self._ray.wait(list(awaited), timeout=TICK_SECONDS)
        if not done:
            self._tick()
            return None
        place, self._quiet = awaited[done[0]], 0
        try:
            came = self._ray.get(done[0])
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, Exception):
                raise error.cause from error
            raise
        except self._ray.exceptions.RayError as error:
            self._replace(place, error)
            return None
        if place.loading is not None:
            self.about, place.loading = came, None
            return None
        place.deaths = 0
        answered, place.usage = came
        return Result(place.asked.popleft()[1].batch, answered)

    def _tick(self) -> None:
        """Say now and then that no worker can be asked."""
        self._quiet += 1
        if self._quiet % QUIET_TICKS == 0 and all(place.loading is not None for place in self._places):
            self._check_node()
            free = self._ray.available_resources()
            gpus, cores = free.get("GPU", 0), free.get("CPU", 0)
            _log.info("no worker has loaded its model yet; %g GPUs and %g cores of Ray are free", gpus, cores)

    def _replace(self, place: _Place, error: Exception) -> None:
        """Start a dead worker anew, and have what it held asked again; the oldest of that counts as the reason."""
        self._check_node()
        reason, held = _reason(error), [task for _, task in place.asked]
        self._again.extend(held)
        self._spent.update(place.usage)
        if held:
            held[0].deaths += 1
            if held[0].deaths == DEATHS:
                raise InputError(f"{DEATHS} workers died over {_told(held[0].batch)}: {reason}", remedy=_REMEDY)
        self._end(place)
        place.asked, place.usage, place.deaths = deque(), {}, place.deaths + 1
        if place.deaths < DEATHS:
            _log.warning("a worker died and is started anew: %s", reason)
            place.worker, place.loading = self._start()
            return
        self._places.remove(place)
        if not self._places:
            raise InputError(f"all workers died, {DEATHS} times in a row: {reason}", remedy=_REMEDY)
        _log.warning("a worker died %d times in a row; going on with %d: %s", DEATHS, len(self._places), reason)

    def _check_node(self) -> None:
        """See that the Ray node that this process belongs to is there; without it no worker can be started."""
        if not any(node["Alive"] and node["NodeID"] == self._node for node in self._ray.nodes()):
            raise InputError("Ray has died on this machine", remedy="start it again; the same command goes on")

    def _end(self, place: _Place) -> None:
        self._ray.kill(place.worker)


class _RemoteWorker:
    """Lives in a process of its own: an adapter, asked batch by batch."""

    def __init__(self, model: str, arguments: dict[str, str], on_error: OnError, folder: str) -> None:
        """Load the model; where that fails, `about` says so.

        Args:
            model: the adapter's name.
            arguments: its arguments.
            on_error: as `Worker` takes it.
            folder: against which relative paths are meant, where this machine has it.

        """
        from mibench.adapters.base import create_adapter
        from mibench.running.worker import Worker

        self._failure: Exception | None = None
        with suppress(OSError):
            os.chdir(folder)
        try:
            self._worker = Worker(create_adapter(model, arguments), on_error)
        except Exception as error:
            self._failure = error

    def about(self) -> About:
        if self._failure is not None:
            raise self._failure
        return About.of(self._worker.adapter)

    def answer(self, requests: list[Any]) -> tuple[Answered, dict[str, float]]:
        from mibench.adapters.base import usage

        return self._worker.answer(requests), dict(usage(self._worker.adapter))


_REMEDY = "mostly memory runs out: a smaller --batch-size or fewer --workers; Ray's logs tell more"


def _connect(address: str | None) -> Any:
    """Return Ray, connected to a cluster or to a new one on this machine."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is not None:
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # or a wrong port is tried for a quarter of an hour
    try:
        import ray
    except ImportError:
        raise InputError("--engine ray needs Ray", remedy="pip install 'mibench[ray]'") from None
    logging.getLogger("ray").setLevel(logging.ERROR)
    ray._private.worker._worker_logs_enabled = False  # Ray tells of dead workers on stdout; so do we, on stderr
    settings = {"address": "local", "include_dashboard": False} if address is None else {"address": address}
    try:
        _probe(address)
        ray.init(**settings, log_to_driver=False, configure_logging=False)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        if address is None:
            raise InputError(f"Ray does not start on this machine: {_first_line(str(error))}") from error
        remedy = "'ray start --head' on its first machine, then --address auto there"
        if "AuthenticationError" in str(error.__cause__):
            remedy = "it asks for a token: --address auto, or export RAY_AUTH_MODE=token and have its ~/.ray/auth_token"
        raise InputError(f"no Ray cluster at {address}: {_first_line(str(error))}", remedy=remedy) from error
    return ray


def _probe(address: str | None) -> None:
    """See that something listens at HOST:PORT; Ray itself would try for minutes."""
    host, colon, port = (address or "").rpartition(":")
    if colon and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()


def _shares(machines: Sequence[Mapping[str, float]], workers: int | None) -> tuple[int, dict[str, int]]:
    """Return how many workers there are, and what each of them takes: a GPU with its share of the cores, or cores.

    Raises:
        InputError: the machines are too few.

    """
    graphic = [machine for machine in machines if machine.get("GPU", 0) >= 1]
    cores = [int(machine.get("CPU", 0)) for machine in graphic or machines]
    units = [int(machine["GPU"]) for machine in graphic] or cores
    most, kind = sum(units), "GPUs" if graphic else "cores"
    count = workers or most
    if count > most or not most:
        message, remedy = f"{count} workers, and Ray has {most} {kind}", f"--workers {most} or fewer"
        raise InputError(message, remedy=remedy if most else "give it cores or GPUs")
    if graphic:
        return count, {"num_gpus": 1, "num_cpus": min(each // unit for each, unit in zip(cores, units, strict=True))}
    fitting = (share for share in range(max(cores), 0, -1) if sum(each // share for each in cores) >= count)
    return count, {"num_cpus": next(fitting)}


def _told(batch: Batch) -> str:
    first = batch[0][1]
    return f"one batch of {len(batch)}, from instance {first.instance!r:.200} of {first.task}"


def _reason(error: Exception) -> str:
    """Return of Ray's many lines the one that says why: the first, or the last where the first says only what died."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("\t")]
    why = lines[-1 if lines[0].startswith("The actor died") else 0] if lines else type(error).__name__
    return textwrap.shorten(why.rpartition("exit detail: ")[2], 200, placeholder=" ...")


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[0][:300]
