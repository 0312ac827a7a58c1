"""Days in the formats of delimited files: `YYYY-MM-DD`, `D/M/YY`, `DD-Mon-YYYY`.

`YYYY`, `YY`, `MM`, `DD` are digits with leading zeros; `M` and `D` may go without. `Mon` is an English month cut to
three letters. A star at the end says that a time may follow, after a blank or a T, which is not read.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

CENTURY: Final = 2000
"""Of two-digit years: payments of before 2000 are not billed any more."""
DAYS_REMEMBERED_MAX: Final = 4096
"""Texts of days that are kept with what they mean; a file has some hundred, a hostile one as many as rows."""
TEXT_CHARACTERS_MAX: Final = 64
"""Longest text that can be a day with its time: a time with nanoseconds and a named zone has 50."""

_TOKEN: Final = re.compile(r"YYYY|YY|MM|M(?!on)|Mon|DD|D")
_PATTERNS: Final = {
    "YYYY": "(?P<year>[0-9]{4})",
    "YY": "(?P<short_year>[0-9]{2})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "Mon": "(?P<month_name>[A-Za-z]{3})",
    "DD": "(?P<day>[0-9]{2})",
    "D": "(?P<day>[0-9]{1,2})",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME_FOLLOWS: Final = r"(?:[T ].*)?"
_PROBES: Final = (date(2026, 3, 4), date(2011, 12, 10), date(2003, 2, 1), date(2020, 10, 21))
"""Days that a wrong format reads as other days."""


def pattern_of(day_format: str) -> re.Pattern[str] | None:
    """The pattern of a format; None where it is no format: it needs a year, a month and a day, each once."""
    stem = day_format.removesuffix("*")
    kinds = sorted(token.group()[0] for token in _TOKEN.finditer(stem))
    literal = _TOKEN.sub("", stem)
    if kinds != ["D", "M", "Y"] or re.search(r"[A-Za-z0-9*\n]", literal):
        return None
    pattern, end = "", 0
    for token in _TOKEN.finditer(stem):
        pattern += re.escape(stem[end : token.start()]) + _PATTERNS[token.group()]
        end = token.end()
    pattern += re.escape(stem[end:]) + (_TIME_FOLLOWS if day_format.endswith("*") else "")
    return re.compile(pattern, re.ASCII | re.DOTALL)


def write_day(day: date, day_format: str) -> str:
    """A day in a format, as a file in that format writes it."""
    texts = {
        "YYYY": f"{day.year:04}",
        "YY": f"{day.year % 100:02}",
        "MM": f"{day.month:02}",
        "M": str(day.month),
        "Mon": _MONTHS[day.month - 1].title(),
        "DD": f"{day.day:02}",
        "D": str(day.day),
    }
    return _TOKEN.sub(lambda token: texts[token.group()], day_format.removesuffix("*"))


def find_contradiction(formats: Sequence[str]) -> tuple[str, str] | None:
    """Two of the formats that read one text as two different days; None where every text has one meaning."""
    for wrote in formats:
        for read in formats:
            for day in _PROBES:
                found = DayTexts((read,))[write_day(day, wrote)]
                if found is not None and found != day:
                    return wrote, read
    return None


class DayTexts(dict[str, date | None]):
    """What texts mean as days, in the first of some formats that fits; None where it is no day of the calendar."""

    def __init__(self, formats: Sequence[str]) -> None:
        super().__init__()
        self._patterns = [pattern for each in formats if (pattern := pattern_of(each)) is not None]
        widths = {len(each) for each in formats if each.endswith("*")}
        fixed = all("Mon" in each or {"MM", "DD"} <= set(_TOKEN.findall(each)) for each in formats)
        self.cut = max(widths) if len(widths) == 1 and fixed and len(formats) == 1 else None
        """How many characters of a text count: the day and what stands behind it. None for all of them."""

    def __missing__(self, text: str) -> date | None:
        if len(self) >= DAYS_REMEMBERED_MAX:
            self.clear()
        day = self[text] = self._read(text)
        return day

    def _read(self, text: str) -> date | None:
        if len(text) > TEXT_CHARACTERS_MAX:
            return None
        for pattern in self._patterns:
            found = pattern.fullmatch(text)
            if found is None:
                continue
            parts = found.groupdict()
            year = int(parts["year"]) if "year" in parts else CENTURY + int(parts["short_year"])
            name = parts.get("month_name", "").lower()
            if name and name not in _MONTHS:
                continue
            month = _MONTHS.index(name) + 1 if name else int(parts["month"])
            try:
                return date(year, month, int(parts["day"]))
            except ValueError:
                continue
        return None
