"""Statements of accepted files are linked: gaps are told once and heal when the missing one comes."""

import gzip
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations

import pytest

from pawledger.domain.worklist.discrepancies import DiscrepancyKind, DiscrepancyStatus
from pawledger.rules.provider_profiles import ProviderProfile, profile_from_toml
from pawledger.services.closing.close_day import close_day
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving import statement_series as module
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import Outcome, receive_bank_file
from tests.builders.bank_statements import RETURN_CODE, Line, build_bai2
from tests.builders.services import (
    RECEIVED_ON,
    connect_closing,
    connect_posting,
    connect_receiving,
    kinds_of_discrepancies,
)
from tests.fakes.memory import MemoryWorld

FIRST_DAY = date(2026, 1, 12)


def daily(place: int, opening_minor: int, amounts: Sequence[int], *, status: str = "1", file_id: str = "") -> bytes:
    """A BAI2 file of one day with its opening and closing ledger balances."""
    closing_minor = opening_minor + sum(amounts)
    lines = [Line(amount, f"row {number} of day {place}") for number, amount in enumerate(amounts)]
    plain = build_bai2(
        lines, file_id=file_id or f"{place}", as_of=FIRST_DAY + timedelta(days=place), group_status=status
    ).decode()
    balances = f"03,0975312468,EUR,010,{opening_minor},,,015,{closing_minor},,/"
    total = sum(amounts)
    with_balances = plain.replace("03,0975312468,EUR,/", balances)
    for code in ("49", "98", "99"):
        with_balances = with_balances.replace(f"{code},{total},", f"{code},{total + opening_minor + closing_minor},")
    return with_balances.encode()


THREE_DAYS = (daily(0, 0, [100]), daily(1, 100, [30, 20]), daily(2, 150, [5]))


def receive(world: MemoryWorld, data: bytes, *profiles: ProviderProfile, name: str = "") -> Outcome:
    key = f"incoming/bank/{name or len(world.rows.bank_files)}.bai"
    dropped = DroppedFile(key, world.bank_file_store.drop(key, data), RECEIVED_ON)
    return receive_bank_file(dropped, connect_receiving(world, *profiles))


def gaps(world: MemoryWorld) -> list[str]:
    return [
        row.status
        for name, row in sorted(world.rows.discrepancies.items())
        if name.startswith(DiscrepancyKind.STATEMENT_GAP)
    ]


def test_a_missing_statement_is_told_once_and_heals_when_it_comes() -> None:
    world = MemoryWorld()
    receive(world, THREE_DAYS[0])
    receive(world, THREE_DAYS[2])
    (gap,) = world.discrepancy_book.list_open(DiscrepancyKind.STATEMENT_GAP)
    assert (gap.discrepancy.amount_minor, gap.discrepancy.currency) == (50, "EUR")
    assert "between 2026-01-12" in gap.discrepancy.what
    assert "and 2026-01-14" in gap.discrepancy.what
    assert receive(world, THREE_DAYS[1]) is Outcome.ACCEPTED
    assert gaps(world) == [DiscrepancyStatus.HEALED]
    assert kinds_of_discrepancies(world) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_every_order_of_arrival_ends_without_an_open_gap(order: tuple[int, ...]) -> None:
    world = MemoryWorld()
    for place in order:
        receive(world, THREE_DAYS[place])
    assert kinds_of_discrepancies(world) == []


def test_gaps_of_several_accounts_are_apart() -> None:
    world = MemoryWorld()
    for data in (THREE_DAYS[0], THREE_DAYS[2]):
        receive(world, data)
        receive(world, data.replace(b"0975312468", b"1111111111").replace(b"BANKUS33", b"BANKUS44"))
    assert gaps(world) == [DiscrepancyStatus.OPEN] * 2
    receive(world, THREE_DAYS[1])
    assert sorted(gaps(world)) == [DiscrepancyStatus.HEALED, DiscrepancyStatus.OPEN]


def test_closing_the_day_heals_a_gap_that_two_files_left_by_crossing_each_other() -> None:
    world = MemoryWorld()
    for data in THREE_DAYS:
        receive(world, data)
    # What a receiver records that read the series before the other one had written its statement to it.
    other = MemoryWorld()
    receive(other, THREE_DAYS[0])
    receive(other, THREE_DAYS[2])
    world.rows.discrepancies |= other.rows.discrepancies
    assert kinds_of_discrepancies(world) == ["statement_gap"]
    close_day(RECEIVED_ON, connect_closing(world))
    assert kinds_of_discrepancies(world) == []


def test_closing_the_day_leaves_a_gap_that_stands() -> None:
    world = MemoryWorld()
    receive(world, THREE_DAYS[0])
    receive(world, THREE_DAYS[2])
    close_day(RECEIVED_ON, connect_closing(world))
    assert "statement_gap" in kinds_of_discrepancies(world)


def test_a_corrected_statement_posts_what_is_new_and_is_told() -> None:
    world = MemoryWorld()
    receive(world, daily(0, 0, [100, 20]))
    correction = daily(0, 0, [100, 20, 7], status="3", file_id="corrected")
    assert receive(world, correction) is Outcome.ACCEPTED
    for message in world.payments_queue.take():
        post_payments(message, connect_posting(world))
    assert sorted(int(e.body.split('"amount_minor":')[1].split(",")[0]) for e in world.rows.entries.values()) == [
        7,
        20,
        100,
    ]
    assert "statement_corrected" in kinds_of_discrepancies(world)
    assert gaps(world) == []


def test_a_deletion_posts_nothing_and_is_told() -> None:
    world = MemoryWorld()
    receive(world, daily(0, 0, [100], status="2"))
    assert world.payments_queue.messages == []
    assert kinds_of_discrepancies(world) == ["statement_corrected"]


def test_a_provider_that_leaves_out_numbers_is_held_to_its_balances() -> None:
    profile = profile_from_toml(
        "bank", 'provider = "bank"\ntitle = "x"\nformats = ["bai2"]\n[tolerances]\nhas_number_gaps = true\n'
    )
    world = MemoryWorld()
    receive(world, THREE_DAYS[0], profile)
    receive(world, THREE_DAYS[2], profile)
    assert gaps(world) == [DiscrepancyStatus.OPEN]


def test_statements_beyond_the_limit_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STATEMENTS_CHAINED_MAX", 0)
    world = MemoryWorld()
    receive(world, THREE_DAYS[0])
    assert kinds_of_discrepancies(world) == ["statements_unchained"]


def test_a_file_that_comes_plain_and_then_packed_is_known_again() -> None:
    world = MemoryWorld()
    assert receive(world, THREE_DAYS[0]) is Outcome.ACCEPTED
    assert receive(world, gzip.compress(THREE_DAYS[0], mtime=0)) is Outcome.QUARANTINED
    assert kinds_of_discrepancies(world) == ["file_conflict"]


def test_a_packed_file_is_posted_as_the_plain_one() -> None:
    plain, packed = MemoryWorld(), MemoryWorld()
    data = build_bai2([Line(1_000, "one"), Line(250, type_code=RETURN_CODE)])
    receive(plain, data)
    receive(packed, gzip.compress(data, mtime=0))
    for world in (plain, packed):
        for message in world.payments_queue.take():
            post_payments(message, connect_posting(world))
    assert plain.rows.entries.keys() == packed.rows.entries.keys()
