"""What holds for every report of a payment provider, not only for those one thinks of."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from io import BytesIO, RawIOBase
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files import lines
from pawledger.bank_files.adyen.report import read_adyen_accounting, read_adyen_settlement
from pawledger.bank_files.gocardless import json_pages as gocardless_json
from pawledger.bank_files.gocardless.report import read_gocardless_payout_items, read_gocardless_payouts
from pawledger.bank_files.paypal.report import read_paypal
from pawledger.bank_files.records import Direction, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from pawledger.bank_files.stripe.report import read_stripe
from tests.builders.adyen_file import Event, without_payment, write_adyen
from tests.builders.adyen_file import payout_of as adyen_payout_of
from tests.builders.gocardless_file import PayoutItem, write_items_page
from tests.builders.gocardless_file import payout_of as gocardless_payout_of
from tests.builders.paypal_file import Section, Transaction, write_paypal
from tests.builders.stripe_file import BalanceTransaction, write_stripe
from tests.builders.stripe_file import payout_of as stripe_payout_of

Reader = Callable[[BinaryIO, FileReport], Iterator[StatementEntry]]

TEXTS = st.text(alphabet='AB09é ,"\n;=', max_size=8)
AMOUNTS = st.integers(min_value=1, max_value=10**9)
SIGNED = st.integers(min_value=-(10**9), max_value=10**9).filter(bool)
CURRENCIES = st.sampled_from(("usd", "jpy", "bhd", "clf"))
STRIPE_ROWS = st.builds(
    lambda number, gross, fee, text, name: BalanceTransaction(
        f"txn_{number}", gross, fee, "charge" if gross > 0 else "refund", description=text, customer_name=name
    ),
    st.integers(min_value=0, max_value=10**6),
    SIGNED,
    st.integers(min_value=0, max_value=5000),
    TEXTS,
    TEXTS,
)
STRIPE_FILES = st.lists(STRIPE_ROWS, min_size=1, max_size=5, unique_by=lambda row: row.transaction_id)
ADYEN_EVENTS = st.builds(
    lambda number, gross, fee: Event(
        "Settled" if gross > 0 else "Refunded", gross, ("", "", f"{fee // 100}.{fee % 100:02}", ""), fee,
        psp_reference=f"PSP{number}", modification=f"MOD{number}",
    ),
    st.integers(min_value=0, max_value=50),
    SIGNED,
    st.integers(min_value=0, max_value=5000),
)  # fmt: skip
ADYEN_FILES = st.lists(ADYEN_EVENTS, min_size=1, max_size=5)
PAYPAL_ROWS = st.builds(
    Transaction,
    transaction_id=st.sampled_from(("A1", "A2", "A3")),
    amount_minor=SIGNED,
    fee_minor=st.integers(min_value=-5000, max_value=5000),
    code=st.sampled_from(("T0006", "T0002", "T1107", "T0400")),
    currency=st.sampled_from(("USD", "EUR", "BHD")),
    invoice_id=TEXTS.map(lambda text: text.replace("\n", " ")),
    custom=TEXTS,
)
PAYPAL_FILES = st.builds(
    lambda rows, opening: Section(tuple(rows), opening_minor=opening),
    st.lists(PAYPAL_ROWS, min_size=1, max_size=5),
    st.integers(min_value=-(10**9), max_value=10**9),
)
GOCARDLESS_ITEMS = st.builds(
    lambda amount, payment: PayoutItem("payment_paid_out" if amount > 0 else "payment_failed", f"{amount}.0", payment),
    SIGNED,
    st.sampled_from(("PM1", "PM2", "PM3")),
)
GOCARDLESS_FEES = st.builds(
    lambda tenths: PayoutItem("gocardless_fee", str(Decimal(-tenths) / 10)), st.integers(min_value=0, max_value=5000)
)
GOCARDLESS_FILES = st.lists(st.one_of(GOCARDLESS_ITEMS, GOCARDLESS_FEES), min_size=1, max_size=6)


def whole_stripe(rows: list[BalanceTransaction]) -> bytes:
    return write_stripe(*rows, stripe_payout_of(*rows))


def whole_adyen(events: list[Event]) -> bytes:
    # What a batch pays out is positive: else there is no payout that could prove it.
    events = [*events, without_payment("ManualCorrected", 10**11)]
    return write_adyen(*events, adyen_payout_of(*events))


def whole_gocardless(items: list[PayoutItem]) -> bytes:
    return write_items_page(gocardless_payout_of(*items), *items)


REPORTS: st.SearchStrategy[tuple[Reader, bytes]] = st.one_of(
    st.tuples(st.just(read_stripe), STRIPE_FILES.map(whole_stripe)),
    st.tuples(st.just(read_adyen_settlement), ADYEN_FILES.map(whole_adyen)),
    st.tuples(st.just(read_paypal), PAYPAL_FILES.map(write_paypal)),
    st.tuples(st.just(read_gocardless_payout_items), GOCARDLESS_FILES.map(whole_gocardless)),
)
READERS: tuple[Reader, ...] = (
    *(read_stripe, read_adyen_settlement, read_adyen_accounting, read_paypal, read_gocardless_payouts),
    read_gocardless_payout_items,
)


class Dribble(RawIOBase):
    """A stream that gives few bytes at a time and cannot be rewound."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__()
        self._content = content
        self._step = step

    def read(self, size: int = -1, /) -> bytes:
        step = self._step if size < 0 else min(self._step, size)
        piece, self._content = self._content[:step], self._content[step:]
        return piece


def read(reader: Reader, content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(reader(BytesIO(content), report)), report


def signed(entry: StatementEntry) -> int:
    return entry.amount_minor if entry.direction is Direction.CREDIT else -entry.amount_minor


def check_report(entries: list[StatementEntry], report: FileReport) -> None:
    """What holds for every file that was read to its end without a fault."""
    assert len({entry.identity for entry in entries}) == len(entries)
    assert sum(s.entry_count for s in report.statements) == len(entries)
    assert sum(s.credit_minor - s.debit_minor for s in report.statements) == sum(map(signed, entries))
    assert sum(s.return_count for s in report.statements) == sum(entry.is_return for entry in entries)
    assert all(entry.amount_minor >= 0 for entry in entries)


@given(STRIPE_FILES)
def test_stripe_reads_back_what_the_builder_wrote(rows: list[BalanceTransaction]) -> None:
    entries, report = read(read_stripe, whole_stripe(rows))
    assert (report.problems, sum(map(signed, entries))) == ([], 0)
    check_report(entries, report)
    gross = {entry.identity[1]: entry for entry in entries if entry.identity[2] == "gross"}
    fees = {entry.identity[1]: signed(entry) for entry in entries if entry.identity[2] == "fee"}
    for row in rows:
        entry = gross[row.transaction_id]
        assert (signed(entry), entry.text, entry.payer_name or "") == (
            row.gross_minor,
            row.description,
            row.customer_name,
        )
        assert fees.get(row.transaction_id, 0) == -row.fee_minor


@given(SIGNED, CURRENCIES)
def test_stripe_amounts_are_exact_in_every_currency(gross_minor: int, currency: str) -> None:
    row = BalanceTransaction(gross_minor=gross_minor, fee_minor=0, currency=currency, payout_id="")
    (entry,), report = read(read_stripe, write_stripe(row))
    assert (signed(entry), report.problems) == (gross_minor, [])


@given(ADYEN_FILES)
def test_adyen_reads_back_what_the_builder_wrote(events: list[Event]) -> None:
    entries, report = read(read_adyen_settlement, whole_adyen(events))
    assert (report.problems, sum(map(signed, entries))) == ([], 0)
    check_report(entries, report)
    by_line: dict[int, dict[str, int]] = {}
    for entry in entries:
        by_line.setdefault(entry.line, {})[entry.identity[-2]] = signed(entry)
    for line, event in enumerate(events, 2):
        assert by_line[line].get("gross", 0) == event.gross_minor
        assert by_line[line].get("fee", 0) == -event.fee_minor


@given(PAYPAL_FILES)
def test_paypal_reads_back_what_the_builder_wrote(section: Section) -> None:
    entries, report = read(read_paypal, write_paypal(section))
    assert report.problems == []
    check_report(entries, report)
    parts = {part: [signed(e) for e in entries if e.identity[-2] == part] for part in ("gross", "fee")}
    assert parts["gross"] == [row.amount_minor for row in section.transactions]
    assert parts["fee"] == [row.fee_minor for row in section.transactions if row.fee_minor]
    for statement in report.statements:
        assert statement.opening_minor == section.opening_minor
        assert statement.closing_minor == section.opening_minor + statement.credit_minor - statement.debit_minor


@given(GOCARDLESS_FILES)
def test_gocardless_reads_back_what_the_builder_wrote(items: list[PayoutItem]) -> None:
    entries, report = read(read_gocardless_payout_items, whole_gocardless(items))
    assert {problem.rule for problem in report.problems} <= {"gocardless.payout_rounded"}
    assert abs(sum(map(signed, entries))) <= len(report.problems)
    check_report(entries, report)
    payments = [Decimal(item.amount) for item in items if item.type != "gocardless_fee"]
    fees = [Decimal(item.amount) for item in items if item.type == "gocardless_fee"]
    assert [signed(e) for e in entries[1:] if e.type_code != "gocardless_fee"] == payments
    assert abs(sum(signed(e) for e in entries if e.type_code == "gocardless_fee") - sum(fees, Decimal(0))) <= Decimal(
        "0.5"
    )


@given(REPORTS, st.sampled_from((1, 7, 100)), st.sampled_from((16, 64)))
def test_it_does_not_matter_how_the_stream_is_cut(report_file: tuple[Reader, bytes], step: int, block: int) -> None:
    reader, content = report_file
    whole, report = read(reader, content)
    in_pieces = FileReport()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        patch.setattr(gocardless_json, "BLOCK_BYTES", block)
        entries = list(reader(cast("BinaryIO", Dribble(content, step)), in_pieces))
    assert (entries, in_pieces) == (whole, report)


@given(REPORTS, st.data())
def test_report_that_was_cut_is_never_accepted_silently(report_file: tuple[Reader, bytes], data: st.DataObject) -> None:
    reader, content = report_file
    whole, _ = read(reader, content)
    cut = data.draw(st.integers(min_value=1, max_value=len(content) - 1))
    entries, report = read(reader, content[:-cut])
    # The end of the last field may carry nothing that matters.
    assert report.problems or entries == whole


@given(REPORTS, st.data())
def test_other_digit_in_an_amount_is_never_accepted(report_file: tuple[Reader, bytes], data: st.DataObject) -> None:
    reader, content = report_file
    before, _ = read(reader, content)
    places = [place for place, byte in enumerate(content) if 0x30 <= byte <= 0x39]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in b"0123456789" if d != content[place]]))
    entries, report = read(reader, content[:place] + bytes([digit]) + content[place + 1 :])
    if report.verdict is Verdict.ACCEPTED:
        # Parts of a penny of GoCardless fees are below what the payout proves.
        tolerance = 1 if reader is read_gocardless_payout_items else 0
        pairs = zip(sorted(map(signed, entries)), sorted(map(signed, before)), strict=True)
        assert all(abs(after - amount) <= tolerance for after, amount in pairs)


@given(REPORTS, st.data())
def test_dropped_doubled_or_swapped_lines_never_make_a_reader_raise(
    report_file: tuple[Reader, bytes], data: st.DataObject
) -> None:
    reader, content = report_file
    rows = content.split(b"\n") if reader is not read_gocardless_payout_items else content.split(b"}")
    place = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    other = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    junk = data.draw(st.one_of(st.binary(max_size=12), st.sampled_from(rows)))
    for changed in (
        [*rows[:place], *rows[place + 1 :]],
        [*rows[:place], rows[place], *rows[place:]],
        [*rows[:place], junk, *rows[place:]],
        [rows[other] if n == place else rows[place] if n == other else row for n, row in enumerate(rows)],
    ):
        end = b"\n" if reader is not read_gocardless_payout_items else b"}"
        entries, report = read(reader, end.join(changed))
        if report.verdict is Verdict.ACCEPTED:
            check_report(entries, report)


@given(st.sampled_from(READERS), st.binary(max_size=200))
def test_no_bytes_make_a_reader_raise_or_accept(reader: Reader, content: bytes) -> None:
    _, report = read(reader, content)
    assert report.verdict is Verdict.UNREADABLE


@given(REPORTS, st.data())
def test_flipped_bytes_never_make_a_reader_raise(report_file: tuple[Reader, bytes], data: st.DataObject) -> None:
    reader, content = report_file
    place = data.draw(st.integers(min_value=0, max_value=len(content) - 1))
    byte = data.draw(st.integers(min_value=0, max_value=255))
    entries, report = read(reader, content[:place] + bytes([byte]) + content[place + 1 :])
    if report.verdict is Verdict.ACCEPTED:
        check_report(entries, report)
