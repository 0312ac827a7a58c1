"""A small book of policies over three years, with every kind of event: each month closes, and nothing is lost."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import pytest

from pawledger.domain.books.entries import EntryKind, LedgerAccount
from pawledger.domain.books.ledger import replay_entries
from pawledger.domain.closing.completeness import MonthCounts
from pawledger.domain.policy.policies import ALL_TERMS, BilledTerm, sum_by_code
from pawledger.domain.policy.policy_events import EVENT_TYPES
from tests.simulation.policy_years import PolicyYears

POLICIES = 120
YEARS = 3


@pytest.fixture(scope="module", params=[1, 2, 3])
def years(request: pytest.FixtureRequest) -> PolicyYears:
    return PolicyYears().live(request.param, POLICIES, YEARS)


def terms_of(years: PolicyYears) -> Iterator[BilledTerm]:
    for account_id in years.world.rows.heads:
        yield from years.ledger.read_terms(account_id, *ALL_TERMS)


def test_every_kind_of_event_happened_and_days_were_missed_and_repeated(years: PolicyYears) -> None:
    told = {*EVENT_TYPES, EntryKind.INVOICE_ISSUED, EntryKind.PAYMENT_POSTED}
    assert set(years.ledger.appended) == told
    assert years.days_missed > 50
    assert years.days_repeated > 50
    assert years.refused == []


def test_every_month_closes_with_a_trial_balance_of_zero(years: PolicyYears) -> None:
    assert len(years.closed) == 12 * YEARS
    assert [(each.unbalanced_accounts, each.trial_balance_minor) for each in years.closed] == [(0, 0)] * 36


def test_every_month_of_cover_is_exactly_one_of_invoiced_held_and_to_come(years: PolicyYears) -> None:
    for closed in years.closed:
        months = closed.months
        assert (months.late, months.unexplained) == (0, 0)
        assert months.begun == months.invoiced + months.held + months.to_come
    assert years.closed[-1].months.invoiced > 10 * POLICIES


def test_no_invoice_is_negative(years: PolicyYears) -> None:
    assert years.invoice_count > 1_000
    assert years.negative_invoices == 0


def test_what_is_charged_is_what_is_on_installments_less_what_was_given_back(years: PolicyYears) -> None:
    for term in terms_of(years):
        standing = [charge for each in term.installments if not each.is_withdrawn for charge in each.charges]
        billed = Counter(sum_by_code(standing))
        billed.subtract(sum_by_code(term.credits))
        assert {code: minor for code, minor in billed.items() if minor} == {
            code: minor for code, minor in sum_by_code(term.charges).items() if minor
        }


def test_every_head_is_what_its_entries_lead_to_and_charges_are_what_its_terms_say(years: PolicyYears) -> None:
    charged = {
        account_id: sum(term.amount_minor for term in terms)
        for account_id, terms in groupby(terms_of(years), key=lambda term: term.account_id)
    }
    for head in years.ledger.scan_heads():
        entries = years.ledger.read_entries_from(head.account_id, "")
        assert replay_entries(head.account_id, entries) == head
        income = (LedgerAccount.PREMIUM, LedgerAccount.TAX, LedgerAccount.FEE, LedgerAccount.DISCOUNT)
        assert -sum(head.balance_minor(name) for name in income) == charged.get(head.account_id, 0)


def test_the_same_seed_lives_the_same_life() -> None:
    first, second = (PolicyYears().live(9, 20, 1) for _ in range(2))
    assert first.closed == second.closed
    assert first.closed[-1].months != MonthCounts()
