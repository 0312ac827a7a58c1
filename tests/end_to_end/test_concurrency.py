"""Eight workers at once, each posting the same thousand payments, on a store that serialises as DynamoDB does."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any, Final

import pytest

from pawledger.adapters.dynamodb_ledger import DynamoLedger, LedgerTables
from pawledger.adapters.models import (
    AccountRow,
    DiscrepancyRow,
    EntryRow,
    Row,
    TermRow,
    bind,
    open_connection,
)
from pawledger.adapters.pauses import JitteredPause
from pawledger.adapters.rows import account_row, entry_row
from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import apply_entry, chain_entry, replay_entries
from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.payments import decide_movement
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.billing.record_policy_event import PolicyRecordingPorts, record_policy_event
from pawledger.services.posting.post_payments import PostingTally, post_payments
from pawledger.services.receiving.payment_chunks import ChunkedMovement
from tests.builders.movements import build_movement
from tests.builders.policies import build_policy, premium
from tests.builders.rulebooks import build_rulebook
from tests.builders.services import FILE_ID, chunked_payment, connect_posting, policy_message, store_chunk
from tests.end_to_end.deployed_cloud import DeployedCloud
from tests.fakes.memory import MemoryWorld

WORKERS: Final = 8
PAYMENTS: Final = 1_000
ACCOUNTS: Final = 50
PER_ACCOUNT: Final = PAYMENTS // ACCOUNTS
PER_CHUNK: Final = 100
PATIENCE_SECONDS: Final = 300
"""Far beyond what a busy machine needs; a worker that hangs fails here."""

RECORDED_ON: Final = date(2026, 1, 2)
"""Before the first invoice is due to be issued."""

ACCOUNT_IDS: Final = [f"ACCT{number:04d}" for number in range(ACCOUNTS)]


def amount_of(number: int) -> int:
    """Amounts that are all different, so that a payment in the wrong place shows in the sums."""
    return 1_000 + number


def paid_minor(account_number: int) -> int:
    """What is paid to an account: payments are dealt out one by one, account after account."""
    return sum(amount_of(number) for number in range(account_number, PAYMENTS, ACCOUNTS))


@dataclass(frozen=True)
class Store:
    """Tables of one test in the local cloud."""

    prefix: str

    def connect(self) -> tuple[DynamoLedger, LedgerTables]:
        """A ledger with a connection of its own, as every running function has."""
        connection = open_connection()

        def table(row: type[Row]) -> Any:
            return bind(row, f"{self.prefix}-{row.__name__}", connection)

        tables = LedgerTables(table(AccountRow), table(EntryRow), table(DiscrepancyRow), table(TermRow))
        return DynamoLedger(tables, connection, JitteredPause()), tables

    def create(self) -> None:
        _, tables = self.connect()
        for row in (tables.accounts, tables.entries, tables.discrepancies, tables.policies):
            assert row is not None
            row.create_table(billing_mode="PAY_PER_REQUEST", wait=True)


class CountingPause(JitteredPause):
    """Counts the races that were lost: without any, nothing would have been shown."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def wait(self, attempt: int) -> None:
        self.count += 1
        super().wait(attempt)


@dataclass
class Posted:
    """What the workers say they did."""

    lost_races: int = 0
    tallies: list[PostingTally] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)


@pytest.fixture(scope="module")
def cloud_environment(empty_cloud: DeployedCloud) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in empty_cloud.cloud.environment.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        yield


def open_accounts(ledger: DynamoLedger) -> None:
    """Every account owes exactly what will be paid to it, in one invoice."""
    world = MemoryWorld()
    ports = PolicyRecordingPorts(ledger, world.reference_book, world.discrepancy_book, build_rulebook(), world.pause)
    for number, account_id in enumerate(ACCOUNT_IDS):
        policy = build_policy(
            f"PAW-{account_id}", account_id=account_id, plan="annual", charges=(premium(paid_minor(number)),)
        )
        record_policy_event(policy_message(policy), message_id=account_id, received_on=RECORDED_ON, ports=ports)
        bill_account(account_id, date(2026, 1, 17), ledger=ledger, pause=world.pause)


def build_payments() -> list[ChunkedMovement]:
    return [
        chunked_payment(
            str(number),
            amount_minor=amount_of(number),
            references=[creditor_reference_of(InvoiceAddress(ACCOUNT_IDS[number % ACCOUNTS], 1))],
            line=number,
        )
        for number in range(PAYMENTS)
    ]


def post_in_parallel(store: Store, world: MemoryWorld, messages: Sequence[Mapping[str, Any]]) -> Posted:
    """Every worker takes every chunk, in an order of its own; all begin at the same moment."""
    posted = Posted()
    barrier = threading.Barrier(WORKERS)

    def work(number: int) -> None:
        ledger, _ = store.connect()
        pause = CountingPause()
        shared = connect_posting(world)
        returns = replace(shared.returns, ledger=ledger, archive=ledger, pause=pause)
        ports = replace(shared, ledger=ledger, pause=pause, returns=returns)
        # Two and two begin with the same chunk, so that they meet on every account; the others cross their way.
        order = list(messages)
        Random(number // 2).shuffle(order)  # noqa: S311 - only an order, and it must repeat
        try:
            barrier.wait(PATIENCE_SECONDS)
            posted.tallies += [post_payments(message, ports) for message in order]
        except Exception as error:  # noqa: BLE001 - told by the test, which runs in another thread
            posted.failures.append(error)
        posted.lost_races += pause.count

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    return posted


def find_faults(ledger: DynamoLedger, expected_minor: Mapping[str, int], payments_per_account: int) -> list[str]:
    """Sentences about every account that is not exactly as if one worker had posted each payment once."""
    faults = []
    for account_id, cash_minor in expected_minor.items():
        head = ledger.read_head(account_id, consistent=True)
        if head is None:
            faults.append(f"{account_id} has no head")
            continue
        try:
            entries = [entry for entry, _ in ledger.read_entries(account_id)]
            replayed = replay_entries(account_id, entries)
        except PawledgerError as error:
            faults.append(f"{account_id}: {error}")
            continue
        count = sum(entry.entry_id.startswith("payment#") for entry in entries)
        if replayed != head:
            faults.append(f"{account_id}: the entries do not lead to the head")
        if count != payments_per_account:
            faults.append(f"{account_id}: {count} payments instead of {payments_per_account}")
        if head.balance_minor(LedgerAccount.CASH) != cash_minor:
            faults.append(f"{account_id}: {head.balance_minor(LedgerAccount.CASH)} received instead of {cash_minor}")
    return faults


@pytest.mark.usefixtures("cloud_environment")
def test_eight_workers_post_the_same_thousand_payments_each_once() -> None:
    store = Store("race")
    store.create()
    ledger, tables = store.connect()
    open_accounts(ledger)
    world = MemoryWorld()
    payments = build_payments()
    messages = [
        store_chunk(world, payments[start : start + PER_CHUNK], chunk_number=start // PER_CHUNK + 1)
        for start in range(0, PAYMENTS, PER_CHUNK)
    ]
    posted = post_in_parallel(store, world, messages)
    assert posted.failures == []
    counts: Counter[str] = Counter()
    new_minor: Counter[str] = Counter()
    for tally in posted.tallies:
        counts.update(tally.counts)
        new_minor.update(tally.new_posted_minor)
    assert posted.lost_races > 0
    assert counts["new_posted"] == PAYMENTS
    assert counts["posted"] == WORKERS * PAYMENTS
    # 1,000 payments of 10.00 and 0 to 999 cents on top: 1,000 x 1,000 + 999 x 1,000 / 2.
    assert new_minor == {"EUR": 1_499_500}
    expected_minor = {account_id: paid_minor(number) for number, account_id in enumerate(ACCOUNT_IDS)}
    assert find_faults(ledger, expected_minor, PER_ACCOUNT) == []
    heads = {account_id: ledger.read_head(account_id, consistent=True) for account_id in ACCOUNT_IDS}
    assert all(head is not None and head.open_invoices == () for head in heads.values())
    # Each payment but an account's last leaves its invoice short, and the discrepancy is born with the entry.
    assert sum(1 for _ in tables.discrepancies.scan()) == PAYMENTS - ACCOUNTS
    results = list(world.bank_file_register.read_chunk_results(FILE_ID))
    assert sum(result.posted_minor["EUR"] for result in results) == 1_499_500


@pytest.mark.usefixtures("cloud_environment")
@pytest.mark.parametrize("loses", ["head", "entry"])
def test_the_same_check_sees_a_lost_update(loses: str) -> None:
    """The control: two writers decide on the same head, and the second writes without looking."""
    store = Store(f"lost-{loses}")
    store.create()
    ledger, tables = store.connect()
    head = ledger.read_head("ACCT0000", consistent=True)
    assert head is None
    opened = MemoryWorld()
    policy = build_policy(account_id="ACCT0000")
    ports = PolicyRecordingPorts(ledger, opened.reference_book, opened.discrepancy_book, build_rulebook(), opened.pause)
    record_policy_event(policy_message(policy), message_id="1", received_on=RECORDED_ON, ports=ports)
    seen_by_both = ledger.read_head("ACCT0000", consistent=True)
    assert seen_by_both is not None
    names = ("first", "second") if loses == "head" else ("first", "first")
    for place, name in enumerate(names):
        movement = build_movement(name, amount_minor=1_000)
        present = seen_by_both if loses == "head" or place == 0 else ledger.read_head("ACCT0000", consistent=True)
        assert present is not None
        entry = chain_entry(present, decide_movement(present, movement).decision)
        entry_row(tables.entries, entry).save()
        account_row(tables.accounts, apply_entry(present, entry)).save()
    expected_minor = {"ACCT0000": 2_000 if loses == "head" else 1_000}
    assert find_faults(ledger, expected_minor, 2 if loses == "head" else 1)
