"""`pawledger payment explain`: the amounts are worked out in the comment, by hand."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.billing.issuing import decide_next_invoice
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.posting.splitting import SharedPart, split_payment
from pawledger.services.receiving.payment_chunks import chunk_key_of, write_chunk
from tests.builders.policies import issue, term_of
from tests.builders.services import chunked_payment
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import FILE_ID, POLICY, Ran, append, movement
from tests.unit.command_line.test_files import RECORD

# 120.00 a year, 30.00 a quarter. 50.00 that names the second invoice: 30.00 for it, 20.00 of the first one's 30.00.
PAYMENT = movement(Movement.PAYMENT, 5000, date(2026, 4, 2), 7, invoice_ids=("ABCD1234-0002",), identified_by="mandate")
EXPLAINED = f"""\
payment        payment#00000000000000000000000000000007
ledger         ABCD1234
booked on      2026-04-02
amount         50.00 EUR
found by       mandate (rules 2)
what agreed    mandate
decided by     mandate
payer named    ABCD1234-0002
laid out by    the invoices that the payer named, then the order
what happened  Payment of 50.00 EUR settles ABCD1234-0002 30.00, ABCD1234-0001 20.00, as the payer named it, of which
               10.00 stays open.
file           {FILE_ID}, line 7

invoice        due on      open before  settled  tax  fee  premium  other
-------------  ----------  -----------  -------  ---  ---  -------  -----
ABCD1234-0002  2026-04-01        30.00    30.00    -    -    30.00      -
ABCD1234-0001  2026-01-01        30.00    20.00    -    -    20.00      -

What alone would have changed it:
had it had                      then it
------------------------------  -----------------------------------------------------------
no reference                    settles ABCD1234-0001, ABCD1234-0002, ABCD1234-0002 in part
the reference of ABCD1234-0001  settles ABCD1234-0001, ABCD1234-0002, ABCD1234-0002 in part
"""

Run = Callable[..., Ran]


def owe_two_quarters(world: MemoryWorld) -> None:
    append(world, "ABCD1234", lambda head: issue(head, POLICY, date(2025, 12, 1)))
    append(world, "ABCD1234", lambda head: decide_next_invoice(head, [term_of(POLICY)], date(2025, 12, 18)))
    append(world, "ABCD1234", lambda head: decide_next_invoice(head, [term_of(POLICY)], date(2026, 3, 18)))


def test_a_payment_is_explained_with_what_would_have_changed_it(world: MemoryWorld, run: Run) -> None:
    owe_two_quarters(world)
    append(world, "ABCD1234", lambda head: decide_movement(head, PAYMENT))
    shown = run("payment", "explain", PAYMENT.payment_id, "--account", "ABCD1234")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == EXPLAINED


def test_money_that_waits_is_found_without_naming_its_ledger(world: MemoryWorld, run: Run) -> None:
    stranger = movement(Movement.PAYMENT, 500, date(2026, 4, 2), 9)
    append(world, suspense_ledger_of(stranger.payment_id), lambda head: decide_movement(head, stranger))
    shown = run("payment", "explain", f"payment#{stranger.payment_id}", "--json")
    document = json.loads(shown.out)
    assert (document["rule"], document["rule_in_words"]) == (None, "not at all: it waits in suspense")
    assert (document["amount_minor"], document["allocations"]) == (500, [])


def tell_of(world: MemoryWorld, paid: BankMovement, reference: str) -> None:
    """A file that told of a payment under a reference, as receiving leaves it behind."""
    folder = f"archive/firstbank/{FILE_ID}"
    told = chunked_payment(amount_minor=paid.amount_minor, references=(reference,), line=paid.line)
    chunk = write_chunk(FILE_ID, 1, [replace(told, payment_id=paid.payment_id)])
    world.bank_file_store.write_text(chunk_key_of(folder, 1), chunk)
    record = replace(RECORD, stored_key=f"{folder}/day.bai", received_on=date(2026, 4, 2), chunk_count=1)
    world.bank_file_register.write_file(record, expected_status=None)


@pytest.mark.parametrize("where", [("--as-of", "2026-04-20"), ("--file", FILE_ID[:12], "--as-of", "2026-04-20")])
def test_a_payment_is_found_by_its_id_alone_where_a_file_told_of_it(
    world: MemoryWorld, run: Run, where: tuple[str, ...]
) -> None:
    owe_two_quarters(world)
    append(world, "ABCD1234", lambda head: decide_movement(head, PAYMENT))
    tell_of(world, PAYMENT, creditor_reference_of(InvoiceAddress("ABCD1234", 2)))
    shown = run("payment", "explain", PAYMENT.payment_id, *where)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == EXPLAINED


def test_a_payment_that_is_not_there_is_told_with_what_to_do(world: MemoryWorld, run: Run) -> None:
    tell_of(world, PAYMENT, creditor_reference_of(InvoiceAddress("ABCD1234", 2)))
    for where, told in (
        (("--as-of", "2026-04-20"), "none in the files of the 92 days up to 2026-04-20 leads to its account"),
        (("--file", FILE_ID), f"none in the file {FILE_ID} leads to its account"),
        (("--account", "ABCD1234"), "in ABCD1234"),
    ):
        shown = run("payment", "explain", "0" * 32, *where)
        assert (shown.code, shown.out) == (1, "")
        assert told in shown.err


def test_of_a_payment_for_several_accounts_these_are_named(world: MemoryWorld, run: Run) -> None:
    ledger_id = suspense_ledger_of(PAYMENT.payment_id)
    parts = (SharedPart("ABCD1234", 3000), SharedPart("EFGH5678", 2000))
    append(world, ledger_id, lambda head: split_payment(PAYMENT, parts))
    shown = run("payment", "explain", PAYMENT.payment_id)
    assert (shown.code, shown.out) == (1, "")
    assert "for several accounts: ABCD1234 30.00, EFGH5678 20.00. Name one of them with --account" in shown.err


def test_an_account_and_a_file_are_not_named_at_once(run: Run) -> None:
    shown = run("payment", "explain", "0" * 32, "--account", "ABCD1234", "--file", FILE_ID)
    assert shown.code == 2
