"""What is kept stays, encrypted and recoverable, and looks as `docs/architecture.md` says."""

from typing import Any

import pytest
from aws_cdk.assertions import Template

from infra.environments import PRODUCTION
from tests.builders.templates import find_resources, synthesize_assembly

TABLE = "AWS::DynamoDB::Table"
BUCKET = "AWS::S3::Bucket"

# By the output that names the table: keys, then index name to its keys. The table of docs/architecture.md.
KEYS = {
    "AccountsTableName": (["account_id"], {"agenda": ["agenda_key", "account_id"]}),
    "EntriesTableName": (["account_id", "entry_id"], {}),
    "PoliciesTableName": (["account_id", "term_id"], {}),
    "DiscrepanciesTableName": (["discrepancy_id"], {"worklist": ["worklist_key", "born_on"]}),
    "BankFilesTableName": (["file_id", "part"], {"received": ["received_on", "file_id"]}),
    "ReferencesTableName": (["reference"], {}),
}

# Another logical id is another table: CloudFormation would make an empty one and leave the full one behind.
KEPT_LOGICAL_IDS = {
    "AccountsTable81C15AE5",
    "EntriesTableB11133D8",
    "PoliciesTableB128A423",
    "DiscrepanciesTable7D042113",
    "BankFilesTable66848570",
    "ReferencesTableAB812406",
    "RunsTable9D121A51",
    "BankFilesBucket12AF74F2",
    "DocumentsBucket9EC9DEB9",
    "AccessLogsBucket83982689",
    "DataKey17AFBB84",
    "PayerSecret67F23F3E",
    "WebhookSecretsC35BAB69",
}


BUCKETS = ["BankFilesBucket12AF74F2", "DocumentsBucket9EC9DEB9", "AccessLogsBucket83982689"]


def table_behind(data: Template, output: str) -> dict[str, Any]:
    logical_id = data.to_json()["Outputs"][output]["Value"]["Ref"]
    properties: dict[str, Any] = find_resources(data, TABLE)[logical_id]["Properties"]
    return properties


def key_names(schema: list[dict[str, str]]) -> list[str]:
    assert [each["KeyType"] for each in schema] == ["HASH", "RANGE"][: len(schema)]
    return [each["AttributeName"] for each in schema]


@pytest.mark.parametrize("output", KEYS)
def test_keys_and_indexes_are_those_of_the_architecture(data: Template, output: str) -> None:
    properties = table_behind(data, output)
    keys, indexes = KEYS[output]
    assert key_names(properties["KeySchema"]) == keys
    found = {each["IndexName"]: key_names(each["KeySchema"]) for each in properties.get("GlobalSecondaryIndexes", [])}
    assert found == indexes
    for index in properties.get("GlobalSecondaryIndexes", []):
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    attributes = {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]}
    assert attributes == dict.fromkeys({*keys, *(name for names in indexes.values() for name in names)}, "S")


def test_there_are_seven_tables_and_each_is_protected_encrypted_and_recoverable(data: Template) -> None:
    tables = find_resources(data, TABLE)
    assert len(tables) == 7
    for table in tables.values():
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
        properties = table["Properties"]
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["SSESpecification"] == {
            "KMSMasterKeyId": {"Fn::GetAtt": ["DataKey17AFBB84", "Arn"]},
            "SSEEnabled": True,
            "SSEType": "KMS",
        }


def test_discrepancies_and_entries_have_streams_of_new_images(data: Template) -> None:
    streams = {
        logical_id: each["Properties"]["StreamSpecification"]
        for logical_id, each in find_resources(data, TABLE).items()
        if "StreamSpecification" in each["Properties"]
    }
    assert streams == {
        "DiscrepanciesTable7D042113": {"StreamViewType": "NEW_IMAGE"},
        "EntriesTableB11133D8": {"StreamViewType": "NEW_IMAGE"},
    }


def test_what_is_kept_has_the_logical_ids_it_was_born_with(data: Template) -> None:
    kept = {
        logical_id
        for logical_id, each in data.to_json()["Resources"].items()
        if each["Type"] in {TABLE, BUCKET, "AWS::KMS::Key", "AWS::SecretsManager::Secret"}
    }
    assert kept == KEPT_LOGICAL_IDS


def test_everything_kept_is_retained_and_the_stack_cannot_be_deleted_by_a_slip(data: Template) -> None:
    resources = data.to_json()["Resources"]
    assert {resources[logical_id]["DeletionPolicy"] for logical_id in KEPT_LOGICAL_IDS} == {"Retain"}
    artifact = synthesize_assembly(PRODUCTION).manifest["artifacts"]["PawledgerData-production"]
    assert artifact["properties"]["terminationProtection"] is True


def test_the_secret_for_keys_of_payers_is_generated_encrypted_with_the_data_key_and_never_rotates(
    data: Template,
) -> None:
    properties = find_resources(data, "AWS::SecretsManager::Secret")["PayerSecret67F23F3E"]["Properties"]
    assert properties["KmsKeyId"] == {"Fn::GetAtt": ["DataKey17AFBB84", "Arn"]}
    assert properties["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}
    assert not find_resources(data, "AWS::SecretsManager::RotationSchedule")


def test_the_secrets_of_webhooks_are_encrypted_with_the_data_key_and_none_stands_in_the_template(
    data: Template,
) -> None:
    properties = find_resources(data, "AWS::SecretsManager::Secret")["WebhookSecretsC35BAB69"]["Properties"]
    assert properties["KmsKeyId"] == {"Fn::GetAtt": ["DataKey17AFBB84", "Arn"]}
    assert properties["SecretString"] == "{}"


def test_secrets_are_put_out_by_the_attribute_that_is_an_arn_also_in_the_emulator(data: Template) -> None:
    outputs = data.to_json()["Outputs"]
    assert outputs["PayerSecretArn"]["Value"] == {"Fn::GetAtt": ["PayerSecret67F23F3E", "Id"]}
    assert outputs["WebhookSecretsArn"]["Value"] == {"Fn::GetAtt": ["WebhookSecretsC35BAB69", "Id"]}


def test_the_data_key_rotates(data: Template) -> None:
    assert find_resources(data, "AWS::KMS::Key")["DataKey17AFBB84"]["Properties"]["EnableKeyRotation"] is True


@pytest.mark.parametrize("logical_id", BUCKETS)
def test_buckets_are_closed_to_the_public_versioned_and_owned(data: Template, logical_id: str) -> None:
    properties = find_resources(data, BUCKET)[logical_id]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize("logical_id", BUCKETS)
def test_buckets_refuse_what_does_not_come_by_tls(data: Template, logical_id: str) -> None:
    policies = [
        each["Properties"]["PolicyDocument"]["Statement"]
        for each in find_resources(data, "AWS::S3::BucketPolicy").values()
        if each["Properties"]["Bucket"] == {"Ref": logical_id}
    ]
    refusals = [
        each
        for statements in policies
        for each in statements
        if each["Effect"] == "Deny" and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    assert [(each["Action"], each["Principal"]) for each in refusals] == [("s3:*", {"AWS": "*"})]


def test_the_bank_file_bucket_is_encrypted_logged_and_tells_eventbridge(data: Template) -> None:
    properties = find_resources(data, BUCKET)["BankFilesBucket12AF74F2"]["Properties"]
    rule = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert rule["ServerSideEncryptionByDefault"] == {
        "KMSMasterKeyID": {"Fn::GetAtt": ["DataKey17AFBB84", "Arn"]},
        "SSEAlgorithm": "aws:kms",
    }
    assert properties["LoggingConfiguration"]["DestinationBucketName"] == {"Ref": "AccessLogsBucket83982689"}
    assert properties["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_the_documents_bucket_is_encrypted_logged_and_lets_nothing_expire(data: Template) -> None:
    properties = find_resources(data, BUCKET)["DocumentsBucket9EC9DEB9"]["Properties"]
    rule = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert rule["ServerSideEncryptionByDefault"] == {
        "KMSMasterKeyID": {"Fn::GetAtt": ["DataKey17AFBB84", "Arn"]},
        "SSEAlgorithm": "aws:kms",
    }
    assert properties["LoggingConfiguration"] == {
        "DestinationBucketName": {"Ref": "AccessLogsBucket83982689"},
        "LogFilePrefix": "documents/",
    }
    assert "LifecycleConfiguration" not in properties


def test_lifecycle_rules_never_expire_a_current_bank_file(data: Template) -> None:
    rules = find_resources(data, BUCKET)["BankFilesBucket12AF74F2"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rules
    for rule in rules:
        assert not {"ExpirationInDays", "ExpirationDate"} & set(rule)
