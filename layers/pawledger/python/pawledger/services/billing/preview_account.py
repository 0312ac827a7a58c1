"""Previewing an account: what it will be billed, also if an event came that has not been sent; nothing is written."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from pawledger.domain.billing.previews import EventPreview, Preview, PreviewGround, preview_account, preview_event
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import POLICY_ENTRIES
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import PawledgerError
from pawledger.domain.policy.policies import ALL_TERMS
from pawledger.domain.policy.policy_checks import check_policy_event
from pawledger.domain.policy.policy_decisions import decide_policy_event
from pawledger.domain.policy.policy_events import PolicyEvent
from pawledger.ports import HeadMovedError, Ledger
from pawledger.services.billing.policy_messages import read_policy_event
from pawledger.services.billing.record_policy_event import events_of, read_policy_ground

READS_MAX: Final = 5
"""An account changes some times a day; one that changes during so many reads is being billed just now."""


class UnknownAccountError(PawledgerError):
    """There is no account of that id."""


class PreviewDaysError(PawledgerError):
    """The last day of a preview comes before its first."""


class EventOfOtherAccountError(PawledgerError):
    """The event to be previewed is of another account."""


class EventRecordedError(PawledgerError):
    """The event to be previewed was recorded already: the bill is as it made it."""


def foresee_bill(account_id: str, first_day: date, until: date, *, ledger: Ledger, rulebook: Rulebook) -> Preview:
    """What an account will be billed on each day up to the last, from what stands in the ledger now.

    Raises `PreviewDaysError`, `UnknownAccountError`, `HeadMovedError` where the account changes all the time, and what
    `preview_account` raises.
    """
    _check_days(first_day, until)
    head, ground = _read_ground(account_id, first_day, until, ledger, rulebook)
    if head is None:
        raise UnknownAccountError(f"there is no account {account_id} in this environment; it begins with its policy")
    return preview_account(ground)


def foresee_event(
    account_id: str, message: object, first_day: date, until: date, *, ledger: Ledger, rulebook: Rulebook
) -> EventPreview:
    """The bill of an account without the event of a message and with it, as if it came on the first day.

    The account need not be there yet: its first policy begins it. Whether the event's mandate pays another account is
    not looked up.

    Raises what `foresee_bill` raises but `UnknownAccountError`, `EventOfOtherAccountError`, `EventRecordedError`,
    `EntryConflictError` where the event contradicts a recorded one, and what refuses the event when it is sent:
    `MessageRefusedError`, `PolicyRefusedError`, `UnknownRuleError`, `IdentifierError`, `UnknownCurrencyError`.
    """
    _check_days(first_day, until)
    event = read_policy_event(message)
    check_policy_event(event, rulebook)
    if event.account_id != account_id:
        raise EventOfOtherAccountError(f"the event is of account {event.account_id}, not of {account_id}")
    head, ground = _read_ground(account_id, first_day, until, ledger, rulebook)
    policy_ground = read_policy_ground(ground.head, event, first_day, ledger=ledger, rulebook=rulebook)
    if _is_recorded(event, policy_ground.events):
        raise EventRecordedError(
            f"transaction {event.transaction_number} of policy {event.policy_id} was recorded already; "
            "the preview without it shows the bill that it made"
        )
    if ledger.read_head(account_id, consistent=True) != head:
        raise HeadMovedError(f"account {account_id} changed while it was read; try again")
    return preview_event(ground, event, decide_policy_event(policy_ground, event))


def _check_days(first_day: date, until: date) -> None:
    if until < first_day:
        raise PreviewDaysError(f"a preview from {first_day} cannot end on {until}")


def _is_recorded(event: PolicyEvent, recorded: Sequence[PolicyEvent]) -> bool:
    return any(known.transaction_number == event.transaction_number for known in recorded)


def _read_ground(
    account_id: str, first_day: date, until: date, ledger: Ledger, rulebook: Rulebook
) -> tuple[AccountHead | None, PreviewGround]:
    """Head, terms and events of one moment, read again while the account changes."""
    for _ in range(READS_MAX):
        head = ledger.read_head(account_id, consistent=True)
        terms = ledger.read_terms(account_id, *ALL_TERMS)
        entries = ledger.read_entries_from(account_id, POLICY_ENTRIES)
        if ledger.read_head(account_id, consistent=True) == head:
            return head, PreviewGround(
                head=head or AccountHead(account_id),
                terms=terms,
                events=tuple(events_of(entries)),
                rulebook=rulebook,
                first_day=first_day,
                until=until,
            )
    raise HeadMovedError(f"account {account_id} changed during {READS_MAX} reads; try again")
