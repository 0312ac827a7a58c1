"""Bodies of webhooks on the way of bank files: always kept, posted where the profile says so, never an alert storm."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from pawledger.bank_files.webhook_terms import WebhookTerms
from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.worklist.discrepancies import DiscrepancyStatus
from pawledger.rules.delivery_calendars import DeliveryCalendar
from pawledger.rules.provider_profiles import ProviderAccount, ProviderProfile
from pawledger.services.closing.close_day import close_day
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving.file_calendar import FileCalendarPorts, check_deliveries
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import Outcome, receive_bank_file
from tests.builders.services import connect_closing, connect_posting, connect_receiving, kinds_of_discrepancies
from tests.builders.stripe_events import CREATED, charge_of, event_of, refund_of
from tests.builders.stripe_file import BalanceTransaction, write_stripe
from tests.fakes.documents import MemoryAnnouncements
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import MemoryWorld

SAMPLES: Final = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files"
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
TERMS: Final = WebhookTerms(since=date(2026, 11, 1), currencies=frozenset({"USD"}))
KINDS: Final = ("stripe", "stripe.events")
PROFILE: Final = ProviderProfile("stripe", "Stripe", KINDS, KINDS, webhooks=TERMS)
REPORT_ALONE: Final = ProviderProfile("stripe", "Stripe", ("stripe",), ("stripe",))

CHARGE: Final = event_of("charge.succeeded", charge_of())
CHARGES: Final = [
    event_of("charge.succeeded", charge_of(f"txn_{number}"), event_id=f"evt_{number}") for number in "123"
]
REPORT: Final = write_stripe(BalanceTransaction(fee_minor=0, payout_id=""))
"""The same charge as in `CHARGE`."""


def deliver(world: MemoryWorld, files: Sequence[bytes], *profiles: ProviderProfile) -> list[Outcome]:
    """Drop and post files; each drop is a new one, as if the function had stored it again."""
    outcomes = []
    for data in files:
        version_id = world.bank_file_store.drop("incoming/stripe/event.json", data)
        dropped = DroppedFile("incoming/stripe/event.json", version_id, MONDAY)
        outcomes.append(receive_bank_file(dropped, connect_receiving(world, *profiles)))
        for message in world.payments_queue.take():
            post_payments(message, connect_posting(world))
    return outcomes


def cash_minor(world: MemoryWorld) -> int:
    return sum(head.balance_minor(LedgerAccount.CASH, "USD") for head in world.ledger.scan_heads())


def test_a_webhook_that_comes_again_and_again_is_no_ones_business() -> None:
    world = MemoryWorld()
    outcomes = deliver(world, [CHARGE] * 4, PROFILE)
    assert outcomes == [Outcome.ACCEPTED, *[Outcome.DUPLICATE] * 3]
    assert kinds_of_discrepancies(world) == ["unidentified_payment"]
    assert cash_minor(world) == 1250
    assert world.bank_file_store.keys("incoming/") == []


@pytest.mark.parametrize("files", [[CHARGE, REPORT], [REPORT, CHARGE]])
def test_webhook_and_report_book_a_charge_once_and_both_files_are_proven(files: list[bytes]) -> None:
    world = MemoryWorld()
    deliver(world, files, PROFILE)
    proof = close_day(MONDAY, connect_closing(world))
    assert (proof.files_proven, proof.files_unproven) == (2, 0)
    assert cash_minor(world) == 1250
    assert kinds_of_discrepancies(world) == ["unidentified_payment"]


def test_without_a_profile_webhooks_are_kept_told_once_for_all_and_left_to_the_report() -> None:
    world = MemoryWorld()
    assert deliver(world, CHARGES) == [Outcome.ACCEPTED] * 3
    assert kinds_of_discrepancies(world) == ["events_not_posted"]
    assert cash_minor(world) == 0
    deliver(world, [write_stripe(*(BalanceTransaction(f"txn_{n}", 1250, 0, payout_id="") for n in "123"))])
    assert cash_minor(world) == 3 * 1250


@pytest.mark.parametrize(
    "profile",
    [
        REPORT_ALONE,
        replace(PROFILE, accounts=(ProviderAccount("STRIPE:ACCT_1", None),)),
        replace(PROFILE, accounts=(ProviderAccount("STRIPE:BALANCE", "EUR"),)),
    ],
)
def test_a_webhook_that_the_profile_does_not_expect_is_never_set_aside(profile: ProviderProfile) -> None:
    world = MemoryWorld()
    assert deliver(world, CHARGES, profile) == [Outcome.ACCEPTED] * 3
    assert kinds_of_discrepancies(world) == ["events_not_posted"]
    assert cash_minor(world) == 0


def test_what_a_profile_leaves_to_the_report_on_purpose_is_not_told() -> None:
    world = MemoryWorld()
    deliver(world, CHARGES, replace(PROFILE, posts=("stripe",), webhooks=None))
    assert kinds_of_discrepancies(world) == []
    assert cash_minor(world) == 0


def test_the_word_heals_with_the_first_webhook_that_is_posted() -> None:
    world = MemoryWorld()
    deliver(world, CHARGES[:1])
    (told,) = world.discrepancy_book.list_open()
    deliver(world, CHARGES[1:2], PROFILE)
    healed = world.discrepancy_book.read(told.discrepancy.discrepancy_id)
    assert healed is not None
    assert healed.status is DiscrepancyStatus.HEALED


def test_a_webhook_of_before_the_profile_is_posted_when_it_is_sent_again() -> None:
    world = MemoryWorld()
    deliver(world, [CHARGE])
    assert deliver(world, [CHARGE], PROFILE) == [Outcome.ACCEPTED]
    assert cash_minor(world) == 1250


def test_warnings_of_a_webhook_set_nothing_aside() -> None:
    world = MemoryWorld()
    strict = replace(PROFILE, deviations=frozenset())
    refunds = {"data": [refund_of(None)]}
    events = [event_of("charge.refunded", charge_of(refunds=refunds)), event_of("customer.updated", {"object": "a"})]
    assert deliver(world, events, strict) == [Outcome.ACCEPTED] * 2
    assert kinds_of_discrepancies(world) == ["unidentified_payment"]
    assert cash_minor(world) == 1250


def test_two_events_of_one_charge_are_no_overlap() -> None:
    world = MemoryWorld()
    deliver(world, [CHARGE, event_of("charge.updated", charge_of(), event_id="evt_2")], PROFILE)
    close_day(MONDAY, connect_closing(world))
    assert kinds_of_discrepancies(world) == ["unidentified_payment"]
    assert cash_minor(world) == 1250


def test_an_event_that_contradicts_the_report_is_told_and_what_came_first_stands() -> None:
    world = MemoryWorld()
    report = write_stripe(BalanceTransaction(gross_minor=1300, fee_minor=0, payout_id=""))
    deliver(world, [CHARGE, report], PROFILE)
    assert kinds_of_discrepancies(world) == ["payment_conflict", "unidentified_payment"]
    assert cash_minor(world) == 1250
    # A currency that is booked converted contradicts every row of a report, which is then one alert and not thousands.
    (conflict,) = [
        each.discrepancy for each in world.discrepancy_book.list_open() if each.discrepancy.kind == "payment_conflict"
    ]
    assert conflict.group == f"file#{sha256(report).hexdigest()}"


def test_a_webhook_stands_for_no_file_that_is_expected() -> None:
    world = MemoryWorld()
    calendar = DeliveryCalendar((0, 1, 2, 3, 4), time(9, 30), "UTC", since=MONDAY)
    profile = replace(PROFILE, delivery=calendar)
    # Of Friday, of which Monday's file is to tell.
    deliver(world, [event_of("charge.succeeded", charge_of(created=CREATED + 86_400))], profile)
    ports = FileCalendarPorts(
        register=world.bank_file_register,
        discrepancies=world.discrepancy_book,
        load_profiles=lambda: {"stripe": profile},
        holidays=NoHolidays(),
        time_zone="UTC",
    )
    check_deliveries(TUESDAY, ports)
    assert kinds_of_discrepancies(world) == ["file_missing", "unidentified_payment"]


def test_the_end_of_a_mandate_is_announced_whether_or_not_there_is_a_profile() -> None:
    world, announcements = MemoryWorld(), MemoryAnnouncements()
    data = (SAMPLES / "gocardless.events" / "mandate_and_payment.json").read_bytes()
    for _ in range(2):
        key = "incoming/gocardless/WB1.json"
        dropped = DroppedFile(key, world.bank_file_store.drop(key, data), MONDAY)
        receive_bank_file(dropped, connect_receiving(world, announcements=announcements))
    assert [(each["schema"], each["mandate_id"], each["provider"]) for each in announcements.announced] == [
        ("mandate_stopped.v1", "MD000PAW01", "gocardless"),
        ("payer_details_changed.v1", "MD000PAW03", "gocardless"),
    ]
    assert kinds_of_discrepancies(world) == []


def test_nothing_of_a_person_goes_from_a_webhook_into_the_ledger_or_a_discrepancy() -> None:
    world = MemoryWorld()
    person = {"name": "Ann Example", "email": "ann@example.com", "address": {"line1": "1 Mill Lane"}}
    deliver(world, [event_of("charge.succeeded", charge_of(billing_details=person, receipt_email="ann@example.com"))])
    deliver(world, [event_of("charge.succeeded", charge_of("txn_2", billing_details=person))], PROFILE)
    stored = json.dumps([[each.body for each in world.rows.entries.values()], repr(world.rows.discrepancies)])
    stored += repr(world.rows.bank_files) + repr(world.rows.references)
    assert cash_minor(world) == 1250
    assert not [word for word in ("Ann", "example.com", "Mill Lane", "Premium, paid") if word in stored]
