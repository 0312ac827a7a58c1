"""Posting: each movement is exactly one entry in the right ledger, whatever comes twice, late, wrong or in pieces."""

from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement, payment_id_of
from pawledger.ports import BankFileRecord, ChunkResult, StoredObjectMissingError
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.messages import MessageRefusedError
from pawledger.services.posting.post_payments import ChunkNotPostedError, post_payments
from pawledger.services.receiving.payment_chunks import ChunkedMovement
from tests.builders.policies import ACCOUNT_ID, build_policy
from tests.builders.services import (
    FILE_ID,
    RECEIVED_ON,
    chunked_payment,
    connect_posting,
    kinds_of_discrepancies,
    post,
    record_policy,
    store_chunk,
    without,
)
from tests.fakes.memory import MemoryWorld

REFERENCE = creditor_reference_of(InvoiceAddress(ACCOUNT_ID, 1))
OTHER_FILE_ID = "e" * 64


def build_world(mandate_id: str | None = None) -> MemoryWorld:
    """One account with one open invoice of 10.00 EUR."""
    world = MemoryWorld()
    record_policy(world, build_policy(), mandate_id=mandate_id)
    bill_account(ACCOUNT_ID, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    return world


def paid(name: str = "first", amount_minor: int = 1_000, **changes: object) -> ChunkedMovement:
    """A payment that quotes the reference of the open invoice."""
    return chunked_payment(name, amount_minor=amount_minor, references=[REFERENCE], **changes)  # type: ignore[arg-type]


def head_of(world: MemoryWorld, account_id: str = ACCOUNT_ID) -> AccountHead:
    head = world.ledger.read_head(account_id, consistent=True)
    assert head is not None
    return head


def entry_of(world: MemoryWorld, name: str, account_id: str = ACCOUNT_ID, prefix: str = "payment") -> Entry:
    entry = world.ledger.read_entry(account_id, f"{prefix}#{payment_id_of((name,))}")
    assert entry is not None
    return entry


def results_of(world: MemoryWorld, file_id: str = FILE_ID) -> list[ChunkResult]:
    return list(world.bank_file_register.read_chunk_results(file_id))


def test_a_payment_settles_the_invoice_it_quotes() -> None:
    world = build_world()
    tally = post(world, [paid()])
    assert head_of(world).open_invoices == ()
    assert dict(tally.counts) == {"posted": 1, "new_posted": 1}
    assert tally.new_posted_minor == {"EUR": 1_000}
    assert kinds_of_discrepancies(world) == []


def test_an_entry_says_where_it_came_from_and_how_its_account_was_found() -> None:
    world = build_world()
    post(world, [paid(line=42)])
    source = entry_of(world, "first").decision.source
    assert source == {"file_id": FILE_ID, "line": 42, "number": 1, "identified_by": "payment reference", "ladder": 2}


def test_a_chunk_result_tells_what_became_of_every_movement() -> None:
    world = build_world()
    post(world, [paid("paid", 700), chunked_payment("lost", amount_minor=300, line=5)])
    assert results_of(world) == [
        ChunkResult(
            file_id=FILE_ID,
            chunk_number=1,
            movement_count=2,
            posted_minor={"EUR": 700},
            suspended_minor={"EUR": 300},
            rejected_minor={},
            repeated_minor={},
            suspended_count=1,
            rejected_count=0,
            repeated_count=0,
        )
    ]


@pytest.mark.parametrize("times", [2, 10])
def test_a_chunk_delivered_again_posts_nothing_and_leaves_the_same_result(times: int) -> None:
    world = build_world()
    movements = [
        paid("paid"),
        chunked_payment("lost", line=5),
        chunked_payment("fee", movement=Movement.OTHER_DEBIT, line=6),
        chunked_payment("back", movement=Movement.RETURN, references=[REFERENCE], line=7),
    ]
    post(world, movements)
    entries, result = dict(world.rows.entries), results_of(world)
    for _ in range(times - 1):
        tally = post(world, movements)
        assert not tally.counts["new_posted"] + tally.counts["new_suspended"] + tally.counts["new_returned"]
        assert tally.counts["repeated"] == 0
    assert world.rows.entries == entries
    assert results_of(world) == result


def test_chunks_out_of_order_lead_to_the_same_balances() -> None:
    first, second = [paid("first", 400)], [paid("second", 600)]
    balances = []
    for order in ((first, 1, second, 2), (second, 2, first, 1)):
        world = build_world()
        post(world, order[0], chunk_number=order[1])
        post(world, order[2], chunk_number=order[3])
        balances.append(head_of(world).balances)
    assert balances[0] == balances[1]


def test_the_same_movement_from_another_file_is_repeated_and_posted_once() -> None:
    world = build_world()
    post(world, [paid()])
    tally = post(world, [paid(line=9)], file_id=OTHER_FILE_ID)
    assert dict(tally.counts) == {"repeated": 1}
    assert tally.repeated_minor == {"EUR": 1_000}
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 1_000
    assert kinds_of_discrepancies(world) == []


def test_the_same_movement_on_another_line_of_the_same_file_is_repeated() -> None:
    world = build_world()
    tally = post(world, [paid(line=4), paid(line=5)])
    assert tally.counts["posted"] == 1
    assert tally.counts["repeated"] == 1
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 1_000


def test_the_same_bank_identity_with_another_amount_is_rejected_and_a_person_is_told() -> None:
    world = build_world()
    post(world, [paid(amount_minor=1_000)])
    for _ in range(2):
        tally = post(world, [paid(amount_minor=1_001)], file_id=OTHER_FILE_ID)
        assert dict(tally.counts) == {"rejected": 1}
        assert tally.rejected_minor == {"EUR": 1_001}
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 1_000
    assert kinds_of_discrepancies(world) == ["payment_conflict"]


def test_the_same_bank_identity_in_another_currency_is_rejected() -> None:
    world = build_world()
    post(world, [paid(currency="EUR")])
    assert post(world, [paid(currency="GBP")], file_id=OTHER_FILE_ID).counts["rejected"] == 1
    assert head_of(world).balance_minor(LedgerAccount.CASH, "GBP") == 0


def test_what_cannot_be_identified_waits_in_suspense() -> None:
    world = build_world()
    tally = post(world, [chunked_payment("lost", amount_minor=300)])
    ledger_id = suspense_ledger_of(payment_id_of(("lost",)))
    assert head_of(world, ledger_id).balance_minor(LedgerAccount.SUSPENSE, "EUR") == -300
    assert tally.new_suspended_minor == {"EUR": 300}
    assert kinds_of_discrepancies(world) == ["unidentified_payment"]


def test_a_reference_with_wrong_check_digits_waits_with_its_candidate_where_the_amount_is_not_what_is_open() -> None:
    world = build_world()
    wrong = f"RF{int(REFERENCE[2:4]) % 97 + 1:02d}{REFERENCE[4:]}"
    tally = post(world, [chunked_payment("odd", amount_minor=999, references=[wrong])])
    assert tally.counts["suspended"] == 1
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 0
    waiting = entry_of(world, "odd", suspense_ledger_of(payment_id_of(("odd",))))
    # 45 of 100 for the damaged reference alone.
    assert waiting.decision.details == {"candidates": [f"{ACCOUNT_ID} 40 corrected"]}


def test_a_reference_with_wrong_check_digits_is_corrected_where_the_amount_is_what_is_open() -> None:
    world = build_world()
    wrong = f"RF{int(REFERENCE[2:4]) % 97 + 1:02d}{REFERENCE[4:]}"
    assert post(world, [chunked_payment(references=[wrong])]).counts["posted"] == 1
    assert head_of(world).open_invoices == ()
    assert entry_of(world, "first").decision.source["identified_by"] == "corrected payment reference"


def test_two_accounts_named_go_to_suspense_and_to_neither() -> None:
    world = build_world()
    other = creditor_reference_of(InvoiceAddress("AWAY0002", 1))
    assert post(world, [chunked_payment(text=f"{REFERENCE} {other}")]).counts["suspended"] == 1
    assert head_of(world).version == 2
    assert world.ledger.read_head("AWAY0002", consistent=True) is None


def test_a_mandate_leads_to_its_account() -> None:
    world = build_world(mandate_id="MNDT-7")
    assert post(world, [chunked_payment(mandate_id="MNDT-7")]).counts["posted"] == 1
    assert entry_of(world, "first").decision.source["identified_by"] == "mandate"


def test_a_mandate_payment_delivered_twice_is_posted_once() -> None:
    world = build_world(mandate_id="MNDT-7")
    for _ in range(2):
        assert post(world, [chunked_payment(mandate_id="MNDT-7")]).counts["posted"] == 1
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 1_000


def test_money_in_suspense_is_not_posted_to_an_account_on_redelivery() -> None:
    world = MemoryWorld()
    movement = chunked_payment("early", mandate_id="MNDT-7")
    post(world, [movement])
    record_policy(world, build_policy(), mandate_id="MNDT-7")
    assert dict(post(world, [movement]).counts) == {"suspended": 1}
    assert world.ledger.read_entry(ACCOUNT_ID, f"payment#{movement.payment_id}") is None


def test_a_payment_before_the_policy_waits_and_is_not_posted_again_after_it() -> None:
    world = MemoryWorld()
    assert post(world, [paid()]).counts["suspended"] == 1
    assert kinds_of_discrepancies(world) == ["payment_before_policy"]
    record_policy(world, build_policy())
    assert dict(post(world, [paid()]).counts) == {"suspended": 1}
    assert head_of(world).balance_minor(LedgerAccount.UNAPPLIED) == -1_000
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 1_000


def test_a_wrong_currency_waits_and_settles_nothing() -> None:
    world = build_world()
    post(world, [paid(currency="GBP")])
    assert head_of(world).balance_minor(LedgerAccount.SUSPENSE, "GBP") == -1_000
    assert head_of(world).balance_minor(LedgerAccount.RECEIVABLE) == 1_000
    assert kinds_of_discrepancies(world) == ["currency_mismatch"]


def test_a_future_booking_day_is_posted_and_told() -> None:
    world = build_world()
    post(world, [paid(booked_on=date(2027, 1, 1), is_future_dated=True)])
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 1_000
    assert kinds_of_discrepancies(world) == ["future_dated_payment"]


@pytest.mark.parametrize(("amount_minor", "kind"), [(999, "underpayment"), (1_001, "overpayment")])
def test_one_cent_too_little_or_too_much_is_told(amount_minor: int, kind: str) -> None:
    world = build_world()
    post(world, [paid(amount_minor=amount_minor)])
    (recorded,) = world.discrepancy_book.list_open()
    assert (recorded.discrepancy.kind, recorded.discrepancy.amount_minor) == (kind, 1)


def test_a_return_makes_the_amount_due_again() -> None:
    world = build_world()
    post(world, [paid()])
    back = chunked_payment("back", movement=Movement.RETURN, references=[REFERENCE], return_reason="AC04", line=5)
    tally = post(world, [back], chunk_number=2)
    assert tally.counts["new_returned"] == 1
    assert tally.posted_minor == {"EUR": -1_000}
    assert tally.new_posted_minor == {}
    assert head_of(world).balance_minor(LedgerAccount.RECEIVABLE) == 1_000
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 0


def test_a_debit_that_is_no_return_never_touches_an_account_even_if_it_quotes_one() -> None:
    world = build_world()
    post(world, [chunked_payment("fee", movement=Movement.OTHER_DEBIT, references=[REFERENCE])])
    ledger_id = suspense_ledger_of(payment_id_of(("fee",)))
    assert entry_of(world, "fee", ledger_id, "debit").decision.kind is EntryKind.MONEY_SUSPENDED
    assert kinds_of_discrepancies(world) == ["unexplained_debit"]


def test_a_poison_movement_harms_no_neighbour_and_the_chunk_comes_again() -> None:
    world = build_world()
    movements = [paid("before", 400, line=4), paid("poison", currency="XXX", line=5), paid("behind", 600, line=6)]
    with pytest.raises(ChunkNotPostedError, match=r"1 of 3 movements .* line 5: 'XXX' is not an ISO 4217"):
        post(world, movements)
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 1_000
    assert results_of(world) == []


def test_an_error_names_some_failures_and_counts_the_others() -> None:
    world = build_world()
    with pytest.raises(ChunkNotPostedError) as caught:
        post(world, [paid(str(line), currency="XXX", line=line) for line in range(1, 8)])
    assert "7 of 7" in str(caught.value)
    assert "line 5" in str(caught.value)
    assert "line 6" not in str(caught.value)


def test_an_empty_chunk_is_done_and_recorded() -> None:
    world = build_world()
    assert post(world, []).counts == {}
    assert [result.movement_count for result in results_of(world)] == [0]


def test_a_chunk_that_is_not_in_the_bucket_is_named() -> None:
    world = build_world()
    message = {"schema": "post_payments.v1", "file_id": FILE_ID, "chunk_number": 1, "chunk_key": "archive/none"}
    with pytest.raises(StoredObjectMissingError, match="archive/none"):
        post_payments(message, connect_posting(world))


@pytest.mark.parametrize("name", ["schema", "file_id", "chunk_number", "chunk_key"])
def test_a_message_without_a_field_is_refused_by_name_and_posts_nothing(name: str) -> None:
    world = build_world()
    message = store_chunk(world, [paid()])
    with pytest.raises(MessageRefusedError, match=f"field {name} is missing"):
        post_payments(without(message, name), connect_posting(world))
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 0


def test_a_crash_between_movements_is_mended_by_the_next_delivery() -> None:
    world = build_world()
    movements = [paid(str(number), 100, line=number) for number in range(1, 6)]
    appended = 0

    def crash_at_third(port: str, method: str, arguments: tuple[object, ...]) -> None:
        nonlocal appended
        if method == "append":
            appended += 1
            if appended == 3:
                raise ConnectionError("killed")

    world.after_call = crash_at_third
    with pytest.raises(ConnectionError):
        post(world, movements)
    world.after_call = lambda port, method, arguments: None
    tally = post(world, movements)
    assert tally.counts["posted"] == 5
    assert tally.counts["new_posted"] == 2
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 500


def register(world: MemoryWorld, file_id: str, format_name: str) -> None:
    """Remember a file of a format, as receiving it does."""
    record = BankFileRecord(
        file_id=file_id,
        status="posting",
        provider="bank",
        incoming_key="incoming/bank/a",
        incoming_version_id="1",
        stored_key="archive/bank/a",
        received_on=RECEIVED_ON,
        format=format_name,
        verdict="accepted",
        problems=(),
        statements=(),
        chunk_count=1,
        movement_count=1,
        credit_minor={"EUR": 1_000},
        debit_minor={},
    )
    assert world.bank_file_register.write_file(record, expected_status=None)


@pytest.mark.parametrize(
    ("earlier", "later", "part"),
    [
        ("camt.054.001.08", "camt.053.001.08", "retold"),
        ("camt.053.001.02", "camt.054.001.02", "retold"),
        ("camt.053.001.02", "camt.053.001.08", "repeated"),
        ("mt942", "mt940", "retold"),
        ("bai2", "bai2", "repeated"),
    ],
)
def test_what_a_report_of_another_kind_told_before_is_posted_once_and_no_overlap(
    earlier: str, later: str, part: str
) -> None:
    world = build_world()
    register(world, FILE_ID, earlier)
    register(world, OTHER_FILE_ID, later)
    post(world, [paid()])
    tally = post(world, [paid(line=9)], file_id=OTHER_FILE_ID)
    assert dict(tally.counts) == {part: 1}
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 1_000
    (result,) = results_of(world, OTHER_FILE_ID)
    assert (result.retold_count, result.repeated_count) == ((1, 0) if part == "retold" else (0, 1))


def test_a_booking_told_otherwise_is_accounted_for_and_not_posted() -> None:
    world = build_world()
    tally = post(world, [replace(paid(), is_told_otherwise=True), chunked_payment("other", line=5)])
    assert dict(tally.counts) == {"retold": 1, "suspended": 1, "new_suspended": 1}
    assert tally.retold_minor == {"EUR": 1_000}
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 0


def test_fees_and_payouts_of_a_provider_are_posted_and_nobody_is_told() -> None:
    world = build_world()
    tally = post(
        world,
        [
            chunked_payment("fee", movement=Movement.PROVIDER_FEE, amount_minor=30),
            chunked_payment("payout", movement=Movement.PAYOUT, amount_minor=970, references=[REFERENCE], line=5),
        ],
    )
    assert tally.posted_minor == {"EUR": -1_000}
    assert kinds_of_discrepancies(world) == []
    assert head_of(world).balance_minor(LedgerAccount.CASH) == 0


OTHER_ACCOUNT_ID = "HOME0002"
OTHER_REFERENCE = creditor_reference_of(InvoiceAddress(OTHER_ACCOUNT_ID, 1))


def build_two_households() -> MemoryWorld:
    """Two accounts, each with one open invoice of 10.00 EUR."""
    world = build_world()
    record_policy(world, build_policy("PAW-2", account_id=OTHER_ACCOUNT_ID))
    bill_account(OTHER_ACCOUNT_ID, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    return world


BUNDLE = chunked_payment("both", amount_minor=2_000, references=[REFERENCE, OTHER_REFERENCE])


def sum_over_ledgers(world: MemoryWorld, name: LedgerAccount) -> int:
    return sum(head.balance_minor(name, "EUR") for head in world.ledger.scan_heads())


def test_a_payment_for_two_accounts_is_taken_in_once_and_passed_on() -> None:
    world = build_two_households()
    tally = post(world, [BUNDLE])
    assert dict(tally.counts) == {"posted": 1, "new_posted": 1}
    assert [head_of(world, each).open_invoices for each in (ACCOUNT_ID, OTHER_ACCOUNT_ID)] == [(), ()]
    assert sum_over_ledgers(world, LedgerAccount.CASH) == 2_000
    assert sum_over_ledgers(world, LedgerAccount.CLEARING) == 0
    assert kinds_of_discrepancies(world) == []
    entries = dict(world.rows.entries)
    post(world, [BUNDLE])
    assert world.rows.entries == entries


def test_a_payment_for_two_accounts_is_suspended_where_it_is_one_cent_less_than_what_is_open() -> None:
    world = build_two_households()
    post(world, [replace(BUNDLE, amount_minor=1_999)])
    assert kinds_of_discrepancies(world) == ["unidentified_payment"]
    assert [len(head_of(world, each).open_invoices) for each in (ACCOUNT_ID, OTHER_ACCOUNT_ID)] == [1, 1]


def test_parts_that_a_killed_call_did_not_pass_on_are_passed_on_by_the_next_whatever_was_paid_meanwhile() -> None:
    world, calm = build_two_households(), build_two_households()
    post(calm, [BUNDLE])

    class KilledError(Exception):
        pass

    ports = connect_posting(world)

    class DyingLedger:
        """Dies when the second account is to get its part."""

        def __getattr__(self, name: str) -> object:
            return getattr(world.ledger, name)

        def append(self, before: AccountHead, *rest: object, **named: object) -> None:
            if before.account_id == OTHER_ACCOUNT_ID:
                raise KilledError
            world.ledger.append(before, *rest, **named)  # type: ignore[arg-type]

    with pytest.raises(KilledError):
        post_payments(store_chunk(world, [BUNDLE]), replace(ports, ledger=DyingLedger()))  # type: ignore[arg-type]
    assert sum_over_ledgers(world, LedgerAccount.CLEARING) == -1_000
    # The first invoice is settled by now, so that nothing would be split if it were decided again.
    post_payments(store_chunk(world, [BUNDLE]), ports)
    assert world.rows.entries == calm.rows.entries
