"""What must hold when a history has come to rest, whatever happened in it."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Final

from pawledger.adapters.stored_bodies import read_discrepancy
from pawledger.domain.billing.bill_runs import RunStatus, measure_progress
from pawledger.domain.books.entries import EntryKind, LedgerAccount
from pawledger.domain.books.ledger import AccountHead, replay_entries
from pawledger.domain.errors import PawledgerError
from pawledger.domain.worklist.discrepancies import DiscrepancyKind
from tests.simulation.history import History
from tests.simulation.scenario import DAYS, EXPECTED_DEAD_LETTERS

ORDERLESS_KINDS: Final = frozenset(
    {
        DiscrepancyKind.UNIDENTIFIED_PAYMENT,
        DiscrepancyKind.UNEXPLAINED_DEBIT,
        DiscrepancyKind.FILE_UNREADABLE,
        DiscrepancyKind.FILE_OUT_OF_BALANCE,
        DiscrepancyKind.FILE_CONFLICT,
        DiscrepancyKind.POLICY_EVENT_REFUSED,
        DiscrepancyKind.POLICY_EVENT_CONFLICT,
    }
)
"""Others follow from what came first: a payment before its invoice is an overpayment, after it, it may not be."""


def find_violations(history: History, calm: History) -> list[str]:
    """Sentences about every broken promise; none where the history came out as the calm one did."""
    return [
        *_check_chains(history),
        *_check_balances(history, calm),
        *_check_payments(history),
        *_check_invoices(history),
        *_check_runs(history, is_exact=False),
        *_check_runs(calm, is_exact=True),
        *_check_files(history),
        *_check_discrepancies(history, calm),
        *_check_alerts(history),
        *_check_dead_letters(history),
    ]


def _heads(history: History) -> dict[str, AccountHead]:
    return {head.account_id: head for head in history.world.ledger.scan_heads()}


def _check_chains(history: History) -> Iterator[str]:
    for account_id, head in _heads(history).items():
        try:
            entries = [entry for entry, _ in history.world.ledger.read_entries(account_id)]
            if replay_entries(account_id, entries) != head:
                yield f"{account_id}: the entries do not lead to the head"
        except PawledgerError as error:
            yield f"{account_id}: {error}"


def _check_balances(history: History, calm: History) -> Iterator[str]:
    heads, calm_heads = _heads(history), _heads(calm)
    cash: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for head in heads.values():
        for (currency, name), amount_minor in head.balances.items():
            totals[currency] += amount_minor
            cash[currency] += amount_minor if name is LedgerAccount.CASH else 0
    if any(totals.values()):
        yield f"debits and credits differ: {dict(totals)}"
    if +cash != +Counter(history.scenario.cash_minor):
        yield f"cash is {dict(cash)}, the files say {history.scenario.cash_minor}"
    for account_id in sorted({*heads, *calm_heads}):
        if account_id not in heads or account_id not in calm_heads:
            yield f"{account_id} has a ledger in one history only"
        elif heads[account_id].balances != calm_heads[account_id].balances:
            yield f"{account_id}: {heads[account_id].balances} instead of {calm_heads[account_id].balances}"


def _check_payments(history: History) -> Iterator[str]:
    found = Counter(
        entry_id.split("#")[1]
        for _, entry_id in history.world.rows.entries
        if entry_id.startswith(("payment#", "debit#"))
    )
    if found != Counter(history.scenario.payment_ids):
        yield f"{len(found)} movements stand, {len(history.scenario.payment_ids)} are in the files"
        yield f"more than once: {[payment_id for payment_id, count in found.items() if count > 1]}"


def _check_invoices(history: History) -> Iterator[str]:
    found: Counter[tuple[str, int]] = Counter()
    for account_id in _heads(history):
        for entry, _ in history.world.ledger.read_entries(account_id):
            if entry.decision.kind is EntryKind.INVOICE_ISSUED:
                found.update((term_id, number) for term_id, number, _ in entry.decision.facts["lines"])
    if found != Counter(history.scenario.installments):
        missing = history.scenario.installments - found.keys()
        twice = [installment for installment, count in found.items() if count > 1]
        yield f"installments missing {sorted(missing)}, twice {twice}, {len(found)} in all"


def _check_runs(history: History, *, is_exact: bool) -> Iterator[str]:
    """No invoice is counted twice by the run of its day; undisturbed, each is counted once."""
    world = history.world
    last = world.run_book.read_run(DAYS[-1])
    if last is None or last.status is not RunStatus.DONE:
        yield f"the run of {DAYS[-1]} is not done"
    invoiced: Counter[date] = Counter()
    for account_id in _heads(history):
        for entry, _ in world.ledger.read_entries(account_id):
            if entry.decision.kind is EntryKind.INVOICE_ISSUED:
                invoiced[entry.decision.occurred_on] += 1
    for day in DAYS:
        run = world.run_book.read_run(day)
        batches = (
            [batch for plan_id in run.plan_ids for batch in world.run_book.read_batches(day, plan_id)] if run else []
        )
        counted = measure_progress(batches).invoice_count
        if counted > invoiced[day] or (is_exact and counted != invoiced[day]):
            yield f"the run of {day} counted {counted} invoices, the ledger holds {invoiced[day]}"


def _check_files(history: History) -> Iterator[str]:
    world, scenario = history.world, history.scenario
    for name, data in scenario.accepted.items():
        file_id = sha256(data).hexdigest()
        record = world.bank_file_register.read_file(file_id)
        if record is None or record.status != "posted":
            yield f"file {name} is {record.status if record else 'unknown'}"
        totals: Counter[str] = Counter()
        for result in world.bank_file_register.read_chunk_results(file_id):
            for part in (result.posted_minor, result.suspended_minor, result.rejected_minor, result.repeated_minor):
                totals.update(part)
        if totals != Counter(scenario.file_minor[name]):
            yield f"file {name} accounts for {dict(totals)}, it holds {scenario.file_minor[name]}"
    quarantined = [key for key in world.bank_file_store.keys("quarantine/") if world.bank_file_store.data_of(key)]
    if len(quarantined) != scenario.quarantined_count:
        yield f"{len(quarantined)} files in quarantine instead of {scenario.quarantined_count}"
    if world.bank_file_store.keys("incoming/"):
        yield f"left behind: {world.bank_file_store.keys('incoming/')}"


def _check_discrepancies(history: History, calm: History) -> Iterator[str]:
    """Kinds that do not depend on the order of events are found in every history alike."""
    found, expected = (
        {discrepancy_id for discrepancy_id in h.world.rows.discrepancies if _kind_of(discrepancy_id) in ORDERLESS_KINDS}
        for h in (history, calm)
    )
    if found != expected:
        yield f"discrepancies missing {sorted(expected - found)}, too many {sorted(found - expected)}"


def _kind_of(discrepancy_id: str) -> str:
    return discrepancy_id.rpartition("-")[0]


def _check_alerts(history: History) -> Iterator[str]:
    """Everybody is told of each discrepancy, or of the one that stands for all of its kind from one file."""
    told = {alert["discrepancy_id"] for _, alert in history.world.alert_channel.alerts}
    rows = history.world.rows.discrepancies
    found = {discrepancy_id: read_discrepancy(row.body) for discrepancy_id, row in rows.items()}
    told_of_all = Counter((found[each].kind, found[each].group) for each in told if found[each].group)
    for discrepancy_id, row in rows.items():
        kind, group = found[discrepancy_id].kind, found[discrepancy_id].group
        if discrepancy_id not in told and (row.alerted_at is not None or not told_of_all[kind, group]):
            yield f"nobody was told of {discrepancy_id}"
        if discrepancy_id in told and row.alerted_at is None:
            yield f"{discrepancy_id} is not marked as told"
    for (kind, group), count in told_of_all.items():
        if count > 1:
            yield f"{count} alerts of {kind} of {group}, which should be one"


def _check_dead_letters(history: History) -> Iterator[str]:
    if history.dead_letters != EXPECTED_DEAD_LETTERS:
        yield f"dead letters are {sorted(history.dead_letters)}"
