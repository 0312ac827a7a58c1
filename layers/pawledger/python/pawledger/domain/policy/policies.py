"""Policy terms as they are billed: their charges, the installments these are cut into, and how both are stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from pawledger.domain.errors import PawledgerError

CHARGE_MINOR_MAX: Final = 10**12
"""Ten billion in a currency with cents: anything above is a mistake of the sender, not a premium."""

TERM_DAYS_MAX: Final = 800
"""Terms are twelve months, at times extended; two years and some weeks is the longest that makes sense."""

EFFECTIVE_ON_MIN: Final = date(2000, 1, 1)
EFFECTIVE_ON_MAX: Final = date(2199, 12, 31)
"""Days outside are a sender's placeholder (0001-01-01, 9999-12-31), and a term from there runs off the calendar."""


class PolicyRefusedError(PawledgerError):
    """A policy cannot be billed as it was sent; the text says which value and why."""


class ChargeKind(StrEnum):
    PREMIUM = "premium"
    TAX = "tax"
    FEE = "fee"
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a policy transaction costs; minor units of the policy's currency, negative only for a discount."""

    code: str
    """The kind, and where a rule made it what it is called: `premium`, `tax:ipt`, `fee:installment`."""
    amount_minor: int
    rule_id: str = ""
    """The rule that it comes from; empty where the policy system told it."""
    arithmetic: str = ""
    """How it was computed, for people."""

    @property
    def kind(self) -> ChargeKind:
        return ChargeKind(self.code.partition(":")[0])


@dataclass(frozen=True, slots=True)
class Installment:
    """A slice of each charge of a term, fixed as soon as it is invoiced."""

    number: int
    """From 1."""
    invoice_on: date
    due_on: date
    months: int
    """How many months of the term it bills; none where it bills what a later change of them costs."""
    charges: tuple[Charge, ...]
    is_withdrawn: bool = False
    """Whether it was taken off its unpaid invoice, to be billed by other installments."""

    @property
    def amount_minor(self) -> int:
        return sum(charge.amount_minor for charge in self.charges)


@dataclass(frozen=True, slots=True)
class BilledTerm:
    """One term of a policy with everything that billing needs of it."""

    account_id: str
    policy_id: str
    number: int
    """From 1; a renewal is the next."""
    currency: str
    effective_on: date
    expires_on: date
    billed_until: date
    """First day whose month is not billed: the end of the term, or of the cover where that came earlier."""
    plan: str
    cohort: str
    """The group of policies in which the totals of a bill run are compared."""
    charges: tuple[Charge, ...] = ()
    installments: tuple[Installment, ...] = ()
    credits: tuple[Charge, ...] = ()
    """What was invoiced and has been given back, by code, as positive amounts."""
    hold: str = ""
    """Why it is not invoiced; empty where it is."""
    is_separate: bool = False
    """Whether it is invoiced apart from the account's other policies."""
    renewal_notice_on: date | None = None
    """Last day on which its renewal may be told to the customer; None where it ends, or where no rule says so."""
    is_in_full: bool = False
    """Whether it was invoiced in one piece, or will be, which may earn a discount; later changes of plan leave it."""
    lead_days: int = 0
    """Of its plan: an invoice is due so many days after it is issued, or later."""

    @property
    def term_id(self) -> str:
        return term_id_of(self.policy_id, self.number)

    @property
    def amount_minor(self) -> int:
        return sum(charge.amount_minor for charge in self.charges)


def term_id_of(policy_id: str, number: int) -> str:
    """The id of a policy's n-th term; it holds a `#`, which no policy id can."""
    return f"{policy_id}#{number}"


def number_of_term(term_id: str) -> int:
    """The mirror image of `term_id_of`: which term of its policy it is, from 1."""
    return int(term_id.rpartition("#")[2])


ALL_TERMS: Final = ("0", "~")
"""Between which two texts the ids of all terms of an account lie."""


def terms_of_policy(policy_id: str) -> tuple[str, str]:
    """Between which two texts the ids of all terms of a policy lie."""
    return f"{policy_id}#", f"{policy_id}#~"


def sum_by_code(charges: Iterable[Charge]) -> dict[str, int]:
    """Amounts of charges in minor units, by code, in the order in which the codes come first."""
    totals: dict[str, int] = {}
    for charge in charges:
        totals[charge.code] = totals.get(charge.code, 0) + charge.amount_minor
    return totals


def term_as_json(term: BilledTerm) -> dict[str, Any]:
    """A term as the JSON object that is stored; how its charges were computed stands in the entry that made them."""
    return {
        "account_id": term.account_id,
        "policy_id": term.policy_id,
        "number": term.number,
        "currency": term.currency,
        "effective_on": term.effective_on.isoformat(),
        "expires_on": term.expires_on.isoformat(),
        "billed_until": term.billed_until.isoformat(),
        "plan": term.plan,
        "cohort": term.cohort,
        "charges": [[c.code, c.amount_minor] for c in term.charges],
        "installments": [_installment_as_json(installment) for installment in term.installments],
        "credits": [[c.code, c.amount_minor] for c in term.credits],
        "hold": term.hold,
        "is_separate": term.is_separate,
        "renewal_notice_on": term.renewal_notice_on and term.renewal_notice_on.isoformat(),
        "is_in_full": term.is_in_full,
        "lead_days": term.lead_days,
    }


def term_from_json(written: Mapping[str, Any]) -> BilledTerm:
    """The mirror image of `term_as_json`."""
    return BilledTerm(
        account_id=written["account_id"],
        policy_id=written["policy_id"],
        number=written["number"],
        currency=written["currency"],
        effective_on=date.fromisoformat(written["effective_on"]),
        expires_on=date.fromisoformat(written["expires_on"]),
        billed_until=date.fromisoformat(written["billed_until"]),
        plan=written["plan"],
        cohort=written["cohort"],
        charges=tuple(Charge(*charge) for charge in written["charges"]),
        installments=tuple(_installment_from_json(installment) for installment in written["installments"]),
        credits=tuple(Charge(*charge) for charge in written["credits"]),
        hold=written["hold"],
        is_separate=written["is_separate"],
        renewal_notice_on=date.fromisoformat(notice_on) if (notice_on := written["renewal_notice_on"]) else None,
        is_in_full=written["is_in_full"],
        lead_days=written["lead_days"],
    )


def _installment_as_json(installment: Installment) -> list[Any]:
    return [
        installment.number,
        installment.invoice_on.isoformat(),
        installment.due_on.isoformat(),
        installment.months,
        [[charge.code, charge.amount_minor] for charge in installment.charges],
        installment.is_withdrawn,
    ]


def _installment_from_json(written: list[Any]) -> Installment:
    number, invoice_on, due_on, months, charges, is_withdrawn = written
    return Installment(
        number,
        date.fromisoformat(invoice_on),
        date.fromisoformat(due_on),
        months,
        tuple(Charge(*charge) for charge in charges),
        is_withdrawn,
    )
