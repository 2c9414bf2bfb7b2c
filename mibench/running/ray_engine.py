"""Many workers on Ray: an actor a GPU or a share of the cores, each with a model of its own.

Batches go to whichever worker is free, two at a time so that none waits for the network. A worker that dies is started
again and its batches are handed out again, a bounded number of times. Workers hold no state; only the head writes.
"""

import logging
import os
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from mibench.errors import InputError
from mibench.running.batches import Batch
from mibench.running.engine import About, Result, Stopping
from mibench.running.worker import Answered, OnError

IN_FLIGHT = 2
"""Batches that a worker holds: one that it answers, one that waits."""
RESTARTS = 5
"""How often a worker is started again, and asked again what it was asked when it died."""
LOSSES = 3
"""Workers that may die for good over one batch before the run gives up."""

_log = logging.getLogger(__name__)


class RayEngine:
    """Answers batches on the workers of a Ray cluster, or of this machine."""

    def __init__(
        self,
        model: str,
        arguments: Mapping[str, str],
        *,
        workers: int | None = None,
        address: str | None = None,
        on_error: OnError = "fail",
    ) -> None:
        """Start the workers, and wait until the first has loaded its model.

        Args:
            model: the adapter's name.
            arguments: its arguments.
            workers: how many; by default one a GPU of the cluster, or one a core where it has none.
            address: of a running cluster; None starts one on this machine.
            on_error: as `Worker` takes it.

        Raises:
            InputError: Ray is missing, the cluster cannot be reached or is too small, or the adapter cannot be made.

        """
        self._ray = ray = _connect(address)
        resources = ray.cluster_resources()
        gpus, cores = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
        count = workers or gpus or cores
        share = {"num_gpus": 1} if gpus else {"num_cpus": max(1, cores // count)}
        if count > (gpus or cores):
            have = f"{gpus} GPUs" if gpus else f"{cores} cores"
            raise InputError(
                f"{count} workers, and the cluster has {have}", remedy=f"--workers {gpus or cores} or fewer"
            )
        actor = ray.remote(**share, max_restarts=RESTARTS, max_task_retries=RESTARTS)(_RemoteWorker)
        self._workers = [actor.remote(model, dict(arguments), on_error) for _ in range(count)]
        self.name = f"ray, {count} workers"
        try:
            self.about: About = self._get(self._workers[0].about.remote())
        except BaseException:
            self.close()
            raise

    def answers(self, batches: Iterator[Batch], stopping: Stopping) -> Generator[Result, None, None]:
        """Answer batches on whichever worker is free, in the order in which they are done."""
        again, running, lost = deque[Batch](), dict[Any, tuple[Any, Batch]](), Counter[int]()
        while True:
            while not stopping() and (worker := self._free(running)) is not None:
                batch = again.popleft() if again else next(batches, None)
                if batch is None:
                    break
                running[worker.answer.remote([request for _, request in batch])] = (worker, batch)
            if not running:
                return
            (done, *_), _ = self._ray.wait(list(running), num_returns=1)
            worker, batch = running.pop(done)
            try:
                yield Result(batch, self._get(done))
            except self._ray.exceptions.RayActorError as error:
                lost[batch[0][0]] += 1
                self._forget(worker, error, lost[batch[0][0]])
                again.append(batch)

    def _free(self, running: Mapping[Any, tuple[Any, Batch]]) -> Any:
        """Return the worker with the fewest batches; None where each has as many as it may hold."""
        load = Counter(id(worker) for worker, _ in running.values())
        worker = min(self._workers, key=lambda known: load[id(known)])
        return worker if load[id(worker)] < IN_FLIGHT else None

    def _forget(self, worker: Any, error: Exception, times: int) -> None:
        """Go on without a worker that could not be started again."""
        self._workers = [known for known in self._workers if known is not worker]
        if times == LOSSES or not self._workers:
            message = f"workers die again and again: {_first_line(error)}"
            raise InputError(message, remedy="mostly memory runs out; try a smaller --batch-size or fewer --workers")
        _log.warning("a worker died for good; going on with %d", len(self._workers))

    def usage(self) -> dict[str, float]:
        """Return the sum over the workers that are alive."""
        total = Counter[str]()
        for worker in self._workers:
            try:
                total.update(self._get(worker.usage.remote()))
            except self._ray.exceptions.RayError:
                continue
        return dict(total)

    def close(self) -> None:
        """End the workers, and the cluster where this engine started it."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._ray.shutdown()

    def _get(self, reference: Any) -> Any:
        """Return what a worker returns, or raise what it raises."""
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, InputError):
                raise error.cause from None
            raise


class _RemoteWorker:
    """Lives in a process of its own: an adapter, asked batch by batch."""

    def __init__(self, model: str, arguments: dict[str, str], on_error: OnError) -> None:
        from mibench.adapters.base import create_adapter
        from mibench.running.worker import Worker

        self._failure: InputError | None = None
        try:
            self._worker = Worker(create_adapter(model, arguments), on_error)
        except InputError as error:
            self._failure = error

    def about(self) -> About:
        self._check()
        return About.of(self._worker.adapter)

    def answer(self, requests: list[Any]) -> Answered:
        self._check()
        return self._worker.answer(requests)

    def usage(self) -> dict[str, float]:
        from mibench.adapters.base import usage

        self._check()
        return dict(usage(self._worker.adapter))

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure


def _connect(address: str | None) -> Any:
    """Return Ray, connected to a cluster or to a new one on this machine."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise InputError("--engine ray needs Ray", remedy="pip install 'mibench[ray]'") from None
    settings: dict[str, Any] = {"include_dashboard": False} if address is None else {"address": address}
    try:
        ray.init(**settings, logging_level=logging.ERROR, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        remedy = "'ray start --head' on its first machine, then --address auto there"
        raise InputError(f"no Ray cluster at {address}: {_first_line(error)}", remedy=remedy) from None
    return ray


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
