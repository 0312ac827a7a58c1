"""Reader of Stripe's itemised reports: payout reconciliation, and balance change from activity.

One row is one balance transaction: gross, fee and net in the currency of the balance. It becomes an entry of the gross
amount and, where there is a fee, a second one of the fee, so that the sum of the entries is the sum of the nets.
"""

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, Final

from pawledger.bank_files.delimited import RowBlock
from pawledger.bank_files.provider_rows import (
    STATEMENTS_MAX,
    Notes,
    StatementCount,
    Table,
    UnreadableReportError,
    check_identifiers,
    gather_references,
    read_amount,
    read_day,
    shown,
    signed,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport
from pawledger.bank_files.stripe.codes import OWN_REFERENCE_WORDS, PAYOUT, PAYOUT_REVERSAL, PURPOSES
from pawledger.bank_files.stripe.controls import PayoutSum, StripeControls
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

REQUIRED_COLUMNS: Final = ("balance_transaction_id", "currency", "gross", "fee", "net", "reporting_category")

POSITIVE_PAYOUTS_MAX: Final = 10_000
"""Most payouts with a positive amount: they are held until the report ends, and a daily one makes 260 a year."""
HELD_TEXT_CHARACTERS_MAX: Final = 256
"""Of what is held so, most characters of each text."""

_OWN_COLUMNS: Final = ("invoice_id", "invoice_number", "order_id", "client_reference_id", "transfer_group")
_PROVIDER_COLUMNS: Final = (
    *("payment_intent_id", "charge_id", "source_id", "refund_id", "dispute_id", "transfer_id", "subscription_id"),
    *("customer_id", "balance_transaction_id", "payout_id", "trace_id", "automatic_payout_id"),
)
_FIELDS: Final = (
    *REQUIRED_COLUMNS,
    *("created", "created_utc", "available_on", "available_on_utc", "automatic_payout_id", "payout_id", "source_id"),
    *("description", "customer_name", "dispute_reason", "connected_account", "connected_account_id"),
)
_CREDIT: Final = Direction.CREDIT
_DEBIT: Final = Direction.DEBIT
_FEE: Final = Purpose.FEE
_RETURN: Final = Purpose.RETURN
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


def read_stripe(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the entries of a Stripe report and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    report.format = "stripe"
    return chain.from_iterable(_read_blocks(stream, report))


def _read_blocks(stream: BinaryIO, report: FileReport) -> Iterator[list[StatementEntry]]:
    notes = Notes(report, "stripe")
    table = Table(stream, notes, REQUIRED_COLUMNS)
    reader: _Reader | None = None
    try:
        for block in table.blocks():
            reader = reader or _Reader(table, notes)
            yield reader.read(block)
        if reader is not None:
            yield reader.end()
    except UnreadableReportError as error:
        notes.unreadable(error.rule, str(error), error.line, field=error.field_name)
    if reader is not None:
        report.statements += [
            count.summary((*count.identity, str(count.first_day), str(count.last_day)))
            for count in reader.statements.values()
        ]


def _reference_columns(columns: dict[str, int]) -> list[str]:
    """Columns to take references from, ours before the provider's."""
    metadata = [name.lower() for name in columns if "metadata[" in name]
    ranked = [name for word in OWN_REFERENCE_WORDS for name in metadata if word in name.partition("[")[2]]
    by_lower_name = {name.lower(): name for name in columns}
    wanted = [*ranked, *_OWN_COLUMNS, *_PROVIDER_COLUMNS]
    return [by_lower_name[name] for name in dict.fromkeys(wanted) if name in by_lower_name]


class _Reader:
    """Turns rows into entries, and adds up what a total or payout row must agree with."""

    def __init__(self, table: Table, notes: Notes) -> None:
        self._notes = notes
        self._fields = table.getter(*_FIELDS)
        self._references = table.getter(*_reference_columns(table.columns))
        self._controls = StripeControls(notes)
        self._held: list[tuple[PayoutSum, list[StatementEntry]]] = []
        """Payouts with a positive amount, whose direction only the sum of their rows can tell."""
        self.statements: dict[tuple[str, str], StatementCount] = {}

    def read(self, block: RowBlock) -> list[StatementEntry]:
        """The entries of a block of rows. Raises `UnreadableReportError` beyond a limit."""
        entries: list[StatementEntry] = []
        ids: list[int] = []
        lines: list[int] = []
        for row, line in zip(block.rows, block.lines, strict=True):
            fields = self._fields(row)
            if not fields[5] and fields[0][:5].lower() in ("total", ""):
                self._controls.check_total(fields[2:5], fields[1], line)
            elif not fields[0]:
                self._notes.wrong("id_missing", "row without the id of its balance transaction", line)
            else:
                entries += self._read_row(fields, row, line)
                ids.append(hash(fields[0]))
                lines.append(line)
        self._controls.check_ids(ids, lines)
        self._count(entries)
        return entries

    def _read_row(self, fields: tuple[str, ...], row: list[str], line: int) -> list[StatementEntry]:
        """Entries of one balance transaction: gross, then fee; none where its money is not certain."""
        transaction_id, _, _, _, _, category, created, created_utc, available = fields[:9]
        available_utc, payout_id, own_payout_id, source_id, text, name, reason, account, account_id = fields[9:]
        money = self._read_money(fields, line)
        if money is None:
            return []
        currency, gross_minor, fee_minor, net_minor = money
        booked_on = read_day(created or created_utc)
        if booked_on is None:
            message = f"{shown(created or created_utc)} is not a time"
            self._notes.unreadable("day", message, line, field="created")
            return []
        purpose = PURPOSES.get(category)
        if purpose is None:
            self._notes.once(
                "category_unknown", f"reporting category {shown(category)} is not known", line, key=category
            )
            purpose = Purpose.PAYMENT
        bank_account = f"stripe:{account or account_id or 'balance'}"
        value_on = read_day(available or available_utc)
        references = gather_references(self._references(row))
        amount_minor, direction = signed(gross_minor)
        return_reason = (reason or None) if purpose is _RETURN else None
        entries = []
        # fmt: off
        if gross_minor or not fee_minor:
            entries.append(_new_entry(StatementEntry, (
                bank_account, currency, amount_minor, direction, booked_on, value_on,
                ("stripe", transaction_id, "gross"), True, purpose, return_reason, category, references,
                None, None, name or None, text, line, None, None,
            )))
        if fee_minor:
            amount_minor, direction = (fee_minor, _DEBIT) if fee_minor > 0 else (-fee_minor, _CREDIT)
            entries.append(_new_entry(StatementEntry, (
                bank_account, currency, amount_minor, direction, booked_on, value_on,
                ("stripe", transaction_id, "fee"), True, _FEE, None, category, references,
                None, None, None, text, line, None, None,
            )))
        # fmt: on
        if category == PAYOUT:
            payout = self._controls.payout((bank_account, currency, payout_id or own_payout_id or source_id))
            payout.payout_minor, payout.line = (payout.payout_minor or 0) + net_minor, line
            if gross_minor > 0:
                self._hold(payout, entries)
                return []
        elif payout_id and category != PAYOUT_REVERSAL:
            payout = self._controls.payout((bank_account, currency, payout_id))
            payout.items_minor += net_minor
            payout.item_count += 1
            if payout.payout_minor is None:
                payout.line = line
        return entries

    def _hold(self, payout: PayoutSum, entries: list[StatementEntry]) -> None:
        """Keep the entries of a payout until its rows are known. Raises `UnreadableReportError` for too many."""
        if len(self._held) >= POSITIVE_PAYOUTS_MAX:
            message = f"more than {POSITIVE_PAYOUTS_MAX} payouts with a positive amount"
            raise UnreadableReportError("too_many_payouts", message, line=payout.line)
        short = HELD_TEXT_CHARACTERS_MAX
        cut = [
            entry._replace(text=entry.text[:short], payer_name=entry.payer_name and entry.payer_name[:short])
            for entry in entries
        ]
        self._held.append((payout, cut))

    def _read_money(self, fields: tuple[str, ...], line: int) -> tuple[str, int, int, int] | None:
        """Currency, gross, fee and net of a row; None where they are not certain, which is told."""
        notes, currency = self._notes, fields[1]
        if currency not in MINOR_UNIT_DECIMALS:
            currency = currency.upper()
            if currency not in MINOR_UNIT_DECIMALS:
                message = f"{shown(fields[1])} is not an ISO 4217 currency"
                notes.wrong("currency", message, line, field="currency")
                return None
        gross_minor = read_amount(fields[2], currency, notes, line, "gross")
        fee_minor = read_amount(fields[3], currency, notes, line, "fee")
        net_minor = read_amount(fields[4], currency, notes, line, "net")
        if gross_minor is None or fee_minor is None or net_minor is None:
            return None
        if gross_minor - fee_minor != net_minor:
            message = f"net is {net_minor}, gross {gross_minor} less fee {fee_minor} is {gross_minor - fee_minor}"
            notes.wrong("row_net", message, line, field="net")
        self._controls.add(currency, gross_minor, fee_minor, net_minor)
        return currency, gross_minor, fee_minor, net_minor

    def end(self) -> list[StatementEntry]:
        """Check the payouts; the entries of those that were held back."""
        self._controls.check_payouts()
        entries = []
        for payout, held in self._held:
            if not payout.item_count:
                message = "payout with a positive amount and without its rows: it is not known which way the money went"
                self._notes.wrong("payout_direction", message, payout.line, field="gross")
            if payout.items_minor >= 0:
                held[0] = held[0]._replace(direction=_DEBIT)
            entries += held
        self._count(entries)
        return entries

    def _count(self, entries: list[StatementEntry]) -> None:
        by_statement: dict[tuple[str, str], list[StatementEntry]] = {}
        for entry in entries:
            by_statement.setdefault(entry[:2], []).append(entry)
        for key, counted in by_statement.items():
            statement = self.statements.get(key)
            if statement is None:
                if len(self.statements) >= STATEMENTS_MAX:
                    raise UnreadableReportError("too_many_statements", f"more than {STATEMENTS_MAX} accounts")
                check_identifiers(key)
                statement = self.statements[key] = StatementCount(*key, identity=("stripe", *key))
            statement.count(counted)
