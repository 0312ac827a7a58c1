"""Each environment is synthesised once a session: a synthesis takes seconds, a look at its templates none."""

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk.assertions import Template

from infra.environments import LOCAL, PRODUCTION
from tests.builders.templates import synthesize


@pytest.fixture(scope="session")
def production() -> Mapping[str, Template]:
    return synthesize(PRODUCTION)


@pytest.fixture(scope="session")
def local() -> Mapping[str, Template]:
    return synthesize(LOCAL)


@pytest.fixture(scope="session")
def data(production: Mapping[str, Template]) -> Template:
    return production["data"]


@pytest.fixture(scope="session")
def service(production: Mapping[str, Template]) -> Template:
    return production["service"]


@pytest.fixture(scope="session")
def all_resources(production: Mapping[str, Template]) -> dict[str, dict[str, Any]]:
    """Every resource of every stack by logical id."""
    return {
        logical_id: resource
        for template in production.values()
        for logical_id, resource in template.to_json()["Resources"].items()
    }
