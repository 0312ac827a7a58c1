"""Ledgers with money that waits, and what an operator does about it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from pawledger.domain.books.entries import Allocation, Decision, EntryKind, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, ResolutionCommand
from pawledger.domain.worklist.resolutions import ResolutionRequest, Share
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.resolving.resolution_steps import ResolvingPorts
from pawledger.services.resolving.resolve_discrepancy import Deed, Resolved, resolve_discrepancy, undo_resolution
from tests.builders.services import connect_posting
from tests.fakes.memory import MemoryWorld

SUSPENSE: Final = "SUSPENSE-07"
PAID_ON: Final = date(2026, 2, 2)
DECIDED_AT: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)


def ports_of(world: MemoryWorld) -> ResolvingPorts:
    returns = connect_posting(world).returns
    return ResolvingPorts(world.ledger, world.ledger, world.discrepancy_book, world.pause, returns)


def append_to(world: MemoryWorld, ledger_id: str, decision: Decision, *discrepancies: Discrepancy) -> None:
    append_entry(world.ledger, world.pause, ledger_id, lambda head, _: Proposal(decision, discrepancies))


def _decision(entry_id: str, kind: EntryKind, facts: dict[str, Any], *postings: Posting, **more: Any) -> Decision:
    used = tuple(posting for posting in postings if posting.amount_minor)
    return Decision(kind, entry_id, PAID_ON, facts, {}, used, "As a test has it.", **more)


def invoice_of(account_id: str, number: int, amount_minor: int = 1_000) -> OpenInvoice:
    """The n-th invoice of an account, due on the last days of January, February and so on."""
    return OpenInvoice(f"{account_id}-{number:04d}", date(2026, number, 28), amount_minor)


def open_account(world: MemoryWorld, account_id: str, *amounts_minor: int, currency: str = "EUR") -> None:
    """An account that owes an invoice of each amount."""
    opening = _decision(f"policy#{account_id}", EntryKind.POLICY_ISSUED, {}, opens_account_in=currency)
    append_to(world, account_id, opening)
    for number, amount_minor in enumerate(amounts_minor, start=1):
        bill(world, account_id, number, amount_minor, currency)


def bill(world: MemoryWorld, account_id: str, number: int, amount_minor: int, currency: str = "EUR") -> None:
    """The n-th invoice of an account."""
    invoiced = _decision(
        f"invoice#{account_id}#{number}",
        EntryKind.INVOICE_ISSUED,
        {"number": number},
        Posting(LedgerAccount.RECEIVABLE, currency, amount_minor),
        Posting(LedgerAccount.UNBILLED, currency, -amount_minor),
        opened_invoice=invoice_of(account_id, number, amount_minor),
        invoice_number=number,
    )
    append_to(world, account_id, invoiced)


def suspend(
    world: MemoryWorld, amount_minor: int, *, name: str = "first", ledger_id: str = SUSPENSE, currency: str = "EUR"
) -> Discrepancy:
    """A payment that nobody could identify."""
    entry_id = f"payment#{name}"
    kind = DiscrepancyKind.UNIDENTIFIED_PAYMENT
    found = Discrepancy(kind, entry_id, PAID_ON, "Whose is it?", ledger_id, currency, amount_minor)
    decision = _decision(
        entry_id,
        EntryKind.MONEY_SUSPENDED,
        {"amount_minor": amount_minor, "currency": currency},
        Posting(LedgerAccount.CASH, currency, amount_minor),
        Posting(LedgerAccount.SUSPENSE, currency, -amount_minor),
    )
    append_to(world, ledger_id, decision, found)
    return found


def debited(
    world: MemoryWorld, amount_minor: int, *, name: str = "fee", ledger_id: str = SUSPENSE, marks: Sequence[str] = ()
) -> Discrepancy:
    """A debit of the bank that nobody explained."""
    entry_id = f"debit#{name}"
    kind = DiscrepancyKind.UNEXPLAINED_DEBIT
    found = Discrepancy(kind, entry_id, PAID_ON, "What is it?", ledger_id, "EUR", amount_minor)
    decision = _decision(
        entry_id,
        EntryKind.MONEY_SUSPENDED,
        {"amount_minor": amount_minor, "currency": "EUR"},
        Posting(LedgerAccount.CASH, "EUR", -amount_minor),
        Posting(LedgerAccount.SUSPENSE, "EUR", amount_minor),
    )
    told = {"file_id": "f" * 64, "line": 1, "number": 1, "marks": list(marks)}
    append_to(world, ledger_id, replace(decision, source=told), found)
    return found


def decision_of_payment(name: str, amount_minor: int, *settled: OpenInvoice) -> Decision:
    """A payment that settles invoices whole; what is over is unapplied."""
    applied_minor = sum(invoice.remaining_minor for invoice in settled)
    return _decision(
        f"payment#{name}",
        EntryKind.PAYMENT_POSTED,
        {"amount_minor": amount_minor, "currency": "EUR"},
        Posting(LedgerAccount.CASH, "EUR", amount_minor),
        Posting(LedgerAccount.RECEIVABLE, "EUR", -applied_minor),
        Posting(LedgerAccount.UNAPPLIED, "EUR", applied_minor - amount_minor),
        allocations=tuple(Allocation(i.invoice_id, i.remaining_minor, i.due_on) for i in settled),
    )


def pay(
    world: MemoryWorld, account_id: str, amount_minor: int, *settled: OpenInvoice, name: str = "paid"
) -> Discrepancy:
    """A payment that settles invoices whole; what is over is unapplied, and a discrepancy."""
    over_minor = amount_minor - sum(invoice.remaining_minor for invoice in settled)
    decision = decision_of_payment(name, amount_minor, *settled)
    kind = DiscrepancyKind.OVERPAYMENT
    found = Discrepancy(kind, decision.entry_id, PAID_ON, "Too much.", account_id, "EUR", over_minor)
    append_to(world, account_id, decision, found)
    return found


def use_unapplied(world: MemoryWorld, account_id: str, amount_minor: int, invoice_id: str) -> None:
    """A later invoice takes unapplied cash."""
    decision = _decision(
        f"used#{invoice_id}#{amount_minor}",
        EntryKind.INVOICE_ISSUED,
        {},
        Posting(LedgerAccount.UNAPPLIED, "EUR", amount_minor),
        Posting(LedgerAccount.RECEIVABLE, "EUR", -amount_minor),
        allocations=(Allocation(invoice_id, amount_minor),),
    )
    append_to(world, account_id, decision)


def deed(
    discrepancy: Discrepancy, *, actor: str = "operator", reason: str = "The payer called.", minutes_later: int = 0
) -> Deed:
    decided_at = DECIDED_AT + timedelta(minutes=minutes_later)
    return Deed(discrepancy.discrepancy_id, actor, reason, decided_at, "as typed")


def resolve(
    world: MemoryWorld,
    discrepancy: Discrepancy,
    command: ResolutionCommand,
    *shares: Share,
    is_preview: bool = False,
    **more: Any,
) -> Resolved:
    """Do what an operator asks for; `more` are further parts of the request, or `actor` and `reason`."""
    who = {name: more.pop(name) for name in ("actor", "reason") if name in more}
    request = ResolutionRequest(command, shares, **more)
    return resolve_discrepancy(deed(discrepancy, **who), request, ports_of(world), is_preview=is_preview)


def undo(world: MemoryWorld, discrepancy: Discrepancy, *, is_preview: bool = False, **who: Any) -> Resolved:
    return undo_resolution(deed(discrepancy, **who), ports_of(world), is_preview=is_preview)


def head_of(world: MemoryWorld, account_id: str) -> AccountHead:
    head = world.ledger.read_head(account_id, consistent=True)
    assert head is not None
    return head


def money_of(world: MemoryWorld, account_id: str) -> dict[str, int]:
    """Balances of an account by ledger account, in minor units of whatever currency."""
    return {str(name): minor for (_, name), minor in head_of(world, account_id).balances.items()}


def open_of(world: MemoryWorld, account_id: str) -> dict[str, int]:
    """What is open, by invoice."""
    return {invoice.invoice_id: invoice.remaining_minor for invoice in head_of(world, account_id).open_invoices}


def books_of(world: MemoryWorld) -> dict[str, tuple[Any, Sequence[OpenInvoice]]]:
    """Balances and open invoices of every ledger: what an undo has to restore."""
    return {head.account_id: (dict(head.balances), head.open_invoices) for head in world.ledger.scan_heads()}
