"""Resolutions: what a person decides about a discrepancy, as entries; nothing is ever edited.

A resolution is a list of entries with one id. Money leaves where it waits by the first and arrives at other accounts by
one each, against `clearing` (decision 0070). All is pure: a preview decides the same entries and appends none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from pawledger.domain.books.entries import (
    RESOLUTION_ENTRIES,
    UNDO_ENTRIES,
    Allocation,
    Decision,
    Entry,
    EntryKind,
    LedgerAccount,
    OpenInvoice,
    Posting,
)
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.money_origins import FROM
from pawledger.domain.books.reversals import Reversal, check_nothing_used, reverse_entry
from pawledger.domain.books.waiting_money import TAKES, UNDOES, WaitingMoney
from pawledger.domain.canonical import hash_value
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import write_amount
from pawledger.domain.posting.allocation import allocate_in_turn, allocate_oldest_first, sum_of
from pawledger.domain.worklist.discrepancies import Discrepancy, ResolutionCommand

RESOLUTION_ID_LENGTH: Final = 24
"""96 bits of SHA-256: more resolutions than there will ever be payments."""

SHARES_MAX: Final = 20
"""Accounts over which one payment is split: a household, an employer's group; more is a file, not a payment."""

_SHARES: Final = "shares"


class CommandDoesNotFitError(PawledgerError):
    """A command cannot resolve a discrepancy of this kind; the text names those that can."""


class AmountNotPositiveError(PawledgerError):
    """An amount to be resolved is zero or negative."""


class AmountBeyondError(PawledgerError):
    """More is asked for than is there, or than one person may decide; the text says how much is."""


class InvoiceNotOpenError(PawledgerError):
    """An invoice that is named is not open, or it is not clear which one is meant."""


class TargetUnknownError(PawledgerError):
    """No account of that id has a policy, so that no money can be put to it."""


class TargetCurrencyError(PawledgerError):
    """An account is invoiced in another currency than the money has."""


class SharesInvalidError(PawledgerError):
    """The shares of a payment are none, too many, or name one account twice."""


class PaymentChangedError(PawledgerError):
    """A payment was taken back, moved or used by a person since; the text names the entry that did."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of some money that goes to one account."""

    account_id: str
    amount_minor: int | None = None
    """None for all that is left, or that is open of the invoices named."""
    invoice_ids: tuple[str, ...] = ()
    """Which invoices it settles; none for the oldest."""


@dataclass(frozen=True, slots=True)
class ResolutionRequest:
    """What a person asks for."""

    command: ResolutionCommand
    shares: tuple[Share, ...] = ()
    invoice_id: str | None = None
    amount_minor: int | None = None
    payment: tuple[str | None, str] | None = None
    """The payment that a return takes back: its ledger, where that is named, and its entry."""
    payment_file: str | None = None
    """The file whose refunds the bank booked as one debit."""

    def as_json(self) -> list[Any]:
        """What makes it the same request when it is made again."""
        asked: list[Any] = [str(self.command), _shares_as_json(self.shares), self.invoice_id, self.amount_minor]
        asked += self.payment or ()
        return [*asked, self.payment_file] if self.payment_file else asked


@dataclass(frozen=True, slots=True)
class Resolution:
    """A request with what every entry of it says."""

    resolution_id: str
    discrepancy: Discrepancy
    request: ResolutionRequest
    decided_on: date
    actor: str
    reason: str

    def entry_id(self, number: int) -> str:
        """The id of its n-th entry, from 1."""
        return f"{RESOLUTION_ENTRIES}{self.resolution_id}#{number}"


def resolution_id_of(discrepancy_id: str, opening_count: int, request: ResolutionRequest) -> str:
    """The same for every repetition of one command about one discrepancy, until that is opened once more."""
    return hash_value([discrepancy_id, opening_count, request.as_json()])[:RESOLUTION_ID_LENGTH]


def check_request(discrepancy: Discrepancy, request: ResolutionRequest) -> None:
    """Refuse what can be refused without looking into a ledger.

    Raises `CommandDoesNotFitError`, `AmountNotPositiveError`, `SharesInvalidError`.
    """
    fitting = discrepancy.terms.resolutions
    if request.command not in fitting:
        raise CommandDoesNotFitError(
            f"{request.command} does not resolve {discrepancy.kind.replace('_', ' ')}; what does: {', '.join(fitting)}"
        )
    amounts = [request.amount_minor, *(share.amount_minor for share in request.shares)]
    if any(amount_minor is not None and amount_minor <= 0 for amount_minor in amounts):
        raise AmountNotPositiveError("an amount to be resolved is more than zero")
    account_ids = [share.account_id for share in request.shares]
    if request.command is ResolutionCommand.SPLIT and not 1 < len(account_ids) <= SHARES_MAX:
        raise SharesInvalidError(f"a payment is split over 2 to {SHARES_MAX} accounts")
    if len(set(account_ids)) < len(account_ids):
        raise SharesInvalidError("each account is named once; name its invoices together")


def settle_shares(
    waiting: WaitingMoney, request: ResolutionRequest, heads: Mapping[str, AccountHead]
) -> tuple[Share, ...]:
    """The shares with their amounts, each of which its account can take.

    Raises `AmountBeyondError`, `TargetUnknownError`, `TargetCurrencyError`, `InvoiceNotOpenError`.
    """
    left_minor = waiting.left_minor
    settled = []
    for share in request.shares:
        named = check_target(heads.get(share.account_id), share, waiting.currency)
        open_minor = sum(invoice.remaining_minor for invoice in named)
        amount_minor = share.amount_minor
        if amount_minor is None:
            amount_minor = min(left_minor, open_minor) if share.invoice_ids else left_minor
        if share.invoice_ids and amount_minor > open_minor:
            raise AmountBeyondError(
                f"of the invoices named {write_amount(open_minor, waiting.currency)} is open, not "
                f"{write_amount(amount_minor, waiting.currency)}"
            )
        _check_within(amount_minor, left_minor, waiting)
        left_minor -= amount_minor
        settled.append(Share(share.account_id, amount_minor, share.invoice_ids))
    return tuple(settled)


def check_target(head: AccountHead | None, share: Share, currency: str) -> Sequence[OpenInvoice]:
    """The open invoices that a share names on its account.

    Raises `TargetUnknownError`, `TargetCurrencyError`, `InvoiceNotOpenError`.
    """
    if head is None or head.currency is None:
        raise TargetUnknownError(f"there is no account {share.account_id} with a policy")
    if head.currency != currency:
        raise TargetCurrencyError(f"account {head.account_id} is invoiced in {head.currency}, the money is {currency}")
    return _named_invoices(head, share.invoice_ids)


def decide_departure(
    resolution: Resolution, head: AccountHead, waiting: WaitingMoney, shares: Sequence[Share]
) -> Decision:
    """The first entry: money leaves where it waits; the share of the same account settles its invoices at once."""
    total_minor = sum(share.amount_minor or 0 for share in shares)
    _check_within(total_minor, waiting.left_minor, waiting)
    own = next((share for share in shares if share.account_id == head.account_id), None)
    away_minor = total_minor - (own.amount_minor or 0 if own else 0)
    allocations = _allocate(head, own) if own else ()
    applied_minor = sum_of(allocations)
    if own and not allocations:
        raise InvoiceNotOpenError(f"no invoice of account {head.account_id} is open that the money could settle")
    rest_minor = (own.amount_minor or 0) - applied_minor if own else 0
    others = [share for share in shares if share is not own]
    return _decision(
        resolution,
        1,
        f"{write_amount(total_minor, waiting.currency)} of {waiting.entry_id} goes to "
        f"{', '.join(tell_share(share, waiting.currency) for share in shares)}",
        taking_facts(waiting, total_minor, shares),
        Posting(waiting.ledger_account, waiting.currency, total_minor),
        Posting(LedgerAccount.CLEARING, waiting.currency, -away_minor if others else 0),
        Posting(LedgerAccount.RECEIVABLE, waiting.currency, -applied_minor),
        Posting(LedgerAccount.UNAPPLIED, waiting.currency, -rest_minor),
        allocations=allocations,
    )


def decide_arrival(resolution: Resolution, number: int, head: AccountHead, currency: str, share: Share) -> Decision:
    """A further entry: money arrives at an account, settles what is open and is unapplied cash beyond that.

    An invoice that was named and has been paid meanwhile does not stop it: the money has left already.
    """
    allocations = _allocate(head, share)
    amount_minor, applied_minor = share.amount_minor or 0, sum_of(allocations)
    discrepancy = resolution.discrepancy
    return _decision(
        resolution,
        number,
        f"{write_amount(amount_minor, currency)} of {discrepancy.entry_id} comes from {discrepancy.account_id}",
        {
            TAKES: discrepancy.entry_id,
            FROM: discrepancy.account_id,
            "amount_minor": amount_minor,
            "currency": currency,
        },
        Posting(LedgerAccount.CLEARING, currency, amount_minor),
        Posting(LedgerAccount.RECEIVABLE, currency, -applied_minor),
        Posting(LedgerAccount.UNAPPLIED, currency, applied_minor - amount_minor),
        allocations=allocations,
    )


def decide_return_to_payer(resolution: Resolution, waiting: WaitingMoney) -> Decision:
    """Money that waits is set aside to go back to its payer; sending it is the way of every refund."""
    amount_minor = resolution.request.amount_minor or waiting.left_minor
    _check_within(amount_minor, waiting.left_minor, waiting)
    return _decision(
        resolution,
        1,
        f"{write_amount(amount_minor, waiting.currency)} of {waiting.entry_id} goes back to its payer",
        taking_facts(waiting, amount_minor, ()),
        Posting(waiting.ledger_account, waiting.currency, amount_minor),
        Posting(LedgerAccount.REFUNDS, waiting.currency, -amount_minor),
    )


def decide_undo(resolution: Resolution, number: int, head: AccountHead, made: Entry) -> Decision:
    """The reverse of one entry that a resolution made. Raises `MoneyUsedError`, `EntryNotReversibleError`.

    `resolution` is the one that is undone, with the actor, the day and the reason of the undo.
    """
    reversal = Reversal(
        kind=EntryKind.ENTRY_UNDONE,
        entry_id=f"{UNDO_ENTRIES}{resolution.resolution_id}#{number}",
        occurred_on=resolution.decided_on,
        facts={UNDOES: made.entry_id},
        source=_source(resolution),
        reason=f"{made.decision.reason} - undone: {resolution.reason}",
    )
    decision = reverse_entry(made, reversal)
    check_nothing_used(head, decision, made.entry_id)
    return decision


def sign_decision(resolution: Resolution, number: int, decision: Decision) -> Decision:
    """A decision that a bank's file could have brought as well, as the n-th entry of what a person decided."""
    return replace(
        decision,
        entry_id=resolution.entry_id(number),
        occurred_on=resolution.decided_on,
        source={**decision.source, **_source(resolution)},
        reason=f"{decision.reason.removesuffix('.')}: {resolution.reason}",
    )


def pass_debit_on(
    resolution: Resolution, number: int, debit: Entry, amount_minor: int, reason: str, **further: Any
) -> Decision:
    """The n-th entry: money that the bank took by a debit leaves suspense for `clearing`; a negative amount comes back.

    `further` are facts beside the debit, the amount and the currency.
    """
    currency = str(debit.decision.facts["currency"])
    decision = Decision(
        kind=EntryKind.MONEY_MOVED,
        entry_id="",
        occurred_on=resolution.decided_on,
        facts={TAKES: debit.entry_id, "amount_minor": abs(amount_minor), "currency": currency, **further},
        source={},
        postings=(
            Posting(LedgerAccount.SUSPENSE, currency, -amount_minor),
            Posting(LedgerAccount.CLEARING, currency, amount_minor),
        ),
        reason=reason,
    )
    return sign_decision(resolution, number, decision)


def shares_of(departure: Decision) -> tuple[Share, ...]:
    """The shares that a first entry sends on their way, with their amounts."""
    written = departure.facts.get(_SHARES, ())
    return tuple(Share(account_id, amount_minor, tuple(invoices)) for account_id, amount_minor, invoices in written)


def _decision(
    resolution: Resolution,
    number: int,
    what: str,
    facts: Mapping[str, Any],
    *postings: Posting,
    kind: EntryKind = EntryKind.MONEY_MOVED,
    allocations: tuple[Allocation, ...] = (),
) -> Decision:
    return Decision(
        kind=kind,
        entry_id=resolution.entry_id(number),
        occurred_on=resolution.decided_on,
        facts=facts,
        source=_source(resolution),
        postings=tuple(posting for posting in postings if posting.amount_minor),
        reason=f"{what}: {resolution.reason}",
        allocations=allocations,
    )


def _source(resolution: Resolution) -> Mapping[str, Any]:
    return {"discrepancy_id": resolution.discrepancy.discrepancy_id, "actor": resolution.actor}


def taking_facts(waiting: WaitingMoney, amount_minor: int, shares: Sequence[Share]) -> Mapping[str, Any]:
    """What a first entry says of the money that it takes, and of who gets it."""
    facts = {TAKES: waiting.entry_id, "amount_minor": amount_minor, "currency": waiting.currency}
    return {**facts, _SHARES: _shares_as_json(shares)} if shares else facts


def _shares_as_json(shares: Sequence[Share]) -> list[list[Any]]:
    return [[share.account_id, share.amount_minor, list(share.invoice_ids)] for share in shares]


def _check_within(amount_minor: int, left_minor: int, waiting: WaitingMoney) -> None:
    if not 0 < amount_minor <= left_minor:
        raise AmountBeyondError(
            f"of {waiting.entry_id} {write_amount(left_minor, waiting.currency)} is left, not "
            f"{write_amount(amount_minor, waiting.currency)}"
        )


def _allocate(head: AccountHead, share: Share) -> tuple[Allocation, ...]:
    """Which invoices a share settles: those it names as far as they are open, else the oldest."""
    amount_minor = share.amount_minor or 0
    due_days = {invoice.invoice_id: invoice.due_on for invoice in head.open_invoices}
    if share.invoice_ids:
        named = [i for name in share.invoice_ids for i in head.open_invoices if i.invoice_id == name]
        allocations = allocate_in_turn(amount_minor, named)
    else:
        allocations = allocate_oldest_first(amount_minor, head.open_invoices)
    return tuple(Allocation(a.invoice_id, a.amount_minor, due_days[a.invoice_id]) for a in allocations)


def _named_invoices(head: AccountHead, invoice_ids: Sequence[str]) -> list[OpenInvoice]:
    """The invoices that are named, all of them open. Raises `InvoiceNotOpenError`."""
    standing = {invoice.invoice_id: invoice for invoice in head.open_invoices}
    missing = [invoice_id for invoice_id in invoice_ids if invoice_id not in standing]
    if missing:
        raise InvoiceNotOpenError(f"{', '.join(missing)} is not open on account {head.account_id}; {_tell_open(head)}")
    return [standing[invoice_id] for invoice_id in invoice_ids]


def find_open_invoice(head: AccountHead, invoice_id: str | None) -> OpenInvoice:
    """The open invoice of an id; without one, the only one that is open. Raises `InvoiceNotOpenError`."""
    if invoice_id is not None:
        return _named_invoices(head, [invoice_id])[0]
    if len(head.open_invoices) != 1:
        raise InvoiceNotOpenError(f"name the invoice of account {head.account_id}; {_tell_open(head)}")
    return head.open_invoices[0]


def _tell_open(head: AccountHead) -> str:
    return f"open: {', '.join(invoice.invoice_id for invoice in head.open_invoices) or 'none'}"


def tell_share(share: Share, currency: str) -> str:
    """Who gets how much."""
    return f"{share.account_id} {write_amount(share.amount_minor or 0, currency)}"
