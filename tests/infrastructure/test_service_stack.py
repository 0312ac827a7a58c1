"""What runs has its own narrow role, loses no message, and is fired when it should be."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Template

from pawledger.runtime import settings
from tests.builders.templates import find_resources

FUNCTION = "AWS::Lambda::Function"
QUEUE = "AWS::SQS::Queue"
MAPPING = "AWS::Lambda::EventSourceMapping"
SCHEDULE = "AWS::Scheduler::Schedule"

SETTINGS = {
    settings.function_of(each): each
    for each in (
        settings.RecordPolicyEventSettings,
        settings.StartBillingDaySettings,
        settings.BillAccountsSettings,
        settings.ReceiveBankFileSettings,
        settings.PostPaymentsSettings,
        settings.CloseDaySettings,
        settings.PushAlertsSettings,
        settings.WriteDocumentsSettings,
        settings.LearnPayersSettings,
        settings.ReceiveWebhookSettings,
    )
}
POWERTOOLS_VARIABLES = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
OUTPUTS = {
    "PolicyEventsQueueUrl",
    "BillingQueueUrl",
    "BankFilesQueueUrl",
    "PaymentsQueueUrl",
    "AlertTopicArn",
    "RecordPolicyEventFunctionName",
    "StartBillingDayFunctionName",
    "BillAccountsFunctionName",
    "ReceiveBankFileFunctionName",
    "PostPaymentsFunctionName",
    "CloseDayFunctionName",
    "PushAlertsFunctionName",
    "WriteDocumentsFunctionName",
}

# What each function may do to which table, by hand from the two tables of docs/architecture.md.
TABLE_RIGHTS = {
    "record_policy_event": {
        "AccountsTableName": {"GetItem", "PutItem"},
        "EntriesTableName": {"GetItem", "Query", "PutItem"},
        "PoliciesTableName": {"Query", "PutItem"},
        "DiscrepanciesTableName": {"GetItem", "PutItem", "UpdateItem"},
        "ReferencesTableName": {"GetItem", "PutItem"},
    },
    "start_billing_day": {
        "AccountsTableName": {"BatchGetItem"},
        "AccountsTableName/index/agenda": {"Query"},
        "RunsTableName": {"GetItem", "Query", "PutItem"},
        "DiscrepanciesTableName": {"GetItem", "PutItem", "UpdateItem"},
    },
    "bill_accounts": {
        "AccountsTableName": {"GetItem", "PutItem"},
        "EntriesTableName": {"GetItem", "Query", "PutItem"},
        "PoliciesTableName": {"Query"},
        "DiscrepanciesTableName": {"PutItem"},
        "RunsTableName": {"GetItem", "UpdateItem"},
    },
    "receive_bank_file": {
        "BankFilesTableName": {"GetItem", "PutItem", "Query"},
        "ReferencesTableName": {"GetItem", "PutItem"},
        "DiscrepanciesTableName": {"GetItem", "PutItem", "UpdateItem"},
        "DiscrepanciesTableName/index/worklist": {"Query"},
    },
    "post_payments": {
        "AccountsTableName": {"GetItem", "PutItem"},
        "EntriesTableName": {"GetItem", "Query", "PutItem"},
        "ReferencesTableName": {"GetItem", "PutItem"},
        "BankFilesTableName": {"GetItem", "PutItem"},
        "DiscrepanciesTableName": {"GetItem", "PutItem", "UpdateItem"},
    },
    "close_day": {
        "AccountsTableName": {"Scan", "BatchGetItem"},
        "EntriesTableName": {"Query"},
        "PoliciesTableName": {"Scan", "Query"},
        "BankFilesTableName": {"GetItem", "PutItem", "Query"},
        "BankFilesTableName/index/received": {"Query"},
        "DiscrepanciesTableName": {"GetItem", "PutItem", "UpdateItem"},
        "DiscrepanciesTableName/index/worklist": {"Query"},
        "ReferencesTableName": {"GetItem", "PutItem"},
    },
    "push_alerts": {
        "DiscrepanciesTableName": {"GetItem", "UpdateItem"},
        "ReferencesTableName": {"GetItem", "PutItem"},
        "DiscrepanciesTableName/stream/*": {"ListStreams"},
        "DiscrepanciesStreamArn": {"DescribeStream", "GetRecords", "GetShardIterator"},
    },
    "write_documents": {
        "EntriesTableName": {"Query"},
        "EntriesTableName/stream/*": {"ListStreams"},
        "EntriesStreamArn": {"DescribeStream", "GetRecords", "GetShardIterator"},
    },
    "learn_payers": {
        "EntriesTableName": {"GetItem"},
        "ReferencesTableName": {"GetItem", "PutItem"},
        "EntriesTableName/stream/*": {"ListStreams"},
        "EntriesStreamArn": {"DescribeStream", "GetRecords", "GetShardIterator"},
    },
    "receive_webhook": {},
}
BUCKET_RIGHTS = {
    "receive_bank_file": {
        "": {"ListBucket"},
        "/incoming/*": {"GetObject", "GetObjectVersion", "DeleteObject", "DeleteObjectVersion"},
        "/archive/*": {"GetObject", "PutObject"},
        "/quarantine/*": {"GetObject", "PutObject"},
    },
    "post_payments": {"/archive/*": {"GetObject"}},
    "receive_webhook": {
        "/incoming/adyen/*": {"PutObject"},
        "/incoming/gocardless/*": {"PutObject"},
        "/incoming/stripe/*": {"PutObject"},
    },
    "write_documents": {
        "DocumentsBucketName/invoices/*": {"GetObject", "PutObject"},
        "DocumentsBucketName/statements/*": {"GetObject", "PutObject"},
    },
}


def functions_by_name(service: Template) -> dict[str, dict[str, Any]]:
    """The properties of each function by the name it has in its own settings."""
    found = [each["Properties"] for each in find_resources(service, FUNCTION).values()]
    return {each["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]: each for each in found}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements_of(service: Template, role: dict[str, Any]) -> list[dict[str, Any]]:
    """All statements of a role, given as `{"Fn::GetAtt": [logical id, "Arn"]}`."""
    logical_id = role["Fn::GetAtt"][0]
    assert "ManagedPolicyArns" not in find_resources(service, "AWS::IAM::Role")[logical_id]["Properties"]
    return [
        statement
        for policy in find_resources(service, "AWS::IAM::Policy").values()
        if {"Ref": logical_id} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def rights(service: Template, name: str, aws_service: str, output_prefix: str = "") -> dict[str, set[str]]:
    """What a function may do with one AWS service, by resource: the output that names it and what follows."""
    found: dict[str, set[str]] = {}
    for statement in statements_of(service, functions_by_name(service)[name]["Role"]):
        actions = {each.split(":")[1] for each in as_list(statement["Action"]) if each.startswith(f"{aws_service}:")}
        for resource in as_list(statement["Resource"]) if actions else []:
            found.setdefault(spell_resource(resource).removeprefix(output_prefix), set()).update(actions)
    return found


def spell_resource(resource: Any) -> str:
    if "Fn::GetStackOutput" in resource:
        return str(resource["Fn::GetStackOutput"]["OutputName"])
    parts = resource["Fn::Join"][1]
    first = next(index for index, part in enumerate(parts) if "Fn::GetStackOutput" in part)
    return "".join([parts[first]["Fn::GetStackOutput"]["OutputName"], *parts[first + 1 :]])


def test_there_are_ten_functions_each_with_a_role_of_its_own(service: Template) -> None:
    functions = functions_by_name(service)
    assert set(functions) == set(SETTINGS)
    assert len({json.dumps(each["Role"]) for each in functions.values()}) == 10


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_is_given_exactly_the_settings_it_reads(service: Template, name: str) -> None:
    variables = functions_by_name(service)[name]["Environment"]["Variables"]
    assert set(variables) - POWERTOOLS_VARIABLES == {field.upper() for field in SETTINGS[name]._fields}
    assert set(variables) >= POWERTOOLS_VARIABLES
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Pawledger"


def test_table_names_in_settings_lead_to_the_tables_they_name(service: Template) -> None:
    for properties in functions_by_name(service).values():
        for variable, value in properties["Environment"]["Variables"].items():
            if variable.endswith("_TABLE"):
                expected = variable.removesuffix("_TABLE").title().replace("_", "") + "TableName"
                assert value["Fn::GetStackOutput"]["OutputName"] == expected


def test_only_alerting_and_closing_may_tell_people(service: Template) -> None:
    may_publish = {
        name
        for name, properties in functions_by_name(service).items()
        for statement in statements_of(service, properties["Role"])
        if "sns:Publish" in as_list(statement["Action"])
    }
    assert may_publish == {"close_day", "push_alerts"}


@pytest.mark.parametrize("name", TABLE_RIGHTS)
def test_a_function_may_do_to_tables_what_the_architecture_says_and_no_more(service: Template, name: str) -> None:
    assert rights(service, name, "dynamodb") == TABLE_RIGHTS[name]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_reaches_only_its_own_prefixes_of_the_bucket(service: Template, name: str) -> None:
    assert rights(service, name, "s3", "BankFilesBucketName") == BUCKET_RIGHTS.get(name, {})


@pytest.mark.parametrize("name", SETTINGS)
def test_each_secret_is_read_by_the_one_function_that_needs_it(service: Template, name: str) -> None:
    secret_of = {"receive_bank_file": "PayerSecretArn", "receive_webhook": "WebhookSecretsArn"}
    allowed = {secret_of[name]: {"GetSecretValue"}} if name in secret_of else {}
    assert rights(service, name, "secretsmanager") == allowed


def test_no_role_has_a_wildcard_but_tracing_which_knows_no_resources(service: Template) -> None:
    statements = [
        statement
        for policy in find_resources(service, "AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    assert len(statements) > 40
    assert not [each for each in statements if any("*" in action for action in as_list(each["Action"]))]
    everywhere = [each for each in statements if "*" in as_list(each["Resource"])]
    assert len(everywhere) == 10
    for statement in everywhere:
        assert set(statement["Action"]) == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def test_functions_run_on_arm_traced_and_with_their_layers(service: Template) -> None:
    for name, properties in functions_by_name(service).items():
        assert properties["Architectures"] == ["arm64"]
        assert properties["Runtime"] == "python3.14"
        assert properties["Handler"] == "handler.handler"
        assert properties["TracingConfig"] == {"Mode": "Active"}
        layers = {each["Ref"].rstrip("0123456789ABCDEF") for each in properties["Layers"]}
        of_documents = {"DocumentsLayer"} if name == "write_documents" else set()
        assert layers == {"DependenciesLayer", "PawledgerLayer"} | of_documents


def test_each_function_logs_to_a_group_of_its_own_that_forgets_after_a_year(service: Template) -> None:
    groups = find_resources(service, "AWS::Logs::LogGroup")
    used = [each["LoggingConfig"]["LogGroup"]["Ref"] for each in functions_by_name(service).values()]
    assert sorted(used) == sorted(groups)
    assert {each["Properties"]["RetentionInDays"] for each in groups.values()} == {365}


def test_each_queue_has_dead_letters_with_an_alarm_on_the_first_one(service: Template) -> None:
    queues = find_resources(service, QUEUE)
    dead_letter_queues = {
        each["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for each in queues.values()
        if "RedrivePolicy" in each["Properties"]
    }
    without_redrive = {name for name, each in queues.items() if "RedrivePolicy" not in each["Properties"]}
    assert len(dead_letter_queues) == 4
    # The others are the dead letters of two schedules and of three readers of streams.
    assert len(without_redrive) == 9
    assert dead_letter_queues < without_redrive
    watched = {
        each["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]: each["Properties"]
        for each in find_resources(service, "AWS::CloudWatch::Alarm").values()
    }
    assert set(watched) == without_redrive
    for alarm in watched.values():
        assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
        assert alarm["AlarmActions"]


def test_a_message_is_hidden_for_six_timeouts_and_tried_five_times(service: Template) -> None:
    queues, functions = find_resources(service, QUEUE), find_resources(service, FUNCTION)
    fed = [each["Properties"] for each in find_resources(service, MAPPING).values()]
    fed_by_queues = [each for each in fed if "Fn::GetAtt" in each["EventSourceArn"]]
    assert len(fed_by_queues) == 4
    for mapping in fed_by_queues:
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        timeout_seconds = functions[mapping["FunctionName"]["Ref"]]["Properties"]["Timeout"]
        assert queue["VisibilityTimeout"] >= 6 * timeout_seconds
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_every_event_source_reports_its_failures_one_by_one(service: Template) -> None:
    mappings = find_resources(service, MAPPING)
    assert len(mappings) == 7
    for mapping in mappings.values():
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize(
    ("output", "dead_letters", "batches_at_once", "wanted"),
    [
        ("DiscrepanciesStreamArn", "PushAlertsDeadLetters", 1, {"eventName": ["INSERT"]}),
        (
            "EntriesStreamArn",
            "WriteDocumentsDeadLetters",
            10,
            {
                "eventName": ["INSERT"],
                "dynamodb": {
                    "Keys": {"entry_id": {"S": [{"prefix": "invoice#"}, {"prefix": "debit#"}, {"prefix": "returned#"}]}}
                },
            },
        ),
        (
            "EntriesStreamArn",
            "LearnPayersDeadLetters",
            2,
            {
                "eventName": ["INSERT"],
                "dynamodb": {
                    "Keys": {
                        "entry_id": {
                            "S": [
                                {"prefix": "payment#"},
                                {"prefix": "part#"},
                                {"prefix": "resolution#"},
                                {"prefix": "debit#"},
                                {"prefix": "returned#"},
                            ]
                        }
                    }
                },
            },
        ),
    ],
)
def test_a_stream_is_bisected_bounded_filtered_and_has_dead_letters(
    service: Template, output: str, dead_letters: str, batches_at_once: int, wanted: dict[str, Any]
) -> None:
    (mapping,) = [
        each["Properties"]
        for each in find_resources(service, MAPPING).values()
        if each["Properties"]["EventSourceArn"].get("Fn::GetStackOutput", {}).get("OutputName") == output
        and dead_letters in str(each["Properties"]["DestinationConfig"])
    ]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == 10
    assert mapping["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["ParallelizationFactor"] == batches_at_once
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0].startswith(dead_letters)
    assert [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]] == [wanted]


@pytest.mark.parametrize("name", ["write_documents", "receive_bank_file"])
def test_what_is_announced_goes_to_the_default_bus_and_to_no_other(service: Template, name: str) -> None:
    statements = statements_of(service, functions_by_name(service)[name]["Role"])
    (allowed,) = [each for each in statements if "events:PutEvents" in as_list(each["Action"])]
    assert allowed["Action"] == "events:PutEvents"
    assert "".join(map(str, allowed["Resource"]["Fn::Join"][1])).endswith(":event-bus/default")


def test_queues_and_topics_refuse_what_does_not_come_by_tls(service: Template) -> None:
    for resource_type, policy_type, field in (
        (QUEUE, "AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics"),
    ):
        closed = [
            target["Ref"]
            for policy in find_resources(service, policy_type).values()
            for target in policy["Properties"][field]
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny"
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            and statement["Principal"] in ("*", {"AWS": "*"})
        ]
        assert sorted(closed) == sorted(find_resources(service, resource_type))


def test_queues_and_topics_are_encrypted(service: Template) -> None:
    for queue in find_resources(service, QUEUE).values():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True
    topics = find_resources(service, "AWS::SNS::Topic")
    assert len(topics) == 2
    for topic in topics.values():
        assert topic["Properties"]["KmsMasterKeyId"]["Fn::GetAtt"][0].startswith("TopicsKey")


@pytest.mark.parametrize(
    ("function", "schema", "expression"),
    [
        ("StartBillingDay", "billing_day.v1", "cron(0/15 4-23 * * ? *)"),
        ("CloseDay", "closing_day.v1", "cron(0 7 * * ? *)"),
    ],
)
def test_a_schedule_fires_by_the_clocks_of_its_zone_with_dead_letters(
    service: Template, function: str, schema: str, expression: str
) -> None:
    (schedule,) = [
        each["Properties"]
        for each in find_resources(service, SCHEDULE).values()
        if each["Properties"]["Target"]["Arn"]["Fn::GetAtt"][0].startswith(f"{function}Function")
    ]
    assert schedule["ScheduleExpression"] == expression
    assert schedule["ScheduleExpressionTimezone"] == "America/New_York"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = schedule["Target"]
    assert json.loads(target["Input"]) == {"schema": schema, "scheduled_at": "<aws.scheduler.scheduled-time>"}
    dead_letters = target["DeadLetterConfig"]["Arn"]
    assert dead_letters["Fn::GetAtt"][0].startswith(f"{function}DeadLetters")
    fired = find_resources(service, FUNCTION)[target["Arn"]["Fn::GetAtt"][0]]["Properties"]
    assert fired["DeadLetterConfig"] == {"TargetArn": dead_letters}
    allowed = [(each["Action"], each["Resource"]) for each in statements_of(service, target["RoleArn"])]
    assert sorted(allowed, key=str) == [
        ("lambda:InvokeFunction", target["Arn"]),
        ("sqs:SendMessage", dead_letters),
    ]


def test_schedules_are_made_after_their_group_which_they_only_name(service: Template) -> None:
    (group,) = find_resources(service, "AWS::Scheduler::ScheduleGroup")
    schedules = find_resources(service, SCHEDULE)
    assert len(schedules) == 2
    for schedule in schedules.values():
        assert group in schedule["DependsOn"]


def test_only_objects_under_incoming_reach_the_queue_of_bank_files(service: Template) -> None:
    (rule,) = (each["Properties"] for each in find_resources(service, "AWS::Events::Rule").values())
    bucket = rule["EventPattern"]["detail"].pop("bucket")
    assert bucket["name"][0]["Fn::GetStackOutput"]["OutputName"] == "BankFilesBucketName"
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"object": {"key": [{"prefix": "incoming/"}]}},
    }
    (target,) = rule["Targets"]
    assert target["Arn"]["Fn::GetAtt"][0].startswith("BankFilesQueue")
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith("BankFilesDeadLetters")


def test_outputs_have_the_names_that_the_command_line_looks_for(service: Template) -> None:
    outputs = service.to_json()["Outputs"]
    assert set(outputs) >= OUTPUTS
    assert not [name for name, each in outputs.items() if "Export" in each]


def test_queues_and_topics_have_the_logical_ids_they_were_born_with(service: Template) -> None:
    stateful = {*find_resources(service, QUEUE), *find_resources(service, "AWS::SNS::Topic")}
    assert stateful == STATEFUL_LOGICAL_IDS


# Messages on their way and subscriptions are lost with a queue or a topic that gets another logical id.
STATEFUL_LOGICAL_IDS = {
    "PolicyEventsQueueC5FBF091",
    "PolicyEventsDeadLettersQueueFE625731",
    "BillingQueue8B703BAB",
    "BillingDeadLettersQueue60465343",
    "BankFilesQueue17C3D3CD",
    "BankFilesDeadLettersQueueB83272D7",
    "PaymentsQueueC485226B",
    "PaymentsDeadLettersQueue6427E096",
    "StartBillingDayDeadLettersQueue960C7D6B",
    "CloseDayDeadLettersQueue9AC7D0D8",
    "PushAlertsDeadLettersQueue1AAEA25A",
    "WriteDocumentsDeadLettersQueue3D5D132B",
    "LearnPayersDeadLettersQueue26729C75",
    "OperationsTopicC9C1CC12",
    "AlertsTopic3414BE91",
}
