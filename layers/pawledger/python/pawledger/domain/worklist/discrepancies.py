"""Discrepancies: differences that a person must know of, each with a kind, an amount, an age and a suggestion."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from pawledger.domain.books.entries import LINE_ITEMS
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
    RETURN_WITHOUT_PAYMENT = "return_without_payment"
    RETURN_REPEATED = "return_repeated"
    RETURN_UNCLEAR = "return_unclear"
    RETURN_OF_MOVED_PAYMENT = "return_of_moved_payment"
    PAYMENT_QUESTIONED = "payment_questioned"
    PAYMENT_CONFLICT = "payment_conflict"
    FILE_UNREADABLE = "file_unreadable"
    FILE_OUT_OF_BALANCE = "file_out_of_balance"
    FILE_REFUSED = "file_refused"
    FILE_DUPLICATE = "file_duplicate"
    FILE_CONFLICT = "file_conflict"
    FILE_NOT_POSTED = "file_not_posted"
    FILE_OVERLAP = "file_overlap"
    FILE_UNEXPECTED = "file_unexpected"
    FILE_MISSING = "file_missing"
    FILE_LATE = "file_late"
    FILE_CALENDAR_UNKNOWN = "file_calendar_unknown"
    PAYOUT_MISSING = "payout_missing"
    SETTLEMENT_MISSING = "settlement_missing"
    PAYOUT_DIFFERS = "payout_differs"
    ADVICE_NOT_POSTED = "advice_not_posted"
    EVENTS_NOT_POSTED = "events_not_posted"
    STATEMENT_GAP = "statement_gap"
    STATEMENT_CORRECTED = "statement_corrected"
    STATEMENTS_UNCHAINED = "statements_unchained"
    POLICY_EVENT_REFUSED = "policy_event_refused"
    POLICY_EVENT_CONFLICT = "policy_event_conflict"
    POLICY_ON_TWO_ACCOUNTS = "policy_on_two_accounts"
    POLICY_EVENT_WITHOUT_EFFECT = "policy_event_without_effect"
    POLICY_UNKNOWN = "policy_unknown"
    DEATH_UNPROVEN = "death_unproven"
    RENEWAL_NOTICE_LATE = "renewal_notice_late"
    RENEWAL_NOT_OFFERED = "renewal_not_offered"
    POLICY_MONTH_NOT_BILLED = "policy_month_not_billed"
    ACCOUNTS_NOT_BILLED = "accounts_not_billed"
    BILL_RUN_HELD = "bill_run_held"
    REFUND_DUE = "refund_due"
    REFUND_LATE = "refund_late"
    REFUND_WAITING = "refund_waiting"
    REFUNDS_OUT_OF_BALANCE = "refunds_out_of_balance"
    WRITE_OFF_WAITING = "write_off_waiting"
    LEDGER_OUT_OF_BALANCE = "ledger_out_of_balance"
    MONEY_BETWEEN_LEDGERS = "money_between_ledgers"


class DiscrepancyStatus(StrEnum):
    OPEN = "open"
    HEALED = "healed"
    """Its ground is gone by itself: what was missing has come."""
    RESOLVED = "resolved"
    """A person settled it by entries, or by what became of a file."""
    DISMISSED = "dismissed"
    """A person decided, for a reason, that nothing is to be done."""


class Owner(StrEnum):
    """Who works on a kind of discrepancy."""

    BILLING = "billing"
    OPERATIONS = "operations"
    FINANCE = "finance"
    POLICY_SYSTEM = "policy system"


class Severity(StrEnum):
    HIGH = "high"
    """Money or invoices of many may be missing, or wrong."""
    MEDIUM = "medium"
    """Somebody's money waits, or somebody's policy is not billed as it should be."""
    LOW = "low"
    """Nothing is wrong meanwhile."""


class ResolutionCommand(StrEnum):
    """What a person can do about a discrepancy from the command line."""

    APPLY = "apply"
    """Money that waits goes to one account, or to invoices of it."""
    SPLIT = "split"
    """Money that waits goes to several accounts."""
    MOVE = "move"
    """A payment posted to one account is reversed there and posted to another."""
    WRITE_OFF = "write-off"
    """What is open of an invoice is not asked for any more."""
    RETURN = "return"
    """Money that waits goes back to its payer."""
    TAKE_BACK = "take-back"
    """Money that the bank took, and that waits, is the return of a payment that a person names."""
    SETTLE_REFUNDS = "settle-refunds"
    """A debit that waits is all refunds of a payment file, which the bank booked as one."""
    BOOK_COST = "book-cost"
    """A debit that waits is what a bank or provider charges."""
    ACCEPT_FILE = "accept-file"
    """A file that was set aside is posted after all."""
    REJECT_FILE = "reject-file"
    """A file that was set aside stays so for good."""
    DISMISS = "dismiss"
    """Nothing is done, for a reason."""


@dataclass(frozen=True, slots=True)
class KindTerms:
    """What holds for all discrepancies of a kind."""

    owner: Owner
    severity: Severity
    age_limit_days: int
    """Calendar days after which it is told again as overdue."""
    resolutions: tuple[ResolutionCommand, ...]
    """Which commands fit."""
    suggestion: str
    """What a person can do about it; shown with every discrepancy and alert."""


_TOLD: Final = (ResolutionCommand.DISMISS,)
_WAITING: Final = (
    ResolutionCommand.APPLY,
    ResolutionCommand.SPLIT,
    ResolutionCommand.RETURN,
    ResolutionCommand.DISMISS,
)
_DEBITED: Final = (
    ResolutionCommand.BOOK_COST,
    ResolutionCommand.TAKE_BACK,
    ResolutionCommand.SETTLE_REFUNDS,
    ResolutionCommand.DISMISS,
)
_LINE: Final = (
    ResolutionCommand.APPLY,
    ResolutionCommand.SPLIT,
    ResolutionCommand.RETURN,
    ResolutionCommand.BOOK_COST,
    ResolutionCommand.DISMISS,
)
_TAKEN: Final = (ResolutionCommand.TAKE_BACK, ResolutionCommand.DISMISS)
_POSTED: Final = (*_WAITING, ResolutionCommand.MOVE)
_MOVABLE: Final = (ResolutionCommand.MOVE, ResolutionCommand.DISMISS)
_SHORT: Final = (ResolutionCommand.WRITE_OFF, ResolutionCommand.MOVE, ResolutionCommand.DISMISS)
_DUE_AGAIN: Final = (ResolutionCommand.WRITE_OFF, ResolutionCommand.DISMISS)
_REFUSABLE: Final = (ResolutionCommand.REJECT_FILE, ResolutionCommand.DISMISS)
_ACCEPTABLE: Final = (ResolutionCommand.ACCEPT_FILE, *_REFUSABLE)

KINDS: Final[Mapping[DiscrepancyKind, KindTerms]] = {
    DiscrepancyKind.UNIDENTIFIED_PAYMENT: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _WAITING,
        "Find the account from the statement line and have the payer told to quote the payment reference.",
    ),
    DiscrepancyKind.UNEXPLAINED_DEBIT: KindTerms(
        Owner.FINANCE,
        Severity.MEDIUM,
        5,
        _DEBITED,
        "Ask the bank what was debited. If it is its fee, book it as a cost; if it took a payment back, take that"
        " payment back; if it paid a file of refunds, settle those.",
    ),
    DiscrepancyKind.PAYMENT_BEFORE_POLICY: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        14,
        _WAITING,
        "The account opens with its first policy event and the money is applied then; if no policy is on its way,"
        " return the money to the payer.",
    ),
    DiscrepancyKind.CURRENCY_MISMATCH: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _WAITING,
        "Return the money to the payer or exchange it; it settles no invoice meanwhile.",
    ),
    DiscrepancyKind.UNDERPAYMENT: KindTerms(
        Owner.BILLING,
        Severity.LOW,
        30,
        _SHORT,
        "Ask the payer for the rest or agree on it; the invoice stays open.",
    ),
    DiscrepancyKind.OVERPAYMENT: KindTerms(
        Owner.BILLING,
        Severity.LOW,
        60,
        _POSTED,
        "Nothing, if the rest may wait for the next invoice; otherwise refund it.",
    ),
    DiscrepancyKind.INVOICE_ALREADY_PAID: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        14,
        _POSTED,
        "Nothing, if the money may wait for the next invoice; otherwise refund it.",
    ),
    DiscrepancyKind.PAYMENT_WITHOUT_COVER: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _POSTED,
        "Nothing is open and no invoice is to come: refund it, or ask the policy system whether a policy is missing.",
    ),
    DiscrepancyKind.PROBABLE_DUPLICATE: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _POSTED,
        "Ask the payer: return it if it was made twice, otherwise apply it.",
    ),
    DiscrepancyKind.FUTURE_DATED_PAYMENT: KindTerms(
        Owner.FINANCE,
        Severity.LOW,
        5,
        _MOVABLE,
        "Ask the bank whether the booking day is right; the money is posted.",
    ),
    DiscrepancyKind.PAYMENT_RETURNED: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        14,
        _DUE_AGAIN,
        "Contact the policyholder about another way to pay; the amount is due again.",
    ),
    DiscrepancyKind.RETURN_WITHOUT_PAYMENT: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _TAKEN,
        "Nothing, if its payment is on its way: this heals by itself when it comes; if not, ask the bank which payment"
        " it took back, and take that back.",
    ),
    DiscrepancyKind.RETURN_REPEATED: KindTerms(
        Owner.FINANCE,
        Severity.MEDIUM,
        5,
        _TAKEN,
        "Ask the bank whether it took the payment back twice; if so, have it give one of them back. If it means another"
        " payment, take that back.",
    ),
    DiscrepancyKind.RETURN_UNCLEAR: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _TAKEN,
        "Compare the statement line with the payments of the account, and take back the one that is meant; the money is"
        " gone, and no invoice is open again for it yet.",
    ),
    DiscrepancyKind.RETURN_OF_MOVED_PAYMENT: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _TAKEN,
        "Undo what moved the payment: then it is taken back by itself, or you take it back; no invoice is open again"
        " for it yet.",
    ),
    DiscrepancyKind.PAYMENT_QUESTIONED: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _POSTED,
        "Look at its explanation (`pawledger payment explain`) and ask the payer: move it to the account that it is"
        " for, or dismiss this if it is right where it is.",
    ),
    DiscrepancyKind.PAYMENT_CONFLICT: KindTerms(
        Owner.FINANCE,
        Severity.HIGH,
        2,
        _TOLD,
        "Compare both statement lines with the bank; only the first was posted.",
    ),
    DiscrepancyKind.FILE_UNREADABLE: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _REFUSABLE,
        "Ask the provider to send the file again, whole.",
    ),
    DiscrepancyKind.FILE_OUT_OF_BALANCE: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _REFUSABLE,
        "Ask the provider for a corrected file; nothing of this one was posted.",
    ),
    DiscrepancyKind.FILE_REFUSED: KindTerms(
        Owner.OPERATIONS,
        Severity.MEDIUM,
        2,
        _TOLD,
        "Have the file sent to incoming/<provider>/<name> under a plain name and size.",
    ),
    DiscrepancyKind.FILE_DUPLICATE: KindTerms(
        Owner.OPERATIONS,
        Severity.LOW,
        5,
        _TOLD,
        "Nothing, if the first drop was taken in; if it was refused, have a corrected file sent. Nothing was "
        "posted again.",
    ),
    DiscrepancyKind.FILE_CONFLICT: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        2,
        _REFUSABLE,
        "Compare both files with the provider; nothing of the second one was posted.",
    ),
    DiscrepancyKind.FILE_NOT_POSTED: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _TOLD,
        "Look into the dead letters of the payments queue and redrive them.",
    ),
    DiscrepancyKind.FILE_OVERLAP: KindTerms(
        Owner.FINANCE,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Ask the bank whether it sent these movements twice or whether each is a payment of its own; what was "
        "recorded before was not posted again.",
    ),
    DiscrepancyKind.FILE_UNEXPECTED: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _ACCEPTABLE,
        "If it is right, add what is new to the provider's profile and have the file sent again under another "
        "name; if not, ask the provider. Nothing of it was posted.",
    ),
    DiscrepancyKind.FILE_MISSING: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _TOLD,
        "Ask the provider for the file and drop it; this heals by itself. If none was due, add the day to "
        "`closed_on` in the provider's profile.",
    ),
    DiscrepancyKind.FILE_LATE: KindTerms(
        Owner.OPERATIONS,
        Severity.LOW,
        5,
        _TOLD,
        "Nothing; if it is late often, ask the provider, or correct `until` in its profile.",
    ),
    DiscrepancyKind.FILE_CALENDAR_UNKNOWN: KindTerms(
        Owner.OPERATIONS,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Correct `holidays` in the provider's profile; `pawledger providers check` says what is wrong.",
    ),
    DiscrepancyKind.PAYOUT_MISSING: KindTerms(
        Owner.FINANCE,
        Severity.HIGH,
        2,
        _TOLD,
        "Ask the provider where the money is, and see that `descriptor` in its profile is what the bank's statement "
        "says; this heals when the bank tells of it.",
    ),
    DiscrepancyKind.SETTLEMENT_MISSING: KindTerms(
        Owner.FINANCE,
        Severity.MEDIUM,
        3,
        _LINE,
        "Ask the provider for the report of this payout and drop it; this heals when it comes. If it is a payer's money"
        " after all, apply or return it; if the provider debited a fee, book it as a cost.",
    ),
    DiscrepancyKind.PAYOUT_DIFFERS: KindTerms(
        Owner.FINANCE,
        Severity.HIGH,
        3,
        _TOLD,
        "Ask the provider and the bank what was kept back or added; the difference stays in transit.",
    ),
    DiscrepancyKind.ADVICE_NOT_POSTED: KindTerms(
        Owner.OPERATIONS,
        Severity.MEDIUM,
        5,
        _ACCEPTABLE,
        "Nothing, if the bank's statement tells this money as well; if not, name the format in `posts` of the "
        "provider's profile and have the file sent again.",
    ),
    DiscrepancyKind.EVENTS_NOT_POSTED: KindTerms(
        Owner.OPERATIONS,
        Severity.LOW,
        20,
        _TOLD,
        "Nothing, if the provider's report is enough; if not, name its events in `formats` and `[webhooks]` of the "
        "provider's profile. This heals with the first event that is posted.",
    ),
    DiscrepancyKind.STATEMENT_GAP: KindTerms(
        Owner.FINANCE,
        Severity.HIGH,
        3,
        _TOLD,
        "Ask the bank for the statement that is missing and drop it; this heals by itself.",
    ),
    DiscrepancyKind.STATEMENT_CORRECTED: KindTerms(
        Owner.FINANCE,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Compare with what the bank told before: what it leaves out now stays posted.",
    ),
    DiscrepancyKind.STATEMENTS_UNCHAINED: KindTerms(
        Owner.FINANCE,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Have the provider split the file; the order of its balances is unproven.",
    ),
    DiscrepancyKind.POLICY_EVENT_REFUSED: KindTerms(
        Owner.POLICY_SYSTEM,
        Severity.MEDIUM,
        3,
        _TOLD,
        "Have the policy system correct the event and send it again.",
    ),
    DiscrepancyKind.POLICY_EVENT_CONFLICT: KindTerms(
        Owner.POLICY_SYSTEM,
        Severity.MEDIUM,
        3,
        _TOLD,
        "Compare both events; only the first was recorded.",
    ),
    DiscrepancyKind.POLICY_ON_TWO_ACCOUNTS: KindTerms(
        Owner.POLICY_SYSTEM,
        Severity.HIGH,
        2,
        _TOLD,
        "Ask the policy system which account pays the policy. If it is the one that is billed, nothing more is to be"
        " done; if not, have the policy cancelled there and issued under another policy id on the other account.",
    ),
    DiscrepancyKind.POLICY_EVENT_WITHOUT_EFFECT: KindTerms(
        Owner.POLICY_SYSTEM,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Ask the policy system what is meant; if an earlier transaction is still on its way, this heals by itself"
        " when it comes.",
    ),
    DiscrepancyKind.POLICY_UNKNOWN: KindTerms(
        Owner.POLICY_SYSTEM,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Nothing, if the policy is on its way: this heals by itself when it is issued; if not, ask the policy "
        "system which policy is meant.",
    ),
    DiscrepancyKind.DEATH_UNPROVEN: KindTerms(
        Owner.POLICY_SYSTEM,
        Severity.LOW,
        14,
        _TOLD,
        "Have the policyholder send the veterinary record and the policy system send the event again, with it, "
        "under its next transaction number.",
    ),
    DiscrepancyKind.RENEWAL_NOTICE_LATE: KindTerms(
        Owner.POLICY_SYSTEM,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Have the renewal offered anew at the old price, or declined; at the new price it is not invoiced.",
    ),
    DiscrepancyKind.RENEWAL_NOT_OFFERED: KindTerms(
        Owner.POLICY_SYSTEM,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Have the policy system offer the renewal, or tell that there is none.",
    ),
    DiscrepancyKind.POLICY_MONTH_NOT_BILLED: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _TOLD,
        "Run the billing day again; if it stays, run `pawledger ledger verify` on the account.",
    ),
    DiscrepancyKind.ACCOUNTS_NOT_BILLED: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _TOLD,
        "Look into the dead letters of the billing queue and run the day again.",
    ),
    DiscrepancyKind.BILL_RUN_HELD: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _TOLD,
        "Compare with what changed since yesterday (prices, rules, policies). Is it right: `pawledger runs "
        "release DAY --reason TEXT`; if not, `pawledger runs drop DAY --reason TEXT`, have it corrected, and the "
        "next day bills it.",
    ),
    DiscrepancyKind.REFUND_DUE: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Nothing is to come that this money could settle, and a law says by when it goes back: request it (`pawledger"
        " refunds request`). This heals then, or when a new policy uses it.",
    ),
    DiscrepancyKind.REFUND_LATE: KindTerms(
        Owner.BILLING,
        Severity.HIGH,
        1,
        _TOLD,
        "Have it requested, approved and sent today (`pawledger refunds request`, `approve`, `send`); where a law says"
        " so, interest is added by the day. This heals when it is sent or given up.",
    ),
    DiscrepancyKind.REFUND_WAITING: KindTerms(
        Owner.BILLING,
        Severity.MEDIUM,
        5,
        _TOLD,
        "Approve or reject it (`pawledger refunds approve`, `reject`), send it, or ask the bank whether it was paid and"
        " make it void if not. This heals when it goes on.",
    ),
    DiscrepancyKind.REFUNDS_OUT_OF_BALANCE: KindTerms(
        Owner.FINANCE,
        Severity.HIGH,
        1,
        _TOLD,
        "Send nothing of this ledger and run `pawledger ledger verify` on it.",
    ),
    DiscrepancyKind.WRITE_OFF_WAITING: KindTerms(
        Owner.BILLING,
        Severity.LOW,
        5,
        _TOLD,
        "A second person approves or rejects it: `pawledger write-offs approve`, `reject`. This heals then.",
    ),
    DiscrepancyKind.LEDGER_OUT_OF_BALANCE: KindTerms(
        Owner.FINANCE,
        Severity.HIGH,
        1,
        _TOLD,
        "Stop posting and run `pawledger ledger verify` on the account.",
    ),
    DiscrepancyKind.MONEY_BETWEEN_LEDGERS: KindTerms(
        Owner.OPERATIONS,
        Severity.HIGH,
        1,
        _TOLD,
        "Redrive the dead letters of the payments queue, or run the command again that moved the money; this heals "
        "when the day is closed with the other half in place.",
    ),
}
"""The one table of all kinds: owner, severity, age limit in days, what fits and what is suggested."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One difference that a person must know of. Holds no personal data: alerts are made from it."""

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
    group: str | None = None
    """What many of a kind have in common, such as one bank file: one alert tells of all of them."""

    @property
    def discrepancy_id(self) -> str:
        """The same for every repetition of the same finding, so that it is recorded and pushed once."""
        return f"{self.kind}-{hash_value([self.account_id, self.subject])[:16]}"

    @property
    def entry_id(self) -> str:
        """The entry that it is about, where it is about one: of a line in transit that by which it waits."""
        return self.subject.removeprefix(LINE_ITEMS)

    @property
    def terms(self) -> KindTerms:
        return KINDS[self.kind]

    @property
    def suggestion(self) -> str:
        return self.terms.suggestion

    def is_overdue(self, day: date) -> bool:
        """Whether on a day it is older than its kind may become."""
        return day > self.born_on + timedelta(days=self.terms.age_limit_days)


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
        **({"group": discrepancy.group} if discrepancy.group else {}),
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
        group=written.get("group"),
    )
