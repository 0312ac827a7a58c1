"""Movements of BAI2: a detail record (16) and its continuations become one statement entry with its own identity."""

from collections.abc import Iterable, Sequence
from itertools import compress, repeat
from operator import is_
from re import compile as compile_pattern
from typing import Final, NamedTuple
from zlib import crc32

from pawledger.bank_files.bai2.codes import (
    DETAIL_DIRECTIONS,
    NON_MONETARY,
    RETURN_CODES,
    SUMMARY_CODES,
    direction_by_range,
)
from pawledger.bank_files.bai2.controls import AccountCount
from pawledger.bank_files.bai2.fields import (
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
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import Rule

IDENTICAL_ROWS_MAX: Final = 1_000_000
"""Most different movements of one statement, among which identical ones are counted; this many take about 80 MB."""
IDENTICAL_ROWS_KEPT: Final = 20_000
"""Beyond this, the counts of finished statements are dropped before the next one begins: small counts are fast."""
COLUMN_LINES_MAX: Final = 250
"""Most details read at once in columns: one that is not ordinary sends all beside it the slower way."""
COLUMN_LINES_MIN: Final = 48
"""Fewest details read in columns: to set these up costs more than it saves on 32 details, and less on 64."""
SINGLE_LINES_MIN: Final = 32
"""How many lines are read one by one, once that has begun, before columns are tried again."""
PLAIN_DIGITS_MAX: Final = 18
"""Most digits of an amount that is not looked at more closely; they hold every amount of money there is."""
REFERENCES_MAX: Final = 16
"""Most references taken from one movement; a payment settles an invoice or a few, the rest stays in its text."""

_MARKED_REFERENCE: Final = compile_pattern(
    r"\b(?:EREF|CREF|REMI|CUST REF|C(?:LIENT REF|lient Ref) ID)[:=] ?([^\s,;/]+)"
)

_CREDIT: Final = Direction.CREDIT
_DEBIT: Final = Direction.DEBIT
_PAYMENT: Final = Purpose.PAYMENT
_RETURN: Final = Purpose.RETURN
"""Looked up once: a member of an enumeration costs a tenth of a whole detail to look up by its name."""
_RETURN_PURPOSES: Final = dict.fromkeys(RETURN_CODES, Purpose.RETURN)
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


class DetailRun(NamedTuple):
    """Entries of details that follow one another, and the position of the first line after them."""

    entries: list[StatementEntry]
    end: int


class _OrdinaryDetails(NamedTuple):
    """Ordinary details in columns of one length: what is known of one of them stands at the same place in each."""

    type_codes: Sequence[str]
    amounts: Sequence[str]
    """Digits without leading zeros, as they stand in the identity."""
    amounts_minor: Sequence[int]
    directions: Sequence[Direction]
    bank_references: Sequence[str]
    customer_references: Sequence[str]
    texts: Sequence[str]
    line_numbers: Sequence[int]


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
        """Read details that follow one another from `lines[start]` on, and count them in `account`.

        Not always all of them: call it again from the end that it returns. `lines` ends with the first line of a record
        that is not to be read yet. Raises `UnreadableRecordError`.
        """
        stop, end = min(start + COLUMN_LINES_MAX, len(lines) - 1), start
        while end < stop and lines[end][:3] == "16,":
            end += 1
        if lines[end][:2] == "88":
            # The last one goes on.
            end -= 1
        # A bank writes details of one kind, so that the first mostly tells whether the attempt is worth its cost.
        if end - start >= COLUMN_LINES_MIN and lines[start].split(",", 4)[3:4] != ["V"]:
            details = _read_ordinary(lines[start:end], numbers[start:end])
            if details is not None:
                return DetailRun(self._build_entries(details, account), end)
        stop = min(max(end, start + SINGLE_LINES_MIN), len(lines) - 1)
        return self._read_one_by_one(lines, numbers, start, stop, account)

    def _read_one_by_one(
        self, lines: list[str], numbers: Sequence[int], start: int, stop: int, account: AccountCount
    ) -> DetailRun:
        """Read details of every kind that begin before `stop`. Raises `UnreadableRecordError`.

        One loop over local names instead of a call per detail, since files of short accounts are read here.
        """
        entries: list[StatementEntry] = []
        number, currency, as_of, as_of_text = account.number, account.currency, account.as_of, account.as_of_text
        rows, statement, posts = self._rows, hash(account.identity), account.posts
        credit_count = credit_minor = debit_count = debit_minor = return_count = 0
        position = start
        while position < stop and (line := lines[position])[:3] == "16,":
            line_number = numbers[position]
            position += 1
            fields = line.split(",", 6)
            if len(fields) == 7 and fields[3] in FUNDS_WITHOUT_EXTRA_FIELDS:
                _, type_code, amount, _, bank_reference, customer_reference, text = fields
                text, value_on = text.strip().removesuffix("/").rstrip(), None
                if lines[position][:2] == "88":
                    self._notes.line = line_number
                    first, position = position, end_of_record(lines, position)
                    text = continue_text(text, lines[first:position])
            else:
                self._notes.line = line_number
                first, position = position - 1, end_of_record(lines, position)
                detail = split_detail(lines[first:position], self._notes)
                type_code, amount, bank_reference, customer_reference, text, value_on = detail
            if amount.isdigit() and amount[0] != "0" and len(amount) <= PLAIN_DIGITS_MAX and amount.isascii():
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
                ("bai2", number, currency, as_of_text, type_code, amount, bank_reference, customer_reference, checksum,
                 "1" if ordinal == 1 else str(ordinal)),
                posts, _RETURN if is_return else _PAYMENT, None, type_code, references, None, None, None, text,
                line_number, None, None,
            )))
            # fmt: on
        account.count(credit_count, credit_minor, debit_count, debit_minor, return_count)
        return DetailRun(entries, position)

    def _build_entries(self, details: _OrdinaryDetails, account: AccountCount) -> list[StatementEntry]:
        """Count details in `account` and make their entries; none where its currency is not known."""
        amounts_minor, texts = details.amounts_minor, details.texts
        credit_minor = sum(compress(amounts_minor, map(is_, details.directions, repeat(_CREDIT))))
        credit_count, count = details.directions.count(_CREDIT), len(amounts_minor)
        purposes = [*map(_RETURN_PURPOSES.get, details.type_codes, repeat(_PAYMENT))]
        debit_minor = sum(amounts_minor) - credit_minor
        account.count(credit_count, credit_minor, count - credit_count, debit_minor, purposes.count(_RETURN))
        if account.currency is None:
            return []
        checksums = [f"{crc32(text.encode())}" for text in texts]
        facts = (details.type_codes, details.amounts, details.bank_references, details.customer_references, checksums)
        ordinals = self._number_rows([*map(hash, zip(repeat(hash(account.identity)), *facts, strict=False))])
        same_account = repeat("bai2"), repeat(account.number), repeat(account.currency), repeat(account.as_of_text)
        # fmt: off
        columns = (
            repeat(account.number), repeat(account.currency), amounts_minor, details.directions, repeat(account.as_of),
            repeat(None), zip(*same_account, *facts, ordinals, strict=False), repeat(account.posts), purposes,
            repeat(None), details.type_codes, _collect_references(details.customer_references, texts),
            repeat(None), repeat(None), repeat(None), texts, details.line_numbers, repeat(None), repeat(None),
        )
        # fmt: on
        return [*map(_new_entry, repeat(StatementEntry), zip(*columns, strict=False))]

    def _number_rows(self, rows: list[int]) -> Iterable[str]:
        """How often each row has come in its statement by now, itself included, as the identity has it."""
        counted = dict.fromkeys(rows, 1)
        if len(counted) == len(rows) and self._rows.keys().isdisjoint(counted):
            self._rows |= counted
            return repeat("1")
        ordinals = []
        for row in rows:
            self._rows[row] = ordinal = self._rows.get(row, 0) + 1
            ordinals.append(str(ordinal))
        return ordinals

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


def _read_ordinary(lines: list[str], line_numbers: Sequence[int]) -> _OrdinaryDetails | None:
    """Read details in columns if each is of the ordinary kind and there is nothing to say about any, else None.

    Ordinary is a detail without continuations and availability fields, with a plain amount and a listed type code. A
    column at a time the whole work is done by loops inside the interpreter, and this is where the time of a file goes.
    """
    columns = _split_in_columns(lines)
    if columns is None:
        return None
    type_codes, amounts, funds_types, bank_references, customer_references, texts = columns
    if not FUNDS_WITHOUT_EXTRA_FIELDS.issuperset(funds_types) or not DETAIL_DIRECTIONS.keys() >= set(type_codes):
        return None
    digits = "".join(amounts)
    # Where the first in the order of texts is not below "1", no amount is empty or begins with a zero.
    if not (digits.isdigit() and digits.isascii()) or min(amounts) < "1" or max(map(len, amounts)) > PLAIN_DIGITS_MAX:
        return None
    return _OrdinaryDetails(
        type_codes,
        amounts,
        [*map(int, amounts)],
        [*map(DETAIL_DIRECTIONS.__getitem__, type_codes)],
        bank_references,
        customer_references,
        [text.strip().removesuffix("/").rstrip() for text in texts],
        line_numbers,
    )


def _split_in_columns(lines: list[str]) -> Sequence[Sequence[str]] | None:
    """Fields of details after the record code, a column each, the last one text; None where a line has fewer."""
    count = len(lines)
    if lines[0].count(",") == 6:
        # No line holds a line feed, so that all lines have seven fields where every seventh field begins with one.
        fields = ("\n" + ",\n".join(lines)).split(",")
        if len(fields) == 7 * count and fields[::7].count("\n16") == count:
            return [fields[place::7] for place in range(1, 7)]
    # Some text holds a comma.
    rows = [line.split(",", 6) for line in lines]
    return [*zip(*rows, strict=True)][1:] if set(map(len, rows)) == {7} else None


def _collect_references(customer_references: Sequence[str], texts: Sequence[str]) -> list[tuple[str, ...]]:
    """References of each detail: the customer reference, then what its text marks as one."""
    references: list[tuple[str, ...]] = [*zip(customer_references, strict=True)]
    if "" in customer_references:
        references = [(reference,) if reference else () for reference in customer_references]
    together = "\n".join(texts)
    if "REF" in together or "REMI:" in together or "Ref" in together:
        marked = map(_MARKED_REFERENCE.findall, texts)
        references = [(*own, *more)[:REFERENCES_MAX] for own, more in zip(references, marked, strict=True)]
    return references
