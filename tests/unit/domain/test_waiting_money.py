"""What is left of a payment: its later entries tell, whoever took from it, took it back or undid that."""

from datetime import date
from typing import Any

import pytest

from pawledger.domain.books.entries import Decision, Entry, EntryKind, LedgerAccount, Posting
from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.books.waiting_money import NothingWaitsError, WaitingMoney, find_changes, find_waiting

PAYMENT = "payment#1"
SUSPENSE, UNAPPLIED = LedgerAccount.SUSPENSE, LedgerAccount.UNAPPLIED


class Ledger:
    """Entries of one ledger, each taking so much from suspense or unapplied cash."""

    def __init__(self, ledger_id: str = "SUSPENSE-07") -> None:
        self.head = AccountHead(ledger_id)
        self.entries: list[Entry] = []

    def add(self, entry_id: str, kind: EntryKind, account: LedgerAccount, amount_minor: int, **more: Any) -> Entry:
        """An entry that posts an amount to an account, against cash."""
        facts = {"amount_minor": abs(amount_minor), "currency": "EUR", **more.pop("facts", {})}
        postings = (Posting(account, "EUR", amount_minor), Posting(LedgerAccount.CASH, "EUR", -amount_minor))
        decision = Decision(kind, entry_id, date(2026, 2, 2), facts, {}, postings, "w", **more)
        entry = chain_entry(self.head, decision)
        self.head = apply_entry(self.head, entry)
        self.entries.append(entry)
        return entry

    def suspend(self, amount_minor: int, entry_id: str = PAYMENT) -> Entry:
        return self.add(entry_id, EntryKind.MONEY_SUSPENDED, SUSPENSE, -amount_minor)

    def take(self, number: int, amount_minor: int, account: LedgerAccount = SUSPENSE) -> Entry:
        facts = {"takes": PAYMENT}
        return self.add(f"resolution#{number}#1", EntryKind.MONEY_MOVED, account, amount_minor, facts=facts)

    def left(self, payment: Entry) -> WaitingMoney:
        return find_waiting(self.head, payment, self.entries)


def test_what_was_taken_and_not_undone_is_not_left() -> None:
    ledger = Ledger()
    payment = ledger.suspend(1_000)
    ledger.take(1, 300)
    ledger.take(2, 200)
    ledger.add("undo#2#1", EntryKind.ENTRY_UNDONE, SUSPENSE, -200, facts={"undoes": "resolution#2#1"})
    # 10.00 less 3.00; the 2.00 came back.
    assert ledger.left(payment) == WaitingMoney("SUSPENSE-07", PAYMENT, SUSPENSE, "EUR", 700)
    assert [entry.entry_id for entry in find_changes(PAYMENT, ledger.entries)] == ["resolution#1#1"]


def test_strangers_in_the_same_suspense_ledger_neither_lend_nor_take() -> None:
    ledger = Ledger()
    payment = ledger.suspend(1_000)
    ledger.suspend(5_000, "payment#2")
    ledger.add("debit#3", EntryKind.MONEY_SUSPENDED, SUSPENSE, 6_000)
    assert ledger.head.balance_minor(SUSPENSE, "EUR") == 0
    assert ledger.left(payment).left_minor == 1_000


def test_money_that_its_bank_took_back_is_not_there_to_be_given_away() -> None:
    ledger = Ledger()
    payment = ledger.suspend(1_000)
    ledger.add("debit#9", EntryKind.PAYMENT_RETURNED, SUSPENSE, 1_000, details={"returns": PAYMENT})
    with pytest.raises(NothingWaitsError, match="nothing of payment#1 waits in SUSPENSE-07"):
        ledger.left(payment)


def test_money_that_its_policy_released_is_unapplied_cash_as_far_as_that_is_left() -> None:
    ledger = Ledger("HOME0001")
    payment = ledger.suspend(1_000)
    released = (Posting(SUSPENSE, "EUR", 1_000), Posting(UNAPPLIED, "EUR", -1_000))
    opening = Decision(
        EntryKind.POLICY_ISSUED, "policy#1", date(2026, 2, 3), {}, {}, released, "w", opens_account_in="EUR"
    )
    entry = chain_entry(ledger.head, opening)
    ledger.head, ledger.entries = apply_entry(ledger.head, entry), [*ledger.entries, entry]
    assert ledger.left(payment) == WaitingMoney("HOME0001", PAYMENT, UNAPPLIED, "EUR", 1_000)
    ledger.add("invoice#1", EntryKind.INVOICE_ISSUED, UNAPPLIED, 400)
    assert ledger.left(payment).left_minor == 600
    ledger.take(1, 600, UNAPPLIED)
    with pytest.raises(NothingWaitsError):
        ledger.left(payment)


def test_a_debit_that_waits_is_no_money_to_give_away() -> None:
    ledger = Ledger()
    debit = ledger.add("debit#1", EntryKind.MONEY_SUSPENDED, SUSPENSE, 500)
    with pytest.raises(NothingWaitsError):
        ledger.left(debit)


def test_a_return_that_had_waited_and_was_undone_took_nothing() -> None:
    ledger = Ledger()
    payment = ledger.suspend(1_000)
    ledger.add("debit#9", EntryKind.MONEY_SUSPENDED, SUSPENSE, 600)
    # It takes 6.00 of the payment out of suspense, and gives back to it what the return had waited with.
    taken = {"returns": PAYMENT, "waited_as": "debit#9"}
    ledger.add("resolution#1#1", EntryKind.PAYMENT_RETURNED, SUSPENSE, 0, details=taken, facts={"amount_minor": 600})
    assert ledger.left(payment).left_minor == 400
    ledger.add("undo#1#1", EntryKind.ENTRY_UNDONE, SUSPENSE, 0, facts={"undoes": "resolution#1#1"})
    assert ledger.left(payment).left_minor == 1_000
