"""Settings: what each function is told by its environment, read once, complete or not at all.

A field `accounts_table` is the variable `ACCOUNTS_TABLE`. Nothing has a default: a function that would run against the
wrong table, or on the wrong day, does not start.

They are named tuples, since every function loads them all: a data class takes seven times as long to make.
"""

import os
from collections.abc import Mapping
from re import sub
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pawledger.domain.errors import PawledgerError


class MissingSettingError(PawledgerError):
    """An environment variable that a function needs is not set, or empty; the text names both."""


class UnknownTimeZoneError(PawledgerError):
    """The billing time zone is not in the IANA database."""


class RecordPolicyEventSettings(NamedTuple):
    accounts_table: str
    entries_table: str
    policies_table: str
    discrepancies_table: str
    references_table: str
    billing_time_zone: str


class StartBillingDaySettings(NamedTuple):
    accounts_table: str
    runs_table: str
    discrepancies_table: str
    billing_queue_url: str
    billing_time_zone: str


class BillAccountsSettings(NamedTuple):
    accounts_table: str
    entries_table: str
    policies_table: str
    discrepancies_table: str
    runs_table: str


class ReceiveBankFileSettings(NamedTuple):
    bank_files_table: str
    references_table: str
    discrepancies_table: str
    bank_files_bucket: str
    payments_queue_url: str
    payer_secret_arn: str
    billing_time_zone: str


class PostPaymentsSettings(NamedTuple):
    accounts_table: str
    entries_table: str
    discrepancies_table: str
    references_table: str
    bank_files_table: str
    bank_files_bucket: str


class CloseDaySettings(NamedTuple):
    accounts_table: str
    entries_table: str
    policies_table: str
    bank_files_table: str
    discrepancies_table: str
    references_table: str
    alert_topic_arn: str
    billing_time_zone: str


class PushAlertsSettings(NamedTuple):
    discrepancies_table: str
    references_table: str
    alert_topic_arn: str


class WriteDocumentsSettings(NamedTuple):
    entries_table: str
    documents_bucket: str


class LearnPayersSettings(NamedTuple):
    entries_table: str
    references_table: str


class ReceiveWebhookSettings(NamedTuple):
    bank_files_bucket: str
    webhook_secrets_arn: str
    webhook_providers: str


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
    | ReceiveWebhookSettings
)

_Settings = TypeVar("_Settings", bound=Settings)


def function_of(settings: type) -> str:
    """Name of the function that reads these: `close_day` of `CloseDaySettings`."""
    return sub("(?<=[a-z])(?=[A-Z])", "_", settings.__name__.removesuffix("Settings")).lower()


def read_settings(settings: type[_Settings], environment: Mapping[str, str] = os.environ) -> _Settings:
    """A function's settings as its environment gives them; variables of other functions are not looked at.

    Raises `MissingSettingError` for a variable that is not set or empty, `UnknownTimeZoneError` for a time zone that
    the IANA database does not know.
    """
    values = {name: environment.get(name.upper(), "") for name in settings._fields}
    for name, value in values.items():
        if not value:
            raise MissingSettingError(f"function {function_of(settings)} needs the environment variable {name.upper()}")
    if "billing_time_zone" in values:
        _check_time_zone(function_of(settings), values["billing_time_zone"])
    return settings(**values)


def _check_time_zone(function: str, time_zone: str) -> None:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise UnknownTimeZoneError(
            f"function {function}: BILLING_TIME_ZONE {time_zone!r} is not in the IANA database"
        ) from None
