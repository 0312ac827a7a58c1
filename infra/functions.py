"""Which functions there are, how large they may grow, and what each may do to which table.

This is the table of `docs/architecture.md`, in the words of IAM. A function gets the environment variables of exactly
the tables it has rights to.
"""

from dataclasses import dataclass
from typing import Final

TABLES: Final = ("accounts", "entries", "policies", "discrepancies", "bank_files", "references", "runs")

GET: Final = "dynamodb:GetItem"
QUERY: Final = "dynamodb:Query"
BATCH_GET: Final = "dynamodb:BatchGetItem"
SCAN: Final = "dynamodb:Scan"
PUT: Final = "dynamodb:PutItem"
"""Rows are written whole under a condition, alone or in a transaction; both are this right."""
UPDATE: Final = "dynamodb:UpdateItem"


@dataclass(frozen=True, kw_only=True)
class TableAccess:
    """What a function may do to one table; rights on an index are rights on that index alone."""

    table: str
    actions: tuple[str, ...] = ()
    queried_indexes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FunctionDefinition:
    """One Lambda function: the folder `functions/<name>` with `handler.handler` in it."""

    name: str
    description: str
    timeout_seconds: int
    memory_mib: int
    tables: tuple[TableAccess, ...]
    needs_time_zone: bool = False
    """Whether it turns an instant into a business date."""
    needs_typesetting: bool = False
    """Whether it gets the layer of documents beside the others."""
    answers_requests: bool = False
    """Whether who calls it waits for its answer, so that a failure is told and needs no dead letters."""

    @property
    def construct_id(self) -> str:
        """The name in CloudFormation's spelling: `bill_accounts` is `BillAccounts`."""
        return self.name.title().replace("_", "")


# Lambda gives CPU in proportion to memory. 512 MiB holds every handler with room to spare; file work and typesetting
# get one whole core, which 1769 MiB is by Lambda's documentation, because they are bound by it; so does planning a run,
# which reads the heads of a day's accounts one after the other.
_MEMORY_MIB: Final = 512
_MEMORY_OF_ONE_CORE_MIB: Final = 1769

RECORD_POLICY_EVENT: Final = FunctionDefinition(
    name="record_policy_event",
    description="Records policy events as entries, policies and agenda days.",
    timeout_seconds=60,
    memory_mib=_MEMORY_MIB,
    needs_time_zone=True,
    tables=(
        TableAccess(table="accounts", actions=(GET, PUT)),
        TableAccess(table="entries", actions=(GET, QUERY, PUT)),
        TableAccess(table="policies", actions=(QUERY, PUT)),
        TableAccess(table="discrepancies", actions=(GET, PUT, UPDATE)),
        TableAccess(table="references", actions=(GET, PUT)),
    ),
)

START_BILLING_DAY: Final = FunctionDefinition(
    name="start_billing_day",
    description="Plans a day's bill run, holds it where it deviates, sends it to the billing queue.",
    timeout_seconds=900,
    memory_mib=_MEMORY_OF_ONE_CORE_MIB,
    needs_time_zone=True,
    tables=(
        TableAccess(table="accounts", actions=(BATCH_GET,), queried_indexes=("agenda",)),
        TableAccess(table="runs", actions=(GET, QUERY, PUT)),
        TableAccess(table="discrepancies", actions=(GET, PUT, UPDATE)),
    ),
)

BILL_ACCOUNTS: Final = FunctionDefinition(
    name="bill_accounts",
    description="Issues the invoices that are due.",
    timeout_seconds=300,
    memory_mib=_MEMORY_MIB,
    tables=(
        TableAccess(table="accounts", actions=(GET, PUT)),
        TableAccess(table="entries", actions=(GET, QUERY, PUT)),
        TableAccess(table="policies", actions=(QUERY,)),
        TableAccess(table="discrepancies", actions=(PUT,)),
        TableAccess(table="runs", actions=(GET, UPDATE)),
    ),
)

RECEIVE_BANK_FILE: Final = FunctionDefinition(
    name="receive_bank_file",
    description="Proves a bank file and cuts it into chunks of payments.",
    timeout_seconds=600,
    memory_mib=_MEMORY_OF_ONE_CORE_MIB,
    needs_time_zone=True,
    tables=(
        TableAccess(table="bank_files", actions=(GET, QUERY, PUT)),
        TableAccess(table="references", actions=(GET, PUT)),
        TableAccess(table="discrepancies", actions=(GET, PUT, UPDATE), queried_indexes=("worklist",)),
    ),
)

POST_PAYMENTS: Final = FunctionDefinition(
    name="post_payments",
    description="Identifies, allocates and posts the payments of a chunk.",
    timeout_seconds=300,
    memory_mib=_MEMORY_MIB,
    tables=(
        TableAccess(table="accounts", actions=(GET, PUT)),
        TableAccess(table="entries", actions=(GET, QUERY, PUT)),
        TableAccess(table="references", actions=(GET, PUT)),
        TableAccess(table="bank_files", actions=(GET, PUT)),
        TableAccess(table="discrepancies", actions=(GET, PUT, UPDATE)),
    ),
)

CLOSE_DAY: Final = FunctionDefinition(
    name="close_day",
    description="Proves the day: files, statements, ledgers, agenda, months of cover.",
    timeout_seconds=900,
    memory_mib=_MEMORY_OF_ONE_CORE_MIB,
    needs_time_zone=True,
    tables=(
        TableAccess(table="accounts", actions=(SCAN, BATCH_GET)),
        TableAccess(table="entries", actions=(QUERY,)),
        TableAccess(table="policies", actions=(SCAN, QUERY)),
        TableAccess(table="bank_files", actions=(GET, QUERY, PUT), queried_indexes=("received",)),
        TableAccess(table="discrepancies", actions=(GET, PUT, UPDATE), queried_indexes=("worklist",)),
        TableAccess(table="references", actions=(GET, PUT)),
    ),
)

PUSH_ALERTS: Final = FunctionDefinition(
    name="push_alerts",
    description="Pushes each discrepancy to the alert topic once.",
    timeout_seconds=60,
    memory_mib=_MEMORY_MIB,
    tables=(
        TableAccess(table="discrepancies", actions=(GET, UPDATE)),
        TableAccess(table="references", actions=(GET, PUT)),
    ),
)

WRITE_DOCUMENTS: Final = FunctionDefinition(
    name="write_documents",
    description="Writes each invoice and its statement as PDF and JSON once.",
    timeout_seconds=300,
    memory_mib=_MEMORY_OF_ONE_CORE_MIB,
    needs_typesetting=True,
    tables=(TableAccess(table="entries", actions=(QUERY,)),),
)

LEARN_PAYERS: Final = FunctionDefinition(
    name="learn_payers",
    description="Learns who pays for which account from payments whose account was certain.",
    timeout_seconds=120,
    memory_mib=_MEMORY_MIB,
    tables=(
        TableAccess(table="entries", actions=(GET,)),
        TableAccess(table="references", actions=(GET, PUT)),
    ),
)

RECEIVE_WEBHOOK: Final = FunctionDefinition(
    name="receive_webhook",
    description="Stores webhooks that their provider signed as files.",
    # A provider waits ten seconds or so; what took longer is stored all the same, and found when it is sent again.
    timeout_seconds=30,
    memory_mib=_MEMORY_MIB,
    answers_requests=True,
    tables=(),
)

FUNCTIONS: Final = (
    RECORD_POLICY_EVENT,
    START_BILLING_DAY,
    BILL_ACCOUNTS,
    RECEIVE_BANK_FILE,
    POST_PAYMENTS,
    CLOSE_DAY,
    PUSH_ALERTS,
    WRITE_DOCUMENTS,
    LEARN_PAYERS,
    RECEIVE_WEBHOOK,
)
