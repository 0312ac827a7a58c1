"""Bill runs: what deviates is found, what is noise is not, and each run takes the one step that is its turn."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from pawledger.domain.billing.bill_runs import (
    CANARY_WAIT_MAX,
    Batch,
    BatchResult,
    CohortTotal,
    Run,
    RunDecision,
    RunNotHeldError,
    RunProgress,
    RunStatus,
    Step,
    add_totals,
    compare_means,
    compare_with_forecast,
    decide_held_run,
    describe_hold,
    due_totals,
    find_canary_faults,
    is_canary_account,
    measure_progress,
    next_step,
)
from pawledger.domain.books.entries import TermCursor
from pawledger.domain.books.ledger import AccountHead

DAY = date(2026, 1, 31)
FIRED_AT = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
NOTHING = RunProgress()


def total(amount_minor: int, *, cohort: str = "GB monthly", currency: str = "GBP", count: int = 1) -> CohortTotal:
    return CohortTotal(cohort=cohort, currency=currency, installment_count=count, amount_minor=amount_minor)


def head(*cursors: tuple[str, date, int], currency: str = "GBP") -> AccountHead:
    """An account with the next installments of some policies: cohort, day, amount."""
    return AccountHead(
        "HOME0001",
        currency=currency,
        cursors=tuple(
            TermCursor(f"PAW-{number}#1", 1, day, amount_minor, cohort)
            for number, (cohort, day, amount_minor) in enumerate(cursors)
        ),
    )


def build_run(**changes: object) -> Run:
    """A run of ten batches, one of them its canary, of which nothing is sent."""
    run = Run(
        day=DAY,
        version=1,
        status=RunStatus.STARTED,
        plan_ids=("plan",),
        batch_count=10,
        canary_batch_count=1,
        account_count=1_000,
        expected=(total(100),),
        forecast=(total(100),),
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def progress(reported: int, count: int, *, expected_minor: int = 100, invoiced_minor: int = 100) -> RunProgress:
    return RunProgress(
        batch_count=count,
        reported_count=reported,
        expected_minor={"GBP": expected_minor},
        invoiced_minor={"GBP": invoiced_minor},
    )


def test_what_is_due_is_summed_by_cohort_and_currency() -> None:
    heads = [
        head(("GB monthly", DAY, 100), ("GB annual", DAY - timedelta(days=3), 1_200)),
        head(("GB monthly", DAY, 50), ("GB monthly", DAY + timedelta(days=1), 7)),
        head(("GB monthly", DAY, 10), currency="EUR"),
        head(),
    ]
    assert due_totals(heads, None, DAY) == (
        total(1_200, cohort="GB annual"),
        total(10, currency="EUR"),
        total(150, count=2),
    )


def test_a_forecast_takes_from_accounts_that_are_billed_today_only_what_falls_due_tomorrow() -> None:
    tomorrow = DAY + timedelta(days=1)
    heads = [head(("GB monthly", DAY, 100), ("GB monthly", tomorrow, 7), ("GB monthly", DAY + timedelta(days=2), 9))]
    assert due_totals(heads, DAY, tomorrow) == (total(7),)


def test_totals_of_groups_add_up() -> None:
    assert add_totals((total(1), total(2, cohort="A")), (total(4),)) == (total(2, cohort="A"), total(5, count=2))
    assert add_totals() == ()


@pytest.mark.parametrize(
    ("expected_minor", "forecast_minor", "deviates"),
    [
        (1_250_000, 1_000_000, False),  # 25 percent: the limit is not more than the limit
        (1_250_001, 1_000_000, True),
        (750_000, 1_000_000, False),
        (749_999, 1_000_000, True),
        (10_000_000, 1_000_000, True),
        (0, 1_000_000, True),
        (199_999, 100_000, False),  # 999.99 pounds more: below a thousand, although it is twice as much
        (200_000, 100_000, True),
        (100_000, 0, True),  # nobody foresaw a thousand pounds
        (99_999, 0, False),
        (0, 0, False),
    ],
)
def test_a_total_deviates_beyond_a_quarter_and_a_thousand_units(
    expected_minor: int, forecast_minor: int, deviates: bool
) -> None:
    found = compare_with_forecast([total(expected_minor)], [total(forecast_minor)])
    assert [(each.expected_minor, each.forecast_minor) for each in found] == (
        [(expected_minor, forecast_minor)] if deviates else []
    )


@pytest.mark.parametrize(("currency", "amount_minor"), [("JPY", 1_000), ("EUR", 100_000), ("KWD", 1_000_000)])
def test_a_thousand_units_are_counted_in_the_minor_units_of_their_currency(currency: str, amount_minor: int) -> None:
    assert compare_with_forecast([total(amount_minor, currency=currency)], [])
    assert not compare_with_forecast([total(amount_minor - 1, currency=currency)], [])


def test_cohorts_are_compared_each_by_itself_and_the_largest_difference_is_named_first() -> None:
    expected = [total(1_000_000, cohort="A"), total(9_000_000, cohort="B"), total(500_000, cohort="C")]
    forecast = [total(1_000_000, cohort="A"), total(900_000, cohort="B"), total(2_000_000, cohort="D")]
    deviations = compare_with_forecast(expected, forecast)
    assert [each.cohort for each in deviations] == ["B", "D", "C"]
    assert deviations[0].describe() == "B: 90000.00 GBP instead of 9000.00 (+900 %)"
    assert deviations[1].describe() == "D: 0.00 GBP instead of 20000.00 (-100 %)"
    assert deviations[2].describe() == "C: 5000.00 GBP instead of 0.00 (not foreseen)"


@pytest.mark.parametrize(
    ("amount_minor", "count", "last_minor", "last_count", "deviates"),
    [
        (150_000, 100, 50_000, 50, False),  # 15.00 each after 10.00: half as much again is not more than that
        (150_001, 100, 50_000, 50, True),
        (25_000, 50, 50_000, 50, False),
        (24_999, 50, 50_000, 50, True),
        (490_000, 49, 50_000, 50, False),  # too few to have a mean
        (500_000, 50, 49_000, 49, False),
        (1_000_000, 1_000, 50_000, 50, False),  # twenty times as many at the same price
    ],
)
def test_a_mean_installment_deviates_beyond_a_half_where_there_are_enough(
    amount_minor: int, count: int, last_minor: int, last_count: int, deviates: bool
) -> None:
    found = compare_means([total(amount_minor, count=count)], [total(last_minor, count=last_count)])
    assert bool(found) is deviates


def test_a_mean_is_told_in_words_and_what_was_not_there_before_has_none() -> None:
    expected = [total(500_000, count=50), total(900_000, count=90, cohort="GB annual")]
    assert compare_means(expected, [total(50_000, count=50)]) == (
        "GB monthly: 100.00 GBP an installment instead of 10.00 in the run before",
    )


def test_an_alert_names_eight_reasons_and_counts_the_rest() -> None:
    run = build_run(held_because=tuple(f"cohort {number}" for number in range(1, 11)))
    assert describe_hold(run).endswith("cohort 7; cohort 8; and 2 more.")
    assert describe_hold(build_run(held_because=("one",))) == "The bill run of 2026-01-31 is held: one."


def test_about_one_account_in_a_hundred_is_a_canary_and_always_the_same() -> None:
    accounts = [f"ACCT{number:06d}" for number in range(100_000)]
    chosen = [account_id for account_id in accounts if is_canary_account(account_id)]
    # A binomial of 100,000 at one percent: six deviations are 189.
    assert abs(len(chosen) - 1_000) < 189
    assert [account_id for account_id in accounts if is_canary_account(account_id)] == chosen


def test_a_run_goes_step_by_step_to_its_end() -> None:
    sent = build_run(is_canary_sent=True, canary_sent_at=FIRED_AT)
    whole = replace(sent, is_sent=True)
    steps = [
        next_step(build_run(), progress(0, 1), progress(0, 10), FIRED_AT),
        next_step(sent, progress(0, 1), progress(0, 10), FIRED_AT),
        next_step(sent, progress(1, 1), progress(1, 10), FIRED_AT),
        next_step(whole, progress(1, 1), progress(9, 10), FIRED_AT),
        next_step(whole, progress(1, 1), progress(10, 10), FIRED_AT),
    ]
    assert steps == [Step.SEND_CANARY, Step.WAIT, Step.SEND_REST, Step.WAIT, Step.FINISH]


def test_a_run_without_canary_is_sent_at_once() -> None:
    assert next_step(build_run(canary_batch_count=0), NOTHING, progress(0, 10), FIRED_AT) is Step.SEND_REST


@pytest.mark.parametrize(
    ("waited", "step"), [(CANARY_WAIT_MAX - timedelta(seconds=1), Step.WAIT), (CANARY_WAIT_MAX, Step.HOLD)]
)
def test_a_canary_that_is_not_billed_in_time_holds_the_run(waited: timedelta, step: Step) -> None:
    run = build_run(is_canary_sent=True, canary_sent_at=FIRED_AT)
    assert next_step(run, progress(0, 1), progress(0, 10), FIRED_AT + waited) is step


def test_a_person_who_fires_by_hand_makes_no_wait_run_out() -> None:
    run = build_run(is_canary_sent=True, canary_sent_at=FIRED_AT)
    assert next_step(run, progress(0, 1), progress(0, 10), None) is Step.WAIT
    by_hand = replace(run, canary_sent_at=None)
    assert next_step(by_hand, progress(0, 1), progress(0, 10), FIRED_AT + timedelta(days=1)) is Step.WAIT


@pytest.mark.parametrize(
    ("invoiced_minor", "step"),
    [(100, Step.SEND_REST), (125, Step.SEND_REST), (126, Step.HOLD), (75, Step.SEND_REST), (74, Step.HOLD)],
)
def test_a_canary_that_was_billed_otherwise_than_expected_holds_the_run(invoiced_minor: int, step: Step) -> None:
    run = build_run(is_canary_sent=True, canary_sent_at=FIRED_AT)
    canary = progress(1, 1, invoiced_minor=invoiced_minor)
    assert next_step(run, canary, canary, FIRED_AT) is step
    assert bool(find_canary_faults(run, canary)) is (step is Step.HOLD)


def test_a_canary_that_an_operator_accepted_is_followed_by_the_rest() -> None:
    run = build_run(status=RunStatus.RELEASED, is_canary_sent=True, canary_sent_at=FIRED_AT)
    assert next_step(run, progress(0, 1), progress(0, 10), FIRED_AT + timedelta(days=1)) is Step.SEND_REST


def test_a_run_that_was_released_before_its_canary_still_has_one() -> None:
    assert next_step(build_run(status=RunStatus.RELEASED), NOTHING, NOTHING, FIRED_AT) is Step.SEND_CANARY


@pytest.mark.parametrize("status", [RunStatus.HELD, RunStatus.DROPPED, RunStatus.DONE])
def test_what_is_held_dropped_or_done_takes_no_step(status: RunStatus) -> None:
    for run in (build_run(status=status), build_run(status=status, is_sent=True, is_canary_sent=True)):
        assert next_step(run, progress(1, 1), progress(10, 10), FIRED_AT + timedelta(days=1)) is Step.WAIT


def test_progress_counts_what_has_reported() -> None:
    batch = Batch(batch_id="plan#00001", is_canary=True, account_ids=("A",), expected_minor={"GBP": 5, "EUR": 1})
    reported = replace(batch, result=BatchResult(invoice_count=2, invoiced_minor={"GBP": 4}))
    measured = measure_progress([batch, reported, reported])
    assert [measured.batch_count, measured.reported_count, measured.invoice_count] == [3, 2, 4]
    assert measured.expected_minor == {"GBP": 10, "EUR": 2}
    assert measured.invoiced_minor == {"GBP": 8}
    assert not measured.is_complete
    assert measure_progress([reported]).is_complete


def decision(status: RunStatus) -> RunDecision:
    return RunDecision(status=status, actor="operator", decided_at=FIRED_AT, reason="Checked.")


def test_only_a_held_run_can_be_decided_and_each_decision_is_kept() -> None:
    released = decide_held_run(build_run(status=RunStatus.HELD), decision(RunStatus.RELEASED))
    assert [released.status, released.version] == [RunStatus.RELEASED, 2]
    assert decide_held_run(released, decision(RunStatus.RELEASED)) is released
    again = decide_held_run(replace(released, status=RunStatus.HELD), decision(RunStatus.DROPPED))
    assert [each.status for each in again.decisions] == [RunStatus.RELEASED, RunStatus.DROPPED]
    for first, second in pairwise([RunStatus.DROPPED, RunStatus.RELEASED, RunStatus.DROPPED]):
        with pytest.raises(RunNotHeldError, match=f"is {first}, not held"):
            decide_held_run(build_run(status=first), decision(second))
    with pytest.raises(RunNotHeldError):
        decide_held_run(build_run(), decision(RunStatus.DROPPED))
