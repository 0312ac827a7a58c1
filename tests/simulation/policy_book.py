"""What a policy system tells in some years of a whole book: every kind of event, some late, twice or out of order."""

import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from pawledger.domain.calendar import add_months
from tests.simulation.scenario import seeded_random

FIRST_DAY: Final = date(2024, 1, 1)
"""Three years from here hold a leap day."""

PLACES: Final = (("GB", "GBP"), ("GB", "GBP"), ("US-CA", "USD"), ("US-NY", "USD"), ("DE", "EUR"), (None, "EUR"))
"""Jurisdictions with their currencies; the last tells taxes and fees itself."""

PLANS: Final = ("monthly",) * 6 + ("annual",) * 2 + ("quarterly", "semi_annual", "monthly_10_down", "quarterly_early")
NOTICE_DAYS: Final = 75
"""Earlier than any jurisdiction asks for."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and the day on which it arrives."""

    received_on: date
    message: dict[str, Any]


@dataclass(slots=True)
class _Policy:
    """One policy while its story is made up."""

    chance: random.Random
    account_id: str
    policy_id: str
    jurisdiction: str | None
    currency: str
    product: str
    premium_minor: int
    transaction_number: int = 0

    def tell(self, schema: str, day: date, **fields: Any) -> Iterator[Delivery]:
        """The message of an event, on its day or late, at times twice."""
        self.transaction_number += 1
        message = {
            "schema": schema,
            "event_id": f"{self.policy_id}-{self.transaction_number}",
            "account_id": self.account_id,
            "policy_id": self.policy_id,
            "transaction_number": self.transaction_number,
            **fields,
        }
        received_on = day + timedelta(days=self.chance.choice((0, 0, 0, 0, 0, 1, 2, 9)))
        yield Delivery(received_on, message)
        if self.chance.random() < 0.1:
            yield Delivery(received_on + timedelta(days=self.chance.choice((0, 1, 40))), message)

    def price(self) -> dict[str, Any]:
        if self.jurisdiction is not None:
            discounts = ["multi_pet"] if self.currency != "USD" and self.chance.random() < 0.3 else []
            return {"premium_minor": self.premium_minor, "discounts": discounts}
        tax_minor = self.premium_minor * 19 // 100
        return {"premium_minor": self.premium_minor, "told_charges": [{"kind": "tax", "amount_minor": tax_minor}]}


def write_policy_book(seed: int, policy_count: int, years: int) -> list[Delivery]:
    """All messages of a book of policies, one to three to an account, in the order of their days."""
    chance = seeded_random(seed)
    last_day = add_months(FIRST_DAY, 12 * years)
    deliveries: list[Delivery] = []
    number, account = 0, 0
    while number < policy_count:
        account += 1
        jurisdiction, currency = chance.choice(PLACES)
        for pet in range(min(chance.choice((1, 1, 1, 2, 3)), policy_count - number)):
            number += 1
            policy = _Policy(
                chance=chance,
                account_id=f"A{account:07d}",
                policy_id=f"PAW-{account:07d}-{pet + 1}",
                jurisdiction=jurisdiction,
                currency=currency,
                product="wellness" if jurisdiction == "US-CA" and pet == 1 else "accident_and_illness",
                premium_minor=chance.randint(9_000, 99_999),
            )
            deliveries += _live(policy, last_day)
    return sorted(deliveries, key=lambda delivery: delivery.received_on)


def _live(policy: _Policy, last_day: date) -> Iterator[Delivery]:
    """One policy from its issue to its end, or to the last day."""
    chance = policy.chance
    effective_on = FIRST_DAY + timedelta(days=chance.randint(20, 500))
    plan = chance.choice(PLANS)
    issued = {
        "effective_on": effective_on.isoformat(),
        "expires_on": add_months(effective_on, 12).isoformat(),
        "currency": policy.currency,
        "product": policy.product,
        "plan": plan,
        **({"jurisdiction": policy.jurisdiction} if policy.jurisdiction else {}),
        **({"due_day": chance.choice((1, 15, 29, 31))} if chance.random() < 0.2 else {}),
        **({"mandate_id": f"M-{policy.policy_id}"} if chance.random() < 0.5 else {}),
        **policy.price(),
    }
    yield from policy.tell("policy_issued.v2", effective_on - timedelta(days=chance.choice((30, 10, 0, -5))), **issued)
    while effective_on < last_day:
        expires_on = add_months(effective_on, 12)
        yield from _change(policy, effective_on, expires_on)
        if chance.random() < 0.12:
            yield from _end(policy, effective_on, expires_on)
            return
        if not (yield from _renew(policy, expires_on)):
            return
        effective_on = expires_on


def _change(policy: _Policy, effective_on: date, expires_on: date) -> Iterator[Delivery]:
    """What happens in the middle of a term."""
    chance = policy.chance
    days = (expires_on - effective_on).days
    for _ in range(chance.choice((0, 0, 1, 2))):
        day = effective_on + timedelta(days=chance.randint(1, days - 1))
        what = chance.random()
        on = {"effective_on": day.isoformat()}
        if what < 0.5:
            before = policy.premium_minor
            policy.premium_minor = max(1_000, before + chance.randint(-5_000, 8_000))
            yield from policy.tell("policy_endorsed.v1", day, **on, **policy.price())
            if chance.random() < 0.2:
                policy.premium_minor = before
                yield from policy.tell("policy_endorsed.v1", day + timedelta(days=3), **on, **policy.price())
        elif what < 0.7:
            scope = chance.choice(("not_invoiced", "not_paid"))
            yield from policy.tell("plan_changed.v1", day, **on, plan=chance.choice(PLANS), scope=scope)
        elif what < 0.9:
            yield from policy.tell("due_day_changed.v1", day, **on, due_day=chance.randint(1, 31))
        else:
            mandate_id = f"M-{policy.policy_id}-{policy.transaction_number}"
            yield from policy.tell("payer_changed.v1", day, **on, mandate_id=mandate_id)


def _end(policy: _Policy, effective_on: date, expires_on: date) -> Iterator[Delivery]:
    """The end of cover before its time: in the free look, by either side, or with the death of the pet."""
    chance = policy.chance
    day = effective_on + timedelta(days=chance.randint(0, (expires_on - effective_on).days - 1))
    if chance.random() < 0.3:
        told_on = day + timedelta(days=chance.choice((1, 20)))
        yield from policy.tell("pet_died.v1", told_on, died_on=day.isoformat())
        yield from policy.tell("pet_died.v1", told_on, died_on=day.isoformat(), evidence=f"VET-{policy.policy_id}")
        return
    by = "insurer" if chance.random() < 0.2 else "customer"
    has_claim = chance.random() < 0.3
    yield from policy.tell(
        "policy_cancelled.v1",
        day,
        effective_on=day.isoformat(),
        by=by,
        requested_on=day.isoformat(),
        has_claim=has_claim,
        has_paid_claim=has_claim and chance.random() < 0.5,
    )
    if chance.random() < 0.2:  # a renewal of what was cancelled
        yield from policy.tell("renewal_offered.v1", day, **_offer(policy, expires_on, expires_on))


def _renew(policy: _Policy, expires_on: date) -> Generator[Delivery, None, bool]:
    """Offer the next term, mostly in time; whether it begins is the answer."""
    chance = policy.chance
    if chance.random() < 0.03:
        return False
    if chance.random() < 0.6:
        policy.premium_minor = policy.premium_minor * 106 // 100
    is_late = chance.random() < 0.04
    sent_on = expires_on - timedelta(days=2 if is_late else NOTICE_DAYS)
    offer = _offer(policy, expires_on, sent_on)
    yield from policy.tell("renewal_offered.v1", sent_on, **offer)
    on = {"effective_on": expires_on.isoformat()}
    if chance.random() < 0.06:
        yield from policy.tell("renewal_declined.v1", expires_on - timedelta(days=1), **on)
        return False
    if not offer["is_automatic"]:
        yield from policy.tell("renewal_accepted.v1", expires_on - timedelta(days=5), **on)
    return True


def _offer(policy: _Policy, effective_on: date, sent_on: date) -> dict[str, Any]:
    return {
        "effective_on": effective_on.isoformat(),
        "expires_on": add_months(effective_on, 12).isoformat(),
        "notice_sent_on": sent_on.isoformat(),
        "is_automatic": policy.chance.random() < 0.85,
        **policy.price(),
    }
