"""Digests: once a day what is open and once what is overdue, however often a day is closed and however bad it was."""

import json
from datetime import date

import pytest

from pawledger.domain.worklist.digests import DigestTally, digests_of
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.services.resolving.push_digests import push_digests
from tests.fakes.memory import MemoryWorld
from tests.unit.test_event_contracts import faults_of

DAY = date(2026, 2, 10)


def found(kind: DiscrepancyKind, subject: str, born_on: date, amount_minor: int | None = None) -> Discrepancy:
    currency = "EUR" if amount_minor is not None else None
    return Discrepancy(kind, subject, born_on, "w", "HOME0001", currency, amount_minor)


def tally_of(*discrepancies: Discrepancy, day: date = DAY) -> DigestTally:
    tally = DigestTally(day)
    for discrepancy in discrepancies:
        tally.add(discrepancy)
    return tally


# Unidentified payments may be 5 days old, unreadable files 1: on the 10th, what is born before the 5th and the 9th is
# overdue.
UNIDENTIFIED = [
    found(DiscrepancyKind.UNIDENTIFIED_PAYMENT, "payment#1", date(2026, 2, 4), 1_000),
    found(DiscrepancyKind.UNIDENTIFIED_PAYMENT, "payment#2", date(2026, 2, 5), 200),
    found(DiscrepancyKind.UNIDENTIFIED_PAYMENT, "payment#3", date(2026, 2, 10), -30),
]
UNREADABLE = found(DiscrepancyKind.FILE_UNREADABLE, "f", date(2026, 2, 8))


def test_what_is_open_is_counted_and_summed_by_owner_and_kind() -> None:
    digest, overdue = digests_of(tally_of(*UNIDENTIFIED, UNREADABLE))
    assert (digest["scope"], digest["open_count"], digest["overdue_count"]) == ("open", 4, 2)
    billing, operations = digest["owners"]
    assert (billing["owner"], operations["owner"]) == ("billing", "operations")
    (kind,) = billing["kinds"]
    assert (kind["open_count"], kind["overdue_count"], kind["oldest_days"]) == (3, 1, 6)
    assert kind["amounts_minor"] == {"EUR": 1_230}
    assert operations["kinds"][0]["amounts_minor"] == {}
    assert (overdue["scope"], overdue["open_count"], overdue["overdue_count"]) == ("overdue", 2, 2)
    assert overdue["owners"][0]["kinds"][0]["amounts_minor"] == {"EUR": 1_000}
    # An unreadable file may be a day old and is two; an unidentified payment may be five days old and is six.
    assert tally_of(*UNIDENTIFIED, UNREADABLE).most_overdue_days == 1
    assert tally_of(*UNIDENTIFIED, UNREADABLE, day=date(2026, 2, 13)).most_overdue_days == 4
    assert overdue["show_with"] == "pawledger discrepancies list --overdue"


@pytest.mark.parametrize("kind", DiscrepancyKind)
def test_the_digest_of_every_kind_keeps_its_schema(kind: DiscrepancyKind) -> None:
    digests = digests_of(tally_of(found(kind, "s", date(2025, 2, 3), 5), found(kind, "t", date(2026, 2, 11))))
    assert [faults_of("digest.v1", digest) for digest in digests] == [[], []]


def test_a_bad_day_of_ten_thousand_is_one_digest_of_the_length_of_a_good_one() -> None:
    kinds = list(DiscrepancyKind)
    many = tally_of(*(found(kinds[n % len(kinds)], f"s{n}", DAY, 1) for n in range(10_000)))
    (digest,) = digests_of(many)
    assert digest["open_count"] == 10_000
    # SNS takes 256 KiB.
    assert len(json.dumps(digest)) < 64 * 1024


def test_where_nothing_is_open_nobody_is_told() -> None:
    world = MemoryWorld()
    assert push_digests(tally_of(), references=world.reference_book, alerts=world.alert_channel) == 0
    assert world.alert_channel.alerts == []


def test_a_day_that_is_closed_again_pushes_nothing_again_and_the_next_day_does() -> None:
    world = MemoryWorld()
    pushed = [
        push_digests(tally_of(UNREADABLE, day=day), references=world.reference_book, alerts=world.alert_channel)
        for day in (date(2026, 2, 9), date(2026, 2, 9), DAY, DAY)
    ]
    assert pushed == [1, 0, 2, 0]
    assert [subject for subject, _ in world.alert_channel.alerts] == [
        "Pawledger: 1 discrepancy open on 2026-02-09",
        "Pawledger: 1 discrepancy open on 2026-02-10",
        "Pawledger: 1 discrepancy overdue on 2026-02-10",
    ]


@pytest.mark.parametrize(("method", "pushed_in_all"), [("push", 1), ("claim", 2)])
def test_a_crash_tells_twice_rather_than_never(method: str, pushed_in_all: int) -> None:
    world = MemoryWorld()

    def crash(port: str, called: str, arguments: tuple[object, ...]) -> None:
        if called == method:
            raise ConnectionError("killed")

    world.before_call = crash
    tally = tally_of(found(DiscrepancyKind.OVERPAYMENT, "s", DAY, 1))
    with pytest.raises(ConnectionError):
        push_digests(tally, references=world.reference_book, alerts=world.alert_channel)
    world.before_call = lambda port, called, arguments: None
    assert push_digests(tally, references=world.reference_book, alerts=world.alert_channel) == 1
    assert len(world.alert_channel.alerts) == pushed_in_all
