"""Documents: what an invoice and a statement of account say, made of ledger entries alone.

A document is a value: the same entries and the same creditor give the same document, whenever and wherever it is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pawledger.domain.billing.issuing import due_day_of
from pawledger.domain.books.entries import Decision, Entry, EntryKind, LedgerAccount
from pawledger.domain.errors import PawledgerError, require
from pawledger.domain.matching.creditors import Creditor
from pawledger.domain.matching.payment_codes import sepa_payload_of
from pawledger.domain.matching.payment_references import InvoiceAddress, numeric_reference_of

INVOICE_DOCUMENT: Final = "invoice_document.v1"
STATEMENT_DOCUMENT: Final = "statement_document.v1"

_CHARGE_WORDS: Final = {"premium": "Premium", "tax": "Tax", "fee": "Fee", "discount": "Discount", "credit": "Credit"}


_KIND_WORDS: Final[Mapping[str, str]] = {
    "payment_posted": "Payment received, thank you",
    "payment_returned": "Payment taken back by its bank",
    "policy_issued": "Money from before the first policy",
    "policy_endorsed": "Policy changed",
    "policy_cancelled": "Policy cancelled",
    # A statement is no place to remind anybody of why.
    "pet_died": "Policy ended",
    "payer_changed": "Policy moved to another payer",
    "refund_requested": "Refund to you is being prepared",
    "refund_rejected": "Refund not made, the money stays on your account",
    "refund_voided": "Refund came back, the money is on your account again",
    "refund_written_up": "Rest too small to be sent back",
    "invoices_written_off": "Amount that we do not ask for any more",
}


class NotAnInvoiceError(PawledgerError):
    """An invoice document was asked for an entry that issued no invoice."""


class NoStatementError(PawledgerError):
    """An account has no statement: nothing was ever invoiced in a currency of its own, or the days are turned round."""


@dataclass(frozen=True, slots=True)
class DocumentCharge:
    """One charge of a line; discounts are negative."""

    code: str
    """What is charged: `premium`, or a kind and what it is for, such as `tax:ipt`."""
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One installment of one policy term."""

    policy_id: str
    term_id: str
    installment_number: int
    charges: tuple[DocumentCharge, ...]

    @property
    def amount_minor(self) -> int:
        return sum(charge.amount_minor for charge in self.charges)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """What an invoice says. Amounts in minor units of `currency`."""

    invoice_id: str
    account_id: str
    entry_hash: str
    """Hash of the ledger entry that it is made of."""
    issued_on: date
    due_on: date
    currency: str
    lines: tuple[DocumentLine, ...]
    settled_minor: int
    """What unapplied cash of the account settled of it when it was issued."""
    payment_reference: str
    numeric_reference: str
    creditor: Creditor

    @property
    def amount_minor(self) -> int:
        """What it bills."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def payable_minor(self) -> int:
        """What is left to be paid."""
        return self.amount_minor - self.settled_minor

    @property
    def totals(self) -> tuple[DocumentCharge, ...]:
        """What it bills by code, in the order in which the codes first stand on it."""
        by_code: dict[str, int] = {}
        for line in self.lines:
            for charge in line.charges:
                by_code[charge.code] = by_code.get(charge.code, 0) + charge.amount_minor
        return tuple(DocumentCharge(code, amount_minor) for code, amount_minor in by_code.items())

    @property
    def payment_code(self) -> str | None:
        """Payload of the QR code to pay it with; None where its rail has none. Raises `PaymentCodeTooLongError`."""
        return sepa_payload_of(self.creditor, self.payable_minor, self.payment_reference)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry as it changes what the account owes: a charge is positive, money of the payer negative."""

    sequence: int
    occurred_on: date
    what: str
    due_on: date | None
    """When an invoice is due; None for whatever is none."""
    amount_minor: int
    balance_minor: int
    """What the account owes after it."""
    settles: tuple[tuple[str, int], ...]
    """Invoices that it settles, each with the amount."""


@dataclass(frozen=True, slots=True)
class StatementInvoice:
    """What is still to be paid of one invoice, or of a payment that its bank took back."""

    invoice_id: str
    due_on: date
    remaining_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDocument:
    """What happened on an account between two days. Amounts in minor units of `currency`.

    A balance is what the account owes less its unapplied cash: `receivable` and `unapplied` of the ledger together.
    """

    statement_id: str
    account_id: str
    currency: str
    first_day: date
    last_day: date
    entry_count: int
    """How many entries the ledger had when it was made: the same number gives the same statement again."""
    last_hash: str
    """Hash of the last of them."""
    opening_minor: int
    lines: tuple[StatementLine, ...]
    owed_minor: int
    """The ledger's balance of `receivable` at the end."""
    unapplied_minor: int
    """Unapplied cash at the end, positive where the payer has money with us."""
    open_invoices: tuple[StatementInvoice, ...]
    creditor: Creditor

    @property
    def closing_minor(self) -> int:
        return self.owed_minor - self.unapplied_minor

    @property
    def unallocated_minor(self) -> int:
        """Money that settles none of the open invoices of the statement.

        It is `unapplied_minor`, but for money booked on one side of the last day that settles an invoice issued on
        the other side; it is negative where such money settled more than there was by then.
        """
        return sum(invoice.remaining_minor for invoice in self.open_invoices) - self.closing_minor


def make_invoice_document(entry: Entry, *, currency: str, creditor: Creditor) -> InvoiceDocument:
    """The document of an invoice. `currency` is the account's: an invoice over nothing has no postings to tell it.

    Raises `NotAnInvoiceError`, and `InvariantError` where the entry contradicts itself.
    """
    decision = entry.decision
    number = decision.invoice_number
    if decision.kind is not EntryKind.INVOICE_ISSUED or number is None or decision.payment_reference is None:
        raise NotAnInvoiceError(f"{entry.entry_id} of {entry.account_id} issued no invoice")
    require(creditor.currency == currency, f"the creditor of {entry.entry_id} is the one of its currency")
    invoice_id = invoice_id_of(entry.account_id, number)
    document = InvoiceDocument(
        invoice_id=invoice_id,
        account_id=entry.account_id,
        entry_hash=entry.hash,
        issued_on=decision.occurred_on,
        due_on=due_day_of(decision),
        currency=currency,
        lines=tuple(_line(*line) for line in decision.facts["lines"]),
        settled_minor=sum(a.amount_minor for a in decision.allocations if a.invoice_id == invoice_id),
        payment_reference=decision.payment_reference,
        numeric_reference=numeric_reference_of(InvoiceAddress(entry.account_id, number)),
        creditor=creditor,
    )
    opened_minor = decision.opened_invoice.remaining_minor if decision.opened_invoice else 0
    require(document.amount_minor == opened_minor, f"the lines of {entry.entry_id} sum to what it opened")
    return document


def make_statement_between(
    entries: Sequence[Entry], *, first_day: date, last_day: date, creditor: Creditor
) -> StatementDocument:
    """The statement of the entries that occurred between two days, both included, from all entries of an account.

    Entries stand in the order of their days; those of one day in the order of the ledger.

    Raises `NoStatementError`.
    """
    if last_day < first_day:
        raise NoStatementError(f"a statement cannot end on {last_day}, before it begins on {first_day}")
    by_day = sorted(entries, key=lambda entry: (entry.decision.occurred_on, entry.sequence))
    return _make_statement(
        [entry for entry in by_day if entry.decision.occurred_on < first_day],
        [entry for entry in by_day if first_day <= entry.decision.occurred_on <= last_day],
        entries,
        statement_id=f"{first_day}/{last_day}",
        days=(first_day, last_day),
        creditor=creditor,
    )


def make_statement_of_invoice(entries: Sequence[Entry], invoice: Entry, *, creditor: Creditor) -> StatementDocument:
    """The statement that goes with an invoice: every entry behind the invoice before it, this one included.

    Those statements follow each other without a gap: each opens with what the one before closed with, also where
    money is booked late. `entries` are all of the account; what stands behind the invoice does not count.

    Raises `NoStatementError`.
    """
    known = entries[: invoice.sequence]
    earlier = [entry.sequence for entry in known[:-1] if entry.decision.kind is EntryKind.INVOICE_ISSUED]
    cut = max(earlier, default=0)
    within = known[cut:]
    days = [entry.decision.occurred_on for entry in within]
    return _make_statement(
        known[:cut],
        within,
        known,
        statement_id=f"{invoice.sequence:06d}",
        days=(min(days), max(days)),
        creditor=creditor,
    )


def invoice_id_of(account_id: str, number: int) -> str:
    """The id under which an account's n-th invoice is open, printed and stored."""
    return f"{account_id}-{number:04d}"


def currency_of(entries: Iterable[Entry]) -> str | None:
    """The currency in which an account is invoiced, from its entries; None before its first policy."""
    return next((entry.decision.opens_account_in for entry in entries if entry.decision.opens_account_in), None)


def charge_words(code: str) -> str:
    """A charge's code in words: `tax:ipt` is `Tax, ipt`, `discount:multi_pet` is `Discount, multi pet`."""
    kind, _, detail = code.partition(":")
    words = _CHARGE_WORDS.get(kind, kind.replace("_", " ").capitalize())
    return f"{words}, {detail.replace('_', ' ')}" if detail else words


def kind_words(kind: str) -> str:
    """A kind of entry in the words of a customer; one that has none of its own is told by its name."""
    return _KIND_WORDS.get(kind, kind.replace("_", " ").capitalize())


def invoice_as_json(document: InvoiceDocument) -> dict[str, Any]:
    """An invoice as the JSON object of `invoice_document.v1`."""
    return {
        "schema": INVOICE_DOCUMENT,
        "invoice_id": document.invoice_id,
        "account_id": document.account_id,
        "entry_hash": document.entry_hash,
        "issued_on": document.issued_on.isoformat(),
        "due_on": document.due_on.isoformat(),
        "currency": document.currency,
        "lines": [
            {
                "policy_id": line.policy_id,
                "term_id": line.term_id,
                "installment_number": line.installment_number,
                "charges": _charges_as_json(line.charges),
                "amount_minor": line.amount_minor,
            }
            for line in document.lines
        ],
        "totals": _charges_as_json(document.totals),
        "amount_minor": document.amount_minor,
        "settled_minor": document.settled_minor,
        "payable_minor": document.payable_minor,
        "payment_reference": document.payment_reference,
        "numeric_reference": document.numeric_reference,
        "payment_code": document.payment_code,
        "creditor": _creditor_as_json(document.creditor),
    }


def statement_as_json(document: StatementDocument) -> dict[str, Any]:
    """A statement as the JSON object of `statement_document.v1`."""
    return {
        "schema": STATEMENT_DOCUMENT,
        "statement_id": document.statement_id,
        "account_id": document.account_id,
        "currency": document.currency,
        "first_day": document.first_day.isoformat(),
        "last_day": document.last_day.isoformat(),
        "entry_count": document.entry_count,
        "last_hash": document.last_hash,
        "opening_minor": document.opening_minor,
        "lines": [
            {
                "sequence": line.sequence,
                "occurred_on": line.occurred_on.isoformat(),
                "what": line.what,
                "due_on": line.due_on.isoformat() if line.due_on else None,
                "amount_minor": line.amount_minor,
                "balance_minor": line.balance_minor,
                "settles": [{"invoice_id": name, "amount_minor": minor} for name, minor in line.settles],
            }
            for line in document.lines
        ],
        "closing_minor": document.closing_minor,
        "owed_minor": document.owed_minor,
        "unapplied_minor": document.unapplied_minor,
        "open_invoices": [
            {"invoice_id": i.invoice_id, "due_on": i.due_on.isoformat(), "remaining_minor": i.remaining_minor}
            for i in document.open_invoices
        ],
        "unallocated_minor": document.unallocated_minor,
        "creditor": _creditor_as_json(document.creditor),
    }


def _make_statement(
    before: Sequence[Entry],
    within: Sequence[Entry],
    known: Sequence[Entry],
    *,
    statement_id: str,
    days: tuple[date, date],
    creditor: Creditor,
) -> StatementDocument:
    currency = currency_of(known)
    if currency is None:
        raise NoStatementError("an account has no statement before its first policy gives it a currency")
    require(creditor.currency == currency, "the creditor of a statement is the one of its currency")
    last = known[-1]
    shown = [*before, *within]
    opening_minor = _sum_postings(before, currency, _OWED)
    return StatementDocument(
        statement_id=f"{last.account_id}/{statement_id}",
        account_id=last.account_id,
        currency=currency,
        first_day=days[0],
        last_day=days[1],
        entry_count=last.sequence,
        last_hash=last.hash,
        opening_minor=opening_minor,
        lines=_statement_lines(within, currency, opening_minor),
        owed_minor=_sum_postings(shown, currency, {LedgerAccount.RECEIVABLE}),
        unapplied_minor=-_sum_postings(shown, currency, {LedgerAccount.UNAPPLIED}),
        open_invoices=_open_invoices(shown),
        creditor=creditor,
    )


_OWED: Final = frozenset({LedgerAccount.RECEIVABLE, LedgerAccount.UNAPPLIED})
"""What a payer owes, less the payer's own money."""


def _statement_lines(entries: Iterable[Entry], currency: str, opening_minor: int) -> tuple[StatementLine, ...]:
    lines, balance_minor = [], opening_minor
    for entry in entries:
        decision = entry.decision
        touches = any(p.currency == currency and p.ledger_account in _OWED for p in decision.postings)
        if not touches and decision.kind is not EntryKind.INVOICE_ISSUED:
            continue
        amount_minor = _sum_postings([entry], currency, _OWED)
        balance_minor += amount_minor
        lines.append(
            StatementLine(
                sequence=entry.sequence,
                occurred_on=decision.occurred_on,
                what=_what(entry.account_id, decision),
                due_on=_due_on(decision),
                amount_minor=amount_minor,
                balance_minor=balance_minor,
                settles=tuple((a.invoice_id, a.amount_minor) for a in decision.allocations),
            )
        )
    return tuple(lines)


def _what(account_id: str, decision: Decision) -> str:
    """An entry in the words of a customer."""
    if decision.kind is EntryKind.INVOICE_ISSUED and decision.invoice_number is not None:
        return f"Invoice {invoice_id_of(account_id, decision.invoice_number)}"
    return kind_words(decision.kind)


def _due_on(decision: Decision) -> date | None:
    return due_day_of(decision) if decision.kind is EntryKind.INVOICE_ISSUED else None


def _open_invoices(entries: Iterable[Entry]) -> tuple[StatementInvoice, ...]:
    """What is open after these entries; what settles an invoice that none of them opened is left to the balance."""
    due: dict[str, date] = {}
    remaining: dict[str, int] = {}
    for entry in entries:
        opened = entry.decision.opened_invoice
        if opened is not None:
            due[opened.invoice_id] = opened.due_on
            remaining[opened.invoice_id] = remaining.get(opened.invoice_id, 0) + opened.remaining_minor
        for each in entry.decision.reopened:
            due.setdefault(each.invoice_id, each.due_on)
            remaining[each.invoice_id] = remaining.get(each.invoice_id, 0) + each.remaining_minor
        for allocation in entry.decision.allocations:
            remaining[allocation.invoice_id] = remaining.get(allocation.invoice_id, 0) - allocation.amount_minor
    found = [StatementInvoice(name, due[name], minor) for name, minor in remaining.items() if name in due and minor]
    return tuple(sorted(found, key=lambda invoice: (invoice.due_on, invoice.invoice_id)))


def _sum_postings(entries: Iterable[Entry], currency: str, ledger_accounts: Iterable[LedgerAccount]) -> int:
    wanted = frozenset(ledger_accounts)
    return sum(
        posting.amount_minor
        for entry in entries
        for posting in entry.decision.postings
        if posting.currency == currency and posting.ledger_account in wanted
    )


def _line(term_id: str, installment_number: int, charges: Sequence[Sequence[Any]]) -> DocumentLine:
    return DocumentLine(
        policy_id=term_id.rpartition("#")[0] or term_id,
        term_id=term_id,
        installment_number=installment_number,
        charges=tuple(DocumentCharge(code, amount_minor) for code, amount_minor in charges),
    )


def _charges_as_json(charges: Iterable[DocumentCharge]) -> list[dict[str, Any]]:
    return [{"code": c.code, "what": charge_words(c.code), "amount_minor": c.amount_minor} for c in charges]


def _creditor_as_json(creditor: Creditor) -> dict[str, Any]:
    return {
        "name": creditor.name,
        "address": list(creditor.address),
        "iban": creditor.iban,
        "bic": creditor.bic,
        "bank_details": [{"name": name, "value": value} for name, value in creditor.bank_details],
        "notes": list(creditor.notes),
    }
