"""What an explanation says where today's rules no longer give what was recorded."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from pawledger.domain.explanations import explain_invoice
from tests.builders.books import Book
from tests.builders.policy_terms import endorsed, issued
from tests.builders.rulebooks import build_rulebook


def bill_two_months() -> Book:
    book = Book()
    book.deliver_event(issued(), date(2025, 12, 1))
    book.bill(date(2025, 12, 18))
    book.bill(date(2026, 1, 18))
    return book


def test_a_rate_that_was_changed_for_past_days_leaves_the_cut_open_and_the_record_as_it_is() -> None:
    book = bill_two_months()
    rulebook = build_rulebook(taxes=tuple(replace(rule, percent=Decimal(20)) for rule in book.rulebook.taxes))

    explained = explain_invoice(book.entries, book.entries[-1], rulebook, "GBP")

    premium, tax = explained.lines
    assert (premium.cut, tax.cut) == (None, None)
    assert tax.rule_ids == ("GB-ipt",)
    assert tax.arithmetic == "12 % of 365.00"
    assert tax.event is not None
    assert tax.event.entry_id == "policy#PAW-1#00001"
    # A twelfth of 365.00 is 30.42, then 30.41; of 43.80 it is 3.65 both times.
    assert [(d.code, d.now_minor - d.before_minor) for d in explained.differences] == [("premium", -1)]
    assert explained.differences[0].why == "cannot be told any more, because the rules have changed since"


def test_a_plan_that_is_gone_leaves_the_cut_open() -> None:
    book = bill_two_months()

    explained = explain_invoice(book.entries, book.entries[-1], build_rulebook(plans={}), "GBP")

    assert [line.cut for line in explained.lines] == [None, None]
    assert [line.amount_minor for line in explained.lines] == [3041, 365]


def test_an_invoice_is_explained_by_what_was_known_when_it_was_issued() -> None:
    book = bill_two_months()
    invoice = book.entries[-1]
    before = explain_invoice(book.entries, invoice, book.rulebook, "GBP")
    book.deliver_event(endorsed(2, date(2026, 1, 1), 50_000), date(2026, 2, 1))

    assert explain_invoice(book.entries, invoice, book.rulebook, "GBP") == before
