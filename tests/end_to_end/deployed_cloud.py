"""A local cloud with the whole app in it, as the end-to-end tests see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from local_cloud import LocalCloud
from local_cloud.emulator import ACCESS_KEY, REGION


@dataclass(frozen=True, kw_only=True)
class DeployedCloud:
    """The running emulator, and the outputs of all stacks deployed to it by name (`AccountsTableName`, ...)."""

    cloud: LocalCloud
    outputs: Mapping[str, str]

    def client(self, service: str) -> Any:
        """An AWS client of that service with all rights, which reaches the emulator whatever the environment says."""
        session: Any = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
        return session.client(service, endpoint_url=self.cloud.endpoint_url)
