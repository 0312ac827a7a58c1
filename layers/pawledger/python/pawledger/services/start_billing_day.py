"""Starting a billing day: every account whose agenda day has come is queued, also those of days that were missed."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Final

from pawledger.ports import Agenda, MessageQueue

BILLING_DAY: Final = "billing_day.v1"
BILL_ACCOUNTS: Final = "bill_accounts.v1"

CATCH_UP_DAYS: Final = 35
"""Missed days that one run catches up. A longer outage is caught up by running an earlier business date first."""

ACCOUNTS_PER_MESSAGE: Final = 100
"""At about 30 ms an account a message takes 3 s, far inside the function's timeout even on a bad day."""


def start_billing_day(business_date: date, *, agenda: Agenda, billing_queue: MessageQueue) -> int:
    """Queue the accounts whose agenda day is the business date or one of the `CATCH_UP_DAYS` before it.

    Fired ten times it queues the same accounts ten times, and each is still billed once. Returns how many were queued.
    """
    days = (business_date - timedelta(days=days_ago) for days_ago in range(CATCH_UP_DAYS, -1, -1))
    account_ids = (account_id for day in days for account_id in agenda.read_due_accounts(day))
    queued_count = 0

    def count_queued() -> Iterator[dict[str, object]]:
        nonlocal queued_count
        for message in _batch(account_ids, business_date):
            queued_count += len(message["account_ids"])  # type: ignore[arg-type]
            yield message

    billing_queue.send(count_queued())
    return queued_count


def _batch(account_ids: Iterator[str], business_date: date) -> Iterator[dict[str, object]]:
    while batch := list(islice(account_ids, ACCOUNTS_PER_MESSAGE)):
        yield {"schema": BILL_ACCOUNTS, "business_date": business_date.isoformat(), "account_ids": batch}
