"""ISO 20022 messages of every kind against generated content, mutated messages, and each other."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.camt053_file import Detail, Entry, told_in
from tests.builders.payment_messages import (
    Batch,
    StatusBatch,
    Transaction,
    control_sum,
    per_status,
    write_instructions,
    write_returns,
    write_status_report,
)

REPORTS = ("camt.052", "camt.053", "camt.054")
TEXTS = (
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
    .map(str.strip)
    .filter(lambda text: text.upper() not in {"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF"})
)
TRANSACTIONS = st.builds(
    Transaction,
    amount_minor=st.integers(0, 10**12),
    end_to_end_id=TEXTS,
    currency=st.sampled_from(["EUR", "JPY", "BHD"]),
    mandate_id=st.none() | TEXTS,
    payer_name=st.none() | TEXTS,
    text=st.none() | TEXTS,
    status=st.sampled_from(["RJCT", "ACCP", "ACSC"]),
)
Writer = Callable[[tuple[Transaction, ...]], bytes]
LISTS = st.lists(TRANSACTIONS, min_size=1, max_size=5).map(tuple)


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bank_file(io.BytesIO(content), report)), report


def status_report(transactions: tuple[Transaction, ...]) -> bytes:
    """A status report with every control that it can have."""
    numbers = ""
    for status in sorted({str(each.status) for each in transactions}):
        those = tuple(each for each in transactions if each.status == status)
        numbers += per_status(status, str(len(those)), control_sum(those))
    return write_status_report(StatusBatch(transactions, numbers=numbers))


def returns(transactions: tuple[Transaction, ...]) -> bytes:
    return write_returns(*(replace(each, currency="EUR") for each in transactions), total=None)


def collections(transactions: tuple[Transaction, ...]) -> bytes:
    return write_instructions(Batch(transactions))


WRITERS = st.sampled_from([status_report, returns, collections])


@given(LISTS, WRITERS)
def test_what_is_written_is_read_back_unchanged(transactions: tuple[Transaction, ...], write: Writer) -> None:
    found, report = read(write(transactions))
    assert report.verdict is Verdict.ACCEPTED, report.problems
    assert [(each.amount_minor, each.references[0], each.mandate_id, each.payer_name, each.text) for each in found] == [
        (each.amount_minor, each.end_to_end_id, each.mandate_id, each.payer_name, each.text or "")
        for each in transactions
    ]
    assert len({each.identity for each in found}) == len(found)
    summed = sum(summary.credit_minor + summary.debit_minor for summary in report.statements)
    assert summed == sum(each.amount_minor or 0 for each in transactions)
    assert sum(summary.entry_count for summary in report.statements) == len(transactions)


@given(LISTS, WRITERS, st.integers(1, 64))
def test_size_of_the_blocks_does_not_change_what_is_read(
    transactions: tuple[Transaction, ...], write: Writer, size: int
) -> None:
    class Trickle(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(size if wanted is None or wanted > size else wanted)

    content = write(transactions)
    report = FileReport()
    assert (list(read_bank_file(Trickle(content), report)), report) == read(content)


_AMOUNTS = re.compile(rb'(<(?:InstdAmt|RtrdIntrBkSttlmAmt) Ccy="[A-Z]{3}">)([0-9.]+)')


@given(LISTS, WRITERS, st.data())
def test_an_amount_changed_by_one_is_never_accepted(
    transactions: tuple[Transaction, ...], write: Writer, data: st.DataObject
) -> None:
    content = write(transactions)
    found = data.draw(st.sampled_from([*_AMOUNTS.finditer(content)]))
    digits = found[2]
    last = b"%d" % ((int(digits[-1:]) + 1) % 10)
    changed = content[: found.start(2)] + digits[:-1] + last + content[found.end(2) :]
    assert read(changed)[1].verdict is Verdict.OUT_OF_BALANCE


@given(LISTS, WRITERS, st.data())
def test_a_transaction_dropped_or_doubled_is_never_accepted(
    transactions: tuple[Transaction, ...], write: Writer, data: st.DataObject
) -> None:
    content = write(transactions)
    element = next(name for name in (b"TxInfAndSts", b"TxInf", b"DrctDbtTxInf") if b"<" + name + b">" in content)
    pattern = re.compile(b"<" + element + b">.*?</" + element + b">\n", re.DOTALL)
    found = data.draw(st.sampled_from([*pattern.finditer(content)]))
    times = data.draw(st.sampled_from([0, 2]))
    changed = content[: found.start()] + found[0] * times + content[found.end() :]
    _, report = read(changed)
    # A status report may leave out all transactions of a status, and then gives their number alone.
    if element == b"TxInfAndSts" and times == 0:
        status = re.search(rb"<TxSts>(\w+)<", found[0])
        assert status is not None
        if content.count(status[0]) == 1:
            assert report.verdict is Verdict.ACCEPTED
            return
    assert report.verdict is Verdict.OUT_OF_BALANCE


@given(
    LISTS,
    WRITERS,
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), st.binary(max_size=12)), min_size=1, max_size=3),
)
def test_mutated_message_never_raises_and_always_has_a_verdict_with_its_reason(
    transactions: tuple[Transaction, ...], write: Writer, changes: list[tuple[float, int, bytes]]
) -> None:
    content = write(transactions)
    for place, removed, inserted in changes:
        start = int(place * len(content))
        content = content[:start] + inserted + content[start + removed :]
    found, report = read(content)
    assert all(each.amount_minor >= 0 for each in found)
    assert (report.verdict is not Verdict.ACCEPTED) == any(problem.severity == "error" for problem in report.problems)


class Books:
    """What a biller does with entries: claims the telling of a booking, posts each identity once."""

    def __init__(self) -> None:
        self.tellings: dict[tuple[str, ...], str] = {}
        self.posted: dict[tuple[str, ...], int] = {}

    def take(self, entries: list[StatementEntry]) -> None:
        for entry in entries:
            booking = entry.booking
            is_told_otherwise = booking is not None and (
                self.tellings.setdefault(booking.identity, booking.telling) != booking.telling
            )
            if entry.posts and not is_told_otherwise:
                sign = 1 if entry.direction.value == "credit" else -1
                self.posted[entry.identity] = sign * entry.amount_minor


@st.composite
def bookings(draw: st.DrawFn, number: int) -> tuple[Entry, Entry]:
    """A booking as it is told whole and as it is told with its details."""
    parts = draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=3))
    sign = draw(st.sampled_from([1, -1]))
    details = tuple(
        Detail(sign * part, end_to_end_id=f"E2E-{number}-{place}", return_reason=draw(st.sampled_from([None, "AC04"])))
        for place, part in enumerate(parts)
    )
    count = f"<Btch><NbOfTxs>{len(parts)}</NbOfTxs></Btch>"
    whole = Entry(sign * sum(parts), bank_reference=f"BANK-{number}", batch=draw(st.sampled_from(["", count])))
    return whole, replace(whole, details=details)


@given(st.data())
def test_the_same_money_is_posted_once_whichever_message_tells_it_first(data: st.DataObject) -> None:
    told = [data.draw(bookings(number)) for number in range(data.draw(st.integers(1, 3)))]
    books = Books()
    messages = data.draw(st.lists(st.tuples(st.sampled_from(REPORTS), st.booleans()), min_size=1, max_size=4))
    for message, has_details in messages:
        books.take(read(told_in(message, *(tellings[has_details] for tellings in told)))[0])
    assert sum(books.posted.values()) == sum(whole.amount_minor for whole, _ in told)
