"""Amounts of payments that nobody could identify, held against what is open of every account."""

from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.books.entries import OpenInvoice
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.matching.candidate_scores import Evidence
from pawledger.domain.matching.open_amounts import (
    ACCOUNTS_PER_AMOUNT_MAX,
    OpenAmounts,
    amount_in_question,
    is_amount_alone,
    join_candidates,
)
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.domain.worklist.discrepancy_life import Change, ChangeKind, RecordedDiscrepancy, finish

PAID_ON = date(2026, 3, 10)
NAME = Candidate("HOME0001", (), 12, (Evidence.NAME,), ())


def waiting(amount_minor: int = 2_300, currency: str = "EUR") -> RecordedDiscrepancy:
    kind = DiscrepancyKind.UNIDENTIFIED_PAYMENT
    found = Discrepancy(kind, f"payment#{amount_minor}", PAID_ON, "x", "SUSPENSE-07", currency, amount_minor)
    return RecordedDiscrepancy(found, DiscrepancyStatus.OPEN, None)


def owing(account_id: str, *open_minor: int, currency: str | None = "EUR", month: int = 1) -> AccountHead:
    """An account with invoices of these amounts, due on the first day of one month after the other."""
    invoices = tuple(
        OpenInvoice(f"{account_id}-{number:04d}", date(2026, month - 1 + number, 1), amount_minor)
        for number, amount_minor in enumerate(open_minor, start=1)
    )
    return AccountHead(account_id, currency=currency, open_invoices=invoices)


def search(payment: RecordedDiscrepancy, *heads: AccountHead) -> list[tuple[str, int, tuple[str, ...]]]:
    amounts = OpenAmounts([payment])
    for head in heads:
        amounts.add(head)
    return [(each.account_id, each.score, each.matched) for each in amounts.find_candidates(payment)]


def test_the_account_with_that_amount_open_is_found_and_no_other() -> None:
    found = search(waiting(2_300), owing("HOME0001", 2_299), owing("HOME0002", 500, 2_300), owing("HOME0003", 2_301))
    assert found == [("HOME0002", 22, (Evidence.AMOUNT,))]


def test_one_invoice_comes_before_the_sum_of_several_and_the_nearer_due_day_before_the_other() -> None:
    # 1,000 + 1,300 = 2,300. Due on 1 January, March and April, the payment on 10 March: 68, 9 and 22 days away.
    found = search(
        waiting(2_300),
        owing("HOME0001", 1_000, 1_300),
        owing("HOME0002", 2_300),
        owing("HOME0003", 2_300, month=4),
        owing("HOME0004", 2_300, month=3),
    )
    assert [(account_id, score) for account_id, score, _ in found] == [
        ("HOME0004", 22),
        ("HOME0003", 22),
        ("HOME0002", 22),
        ("HOME0001", 15),
    ]
    assert found[-1][2] == (Evidence.AMOUNT_OF_SEVERAL,)


def test_the_oldest_two_make_a_sum_but_not_any_two() -> None:
    assert search(waiting(2_300), owing("HOME0001", 1_000, 700, 1_300)) == []
    assert [each for each, _, _ in search(waiting(2_300), owing("HOME0002", 1_000, 1_300, 700))] == ["HOME0002"]


def test_another_currency_is_another_amount_and_an_account_without_one_owes_nothing() -> None:
    assert search(waiting(2_300, "EUR"), owing("HOME0001", 2_300, currency="USD"), AccountHead("SUSPENSE-07")) == []


@pytest.mark.parametrize(("sharing", "named"), [(5, 5), (6, 0), (50, 0)])
def test_an_amount_that_many_owe_names_nobody(sharing: int, named: int) -> None:
    assert ACCOUNTS_PER_AMOUNT_MAX == 5
    assert len(search(waiting(2_300), *(owing(f"HOME{number:04d}", 2_300) for number in range(sharing)))) == named


def test_payments_of_one_amount_have_the_same_accounts_each_in_its_own_order() -> None:
    march, january = waiting(), waiting()
    january = replace(january, discrepancy=replace(january.discrepancy, subject="payment#b", born_on=date(2026, 1, 2)))
    amounts = OpenAmounts([march, january])
    for head in (owing("HOME0001", 2_300), owing("HOME0002", 2_300, month=3)):
        amounts.add(head)
    orders = [[each.account_id for each in amounts.find_candidates(payment)] for payment in (march, january)]
    assert orders == [["HOME0002", "HOME0001"], ["HOME0001", "HOME0002"]]


def test_only_an_open_payment_that_is_whole_has_an_amount_in_question() -> None:
    payment = waiting()
    in_part = Change(ChangeKind.RESOLVED_IN_PART, "2026-03-11T12:00:00+00:00", "operator", resolution_id="a")
    undone = replace(in_part, kind=ChangeKind.UNDONE)
    assert amount_in_question(payment) == ("EUR", 2_300)
    assert amount_in_question(finish(payment, in_part)) is None
    assert amount_in_question(finish(finish(payment, in_part), undone)) == ("EUR", 2_300)
    assert amount_in_question(replace(payment, status=DiscrepancyStatus.RESOLVED)) is None
    other_kind = replace(payment.discrepancy, kind=DiscrepancyKind.OVERPAYMENT)
    assert amount_in_question(replace(payment, discrepancy=other_kind)) is None
    without_amount = replace(payment.discrepancy, amount_minor=None)
    assert amount_in_question(replace(payment, discrepancy=without_amount)) is None


def join(kept: list[Candidate], by_amount: list[str], *heads: AccountHead) -> list[tuple[str, int, tuple[str, ...]]]:
    named = [Candidate(account_id, (), 22, (Evidence.AMOUNT,), ()) for account_id in by_amount]
    joined = join_candidates(kept, named, heads, ("EUR", 2_300))
    return [(each.account_id, each.score, each.matched) for each in joined]


def test_whoever_paid_meanwhile_is_left_out_and_whoever_is_gone_too() -> None:
    heads = (owing("HOME0002", 2_300), owing("HOME0003"), owing("HOME0004", 2_300, currency="USD"))
    found = join([], ["HOME0002", "HOME0003", "HOME0004", "HOME0005"], *heads)
    assert found == [("HOME0002", 22, (Evidence.AMOUNT,))]


def test_a_name_and_the_amount_count_together_and_come_before_the_amount_only() -> None:
    found = join([NAME], ["HOME0002", "HOME0001"], owing("HOME0001", 2_300), owing("HOME0002", 2_300))
    # 12 + 22.
    assert found == [("HOME0001", 34, (Evidence.NAME, Evidence.AMOUNT)), ("HOME0002", 22, (Evidence.AMOUNT,))]


def test_an_amount_that_was_counted_at_first_is_not_counted_twice() -> None:
    several = replace(NAME, score=27, matched=(Evidence.NAME, Evidence.AMOUNT_OF_SEVERAL))
    found = join([several], ["HOME0001"], owing("HOME0001", 2_300))
    assert found == [("HOME0001", 34, (Evidence.NAME, Evidence.AMOUNT))]


def test_only_where_nothing_else_agrees_it_is_the_amount_only() -> None:
    assert is_amount_alone(replace(NAME, matched=(Evidence.AMOUNT,)))
    assert is_amount_alone(replace(NAME, matched=(Evidence.AMOUNT_OF_SEVERAL,)))
    assert not is_amount_alone(replace(NAME, matched=(Evidence.NAME, Evidence.AMOUNT)))
    assert not is_amount_alone(replace(NAME, matched=()))
