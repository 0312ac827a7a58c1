"""Settings: what each function is told by its environment, read once, complete or not at all.

A field `accounts_table` is the variable `ACCOUNTS_TABLE`. Nothing has a default: a function that would run against the
wrong table, or on the wrong day, does not start.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pawledger.domain.errors import PawledgerError


class MissingSettingError(PawledgerError):
    """An environment variable that a function needs is not set, or empty; the text names both."""


class UnknownTimeZoneError(PawledgerError):
    """The billing time zone is not in the IANA database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPolicyEventSettings:
    FUNCTION: ClassVar[str] = "record_policy_event"

    accounts_table: str
    entries_table: str
    policies_table: str
    discrepancies_table: str
    references_table: str
    billing_time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBillingDaySettings:
    FUNCTION: ClassVar[str] = "start_billing_day"

    accounts_table: str
    runs_table: str
    discrepancies_table: str
    billing_queue_url: str
    billing_time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillAccountsSettings:
    FUNCTION: ClassVar[str] = "bill_accounts"

    accounts_table: str
    entries_table: str
    policies_table: str
    discrepancies_table: str
    runs_table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveBankFileSettings:
    FUNCTION: ClassVar[str] = "receive_bank_file"

    bank_files_table: str
    references_table: str
    discrepancies_table: str
    bank_files_bucket: str
    payments_queue_url: str
    payer_secret_arn: str
    billing_time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPaymentsSettings:
    FUNCTION: ClassVar[str] = "post_payments"

    accounts_table: str
    entries_table: str
    discrepancies_table: str
    references_table: str
    bank_files_table: str
    bank_files_bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDaySettings:
    FUNCTION: ClassVar[str] = "close_day"

    accounts_table: str
    entries_table: str
    policies_table: str
    bank_files_table: str
    discrepancies_table: str
    references_table: str
    alert_topic_arn: str
    billing_time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushAlertsSettings:
    FUNCTION: ClassVar[str] = "push_alerts"

    discrepancies_table: str
    references_table: str
    alert_topic_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDocumentsSettings:
    FUNCTION: ClassVar[str] = "write_documents"

    entries_table: str
    documents_bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnPayersSettings:
    FUNCTION: ClassVar[str] = "learn_payers"

    entries_table: str
    references_table: str


Settings = (
    RecordPolicyEventSettings
    | StartBillingDaySettings
    | BillAccountsSettings
    | ReceiveBankFileSettings
    | PostPaymentsSettings
    | CloseDaySettings
    | PushAlertsSettings
    | WriteDocumentsSettings
    | LearnPayersSettings
)

_Settings = TypeVar("_Settings", bound=Settings)


def read_settings(settings: type[_Settings], environment: Mapping[str, str] = os.environ) -> _Settings:
    """A function's settings as its environment gives them; variables of other functions are not looked at.

    Raises `MissingSettingError` for a variable that is not set or empty, `UnknownTimeZoneError` for a time zone that
    the IANA database does not know.
    """
    values = {field.name: environment.get(field.name.upper(), "") for field in fields(settings)}
    for name, value in values.items():
        if not value:
            raise MissingSettingError(f"function {settings.FUNCTION} needs the environment variable {name.upper()}")
    if "billing_time_zone" in values:
        _check_time_zone(settings.FUNCTION, values["billing_time_zone"])
    return settings(**values)


def _check_time_zone(function: str, time_zone: str) -> None:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise UnknownTimeZoneError(
            f"function {function}: BILLING_TIME_ZONE {time_zone!r} is not in the IANA database"
        ) from None
