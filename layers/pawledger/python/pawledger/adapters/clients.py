"""Clients of AWS: one session for all, named timeouts, bounded retries.

botocore is used directly, since boto3 would add its resources and its transfer manager to every cold start. Where
`AWS_ENDPOINT_URL` is set, botocore sends everything there.
"""

from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.session import Session

CONNECT_TIMEOUT_SECONDS: Final = 2
"""Endpoints are in the same Region: a connection that takes longer will not come, and another attempt is cheaper."""

READ_TIMEOUT_SECONDS: Final = 5
"""Far above any ordinary answer, far below the shortest function timeout of 30 s, also after all attempts."""

OBJECT_READ_TIMEOUT_SECONDS: Final = 20
"""S3 copies an object of some gigabytes before it answers."""

ATTEMPTS_MAX: Final = 4
"""One try and three more with back-off; what still fails then is a message's redelivery to mend."""

POOL_CONNECTIONS_MAX: Final = 4
"""A function works on one event in one thread; the rest is for a stream that is still open."""


@cache
def shared_session() -> Session:
    """The one botocore session: it holds credentials and the parsed service descriptions, both slow to make."""
    return Session()


def make_client(service: str, *, read_timeout_seconds: int = READ_TIMEOUT_SECONDS) -> Any:
    """A client of one AWS service; Region, credentials and endpoint come from the environment, as Lambda sets them."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS_MAX},
        max_pool_connections=POOL_CONNECTIONS_MAX,
    )
    return shared_session().create_client(service, config=config)
