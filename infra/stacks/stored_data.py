"""What the data stack is to other stacks: names that it puts out, never its constructs.

An export that another stack imports can be neither changed nor removed, and a construct passed across becomes one. The
outputs here are read at deployment by `Fn::GetStackOutput`, which holds nothing fast; they are the same that the
command line reads.
"""

import json

from aws_cdk import Aws, Fn, Stack
from constructs import Construct


def table_output(table: str) -> str:
    """The data stack's output with a table's name: `bank_files` is in `BankFilesTableName`."""
    return f"{table.title().replace('_', '')}TableName"


def stream_output(table: str) -> str:
    """The data stack's output with the ARN of a table's change stream."""
    return f"{table.title().replace('_', '')}StreamArn"


STREAMED_TABLES = ("discrepancies", "entries")
BUCKET_OUTPUT = "BankFilesBucketName"
DOCUMENTS_BUCKET_OUTPUT = "DocumentsBucketName"
KEY_OUTPUT = "DataKeyArn"
PAYER_KEYS_OUTPUT = "PayerSecretArn"
WEBHOOK_SECRETS_OUTPUT = "WebhookSecretsArn"


class StoredData:
    """Names and ARNs of what the data stack keeps, for use in another stack of the same account and region."""

    def __init__(self, data_stack: Stack) -> None:
        self._stack_name = data_stack.stack_name
        self.bucket_name = self._read(BUCKET_OUTPUT)
        self.bucket_arn = f"arn:{Aws.PARTITION}:s3:::{self.bucket_name}"
        self.documents_bucket_name = self._read(DOCUMENTS_BUCKET_OUTPUT)
        self.documents_bucket_arn = f"arn:{Aws.PARTITION}:s3:::{self.documents_bucket_name}"
        self.key_arn = self._read(KEY_OUTPUT)
        self.payer_secret_arn = self._read(PAYER_KEYS_OUTPUT)
        self.webhook_secrets_arn = self._read(WEBHOOK_SECRETS_OUTPUT)

    def table_name(self, table: str) -> str:
        """The name of a table, by its name in `infra.functions.TABLES`."""
        return self._read(table_output(table))

    def table_arn(self, table: str) -> str:
        """The ARN of a table."""
        return f"arn:{Aws.PARTITION}:dynamodb:{Aws.REGION}:{Aws.ACCOUNT_ID}:table/{self.table_name(table)}"

    def stream_arn(self, table: str) -> str:
        """The ARN of the change stream of one of `STREAMED_TABLES`."""
        return self._read(stream_output(table))

    def _read(self, output: str) -> str:
        return Fn.get_stack_output(self._stack_name, output)


def spell_in_finding(scope: Construct, text: str) -> str:
    """A text with references as the rule packs spell it in the id of a finding: `<AWS::Region>` for a pseudo
    parameter, and the function's own JSON for an output of another stack.
    """
    resolved = Stack.of(scope).resolve(text)
    parts = resolved["Fn::Join"][1] if isinstance(resolved, dict) else [resolved]
    return "".join(_spell_part(part) for part in parts)


def _spell_part(part: str | dict[str, object]) -> str:
    if isinstance(part, str):
        return part
    if "Ref" in part:
        return f"<{part['Ref']}>"
    return json.dumps(part, separators=(",", ":"))
