"""The secret for keys of payers over AWS as moto plays it: read late, and refused by name."""

from typing import Any

import pytest

from pawledger.adapters.clients import make_client
from pawledger.adapters.errors import PayerSecretUnreadableError
from pawledger.adapters.secrets_manager import SECRET_CHARACTERS_MIN, SecretsManagerPayerSecret

pytestmark = pytest.mark.usefixtures("fake_aws")


def store(secret: str) -> str:
    arn: str = make_client("secretsmanager").create_secret(Name="payers", SecretString=secret)["ARN"]
    return arn


def read(arn: str) -> bytes:
    return SecretsManagerPayerSecret(lambda: make_client("secretsmanager"), arn).read()


def test_what_was_stored_is_read() -> None:
    assert read(store("s" * SECRET_CHARACTERS_MIN)) == b"s" * SECRET_CHARACTERS_MIN


def test_no_client_is_made_before_the_secret_is_read() -> None:
    made: list[str] = []

    def make() -> Any:
        made.append("client")
        return make_client("secretsmanager")

    secret = SecretsManagerPayerSecret(make, store("s" * 64))
    assert made == []
    secret.read()
    assert made == ["client"]


def test_a_short_secret_is_refused_and_not_told() -> None:
    with pytest.raises(PayerSecretUnreadableError, match="has 7 characters, not 32 or more") as raised:
        read(store("qwertyz"))
    assert "qwertyz" not in str(raised.value)


def test_a_secret_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(PayerSecretUnreadableError, match="ResourceNotFoundException"):
        read("arn:aws:secretsmanager:eu-west-1:111122223333:secret:gone-AbCdEf")
