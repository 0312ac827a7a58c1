"""Webhooks and reports of the same charges, in any order and as often as they come: each is booked once.

The two tellings of a charge may carry different references, since a provider lets metadata be changed: then whichever
is told first decides where the money goes, and the other finds it there.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import payment_id_of
from pawledger.rules.provider_profiles import profile_from_toml
from pawledger.services.billing.bill_accounts import bill_accounts
from pawledger.services.closing.close_day import close_day
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import receive_bank_file
from tests.builders.policies import build_policy
from tests.builders.services import (
    bill_message,
    connect_closing,
    connect_posting,
    connect_receiving,
    kinds_of_discrepancies,
    record_policy,
)
from tests.builders.stripe_events import charge_of, dispute_of, event_of, payout_of, refund_of, transaction_of
from tests.builders.stripe_file import BalanceTransaction, write_stripe
from tests.fakes.memory import MemoryWorld

ACCOUNTS: Final = ("HOME0001", "HOME0002")
REFERENCES: Final = ("", *(creditor_reference_of(InvoiceAddress(account_id, 1)) for account_id in ACCOUNTS))
RECEIVED_ON: Final = date(2026, 11, 23)
PROFILE: Final = profile_from_toml(
    "stripe",
    """
provider = "stripe"
title = "Stripe"
formats = ["stripe", "stripe.events"]
[webhooks]
since = 2026-11-01
currencies = ["USD"]
""",
)


class Told(NamedTuple):
    """One balance transaction: what the event says of it, and what the report says."""

    category: str
    amount_minor: int
    fee_minor: int
    event_reference: str
    report_reference: str


CHARGES: Final = st.builds(
    Told,
    st.sampled_from(["charge", "charge", "refund", "dispute", "payout"]),
    st.sampled_from([1000, 1000, 2500]),
    st.sampled_from([0, 45]),
    st.sampled_from(REFERENCES),
    st.sampled_from(REFERENCES),
)


def row_of(number: int, told: Told) -> BalanceTransaction:
    is_charge = told.category == "charge"
    return BalanceTransaction(
        f"txn_{number}",
        told.amount_minor if is_charge else -told.amount_minor,
        0 if told.category in ("refund", "payout") else told.fee_minor,
        told.category,
        payout_id="",
        # A refund and a dispute take back the first charge there is.
        source_id=f"ch_{number if is_charge else 0}",
        policy_id=told.report_reference if is_charge else "",
    )


def events_of(number: int, told: Told) -> list[bytes]:
    """An event, the same once more in other words as a provider sends it again, and one that it changed."""
    transaction = f"txn_{number}"
    own = {"metadata": {"policy_id": told.event_reference}, "payment_intent": "pi_1"}
    if told.category == "charge":
        charge = charge_of(transaction, told.amount_minor, id=f"ch_{number}", **own)
        kinds, resource = ("charge.succeeded", "charge.updated"), charge
    elif told.category == "refund":
        kinds, resource = ("refund.created", "refund.updated"), refund_of(transaction, told.amount_minor, charge="ch_0")
    elif told.category == "payout":
        kinds, resource = ("payout.paid", "payout.reconciliation_completed"), payout_of(transaction, told.amount_minor)
    else:
        whole = transaction_of(transaction, -told.amount_minor, told.fee_minor, "dispute")
        kinds, resource = ("charge.dispute.created", "charge.dispute.funds_withdrawn"), dispute_of(whole, charge="ch_0")
    first, second = (event_of(kind, resource, event_id=f"evt_{number}_{kind}") for kind in kinds)
    return [first, first.replace(b'"pending_webhooks": 1', b'"pending_webhooks": 0'), second]


def new_world() -> MemoryWorld:
    world = MemoryWorld()
    for number, account_id in enumerate(ACCOUNTS):
        policy = build_policy(f"PAW-{number}", account_id=account_id, currency="USD", effective_on=date(2026, 11, 30))
        record_policy(world, policy)
    bill = bill_message(date(2026, 11, 23), ACCOUNTS)
    bill_accounts(bill, ledger=world.ledger, runs=world.run_book, pause=world.pause)
    return world


def deliver(world: MemoryWorld, files: Sequence[bytes]) -> None:
    """Drop files, post what they bring, each message twice, and close the day."""
    for number, data in enumerate(files):
        key = f"incoming/stripe/{number}"
        dropped = DroppedFile(key, world.bank_file_store.drop(key, data), RECEIVED_ON)
        receive_bank_file(dropped, connect_receiving(world, PROFILE))
        for message in world.payments_queue.take() * 2:
            post_payments(message, connect_posting(world))
    assert close_day(RECEIVED_ON, connect_closing(world)).files_unproven == 0


def balances(world: MemoryWorld, ledger_account: LedgerAccount) -> int:
    return sum(head.balance_minor(ledger_account, "USD") for head in world.ledger.scan_heads())


def places_of(world: MemoryWorld, number: int, part: str) -> list[tuple[str, str]]:
    """In which ledgers a balance transaction stands as money of the bank's, under which entry."""
    payment_id = payment_id_of(("stripe", f"txn_{number}", part))
    wanted = {f"payment#{payment_id}", f"debit#{payment_id}"}
    return [key for key in world.rows.entries if key[1] in wanted]


@given(st.data())
def test_every_charge_is_booked_once_whoever_tells_it_first_and_whatever_each_says(data: st.DataObject) -> None:
    told = data.draw(st.lists(CHARGES, min_size=1, max_size=4))
    report = write_stripe(*(row_of(number, each) for number, each in enumerate(told)))
    every = [report, report + b"\n"] + [event for number, each in enumerate(told) for event in events_of(number, each)]
    files = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=10))
    world = new_world()
    deliver(world, files)

    is_reported = report in files or report + b"\n" in files
    cash_minor = fees_minor = 0
    for number, each in enumerate(told):
        row = row_of(number, each)
        is_told = is_reported or any(event in files for event in events_of(number, each))
        knows_fee = is_reported or (is_told and each.category == "dispute")
        assert len(places_of(world, number, "gross")) == int(is_told)
        assert len(places_of(world, number, "fee")) == int(knows_fee and row.fee_minor > 0)
        cash_minor += row.gross_minor if is_told else 0
        fees_minor += row.fee_minor if knows_fee else 0
    assert balances(world, LedgerAccount.CASH) == cash_minor - fees_minor
    assert balances(world, LedgerAccount.PROVIDER_FEES) == fees_minor
    storms = {"file_duplicate", "file_overlap", "file_conflict", "payment_conflict", "events_not_posted"}
    reports = [each for each in files if each.startswith(b"automatic_payout_id")]
    is_overlap = len(set(reports)) == 2 and any(
        is_first_told_by_report(number, told, files) for number in range(len(told))
    )
    is_duplicate = len(reports) > len(set(reports))
    expected = ({"file_overlap"} if is_overlap else set()) | ({"file_duplicate"} if is_duplicate else set())
    assert set(kinds_of_discrepancies(world)) & storms == expected


def is_first_told_by_report(number: int, told: Sequence[Told], files: Sequence[bytes]) -> bool:
    """Whether a report tells money first that a second report then repeats, which is an overlap as it ever was.

    What a webhook told before is retold by both, which is nobody's business.
    """
    is_report = [each.startswith(b"automatic_payout_id") for each in files]
    events = [place for place, each in enumerate(files) if each in events_of(number, told[number])]
    knows_all = told[number].category == "dispute" or not row_of(number, told[number]).fee_minor
    return not events or is_report.index(True) < events[0] or not knows_all


@given(st.lists(CHARGES, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_webhooks_change_no_balance_that_the_report_alone_would_give(told: list[Told], chance: object) -> None:
    alike = [each._replace(event_reference=each.report_reference) for each in told]
    report = write_stripe(*(row_of(number, each) for number, each in enumerate(alike)))
    files = [report, *(event for number, each in enumerate(alike) for event in events_of(number, each))]
    chance.shuffle(files)  # type: ignore[attr-defined]
    expected, world = new_world(), new_world()
    deliver(expected, [report])
    deliver(world, files)
    for ledger_account in LedgerAccount:
        assert balances(world, ledger_account) == balances(expected, ledger_account), ledger_account
