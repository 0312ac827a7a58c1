"""A payment file that the bank booked as one debit: that debit settles all refunds of the file, as a person says.

What the debit took leaves suspense for `clearing`, and settles each refund in its own ledger. The first entry names the
refunds, so that what was begun goes on with those it began with, whatever else becomes of the file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pawledger.domain.books.entries import DEBIT_ENTRIES, Decision, Entry, EntryKind, LedgerAccount, Posting
from pawledger.domain.books.waiting_money import WaitingMoney
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import format_amount, write_amount
from pawledger.domain.refunding.refunds import PAYMENT_FILE, PAYMENT_ID, Refund, RefundStep, hand_settlement_id
from pawledger.domain.worklist.resolutions import Resolution, pass_debit_on, sign_decision

REFUNDS_OF_FILE_MAX: Final = 300
"""Refunds that one debit settles. Their names are some 16 KB of the first entry, and settling and undoing them some
40 KB of the history of the debit's discrepancy, where DynamoDB allows 400 KB for either."""

REFUNDS_NAMED_MAX: Final = 10
"""How many of a file's refunds a refusal names: as many as a person compares with a list; the others are counted."""

_REFUNDS: Final = "refunds"


class PaymentFileUnknownError(PawledgerError):
    """No refund that is sent, and not settled or void, stands in a payment file in the currency of the debit."""


class PaymentFileDiffersError(PawledgerError):
    """The refunds of a payment file are not what waits of a debit; the text says how much they are, and which."""


class PaymentFileTooLargeError(PawledgerError):
    """A payment file has more refunds than one debit settles; the text says how many."""


class RefundChangedError(PawledgerError):
    """A refund of a payment file was settled otherwise or became void meanwhile; the text says which and since when."""


class DebitOfOtherRefundError(PawledgerError):
    """A debit names the end-to-end id of a refund that does not stand in the payment file."""


@dataclass(frozen=True, slots=True, order=True)
class FileRefund:
    """One refund of a payment file, as the debit settles it."""

    ledger_id: str
    refund_id: str
    amount_minor: int
    """With its interest: what left the bank account."""


def choose_refunds(payment_file: str, debit: WaitingMoney, open_refunds: Iterable[Refund]) -> tuple[FileRefund, ...]:
    """The refunds of a payment file that a debit settles: all that are sent in it in the debit's currency.

    Raises `PaymentFileUnknownError`, `PaymentFileTooLargeError`, and `PaymentFileDiffersError` unless they are exactly
    what waits of the debit.
    """
    sent = [each for each in open_refunds if each.state is RefundStep.SENT and each.payment_file == payment_file]
    found = sorted(
        FileRefund(each.ledger_id, each.refund_id, each.total_minor) for each in sent if each.currency == debit.currency
    )
    others = f" ({len(sent) - len(found)} in other currencies)" if len(sent) > len(found) else ""
    if not found:
        raise PaymentFileUnknownError(
            f"no refund in {debit.currency} is sent in {payment_file} and not settled yet{others}; "
            "`pawledger refunds list` shows the files"
        )
    if len(found) > REFUNDS_OF_FILE_MAX:
        raise PaymentFileTooLargeError(
            f"{payment_file} has {len(found)} refunds in {debit.currency}; one debit settles {REFUNDS_OF_FILE_MAX}"
        )
    total_minor = sum(each.amount_minor for each in found)
    if total_minor != debit.left_minor:
        count, come = ("1 refund that is", "comes") if len(found) == 1 else (f"{len(found)} refunds that are", "come")
        raise PaymentFileDiffersError(
            f"the {count} sent in {payment_file}{others} and not settled {come} to "
            f"{write_amount(total_minor, debit.currency)}, and {write_amount(debit.left_minor, debit.currency)} of "
            f"{debit.entry_id} waits: {_name(found, debit.currency)}"
        )
    return tuple(found)


def decide_departure_to_refunds(
    resolution: Resolution, debit: Entry, waiting: WaitingMoney, refunds: Sequence[FileRefund]
) -> Decision:
    """The first entry: what the debit took leaves suspense for the ledgers of the refunds.

    Raises `PaymentFileDiffersError` where some of the debit has found another place meanwhile.
    """
    total_minor, payment_file = sum(each.amount_minor for each in refunds), resolution.request.payment_file
    if total_minor != waiting.left_minor:
        raise PaymentFileDiffersError(
            f"the refunds of {payment_file} come to {write_amount(total_minor, waiting.currency)}, and "
            f"{write_amount(waiting.left_minor, waiting.currency)} of {debit.entry_id} waits by now"
        )
    count = "1 refund" if len(refunds) == 1 else f"{len(refunds)} refunds"
    taken = write_amount(total_minor, waiting.currency)
    reason = f"{taken} that the bank took by {debit.entry_id} is {count} of {payment_file}"
    named = {_REFUNDS: [[each.ledger_id, each.refund_id, each.amount_minor] for each in refunds]}
    return pass_debit_on(resolution, 1, debit, total_minor, reason, **{PAYMENT_FILE: payment_file}, **named)


def refunds_of(departure: Decision) -> tuple[FileRefund, ...]:
    """The refunds that a first entry began with."""
    return tuple(FileRefund(*written) for written in departure.facts[_REFUNDS])


def decide_hand_settlement(resolution: Resolution, number: int, debit: Entry, refund: FileRefund) -> Decision:
    """A refund has left the bank account with the debit of its file; nobody is owed it any more."""
    currency = str(debit.decision.facts["currency"])
    decision = Decision(
        kind=EntryKind.REFUND_SETTLED,
        entry_id="",
        occurred_on=resolution.decided_on,
        facts={
            PAYMENT_ID: debit.entry_id.removeprefix(DEBIT_ENTRIES),
            "amount_minor": refund.amount_minor,
            "currency": currency,
        },
        source={},
        postings=(
            Posting(LedgerAccount.REFUNDS, currency, refund.amount_minor),
            Posting(LedgerAccount.CLEARING, currency, -refund.amount_minor),
        ),
        reason=f"{write_amount(refund.amount_minor, currency)} of {debit.entry_id} of {debit.account_id} is refund "
        f"{refund.refund_id}, which has left the bank account with {resolution.request.payment_file}",
    )
    signed = sign_decision(resolution, number, decision)
    # Its id is one of the refund's steps, so that whoever reads those knows of it.
    return replace(signed, entry_id=hand_settlement_id(refund.refund_id, resolution.resolution_id))


def decide_waiting_again(resolution: Resolution, number: int, debit: Entry, refund: FileRefund, why: str) -> Decision:
    """What had left for a refund that cannot be settled any more waits again where the debit does."""
    currency = str(debit.decision.facts["currency"])
    reason = f"{write_amount(refund.amount_minor, currency)} of {debit.entry_id} waits again, since {why}"
    return pass_debit_on(resolution, number, debit, -refund.amount_minor, reason)


def _name(refunds: Sequence[FileRefund], currency: str) -> str:
    named = [
        f"{each.ledger_id} {each.refund_id} {format_amount(each.amount_minor, currency)}"
        for each in refunds[:REFUNDS_NAMED_MAX]
    ]
    more = [f"and {len(refunds) - len(named)} more"] if len(refunds) > len(named) else []
    return ", ".join([*named, *more])
