"""Identifiers of accounts and policies, and the ledgers and shards that follow from them."""

import hashlib
import re
from datetime import date
from typing import Final

from pawledger.domain.errors import PawledgerError

ACCOUNT_ID_PATTERN: Final = re.compile(r"[A-Z0-9]{4,12}")
"""Short enough that a payment reference can carry it (ISO 11649 leaves 21 characters), no sign a person can mistake."""

POLICY_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
"""No `#`, which separates the parts of an entry id; 32 characters keep an account head under 1 KB."""

AGENDA_SHARD_COUNT: Final = 16
"""A day's agenda is spread over 16 index partitions: 16 x 1,000 writes/s, enough for a million accounts in minutes."""

SUSPENSE_LEDGER_COUNT: Final = 64
"""Each ledger takes one write at a time; 64 of them take a file in which nothing can be identified at full speed."""

SUSPENSE_LEDGER_PREFIX: Final = "SUSPENSE-"
"""Holds a hyphen, which no account id can hold."""


SETTLEMENT_LEDGER_PREFIX: Final = "SETTLEMENT-"
"""Before provider and currency; holds a hyphen, which no account id can hold."""


class IdentifierError(PawledgerError):
    """An account or policy id does not have the form that Pawledger accepts."""


def check_account_id(account_id: str) -> str:
    """Return the account id unchanged, or raise `IdentifierError` that says which form is accepted."""
    if not ACCOUNT_ID_PATTERN.fullmatch(account_id):
        raise IdentifierError(
            f"the account id has {len(account_id)} characters, not 4 to 12 capital letters and digits"
        )
    return account_id


def check_policy_id(policy_id: str) -> str:
    """Return the policy id unchanged, or raise `IdentifierError` that says which form is accepted."""
    if not POLICY_ID_PATTERN.fullmatch(policy_id):
        raise IdentifierError(
            f"the policy id, of {len(policy_id)} characters, is not 1 to 32 letters, digits, dots, hyphens, underscores"
        )
    return policy_id


def agenda_key_of(account_id: str, day: date) -> str:
    """Where an account stands in the agenda index on a day: `<day>#<shard>`."""
    return agenda_key_of_shard(day, bucket_of(account_id, AGENDA_SHARD_COUNT))


def agenda_key_of_shard(day: date, shard: int) -> str:
    """Key of one of the `AGENDA_SHARD_COUNT` partitions of a day's agenda."""
    return f"{day.isoformat()}#{shard:02d}"


def suspense_ledger_of(payment_id: str) -> str:
    """The suspense ledger in which a payment waits until its account is known; always the same for one payment."""
    return f"{SUSPENSE_LEDGER_PREFIX}{bucket_of(payment_id, SUSPENSE_LEDGER_COUNT):02d}"


def is_suspense_ledger(account_id: str) -> bool:
    return account_id.startswith(SUSPENSE_LEDGER_PREFIX)


def settlement_ledger_of(provider: str, currency: str) -> str:
    """The ledger in which a provider's payouts in a currency meet the lines of the bank, one after the other."""
    return f"{SETTLEMENT_LEDGER_PREFIX}{provider}-{currency}"


def is_settlement_ledger(account_id: str) -> bool:
    return account_id.startswith(SETTLEMENT_LEDGER_PREFIX)


def provider_of_ledger(account_id: str) -> str:
    """The provider of a settlement ledger."""
    return account_id.removeprefix(SETTLEMENT_LEDGER_PREFIX).rpartition("-")[0]


def bucket_of(text: str, count: int) -> int:
    """One of `count` groups of about the same size, numbered from 0; the same text is always in the same one."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % count
