"""How a payment provider pays out: what the bank calls it, how long it takes, which rows of its reports are payouts."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

ARRIVAL_DAYS_MAX: Final = 20
"""Business days; a provider that takes longer than a month is not one that pays out."""

DESCRIPTOR_CHARACTERS_MIN: Final = 4
"""A shorter name would be found in any text."""

PAYOUT_CODES: Final[dict[str, frozenset[str]]] = {
    "stripe": frozenset(("payout", "payout_reversal", "topup", "topup_reversal")),
    "adyen.settlement": frozenset(("merchantpayout", "merchantpayoutreversed", "merchantpayoutfailed")),
    "adyen.accounting": frozenset(("merchantpayout", "merchantpayoutreversed", "merchantpayoutfailed")),
    "paypal.stl": frozenset(("t0300", "t0301", "t0302", "t0303", "t0400", "t0401", "t0402", "t0403")),
}
"""By kind of report, in small letters: rows of our own money that go to or come from a bank account.

Reserves, holds, conversions and transfers between balances stay with the provider. Sources: Stripe, "Reporting
categories"; Adyen, journal types of the settlement details report; PayPal, "Transaction event codes", groups 03 (bank
deposits into the account) and 04 (withdrawals to a bank). Other reports have no such rows but payouts.
"""

_SPACES: Final = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class SettlementTerms:
    """Where and how a provider's payouts are seen at the bank."""

    bank: str
    """The provider that drops the statements of the bank account."""
    account: str | None
    """The bank account, without blanks, letters in capitals; None where any of that bank is meant."""
    descriptors: tuple[str, ...]
    """What the bank calls the provider, as `plain_words` writes it; one of them is enough."""
    days_until_arrival: int
    """Business days from the payout to its line."""
    holidays: tuple[str, ...]
    """On whose holidays nothing arrives, as in a delivery calendar."""
    codes: frozenset[str]
    """Type codes, in small letters, of the rows that are payouts; empty where all rows of our own money are."""

    def last_arrival(self, paid_on: date, is_holiday: Callable[[str, date], bool], *, further_days: int = 0) -> date:
        """The last business day on which a payout of a day arrives, and `further_days` of them later."""
        day, left = paid_on, self.days_until_arrival + further_days
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5 and not any(is_holiday(name, day) for name in self.holidays)
        return day


def plain_words(text: str) -> str:
    """A text as names in statements are compared: capitals and digits, all else one blank."""
    return _SPACES.sub(" ", text.upper()).strip()
