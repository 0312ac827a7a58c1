"""The ledger's promises, kept by the fake and by DynamoDB alike."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

import pytest

from pawledger.domain.billing.issuing import decide_next_invoice
from pawledger.domain.books.entries import Decision, Entry
from pawledger.domain.books.ledger import AccountHead, BrokenLedgerError, apply_entry, chain_entry, replay_entries
from pawledger.domain.policy.policies import ALL_TERMS, terms_of_policy
from pawledger.domain.policy.policy_events import entries_of_policy
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.ports import EntryExistsError, HeadMovedError
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID, build_policy, issue, term_of
from tests.functional.worlds import World

NEW_ACCOUNT = AccountHead(ACCOUNT_ID)
FIRST_INVOICE_ON = date(2026, 1, 17)
"""Two weeks before the policy of `build_policy` begins."""


def append(world: World, before: AccountHead, decision: Decision, *discrepancies: Discrepancy) -> AccountHead:
    """Append a decision and return the head after it."""
    entry = chain_entry(before, decision)
    after = apply_entry(before, entry)
    world.ledger.append(before, entry, after, discrepancies=discrepancies)
    return after


def payment(name: str, amount_minor: int = 1_000) -> Decision:
    return decide_movement(NEW_ACCOUNT, build_movement(name, amount_minor=amount_minor)).decision


def discrepancy(subject: str = "payment#1") -> Discrepancy:
    return Discrepancy(DiscrepancyKind.OVERPAYMENT, subject, date(2026, 2, 2), "too much", ACCOUNT_ID, "EUR", 5)


def record_policy(world: World, before: AccountHead, policy_id: str = "PAW-1") -> AccountHead:
    policy = build_policy(policy_id, account_id=before.account_id)
    entry = chain_entry(before, issue(before, policy))
    after = apply_entry(before, entry)
    world.ledger.append(before, entry, after, terms=[term_of(policy)])
    return after


def due_accounts(world: World, day: date) -> set[str]:
    return set(world.agenda.read_due_accounts(day))


def test_an_account_that_was_never_written_has_nothing(world: World) -> None:
    assert world.ledger.read_head(ACCOUNT_ID, consistent=True) is None
    assert world.ledger.read_head(ACCOUNT_ID, consistent=False) is None
    assert list(world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)) == []
    assert world.ledger.read_entry(ACCOUNT_ID, "payment#none") is None
    assert list(world.archive.read_entries(ACCOUNT_ID)) == []
    assert list(world.archive.scan_heads()) == []


def test_an_appended_entry_and_its_head_are_read_back_whole(world: World) -> None:
    first = record_policy(world, NEW_ACCOUNT)
    invoice = decide_next_invoice(first, [term_of(build_policy())], FIRST_INVOICE_ON)
    assert invoice is not None
    second = append(world, first, invoice)
    assert world.ledger.read_head(ACCOUNT_ID, consistent=True) == second
    assert world.ledger.read_entry(ACCOUNT_ID, invoice.entry_id) == chain_entry(first, invoice)


def test_the_same_entry_again_exists_and_is_shown_as_it_stands(world: World) -> None:
    after = append(world, NEW_ACCOUNT, payment("first"))
    with pytest.raises(EntryExistsError) as caught:
        append(world, NEW_ACCOUNT, payment("first"))
    assert caught.value.existing == chain_entry(NEW_ACCOUNT, payment("first"))
    assert world.ledger.read_head(ACCOUNT_ID, consistent=True) == after


def test_other_content_under_the_same_id_exists_too_and_the_first_stays(world: World) -> None:
    after = append(world, NEW_ACCOUNT, payment("first", 1_000))
    with pytest.raises(EntryExistsError) as caught:
        append(world, after, payment("first", 2_000))
    standing = chain_entry(NEW_ACCOUNT, payment("first", 1_000))
    assert caught.value.existing.content_hash == standing.content_hash
    assert world.ledger.read_entry(ACCOUNT_ID, standing.entry_id) == standing
    assert world.ledger.read_head(ACCOUNT_ID, consistent=True) == after


def test_a_first_entry_meets_an_account_that_another_writer_opened(world: World) -> None:
    append(world, NEW_ACCOUNT, payment("first"))
    with pytest.raises(HeadMovedError):
        append(world, NEW_ACCOUNT, payment("second"))


def test_a_moved_head_refuses_and_nothing_is_written(world: World) -> None:
    first = append(world, NEW_ACCOUNT, payment("first"))
    second = append(world, first, payment("second"))
    policy = build_policy()
    entry = chain_entry(first, issue(first, policy))
    with pytest.raises(HeadMovedError):
        world.ledger.append(
            first, entry, apply_entry(first, entry), discrepancies=[discrepancy()], terms=[term_of(policy)]
        )
    assert world.ledger.read_head(ACCOUNT_ID, consistent=True) == second
    assert world.ledger.read_entry(ACCOUNT_ID, entry.entry_id) is None
    assert list(world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)) == []
    assert world.discrepancy_book.read(discrepancy().discrepancy_id) is None


def test_a_discrepancy_is_born_with_its_entry(world: World) -> None:
    append(world, NEW_ACCOUNT, payment("first"), discrepancy())
    recorded = world.discrepancy_book.read(discrepancy().discrepancy_id)
    assert recorded is not None
    assert recorded.discrepancy == discrepancy()
    assert (recorded.status, recorded.alerted_at) == (DiscrepancyStatus.OPEN, None)


def test_the_same_discrepancy_twice_with_one_entry_is_written_once(world: World) -> None:
    append(world, NEW_ACCOUNT, payment("first"), discrepancy(), discrepancy())
    assert [found.discrepancy for found in world.discrepancy_book.list_open()] == [discrepancy()]


def test_a_discrepancy_that_stands_already_neither_stops_the_money_nor_opens_again(world: World) -> None:
    standing, other = discrepancy("payment#1"), discrepancy("payment#2")
    world.discrepancy_book.record(standing)
    world.discrepancy_book.mark_alerted(standing.discrepancy_id, "2026-02-03T04:05:06+00:00")
    world.close_discrepancy(standing.discrepancy_id)
    after = append(world, NEW_ACCOUNT, payment("first"), standing, other)
    assert world.ledger.read_head(ACCOUNT_ID, consistent=True) == after
    recorded = world.discrepancy_book.read(standing.discrepancy_id)
    assert recorded is not None
    assert (recorded.status, recorded.alerted_at) == (DiscrepancyStatus.RESOLVED, "2026-02-03T04:05:06+00:00")
    assert [found.discrepancy for found in world.discrepancy_book.list_open()] == [other]


def test_an_entry_that_exists_writes_none_of_its_discrepancies(world: World) -> None:
    append(world, NEW_ACCOUNT, payment("first"))
    with pytest.raises(EntryExistsError):
        append(world, NEW_ACCOUNT, payment("first"), discrepancy())
    assert world.discrepancy_book.read(discrepancy().discrepancy_id) is None


def test_terms_are_read_in_the_order_of_their_ids_and_of_one_account_only(world: World) -> None:
    after = record_policy(world, NEW_ACCOUNT, "PAW-2")
    record_policy(world, after, "PAW-1")
    record_policy(world, AccountHead("HOME0002"), "PAW-3")
    terms = [term_of(build_policy("PAW-1")), term_of(build_policy("PAW-2"))]
    assert list(world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)) == terms
    assert list(world.ledger.read_terms(ACCOUNT_ID, *terms_of_policy("PAW-1"))) == terms[:1]
    assert list(world.ledger.read_terms(ACCOUNT_ID, "PAW-1#1", "PAW-2#1")) == terms


def test_a_term_is_replaced_by_what_is_written_with_a_later_entry(world: World) -> None:
    after = record_policy(world, NEW_ACCOUNT, "PAW-1")
    entry = chain_entry(after, payment("first"))
    changed = replace(term_of(build_policy("PAW-1")), plan="annual")
    world.ledger.append(after, entry, apply_entry(after, entry), terms=[changed])
    assert list(world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)) == [changed]


def test_entries_are_read_by_what_their_ids_begin_with(world: World) -> None:
    after = record_policy(world, NEW_ACCOUNT, "PAW-1")
    record_policy(world, append(world, after, payment("first")), "PAW-10")
    found = world.ledger.read_entries_from(ACCOUNT_ID, entries_of_policy("PAW-1"))
    assert [entry.entry_id for entry in found] == ["policy#PAW-1#00001"]
    assert len(list(world.ledger.read_entries_from(ACCOUNT_ID, "policy#"))) == 2


def test_the_agenda_finds_every_account_of_a_day_whatever_its_shard(world: World) -> None:
    ids = [f"HOME{number:04d}" for number in range(40)]
    for account_id in ids:
        record_policy(world, AccountHead(account_id))
    append(world, AccountHead("UNOPENED"), payment("first"))
    assert due_accounts(world, FIRST_INVOICE_ON) == set(ids)
    assert due_accounts(world, FIRST_INVOICE_ON + timedelta(days=1)) == set()


def test_an_account_moves_on_in_the_agenda_and_leaves_it_after_the_last_installment(world: World) -> None:
    head = record_policy(world, NEW_ACCOUNT)
    billed_days = []
    while head.agenda_on is not None:
        day = head.agenda_on
        assert due_accounts(world, day) == {ACCOUNT_ID}
        invoice = decide_next_invoice(head, [term_of(build_policy())], day)
        assert invoice is not None
        head = append(world, head, invoice)
        assert due_accounts(world, day) == set()
        billed_days.append(day)
    assert len(billed_days) == 12


def test_the_archive_gives_entries_in_the_order_they_were_appended_with_their_hashes(world: World) -> None:
    head, written = NEW_ACCOUNT, list[Entry]()
    for name in ("first", "second", "third", "fourth", "fifth"):
        written.append(chain_entry(head, payment(name)))
        head = append(world, head, payment(name))
    read = list(world.archive.read_entries(ACCOUNT_ID))
    assert read == [(entry, entry.hash) for entry in written]
    assert sorted(entry.entry_id for entry in written) != [entry.entry_id for entry in written]
    assert replay_entries(ACCOUNT_ID, (entry for entry, _ in read)) == head


def test_a_stored_text_that_was_changed_is_found_out(world: World) -> None:
    after = append(world, NEW_ACCOUNT, payment("first", 1_000))
    append(world, after, payment("second", 5_000))
    entry_id = payment("first").entry_id
    world.tamper_with_entry(ACCOUNT_ID, entry_id, '"amount_minor":1000', '"amount_minor":1001')
    with pytest.raises(BrokenLedgerError, match=entry_id):
        list(world.archive.read_entries(ACCOUNT_ID))
    with pytest.raises(BrokenLedgerError, match=entry_id):
        world.ledger.read_entry(ACCOUNT_ID, entry_id)
    with pytest.raises(BrokenLedgerError, match=entry_id):
        append(world, NEW_ACCOUNT, payment("first", 1_000))


def test_a_scan_finds_the_present_head_of_every_account(world: World) -> None:
    heads = {}
    for number in range(5):
        first = append(world, AccountHead(f"HOME{number:04d}"), payment(f"first {number}"))
        heads[first.account_id] = append(world, first, payment(f"second {number}"))
    assert {head.account_id: head for head in world.archive.scan_heads()} == heads


def test_heads_are_read_many_at_once_and_what_is_not_there_is_left_out(world: World) -> None:
    ids = [f"HOME{number:04d}" for number in range(99)]
    heads = {account_id: append(world, AccountHead(account_id), payment("first")) for account_id in ids}
    found = world.term_archive.read_heads([*ids, "NOBODY01"])
    assert {head.account_id: head for head in found} == heads


def test_a_scan_gives_the_terms_of_one_account_one_after_the_other(world: World) -> None:
    heads = {account_id: AccountHead(account_id) for account_id in ("HOME0001", "HOME0002", "HOME0003")}
    for policy_id in ("PAW-1", "PAW-2", "PAW-3"):
        heads = {account_id: record_policy(world, head, policy_id) for account_id, head in heads.items()}
    owners = [term.account_id for term in world.term_archive.scan_terms()]
    assert len(owners) == 9
    assert len([owner for owner, _ in groupby(owners)]) == 3
