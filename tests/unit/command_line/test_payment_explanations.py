"""`pawledger payment explain`: the amounts are worked out in the comment, by hand."""

import json
from collections.abc import Callable
from datetime import date

from pawledger.domain.bank_movements import Movement
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.issuing import decide_next_invoice
from pawledger.domain.payments import decide_movement
from tests.builders.policies import issue, term_of
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import FILE_ID, POLICY, Ran, append, movement

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


def test_a_payment_that_is_not_there_is_told_with_what_to_do(world: MemoryWorld, run: Run) -> None:
    shown = run("payment", "explain", "0" * 32)
    assert (shown.code, shown.out) == (1, "")
    assert "if it was posted to an account, name that with --account" in shown.err
