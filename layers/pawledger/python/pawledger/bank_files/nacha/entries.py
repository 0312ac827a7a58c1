"""Entries of NACHA: an entry detail record (6) and its addenda (7) become one statement entry with its own identity."""

from collections.abc import Iterable, Sequence, Set
from itertools import compress, repeat
from operator import add, is_, itemgetter, lt
from typing import Final
from zlib import crc32

from pawledger.bank_files.nacha.addenda import (
    NO_ADDENDA,
    AddendaColumns,
    AddendaFacts,
    read_addenda,
    read_in_columns,
)
from pawledger.bank_files.nacha.codes import (
    MONEY_CODES,
    MONEYLESS_CODES,
    RETURN_OR_CHANGE_CODES,
    TRANSACTION_DIRECTIONS,
    direction_of,
)
from pawledger.bank_files.nacha.columns import are_filled, checksums_of, split_entries
from pawledger.bank_files.nacha.controls import BatchCount
from pawledger.bank_files.nacha.fields import (
    ROUTING_NUMBERS_KEPT_MAX,
    Notes,
    has_check_digit,
    is_number,
    read_number,
    shown,
)
from pawledger.bank_files.nacha.ordinals import EntryOrdinals
from pawledger.bank_files.nacha.records import RecordBlock
from pawledger.bank_files.records import Direction, Purpose, StatementEntry

REFERENCES_MAX: Final = 16
"""Most references of one entry; see `StatementEntry.references`."""

_CREDIT: Final = Direction.CREDIT
_PAYMENT: Final = Purpose.PAYMENT
_RETURN: Final = Purpose.RETURN
"""Looked up once: a member of an enumeration costs a tenth of a whole entry to look up by its name."""
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


class EntryReader:
    """Turns entries with their addenda into statement entries, and counts them in their batch."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._ordinals = EntryOrdinals(notes)
        self._checked: dict[str, int] = {}
        """Routing numbers with a right check digit, and what each adds to the entry hash."""
        self._type_codes: dict[str, str] = {}
        """Type code of entries of the open batch by transaction code."""

    def begin_file(self) -> None:
        self._ordinals.begin_file()

    def begin_batch(self, batch: BatchCount) -> None:
        self._type_codes = {code: f"{batch.entry_class}/{code}" for code in TRANSACTION_DIRECTIONS}
        layout = batch.layout
        self._columns = itemgetter(
            slice(1, 3), slice(3, 12), layout.account, layout.amount, layout.individual_id, layout.name, slice(79, 94)
        )

    def read_in_columns(
        self, entries: RecordBlock, addenda: list[str] | None, batch: BatchCount
    ) -> Iterable[StatementEntry] | None:
        """Read entries with one addenda each, or with none, if each moves money and there is nothing to say about any.

        None where that is not so: they are then to be read one by one. A column at a time the whole work is done by
        loops inside the interpreter, and this is where the time of a file goes.
        """
        columns = split_entries(entries.text, batch.layout, "0" if addenda is None else "1")
        if columns is None or batch.is_advice or batch.is_international:
            return None
        codes, different_codes, routing, accounts, amounts, ids, names, traces = columns
        told = None if addenda is None else read_in_columns(addenda, traces)
        if not self._are_ordinary(different_codes, told, batch) or (told is None and addenda is not None):
            return None
        if not is_number("".join(amounts) + "".join(traces)):
            return None
        entry_hash = self._sum_up_routing(routing)
        if entry_hash is None:
            return None
        if batch.layout.counts_addenda:
            names = tuple(map(batch.layout.name_in, names))
        amounts_minor = tuple(map(int, amounts))
        if not all(amounts_minor):
            return None
        self._notes.line = entries.lines[0]
        do_rise = all(map(lt, traces, traces[1:]))
        self._check_traces(traces, batch, do_rise=do_rise)
        batch.entry_hash += entry_hash
        directions = _count_columns(codes, different_codes, amounts_minor, batch)
        is_return = told is not None and told.are_returns
        decisive = addenda if is_return else None
        checksums = checksums_of(entries.text) if decisive is None else _checksums_of_pairs(entries, decisive)
        ordinals = self._ordinals.number(batch.company_id, batch.day_text, traces, checksums, do_rise=do_rise)
        batch.addenda_count += 0 if addenda is None else len(addenda)
        batch.return_count += len(amounts) if is_return else 0
        text, layout = entries.text, batch.layout
        references: Iterable[tuple[str, ...]]
        if told is not None:
            references = _join_references(ids, told)
        else:
            references = _as_references(ids, are_filled=are_filled(text, layout.individual_id))
        # fmt: off
        identities = zip(
            repeat("nacha"), repeat(batch.company_id), repeat(batch.day_text), traces, codes, amounts,
            map(repr, checksums), ordinals, strict=False,
        )
        fields = (
            repeat(batch.company_id), repeat("USD"), amounts_minor, directions, repeat(batch.booked_on),
            repeat(batch.value_on), identities, repeat(True), repeat(_RETURN if is_return else _PAYMENT),
            repeat(None) if told is None else told.reasons, self._type_codes_of(codes, different_codes),
            references, repeat(None), _stripped(accounts, are_filled=are_filled(text, layout.account)),
            _stripped(names, are_filled=not layout.counts_addenda and are_filled(text, layout.name)),
            repeat("") if told is None else told.texts, entries.lines,
            repeat(None) if entries.offsets is None else entries.offsets, repeat(None),
        )
        # fmt: on
        # Counted and checked they are by now; each is built when it is taken, and its memory serves for the next one.
        return map(_new_entry, repeat(StatementEntry), zip(*fields, strict=False))

    def _are_ordinary(self, codes: Set[str], told: AddendaColumns | None, batch: BatchCount) -> bool:
        """Whether entries of these codes move money; a return may have any listed code."""
        if told is not None and told.are_returns:
            return batch.entry_class != "COR" and TRANSACTION_DIRECTIONS.keys() >= codes
        return batch.entry_class != "COR" and MONEY_CODES.keys() >= codes

    def _sum_up_routing(self, routing_numbers: Sequence[str]) -> int | None:
        """What these routing numbers add to the entry hash; None unless all have a right check digit."""
        try:
            return sum(map(self._checked.__getitem__, routing_numbers))
        except KeyError:
            # Not all of them were seen before.
            if not self._are_checked(routing_numbers):
                return None
            return sum(map(self._checked.__getitem__, routing_numbers))

    def _type_codes_of(self, codes: Iterable[str], different_codes: Set[str]) -> Iterable[str]:
        if len(different_codes) == 1:
            return repeat(self._type_codes[next(iter(different_codes))])
        return map(self._type_codes.__getitem__, codes)

    def read_one(
        self, record: str, addenda: list[str], line: int, offset: int | None, batch: BatchCount
    ) -> StatementEntry | None:
        """Read one entry of any kind; None where its amount or its code cannot be read, which is a problem."""
        notes = self._notes
        notes.line = line
        batch.entry_count += 1
        batch.addenda_count += len(addenda)
        code, routing, account, amount, individual_id, name, trace = self._columns(record)
        if not self._are_checked((routing,)):
            self._check_routing(routing)
        if is_number(routing[:8]):
            batch.entry_hash += int(routing[:8])
        amount_minor = read_number(amount, "amount", notes)
        if not is_number(code):
            notes.unreadable("transaction_code", f"{shown(code)} is not a transaction code", "transaction_code")
            return None
        if not is_number(trace):
            notes.unreadable("trace_number", f"{shown(trace)} is not a trace number", "trace_number")
            return None
        if amount_minor is None:
            return None
        facts = read_addenda(addenda, trace, batch.is_international, notes) if addenda else NO_ADDENDA
        self._check_addenda_indicator(record, addenda, batch)
        self._check_traces((trace,), batch, do_rise=True)
        direction = self._count(code, amount_minor, facts, batch)
        purpose = _purpose_of(code, facts, batch)
        batch.return_count += purpose is _RETURN
        batch.change_count += purpose is Purpose.CHANGE
        checksum = crc32((record + facts.decisive).encode())
        ordinals = self._ordinals.number(batch.company_id, batch.day_text, (trace,), (checksum,), do_rise=True)
        references = (*facts.traces, individual_id.strip(), *facts.remittance)
        return StatementEntry(
            bank_account=batch.company_id,
            currency="USD",
            amount_minor=amount_minor,
            direction=direction,
            booked_on=batch.booked_on,
            value_on=batch.value_on,
            identity=(
                "nacha",
                batch.company_id,
                batch.day_text,
                trace,
                code,
                amount,
                str(checksum),
                next(iter(ordinals)),
            ),
            posts=self._posts(code, amount_minor, facts, batch),
            purpose=purpose,
            return_reason=facts.reason,
            type_code=self._type_codes.get(code) or f"{batch.entry_class}/{code}",
            references=tuple(filter(None, references))[:REFERENCES_MAX],
            mandate_id=None,
            payer_account=account.strip() or None,
            payer_name=batch.layout.name_in(name) or facts.account_holder or None,
            text=facts.text,
            line=line,
            offset=offset,
            booking=None,
        )

    def _are_checked(self, routing_numbers: Sequence[str]) -> bool:
        """Whether all these routing numbers have a right check digit; they are then in `_checked`."""
        new = set(routing_numbers).difference(self._checked)
        if not new:
            return True
        if len(self._checked) > ROUTING_NUMBERS_KEPT_MAX:
            self._checked.clear()
            new = set(routing_numbers)
        self._checked.update({number: int(number[:8]) for number in new if has_check_digit(number)})
        return new <= self._checked.keys()

    def _check_routing(self, routing: str) -> None:
        if not is_number(routing[:8]):
            message = f"{shown(routing[:8])} is not a routing number, the entry hash cannot be computed"
            self._notes.unreadable("routing_number", message, "receiving_bank")
        else:
            message = f"routing number {shown(routing)} has a wrong check digit"
            self._notes.once("check_digit", message)

    def _check_traces(self, traces: Sequence[str], batch: BatchCount, *, do_rise: bool) -> None:
        """Warn where trace numbers do not rise within their batch, or begin with another bank than the batch."""
        lowest, highest = (traces[0], traces[-1]) if do_rise else (min(traces), max(traces))
        if not do_rise or lowest <= batch.last_trace:
            self._notes.once("trace_order", "trace numbers do not rise from entry to entry within their batch")
        bank = batch.originating_bank
        # All numbers between two that begin with the bank begin with it.
        if not batch.is_advice and not (lowest.startswith(bank) and highest.startswith(bank)):
            self._notes.once("trace_bank", "trace number does not begin with the bank of its batch header")
        batch.last_trace = traces[-1]

    def _check_addenda_indicator(self, record: str, addenda: list[str], batch: BatchCount) -> None:
        if (record[78] == "1") != bool(addenda) and not (batch.is_international and addenda):
            found = f"{len(addenda)} follow" if addenda else "none follows"
            message = f"entry has addenda indicator {shown(record[78])}, {found}"
            self._notes.once("addenda_indicator", message)

    def _count(self, code: str, amount_minor: int, facts: AddendaFacts, batch: BatchCount) -> Direction:
        """Add an entry to its batch; gives its direction."""
        if code not in TRANSACTION_DIRECTIONS:
            message = f"transaction code {code} is not a listed one, its second digit gives the direction"
            self._notes.once("transaction_code_unknown", message, key=code)
        direction = direction_of(code)
        if direction is _CREDIT:
            batch.credit_count += 1
            batch.credit_minor += amount_minor
        else:
            batch.debit_count += 1
            batch.debit_minor += amount_minor
        if code in RETURN_OR_CHANGE_CODES and not facts.decisive:
            message = f"transaction code {code} says return or change, but addenda 99 or 98 is missing"
            self._notes.once("reason_missing", message)
        return direction

    def _posts(self, code: str, amount_minor: int, facts: AddendaFacts, batch: BatchCount) -> bool:
        """Whether the entry moves money that is told here."""
        if not amount_minor or batch.is_advice:
            return False
        if facts.is_change or (batch.entry_class == "COR" and code in RETURN_OR_CHANGE_CODES):
            self._notes.once(
                "change_amount", f"notification of change has the amount {amount_minor}, nothing is posted"
            )
            return False
        if facts.is_between_banks:
            message = (
                f"return reason {facts.reason} is between the banks and not posted: the return itself was told before"
            )
            self._notes.once("return_not_posted", message, key=facts.reason or "")
            return False
        if code in MONEYLESS_CODES and not facts.is_return:
            message = f"transaction code {code} moves no money, but the entry has the amount {amount_minor}"
            self._notes.wrong("amount_unexpected", message, "amount")
            return False
        return True


def _count_columns(
    codes: Iterable[str], different_codes: Set[str], amounts_minor: Sequence[int], batch: BatchCount
) -> Iterable[Direction]:
    """Add entries of listed codes to their batch; gives the direction of each."""
    entry_count, total_minor = len(amounts_minor), sum(amounts_minor)
    directions: Iterable[Direction]
    if len(different_codes) == 1:
        direction = TRANSACTION_DIRECTIONS[next(iter(different_codes))]
        directions = repeat(direction)
        credit_count, credit_minor = (entry_count, total_minor) if direction is _CREDIT else (0, 0)
    else:
        directions = [*map(TRANSACTION_DIRECTIONS.__getitem__, codes)]
        credit_count = directions.count(_CREDIT)
        credit_minor = sum(compress(amounts_minor, map(is_, directions, repeat(_CREDIT))))
    batch.entry_count += entry_count
    batch.credit_count += credit_count
    batch.credit_minor += credit_minor
    batch.debit_count += entry_count - credit_count
    batch.debit_minor += total_minor - credit_minor
    return directions


def _checksums_of_pairs(entries: RecordBlock, addenda: Sequence[str]) -> Sequence[int]:
    """CRC-32 of entries together with the addenda that makes each a return."""
    return [*map(crc32, map(str.encode, map(add, entries.records(0, len(addenda)), addenda)))]


def _purpose_of(code: str, facts: AddendaFacts, batch: BatchCount) -> Purpose:
    """What the entry is: its addenda say so, or its code where they are missing."""
    if facts.is_change or (batch.entry_class == "COR" and not facts.is_return):
        return Purpose.CHANGE
    if facts.is_return or code in RETURN_OR_CHANGE_CODES:
        return _RETURN
    return _PAYMENT


def _stripped(texts: Iterable[str], *, are_filled: bool) -> Iterable[str | None]:
    """The texts without blanks around them, None for blank ones, of which there are none if `are_filled`."""
    if are_filled:
        return map(str.strip, texts)
    return [text.strip() or None for text in texts]


def _as_references(texts: Iterable[str], *, are_filled: bool) -> Iterable[tuple[str, ...]]:
    """A reference for each text that is not blank, as all of them are if `are_filled`."""
    stripped = map(str.strip, texts)
    return zip(stripped, strict=True) if are_filled else [(text,) if text else () for text in stripped]


def _join_references(texts: Iterable[str], told: AddendaColumns) -> list[tuple[str, ...]]:
    """References of entries with one addenda: the trace number of what came back, the own one, the remittance."""
    remittances = repeat("") if told.are_returns else told.texts
    rows = zip(told.traces, map(str.strip, texts), remittances, strict=False)
    return [tuple(filter(None, row)) for row in rows]
