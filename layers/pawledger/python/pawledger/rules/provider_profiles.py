"""Provider profiles: what each provider is expected to drop, as dated data in `providers/<provider>.toml`.

Without a profile, everything that a statement's format proves is posted. A profile narrows that: to the formats, the
accounts and the warnings that are known of the provider. A file that does not fit is set aside and told.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pawledger.bank_files.formats import ADVICE_KINDS, CSV_PREFIX, STATEMENT_KINDS
from pawledger.bank_files.lockbox.layout import LockboxLayout, LockboxLayoutError, layout_from_table
from pawledger.bank_files.mapped_csv.mapping import CsvMapping, CsvMappingError, mapping_from_table
from pawledger.bank_files.webhook_terms import WebhookTerms
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError
from pawledger.rules.csv_mappings import load_shipped_mappings
from pawledger.rules.delivery_calendars import DAYS_BEHIND_MAX, PAYMENT_SYSTEMS, DeliveryCalendar
from pawledger.rules.settlement_terms import (
    ARRIVAL_DAYS_MAX,
    DESCRIPTOR_CHARACTERS_MIN,
    PAYOUT_CODES,
    SettlementTerms,
    plain_words,
)

PROVIDER_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""What may stand in `incoming/<provider>/`."""
RULE_PATTERN: Final = re.compile(r"[a-z0-9]+\.[a-z0-9_]+")
HOLIDAYS_PATTERN: Final = re.compile(rf"[A-Z]{{2}}(-[A-Z0-9]{{1,3}})?|{'|'.join(sorted(PAYMENT_SYSTEMS))}")
"""ISO 3166-1 country, ISO 3166-2 subdivision, or payment system: `DE`, `GB-SCT`, `TARGET`."""
DAYS_AHEAD_MAX: Final = 366
"""A booking day further ahead than a year is a mistake in a file, whatever a profile says."""

POSTED_EVENTS: Final = frozenset({"stripe.events"})
"""Kinds of events whose movements have the identities that the provider's report gives them."""

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class ProviderProfileError(PawledgerError):
    """A profile that says something impossible; `faults` are all of them, each with its path, value and rule."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__(f"profile {name}: " + "; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """One of our accounts at the provider."""

    number: str
    """Without blanks, letters in capitals."""
    currency: str | None
    """ISO 4217; None where it may hold several."""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What of a provider's habits is no discrepancy."""

    booking_days_ahead: int = 1
    """How far ahead of its receipt a file may book; a bank east of the billing time zone is a day ahead."""
    has_number_gaps: bool = False
    """True where the provider does not number its statements without gaps; their balances are linked all the same."""


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """What is known of one provider."""

    provider: str
    title: str
    formats: tuple[str, ...]
    """Kinds of reports that it drops: `camt.053`, `nacha`, `csv:<mapping>`."""
    posts: tuple[str, ...]
    """Of these, the kinds whose movements are posted; the others are proved and kept."""
    accounts: tuple[ProviderAccount, ...] = ()
    """Empty where any account is taken."""
    told_elsewhere: frozenset[str] = frozenset()
    """Type codes whose movements another posted kind tells one by one, such as the sum of a day's returns."""
    delivery: DeliveryCalendar | None = None
    tolerances: Tolerances = Tolerances()
    deviations: frozenset[str] | None = None
    """Rules of warnings that are known of the provider; None where any is taken."""
    settlement: SettlementTerms | None = None
    webhooks: WebhookTerms | None = None
    """What is posted of its events; None where it sends none, or none of them is posted."""
    csv_mappings: tuple[CsvMapping, ...] = ()
    lockbox_layout: LockboxLayout | None = None


ProviderProfiles = Mapping[str, ProviderProfile]
"""By provider."""


def profile_from_toml(name: str, text: str) -> ProviderProfile:
    """The profile of the provider `name`. Raises `ProviderProfileError` with every fault."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProviderProfileError(name, [f"not TOML: {error}"]) from None
    return _Reading(name, table).profile()


def shipped_profile_texts() -> dict[str, str]:
    """The texts of the profiles in the package, by provider."""
    entries = sorted(resources.files("pawledger.rules").joinpath("providers").iterdir(), key=lambda entry: entry.name)
    return {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in entries
        if entry.name.endswith(".toml")
    }


@cache
def load_shipped_profiles() -> ProviderProfiles:
    """The profiles of the package, by provider. Raises `ProviderProfileError` for the first that is faulty."""
    texts = shipped_profile_texts()
    return MappingProxyType({provider: profile_from_toml(provider, text) for provider, text in texts.items()})


@dataclass(slots=True)
class _Reading:
    """Reads one table and collects what is wrong in it."""

    name: str
    table: dict[str, Any]
    faults: list[str] = field(default_factory=list)

    def profile(self) -> ProviderProfile:
        known = {"provider", "title", "formats", "posts", "accounts", "told_elsewhere", "delivery", "tolerances"}
        self._refuse_unknown("", self.table, known | {"deviations", "csv", "lockbox", "settlement", "webhooks"})
        if not PROVIDER_PATTERN.fullmatch(self.name):
            self._fault("provider", self.name, "1 to 40 small letters, digits and hyphens, as in incoming/<provider>/")
        if self._text(self.table, "", "provider") not in (None, self.name):
            self._fault("provider", self.table["provider"], f"the name of its file, {self.name!r}")
        mappings, layout = self._csv_mappings(), self._lockbox_layout()
        names = {mapping.name for mapping in mappings} | load_shipped_mappings().keys()
        formats = self._formats("formats", {f"{CSV_PREFIX}{name}" for name in names})
        posts = self._formats("posts", set(formats)) if "posts" in self.table else formats
        for each in posts:
            if each not in formats:
                self._fault("posts", each, "one of `formats`")
        profile = ProviderProfile(
            provider=self.name,
            title=self._text(self.table, "", "title") or "",
            formats=formats,
            posts=posts,
            accounts=self._accounts(),
            told_elsewhere=frozenset(self._texts(self.table, "", "told_elsewhere")),
            delivery=self._delivery(formats),
            tolerances=self._tolerances(),
            deviations=self._deviations(),
            settlement=self._settlement(formats),
            webhooks=self._webhooks(posts),
            csv_mappings=mappings,
            lockbox_layout=layout,
        )
        if self.faults:
            raise ProviderProfileError(self.name, self.faults)
        return profile

    def _fault(self, path: str, value: object, rule: str) -> None:
        self.faults.append(f"{path}: {str(value)[:60]!r} is not {rule}")

    def _refuse_unknown(self, path: str, table: Mapping[str, Any], known: set[str]) -> None:
        for key in sorted(table.keys() - known):
            self.faults.append(f"{path}{key}: unknown, the keys here are {', '.join(sorted(known))}")

    def _text(self, table: Mapping[str, Any], path: str, key: str, *, is_required: bool = True) -> str | None:
        value = table.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if key in table:
            self._fault(f"{path}{key}", value, "a text")
        elif is_required:
            self.faults.append(f"{path}{key}: missing")
        return None

    def _texts(self, table: Mapping[str, Any], path: str, key: str) -> tuple[str, ...]:
        values = table.get(key, [])
        if isinstance(values, list) and all(isinstance(value, str) and value for value in values):
            return tuple(values)
        self._fault(f"{path}{key}", values, "a list of texts")
        return ()

    def _tables(self, key: str) -> list[dict[str, Any]]:
        values = self.table.get(key, [])
        values = [values] if isinstance(values, dict) else values
        if isinstance(values, list) and all(isinstance(value, dict) for value in values):
            return values
        self._fault(key, values, "a table or a list of tables")
        return []

    def _only_table(self, key: str) -> dict[str, Any]:
        """The table of a key that stands once at most, empty where it is not there."""
        tables = self._tables(key)
        if len(tables) > 1:
            self.faults.append(f"{key}: {len(tables)} tables, expected one at most")
        return tables[0] if tables else {}

    def _formats(self, key: str, mapped: set[str]) -> tuple[str, ...]:
        kinds = self._texts(self.table, "", key)
        if not kinds:
            self.faults.append(f"{key}: missing, at least one kind of report")
        for kind in kinds:
            if kind not in ADVICE_KINDS | STATEMENT_KINDS | mapped:
                self._fault(key, kind, f"one of {', '.join(sorted(ADVICE_KINDS | STATEMENT_KINDS | mapped))}")
        return kinds

    def _accounts(self) -> tuple[ProviderAccount, ...]:
        accounts = []
        for place, table in enumerate(self._tables("accounts")):
            path = f"accounts[{place}]."
            self._refuse_unknown(path, table, {"number", "currency"})
            number, currency = self._text(table, path, "number"), self._text(table, path, "currency", is_required=False)
            if currency is not None and currency not in MINOR_UNIT_DECIMALS:
                self._fault(f"{path}currency", currency, "a currency of ISO 4217")
            accounts.append(ProviderAccount(plain_account_number(number or ""), currency))
        return tuple(accounts)

    def _delivery(self, formats: tuple[str, ...]) -> DeliveryCalendar | None:
        if "delivery" not in self.table:
            return None
        table, path = self._only_table("delivery"), "delivery."
        known = {"days", "until", "time_zone", "holidays", "closed_on", "since", "days_behind", "formats"}
        self._refuse_unknown(path, table, known)
        days = self._texts(table, path, "days")
        if not days:
            self.faults.append("delivery.days: missing, at least one day of the week")
        for day in days:
            if day not in WEEKDAYS:
                self._fault("delivery.days", day, f"one of {', '.join(WEEKDAYS)}")
        zone = self._text(table, path, "time_zone") or "UTC"
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._fault("delivery.time_zone", zone, "a zone of the IANA database such as Europe/Berlin")
        until = self._text(table, path, "until") or "00:00"
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", until):
            self._fault("delivery.until", until, "a time of day such as 09:30")
            until = "00:00"
        expected = self._texts(table, path, "formats")
        for kind in expected:
            if kind not in formats:
                self._fault("delivery.formats", kind, "one of `formats`")
        return DeliveryCalendar(
            weekdays=tuple(number for number, day in enumerate(WEEKDAYS) if day in days),
            until=time.fromisoformat(until),
            time_zone=zone,
            holidays=self._holidays(table, path),
            closed_on=frozenset(self._days(table, path, "closed_on")),
            since=next(iter(self._days(table, path, "since")), None),
            days_behind=self._whole_number(table, path, "days_behind", 1, DAYS_BEHIND_MAX),
            formats=expected,
        )

    def _holidays(self, table: Mapping[str, Any], path: str) -> tuple[str, ...]:
        named = table.get("holidays", [])
        names = self._texts({"holidays": [named] if isinstance(named, str) else named}, path, "holidays")
        for name in names:
            if not HOLIDAYS_PATTERN.fullmatch(name):
                systems = " or ".join(sorted(PAYMENT_SYSTEMS))
                rule = f"a country or subdivision of ISO 3166 such as DE or GB-SCT, or {systems}"
                self._fault(f"{path}holidays", name, rule)
        return names

    def _days(self, table: Mapping[str, Any], path: str, key: str) -> list[date]:
        """The days of a key that holds one day or a list of them; TOML writes a day as 2026-12-24, without quotes."""
        values = table.get(key, [])
        days = values if isinstance(values, list) else [values]
        if all(isinstance(day, date) and not isinstance(day, datetime) for day in days):
            return days
        self._fault(f"{path}{key}", values, "a day such as 2026-12-24, without quotes")
        return []

    def _whole_number(self, table: Mapping[str, Any], path: str, key: str, default: int, highest: int) -> int:
        value = table.get(key, default)
        if type(value) is int and 0 <= value <= highest:
            return value
        self._fault(f"{path}{key}", value, f"a whole number from 0 to {highest}")
        return default

    def _settlement(self, formats: tuple[str, ...]) -> SettlementTerms | None:
        if "settlement" not in self.table:
            return None
        table, path = self._only_table("settlement"), "settlement."
        self._refuse_unknown(path, table, {"bank", "account", "descriptor", "days_until_arrival", "holidays", "codes"})
        bank = self._text(table, path, "bank") or ""
        if bank and not PROVIDER_PATTERN.fullmatch(bank):
            self._fault("settlement.bank", bank, "the provider that drops the bank's statements")
        named = table.get("descriptor", [])
        descriptors = self._texts({"descriptor": [named] if isinstance(named, str) else named}, path, "descriptor")
        if not descriptors:
            self.faults.append("settlement.descriptor: missing, what the bank's statement calls the provider")
        for each in descriptors:
            if len(plain_words(each)) < DESCRIPTOR_CHARACTERS_MIN:
                self._fault("settlement.descriptor", each, f"{DESCRIPTOR_CHARACTERS_MIN} letters and digits at least")
        account = self._text(table, path, "account", is_required=False)
        known = frozenset(code for kind in formats for code in PAYOUT_CODES.get(kind, ()))
        return SettlementTerms(
            bank=bank,
            account=plain_account_number(account) if account else None,
            descriptors=tuple(map(plain_words, descriptors)),
            days_until_arrival=self._whole_number(table, path, "days_until_arrival", 3, ARRIVAL_DAYS_MAX),
            holidays=self._holidays(table, path),
            codes=frozenset(code.lower() for code in self._texts(table, path, "codes")) or known,
        )

    def _webhooks(self, posts: tuple[str, ...]) -> WebhookTerms | None:
        if "webhooks" not in self.table:
            for kind in POSTED_EVENTS.intersection(posts):
                self.faults.append(f"webhooks: missing, since `posts` names {kind}")
            return None
        table, path = self._only_table("webhooks"), "webhooks."
        self._refuse_unknown(path, table, {"since", "currencies", "takes_test_events"})
        since = next(iter(self._days(table, path, "since")), None)
        if since is None:
            self.faults.append("webhooks.since: missing, the first day whose money events may tell")
        currencies = self._texts(table, path, "currencies")
        if not currencies:
            self.faults.append("webhooks.currencies: missing, in which the provider keeps balances for us")
        for currency in currencies:
            if currency not in MINOR_UNIT_DECIMALS:
                self._fault("webhooks.currencies", currency, "a currency of ISO 4217")
        takes_test_events = table.get("takes_test_events", False)
        if not isinstance(takes_test_events, bool):
            self._fault("webhooks.takes_test_events", takes_test_events, "true or false")
        return WebhookTerms(since or date.max, frozenset(currencies), takes_test_events is True)

    def _tolerances(self) -> Tolerances:
        table = self._only_table("tolerances")
        self._refuse_unknown("tolerances.", table, {"booking_days_ahead", "has_number_gaps"})
        ahead = self._whole_number(table, "tolerances.", "booking_days_ahead", 1, DAYS_AHEAD_MAX)
        gaps = table.get("has_number_gaps", False)
        if not isinstance(gaps, bool):
            self._fault("tolerances.has_number_gaps", gaps, "true or false")
        return Tolerances(ahead, gaps is True)

    def _deviations(self) -> frozenset[str] | None:
        if "deviations" not in self.table:
            return None
        rules = self._texts(self.table, "", "deviations")
        for rule in rules:
            if not RULE_PATTERN.fullmatch(rule):
                self._fault("deviations", rule, "the name of a rule such as bai2.slash_missing")
        return frozenset(rules)

    def _csv_mappings(self) -> tuple[CsvMapping, ...]:
        mappings: list[CsvMapping] = []
        for place, table in enumerate(self._tables("csv")):
            name = table.get("name", self.name)
            try:
                inner = {key: value for key, value in table.items() if key != "name"}
                mappings.append(mapping_from_table(str(name), inner))
            except CsvMappingError as error:
                self.faults.append(f"csv[{place}]: {error}")
        return tuple(mappings)

    def _lockbox_layout(self) -> LockboxLayout | None:
        if "lockbox" not in self.table:
            return None
        try:
            return layout_from_table(self._only_table("lockbox"))
        except LockboxLayoutError as error:
            self.faults.append(f"lockbox: {error}")
            return None


def plain_account_number(number: str) -> str:
    """An account number as numbers are compared: without blanks, letters in capitals."""
    return "".join(number.split()).upper()
