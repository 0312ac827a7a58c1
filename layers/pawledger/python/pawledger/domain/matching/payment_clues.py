"""What identification is given and what it answers: clues of a payment, books to ask, parts and candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from pawledger.domain.books.entries import OpenInvoice


@dataclass(frozen=True, slots=True)
class PaymentClues:
    """What a payment says about whose money it is. Names and account numbers of payers come as keyed hashes alone."""

    amount_minor: int
    """Minor units, positive."""
    currency: str
    booked_on: date
    references: tuple[str, ...]
    text: str
    mandate_id: str | None
    payer_key: str | None
    """Keyed hash of the account that paid."""
    name_keys: tuple[str, ...]
    """Keyed hashes of the payer's name: of the whole first, then of each two parts, then of its parts."""


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """What identification needs to know of an account."""

    account_id: str
    currency: str | None
    """None while the account has no policy."""
    invoice_count: int
    """How many invoices were issued; they are numbered from 1."""
    open_invoices: tuple[OpenInvoice, ...]
    """Oldest due day first."""


class AccountBook(Protocol):
    """What is known of accounts, mandates and payers."""

    def find_accounts(self, account_ids: Sequence[str]) -> Mapping[str, OpenAccount]:
        """Those of the accounts that are there, by id."""

    def find_mandate(self, mandate_id: str) -> str | None:
        """The account that a mandate pays, or None."""

    def find_payer(self, payer_key: str) -> tuple[str, ...]:
        """The accounts that a payer paid before under a reference or a mandate."""

    def find_mark(self, reference: str) -> str | None:
        """The one account of earlier payments with the same id of a bank or provider; None where there are several."""


class SuggestionBook(Protocol):
    """What is known of accounts by other things than their ids."""

    def with_amount(self, currency: str, amount_minor: int) -> Sequence[str]:
        """Accounts of which an invoice, or all together, has this much open."""

    def with_name(self, name_key: str) -> Sequence[str]:
        """Accounts that somebody paid before whose name has this part."""

    def view(self, account_id: str) -> tuple[OpenAccount, frozenset[str], frozenset[str]]:
        """An account that another answer named, with the keys of names and of bank accounts that paid it before."""


class Rung(StrEnum):
    """What made an account certain, in words for an account's history."""

    REFERENCE = "payment reference"
    DIGITS = "payment reference in digits"
    CORRECTION = "corrected payment reference"
    CUT_OFF = "beginning of the payment reference"
    MANDATE = "mandate"
    MARK = "id of an earlier payment"
    PAYER = "known payer"


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a payment that belongs to one account."""

    account_id: str
    amount_minor: int
    invoice_ids: tuple[str, ...]
    """Invoices that the payer named, in the payer's order; none where only the account is certain."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that may be meant."""

    account_id: str
    invoice_ids: tuple[str, ...]
    score: int
    """0 to 100; 100 is certain."""
    matched: tuple[str, ...]
    """What speaks for it."""
    lacks: tuple[str, ...]
    """What would have to agree as well."""


@dataclass(frozen=True, slots=True)
class Identification:
    """The answer of the ladder. Without parts it abstained."""

    parts: tuple[Part, ...]
    rung: Rung | None
    version: int
    matched: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    """Best first; beside parts, those that were not taken."""
    would_change: str | None
    """The one field of the payment that would change the decision."""
    is_lasting: bool = False
    """Whether the same clues lead there for ever, whatever becomes known: then the answer needs no memory."""
