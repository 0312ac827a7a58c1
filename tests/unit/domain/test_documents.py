"""What invoices and statements say, and that it is what the ledger holds."""

from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.billing.documents import (
    DocumentCharge,
    NoStatementError,
    NotAnInvoiceError,
    StatementInvoice,
    charge_words,
    currency_of,
    invoice_as_json,
    kind_words,
    make_invoice_document,
    make_statement_between,
    make_statement_of_invoice,
    statement_as_json,
)
from pawledger.domain.books.entries import Allocation, LedgerAccount, Posting
from pawledger.domain.errors import InvariantError
from pawledger.domain.matching.payment_references import read_creditor_reference, read_numeric_reference
from tests.builders.documents import AccountStory, build_creditor

JANUARY, FEBRUARY, MARCH = date(2026, 1, 5), date(2026, 2, 5), date(2026, 3, 5)


def tell() -> AccountStory:
    """30.00 billed and overpaid by 20.00; 30.00 billed, of which the 20.00 settle a part; 50.00 taken back."""
    story = AccountStory()
    story.open()
    story.invoice(JANUARY, [("premium", 25_00), ("tax:ipt", 5_00)])
    story.pay(date(2026, 1, 20), 50_00)
    story.invoice(FEBRUARY, [("premium", 25_00), ("tax:ipt", 5_00)])
    story.take_back(date(2026, 2, 20), 50_00)
    story.invoice(MARCH, [("premium", 25_00), ("tax:ipt", 5_00)])
    return story


def test_an_invoice_says_what_each_policy_costs_by_code_and_what_is_left_to_pay() -> None:
    story = AccountStory()
    story.open()
    story.pay(date(2026, 1, 2), 10_00)
    entry = story.invoice_of_terms(
        JANUARY,
        [
            ("DOG-1#1", [("premium", 20_00), ("tax:ipt", 4_00), ("discount:multi_pet", -1_00)]),
            ("CAT-9#3", [("premium", 15_00), ("tax:ipt", 3_00), ("fee:installment", 50)]),
        ],
    )

    document = make_invoice_document(entry, currency="EUR", creditor=build_creditor())

    assert [(line.policy_id, line.term_id, line.amount_minor) for line in document.lines] == [
        ("DOG-1", "DOG-1#1", 23_00),
        ("CAT-9", "CAT-9#3", 18_50),
    ]
    assert document.totals == (
        DocumentCharge("premium", 35_00),
        DocumentCharge("tax:ipt", 7_00),
        DocumentCharge("discount:multi_pet", -1_00),
        DocumentCharge("fee:installment", 50),
    )
    assert (document.amount_minor, document.settled_minor, document.payable_minor) == (41_50, 10_00, 31_50)
    assert (document.issued_on, document.due_on) == (JANUARY, date(2026, 1, 19))


def test_both_references_of_an_invoice_lead_to_it() -> None:
    entry = tell().entries[3]

    document = make_invoice_document(entry, currency="EUR", creditor=build_creditor())

    by_letters, by_digits = (
        read_creditor_reference(document.payment_reference),
        read_numeric_reference(document.numeric_reference),
    )
    assert by_letters == by_digits
    assert by_letters is not None
    assert document.invoice_id == f"{by_letters.account_id}-{by_letters.invoice_number:04d}"


def test_an_invoice_over_nothing_has_nothing_to_pay_and_no_payment_code() -> None:
    story = AccountStory()
    story.open()
    entry = story.invoice(JANUARY, [("premium", 25_00), ("discount:staff", -25_00)])

    document = make_invoice_document(entry, currency="EUR", creditor=build_creditor())

    assert (document.amount_minor, document.payable_minor, document.payment_code) == (0, 0, None)


def test_what_settles_another_invoice_is_not_taken_off_this_one() -> None:
    story = AccountStory()
    story.open()
    story.invoice(JANUARY, [("premium", 8_00)])
    entry = story.invoice(FEBRUARY, [("premium", 30_00)])
    allocations = (Allocation("ABCD1234-0001", 8_00), Allocation("ABCD1234-0002", 5_00))
    entry = replace(entry, decision=replace(entry.decision, allocations=allocations))

    document = make_invoice_document(entry, currency="EUR", creditor=build_creditor())

    assert (document.settled_minor, document.payable_minor) == (5_00, 25_00)


def test_other_entries_are_no_invoices() -> None:
    with pytest.raises(NotAnInvoiceError, match=r"payment#.* of ABCD1234 issued no invoice"):
        make_invoice_document(tell().entries[2], currency="EUR", creditor=build_creditor())


def test_a_creditor_of_another_currency_is_refused() -> None:
    with pytest.raises(InvariantError):
        make_invoice_document(tell().entries[1], currency="EUR", creditor=build_creditor("GBP"))


def test_a_statement_opens_moves_and_closes_as_the_ledger_does() -> None:
    statement = make_statement_between(
        tell().entries, first_day=date(2026, 2, 1), last_day=date(2026, 2, 28), creditor=build_creditor()
    )

    # 30.00 billed and 50.00 paid in January leave 20.00 of the payer's money.
    assert statement.opening_minor == -20_00
    assert [(line.what, line.amount_minor, line.balance_minor) for line in statement.lines] == [
        ("Invoice ABCD1234-0002", 30_00, 10_00),
        ("Payment taken back by its bank", 50_00, 60_00),
    ]
    assert [line.due_on for line in statement.lines] == [date(2026, 2, 19), None]
    assert statement.lines[0].settles == (("ABCD1234-0002", 20_00),)
    assert (statement.closing_minor, statement.owed_minor, statement.unapplied_minor) == (60_00, 60_00, 0)
    # Of the 50.00 taken back 30.00 had paid the first invoice, and 20.00 a part of the second one, issued since.
    assert statement.open_invoices == (
        StatementInvoice("ABCD1234-0001", date(2026, 1, 19), 30_00),
        StatementInvoice("ABCD1234-0002", date(2026, 2, 19), 10_00),
        StatementInvoice("return-000000000005", date(2026, 2, 20), 20_00),
    )


def test_money_of_the_payer_stands_apart_from_what_is_open() -> None:
    story = tell()
    story.pay(date(2026, 3, 20), 100_00)

    statement = make_statement_between(
        story.entries, first_day=MARCH, last_day=date(2026, 3, 31), creditor=build_creditor()
    )

    assert (statement.closing_minor, statement.owed_minor, statement.unapplied_minor) == (-10_00, 0, 10_00)
    assert statement.open_invoices == ()
    assert statement.unallocated_minor == 10_00


def test_the_closing_of_one_period_is_the_opening_of_the_next() -> None:
    entries = tell().entries
    first = make_statement_between(entries, first_day=JANUARY, last_day=date(2026, 2, 10), creditor=build_creditor())
    second = make_statement_between(entries, first_day=date(2026, 2, 11), last_day=MARCH, creditor=build_creditor())

    assert first.closing_minor == second.opening_minor
    assert [line.sequence for line in (*first.lines, *second.lines)] == [2, 3, 4, 5, 6]


def test_money_booked_before_a_day_but_posted_after_it_still_adds_up() -> None:
    story = AccountStory()
    story.open()
    story.pay(FEBRUARY, 20_00)
    story.invoice(JANUARY, [("premium", 30_00)])

    statement = make_statement_between(
        story.entries, first_day=JANUARY, last_day=date(2026, 1, 31), creditor=build_creditor()
    )

    # By the end of January 30.00 were billed and nothing was paid; of the invoice only 10.00 are open by now.
    assert statement.closing_minor == 30_00
    assert [invoice.remaining_minor for invoice in statement.open_invoices] == [10_00]
    assert statement.unallocated_minor == -20_00


def test_statements_of_invoices_follow_each_other_without_a_gap() -> None:
    story = tell()
    story.pay(date(2026, 1, 31), 5_00)  # posted late: booked before two invoices that are there already
    story.invoice(date(2026, 4, 5), [("premium", 30_00)])
    invoices = [entry for entry in story.entries if entry.decision.invoice_number]

    statements = [make_statement_of_invoice(story.entries, invoice, creditor=build_creditor()) for invoice in invoices]

    closings = [statement.closing_minor for statement in statements]
    assert [statement.opening_minor for statement in statements] == [0, *closings[:-1]]
    assert [line.sequence for statement in statements for line in statement.lines] == [2, 3, 4, 5, 6, 7, 8]
    assert closings[-1] == (
        story.head.balance_minor(LedgerAccount.RECEIVABLE) + story.head.balance_minor(LedgerAccount.UNAPPLIED)
    )
    assert (statements[-1].first_day, statements[-1].last_day) == (date(2026, 1, 31), date(2026, 4, 5))


def test_what_comes_later_does_not_change_the_statement_of_an_invoice() -> None:
    story = tell()
    before = make_statement_of_invoice(story.entries, story.entries[3], creditor=build_creditor())
    story.pay(date(2026, 1, 31), 60_00)

    assert make_statement_of_invoice(story.entries, story.entries[3], creditor=build_creditor()) == before


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("policy_issued", "Money from before the first policy"),
        ("policy_cancelled", "Policy cancelled"),
        ("pet_died", "Policy ended"),
        ("plan_changed", "Plan changed"),
        ("refund_requested", "Refund to you is being prepared"),
        ("refund_rejected", "Refund not made, the money stays on your account"),
        ("refund_voided", "Refund came back, the money is on your account again"),
        ("refund_written_up", "Rest too small to be sent back"),
        ("invoices_written_off", "Amount that we do not ask for any more"),
    ],
)
def test_what_changes_a_balance_is_told_in_a_customers_words(kind: str, words: str) -> None:
    assert kind_words(kind) == words


def test_money_in_another_currency_is_not_on_the_statement() -> None:
    story = tell()
    story.currency = "USD"
    story.pay(date(2026, 3, 6), 99_00)

    statement = make_statement_between(
        story.entries, first_day=MARCH, last_day=date(2026, 3, 31), creditor=build_creditor()
    )

    assert [line.sequence for line in statement.lines] == [6]


def test_balances_in_another_currency_are_not_counted() -> None:
    story = tell()
    before = make_statement_between(story.entries, first_day=JANUARY, last_day=MARCH, creditor=build_creditor())
    foreign = (Posting(LedgerAccount.CASH, "USD", 7_00), Posting(LedgerAccount.UNAPPLIED, "USD", -7_00))
    story.append(
        replace(story.entries[2].decision, entry_id="payment#x", postings=foreign, allocations=(), occurred_on=MARCH)
    )

    after = make_statement_between(story.entries, first_day=JANUARY, last_day=MARCH, creditor=build_creditor())

    assert (after.lines, after.owed_minor, after.unapplied_minor) == (
        before.lines,
        before.owed_minor,
        before.unapplied_minor,
    )


def test_an_account_without_a_policy_has_no_statement() -> None:
    story = AccountStory()
    story.pay(JANUARY, 5_00)

    assert currency_of(story.entries) is None
    with pytest.raises(NoStatementError, match="before its first policy"):
        make_statement_between(story.entries, first_day=JANUARY, last_day=MARCH, creditor=build_creditor())


def test_days_that_are_turned_round_are_refused() -> None:
    with pytest.raises(NoStatementError, match="cannot end on 2026-01-05, before it begins on 2026-03-05"):
        make_statement_between(tell().entries, first_day=MARCH, last_day=JANUARY, creditor=build_creditor())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("premium", "Premium"),
        ("tax:ipt", "Tax, ipt"),
        ("discount:multi_pet", "Discount, multi pet"),
        ("surcharge:late_bird", "Surcharge, late bird"),
    ],
)
def test_codes_are_told_in_words(code: str, words: str) -> None:
    assert charge_words(code) == words


def test_the_json_of_both_documents_repeats_the_sums_of_their_values() -> None:
    story = tell()
    invoice = make_invoice_document(story.entries[3], currency="EUR", creditor=build_creditor())
    statement = make_statement_of_invoice(story.entries, story.entries[3], creditor=build_creditor())

    written, told = invoice_as_json(invoice), statement_as_json(statement)

    assert (written["amount_minor"], written["settled_minor"], written["payable_minor"]) == (30_00, 20_00, 10_00)
    assert written["entry_hash"] == told["last_hash"] == story.entries[3].hash
    assert (told["opening_minor"], told["closing_minor"], told["entry_count"]) == (30_00, 10_00, 4)
