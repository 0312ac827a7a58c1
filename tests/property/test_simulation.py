"""The short form of the simulation, and the proof that it sees what it is there to see.

The long form is `python -m tests.simulation --seeds 1000`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from pawledger.adapters.stored_bodies import write_discrepancy
from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.ports import AlertChannel, DiscrepancyBook, EntryExistsError, HeadMovedError, ReferenceBook
from pawledger.services.resolving.push_alerts import ALERTED, alert_of
from tests.fakes import ledger as ledger_module
from tests.fakes.books import MemoryReferenceBook
from tests.fakes.ledger import MemoryLedger
from tests.fakes.world import DiscrepancyRow, Rows
from tests.simulation import history as history_module
from tests.simulation.history import RestlessHistoryError
from tests.simulation.play import Played, play_seed

SEEDS = range(10)
SEEDS_TO_BE_CAUGHT = range(20)
"""A missing guard shows in most histories; one that shows in none of so many is not looked for."""


@cache
def play_once(seed: int) -> Played:
    return play_seed(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_history_ends_as_the_undisturbed_one_does(seed: int) -> None:
    assert play_once(seed).violations == []


def test_the_histories_are_as_rough_as_they_claim() -> None:
    happened: Counter[str] = Counter()
    for seed in SEEDS:
        happened.update(play_once(seed).happened)
    for fault in ("kill", "throttle", "lost_answer", "stale reads", "duplicates", "failed deliveries"):
        assert happened[fault] > 50, f"{fault}: {happened[fault]}"


def test_the_same_seed_gives_the_same_history() -> None:
    assert play_seed(3).happened == play_once(3).happened


def caught(seeds: Sequence[int] = SEEDS_TO_BE_CAUGHT) -> list[str]:
    """What the first history that breaks a promise broke; empty where none did."""
    for seed in seeds:
        try:
            violations = play_seed(seed).violations
        except RestlessHistoryError as error:
            return [str(error)]
        if violations:
            return violations
    return []


def test_writing_an_entry_again_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real_check = ledger_module._check_append

    def check_without_entry_guard(rows: Rows, before: AccountHead, entry: Entry) -> None:
        try:
            real_check(rows, before, entry)
        except EntryExistsError:
            if rows.heads[entry.account_id][-1].version != before.version:
                raise HeadMovedError("moved") from None

    monkeypatch.setattr(ledger_module, "_check_append", check_without_entry_guard)
    assert any("entries" in violation or "cash" in violation or "missing" in violation for violation in caught())


def test_writing_over_a_head_that_moved_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real_check = ledger_module._check_append

    def check_without_version_guard(rows: Rows, before: AccountHead, entry: Entry) -> None:
        try:
            real_check(rows, before, entry)
        except HeadMovedError:
            return

    monkeypatch.setattr(ledger_module, "_check_append", check_without_version_guard)
    assert caught()


def test_forgetting_what_a_reference_was_claimed_for_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryReferenceBook, "claim", lambda self, reference, target: target)
    assert any("quarantine" in violation for violation in caught())


def test_remembering_an_alert_before_it_is_pushed_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def mark_first(
        discrepancy_id: str,
        *,
        discrepancies: DiscrepancyBook,
        references: ReferenceBook,
        alerts: AlertChannel,
        pushed_at: datetime,
    ) -> bool:
        recorded = discrepancies.read(discrepancy_id)
        if recorded is None:
            return False
        group = f"{ALERTED}{recorded.discrepancy.kind}#{recorded.discrepancy.group}"
        if recorded.discrepancy.group and references.claim(group, discrepancy_id) != discrepancy_id:
            return False
        if not discrepancies.mark_alerted(discrepancy_id, pushed_at.isoformat()):
            return False
        alerts.push("subject", alert_of(recorded.discrepancy, pushed_at))
        return True

    monkeypatch.setattr(history_module, "push_alert", mark_first)
    assert any("nobody was told" in violation for violation in caught())


def test_writing_discrepancies_after_their_entry_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real_append: Callable[..., None] = MemoryLedger.append

    def append_in_two_steps(
        self: MemoryLedger, *facts: Any, discrepancies: Sequence[Discrepancy] = (), terms: Sequence[BilledTerm] = ()
    ) -> None:
        real_append(self, *facts, terms=terms)
        for discrepancy in discrepancies:
            with self._state.call("Ledger", "append", discrepancy) as rows:
                row = DiscrepancyRow("open", write_discrepancy(discrepancy))
                rows.discrepancies.setdefault(discrepancy.discrepancy_id, row)

    monkeypatch.setattr(MemoryLedger, "append", append_in_two_steps)
    assert any("discrepancies missing" in violation for violation in caught())
