"""One history: deliveries that are duplicated, reordered, interleaved and killed until everything has come to rest."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from pawledger.adapters.errors import StoreThrottledError
from pawledger.domain.errors import PawledgerError
from pawledger.services.billing.bill_accounts import bill_accounts
from pawledger.services.billing.record_policy_event import record_policy_event
from pawledger.services.billing.start_billing_day import start_billing_day
from pawledger.services.closing.close_day import close_day
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import receive_bank_file
from pawledger.services.resolving.push_alerts import push_alert
from tests.builders.services import (
    connect_billing,
    connect_closing,
    connect_policy_recording,
    connect_posting,
    connect_receiving,
)
from tests.fakes.memory import MemoryWorld
from tests.simulation.scenario import DAYS, RECEIVED_ON, Drop, PolicyEvent, Scenario, seeded_random
from tests.simulation.workers import KilledError, Turns, Worker

RECEIVES_MAX: Final = 5
"""Failures of a message, not counting those that were injected, after which it is a dead letter."""

FAULTS_MAX: Final = 150
"""Faults injected into one history; then the storm is over, so that even a long chunk is finished one day."""

STEPS_MAX: Final = 200_000
"""A history takes some thousand steps; one that does not come to rest fails here."""


class LostAnswerError(OSError):
    """The store has done it, and its answer never came."""


class RestlessHistoryError(Exception):
    """Deliveries never came to an end."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How rough a history is; chances between 0 and 1."""

    workers: int = 1
    kill: float = 0.0
    """That a worker ends before, and as much after, any one call."""
    throttle: float = 0.0
    lost_answer: float = 0.0
    stale: float = 0.0
    """That a read which does not ask for consistency lags one to three writes behind."""
    duplicate: float = 0.0
    shuffles: bool = False


CALM: Final = Disturbance()


@dataclass(slots=True)
class Delivery:
    """A message on a queue, a fired schedule or a record of a stream."""

    name: str
    handle: Callable[[], object]
    failures: int = 0


@dataclass(slots=True)
class History:
    """A scenario being played under a disturbance; afterwards, the world it led to."""

    scenario: Scenario
    disturbance: Disturbance
    world: MemoryWorld = field(default_factory=MemoryWorld)
    dead_letters: set[str] = field(default_factory=set)
    happened: Counter[str] = field(default_factory=Counter)
    _waiting: list[Delivery] = field(default_factory=list)
    _running: list[tuple[Worker, Delivery]] = field(default_factory=list)
    _turns: Turns = field(default_factory=Turns)
    _told: int = 0
    _fault_count: int = 0
    _chance: Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = seeded_random(self.scenario.seed + 1)

    def play(self) -> "History":
        """Play it to its end. The rough part covers every day; then what is left comes to rest undisturbed."""
        rough = self.disturbance
        self.world.before_call, self.world.after_call = self._before_call, self._after_call
        self.world.staleness_of = self._staleness_of
        self._send_events(self.scenario.known_first)
        self._run_until_rest()
        events, drops = list(self.scenario.events), list(self.scenario.drops)
        for place in range(len(DAYS)):
            self._send_events(events[place :: len(DAYS)])
            for drop in drops[place :: len(DAYS)]:
                self._drop(drop)
            for _ in range(self._chance.choice((0, 1, 2)) if rough != CALM else 1):
                self._fire_schedules(place)
            self._run(self._chance.randint(0, 400) if rough != CALM else STEPS_MAX)
        self._run_until_rest()
        self._send_events(self.scenario.late_events)
        for drop in self.scenario.late_drops:
            self._drop(drop)
        self._run_until_rest()
        self.disturbance = Disturbance(workers=rough.workers, shuffles=rough.shuffles)
        for _ in range(2):
            self._fire_schedules(len(DAYS) - 1)
            self._run_until_rest()
        return self

    def _send_events(self, events: Iterable[PolicyEvent]) -> None:
        for event in events:
            self._send_event(event)

    def _send_event(self, event: PolicyEvent) -> None:
        ports = connect_policy_recording(self.world)
        self._add(
            event.name,
            lambda: record_policy_event(event.message, message_id=event.name, received_on=RECEIVED_ON, ports=ports),
        )

    def _drop(self, drop: Drop) -> None:
        dropped = DroppedFile(drop.key, self.world.bank_file_store.drop(drop.key, drop.data), RECEIVED_ON)
        self._add(drop.key, lambda: receive_bank_file(dropped, connect_receiving(self.world)))

    def _fire_schedules(self, place: int) -> None:
        world, day = self.world, DAYS[place]
        self._add(f"start {day}", lambda: start_billing_day(day, ports=connect_billing(world)))
        self._add(f"close {day}", lambda: close_day(day, connect_closing(world)))

    def _add(self, name: str, handle: Callable[[], object]) -> None:
        self._waiting.append(Delivery(name, handle))

    def _collect_messages(self) -> None:
        """What the last step put on queues and streams becomes deliveries."""
        world = self.world
        for message in world.billing_queue.take():
            self._add(
                "bill", _bound(bill_accounts, message, ledger=world.ledger, runs=world.run_book, pause=world.pause)
            )
        for message in world.payments_queue.take():
            self._add("post", _bound(post_payments, message, connect_posting(world)))
        born = list(world.rows.discrepancies)
        for discrepancy_id in born[self._told :]:
            self._add(
                "alert",
                _bound(
                    push_alert,
                    discrepancy_id,
                    discrepancies=world.discrepancy_book,
                    references=world.reference_book,
                    alerts=world.alert_channel,
                    pushed_at=datetime(2026, 2, 20, tzinfo=UTC),
                ),
            )
        self._told = len(born)

    def _run_until_rest(self) -> None:
        self._run(STEPS_MAX)
        if self._waiting or self._running:
            raise RestlessHistoryError(f"seed {self.scenario.seed}: {STEPS_MAX} steps and no rest")

    def _run(self, steps: int) -> None:
        for _ in range(steps):
            if not self._waiting and not self._running:
                return
            is_free = len(self._running) < self.disturbance.workers
            if self._waiting and is_free and (not self._running or self._chance.random() < 0.3):
                self._start()
            else:
                self._step()
            self.happened["steps"] += 1

    def _start(self) -> None:
        place = self._chance.randrange(len(self._waiting)) if self.disturbance.shuffles else 0
        is_duplicated = self._chance.random() < self.disturbance.duplicate
        delivery = self._waiting[place] if is_duplicated else self._waiting.pop(place)
        self.happened["duplicates"] += is_duplicated
        self._running.append((self._turns.start(lambda: _discard(delivery.handle())), delivery))

    def _step(self) -> None:
        place = self._chance.randrange(len(self._running))
        worker, delivery = self._running[place]
        worker.step()
        self._collect_messages()
        if not worker.is_done:
            return
        self._turns.forget(worker)
        del self._running[place]
        if worker.failure is None:
            return
        if not worker.was_disturbed and not isinstance(worker.failure, PawledgerError):
            raise worker.failure
        self.happened["failed deliveries"] += 1
        delivery.failures += not worker.was_disturbed
        if delivery.failures < RECEIVES_MAX:
            self._waiting.append(delivery)
        else:
            self.dead_letters.add(delivery.name)

    def _before_call(self, port: str, method: str, arguments: tuple[object, ...]) -> None:
        worker = self._turns.present()
        if worker is None:
            return
        worker.stop_before_call()
        self._strike(worker, "kill", KilledError("before the call"))
        self._strike(worker, "throttle", StoreThrottledError("try later"))

    def _after_call(self, port: str, method: str, arguments: tuple[object, ...]) -> None:
        worker = self._turns.present()
        if worker is None:
            return
        self._strike(worker, "kill", KilledError("after the call"))
        self._strike(worker, "lost_answer", LostAnswerError("the answer was lost"))

    def _strike(self, worker: Worker, name: str, fault: BaseException) -> None:
        is_over = self._fault_count >= FAULTS_MAX
        if not is_over and self._chance.random() < getattr(self.disturbance, name):
            self._fault_count += 1
            worker.was_disturbed = True
            self.happened[name] += 1
            raise fault

    def _staleness_of(self, account_id: str) -> int:
        if self._turns.present() is None or self._chance.random() >= self.disturbance.stale:
            return 0
        self.happened["stale reads"] += 1
        return self._chance.randint(1, 3)


def _bound(handle: Callable[..., object], *arguments: Any, **options: Any) -> Callable[[], object]:
    return lambda: handle(*arguments, **options)


def _discard(value: object) -> None:
    """A delivery's answer: what it did stands in the world."""
