"""camt.052, camt.053 and camt.054 side by side: one booking, whichever message tells it first, and how often."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pawledger.bank_files.detection import HEAD_BYTES, detect_format, read_bank_file
from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.iso20022 import layouts
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.camt053_file import (
    OWN_IBAN,
    PAYER_IBAN,
    Camt053File,
    Detail,
    Entry,
    StatementContent,
    balance,
    file_of,
    one_entry,
    told_in,
)

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files"
REPORTS = ("camt.052", "camt.053", "camt.054")
NOTICES = ("camt.052", "camt.054")
DETAIL = Detail(2_990, end_to_end_id="E2E-1", payer_name="Ada Example", payer_account=PAYER_IBAN)
ITEMS = (Detail(1_000, end_to_end_id="A"), Detail(1_990, end_to_end_id="B"))
BATCH = "<Btch><PmtInfId>RUN-1</PmtInfId><NbOfTxs>{}</NbOfTxs></Btch>"


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bank_file(io.BytesIO(content), report)), report


def accepted(content: bytes) -> list[StatementEntry]:
    found, report = read(content)
    assert report.verdict is Verdict.ACCEPTED, report.problems
    return found


def rules(report: FileReport, kind: Rule | None = None) -> list[str]:
    return [problem.rule for problem in report.problems if kind in (None, problem.kind)]


@pytest.mark.parametrize("message", REPORTS)
def test_a_single_movement_has_one_identity_in_every_message_with_and_without_its_detail(message: str) -> None:
    [with_detail] = accepted(told_in(message, one_entry(2_990, DETAIL)))
    [without] = accepted(told_in(message, one_entry(2_990)))
    identity = ("camt", OWN_IBAN, "AcctSvcrRef", "BANK-1", "2026-01-05", "EUR", "2990", "credit", "0")
    assert with_detail.identity == without.identity == identity
    assert (with_detail.posts, with_detail.booking) == (True, None)
    assert without.booking == (identity, "whole")


def test_the_reference_of_the_only_detail_stands_in_for_that_of_the_entry() -> None:
    [in_notice] = accepted(told_in("camt.054", Entry(2_990, (replace(DETAIL, bank_reference="BANK-1"),))))
    [in_statement] = accepted(told_in("camt.053", one_entry(2_990)))
    assert in_notice.posts
    assert in_notice.identity == in_statement.identity


@pytest.mark.parametrize("version", ["02", "08"])
def test_items_are_tellings_of_the_booking_that_another_message_tells_whole(version: str) -> None:
    items = accepted(told_in("camt.054", Entry(2_990, ITEMS, bank_reference="BANK-1"), version="04"))
    again = accepted(told_in("camt.053", Entry(2_990, ITEMS, bank_reference="BANK-1"), version="08"))
    [whole] = accepted(told_in("camt.053", Entry(2_990, bank_reference="BANK-1"), version=version))
    bookings = {entry.booking for entry in (*items, *again)}
    assert len(bookings) == 1
    [booking] = bookings
    assert booking is not None
    assert whole.booking is not None
    assert booking.identity == whole.booking.identity == whole.identity
    assert (whole.booking.telling, len(booking.telling)) == ("whole", 32)
    assert [entry.identity for entry in items] == [entry.identity for entry in again]


def test_the_telling_follows_from_the_items_and_not_from_their_order() -> None:
    tellings = [
        accepted(told_in("camt.054", Entry(2_990, details, bank_reference="B")))[0].booking
        for details in (ITEMS, ITEMS[::-1], (ITEMS[0], Detail(1_990, end_to_end_id="C")))
    ]
    assert tellings[0] == tellings[1] != tellings[2]


@pytest.mark.parametrize(
    ("entry", "is_retellable"),
    [
        (one_entry(2_990, DETAIL), False),
        (replace(one_entry(2_990, DETAIL), batch=BATCH.format(1)), False),
        (replace(one_entry(2_990, DETAIL), batch=BATCH.format(25)), True),
        (replace(one_entry(2_990), batch=BATCH.format(25)), True),
        (one_entry(2_990, Detail(2_990)), True),
        (one_entry(2_990, Detail(2_991, end_to_end_id="A")), True),
        (one_entry(2_990, ITEMS[0], Detail(1_991, end_to_end_id="B")), True),
        (one_entry(2_990, ITEMS[0], Detail(end_to_end_id="B")), True),
        (replace(one_entry(-2_990, Detail(-2_990, end_to_end_id="A")), type_code=("PMNT", "IDDT", "UPDD")), True),
        (replace(one_entry(2_990), status="PDNG"), False),
    ],
)
def test_booking_is_set_where_another_message_may_tell_it_in_other_pieces(entry: Entry, is_retellable: bool) -> None:
    [found] = accepted(file_of(entry))
    assert found.booking == ((found.identity, "whole") if is_retellable else None)


@pytest.mark.parametrize("message", NOTICES)
@pytest.mark.parametrize("reference", [None, "NONREF", "NOTPROVIDED"])
def test_booking_without_a_reference_of_the_bank_is_left_to_the_statement(message: str, reference: str | None) -> None:
    entry = Entry(2_990, (DETAIL,), bank_reference=reference, entry_reference="1")
    found, report = read(told_in(message, entry, entry))
    assert [each.posts for each in found] == [False, False]
    assert (report.verdict, rules(report)) == (Verdict.ACCEPTED, ["camt.not_referenced"])
    assert [each.posts for each in accepted(told_in("camt.053", entry))] == [True]


def test_references_of_several_details_do_not_stand_in_for_that_of_the_entry() -> None:
    details = tuple(replace(each, bank_reference="BANK-1") for each in ITEMS)
    assert [each.posts for each in accepted(told_in("camt.054", Entry(2_990, details)))] == [False, False]


@pytest.mark.parametrize("message", REPORTS)
def test_what_is_not_booked_never_posts(message: str) -> None:
    entries = [replace(one_entry(2_990), status=status) for status in ("BOOK", "PDNG", "INFO", "FUTR")]
    assert [each.posts for each in accepted(told_in(message, *entries))] == [True, False, False, False]


@pytest.mark.parametrize("message", REPORTS)
def test_only_statements_belong_to_a_series(message: str) -> None:
    _, report = read(told_in(message, one_entry()))
    [summary] = report.statements
    assert summary.chain == (("camt", OWN_IBAN, "EUR") if message == "camt.053" else None)
    assert summary.identity[0] == message
    assert report.logical_file_ids == [("camt", message, OWN_IBAN, "MESSAGE-1", "2026-01-05T20:00:00+01:00", "1")]
    assert (report.format, report.problems) == (f"{message}.001.08", [])


def test_balances_of_an_interim_report_are_told_and_prove_nothing() -> None:
    content = StatementContent((one_entry(),), closing_minor=1)
    _, report = read(Camt053File((content,), message="camt.052").to_bytes())
    assert (report.problems, report.statements[0].closing_minor) == ([], 1)


@pytest.mark.parametrize("message", NOTICES)
def test_summary_of_a_notice_is_checked(message: str) -> None:
    summary = "<TxsSummry><TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>{}</Sum></TtlCdtNtries></TxsSummry>"
    content = StatementContent((one_entry(),), None, has_closing=False)
    for total, expected in (("29.90", []), ("29.91", ["camt.summary_sum"])):
        file = Camt053File((replace(content, summary=summary.format(total)),), message=message)
        assert rules(read(file.to_bytes())[1]) == expected


def test_sums_are_of_all_entries_and_balances_of_the_booked_ones() -> None:
    pending_return = replace(one_entry(-300, Detail(-300, return_reason="AC04")), status="PDNG")
    _, report = read(file_of(one_entry(), pending_return))
    [summary] = report.statements
    assert (summary.entry_count, summary.credit_count, summary.debit_count) == (2, 1, 1)
    assert (summary.credit_minor, summary.debit_minor, summary.return_count) == (2_990, 300, 1)
    assert (report.verdict, summary.closing_minor) == (Verdict.ACCEPTED, 12_990)


@pytest.mark.parametrize(
    ("changes", "first", "last"),
    [
        ({}, date(2026, 1, 5), date(2026, 1, 5)),
        (
            {"period": "", "extra_balances": balance("CLBD", 12_990, day="2026-01-09")},
            date(2026, 1, 5),
            date(2026, 1, 9),
        ),
        ({"period": "", "opening_minor": None, "has_closing": False}, date(2026, 1, 3), date(2026, 1, 8)),
        ({"period": "", "opening_code": "PRCD"}, date(2026, 1, 3), date(2026, 1, 5)),
        ({"period": "", "opening_minor": None, "has_closing": False, "entries": ()}, None, None),
    ],
)
def test_days_come_from_the_period_else_the_balances_else_the_bookings(
    changes: dict[str, Any], first: date | None, last: date | None
) -> None:
    entries = (
        replace(one_entry(990), booked_on="2026-01-05"),
        replace(one_entry(990), booked_on="2026-01-08"),
        replace(one_entry(1_010), booked_on="2026-01-03"),
    )
    _, report = read(Camt053File((replace(StatementContent(entries), **changes),)).to_bytes())
    [summary] = report.statements
    assert (summary.first_day, summary.last_day) == (first, last)


@pytest.mark.parametrize("copy", ["DUPL", "CODU", "COPY"])
def test_a_copy_is_a_warning_and_no_correction(copy: str) -> None:
    found, report = read(Camt053File((StatementContent((one_entry(),), copy=copy),)).to_bytes())
    assert (rules(report), report.statements[0].is_correction) == (["camt.copy"], False)
    assert [entry.posts for entry in found] == [True]


PAGE = "<StmtPgntn><PgNb>{}</PgNb><LastPgInd>{}</LastPgInd></StmtPgntn>"


def test_pages_of_one_statement_chain_by_interim_balances_and_number_entries_that_are_alike_together() -> None:
    entry = Entry(500)
    first = StatementContent((entry,), 10_000, closing_code="ITBD", pagination=PAGE.format(1, "false"))
    second = StatementContent((entry,), 10_500, opening_code="ITBD", pagination=PAGE.format(2, "true"))
    found, report = read(Camt053File((first, second)).to_bytes())
    assert report.verdict is Verdict.ACCEPTED, report.problems
    assert [each.identity[-1] for each in found] == ["0", "1"]
    one, other = report.statements
    assert one.chain == other.chain
    assert one.closing_minor == other.opening_minor == 10_500
    repeated = read(Camt053File((StatementContent((entry,)), StatementContent((entry,)))).to_bytes())[0]
    assert [each.identity[-1] for each in repeated] == ["0", "0"], "the same statement told twice is no second page"


CHARGES = '<Chrgs><Rcrd><Amt Ccy="EUR">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>'
OLD_CHARGES = '<Chrgs><Amt Ccy="EUR">2.00</Amt></Chrgs><Chrgs><Amt Ccy="EUR">1.00</Amt></Chrgs>'
ORIGINAL = '<AmtDtls><InstdAmt><Amt Ccy="EUR">29.90</Amt></InstdAmt></AmtDtls>'


def returned(amount_minor: int, *details: Detail, charges: str = "") -> Entry:
    entry = replace(one_entry(amount_minor, *details), type_code=("PMNT", "IDDT", "UPDD"))
    return replace(entry, charges=charges)


@pytest.mark.parametrize(
    "entry",
    [
        returned(-3_290, Detail(-3_290, end_to_end_id="A", return_reason="AC04", extra=ORIGINAL + CHARGES)),
        returned(-3_290, Detail(-3_290, end_to_end_id="A", return_reason="AC04", extra=ORIGINAL + OLD_CHARGES)),
        returned(-3_290, Detail(-2_990, end_to_end_id="A", return_reason="AC04"), charges=CHARGES),
        returned(-3_290, Detail(end_to_end_id="A", return_reason="AC04", extra=ORIGINAL), charges=CHARGES),
    ],
)
def test_a_charge_inside_a_return_is_parted_from_it(entry: Entry) -> None:
    found, report = read(file_of(entry))
    assert report.problems == []
    assert [(each.amount_minor, each.purpose, each.direction) for each in found] == [
        (2_990, Purpose.RETURN, Direction.DEBIT),
        (300, Purpose.FEE, Direction.DEBIT),
    ]
    assert [each.return_reason for each in found] == ["AC04", None]
    assert len({each.identity for each in found}) == 2
    booking = found[0].booking
    assert booking is not None
    assert booking.identity == accepted(file_of(returned(-3_290)))[0].identity
    assert (report.statements[0].entry_count, report.statements[0].return_count) == (1, 1)


@pytest.mark.parametrize(
    "entry",
    [
        returned(-2_990, Detail(-2_990, end_to_end_id="A", return_reason="AC04", extra=ORIGINAL + CHARGES)),
        returned(-3_290, Detail(-3_290, end_to_end_id="A", return_reason="AC04", extra=CHARGES)),
        returned(-3_290, Detail(-3_290, end_to_end_id="A", extra=ORIGINAL + CHARGES.replace("EUR", "USD"))),
        returned(-3_290, Detail(-3_290, end_to_end_id="A", extra=ORIGINAL + CHARGES.replace("DBIT", "CRDT"))),
        replace(one_entry(-3_290, Detail(-3_290, end_to_end_id="A", extra=ORIGINAL + CHARGES))),
    ],
)
def test_charges_that_are_no_part_of_a_return_leave_it_whole(entry: Entry) -> None:
    assert [each.amount_minor for each in accepted(file_of(entry))] == [-entry.amount_minor]


def test_charges_of_returns_in_a_batch_are_parted_each() -> None:
    detail = Detail(-3_290, return_reason="AC04", extra=ORIGINAL + CHARGES)
    entry = Entry(-6_580, (detail, detail), bank_reference="B", type_code=("PMNT", "IDDT", "UPDD"))
    found = accepted(file_of(entry))
    assert [each.amount_minor for each in found] == [2_990, 300, 2_990, 300]
    assert len({each.identity for each in found}) == 4


@pytest.mark.parametrize("code", ["CHRG", "COMM", "FEES"])
def test_what_the_bank_charges_is_a_fee(code: str) -> None:
    [entry] = accepted(file_of(replace(one_entry(-500), type_code=("ACMT", "MDOP", code))))
    assert entry.purpose is Purpose.FEE


@pytest.mark.parametrize("text", ["?REJECT?0", "?REJECT?1"])
def test_reject_mark_of_a_payment_slip_is_no_return(text: str) -> None:
    """Swiss banks say with it whether the slip could be read by machine; the money came in either way."""
    extra = f"<RmtInf><Strd><AddtlRmtInf>{text}</AddtlRmtInf></Strd></RmtInf>"
    [entry] = accepted(told_in("camt.054", one_entry(2_990, Detail(2_990, end_to_end_id="A", extra=extra))))
    assert (entry.purpose, entry.direction) == (Purpose.PAYMENT, Direction.CREDIT)


def test_unknown_reason_code_is_kept_and_told_once() -> None:
    entry = returned(-500, Detail(-500, return_reason="ZZ99"))
    found, report = read(file_of(entry, entry))
    assert [each.return_reason for each in found] == ["ZZ99", "ZZ99"]
    assert (report.verdict, rules(report)) == (Verdict.ACCEPTED, ["iso20022.reason_unknown"])


def test_unknown_balance_type_and_status_are_told_once() -> None:
    unknown = replace(one_entry(500), status="XXXX")
    content = StatementContent((unknown, unknown), extra_balances=balance("ZZZZ", 1) * 2)
    _, report = read(Camt053File((content,)).to_bytes())
    assert rules(report) == ["camt.balance_type_unknown", "camt.status_unknown"]


@pytest.mark.parametrize(
    "change",
    [
        bytes,
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"\n", b""),
        lambda content: content.replace(b"Ada", "Ädä 🐾".encode()),
        lambda content: content.replace(b"UTF-8", b"windows-1252").replace(b"Ada", b"\xc4da"),
        lambda content: content.replace(b"Ada", "Ä".encode()).replace(b"<Refs>", b"<Refs>\r\n"),
        lambda content: content.replace(b"<Refs>", b"<!-- x --><Refs>"),
    ],
)
@pytest.mark.parametrize("uses", [2, 1_000_000])
def test_offset_is_the_byte_on_which_the_record_starts(change: Any, uses: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "USES_BEFORE_PATTERN", uses)
    content = change(file_of(*[one_entry(2_990, DETAIL), Entry(2_990, ITEMS), Entry(100)] * 8))
    found = accepted(content)
    assert len(found) == 32
    starts = [content[each.offset or 0 :][:8] for each in found]
    assert starts == [b"<TxDtls>", b"<TxDtls>", b"<TxDtls>", b"<Ntry><A"] * 8
    assert len({each.offset for each in found}) == len(found)


HEADER = '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><BizMsgIdr>1</BizMsgIdr>{}</AppHdr>'


def test_several_messages_in_one_envelope_are_read_each() -> None:
    bodies = [told_in("camt.054", one_entry(), message_id=name).split(b"?>", 1)[1] for name in ("M1", "M2")]
    content = b"<Envelope>" + HEADER.format("").encode() + b"".join(bodies) + b"</Envelope>"
    found, report = read(content)
    assert (len(found), report.problems, len(report.logical_file_ids)) == (2, [], 2)
    assert {each.identity for each in found} == {found[0].identity}, "two messages that tell the same booking"


def test_messages_of_two_kinds_in_one_file_are_refused() -> None:
    bodies = [told_in(message, one_entry()).split(b"?>", 1)[1] for message in NOTICES]
    found, report = read(b"<Envelope>" + b"".join(bodies) + b"</Envelope>")
    assert (len(found), report.format) == (1, "camt.052.001.08")
    assert (report.verdict, rules(report)) == (Verdict.UNREADABLE, ["iso20022.mixed_messages"])


@pytest.mark.parametrize("message", REPORTS)
def test_message_behind_a_header_longer_than_what_is_looked_at_is_read(message: str) -> None:
    header = HEADER.format("<Sgntr>" + "x" * HEAD_BYTES + "</Sgntr>")
    content = b"<Envelope>" + header.encode() + told_in(message, one_entry()).split(b"?>", 1)[1] + b"</Envelope>"
    assert detect_format(content[:HEAD_BYTES]).format == "iso20022"
    _, report = read(content)
    assert (report.format, report.problems) == (f"{message}.001.08", [])


def test_header_without_a_message_is_unreadable() -> None:
    _, report = read(f"<Envelope>{HEADER.format('')}</Envelope>".encode())
    assert rules(report) == ["iso20022.no_message"]


def test_namespace_without_its_message_is_unreadable() -> None:
    """The format is known from the head, and still there is nothing to accept."""
    _, report = read(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><Other/></Document>')
    assert (report.verdict, rules(report)) == (Verdict.UNREADABLE, ["iso20022.no_message"])


@pytest.mark.parametrize(
    ("namespace", "format_name", "warnings"),
    [
        ("http://www.six-interbank-clearing.com/de/camt.054.001.04.xsd", "camt.054.001.04", []),
        ("urn:swift:xsd:camt.054.001.08", "camt.054.001.08", []),
        ("urn:tch", "camt.054", ["iso20022.unknown_version"]),
        ("urn:iso:std:iso:20022:tech:xsd:camt.053.001.08", "camt.054", ["iso20022.unknown_version"]),
        ("", "camt.054", ["iso20022.no_namespace"]),
    ],
)
def test_messages_are_known_by_their_elements_whatever_the_namespace(
    namespace: str, format_name: str, warnings: list[str]
) -> None:
    content = StatementContent((one_entry(2_990, DETAIL),), None, has_closing=False)
    for prefix in ("", "n") if namespace else ("",):
        file = Camt053File((content,), message="camt.054", namespace=namespace, prefix=prefix)
        found, report = read(file.to_bytes())
        assert (len(found), report.format, rules(report)) == (1, format_name, warnings)


@pytest.mark.parametrize("element", ["FIToFIPmtCxlReq", "FIToFICstmrCdtTrf", "RsltnOfInvstgtn"])
def test_messages_without_a_reader_are_named(element: str) -> None:
    head = HEADER.format("").encode()
    _, report = read(b"<E>" + head + f"<Document><{element}><A/></{element}></Document></E>".encode())
    assert (report.verdict, rules(report)) == (Verdict.UNREADABLE, ["iso20022.unsupported_message"])


@pytest.mark.parametrize(
    ("name", "format_name", "verdict", "errors"),
    [
        ("camt052/good.xml", "camt.052.001.08", Verdict.ACCEPTED, []),
        ("camt054/good.xml", "camt.054.001.08", Verdict.ACCEPTED, []),
        ("camt054/sum_of_credits_wrong.xml", "camt.054.001.08", Verdict.OUT_OF_BALANCE, ["camt.summary_sum"]),
        ("camt054/truncated.xml", "camt.054.001.08", Verdict.UNREADABLE, ["xml.truncated"]),
        ("pain002/good.xml", "pain.002.001.10", Verdict.ACCEPTED, []),
        ("pain002/number_of_rejected_wrong.xml", "pain.002.001.10", Verdict.OUT_OF_BALANCE, ["pain.status_count"]),
        ("pacs004/good.xml", "pacs.004.001.09", Verdict.ACCEPTED, []),
        ("pacs004/total_wrong.xml", "pacs.004.001.09", Verdict.OUT_OF_BALANCE, ["pacs.total"]),
        ("pain008/good.xml", "pain.008.001.08", Verdict.ACCEPTED, []),
        ("pain008/control_sum_wrong.xml", "pain.008.001.08", Verdict.OUT_OF_BALANCE, ["pain.control_sum"]),
    ],
)
def test_samples_have_the_verdict_of_their_name(
    name: str, format_name: str, verdict: Verdict, errors: list[str]
) -> None:
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream)
    assert (report.format, report.verdict, rules(report)) == (format_name, verdict, errors)
