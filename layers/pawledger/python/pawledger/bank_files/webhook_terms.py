"""What can be posted of the events of a provider's webhooks, as its profile says it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class WebhookTerms:
    """What an event cannot say itself."""

    since: date
    """First day of charges, refunds and payouts that events may tell: those of before are told by the report alone."""
    currencies: frozenset[str]
    """ISO 4217 codes of the balances that the provider keeps for us: money in another one is booked converted."""
    takes_test_events: bool = False
    """Whether money of the provider's test mode is posted, as in an environment for trying things out."""
