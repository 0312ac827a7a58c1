"""`pawledger account show`, as a billing specialist reads it to a customer."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from pawledger.domain.canonical import hash_text
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.posting.payments import decide_movement
from tests.builders.policies import issue
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import POLICY, Ran, append, movement

EXPLAINED = """\
account         ABCD1234
standing        open
as of           2026-04-11
next attention  2026-06-17

balance       amount  which is
---------  ---------  ------------------------------------
owed       60.00 EUR  invoiced and not paid
unapplied   0.00 EUR  paid and settling no invoice yet
suspense    0.00 EUR  received and waiting for its purpose
unbilled   60.00 EUR  charged and not invoiced yet

invoice              due on      overdue  remaining  payment reference  in digits
-------------------  ----------  -------  ---------  -----------------  --------------------
ABCD1234-0001        2026-01-01    100 d  30.00 EUR  RF98ABCD12340001   23629443632592000140
ABCD1234-0002        2026-04-01     10 d  10.00 EUR  RF71ABCD12340002   23629443632592000237
return-000000000000  2026-04-02      9 d  20.00 EUR  -                  -

#  day         what happened                                              debit     credit       owed  source
-  ----------  -----------------------------------------------------  ---------  ---------  ---------  -----------------
1  2025-12-01  Policy POL-1 is issued on 2026-01-01; term 1 charges           -          -   0.00 EUR  event evt-1
               120.00 EUR, paid quarterly.
2  2025-12-18  Invoice ABCD1234-0001 for 30.00 EUR, due 2026-01-01:   30.00 EUR          -  30.00 EUR  schedule
               POL-1 installment 1.
3  2026-01-05  Payment of 50.00 EUR settles ABCD1234-0001 30.00;              -  30.00 EUR   0.00 EUR  file a1b2c3d4e5f6
               20.00 is unapplied cash.                                                                line 7
4  2026-03-18  Invoice ABCD1234-0002 for 30.00 EUR, due 2026-04-01:   10.00 EUR          -  10.00 EUR  schedule
               POL-1 installment 2; 20.00 of unapplied cash settles
               what is oldest.
5  2026-04-02  Returned payment of 50.00 EUR takes back the payment   50.00 EUR          -  60.00 EUR  file a1b2c3d4e5f6
               of 2026-01-05 (AC04); due again: ABCD1234-0001 30.00,                                   line 12
               return-000000000000 20.00.
"""

Run = Callable[..., Ran]


def test_every_entry_is_explained_with_its_effect_on_what_is_owed(explained: MemoryWorld, run: Run) -> None:
    shown = run("account", "show", "ABCD1234", "--as-of", "2026-04-11")

    assert shown.out == EXPLAINED
    assert (shown.code, shown.err) == (0, "")


def test_json_holds_the_same_facts_in_minor_units(explained: MemoryWorld, run: Run) -> None:
    document = json.loads(run("account", "show", "ABCD1234", "--as-of", "2026-04-11", "--json").out)

    assert document["balances"] == [
        {"currency": "EUR", "owed_minor": 6000, "unapplied_minor": 0, "suspense_minor": 0, "unbilled_minor": 6000}
    ]
    assert document["open_invoices"][1] == {
        "invoice_id": "ABCD1234-0002",
        "due_on": "2026-04-01",
        "overdue_days": 10,
        "currency": "EUR",
        "remaining_minor": 1000,
        "creditor_reference": "RF71ABCD12340002",
        "numeric_reference": "23629443632592000237",
    }
    effects = [(e["debit_minor"], e["credit_minor"], e["owed_minor"]) for e in document["entries"]]
    assert effects == [(0, 0, 0), (3000, 0, 3000), (0, 3000, 0), (1000, 0, 1000), (5000, 0, 6000)]
    assert document["entries"][2]["source"]["line"] == 7
    assert document["entries_agree_with_head"] is True


def test_an_invoice_that_is_not_due_yet_is_not_overdue(explained: MemoryWorld, run: Run) -> None:
    document = json.loads(run("account", "show", "ABCD1234", "--as-of", "2026-03-31", "--json").out)

    assert [invoice["overdue_days"] for invoice in document["open_invoices"]] == [89, 0, 0]


def test_hashes_are_shown_only_on_request(explained: MemoryWorld, run: Run) -> None:
    stored = [row.hash for row in explained.rows.entries.values()]

    assert not any(each in run("account", "show", "ABCD1234").out for each in stored)
    assert all(each in run("account", "show", "ABCD1234", "--hashes").out for each in stored)


def test_the_last_entries_keep_their_running_balance(explained: MemoryWorld, run: Run) -> None:
    shown = run("account", "show", "ABCD1234", "--last", "1")

    assert "The last 1 of 5 entries; --last shows more." in shown.out
    assert "60.00 EUR  file a1b2c3d4e5f6" in shown.out
    assert "POL-1 installment" not in shown.out


def test_money_before_the_first_policy_stands_in_suspense_and_nothing_is_owed(world: MemoryWorld, run: Run) -> None:
    early = movement(Movement.PAYMENT, 700, date(2026, 1, 2), 3)
    append(world, "EARLY001", lambda head: decide_movement(head, early))

    document = json.loads(run("account", "show", "EARLY001", "--json").out)

    assert document["standing"] == "unopened"
    assert document["balances"][0]["suspense_minor"] == 700
    assert (document["entries"][0]["debit_minor"], document["entries"][0]["owed_minor"]) == (None, None)


def test_a_suspense_ledger_can_be_looked_at_like_an_account(world: MemoryWorld, run: Run) -> None:
    unknown = movement(Movement.PAYMENT, 1250, date(2026, 1, 2), 3)
    append(world, "SUSPENSE-07", lambda head: decide_movement(head, unknown))

    shown = run("account", "show", "SUSPENSE-07")

    assert "suspense   12.50 EUR" in shown.out
    assert shown.code == 0


def test_an_unknown_account_is_told_in_one_sentence(run: Run) -> None:
    shown = run("account", "show", "NOBODY01")

    assert shown.code == 1
    assert shown.err.startswith("pawledger: there is no account NOBODY01")
    assert shown.out == ""


def test_an_edited_entry_is_told_by_name_and_not_explained(explained: MemoryWorld, run: Run) -> None:
    row = explained.rows.entries["ABCD1234", "payment#" + "7".zfill(32)]
    row.body = row.body.replace("5000", "6000")

    shown = run("account", "show", "ABCD1234")

    assert (shown.code, shown.out) == (1, "")
    assert "payment#" + "7".zfill(32) in shown.err


def test_entries_that_do_not_add_up_to_the_head_are_pointed_out(explained: MemoryWorld, run: Run) -> None:
    row = explained.rows.entries["ABCD1234", "invoice#POL-1#1#1"]
    row.body = row.body.replace("3000", "3100")
    row.hash = hash_text(row.body)

    shown = run("account", "show", "ABCD1234")

    assert "run `pawledger ledger verify ABCD1234`" in shown.out


def test_what_an_event_says_is_never_printed_raw(world: MemoryWorld, run: Run) -> None:
    hostile = replace(POLICY, event_id="\x1b[2Jevil", account_id="EVIL0001")
    append(world, "EVIL0001", lambda head: issue(head, hostile))

    shown = run("account", "show", "EVIL0001")

    assert "\x1b" not in shown.out
    assert "event" in shown.out
    assert "\\x1b[2Jevil" in shown.out
