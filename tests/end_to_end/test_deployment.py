"""The whole app in the local cloud: everything that the command line and people look up is there."""

from tests.end_to_end.deployed_cloud import DeployedCloud

TABLES = ("Accounts", "Entries", "Policies", "Discrepancies", "BankFiles", "References")
QUEUES = ("PolicyEvents", "Billing", "Payments")


def test_every_table_of_the_outputs_exists_and_is_active(deployed_cloud: DeployedCloud) -> None:
    client = deployed_cloud.client("dynamodb")
    names = [deployed_cloud.outputs[f"{table}TableName"] for table in TABLES]
    states = {name: client.describe_table(TableName=name)["Table"]["TableStatus"] for name in names}
    assert set(states.values()) == {"ACTIVE"}
    assert len(states) == len(TABLES)


def test_every_queue_of_the_outputs_has_a_dead_letter_queue(deployed_cloud: DeployedCloud) -> None:
    client = deployed_cloud.client("sqs")
    for queue in QUEUES:
        address = deployed_cloud.outputs[f"{queue}QueueUrl"]
        attributes = client.get_queue_attributes(QueueUrl=address, AttributeNames=["All"])["Attributes"]
        assert "deadLetterTargetArn" in attributes["RedrivePolicy"]


def test_every_event_source_is_enabled(deployed_cloud: DeployedCloud) -> None:
    mappings = deployed_cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert len(mappings) == 7  # four queues, the stream of discrepancies, and that of entries for two readers
    assert {mapping["State"] for mapping in mappings} == {"Enabled"}
