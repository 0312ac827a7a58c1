from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud import deploy, start, synthesize
from tests.builders.shared_folders import make_once
from tests.end_to_end.deployed_cloud import DeployedCloud


@pytest.fixture(scope="session")
def assembly() -> Path:
    """The whole app, synthesised once for all tests."""
    return make_once("assembly", synthesize)


@pytest.fixture(scope="session")
def deployed_cloud(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedCloud]:
    """The whole app, deployed once for all tests to an emulator of their own on a free port."""
    yield from _deploy(assembly, tmp_path_factory.mktemp("deployed-cloud"))


@pytest.fixture(scope="module")
def cloud_of_its_own(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedCloud]:
    """The whole app for one module alone, whose tests count what is in it."""
    yield from _deploy(assembly, tmp_path_factory.mktemp("cloud-of-its-own"))


def _deploy(assembly: Path, folder: Path) -> Iterator[DeployedCloud]:
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
