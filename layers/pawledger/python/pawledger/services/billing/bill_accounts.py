"""Billing accounts: each gets every invoice that is due to be issued on the business date, each once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.domain.billing.bill_runs import BatchResult
from pawledger.domain.billing.issuing import MissingTermError, decide_next_invoice, find_due_terms
from pawledger.domain.books.entries import INVOICE_ENTRIES, Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import PawledgerError
from pawledger.ports import HeadMovedError, Ledger, Pause, RunBook
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.billing.plan_run import ACCOUNTS_PER_MESSAGE
from pawledger.services.billing.start_billing_day import BILL_ACCOUNTS
from pawledger.services.messages import open_message

INVOICES_PER_RUN_MAX: Final = 500
"""An account that was never billed in 40 years; beyond it something is wrong and a person must look."""


class AccountsNotBilledError(PawledgerError):
    """Some accounts of a message could not be billed; the others were. The message comes again."""


class EndlessBillingError(PawledgerError):
    """An account still had something to invoice after `INVOICES_PER_RUN_MAX` invoices."""


@dataclass(frozen=True, slots=True)
class InvoiceIssued:
    """An invoice that this run issued."""

    account_id: str
    invoice_number: int
    currency: str
    amount_minor: int


def bill_accounts(message: object, *, ledger: Ledger, runs: RunBook, pause: Pause) -> list[InvoiceIssued]:
    """Bill each account of a `bill_accounts.v1` message and return the invoices that are new.

    A message that is a batch of a run bills nothing while the run is held, nor after it was dropped, and reports to it
    once all its accounts are billed; what it reports is the same at every delivery. Raises `MessageRefusedError`, and
    `AccountsNotBilledError` at the end where accounts failed: neighbours go first.
    """
    reader = open_message(message, BILL_ACCOUNTS)
    business_date = reader.day("business_date")
    account_ids = reader.texts("account_ids", ACCOUNTS_PER_MESSAGE)
    batch_id = reader.optional_text("batch_id")
    if batch_id is not None and _is_halted(runs, business_date):
        return []
    issued: list[InvoiceIssued] = []
    failures: list[str] = []
    for account_id in account_ids:
        try:
            issued += bill_account(account_id, business_date, ledger=ledger, pause=pause)
        except PawledgerError as error:
            failures.append(f"{account_id}: {error}")
    if failures:
        raise AccountsNotBilledError("; ".join(failures))
    if batch_id is not None:
        billed: Iterable[InvoiceIssued] = issued
        if not issued or sum_by_currency(issued) != reader.fields.get("expected_minor"):
            # Delivered before, or changed since it was planned: what the ledger holds is what counts.
            counts = reader.counts("invoice_counts")
            billed = _read_invoices(ledger, {each: counts.get(each, 0) for each in account_ids}, business_date)
        _report(runs, business_date, batch_id, list(billed))
    return issued


def bill_account(account_id: str, business_date: date, *, ledger: Ledger, pause: Pause) -> list[InvoiceIssued]:
    """Issue what is due on an account, oldest due day first; nothing where it was billed before.

    Raises `EndlessBillingError` and what `append_entry` raises.
    """
    issued: list[InvoiceIssued] = []
    known_head: AccountHead | None = None
    for _ in range(INVOICES_PER_RUN_MAX):
        recorded = append_entry(
            ledger,
            pause,
            account_id,
            lambda head, consistent: _propose(ledger, head, business_date, consistent=consistent),
            known_head=known_head,
        )
        if recorded is None:
            return issued
        known_head = recorded.head or ledger.read_head(account_id, consistent=True)
        decision = recorded.entry.decision
        if recorded.is_new and decision.invoice_number:
            currency = (recorded.head and recorded.head.currency) or ""
            issued.append(_issued_by(recorded.entry, currency))
    raise EndlessBillingError(f"account {account_id} has more than {INVOICES_PER_RUN_MAX} invoices due")


def sum_by_currency(invoices: Iterable[InvoiceIssued]) -> Mapping[str, int]:
    """Total of invoices in minor units, by currency."""
    totals: Counter[str] = Counter()
    for invoice in invoices:
        totals[invoice.currency] += invoice.amount_minor
    return totals


def _is_halted(runs: RunBook, day: date) -> bool:
    run = runs.read_run(day)
    return run is not None and run.is_halted


def _report(runs: RunBook, day: date, batch_id: str, billed: list[InvoiceIssued]) -> None:
    result = BatchResult(invoice_count=len(billed), invoiced_minor=sum_by_currency(billed))
    runs.report_batch(day, batch_id, result)


def _read_invoices(ledger: Ledger, counts: Mapping[str, int], business_date: date) -> Iterator[InvoiceIssued]:
    """Every invoice that a run issued on accounts, from their entries, behind the first so many of each account."""
    for account_id, invoice_count in counts.items():
        entries = [
            entry
            for entry in ledger.read_entries_from(account_id, INVOICE_ENTRIES)
            if entry.decision.occurred_on == business_date and (entry.decision.invoice_number or 0) > invoice_count
        ]
        head = ledger.read_head(account_id, consistent=False) if entries else None
        yield from (_issued_by(entry, (head and head.currency) or "") for entry in entries)


def _issued_by(entry: Entry, currency: str) -> InvoiceIssued:
    decision = entry.decision
    amount_minor = sum(slice_minor for _, _, charges in decision.facts["lines"] for _, slice_minor in charges)
    return InvoiceIssued(entry.account_id, decision.invoice_number or 0, currency, amount_minor)


def _propose(ledger: Ledger, head: AccountHead, business_date: date, *, consistent: bool) -> Proposal | None:
    due = find_due_terms(head, business_date)
    if not due:
        return None
    terms = ledger.read_terms(head.account_id, due[0], due[-1])
    try:
        decision = decide_next_invoice(head, terms, business_date)
    except MissingTermError as error:
        if consistent:
            raise
        # The cheap read of the head may lag behind its terms, which are read consistently.
        raise HeadMovedError(str(error)) from error
    return Proposal(decision) if decision else None
