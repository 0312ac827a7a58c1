"""The Bacs reader: what it reads of each report, what it refuses, what it only warns about."""

import tracemalloc
from dataclasses import replace
from datetime import date
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import cast

import pytest

from pawledger.bank_files.bacs import entries as bacs_entries
from pawledger.bank_files.bacs import reader as bacs
from pawledger.bank_files.bacs import reports as bacs_reports
from pawledger.bank_files.bacs.reader import read_bacs
from pawledger.bank_files.bacs.xml_tags import TEXT_CHARACTERS_MAX
from pawledger.bank_files.detection import detect_format
from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.iso20022.xml_records import DEPTH_MAX
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.bacs_file import (
    Account,
    Advice,
    Claim,
    ReturnedDebit,
    document,
    element,
    write_arudd,
    write_claims,
    write_instructions,
)

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "bacs"


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bacs(BytesIO(content), report)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def test_returned_debit_becomes_an_entry_with_all_it_says() -> None:
    content = write_arudd(Account())
    entries, report = read(content)
    (entry,) = entries
    assert (report.problems, report.format, report.verdict) == ([], "bacs.arudd", Verdict.ACCEPTED)
    assert (entry.bank_account, entry.currency) == ("40-00-01 30020011", "GBP")
    assert (entry.amount_minor, entry.direction) == (4_750, Direction.DEBIT)
    assert (entry.booked_on, entry.value_on) == (date(2026, 11, 18), date(2026, 11, 18))
    payer = "20-00-00 55779911"
    facts = ("bacs.arudd", "281881", "PL100234", payer, "17", "2026-11-16", "GBP", "4750", "1")
    assert entry.identity == facts
    assert (entry.posts, entry.purpose, entry.return_reason, entry.type_code) == (True, Purpose.RETURN, "0", "17")
    assert (entry.references, entry.mandate_id) == (("PL100234",), "PL100234")
    assert (entry.payer_account, entry.payer_name, entry.text) == (payer, "M OKAFOR", "REFER TO PAYER")
    assert content.decode().splitlines()[entry.line - 1].startswith("<ReturnedDebitItem")
    assert entry.offset is None


def test_each_account_is_a_statement_and_the_header_identifies_the_file() -> None:
    first = Account(items=(ReturnedDebit(amount_minor=100), ReturnedDebit("B", 250)))
    _, report = read(write_arudd(first, Account("30020029", items=())))
    assert [(each.bank_account, each.entry_count, each.return_count) for each in report.statements] == [
        ("40-00-01 30020011", 2, 2),
        ("40-00-01 30020029", 0, 0),
    ]
    statement = report.statements[0]
    assert (statement.debit_count, statement.debit_minor, statement.credit_minor) == (2, 350, 0)
    assert (statement.chain, statement.opening_minor, statement.closing_minor) == (None, None, None)
    assert (statement.first_day, statement.currency) == (date(2026, 11, 18), "GBP")
    assert report.logical_file_ids == [("bacs.arudd", "281881", "REFT1019", "017", "2026-11-18")]


def test_identical_debits_are_numbered_and_the_same_in_another_report() -> None:
    debit = ReturnedDebit()
    entries, _ = read(write_arudd(Account(items=(debit, debit, replace(debit, amount_minor=1)))))
    assert [entry.identity[-1] for entry in entries] == ["1", "2", "1"]
    again, _ = read(write_arudd(Account(items=(debit,)), advice="018", day="2026-11-19"))
    assert again[0].identity == entries[0].identity


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (b'numberOf="2"', b'numberOf="3"', "bacs.totals_number"),
        (b'numberOf="2"', b'numberOf=""', "bacs.totals_number"),
        (b'numberOf="2"', b'numberOf="two"', "bacs.totals_number"),
        (b'valueOf="95.00"', b'valueOf="95.01"', "bacs.totals_value"),
        (b'valueOf="95.00"', b'valueOf=""', "bacs.amount"),
        (b"<Totals ", b"<Totals_ ", "bacs.totals_missing"),
    ],
)
def test_wrong_totals_are_out_of_balance(before: bytes, after: bytes, rule: str) -> None:
    content = write_arudd(Account(items=(ReturnedDebit(), ReturnedDebit("B"))))
    if before == b"<Totals ":
        start = content.index(before)
        content = content[:start] + content[content.index(b"</Totals>") + len(b"</Totals>") :]
    _, report = read(content.replace(before, after))
    assert (rules_of(report), report.verdict) == ([rule], Verdict.OUT_OF_BALANCE)


def test_totals_of_each_account_are_checked() -> None:
    one, other = Account(), Account("30020029", items=(ReturnedDebit("B", 100),))
    content = write_arudd(one, other)
    _, report = read(content.replace(b'numberOf="1" valueOf="1.00"', b'numberOf="1" valueOf="1.01"'))
    assert rules_of(report) == ["bacs.totals_value"]
    # Too much for one and too little for the other.
    swapped = content.replace(b'numberOf="1" valueOf="1.00"', b'numberOf="1" valueOf="X"')
    swapped = swapped.replace(b'numberOf="1" valueOf="47.50"', b'numberOf="1" valueOf="1.00"')
    _, report = read(swapped.replace(b'valueOf="X"', b'valueOf="47.50"'))
    assert rules_of(report) == ["bacs.totals_value", "bacs.totals_value"]


@pytest.mark.parametrize(("value", "rules"), [("47.50", []), ("47.51", ["bacs.totals_value"])])
def test_totals_of_the_whole_report_are_checked_and_prove_accounts_without_their_own(
    value: str, rules: list[str]
) -> None:
    content = write_arudd(Account())
    start, end = content.index(b"<Totals"), content.index(b"</Totals>") + len(b"</Totals>\n")
    totals = element("Totals", numberOf="1", valueOf=value, currency="GBP").encode()
    _, report = read((content[:start] + content[end:]).replace(b"</Advice>", totals + b"</Advice>"))
    assert rules_of(report) == rules


@pytest.mark.parametrize("code", ["0", "9", "A", "B"])
def test_listed_reason_is_no_problem(code: str) -> None:
    entries, report = read(write_arudd(Account(items=(ReturnedDebit(code=code),))))
    assert (entries[0].return_reason, report.problems) == (code, [])


@pytest.mark.parametrize("code", ["1012", "Z", "DDICA-1"])
def test_unknown_reason_is_kept_with_a_warning_told_once(code: str) -> None:
    debits = tuple(ReturnedDebit(f"P{number}", code=code, description="SO SAID") for number in range(9))
    entries, report = read(write_arudd(Account(items=debits)))
    assert {(entry.return_reason, entry.text) for entry in entries} == {(code, "SO SAID")}
    assert (rules_of(report), report.verdict) == (["bacs.reason_unknown"], Verdict.ACCEPTED)


def test_many_unknown_reasons_are_told_in_bounds_and_hide_no_other_warning() -> None:
    debits = tuple(ReturnedDebit(f"P{number}", code=f"X{number}") for number in range(90))
    content = write_arudd(Account(items=(*debits, ReturnedDebit(transaction_code="99"))))
    _, report = read(content)
    assert rules_of(report).count("bacs.reason_unknown") == 50
    assert rules_of(report)[-1] == "bacs.transaction_code"


@pytest.mark.parametrize(
    ("currency", "value", "minor"),
    [
        ("GBP", "1,234.50", 123_450),
        ("GBP", "5", 500),
        ("GBP", "5.10000", 510),
        ("JPY", "12", 12),
        ("BHD", "1.234", 1234),
    ],
)
def test_amounts_are_exact_in_the_minor_unit_of_the_currency(currency: str, value: str, minor: int) -> None:
    content = write_arudd(Account(items=(ReturnedDebit(currency=currency),)))
    entries, report = read(content.replace(b'"47.50"', f'"{value}"'.encode()))
    assert ([entry.amount_minor for entry in entries], report.problems) == ([minor], [])


@pytest.mark.parametrize("value", ["", "-47.50", "+47.50", "47,50", "47.505", "£47.50", "1e3", "1,23.00", "9" * 40])
def test_amount_that_is_not_certain_is_out_of_balance_and_no_entry(value: str) -> None:
    content = write_arudd(Account(items=(ReturnedDebit(), ReturnedDebit("B", 100))))
    entries, report = read(content.replace(b'valueOf="47.50"', f'valueOf="{value}"'.encode("latin-1")))
    assert [entry.mandate_id for entry in entries] == ["B"]
    assert (rules_of(report), report.verdict) == (["bacs.amount", "bacs.totals_value"], Verdict.OUT_OF_BALANCE)


def test_unknown_currency_is_out_of_balance_and_no_currency_is_pounds() -> None:
    content = write_arudd(Account())
    entries, report = read(content.replace(b'currency="GBP"', b'currency="XXX"'))
    assert (entries, report.verdict, set(rules_of(report))) == ([], Verdict.OUT_OF_BALANCE, {"bacs.currency"})
    entries, report = read(content.replace(b' currency="GBP"', b""))
    assert ([entry.currency for entry in entries], report.problems) == (["GBP"], [])


@pytest.mark.parametrize("text", ["", "18/11/2026", "2026-02-30"])
def test_odd_days_are_warnings(text: str) -> None:
    entries, report = read(write_arudd(Account(items=(ReturnedDebit(collected_on=text),)), day=text))
    assert (entries[0].booked_on, entries[0].identity[5]) == (None, text)
    assert report.verdict is Verdict.ACCEPTED
    assert {"bacs.day", "bacs.header"} == set(rules_of(report))
    assert report.logical_file_ids == []


def test_two_reports_in_one_document_keep_their_own_headers() -> None:
    one = write_arudd(Account()).decode("latin-1")
    other = write_arudd(Account("30020029"), advice="018", user_number="281882").decode("latin-1")
    part = other[other.index("<ARUDD>") : other.index("</ARUDD>") + len("</ARUDD>")]
    entries, report = read(one.replace("</ARUDD>", "</ARUDD>" + part).encode("latin-1"))
    assert [entry.identity[1] for entry in entries] == ["281881", "281882"]
    assert [identity[3] for identity in report.logical_file_ids] == ["017", "018"]
    assert report.problems == []


@pytest.mark.parametrize("is_camel", [False, True])
def test_advice_of_a_transfer_becomes_a_change_that_moves_no_money(is_camel: bool) -> None:
    advice = Advice(new_sort_code="30-00-00", new_number="12312312", is_camel=is_camel)
    entries, report = read(write_instructions(advice))
    (entry,) = entries
    assert (report.problems, report.format) == ([], "bacs.addacs")
    assert (entry.bank_account, entry.amount_minor, entry.posts) == ("281881", 0, False)
    assert (entry.purpose, entry.return_reason, entry.type_code) == (Purpose.CHANGE, "3", "A")
    assert (entry.booked_on, entry.value_on) == (date(2026, 11, 20), None)
    assert entry.text == "new account 30-00-00 12312312, effective 2026-11-20"
    assert (entry.references, entry.mandate_id, entry.payer_account) == (
        ("PL100234",),
        "PL100234",
        "20-00-00 55779911",
    )
    (statement,) = report.statements
    assert (statement.entry_count, statement.change_count, statement.return_count) == (1, 1, 0)
    assert (statement.debit_minor, statement.credit_minor, statement.chain) == (0, 0, None)
    assert (statement.first_day, statement.bank_account) == (date(2026, 11, 18), "281881")
    assert report.logical_file_ids == []


def test_advices_of_both_spellings_have_one_identity() -> None:
    advice = Advice(new_sort_code="30-00-00", new_number="12312312")
    kebab, _ = read(write_instructions(advice))
    camel, _ = read(write_instructions(replace(advice, is_camel=True)))
    assert kebab == camel


@pytest.mark.parametrize(
    ("record_type", "reason", "format_name", "rules"),
    [
        ("A", "1", "bacs.addacs", []),
        ("D", "1", "bacs.auddis", []),
        ("N", "6", "bacs.auddis", []),
        ("", "R", "bacs.addacs", ["bacs.record_type"]),
        ("", "K", "bacs.auddis", ["bacs.record_type"]),
        ("", "1", "bacs.addacs", ["bacs.report_kind", "bacs.record_type"]),
        ("X", "1", "bacs.addacs", ["bacs.report_kind", "bacs.record_type"]),
        ("A", "4", "bacs.addacs", ["bacs.reason_unknown"]),
        ("D", "D", "bacs.auddis", ["bacs.reason_unknown"]),
    ],
)
def test_record_type_or_reason_says_which_report_it_is(
    record_type: str, reason: str, format_name: str, rules: list[str]
) -> None:
    entries, report = read(write_instructions(Advice(record_type=record_type, reason=reason)))
    assert (report.format, rules_of(report), report.verdict) == (format_name, rules, Verdict.ACCEPTED)
    assert entries[0].identity[:3] == (format_name, "281881", "PL100234")
    assert entries[0].return_reason == reason


def test_header_that_names_the_report_decides() -> None:
    content = write_instructions(Advice(record_type="", reason="1"))
    content = content.replace(b"<Header ", b'<Header report-type="AUDDIS" ')
    assert read(content)[1].format == "bacs.auddis"


def test_summary_of_a_submission_is_no_advice_and_its_rejections_are_told() -> None:
    more = element("MessagingAdvice", user_number="281881", record_type="V", accepted_ddi="5", rejected_ddi="0")
    entries, report = read(write_instructions(more=more))
    assert (entries, report.format, report.problems) == ([], "bacs.auddis", [])
    _, report = read(write_instructions(more=more.replace('rejected-ddi="0"', 'rejected-ddi="2"')))
    assert (rules_of(report), report.verdict) == (["bacs.instructions_rejected"], Verdict.ACCEPTED)


def test_empty_report_of_instructions_has_a_statement_of_nothing() -> None:
    entries, report = read(write_instructions())
    assert (entries, report.format, rules_of(report)) == ([], "bacs.addacs", ["bacs.report_kind"])
    assert report.statements[0].entry_count == 0


def test_reference_may_be_called_the_payers() -> None:
    content = write_instructions(Advice("PL7")).replace(b" reference=", b" payer-reference=")
    entries, report = read(content)
    assert ([entry.mandate_id for entry in entries], report.problems) == (["PL7"], [])


def test_advice_without_reference_is_told() -> None:
    _, report = read(write_instructions(Advice(reference="")))
    assert (rules_of(report), report.verdict) == (["bacs.reference_missing"], Verdict.ACCEPTED)


def test_claim_becomes_a_returned_debit_and_its_cancellation_a_credit() -> None:
    claim = Claim((100_000, 23_456))
    cancelled = Claim((500,), "PL7", "DDICX", is_cancellation=True)
    entries, report = read(write_claims(claim, cancelled))
    assert (report.problems, report.format) == ([], "bacs.ddica")
    first, second = entries
    assert (first.amount_minor, first.direction, first.purpose) == (123_456, Direction.DEBIT, Purpose.RETURN)
    assert (second.amount_minor, second.direction, second.purpose) == (500, Direction.CREDIT, Purpose.RETURN)
    assert (first.booked_on, first.return_reason, first.bank_account) == (date(2026, 12, 3), "2", "281881")
    assert first.references == ("PL100234", "DDICNWBK0001")
    assert (first.payer_account, first.payer_name) == ("200000 55779911", "M OKAFOR")
    assert first.text == "No advance notice collected 2026-10-01, 2026-09-01"
    assert first.identity[:6] == ("bacs.ddica", "281881", "claim", "DDICNWBK0001", "PL100234", "GBP")
    (statement,) = report.statements
    assert (statement.debit_minor, statement.credit_minor, statement.return_count) == (123_456, 500, 2)


@pytest.mark.parametrize(
    ("before", "after", "rules", "verdict"),
    [
        (b"Debits>1,234.56", b"Debits>1,234.57", ["bacs.claims_value"], Verdict.OUT_OF_BALANCE),
        (b"Cancellations>5.00", b"Cancellations>5.01", ["bacs.claims_value"], Verdict.OUT_OF_BALANCE),
        (b"<Amount>234.56", b"<Amount>234.55", ["bacs.claim_total"], Verdict.OUT_OF_BALANCE),
        (b"<Amount>234.56", b"<Amount>x", ["bacs.amount", "bacs.claim_total"], Verdict.OUT_OF_BALANCE),
        (b"TotalValueOfDebits>", b"Else>", ["bacs.claims_unproved"], Verdict.ACCEPTED),
    ],
)
def test_sums_of_claims_are_checked_where_they_are_told(
    before: bytes, after: bytes, rules: list[str], verdict: Verdict
) -> None:
    content = write_claims(Claim((100_000, 23_456)), Claim((500,), is_cancellation=True))
    assert before in content
    _, report = read(content.replace(before, after))
    assert (rules_of(report), report.verdict) == (rules, verdict)


def test_values_of_a_claim_may_be_attributes() -> None:
    told = element("DDICAdvice", su_reference="PL1", reasonCode="1", total_amount="5.00", payingBankReference="D1")
    entries, report = read(document(element("Document", element("NewAdvices", told)), root="VocaDocument"))
    assert [(entry.mandate_id, entry.amount_minor, entry.return_reason) for entry in entries] == [("PL1", 500, "1")]
    assert rules_of(report) == ["bacs.claims_unproved"]


REPORTS = {
    "arudd": write_arudd(Account(items=(ReturnedDebit(), ReturnedDebit("B", 100))), Account("30020029")),
    "addacs": write_instructions(Advice(), Advice("PL7")),
    "ddica": write_claims(Claim(), Claim((5,), is_cancellation=True)),
}


@pytest.mark.parametrize("name", REPORTS)
def test_report_cut_anywhere_is_unreadable(name: str) -> None:
    content = REPORTS[name].rstrip()
    places = {*range(0, len(content), 97), *(at for at in range(len(content)) if content[at : at + 1] == b"\n")}
    for place in places:
        _, report = read(content[:place])
        assert report.verdict is Verdict.UNREADABLE, place
        assert not {"bacs.totals_value", "bacs.totals_missing", "bacs.claims_value"} & set(rules_of(report))


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_and_cuts_of_the_stream_change_nothing(name: str, end: bytes) -> None:
    class Pieces(RawIOBase):
        def __init__(self, content: bytes) -> None:
            super().__init__()
            self._stream = BytesIO(content)

        def read(self, size: int = -1) -> bytes:
            return self._stream.read(min(size, 13))

    expected, expected_report = read(REPORTS[name])
    report = FileReport()
    found = list(read_bacs(cast("BytesIO", Pieces(REPORTS[name].replace(b"\n", end))), report))
    assert [entry._replace(offset=None) for entry in found] == [entry._replace(offset=None) for entry in expected]
    assert (report.statements, report.problems) == (expected_report.statements, [])


def test_byte_order_mark_is_read_over() -> None:
    content = write_arudd(Account()).replace(b"ISO-8859-1", b"UTF-8")
    entries, report = read(b"\xef\xbb\xbf" + content)
    assert (len(entries), report.problems) == (1, [])


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-8"])
def test_declared_encodings_are_read(encoding: str) -> None:
    content = write_arudd(Account(items=(ReturnedDebit(payer_name="ZOË O'NEILL"),))).decode("iso-8859-1")
    entries, report = read(content.replace("ISO-8859-1", encoding).encode(encoding))
    assert (entries[0].payer_name, report.problems) == ("ZOË O'NEILL", [])


def test_items_on_one_line_are_found_by_offsets() -> None:
    content = write_arudd(Account(items=(ReturnedDebit(), ReturnedDebit("B")))).replace(b"\n", b"")
    entries, report = read(content)
    assert report.problems == []
    assert all(content[entry.offset or 0 :].startswith(b"<ReturnedDebitItem") for entry in entries)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "xml.empty"),
        (b"junk, and more of it", "xml.not_well_formed"),
        (b"<BACSDocument>", "xml.truncated"),
        (b"<Other/>", "bacs.root"),
        (b"<BACSDocument><Data/></BACSDocument>", "bacs.report_unknown"),
        (b"<BACSDocument><Data><WithdrawalReport/></Data></BACSDocument>", "bacs.report_unknown"),
        (b"<BACSDocument><ARUDD/><MessagingAdvices/></BACSDocument>", "bacs.report_mixed"),
        (b"<BACSDocument><ReturnedDebitItem/></BACSDocument>", "bacs.structure"),
        (b"<BACSDocument><ARUDD><ReturnedDebitItem/></ARUDD></BACSDocument>", "bacs.structure"),
        (b"<BACSDocument><ARUDD><MessagingAdvice/></ARUDD></BACSDocument>", "bacs.structure"),
        (b"<BACSDocument><DDICAdvice/></BACSDocument>", "bacs.structure"),
        (
            b"<BACSDocument><ARUDD>" + b"<OriginatingAccountRecord>" * 2 + b"</OriginatingAccountRecord>" * 2,
            "bacs.structure",
        ),
        (b"<!DOCTYPE BACSDocument [<!ENTITY a 'b'>]><BACSDocument>&a;</BACSDocument>", "xml.doctype"),
        (b'<?xml version="1.0" encoding="UTF-7"?><BACSDocument/>', "xml.encoding"),
        (b"<BACSDocument>\0</BACSDocument>", "xml.nul_byte"),
        (b"<BACSDocument>" + b"<a>" * DEPTH_MAX, "xml.depth"),
        (b"<BACSDocument a='" + b"x" * (TEXT_CHARACTERS_MAX + 1) + b"'/>", "xml.text_too_long"),
        (b"<BACSDocument>" + b"x" * (TEXT_CHARACTERS_MAX + 1), "xml.text_too_long"),
        (b"<BACSDocument " + b" ".join(b"a%d='1'" % at for at in range(101)) + b"/>", "xml.too_many_attributes"),
        (b"<BACSDocument>" + b"".join(b"<a%d/>" % at for at in range(6_000)), "xml.too_many_names"),
        (b"<BACSDocument>" + b"<!-- " + b"x" * 300_000, "xml.token_too_long"),
        (b" " * 20_000, "xml.prolog_too_long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_report_is_unreadable(content: bytes, rule: str) -> None:
    entries, report = read(content)
    assert (entries, rules_of(report)[0], report.verdict) == ([], rule, Verdict.UNREADABLE)


def test_trailing_garbage_makes_a_report_unreadable() -> None:
    _, report = read(write_arudd(Account()) + b"<more/>")
    assert rules_of(report)[-1] == "xml.not_well_formed"


def test_hostile_document_is_refused_in_little_memory() -> None:
    content = b"<BACSDocument><Data>" + b"<a/>" * 100_000
    tracemalloc.start()
    _, report = read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (rules_of(report), peak < 40_000_000) == (["xml.truncated"], True)


def test_limits_on_items_claims_accounts_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bacs_entries, "ITEMS_MAX", 1)
    monkeypatch.setattr(bacs_reports, "CLAIMS_MAX", 1)
    monkeypatch.setattr(bacs_reports, "ACCOUNTS_MAX", 1)
    assert "bacs.too_many_items" in rules_of(read(write_instructions(Advice(), Advice("B")))[1])
    assert "bacs.too_many_items" in rules_of(read(write_claims(Claim(), Claim()))[1])
    assert "bacs.too_many_accounts" in rules_of(read(write_arudd(Account(), Account("2")))[1])
    monkeypatch.setattr(bacs, "VALUES_MAX", 9)
    assert "bacs.record_too_long" in rules_of(read(write_claims(Claim((1,) * 12)))[1])


@pytest.mark.parametrize("content", [*REPORTS.values(), b"<n:BACSDocument xmlns:n='x'/>"])
def test_reports_are_recognised_by_their_root(content: bytes) -> None:
    assert detect_format(content).format == "bacs"
    assert detect_format(b"<BACS/>").format is None


@pytest.mark.parametrize(
    ("name", "format_name", "verdict", "rules"),
    [
        ("good_arudd.xml", "bacs.arudd", Verdict.ACCEPTED, []),
        ("good_addacs.xml", "bacs.addacs", Verdict.ACCEPTED, []),
        ("good_auddis.xml", "bacs.auddis", Verdict.ACCEPTED, []),
        ("good_ddica.xml", "bacs.ddica", Verdict.ACCEPTED, []),
        ("reason_of_four_digits.xml", "bacs.arudd", Verdict.ACCEPTED, ["bacs.reason_unknown"]),
        ("one_penny_wrong.xml", "bacs.arudd", Verdict.OUT_OF_BALANCE, ["bacs.totals_value"]),
        ("claims_one_penny_wrong.xml", "bacs.ddica", Verdict.OUT_OF_BALANCE, ["bacs.claims_value"]),
        ("truncated.xml", "bacs.arudd", Verdict.UNREADABLE, ["xml.truncated"]),
    ],
)
def test_samples_have_the_verdict_of_their_name(
    name: str, format_name: str, verdict: Verdict, rules: list[str]
) -> None:
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream)
    assert (report.format, report.verdict, rules_of(report)) == (format_name, verdict, rules)
