"""Provider settlements from files: the provider's report and the bank's statement prove each other, in either order."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import permutations
from pathlib import Path
from typing import Final

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.report import FileReport
from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.calendar import Month
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import payment_id_of
from pawledger.ports import HolidayCalendarUnknownError
from pawledger.rules.provider_profiles import ProviderProfile, ProviderProfiles
from pawledger.rules.settlement_terms import PAYOUT_CODES, SettlementTerms
from pawledger.services.closing.close_day import DayProof, close_day
from pawledger.services.closing.close_month import ClosingPorts as MonthPorts
from pawledger.services.closing.close_month import close_month
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.posting.settlements import settlements_in
from pawledger.services.receiving.file_calendar import FileCalendarPorts
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import Outcome, receive_bank_file
from tests.builders.bank_statements import DEBIT_CODE, Line, build_bai2
from tests.builders.camt053_file import Detail, Entry, told_in
from tests.builders.rulebooks import build_rulebook
from tests.builders.services import (
    chunked_payment,
    connect_closing,
    connect_posting,
    connect_receiving,
    kinds_of_discrepancies,
    post,
)
from tests.builders.stripe_file import BalanceTransaction, payout_of, write_stripe
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import let_pass

SAMPLES: Final = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files"
# 19 November 2026 is a Thursday: the day of the rows that the builder writes.
THURSDAY, FRIDAY, MONDAY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23)

TERMS: Final = SettlementTerms(
    bank="bank",
    account=None,
    descriptors=("STRIPE", "STRIPE PAYMENTS UK"),
    days_until_arrival=2,
    holidays=(),
    codes=PAYOUT_CODES["stripe"],
)
STRIPE: Final = ProviderProfile("stripe", "Stripe", ("stripe",), ("stripe",), settlement=TERMS)

CHARGES: Final = (
    BalanceTransaction("txn_1", 1250, 45, currency="eur"),
    BalanceTransaction("txn_2", 2000, 60, currency="eur"),
)
REPORT: Final = write_stripe(*CHARGES, payout_of(*CHARGES, payout_id="po_1QxA7Z"))
"""12.50 and 20.00 less fees of 0.45 and 0.60: a payout of 31.45."""
PAID_MINOR: Final = 3145


def bank_file(*lines: Line, file_id: str = "1", as_of: date = FRIDAY) -> bytes:
    return build_bai2(lines, file_id=file_id, as_of=as_of)


STATEMENT: Final = bank_file(Line(PAID_MINOR, "STRIPE PAYMENTS"))


def take_in(world: MemoryWorld, provider: str, data: bytes, name: str = "file", *profiles: ProviderProfile) -> None:
    """Receive a file, post it, and see that every movement of it is accounted for."""
    known: ProviderProfiles = {profile.provider: profile for profile in (profiles or (STRIPE,))}
    ports = replace(connect_receiving(world), settlements_in=lambda provider: settlements_in(provider, known))
    key = f"incoming/{provider}/{name}"
    dropped = DroppedFile(key, world.bank_file_store.drop(key, data), MONDAY)
    assert receive_bank_file(dropped, ports) is Outcome.ACCEPTED
    for message in world.payments_queue.take():
        post_payments(message, connect_posting(world))
    proof = close_day(MONDAY, connect_closing(world))
    assert proof.files_unproven == 0


class NoHolidays:
    """Banks are closed at weekends alone; of other calendars than `TARGET` nothing is known."""

    def is_holiday(self, calendar: str, day: date) -> bool:
        if calendar != "TARGET":
            raise HolidayCalendarUnknownError(f"no holidays are known of {calendar!r}")
        return day == MONDAY


def close(world: MemoryWorld, day: date, profile: ProviderProfile = STRIPE) -> DayProof:
    calendar = FileCalendarPorts(
        register=world.bank_file_register,
        discrepancies=world.discrepancy_book,
        load_profiles=lambda: {profile.provider: profile},
        holidays=NoHolidays(),
        time_zone="Europe/Berlin",
    )
    return close_day(day, replace(connect_closing(world), calendar=calendar))


def minor(world: MemoryWorld, ledger_account: LedgerAccount) -> int:
    return sum(head.balance_minor(ledger_account, "EUR") for head in world.ledger.scan_heads())


def whats(world: MemoryWorld, *kinds: str) -> list[str]:
    return [each.discrepancy.what for each in world.discrepancy_book.list_open() if each.discrepancy.kind in kinds]


def test_gross_fees_and_net_are_booked_and_the_payout_is_proven_by_its_line() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT)
    # 32.50 came in, 1.05 was charged for it, 31.45 was sent: nothing is left at the provider.
    assert minor(world, LedgerAccount.CASH) == 3250 - 105 - 3145 == 0
    assert minor(world, LedgerAccount.PROVIDER_FEES) == 105
    assert minor(world, LedgerAccount.IN_TRANSIT) == PAID_MINOR
    take_in(world, "bank", STATEMENT)
    assert minor(world, LedgerAccount.CASH) == PAID_MINOR
    assert minor(world, LedgerAccount.IN_TRANSIT) == 0
    # The two payers are not known in this world; the payout is no payment of anybody.
    assert minor(world, LedgerAccount.SUSPENSE) == -3250
    assert set(kinds_of_discrepancies(world)) == {"unidentified_payment"}


def test_in_either_order_and_however_often_they_come_the_books_end_the_same() -> None:
    ends = []
    files = (("stripe", REPORT, "r"), ("bank", STATEMENT, "s"))
    for order in permutations(files):
        world = MemoryWorld()
        for provider, data, name in order:
            take_in(world, provider, data, name)
        # The same movements again, in other files: a repeated row of totals, a second statement.
        take_in(world, "stripe", write_stripe(*CHARGES, payout_of(*CHARGES, payout_id="po_1QxA7Z"), end="\r\n"), "r2")
        accounts = (LedgerAccount.CASH, LedgerAccount.IN_TRANSIT, LedgerAccount.SUSPENSE, LedgerAccount.PROVIDER_FEES)
        ends.append([minor(world, account) for account in accounts])
    assert ends == [[PAID_MINOR, 0, -3250, 105]] * 2


def test_a_line_without_a_report_waits_is_told_in_time_and_heals_when_the_report_comes() -> None:
    world = MemoryWorld()
    take_in(world, "bank", STATEMENT)
    assert minor(world, LedgerAccount.SUSPENSE) == -PAID_MINOR
    # Booked on Friday: two business days and one for the report end on Wednesday the 25th.
    close(world, date(2026, 11, 25))
    assert whats(world, "settlement_missing", "unidentified_payment") == []
    for _ in range(2):
        close(world, date(2026, 11, 26))
    assert whats(world, "settlement_missing") == [
        "The bank booked 31.45 EUR on 2026-11-20 from stripe, and no report of it tells of that."
    ]
    take_in(world, "stripe", REPORT)
    assert whats(world, "settlement_missing") == []
    assert minor(world, LedgerAccount.IN_TRANSIT) == 0


def test_a_payout_that_the_bank_never_tells_of_is_told_by_the_calendar_and_heals_when_it_does() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT)
    # Sent on Thursday: Friday, Monday, and Tuesday for the statement.
    close(world, date(2026, 11, 24))
    assert whats(world, "payout_missing") == []
    close(world, date(2026, 11, 25))
    assert whats(world, "payout_missing") == [
        "stripe tells of 31.45 EUR on 2026-11-19 from it, and no line of the bank shows it."
    ]
    take_in(world, "bank", STATEMENT)
    assert whats(world, "payout_missing") == []


def test_on_a_holiday_nothing_arrives_and_an_unknown_calendar_has_none() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT)
    closed = replace(STRIPE, settlement=replace(TERMS, holidays=("TARGET",)))
    close(world, date(2026, 11, 25), closed)
    assert whats(world, "payout_missing") == []
    close(world, date(2026, 11, 25), replace(STRIPE, settlement=replace(TERMS, holidays=("QQ",))))
    assert len(whats(world, "payout_missing")) == 1


def test_a_posting_that_was_killed_before_it_healed_is_healed_by_the_closing() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT)
    close(world, date(2026, 11, 25))
    (missing,) = [each for each in world.rows.discrepancies if each.startswith("payout_missing")]
    take_in(world, "bank", STATEMENT)
    world.rows.discrepancies[missing].status = "open"
    close(world, date(2026, 11, 25))
    assert whats(world, "payout_missing") == []


def test_a_difference_is_told_where_the_line_names_the_payout() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT)
    take_in(world, "bank", bank_file(Line(PAID_MINOR - 100, "STRIPE PO_1QXA7Z")))
    assert whats(world, "payout_differs") == ["The provider paid out 31.45 EUR, and the bank booked 30.45 EUR of it."]
    assert minor(world, LedgerAccount.IN_TRANSIT) == 100


def test_a_payer_who_writes_the_name_of_the_provider_beside_our_reference_is_a_payer() -> None:
    world = MemoryWorld()
    reference = creditor_reference_of(InvoiceAddress("HOME0001", 1))
    take_in(world, "stripe", REPORT)
    take_in(world, "bank", bank_file(Line(PAID_MINOR, f"STRIPE DOG INSURANCE {reference}")))
    assert minor(world, LedgerAccount.IN_TRANSIT) == PAID_MINOR


@pytest.mark.parametrize(
    ("payer_name", "is_settlement"), [("Stripe Payments Europe Ltd", True), ("Ann Stripes", False), ("Ann", False)]
)
def test_where_the_bank_names_who_paid_the_text_of_the_payer_does_not_count(
    payer_name: str, *, is_settlement: bool
) -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT)
    detail = Detail(PAID_MINOR, end_to_end_id="STRIPE", payer_name=payer_name)
    entry = Entry(PAID_MINOR, (detail,), bank_reference="B1", booked_on="2026-11-20", value_on="2026-11-20")
    take_in(world, "bank", told_in("camt.053", entry, message_id="M1"))
    assert minor(world, LedgerAccount.IN_TRANSIT) == (0 if is_settlement else PAID_MINOR)


def test_only_lines_of_the_bank_and_account_of_the_profile_settle() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT)
    take_in(world, "otherbank", STATEMENT)
    elsewhere = replace(STRIPE, settlement=replace(TERMS, account="DE00"))
    take_in(world, "bank", bank_file(Line(PAID_MINOR, "STRIPE"), file_id="2"), "2", elsewhere)
    assert minor(world, LedgerAccount.IN_TRANSIT) == PAID_MINOR


def test_a_name_that_two_providers_have_settles_neither() -> None:
    world = MemoryWorld()
    twin = replace(STRIPE, provider="twin")
    take_in(world, "stripe", REPORT, "r", STRIPE, twin)
    take_in(world, "bank", STATEMENT, "s", STRIPE, twin)
    assert minor(world, LedgerAccount.IN_TRANSIT) == PAID_MINOR


def test_what_was_booked_before_the_profile_told_of_settlements_is_not_booked_again() -> None:
    world = MemoryWorld()
    before = replace(STRIPE, settlement=None)
    take_in(world, "stripe", REPORT, "r", before)
    take_in(world, "bank", STATEMENT, "s", before)
    take_in(world, "stripe", write_stripe(*CHARGES, payout_of(*CHARGES, payout_id="po_1QxA7Z"), end="\r\n"), "r2")
    take_in(world, "bank", bank_file(Line(PAID_MINOR, "STRIPE PAYMENTS"), file_id="2"), "s2")
    assert minor(world, LedgerAccount.IN_TRANSIT) == PAID_MINOR
    assert minor(world, LedgerAccount.CASH) == PAID_MINOR


def test_what_met_its_other_side_is_not_booked_again_when_the_profile_is_silent_afterwards() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT, "r")
    take_in(world, "bank", bank_file(Line(PAID_MINOR, "STRIPE"), Line(40, "STRIPE", type_code=DEBIT_CODE)), "s")
    after = replace(STRIPE, settlement=None)
    again = write_stripe(*CHARGES, payout_of(*CHARGES, payout_id="po_1QxA7Z"), end="\r\n")
    take_in(world, "stripe", again, "r2", after)
    lines = (Line(PAID_MINOR, "STRIPE"), Line(40, "STRIPE", type_code=DEBIT_CODE))
    take_in(world, "bank", bank_file(*lines, file_id="2"), "s2", after)
    assert minor(world, LedgerAccount.IN_TRANSIT) == 0
    assert minor(world, LedgerAccount.CASH) == PAID_MINOR - 40


def test_reserves_stay_with_the_provider_and_are_not_waited_for() -> None:
    world = MemoryWorld()
    held = BalanceTransaction("txn_3", -500, 0, "reserve_hold", "eur", payout_id="")
    take_in(world, "stripe", write_stripe(*CHARGES, held))
    close(world, date(2026, 12, 31))
    assert whats(world, "payout_missing") == []
    assert minor(world, LedgerAccount.IN_TRANSIT) == 500


def test_a_payment_told_by_a_webhook_and_by_the_report_is_one_entry() -> None:
    # Nothing takes in webhooks yet. Whoever does gives the movement the identity that the report gives it: then the
    # second telling is found by its id.
    world = MemoryWorld()
    told = replace(
        chunked_payment(amount_minor=1250, booked_on=THURSDAY),
        payment_id=payment_id_of(("stripe", "txn_1", "gross")),
    )
    post(world, [told])
    take_in(world, "stripe", REPORT)
    assert minor(world, LedgerAccount.SUSPENSE) == -(1250 + 2000)
    assert minor(world, LedgerAccount.CASH) == 3250 - 105 - 3145


@pytest.mark.parametrize(
    ("folder", "name", "kind", "paid_minor"),
    [
        # What each sample pays out, read in the file by eye.
        ("stripe", "good.csv", "stripe", [26939]),
        ("adyen.settlement", "good.csv", "adyen.settlement", [14443]),
        ("gocardless.payouts", "good.csv", "gocardless.payouts", [12685, 8120]),
        ("paypal.stl", "good.csv", "paypal.stl", [10000]),
    ],
)
def test_payouts_are_recognised_in_the_reports_of_every_provider(
    folder: str, name: str, kind: str, paid_minor: Sequence[int]
) -> None:
    terms = replace(TERMS, codes=PAYOUT_CODES.get(kind, frozenset()))
    profile = ProviderProfile("psp", "A provider", (kind,), (kind,), settlement=terms)
    settlement_of = settlements_in("psp", {"psp": profile})
    entries = list(read_bank_file(BytesIO((SAMPLES / folder / name).read_bytes()), FileReport()))
    assert [entry.amount_minor for entry in entries if settlement_of(entry)] == list(paid_minor)


def test_a_payout_of_a_provider_whose_profile_says_nothing_of_settlements_is_booked_as_ever() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT, "r", replace(STRIPE, settlement=None))
    assert minor(world, LedgerAccount.IN_TRANSIT) == PAID_MINOR
    assert not any(head.transit for head in world.ledger.scan_heads())


class Killed(Exception):  # noqa: N818 - what ends a process is no error of its own
    """The process ends here."""


@pytest.mark.parametrize("first", ["stripe", "bank"])
def test_a_posting_that_is_killed_at_any_call_and_comes_again_ends_the_same(first: str) -> None:
    """Each call in turn is the last one of its process, once before and once after it is done."""
    calls_made = _post_killed(first, kill_at=None)[1]
    assert calls_made > 2
    for kill_at in range(2 * calls_made):
        world, _ = _post_killed(first, kill_at=kill_at)
        assert minor(world, LedgerAccount.CASH) == PAID_MINOR
        assert minor(world, LedgerAccount.IN_TRANSIT) == 0
        assert minor(world, LedgerAccount.SUSPENSE) == -3250
        assert not any(head.transit for head in world.ledger.scan_heads())


def _post_killed(first: str, *, kill_at: int | None) -> tuple[MemoryWorld, int]:
    """Post the second side with one call as the last of its process, then again; how many calls there were."""
    world = MemoryWorld()
    sides = {"stripe": REPORT, "bank": STATEMENT}
    take_in(world, first, sides.pop(first), "first")
    ((second, data),) = sides.items()
    known: ProviderProfiles = {"stripe": STRIPE}
    ports = replace(connect_receiving(world), settlements_in=lambda provider: settlements_in(provider, known))
    key = f"incoming/{second}/second"
    receive_bank_file(DroppedFile(key, world.bank_file_store.drop(key, data), MONDAY), ports)
    messages = world.payments_queue.take()
    calls = 0

    def count(_port: str, _method: str, _arguments: tuple[object, ...]) -> None:
        nonlocal calls
        calls += 1
        if kill_at is not None and calls == kill_at // 2 + 1:
            raise Killed

    setattr(world, "before_call" if kill_at is None or kill_at % 2 == 0 else "after_call", count)
    for message in messages:
        with suppress(Killed):
            post_payments(message, connect_posting(world))
    world.before_call = world.after_call = let_pass
    for message in messages:
        post_payments(message, connect_posting(world))
    return world, calls


def test_a_lagging_head_of_the_ledger_changes_nothing() -> None:
    world = MemoryWorld()
    take_in(world, "stripe", REPORT)
    world.staleness_of = lambda _: 1
    take_in(world, "bank", STATEMENT)
    assert minor(world, LedgerAccount.IN_TRANSIT) == 0
    assert minor(world, LedgerAccount.SUSPENSE) == -3250


def test_a_month_with_settlements_is_proven() -> None:
    world = MemoryWorld()
    take_in(world, "bank", STATEMENT)
    take_in(world, "bank", bank_file(Line(777, "STRIPE"), file_id="2"), "2")
    take_in(world, "stripe", REPORT)
    ports = MonthPorts(ledger=world.ledger, archive=world.ledger, rulebook=build_rulebook())
    whole = close_month(Month(date(2026, 11, 1)), ports, lambda _table, _row: None, lambda _whole: None)
    assert whole.is_proven
