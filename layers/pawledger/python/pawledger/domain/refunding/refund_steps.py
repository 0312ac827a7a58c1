"""The steps of a refund that persons take, each as an entry, and what is refused. Pure: a preview decides the same.

A step that stands already by the same person is not decided again (None); by another person it is refused by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from pawledger.domain.bank_returns.returned_payments import find_received, find_waiting_returns_of
from pawledger.domain.books.entries import (
    REFUND_ENTRIES,
    Allocation,
    Decision,
    Entry,
    EntryKind,
    LedgerAccount,
    Posting,
)
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.waiting_money import TAKES, UNDOES
from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.marks import marks_of
from pawledger.domain.money import format_amount, write_amount
from pawledger.domain.posting.allocation import settle_oldest_first, sum_of
from pawledger.domain.refunding.refund_rules import RefundDeadline, RefundRules, is_same_person
from pawledger.domain.refunding.refunds import (
    BY,
    END_TO_END_ID,
    INTEREST,
    PAYMENT_FILE,
    Refund,
    RefundStep,
    facts_of,
    refund_id_of,
    refunds_among,
    step_entry_id,
)

END_TO_END_ID_CHARACTERS_MAX: Final = 35
"""What ISO 20022 allows (`Max35Text`)."""

FILE_NAME_CHARACTERS_MAX: Final = 100
"""An entry stays under a kilobyte."""

DUE_ON: Final = "due_on"
DEADLINE_RULE: Final = "deadline_rule"


class RefundUnknownError(PawledgerError):
    """A ledger has no refund of that id."""


class RefundAmountError(PawledgerError):
    """A refund of nothing, or of less than nothing."""


class RefundBelowMinimumError(PawledgerError):
    """A refund is smaller than the least that is sent; the text says what becomes of the money."""


class RefundBeyondError(PawledgerError):
    """More is to be given back than the account's unapplied cash; the text says how much that is."""


class RefundCurrencyError(PawledgerError):
    """A refund in another currency than the account's, which holds no money in it."""


class RefundGroundError(PawledgerError):
    """What a refund gives back is not known: no entry of that id, or none that gave the account money."""


class RefundOfReturnedMoneyError(PawledgerError):
    """The payer's bank took the payment back meanwhile; giving it back once more would be paying twice."""


class RefundStateError(PawledgerError):
    """A step does not follow from the state of a refund, or another person took it; the text says who and when."""


class SecondPersonNeededError(PawledgerError):
    """Who requested so large a sum may not approve it as well."""


class EndToEndIdError(PawledgerError):
    """An end-to-end id cannot be found again on a bank statement, or belongs to another refund."""


class PaymentFileNameError(PawledgerError):
    """The name of a payment file is empty, too long, or holds what cannot be printed."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, when and why."""

    actor: str
    reason: str
    at: datetime

    @property
    def on(self) -> date:
        return self.at.date()


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is asked for."""

    amount_minor: int | None = None
    """None for all unapplied cash."""
    currency: str | None = None
    """None for the account's."""
    ground: str | None = None
    """The entry that made the money one to give back; None for the last one that gave the account unapplied cash."""


@dataclass(frozen=True, slots=True)
class RefundLedger:
    """A ledger as its entries tell it up to its head."""

    head: AccountHead
    entries: Sequence[Entry]

    @property
    def refunds(self) -> tuple[Refund, ...]:
        return refunds_among(self.entries)


@dataclass(frozen=True, slots=True)
class Sending:
    """How a refund is sent."""

    end_to_end_id: str
    payment_file: str
    interest_minor: int = 0
    """What it costs that it is sent late; it follows from `due_on_of` the refund and the rule of its deadline."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A step of a refund: the entry to be made, or None where it stands already."""

    refund_id: str
    decision: Decision | None


def decide_request(
    ledger: RefundLedger,
    request: RefundRequest,
    rules: RefundRules,
    find_deadline: Callable[[Entry], RefundDeadline | None],
    act: Act,
) -> Decided:
    """Set unapplied cash aside for a refund, or write it up where it is too small and the rules say so.

    Asked for again by the same person while it is open or done, it is the same refund; one that was rejected or void is
    asked for anew. Raises the errors of this module.
    """
    head, entries = ledger.head, ledger.entries
    currency = _currency_of(head, request)
    ground = _find_ground(entries, request.ground, currency)
    held_minor = max(0, -head.balance_minor(LedgerAccount.UNAPPLIED, currency))
    alike = [each for each in ledger.refunds if (each.ground, each.currency) == (ground.entry_id, currency)]
    amount_minor = request.amount_minor
    if amount_minor is None:
        # All of it was set aside already by the very same command.
        amount_minor = held_minor or next((each.amount_minor for each in alike if each.is_open), 0)
    if amount_minor <= 0:
        none = "" if request.amount_minor is not None else f", and account {head.account_id} has no unapplied cash"
        raise RefundAmountError(f"a refund is more than zero{none}")
    same = [each for each in alike if each.amount_minor == amount_minor and each.out_of is LedgerAccount.UNAPPLIED]
    ended = [each for each in same if each.state in (RefundStep.REJECTED, RefundStep.VOID)]
    standing = next((each for each in same if each not in ended), None)
    if standing is not None:
        _check_same_person(standing, standing.state, standing.requested.decision.facts.get(BY), act)
        return Decided(standing.refund_id, None)
    if amount_minor > held_minor:
        raise RefundBeyondError(
            f"account {head.account_id} has {write_amount(held_minor, currency)} of unapplied cash, not "
            f"{write_amount(amount_minor, currency)}"
        )
    _check_not_returned(ground.entry_id, amount_minor, currency, entries)
    refund_id = refund_id_of(head.account_id, ground.entry_id, currency, amount_minor, len(ended))
    if amount_minor < rules.minimum.get(currency, 0):
        return Decided(refund_id, _write_up(refund_id, ground, (amount_minor, currency), rules, act))
    deadline = find_deadline(ground)
    return Decided(
        refund_id,
        Decision(
            kind=EntryKind.REFUND_REQUESTED,
            entry_id=step_entry_id(refund_id, RefundStep.REQUESTED),
            occurred_on=act.on,
            facts={TAKES: ground.entry_id, "amount_minor": amount_minor, "currency": currency, BY: act.actor},
            source={"actor": act.actor},
            postings=(
                Posting(LedgerAccount.UNAPPLIED, currency, amount_minor),
                Posting(LedgerAccount.REFUNDS, currency, -amount_minor),
            ),
            reason=f"{write_amount(amount_minor, currency)} of {ground.entry_id} is to go back to the payer: "
            f"{act.reason}",
            details={DUE_ON: deadline.due_on.isoformat(), DEADLINE_RULE: deadline.rule.rule_id} if deadline else None,
        ),
    )


def decide_approval(refund: Refund, entries: Sequence[Entry], rules: RefundRules, act: Act) -> Decision | None:
    """A second person, or below the limit the same one, says that the money may go back."""
    if _stands(refund, RefundStep.APPROVED, (RefundStep.REQUESTED,), act):
        return None
    requester = refund.taken_by(RefundStep.REQUESTED) or ""
    if rules.needs_second_person(refund.currency, refund.amount_minor) and is_same_person(requester, act.actor):
        limit_minor = rules.second_person_above.get(refund.currency, 0)
        raise SecondPersonNeededError(
            f"{requester} requested {write_amount(refund.amount_minor, refund.currency)}; above "
            f"{write_amount(limit_minor, refund.currency)} another person approves"
        )
    _check_not_returned(refund.ground, refund.amount_minor, refund.currency, entries)
    return _step(refund, RefundStep.APPROVED, EntryKind.REFUND_APPROVED, "may go back to the payer", act)


def decide_rejection(head: AccountHead, refund: Refund, act: Act) -> Decision | None:
    """The money does not go back: it waits again where it did, or settles what its account owes by now."""
    if _stands(refund, RefundStep.REJECTED, (RefundStep.REQUESTED, RefundStep.APPROVED), act):
        return None
    return _give_up(
        head, refund, (RefundStep.REJECTED, EntryKind.REFUND_REJECTED, "does not go back to the payer"), act
    )


def decide_sending(refund: Refund, entries: Sequence[Entry], sending: Sending, act: Act) -> Decision | None:
    """The bank is told to pay. What it costs that it is late is added to what leaves the account."""
    end_to_end_id, payment_file, interest_minor = sending.end_to_end_id, sending.payment_file, sending.interest_minor
    if _stands(refund, RefundStep.SENT, (RefundStep.APPROVED,), act):
        if refund.end_to_end_id != end_to_end_id:
            raise RefundStateError(
                f"refund {refund.refund_id} was sent under {refund.end_to_end_id}, by the same person"
            )
        return None
    check_end_to_end_id(end_to_end_id)
    if not payment_file.strip() or len(payment_file) > FILE_NAME_CHARACTERS_MAX or not payment_file.isprintable():
        raise PaymentFileNameError(f"name the payment file in 1 to {FILE_NAME_CHARACTERS_MAX} printable characters")
    _check_not_returned(refund.ground, refund.amount_minor, refund.currency, entries)
    rule = (refund.requested.decision.details or {}).get(DEADLINE_RULE)
    late = f" with {write_amount(interest_minor, refund.currency)} of interest by {rule}" if interest_minor else ""
    more: dict[str, Any] = {END_TO_END_ID: end_to_end_id, PAYMENT_FILE: payment_file}
    if interest_minor:
        more |= {INTEREST: interest_minor, "interest_rule": rule}
    return _step(
        refund,
        RefundStep.SENT,
        EntryKind.REFUND_SENT,
        f"is sent to the bank{late}, as {end_to_end_id} in {payment_file}",
        act,
        Posting(LedgerAccount.INTEREST, refund.currency, interest_minor),
        Posting(LedgerAccount.REFUNDS, refund.currency, -interest_minor),
        more=more,
    )


def decide_void(head: AccountHead, refund: Refund, act: Act) -> Decision | None:
    """The bank did not pay what was sent, and will not: the money waits again where it did, without interest.

    Of an account it settles what is open by now.
    """
    if _stands(refund, RefundStep.VOID, (RefundStep.SENT,), act):
        return None
    return _give_up(
        head, refund, (RefundStep.VOID, EntryKind.REFUND_VOIDED, "was not paid by the bank, and is void"), act
    )


def find_refund(refunds: Sequence[Refund], refund_id: str, ledger_id: str) -> Refund:
    """The refund of an id. Raises `RefundUnknownError`."""
    found = next((each for each in refunds if each.refund_id == refund_id), None)
    if found is None:
        raise RefundUnknownError(f"{ledger_id} has no refund {refund_id}; `pawledger refunds list` shows open ones")
    return found


def due_on_of(refund: Refund) -> date | None:
    """By when it has to be sent, as was found when it was requested; None where no rule says."""
    found = (refund.requested.decision.details or {}).get(DUE_ON)
    return date.fromisoformat(found) if found else None


def check_end_to_end_id(end_to_end_id: str) -> None:
    """Raise `EndToEndIdError` where a debit could not be known by it."""
    is_written = end_to_end_id.isascii() and end_to_end_id.isprintable() and end_to_end_id == end_to_end_id.strip()
    if not is_written or len(end_to_end_id) > END_TO_END_ID_CHARACTERS_MAX or not marks_of([end_to_end_id]):
        raise EndToEndIdError(
            f"{end_to_end_id!r} is no end-to-end id: 4 to {END_TO_END_ID_CHARACTERS_MAX} plain characters that are no "
            "payment reference of ours"
        )


def _currency_of(head: AccountHead, request: RefundRequest) -> str:
    if head.currency is None:
        raise RefundCurrencyError(f"there is no account {head.account_id} with a policy")
    if request.currency not in (None, head.currency):
        raise RefundCurrencyError(f"account {head.account_id} is invoiced in {head.currency}, not {request.currency}")
    return head.currency


def _find_ground(entries: Sequence[Entry], named: str | None, currency: str) -> Entry:
    """The entry that gave the account unapplied cash: the one named, else the last one."""
    giving = [entry for entry in entries if gives_unapplied(entry, currency)]
    found = [entry for entry in giving if named is None or entry.entry_id == named]
    if not found:
        what = f"no entry {named} gave" if named else "no entry ever gave"
        raise RefundGroundError(f"{what} this account unapplied cash, so that there is nothing to give back")
    return found[-1]


def gives_unapplied(entry: Entry, currency: str) -> bool:
    """Whether an entry gave unapplied cash, other than by giving up a refund."""
    if entry.entry_id.startswith(REFUND_ENTRIES):
        return False
    return entry.decision.posted_minor(LedgerAccount.UNAPPLIED, currency) < 0


def _check_not_returned(ground: str, amount_minor: int, currency: str, entries: Sequence[Entry]) -> None:
    """Refuse to give back what the payer's bank has taken back of the payment that is the ground."""
    payment = next((each for each in find_received(entries) if each.entry.entry_id == ground), None)
    if payment is not None and payment.returned_minor and payment.left_minor < amount_minor:
        raise RefundOfReturnedMoneyError(
            f"of {ground} the payer's bank took {write_amount(payment.returned_minor, currency)} back; "
            f"{write_amount(payment.left_minor, currency)} of it can be refunded, not "
            f"{write_amount(amount_minor, currency)}"
        )
    for waiting in find_waiting_returns_of(payment.entry, entries) if payment else ():
        raise RefundOfReturnedMoneyError(
            f"{waiting.entry_id}, which waits in suspense, is a return of {ground} by its ids; the payer's "
            "bank took it back: reject the refund"
        )


def _stands(refund: Refund, step: RefundStep, follows: Sequence[RefundStep], act: Act) -> bool:
    """Whether a step was taken already, by the same person. Raises `RefundStateError` where it cannot be taken."""
    if step in refund.steps:
        _check_same_person(refund, step, refund.taken_by(step), act)
        return True
    if refund.state not in follows:
        by = refund.taken_by(refund.state)
        raise RefundStateError(
            f"refund {refund.refund_id} is {refund.state.replace('_', ' ')} since {refund.taken_on(refund.state)}"
            f"{f', by {by}' if by else ''}; only one that is {' or '.join(follows)} can become {step}"
        )
    return False


def _check_same_person(refund: Refund, step: RefundStep, by: str | None, act: Act) -> None:
    if by != act.actor:
        raise RefundStateError(
            f"refund {refund.refund_id} is {step.replace('_', ' ')} already since {refund.taken_on(step)}, by {by}"
        )


def _write_up(refund_id: str, ground: Entry, amount: tuple[int, str], rules: RefundRules, act: Act) -> Decision:
    amount_minor, currency = amount
    written, least = write_amount(amount_minor, currency), write_amount(rules.minimum[currency], currency)
    if not rules.writes_up:
        raise RefundBelowMinimumError(
            f"{written} is less than {least}, the least that is sent; it stays unapplied cash"
        )
    return Decision(
        kind=EntryKind.REFUND_WRITTEN_UP,
        entry_id=step_entry_id(refund_id, RefundStep.WRITTEN_UP),
        occurred_on=act.on,
        facts={TAKES: ground.entry_id, "amount_minor": amount_minor, "currency": currency, BY: act.actor},
        source={"actor": act.actor},
        postings=(
            Posting(LedgerAccount.UNAPPLIED, currency, amount_minor),
            Posting(LedgerAccount.SMALL_DIFFERENCES, currency, -amount_minor),
        ),
        reason=f"{written} of {ground.entry_id}, less than the least that is sent, is kept: {act.reason}",
    )


def _give_up(head: AccountHead, refund: Refund, how: tuple[RefundStep, EntryKind, str], act: Act) -> Decision:
    """A step by which the money waits again where it did: the reverse of all that was posted for it.

    Did it come before the first policy of its account, which has opened since, then it is the account's own by now.
    The account's own money settles at once what is open: nobody owes while their money lies here.
    """
    step, kind, what = how
    is_released = refund.out_of is LedgerAccount.SUSPENSE and head.currency == refund.currency
    out_of = LedgerAccount.UNAPPLIED if is_released else refund.out_of
    is_own = out_of is LedgerAccount.UNAPPLIED
    settled = settle_oldest_first(refund.amount_minor, head.open_invoices) if is_own else ()
    settled_minor = sum_of(settled)
    decision = _step(
        refund,
        step,
        kind,
        f"{what}{_tell_settled(settled, refund.currency)}",
        act,
        Posting(LedgerAccount.REFUNDS, refund.currency, refund.total_minor),
        Posting(out_of, refund.currency, settled_minor - refund.amount_minor),
        Posting(LedgerAccount.RECEIVABLE, refund.currency, -settled_minor),
        Posting(LedgerAccount.INTEREST, refund.currency, -refund.interest_minor),
        more={UNDOES: refund.requested.entry_id},
    )
    return replace(decision, allocations=settled)


def _tell_settled(settled: Sequence[Allocation], currency: str) -> str:
    if not settled:
        return ""
    return f", and settles {', '.join(f'{a.invoice_id} {format_amount(a.amount_minor, currency)}' for a in settled)}"


def _step(
    refund: Refund,
    step: RefundStep,
    kind: EntryKind,
    what: str,
    act: Act,
    *postings: Posting,
    more: Mapping[str, Any] | None = None,
) -> Decision:
    return Decision(
        kind=kind,
        entry_id=step_entry_id(refund.refund_id, step),
        occurred_on=act.on,
        facts=facts_of(refund, act.actor, **(more or {})),
        source={"actor": act.actor},
        postings=tuple(posting for posting in postings if posting.amount_minor),
        reason=f"{write_amount(refund.amount_minor, refund.currency)} of {refund.ground} {what}: {act.reason}",
    )
