"""The fee for a returned payment: where the rules know one, of how much, and that the month still closes with it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pawledger.domain.bank_returns.return_fees import ReturnFee, find_return_fee
from pawledger.domain.bank_returns.returns import ReturnGround
from pawledger.domain.billing.rulebook import FeeRule, Rulebook
from pawledger.domain.books.entries import Entry
from pawledger.domain.calendar import Month
from pawledger.domain.closing.account_close import close_account
from pawledger.domain.closing.month_close import prove_account
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.posting.payments import decide_movement
from tests.builders.books import Book
from tests.builders.movements import build_movement
from tests.builders.policy_terms import endorsed, fee, fee_cap, issued
from tests.builders.rulebooks import build_rulebook

DAY = date(2026, 2, 20)


def build_fee(jurisdiction: str = "GB", amount_minor: int = 1_500, **told: Any) -> FeeRule:
    return fee("returned_payment", amount_minor, jurisdiction=jurisdiction, **told)


def entries_of(rulebook: Rulebook, *others: object) -> list[Entry]:
    book = Book(rulebook=rulebook)
    book.deliver_event(issued(), date(2025, 12, 1))
    for event in others:
        book.deliver_event(event, date(2026, 1, 5))  # type: ignore[arg-type]
    return book.entries


def fee_by(rulebook: Rulebook, *others: object, day: date = DAY) -> ReturnFee | None:
    return find_return_fee(entries_of(rulebook, *others), rulebook, "GBP", day)


def test_the_fee_is_that_of_the_place() -> None:
    assert fee_by(build_rulebook(fees=(build_fee(),))) == ReturnFee(1_500, "GB-returned_payment-2000")


@pytest.mark.parametrize(
    "fees",
    [
        (),
        (build_fee("US-CA"),),
        (fee("cancellation", 1_500),),
        (build_fee(currency="EUR"),),
        (build_fee(amount_minor=0),),
        (build_fee(effective_on=date(2026, 3, 1)),),
        (replace(build_fee(), products=("wellness",)),),
    ],
    ids=["none", "elsewhere", "other fee", "other currency", "nothing", "not yet", "other product"],
)
def test_without_a_rule_there_is_no_fee(fees: tuple[FeeRule, ...]) -> None:
    assert fee_by(build_rulebook(fees=fees)) is None


def test_the_law_caps_it_and_may_forbid_it() -> None:
    cap = fee_cap("returned_payment", cap_minor=1_000)
    found = fee_by(build_rulebook(fees=(build_fee(),), fee_caps=(cap,)))
    assert found == ReturnFee(1_000, "GB-returned_payment-2000 GB-returned_payment-cap")
    forbidden = fee_cap("returned_payment", cap_percent="0")
    assert fee_by(build_rulebook(fees=(build_fee(),), fee_caps=(forbidden,))) is None


def test_a_policy_that_moved_is_charged_by_where_it_is_now() -> None:
    moved = endorsed(2, date(2026, 2, 1), 36_500, jurisdiction="US-CA")
    assert fee_by(build_rulebook(fees=(build_fee(),)), moved) is None
    assert fee_by(build_rulebook(fees=(build_fee("US-CA", 900),)), moved) == ReturnFee(
        900, "US-CA-returned_payment-2000"
    )


def test_policies_in_several_places_pay_the_least_and_nothing_where_one_knows_none() -> None:
    elsewhere = replace(issued(jurisdiction="US-CA"), policy_id="PAW-2", event_id="event-2")
    assert fee_by(build_rulebook(fees=(build_fee(),)), elsewhere) is None
    both = build_rulebook(fees=(build_fee(), build_fee("US-CA", 900)))
    assert fee_by(both, elsewhere) == ReturnFee(900, "US-CA-returned_payment-2000")


def test_the_month_of_a_fee_and_the_next_one_close_to_the_penny() -> None:
    rulebook = build_rulebook(fees=(build_fee(),))
    book = Book(rulebook=rulebook)
    book.deliver_event(issued(), date(2025, 12, 1))
    book.bill(date(2026, 1, 20))
    owed_minor = sum(invoice.remaining_minor for invoice in book.head.open_invoices)
    book.deliver_movement(build_movement("paid", amount_minor=owed_minor, currency="GBP"))
    returned = build_movement(
        "back", movement=Movement.RETURN, amount_minor=owed_minor, currency="GBP", booked_on=DAY, return_reason="R01"
    )
    ground = ReturnGround(book.entries, fee=find_return_fee(book.entries, rulebook, "GBP", DAY))
    book.deliver(lambda head: decide_movement(head, returned, ground=ground).decision)
    for month, before_minor in ((Month(date(2026, 2, 1)), 0), (Month(date(2026, 3, 1)), 1_500)):
        close = close_account(book.account_id, book.entries, month, rulebook)
        faults = [proof for proof in prove_account(close, book.head.balances) if not proof.is_equal]
        assert faults == []
        charged = close.invoiced["GBP", "fee:returned_payment"]
        assert (charged.before_minor, charged.closing_minor) == (before_minor, 1_500)
        assert any(item.invoice_id.startswith("fee-") and item.remaining_minor == 1_500 for item in close.open_items)
