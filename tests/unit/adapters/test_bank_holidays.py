"""Bank holidays: days that the calendars of the banks themselves name, and what no calendar knows."""

import subprocess
import sys
from datetime import date

import pytest

from pawledger.adapters.bank_holidays import MARKETS, LibraryHolidayCalendars
from pawledger.ports import HolidayCalendarUnknownError
from pawledger.rules.delivery_calendars import PAYMENT_SYSTEMS
from pawledger.rules.provider_profiles import load_shipped_profiles


@pytest.mark.parametrize(
    ("calendar", "day", "is_holiday"),
    [
        # TARGET is closed on six days: 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December.
        ("TARGET", date(2027, 3, 26), True),
        ("TARGET", date(2026, 12, 24), False),
        ("TARGET", date(2026, 10, 3), False),
        ("DE", date(2026, 10, 3), True),
        # Epiphany is a holiday in Bavaria and not in the whole of Germany.
        ("DE", date(2026, 1, 6), False),
        ("DE-BY", date(2026, 1, 6), True),
        # Easter Monday is a bank holiday in England and none in Scotland; 26 December 2026 is a Saturday.
        ("GB-ENG", date(2026, 4, 6), True),
        ("GB-SCT", date(2026, 4, 6), False),
        ("GB-ENG", date(2026, 12, 28), True),
        # 4 July 2026 is a Saturday: the Reserve Banks are open on Friday, where federal offices are closed.
        ("FED", date(2026, 7, 3), False),
        ("US", date(2026, 7, 3), True),
        ("FED", date(2026, 11, 26), True),
    ],
)
def test_days_on_which_banks_are_closed(calendar: str, day: date, *, is_holiday: bool) -> None:
    assert LibraryHolidayCalendars().is_holiday(calendar, day) is is_holiday


@pytest.mark.parametrize("calendar", ["QQ", "DE-ZZ"])
def test_a_calendar_that_nobody_keeps_is_named(calendar: str) -> None:
    with pytest.raises(HolidayCalendarUnknownError, match=f"'{calendar}'"):
        LibraryHolidayCalendars().is_holiday(calendar, date(2026, 1, 1))


def test_every_payment_system_that_a_profile_may_name_has_its_market() -> None:
    assert MARKETS.keys() == PAYMENT_SYSTEMS


def test_all_holidays_that_shipped_profiles_name_are_known() -> None:
    for profile in load_shipped_profiles().values():
        for name in profile.delivery.holidays if profile.delivery else ():
            LibraryHolidayCalendars().is_holiday(name, date(2026, 1, 1))


def test_the_package_is_loaded_with_the_first_question_alone() -> None:
    program = "import sys, pawledger.adapters.bank_holidays; print('holidays' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own program
    assert ran.stdout == "False\n"
