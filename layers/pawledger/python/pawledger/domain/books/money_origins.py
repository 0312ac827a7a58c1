"""Where money of an account came from that was first posted, or waited, in another ledger."""

from dataclasses import dataclass
from typing import Final

from pawledger.domain.books.entries import PAYMENT_ENTRIES, Entry
from pawledger.domain.books.waiting_money import TAKES
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.posting.splitting import PART_ENTRIES

FROM: Final = "from"
"""The fact under which an entry by which money arrives names the ledger that gave it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The payment that money is of, in the ledger that took it in."""

    ledger_id: str
    entry_id: str


def origin_of(entry: Entry) -> Origin | None:
    """The payment of which an entry brought money from another ledger; None where it is of this ledger itself."""
    facts = entry.decision.facts
    if FROM in facts:
        return Origin(str(facts[FROM]), str(facts[TAKES]))
    if entry.entry_id.startswith(PART_ENTRIES):
        payment_id = entry.entry_id.removeprefix(PART_ENTRIES)
        return Origin(suspense_ledger_of(payment_id), f"{PAYMENT_ENTRIES}{payment_id}")
    return None
