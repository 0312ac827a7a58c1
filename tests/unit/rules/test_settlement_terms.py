"""Settlement terms: until when a payout arrives, and how names are compared."""

from datetime import date

import pytest

from pawledger.rules.settlement_terms import SettlementTerms, plain_words


def terms_of(days: int, *holidays: str) -> SettlementTerms:
    return SettlementTerms("bank", None, ("STRIPE",), days, holidays, frozenset())


@pytest.mark.parametrize(
    ("paid_on", "days", "last"),
    [
        # 23 December 2026 is a Wednesday; the 24th is open, the 25th a holiday, then comes a weekend.
        (date(2026, 12, 23), 1, date(2026, 12, 24)),
        (date(2026, 12, 23), 2, date(2026, 12, 28)),
        (date(2026, 12, 26), 1, date(2026, 12, 28)),
        (date(2026, 12, 23), 0, date(2026, 12, 23)),
    ],
)
def test_business_days_are_those_on_which_banks_are_open(paid_on: date, days: int, last: date) -> None:
    def is_christmas(name: str, day: date) -> bool:
        assert name == "TARGET"
        return day == date(2026, 12, 25)

    assert terms_of(days, "TARGET").last_arrival(paid_on, is_christmas) == last


def test_further_days_are_business_days_too() -> None:
    # Friday the 20th, two business days are Tuesday, a further one is Wednesday.
    last = terms_of(2).last_arrival(date(2026, 11, 20), lambda _name, _day: False, further_days=1)
    assert last == date(2026, 11, 25)


def test_names_are_compared_by_their_letters_and_digits() -> None:
    assert plain_words(" Stripe, Payments-UK  Ltd. ") == "STRIPE PAYMENTS UK LTD"
