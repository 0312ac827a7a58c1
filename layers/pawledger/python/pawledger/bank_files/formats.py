"""What kinds of bank files there are: statements of an account, and advices that tell more of what those tell."""

from typing import Final

EVENT_KINDS: Final = frozenset({"adyen.events", "gocardless.events", "stripe.events"})
"""Bodies of webhooks. What they tell a report tells again, so that they are advices; of whatever is in them that is not
posted nobody need be told, because there are thousands of them."""

ADVICE_KINDS: Final = EVENT_KINDS | frozenset(
    {
        *("bacs.addacs", "bacs.arudd", "bacs.auddis", "bacs.ddica", "lockbox", "nacha"),
        *("pacs.002", "pacs.004", "pain.001", "pain.002", "pain.008"),
    }
)
"""Kinds that tell, one by one, what the account's statement books as well, alone or in a sum.

If both were posted, the same money would be posted twice, and nothing in the files leads from one to the other. So an
advice is posted only where the provider's profile says that it is the one that counts."""


STATEMENT_KINDS: Final = frozenset(
    {
        "adyen.accounting",
        "adyen.settlement",
        "bai2",
        "camt.052",
        "camt.053",
        "camt.054",
        "gocardless.payout_items",
        "gocardless.payouts",
        "mt940",
        "mt942",
        "ofx",
        "paypal.stl",
        "stripe",
    }
)
"""Kinds that tell the bookings of an account. Mapped files (`csv:<name>`) are statements as well."""

CSV_PREFIX: Final = "csv:"
"""What the format name of a file begins with that is read by a mapping; the mapping's name follows."""


def report_kind_of(format_name: str) -> str:
    """The kind of report of a format: `camt.053` of `camt.053.001.08`; formats without versions are their own kind."""
    return ".".join(format_name.split(".")[:2])
