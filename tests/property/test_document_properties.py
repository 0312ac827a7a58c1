"""Whatever an account lives through, its documents tie to the ledger to the minor unit."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.domain.billing.documents import (
    StatementDocument,
    invoice_as_json,
    make_invoice_document,
    make_statement_between,
    make_statement_of_invoice,
)
from pawledger.domain.books.entries import EntryKind, LedgerAccount
from tests.builders.documents import AccountStory, build_creditor

FIRST_DAY = date(2026, 1, 1)
days = st.integers(0, 60).map(lambda count: FIRST_DAY + timedelta(days=count))
codes = st.sampled_from(["tax:ipt", "fee:installment", "fee:policy"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("invoice"), days, st.integers(0, 20_000), st.lists(st.tuples(codes, st.integers(0, 999)))),
        st.tuples(st.just("pay"), days, st.integers(1, 30_000)),
        st.tuples(st.just("take_back"), days, st.integers(1, 30_000)),
    ),
    max_size=25,
)


def tell(told: list[tuple[object, ...]]) -> AccountStory:
    """A story whose days do not follow each other: banks tell late, and of several days at once."""
    story = AccountStory()
    story.open(FIRST_DAY)
    for step in told:
        match step:
            case ("invoice", date() as on, int() as premium_minor, list() as charges):
                story.invoice(on, [("premium", premium_minor), *charges])
            case ("pay", date() as on, int() as amount_minor):
                story.pay(on, amount_minor)
            case ("take_back", date() as on, int() as amount_minor):
                story.take_back(on, amount_minor)
            case _:
                pytest.fail(f"no such step: {step}")
    return story


def check_sums(statement: StatementDocument) -> None:
    assert statement.opening_minor + sum(line.amount_minor for line in statement.lines) == statement.closing_minor
    assert statement.closing_minor == statement.owed_minor - statement.unapplied_minor
    assert all(invoice.remaining_minor > 0 for invoice in statement.open_invoices)
    balances = [statement.opening_minor, *(line.balance_minor for line in statement.lines)]
    assert [after - before for before, after in pairwise(balances)] == [line.amount_minor for line in statement.lines]


@given(steps)
def test_a_statement_of_all_days_ends_where_the_ledger_ends(told: list[tuple[object, ...]]) -> None:
    story = tell(told)

    statement = make_statement_between(
        story.entries, first_day=FIRST_DAY, last_day=FIRST_DAY + timedelta(days=60), creditor=build_creditor()
    )

    check_sums(statement)
    assert statement.opening_minor == 0
    assert statement.owed_minor == story.head.balance_minor(LedgerAccount.RECEIVABLE)
    assert statement.unapplied_minor == -story.head.balance_minor(LedgerAccount.UNAPPLIED)
    assert statement.unallocated_minor == statement.unapplied_minor
    assert [(i.invoice_id, i.due_on, i.remaining_minor) for i in statement.open_invoices] == [
        (i.invoice_id, i.due_on, i.remaining_minor) for i in story.head.open_invoices
    ]


@given(steps, st.lists(st.integers(1, 59), unique=True, max_size=5).map(sorted))
def test_periods_cover_every_entry_once_and_open_where_the_last_one_closed(
    told: list[tuple[object, ...]], cuts: list[int]
) -> None:
    story = tell(told)
    starts = [0, *cuts]
    ends = [cut - 1 for cut in (*cuts, 61)]

    statements = [
        make_statement_between(
            story.entries,
            first_day=FIRST_DAY + timedelta(days=start),
            last_day=FIRST_DAY + timedelta(days=end),
            creditor=build_creditor(),
        )
        for start, end in zip(starts, ends, strict=True)
    ]

    for statement in statements:
        check_sums(statement)
    assert [s.opening_minor for s in statements] == [0, *(s.closing_minor for s in statements[:-1])]
    shown = sorted(line.sequence for statement in statements for line in statement.lines)
    # What waits in suspense for its payment is not the account's yet, and on no statement.
    waiting = {each.sequence for each in story.entries if each.decision.kind is EntryKind.MONEY_SUSPENDED}
    assert shown == [number for number in range(2, len(story.entries) + 1) if number not in waiting]


@given(steps)
def test_statements_of_invoices_are_an_unbroken_chain_and_each_ends_where_the_ledger_stood(
    told: list[tuple[object, ...]],
) -> None:
    story = tell(told)
    closing_minor = 0
    for invoice in (entry for entry in story.entries if entry.decision.kind is EntryKind.INVOICE_ISSUED):
        statement = make_statement_of_invoice(story.entries, invoice, creditor=build_creditor())
        check_sums(statement)
        assert statement.opening_minor == closing_minor
        assert statement.unallocated_minor == statement.unapplied_minor >= 0
        closing_minor = statement.closing_minor


@given(steps)
def test_an_invoice_bills_what_it_opened_and_asks_for_what_is_left(told: list[tuple[object, ...]]) -> None:
    for entry in tell(told).entries:
        if entry.decision.kind is not EntryKind.INVOICE_ISSUED:
            continue
        document = invoice_as_json(make_invoice_document(entry, currency="EUR", creditor=build_creditor()))
        opened = entry.decision.opened_invoice
        assert document["amount_minor"] == (opened.remaining_minor if opened else 0)
        assert document["amount_minor"] == sum(total["amount_minor"] for total in document["totals"])
        assert 0 <= document["payable_minor"] <= document["amount_minor"]
        assert (document["payment_code"] is None) == (document["payable_minor"] == 0)
