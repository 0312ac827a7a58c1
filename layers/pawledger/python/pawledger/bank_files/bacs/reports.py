"""The reports of Bacs: what each makes of its records, and which totals prove it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pawledger.bank_files.bacs.codes import ADDACS_RECORD_TYPES, AUDDIS_RECORD_TYPES, ONLY_OF, SUMMARY_RECORD_TYPES
from pawledger.bank_files.bacs.controls import Count, check_sum, check_totals
from pawledger.bank_files.bacs.entries import EntryMaker, Item
from pawledger.bank_files.bacs.fields import Fields, LostStructureError, Notes, account_text, first_of, read_day, shown
from pawledger.bank_files.records import StatementEntry

CLAIMS_MAX: Final = 100_000
"""Most indemnity claims of one report: they wait for its date and sum, which may stand behind them."""
ACCOUNTS_MAX: Final = 50_000
"""Most originating accounts of one stream: their summaries are kept in the report."""


@dataclass(slots=True)
class Context:
    """What the parts of a report share."""

    notes: Notes
    maker: EntryMaker
    entries: list[StatementEntry] = field(default_factory=list)
    """Entries that were made and not yet taken."""
    header: Fields = field(default_factory=dict)
    user_number: str = ""
    """Service user number (SUN) of the originator."""

    def day(self) -> date | None:
        """The day of the report, which the reports name differently."""
        header = self.header
        text = first_of(header, "currentprocessingdate", "reportgenerationdate", "processingdate", "reportdate")
        return read_day(text, "date of the report", self.notes)


@dataclass(slots=True)
class ReturnedDebits:
    """ARUDD: collections that come back unpaid, in records of one originating account each."""

    context: Context
    is_in_account: bool = False
    account: str = ""
    _counts: dict[str, Count] = field(default_factory=dict)
    _all_counts: dict[str, Count] = field(default_factory=dict)
    _unread_count: int = 0
    _all_unread_count: int = 0
    _totals: list[Item] = field(default_factory=list)
    _all_totals: list[Item] = field(default_factory=list)
    _unproved: dict[str, int] = field(default_factory=dict)
    """Line of the first account by the currency in which it has no Totals."""

    def begin_account(self) -> None:
        """Begin an OriginatingAccountRecord. Raises `LostStructureError`."""
        if self.is_in_account:
            raise LostStructureError("bacs.structure", "OriginatingAccountRecord stands inside another")
        if len(self.context.notes.report.statements) >= ACCOUNTS_MAX:
            raise LostStructureError("bacs.too_many_accounts", f"more than {ACCOUNTS_MAX} accounts in one stream")
        self.is_in_account, self.account = True, ""

    def read(self, record: Item) -> None:
        """Read an account, a returned debit or Totals. Raises `LostStructureError`."""
        if record.name == "totals":
            (self._totals if self.is_in_account else self._all_totals).append(record)
        elif not self.is_in_account:
            raise LostStructureError("bacs.structure", "a returned debit stands outside an OriginatingAccountRecord")
        elif record.name == "originatingaccount":
            self.account = account_text(record.first("sortcode"), record.first("number"))
        else:
            self._read_returned_debit(record)

    def _read_returned_debit(self, record: Item) -> None:
        context = self.context
        entry = context.maker.returned_debit(record, context.user_number, self.account, context.day())
        if entry is None:
            self._unread_count += 1
            self._all_unread_count += 1
            return
        context.entries.append(entry)
        for counts in (self._counts, self._all_counts):
            counts.setdefault(entry.currency, Count()).add(entry)

    def close_account(self, *, is_complete: bool = True) -> None:
        """Check the Totals of the account in hand unless the reading ended in it, and report it."""
        if not self.is_in_account:
            return
        context, day = self.context, self.context.day()
        line = context.notes.line
        if is_complete:
            declared = check_totals(self._totals, self._counts, self._unread_count, context.notes)
            for currency in self._counts.keys() - declared:
                self._unproved.setdefault(currency, line)
        header = [first_of(context.header, "reporttype"), first_of(context.header, "advicenumber")]
        identity = ("bacs.arudd", context.user_number, *header, day.isoformat() if day else "", self.account)
        for currency, count in (self._counts or {"GBP": Count()}).items():
            summary = count.summary(self.account, currency, (*identity, currency), day)
            context.notes.report.statements.append(summary)
        self.is_in_account, self._counts, self._unread_count, self._totals = False, {}, 0, []

    def close(self) -> None:
        """Check Totals of the whole report where it has them, and tell its identity."""
        notes = self.context.notes
        declared = check_totals(self._all_totals, self._all_counts, self._all_unread_count, notes)
        for currency, line in sorted(self._unproved.items()):
            if currency not in declared:
                message = f"returned debits in {currency} have no Totals that prove them"
                notes.wrong("bacs.totals_missing", message, field="Totals", line=line)
        self._tell_logical_file()

    def _tell_logical_file(self) -> None:
        header, report = self.context.header, self.context.notes.report
        day, number = self.context.day(), first_of(header, "advicenumber")
        user_number = self.context.user_number
        if not (user_number and day and number):
            message = "report without user number, advice number or processing date; a copy shows only by its items"
            self.context.notes.once("bacs.header", message)
            return
        identity = ("bacs.arudd", user_number, first_of(header, "reporttype"), number, day.isoformat())
        if identity not in report.logical_file_ids:
            report.logical_file_ids.append(identity)


@dataclass(slots=True)
class Instructions:
    """ADDACS and AUDDIS: advices that an instruction changed, was cancelled or was returned."""

    context: Context
    name: str = ""
    """Which of the two reports it is, once that shows."""
    _count: Count = field(default_factory=Count)

    def read(self, record: Item) -> None:
        """Read an advice, or what a submission came to. Raises `LostStructureError`."""
        context = self.context
        kind = record.first("recordtype").upper()
        self.name = self.name or self._name_of(record, kind)
        context.user_number = context.user_number or self._user_number(record)
        if kind in SUMMARY_RECORD_TYPES:
            rejected = record.first("rejectedddi")
            if rejected.strip("0"):
                message = f"{shown(rejected)} instructions of a submission were rejected"
                context.notes.once("bacs.instructions_rejected", message)
            return
        if kind not in ADDACS_RECORD_TYPES and kind not in AUDDIS_RECORD_TYPES:
            context.notes.once("bacs.record_type", f"record type {shown(kind)} is not a known one", key=kind)
        entry = context.maker.instruction(record, self.name, self._user_number(record), context.day())
        context.entries.append(entry)
        self._count.add(entry)

    def _user_number(self, record: Item) -> str:
        return record.first("usernumber") or first_of(self.context.header, "usernumber") or self.context.user_number

    def _name_of(self, record: Item | None, kind: str) -> str:
        """Which of the two it is: by the words of its header, by the record type, by the reason code."""
        words = " ".join(_values_of(self.context.header)).upper()
        code = record.first("reasoncode") if record else ""
        for name, is_named, record_types in (
            ("bacs.addacs", "ADDACS" in words, ADDACS_RECORD_TYPES),
            ("bacs.auddis", "AUDDIS" in words, AUDDIS_RECORD_TYPES | SUMMARY_RECORD_TYPES),
        ):
            if is_named or (kind in record_types) or (not kind and code in ONLY_OF[name]):
                return name
        self.context.notes.once("bacs.report_kind", "nothing shows whether this is ADDACS or AUDDIS, read as ADDACS")
        return "bacs.addacs"

    def close(self) -> None:
        """Report the advices as one statement."""
        self.name = self.name or self._name_of(None, "")
        user_number, day = self.context.user_number, self.context.day()
        identity = (self.name, user_number, day.isoformat() if day else "")
        self.context.notes.report.statements.append(self._count.summary(user_number, "GBP", identity, day))


@dataclass(slots=True)
class Claims:
    """DDICA: claims under the Direct Debit guarantee, and cancellations of such claims."""

    context: Context
    _claims: list[Item] = field(default_factory=list)
    _declared: dict[str, Item] = field(default_factory=dict)

    def read(self, record: Item) -> None:
        """Keep a claim, or a value of the whole report. Raises `LostStructureError`."""
        if record.name in ("ddicadvice", "ddiccancellation"):
            self._claims.append(record)
            if len(self._claims) > CLAIMS_MAX:
                raise LostStructureError("bacs.too_many_items", f"more than {CLAIMS_MAX} claims in one report")
        else:
            self._declared.setdefault(record.name, record)

    def close(self, *, is_complete: bool) -> None:
        """Make the entries of the claims, check their sums, and report them as one statement."""
        context = self.context
        debit_day = self._day("dateofdebit", "DateOfDebit") or context.day()
        credit_day = self._day("dateofcredit", "DateOfCredit") or debit_day
        count, sums = Count(), {"ddicadvice": 0, "ddiccancellation": 0}
        for item in self._claims:
            is_cancelled = item.name == "ddiccancellation"
            day = credit_day if is_cancelled else debit_day
            entry = context.maker.claim(item, context.user_number, day, is_cancelled=is_cancelled)
            if entry is not None:
                context.entries.append(entry)
                sums[item.name] += entry.amount_minor
                count.add(entry)
        if is_complete:
            self._check("totalvalueofdebits", "TotalValueOfDebits", sums["ddicadvice"])
            self._check("totalvalueofcancellations", "TotalValueOfCancellations", sums["ddiccancellation"])
        identity = ("bacs.ddica", context.user_number, debit_day.isoformat() if debit_day else "")
        context.notes.report.statements.append(count.summary(context.user_number, "GBP", identity, debit_day))

    def _day(self, name: str, field_name: str) -> date | None:
        declared = self._declared.get(name)
        return read_day(declared.first(name), field_name, self.context.notes) if declared else None

    def _check(self, name: str, field_name: str, total_minor: int) -> None:
        declared = self._declared.get(name)
        if declared is not None:
            check_sum(declared.first(name), field_name, total_minor, self.context.notes, declared.line)
        elif total_minor:
            message = f"the report has claims and no {field_name} that proves them"
            self.context.notes.once("bacs.claims_unproved", message, key=name)


def _values_of(fields: Fields) -> list[str]:
    """All values of a record."""
    return [value for values in fields.values() for value in values]
