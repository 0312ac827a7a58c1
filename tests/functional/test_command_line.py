"""The command line against AWS as moto plays it: the stack's outputs lead it to the tables."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from pawledger.adapters.clients import shared_session
from pawledger.command_line.main import main
from pawledger.domain.billing.bill_runs import Run, RunStatus
from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.ports import BankFileRecord, ChunkResult
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.receiving.payment_chunks import write_chunk
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID, build_policy, issue, term_of
from tests.builders.services import chunked_payment
from tests.fakes.memory import NoPause
from tests.functional.worlds import BUCKET, World, aws_world

FILE_ID = "a1b2" + "0" * 60
OUTPUTS = {
    "AccountsTableName": "test-accounts",
    "EntriesTableName": "test-entries",
    "DiscrepanciesTableName": "test-discrepancies",
    "BankFilesTableName": "test-bank-files",
    "ReferencesTableName": "test-references",
    "RunsTableName": "test-runs",
    "BankFilesBucketName": BUCKET,
}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def run(*argv: str) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    code = main([*argv, "--environment", "local"], out, err)
    return Ran(code, out.getvalue(), err.getvalue())


def create_stack(outputs: Sequence[str]) -> None:
    """Let CloudFormation know a data stack with these outputs and no other stack.

    moto's CloudFormation would need a dozen more packages for this one answer, so botocore is given it before it asks.
    """

    def answer(**request: Any) -> Any:
        name = request["params"]["body"]["StackName"]
        if name != "PawledgerData-local" or not outputs:
            error = {"Code": "ValidationError", "Message": f"Stack with id {name} does not exist"}
            return AWSResponse("", 400, HTTPHeaders(), io.BytesIO()), {"Error": error}
        described = [{"OutputKey": output, "OutputValue": OUTPUTS[output]} for output in outputs]
        return AWSResponse("", 200, HTTPHeaders(), io.BytesIO()), {
            "Stacks": [{"StackName": name, "Outputs": described}]
        }

    shared_session().register("before-call.cloudformation.DescribeStacks", answer)


@pytest.fixture
def world(fake_aws: None) -> World:
    """A deployed environment with one account, one discrepancy and one bank file."""
    create_stack(list(OUTPUTS))
    world = aws_world()
    policy = build_policy()
    append_entry(
        world.ledger,
        NoPause(),
        ACCOUNT_ID,
        lambda head, _: Proposal(issue(head, policy), terms=(term_of(policy),)),
    )
    bill_account(ACCOUNT_ID, date(2026, 1, 17), ledger=world.ledger, pause=NoPause())
    world.discrepancy_book.record(
        Discrepancy(DiscrepancyKind.FILE_DUPLICATE, FILE_ID, date(2026, 2, 3), "The same bytes came before.")
    )
    record = BankFileRecord(
        file_id=FILE_ID,
        status="posting",
        provider="first-bank",
        incoming_key="incoming/first-bank/day.bai",
        incoming_version_id=None,
        stored_key=f"archive/first-bank/{FILE_ID}/day.bai",
        received_on=date(2026, 2, 3),
        format="bai2",
        verdict="accepted",
        problems=(),
        statements=(),
        chunk_count=1,
        movement_count=2,
        credit_minor={"EUR": 2000},
        debit_minor={},
    )
    world.bank_file_register.write_file(record, expected_status=None)
    world.bank_file_register.write_chunk_result(
        ChunkResult(FILE_ID, 1, 2, {"EUR": 1500}, {"EUR": 500}, {}, {}, 1, 0, 0)
    )
    return world


def test_an_account_is_found_by_the_outputs_of_the_stack(world: World) -> None:
    shown = run("account", "show", ACCOUNT_ID, "--json")

    # 120.00 a year, paid monthly: 10.00 invoiced, 110.00 to come.
    document = json.loads(shown.out)
    assert document["balances"][0]["owed_minor"] == 1000
    assert document["balances"][0]["unbilled_minor"] == 11000
    assert [entry["kind"] for entry in document["entries"]] == ["policy_issued", "invoice_issued"]


def test_discrepancies_are_listed_and_shown(world: World) -> None:
    (listed,) = json.loads(run("discrepancies", "list", "--json").out)["discrepancies"]

    shown = run("discrepancies", "show", listed["discrepancy_id"])

    assert "The same bytes came before." in shown.out


def test_a_file_is_found_by_the_beginning_of_its_id_and_is_proven(world: World) -> None:
    shown = run("files", "show", "a1b2", "--as-of", "2026-02-10", "--json")

    assert json.loads(shown.out)["posting"]["is_proven"] is True


def test_a_payment_is_explained_by_its_id_alone(world: World) -> None:
    reference = creditor_reference_of(InvoiceAddress(ACCOUNT_ID, 1))
    paid = build_movement(amount_minor=1_000, invoice_ids=(f"{ACCOUNT_ID}-0001",))
    told = chunked_payment(references=(reference,))
    chunk = write_chunk(FILE_ID, 1, [replace(told, payment_id=paid.payment_id)])
    world.bank_file_store.write_text(f"archive/first-bank/{FILE_ID}/payments/00001.json", chunk)
    append_entry(
        world.ledger, NoPause(), ACCOUNT_ID, lambda head, _: Proposal(decide_movement(head, paid).decision, ())
    )

    shown = run("payment", "explain", paid.payment_id, "--as-of", "2026-02-10", "--json")

    assert (shown.code, shown.err) == (0, "")
    explained = json.loads(shown.out)
    assert (explained["ledger_id"], explained["amount_minor"]) == (ACCOUNT_ID, 1000)


def test_an_unbroken_ledger_is_verified_and_an_edited_entry_is_found(world: World) -> None:
    assert run("ledger", "verify", "--all").out == "Unbroken: 1 accounts with 2 entries.\n"

    world.tamper_with_entry(ACCOUNT_ID, "invoice#PAW-1#1#1", '"EUR"', '"USD"')
    verified = run("ledger", "verify", "--all")

    assert verified.code == 1
    assert "invoice#PAW-1#1#1" in verified.out


def test_a_month_is_closed_and_an_edited_entry_stops_the_close(world: World, tmp_path: Path) -> None:
    """120.00 a year from 31 January 2026: one day of 365 is 0.33."""
    closed = run("finance", "close", "2026-01", "--out", str(tmp_path / "january"))

    assert (closed.code, closed.err) == (0, "")
    with (tmp_path / "january" / "earned_by_month.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["earned_minor"], row["unearned_minor"]) == ("33", "11967")

    world.tamper_with_entry(ACCOUNT_ID, "invoice#PAW-1#1#1", '"EUR"', '"USD"')
    again = run("finance", "close", "2026-01", "--out", str(tmp_path / "again"))

    assert again.code == 1
    assert "invoice#PAW-1#1#1" in again.err


@pytest.mark.usefixtures("fake_aws")
def test_an_environment_that_is_not_deployed_is_named_with_what_to_do() -> None:
    create_stack([])

    listed = run("discrepancies", "list")

    assert (listed.code, listed.out) == (1, "")
    assert "stack PawledgerData-local is not deployed in Region eu-west-1" in listed.err
    assert "--environment" in listed.err


@pytest.mark.usefixtures("fake_aws")
def test_a_stack_that_lacks_an_output_is_named_with_it() -> None:
    create_stack([name for name in OUTPUTS if name != "EntriesTableName"])

    assert "has no output EntriesTableName" in run("discrepancies", "list").err


@pytest.mark.usefixtures("fake_aws")
@pytest.mark.parametrize(
    "argv",
    [
        ["account", "show", "HOME0001"],
        ["discrepancies", "show", "underpayment-0"],
        ["files", "list"],
        ["ledger", "verify", "--all"],
        ["finance", "close", "2026-01", "--out", "never-written"],
    ],
)
def test_a_table_that_is_gone_is_a_named_condition_and_no_traceback(argv: list[str]) -> None:
    create_stack(list(OUTPUTS))

    ran = run(*argv)

    assert (ran.code, ran.out) == (1, "")
    assert "ResourceNotFoundException" in ran.err
    assert "deploy it again" in ran.err


@pytest.mark.usefixtures("fake_aws")
def test_a_region_by_its_usual_name_goes_before_the_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "ap-southeast-2")
    create_stack([])

    assert "in Region ap-southeast-2" in run("discrepancies", "list").err


@pytest.mark.usefixtures("fake_aws")
def test_an_endpoint_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")

    listed = run("discrepancies", "list")

    assert listed.code == 1
    assert "AWS_ENDPOINT_URL should be like" in listed.err


def test_a_held_run_is_released_under_the_name_of_the_credentials(world: World) -> None:
    held = Run(
        day=date(2026, 1, 17),
        version=1,
        status=RunStatus.HELD,
        plan_ids=(),
        batch_count=0,
        canary_batch_count=0,
        account_count=0,
        expected=(),
        forecast=(),
    )
    world.run_book.write_run(held)
    released = run("runs", "release", "2026-01-17", "--reason", "Prices are right.", "--json")
    assert released.code == 0
    # The name under which moto answers whoever asks it who they are.
    (decision,) = json.loads(released.out)["decisions"]
    assert decision["actor"] == "arn:aws:sts::123456789012:user/moto"
    kept = world.run_book.read_run(date(2026, 1, 17))
    assert kept is not None
    assert kept.status is RunStatus.RELEASED


def test_money_of_nobody_finds_its_invoice_from_the_command_line_and_back(world: World) -> None:
    # The first of twelve invoices of 120.00 EUR is 10.00 EUR; 25.00 EUR wait in suspense.
    bill_account(ACCOUNT_ID, date(2026, 1, 20), ledger=world.ledger, pause=NoPause())
    movement = build_movement("nobody's", amount_minor=2_500)
    suspense = suspense_ledger_of(movement.payment_id)

    def suspend(head: AccountHead, consistent: bool) -> Proposal:
        outcome = decide_movement(head, movement)
        return Proposal(outcome.decision, outcome.discrepancies)

    append_entry(world.ledger, NoPause(), suspense, suspend)
    found = next(
        recorded.discrepancy.discrepancy_id
        for recorded in world.discrepancy_book.list_open(DiscrepancyKind.UNIDENTIFIED_PAYMENT)
    )
    command = ("discrepancies", "resolve", found, "apply", "--account", ACCOUNT_ID, "--reason", "Her letter.")
    previewed, done, again = run(*command, "--preview", "--json"), run(*command, "--json"), run(*command, "--json")

    assert [each.code for each in (previewed, done, again)] == [0, 0, 0]
    assert json.loads(previewed.out)["entries"] == json.loads(done.out)["entries"]
    assert json.loads(again.out)["is_repeated"]
    head = world.ledger.read_head(ACCOUNT_ID, consistent=True)
    assert head is not None
    assert head.open_invoices == ()
    assert head.balance_minor(LedgerAccount.UNAPPLIED) == -1_500
    recorded = world.discrepancy_book.read(found)
    assert recorded is not None
    assert recorded.status is DiscrepancyStatus.RESOLVED
    assert recorded.history[0].actor.startswith("arn:aws:")

    undone = run("discrepancies", "undo", found, "--reason", "Another account.")
    assert undone.code == 0
    waiting, restored = (world.ledger.read_head(each, consistent=True) for each in (suspense, ACCOUNT_ID))
    assert waiting is not None
    assert restored is not None
    assert waiting.balance_minor(LedgerAccount.SUSPENSE, "EUR") == -2_500
    assert [invoice.remaining_minor for invoice in restored.open_invoices] == [1_000]
    assert run("ledger", "verify", "--all").code == 0
