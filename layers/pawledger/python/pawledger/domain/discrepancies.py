"""Discrepancies: differences that a person must know of, each with a kind, an amount, an age and a suggestion."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pawledger.domain.canonical import hash_value


class DiscrepancyKind(StrEnum):
    UNIDENTIFIED_PAYMENT = "unidentified_payment"
    UNEXPLAINED_DEBIT = "unexplained_debit"
    PAYMENT_BEFORE_POLICY = "payment_before_policy"
    CURRENCY_MISMATCH = "currency_mismatch"
    UNDERPAYMENT = "underpayment"
    OVERPAYMENT = "overpayment"
    INVOICE_ALREADY_PAID = "invoice_already_paid"
    PAYMENT_WITHOUT_COVER = "payment_without_cover"
    PROBABLE_DUPLICATE = "probable_duplicate"
    FUTURE_DATED_PAYMENT = "future_dated_payment"
    PAYMENT_RETURNED = "payment_returned"
    PAYMENT_CONFLICT = "payment_conflict"
    FILE_UNREADABLE = "file_unreadable"
    FILE_OUT_OF_BALANCE = "file_out_of_balance"
    FILE_REFUSED = "file_refused"
    FILE_DUPLICATE = "file_duplicate"
    FILE_CONFLICT = "file_conflict"
    FILE_NOT_POSTED = "file_not_posted"
    FILE_OVERLAP = "file_overlap"
    FILE_UNEXPECTED = "file_unexpected"
    ADVICE_NOT_POSTED = "advice_not_posted"
    STATEMENT_GAP = "statement_gap"
    STATEMENT_CORRECTED = "statement_corrected"
    STATEMENTS_UNCHAINED = "statements_unchained"
    POLICY_EVENT_REFUSED = "policy_event_refused"
    POLICY_EVENT_CONFLICT = "policy_event_conflict"
    POLICY_EVENT_WITHOUT_EFFECT = "policy_event_without_effect"
    POLICY_UNKNOWN = "policy_unknown"
    DEATH_UNPROVEN = "death_unproven"
    RENEWAL_NOTICE_LATE = "renewal_notice_late"
    RENEWAL_NOT_OFFERED = "renewal_not_offered"
    POLICY_MONTH_NOT_BILLED = "policy_month_not_billed"
    ACCOUNTS_NOT_BILLED = "accounts_not_billed"
    BILL_RUN_HELD = "bill_run_held"
    LEDGER_OUT_OF_BALANCE = "ledger_out_of_balance"


class DiscrepancyStatus(StrEnum):
    OPEN = "open"
    HEALED = "healed"
    """Its ground is gone by itself: what was missing has come."""
    CLOSED = "closed"


SUGGESTIONS: dict[DiscrepancyKind, str] = {
    DiscrepancyKind.UNIDENTIFIED_PAYMENT: "Find the account from the statement line and have the payer told to quote "
    "the payment reference.",
    DiscrepancyKind.UNEXPLAINED_DEBIT: "Ask the bank what was debited; if it is its fee, book it as such.",
    DiscrepancyKind.PAYMENT_BEFORE_POLICY: "The account opens with its first policy event and the money is applied "
    "then; if no policy is on its way, return the money to the payer.",
    DiscrepancyKind.CURRENCY_MISMATCH: "Return the money to the payer or exchange it; it settles no invoice meanwhile.",
    DiscrepancyKind.UNDERPAYMENT: "Ask the payer for the rest or agree on it; the invoice stays open.",
    DiscrepancyKind.OVERPAYMENT: "Nothing, if the rest may wait for the next invoice; otherwise refund it.",
    DiscrepancyKind.INVOICE_ALREADY_PAID: "Nothing, if the money may wait for the next invoice; otherwise refund it.",
    DiscrepancyKind.PAYMENT_WITHOUT_COVER: "Nothing is open and no invoice is to come: refund it, or ask the policy "
    "system whether a policy is missing.",
    DiscrepancyKind.PROBABLE_DUPLICATE: "Ask the payer: return it if it was made twice, otherwise apply it.",
    DiscrepancyKind.FUTURE_DATED_PAYMENT: "Ask the bank whether the booking day is right; the money is posted.",
    DiscrepancyKind.PAYMENT_RETURNED: "Contact the policyholder about another way to pay; the amount is due again.",
    DiscrepancyKind.PAYMENT_CONFLICT: "Compare both statement lines with the bank; only the first was posted.",
    DiscrepancyKind.FILE_UNREADABLE: "Ask the provider to send the file again, whole.",
    DiscrepancyKind.FILE_OUT_OF_BALANCE: "Ask the provider for a corrected file; nothing of this one was posted.",
    DiscrepancyKind.FILE_REFUSED: "Have the file sent to incoming/<provider>/<name> under a plain name and size.",
    DiscrepancyKind.FILE_DUPLICATE: "Nothing, if the first drop was taken in; if it was refused, have a "
    "corrected file sent. Nothing was posted again.",
    DiscrepancyKind.FILE_CONFLICT: "Compare both files with the provider; nothing of the second one was posted.",
    DiscrepancyKind.FILE_NOT_POSTED: "Look into the dead letters of the payments queue and redrive them.",
    DiscrepancyKind.FILE_OVERLAP: "Ask the bank whether it sent these movements twice or whether each is a payment "
    "of its own; what was recorded before was not posted again.",
    DiscrepancyKind.FILE_UNEXPECTED: "If it is right, add what is new to the provider's profile and have the file sent "
    "again under another name; if not, ask the provider. Nothing of it was posted.",
    DiscrepancyKind.ADVICE_NOT_POSTED: "Nothing, if the bank's statement tells this money as well; if not, name the "
    "format in `posts` of the provider's profile and have the file sent again.",
    DiscrepancyKind.STATEMENT_GAP: "Ask the bank for the statement that is missing and drop it; this heals by itself.",
    DiscrepancyKind.STATEMENT_CORRECTED: "Compare with what the bank told before: what it leaves out now stays posted.",
    DiscrepancyKind.STATEMENTS_UNCHAINED: "Have the provider split the file; the order of its balances is unproven.",
    DiscrepancyKind.POLICY_EVENT_REFUSED: "Have the policy system correct the event and send it again.",
    DiscrepancyKind.POLICY_EVENT_CONFLICT: "Compare both events; only the first was recorded.",
    DiscrepancyKind.POLICY_EVENT_WITHOUT_EFFECT: "Ask the policy system what is meant; if an earlier "
    "transaction is still on its way, this heals by itself when it comes.",
    DiscrepancyKind.POLICY_UNKNOWN: "Nothing, if the policy is on its way: this heals by itself when it is issued; if "
    "not, ask the policy system which policy is meant.",
    DiscrepancyKind.DEATH_UNPROVEN: "Have the policyholder send the veterinary record and the policy system send the "
    "event again, with it, under its next transaction number.",
    DiscrepancyKind.RENEWAL_NOTICE_LATE: "Have the renewal offered anew at the old price, or declined; at the new "
    "price it is not invoiced.",
    DiscrepancyKind.RENEWAL_NOT_OFFERED: "Have the policy system offer the renewal, or tell that there is none.",
    DiscrepancyKind.POLICY_MONTH_NOT_BILLED: "Run the billing day again; if it stays, run `pawledger ledger verify` on "
    "the account.",
    DiscrepancyKind.ACCOUNTS_NOT_BILLED: "Look into the dead letters of the billing queue and run the day again.",
    DiscrepancyKind.BILL_RUN_HELD: "Compare with what changed since yesterday (prices, rules, policies). Is it right: "
    "`pawledger runs release DAY --reason TEXT`; if not, `pawledger runs drop DAY --reason TEXT`, have it corrected, "
    "and the next day bills it.",
    DiscrepancyKind.LEDGER_OUT_OF_BALANCE: "Stop posting and run `pawledger ledger verify` on the account.",
}
"""What a person can do about each kind; shown with every discrepancy and alert."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One difference, from the day it was born until it is closed. Holds no personal data: alerts are made from it."""

    kind: DiscrepancyKind
    subject: str
    """What it is about: an entry id, a file id or a key; with the kind it makes the id."""
    born_on: date
    what: str
    """One sentence: what was expected and what was found."""
    account_id: str | None = None
    currency: str | None = None
    amount_minor: int | None = None
    """The difference in minor units, where money is in question."""

    @property
    def discrepancy_id(self) -> str:
        """The same for every repetition of the same finding, so that it is recorded and pushed once."""
        return f"{self.kind}-{hash_value([self.account_id, self.subject])[:16]}"

    @property
    def suggestion(self) -> str:
        return SUGGESTIONS[self.kind]


def discrepancy_as_json(discrepancy: Discrepancy) -> dict[str, Any]:
    """A discrepancy as the JSON object that is stored."""
    return {
        "kind": discrepancy.kind,
        "subject": discrepancy.subject,
        "born_on": discrepancy.born_on.isoformat(),
        "what": discrepancy.what,
        "account_id": discrepancy.account_id,
        "currency": discrepancy.currency,
        "amount_minor": discrepancy.amount_minor,
    }


def discrepancy_from_json(written: dict[str, Any]) -> Discrepancy:
    """The mirror image of `discrepancy_as_json`."""
    return Discrepancy(
        kind=DiscrepancyKind(written["kind"]),
        subject=written["subject"],
        born_on=date.fromisoformat(written["born_on"]),
        what=written["what"],
        account_id=written["account_id"],
        currency=written["currency"],
        amount_minor=written["amount_minor"],
    )
