"""The bill-run gate: a day that nobody foresaw is held until an operator decides; an ordinary month-end is not."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pawledger.domain.billing.bill_runs import CANARY_WAIT_MAX, Run, RunStatus, is_canary_account
from pawledger.domain.calendar import add_months
from pawledger.domain.worklist.discrepancies import DiscrepancyKind
from pawledger.services.billing.bill_accounts import AccountsNotBilledError, InvoiceIssued, bill_accounts
from pawledger.services.billing.decide_run import decide_run
from pawledger.services.billing.plan_run import plan_run
from pawledger.services.billing.record_policy_event import record_policy_event
from pawledger.services.billing.start_billing_day import RUN_DAYS_FOLLOWED, StartedDay, start_billing_day
from tests.builders.services import connect_billing, connect_policy_recording, kinds_of_discrepancies
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import Rows, let_pass

MONTH_END = date(2026, 3, 17)
"""On which a first installment that falls due on 31 March is invoiced, fourteen days before."""
DAY_BEFORE = MONTH_END - timedelta(days=1)
LEAD = timedelta(days=14)
FIRED_AT = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
PREMIUM_MINOR = 120_000
"""1,200.00 a year, 100.00 a month, on which Great Britain takes 12 percent of tax."""
MONTH_MINOR = 11_200
YEAR_MINOR = 127_680
"""Who pays the year at once gets 5 percent off before tax: 1,140.00 and 136.80."""


def tell(world: MemoryWorld, schema: str, account_id: str, number: int, effective_on: date, **fields: Any) -> None:
    """Deliver one event of an account's policy, the same one unless told otherwise."""
    message = {
        "schema": schema,
        "event_id": f"{fields.get('policy_id', account_id)}-{number}",
        "account_id": account_id,
        "policy_id": f"PAW-{account_id}",
        "transaction_number": number,
        "effective_on": effective_on.isoformat(),
        "product": "accident_and_illness",
        **fields,
    }
    ports = connect_policy_recording(world)
    record_policy_event(message, message_id=message["event_id"], received_on=date(2026, 3, 1), ports=ports)


def insure(
    world: MemoryWorld, account_ids: Iterable[str], *, invoice_on: date = MONTH_END, plan: str = "monthly"
) -> None:
    """A year of cover for 1,200.00 each, of which the first installment is invoiced on a day."""
    for account_id in account_ids:
        _issue(world, account_id, invoice_on, plan)


def _issue(world: MemoryWorld, account_id: str, invoice_on: date, plan: str, **fields: str) -> None:
    first_day = invoice_on + LEAD
    tell(
        world,
        "policy_issued.v2",
        account_id,
        1,
        first_day,
        expires_on=add_months(first_day, 12).isoformat(),
        currency="GBP",
        jurisdiction="GB",
        plan=plan,
        premium_minor=PREMIUM_MINOR,
        **fields,
    )


def add_policy(world: MemoryWorld, account_id: str) -> None:
    """A second policy of the account at the usual price."""
    _issue(world, account_id, MONTH_END, "monthly", policy_id=f"SECOND-{account_id}")


def reprice(world: MemoryWorld, account_ids: Iterable[str], number: int, premium_minor: int) -> None:
    """Another price from the first day on."""
    for account_id in account_ids:
        tell(world, "policy_endorsed.v1", account_id, number, MONTH_END + LEAD, premium_minor=premium_minor)


def accounts(count: int, prefix: str = "ACCT") -> list[str]:
    return [f"{prefix}{number:04d}" for number in range(count)]


def fire(world: MemoryWorld, day: date = MONTH_END, *, after: timedelta | None = timedelta()) -> StartedDay:
    """The schedule fires; without `after`, a person does."""
    fired_at = None if after is None else FIRED_AT + after
    return start_billing_day(day, ports=connect_billing(world), fired_at=fired_at)


def bill(world: MemoryWorld, messages: Sequence[dict[str, Any]] | None = None) -> list[InvoiceIssued]:
    """Work off the queue, or some messages."""
    taken = world.billing_queue.take() if messages is None else messages
    return [
        invoice
        for message in taken
        for invoice in bill_accounts(message, ledger=world.ledger, runs=world.run_book, pause=world.pause)
    ]


def decide(world: MemoryWorld, status: RunStatus, day: date = MONTH_END) -> None:
    decide_run(day, status, actor="operator", reason="Checked.", decided_at=FIRED_AT, runs=world.run_book)


def run_of(world: MemoryWorld, day: date = MONTH_END) -> Run:
    run = world.run_book.read_run(day)
    assert run is not None
    return run


def queued(world: MemoryWorld) -> list[str]:
    return sorted(account_id for message in world.billing_queue.messages for account_id in message["account_ids"])


MONTHLY, ANNUAL = accounts(40), accounts(20, "YEAR")


@pytest.fixture
def book() -> MemoryWorld:
    """Forty monthly and twenty annual policies whose invoices are due on the month's last day, three on the day before.

    The run of the day before is billed.
    """
    world = MemoryWorld()
    insure(world, MONTHLY)
    insure(world, ANNUAL, plan="annual")
    insure(world, accounts(3, "EVE0"), invoice_on=DAY_BEFORE)
    fire(world, DAY_BEFORE)
    bill(world)
    return world


def test_an_ordinary_month_end_is_billed_although_it_is_twenty_times_the_day_before(book: MemoryWorld) -> None:
    insure(book, accounts(5, "NEW0"))  # sold since the forecast: an eighth more

    started = fire(book)

    assert started.run.forecast is not None
    assert [started.held_count, started.queued_count] == [0, 65]
    assert len(bill(book)) == 65
    assert kinds_of_discrepancies(book) == []


def test_a_price_typo_in_one_cohort_holds_the_run_and_the_alert_says_what_deviates(book: MemoryWorld) -> None:
    reprice(book, MONTHLY, 2, 10 * PREMIUM_MINOR)

    started = fire(book)

    assert [started.held_count, started.queued_count] == [1, 0]
    assert book.billing_queue.messages == []
    (recorded,) = book.discrepancy_book.list_open(DiscrepancyKind.BILL_RUN_HELD)
    # Forty monthly installments of 112.00 have become 1,120.00; the annual ones are as they were.
    assert recorded.discrepancy.what == (
        "The bill run of 2026-03-17 is held: GB monthly: 44800.00 GBP instead of 4480.00 (+900 %)."
    )
    assert [recorded.discrepancy.amount_minor, recorded.discrepancy.currency] == [4_032_000, "GBP"]
    assert "pawledger runs release" in recorded.discrepancy.suggestion


def test_a_typo_that_the_forecast_holds_as_well_is_seen_by_the_mean_of_the_run_before() -> None:
    world = MemoryWorld()
    insure(world, accounts(50, "EVE0"), invoice_on=DAY_BEFORE)
    many = accounts(60)
    insure(world, many)
    reprice(world, many[:6], 2, 10 * PREMIUM_MINOR)  # a tenth of the cohort: its mean is 90 percent higher
    fire(world, DAY_BEFORE)
    bill(world)

    assert fire(world).held_count == 1
    # 54 at 112.00 and 6 at 1,120.00 are 12,768.00 on 60 installments.
    assert run_of(world).held_because == ("GB monthly: 212.80 GBP an installment instead of 112.00 in the run before",)


def test_a_cohort_that_vanished_holds_the_run_as_well(book: MemoryWorld) -> None:
    for account_id in ANNUAL:
        fields = {"by": "customer", "requested_on": "2026-03-01", "method": "flat"}
        tell(book, "policy_cancelled.v1", account_id, 2, MONTH_END + LEAD, **fields)

    fire(book)

    assert run_of(book).held_because == ("GB annual: 0.00 GBP instead of 25536.00 (-100 %)",)


def test_a_day_that_nobody_foresaw_goes_and_says_so() -> None:
    world = MemoryWorld()
    insure(world, MONTHLY)
    started = fire(world)
    assert [started.run.forecast, started.held_count, started.queued_count] == [None, 0, 40]


def test_a_held_run_is_told_once_however_often_the_schedule_fires(book: MemoryWorld) -> None:
    reprice(book, MONTHLY, 2, 10 * PREMIUM_MINOR)
    for minutes in range(0, 120, 15):
        assert fire(book, after=timedelta(minutes=minutes)).held_count == 1
    fire(book, after=None)
    assert kinds_of_discrepancies(book) == ["bill_run_held"]
    assert book.billing_queue.messages == []


def test_a_released_run_is_billed_by_the_next_firing_and_its_discrepancy_heals(book: MemoryWorld) -> None:
    reprice(book, MONTHLY, 2, 10 * PREMIUM_MINOR)
    fire(book)
    decide(book, RunStatus.RELEASED)

    assert fire(book, after=timedelta(minutes=15)).queued_count == 60

    assert kinds_of_discrepancies(book) == []
    assert sum(invoice.amount_minor for invoice in bill(book)) == 40 * 10 * MONTH_MINOR + 20 * YEAR_MINOR
    fire(book, after=timedelta(minutes=30))
    assert run_of(book).status is RunStatus.DONE


def test_a_run_of_days_ago_that_is_released_is_billed_for_its_own_day(book: MemoryWorld) -> None:
    reprice(book, MONTHLY, 2, 10 * PREMIUM_MINOR)
    fire(book)
    decide(book, RunStatus.RELEASED)
    late = MONTH_END + timedelta(days=RUN_DAYS_FOLLOWED)
    start_billing_day(late, ports=connect_billing(book), fired_at=FIRED_AT + timedelta(days=RUN_DAYS_FOLLOWED))
    days = {message["business_date"] for message in book.billing_queue.messages}
    assert "2026-03-17" in days


def test_what_was_dropped_and_corrected_is_found_by_the_next_day_and_billed_once_when_it_is_released(
    book: MemoryWorld,
) -> None:
    reprice(book, MONTHLY, 2, 10 * PREMIUM_MINOR)
    fire(book)
    decide(book, RunStatus.DROPPED)
    assert fire(book, after=timedelta(minutes=15)).queued_count == 0
    assert kinds_of_discrepancies(book) == []
    reprice(book, MONTHLY, 3, PREMIUM_MINOR)
    next_day = MONTH_END + timedelta(days=1)

    assert fire(book, next_day, after=timedelta(days=1)).held_count == 1
    decide(book, RunStatus.RELEASED, next_day)
    fire(book, next_day, after=timedelta(days=1, minutes=15))

    assert sum(invoice.amount_minor for invoice in bill(book)) == 40 * MONTH_MINOR + 20 * YEAR_MINOR
    assert bill(book) == []


def test_messages_of_a_run_that_was_held_or_dropped_bill_nothing(book: MemoryWorld) -> None:
    messages = [{**message} for message in _messages_of_a_run(book)]
    run = run_of(book)
    for status in (RunStatus.HELD, RunStatus.DROPPED):
        run = _write_status(book, run, status)
        assert bill(book, messages) == []
    _write_status(book, run, RunStatus.STARTED)
    assert len(bill(book, messages)) == 60


def _messages_of_a_run(world: MemoryWorld) -> list[dict[str, Any]]:
    fire(world)
    return world.billing_queue.take()


def _write_status(world: MemoryWorld, run: Run, status: RunStatus) -> Run:
    moved = replace(run, status=status, version=run.version + 1)
    world.run_book.write_run(moved)
    return moved


MANY = accounts(1_050)
CANARY = sorted(account_id for account_id in MANY if is_canary_account(account_id))


@pytest.fixture(scope="module")
def many_rows() -> Rows:
    """A book of more than a thousand accounts, made once."""
    world = MemoryWorld()
    insure(world, MANY)
    return world.rows


@pytest.fixture
def many(many_rows: Rows) -> MemoryWorld:
    world = MemoryWorld()
    world.rows = copy.deepcopy(many_rows)
    return world


def test_of_a_large_run_one_account_in_a_hundred_is_billed_first_and_then_the_rest(many: MemoryWorld) -> None:
    assert CANARY
    assert fire(many).queued_count == len(CANARY)
    assert queued(many) == CANARY
    bill(many)

    assert fire(many, after=timedelta(minutes=15)).queued_count == len(MANY) - len(CANARY)
    assert fire(many, after=timedelta(minutes=15)).queued_count == 0
    assert queued(many) == sorted(set(MANY) - set(CANARY))
    bill(many)
    fire(many, after=timedelta(minutes=30))

    run = run_of(many)
    assert run.status is RunStatus.DONE
    assert run.result is not None
    assert run.result.invoice_count == 1_050
    assert run.result.invoiced_minor == {"GBP": 1_050 * MONTH_MINOR}


def test_a_canary_that_cannot_be_billed_holds_the_rest_and_a_release_sends_everything(many: MemoryWorld) -> None:
    fire(many)
    (message,) = many.billing_queue.take()
    del many.rows.terms[message["account_ids"][0], f"PAW-{message['account_ids'][0]}#1"]
    with pytest.raises(AccountsNotBilledError):
        bill(many, [message])
    early, late = CANARY_WAIT_MAX - timedelta(minutes=15), CANARY_WAIT_MAX

    assert [fire(many, after=early).held_count, fire(many, after=late).held_count] == [0, 1]
    assert many.billing_queue.messages == []
    assert run_of(many).held_because == ("canary: 1 of 1 batches were not wholly billed",)
    assert kinds_of_discrepancies(many) == ["bill_run_held"]
    assert bill(many, [message]) == []

    decide(many, RunStatus.RELEASED)
    fire(many, after=late + timedelta(minutes=15))
    assert queued(many) == sorted(MANY)


def test_a_batch_that_was_billed_and_could_not_report_reports_all_of_it_when_it_comes_again(book: MemoryWorld) -> None:
    messages = _messages_of_a_run(book)

    def lose_reports(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "report_batch":
            raise OSError("the store is out of reach")

    book.before_call = lose_reports
    with pytest.raises(OSError, match="out of reach"):
        bill(book, messages)
    book.before_call = let_pass
    assert bill(book, messages) == []
    fire(book, after=timedelta(minutes=15))

    result = run_of(book).result
    assert result is not None
    assert [result.invoice_count, result.invoiced_minor] == [60, {"GBP": 40 * MONTH_MINOR + 20 * YEAR_MINOR}]


def test_a_day_run_again_by_hand_stays_one_run_that_counts_each_invoice_once(book: MemoryWorld) -> None:
    fire(book)
    bill(book)
    add_policy(book, MONTHLY[0])
    assert fire(book, after=None).queued_count == 1
    (message,) = book.billing_queue.take()
    # Billed by a delivery that never reported; the second one finds it billed, and an invoice more since.
    bill(book, [{key: value for key, value in message.items() if key != "batch_id"}])
    bill(book, [message])
    fire(book, after=None)

    run = run_of(book)
    assert [run.status, run.account_count, len(run.plan_ids)] == [RunStatus.DONE, 61, 2]
    assert run.result is not None
    assert [run.result.invoice_count, run.result.invoiced_minor["GBP"]] == [61, 41 * MONTH_MINOR + 20 * YEAR_MINOR]


def test_what_is_added_by_hand_is_compared_as_well(book: MemoryWorld) -> None:
    fire(book)
    bill(book)
    insure(book, accounts(40, "LATE"))
    started = fire(book, after=None)
    assert [started.held_count, started.queued_count] == [1, 0]
    assert run_of(book).held_because == ("GB monthly: 8960.00 GBP instead of 4480.00 (+100 %)",)


def test_two_firings_that_plan_one_day_at_once_make_one_run(book: MemoryWorld) -> None:
    """The second begins while the first has read what is due, and has written nothing."""
    is_first = True

    def fire_between(port: str, method: str, arguments: tuple[object, ...]) -> None:
        nonlocal is_first
        if method == "write_run" and is_first:
            is_first = False
            plan_run(MONTH_END, agenda=book.ledger, runs=book.run_book)

    book.before_call = fire_between
    fire(book)
    assert len(bill(book)) == 60
    fire(book)
    result = run_of(book).result
    assert result is not None
    assert result.invoice_count == 60


class KilledError(Exception):
    """The firing ends here."""


@dataclass
class Killer:
    """Ends whoever makes the n-th call."""

    kills_at: int
    call_count: int = 0

    def __call__(self, port: str, method: str, arguments: tuple[object, ...]) -> None:
        self.call_count += 1
        if self.call_count == self.kills_at:
            raise KilledError


def test_a_firing_killed_at_any_call_is_taken_up_by_the_next() -> None:
    world = MemoryWorld()
    insure(world, accounts(3))
    rows = copy.deepcopy(world.rows)
    counter = Killer(kills_at=0)
    world.before_call = counter
    fire(world)
    assert counter.call_count > RUN_DAYS_FOLLOWED
    for kills_at in range(1, counter.call_count + 1):
        world.rows = copy.deepcopy(rows)
        world.billing_queue.take()
        world.before_call = Killer(kills_at)
        with pytest.raises(KilledError):
            fire(world)
        world.before_call = let_pass
        fire(world, after=timedelta(minutes=15))
        assert len(bill(world)) == 3
        fire(world, after=timedelta(minutes=30))
        result = run_of(world).result
        assert result is not None
        assert result.invoice_count == 3
