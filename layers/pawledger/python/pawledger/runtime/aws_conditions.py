"""What AWS's own errors mean for a person at the command line: one named condition each, with what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore import exceptions as botocore_errors
from pynamodb.exceptions import PynamoDBException

from pawledger.domain.errors import PawledgerError

CAUSES_FOLLOWED_MAX: Final = 5
"""PynamoDB wraps botocore's error once or twice; more would be a circle."""

_CREDENTIALS_REFUSED: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_ACCESS_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_THROTTLED: Final = frozenset(
    {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "Throttling", "ThrottlingException"}
)


class CredentialsMissingError(PawledgerError):
    """AWS credentials are missing, incomplete, expired or refused."""


class RegionMissingError(PawledgerError):
    """No AWS Region is named, or one that is none."""


class EndpointUnreachableError(PawledgerError):
    """AWS, or the local cloud, does not answer under its address."""


class TableMissingError(PawledgerError):
    """A table that the stack's outputs name is not there."""


class AccessDeniedError(PawledgerError):
    """The credentials are good but not allowed to read this."""


class AwsRefusedError(PawledgerError):
    """AWS refused a request for any other reason; the text holds its own words."""


@contextmanager
def name_aws_conditions() -> Iterator[None]:
    """Raise errors of AWS's libraries as the named conditions of this module."""
    try:
        yield
    except (botocore_errors.BotoCoreError, botocore_errors.ClientError, PynamoDBException) as error:
        raise name_condition(error) from error


def name_condition(error: BaseException) -> PawledgerError:
    """The condition behind an error of botocore or PynamoDB, which wraps botocore's."""
    for _ in range(CAUSES_FOLLOWED_MAX):
        if isinstance(error, (botocore_errors.ClientError, botocore_errors.BotoCoreError)):
            break
        cause = getattr(error, "cause", None) or error.__cause__
        if cause is None:
            break
        error = cause
    if isinstance(error, botocore_errors.ClientError):
        return _name_refusal(error)
    if isinstance(
        error,
        (
            botocore_errors.NoCredentialsError,
            botocore_errors.PartialCredentialsError,
            botocore_errors.CredentialRetrievalError,
            botocore_errors.ProfileNotFound,
            botocore_errors.SSOError,
            botocore_errors.TokenRetrievalError,
        ),
    ):
        return CredentialsMissingError(f"{error}; set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if isinstance(error, (botocore_errors.NoRegionError, botocore_errors.InvalidRegionError)):
        return RegionMissingError(
            f"{str(error).rstrip('.')}; set AWS_REGION to the Region that Pawledger is deployed to"
        )
    if isinstance(error, (botocore_errors.ConnectionError, botocore_errors.HTTPClientError)):
        return EndpointUnreachableError(f"{error}; check the network, and AWS_ENDPOINT_URL where it is set")
    return AwsRefusedError(f"AWS could not be asked: {error}")


def _name_refusal(error: botocore_errors.ClientError) -> PawledgerError:
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    said = f"AWS answered {error.operation_name} with {code}: {message}"
    if code in _CREDENTIALS_REFUSED:
        return CredentialsMissingError(f"{said}; renew the credentials, or choose others with AWS_PROFILE")
    if code in _ACCESS_DENIED:
        return AccessDeniedError(f"{said}; ask for permission to read Pawledger's stacks and tables")
    if code == "ResourceNotFoundException":
        return TableMissingError(f"{said}; the stack names a table that is gone, deploy it again")
    if code in _THROTTLED:
        return AwsRefusedError(f"{said}; try again in a minute")
    return AwsRefusedError(said)
