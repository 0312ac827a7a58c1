"""The tables in a fake cloud, made of nothing but the CDK template: what is tested is what is deployed."""

from collections.abc import Mapping
from typing import Any, Final

from infra.environments import PRODUCTION
from infra.functions import TABLES
from tests.builders.templates import synthesize

_CREATION_FIELDS: Final = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")


def table_definitions() -> Mapping[str, dict[str, Any]]:
    """What the template says of each table, by the table's name in `docs/architecture.md`: `bank_files` and so on."""
    template = synthesize(PRODUCTION)["data"].to_json()
    found = {}
    for name in TABLES:
        output = template["Outputs"][f"{name.title().replace('_', '')}TableName"]
        found[name] = template["Resources"][output["Value"]["Ref"]]["Properties"]
    return found


def create_tables(client: Any) -> Mapping[str, str]:
    """Create every table through a client of DynamoDB; returns their names by the names of the architecture."""
    names = {}
    for name, definition in table_definitions().items():
        names[name] = f"test-{name.replace('_', '-')}"
        wanted: dict[str, Any] = {field: definition[field] for field in _CREATION_FIELDS if field in definition}
        if "StreamSpecification" in definition:
            wanted["StreamSpecification"] = {"StreamEnabled": True, **definition["StreamSpecification"]}
        client.create_table(TableName=names[name], **wanted)
    return names
