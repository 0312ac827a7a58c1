"""`pawledger preview`: the amounts are those of `test_explanations`, where they are worked out by hand."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from tests.builders.told_account import ToldAccount, tell_dear_february
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import Ran
from tests.unit.command_line.test_explanations import EXPLAINED

# Tenths of 370.97, 18.55 and 42.29 by running totals: 37.10, 74.19, 111.29, 148.39; 1.86 (of 1.855), 3.71, 5.57 (of
# 5.565), 7.42; 4.23, 8.46, 12.69, 16.92. The old price for a year is 438.00 less 5 %, and 12 % of 416.10 = 49.93.
PREVIEWED = """\
account         ABCD1234
from            2026-03-01
until           2026-05-31
billed in it    118.42 GBP
next attention  2026-06-17

invoice        issued on   due on         billed  settled at once  to be paid
-------------  ----------  ----------  ---------  ---------------  ----------
ABCD1234-0004  2026-03-18  2026-04-01  39.47 GBP         0.00 GBP   39.47 GBP
ABCD1234-0005  2026-04-17  2026-05-01  39.47 GBP         0.00 GBP   39.47 GBP
ABCD1234-0006  2026-05-18  2026-06-01  39.48 GBP         0.00 GBP   39.48 GBP

invoice        policy term  installment  charges                     why
-------------  -----------  -----------  --------------------------  ---------------------------------------------------
ABCD1234-0004  PAW-1#1          4 of 12  premium 37.09 GBP,          paid monthly: month 4, invoiced 14 days before it
                                         discount:multi_pet -1.85    is due
                                         GBP, tax:ipt 4.23 GBP
ABCD1234-0005  PAW-1#1          5 of 12  premium 37.10 GBP,          paid monthly: month 5, invoiced 14 days before it
                                         discount:multi_pet -1.86    is due
                                         GBP, tax:ipt 4.23 GBP
ABCD1234-0006  PAW-1#1          6 of 12  premium 37.10 GBP,          paid monthly: month 6, invoiced 14 days before it
                                         discount:multi_pet -1.85    is due
                                         GBP, tax:ipt 4.23 GBP

renewal        PAW-1#2 from 2027-01-01
begins         only when the customer accepts it
old price      the latest price for a year, without fees
told on        2026-12-01
to be told by  2026-12-11
rule           GB-renewal-2005: FCA ICOBS 6.5.1R (premium annualised), read; 21 days are the trade's habit (not
               verified)

charge                     old         new     change
------------------  ----------  ----------  ---------
premium             438.00 GBP  480.00 GBP  42.00 GBP
discount:multi_pet  -21.90 GBP  -24.00 GBP  -2.10 GBP
tax:ipt              49.93 GBP   54.72 GBP   4.79 GBP
total               466.03 GBP  510.72 GBP  44.69 GBP
"""

# Cover ends with 10 March: 31 days at 1.00 and 38 at 1.20 are 76.60, less 5 % are 72.77, 12 % of it 8.73: 81.50 in all.
# Invoiced are 32.37 + 32.36 + 39.47 = 104.20.
CANCELLED = """\
account         ABCD1234
from            2026-03-01
until           2026-05-31
billed in it    0.00 GBP
next attention  -

event           evt-PAW-1-4
would mean      Policy PAW-1 is cancelled on 2026-03-11: the days of cover are kept; term 1 charges 81.50 GBP instead of
                459.44; 22.70 is given back, 22.70 of it settles open invoices.
billed without  118.42 GBP

policy term  charge                  before      after  given back
-----------  ------------------  ----------  ---------  ----------
PAW-1#1      premium             431.80 GBP  76.60 GBP   21.33 GBP
PAW-1#1      discount:multi_pet  -21.59 GBP  -3.83 GBP   -1.07 GBP
PAW-1#1      tax:ipt              49.23 GBP   8.73 GBP    2.44 GBP

Nothing is billed until 2026-05-31.
"""

PERIOD = ("--as-of", "2026-03-01", "--until", "2026-05-31")
CANCELLATION = {"effective_on": "2026-03-11", "by": "customer", "requested_on": "2026-03-01"}

Run = Callable[..., Ran]


def test_the_bill_is_told_with_its_days_and_reasons_and_the_offered_renewal(world: MemoryWorld, run: Run) -> None:
    tell_dear_february(world)

    shown = run("preview", "ABCD1234", *PERIOD)

    assert shown.out == PREVIEWED
    assert (shown.code, shown.err) == (0, "")


def test_the_documentation_shows_what_is_printed() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "explaining.md").read_text(encoding="utf-8")

    for printed in (EXPLAINED, PREVIEWED, CANCELLED):
        assert indent(printed, "    ") in page


def test_an_event_is_tried_without_being_recorded(world: MemoryWorld, run: Run, tmp_path: Path) -> None:
    account = tell_dear_february(world)
    path = tmp_path / "event.json"
    path.write_text(json.dumps(account.message("policy_cancelled.v1", **CANCELLATION)))
    entries = dict(world.rows.entries)

    shown = run("preview", "ABCD1234", *PERIOD, "--event", str(path))

    assert shown.out == CANCELLED
    assert world.rows.entries == entries


def test_a_plan_change_takes_unpaid_installments_off_their_invoices(
    world: MemoryWorld, run: Run, tmp_path: Path
) -> None:
    account = ToldAccount(world)
    account.issue(date(2025, 12, 1), discounts=[])
    account.bill(date(2025, 12, 18))
    message = account.message("plan_changed.v1", effective_on="2026-01-01", plan="annual", scope="not_paid")
    path = tmp_path / "event.json"
    path.write_text(json.dumps(message))

    arguments = ("--as-of", "2025-12-20", "--until", "2025-12-31", "--event", str(path), "--json")
    document = json.loads(run("preview", "ABCD1234", *arguments).out)

    # Paid in full earns 5 %: 365.00 - 18.25 = 346.75, and 12 % of it 41.61.
    assert [invoice["amount_minor"] for invoice in document["invoices"]] == [38836]
    assert document["without_event"]["invoices"] == []
    assert "taken off unpaid invoices ABCD1234-0001" in document["event"]["what"]


def test_the_first_policy_of_an_account_can_be_tried(world: MemoryWorld, run: Run, tmp_path: Path) -> None:
    told = {"currency": "EUR", "effective_on": "2026-01-01", "expires_on": "2027-01-01", "plan": "annual"}
    message = ToldAccount(world).message(
        "policy_issued.v1", **told, charges=[{"kind": "premium", "amount_minor": 12_000}]
    )
    path = tmp_path / "event.json"
    path.write_text(json.dumps(message))

    arguments = ("--as-of", "2025-12-01", "--until", "2026-01-31", "--event", str(path), "--json")
    document = json.loads(run("preview", "ABCD1234", *arguments).out)

    assert [(i["issued_on"], i["amount_minor"]) for i in document["invoices"]] == [("2025-12-18", 12_000)]


def test_a_renewal_that_was_told_late_is_held(world: MemoryWorld, run: Run) -> None:
    account = ToldAccount(world)
    account.issue(date(2025, 12, 1))
    offer: dict[str, Any] = {"effective_on": "2027-01-01", "expires_on": "2028-01-01", "premium_minor": 40_000}
    account.tell(date(2026, 12, 20), "renewal_offered.v1", **offer, notice_sent_on="2026-12-20", is_automatic=True)

    document = json.loads(run("preview", "ABCD1234", "--as-of", "2026-12-20", "--until", "2027-12-31", "--json").out)

    assert [held["term_id"] for held in document["held"]] == ["PAW-1#2"]
    assert {line["term_id"] for invoice in document["invoices"] for line in invoice["lines"]} == {"PAW-1#1"}
    assert document["renewals"][0]["notice_due_on"] == "2026-12-11"
    assert document["renewals"][0]["hold"].startswith("the new price was told on 2026-12-20")
    assert document["renewals"][0]["is_annualised"] is False


def test_what_is_late_is_issued_on_the_first_day(world: MemoryWorld, run: Run) -> None:
    ToldAccount(world).issue(date(2025, 12, 1))

    shown = run("preview", "ABCD1234", "--as-of", "2025-12-25", "--until", "2025-12-25")

    # Two weeks after it is issued.
    assert "ABCD1234-0001  2025-12-25  2026-01-08" in shown.out
    words = " ".join(shown.out.split())
    assert "late, it was to be" in words
    assert "14 days after that, not on 2026-01-01" in words


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"schema": "nonsense"}', "names none of the schemas"),
        (" " * 300_000, "is larger than"),
    ],
)
def test_a_file_that_is_no_event_is_told_in_one_sentence(
    world: MemoryWorld, run: Run, tmp_path: Path, content: str | None, told: str
) -> None:
    tell_dear_february(world)
    path = tmp_path / "event.json"
    if content is not None:
        path.write_text(content)

    shown = run("preview", "ABCD1234", *PERIOD, "--event", str(path))

    assert (shown.code, shown.out) == (1, "")
    assert told in shown.err
    assert shown.err.count("\n") == 1


def test_events_of_others_and_recorded_ones_are_not_tried(world: MemoryWorld, run: Run, tmp_path: Path) -> None:
    account = tell_dear_february(world)
    endorsed: dict[str, Any] = {"effective_on": "2026-02-01", "premium_minor": 43_800, "discounts": ["multi_pet"]}
    path = tmp_path / "event.json"
    for fields, told in (
        ({"account_id": "OTHER001"}, "the event is of account OTHER001"),
        ({"transaction_number": 2}, "was recorded already"),
        ({"transaction_number": 2, "premium_minor": 1}, "was recorded before with other facts"),
    ):
        path.write_text(json.dumps({**account.message("policy_endorsed.v1", **endorsed), **fields}))
        shown = run("preview", "ABCD1234", *PERIOD, "--event", str(path))
        assert (shown.code, shown.out) == (1, "")
        assert told in shown.err


def test_wrong_accounts_and_days_are_told(world: MemoryWorld, run: Run) -> None:
    tell_dear_february(world)

    assert "no account NOBODY01" in run("preview", "NOBODY01", *PERIOD).err
    early = run("preview", "ABCD1234", "--as-of", "2026-03-01", "--until", "2026-02-28")
    assert (early.code, early.out) == (1, "")
    assert "cannot end on 2026-02-28" in early.err
    assert run("preview", "ABCD1234", "--until", "31.05.2026").code == 2
    assert run("preview", "\x1b[2J", *PERIOD).code == 2


def test_what_an_event_says_is_never_printed_raw(world: MemoryWorld, run: Run, tmp_path: Path) -> None:
    account = tell_dear_february(world)
    path = tmp_path / "event.json"
    path.write_text(json.dumps({**account.message("policy_cancelled.v1", **CANCELLATION), "event_id": "\x1b[2Jevil"}))

    shown = run("preview", "ABCD1234", *PERIOD, "--event", str(path))

    assert "\x1b" not in shown.out
    assert "\\x1b[2Jevil" in shown.out
