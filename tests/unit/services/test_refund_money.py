"""Refunds step by step: balances by hand, what is refused by name with nothing written, two persons, and the bank."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, Final

import pytest

from pawledger.domain.books.entries import Decision, EntryKind, LedgerAccount, Posting
from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.refunding.refund_steps import (
    EndToEndIdError,
    PaymentFileNameError,
    RefundAmountError,
    RefundBelowMinimumError,
    RefundBeyondError,
    RefundCurrencyError,
    RefundGroundError,
    RefundOfReturnedMoneyError,
    RefundRequest,
    RefundStateError,
    RefundUnknownError,
    SecondPersonNeededError,
    Sending,
)
from pawledger.domain.refunding.refunds import Refund, RefundBegunError, RefundStep
from pawledger.domain.worklist.discrepancies import DiscrepancyKind, DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.resolutions import Share
from pawledger.services.append_entry import EntryConflictError
from pawledger.services.refunding.refund_money import (
    approve_refund,
    find_open_refunds,
    request_refund,
    send_refund,
)
from pawledger.services.refunding.take_step import StepReasonError
from pawledger.services.resolving.heal_settled import heal_settled
from tests.builders.policies import ACCOUNT_ID, build_policy
from tests.builders.refunds import (
    ASKED_ON,
    JANE,
    JOHN,
    RULES,
    act,
    approve,
    debit,
    give_credit,
    open_subjects,
    refund_ports,
    reject,
    request,
    send,
    state_of,
    void,
)
from tests.builders.resolutions import (
    SUSPENSE,
    append_to,
    bill,
    head_of,
    invoice_of,
    money_of,
    open_account,
    open_of,
    pay,
    resolve,
    suspend,
    undo,
)
from tests.builders.services import chunked_payment, post, record_policy
from tests.fakes.memory import MemoryWorld

HOME: Final = "HOME0001"
REFERENCE: Final = creditor_reference_of(InvoiceAddress(HOME, 1))


@pytest.fixture
def world() -> MemoryWorld:
    """HOME0001 owed 10.00 EUR and paid 250.00: 240.00 are unapplied."""
    world = MemoryWorld()
    open_account(world, HOME, 1_000)
    pay(world, HOME, 25_000, invoice_of(HOME, 1))
    return world


def refuse(world: MemoryWorld, error: type[PawledgerError], command: Callable[[], Any]) -> str:
    """The text with which a command is refused; nothing was written."""
    before = deepcopy(world.rows)
    with pytest.raises(error) as refused:
        command()
    assert world.rows == before
    return str(refused.value)


def test_a_refund_goes_from_unapplied_cash_over_refunds_to_the_bank(world: MemoryWorld) -> None:
    before = money_of(world, HOME)
    assert (before["unapplied"], before["cash"]) == (-24_000, 25_000)

    refund = request(world, HOME, 9_000)
    assert {name: money_of(world, HOME).get(name) for name in ("unapplied", "refunds")} == {
        "unapplied": -15_000,
        "refunds": -9_000,
    }
    approved = approve(world, refund)
    assert approved.planned[0].decision.postings == ()
    sent = send(world, refund)
    assert sent.planned[0].decision.postings == ()
    assert money_of(world, HOME)["cash"] == 25_000

    tally = debit(world, refund.refund_id, 9_000)
    after = money_of(world, HOME)
    assert (after["cash"], after["unapplied"], after.get("refunds")) == (16_000, -15_000, None)
    assert tally.posted_minor == {"EUR": -9_000}
    assert list(state_of(world, refund).steps) == ["requested", "approved", "sent", "settled"]
    assert open_subjects(world, "unexplained_debit") == []


def test_without_an_amount_all_unapplied_cash_goes_back_and_the_same_again_changes_nothing(world: MemoryWorld) -> None:
    refund = request(world, HOME)
    assert (refund.amount_minor, refund.ground) == (24_000, "payment#paid")
    before = deepcopy(world.rows)
    assert request(world, HOME).refund_id == refund.refund_id
    assert request(world, HOME, 24_000, ground="payment#paid").refund_id == refund.refund_id
    approve(world, refund)
    approve(world, refund)
    send(world, refund)
    send(world, refund)
    assert approve(world, refund).planned == ()
    assert head_of(world, HOME).version == head_of_rows(before) + 2


def head_of_rows(rows: Any) -> int:
    return int(rows.heads[HOME][-1].version)


def test_a_preview_of_every_step_shows_the_entry_and_writes_nothing(world: MemoryWorld) -> None:
    before = deepcopy(world.rows)
    seen = request(world, HOME, 5_000, is_preview=True)
    assert world.rows == before
    assert (seen.state, seen.amount_minor) == (RefundStep.REQUESTED, 5_000)
    refund = request(world, HOME, 5_000)
    assert seen.refund_id == refund.refund_id
    approve(world, refund)
    before = deepcopy(world.rows)
    sending = Sending("REF-1", "file.xml")
    shown = send_refund(HOME, refund.refund_id, sending, act(), refund_ports(world), is_preview=True)
    assert shown.planned[0].decision.kind is EntryKind.REFUND_SENT
    assert world.rows == before


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (RefundRequest(24_001), RefundBeyondError, "has 240.00 EUR of unapplied cash, not 240.01 EUR"),
        (RefundRequest(0), RefundAmountError, "a refund is more than zero"),
        (RefundRequest(-100), RefundAmountError, "a refund is more than zero"),
        (RefundRequest(500, "USD"), RefundCurrencyError, "is invoiced in EUR, not USD"),
        (RefundRequest(99), RefundBelowMinimumError, "0.99 EUR is less than 1.00 EUR"),
        (RefundRequest(500, ground="payment#other"), RefundGroundError, "no entry payment#other gave"),
    ],
)
def test_what_cannot_go_back_is_refused_by_name(
    world: MemoryWorld, asked: RefundRequest, error: type[PawledgerError], says: str
) -> None:
    assert says in refuse(
        world, error, lambda: request_refund(HOME, asked, act(), refund_ports(world), is_preview=False)
    )


def test_an_account_without_unapplied_cash_has_nothing_to_give_back(world: MemoryWorld) -> None:
    open_account(world, "HOME0002", 1_000)
    refuse(world, RefundGroundError, lambda: request(world, "HOME0002", 100))
    refuse(world, RefundCurrencyError, lambda: request(world, "HOME0009", 100))
    request(world, HOME)
    approve(world, request(world, HOME))
    refuse(world, RefundBeyondError, lambda: request(world, HOME, 24_001))


def test_a_reason_is_needed(world: MemoryWorld) -> None:
    refuse(world, StepReasonError, lambda: request(world, HOME, 500, reason=" "))
    refuse(world, StepReasonError, lambda: request(world, HOME, 500, reason="x" * 301))


def test_a_small_rest_is_kept_where_the_rules_say_so(world: MemoryWorld) -> None:
    rules = replace(RULES, writes_up=True)
    refund = request(world, HOME, 99, rules=rules)
    assert refund.state is RefundStep.WRITTEN_UP
    assert money_of(world, HOME)["small_differences"] == -99
    assert money_of(world, HOME)["unapplied"] == -23_901
    assert "written up" in refuse(world, RefundStateError, lambda: approve(world, refund))


def test_above_the_limit_another_person_approves(world: MemoryWorld) -> None:
    large = request(world, HOME, 10_001)
    text = refuse(world, SecondPersonNeededError, lambda: approve(world, large, JANE))
    assert "jane requested 100.01 EUR; above 100.00 EUR another person approves" in text
    under_another_role = JANE.replace("/billing/", "/lead/")
    refuse(world, SecondPersonNeededError, lambda: approve(world, large, under_another_role))
    assert approve(world, large, JOHN).refund.state is RefundStep.APPROVED
    exact = request(world, HOME, 10_000)
    assert approve(world, exact, JANE).refund.state is RefundStep.APPROVED


def test_a_rejected_and_a_void_refund_restore_the_balances_and_can_be_asked_for_anew(world: MemoryWorld) -> None:
    before = money_of(world, HOME)
    first = request(world, HOME, 9_000)
    reject(world, first)
    assert money_of(world, HOME) == before
    second = request(world, HOME, 9_000)
    assert second.refund_id != first.refund_id
    approve(world, second)
    send(world, second)
    void(world, second)
    assert money_of(world, HOME) == before
    third = request(world, HOME, 9_000)
    assert len({first.refund_id, second.refund_id, third.refund_id}) == 3
    approve(world, third)
    reject(world, third)
    assert money_of(world, HOME) == before


def at(world: MemoryWorld, state: RefundStep) -> Refund:
    """A refund of 90.00 EUR in a state."""
    refund = request(world, HOME, 9_000)
    if state is RefundStep.REJECTED:
        reject(world, refund)
    elif state is not RefundStep.REQUESTED:
        approve(world, refund)
    if state in (RefundStep.SENT, RefundStep.VOID, RefundStep.SETTLED):
        send(world, refund)
    if state is RefundStep.VOID:
        void(world, refund)
    if state is RefundStep.SETTLED:
        debit(world, refund.refund_id, 9_000)
    return refund


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        (RefundStep.REQUESTED, (send, void)),
        (RefundStep.APPROVED, (void,)),
        (RefundStep.SENT, (reject,)),
        (RefundStep.REJECTED, (approve, send, void)),
        (RefundStep.VOID, (reject,)),
        (RefundStep.SETTLED, (reject, void)),
    ],
)
def test_a_step_that_does_not_follow_is_refused(
    world: MemoryWorld, state: RefundStep, steps: tuple[Callable[..., Any], ...]
) -> None:
    refund = at(world, state)
    for step in steps:
        assert f"is {state} since 2026-" in refuse(world, RefundStateError, partial(step, world, refund))


def test_the_same_step_by_another_person_is_refused_with_who_was_first(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.REQUESTED)
    assert "already since 2026-03-02, by " + JANE in refuse(
        world, RefundStateError, lambda: request(world, HOME, 9_000, actor=JOHN)
    )
    approve(world, refund, JOHN)
    assert JOHN in refuse(world, RefundStateError, lambda: approve(world, refund, "arn:aws:iam::1:user/joan"))


def test_of_two_persons_at_once_the_second_is_told_by_name(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.REQUESTED)

    def slip_in(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append":
            world.before_call = lambda *_: None
            reject(world, refund, JOHN)

    world.before_call = slip_in
    with pytest.raises((RefundStateError, EntryConflictError), match="is rejected since"):
        approve(world, refund, JANE)
    assert state_of(world, refund).state is RefundStep.REJECTED
    assert "refunds" not in money_of(world, HOME)


def test_of_two_who_approve_at_once_one_is_first(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.REQUESTED)

    def slip_in(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append":
            world.before_call = lambda *_: None
            approve(world, refund, JOHN)

    world.before_call = slip_in
    with pytest.raises(RefundStateError, match=r"approved already since 2026-03-02, by .*john"):
        approve(world, refund, JANE)


def test_an_unknown_refund_is_named(world: MemoryWorld) -> None:
    ports = refund_ports(world)
    refuse(world, RefundUnknownError, lambda: approve_refund(HOME, "abc", act(), ports, is_preview=False))


def returned(world: MemoryWorld, amount_minor: int) -> None:
    """The payer's bank takes the payment back."""
    append_to(
        world,
        HOME,
        Decision(
            kind=EntryKind.PAYMENT_RETURNED,
            entry_id="debit#back",
            occurred_on=ASKED_ON,
            facts={"amount_minor": amount_minor, "currency": "EUR"},
            source={},
            postings=(
                Posting(LedgerAccount.CASH, "EUR", -amount_minor),
                Posting(LedgerAccount.RECEIVABLE, "EUR", amount_minor),
            ),
            reason="Returned.",
            reopened=(replace(invoice_of(HOME, 1), remaining_minor=amount_minor),),
            details={"returns": "payment#paid", "left_minor": 25_000 - amount_minor},
        ),
    )


def test_money_that_was_returned_meanwhile_does_not_go_back_once_more(world: MemoryWorld) -> None:
    approved = request(world, HOME, 9_000)
    approve(world, approved)
    requested = request(world, HOME, 8_000)
    returned(world, 20_000)  # 50.00 of the payment are left
    text = refuse(world, RefundOfReturnedMoneyError, lambda: approve(world, requested))
    assert "took 200.00 EUR back; 50.00 EUR of it can be refunded, not 80.00 EUR" in text
    refuse(world, RefundOfReturnedMoneyError, lambda: send(world, approved))
    refuse(world, RefundOfReturnedMoneyError, lambda: request(world, HOME, 5_001))
    assert reject(world, approved).refund.state is RefundStep.REJECTED


AWAY: Final = "HOME0002"


def tell(world: MemoryWorld, kind: Movement, *references: str) -> None:
    """The bank tells of 250.00 that came in or went back, under the end-to-end id E2E-7."""
    name, number = ("paid again", 1) if kind is Movement.PAYMENT else ("taken back", 2)
    told = chunked_payment(name, movement=kind, amount_minor=25_000, references=[*references, "E2E-7"])
    post(world, [told], chunk_number=number)


@pytest.mark.parametrize("references", [(REFERENCE,), ()])
def test_money_that_came_from_another_ledger_is_not_given_back_once_its_payment_was_taken_back_there(
    world: MemoryWorld, references: tuple[str, ...]
) -> None:
    """It was posted to one account and moved to another, or waited for nobody known and was applied."""
    open_account(world, AWAY, 1_000)
    tell(world, Movement.PAYMENT, *references)
    kind = DiscrepancyKind.INVOICE_ALREADY_PAID if references else DiscrepancyKind.UNIDENTIFIED_PAYMENT
    (found,) = world.discrepancy_book.list_open(kind)
    command = ResolutionCommand.MOVE if references else ResolutionCommand.APPLY
    resolve(world, found.discrepancy, command, Share(AWAY))
    asked, approved = request(world, AWAY, 8_000), request(world, AWAY, 9_000)
    approve(world, approved)

    tell(world, Movement.RETURN, *references)

    text = refuse(world, RefundOfReturnedMoneyError, lambda: approve(world, asked))
    assert "the payer's bank took that payment back" in text
    refuse(world, RefundOfReturnedMoneyError, lambda: send(world, approved))
    refuse(world, RefundOfReturnedMoneyError, lambda: request(world, AWAY, 500))
    assert reject(world, approved).refund.state is RefundStep.REJECTED


def test_end_to_end_ids_are_checked_and_belong_to_one_refund(world: MemoryWorld) -> None:
    first, second = request(world, HOME, 9_000), request(world, HOME, 8_000)
    approve(world, first)
    approve(world, second)
    for unusable in ("abc", "NOTPROVIDED", "x" * 36, " REF-1", "R\u00e9f-1234"):
        refuse(world, EndToEndIdError, partial(send, world, first, unusable))
    ports, nameless = refund_ports(world), Sending("REF-2026-1", " ")
    refuse(
        world,
        PaymentFileNameError,
        lambda: send_refund(HOME, first.refund_id, nameless, act(), ports, is_preview=False),
    )
    send(world, first, "REF-2026-1")
    text = refuse(world, EndToEndIdError, lambda: send(world, second, "ref-2026-1"))
    assert f"end-to-end id of another refund, {HOME}#{first.refund_id}" in text
    refuse(world, RefundStateError, lambda: send(world, first, "REF-2026-2"))


def test_interest_is_added_when_a_refund_is_sent_late_and_taken_off_when_it_is_void(world: MemoryWorld) -> None:
    open_account(world, "HOME0002", currency="USD")
    ground = give_credit(world, "HOME0002", 36_500, currency="USD")
    before = money_of(world, "HOME0002")
    refund = request(world, "HOME0002")
    assert refund.ground == ground
    # 25 business days from Monday 2 March: five weeks, Monday 6 April. Eleven days later, 17 April: 365.00 x 10 % x
    # 11 / 365 = 1.10.
    assert refund.requested.decision.details == {"due_on": "2026-04-06", "deadline_rule": "US-CA-refund"}
    approve(world, refund)
    sent = send(world, refund, on=date(2026, 4, 17))
    assert sent.refund.interest_minor == 110
    assert money_of(world, "HOME0002")["interest"] == 110
    assert money_of(world, "HOME0002")["refunds"] == -36_610
    assert sent.planned[0].decision.facts["interest_rule"] == "US-CA-refund"
    void(world, refund)
    assert money_of(world, "HOME0002") == before


def test_a_debit_settles_once_however_often_the_bank_tells_of_it(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.SENT)
    debit(world, refund.refund_id.upper(), 9_000)
    again = debit(world, refund.refund_id, 9_000, file_id="d" * 64)
    assert again.counts["repeated"] + again.counts["retold"] == 1
    assert money_of(world, HOME)["cash"] == 16_000

    debit(world, refund.refund_id, 9_000, name="another", file_id="c" * 64)
    (found,) = open_subjects(world, "unexplained_debit")
    assert found.what.endswith("was settled by another debit before.")
    assert (found.amount_minor, found.account_id) != (9_000, HOME)
    assert money_of(world, HOME)["cash"] == 16_000


@pytest.mark.parametrize(
    ("state", "amount_minor", "why"),
    [
        (RefundStep.VOID, 8_999, "is of 90.00 EUR."),
        (RefundStep.SENT, 8_999, "is of 90.00 EUR."),
    ],
)
def test_a_debit_that_does_not_fit_waits_and_says_why(
    world: MemoryWorld, state: RefundStep, amount_minor: int, why: str
) -> None:
    refund = at(world, state)
    before = money_of(world, HOME)
    debit(world, refund.refund_id, amount_minor)
    (found,) = open_subjects(world, "unexplained_debit")
    assert found.what.endswith(why)
    assert money_of(world, HOME) == before


def test_a_void_refund_that_the_bank_pays_all_the_same_is_taken_from_the_money_it_gave_back(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.VOID)
    assert money_of(world, HOME)["unapplied"] == -24_000
    debit(world, refund.refund_id, 9_000)
    debit(world, refund.refund_id, 9_000, file_id="d" * 64)
    assert (money_of(world, HOME)["unapplied"], money_of(world, HOME)["cash"]) == (-15_000, 16_000)
    assert open_subjects(world, "unexplained_debit") == []
    assert state_of(world, refund).state is RefundStep.SETTLED
    # Asked for again in the same words, it is the refund that has left.
    assert request(world, HOME, 9_000).state is RefundStep.SETTLED


def test_what_was_used_since_of_a_void_refund_that_the_bank_pays_is_owed(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.VOID)
    other = request(world, HOME, 20_000)  # 40.00 are left of 240.00
    debit(world, refund.refund_id, 9_000)
    # 40.00 of the 90.00 are still there; 50.00 are owed.
    assert open_subjects(world, "unexplained_debit") == []
    ((item_id, item_minor),) = open_of(world, HOME).items()
    assert (item_id.startswith("return-"), item_minor) == (True, 5_000)
    assert money_of(world, HOME) == {"cash": 16_000, "refunds": -20_000, "receivable": 5_000, "unbilled": -1_000}
    (found,) = open_subjects(world, "payment_returned")
    assert (found.account_id, found.amount_minor) == (HOME, 5_000)
    assert found.what == (
        f"Debit of 90.00 EUR is refund {refund.refund_id}, which has left the bank account although it was void; "
        f"due again: {item_id} 50.00."
    )
    # What is not sent after all settles it.
    reject(world, other)
    assert (open_of(world, HOME), money_of(world, HOME)["unapplied"]) == ({}, -15_000)
    heal_settled(world.discrepancy_book, world.ledger)
    assert open_subjects(world, "payment_returned") == []


@pytest.mark.parametrize(
    ("open_minor", "settled_minor"),
    [(4_000, 4_000), (9_000, 9_000), (30_000, 9_000)],
    ids=["less is open", "as much is open", "more is open"],
)
@pytest.mark.parametrize("step", [RefundStep.REJECTED, RefundStep.VOID])
def test_money_that_does_not_go_back_settles_what_became_due_meanwhile(
    world: MemoryWorld, step: RefundStep, open_minor: int, settled_minor: int
) -> None:
    refund = at(world, RefundStep.SENT if step is RefundStep.VOID else RefundStep.REQUESTED)
    bill(world, HOME, 2, open_minor)
    done = (void if step is RefundStep.VOID else reject)(world, refund)
    # 150.00 are unapplied beside the refund of 90.00.
    assert open_of(world, HOME) == ({"HOME0001-0002": open_minor - settled_minor} if open_minor > 9_000 else {})
    assert money_of(world, HOME)["unapplied"] == -15_000 - (9_000 - settled_minor)
    decision = done.planned[0].decision
    assert f", and settles HOME0001-0002 {settled_minor // 100}.00: " in decision.reason
    assert {p.ledger_account.value: p.amount_minor for p in decision.postings} == {
        "refunds": 9_000,
        "receivable": -settled_minor,
        **({"unapplied": settled_minor - 9_000} if settled_minor < 9_000 else {}),
    }


def test_what_a_void_refund_settled_is_due_again_when_the_bank_pays_it_all_the_same(world: MemoryWorld) -> None:
    refund = request(world, HOME)
    approve(world, refund)
    send(world, refund)
    bill(world, HOME, 2, 30_000)
    void(world, refund)
    # All 240.00 settle the invoice of 300.00, of which 60.00 stay open.
    assert (open_of(world, HOME), money_of(world, HOME)["receivable"]) == ({"HOME0001-0002": 6_000}, 6_000)
    debit(world, refund.refund_id, 24_000)
    debit(world, refund.refund_id, 24_000, file_id="d" * 64)
    assert head_of(world, HOME).open_invoices == (invoice_of(HOME, 2, 30_000),)
    # 250.00 came and 240.00 left; 10.00 and 300.00 were billed.
    assert money_of(world, HOME) == {"cash": 1_000, "receivable": 30_000, "unbilled": -31_000}
    (found,) = open_subjects(world, "payment_returned")
    assert (found.amount_minor, found.what.endswith("due again: HOME0001-0002 240.00.")) == (24_000, True)
    assert open_subjects(world, "unexplained_debit") == []
    assert state_of(world, refund).state is RefundStep.SETTLED


def test_other_unapplied_cash_settles_what_a_void_refund_that_was_paid_had_settled(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.SENT)
    bill(world, HOME, 2, 4_000)
    void(world, refund)
    assert money_of(world, HOME)["unapplied"] == -20_000
    debit(world, refund.refund_id, 9_000)
    # 50.00 of the 90.00 were unapplied; the 40.00 of the invoice are taken from the other 150.00 instead.
    assert (open_of(world, HOME), money_of(world, HOME)["unapplied"]) == ({}, -11_000)
    assert money_of(world, HOME)["cash"] == 16_000
    assert open_subjects(world, "payment_returned") == []


def test_interest_leaves_with_a_void_refund_that_is_paid(world: MemoryWorld) -> None:
    open_account(world, "HOME0002")
    give_credit(world, "HOME0002", 36_500)
    refund = request(world, "HOME0002", 36_500)
    approve(world, refund)
    # As in the test above: due on 6 April 2026, 11 days late at 10 %: 1.10.
    send(world, refund, on=date(2026, 4, 17))
    bill(world, "HOME0002", 1, 40_000)
    void(world, refund)
    # The interest was ours, and settles nothing: 400.00 less 365.00.
    assert open_of(world, "HOME0002") == {"HOME0002-0001": 3_500}
    assert "interest" not in money_of(world, "HOME0002")
    debit(world, refund.refund_id, 36_610)
    assert open_of(world, "HOME0002") == {"HOME0002-0001": 40_000}
    # What was given back is what was unbilled; 400.00 were invoiced.
    assert money_of(world, "HOME0002") == {
        "unbilled": 36_500 - 40_000,
        "receivable": 40_000,
        "interest": 110,
        "cash": -36_610,
    }


def test_a_debit_that_came_before_its_refund_was_noted_as_sent_is_not_booked_twice(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.APPROVED)
    debit(world, refund.refund_id, 9_000)
    send(world, refund)
    again = debit(world, refund.refund_id, 9_000, file_id="d" * 64)
    assert again.counts["repeated"] + again.counts["retold"] == 1
    cash = sum(head.balance_minor(LedgerAccount.CASH, "EUR") for head in world.ledger.scan_heads())
    assert cash == 25_000 - 9_000
    assert state_of(world, refund).state is RefundStep.SENT


def test_a_debit_whose_refund_becomes_void_while_it_is_posted_is_booked_once_all_the_same(world: MemoryWorld) -> None:
    refund = at(world, RefundStep.SENT)

    def slip_in(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append":
            world.before_call = lambda *_: None
            void(world, refund)

    world.before_call = slip_in
    debit(world, refund.refund_id, 9_000)
    assert open_subjects(world, "unexplained_debit") == []
    assert (money_of(world, HOME)["unapplied"], money_of(world, HOME)["cash"]) == (-15_000, 16_000)
    again = debit(world, refund.refund_id, 9_000, file_id="d" * 64)
    assert again.counts["repeated"] + again.counts["retold"] == 1


def test_returned_suspense_money_takes_the_same_steps(world: MemoryWorld) -> None:
    found = suspend(world, 5_000)
    resolve(world, found, ResolutionCommand.RETURN)
    (refund,) = find_open_refunds(world.ledger)
    assert (refund.ledger_id, refund.amount_minor, refund.state) == (SUSPENSE, 5_000, RefundStep.REQUESTED)
    approve(world, refund)
    with pytest.raises(RefundBegunError, match="is approved since 2026-03-02"):
        undo(world, found)
    send(world, refund)
    debit(world, refund.refund_id, 5_000)
    assert money_of(world, SUSPENSE) == {}
    assert state_of(world, refund).state is RefundStep.SETTLED


def test_money_of_nobody_known_that_its_bank_took_back_meanwhile_is_not_sent_as_well(world: MemoryWorld) -> None:
    paid = chunked_payment("unknown", amount_minor=5_000, references=["E2E-UNKNOWN"])
    post(world, [paid])
    (found,) = open_subjects(world, "unidentified_payment")
    resolve(world, found, ResolutionCommand.RETURN)
    (refund,) = find_open_refunds(world.ledger)
    post(world, [replace(paid, payment_id="b" * 32, movement=Movement.RETURN, line=9)], file_id="e" * 64)
    assert len(open_subjects(world, "return_of_moved_payment")) == 1
    text = refuse(world, RefundOfReturnedMoneyError, lambda: approve(world, refund))
    assert "waits in suspense, is a return of payment#" in text
    reject(world, refund)
    # 50.00 came and 50.00 went: nothing is left, and nothing is owed.
    assert sum(money_of(world, refund.ledger_id).values()) == 0
    assert money_of(world, refund.ledger_id).get("suspense") is None


def test_rejecting_returned_suspense_money_opens_its_discrepancy_again(world: MemoryWorld) -> None:
    found = suspend(world, 5_000)
    before = money_of(world, SUSPENSE)
    resolve(world, found, ResolutionCommand.RETURN)
    (refund,) = find_open_refunds(world.ledger)
    reject(world, refund)
    reject(world, refund)
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    assert (recorded.status, recorded.opening_count) == (DiscrepancyStatus.OPEN, 2)
    assert money_of(world, SUSPENSE) == before
    # The money waits again and can be applied, or returned under another id.
    resolve(world, found, ResolutionCommand.RETURN)
    (anew,) = find_open_refunds(world.ledger)
    assert anew.refund_id != refund.refund_id


def test_an_undone_return_is_no_refund_any_more(world: MemoryWorld) -> None:
    found = suspend(world, 5_000)
    resolve(world, found, ResolutionCommand.RETURN)
    (refund,) = find_open_refunds(world.ledger)
    undo(world, found)
    assert list(find_open_refunds(world.ledger)) == []
    assert "is undone since" in refuse(world, RefundStateError, lambda: approve(world, refund))


@pytest.mark.parametrize("is_rejected_first", [True, False])
def test_money_from_before_the_first_policy_that_is_not_returned_after_all_is_the_accounts_own(
    is_rejected_first: bool,
) -> None:
    world = MemoryWorld()
    found = suspend(world, 5_000, ledger_id=ACCOUNT_ID)
    resolve(world, found, ResolutionCommand.RETURN)
    (refund,) = find_open_refunds(world.ledger)
    if is_rejected_first:
        reject(world, refund)
        assert money_of(world, ACCOUNT_ID) == {"cash": 5_000, "suspense": -5_000}
    record_policy(world, build_policy())
    if not is_rejected_first:
        assert "unapplied" not in money_of(world, ACCOUNT_ID)
        reject(world, refund)
    money = money_of(world, ACCOUNT_ID)
    assert (money["unapplied"], money.get("suspense"), money.get("refunds")) == (-5_000, None, None)


def test_no_invoice_eats_money_that_is_set_aside(world: MemoryWorld) -> None:
    refund = request(world, HOME)
    bill(world, HOME, 2, 1_000)
    assert open_of(world, HOME) == {"HOME0001-0002": 1_000}
    assert head_of(world, HOME).balance_minor(LedgerAccount.UNAPPLIED) == 0
    assert state_of(world, refund).total_minor == 24_000
