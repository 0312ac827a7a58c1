"""The local cloud against a small stack of its own: deployment, and the answers that ministack alone gives wrongly."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_cloud import deploy, errors
from tests.end_to_end.deployed_cloud import DeployedCloud

PATIENCE_SECONDS = 30  # the slowest wait below takes 4 s on two idle cores

# Records and messages named "poison" fail, each source in its own way; what the function saw goes to a table.
HANDLER = """
import os, boto3
table = boto3.resource("dynamodb").Table(os.environ["SEEN"])
def see(kind, name):
    table.update_item(
        Key={"id": kind + name}, UpdateExpression="ADD seen :one", ExpressionAttributeValues={":one": 1})
def read_stream(event, context):
    for record in event["Records"]:
        name = record["dynamodb"]["Keys"]["id"]["S"]
        see("stream:", name)
        if name == "poison":
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
def read_queue(event, context):
    for record in event["Records"]:
        see("queue:", record["body"])
    return {"batchItemFailures": [{"itemIdentifier": "unknown"}]}
"""


def function(entry: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": {"Fn::Sub": "assets-${AWS::AccountId}"}, "S3Key": "code.zip"},
            "Environment": {"Variables": {"SEEN": {"Ref": "Seen"}}},
            "Handler": f"handler.{entry}",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Runtime": "python3.11",
            "Timeout": 20,
        },
    }


def table(**properties: Any) -> dict[str, Any]:
    key = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    schema = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    return {"Type": "AWS::DynamoDB::Table", "Properties": {**key, **schema, **properties}}


def mapping(function_name: str, **properties: Any) -> dict[str, Any]:
    common = {"FunctionName": {"Ref": function_name}, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {**common, **properties}}


def resources() -> dict[str, Any]:
    actions = ["dynamodb:*", "sqs:*"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [
            {"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}},
        ],
    }
    return {
        "Seen": table(),
        "Source": table(StreamSpecification={"StreamViewType": "NEW_IMAGE"}),
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "GivenUp": {"Type": "AWS::SQS::Queue"},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 120}},
        "StreamFunction": function("read_stream"),
        "QueueFunction": function("read_queue"),
        "StreamMapping": mapping(
            "StreamFunction",
            EventSourceArn={"Fn::GetAtt": ["Source", "StreamArn"]},
            StartingPosition="TRIM_HORIZON",
            BatchSize=10,
            BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": {"Fn::GetAtt": ["GivenUp", "Arn"]}}},
        ),
        "QueueMapping": mapping("QueueFunction", EventSourceArn={"Fn::GetAtt": ["Queue", "Arn"]}, BatchSize=1),
    }


def write_assembly(folder: Path, name: str, template_resources: dict[str, Any], **outputs: Any) -> Path:
    """An assembly of one stack as the CDK writes it, with one asset: the code above."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "handler.py").write_text(HANDLER, encoding="utf-8")
    template = {"Resources": template_resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
    (folder / "template.json").write_text(json.dumps(template), encoding="utf-8")
    bucket = "assets-${AWS::AccountId}"
    key = f"{folder.name}.json"
    files = {
        "code": {
            "source": {"path": "code", "packaging": "zip"},
            "destinations": {"here": {"bucketName": bucket, "objectKey": "code.zip"}},
        },
        "template": {
            "source": {"path": "template.json", "packaging": "file"},
            "destinations": {"here": {"bucketName": bucket, "objectKey": key}},
        },
    }
    (folder / f"{name}.assets.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    properties = {"stackTemplateAssetObjectUrl": f"s3://{bucket}/{key}"}
    artifacts = {name: {"type": "aws:cloudformation:stack", "properties": properties}}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    return folder


def wait_for(condition: Callable[[], Any]) -> Any:
    """What the condition answers, once that is true; fails with its last answer when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"still {answer!r} after {PATIENCE_SECONDS} seconds"
        time.sleep(0.1)
    return answer


def test_deploying_creates_then_leaves_then_updates_a_stack(empty_cloud: DeployedCloud, tmp_path: Path) -> None:
    said = list[str]()
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}}
    first = write_assembly(tmp_path / "first", "Changing", {"Queue": queue}, Address={"Ref": "Queue"})
    outputs = deploy(empty_cloud.cloud.endpoint_url, first, report=said.append)
    deploy(empty_cloud.cloud.endpoint_url, first, report=said.append)
    queue["Properties"] = {"DelaySeconds": 7}
    second = write_assembly(tmp_path / "second", "Changing", {"Queue": queue}, Address={"Ref": "Queue"})
    assert deploy(empty_cloud.cloud.endpoint_url, second, report=said.append) == outputs
    assert [line.split(" in ")[0] for line in said] == [
        "Changing: CREATE_COMPLETE",
        "Changing: unchanged",
        "Changing: UPDATE_COMPLETE",
    ]
    described = empty_cloud.client("sqs").get_queue_attributes(
        QueueUrl=outputs["Address"], AttributeNames=["DelaySeconds"]
    )
    assert described["Attributes"] == {"DelaySeconds": "7"}


def test_a_stack_that_fails_names_the_resource_and_its_reason(empty_cloud: DeployedCloud, tmp_path: Path) -> None:
    metric_math = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Metrics": [{"Id": "sum"}]}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": metric_math}
    assembly = write_assembly(tmp_path / "failing", "Failing", {"Impossible": alarm})
    with pytest.raises(errors.StackFailedError, match="Failing ended as ROLLBACK_COMPLETE") as raised:
        deploy(empty_cloud.cloud.endpoint_url, assembly, report=lambda _: None)
    [reason] = raised.value.reasons
    assert reason.startswith("Impossible (AWS::CloudWatch::Alarm): ")
    assert "metric math" in reason


def test_a_template_that_is_refused_is_reported_in_the_emulators_words(
    empty_cloud: DeployedCloud, tmp_path: Path
) -> None:
    assembly = write_assembly(tmp_path / "refused", "Refused", {"Unknown": {"Type": "AWS::CloudWatch::CompositeAlarm"}})
    with pytest.raises(errors.TemplateRefusedError, match=r"stack Refused was refused: .*CompositeAlarm"):
        deploy(empty_cloud.cloud.endpoint_url, assembly, report=lambda _: None)


def test_failures_of_streams_and_queues_are_answered_as_aws_does(empty_cloud: DeployedCloud, tmp_path: Path) -> None:
    names = {"Source": {"Ref": "Source"}, "Seen": {"Ref": "Seen"}}
    queue_arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    addresses = {"Queue": {"Ref": "Queue"}, "QueueArn": queue_arn, "GivenUp": {"Ref": "GivenUp"}}
    assembly = write_assembly(tmp_path / "flows", "Flows", resources(), **names, **addresses)
    outputs = deploy(empty_cloud.cloud.endpoint_url, assembly, report=lambda _: None)
    tables, queues = empty_cloud.client("dynamodb"), empty_cloud.client("sqs")

    def seen(name: str) -> int:
        item = tables.get_item(TableName=outputs["Seen"], Key={"id": {"S": name}}).get("Item")
        return int(item["seen"]["N"]) if item else 0

    for name in ("before", "poison", "after"):
        tables.put_item(TableName=outputs["Source"], Item={"id": {"S": name}})

    # A stream: the poison record is tried again as often as its limit says, given up alone, and its neighbour follows.
    wait_for(lambda: seen("stream:after"))
    [given_up] = wait_for(lambda: queues.receive_message(QueueUrl=outputs["GivenUp"]).get("Messages"))
    batch = json.loads(given_up["Body"])["DDBStreamBatchInfo"]
    assert batch["batchSize"] == 1
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]
    assert seen("stream:poison") >= 2

    # A queue: an answer that names an unknown message deletes nothing; the message waits out its visibility timeout.
    functions = empty_cloud.client("lambda")
    [source] = functions.list_event_source_mappings(EventSourceArn=outputs["QueueArn"])["EventSourceMappings"]

    def processed() -> bool:
        state = functions.get_event_source_mapping(UUID=source["UUID"])
        return bool(state["LastProcessingResult"] != source["LastProcessingResult"])

    queues.send_message(QueueUrl=outputs["Queue"], MessageBody="message")
    wait_for(processed)
    assert seen("queue:message") == 1
    attributes = queues.get_queue_attributes(QueueUrl=outputs["Queue"], AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
