"""What refunds, write-offs and booked costs are held to: who may decide how much, what is too small or too late.

All of it is data (`pawledger/rules/refunds.toml`); amounts in minor units by currency.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from pawledger.domain.billing.rulebook import Rule
from pawledger.domain.books.entries import Entry
from pawledger.domain.calendar import shift_day
from pawledger.domain.policy.policy_events import EVENT_TYPES

DAYS_PER_YEAR: Final = 365
"""Interest counts the days of a year as 365, in leap years too: 10 % of 100.00 over 366 days are 10.03."""

DEADLINE_DAYS_MAX: Final = 400
"""Days that are counted for one deadline: no law grants more than a year."""

ANYONE: Final = "anyone"
"""The role of whoever has none that the rules name."""

IsHoliday = Callable[[str, date], bool]
"""Whether a day is a holiday of a calendar, see `HolidayCalendars`."""


class DayCount(StrEnum):
    """Which days a deadline counts."""

    CALENDAR = "calendar"
    BUSINESS = "business"
    """Monday to Friday, without the holidays of the rule's calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDeadlineRule(Rule):
    """Within how many days unearned premium is given back."""

    days: int
    counts: DayCount
    holidays: str = ""
    """Whose holidays are no business days: ISO 3166, or `TARGET`, `FED`; empty where only weekends are none."""
    interest_percent: Decimal | None = None
    """What it costs a year to be late, simple interest; None where the law names none."""


@dataclass(frozen=True, slots=True)
class RefundDeadline:
    """By when one refund has to be sent."""

    due_on: date
    rule: RefundDeadlineRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRules:
    second_person_above: Mapping[str, int]
    """What one person may both request and approve; of other currencies nothing."""
    minimum: Mapping[str, int]
    """The least that is sent."""
    writes_up: bool
    """Whether what is below the minimum is kept; else it stays the account's unapplied cash."""
    approval_days: int
    """Calendar days that a refund may wait for its approval, or for being sent, before the closing tells of it."""
    deadlines: tuple[RefundDeadlineRule, ...]
    write_off_limits: Mapping[str, Mapping[str, int]]
    """By role, then by currency: what one person may write off of one invoice alone."""
    cost_limits: Mapping[str, Mapping[str, int]]
    """By role, then by currency: what one person may book of one debit as a cost."""

    def needs_second_person(self, currency: str, amount_minor: int) -> bool:
        return amount_minor > self.second_person_above.get(currency, 0)

    def write_off_limit_minor(self, actor: str, currency: str) -> int:
        """What a person may write off of one invoice alone; of a currency that the rules do not name nothing."""
        return _limit_minor(self.write_off_limits, actor, currency)

    def cost_limit_minor(self, actor: str, currency: str) -> int:
        """What a person may book of one debit as a cost; of a currency that the rules do not name nothing."""
        return _limit_minor(self.cost_limits, actor, currency)

    def deadline_rule(self, jurisdiction: str, product: str, day: date) -> RefundDeadlineRule | None:
        """The rule of a place; where a state has none, the one of its country."""
        for place in dict.fromkeys((jurisdiction, jurisdiction.partition("-")[0])):
            for rule in self.deadlines:
                if rule.is_for(place, product, day):
                    return rule
        return None


def _limit_minor(limits: Mapping[str, Mapping[str, int]], actor: str, currency: str) -> int:
    own = limits.get(role_of(actor)) or limits.get(ANYONE, {})
    return own.get(currency, 0)


def role_of(actor: str) -> str:
    """The role in the name that AWS gives a person at work, `arn:aws:sts::...:assumed-role/<role>/<person>`."""
    kind, _, rest = actor.rpartition(":")[2].partition("/")
    return rest.partition("/")[0] if kind == "assumed-role" else ANYONE


def is_same_person(one: str, other: str) -> bool:
    """Whether two names of persons at work are those of one: the same person may work under several roles."""
    return one.rpartition("/")[2].casefold() == other.rpartition("/")[2].casefold()


def find_deadline(
    ground: Entry, entries: Iterable[Entry], rules: RefundRules, is_holiday: IsHoliday
) -> RefundDeadline | None:
    """By when the money has to go back that an event of a policy gave back; None where no rule says.

    The clock starts on the day on which the event was received. Too much paid is no unearned premium: no deadline.
    """
    policy_id = ground.decision.facts.get("policy_id")
    if ground.decision.kind not in EVENT_TYPES or policy_id is None:
        return None
    known: dict[str, str] = {}
    for entry in entries:
        facts = entry.decision.facts
        if entry.decision.kind in EVENT_TYPES and facts.get("policy_id") == policy_id:
            known.update({name: str(facts[name]) for name in ("jurisdiction", "product") if facts.get(name)})
    received_on = ground.decision.occurred_on
    rule = rules.deadline_rule(known.get("jurisdiction", ""), known.get("product", ""), received_on)
    return RefundDeadline(count_deadline(received_on, rule, is_holiday), rule) if rule else None


def count_deadline(start: date, rule: RefundDeadlineRule, is_holiday: IsHoliday) -> date:
    """The last day in time; the day on which the clock starts counts as none."""
    if rule.counts is DayCount.CALENDAR:
        return shift_day(start, rule.days)
    day, counted = start, 0
    for _ in range(DEADLINE_DAYS_MAX):
        if counted == rule.days:
            break
        day = shift_day(day, 1)
        is_open = day.weekday() < 5 and not (rule.holidays and is_holiday(rule.holidays, day))
        counted += is_open
    return day


def interest_of(amount_minor: int, percent: Decimal, days_late: int) -> int:
    """Simple interest in minor units for so many days of a year of 365, rounded half up; none where it is not late."""
    exact = Decimal(amount_minor) * percent * max(0, days_late) / (100 * DAYS_PER_YEAR)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
