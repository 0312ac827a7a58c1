"""Rows of an ordinary account stay within 1,024 bytes, the size up to which one costs a single unit to write."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pawledger.adapters.models import AccountRow, DiscrepancyRow, EntryRow, Row, TermRow
from pawledger.adapters.rows import account_row, discrepancy_row, entry_row, term_row
from pawledger.domain.bank_returns.returns import ReturnGround
from pawledger.domain.billing.issuing import decide_next_invoice
from pawledger.domain.books.entries import Decision, Entry, EntryKind, LedgerAccount, OpenInvoice, TermCursor
from pawledger.domain.books.ledger import AccountHead, Standing, apply_entry, chain_entry
from pawledger.domain.matching.candidate_scores import Evidence
from pawledger.domain.matching.marks import MARK_CHARACTERS, MARKS_MAX
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.policy.policy_events import EVENT_TYPES
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.posting.movement_outcomes import NAME_KEYS_KEPT_MAX
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.posting.splitting import SharedPart, split_payment
from pawledger.services.posting.identify import CANDIDATES_KEPT_MAX
from pawledger.services.receiving.payer_keys import NAME_KEY_CHARACTERS, NAME_KEYS_MAX, PAYER_KEY_CHARACTERS
from tests.builders.movements import build_movement
from tests.builders.policies import build_policy, discount, fee, issue, premium, tax, term_of

WRITE_UNIT_BYTES = 1_024
BY_HAND = {
    EntryKind.MONEY_MOVED,
    EntryKind.INVOICES_WRITTEN_OFF,
    EntryKind.ENTRY_UNDONE,
    *(kind for kind in EntryKind if kind.startswith(("refund_", "write_off_"))),
}
"""What a person decides now and then; it may be of any length."""
ACCOUNT_ID = "HOME00000001"
"""As long as an account id can be."""

CHARGES = (
    premium(36_000),
    tax(3_600),
    fee(1_200),
    discount(-2_400),
)
POLICIES = [build_policy(f"PAW-2026-000000{n}", account_id=ACCOUNT_ID, charges=CHARGES) for n in (1, 2)]
TERMS = [term_of(policy) for policy in POLICIES]


def counted_bytes(row: Row) -> int:
    """An item's size as DynamoDB counts it: names and texts in UTF-8, a number two digits to the byte and one more.

    Source: "DynamoDB item sizes and formats" in the developer guide.
    """
    written: dict[str, dict[str, Any]] = row.serialize()
    size = 0
    for name, typed in written.items():
        ((kind, value),) = typed.items()
        assert kind in ("S", "N")
        size += len(name.encode())
        size += len(value.encode()) if kind == "S" else (len(value.lstrip("-")) + 1) // 2 + 1
    return size


def entries_of(head: AccountHead, decisions: Sequence[Any]) -> tuple[AccountHead, list[Entry]]:
    entries = []
    for decide in decisions:
        decision: Decision = decide(head)
        entry = chain_entry(head, decision)
        head = apply_entry(head, entry)
        entries.append(entry)
    return head, entries


def test_the_count_of_bytes_is_right_for_an_item_counted_by_hand() -> None:
    row = AccountRow("HOME0001", version=123, agenda_key=None, body="é")
    # account_id 10 + 8; version 7 + 2 for three digits + 1; body 4 + 2.
    assert counted_bytes(row) == 34


def test_a_head_with_two_policies_two_open_invoices_and_eight_balances_fits() -> None:
    # Money that nobody can place and what is between us and a provider stand in ledgers of their own.
    elsewhere = {LedgerAccount.SUSPENSE, LedgerAccount.PROVIDER_FEES, LedgerAccount.IN_TRANSIT}
    # What comes once in a while may make a head larger for as long as it stands there.
    elsewhere |= {LedgerAccount.CLEARING, LedgerAccount.REFUNDS, LedgerAccount.SMALL_DIFFERENCES}
    elsewhere |= {LedgerAccount.WRITTEN_OFF, LedgerAccount.INTEREST}
    balances = [name for name in LedgerAccount if name not in elsewhere]
    assert len(balances) == 8
    head = AccountHead(
        ACCOUNT_ID,
        version=12_345,
        currency="EUR",
        standing=Standing.OPEN,
        balances={("EUR", name): -1_234_567 for name in balances},
        open_invoices=tuple(OpenInvoice(f"{ACCOUNT_ID}-000{n}", date(2026, 3, n), 123_456) for n in (1, 2)),
        cursors=tuple(
            TermCursor(f"{policy.policy_id}#10", 12, date(2026, 3, 1), 3_200, "US-CA monthly") for policy in POLICIES
        ),
        invoice_count=9_999,
        last_hash="f" * 64,
    )
    assert counted_bytes(account_row(AccountRow, head)) <= WRITE_UNIT_BYTES


def test_every_entry_of_an_ordinary_year_fits() -> None:
    marks, mandate_mark = ("M" * 12, "N" * 12, "O" * 12), "P" * 12
    paid = build_movement("both", amount_minor=12_800, marks=marks, mandate_mark=mandate_mark)
    returned = build_movement(
        "back",
        movement=Movement.RETURN,
        amount_minor=12_800,
        return_reason="insufficient_funds",
        marks=marks,
        mandate_mark=mandate_mark,
        repeats_ids=True,
    )
    head, entries = entries_of(
        AccountHead(ACCOUNT_ID),
        [
            *(lambda head, policy=policy: issue(head, policy) for policy in POLICIES),
            *(lambda head: decide_next_invoice(head, TERMS, date(2026, 12, 31)),) * 2,
            lambda head: decide_movement(head, paid).decision,
            *(lambda head: decide_next_invoice(head, TERMS, date(2026, 12, 31)),) * 10,
        ],
    )
    ground = ReturnGround(entries)
    head, taken_back = entries_of(head, [lambda head: decide_movement(head, returned, ground=ground).decision])
    entries += taken_back
    sizes = {entry.entry_id: counted_bytes(entry_row(EntryRow, entry)) for entry in entries}
    kinds = {entry.decision.kind for entry in entries}
    # What changes a policy comes once in a while, and explains its arithmetic at any length.
    elsewhere = {EntryKind.MONEY_SUSPENDED, EntryKind.PROVIDER_FEE_BOOKED, EntryKind.PAYOUT_BOOKED, *BY_HAND}
    elsewhere |= {EntryKind.PAYMENT_SPLIT, EntryKind.PAYOUT_ARRIVED}
    assert kinds == set(EntryKind) - elsewhere - (set(EVENT_TYPES) - {EntryKind.POLICY_ISSUED})
    oversized = {entry_id: size for entry_id, size in sizes.items() if size > WRITE_UNIT_BYTES}
    assert oversized == {}
    assert head.version == len(entries)


def test_an_entry_of_a_payment_for_seven_accounts_fits() -> None:
    parts = [SharedPart(f"HOME{n:08d}", 123_456, (f"HOME{n:08d}-0012",)) for n in range(7)]
    outcome = split_payment(build_movement(amount_minor=7 * 123_456, line=9_999_999), parts)
    entry = chain_entry(AccountHead("SUSPENSE-07"), outcome.decision)
    assert counted_bytes(entry_row(EntryRow, entry)) <= 2 * WRITE_UNIT_BYTES


@pytest.mark.parametrize("movement", [Movement.PROVIDER_FEE, Movement.PAYOUT])
def test_an_entry_of_a_provider_with_its_place_in_a_large_file_fits(movement: Movement) -> None:
    found = replace(build_movement(movement=movement, amount_minor=123_456, line=9_999_999), offset=2 * 1024**3)
    entry = chain_entry(AccountHead("SUSPENSE-07"), decide_movement(AccountHead("SUSPENSE-07"), found).decision)
    assert counted_bytes(entry_row(EntryRow, entry)) <= WRITE_UNIT_BYTES


def test_an_entry_and_a_discrepancy_of_money_that_nobody_can_place_fit() -> None:
    found = (Evidence.CUT_OFF, Evidence.PAYER, Evidence.TWO_PARTS_OF_NAME, Evidence.AMOUNT_OF_SEVERAL)
    candidates = (Candidate("HOME00000001", ("HOME00000001-0012",), 85, found, ()),) * CANDIDATES_KEPT_MAX
    movement = replace(
        build_movement(amount_minor=123_456),
        identified_by=None,
        candidates=candidates,
        payer_key="k" * PAYER_KEY_CHARACTERS,
        name_keys=("n" * NAME_KEY_CHARACTERS,) * NAME_KEYS_MAX,
        marks=("m" * MARK_CHARACTERS,) * MARKS_MAX,
    )
    outcome = decide_movement(AccountHead("SUSPENSE-07"), movement)
    entry = chain_entry(AccountHead("SUSPENSE-07"), outcome.decision)
    (discrepancy,) = outcome.discrepancies
    assert counted_bytes(entry_row(EntryRow, entry)) <= WRITE_UNIT_BYTES
    assert counted_bytes(discrepancy_row(DiscrepancyRow, discrepancy)) <= WRITE_UNIT_BYTES


def test_an_entry_of_a_payment_of_a_named_invoice_by_two_people_with_two_names_each_fits() -> None:
    movement = replace(
        build_movement(amount_minor=6_400, line=99_999),
        invoice_ids=(f"{ACCOUNT_ID}-0001",),
        payer_key="k" * PAYER_KEY_CHARACTERS,
        name_keys=("n" * NAME_KEY_CHARACTERS,) * NAME_KEYS_MAX,
        marks=("m" * MARK_CHARACTERS,) * MARKS_MAX,
    )
    issues = [lambda head, policy=policy: issue(head, policy) for policy in POLICIES]
    invoice = [lambda head: decide_next_invoice(head, TERMS, date(2026, 12, 31))]
    _, entries = entries_of(
        AccountHead(ACCOUNT_ID), [*issues, *invoice, lambda head: decide_movement(head, movement).decision]
    )
    assert entries[-1].decision.source["names"] == list(movement.name_keys[:NAME_KEYS_KEPT_MAX])
    assert counted_bytes(entry_row(EntryRow, entries[-1])) <= WRITE_UNIT_BYTES


def test_the_terms_of_an_invoice_of_two_policies_are_read_by_one_unit() -> None:
    # A consistent read costs one unit for every 4,096 bytes that a query looks at.
    assert sum(counted_bytes(term_row(TermRow, term)) for term in TERMS) <= 4_096
