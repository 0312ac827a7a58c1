"""Bank holidays as the `holidays` package on PyPI knows them (MIT, a release about every two weeks).

Importing it takes longer than everything else in this folder, so that it is loaded with the first question and not
with this module.
"""

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from pawledger.ports import HolidayCalendarUnknownError

if TYPE_CHECKING:
    from holidays import HolidayBase

MARKETS: Final = {"TARGET": "XECB", "FED": "XFED"}
"""Under which market code the package has the closing days of a payment system."""


class LibraryHolidayCalendars:
    """Fulfils `HolidayCalendars`."""

    def is_holiday(self, calendar: str, day: date) -> bool:
        # A year that was not asked for yet is computed by the question.
        return day in _calendar(calendar)


@cache
def _calendar(name: str) -> "HolidayBase":
    from holidays import country_holidays, financial_holidays  # noqa: PLC0415 - see the module's own text

    try:
        if name in MARKETS:
            return financial_holidays(MARKETS[name])
        country, _, subdivision = name.partition("-")
        return country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        raise HolidayCalendarUnknownError(f"no holidays are known of {name!r}") from None
