"""Checks of a lockbox: record 6 and the records 4 behind it become one statement entry with its own identity."""

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from pawledger.bank_files.lockbox.controls import BatchCount, LockboxCount
from pawledger.bank_files.lockbox.fields import (
    FieldReader,
    LostStructureError,
    Notes,
    is_number,
    is_routing_number,
    picker,
    shown,
)
from pawledger.bank_files.lockbox.layout import LockboxLayout
from pawledger.bank_files.records import Direction, Purpose, StatementEntry

OVERFLOWS_MAX: Final = 10_000
"""Most records 4 of one check: their sequence number has two digits, and no remitter lists this many invoices."""
BATCHES_MAX: Final = 100_000
"""Most batches of one logical file: their number has three digits, and a file has a few lockboxes."""
CHECKS_MAX: Final = 1_000_000
"""Most different checks of one batch, among which identical ones are counted; this many take about 80 MB."""
ROUTING_NUMBERS_KEPT: Final = 50_000
"""Most routing numbers remembered as right; there are some 30,000 of them."""
REFERENCES_MAX: Final = 16
"""Most references of one check, as for every entry."""

_NO_INVOICES: Final[tuple[tuple[str, ...], str]] = ((), "")
_LAST: Final = "9"
_CREDIT: Final = Direction.CREDIT
_PAYMENT: Final = Purpose.PAYMENT
"""Looked up once: a member of an enumeration costs a tenth of a whole check to look up by its name."""
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


def too_many_overflows() -> LostStructureError:
    message = f"check with more than {OVERFLOWS_MAX} records 4"
    return LostStructureError("lockbox.too_many_overflows", None, message)


class CheckReader:
    """Turns checks into entries and numbers those that a batch repeats word for word."""

    def __init__(self, layout: LockboxLayout, fields: FieldReader, notes: Notes) -> None:
        check, overflow = layout.check, layout.overflow
        self._pick = picker(
            check.batch,
            check.item,
            check.amount,
            check.transit,
            check.account,
            check.check_number,
            check.remitter,
            check.remitter_id,
            check.invoice,
            check.invoice_amount,
        )
        self._pick_overflow = picker(
            overflow.batch, overflow.item, overflow.sequence, overflow.last, overflow.invoice, overflow.amount
        )
        self._text_from = overflow.invoice[0] - 1 if overflow.invoice else None
        self._has_sequence, self._has_last = overflow.sequence is not None, overflow.last is not None
        self._currency = layout.currency
        self._fields = fields
        self._notes = notes
        self._rows: dict[int, int] = {}
        self._item_before = ""
        self._batches: set[tuple[str, ...]] = set()
        self._routing_numbers: set[str] = {""}

    def begin_file(self) -> None:
        """Forget the batches of the logical file before: what it repeats is a copy."""
        self._batches.clear()

    def begin_batch(self, number: str, lockbox: LockboxCount) -> BatchCount:
        """Open a batch. Its number is part of the identity of its checks, so that one that comes twice is told.

        Raises `LostStructureError` for more than `BATCHES_MAX`.
        """
        key = (*lockbox.identity, number)
        if key in self._batches:
            message = (
                f"batch {shown(number)} comes twice in one deposit: its checks cannot be told from the first one's"
            )
            self._notes.out_of_balance("lockbox.batch_repeated", message, "batch")
        if len(self._batches) >= BATCHES_MAX:
            raise LostStructureError("lockbox.too_many_batches", None, f"more than {BATCHES_MAX} batches in one file")
        self._batches.add(key)
        self._rows.clear()
        self._item_before = ""
        lockbox.batch = BatchCount(number)
        return lockbox.batch

    def read_run(
        self, lines: Sequence[str], numbers: Sequence[int], start: int, stop: int, lockbox: LockboxCount
    ) -> tuple[list[StatementEntry], int]:
        """Read the checks that follow one another from `start` on, and count them in the open batch.

        Returns their entries and the position of the first record after them. Raises `LostStructureError`.
        """
        entries: list[StatementEntry] = []
        pick, notes, rows, deposit_date = self._pick, self._notes, self._rows, lockbox.deposit_date
        number, day, currency = lockbox.number, deposit_date.isoformat(), self._currency
        is_in_minor_units, routing_numbers = self._fields.is_in_minor_units, self._routing_numbers
        opened = lockbox.batch or self.begin_batch(pick(lines[start])[0].strip(), lockbox)
        batch_number, item_before = opened.number, self._item_before
        count = sum_minor = 0
        position = start
        while position < stop and (line := lines[position])[:1] == "6":
            notes.line = line_number = numbers[position]
            batch, item, amount, transit, account, check_number, remitter, remitter_id, invoice, paid, _ = pick(line)
            batch, transit, check_number = batch.strip(), transit.strip(), check_number.strip()
            if batch != batch_number or item <= item_before:
                self._check_place(batch, batch_number, item, item_before)
            item_before = item
            if transit not in routing_numbers:
                self._check_routing_number(transit)
            amount_minor: int | None
            if is_in_minor_units and amount.isdigit() and amount.isascii():
                amount_minor = int(amount)
            else:
                amount_minor = self._fields.amount_minor(amount.strip(), "6")
            count += 1
            sum_minor += amount_minor or 0
            references, text = _NO_INVOICES
            first = position = position + 1
            while position < stop and lines[position][:1] == "4":
                position += 1
            if position > first or invoice:
                behind = lines[first:position], numbers[first:position]
                references, text = self._read_invoices((invoice, paid), *behind, (batch, item), amount_minor)
            if amount_minor is None:
                continue
            own = (remitter_id.strip(), check_number if check_number.strip("0") else "")
            references = (*references[: REFERENCES_MAX - len(own)], *filter(None, own))
            account = account.strip()
            # The checksum keeps the remitter's account out of the identity.
            checksum = str(crc32(f"{transit} {account}".encode()))
            facts = (batch, item.strip(), check_number, checksum, str(amount_minor))
            row = hash(facts)
            rows[row] = ordinal = rows.get(row, 0) + 1
            # fmt: off
            entries.append(_new_entry(StatementEntry, (
                number, currency, amount_minor, _CREDIT, deposit_date, None,
                ("lockbox", number, day, *facts, "1" if ordinal == 1 else str(ordinal)),
                amount_minor > 0, _PAYMENT, None, None, references, None, transit + account or None,
                remitter.strip() or None, text, line_number, None, None,
            )))
            # fmt: on
        self._item_before = item_before
        opened.count(count, sum_minor)
        lockbox.count(count, sum_minor)
        if len(rows) > CHECKS_MAX:
            message = f"more than {CHECKS_MAX} different checks in one batch"
            raise LostStructureError("lockbox.too_many_checks", None, message)
        return entries, position

    def _check_place(self, batch: str, opened: str, item: str, item_before: str) -> None:
        """Tell a check that does not belong to the open batch, or whose item number does not follow the one before."""
        if batch != opened:
            message = f"check of batch {shown(batch)} stands before record 7 of batch {shown(opened)}"
            self._notes.out_of_balance("lockbox.batch_open", message, "batch")
        if item <= item_before:
            message = f"item {shown(item)} comes after item {shown(item_before)} of its batch"
            self._notes.warn_once("lockbox.item_order", message, "item")

    def _check_routing_number(self, transit: str) -> None:
        """Warn of a routing number that is none: the money is there all the same."""
        if self._notes.has_told("lockbox.routing_number"):
            return
        if not is_routing_number(transit):
            message = f"{shown(transit)} is not a routing number with its check digit"
            self._notes.warn_once("lockbox.routing_number", message, "transit")
        elif len(self._routing_numbers) < ROUTING_NUMBERS_KEPT:
            self._routing_numbers.add(transit)

    def _read_invoices(
        self,
        own: tuple[str, str],
        lines: Sequence[str],
        numbers: Sequence[int],
        check: tuple[str, str],
        amount_minor: int | None,
    ) -> tuple[tuple[str, ...], str]:
        """References and text of the records 4 behind a check, held against it and its amount.

        `own` are invoice and amount in the check's own record, `check` are its batch and item. Raises
        `LostStructureError` for more than `OVERFLOWS_MAX`.
        """
        if len(lines) > OVERFLOWS_MAX:
            raise too_many_overflows()
        references, texts = [own[0].strip()], []
        paid_minor = self._invoice_amount(own[1]) or 0
        for place, line in enumerate(lines, 1):
            batch, item, sequence, last, invoice, amount, _ = self._pick_overflow(line)
            self._notes.line = numbers[place - 1]
            if item != check[1] or batch.strip() != check[0]:
                message = f"record 4 of batch {shown(batch)}, item {shown(item)} stands behind item {shown(check[1])}"
                self._notes.out_of_balance("lockbox.overflow_check", message, "item")
                continue
            self._check_sequence(sequence, last, place, len(lines))
            invoice_minor = self._invoice_amount(amount)
            if invoice_minor is None and self._text_from is not None:
                texts.append(line[self._text_from :].strip())
                continue
            references.append(invoice.strip())
            paid_minor += invoice_minor or 0
        if paid_minor and amount_minor is not None and paid_minor != amount_minor:
            message = f"invoices come to {paid_minor}, their check to {amount_minor}"
            self._notes.warn_once("lockbox.invoice_sum", message, "amount")
        return tuple(filter(None, references))[:REFERENCES_MAX], " ".join(texts)

    def _invoice_amount(self, text: str) -> int | None:
        """Amount of an invoice, zero where it is blank; None, with a warning, where there is text in its place."""
        digits = text.strip()
        if not digits:
            return 0
        amount_minor = self._fields.informative_amount_minor(digits)
        if amount_minor is None:
            message = f"{shown(text)} is not an amount of an invoice, the record is read as text"
            self._notes.warn_once("lockbox.invoice_amount", message, "amount")
        return amount_minor

    def _check_sequence(self, sequence: str, last: str, place: int, count: int) -> None:
        if self._has_sequence and not (is_number(sequence) and int(sequence) == place):
            message = f"record 4 has the sequence number {shown(sequence)}, it is number {place} of its check"
            self._notes.warn_once("lockbox.overflow_sequence", message, "sequence")
        if self._has_last and (last == _LAST) != (place == count):
            message = "more records 4 follow the one marked as the last" if last == _LAST else "no record 4 is the last"
            self._notes.warn_once("lockbox.overflow_last", message, "last")
