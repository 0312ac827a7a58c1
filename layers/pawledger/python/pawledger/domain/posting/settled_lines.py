"""Lines of the bank that look like a provider's payout and are money of a payer, or a fee, after all.

Such a line waits in its settlement ledger until a report explains it. What a person takes of it is no payout: the line
is not in transit from then on, so that no report matches it any more. Is all of it given back, it waits as before.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pawledger.domain.books.entries import Decision, Entry, EntryKind, LedgerAccount, Posting, TransitItem
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.waiting_money import TAKES, UNDOES, NothingWaitsError, find_changes
from pawledger.domain.posting.settlements import Proof, find_proof

DAYS_BESIDE_CLOSED: Final = 0
"""Within how many business days a line that waits again fits a payout that was told meanwhile, beside those on which
banks are closed: which day the provider promises is not looked up, and too few days leave both to a person."""


class LineIsPayoutError(NothingWaitsError):
    """A line of the bank is a provider's payout, as the provider's report says: it is no money of a payer."""


def check_no_payout(head: AccountHead, line: Entry, entries: Sequence[Entry]) -> None:
    """Raise `LineIsPayoutError` where a report has explained a line that looked like a payout.

    What a person took of a line before is taken out of transit as well, and says so itself.
    """
    item = _item_of(line)
    if item is None or _is_in_transit(head, item) or find_changes(line.entry_id, entries):
        return
    proving = next((each for each in entries if item.item_id in each.decision.arrived), None)
    by = f", by {proving.entry_id}" if proving else ""
    raise LineIsPayoutError(f"{line.entry_id} is the payout that the provider's report tells of{by}")


def leave_transit(head: AccountHead, decision: Decision, line: Entry) -> Decision:
    """A decision that takes from where a line waits, so that no payout is matched with the line any more."""
    item = _item_of(line)
    if item is None or not _is_in_transit(head, item):
        return decision
    return replace(decision, arrived=(*decision.arrived, item.item_id))


def wait_again(head: AccountHead, decision: Decision, entries: Sequence[Entry]) -> Decision:
    """A decision that gives back what was taken of a line: as soon as nothing is taken, the line waits for its payout.

    A payout that was told meanwhile, and is the line's beyond doubt, meets it at once. `entries` are those of the
    ledger up to its head.
    """
    by_id = {entry.entry_id: entry for entry in entries}
    undone = by_id.get(str(decision.facts.get(UNDOES)))
    line = by_id.get(str(undone.decision.facts.get(TAKES))) if undone else None
    item = _item_of(line) if line else None
    if undone is None or line is None or item is None or _is_in_transit(head, item):
        return decision
    if any(each.entry_id != undone.entry_id for each in find_changes(line.entry_id, entries)):
        return decision
    proof = find_proof(item, head.transit, DAYS_BESIDE_CLOSED)
    if proof is None or proof.difference_minor:
        return replace(decision, sent=item)
    return _meet(decision, item, proof, str(line.decision.facts["currency"]))


def _meet(decision: Decision, item: TransitItem, proof: Proof, currency: str) -> Decision:
    """The same with the line proven: neither it nor what met its payout with it waits in suspense any more."""
    lines_minor = sum(line.amount_minor for line in proof.lines)
    postings = (
        *decision.postings,
        Posting(LedgerAccount.SUSPENSE, currency, lines_minor),
        Posting(LedgerAccount.IN_TRANSIT, currency, -lines_minor),
    )
    others = (each.item_id for each in (*proof.payouts, *proof.lines) if each.item_id != item.item_id)
    paid_on = proof.payouts[-1].booked_on
    return replace(
        decision,
        postings=_add_up(postings),
        arrived=tuple(others),
        reason=f"{decision.reason}; it is the payout of {paid_on}",
    )


def _add_up(postings: Sequence[Posting]) -> tuple[Posting, ...]:
    """One posting for each ledger account and currency; those of nothing are left out."""
    totals: dict[tuple[LedgerAccount, str], int] = {}
    for posting in postings:
        key = (posting.ledger_account, posting.currency)
        totals[key] = totals.get(key, 0) + posting.amount_minor
    return tuple(Posting(*key, amount_minor) for key, amount_minor in totals.items() if amount_minor)


def _item_of(line: Entry) -> TransitItem | None:
    """The item by which a line of the bank waited when it came."""
    return line.decision.sent if line.decision.kind is EntryKind.MONEY_SUSPENDED else None


def _is_in_transit(head: AccountHead, item: TransitItem) -> bool:
    return any(each.item_id == item.item_id for each in head.transit)
