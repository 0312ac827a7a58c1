"""What a policy event must be by itself, whatever is known of its policy: refused here, it never enters a ledger."""

from datetime import date, timedelta
from typing import Final

from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.currencies import decimals_of
from pawledger.domain.identifiers import check_account_id, check_policy_id
from pawledger.domain.money import format_amount
from pawledger.domain.policy.policies import (
    CHARGE_MINOR_MAX,
    EFFECTIVE_ON_MAX,
    EFFECTIVE_ON_MIN,
    TERM_DAYS_MAX,
    ChargeKind,
    PolicyRefusedError,
)
from pawledger.domain.policy.policy_events import (
    TRANSACTION_NUMBER_MAX,
    DueDayChanged,
    PlanChanged,
    PolicyCancelled,
    PolicyEndorsed,
    PolicyEvent,
    PolicyIssued,
    Price,
    RenewalOffered,
)

DUE_DAY_MAX: Final = 31


def check_policy_event(event: PolicyEvent, rulebook: Rulebook) -> None:
    """Return if the event can be recorded.

    Raises `PolicyRefusedError`, `UnknownRuleError`, `IdentifierError` or `UnknownCurrencyError` that name the value and
    the rule.
    """
    check_account_id(event.account_id)
    check_policy_id(event.policy_id)
    if not 1 <= event.transaction_number <= TRANSACTION_NUMBER_MAX:
        raise PolicyRefusedError(
            f"transaction number {event.transaction_number} is not between 1 and {TRANSACTION_NUMBER_MAX}"
        )
    _check_day("the day from which it counts", event.effective_on)
    match event:
        case PolicyIssued():
            _check_issued(event, rulebook)
        case PolicyEndorsed():
            _check_currency(event.currency)
            _check_price(event.price, event.currency)
            if event.jurisdiction:
                _check_jurisdiction(event.jurisdiction, "", event.effective_on, rulebook)
        case RenewalOffered():
            _check_renewal(event, rulebook)
        case PlanChanged():
            rulebook.plan(event.plan)
        case DueDayChanged():
            _check_due_day(event.due_day)
        case PolicyCancelled():
            _check_day("the day of the request", event.requested_on)
            if event.has_paid_claim and not event.has_claim:
                raise PolicyRefusedError("a claim was paid, and no claim was made: one of both is not so")
        case _:
            pass


def _check_issued(event: PolicyIssued, rulebook: Rulebook) -> None:
    decimals_of(event.currency)
    _check_price(event.price, event.currency)
    _check_days(event.effective_on, event.expires_on)
    _check_due_day(event.due_day)
    if event.issued_on is not None:
        _check_day("the day of issue", event.issued_on)
        if event.issued_on >= event.expires_on:
            raise PolicyRefusedError(f"the policy was issued on {event.issued_on}, when its term was over")
    rulebook.plan(event.plan)
    if not event.jurisdiction and event.price.discounts:
        raise PolicyRefusedError(f"without a jurisdiction no rule says what discount {event.price.discounts[0]!r} is")
    if event.jurisdiction:
        _check_jurisdiction(event.jurisdiction, event.product, event.effective_on, rulebook)
        _check_discounts(event, rulebook)
        if event.price.told:
            raise PolicyRefusedError(
                f"in {event.jurisdiction} taxes and fees follow from the rules; the event may not tell them as well"
            )


def _check_renewal(event: RenewalOffered, rulebook: Rulebook) -> None:
    _check_currency(event.currency)
    _check_price(event.price, event.currency)
    _check_days(event.effective_on, event.expires_on)
    if event.plan is not None:
        rulebook.plan(event.plan)
    _check_day("the day of the notice", event.notice_sent_on)
    if event.notice_sent_on >= event.expires_on:
        raise PolicyRefusedError(
            f"the notice of {event.notice_sent_on} was sent after the offered term, which ends on {event.expires_on}"
        )


def _check_price(price: Price, currency: str | None) -> None:
    amounts = [price.premium_minor, *(abs(charge.amount_minor) for charge in price.told)]
    if max(amounts) > CHARGE_MINOR_MAX:
        raise PolicyRefusedError(f"an amount of {max(amounts)} is beyond {CHARGE_MINOR_MAX}")
    if price.premium_minor <= 0:
        raise PolicyRefusedError(f"a premium of {price.premium_minor} is not above zero")
    for charge in price.told:
        if charge.kind is ChargeKind.PREMIUM:
            raise PolicyRefusedError("the premium is told once, not among the charges beside it as well")
        if (charge.amount_minor < 0) != (charge.kind is ChargeKind.DISCOUNT) and charge.amount_minor != 0:
            raise PolicyRefusedError(f"a {charge.kind} of {charge.amount_minor} has the wrong sign")
    discount_minor = -sum(charge.amount_minor for charge in price.told if charge.kind is ChargeKind.DISCOUNT)
    if discount_minor > price.premium_minor:
        raise PolicyRefusedError(f"discounts of {discount_minor} are more than the premium of {price.premium_minor}")
    total_minor = price.premium_minor + sum(charge.amount_minor for charge in price.told)
    if total_minor <= 0:
        written = format_amount(total_minor, currency) if currency else str(total_minor)
        raise PolicyRefusedError(f"the charges sum to {written}; nothing could be invoiced")


def _check_currency(currency: str | None) -> None:
    if currency is not None:
        decimals_of(currency)


def _check_day(what: str, day: date) -> None:
    if not EFFECTIVE_ON_MIN <= day <= EFFECTIVE_ON_MAX:
        raise PolicyRefusedError(f"{day} as {what} is not between {EFFECTIVE_ON_MIN} and {EFFECTIVE_ON_MAX}")


def _check_days(effective_on: date, expires_on: date) -> None:
    if not effective_on < expires_on <= effective_on + timedelta(days=TERM_DAYS_MAX):
        raise PolicyRefusedError(f"the term {effective_on} to {expires_on} is not between 1 and {TERM_DAYS_MAX} days")


def _check_due_day(due_day: int | None) -> None:
    if due_day is not None and not 1 <= due_day <= DUE_DAY_MAX:
        raise PolicyRefusedError(f"{due_day} is no day of a month")


def _check_jurisdiction(jurisdiction: str, product: str, day: date, rulebook: Rulebook) -> None:
    if not rulebook.knows(jurisdiction, product, day):
        raise PolicyRefusedError(f"no rules are known for jurisdiction {jurisdiction} on {day}")


def _check_discounts(event: PolicyIssued, rulebook: Rulebook) -> None:
    known = {rule.code for rule in rulebook.discounts_on(event.jurisdiction, event.product, event.effective_on)}
    for code in event.price.discounts:
        if code not in known:
            named = ", ".join(sorted(known)) or "none"
            raise PolicyRefusedError(
                f"no discount {code!r} is known in {event.jurisdiction} on {event.effective_on}; there are {named}"
            )
