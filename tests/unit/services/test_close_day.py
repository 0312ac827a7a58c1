"""Closing: what came in went somewhere, nobody was forgotten, the books balance; what is not proven is told once."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.closing.completeness import MonthCounts
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.splitting import SharedPart, settle_part, split_payment
from pawledger.domain.worklist.digests import DigestTally
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.billing.record_policy_event import record_policy_event
from pawledger.services.closing.close_day import ACCOUNTS_NAMED_MAX, FILE_DAYS, DayProof, close_day
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import receive_bank_file
from tests.builders.bank_statements import DEBIT_CODE, Line, build_bai2
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID, build_policy
from tests.builders.services import (
    RECEIVED_ON,
    connect_closing,
    connect_policy_recording,
    connect_posting,
    connect_receiving,
    kinds_of_discrepancies,
    record_policy,
)
from tests.fakes.memory import MemoryWorld

SAMPLES: Final = Path(__file__).resolve().parents[3] / "events" / "samples"

REFERENCE = creditor_reference_of(InvoiceAddress(ACCOUNT_ID, 1))


def close(world: MemoryWorld, business_date: date = RECEIVED_ON + timedelta(days=1)) -> DayProof:
    return close_day(business_date, connect_closing(world))


def receive(world: MemoryWorld, lines: Sequence[Line], file_id: str = "1", received_on: date = RECEIVED_ON) -> None:
    key = f"incoming/bank/{file_id}.bai"
    version_id = world.bank_file_store.drop(key, build_bai2(lines, file_id=file_id))
    receive_bank_file(DroppedFile(key, version_id, received_on), connect_receiving(world))


def post_all(world: MemoryWorld) -> None:
    for message in world.payments_queue.take():
        post_payments(message, connect_posting(world))


def whats(world: MemoryWorld, kind: str) -> list[str]:
    return [r.discrepancy.what for r in world.discrepancy_book.list_open() if r.discrepancy.kind == kind]


def test_an_empty_day_is_proven() -> None:
    day = RECEIVED_ON + timedelta(days=1)
    assert close(MemoryWorld()) == DayProof(day, 0, 0, 0, 0, 0, {}, {}, {}, DigestTally(day))


def test_a_file_that_is_fully_posted_is_proven_and_stays_proven() -> None:
    world = MemoryWorld()
    receive(world, [Line(1_000, REFERENCE), Line(500), Line(40, type_code=DEBIT_CODE)])
    post_all(world)
    for _ in range(2):
        proof = close(world)
        assert (proof.files_proven, proof.files_unproven) == (1, 0)
    assert whats(world, "file_not_posted") == []
    (record,) = world.bank_file_register.read_files_received(RECEIVED_ON)
    assert record.status == "posted"


def test_a_missing_chunk_is_told_once_however_often_the_day_is_closed() -> None:
    world = MemoryWorld()
    receive(world, [Line(100 + number) for number in range(101)])
    for message in world.payments_queue.take()[:1]:
        post_payments(message, connect_posting(world))
    for _ in range(3):
        proof = close(world)
        assert (proof.files_proven, proof.files_unproven) == (0, 1)
    assert whats(world, "file_not_posted") == [
        "incoming/bank/1.bai holds 101 movements, 1 are not accounted for; totals differ in EUR."
    ]


def test_a_file_is_proven_on_a_later_day_when_its_chunk_came_late() -> None:
    world = MemoryWorld()
    receive(world, [Line(100)])
    assert close(world).files_unproven == 1
    post_all(world)
    proof = close(world, RECEIVED_ON + timedelta(days=FILE_DAYS))
    assert (proof.files_proven, proof.files_unproven) == (1, 0)


def test_a_file_is_no_longer_looked_at_after_its_days() -> None:
    world = MemoryWorld()
    receive(world, [Line(100)])
    proof = close(world, RECEIVED_ON + timedelta(days=FILE_DAYS + 1))
    assert (proof.files_proven, proof.files_unproven) == (0, 0)


def test_a_chunk_result_wrong_by_one_cent_does_not_prove_its_file() -> None:
    world = MemoryWorld()
    receive(world, [Line(100)])
    post_all(world)
    ((key, body),) = world.rows.chunk_results.items()
    world.rows.chunk_results[key] = json.dumps({**json.loads(body), "suspended_minor": {"EUR": 101}})
    assert close(world).files_unproven == 1
    assert "0 are not accounted for; totals differ in EUR." in whats(world, "file_not_posted")[0]


def test_a_chunk_result_in_another_currency_does_not_prove_its_file() -> None:
    world = MemoryWorld()
    receive(world, [Line(100)])
    post_all(world)
    ((key, body),) = world.rows.chunk_results.items()
    world.rows.chunk_results[key] = json.dumps({**json.loads(body), "suspended_minor": {"GBP": 100}})
    assert close(world).files_unproven == 1
    assert "totals differ in EUR, GBP." in whats(world, "file_not_posted")[0]


def test_missing_movements_that_sum_to_zero_do_not_prove_their_file() -> None:
    world = MemoryWorld()
    receive(world, [Line(100), Line(100, type_code=DEBIT_CODE)])
    assert close(world).files_unproven == 1
    assert "2 are not accounted for; totals differ in no currency" in whats(world, "file_not_posted")[0]


def test_movements_that_were_recorded_before_prove_the_file_and_are_told() -> None:
    world = MemoryWorld()
    receive(world, [Line(1_000, REFERENCE)], file_id="1")
    receive(world, [Line(1_000, REFERENCE), Line(500)], file_id="2")
    post_all(world)
    for _ in range(2):
        assert close(world).files_proven == 2
    (what,) = whats(world, "file_overlap")
    assert what.startswith("1 movements of incoming/bank/2.bai, 10.00 EUR, were recorded before")


def test_a_quarantined_file_is_neither_proven_nor_unproven() -> None:
    world = MemoryWorld()
    key = "incoming/bank/1.bai"
    data = build_bai2([Line(100)], account_total_change_minor=1)
    dropped = DroppedFile(key, world.bank_file_store.drop(key, data), RECEIVED_ON)
    receive_bank_file(dropped, connect_receiving(world))
    proof = close(world)
    assert (proof.files_proven, proof.files_unproven) == (0, 0)


def test_accounts_whose_day_is_over_are_counted_and_some_are_named() -> None:
    world = MemoryWorld()
    for number in range(ACCOUNTS_NAMED_MAX + 2):
        record_policy(world, build_policy(f"PAW-{number}", account_id=f"ACCT{number:04d}"))
    for _ in range(2):
        assert close(world, date(2026, 1, 20)).accounts_overdue == 7
    (what,) = whats(world, "accounts_not_billed")
    assert what.startswith("7 accounts were due before 2026-01-20")
    assert what.count("ACCT") == 5


def test_an_account_that_was_billed_is_not_overdue() -> None:
    world = MemoryWorld()
    record_policy(world, build_policy())
    bill_account(ACCOUNT_ID, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    assert close(world, date(2026, 1, 17)).accounts_overdue == 0


def test_an_account_out_of_balance_is_told_even_where_another_makes_up_for_it() -> None:
    world = MemoryWorld()
    for account_id, change_minor in (("ABOVE001", 1), ("BELOW001", -1), ("RIGHT001", 0)):
        record_policy(world, build_policy(f"PAW-{account_id}", account_id=account_id))
        history = world.rows.heads[account_id]
        body = json.loads(history[-1].body)
        body["balances"]["EUR"]["unbilled"] += change_minor
        history[-1] = replace(history[-1], body=json.dumps(body))
    for _ in range(2):
        proof = close(world, date(2026, 1, 1))
        assert (proof.account_count, proof.accounts_out_of_balance) == (3, 2)
    assert kinds_of_discrepancies(world) == ["ledger_out_of_balance"] * 2


def test_balances_are_summed_over_all_accounts_by_currency() -> None:
    world = MemoryWorld()
    record_policy(world, build_policy(account_id="EURO0001"))
    record_policy(world, build_policy("PAW-2", account_id="EURO0002"))
    record_policy(world, build_policy("PAW-3", account_id="POND0001", currency="GBP"))
    balances = close(world, date(2026, 1, 1)).balances
    assert balances[("EUR", LedgerAccount.UNBILLED.value)] == 24_000
    assert balances[("EUR", LedgerAccount.PREMIUM.value)] == -24_000
    assert balances[("GBP", LedgerAccount.UNBILLED.value)] == 12_000


def test_open_discrepancies_are_counted_with_the_age_of_the_oldest() -> None:
    world = MemoryWorld()
    receive(world, [Line(100), Line(200)])
    post_all(world)
    proof = close(world, RECEIVED_ON + timedelta(days=9))
    # Both were booked on 2 February, a day before the file was received.
    assert (proof.discrepancies_open, proof.oldest_discrepancy_days) == (2, 10)


def test_a_closed_discrepancy_no_longer_counts() -> None:
    world = MemoryWorld()
    receive(world, [Line(100)])
    post_all(world)
    (recorded,) = world.discrepancy_book.list_open()
    world.discrepancy_book.close(recorded.discrepancy.discrepancy_id)
    assert close(world).discrepancies_open == 0


def test_open_discrepancies_are_counted_and_aged_by_kind() -> None:
    world = MemoryWorld()
    receive(world, [Line(500), Line(700), Line(40, type_code=DEBIT_CODE)])
    post_all(world)
    proof = close(world)
    assert dict(proof.open_by_kind) == {"unidentified_payment": 2, "unexplained_debit": 1}
    assert set(proof.oldest_days_by_kind) == {"unidentified_payment", "unexplained_debit"}
    assert proof.discrepancies_open == 3
    assert dict(proof.credit_by_currency(LedgerAccount.SUSPENSE)) == {"EUR": 500 + 700 - 40}


def test_a_file_that_came_today_may_still_be_on_the_queue() -> None:
    world = MemoryWorld()
    receive(world, [Line(1_000, REFERENCE)])
    assert close(world, RECEIVED_ON).files_unproven == 1
    assert whats(world, "file_not_posted") == []


def test_months_of_cover_are_counted_and_what_is_wrong_is_told_once_a_day() -> None:
    world = MemoryWorld()
    for account_id in ("RIGHT001", "WRONG001"):
        record_policy(world, build_policy(f"PAW-{account_id}", account_id=account_id))
        bill_account(account_id, date(2026, 2, 14), ledger=world.ledger, pause=world.pause)
    assert close(world, date(2026, 2, 28)).months == MonthCounts(begun=4, invoiced=4)
    body = json.loads(world.rows.terms["WRONG001", "PAW-WRONG001#1"])
    body["installments"][0][3] = 0
    world.rows.terms["WRONG001", "PAW-WRONG001#1"] = json.dumps(body)
    for _ in range(2):
        assert close(world, date(2026, 2, 28)).months == MonthCounts(begun=4, invoiced=3, to_come=1, unexplained=1)
    assert whats(world, "policy_month_not_billed") == [
        "1 months of cover on 1 accounts are not billed exactly once, among them WRONG001."
    ]


def test_an_account_that_is_written_while_the_day_is_closed_is_read_again_before_it_is_believed() -> None:
    world = MemoryWorld()
    record_policy(world, build_policy())

    def bill_before(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "read_heads":
            world.before_call = lambda port, method, arguments: None
            record_policy(world, build_policy("PAW-2"))
            bill_account(ACCOUNT_ID, date(2026, 2, 14), ledger=world.ledger, pause=world.pause)

    world.before_call = bill_before
    assert close(world, date(2026, 2, 28)).months == MonthCounts(begun=4, invoiced=4)


def test_renewals_that_were_not_offered_are_one_discrepancy_for_each_last_day_and_heal_when_they_are() -> None:
    world = MemoryWorld()
    for number in range(1, 8):
        record_british(world, f"HOME{number:04d}")
    for _ in range(2):
        # Three weeks before 31 January 2027 is 10 January, the last day for the notices.
        close(world, date(2027, 1, 10))
        assert whats(world, "renewal_not_offered") == []
    close(world, date(2027, 1, 11))
    (what,) = whats(world, "renewal_not_offered")
    assert what.startswith("7 renewals were to be offered by 2027-01-10 and are not, among them those of policies PAW-")
    for number in range(1, 8):
        offer_renewal(world, f"HOME{number:04d}")
    close(world, date(2027, 1, 12))
    assert whats(world, "renewal_not_offered") == []


def record_british(world: MemoryWorld, account_id: str) -> None:
    message = load_sample("policy_issued.v2", "good_british_policy_with_discount")
    deliver(world, {**message, "account_id": account_id, "policy_id": f"PAW-{account_id}", "mandate_id": None})


def offer_renewal(world: MemoryWorld, account_id: str) -> None:
    message = load_sample("renewal_offered.v1", "good_automatic")
    deliver(world, {**message, "account_id": account_id, "policy_id": f"PAW-{account_id}"})


def load_sample(schema: str, name: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads((SAMPLES / schema / f"{name}.json").read_text(encoding="utf-8"))
    return message


def deliver(world: MemoryWorld, message: dict[str, Any]) -> None:
    ports = connect_policy_recording(world)
    record_policy_event(message, message_id="message-1", received_on=date(2026, 1, 1), ports=ports)


def test_money_that_left_one_ledger_and_did_not_arrive_in_another_is_told_until_it_has() -> None:
    world = MemoryWorld()
    record_policy(world, build_policy())
    payment = build_movement("both", amount_minor=1_700)
    parts = (SharedPart(ACCOUNT_ID, 1_000), SharedPart("HOME0002", 700))
    ports = connect_posting(world)
    append_entry(ports.ledger, ports.pause, "SUSPENSE-07", lambda *_: Proposal(split_payment(payment, parts).decision))
    close(world)
    assert whats(world, "money_between_ledgers") == ["17.00 EUR left one ledger and did not arrive in another."]

    def settle(part: SharedPart) -> None:
        terms = AllocationTerms()
        append_entry(
            ports.ledger,
            ports.pause,
            part.account_id,
            lambda head, _: Proposal(settle_part(head, payment, part, terms).decision),
        )

    for part in parts:
        settle(part)
    close(world)
    assert whats(world, "money_between_ledgers") == []
