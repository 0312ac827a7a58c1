"""Refunds when a day is closed: the money set aside is that of the open ones, and nobody waits for too long."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from pawledger.domain.books.entries import Entry, LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.money import format_amount, write_amount
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import DiscrepancyBook, HolidayCalendars, LedgerArchive

if TYPE_CHECKING:
    from pawledger.domain.refunding.refund_rules import RefundRules
    from pawledger.domain.refunding.refunds import Refund

REFUND_KINDS: Final = (
    DiscrepancyKind.REFUND_DUE,
    DiscrepancyKind.REFUND_LATE,
    DiscrepancyKind.REFUND_WAITING,
    DiscrepancyKind.REFUNDS_OUT_OF_BALANCE,
)


@dataclass(frozen=True, slots=True)
class RefundWatchPorts:
    """Everything that looking after refunds touches."""

    archive: LedgerArchive
    discrepancies: DiscrepancyBook
    load_rules: "Callable[[], RefundRules]"
    """Asked when a day is closed, not when the function starts."""
    holidays: HolidayCalendars


def holds_refunds(head: AccountHead) -> bool:
    """Whether money of a ledger is to go back to payers."""
    return any(name is LedgerAccount.REFUNDS for _, name in head.balances)


def may_owe_refund(head: AccountHead) -> bool:
    """Whether an account holds money of its own that nothing is to come for which it could settle."""
    is_idle = head.currency is not None and not head.cursors and not head.open_invoices
    return is_idle and head.balance_minor(LedgerAccount.UNAPPLIED) < 0


def check_refunds(business_date: date, heads: Iterable[AccountHead], ports: RefundWatchPorts) -> None:
    """Tell of refunds that are late or wait too long, and of ledgers that hold other money than for open refunds.

    Nobody need ask for what a law gives back: of that it is told before it is late, too. `heads` are those of ledgers
    that hold money for refunds, or may owe one. What is not found any more heals: it was requested, sent, or given up.
    """
    rules, found = ports.load_rules(), set()
    for head in heads:
        for each in _look_at(head, business_date, rules, ports):
            ports.discrepancies.record(each)
            found.add(each.discrepancy_id)
    for kind in REFUND_KINDS:
        for recorded in list(ports.discrepancies.list_open(kind)):
            if recorded.discrepancy.discrepancy_id not in found:
                ports.discrepancies.heal(recorded.discrepancy.discrepancy_id)


def _look_at(
    head: AccountHead, business_date: date, rules: "RefundRules", ports: RefundWatchPorts
) -> Iterator[Discrepancy]:
    # Loaded with the first ledger that holds money for refunds.
    from pawledger.domain.refunding.refunds import open_minor_of, refunds_among  # noqa: PLC0415

    # Heads are scanned before entries are read: what was appended since belongs to another head.
    entries = [entry for entry, _ in ports.archive.read_entries(head.account_id)][: head.version]
    refunds = refunds_among(entries)
    open_minor = open_minor_of(refunds)
    held = {currency: -minor for (currency, name), minor in head.balances.items() if name is LedgerAccount.REFUNDS}
    for currency in sorted({*open_minor, *held}):
        held_minor, owed_minor = held.get(currency, 0), open_minor.get(currency, 0)
        if held_minor != owed_minor:
            what = (
                f"{head.account_id} holds {write_amount(held_minor, currency)} for refunds, and its open "
                f"ones come to {format_amount(owed_minor, currency)}."
            )
            kind, difference_minor = DiscrepancyKind.REFUNDS_OUT_OF_BALANCE, abs(held_minor - owed_minor)
            yield Discrepancy(kind, currency, business_date, what, head.account_id, currency, difference_minor)
    for refund in refunds:
        if refund.is_open:
            yield from _look_at_refund(refund, business_date, rules)
    if may_owe_refund(head):
        for told in _look_at_credit(head, entries, business_date, rules, ports.holidays):
            if not _was_rejected(told.subject, refunds):
                yield told


def _was_rejected(ground: str, refunds: Iterable["Refund"]) -> bool:
    """Whether a person decided, for a reason, that what an entry gave back is not sent."""
    from pawledger.domain.refunding.refunds import RefundStep  # noqa: PLC0415 - see above

    return any(refund.ground == ground and refund.state is RefundStep.REJECTED for refund in refunds)


def _look_at_credit(
    head: AccountHead, entries: Sequence[Entry], business_date: date, rules: "RefundRules", holidays: HolidayCalendars
) -> Iterator[Discrepancy]:
    """What a policy gave back and nobody requested: by when it has to be sent, where a rule says so."""
    from pawledger.domain.refunding.refund_rules import find_deadline  # noqa: PLC0415 - see above
    from pawledger.domain.refunding.refund_steps import gives_unapplied  # noqa: PLC0415 - see above

    currency = head.currency or ""
    held_minor = -head.balance_minor(LedgerAccount.UNAPPLIED)
    if held_minor < rules.minimum.get(currency, 0):
        return
    given = [entry for entry in entries if gives_unapplied(entry, currency)]
    deadlines = [(find_deadline(entry, entries, rules, holidays.is_holiday), entry) for entry in given]
    known = [(deadline, entry) for deadline, entry in deadlines if deadline is not None]
    if not known:
        return
    # The last one, as a request takes it: what earlier ones gave back is used first.
    deadline, ground = known[-1]
    is_late = deadline.due_on < business_date
    written = f"{write_amount(held_minor, currency)} of account {head.account_id}"
    what = f"{written}, given back by {ground.entry_id}, {'was' if is_late else 'is'} to be sent by {deadline.due_on} "
    what += f"({deadline.rule.rule_id}), and nobody has requested it."
    kind = DiscrepancyKind.REFUND_LATE if is_late else DiscrepancyKind.REFUND_DUE
    yield Discrepancy(kind, ground.entry_id, business_date, what, head.account_id, currency, held_minor)


def _look_at_refund(refund: "Refund", business_date: date, rules: "RefundRules") -> Iterator[Discrepancy]:
    from pawledger.domain.refunding.refund_steps import due_on_of  # noqa: PLC0415 - see above
    from pawledger.domain.refunding.refunds import RefundStep  # noqa: PLC0415 - see above

    written = f"Refund {refund.refund_id} of {write_amount(refund.amount_minor, refund.currency)}"
    due_on = due_on_of(refund)
    late, waiting = DiscrepancyKind.REFUND_LATE, DiscrepancyKind.REFUND_WAITING
    is_sent, since = refund.state is RefundStep.SENT, refund.taken_on(refund.state) or business_date

    def tell(kind: DiscrepancyKind, step: RefundStep, what: str) -> Discrepancy:
        subject = refund.steps[step].entry_id
        where = (refund.ledger_id, refund.currency, refund.amount_minor)
        return Discrepancy(kind, subject, business_date, f"{written} {what}", *where)

    if not is_sent and due_on is not None and due_on < business_date:
        rule = (refund.requested.decision.details or {}).get("deadline_rule")
        yield tell(late, next(iter(refund.steps)), f"was to be sent by {due_on} ({rule}) and is {refund.state}.")
    if since + timedelta(days=rules.approval_days) < business_date:
        waits = {
            RefundStep.REQUESTED: "waits for its approval",
            RefundStep.APPROVED: "is approved and not sent",
            RefundStep.SENT: "was sent, and no debit of the bank shows it",
        }[refund.state]
        yield tell(waiting, refund.state, f"{waits} since {since}.")
