"""The worlds that the conformance tests run in: the fakes in memory, and the adapters over moto."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from pawledger.adapters.clients import shared_session
from tests.functional.worlds import World, aws_world, memory_world

DUMMY_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


@pytest.fixture
def fake_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS as moto plays it, with credentials that are none; a real endpoint is out of reach."""
    for name, value in DUMMY_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    shared_session.cache_clear()
    with mock_aws():
        yield
    shared_session.cache_clear()


@pytest.fixture(params=["memory", "aws"])
def world(request: pytest.FixtureRequest) -> World:
    """Both worlds in turn: what a test says holds for the fakes and for the adapters alike."""
    if request.param == "memory":
        return memory_world()
    request.getfixturevalue("fake_aws")
    return aws_world()
