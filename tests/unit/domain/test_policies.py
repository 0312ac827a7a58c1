"""Terms as they are billed: how they are stored and named."""

from dataclasses import replace
from datetime import date

from pawledger.domain.policy.policies import Charge, sum_by_code, term_as_json, term_from_json, terms_of_policy
from tests.builders.policies import build_policy, discount, premium, tax, term_of

TERM = term_of(build_policy(charges=(premium(12_000), tax(600), discount(-100))))


def test_a_term_is_read_back_as_it_was_written() -> None:
    credited = replace(TERM, credits=(Charge("premium", 5),), hold="late", is_separate=True)
    withdrawn = replace(TERM.installments[0], is_withdrawn=True)
    for term in (TERM, credited, replace(TERM, installments=(withdrawn, *TERM.installments[1:]))):
        # How a charge was computed is kept in the entry that made it, and not beside the term.
        plain = replace(term, charges=tuple(Charge(c.code, c.amount_minor) for c in term.charges))
        assert term_from_json(term_as_json(term)) == plain


def test_the_terms_of_a_policy_lie_between_two_texts_and_no_other_policys_do() -> None:
    first, last = terms_of_policy("PAW-1")
    assert first <= "PAW-1#1" <= last
    assert first <= "PAW-1#27" <= last
    for other in ("PAW-1-A#1", "PAW-10#1", "PAW-1.5#1", "PAW-1_#1", "PAW-#1"):
        assert not first <= other <= last


def test_amounts_are_summed_by_what_they_are_for() -> None:
    assert sum_by_code((Charge("premium", 5), Charge("tax:ipt", 1), Charge("premium", -2))) == {
        "premium": 3,
        "tax:ipt": 1,
    }


def test_the_first_invoice_day_is_two_weeks_before_the_first_day_of_cover() -> None:
    assert (TERM.installments[0].invoice_on, TERM.installments[0].due_on) == (date(2026, 1, 17), date(2026, 1, 31))
