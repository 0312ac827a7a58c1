"""`pawledger providers check`: whether provider profiles are sound, and what they say."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, TextIO

from pawledger.command_line.tables import escape_text
from pawledger.ports import HolidayCalendarUnknownError
from pawledger.rules.delivery_calendars import DeliveryCalendar
from pawledger.rules.provider_profiles import (
    WEEKDAYS,
    ProviderProfile,
    ProviderProfileError,
    profile_from_toml,
    shipped_profile_texts,
)
from pawledger.rules.settlement_terms import SettlementTerms

PROFILE_BYTES_MAX: Final = 256 * 1024
"""A profile has some dozens of lines, the longest mapping some hundreds; more is another file by mistake."""

ANY_DAY: Final = date(2026, 1, 1)
"""Asked about to see whether a calendar is known; which day it is does not matter."""


def check_profiles(paths: Sequence[str], out: TextIO) -> bool:
    """Check the profiles at `paths`, without any the shipped ones, and write what each says or what is wrong in it.

    Returns whether all are sound.
    """
    texts = _read_profiles(paths) if paths else shipped_profile_texts()
    is_sound = True
    for name, text in texts.items():
        try:
            profile = profile_from_toml(name, text)
            _require_known_holidays(profile)
            lines = _describe(profile)
        except ProviderProfileError as error:
            is_sound = False
            lines = [f"{name}: not sound", *(f"  {fault}" for fault in error.faults)]
        out.writelines(f"{escape_text(line)}\n" for line in lines)
    out.write(f"{len(texts)} checked, {'all sound' if is_sound else 'not all sound'}\n")
    return is_sound


def _read_profiles(paths: Sequence[str]) -> dict[str, str]:
    """Texts by provider. Raises `ProviderProfileError` for a file that cannot be read."""
    texts = {}
    for path in map(Path, paths):
        try:
            data = path.read_bytes()
            if len(data) > PROFILE_BYTES_MAX:
                raise ProviderProfileError(path.name, [f"larger than {PROFILE_BYTES_MAX} bytes, so no profile"])
            texts[path.stem] = data.decode("utf-8")
        except UnicodeDecodeError:
            raise ProviderProfileError(path.name, ["not UTF-8"]) from None
        except OSError as error:
            raise ProviderProfileError(path.name, [f"cannot be read: {error.strerror}"]) from None
    return texts


def _require_known_holidays(profile: ProviderProfile) -> None:
    """Raise `ProviderProfileError` where the profile names holidays of which nothing is known."""
    # Loaded for this command alone: it takes longer to import than everything else that the command line does.
    from pawledger.adapters.bank_holidays import LibraryHolidayCalendars  # noqa: PLC0415

    calendars, faults = LibraryHolidayCalendars(), []
    named = [("delivery", name) for name in (profile.delivery.holidays if profile.delivery else ())]
    named += [("settlement", name) for name in (profile.settlement.holidays if profile.settlement else ())]
    for table, name in named:
        try:
            calendars.is_holiday(name, ANY_DAY)
        except HolidayCalendarUnknownError as error:
            faults.append(f"{table}.holidays: {error}")
    if faults:
        raise ProviderProfileError(profile.provider, faults)


def _describe(profile: ProviderProfile) -> list[str]:
    said: list[tuple[str, Any]] = [
        ("drops", ", ".join(profile.formats)),
        ("is posted", ", ".join(profile.posts)),
        ("accounts", ", ".join(f"{each.number} {each.currency or ''}".strip() for each in profile.accounts) or "any"),
        ("told elsewhere", ", ".join(sorted(profile.told_elsewhere))),
        ("warnings known", "any" if profile.deviations is None else ", ".join(sorted(profile.deviations)) or "none"),
        ("mappings", ", ".join(mapping.name for mapping in profile.csv_mappings)),
        ("lockbox layout", "its own" if profile.lockbox_layout else ""),
    ]
    if profile.delivery:
        said += _describe_delivery(profile.delivery)
    if profile.settlement:
        said += _describe_settlement(profile.settlement)
    return [f"{profile.provider}: {profile.title}", *(f"  {name:<15} {value}" for name, value in said if value)]


def _describe_delivery(calendar: DeliveryCalendar) -> list[tuple[str, str]]:
    days = ", ".join(WEEKDAYS[day] for day in calendar.weekdays)
    holidays = f", not on holidays of {', '.join(calendar.holidays)}" if calendar.holidays else ""
    closed = ", ".join(day.isoformat() for day in sorted(calendar.closed_on))
    told = "its own day" if calendar.days_behind == 0 else f"days up to {calendar.days_behind} before it"
    kinds = ", ".join(calendar.formats) or "any of its files"
    watched = f"{kinds}, since {calendar.since}, each of {told}" if calendar.since else "nothing yet: it has no `since`"
    return [
        ("delivers", f"{days} until {calendar.until:%H:%M} {calendar.time_zone}{holidays}"),
        ("not on", closed),
        ("expected", watched),
    ]


def _describe_settlement(terms: SettlementTerms) -> list[tuple[str, str]]:
    holidays = f", not on holidays of {', '.join(terms.holidays)}" if terms.holidays else ""
    account = f", account {terms.account}" if terms.account else ""
    return [
        ("pays out", f"to {terms.bank}{account} within {terms.days_until_arrival} business days{holidays}"),
        ("is called", " or ".join(terms.descriptors)),
        ("payouts are", ", ".join(sorted(terms.codes)) or "all rows of our own money"),
    ]
