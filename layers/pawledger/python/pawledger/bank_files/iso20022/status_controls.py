"""The controls of a status report: numbers and sums per status, and of the original message, against what is told."""

from typing import Final

from pawledger.bank_files.iso20022.reading import FileReading, shown
from pawledger.bank_files.iso20022.shapes import Fields, Record
from pawledger.bank_files.iso20022.transactions import Money, Tally, control_sum_in, count_in
from pawledger.bank_files.iso20022.xml_records import XmlRefusedError

STATUSES_MAX: Final = 100
"""Numbers per status in one group or batch; ISO 20022 knows 25 statuses."""


class _Level:
    """What was declared and counted of one group or batch."""

    def __init__(self) -> None:
        self.whole = Tally()
        self.by_status: dict[str, Tally] = {}
        self.open_statuses: set[str] = set()
        """Statuses of a batch that is told as a whole without saying how many transactions it has."""
        self.declared: list[Record] = []

    def count(self, status: str, money: Money | None) -> None:
        self.whole.add(money)
        tally = self.tally_of(status)
        if tally is not None:
            tally.add(money)

    def tally_of(self, status: str) -> Tally | None:
        """The tally of a status, None for one of too many: no bank invents that many."""
        if status not in self.by_status and len(self.by_status) >= STATUSES_MAX:
            return None
        return self.by_status.setdefault(status, Tally())


class StatusControls:
    """Compares a status report with its controls, which it may have for the group and for each batch.

    A report need not tell every transaction: banks tell the rejected ones and give only the number of the others. So a
    number per status is compared where transactions of that status are told, and the original numbers are upper limits.
    """

    def __init__(self, reading: FileReading, family: str) -> None:
        self._reading = reading
        self._family = family
        self._group = _Level()
        self._batch: _Level | None = None

    def start_batch(self) -> None:
        self._batch = _Level()

    def declare(self, record: Record) -> None:
        """Keep a number per status until its group or batch ends."""
        level = self._batch or self._group
        if len(level.declared) >= STATUSES_MAX:
            raise XmlRefusedError("iso20022.too_many_groups", f"more than {STATUSES_MAX} statuses", record.line)
        level.declared.append(record)

    def count(self, status: str, money: Money | None) -> None:
        """Count a transaction that is told."""
        self._group.count(status, money)
        if self._batch is not None:
            self._batch.count(status, money)

    def count_untold(self, status: str, batch: Fields) -> None:
        """Count a batch that is told as a whole: its number of transactions, where it gives one."""
        tally, count = self._group.tally_of(status), count_in(batch, "OrgnlNbOfTxs")
        self._group.whole.count += count or 0
        self._group.whole.has_unknown = True
        if tally is not None:
            tally.count += count or 0
            tally.has_unknown = True
            if count is None:
                self._group.open_statuses.add(status)

    def check_batch(self, fields: Fields, line: int) -> None:
        if self._batch is not None:
            self._check(self._batch, fields, line)
        self._batch = None

    def check_group(self, fields: Fields, line: int) -> None:
        self._check(self._group, fields, line)

    def _check(self, level: _Level, fields: Fields, line: int) -> None:
        self._check_original(level.whole, fields, line)
        total = 0
        for record in level.declared:
            total += self._check_status(level, record)
        original = count_in(fields, "OrgnlNbOfTxs")
        if original is not None and total > original:
            message = f"{total} transactions in all statuses, the original has {original}"
            self._fail("status_count", message, line, "NbOfTxsPerSts/DtldNbOfTxs")

    def _check_original(self, whole: Tally, fields: Fields, line: int) -> None:
        count, total = count_in(fields, "OrgnlNbOfTxs"), control_sum_in(fields, "OrgnlCtrlSum")
        if "OrgnlNbOfTxs" in fields and (count is None or count < whole.count):
            message = f"the original has {shown(fields['OrgnlNbOfTxs'])} transactions, {whole.count} are told"
            self._fail("original_count", message, line, "OrgnlNbOfTxs")
        told = whole.control_sum
        if "OrgnlCtrlSum" in fields and (total is None or (told is not None and total < told)):
            message = f"the original's control sum is {shown(fields['OrgnlCtrlSum'])}, {told} is told"
            self._fail("original_sum", message, line, "OrgnlCtrlSum")

    def _check_status(self, level: _Level, record: Record) -> int:
        """Compare the number and sum of one status; return the number."""
        fields, line = record.fields, record.line
        status = fields.get("DtldSts", "")
        count, tally = count_in(fields, "DtldNbOfTxs"), level.by_status.get(status)
        differs = tally is not None and status not in level.open_statuses and tally.count != count
        if count is None or differs:
            found = "none of them" if tally is None else str(tally.count)
            message = (
                f"{shown(fields.get('DtldNbOfTxs'))} transactions of status {shown(status)} declared, {found} told"
            )
            self._fail("status_count", message, line, "NbOfTxsPerSts/DtldNbOfTxs")
        if "DtldCtrlSum" in fields:
            declared, summed = control_sum_in(fields, "DtldCtrlSum"), tally.control_sum if tally else None
            if declared is None or (summed is not None and declared != summed):
                message = (
                    f"control sum {shown(fields['DtldCtrlSum'])} of status {shown(status)} declared, {summed} told"
                )
                self._fail("status_sum", message, line, "NbOfTxsPerSts/DtldCtrlSum")
        return count or 0

    def _fail(self, rule: str, message: str, line: int, field: str) -> None:
        self._reading.fail(f"{self._family}.{rule}", message, line, field)
