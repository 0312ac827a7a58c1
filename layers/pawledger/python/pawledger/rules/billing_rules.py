"""The files of billing rules, read and checked into one `Rulebook`; docs/billing-rules.md says what each key means.

`jurisdictions/<jurisdiction>.toml` holds what the law of a place says, `tariff.toml` the seller's own fees and
discounts, `plans.toml` the payment plans. TOML alone, no float anywhere, and every fault of every file is told at once.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final, TypeVar

from pawledger.domain.billing.rulebook import (
    CancellationRule,
    DiscountRule,
    FeeCapRule,
    FeeRule,
    PaymentPlan,
    RenewalRule,
    Rule,
    Rulebook,
    SeparationRule,
    TaxRule,
)
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.rules.rule_checks import ReadRule, find_faults
from pawledger.rules.rule_faults import BillingRulesError, RuleFault, TableReader, WrittenFloat
from pawledger.rules.rule_rows import JURISDICTION_PATTERN, read_plan, read_rule

FILE_BYTES_MAX: Final = 256 * 1024
"""A jurisdiction with a century of rates has some hundred lines; more is another file by mistake."""

JURISDICTIONS_MAX: Final = 1000
"""Countries and the subdivisions that make laws of their own; ISO 3166 has 249 countries."""

JURISDICTIONS: Final = "jurisdictions"
TARIFF: Final = "tariff.toml"
PLANS: Final = "plans.toml"

_LAW_TABLES: Final = ("taxes", "fee_caps", "cancellations", "renewals", "separations")
_NEEDED_TABLES: Final = ("cancellations", "renewals")
_TARIFF_TABLES: Final = ("fees", "discounts")

_R = TypeVar("_R", bound=Rule)


@cache
def load_shipped_rules() -> Rulebook:
    """The rules of this installation. Raises `BillingRulesError` with every fault."""
    return load_rules(resources.files("pawledger.rules"))


def load_rules(directory: Traversable) -> Rulebook:
    """The rules in a folder (a `Path` will do), ordered by jurisdiction, code and day, however their files order them.

    Raises `BillingRulesError` with every fault of every file.
    """
    return _Reading(directory).rulebook()


@dataclass(slots=True)
class _Reading:
    """Reads the files of one folder and collects what is wrong in them."""

    directory: Traversable
    rules: list[ReadRule] = field(default_factory=list)
    faults: list[RuleFault] = field(default_factory=list)

    def rulebook(self) -> Rulebook:
        plans = self._read_plans()
        currencies = self._read_jurisdictions()
        self._read_tariff(currencies.keys())
        self.faults += find_faults(self.rules, plans, currencies)
        if self.faults:
            raise BillingRulesError(self.faults)
        return Rulebook(
            plans=MappingProxyType(plans),
            taxes=self._of(TaxRule),
            fees=self._of(FeeRule),
            fee_caps=self._of(FeeCapRule),
            discounts=self._of(DiscountRule),
            cancellations=self._of(CancellationRule),
            renewals=self._of(RenewalRule),
            separations=self._of(SeparationRule),
        )

    def _of(self, kind: type[_R]) -> tuple[_R, ...]:
        rules = (each.rule for each in self.rules if isinstance(each.rule, kind))
        return tuple(sorted(rules, key=_place_in_order))

    def _read_plans(self) -> dict[str, PaymentPlan]:
        plans = {}
        for name, table in sorted(self._read_file(PLANS, self.directory.joinpath(PLANS)).items()):
            reader = TableReader(PLANS, f"[{name}]", table if isinstance(table, dict) else {}, self.faults)
            if isinstance(table, dict):
                plans[name] = read_plan(reader, name)
            else:
                reader.refuse("", f"is not a table [{name}] with the keys of a plan")
        return plans

    def _read_jurisdictions(self) -> dict[str, str]:
        """Read the file of each jurisdiction and return which there are, sound or not, with their currencies.

        The currency is empty where it could not be read.
        """
        files = self._list_jurisdictions()
        currencies = dict.fromkeys(files, "")
        for jurisdiction, path in files.items():
            name = f"{JURISDICTIONS}/{jurisdiction}.toml"
            faults_before = len(self.faults)
            table = self._read_file(name, path)
            if len(self.faults) > faults_before:
                continue
            reader = TableReader(name, "", table, self.faults)
            reader.refuse_unknown({"jurisdiction", "currency", *_LAW_TABLES})
            if reader.text("jurisdiction") not in ("", jurisdiction):
                reader.refuse_value("jurisdiction", table["jurisdiction"], f"the name of its file, {jurisdiction!r}")
            currency = reader.currency("currency")
            if currency in MINOR_UNIT_DECIMALS:
                currencies[jurisdiction] = currency
            for kind in _LAW_TABLES:
                rows = reader.rows(kind)
                if not rows and kind in _NEEDED_TABLES:
                    reader.refuse(kind, f"missing: without a row under [[{kind}]] no policy can be billed here")
                for number, row in enumerate(rows, start=1):
                    self._read_row(name, kind, number, row, jurisdiction=jurisdiction)
        return currencies

    def _list_jurisdictions(self) -> dict[str, Traversable]:
        folder = self.directory.joinpath(JURISDICTIONS)
        try:
            entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        except (OSError, ValueError) as error:
            # ValueError: a path with a NUL character, which no file system has.
            reason = error.strerror if isinstance(error, OSError) else "the path cannot be opened"
            self._refuse_file(JURISDICTIONS, f"cannot be read: {reason}")
            return {}
        files = {entry.name.removesuffix(".toml"): entry for entry in entries if entry.name.endswith(".toml")}
        if not files:
            self._refuse_file(JURISDICTIONS, "holds no file of a jurisdiction, such as GB.toml")
        if len(files) > JURISDICTIONS_MAX:
            self._refuse_file(JURISDICTIONS, f"holds {len(files)} files, more than {JURISDICTIONS_MAX}")
            return {}
        for name in files:
            if not JURISDICTION_PATTERN.fullmatch(name):
                message = "is not named as ISO 3166 names a country or subdivision, such as GB.toml or US-CA.toml"
                self._refuse_file(f"{JURISDICTIONS}/{name}.toml", message)
        return files

    def _read_tariff(self, jurisdictions: Collection[str]) -> None:
        table = self._read_file(TARIFF, self.directory.joinpath(TARIFF))
        reader = TableReader(TARIFF, "", table, self.faults)
        reader.refuse_unknown(_TARIFF_TABLES)
        for kind in _TARIFF_TABLES:
            for number, row in enumerate(reader.rows(kind), start=1):
                row_reader = _open_row(TARIFF, kind, number, row, self.faults)
                named = row_reader.texts("jurisdictions", JURISDICTION_PATTERN, "a jurisdiction such as GB or US-CA")
                if "jurisdictions" not in row:
                    row_reader.refuse("jurisdictions", "missing, at least one jurisdiction where it counts")
                for jurisdiction in named:
                    if jurisdiction not in jurisdictions:
                        row_reader.refuse_value("jurisdictions", jurisdiction, f"one of the files in {JURISDICTIONS}/")
                self._read_tariff_row(kind, number, row, named)

    def _read_tariff_row(self, kind: str, number: int, row: Mapping[str, Any], named: tuple[str, ...]) -> None:
        """A row of the tariff is one rule in each of its jurisdictions; its faults are told once."""
        rule_id = row.get("rule_id")
        for place, jurisdiction in enumerate(named or ("",)):
            own = {**row, "rule_id": f"{jurisdiction}-{rule_id}"} if isinstance(rule_id, str) and named else row
            faults_before = len(self.faults)
            self._read_row(TARIFF, kind, number, own, jurisdiction=jurisdiction, known={"jurisdictions"})
            if place:
                del self.faults[faults_before:]

    def _read_row(
        self,
        file: str,
        kind: str,
        number: int,
        row: Mapping[str, Any],
        *,
        jurisdiction: str,
        known: Collection[str] = (),
    ) -> None:
        faults_before = len(self.faults)
        reader = _open_row(file, kind, number, row, self.faults)
        rule = read_rule(reader, jurisdiction, kind, known=known)
        is_sound = len(self.faults) == faults_before
        self.rules.append(ReadRule(file, reader.place, kind, rule, is_sound))

    def _read_file(self, name: str, path: Traversable) -> dict[str, Any]:
        """The table of a file; empty where it cannot be read."""
        try:
            data = path.read_bytes()
            if len(data) > FILE_BYTES_MAX:
                self._refuse_file(name, f"larger than {FILE_BYTES_MAX} bytes, so no file of rules")
                return {}
            return tomllib.loads(data.decode("utf-8"), parse_float=WrittenFloat)
        except UnicodeDecodeError:
            self._refuse_file(name, "not UTF-8")
        except OSError as error:
            self._refuse_file(name, f"cannot be read: {error.strerror}")
        except (ValueError, RecursionError) as error:
            # Beside its own errors the parser passes on that a number is too long, and that it is nested too deep.
            self._refuse_file(name, f"not TOML: {error}")
        return {}

    def _refuse_file(self, name: str, message: str) -> None:
        self.faults.append(RuleFault(name, "", "", message))


def _open_row(file: str, kind: str, number: int, row: Mapping[str, Any], faults: list[RuleFault]) -> TableReader:
    rule_id = row.get("rule_id")
    said = f" {rule_id}" if isinstance(rule_id, str) and re.fullmatch(r"[A-Za-z0-9-]{1,80}", rule_id) else ""
    return TableReader(file, f"{kind}[{number}]{said}", row, faults)


def _place_in_order(rule: Rule) -> tuple[object, ...]:
    return rule.jurisdiction, getattr(rule, "code", ""), rule.products, rule.effective_on, rule.rule_id
