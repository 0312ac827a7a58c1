"""One payment for several accounts."""

from collections.abc import Iterable
from datetime import date

import pytest

from pawledger.domain.books.entries import EntryKind, LedgerAccount, Posting
from pawledger.domain.books.ledger import AccountHead, chain_entry
from pawledger.domain.errors import InvariantError
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.splitting import SharedPart, parts_of, settle_part, split_payment
from pawledger.domain.worklist.discrepancies import DiscrepancyKind
from tests.builders.books import Book
from tests.builders.movements import build_movement
from tests.builders.policies import build_policy

PARTS = (SharedPart("HOME0001", 1_000, ("HOME0001-0001",)), SharedPart("HOME0002", 700))
PAYMENT = build_movement("both", amount_minor=1_700)
HUB = AccountHead("SUSPENSE-07")


def amounts(postings: Iterable[Posting]) -> dict[LedgerAccount, int]:
    return {posting.ledger_account: posting.amount_minor for posting in postings}


def test_a_split_payment_is_taken_in_once_and_waits_in_clearing() -> None:
    decision = split_payment(PAYMENT, PARTS).decision
    assert (decision.kind, decision.entry_id) == (EntryKind.PAYMENT_SPLIT, f"payment#{PAYMENT.payment_id}")
    assert amounts(decision.postings) == {LedgerAccount.CASH: 1_700, LedgerAccount.CLEARING: -1_700}
    assert decision.reason == "Payment of 17.00 EUR is for several accounts: HOME0001 10.00, HOME0002 7.00."


def test_the_stored_entry_says_what_is_passed_on() -> None:
    assert parts_of(chain_entry(HUB, split_payment(PAYMENT, PARTS).decision)) == PARTS


def test_a_payment_of_one_account_passes_nothing_on() -> None:
    book = Book()
    book.deliver_movement(build_movement())
    assert parts_of(book.entries[-1]) == ()


def test_an_account_settles_its_part_from_clearing_under_an_id_of_its_own() -> None:
    book = Book()
    book.deliver_policy(build_policy())
    book.bill(date(2026, 1, 31))
    outcome = settle_part(book.head, PAYMENT, PARTS[0], AllocationTerms())
    assert outcome.decision.entry_id == f"part#{PAYMENT.payment_id}"
    assert amounts(outcome.decision.postings) == {LedgerAccount.CLEARING: 1_000, LedgerAccount.RECEIVABLE: -1_000}
    assert outcome.discrepancies == ()


def test_what_a_part_leaves_over_is_told_of_the_part() -> None:
    book = Book()
    book.deliver_policy(build_policy())
    outcome = settle_part(book.head, PAYMENT, PARTS[0], AllocationTerms())
    (found,) = outcome.discrepancies
    assert (found.kind, found.amount_minor) == (DiscrepancyKind.OVERPAYMENT, 1_000)
    assert found.subject == f"part#{PAYMENT.payment_id}"


@pytest.mark.parametrize(
    "parts",
    [
        PARTS[:1],
        (SharedPart("HOME0001", 1_000), SharedPart("HOME0002", 701)),
        (SharedPart("HOME0001", 1_000), SharedPart("HOME0001", 700)),
    ],
)
def test_parts_that_are_not_the_payment_are_a_bug(parts: tuple[SharedPart, ...]) -> None:
    with pytest.raises(InvariantError):
        split_payment(PAYMENT, parts)
