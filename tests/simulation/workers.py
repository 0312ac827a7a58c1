"""Workers that run in turn: each is a thread that stops before every call of a port until it is told to go on.

Only one of them runs at any time, so that the same chance gives the same history, call by call.
"""

import threading
from collections.abc import Callable
from typing import Final

STEP_TIMEOUT_SECONDS: Final = 30.0
"""A step takes microseconds; a worker that never stops again is a hanging test, and that should fail by name."""


class KilledError(BaseException):
    """The process ends here. No `Exception`, so that nothing in the code under test can catch it."""


class StuckWorkerError(Exception):
    """A worker neither stopped before a call nor came to its end."""


class Worker:
    """One delivery being handled."""

    def __init__(self, handle: Callable[[], None], turns: "Turns") -> None:
        self._handle = handle
        self._turns = turns
        self._may_run = _closed_gate()
        self.is_done = False
        self.was_disturbed = False
        """Whether a fault was injected into it: then a failure says nothing about the message."""
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def identity(self) -> int | None:
        return self._thread.ident

    def step(self) -> None:
        """Let it run up to its next call, or to its end. Raises `StuckWorkerError`."""
        self._may_run.release()
        if not self._turns.came_back.acquire(timeout=STEP_TIMEOUT_SECONDS):
            raise StuckWorkerError(f"no call and no end within {STEP_TIMEOUT_SECONDS} s")
        if self.is_done:
            self._thread.join()

    def stop_before_call(self) -> None:
        """Called by the worker's own thread."""
        self._turns.came_back.release()
        self._may_run.acquire()

    def _run(self) -> None:
        self._may_run.acquire()
        try:
            self._handle()
        except (Exception, KilledError) as error:  # noqa: BLE001 - whatever ends a delivery, the queue brings it again
            self.failure = error
        self.is_done = True
        self._turns.came_back.release()


class Turns:
    """Who runs: the scheduler and one worker, alternately."""

    def __init__(self) -> None:
        self.came_back = _closed_gate()
        self._workers: dict[int, Worker] = {}

    def start(self, handle: Callable[[], None]) -> Worker:
        worker = Worker(handle, self)
        self._workers[worker.identity or 0] = worker
        return worker

    def forget(self, worker: Worker) -> None:
        self._workers.pop(worker.identity or 0, None)

    def present(self) -> Worker | None:
        """The worker that asks; None where the scheduler itself, or a check, calls a port."""
        return self._workers.get(threading.get_ident())


def _closed_gate() -> threading.Lock:
    """A lock that one thread opens for another: what a semaphore does, at a fraction of its cost."""
    gate = threading.Lock()
    gate.acquire()
    return gate
