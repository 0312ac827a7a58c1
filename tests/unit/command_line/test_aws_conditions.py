"""AWS's errors as sentences: what happened, where, and what to do next."""

import pytest
from botocore import exceptions as botocore_errors
from botocore.exceptions import ClientError
from pynamodb.exceptions import GetError

from pawledger.domain.errors import PawledgerError
from pawledger.runtime.aws_conditions import (
    AccessDeniedError,
    AwsRefusedError,
    CredentialsMissingError,
    EndpointUnreachableError,
    RegionMissingError,
    TableMissingError,
    name_aws_conditions,
    name_condition,
)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words of AWS"}}, "GetItem")


@pytest.mark.parametrize(
    ("error", "condition", "next_step"),
    [
        (botocore_errors.NoCredentialsError(), CredentialsMissingError, "AWS_PROFILE"),
        (botocore_errors.ProfileNotFound(profile="nobody"), CredentialsMissingError, "AWS_PROFILE"),
        (botocore_errors.NoRegionError(), RegionMissingError, "AWS_REGION"),
        (botocore_errors.InvalidRegionError(region_name="x y"), RegionMissingError, "AWS_REGION"),
        (botocore_errors.EndpointConnectionError(endpoint_url="http://x"), EndpointUnreachableError, "network"),
        (botocore_errors.ConnectTimeoutError(endpoint_url="http://x"), EndpointUnreachableError, "network"),
        (refusal("ExpiredTokenException"), CredentialsMissingError, "renew"),
        (refusal("AccessDeniedException"), AccessDeniedError, "permission"),
        (refusal("ResourceNotFoundException"), TableMissingError, "deploy it again"),
        (refusal("ThrottlingException"), AwsRefusedError, "try again"),
        (refusal("ValidationException"), AwsRefusedError, "words of AWS"),
        (botocore_errors.DataNotFoundError(data_path="x"), AwsRefusedError, "could not be asked"),
    ],
)
def test_each_error_of_aws_is_one_condition_with_a_next_step(
    error: Exception, condition: type[PawledgerError], next_step: str
) -> None:
    named = name_condition(error)

    assert type(named) is condition
    assert next_step in str(named)


def test_a_refusal_says_which_operation_was_refused_and_why() -> None:
    assert "GetItem with AccessDenied: words of AWS" in str(name_condition(refusal("AccessDenied")))


def test_the_cause_that_pynamodb_wraps_is_found() -> None:
    wrapped = GetError("Failed to get item", refusal("ResourceNotFoundException"))

    assert type(name_condition(wrapped)) is TableMissingError


def test_errors_of_our_own_and_bugs_pass_through_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), name_aws_conditions():
        raise ZeroDivisionError


def test_an_error_of_aws_inside_the_block_is_raised_by_its_name() -> None:
    with pytest.raises(CredentialsMissingError), name_aws_conditions():
        raise botocore_errors.NoCredentialsError
