"""`pawledger invoice explain`: the amounts are worked out in the comment, by hand."""

import json
from collections.abc import Callable
from datetime import date

from pawledger.domain.canonical import hash_text
from tests.builders.told_account import ToldAccount, tell_dear_february
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import Ran

# Premium of the year: 31 days at 1.00 and 334 at 1.20 are 31.00 + 400.80 = 431.80. Two twelfths of 365.00 were invoiced
# before, 60.83; a tenth of the other 370.97 is 37.10. Discount: 5 % of 431.80 = 21.59, less 3.04 = 18.55, a tenth is
# 1.855, away from zero 1.86. Tax: 12 % of 431.80 - 21.59 = 410.21 is 49.2252 = 49.23, less two twelfths of 41.61 = 6.94
# are 42.29, a tenth 4.23. The second invoice billed 60.83 - 30.42 = 30.41, 1.52 less and 6.94 - 3.47 = 3.47 tax.
EXPLAINED = """\
invoice          ABCD1234-0003
account          ABCD1234
issued on        2026-02-15
due on           2026-03-01
billed           39.47 GBP
settled at once  0.00 GBP

policy term  installment  charge                 amount  how it was cut                  where the charge comes from
-----------  -----------  ------------------  ---------  ------------------------------  -------------------------------
PAW-1#1          3 of 12  premium             37.10 GBP  1 of 10 months of 370.97 left   365.00 x 31/365 + 438.00 x
                                                         of 431.80 after 60.83           334/365 days (event
                                                                                         evt-PAW-1-2)
PAW-1#1          3 of 12  discount:multi_pet  -1.86 GBP  1 of 10 months of -18.55 left   GB-multi-pet: 5 % of (365.00 x
                                                         of -21.59 after -3.04           31/365 + 438.00 x 334/365)
                                                                                         (event evt-PAW-1-2)
PAW-1#1          3 of 12  tax:ipt              4.23 GBP  1 of 10 months of 42.29 left    GB-ipt-2017: 12 % of 410.21
                                                         of 49.23 after 6.94             (event evt-PAW-1-2)

rule          name                   citation
------------  ---------------------  --------------------------------------------------------------
GB-multi-pet  Several pets           Sample tariff (not verified)
GB-ipt-2017   Insurance premium tax  Finance Act 1994 s. 51; rates and days in HMRC manual IPT03400

7.11 GBP more than ABCD1234-0002, which billed 32.36 GBP:

policy  charge                 before        now     change  why
------  ------------------  ---------  ---------  ---------  ---------------------------------------------
PAW-1   premium             30.41 GBP  37.10 GBP   6.69 GBP  transaction 2 (policy endorsed) of 2026-02-01
PAW-1   discount:multi_pet  -1.52 GBP  -1.86 GBP  -0.34 GBP  transaction 2 (policy endorsed) of 2026-02-01
PAW-1   tax:ipt              3.47 GBP   4.23 GBP   0.76 GBP  transaction 2 (policy endorsed) of 2026-02-01

recorded on  what happened
-----------  ------------------------------------------------------------------------------------
2026-02-01   Policy PAW-1 is endorsed on 2026-02-01; term 1 charges 459.44 GBP instead of 388.36.
"""

Run = Callable[..., Ran]


def differences(shown: Ran) -> dict[str, tuple[int, str]]:
    return {row["charge"]: (row["change_minor"], row["why"]) for row in json.loads(shown.out)["differences"]}


def test_every_amount_is_explained_and_so_is_the_difference(world: MemoryWorld, run: Run) -> None:
    tell_dear_february(world)

    shown = run("invoice", "explain", "ABCD1234-0003")

    assert shown.out == EXPLAINED
    assert (shown.code, shown.err) == (0, "")


def test_the_first_invoice_is_compared_with_none(world: MemoryWorld, run: Run) -> None:
    tell_dear_february(world)

    shown = run("invoice", "explain", "ABCD1234-0001")

    assert shown.out.endswith("\nIt is the first invoice of the account.\n")
    assert "1 of 12 months of 365.00" in shown.out


def test_a_penny_more_is_the_rounding_of_the_slices(world: MemoryWorld, run: Run) -> None:
    tell_dear_february(world)

    rows = differences(run("invoice", "explain", "ABCD1234-0002", "--json"))

    assert rows == {"premium": (-1, "rounding: the slices of a charge sum to it exactly")}


def test_the_invoice_after_a_down_payment_is_less_because_of_it(world: MemoryWorld, run: Run) -> None:
    account = ToldAccount(world)
    account.issue(date(2025, 12, 1), plan="monthly_10_down", premium_minor=36_500, discounts=[])
    account.bill(date(2025, 12, 18), date(2026, 1, 18))

    first, second = (json.loads(run("invoice", "explain", f"ABCD1234-000{n}", "--json").out) for n in (1, 2))

    # 365.00: a tenth is 36.50, an eleventh of the other 328.50 is 29.86.
    assert first["lines"][0]["cut"] == "down payment of 365.00"
    assert second["lines"][0]["amount_minor"] == 2986
    assert second["lines"][0]["cut"] == "1 of 11 months of 328.50 left of 365.00 after 36.50"
    assert second["differences"][0]["why"] == "the one before was the down payment"


def test_a_plan_that_changed_is_named_with_the_months_that_it_bills(world: MemoryWorld, run: Run) -> None:
    account = ToldAccount(world)
    account.issue(date(2025, 12, 1))
    account.bill(date(2025, 12, 18), date(2026, 1, 18))
    account.tell(date(2026, 1, 20), "plan_changed.v1", effective_on="2026-02-01", plan="quarterly")
    account.bill(date(2026, 2, 15), date(2026, 3, 18))

    third, fourth = (run("invoice", "explain", f"ABCD1234-000{n}", "--json") for n in (3, 4))

    assert differences(third)["premium"][1] == "transaction 2 (plan changed) of 2026-01-20"
    assert differences(fourth)["premium"][1] == "bills 3 months, the one before 1"


def test_told_charges_lead_to_their_event(explained: MemoryWorld, run: Run) -> None:
    shown = run("invoice", "explain", "ABCD1234-0002")

    assert "told by the policy system in" in shown.out
    assert "event evt-1" in shown.out
    assert "The same charges as on ABCD1234-0001, which billed 30.00 EUR." in shown.out


def test_a_pet_that_joins_is_named(world: MemoryWorld, run: Run) -> None:
    account = ToldAccount(world)
    account.issue(date(2025, 12, 1))
    account.bill(date(2025, 12, 18))
    account.issue(date(2025, 12, 20), "PAW-2", effective_on="2026-02-01", expires_on="2027-02-01")
    account.bill(date(2026, 1, 18))

    rows = json.loads(run("invoice", "explain", "ABCD1234-0002", "--json").out)["differences"]

    joined = [row for row in rows if row["policy_id"] == "PAW-2"]
    assert {row["before_minor"] for row in joined} == {0}
    expected = "transaction 1 (policy issued) of 2025-12-20; PAW-2 was not on the invoice before"
    assert {row["why"] for row in joined} == {expected}


def test_an_unknown_account_or_invoice_is_told_in_one_sentence(explained: MemoryWorld, run: Run) -> None:
    for invoice_id, told in (
        ("NOBODY01-0001", "there is no account NOBODY01"),
        ("ABCD1234-0009", "there is no invoice ABCD1234-0009"),
        ("\x1b[2J", "account id"),
    ):
        shown = run("invoice", "explain", invoice_id)
        assert (shown.code, shown.out) == (1, "")
        assert told in shown.err
        assert shown.err.count("\n") == 1
        assert "\x1b" not in shown.err


def test_what_an_event_says_is_never_printed_raw(world: MemoryWorld, run: Run) -> None:
    account = ToldAccount(world)
    account.issue(date(2025, 12, 1), event_id="\x1b[2Jevil")
    account.bill(date(2025, 12, 18))

    shown = run("invoice", "explain", "ABCD1234-0001")

    assert "\x1b" not in shown.out
    assert "\\x1b[2Jevil" in shown.out


def test_an_edited_entry_is_not_explained(explained: MemoryWorld, run: Run) -> None:
    row = explained.rows.entries["ABCD1234", "invoice#POL-1#1#1"]
    row.body = row.body.replace("3000", "3100")
    row.hash = hash_text(row.body)

    assert run("invoice", "explain", "ABCD1234-0002").code == 1
