"""Each function reads its own variables, all of them, or does not start."""

import pytest

from infra.functions import FUNCTIONS
from pawledger.runtime.settings import (
    BillAccountsSettings,
    CloseDaySettings,
    LearnPayersSettings,
    MissingSettingError,
    PostPaymentsSettings,
    PushAlertsSettings,
    ReceiveBankFileSettings,
    ReceiveWebhookSettings,
    RecordPolicyEventSettings,
    Settings,
    StartBillingDaySettings,
    UnknownTimeZoneError,
    WriteDocumentsSettings,
    function_of,
    read_settings,
)

ALL: list[type[Settings]] = [
    RecordPolicyEventSettings,
    StartBillingDaySettings,
    BillAccountsSettings,
    ReceiveBankFileSettings,
    PostPaymentsSettings,
    CloseDaySettings,
    PushAlertsSettings,
    WriteDocumentsSettings,
    LearnPayersSettings,
    ReceiveWebhookSettings,
]


def complete_environment(settings: type[Settings]) -> dict[str, str]:
    environment = {name.upper(): f"the {name}" for name in settings._fields}
    return environment | ({"BILLING_TIME_ZONE": "Europe/London"} if "BILLING_TIME_ZONE" in environment else {})


@pytest.mark.parametrize("settings", ALL)
def test_a_complete_environment_is_read_field_by_field(settings: type[Settings]) -> None:
    environment = complete_environment(settings)
    read = read_settings(settings, environment | {"SOMETHING_ELSE": "x"})
    assert {name.upper(): value for name, value in read._asdict().items()} == environment


@pytest.mark.parametrize("settings", ALL)
def test_every_variable_that_is_missing_or_empty_is_named_with_its_function(settings: type[Settings]) -> None:
    for name in complete_environment(settings):
        for broken in (
            {key: value for key, value in complete_environment(settings).items() if key != name},
            complete_environment(settings) | {name: ""},
        ):
            with pytest.raises(MissingSettingError, match=rf"function {function_of(settings)} needs .* {name}$"):
                read_settings(settings, broken)


@pytest.mark.parametrize("time_zone", ["Mars/Olympus", "../etc/passwd", "EST5EDTx"])
def test_a_time_zone_that_nobody_knows_stops_the_function(time_zone: str) -> None:
    environment = complete_environment(CloseDaySettings) | {"BILLING_TIME_ZONE": time_zone}
    with pytest.raises(UnknownTimeZoneError, match="close_day"):
        read_settings(CloseDaySettings, environment)


def test_a_function_is_told_of_exactly_the_tables_it_has_rights_to() -> None:
    granted = {each.name: {f"{access.table}_table" for access in each.tables} for each in FUNCTIONS}
    read = {function_of(each): {name for name in each._fields if name.endswith("_table")} for each in ALL}
    assert read == granted
