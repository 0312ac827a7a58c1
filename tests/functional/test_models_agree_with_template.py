"""The models say of every table what the CDK template says: keys, their types, indexes and what these carry."""

from typing import Any

import pytest
from pynamodb.connection.base import Connection

from infra.functions import TABLES
from pawledger.adapters.models import (
    AccountRow,
    BankFileRow,
    DiscrepancyRow,
    EntryRow,
    ReferenceRow,
    Row,
    RunRow,
    TermRow,
)
from tests.builders.tables import table_definitions

MODELS: dict[str, type[Row]] = {
    "accounts": AccountRow,
    "entries": EntryRow,
    "policies": TermRow,
    "discrepancies": DiscrepancyRow,
    "bank_files": BankFileRow,
    "references": ReferenceRow,
    "runs": RunRow,
}


def keys_of(schema: list[dict[str, str]]) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in schema}


def indexes_of(definition: dict[str, Any]) -> dict[str, Any]:
    return {
        index["IndexName"]: (keys_of(index["KeySchema"]), index["Projection"]["ProjectionType"])
        for index in definition.get("GlobalSecondaryIndexes", [])
    }


class CatchingConnection(Connection):
    """Keeps what it is asked for and sends nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.caught: list[dict[str, Any]] = []

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        assert operation_name == "CreateTable"
        self.caught.append(operation_kwargs)
        return {}


def created_by(model: type[Row]) -> dict[str, Any]:
    """The request with which PynamoDB would create the table of a model."""
    connection, schema = CatchingConnection(), model._get_schema()
    connection.create_table(
        "caught",
        attribute_definitions=schema["attribute_definitions"],
        key_schema=schema["key_schema"],
        global_secondary_indexes=schema["global_secondary_indexes"],
        billing_mode="PAY_PER_REQUEST",
    )
    (request,) = connection.caught
    return request


def test_there_is_a_model_for_every_table() -> None:
    assert set(MODELS) == set(TABLES)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_model_agrees_with_the_template(name: str) -> None:
    template, model = table_definitions()[name], created_by(MODELS[name])
    assert keys_of(model["KeySchema"]) == keys_of(template["KeySchema"])
    assert indexes_of(model) == indexes_of(template)
    types = {each["AttributeName"]: each["AttributeType"] for each in template["AttributeDefinitions"]}
    assert {each["AttributeName"]: each["AttributeType"] for each in model["AttributeDefinitions"]} == types
