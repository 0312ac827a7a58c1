"""What an issued policy and a due installment mean for an account."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pawledger.domain.billing.issuing import (
    InvoiceNumbersUsedUpError,
    MissingTermError,
    decide_next_invoice,
    due_day_of,
)
from pawledger.domain.books.entries import Allocation, Decision, LedgerAccount, OpenInvoice, Posting, TermCursor
from pawledger.domain.books.ledger import AccountHead, Standing
from pawledger.domain.matching.payment_references import InvoiceAddress, read_creditor_reference
from pawledger.domain.policy.policies import PolicyRefusedError
from pawledger.domain.policy.policy_decisions import TERMS_BILLING_MAX
from pawledger.domain.policy.policy_events import PolicyIssued
from pawledger.domain.posting.bank_movements import Movement
from tests.builders.books import Book, Delivery, append_all
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID, build_policy, discount, fee, issue, premium, tax, term_of

EMPTY = AccountHead(ACCOUNT_ID)
INVOICE_DAY = date(2026, 1, 17)
"""Two weeks before the default policy's first due day, 31 January 2026."""
SIXTY_DAYS_LATE = date(2026, 4, 1)
"""28 days to 28 February, 31 more to 31 March, one more. January, February and March should be invoiced already."""


def postings_of(decision: Decision | None) -> dict[LedgerAccount, int]:
    assert decision is not None
    return {posting.ledger_account: posting.amount_minor for posting in decision.postings}


def open_account(*policies: PolicyIssued) -> AccountHead:
    head = EMPTY
    for policy in policies:
        head = append_all(head, [issue(head, policy)])
    return head


def test_a_policy_charges_the_account_before_anything_is_invoiced() -> None:
    charges = (premium(12_000), tax(1_200), discount(-600))
    decision = issue(EMPTY, build_policy(charges=charges))
    assert decision.entry_id == "policy#PAW-1#00001"
    assert postings_of(decision) == {
        LedgerAccount.UNBILLED: 12_600,
        LedgerAccount.PREMIUM: -12_000,
        LedgerAccount.TAX: -1_200,
        LedgerAccount.DISCOUNT: 600,
    }
    assert decision.reason == "Policy PAW-1 is issued on 2026-01-31; term 1 charges 126.00 EUR, paid monthly."


def test_a_charge_of_nothing_leaves_no_posting() -> None:
    charges = (premium(12_000), fee(0))
    assert LedgerAccount.FEE not in postings_of(issue(EMPTY, build_policy(charges=charges)))


def test_the_first_policy_opens_the_account_in_its_currency_and_the_second_changes_nothing_of_that() -> None:
    first = issue(EMPTY, build_policy())
    assert first.opens_account_in == "EUR"
    head = append_all(EMPTY, [first])
    assert (head.currency, head.standing) == ("EUR", Standing.OPEN)
    assert issue(head, build_policy("PAW-2")).opens_account_in is None


def test_the_first_installment_goes_on_the_agenda_two_weeks_before_it_is_due() -> None:
    assert open_account(build_policy()).agenda_on == INVOICE_DAY


def test_a_policy_is_recorded_on_the_day_it_was_received_and_not_on_the_day_it_begins() -> None:
    decision = issue(EMPTY, build_policy(), date(2025, 12, 9))
    assert decision.occurred_on == date(2025, 12, 9)


@pytest.mark.parametrize(
    ("received_on", "agenda_on"),
    [
        (date(2026, 1, 16), INVOICE_DAY),
        (INVOICE_DAY, INVOICE_DAY),
        (date(2026, 1, 18), date(2026, 1, 18)),
        (SIXTY_DAYS_LATE, SIXTY_DAYS_LATE),
    ],
)
def test_a_policy_received_after_its_first_invoice_day_is_due_on_the_day_it_was_received(
    received_on: date, agenda_on: date
) -> None:
    head = append_all(EMPTY, [issue(EMPTY, build_policy(), received_on)])
    assert head.agenda_on == agenda_on
    assert decide_next_invoice(head, [term_of(build_policy())], agenda_on - timedelta(days=1)) is None


def test_late_installments_are_all_invoiced_on_one_business_date_and_the_agenda_never_falls_behind_it() -> None:
    head = append_all(EMPTY, [issue(EMPTY, build_policy(), SIXTY_DAYS_LATE)])
    issued = []
    agenda = []
    for _ in range(4):  # three are late, the fourth decision finds nothing
        decision = decide_next_invoice(head, [term_of(build_policy())], SIXTY_DAYS_LATE)
        if decision is None:
            break
        head = append_all(head, [decision])
        issued.append((decision.entry_id, decision.occurred_on))
        agenda.append(head.agenda_on)
    assert issued == [(f"invoice#PAW-1#1#{number}", SIXTY_DAYS_LATE) for number in (1, 2, 3)]
    assert agenda == [SIXTY_DAYS_LATE, SIXTY_DAYS_LATE, date(2026, 4, 16)]
    assert decide_next_invoice(head, [term_of(build_policy())], SIXTY_DAYS_LATE) is None
    # Two weeks after their issue; the last would have been due on 31 March.
    assert [i.due_on for i in head.open_invoices] == [date(2026, 4, 15)] * 3


@pytest.mark.parametrize(
    ("billed_on", "due_on"),
    [
        (INVOICE_DAY, date(2026, 1, 31)),
        (date(2026, 1, 18), date(2026, 2, 1)),
        (date(2026, 1, 31), date(2026, 2, 14)),
    ],
    ids=["in time", "a day late", "on its first day"],
)
def test_an_invoice_is_never_due_sooner_after_its_issue_than_its_plan_wants(billed_on: date, due_on: date) -> None:
    head = open_account(build_policy())
    decision = decide_next_invoice(head, [term_of(build_policy())], billed_on)
    assert decision is not None
    assert due_day_of(decision) == due_on
    assert decision.opened_invoice == OpenInvoice("HOME0001-0001", due_on, 1_000)
    assert f"due {due_on}:" in decision.reason


def test_the_same_installment_is_the_same_fact_whichever_days_run_invoices_it() -> None:
    head, term = open_account(build_policy()), term_of(build_policy())
    early, late = (decide_next_invoice(head, [term], day) for day in (INVOICE_DAY, SIXTY_DAYS_LATE))
    assert early is not None
    assert late is not None
    assert (late.entry_id, late.facts) == (early.entry_id, early.facts)
    assert due_day_of(late) > due_day_of(early)


def test_an_invoice_over_nothing_is_due_as_planned() -> None:
    policy = build_policy(charges=(premium(1),))  # of which a twelfth is nothing
    decision = decide_next_invoice(open_account(policy), [term_of(policy)], SIXTY_DAYS_LATE)
    assert decision is not None
    assert decision.opened_invoice is None
    assert due_day_of(decision) == date(2026, 1, 31)


def test_two_plans_on_one_invoice_wait_for_the_longer_of_their_days() -> None:
    policies = [build_policy("PAW-1"), build_policy("PAW-2")]
    terms = [term_of(policies[0]), replace(term_of(policies[1]), lead_days=21)]
    decision = decide_next_invoice(open_account(*policies), terms, INVOICE_DAY)
    assert decision is not None
    assert due_day_of(decision) == date(2026, 2, 7)


def test_a_late_policy_beside_one_in_time_leaves_the_other_where_it_stands() -> None:
    book = Book()
    book.deliver_policy(build_policy("PAW-1"))
    book.bill(date(2026, 3, 17))
    book.deliver_policy(build_policy("PAW-2"), SIXTY_DAYS_LATE)
    assert book.bill(date(2026, 3, 31)) == 0
    assert book.bill(SIXTY_DAYS_LATE) == 3
    assert book.head.cursors == (
        TermCursor("PAW-1#1", 4, date(2026, 4, 16), 1_000, "EUR monthly"),
        TermCursor("PAW-2#1", 4, date(2026, 4, 16), 1_000, "EUR monthly"),
    )


def test_a_policy_event_delivered_again_on_a_later_day_is_a_repetition_that_moves_nothing() -> None:
    book = Book()
    book.deliver_policy(build_policy())
    before = book.head
    assert book.deliver_policy(build_policy(), SIXTY_DAYS_LATE) is Delivery.REPEATED
    assert book.head == before


def test_a_policy_in_another_currency_is_refused() -> None:
    with pytest.raises(PolicyRefusedError, match="invoiced in EUR, not USD"):
        issue(open_account(build_policy()), build_policy("PAW-2", currency="USD"))


def test_an_account_bills_at_most_200_policies_at_a_time() -> None:
    cursors = tuple(TermCursor(f"PAW-{n}#1", 1, INVOICE_DAY, 1_000, "EUR monthly") for n in range(TERMS_BILLING_MAX))
    full = AccountHead(ACCOUNT_ID, currency="EUR", cursors=cursors)
    with pytest.raises(PolicyRefusedError, match="already bills 200"):
        issue(full, build_policy("PAW-NEW"))
    issue(replace(full, cursors=cursors[1:]), build_policy("PAW-NEW"))


def test_money_that_came_before_the_first_policy_becomes_unapplied_cash() -> None:
    book = Book()
    book.deliver_movement(build_movement(amount_minor=700))
    book.deliver_policy(build_policy())
    assert book.head.balance_minor(LedgerAccount.SUSPENSE) == 0
    assert book.head.balance_minor(LedgerAccount.UNAPPLIED) == -700
    assert book.entries[-1].decision.reason.endswith("7.00 EUR that came before it is now the account's.")


def test_money_in_another_currency_that_came_before_the_first_policy_stays_in_suspense() -> None:
    book = Book()
    book.deliver_movement(build_movement(currency="USD", amount_minor=700))
    book.deliver_policy(build_policy())
    assert book.head.balance_minor(LedgerAccount.SUSPENSE, "USD") == -700
    assert book.head.balance_minor(LedgerAccount.UNAPPLIED) == 0


def test_money_taken_back_before_the_first_policy_goes_on_waiting_for_its_payment() -> None:
    book = Book()
    book.deliver_movement(build_movement(movement=Movement.RETURN, amount_minor=700))
    book.deliver_policy(build_policy())
    assert book.head.balance_minor(LedgerAccount.SUSPENSE) == 700
    assert book.head.open_invoices == ()


def test_of_money_that_waits_before_the_first_policy_only_what_came_is_the_accounts_own() -> None:
    book = Book()
    book.deliver_movement(build_movement("paid", amount_minor=500))
    book.deliver_movement(build_movement("back", movement=Movement.RETURN, amount_minor=700))
    book.deliver_policy(build_policy())
    assert book.head.balance_minor(LedgerAccount.SUSPENSE) == 700
    assert book.head.balance_minor(LedgerAccount.UNAPPLIED) == -500


def test_money_that_waits_in_suspense_on_an_open_account_is_left_there_by_the_next_policy() -> None:
    book = Book()
    book.deliver_policy(build_policy())
    book.deliver_movement(build_movement(movement=Movement.OTHER_DEBIT, amount_minor=300))
    book.deliver_policy(build_policy("PAW-2"))
    assert book.head.balance_minor(LedgerAccount.SUSPENSE) == 300


def test_nothing_is_invoiced_a_day_too_early() -> None:
    head = open_account(build_policy())
    assert decide_next_invoice(head, [term_of(build_policy())], date(2026, 1, 16)) is None


def test_an_account_without_policies_is_never_invoiced() -> None:
    assert decide_next_invoice(EMPTY, [], date(2199, 1, 1)) is None


def test_an_installment_is_invoiced_on_its_day() -> None:
    decision = decide_next_invoice(open_account(build_policy()), [term_of(build_policy())], INVOICE_DAY)
    assert decision is not None
    assert decision.entry_id == "invoice#PAW-1#1#1"
    assert decision.invoice_number == 1
    assert decision.opened_invoice == OpenInvoice("HOME0001-0001", date(2026, 1, 31), 1_000)
    assert postings_of(decision) == {LedgerAccount.RECEIVABLE: 1_000, LedgerAccount.UNBILLED: -1_000}
    assert decision.cursors == (TermCursor("PAW-1#1", 2, date(2026, 2, 14), 1_000),)
    assert decision.reason == "Invoice HOME0001-0001 for 10.00 EUR, due 2026-01-31: PAW-1 installment 1."


def test_the_payment_reference_of_an_invoice_leads_back_to_it() -> None:
    decision = decide_next_invoice(open_account(build_policy()), [term_of(build_policy())], INVOICE_DAY)
    assert decision is not None
    assert read_creditor_reference(decision.payment_reference or "") == InvoiceAddress(ACCOUNT_ID, 1)


def test_installments_of_one_account_that_fall_due_together_share_an_invoice() -> None:
    policies = [build_policy("PAW-1"), build_policy("PAW-2", charges=(premium(2_400),), plan="quarterly")]
    book = Book()
    for policy in reversed(policies):
        book.deliver_policy(policy)
    assert book.bill(INVOICE_DAY) == 1
    assert book.head.open_invoices == (OpenInvoice("HOME0001-0001", date(2026, 1, 31), 1_600),)
    assert book.entries[-1].entry_id == "invoice#PAW-1#1#1"
    assert [cursor.next_invoice_on for cursor in book.head.cursors] == [date(2026, 2, 14), date(2026, 4, 16)]


def test_installments_that_fall_due_on_different_days_are_invoiced_apart_oldest_first() -> None:
    book = Book()
    book.deliver_policy(build_policy("PAW-1"))
    book.deliver_policy(build_policy("PAW-2", effective_on=date(2026, 1, 20)))
    assert book.bill(INVOICE_DAY) == 2
    billed = [entry.decision for entry in book.entries if entry.decision.invoice_number]
    assert [invoice.facts["due_on"] for invoice in billed] == ["2026-01-20", "2026-01-31"]
    assert [entry.entry_id for entry in book.entries[2:]] == ["invoice#PAW-2#1#1", "invoice#PAW-1#1#1"]


def test_missed_days_are_caught_up_month_by_month_and_nothing_is_invoiced_twice() -> None:
    book = Book()
    book.deliver_policy(build_policy())
    assert book.bill(date(2026, 4, 16)) == 4
    billed = [entry.decision for entry in book.entries if entry.decision.invoice_number]
    assert [invoice.facts["due_on"] for invoice in billed] == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert book.bill(date(2026, 4, 16)) == 0
    assert book.bill(date(2026, 1, 17)) == 0
    assert book.head.balance_minor(LedgerAccount.RECEIVABLE) == 4_000


def test_after_the_last_installment_everything_is_billed_and_the_account_leaves_the_agenda() -> None:
    book = Book()
    book.deliver_policy(build_policy(charges=(premium(10_000),)))
    assert book.bill(date(2027, 1, 1)) == 12
    assert book.head.agenda_on is None
    assert book.head.balance_minor(LedgerAccount.UNBILLED) == 0
    assert book.head.balance_minor(LedgerAccount.RECEIVABLE) == 10_000
    assert book.head.invoice_count == 12


def test_a_policy_that_was_not_read_with_the_head_stops_billing_by_name() -> None:
    with pytest.raises(MissingTermError, match="PAW-1#1 of account HOME0001"):
        decide_next_invoice(open_account(build_policy()), [], INVOICE_DAY)


def test_unapplied_cash_settles_the_new_invoice_and_the_rest_stays() -> None:
    book = Book()
    book.deliver_policy(build_policy())
    book.deliver_movement(build_movement(amount_minor=1_200))
    book.bill(INVOICE_DAY)
    decision = book.entries[-1].decision
    assert decision.allocations == (Allocation("HOME0001-0001", 1_000),)
    assert postings_of(decision) == {LedgerAccount.UNBILLED: -1_000, LedgerAccount.UNAPPLIED: 1_000}
    assert not book.head.open_invoices
    assert book.head.balance_minor(LedgerAccount.UNAPPLIED) == -200
    book.bill(date(2026, 2, 14))
    assert book.head.open_invoices == (OpenInvoice("HOME0001-0002", date(2026, 2, 28), 800),)
    assert book.head.balance_minor(LedgerAccount.UNAPPLIED) == 0


def test_an_installment_of_nothing_moves_on_and_opens_no_invoice() -> None:
    # One cent in twelve slices: running totals 0.08, 0.17, ... round to a whole cent in the sixth month, at one half.
    book = Book()
    book.deliver_policy(build_policy(charges=(premium(1),)))
    assert book.bill(date(2026, 5, 17)) == 5
    assert not book.head.open_invoices
    assert book.bill(date(2026, 6, 16)) == 1
    assert book.head.open_invoices == (OpenInvoice("HOME0001-0006", date(2026, 6, 30), 1),)


def test_an_account_that_used_up_its_invoice_numbers_is_refused_rather_than_numbered_wrongly() -> None:
    head = replace(open_account(build_policy()), invoice_count=9_999)
    with pytest.raises(InvoiceNumbersUsedUpError, match="used up its 9999"):
        decide_next_invoice(head, [term_of(build_policy())], INVOICE_DAY)
    last = decide_next_invoice(replace(head, invoice_count=9_998), [term_of(build_policy())], INVOICE_DAY)
    assert last is not None
    assert last.invoice_number == 9_999


def test_a_policy_event_delivered_again_is_a_repetition_and_another_price_is_a_contradiction() -> None:
    book = Book()
    assert book.deliver_policy(build_policy()) is Delivery.RECORDED
    book.bill(INVOICE_DAY)
    assert book.deliver_policy(build_policy()) is Delivery.REPEATED
    assert book.deliver_policy(build_policy(charges=(premium(12_001),))) is Delivery.CONTRADICTED
    assert book.head.balance_minor(LedgerAccount.PREMIUM) == -12_000


def test_suspense_of_the_account_is_released_in_the_currency_of_the_policy_only() -> None:
    book = Book()
    book.deliver_movement(build_movement("euro", amount_minor=5))
    book.deliver_movement(build_movement("dollar", amount_minor=7, currency="USD"))
    book.deliver_policy(build_policy())
    decision = book.entries[-1].decision
    assert Posting(LedgerAccount.SUSPENSE, "EUR", 5) in decision.postings
    assert {posting.currency for posting in decision.postings} == {"EUR"}
