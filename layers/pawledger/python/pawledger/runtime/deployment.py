"""The deployment that the command line works on: found from stack outputs, by the usual AWS environment variables."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from pawledger.adapters import models
from pawledger.adapters.bank_holidays import LibraryHolidayCalendars
from pawledger.adapters.clients import make_client
from pawledger.adapters.dynamodb_books import DynamoBankFileRegister, DynamoDiscrepancyBook, DynamoReferenceBook
from pawledger.adapters.dynamodb_ledger import DynamoLedger, DynamoLedgerArchive, LedgerTables
from pawledger.adapters.dynamodb_runs import DynamoRunBook
from pawledger.adapters.pauses import JitteredPause
from pawledger.adapters.s3_bank_files import S3BankFileStore
from pawledger.domain.errors import PawledgerError
from pawledger.runtime.aws_conditions import name_aws_conditions
from pawledger.runtime.books import ENVIRONMENT_VARIABLE, Books

_OUTPUTS: Final = (
    "AccountsTableName",
    "EntriesTableName",
    "DiscrepanciesTableName",
    "BankFilesTableName",
    "ReferencesTableName",
    "RunsTableName",
    "BankFilesBucketName",
)


class StackNotDeployedError(PawledgerError):
    """The stack of an environment is not there, or lacks an output that this version of Pawledger needs."""


class EndpointInvalidError(PawledgerError):
    """The address in `AWS_ENDPOINT_URL` is no address."""


@contextmanager
def open_books(environment: str) -> Iterator[Books]:
    """The books of an environment; while they are open, errors of AWS's libraries are raised as named conditions.

    Raises `StackNotDeployedError`, `EndpointInvalidError` and the conditions of `pawledger.runtime.aws_conditions`.
    """
    _use_region_variable()
    with name_aws_conditions():
        yield _bind_books(find_stack_outputs(f"PawledgerData-{environment}"))


def find_stack_outputs(stack_name: str) -> Mapping[str, str]:
    """The outputs of a stack by name. Raises `StackNotDeployedError`, `EndpointInvalidError` and botocore's errors."""
    try:
        client = make_client("cloudformation")
    except BotoCoreError:
        raise
    except ValueError as error:
        # botocore has no error of its own for an endpoint that is no URL; some of its own are value errors as well.
        raise EndpointInvalidError(f"{error}; AWS_ENDPOINT_URL should be like http://127.0.0.1:4566") from error
    try:
        stacks: list[dict[str, Any]] = client.describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as error:
        # CloudFormation has no code of its own for this: `ValidationError` stands for wrong parameters as well.
        if "does not exist" not in str(error):
            raise
        stacks = []
    outputs = {output["OutputKey"]: output["OutputValue"] for stack in stacks for output in stack.get("Outputs", ())}
    missing = [name for name in _OUTPUTS if name not in outputs]
    if missing:
        lacks = f"has no output {', '.join(missing)}" if stacks else "is not deployed"
        raise StackNotDeployedError(
            f"stack {stack_name} {lacks} in Region {client.meta.region_name} of these credentials; "
            f"deploy it, or choose another with --environment or {ENVIRONMENT_VARIABLE}"
        )
    return outputs


def _bind_books(outputs: Mapping[str, str]) -> Books:
    connection, pause = models.open_connection(), JitteredPause()
    discrepancies = models.bind(models.DiscrepancyRow, outputs["DiscrepanciesTableName"], connection)
    accounts = models.bind(models.AccountRow, outputs["AccountsTableName"], connection)
    entries = models.bind(models.EntryRow, outputs["EntriesTableName"], connection)
    tables = LedgerTables(accounts=accounts, entries=entries, discrepancies=discrepancies)
    bank_files = models.bind(models.BankFileRow, outputs["BankFilesTableName"], connection)
    return Books(
        ledger=DynamoLedger(tables, connection, pause),
        archive=DynamoLedgerArchive(accounts, entries),
        discrepancies=DynamoDiscrepancyBook(discrepancies),
        register=DynamoBankFileRegister(bank_files),
        runs=DynamoRunBook(models.bind(models.RunRow, outputs["RunsTableName"], connection)),
        pause=pause,
        open_store=lambda: S3BankFileStore(make_client("s3"), outputs["BankFilesBucketName"]),
        find_actor=lambda: str(make_client("sts").get_caller_identity()["Arn"]),
        references=DynamoReferenceBook(models.bind(models.ReferenceRow, outputs["ReferencesTableName"], connection)),
        holidays=LibraryHolidayCalendars(),
    )


def _use_region_variable() -> None:
    """Let `AWS_REGION` name the Region, as Lambda and most AWS tools do; botocore reads only the other variable."""
    region = os.environ.get("AWS_REGION")
    if region:
        os.environ["AWS_DEFAULT_REGION"] = region
