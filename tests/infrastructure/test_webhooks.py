"""The one function that strangers can reach: only where it is wanted, bounded, and with next to no rights."""

import dataclasses
from typing import Any

import pytest
from aws_cdk.assertions import Template

from infra.environments import PRODUCTION
from tests.builders.templates import find_resources, synthesize
from tests.infrastructure.test_rule_packs import OPEN
from tests.infrastructure.test_service_stack import as_list, functions_by_name, rights, statements_of

NAME = "receive_webhook"


@pytest.fixture(scope="module")
def opened() -> Template:
    return synthesize(OPEN)["service"]


def test_nothing_can_be_reached_from_outside_unless_an_environment_says_so(service: Template) -> None:
    assert find_resources(service, "AWS::Lambda::Url") == {}
    assert not [each for each in find_resources(service, "AWS::Lambda::Permission").values() if is_public(each)]
    assert "WebhookUrl" not in service.to_json()["Outputs"]


def test_only_the_function_for_webhooks_gets_an_address_and_no_one_else_may_be_called_by_it(opened: Template) -> None:
    (url,) = find_resources(opened, "AWS::Lambda::Url").values()
    assert url["Properties"]["AuthType"] == "NONE"
    assert url["Properties"]["TargetFunctionArn"]["Fn::GetAtt"][0].startswith("ReceiveWebhookFunction")
    public = [each for each in find_resources(opened, "AWS::Lambda::Permission").values() if is_public(each)]
    assert len(public) == 2
    for each in public:
        assert each["Properties"]["FunctionName"]["Fn::GetAtt"][0].startswith("ReceiveWebhookFunction")
        # By the address alone: nobody may invoke it otherwise.
        assert each["Properties"].get("FunctionUrlAuthType") == "NONE" or each["Properties"]["InvokedViaFunctionUrl"]
    assert "WebhookUrl" in opened.to_json()["Outputs"]


def test_its_concurrency_is_reserved_so_that_a_flood_takes_nothing_from_the_others(opened: Template) -> None:
    reserved = {
        name: each["ReservedConcurrentExecutions"]
        for name, each in functions_by_name(opened).items()
        if "ReservedConcurrentExecutions" in each
    }
    assert reserved == {NAME: 10}


def test_it_can_put_objects_into_the_folders_of_its_providers_and_do_nothing_else_to_the_bucket() -> None:
    environment = dataclasses.replace(PRODUCTION, webhook_providers=("stripe-eu",))
    service = synthesize(environment)["service"]
    assert rights(service, NAME, "s3", "BankFilesBucketName") == {"/incoming/stripe-eu/*": {"PutObject"}}
    assert functions_by_name(service)[NAME]["Environment"]["Variables"]["WEBHOOK_PROVIDERS"] == "stripe-eu"


def test_all_it_may_do_is_store_read_its_secret_log_and_trace(service: Template) -> None:
    statements = statements_of(service, functions_by_name(service)[NAME]["Role"])
    assert {action for each in statements for action in as_list(each["Action"])} == {
        "s3:PutObject",
        "secretsmanager:GetSecretValue",
        "kms:GenerateDataKey",
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
    }
    uses = {
        action: str(each["Condition"]["StringEquals"]["kms:ViaService"])
        for each in statements
        for action in as_list(each["Action"])
        if action.startswith("kms:")
    }
    assert "'s3.'" in uses["kms:GenerateDataKey"]
    assert "'secretsmanager.'" in uses["kms:Decrypt"]
    assert not [each for each in uses.values() if "dynamodb" in each]


def is_public(permission: dict[str, Any]) -> bool:
    return bool(permission["Properties"]["Principal"] == "*")
