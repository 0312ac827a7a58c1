"""Values as rows of their tables: what stands beside a body, and under which keys."""

from pawledger.adapters.models import AccountRow, DiscrepancyRow, EntryRow, TermRow
from pawledger.adapters.stored_bodies import write_discrepancy, write_head, write_term
from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.identifiers import agenda_key_of
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyStatus


def account_row(model: type[AccountRow], head: AccountHead) -> AccountRow:
    """The row of a head; an account on which nothing is due does not stand in the agenda."""
    day = head.agenda_on
    return model(
        head.account_id,
        version=head.version,
        agenda_key=agenda_key_of(head.account_id, day) if day else None,
        body=write_head(head),
    )


def entry_row(model: type[EntryRow], entry: Entry) -> EntryRow:
    """The row of an entry, with the hash that proves its text.

    The hash of its facts is not stored, since the text gives it: without those 76 bytes the invoice of two policies
    with four charges each stays under 1,024 bytes, and so costs two write units and not four.
    """
    return model(
        entry.account_id,
        entry.entry_id,
        sequence=entry.sequence,
        body=entry.body,
        hash=entry.hash,
    )


def term_row(model: type[TermRow], term: BilledTerm) -> TermRow:
    """The row of a policy's term."""
    return model(term.account_id, term.term_id, body=write_term(term))


def discrepancy_row(model: type[DiscrepancyRow], discrepancy: Discrepancy) -> DiscrepancyRow:
    """The row of a discrepancy that was just born: open, on the worklist of its kind, nobody told yet."""
    return model(
        discrepancy.discrepancy_id,
        status=str(DiscrepancyStatus.OPEN),
        kind=str(discrepancy.kind),
        body=write_discrepancy(discrepancy),
        worklist_key=str(discrepancy.kind),
        born_on=discrepancy.born_on.isoformat(),
    )
