"""Billing: every invoice that is due once, whatever the schedule does, and neighbours unharmed."""

from datetime import date, timedelta

import pytest

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.ports import HeadMovedError
from pawledger.services.billing import bill_accounts as module
from pawledger.services.billing.bill_accounts import (
    AccountsNotBilledError,
    EndlessBillingError,
    InvoiceIssued,
    bill_account,
    bill_accounts,
    sum_by_currency,
)
from pawledger.services.billing.plan_run import ACCOUNTS_PER_MESSAGE
from pawledger.services.billing.start_billing_day import start_billing_day
from pawledger.services.messages import MessageRefusedError
from tests.builders.policies import ACCOUNT_ID, build_policy, premium
from tests.builders.services import bill_message, connect_billing, record_policy, without
from tests.fakes.memory import MemoryWorld

FIRST_INVOICE_ON = date(2026, 1, 17)
"""Fourteen days before the cover begins on 31 January."""


def build_world(*account_ids: str) -> MemoryWorld:
    world = MemoryWorld()
    for account_id in account_ids or (ACCOUNT_ID,):
        record_policy(world, build_policy(f"PAW-{account_id}", account_id=account_id))
    return world


def bill(world: MemoryWorld, business_date: date, *account_ids: str) -> list[InvoiceIssued]:
    message = bill_message(business_date, account_ids or (ACCOUNT_ID,))
    return bill_accounts(message, ledger=world.ledger, runs=world.run_book, pause=world.pause)


def head_of(world: MemoryWorld, account_id: str = ACCOUNT_ID) -> AccountHead:
    head = world.ledger.read_head(account_id, consistent=True)
    assert head is not None
    return head


def run_day(world: MemoryWorld, business_date: date) -> list[InvoiceIssued]:
    """The schedule fires once and the queue is worked off."""
    start_billing_day(business_date, ports=connect_billing(world))
    issued: list[InvoiceIssued] = []
    for message in world.billing_queue.take():
        issued += bill_accounts(message, ledger=world.ledger, runs=world.run_book, pause=world.pause)
    return issued


def test_nothing_is_invoiced_before_its_day() -> None:
    world = build_world()
    assert bill(world, FIRST_INVOICE_ON - timedelta(days=1)) == []


def test_an_invoice_is_issued_on_its_day_with_number_amount_and_currency() -> None:
    world = build_world()
    assert bill(world, FIRST_INVOICE_ON) == [InvoiceIssued(ACCOUNT_ID, 1, "EUR", 1_000)]
    assert head_of(world).balance_minor(LedgerAccount.RECEIVABLE) == 1_000


@pytest.mark.parametrize("times", [1, 2, 10])
def test_a_schedule_fired_any_number_of_times_issues_each_invoice_once(times: int) -> None:
    world = build_world()
    issued = [invoice for _ in range(times) for invoice in run_day(world, FIRST_INVOICE_ON)]
    assert issued == [InvoiceIssued(ACCOUNT_ID, 1, "EUR", 1_000)]
    assert head_of(world).invoice_count == 1


def test_a_schedule_that_never_fired_is_caught_up_each_invoice_once() -> None:
    world = build_world()
    # Due to be invoiced on 17 January, 14 February, 17 March; nobody ran the days between.
    assert [i.invoice_number for i in run_day(world, FIRST_INVOICE_ON)] == [1]
    assert [i.invoice_number for i in run_day(world, date(2026, 3, 17))] == [2, 3]


def test_days_run_out_of_order_issue_each_invoice_once() -> None:
    world = build_world()
    run_day(world, date(2026, 2, 14))
    run_day(world, FIRST_INVOICE_ON)
    assert head_of(world).invoice_count == 2


def test_a_whole_term_is_invoiced_to_the_cent_and_leaves_the_agenda() -> None:
    world = MemoryWorld()
    record_policy(world, build_policy(charges=(premium(10_001),)))
    issued = bill(world, date(2027, 12, 31))
    assert len(issued) == 12
    assert sum(invoice.amount_minor for invoice in issued) == 10_001
    assert head_of(world).agenda_on is None
    assert head_of(world).balance_minor(LedgerAccount.UNBILLED) == 0


def test_installments_of_zero_are_issued_and_open_nothing() -> None:
    world = MemoryWorld()
    record_policy(world, build_policy(charges=(premium(5),)))
    issued = bill(world, date(2027, 12, 31))
    assert sorted(invoice.amount_minor for invoice in issued) == [0] * 7 + [1] * 5
    assert sum(invoice.remaining_minor for invoice in head_of(world).open_invoices) == 5
    assert len(head_of(world).open_invoices) == 5


def test_policies_that_fall_due_on_one_day_share_an_invoice() -> None:
    world = build_world()
    record_policy(world, build_policy("PAW-2", plan="annual", charges=(premium(500),)))
    assert bill(world, FIRST_INVOICE_ON) == [InvoiceIssued(ACCOUNT_ID, 1, "EUR", 1_500)]


def test_an_unknown_account_has_nothing_due() -> None:
    assert bill(MemoryWorld(), FIRST_INVOICE_ON, "NOSUCH01") == []


def test_a_message_delivered_twice_bills_once() -> None:
    world = build_world()
    assert len(bill(world, FIRST_INVOICE_ON)) == 1
    assert bill(world, FIRST_INVOICE_ON) == []


def test_an_account_named_twice_in_a_message_is_billed_once() -> None:
    world = build_world()
    assert len(bill(world, FIRST_INVOICE_ON, ACCOUNT_ID, ACCOUNT_ID)) == 1


def test_a_failing_account_harms_no_neighbour_and_the_message_comes_again() -> None:
    world = build_world("BEFORE01", "POISON01", "BEHIND01")

    def refuse(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append" and getattr(arguments[0], "account_id", None) == "POISON01":
            raise HeadMovedError("another writer was first")

    world.before_call = refuse
    with pytest.raises(AccountsNotBilledError, match="POISON01"):
        bill(world, FIRST_INVOICE_ON, "BEFORE01", "POISON01", "BEHIND01")
    assert [head_of(world, name).invoice_count for name in ("BEFORE01", "POISON01", "BEHIND01")] == [1, 0, 1]
    world.before_call = lambda port, method, arguments: None
    assert [i.account_id for i in bill(world, FIRST_INVOICE_ON, "BEFORE01", "POISON01", "BEHIND01")] == ["POISON01"]


def test_a_policy_that_is_missing_for_good_is_named() -> None:
    world = build_world()
    world.rows.terms.clear()
    with pytest.raises(AccountsNotBilledError, match="PAW-HOME0001"):
        bill(world, FIRST_INVOICE_ON)


def test_an_account_whose_head_is_read_stale_is_billed_all_the_same() -> None:
    world = build_world()
    world.staleness_of = lambda account_id: 1
    assert len(bill(world, FIRST_INVOICE_ON)) == 1


def test_a_policy_that_joined_an_invoice_meanwhile_is_no_conflict() -> None:
    world = build_world()
    record_policy(world, build_policy("PAW-ZZ", charges=(premium(600),)))
    assert len(bill(world, FIRST_INVOICE_ON)) == 1
    # A reader that lags two writes behind sees neither the second policy nor the invoice that holds both.
    world.staleness_of = lambda account_id: 2
    assert bill(world, FIRST_INVOICE_ON) == []


def test_billing_that_never_ends_is_stopped_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    world = build_world()
    monkeypatch.setattr(module, "INVOICES_PER_RUN_MAX", 11)
    with pytest.raises(EndlessBillingError, match="more than 11"):
        bill_account(ACCOUNT_ID, date(2027, 12, 31), ledger=world.ledger, pause=world.pause)


def test_a_full_message_is_read_and_one_account_more_is_refused() -> None:
    world = MemoryWorld()
    assert bill(world, FIRST_INVOICE_ON, *[f"ACCT{n:04d}" for n in range(ACCOUNTS_PER_MESSAGE)]) == []
    with pytest.raises(MessageRefusedError, match=f"account_ids should be a list of at most {ACCOUNTS_PER_MESSAGE}"):
        bill(world, FIRST_INVOICE_ON, *[f"ACCT{n:04d}" for n in range(ACCOUNTS_PER_MESSAGE + 1)])


@pytest.mark.parametrize("name", ["schema", "business_date", "account_ids"])
def test_a_message_without_a_field_is_refused_by_its_name(name: str) -> None:
    world = build_world()
    message = without(bill_message(FIRST_INVOICE_ON, [ACCOUNT_ID]), name)
    with pytest.raises(MessageRefusedError, match=f"field {name} is missing"):
        bill_accounts(message, ledger=world.ledger, runs=world.run_book, pause=world.pause)
    assert head_of(world).invoice_count == 0


def test_invoices_are_summed_by_currency() -> None:
    invoices = [InvoiceIssued("A", 1, "EUR", 5), InvoiceIssued("B", 1, "GBP", 7), InvoiceIssued("C", 1, "EUR", 2)]
    assert sum_by_currency(invoices) == {"EUR": 7, "GBP": 7}
