"""What a statement says about whose money a movement is, and the ledger that was found for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pawledger.domain.matching.payment_clues import Candidate, Part


@dataclass(frozen=True, slots=True)
class Clues:
    """What a statement says about whose money it is."""

    references: Sequence[str]
    text: str
    mandate_id: str | None
    payer_key: str | None = None
    """Keyed hash of the account that paid."""
    name_keys: tuple[str, ...] = ()
    """Keyed hashes of the parts of the payer's name."""


@dataclass(frozen=True, slots=True)
class Route:
    """The ledger that takes a movement, and how it was found."""

    ledger_id: str
    invoice_ids: tuple[str, ...]
    """The invoices that the payer named, in the payer's order."""
    identified_by: str | None
    parts: tuple[Part, ...] = ()
    """What belongs to whom, where it is several accounts': then the ledger is one of suspense, which passes it on."""
    candidates: tuple[Candidate, ...] = ()
    """Who may be meant, best first, where nobody is certain."""
