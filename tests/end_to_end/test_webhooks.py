"""What needs a secret, in the local cloud with the functions' own roles: webhooks, and statements that name payers."""

import json
import time
from pathlib import Path
from typing import Any, Final

from tests.end_to_end.deployed_cloud import DeployedCloud

SAMPLES: Final = Path(__file__).resolve().parents[2] / "events" / "samples"
TIMEOUT_SECONDS: Final = 60.0
"""The file passes two queues and two functions that start, in a second or two on a machine that does nothing else."""


def invoke(cloud: DeployedCloud, event: dict[str, Any]) -> dict[str, Any]:
    answer = cloud.client("lambda").invoke(
        FunctionName=cloud.outputs["ReceiveWebhookFunctionName"], Payload=json.dumps(event).encode()
    )
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def keys(cloud: DeployedCloud, prefix: str) -> list[str]:
    listed = cloud.client("s3").list_objects_v2(Bucket=cloud.outputs["BankFilesBucketName"], Prefix=prefix)
    return [each["Key"] for each in listed.get("Contents", [])]


def wait_for_archive(cloud: DeployedCloud, provider: str) -> None:
    until = time.monotonic() + TIMEOUT_SECONDS
    while not keys(cloud, f"archive/{provider}/") or keys(cloud, f"incoming/{provider}/"):
        assert time.monotonic() < until, f"the file of {provider} was not taken in"
        time.sleep(0.2)


def test_a_statement_that_names_payers_is_taken_in(deployed_cloud: DeployedCloud) -> None:
    data = (SAMPLES / "bank_files" / "camt053" / "good.xml").read_bytes()
    bucket = deployed_cloud.outputs["BankFilesBucketName"]
    deployed_cloud.client("s3").put_object(Bucket=bucket, Key="incoming/bank-of-secrets/good.xml", Body=data)
    wait_for_archive(deployed_cloud, "bank-of-secrets")


def test_a_signed_webhook_is_archived_and_a_forged_one_is_not_stored(deployed_cloud: DeployedCloud) -> None:
    event = json.loads((SAMPLES / "aws_events" / "function_url_webhook.json").read_text())
    deployed_cloud.client("secretsmanager").put_secret_value(
        SecretId=deployed_cloud.outputs["WebhookSecretsArn"],
        SecretString='{"stripe": {"secrets": ["whsec_of_the_sample"]}}',
    )

    forged_body = event["body"].replace("1250", "9250")
    assert forged_body != event["body"]
    forged = invoke(deployed_cloud, event | {"body": forged_body})
    assert (forged["statusCode"], forged["body"]) == (401, "signature_wrong")
    assert [invoke(deployed_cloud, event)["statusCode"] for _ in range(2)] == [200, 200]

    wait_for_archive(deployed_cloud, "stripe")
    # Other tests of this cloud drop reports of the same provider.
    bucket, client = deployed_cloud.outputs["BankFilesBucketName"], deployed_cloud.client("s3")
    archived = [
        client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys(deployed_cloud, "archive/stripe/")
    ]
    assert event["body"].encode() in archived
    assert forged_body.encode() not in archived
