"""A provider's profile narrows what is taken in and what of it is posted; advices are posted only where it says so."""

from datetime import date

import pytest

from pawledger.bank_files.records import StatementSummary
from pawledger.bank_files.report import FileReport, Rule
from pawledger.rules.provider_profiles import ProviderProfile, profile_from_toml
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving import expectations
from pawledger.services.receiving import receive_bank_file as receiving
from pawledger.services.receiving.expectations import find_unexpected, is_posted, reading_options_of
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import Outcome, receive_bank_file
from tests.builders.bank_statements import RETURN_CODE, Line, build_bai2
from tests.builders.services import RECEIVED_ON, connect_posting, connect_receiving, kinds_of_discrepancies
from tests.fakes.memory import MemoryWorld


def profile(extra: str = "", formats: str = '["bai2"]') -> ProviderProfile:
    return profile_from_toml("bank", f'provider = "bank"\ntitle = "A bank"\nformats = {formats}\n{extra}')


def report(account: str = "DE00 1", currency: str | None = "EUR", format_name: str = "bai2") -> FileReport:
    statement = StatementSummary(
        bank_account=account,
        currency=currency,
        identity=("x",),
        first_day=date(2026, 2, 2),
        last_day=date(2026, 2, 2),
        sequence_number=None,
        opening_minor=None,
        closing_minor=None,
        entry_count=0,
        credit_count=0,
        credit_minor=0,
        debit_count=0,
        debit_minor=0,
        return_count=0,
        change_count=0,
        chain=None,
        is_correction=False,
    )
    return FileReport(format=format_name, statements=[statement])


ACCOUNT = '[[accounts]]\nnumber = "DE001"\ncurrency = "EUR"\n'


def test_without_a_profile_and_where_everything_fits_nothing_is_unexpected() -> None:
    assert find_unexpected(None, report()) is None
    assert find_unexpected(profile(), report()) is None
    assert find_unexpected(profile(ACCOUNT), report()) is None
    assert find_unexpected(profile('[[accounts]]\nnumber = "DE001"\n'), report(currency="USD")) is None
    assert find_unexpected(profile(formats='["camt.053"]'), report(format_name="camt.053.001.08")) is None


@pytest.mark.parametrize(
    ("extra", "found", "what"),
    [
        ("", report(format_name="camt.054.001.02"), "it is a camt.054 file, and the profile names bai2"),
        (ACCOUNT, report(account="DE002"), "its statement 1 is of an account that the profile does not name"),
        (ACCOUNT, report(currency="USD"), "its statement 1 is not in EUR"),
        (ACCOUNT, report(currency=None), "its statement 1 is not in EUR"),
    ],
)
def test_what_a_profile_does_not_name_is_unexpected(extra: str, found: FileReport, what: str) -> None:
    told = find_unexpected(profile(extra), found)
    assert told is not None
    assert told.startswith(what)


def test_a_warning_is_unexpected_only_where_the_profile_lists_those_it_knows() -> None:
    warned = report()
    for _ in range(300):
        warned.add(Rule.MEANING, "bai2.known", "odd")
    assert find_unexpected(profile(), warned) is None
    assert find_unexpected(profile('deviations = ["bai2.known"]'), warned) is None
    warned.add(Rule.MEANING, "bai2.new", "odd")  # beyond what a report keeps
    told = find_unexpected(profile('deviations = ["bai2.known"]'), warned)
    assert told == "it has warnings that the profile does not know of: bai2.new"


@pytest.mark.parametrize(
    ("with_profile", "format_name", "posted"),
    [
        (None, "camt.053.001.08", True),
        (None, "csv:worldpay", True),
        (None, "nacha", False),
        (None, "pacs.004.001.09", False),
        (profile(formats='["nacha", "bai2"]'), "nacha", True),
        (profile('posts = ["bai2"]', formats='["nacha", "bai2"]'), "nacha", False),
        (profile('posts = ["bai2"]', formats='["nacha", "bai2"]'), "bai2", True),
    ],
)
def test_statements_are_posted_and_advices_only_where_a_profile_says_so(
    with_profile: ProviderProfile | None, format_name: str, posted: bool
) -> None:
    assert is_posted(with_profile, format_name) is posted


def receive(world: MemoryWorld, data: bytes, *profiles: ProviderProfile) -> Outcome:
    key = "incoming/bank/statement"
    dropped = DroppedFile(key, world.bank_file_store.drop(key, data), RECEIVED_ON)
    return receive_bank_file(dropped, connect_receiving(world, *profiles))


def test_a_file_that_its_profile_does_not_expect_waits_in_quarantine() -> None:
    world = MemoryWorld()
    data = build_bai2([Line(1_000)])
    assert receive(world, data, profile(formats='["camt.053"]')) is Outcome.QUARANTINED
    assert kinds_of_discrepancies(world) == ["file_unexpected"]
    assert world.payments_queue.messages == []
    (record,) = [world.bank_file_register.read_file(file_id) for file_id in world.rows.bank_files]
    assert record is not None
    assert (record.status, record.verdict) == ("quarantined", "accepted")


def test_movements_that_another_file_tells_one_by_one_are_not_posted() -> None:
    world = MemoryWorld()
    data = build_bai2([Line(1_000), Line(300, type_code=RETURN_CODE)])
    receive(world, data, profile(f'told_elsewhere = ["{RETURN_CODE}"]'))
    (message,) = world.payments_queue.take()
    assert post_payments(message, connect_posting(world)).suspended_minor == {"EUR": 1_000}


def test_an_unexpected_file_is_taken_in_when_it_comes_again_after_its_profile_was_changed() -> None:
    world = MemoryWorld()
    data = build_bai2([Line(1_000)])
    receive(world, data, profile(formats='["camt.053"]'))
    assert receive(world, data, profile(formats='["camt.053"]')) is Outcome.DUPLICATE
    assert receive(world, data, profile()) is Outcome.ACCEPTED
    assert len(world.payments_queue.messages) == 1
    assert receive(world, data, profile()) is Outcome.DUPLICATE
    assert len(world.payments_queue.messages) == 1


def test_a_file_that_stands_against_another_is_not_taken_in_by_dropping_it_again() -> None:
    world = MemoryWorld()
    receive(world, build_bai2([Line(1_000)]))
    conflicting = build_bai2([Line(1_001)])
    assert receive(world, conflicting) is Outcome.QUARANTINED
    assert receive(world, conflicting) is Outcome.DUPLICATE
    assert len(world.payments_queue.messages) == 1


def test_an_advice_is_kept_and_told_and_posted_when_it_comes_again_with_a_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Any format will do for what is asked here: that of the builder is an advice for once.
    for module in (expectations, receiving):
        monkeypatch.setattr(module, "ADVICE_KINDS", frozenset({"bai2"}))
    world = MemoryWorld()
    data = build_bai2([Line(1_000)])
    assert receive(world, data) is Outcome.ACCEPTED
    assert kinds_of_discrepancies(world) == ["advice_not_posted"]
    assert receive(world, data) is Outcome.DUPLICATE
    assert world.payments_queue.messages == []
    assert receive(world, data, profile()) is Outcome.ACCEPTED
    assert len(world.payments_queue.messages) == 1


def test_an_advice_that_its_profile_does_not_post_is_kept_without_a_word() -> None:
    world = MemoryWorld()
    narrow = profile('posts = ["camt.053"]', formats='["camt.053", "bai2"]')
    assert receive(world, build_bai2([Line(1_000)]), narrow) is Outcome.ACCEPTED
    assert kinds_of_discrepancies(world) == []
    assert world.payments_queue.messages == []


def test_one_account_may_be_named_in_several_currencies() -> None:
    both = profile(ACCOUNT + ACCOUNT.replace("EUR", "USD"))
    assert find_unexpected(both, report(currency="EUR")) is None
    assert find_unexpected(both, report(currency="USD")) is None
    told = find_unexpected(both, report(currency="GBP"))
    assert told == "its statement 1 is not in EUR, USD, the currency of its account in the profile"


def test_delimited_files_are_read_by_any_shipped_mapping_or_by_those_that_the_profile_names() -> None:
    shipped = {mapping.name for mapping in reading_options_of(None).csv_mappings}
    assert {"worldpay", "trustly", "braintree"} <= shipped
    named = reading_options_of(profile(formats='["csv:worldpay"]')).csv_mappings
    assert [mapping.name for mapping in named] == ["worldpay"]
    assert reading_options_of(profile()).csv_mappings == ()
