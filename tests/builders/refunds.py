"""Refunds: rules of round figures, persons at work, and the steps as a test takes them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from pawledger.domain.books.entries import Decision, EntryKind, LedgerAccount, Posting
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.refunding.refund_rules import ANYONE, DayCount, RefundDeadlineRule, RefundRules
from pawledger.domain.refunding.refund_steps import Act, RefundRequest, Sending
from pawledger.domain.refunding.refunds import Refund
from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.services.posting.post_payments import PostingTally
from pawledger.services.refunding.refund_money import (
    Refunded,
    RefundPorts,
    approve_refund,
    read_refunds,
    reject_refund,
    request_refund,
    send_refund,
    void_refund,
)
from tests.builders.resolutions import append_to
from tests.builders.services import chunked_payment, post
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import MemoryWorld

JANE: Final = "arn:aws:sts::111122223333:assumed-role/billing/jane"
JOHN: Final = "arn:aws:sts::111122223333:assumed-role/billing/john"
ASKED_ON: Final = date(2026, 3, 2)
"""A Monday."""

CALIFORNIA: Final = RefundDeadlineRule(
    rule_id="US-CA-refund",
    jurisdiction="US-CA",
    effective_on=date(2000, 1, 1),
    ends_on=None,
    citation="A law.",
    is_verified=False,
    days=25,
    counts=DayCount.BUSINESS,
    holidays="US",
    interest_percent=Decimal(10),
)

RULES: Final = RefundRules(
    second_person_above={"EUR": 10_000, "USD": 10_000},
    minimum={"EUR": 100},
    writes_up=False,
    approval_days=5,
    deadlines=(CALIFORNIA,),
    write_off_limits={ANYONE: {"EUR": 5_000}, "lead": {"EUR": 50_000}},
    cost_limits={ANYONE: {"EUR": 10_000}},
)


def refund_ports(world: MemoryWorld, rules: RefundRules = RULES) -> RefundPorts:
    return RefundPorts(
        ledger=world.ledger,
        archive=world.ledger,
        references=world.reference_book,
        discrepancies=world.discrepancy_book,
        holidays=NoHolidays(),
        pause=world.pause,
        rules=rules,
    )


def act(actor: str = JANE, on: date = ASKED_ON, reason: str = "She asked for it.") -> Act:
    return Act(actor, reason, datetime.combine(on, time(9), UTC))


def request(world: MemoryWorld, account_id: str, amount_minor: int | None = None, **more: Any) -> Refund:
    """Ask for a refund; `more` are `actor`, `on`, `is_preview`, `rules`, or further parts of the request."""
    who = {name: more.pop(name) for name in ("actor", "on", "reason") if name in more}
    is_preview, rules = more.pop("is_preview", False), more.pop("rules", RULES)
    asked = RefundRequest(amount_minor, **more)
    return request_refund(account_id, asked, act(**who), refund_ports(world, rules), is_preview=is_preview).refund


def approve(world: MemoryWorld, refund: Refund, actor: str = JOHN, on: date = ASKED_ON) -> Refunded:
    return approve_refund(refund.ledger_id, refund.refund_id, act(actor, on), refund_ports(world), is_preview=False)


def reject(world: MemoryWorld, refund: Refund, actor: str = JOHN) -> Refunded:
    return reject_refund(refund.ledger_id, refund.refund_id, act(actor), refund_ports(world), is_preview=False)


def send(
    world: MemoryWorld, refund: Refund, end_to_end_id: str | None = None, *, actor: str = JANE, on: date = ASKED_ON
) -> Refunded:
    """Note a refund as sent, under its own id unless another is named."""
    sending = Sending(end_to_end_id or refund.refund_id, "pain001-0302.xml")
    return send_refund(
        refund.ledger_id, refund.refund_id, sending, act(actor, on), refund_ports(world), is_preview=False
    )


def void(world: MemoryWorld, refund: Refund, actor: str = JANE) -> Refunded:
    return void_refund(refund.ledger_id, refund.refund_id, act(actor), refund_ports(world), is_preview=False)


def debit(
    world: MemoryWorld, end_to_end_id: str, amount_minor: int, *, name: str = "debit", file_id: str = "e" * 64
) -> PostingTally:
    """The bank tells of a debit under an end-to-end id; `name` stands for the bank's identity of it."""
    movement = chunked_payment(
        name, movement=Movement.OTHER_DEBIT, amount_minor=amount_minor, references=[end_to_end_id]
    )
    return post(world, [movement], file_id=file_id)


def state_of(world: MemoryWorld, refund: Refund) -> Refund:
    """A refund as its ledger tells it now."""
    found: Sequence[Refund] = read_refunds(refund.ledger_id, world.ledger)
    return next(each for each in found if each.refund_id == refund.refund_id)


def give_credit(
    world: MemoryWorld,
    account_id: str,
    amount_minor: int,
    *,
    jurisdiction: str = "US-CA",
    currency: str = "EUR",
    on: date = ASKED_ON,
) -> str:
    """A policy is cancelled and so much of it given back as unapplied cash; the id of that entry."""
    entry_id = "policy#POL-1#2"
    decision = Decision(
        kind=EntryKind.POLICY_CANCELLED,
        entry_id=entry_id,
        occurred_on=on,
        facts={"policy_id": "POL-1", "jurisdiction": jurisdiction, "product": "accident"},
        source={"event_id": "evt-2"},
        postings=(
            Posting(LedgerAccount.UNBILLED, currency, amount_minor),
            Posting(LedgerAccount.UNAPPLIED, currency, -amount_minor),
        ),
        reason="Cancelled.",
    )
    append_to(world, account_id, decision)
    return entry_id


def open_subjects(world: MemoryWorld, kind: str) -> list[Discrepancy]:
    return [each.discrepancy for each in world.discrepancy_book.list_open() if each.discrepancy.kind == kind]
