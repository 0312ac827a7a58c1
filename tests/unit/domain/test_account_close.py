"""Closing one account's month: what is open, billed, given back and taxed, worked out by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import Entry, LedgerAccount, Posting
from pawledger.domain.calendar import Month, MonthInvalidError, read_month
from pawledger.domain.closing import month_close
from pawledger.domain.closing.account_close import AccountClose, Age, Span, TaxKey, age_of, close_account
from pawledger.domain.closing.month_close import (
    EARNED_BY_DAY,
    EARNED_BY_MONTH,
    EARNED_BY_TERM,
    TAX_PAYABLE,
    MonthClose,
    ProofName,
    Row,
    Table,
    account_rows,
)
from pawledger.domain.policy.policy_events import PlanChanged, PlanChangeScope
from pawledger.domain.posting.bank_movements import Movement
from tests.builders.books import Book
from tests.builders.movements import build_movement
from tests.builders.policy_terms import cancelled, discount, endorsed, issued, of_policy, rules_of, tax
from tests.builders.rulebooks import RULEBOOK

RULES = replace(rules_of(tax("12"), tax("19", "vst", jurisdiction="DE")), renewals=RULEBOOK.renewals)
JANUARY, FEBRUARY, MARCH = (Month(date(2026, month, 1)) for month in (1, 2, 3))
RECEIVED_ON = date(2025, 12, 1)


def build_book(rulebook: Rulebook = RULES) -> Book:
    """A year from 1 January 2026 for 365.00 and 12 % tax, 43.80, invoiced each month: 34.07 or a penny less."""
    book = Book(rulebook=rulebook)
    book.deliver_event(issued(36_500), RECEIVED_ON)
    return book


def close(book: Book, month: Month, entries: list[Entry] | None = None) -> AccountClose:
    closed = close_account(book.account_id, book.entries if entries is None else entries, month, book.rulebook)
    whole = MonthClose(month)
    whole.add(closed, book.head.balances)
    if entries is None:
        assert whole.is_proven, whole.faults
    return closed


@pytest.mark.parametrize(("plan", "other"), [("monthly", "annual"), ("annual", "monthly")])
def test_what_a_term_earns_follows_how_it_was_invoiced_and_not_what_its_plan_is_called_since(
    plan: str, other: str
) -> None:
    rules = replace(rules_of(discount("pay_in_full", "5")), renewals=RULEBOOK.renewals)
    book = Book(rulebook=rules)
    book.deliver_event(issued(36_500, plan=plan), RECEIVED_ON)
    book.bill(date(2026, 12, 31))
    book.deliver_event(PlanChanged(**of_policy(2), effective_on=date(2026, 2, 1), plan=other), date(2026, 2, 10))
    # 365.00, or five percent less; 59 of 365 days are earned by the end of February.
    (term,) = close(book, FEBRUARY).terms
    year_minor = 34_675 if plan == "annual" else 36_500
    assert (term.written.closing_minor, term.earned.closing_minor) == (year_minor, round(year_minor * 59 / 365))


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (-1, Age.NOT_DUE),
        (0, Age.DAYS_0_30),
        (30, Age.DAYS_0_30),
        (31, Age.DAYS_31_60),
        (60, Age.DAYS_31_60),
        (61, Age.DAYS_61_90),
        (90, Age.DAYS_61_90),
        (91, Age.DAYS_OVER_90),
    ],
)
def test_ages_change_after_30_60_and_90_days(days: int, age: Age) -> None:
    due_on = date(2026, 1, 1)
    assert age_of(due_on, date.fromordinal(due_on.toordinal() + days)) is age


def test_a_payment_booked_in_the_month_on_an_invoice_issued_after_it_is_a_negative_item() -> None:
    """The invoice of 2 January was issued late, and the payment posted behind it was booked on 31 December."""
    book = build_book()
    book.bill(date(2026, 1, 2))
    invoice = book.head.open_invoices[0]
    book.deliver_movement(
        build_movement(
            amount_minor=1_000, currency="GBP", booked_on=date(2025, 12, 31), invoice_ids=(invoice.invoice_id,)
        )
    )

    december, january = close(book, Month(date(2025, 12, 1))), close(book, JANUARY)

    assert [(item.age, item.remaining_minor) for item in december.open_items] == [(Age.PAID_BEFORE_INVOICED, -1_000)]
    (item,) = january.open_items
    assert (item.age, item.remaining_minor) == (Age.DAYS_0_30, invoice.remaining_minor - 1_000)


def test_what_a_cancellation_gives_back_is_taken_off_what_was_billed() -> None:
    """Paid in full, 408.80, and cancelled on 1 March: 59 days, 59.00 and 7.08 tax, stay charged; 342.72 come back."""
    book = Book(rulebook=RULES)
    book.deliver_event(issued(36_500, plan="annual"), RECEIVED_ON)
    book.bill(date(2025, 12, 20))
    book.deliver_movement(build_movement(amount_minor=40_880, currency="GBP", booked_on=date(2026, 1, 2)))
    book.deliver_event(cancelled(2, date(2026, 3, 1)), date(2026, 2, 10))

    closed = close(book, FEBRUARY)

    assert closed.invoiced == {("GBP", "premium"): Span(36_500, 36_500), ("GBP", "tax:ipt"): Span(4_380, 4_380)}
    assert closed.given_back == {"GBP": Span(0, 34_272)}
    assert closed.taxes == {TaxKey("GBP", "tax:ipt", "GB", "GB-ipt-2000"): Span(4_380, 708)}
    assert closed.balances["GBP", LedgerAccount.UNAPPLIED] == Span(0, -34_272)


def test_installments_taken_off_an_unpaid_invoice_are_given_back_as_well() -> None:
    """An invoice of the whole year is taken back by a change to a monthly plan."""
    book = Book(rulebook=RULES)
    book.deliver_event(issued(36_500, plan="annual"), RECEIVED_ON)
    book.bill(date(2025, 12, 20))
    change = PlanChanged(**of_policy(2), effective_on=date(2026, 1, 5), plan="monthly", scope=PlanChangeScope.NOT_PAID)
    book.deliver_event(change, date(2026, 1, 5))

    closed = close(book, JANUARY)

    assert closed.given_back == {"GBP": Span(0, 40_880)}
    assert closed.open_items == []


def test_money_that_waited_for_the_first_policy_is_not_given_back() -> None:
    book = Book(rulebook=RULES)
    book.deliver_movement(build_movement(amount_minor=5_000, currency="GBP", booked_on=date(2025, 11, 1)))
    book.deliver_event(issued(36_500), RECEIVED_ON)

    assert close(book, Month(date(2025, 12, 1))).given_back == {}


def test_taxes_are_owed_where_their_rules_are_from() -> None:
    """From 1 July, after 181 days, in Germany: 181.00 at 12 % is 21.72, 184.00 at 19 % is 34.96."""
    book = build_book()
    book.deliver_event(endorsed(2, date(2026, 7, 1), 36_500, jurisdiction="DE"), date(2026, 2, 3))

    closed = close(book, FEBRUARY)

    assert closed.taxes == {
        TaxKey("GBP", "tax:ipt", "GB", "GB-ipt-2000"): Span(4_380, 2_172),
        TaxKey("GBP", "tax:vst", "DE", "DE-vst-2000"): Span(0, 3_496),
    }


def test_movements_are_those_of_the_month_by_kind() -> None:
    book = build_book()
    book.bill(date(2026, 1, 18))
    book.deliver_movement(build_movement(amount_minor=3_406, currency="GBP", booked_on=date(2026, 2, 2)))

    february = close(book, FEBRUARY)

    assert {(kind.value, name.value): minor for (_, kind, name), minor in february.movements.items()} == {
        ("payment_posted", "cash"): 3_406,
        ("payment_posted", "receivable"): -3_406,
    }
    assert close(book, MARCH).movements == {}


def test_an_event_recorded_behind_a_later_one_counts_in_its_own_month() -> None:
    """Issued on 1 December, endorsed to 730.00 by a message of 30 November that was recorded behind it."""
    book = build_book()
    book.deliver_event(endorsed(2, date(2026, 1, 1), 73_000), date(2025, 11, 30))

    november, december = (close(book, Month(date(2025, month, 1))) for month in (11, 12))

    assert [each.written for each in november.terms] == [Span(0, 36_500)]
    assert [each.written for each in december.terms] == [Span(36_500, 73_000)]


def rows_of(book: Book, month: Month, table: Table) -> list[Row]:
    whole = MonthClose(month)
    whole.add(close(book, month), book.head.balances)
    return [row for named, row in whole.rows() if named is table]


def test_the_tables_tell_what_is_taxed_and_what_is_written_and_has_not_begun() -> None:
    """Recorded on 1 December for 1 January: nothing is earned of it in December, 1.00 a day from then on."""
    book, december = build_book(), Month(date(2025, 12, 1))

    assert rows_of(book, december, TAX_PAYABLE) == [("GBP", "GB", "tax:ipt", "GB-ipt-2000", 0, 4_380, 4_380)]
    assert rows_of(book, december, EARNED_BY_MONTH) == [("GBP", "GB", 0, 36_500, 0, 36_500, 36_500)]
    assert rows_of(book, JANUARY, EARNED_BY_MONTH) == [("GBP", "GB", 36_500, 0, 3_100, 33_400, 0)]
    by_day = rows_of(book, JANUARY, EARNED_BY_DAY)
    assert by_day[0] == ("GBP", date(2026, 1, 1), 0, 100, 36_400)
    assert by_day[-1] == ("GBP", date(2026, 1, 31), 0, 100, 33_400)
    assert len(by_day) == 31


def test_a_term_that_is_over_has_no_row_and_stays_in_the_proofs() -> None:
    book = build_book()
    month = Month(date(2027, 2, 1))

    closed = close(book, month)

    assert [row for table, row in account_rows(closed) if table is EARNED_BY_TERM] == []
    assert (closed.terms[0].written, closed.terms[0].earned) == (Span(36_500, 36_500), Span(36_500, 36_500))


def test_of_many_faults_the_first_are_named_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_close, "FAULTS_NAMED_MAX", 3)
    whole, closed = MonthClose(JANUARY), close(build_book(), JANUARY)

    whole.add(closed, {})
    whole.add(closed, {})

    assert (len(whole.faults), whole.fault_count) == (3, 6)


def forge(entry: Entry, change: Callable[[Posting], Posting]) -> Entry:
    postings = tuple(change(posting) for posting in entry.decision.postings)
    return replace(entry, decision=replace(entry.decision, postings=postings))


def test_a_charge_that_the_rules_do_not_make_fails_its_proof() -> None:
    """A penny moved from tax to premium: every entry is balanced, and no head would differ in its sum."""
    book = build_book()
    pennies = {LedgerAccount.PREMIUM: -1, LedgerAccount.TAX: 1}
    entries = [
        forge(entry, lambda p: replace(p, amount_minor=p.amount_minor + pennies.get(p.ledger_account, 0)))
        for entry in book.entries
    ]
    whole = MonthClose(JANUARY)

    whole.add(close(book, JANUARY, entries), book.head.balances)

    failed = {(proof.key.name, proof.left_minor, proof.right_minor) for proof in whole.faults}
    assert failed == {
        (ProofName.WRITTEN, 36_500, 36_501),
        (ProofName.EARNED, 36_500, 36_501),
        (ProofName.TAX, 4_380, 4_379),
        (ProofName.HEADS, -36_501, -36_500),
        (ProofName.HEADS, -4_379, -4_380),
    }
    assert not whole.is_proven


GBP_RECEIVABLE = ("GBP", LedgerAccount.RECEIVABLE)


def _lose_a_term(closed: AccountClose) -> None:
    closed.terms.clear()


def _lose_an_open_item(closed: AccountClose) -> None:
    closed.open_items.pop()


def _lose_a_tax(closed: AccountClose) -> None:
    closed.taxes.clear()


def _bill_more(closed: AccountClose) -> None:
    closed.invoiced["GBP", "premium"] += Span(0, 1)


def _give_back_more(closed: AccountClose) -> None:
    closed.given_back["GBP"] += Span(0, 1)


def _earn_more_on_a_day(closed: AccountClose) -> None:
    written_minor, earned_minor = closed.daily["GBP", JANUARY.last_day]
    closed.daily["GBP", JANUARY.last_day] = (written_minor, earned_minor + 1)


def _debit_more(closed: AccountClose) -> None:
    closed.debits[GBP_RECEIVABLE] += 1


def _close_higher(closed: AccountClose) -> None:
    closed.balances[GBP_RECEIVABLE] += Span(0, 1)


def _happen_later(closed: AccountClose) -> None:
    closed.later[GBP_RECEIVABLE] += 1


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (_lose_a_term, {ProofName.WRITTEN, ProofName.EARNED, ProofName.EARNED_DAYS}),
        (_lose_an_open_item, {ProofName.RECEIVABLES}),
        (_lose_a_tax, {ProofName.TAX}),
        (_bill_more, {ProofName.BILLED}),
        (_give_back_more, {ProofName.BILLED}),
        (_earn_more_on_a_day, {ProofName.EARNED_DAYS}),
        (_debit_more, {ProofName.MOVED, ProofName.KINDS}),
        (_close_higher, {ProofName.BALANCED, ProofName.MOVED, ProofName.HEADS, ProofName.RECEIVABLES}),
        (_happen_later, {ProofName.HEADS}),
    ],
)
def test_each_part_of_a_close_that_is_wrong_fails_its_proof(
    spoil: Callable[[AccountClose], None], names: set[ProofName]
) -> None:
    book = build_book()
    book.bill(date(2026, 1, 18))
    closed = close(book, JANUARY)
    spoil(closed)
    whole = MonthClose(JANUARY)

    whole.add(closed, book.head.balances)

    assert {proof.key.name for proof in whole.faults} == names
    assert {proof.key.name for proof in whole.prove_together() if not proof.is_equal} == names


@pytest.mark.parametrize("text", ["", "2026", "2026-00", "2026-13", "2026-1", "2026/01", "1999-12", "2200-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(MonthInvalidError, match="is not a month such as 2026-11"):
        read_month(text)


def test_a_month_has_its_days() -> None:
    february = read_month("2024-02")

    assert (february.day_before, february.last_day, str(february)) == (date(2024, 1, 31), date(2024, 2, 29), "2024-02")
    assert [*february.days] == [date(2024, 2, day) for day in range(1, 30)]


def test_a_movement_before_any_policy_is_in_suspense() -> None:
    book = Book(rulebook=RULES)
    book.deliver_movement(build_movement(movement=Movement.PAYMENT, amount_minor=700, booked_on=date(2026, 1, 3)))

    assert close(book, JANUARY).balances["EUR", LedgerAccount.SUSPENSE] == Span(0, -700)
