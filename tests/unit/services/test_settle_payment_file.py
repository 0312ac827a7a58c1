"""A bank books a file of refunds as one debit: a person settles them all by it, and that can be taken back."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest

from pawledger.adapters.stored_bodies import write_life
from pawledger.domain.books.entries import EntryKind, LedgerAccount
from pawledger.domain.books.waiting_money import NothingWaitsError, WaitingMoney
from pawledger.domain.calendar import Month
from pawledger.domain.errors import PawledgerError
from pawledger.domain.posting.bank_movements import Movement, entry_id_of, payment_id_of
from pawledger.domain.refunding.refund_steps import RefundStateError, Sending
from pawledger.domain.refunding.refunds import Refund, RefundStep, settles
from pawledger.domain.refunding.settled_files import (
    REFUNDS_OF_FILE_MAX,
    DebitOfOtherRefundError,
    FileRefund,
    PaymentFileDiffersError,
    PaymentFileTooLargeError,
    PaymentFileUnknownError,
    choose_refunds,
    decide_departure_to_refunds,
)
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import ChangeKind, RecordedDiscrepancy
from pawledger.domain.worklist.resolutions import CommandDoesNotFitError, Resolution, ResolutionRequest
from pawledger.services.closing.close_month import ClosingPorts, close_month
from pawledger.services.posting.settle_refunds import read_refund_steps
from pawledger.services.refunding.check_refunds import RefundWatchPorts, check_refunds, holds_refunds
from pawledger.services.refunding.refund_money import find_open_refunds, send_refund
from pawledger.services.resolving.resolution_steps import ResolutionHalfDoneError
from pawledger.services.resolving.resolve_discrepancy import Resolved
from tests.builders.movements import build_movement
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
    books_of,
    debited,
    head_of,
    money_of,
    open_account,
    pay,
    resolve,
    suspend,
    undo,
)
from tests.builders.rulebooks import build_rulebook
from tests.builders.services import chunked_payment, kinds_of_discrepancies, post
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import MemoryWorld

SETTLE: Final = ResolutionCommand.SETTLE_REFUNDS
FILE: Final = "pain001-0302.xml"
"""As `send` of the builders names it."""
HOME: Final = "HOME0001"
FAR: Final = "HOME0002"
TOTAL_MINOR: Final = 9_000 + 4_000 + 5_000
"""90.00 of one account, 40.00 of another, and 50.00 of nobody known."""


def sent(world: MemoryWorld, refund: Refund, payment_file: str = FILE) -> Refund:
    approve(world, refund, JOHN)
    sending = Sending(refund.refund_id, payment_file)
    ports = refund_ports(world)
    return send_refund(refund.ledger_id, refund.refund_id, sending, act(JANE), ports, is_preview=False).refund


@pytest.fixture
def world() -> MemoryWorld:
    """Two accounts with 200.00 EUR each that settle nothing."""
    world = MemoryWorld()
    for account_id in (HOME, FAR):
        open_account(world, account_id)
        pay(world, account_id, 20_000, name=account_id)
    return world


@pytest.fixture
def refunds(world: MemoryWorld) -> list[Refund]:
    """Three refunds that are sent in one file."""
    resolve(world, suspend(world, 5_000), ResolutionCommand.RETURN)
    (of_nobody,) = find_open_refunds(world.ledger)
    asked = [request(world, HOME, 9_000), request(world, FAR, 4_000), of_nobody]
    return [sent(world, each) for each in asked]


def settle(world: MemoryWorld, found: Discrepancy, payment_file: str = FILE, **more: Any) -> Resolved:
    return resolve(world, found, SETTLE, payment_file=payment_file, **more)


def refuse(world: MemoryWorld, error: type[PawledgerError], found: Discrepancy, payment_file: str = FILE) -> str:
    """The text with which a command is refused; nothing was written."""
    before = deepcopy(world.rows)
    with pytest.raises(error) as refused:
        settle(world, found, payment_file)
    assert world.rows == before
    return str(refused.value)


def states(world: MemoryWorld, refunds: Sequence[Refund]) -> list[RefundStep]:
    return [state_of(world, each).state for each in refunds]


def read(world: MemoryWorld, found: Discrepancy) -> RecordedDiscrepancy:
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    return recorded


def clearing_of(world: MemoryWorld) -> int:
    """What stands between all ledgers together."""
    return sum(head.balance_minor(LedgerAccount.CLEARING, "EUR") for head in world.ledger.scan_heads())


def watched(world: MemoryWorld) -> list[str]:
    """What is open when refunds are looked after on the day they were asked for, beside that the accounts overpaid."""
    ports = RefundWatchPorts(world.ledger, world.discrepancy_book, lambda: RULES, NoHolidays())
    check_refunds(ASKED_ON, [head for head in world.ledger.scan_heads() if holds_refunds(head)], ports)
    return [kind for kind in kinds_of_discrepancies(world) if kind != "overpayment"]


def test_one_debit_settles_every_refund_of_its_file(world: MemoryWorld, refunds: list[Refund]) -> None:
    post(world, [chunked_payment("batch", movement=Movement.OTHER_DEBIT, amount_minor=TOTAL_MINOR)])
    (found,) = open_subjects(world, "unexplained_debit")
    done = settle(world, found)
    payment_id = payment_id_of(("batch",))
    assert states(world, refunds) == [RefundStep.SETTLED] * 3
    assert [(each.before.account_id, each.decision.kind) for each in done.planned] == [
        (found.account_id, EntryKind.MONEY_MOVED),
        (HOME, EntryKind.REFUND_SETTLED),
        (FAR, EntryKind.REFUND_SETTLED),
        (SUSPENSE, EntryKind.REFUND_SETTLED),
    ]
    assert done.planned[0].decision.reason == (
        f"180.00 EUR that the bank took by debit#{payment_id} is 3 refunds of {FILE}: The payer called."
    )
    settled = done.planned[1].decision
    assert settled.entry_id == f"refund#{refunds[0].refund_id}#settled-{done.resolution_id}"
    assert settled.facts == {"payment_id": payment_id, "amount_minor": 9_000, "currency": "EUR"}
    assert settled.source == {"discrepancy_id": found.discrepancy_id, "actor": "operator"}
    assert money_of(world, HOME) == {"cash": 20_000, "unapplied": -11_000, "clearing": -9_000}
    assert money_of(world, FAR) == {"cash": 20_000, "unapplied": -16_000, "clearing": -4_000}
    assert "refunds" not in money_of(world, SUSPENSE)
    assert clearing_of(world) == 0
    assert read(world, found).status is DiscrepancyStatus.RESOLVED
    assert watched(world) == []
    # The bank tells of it once more: the same entry.
    before = dict(world.rows.entries)
    post(world, [chunked_payment("batch", movement=Movement.OTHER_DEBIT, amount_minor=TOTAL_MINOR)], file_id="c" * 64)
    assert world.rows.entries == before


def test_the_very_same_again_changes_nothing_and_a_preview_writes_nothing(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    found = debited(world, TOTAL_MINOR)
    before = deepcopy(world.rows)
    planned = settle(world, found, is_preview=True).planned
    assert world.rows == before
    assert settle(world, found).planned == planned
    entries = dict(world.rows.entries)
    assert settle(world, found, actor="another").is_repeated
    assert world.rows.entries == entries
    assert [state_of(world, each).taken_by(RefundStep.SETTLED) for each in refunds] == ["operator"] * 3


def test_interest_that_was_sent_is_part_of_what_the_bank_took(world: MemoryWorld) -> None:
    open_account(world, "HOME0003")
    give_credit(world, "HOME0003", 36_500)
    refund = request(world, "HOME0003", 36_500)
    approve(world, refund)
    # Due on 6 April 2026, 11 days late at 10 % a year: 365.00 x 0.10 x 11 / 365 = 1.10.
    send(world, refund, on=date(2026, 4, 17))
    text = refuse(world, PaymentFileDiffersError, debited(world, 36_500, name="short"))
    assert "comes to 366.10 EUR, and 365.00 EUR of debit#short waits" in text
    settle(world, debited(world, 36_610))
    assert state_of(world, refund).state is RefundStep.SETTLED
    assert money_of(world, "HOME0003") == {"unbilled": 36_500, "interest": 110, "clearing": -36_610}


def test_an_undo_restores_the_books_and_the_refunds_are_sent_as_before(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    found = debited(world, TOTAL_MINOR)
    before = books_of(world)
    settle(world, found)
    undone = undo(world, found)
    assert [each.before.account_id for each in undone.planned] == [SUSPENSE, FAR, HOME, SUSPENSE]
    assert books_of(world) == before
    assert states(world, refunds) == [RefundStep.SENT] * 3
    assert (read(world, found).status, read(world, found).history[-1].kind) == (
        DiscrepancyStatus.OPEN,
        ChangeKind.UNDONE,
    )
    assert watched(world) == ["unexplained_debit"]
    steps = [step for step, _ in state_of(world, refunds[0]).history]
    assert steps == [RefundStep.REQUESTED, RefundStep.APPROVED, RefundStep.SENT, RefundStep.SETTLED, RefundStep.UNDONE]
    # Whatever follows on a refund that is sent can follow again.
    void(world, refunds[0])
    assert state_of(world, refunds[0]).state is RefundStep.VOID
    other = debited(world, 9_000, name="other")
    settle(world, other)
    assert states(world, refunds) == [RefundStep.VOID, RefundStep.SETTLED, RefundStep.SETTLED]


def test_after_an_undo_the_same_command_settles_them_once_more(world: MemoryWorld, refunds: list[Refund]) -> None:
    found = debited(world, TOTAL_MINOR)
    first = settle(world, found)
    undo(world, found)
    second = settle(world, found)
    assert first.resolution_id != second.resolution_id
    assert states(world, refunds) == [RefundStep.SETTLED] * 3
    undo(world, found)
    assert states(world, refunds) == [RefundStep.SENT] * 3


@pytest.mark.parametrize("more_minor", [1, -1])
def test_a_debit_of_another_amount_is_refused_with_the_sums_and_the_refunds(
    world: MemoryWorld, refunds: list[Refund], more_minor: int
) -> None:
    found = debited(world, TOTAL_MINOR + more_minor)
    text = refuse(world, PaymentFileDiffersError, found)
    assert text.startswith(
        f"the 3 refunds that are sent in {FILE} and not settled come to 180.00 EUR, and "
        f"{'180.01' if more_minor > 0 else '179.99'} EUR of debit#fee waits: HOME0001 {refunds[0].refund_id} 90.00, "
    )
    for refund, amount in zip(refunds, ("90.00", "40.00", "50.00"), strict=True):
        assert f"{refund.ledger_id} {refund.refund_id} {amount}" in text


def test_what_was_booked_as_a_cost_of_the_debit_does_not_count(world: MemoryWorld, refunds: list[Refund]) -> None:
    found = debited(world, TOTAL_MINOR + 150)
    refuse(world, PaymentFileDiffersError, found)
    resolve(world, found, ResolutionCommand.BOOK_COST, amount_minor=150)
    settle(world, found)
    assert states(world, refunds) == [RefundStep.SETTLED] * 3
    assert read(world, found).status is DiscrepancyStatus.RESOLVED
    assert money_of(world, SUSPENSE)["provider_fees"] == 150


def test_refunds_of_another_file_or_currency_or_that_are_not_sent_are_left_alone(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    open_account(world, "HOME0003", currency="USD")
    give_credit(world, "HOME0003", 7_000, currency="USD")
    dollars = sent(world, request(world, "HOME0003"))
    elsewhere = sent(world, request(world, HOME, 1_000), "other.xml")
    waiting = request(world, FAR, 2_000)
    given_up = sent(world, request(world, FAR, 3_000))
    void(world, given_up)
    rejected = request(world, FAR, 3_500)
    reject(world, rejected)
    text = refuse(world, PaymentFileDiffersError, debited(world, 1, name="small"))
    assert f"the 3 refunds that are sent in {FILE} (1 in other currencies) and not settled come to 180.00 EUR" in text
    settle(world, debited(world, TOTAL_MINOR))
    assert states(world, refunds) == [RefundStep.SETTLED] * 3
    assert states(world, [dollars, elsewhere, waiting, given_up, rejected]) == [
        RefundStep.SENT,
        RefundStep.SENT,
        RefundStep.REQUESTED,
        RefundStep.VOID,
        RefundStep.REJECTED,
    ]


@pytest.mark.usefixtures("refunds")
def test_a_file_of_which_nothing_is_sent_is_refused(world: MemoryWorld) -> None:
    found = debited(world, TOTAL_MINOR)
    text = refuse(world, PaymentFileUnknownError, found, "pain001-0303.xml")
    assert text.startswith("no refund in EUR is sent in pain001-0303.xml and not settled yet; ")
    settle(world, found)
    refuse(world, PaymentFileUnknownError, debited(world, TOTAL_MINOR, name="twice"))


@pytest.mark.usefixtures("refunds")
def test_it_fits_a_debit_that_waits_and_nothing_else(world: MemoryWorld) -> None:
    refuse(world, CommandDoesNotFitError, suspend(world, TOTAL_MINOR, name="came in"))
    found = debited(world, TOTAL_MINOR)
    resolve(world, found, ResolutionCommand.BOOK_COST, amount_minor=10_000)
    undo(world, found)
    settle(world, found)
    world.rows.discrepancies[found.discrepancy_id].status = "open"
    refuse(world, NothingWaitsError, found, "other.xml")


def test_a_debit_under_the_id_of_a_refund_that_was_settled_with_its_file_waits(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    settle(world, debited(world, TOTAL_MINOR))
    before = money_of(world, HOME)
    debit(world, refunds[0].refund_id, 9_000)
    (found,) = open_subjects(world, "unexplained_debit")
    assert found.what.endswith(
        f"; refund {refunds[0].refund_id}, whose end-to-end id it names, was settled with its payment file by operator "
        "before."
    )
    assert money_of(world, HOME) == before
    text = refuse(world, PaymentFileUnknownError, found)
    assert FILE in text


def test_a_debit_under_the_id_of_a_refund_settles_it_after_an_undo(world: MemoryWorld, refunds: list[Refund]) -> None:
    found = debited(world, TOTAL_MINOR)
    settle(world, found)
    undo(world, found)
    debit(world, refunds[0].refund_id, 9_000)
    debit(world, refunds[0].refund_id, 9_000, file_id="d" * 64)
    assert states(world, refunds) == [RefundStep.SETTLED, RefundStep.SENT, RefundStep.SENT]
    assert money_of(world, HOME) == {"cash": 11_000, "unapplied": -11_000}
    text = refuse(world, PaymentFileDiffersError, found)
    assert "the 2 refunds that are sent in" in text
    # Settled by its own debit, it is not settled once more by another one under its id.
    debit(world, refunds[0].refund_id, 9_000, name="again", file_id="b" * 64)
    assert "was settled by another debit before" in open_subjects(world, "unexplained_debit")[-1].what


def test_what_was_settled_with_its_file_cannot_become_void(world: MemoryWorld, refunds: list[Refund]) -> None:
    settle(world, debited(world, TOTAL_MINOR))
    with pytest.raises(RefundStateError, match="is settled since 2026-03-02, by operator"):
        void(world, refunds[0])


def test_a_debit_that_names_one_refund_settles_the_file_only_where_that_stands_in_it(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    debit(world, refunds[0].refund_id, TOTAL_MINOR)
    (found,) = open_subjects(world, "unexplained_debit")
    sent(world, request(world, HOME, 1_000), "other.xml")
    other = sent(world, request(world, FAR, TOTAL_MINOR - 8_000), "third.xml")
    text = refuse(world, PaymentFileDiffersError, found, "other.xml")
    assert text.startswith("the 1 refund that is sent in other.xml and not settled comes to 10.00 EUR")
    debit(world, other.refund_id, 1_000, name="foreign", file_id="b" * 64)
    foreign = next(each for each in open_subjects(world, "unexplained_debit") if each != found)
    text = refuse(world, DebitOfOtherRefundError, foreign, "other.xml")
    assert f"names refund {other.refund_id} of {FAR}, which is not among those that other.xml pays" in text
    settle(world, found)
    assert states(world, refunds) == [RefundStep.SETTLED] * 3


class KilledError(Exception):
    """The process ends here."""


def kill_before(world: MemoryWorld, append_number: int) -> None:
    """The process ends before its n-th append from here."""
    appends = [0]

    def count(port: str, method: str, arguments: tuple[object, ...]) -> None:
        appends[0] += method == "append"
        if appends[0] == append_number:
            raise KilledError

    world.before_call = count


def go_on(world: MemoryWorld) -> None:
    world.before_call = lambda *_: None


@pytest.mark.parametrize("append_number", [1, 2, 3, 4])
def test_a_command_that_was_killed_is_finished_with_the_refunds_that_it_began_with(
    world: MemoryWorld, refunds: list[Refund], append_number: int
) -> None:
    found = debited(world, TOTAL_MINOR)
    kill_before(world, append_number)
    with pytest.raises(KilledError):
        settle(world, found)
    go_on(world)
    if append_number > 1:
        # What is sent in the file since is none of it.
        late = sent(world, request(world, HOME, 1_000))
    done = settle(world, found, actor="another")
    assert len(done.planned) == 4 - (append_number - 1)
    assert states(world, refunds) == [RefundStep.SETTLED] * 3
    assert read(world, found).status is DiscrepancyStatus.RESOLVED
    if append_number > 1:
        assert state_of(world, late).state is RefundStep.SENT
    kill_before(world, append_number)
    with pytest.raises(KilledError):
        undo(world, found)
    go_on(world)
    undo(world, found)
    assert states(world, refunds) == [RefundStep.SENT] * 3


def test_the_share_of_a_refund_that_became_void_meanwhile_waits_again(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    found = debited(world, TOTAL_MINOR)
    before = books_of(world)
    kill_before(world, 2)
    with pytest.raises(KilledError):
        settle(world, found)
    go_on(world)
    void(world, refunds[0])
    debit(world, refunds[1].refund_id, 4_000)
    assert states(world, refunds) == [RefundStep.VOID, RefundStep.SETTLED, RefundStep.SENT]
    done = settle(world, found)
    assert [(each.before.account_id, each.decision.kind) for each in done.planned] == [
        (SUSPENSE, EntryKind.MONEY_MOVED),
        (SUSPENSE, EntryKind.MONEY_MOVED),
        (SUSPENSE, EntryKind.REFUND_SETTLED),
    ]
    assert f"90.00 EUR of debit#fee waits again, since refund {refunds[0].refund_id} is void since 2026-03-02" in (
        done.planned[0].decision.reason
    )
    recorded = read(world, found)
    assert (recorded.status, recorded.history[-1].kind) == (DiscrepancyStatus.OPEN, ChangeKind.RESOLVED_IN_PART)
    # 90.00 and 40.00 of the 180.00 wait; 50.00 left for the refund of nobody known, which is settled.
    assert money_of(world, SUSPENSE) == {"cash": 5_000 - TOTAL_MINOR, "suspense": 13_000}
    undo(world, found)
    assert money_of(world, SUSPENSE) == {"cash": 5_000 - TOTAL_MINOR, "suspense": TOTAL_MINOR, "refunds": -5_000}
    assert books_of(world).keys() == before.keys()


def test_a_refund_that_is_settled_between_two_entries_is_told_and_the_same_again_ends_it(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    found = debited(world, TOTAL_MINOR)
    appends = [0]

    def slip_in(port: str, method: str, arguments: tuple[object, ...]) -> None:
        appends[0] += method == "append"
        if method == "append" and appends[0] == 2:
            go_on(world)
            debit(world, refunds[0].refund_id, 9_000)

    world.before_call = slip_in
    with pytest.raises(ResolutionHalfDoneError, match=r"is settled since \S+, in HOME0001; run it again"):
        settle(world, found)
    settle(world, found)
    settle(world, found)
    assert states(world, refunds) == [RefundStep.SETTLED] * 3
    assert money_of(world, HOME) == {"cash": 11_000, "unapplied": -11_000}
    assert money_of(world, SUSPENSE)["suspense"] == 9_000
    assert clearing_of(world) == 0


def test_two_debits_of_one_file_settle_it_once(world: MemoryWorld, refunds: list[Refund]) -> None:
    first, second = debited(world, TOTAL_MINOR), debited(world, TOTAL_MINOR, name="second", ledger_id="SUSPENSE-08")

    def slip_in(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "change":
            go_on(world)
            settle(world, second)

    world.before_call = slip_in
    with pytest.raises(ResolutionHalfDoneError):
        settle(world, first)
    assert states(world, refunds) == [RefundStep.SETTLED] * 3
    settle(world, first)
    assert read(world, first).history[-1].kind is ChangeKind.RESOLVED_IN_PART
    assert money_of(world, SUSPENSE)["suspense"] == TOTAL_MINOR
    undo(world, first)
    assert money_of(world, SUSPENSE)["suspense"] == TOTAL_MINOR
    assert states(world, refunds) == [RefundStep.SETTLED] * 3


def test_what_waits_again_goes_on_waiting_when_its_refund_could_be_settled_by_now(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    first, second = debited(world, TOTAL_MINOR), debited(world, TOTAL_MINOR, name="second", ledger_id="SUSPENSE-08")
    for before_append, other in ((2, settle), (2, undo)):
        kill_before(world, before_append)
        with pytest.raises(KilledError):
            settle(world, first)
        go_on(world)
        other(world, second)
    done = settle(world, first)
    # The share of the first refund waits since the second debit had settled it.
    assert [each.decision.kind for each in done.planned] == [EntryKind.REFUND_SETTLED] * 2
    assert states(world, refunds) == [RefundStep.SENT, RefundStep.SETTLED, RefundStep.SETTLED]
    assert (money_of(world, SUSPENSE)["suspense"], clearing_of(world)) == (9_000, 0)


def test_a_debit_that_is_less_by_now_or_a_refund_that_has_ended_is_none_of_it(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    found = debited(world, TOTAL_MINOR)
    asked = Resolution("id", found, ResolutionRequest(SETTLE, payment_file=FILE), ASKED_ON, JANE, "So.")
    less = WaitingMoney(SUSPENSE, "debit#fee", LedgerAccount.SUSPENSE, "EUR", 8_999)
    debit = world.ledger.read_entry(SUSPENSE, found.subject)
    assert debit is not None
    with pytest.raises(PaymentFileDiffersError, match=r"come to 90.00 EUR, and 89.99 EUR of debit#fee waits by now"):
        decide_departure_to_refunds(asked, debit, less, (FileRefund(HOME, refunds[0].refund_id, 9_000),))
    ended = void(world, refunds[0]).refund
    with pytest.raises(PaymentFileUnknownError):
        choose_refunds(FILE, replace(less, left_minor=9_000), [ended])


def test_a_debit_that_settled_by_hand_the_refund_it_names_does_not_settle_it_by_itself(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    debit(world, refunds[0].refund_id, TOTAL_MINOR)
    (found,) = open_subjects(world, "unexplained_debit")
    settle(world, found)
    steps = read_refund_steps((HOME, refunds[0].refund_id), world.ledger)
    movement = build_movement("debit", movement=Movement.OTHER_DEBIT, amount_minor=TOTAL_MINOR)
    assert found.subject == entry_id_of(movement)
    assert "was settled with its payment file" in (settles(refunds[0].refund_id, steps, movement) or "")
    before = dict(world.rows.entries)
    debit(world, refunds[0].refund_id, TOTAL_MINOR, file_id="b" * 64)
    assert world.rows.entries == before


def many(world: MemoryWorld, count: int) -> list[Refund]:
    """As many refunds of 1.00 EUR as a file has, each of an account of its own."""
    found = []
    for number in range(count):
        account_id = f"MANY{number:04d}"
        open_account(world, account_id)
        pay(world, account_id, 100, name=account_id)
        found.append(sent(world, request(world, account_id)))
    return found


def test_hundreds_of_refunds_are_settled_and_their_names_fit_into_an_entry(world: MemoryWorld) -> None:
    refunds = many(world, REFUNDS_OF_FILE_MAX)
    found = debited(world, REFUNDS_OF_FILE_MAX * 100)
    done = settle(world, found)
    assert len(done.planned) == REFUNDS_OF_FILE_MAX + 1
    assert set(states(world, refunds)) == {RefundStep.SETTLED}
    assert head_of(world, SUSPENSE).balance_minor(LedgerAccount.SUSPENSE, "EUR") == 0
    first = world.ledger.read_entry(SUSPENSE, f"resolution#{done.resolution_id}#1")
    assert first is not None
    assert len(first.body) < 20_000
    undo(world, found)
    # Nine times there and back fit into the item of the discrepancy.
    assert len(write_life(read(world, found))) < 400 * 1024 / 9


def test_more_refunds_than_one_debit_settles_are_refused_and_a_refusal_names_ten(
    world: MemoryWorld, refunds: list[Refund]
) -> None:
    def copies(count: int) -> list[Refund]:
        return [replace(refunds[0], refund_id=f"{number:024d}") for number in range(count)]

    debit_of_all = WaitingMoney(SUSPENSE, "debit#fee", LedgerAccount.SUSPENSE, "EUR", 300 * 9_000)
    assert len(choose_refunds(FILE, debit_of_all, copies(300))) == REFUNDS_OF_FILE_MAX == 300
    with pytest.raises(PaymentFileTooLargeError, match="has 301 refunds in EUR; one debit settles 300"):
        choose_refunds(FILE, debit_of_all, copies(301))
    with pytest.raises(PaymentFileDiffersError) as refused:
        choose_refunds(FILE, debit_of_all, copies(12))
    assert str(refused.value).count(" 90.00") == 10
    assert str(refused.value).endswith("000000000009 90.00, and 2 more")


def test_a_month_with_refunds_that_were_settled_by_hand_is_proven() -> None:
    world = MemoryWorld()
    found = [suspend(world, amount_minor, name=f"n{amount_minor}") for amount_minor in (9_000, 4_000, 5_000)]
    for each in found:
        resolve(world, each, ResolutionCommand.RETURN)
    for refund in list(find_open_refunds(world.ledger)):
        sent(world, refund)
    settle(world, debited(world, TOTAL_MINOR, ledger_id="SUSPENSE-08"))
    rows: dict[str, list[Any]] = {}
    ports = ClosingPorts(ledger=world.ledger, archive=world.ledger, rulebook=build_rulebook())
    whole = close_month(
        Month(date(2026, 3, 1)), ports, lambda table, row: rows.setdefault(table.name, []).append(row), lambda _: None
    )
    assert whole.is_proven
    # Kind, account, what was moved: the refunds leave what was set aside; over all ledgers nothing stays in clearing.
    assert ("EUR", "refund_settled", "refunds", TOTAL_MINOR) in rows["movements"]
    assert ("EUR", "refund_settled", "clearing", -TOTAL_MINOR) in rows["movements"]
    assert ("EUR", "money_moved", "clearing", TOTAL_MINOR) in rows["movements"]
    assert [row[2:] for row in rows["trial_balance"] if row[1] == "clearing"] == [(0, TOTAL_MINOR, TOTAL_MINOR, 0)]
