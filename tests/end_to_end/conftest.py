from collections.abc import Iterator

import pytest

from local_cloud import deploy, start, synthesize
from tests.end_to_end.deployed_cloud import DeployedCloud


@pytest.fixture(scope="session")
def deployed_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedCloud]:
    """The whole app, synthesised and deployed once for all tests to an emulator of their own on a free port."""
    folder = tmp_path_factory.mktemp("deployed-cloud")
    assembly = synthesize(folder / "cdk.out")
    cloud = start(directory=folder)
    try:
        yield DeployedCloud(cloud=cloud, outputs=deploy(cloud.endpoint_url, assembly))
    finally:
        cloud.stop()


@pytest.fixture(scope="module")
def empty_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedCloud]:
    """An emulator with nothing in it."""
    cloud = start(directory=tmp_path_factory.mktemp("empty-cloud"))
    try:
        yield DeployedCloud(cloud=cloud, outputs={})
    finally:
        cloud.stop()
