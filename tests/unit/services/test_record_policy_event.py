"""Policy events: once however often they come, refused by name, and never half recorded."""

from datetime import date
from typing import Any

import pytest

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import ALL_TERMS
from pawledger.services.billing.policy_messages import CHARGES_MAX
from pawledger.services.billing.record_policy_event import (
    PolicyEventRefusedError,
    PolicyRecorded,
    record_policy_event,
)
from tests.builders.policies import ACCOUNT_ID, build_policy, term_of
from tests.builders.services import (
    RECEIVED_ON,
    chunked_payment,
    connect_policy_recording,
    kinds_of_discrepancies,
    policy_message,
    post,
    without,
)
from tests.fakes.memory import MemoryWorld


def deliver(world: MemoryWorld, message: object, message_id: str = "message-1") -> PolicyRecorded:
    ports = connect_policy_recording(world)
    return record_policy_event(message, message_id=message_id, received_on=RECEIVED_ON, ports=ports)


def head_of(world: MemoryWorld) -> AccountHead:
    head = world.ledger.read_head(ACCOUNT_ID, consistent=True)
    assert head is not None
    return head


def test_an_issued_policy_becomes_an_entry_a_policy_and_an_agenda_day() -> None:
    world = MemoryWorld()
    policy = build_policy()
    assert deliver(world, policy_message(policy)) == PolicyRecorded(ACCOUNT_ID, "PAW-1", is_new=True, discrepancies=())
    assert list(world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)) == [term_of(policy)]
    assert list(world.ledger.read_due_accounts(RECEIVED_ON)) == [ACCOUNT_ID]
    assert head_of(world).balance_minor(LedgerAccount.UNBILLED) == 12_000


def test_an_event_delivered_ten_times_is_recorded_once() -> None:
    world = MemoryWorld()
    recorded = [deliver(world, policy_message(build_policy()), f"message-{n}").is_new for n in range(10)]
    assert recorded == [True] + [False] * 9
    assert head_of(world).version == 1
    assert kinds_of_discrepancies(world) == []


def test_unknown_fields_are_ignored() -> None:
    world = MemoryWorld()
    assert deliver(world, {**policy_message(build_policy()), "breed": "Beagle"}).is_new


def test_events_out_of_order_lead_to_the_same_agenda() -> None:
    first, second = (
        build_policy("PAW-1"),
        build_policy("PAW-2", effective_on=date(2026, 3, 1), expires_on=date(2027, 3, 1)),
    )
    heads = []
    for order in ((first, second), (second, first)):
        world = MemoryWorld()
        for policy in order:
            deliver(world, policy_message(policy))
        heads.append(head_of(world))
    assert heads[0].cursors == heads[1].cursors
    assert heads[0].balances == heads[1].balances


def test_an_event_that_contradicts_the_first_is_refused_once_and_the_first_stays() -> None:
    world = MemoryWorld()
    policy = build_policy()
    deliver(world, policy_message(policy))
    contradiction = {**policy_message(policy), "plan": "annual"}
    for message_id in ("message-2", "message-2", "message-3"):
        with pytest.raises(PolicyEventRefusedError, match="policy#PAW-1#00001"):
            deliver(world, contradiction, message_id)
    assert list(world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)) == [term_of(policy, RECEIVED_ON)]
    assert kinds_of_discrepancies(world) == ["policy_event_conflict"]


@pytest.mark.parametrize(
    "name",
    ["event_id", "account_id", "policy_id", "currency", "effective_on", "expires_on", "plan", "charges"],
)
def test_a_missing_field_is_refused_by_its_name(name: str) -> None:
    world = MemoryWorld()
    with pytest.raises(PolicyEventRefusedError, match=f"field {name} is missing"):
        deliver(world, without(policy_message(build_policy()), name))
    assert not world.rows.heads
    assert kinds_of_discrepancies(world) == ["policy_event_refused"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schema": "policy_issued.v9"}, "names none of the schemas policy_issued.v1"),
        ({"account_id": "home0001"}, "capital letters"),
        ({"account_id": "HOME/../1"}, "capital letters"),
        ({"policy_id": "PAW#1"}, "policy id"),
        ({"currency": "XXX"}, "not an ISO 4217 currency"),
        ({"currency": "eur"}, "not an ISO 4217 currency"),
        ({"effective_on": "31.01.2026"}, "effective_on should be a day"),
        ({"effective_on": "0001-01-01"}, "0001-01-01 as the day from which it counts"),
        ({"expires_on": "2026-01-31"}, "the term 2026-01-31 to 2026-01-31"),
        ({"plan": "weekly"}, "no payment plan is called 'weekly'; there are annual, monthly"),
        ({"charges": []}, "a premium of 0 is not above zero"),
        ({"charges": [{"kind": "premium", "amount_minor": 1}] * (CHARGES_MAX + 1)}, "a list of at most 40"),
        ({"charges": [{"kind": "gift", "amount_minor": 1}]}, r"charges\[0\].kind should be one of"),
        ({"charges": [{"kind": "premium", "amount_minor": 1.5}]}, r"charges\[0\].amount_minor should be a whole"),
        ({"charges": [{"kind": "premium", "amount_minor": True}]}, r"charges\[0\].amount_minor should be a whole"),
        ({"charges": [{"kind": "premium", "amount_minor": "12"}]}, r"charges\[0\].amount_minor should be a whole"),
        ({"charges": [{"kind": "premium", "amount_minor": 0}]}, "a premium of 0 is not"),
        ({"charges": [{"kind": "premium", "amount_minor": -5}]}, "a premium of -5 is not"),
        ({"charges": ["premium"]}, r"charges\[0\] should be an object"),
        ({"mandate_id": ""}, "mandate_id should be a text"),
        ({"event_id": 7}, "event_id should be a text"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_nothing_is_recorded(changes: dict[str, Any], why: str) -> None:
    world = MemoryWorld()
    with pytest.raises(PolicyEventRefusedError, match=why):
        deliver(world, {**policy_message(build_policy()), **changes})
    assert not world.rows.heads
    assert kinds_of_discrepancies(world) == ["policy_event_refused"]


@pytest.mark.parametrize("message", [None, 7, "policy", [], [{}]])
def test_a_message_that_is_no_object_is_refused(message: object) -> None:
    world = MemoryWorld()
    with pytest.raises(PolicyEventRefusedError, match="names none of the schemas"):
        deliver(world, message)
    assert kinds_of_discrepancies(world) == ["policy_event_refused"]


def test_a_refused_message_that_comes_again_is_one_discrepancy() -> None:
    world = MemoryWorld()
    for _ in range(3):
        with pytest.raises(PolicyEventRefusedError):
            deliver(world, {})
    assert kinds_of_discrepancies(world) == ["policy_event_refused"]


def test_what_a_refused_message_holds_is_not_repeated_in_its_discrepancy() -> None:
    world = MemoryWorld()
    with pytest.raises(PolicyEventRefusedError):
        deliver(world, {**policy_message(build_policy()), "effective_on": "Ann Smith, 12 Mill Lane"})
    (recorded,) = world.discrepancy_book.list_open()
    assert "Smith" not in recorded.discrepancy.what


def test_a_second_currency_on_an_account_is_refused() -> None:
    world = MemoryWorld()
    deliver(world, policy_message(build_policy()))
    with pytest.raises(PolicyEventRefusedError, match="invoiced in EUR, not GBP"):
        deliver(world, policy_message(build_policy("PAW-2", currency="GBP")))
    assert head_of(world).version == 1


def test_a_mandate_is_remembered_for_its_account() -> None:
    world = MemoryWorld()
    deliver(world, policy_message(build_policy(), mandate_id="MNDT-7"))
    assert world.reference_book.find("mandate#MNDT-7") == ACCOUNT_ID


def test_a_mandate_may_pay_several_policies_of_its_account() -> None:
    world = MemoryWorld()
    deliver(world, policy_message(build_policy("PAW-1"), mandate_id="MNDT-7"))
    assert deliver(world, policy_message(build_policy("PAW-2"), mandate_id="MNDT-7")).is_new


def test_a_mandate_of_another_account_stays_with_it_and_a_person_is_told() -> None:
    world = MemoryWorld()
    deliver(world, policy_message(build_policy(account_id="FIRST001"), mandate_id="MNDT-7"))
    with pytest.raises(PolicyEventRefusedError, match="pays account FIRST001 already"):
        deliver(world, policy_message(build_policy("PAW-2"), mandate_id="MNDT-7"), "message-2")
    assert world.reference_book.find("mandate#MNDT-7") == "FIRST001"
    assert kinds_of_discrepancies(world) == ["policy_event_refused"]


def test_a_policy_of_another_account_is_told_to_a_person_and_bills_nothing_however_often_it_comes() -> None:
    world = MemoryWorld()
    deliver(world, policy_message(build_policy(account_id="FIRST001"), mandate_id="MNDT-1"))
    before = world.rows.entries.copy()
    for message_id in ("message-2", "message-2", "message-3"):
        with pytest.raises(PolicyEventRefusedError, match="account HOME0001 and belongs to account FIRST001 already"):
            deliver(world, policy_message(build_policy(), mandate_id="MNDT-2"), message_id)
    assert world.rows.entries == before
    assert world.reference_book.find("mandate#MNDT-2") is None
    (recorded,) = world.discrepancy_book.list_open()
    assert recorded.discrepancy.kind.value == "policy_on_two_accounts"
    assert (recorded.discrepancy.account_id, recorded.discrepancy.subject) == (ACCOUNT_ID, "policy#PAW-1#00001")
    # The first account's own event comes again without being in doubt.
    assert not deliver(world, policy_message(build_policy(account_id="FIRST001"), mandate_id="MNDT-1")).is_new


def test_two_accounts_that_are_told_of_a_policy_at_the_same_time_do_not_both_bill_it() -> None:
    world = MemoryWorld()

    def be_first(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "claim":
            world.before_call = lambda port, method, arguments: None
            deliver(world, policy_message(build_policy(account_id="FIRST001")))

    world.before_call = be_first
    with pytest.raises(PolicyEventRefusedError, match="belongs to account FIRST001"):
        deliver(world, policy_message(build_policy()), "message-2")
    assert list(world.rows.heads) == ["FIRST001"]


def test_a_policy_that_a_mandate_keeps_from_an_account_can_be_issued_where_the_mandate_pays() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#MNDT-7", "OTHER001")
    with pytest.raises(PolicyEventRefusedError, match="pays account OTHER001 already"):
        deliver(world, policy_message(build_policy(), mandate_id="MNDT-7"))
    assert deliver(world, policy_message(build_policy(account_id="OTHER001"), mandate_id="MNDT-7")).is_new


def test_a_policy_that_cannot_be_billed_on_an_account_is_not_bound_to_it() -> None:
    world = MemoryWorld()
    deliver(world, policy_message(build_policy()))
    with pytest.raises(PolicyEventRefusedError, match="invoiced in EUR, not GBP"):
        deliver(world, policy_message(build_policy("PAW-2", currency="GBP")))
    assert deliver(world, policy_message(build_policy("PAW-2", currency="GBP", account_id="POUND001"))).is_new


def test_what_another_account_is_told_of_a_policy_waits_there_and_bills_nothing() -> None:
    world = MemoryWorld()
    deliver(world, policy_message(build_policy(account_id="FIRST001")))
    change = {
        "schema": "payer_changed.v1",
        "event_id": "event-2",
        "account_id": ACCOUNT_ID,
        "policy_id": "PAW-1",
        "transaction_number": 2,
        "effective_on": "2026-02-01",
        "mandate_id": "MNDT-2",
    }
    assert deliver(world, change).is_new
    assert kinds_of_discrepancies(world) == ["policy_unknown"]
    assert world.reference_book.find("mandate#MNDT-2") is None


def test_a_crash_between_mandate_and_entry_is_mended_by_the_next_delivery() -> None:
    world = MemoryWorld()

    def kill(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append":
            raise ConnectionError("killed before it was sent")

    message = policy_message(build_policy(), mandate_id="MNDT-7")
    world.before_call = kill
    with pytest.raises(ConnectionError):
        deliver(world, message)
    assert world.rows.entries == {}
    world.before_call = lambda port, method, arguments: None
    assert deliver(world, message).is_new
    assert world.reference_book.find("mandate#MNDT-7") == ACCOUNT_ID


def test_a_policy_whose_mandate_pays_another_account_is_refused_and_not_recorded() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#MNDT-7", "OTHER001")
    with pytest.raises(PolicyEventRefusedError, match="pays account OTHER001 already"):
        deliver(world, policy_message(build_policy(), mandate_id="MNDT-7"))
    assert world.rows.entries == {}


def test_a_mandate_id_of_36_characters_is_refused() -> None:
    with pytest.raises(PolicyEventRefusedError, match="mandate_id has at most 35 characters"):
        deliver(MemoryWorld(), policy_message(build_policy(), mandate_id="M" * 36))


def test_money_that_came_before_the_policy_becomes_the_accounts_own() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#MNDT-7", ACCOUNT_ID)
    post(world, [chunked_payment(amount_minor=1_500, mandate_id="MNDT-7")])
    assert head_of(world).balance_minor(LedgerAccount.SUSPENSE, "EUR") == -1_500
    deliver(world, policy_message(build_policy()))
    assert head_of(world).balance_minor(LedgerAccount.SUSPENSE) == 0
    assert head_of(world).balance_minor(LedgerAccount.UNAPPLIED) == -1_500
