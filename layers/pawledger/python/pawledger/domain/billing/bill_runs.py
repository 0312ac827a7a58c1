"""Bill runs: what a day should bill, whether the day before foresaw it, and what a run does next; no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import bucket_of
from pawledger.domain.money import format_amount

DEVIATION_PERCENT_MAX: Final = 25
"""By how much a cohort's total may differ from its forecast, up or down, before the run is held. One day's new
policies, endorsements and cancellations move a total by single percents; a misplaced decimal point by 900."""

DEVIATION_UNITS_MIN: Final = 1_000
"""Below a difference of this many units of the currency (pounds, euros, yen) nothing is held: in a cohort of a few
policies one new customer is a large share, and a few wrong invoices are not what a gate of totals can see."""

MEAN_DEVIATION_PERCENT_MAX: Final = 50
"""By how much the mean installment of a cohort may differ from that of the last run before the run is held. What was
mistyped before the forecast was made is in the forecast as well; ten times the price on the twelfth part of a cohort
that renews in a month is 75 percent on its mean."""

MEAN_INSTALLMENTS_MIN: Final = 50
"""Installments that a cohort has in both runs before their means are compared: those of a few pets are no measure."""

CANARY_PERCENT: Final = 1
"""Share of accounts that is billed first, chosen by a hash of the account id: the same ones in every run."""

CANARY_RUN_ACCOUNTS_MIN: Final = 1_000
"""A smaller run has no canary: it would be a handful of accounts, and all of it is billed within a minute."""

CANARY_WAIT_MAX: Final = timedelta(minutes=45)
"""From the firing that sent the canary to the one that holds the run, where the canary was not wholly billed. A
message that failed comes again after half an hour, so this gives it a second attempt."""

REASONS_TOLD_MAX: Final = 8
"""Deviations that an alert names, the largest first; `pawledger runs show` names all."""

DECISIONS_MAX: Final = 50
"""A run is held for its forecast or its canary, so two decisions are usual; its row stays small whatever happens."""


class RunStatus(StrEnum):
    STARTED = "started"
    """Its canary, or all of it, is with the billing queue."""
    HELD = "held"
    """Nothing more is sent until an operator releases or drops it."""
    RELEASED = "released"
    """An operator let it go; the next firing of the schedule sends it."""
    DROPPED = "dropped"
    """An operator gave it up; what it has not billed stays due and is found by the next day's run."""
    DONE = "done"
    """Every batch was billed and reported."""


class RunNotHeldError(PawledgerError):
    """Only a run that is held can be released or dropped."""


class TooManyDecisionsError(PawledgerError):
    """A run was held and decided on more often than makes sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortTotal:
    """What one cohort is billed in one currency."""

    cohort: str
    currency: str
    installment_count: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A cohort whose total differs from its forecast by more than may be."""

    cohort: str
    currency: str
    forecast_minor: int
    expected_minor: int

    @property
    def percent(self) -> int | None:
        """By how many percent the total differs, rounded towards zero; None where nothing was forecast."""
        if not self.forecast_minor:
            return None
        return _percent(self.expected_minor - self.forecast_minor, self.forecast_minor)

    def describe(self) -> str:
        """The deviation in words: cohort, both amounts and the percentage."""
        percent = "not foreseen" if self.percent is None else f"{self.percent:+d} %"
        expected, forecast = (
            format_amount(amount_minor, self.currency) for amount_minor in (self.expected_minor, self.forecast_minor)
        )
        return f"{self.cohort}: {expected} {self.currency} instead of {forecast} ({percent})"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What billing a batch came to: invoices, and minor units by currency."""

    invoice_count: int
    invoiced_minor: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Accounts that one message bills. What it holds never changes, so that it can be sent again at any time."""

    batch_id: str
    is_canary: bool
    account_ids: tuple[str, ...]
    expected_minor: Mapping[str, int]
    """What its accounts' heads said when the run was planned, by currency."""
    invoice_counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Of accounts that may be in an earlier batch of the run: how many invoices they had before this one."""
    result: BatchResult | None = None
    """None until all its accounts are billed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDecision:
    """What an operator decided about a held run."""

    status: RunStatus
    actor: str
    decided_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The bill run of one business date."""

    day: date
    version: int
    """How often it was written; a writer names the version that it read."""
    status: RunStatus
    plan_ids: tuple[str, ...]
    """Which plans its batches belong to: one, and one for each time the day was run again and found more to bill."""
    batch_count: int
    canary_batch_count: int
    account_count: int
    expected: tuple[CohortTotal, ...]
    """What the heads of its accounts said was due when it was planned."""
    forecast: tuple[CohortTotal, ...] | None
    """What the run of the day before foresaw; None where there was none, and then nothing is compared."""
    held_because: tuple[str, ...] = ()
    canary_sent_at: datetime | None = None
    is_canary_sent: bool = False
    is_sent: bool = False
    """Whether every batch is with the billing queue."""
    decisions: tuple[RunDecision, ...] = ()
    result: BatchResult | None = None
    """What it came to; None until it is done."""

    @property
    def is_halted(self) -> bool:
        """Whether nothing of it may be billed, also of what is with the queue already."""
        return self.status in {RunStatus.HELD, RunStatus.DROPPED}

    @property
    def was_canary_accepted(self) -> bool:
        """Whether an operator released the run after its canary had been sent."""
        return self.status is RunStatus.RELEASED and self.is_canary_sent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """How far the batches of a run are."""

    batch_count: int = 0
    reported_count: int = 0
    invoice_count: int = 0
    expected_minor: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Of the batches that have reported."""
    invoiced_minor: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_complete(self) -> bool:
        return self.reported_count == self.batch_count


class Step(StrEnum):
    """What a run does next."""

    SEND_CANARY = "send_canary"
    SEND_REST = "send_rest"
    HOLD = "hold"
    FINISH = "finish"
    WAIT = "wait"


def due_totals(heads: Iterable[AccountHead], after: date | None, until: date) -> tuple[CohortTotal, ...]:
    """What the next installments bill that are due by a day, by cohort and currency, sorted.

    With `after`, only those that fall due after that day: what a forecast adds for accounts that are billed before.
    """
    totals: dict[tuple[str, str], list[int]] = {}
    for head in heads:
        for cursor in head.cursors:
            if cursor.next_invoice_on <= until and (after is None or cursor.next_invoice_on > after):
                total = totals.setdefault((cursor.cohort, head.currency or ""), [0, 0])
                total[0] += 1
                total[1] += cursor.amount_minor
    return tuple(
        CohortTotal(cohort=cohort, currency=currency, installment_count=count, amount_minor=amount_minor)
        for (cohort, currency), (count, amount_minor) in sorted(totals.items())
    )


def add_totals(*parts: Iterable[CohortTotal]) -> tuple[CohortTotal, ...]:
    """Totals of several groups of accounts as one, sorted by cohort and currency."""
    sums: dict[tuple[str, str], CohortTotal] = {}
    for part in parts:
        for total in part:
            key = (total.cohort, total.currency)
            known = sums.get(key)
            sums[key] = (
                total
                if known is None
                else replace(
                    known,
                    installment_count=known.installment_count + total.installment_count,
                    amount_minor=known.amount_minor + total.amount_minor,
                )
            )
    return tuple(total for _, total in sorted(sums.items()))


def amounts_by_currency(totals: Iterable[CohortTotal]) -> dict[str, int]:
    """What totals come to in each currency, in minor units."""
    amounts: dict[str, int] = {}
    for total in totals:
        amounts[total.currency] = amounts.get(total.currency, 0) + total.amount_minor
    return amounts


def compare_with_forecast(expected: Iterable[CohortTotal], forecast: Iterable[CohortTotal]) -> tuple[Deviation, ...]:
    """The cohorts whose totals differ from their forecast by more than `DEVIATION_PERCENT_MAX` and by at least
    `DEVIATION_UNITS_MIN`; the largest difference first. A cohort that only one side knows counts as zero on the other.
    """
    expected_minor = {(total.cohort, total.currency): total.amount_minor for total in expected}
    forecast_minor = {(total.cohort, total.currency): total.amount_minor for total in forecast}
    deviations = [
        Deviation(
            cohort=cohort,
            currency=currency,
            forecast_minor=forecast_minor.get((cohort, currency), 0),
            expected_minor=expected_minor.get((cohort, currency), 0),
        )
        for cohort, currency in sorted({*expected_minor, *forecast_minor})
    ]
    deviations = [each for each in deviations if _deviates(each)]
    return tuple(sorted(deviations, key=lambda each: -abs(each.expected_minor - each.forecast_minor)))


def compare_means(expected: Iterable[CohortTotal], last: Iterable[CohortTotal]) -> tuple[str, ...]:
    """In words, the cohorts whose mean installment differs from that of the last run by more than
    `MEAN_DEVIATION_PERCENT_MAX`; cohorts of fewer than `MEAN_INSTALLMENTS_MIN` in either are left out.
    """
    last_by = {(total.cohort, total.currency): total for total in last}
    faults = []
    for total in expected:
        before = last_by.get((total.cohort, total.currency))
        if before is None or min(total.installment_count, before.installment_count) < MEAN_INSTALLMENTS_MIN:
            continue
        # Means as fractions of one denominator, so that nothing is rounded before it is compared.
        now_scaled = total.amount_minor * before.installment_count
        before_scaled = before.amount_minor * total.installment_count
        if abs(now_scaled - before_scaled) * 100 > MEAN_DEVIATION_PERCENT_MAX * abs(before_scaled):
            now, then = (
                format_amount(each.amount_minor // each.installment_count, each.currency) for each in (total, before)
            )
            faults.append(f"{total.cohort}: {now} {total.currency} an installment instead of {then} in the run before")
    return tuple(faults)


def is_canary_account(account_id: str) -> bool:
    """Whether an account is among those that are billed first."""
    return bucket_of(account_id, 100) < CANARY_PERCENT


def next_step(run: Run, canary: RunProgress, whole: RunProgress, fired_at: datetime | None) -> Step:
    """What a firing does for a run; `fired_at` is the schedule's instant, None where a person fires it by hand.

    `canary` and `whole` tell of batches that are sent. A person who fires by hand never makes the wait run out.
    """
    if run.is_halted or run.status is RunStatus.DONE:
        return Step.WAIT
    if run.is_sent:
        return Step.FINISH if whole.is_complete else Step.WAIT
    if run.canary_batch_count and not run.is_canary_sent:
        return Step.SEND_CANARY
    if not run.canary_batch_count or run.was_canary_accepted:
        return Step.SEND_REST
    if canary.is_complete:
        return Step.HOLD if find_canary_faults(run, canary) else Step.SEND_REST
    is_overdue = fired_at is not None and run.canary_sent_at is not None
    if is_overdue and fired_at - run.canary_sent_at >= CANARY_WAIT_MAX:  # type: ignore[operator]  # checked above
        return Step.HOLD
    return Step.WAIT


def find_canary_faults(run: Run, canary: RunProgress) -> tuple[str, ...]:
    """Why a canary that was sent must not be followed by the rest, in words; nothing where it may."""
    if not canary.is_complete:
        missing_count = canary.batch_count - canary.reported_count
        return (f"canary: {missing_count} of {canary.batch_count} batches were not wholly billed",)
    faults = []
    for currency in sorted({*canary.expected_minor, *canary.invoiced_minor}):
        expected_minor = canary.expected_minor.get(currency, 0)
        invoiced_minor = canary.invoiced_minor.get(currency, 0)
        if abs(invoiced_minor - expected_minor) * 100 > DEVIATION_PERCENT_MAX * expected_minor:
            invoiced, expected = (format_amount(minor, currency) for minor in (invoiced_minor, expected_minor))
            faults.append(f"canary of {run.day}: {invoiced} {currency} invoiced instead of {expected}")
    return tuple(faults)


def measure_progress(batches: Iterable[Batch]) -> RunProgress:
    """How far batches are."""
    batch_count, reported_count, invoice_count = 0, 0, 0
    expected: dict[str, int] = {}
    invoiced: dict[str, int] = {}
    for batch in batches:
        batch_count += 1
        if batch.result is None:
            continue
        reported_count += 1
        invoice_count += batch.result.invoice_count
        _add_amounts(expected, batch.expected_minor)
        _add_amounts(invoiced, batch.result.invoiced_minor)
    return RunProgress(
        batch_count=batch_count,
        reported_count=reported_count,
        invoice_count=invoice_count,
        expected_minor=MappingProxyType(expected),
        invoiced_minor=MappingProxyType(invoiced),
    )


def decide_held_run(run: Run, decision: RunDecision) -> Run:
    """The run as an operator decided it. Deciding the same once more changes nothing.

    Raises `RunNotHeldError` where the run is not held, and `TooManyDecisionsError`.
    """
    if run.status is decision.status:
        return run
    if run.status is not RunStatus.HELD:
        raise RunNotHeldError(f"the run of {run.day} is {run.status}, not held")
    if len(run.decisions) >= DECISIONS_MAX:
        raise TooManyDecisionsError(f"the run of {run.day} was decided on {DECISIONS_MAX} times")
    return replace(run, version=run.version + 1, status=decision.status, decisions=(*run.decisions, decision))


def describe_hold(run: Run) -> str:
    """Why a run is held, in one sentence for an alert."""
    named = list(run.held_because[:REASONS_TOLD_MAX])
    if len(run.held_because) > REASONS_TOLD_MAX:
        named.append(f"and {len(run.held_because) - REASONS_TOLD_MAX} more")
    return f"The bill run of {run.day} is held: {'; '.join(named)}."


def _deviates(deviation: Deviation) -> bool:
    difference_minor = abs(deviation.expected_minor - deviation.forecast_minor)
    if difference_minor < DEVIATION_UNITS_MIN * 10 ** MINOR_UNIT_DECIMALS.get(deviation.currency, 0):
        return False
    return difference_minor * 100 > DEVIATION_PERCENT_MAX * abs(deviation.forecast_minor)


def _percent(difference: int, base: int) -> int:
    sign = -1 if (difference < 0) != (base < 0) else 1
    return sign * (abs(difference) * 100 // abs(base))


def _add_amounts(sums: dict[str, int], amounts: Mapping[str, int]) -> None:
    for currency, amount_minor in amounts.items():
        sums[currency] = sums.get(currency, 0) + amount_minor
