"""What an explanation says where today's rules no longer give what was recorded."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from pawledger.domain.billing.explanations import ExplainedInvoice, explain_invoice
from pawledger.domain.billing.rulebook import PaymentPlan
from pawledger.domain.policy.policy_events import PlanChanged, PlanChangeScope
from tests.builders.books import Book
from tests.builders.policies import build_policy
from tests.builders.policy_terms import endorsed, fee, fee_cap, issued, of_policy, rules_of
from tests.builders.rulebooks import build_rulebook


def bill_two_months() -> Book:
    book = Book()
    book.deliver_event(issued(), date(2025, 12, 1))
    book.bill(date(2025, 12, 18))
    book.bill(date(2026, 1, 18))
    return book


def explain_last(book: Book) -> ExplainedInvoice:
    return explain_invoice(book.entries, book.entries[-1], book.rulebook, "GBP")


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


def test_a_capped_fee_is_explained_by_the_law_that_caps_it() -> None:
    book = Book(rulebook=rules_of(fee("installment", 500), fee_cap("installment", cap_minor=300)))
    book.deliver_event(issued(), date(2025, 12, 1))
    book.bill(date(2025, 12, 18))
    book.bill(date(2026, 1, 18))

    (line,) = [line for line in explain_last(book).lines if line.code == "fee:installment"]

    assert [rule.rule_id for rule in line.rules] == ["GB-installment-2000", "GB-installment-cap"]
    assert line.rules[1].citation == "an example of this test"


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


def test_a_rate_that_changed_by_too_little_for_one_slice_leaves_the_cut_open_all_the_same() -> None:
    book = bill_two_months()
    rate = Decimal("12.005")  # 43.82 in the year instead of 43.80, of which a twelfth is 3.65 as well
    rulebook = build_rulebook(taxes=tuple(replace(rule, percent=rate) for rule in book.rulebook.taxes))

    explained = explain_invoice(book.entries, book.entries[1], rulebook, "GBP")

    assert [line.cut for line in explained.lines] == [None, None]


def test_what_was_given_back_counts_as_not_invoiced() -> None:
    book = Book()
    book.deliver_event(issued(jurisdiction="", plan="annual"), date(2025, 12, 1))
    book.bill(date(2025, 12, 18))
    book.deliver_event(endorsed(2, date(2026, 7, 2), 18_250), date(2026, 7, 2))
    book.deliver_event(endorsed(3, date(2026, 7, 2), 36_500), date(2026, 7, 3))
    book.bill(date(2026, 7, 3))

    (line,) = explain_last(book).lines

    # 183 days at 0.50 less are 91.50, given back and then charged again.
    assert line.amount_minor == 9_150
    assert line.cut is not None
    assert (line.cut.charge_minor, line.cut.invoiced_before_minor, line.cut.left_minor) == (36_500, 27_350, 9_150)


def test_what_was_taken_off_its_invoice_counts_as_not_invoiced() -> None:
    book = Book()
    book.deliver_event(issued(jurisdiction=""), date(2025, 12, 1))
    book.bill(date(2025, 12, 18))
    changed = PlanChanged(**of_policy(2), effective_on=date(2026, 1, 1), plan="annual", scope=PlanChangeScope.NOT_PAID)
    book.deliver_event(changed, date(2025, 12, 20))
    book.bill(date(2025, 12, 20))

    explained = explain_last(book)

    assert explained.lines[0].cut is not None
    assert (explained.lines[0].cut.invoiced_before_minor, explained.lines[0].cut.months_left) == (0, 12)
    assert explained.differences[0].why == (
        "transaction 2 (plan changed) of 2025-12-20; bills 12 months, the one before 1"
    )


def test_an_invoice_is_compared_with_the_last_one_of_its_own_policy() -> None:
    book = Book()
    book.deliver_event(build_policy("PAW-1", effective_on=date(2026, 1, 1)), date(2025, 12, 1))
    book.deliver_event(build_policy("PAW-2", effective_on=date(2026, 1, 15)), date(2025, 12, 1))
    for day in (date(2025, 12, 18), date(2026, 1, 1), date(2026, 1, 18)):
        book.bill(day)

    explained = explain_last(book)

    assert (explained.invoice_id, explained.before) == ("HOME0001-0003", "HOME0001-0001")
    assert explained.differences == ()


def test_installments_that_all_weigh_nothing_share_what_a_change_left_equally() -> None:
    plan = PaymentPlan(name="first", months_between=4, weights=(1, 0, 0))
    book = Book(rulebook=build_rulebook(plans={"first": plan}))
    book.deliver_event(issued(jurisdiction="", plan="first"), date(2025, 12, 1))
    book.bill(date(2025, 12, 18))
    book.deliver_event(endorsed(2, date(2026, 1, 1), 37_500), date(2026, 1, 2))
    book.bill(date(2026, 4, 17))

    (line,) = explain_last(book).lines

    assert line.amount_minor == 500
    assert line.cut is not None
    assert (line.cut.left_minor, line.cut.weight, line.cut.weight_left) == (1_000, 1, 2)
