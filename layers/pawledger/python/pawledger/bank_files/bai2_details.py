"""Movements of BAI2: a detail record (16) and its continuations become one statement entry with its own identity."""

from collections.abc import Sequence
from re import compile as compile_pattern
from typing import Final, NamedTuple
from zlib import crc32

from pawledger.bank_files.bai2_codes import (
    DETAIL_DIRECTIONS,
    NON_MONETARY,
    RETURN_CODES,
    SUMMARY_CODES,
    direction_by_range,
)
from pawledger.bank_files.bai2_controls import AccountCount
from pawledger.bank_files.bai2_fields import (
    FUNDS_WITHOUT_EXTRA_FIELDS,
    Notes,
    UnreadableRecordError,
    check_known,
    check_type_code,
    continue_text,
    end_of_record,
    read_amount,
    split_detail,
)
from pawledger.bank_files.records import Direction, StatementEntry
from pawledger.bank_files.report import Rule

IDENTICAL_ROWS_MAX: Final = 1_000_000
"""Most different movements of one statement, among which identical ones are counted; this many take about 80 MB."""
IDENTICAL_ROWS_KEPT: Final = 20_000
"""Beyond this, the counts of finished statements are dropped before the next one begins: small counts are fast."""
REFERENCES_MAX: Final = 16
"""Most references taken from one movement; a payment settles an invoice or a few, the rest stays in its text."""

_MARKED_REFERENCE: Final = compile_pattern(
    r"\b(?:EREF|CREF|REMI|CUST REF|C(?:LIENT REF|lient Ref) ID)[:=] ?([^\s,;/]+)"
)

_CREDIT: Final = Direction.CREDIT
_DEBIT: Final = Direction.DEBIT
"""Looked up once: a member of an enumeration costs a tenth of a whole detail to look up by its name."""
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: a third of the cost of calling the class, which only adds names."""


class DetailRun(NamedTuple):
    """Entries of details that follow one another, and the position of the first line after them."""

    entries: list[StatementEntry]
    end: int


class DetailReader:
    """Turns details into entries and numbers the rows that a statement repeats word for word."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._rows: dict[int, int] = {}
        self._statements_counted: set[tuple[str, ...]] = set()
        self._statements_dropped: set[tuple[str, ...]] = set()

    def begin_file(self) -> None:
        """Forget the rows of the logical file before: what it repeats is a copy."""
        self._rows.clear()
        self._statements_counted.clear()
        self._statements_dropped.clear()

    def begin_statement(self, identity: tuple[str, ...]) -> None:
        """Prepare for the details of a statement, or of one more part of it.

        Counts of finished statements are dropped when they grow large. A part that comes after that could pass two
        movements for one, so that it puts the file out of balance.
        """
        if identity in self._statements_dropped:
            message = "account comes again so much later in the file that its identical movements cannot be told apart"
            self._notes.report.add(Rule.INTEGRITY, "bai2.statement_scattered", message, line=self._notes.line)
        if len(self._rows) > IDENTICAL_ROWS_KEPT and identity not in self._statements_counted:
            self._rows.clear()
            self._statements_dropped |= self._statements_counted
            self._statements_counted.clear()
        self._statements_counted.add(identity)

    def check_limit(self) -> None:
        """Raise `UnreadableRecordError` for a statement with more than `IDENTICAL_ROWS_MAX` different movements."""
        if len(self._rows) > IDENTICAL_ROWS_MAX:
            message = f"more than {IDENTICAL_ROWS_MAX} different movements in one statement"
            raise UnreadableRecordError("bai2.too_many_movements", None, message)

    def read_run(self, lines: list[str], numbers: Sequence[int], start: int, account: AccountCount) -> DetailRun:
        """Read the details that follow one another from `lines[start]` on, and count them in `account`.

        `lines` ends with the first line of a record that is not to be read yet. Raises `UnreadableRecordError`.
        One loop over local names instead of a call per detail: this is where nearly all the time of a file goes.
        """
        entries: list[StatementEntry] = []
        number, currency, as_of, as_of_text = account.number, account.currency, account.as_of, account.as_of_text
        rows, statement, posts = self._rows, hash(account.identity), account.posts
        credit_count = credit_minor = debit_count = debit_minor = return_count = 0
        last, position = len(lines) - 1, start
        while position < last and (line := lines[position])[:3] == "16,":
            line_number = numbers[position]
            position += 1
            fields = line.split(",", 6)
            if len(fields) == 7 and fields[3] in FUNDS_WITHOUT_EXTRA_FIELDS:
                _, type_code, amount, _, bank_reference, customer_reference, text = fields
                text, value_on = text.strip(), None
                if text[-1:] == "/":
                    text = text[:-1].rstrip()
                if lines[position][:2] == "88":
                    self._notes.line = line_number
                    first, position = position, end_of_record(lines, position)
                    text = continue_text(text, lines[first:position])
            else:
                self._notes.line = line_number
                first, position = position - 1, end_of_record(lines, position)
                detail = split_detail(lines[first:position], self._notes)
                type_code, amount, bank_reference, customer_reference, text, value_on = detail
            if amount.isdigit() and amount[0] != "0" and len(amount) < 19 and amount.isascii():
                amount_minor = int(amount)
            else:
                amount_minor = self._read_unusual_amount(amount, line_number)
                amount = str(amount_minor)
            direction = DETAIL_DIRECTIONS.get(type_code) or self._direction_of_unusual(type_code, line_number)
            if direction is _CREDIT:
                credit_count += 1
                credit_minor += amount_minor
            elif direction is _DEBIT:
                debit_count += 1
                debit_minor += amount_minor
            else:
                self._refuse_undirected(type_code, amount_minor, account)
                continue
            return_count += (is_return := type_code in RETURN_CODES)
            if currency is None:
                continue
            references: tuple[str, ...] = (customer_reference,) if customer_reference else ()
            if "REF" in text or "REMI:" in text or "Ref" in text:
                references = (*references, *_MARKED_REFERENCE.findall(text))[:REFERENCES_MAX]
            # The checksum keeps names out of the identity. Rows are counted by it and not by the text: two texts with
            # one checksum are then numbered apart like identical rows, and none is lost.
            checksum = str(crc32(text.encode()))
            row = hash((statement, type_code, amount, bank_reference, customer_reference, checksum))
            rows[row] = ordinal = rows.get(row, 0) + 1
            # fmt: off
            entries.append(_new_entry(StatementEntry, (
                number, currency, amount_minor, direction, as_of, value_on,
                ("bai2", number, as_of_text, type_code, amount, bank_reference, customer_reference, checksum,
                 "1" if ordinal == 1 else str(ordinal)),
                posts, is_return, None, type_code, references, None, None, None, text, line_number,
            )))
            # fmt: on
        account.count(credit_count, credit_minor, debit_count, debit_minor, return_count)
        return DetailRun(entries, position)

    def _read_unusual_amount(self, text: str, line: int) -> int:
        """Amount of a detail that is blank (zero), filled with zeros, signed or wrong."""
        self._notes.line = line
        amount_minor = read_amount(text, "amount", self._notes)
        if amount_minor is None:
            self._notes.once("bai2.amount_blank", "detail without an amount, read as zero")
            return 0
        if amount_minor < 0:
            message = f"detail has the amount {amount_minor}; only its type code may say that money went out"
            self._notes.report.add(Rule.INTEGRITY, "bai2.amount_negative", message, line=line, field="amount")
        return amount_minor

    def _direction_of_unusual(self, type_code: str, line: int) -> Direction | None:
        """Direction of a detail whose code is not a listed movement; None where it has none."""
        self._notes.line = line
        check_type_code(type_code)
        if type_code in SUMMARY_CODES:
            message = f"detail has type code {type_code}, which is a total's"
            self._notes.once("bai2.summary_code_in_detail", message, key=type_code)
        elif type_code != NON_MONETARY:
            check_known(type_code, self._notes)
        return direction_by_range(type_code)

    def _refuse_undirected(self, type_code: str, amount_minor: int, account: AccountCount) -> None:
        """Money without a direction cannot be posted; it is in the control total all the same."""
        account.undirected_minor += amount_minor
        if amount_minor:
            message = f"type code {type_code} says neither credit nor debit, {amount_minor} cannot be posted"
            report, line = self._notes.report, self._notes.line
            report.add(Rule.INTEGRITY, "bai2.direction_unknown", message, line=line, field="type_code")
