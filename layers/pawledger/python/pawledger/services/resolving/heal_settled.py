"""Healing what the accounts themselves have settled since: what was owed is paid, what was too much is used."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.domain.worklist.healing import HEALING_KINDS, has_healed
from pawledger.ports import DiscrepancyBook, TermArchive

DISCREPANCIES_PER_READ: Final = 100
"""One account each at most, and so many heads are read at once."""


def heal_settled(discrepancies: DiscrepancyBook, heads: TermArchive) -> int:
    """Heal the open discrepancies of accounts that have nothing left of them, and say how many."""
    open_ones = _list_open(discrepancies)
    healed = 0
    while batch := list(islice(open_ones, DISCREPANCIES_PER_READ)):
        account_ids = sorted({found.account_id for found in batch if found.account_id})
        by_id = {head.account_id: head for head in heads.read_heads(account_ids)}
        for found in batch:
            head = by_id.get(found.account_id or "")
            if head is not None and has_healed(found, head):
                healed += discrepancies.heal(found.discrepancy_id)
    return healed


def _list_open(discrepancies: DiscrepancyBook) -> Iterator[Discrepancy]:
    for kind in HEALING_KINDS:
        for recorded in discrepancies.list_open(kind):
            yield recorded.discrepancy
