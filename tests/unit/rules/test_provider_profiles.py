"""Provider profiles: read whole, every fault of one named at once with its path, value and rule."""

from datetime import date, time

import pytest

from pawledger.bank_files.detection import READERS
from pawledger.bank_files.formats import ADVICE_KINDS, STATEMENT_KINDS
from pawledger.rules.delivery_calendars import DeliveryCalendar
from pawledger.rules.provider_profiles import (
    ProviderAccount,
    ProviderProfileError,
    Tolerances,
    load_shipped_profiles,
    profile_from_toml,
)

LEAST = 'provider = "bank"\ntitle = "A bank"\nformats = ["bai2"]\n'
WHOLE = """
provider = "bank"
title = "A bank"
formats = ["camt.053", "nacha", "camt.054"]
posts = ["camt.053", "nacha"]
told_elsewhere = ["557", "PMNT/IDDT/UPDD"]
deviations = ["camt.no_namespace"]

[[accounts]]
number = "de89 3704 0044 0532 0130 00"
currency = "EUR"
[[accounts]]
number = "0001"

[delivery]
days = ["friday", "monday"]
until = "09:30"
time_zone = "Europe/Berlin"
holidays = ["DE-BY", "TARGET"]
closed_on = [2026-12-24, 2026-12-31]
since = 2026-11-23
days_behind = 0
formats = ["camt.053"]

[tolerances]
booking_days_ahead = 5
has_number_gaps = true
"""


def faults_of(text: str, name: str = "bank") -> tuple[str, ...]:
    with pytest.raises(ProviderProfileError) as raised:
        profile_from_toml(name, text)
    return raised.value.faults


def test_the_least_profile_posts_what_it_expects_and_takes_any_account() -> None:
    profile = profile_from_toml("bank", LEAST)
    assert (profile.formats, profile.posts) == (("bai2",), ("bai2",))
    assert (profile.accounts, profile.delivery, profile.deviations) == ((), None, None)
    assert profile.tolerances == Tolerances(booking_days_ahead=1, has_number_gaps=False)


def test_a_whole_profile_is_read_as_it_is_written() -> None:
    profile = profile_from_toml("bank", WHOLE)
    assert profile.posts == ("camt.053", "nacha")
    assert profile.accounts == (ProviderAccount("DE89370400440532013000", "EUR"), ProviderAccount("0001", None))
    assert profile.delivery == DeliveryCalendar(
        weekdays=(0, 4),
        until=time(9, 30),
        time_zone="Europe/Berlin",
        holidays=("DE-BY", "TARGET"),
        closed_on=frozenset({date(2026, 12, 24), date(2026, 12, 31)}),
        since=date(2026, 11, 23),
        days_behind=0,
        formats=("camt.053",),
    )
    assert profile.tolerances == Tolerances(booking_days_ahead=5, has_number_gaps=True)
    assert profile.told_elsewhere == {"557", "PMNT/IDDT/UPDD"}
    assert profile.deviations == frozenset({"camt.no_namespace"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x", "not TOML"),
        ("", "provider: missing"),
        (LEAST.replace('"bank"', '"other"'), "provider: 'other' is not the name of its file, 'bank'"),
        (LEAST + "color = 1", "color: unknown, the keys here are accounts"),
        (LEAST.replace('["bai2"]', "[]"), "formats: missing"),
        (LEAST.replace('["bai2"]', '["bai3"]'), "formats: 'bai3' is not one of adyen"),
        (LEAST.replace('["bai2"]', '"bai2"'), "formats: 'bai2' is not a list of texts"),
        (LEAST + 'posts = ["nacha"]', "posts: 'nacha' is not one of `formats`"),
        (LEAST + "title = 3".replace("title", "told_elsewhere"), "told_elsewhere: '3' is not a list of texts"),
        (LEAST + 'deviations = ["no rule"]', "deviations: 'no rule' is not the name of a rule"),
        (LEAST + '[[accounts]]\ncurrency = "EUR"', "accounts[0].number: missing"),
        (LEAST + '[[accounts]]\nnumber = "1"\ncurrency = "EURO"', "accounts[0].currency: 'EURO' is not a currency"),
        (LEAST + '[[accounts]]\nnumber = "1"\niban = "1"', "accounts[0].iban: unknown"),
        (LEAST.replace('"bai2"', '"csv:unheard-of"'), "formats: 'csv:unheard-of' is not one of"),
        (LEAST + "[[tolerances]]\n[[tolerances]]\n", "tolerances: 2 tables, expected one at most"),
        (LEAST + "[lockbox]\ncolor = 1", "lockbox: "),
        (LEAST + "[csv]\ncolor = 1", "csv[0]: "),
        (LEAST + "accounts = 1", "accounts: '1' is not a table or a list of tables"),
        (LEAST + '[delivery]\ndays = ["someday"]', "delivery.days: 'someday' is not one of monday"),
        (LEAST + '[delivery]\nuntil = "9:30"', "delivery.until: '9:30' is not a time of day such as 09:30"),
        (LEAST + '[delivery]\nuntil = "24:00"', "delivery.until: '24:00' is not a time of day"),
        (LEAST + '[delivery]\ntime_zone = "Berlin"', "delivery.time_zone: 'Berlin' is not a zone"),
        (LEAST + '[delivery]\ntime_zone = "../etc"', "delivery.time_zone: '../etc' is not a zone"),
        (LEAST + '[delivery]\nholidays = "Germany"', "delivery.holidays: 'Germany' is not a country"),
        (LEAST + '[delivery]\nsince = "2026-11-23"', "delivery.since: '2026-11-23' is not a day such as 2026-12-24"),
        (LEAST + "[delivery]\nclosed_on = [2026-12-24T10:00:00]", "delivery.closed_on: "),
        (LEAST + "[delivery]\ndays_behind = 11", "delivery.days_behind: '11' is not a whole number from 0 to 10"),
        (LEAST + '[delivery]\nformats = ["camt.053"]', "delivery.formats: 'camt.053' is not one of `formats`"),
        (LEAST + "[delivery]\ncolor = 1", "delivery.color: unknown"),
        (LEAST + "[settlement]\n", "settlement.bank: missing"),
        (LEAST + "[settlement]\n", "settlement.descriptor: missing, what the bank's statement calls the provider"),
        (LEAST + '[settlement]\nbank = "My Bank"', "settlement.bank: 'My Bank' is not the provider that drops"),
        (LEAST + '[settlement]\ndescriptor = ["A-B."]', "settlement.descriptor: 'A-B.' is not 4 letters and digits"),
        (LEAST + "[settlement]\ndays_until_arrival = 21", "settlement.days_until_arrival: '21' is not a whole number"),
        (LEAST + '[settlement]\nholidays = "Euro"', "settlement.holidays: 'Euro' is not a country"),
        (LEAST + "[settlement]\ncolor = 1", "settlement.color: unknown"),
        (LEAST + "[tolerances]\nbooking_days_ahead = -1", "tolerances.booking_days_ahead: '-1' is not a whole number"),
        (LEAST + "[tolerances]\nbooking_days_ahead = true", "tolerances.booking_days_ahead: 'True' is not a whole"),
        (LEAST + "[tolerances]\nhas_number_gaps = 1", "tolerances.has_number_gaps: '1' is not true or false"),
    ],
)
def test_a_fault_is_named_with_its_path_its_value_and_what_is_allowed(text: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults_of(text)), faults_of(text)


def test_all_faults_are_told_at_once() -> None:
    text = 'provider = "no"\nformats = ["bai3"]\ncolor = 1\n[tolerances]\nhas_number_gaps = 1'
    assert len(faults_of(text)) == 5


def test_a_name_that_no_folder_can_have_is_refused() -> None:
    text = LEAST.replace('"bank"', '"My Bank"')
    assert any("small letters" in fault for fault in faults_of(text, "My Bank"))


def test_every_shipped_profile_is_sound_and_of_its_name() -> None:
    profiles = load_shipped_profiles()
    assert "northbank" in profiles
    assert all(provider == profile.provider for provider, profile in profiles.items())


def test_a_profile_can_name_every_format_that_has_a_reader() -> None:
    # "bacs", "mt940" and messages behind a long header are told apart by their readers, mapped files by their mapping.
    kinds = ADVICE_KINDS | STATEMENT_KINDS
    assert {name for name in READERS if name not in kinds} <= {"bacs", "iso20022"}
    assert not ADVICE_KINDS & STATEMENT_KINDS


@pytest.mark.parametrize("zone", ["Europe", "a" * 300])
def test_folder_of_time_zones_is_no_time_zone(zone: str) -> None:
    (fault,) = faults_of(WHOLE.replace("Europe/Berlin", zone))
    assert fault.startswith("delivery.time_zone: ")


def test_calendar_without_a_day_of_the_week_is_a_fault() -> None:
    assert faults_of(WHOLE.replace('days = ["friday", "monday"]\n', "")) == (
        "delivery.days: missing, at least one day of the week",
    )


def test_a_calendar_without_a_first_day_expects_nothing_and_one_holiday_calendar_may_stand_alone() -> None:
    delivery = '[delivery]\ndays = ["monday"]\nuntil = "09:30"\ntime_zone = "UTC"\nholidays = "GB-SCT"\n'
    calendar = profile_from_toml("bank", LEAST + delivery).delivery
    assert calendar is not None
    assert (calendar.since, calendar.holidays, calendar.days_behind) == (None, ("GB-SCT",), 1)


def test_settlement_terms_are_read_and_know_the_payouts_of_the_formats() -> None:
    settlement = '[settlement]\nbank = "northbank"\ndescriptor = ["Adyen N.V.", "ADYEN"]\n'
    terms = profile_from_toml("bank", LEAST.replace('"bai2"', '"adyen.settlement"') + settlement).settlement
    assert terms is not None
    assert (terms.bank, terms.account, terms.days_until_arrival, terms.holidays) == ("northbank", None, 3, ())
    assert terms.descriptors == ("ADYEN N V", "ADYEN")
    assert terms.codes == {"merchantpayout", "merchantpayoutreversed", "merchantpayoutfailed"}
    named = profile_from_toml("bank", LEAST + settlement + 'codes = ["T0400"]\n').settlement
    assert named is not None
    assert named.codes == {"t0400"}
