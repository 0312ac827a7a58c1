"""Killed before and after every single call to AWS, and delivered again: nothing is lost, doubled or different."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pytest

from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement
from pawledger.services.receiving.payment_chunks import write_chunk
from tests.builders.bank_statements import Line, build_bai2
from tests.builders.policies import build_policy
from tests.builders.services import FILE_ID, bill_message, chunked_payment, policy_message
from tests.builders.tables import table_definitions
from tests.functional.deployed_handlers import (
    DeployedHandlers,
    deploy_handlers,
    failed_messages,
    hooked_calls,
    object_created,
    queue_event,
)

# A killed event has counted nothing, of which Powertools warns.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

CALLS_MAX: Final = 200
"""Calls that one event may take here; a sweep that does not end is a mistake."""

REFERENCE: Final = creditor_reference_of(InvoiceAddress("HOME0001", 1))
CHUNK_KEY: Final = f"archive/bank/{FILE_ID}/payments/00001.json"
FILE_KEY: Final = "incoming/bank/statement.bai"
CONFLICTING: Final = "paid"
MOVEMENTS: Final = (
    chunked_payment("paid", amount_minor=700, references=[REFERENCE], line=4),
    chunked_payment("lost", amount_minor=300, line=5),
    chunked_payment("back", amount_minor=200, movement=Movement.RETURN, references=[REFERENCE], line=6),
    chunked_payment(CONFLICTING, amount_minor=701, references=[REFERENCE], line=7),
)
"""One of each way: posted, suspended with a remembered route, returned, and contradicting the first."""


class KilledError(BaseException):
    """The process ends here. No `Exception`, so that nothing in the code under test can catch it."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """How often each operation was the one at which the process was killed."""

    before: Counter[str]
    after: Counter[str]


@pytest.fixture(scope="module")
def deployed() -> Iterator[DeployedHandlers]:
    table_definitions()
    with deploy_handlers() as handlers:
        yield handlers


def sweep(
    deployed: DeployedHandlers,
    name: str,
    prepare: Callable[[], Mapping[str, Any]],
    observe: Callable[[], object],
) -> Sweep:
    """Kill a handler at each call in turn, deliver the event again, and compare with an undisturbed run."""
    deployed.clear()
    event = prepare()
    calls: list[str] = []
    with hooked_calls(deployed.clients(name), calls.append, lambda operation: None):
        assert failed_messages(deployed.invoke(name, event)) == []
    expected = observe()
    killed: dict[str, Counter[str]] = {"before": Counter(), "after": Counter()}
    for moment, counts in killed.items():
        for victim in range(len(calls)):
            deployed.clear()
            event = prepare()
            counts[_kill_at(deployed, name, event, moment, victim)] += 1
            assert failed_messages(deployed.invoke(name, event)) == []
            assert observe() == expected, f"killed {moment} call {victim} ({calls[victim]})"
    assert killed["before"] == killed["after"] == Counter(calls)
    return Sweep(killed["before"], killed["after"])


def _kill_at(deployed: DeployedHandlers, name: str, event: Mapping[str, Any], moment: str, victim: int) -> str:
    """Invoke a handler that is killed at one call; returns the operation. Fails where no call was met."""
    operations: list[str] = []

    def kill(operation: str) -> None:
        operations.append(operation)
        if len(operations) == victim + 1:
            raise KilledError(operation)

    hooks = (kill, lambda operation: None) if moment == "before" else (lambda operation: None, kill)
    with hooked_calls(deployed.clients(name), *hooks), pytest.raises(KilledError) as caught:
        deployed.invoke(name, event)
    return str(caught.value)


def items_without(deployed: DeployedHandlers, version_id: str) -> dict[str, list[str]]:
    """All items, less the version id that every drop has anew and that the record of the file names."""
    return {name: [item.replace(version_id, "VERSION") for item in table] for name, table in deployed.items().items()}


def test_posting_killed_at_any_call_leaves_the_ledger_byte_for_byte_the_same(deployed: DeployedHandlers) -> None:
    def prepare() -> dict[str, Any]:
        deployed.invoke("record_policy_event", queue_event(policy_message(build_policy())))
        deployed.invoke("bill_accounts", queue_event(bill_message(build_policy().effective_on, ["HOME0001"])))
        deployed.drop(CHUNK_KEY, write_chunk(FILE_ID, 1, MOVEMENTS).encode())
        message = {"schema": "post_payments.v1", "file_id": FILE_ID, "chunk_number": 1, "chunk_key": CHUNK_KEY}
        return queue_event(message)

    swept = sweep(deployed, "post_payments", prepare, deployed.items)
    # Three entries and one refused contradiction, which is decided twice; then route, discrepancy and result.
    assert swept.before["GetObject"] == 1
    assert swept.before["TransactWriteItems"] == 5
    assert swept.before.total() >= 12


def test_receiving_killed_at_any_call_leaves_bucket_and_tables_the_same(deployed: DeployedHandlers) -> None:
    versions: list[str] = []

    def prepare() -> dict[str, Any]:
        versions.append(deployed.drop(FILE_KEY, build_bai2([Line(100 + number) for number in range(101)])))
        return queue_event(object_created(FILE_KEY, versions[-1]))

    def observe() -> object:
        return (
            items_without(deployed, versions[-1]),
            deployed.objects(),
            sorted(set(deployed.take(deployed.payments_queue_url))),
        )

    swept = sweep(deployed, "receive_bank_file", prepare, observe)
    operations = {"GetObject", "PutObject", "HeadObject", "CopyObject", "DeleteObject", "SendMessageBatch"}
    assert operations <= swept.before.keys()
    assert swept.before["PutObject"] == 2


def test_quarantining_killed_at_any_call_leaves_bucket_and_tables_the_same(deployed: DeployedHandlers) -> None:
    versions: list[str] = []

    def prepare() -> dict[str, Any]:
        versions.append(deployed.drop(FILE_KEY, build_bai2([Line(100)], account_total_change_minor=1)))
        return queue_event(object_created(FILE_KEY, versions[-1]))

    def observe() -> object:
        return items_without(deployed, versions[-1]), deployed.objects(), deployed.take(deployed.payments_queue_url)

    swept = sweep(deployed, "receive_bank_file", prepare, observe)
    assert {"GetObject", "HeadObject", "CopyObject", "DeleteObject"} <= swept.before.keys()
    assert "SendMessageBatch" not in swept.before


def test_billing_killed_at_any_call_leaves_the_ledger_byte_for_byte_the_same(deployed: DeployedHandlers) -> None:
    accounts = ["HOME0001", "HOME0002"]

    def prepare() -> dict[str, Any]:
        for account_id in accounts:
            policy = build_policy(
                f"PAW-{account_id}",
                account_id=account_id,
                effective_on=date(2026, 12, 7),
                expires_on=date(2027, 12, 7),
            )
            deployed.invoke("record_policy_event", queue_event(policy_message(policy)))
        # By Christmas Eve two installments of each policy are to be invoiced: due on 7 December and 7 January.
        return queue_event(bill_message(date(2026, 12, 24), accounts))

    swept = sweep(deployed, "bill_accounts", prepare, deployed.items)
    assert swept.before["TransactWriteItems"] == 4
    assert {"GetItem", "Query"} <= swept.before.keys()


def test_recording_a_policy_killed_at_any_call_leaves_the_tables_the_same(deployed: DeployedHandlers) -> None:
    event = queue_event(policy_message(build_policy(), mandate_id="MNDT-7"))
    swept = sweep(deployed, "record_policy_event", lambda: event, deployed.items)
    assert swept.before["TransactWriteItems"] == 1
    assert swept.before.total() >= 3


def test_the_sweep_sees_a_payment_that_is_written_twice(
    deployed: DeployedHandlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with an id that differs at every delivery, the same sweep must fail."""
    attempts = iter(range(CALLS_MAX))
    module = deployed.load("post_payments")
    real = module.post_payments

    def post_under_new_identity(message: Any, ports: Any) -> object:
        movement = chunked_payment(f"delivery {next(attempts)}", references=[REFERENCE])
        deployed.drop(CHUNK_KEY, write_chunk(FILE_ID, 1, [movement]).encode())
        return real(message, ports)

    def prepare() -> dict[str, Any]:
        message = {"schema": "post_payments.v1", "file_id": FILE_ID, "chunk_number": 1, "chunk_key": CHUNK_KEY}
        return queue_event(message)

    monkeypatch.setattr(module, "post_payments", post_under_new_identity)
    with pytest.raises(AssertionError, match="killed"):
        sweep(deployed, "post_payments", prepare, lambda: len(deployed.items()["entries"]))
