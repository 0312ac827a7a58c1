"""Billing accounts: each gets every invoice that is due to be issued on the business date, each once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.domain.errors import PawledgerError
from pawledger.domain.issuing import MissingTermError, decide_next_invoice, find_due_terms
from pawledger.domain.ledger import AccountHead
from pawledger.ports import HeadMovedError, Ledger, Pause
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.messages import open_message
from pawledger.services.start_billing_day import ACCOUNTS_PER_MESSAGE, BILL_ACCOUNTS

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


def bill_accounts(message: object, *, ledger: Ledger, pause: Pause) -> list[InvoiceIssued]:
    """Bill each account of a `bill_accounts.v1` message and return the invoices that are new.

    Raises `MessageRefusedError`, and `AccountsNotBilledError` at the end where accounts failed: neighbours go first.
    """
    reader = open_message(message, BILL_ACCOUNTS)
    business_date = reader.day("business_date")
    issued: list[InvoiceIssued] = []
    failures: list[str] = []
    for account_id in reader.texts("account_ids", ACCOUNTS_PER_MESSAGE):
        try:
            issued += bill_account(account_id, business_date, ledger=ledger, pause=pause)
        except PawledgerError as error:
            failures.append(f"{account_id}: {error}")
    if failures:
        raise AccountsNotBilledError("; ".join(failures))
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
            amount_minor = sum(slice_minor for _, _, charges in decision.facts["lines"] for _, slice_minor in charges)
            currency = (recorded.head and recorded.head.currency) or ""
            issued.append(InvoiceIssued(account_id, decision.invoice_number, currency, amount_minor))
    raise EndlessBillingError(f"account {account_id} has more than {INVOICES_PER_RUN_MAX} invoices due")


def sum_by_currency(invoices: Iterable[InvoiceIssued]) -> Mapping[str, int]:
    """Total of invoices in minor units, by currency."""
    totals: Counter[str] = Counter()
    for invoice in invoices:
        totals[invoice.currency] += invoice.amount_minor
    return totals


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
