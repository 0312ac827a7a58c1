"""The OFX reader: what it reads, what it refuses, what it only warns about."""

import tracemalloc
from datetime import date
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import cast

import pytest

from pawledger.bank_files.detection import detect_format
from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.ofx import reader as ofx
from pawledger.bank_files.ofx import statements as ofx_statements
from pawledger.bank_files.ofx import transactions as ofx_transactions
from pawledger.bank_files.ofx.fields import VALUE_CHARACTERS_MAX
from pawledger.bank_files.ofx.markup import ORDINARY_TRANSACTION
from pawledger.bank_files.ofx.reader import read_ofx
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.ofx_file import HEADERS, Statement, Transaction, Version, write_ofx, write_ofx_bulk

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "ofx"


class _Pieces(RawIOBase):
    """Gives a stream in pieces of one size."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__()
        self._stream, self._size = BytesIO(content), size

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(min(size, self._size))


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_ofx(BytesIO(content), report)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def one(*transactions: Transaction, version: Version = "sgml", currency: str = "USD") -> bytes:
    return write_ofx(Statement(transactions=transactions, currency=currency), version=version)


@pytest.mark.parametrize("version", ["sgml", "xml"])
def test_transaction_becomes_an_entry_with_all_it_says(version: Version) -> None:
    transaction = Transaction(
        amount_minor=-1250,
        fitid="T-77",
        type_code="DEBIT",
        posted="20261119103000.000[-5:EST]",
        available="20261121",
        check_number="1042",
        reference_number="PL-9",
        name="BRIGHT & CO",
        memo="PREMIUM < NOV >",
    )
    entries, report = read(one(transaction, version=version))
    (entry,) = entries
    assert report.problems == []
    assert report.format == "ofx"
    assert (entry.bank_account, entry.currency) == ("30020011", "USD")
    assert (entry.amount_minor, entry.direction) == (1250, Direction.DEBIT)
    assert (entry.booked_on, entry.value_on) == (date(2026, 11, 19), date(2026, 11, 21))
    account = ("ofx", "7001", "031000503", "30020011", "CHECKING")
    assert entry.identity == (*account, "T-77", "20261119", "-1250", "", "1")
    assert (entry.posts, entry.purpose, entry.type_code) == (True, Purpose.PAYMENT, "DEBIT")
    assert entry.references == ("PL-9", "1042")
    assert (entry.payer_name, entry.text) == ("BRIGHT & CO", "BRIGHT & CO PREMIUM < NOV >")
    assert (entry.return_reason, entry.mandate_id, entry.payer_account, entry.booking) == (None, None, None, None)
    line = one(transaction, version=version).decode().splitlines()[entry.line - 1]
    assert (line, entry.offset) == ("<STMTTRN>", None)


def test_statement_tells_its_balance_period_and_sums_and_belongs_to_no_series() -> None:
    credit, debit = Transaction(700, "A"), Transaction(-200, "B", "DEBIT")
    _, report = read(one(credit, debit))
    (statement,) = report.statements
    assert (statement.bank_account, statement.currency, statement.chain) == ("30020011", "USD", None)
    assert (statement.opening_minor, statement.closing_minor) == (None, 250_000)
    assert (statement.first_day, statement.last_day) == (date(2026, 11, 1), date(2026, 11, 30))
    assert (statement.entry_count, statement.credit_count, statement.credit_minor) == (2, 1, 700)
    assert (statement.debit_count, statement.debit_minor) == (1, 200)
    assert statement.identity[:5] == ("ofx", "7001", "031000503", "30020011", "CHECKING")
    assert report.logical_file_ids == []


def test_bank_and_card_statements_of_one_file_are_kept_apart() -> None:
    bank = Statement("1", transactions=(Transaction(100, "A"),))
    savings = Statement("1", account_type="SAVINGS", transactions=(Transaction(100, "A"),))
    card = Statement("2", transactions=(Transaction(-30, "A", "POS"),), is_card=True, balance_minor=-30)
    entries, report = read(write_ofx(bank, savings, card))
    assert report.problems == []
    assert [entry.bank_account for entry in entries] == ["1", "1", "2"]
    assert len({entry.identity for entry in entries}) == 3
    assert [statement.closing_minor for statement in report.statements] == [250_000, 250_000, -30]


@pytest.mark.parametrize(
    ("type_code", "purpose", "rules"),
    [
        ("FEE", Purpose.FEE, []),
        ("SRVCHG", Purpose.FEE, []),
        ("DIRECTDEP", Purpose.PAYMENT, []),
        ("REVERSAL", Purpose.RETURN, ["ofx.type_unknown"]),
        ("CHARGEBACK", Purpose.RETURN, ["ofx.type_unknown"]),
        ("ZAP", Purpose.PAYMENT, ["ofx.type_unknown"]),
        (None, Purpose.PAYMENT, ["ofx.type_unknown"]),
    ],
)
def test_type_decides_the_purpose_and_an_unknown_one_is_kept_with_a_warning(
    type_code: str | None, purpose: Purpose, rules: list[str]
) -> None:
    entries, report = read(one(Transaction(-500, type_code=type_code)))
    assert (entries[0].purpose, entries[0].type_code) == (purpose, type_code or "")
    assert (rules_of(report), report.verdict) == (rules, Verdict.ACCEPTED)
    assert report.statements[0].return_count == (purpose is Purpose.RETURN)


def test_many_unknown_types_are_told_once() -> None:
    _, report = read(one(*(Transaction(5, f"F{number}", f"ODD{number}") for number in range(50))))
    assert rules_of(report) == ["ofx.type_unknown"]


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [
        ("USD", "12.5", 1250),
        ("USD", "-80", -8000),
        ("USD", "+0012.50000", 1250),
        ("USD", ".50", 50),
        ("BRL", "-11,76", -1176),
        ("BRL", "            47,01", 4701),
        ("JPY", "1200", 1200),
        ("JPY", "1200.00", 1200),
        ("BHD", "-1.234", -1234),
        ("CLF", "1.2345", 12345),
        ("USD", "0.00", 0),
        ("USD", "-0.00", 0),
    ],
)
@pytest.mark.parametrize("type_code", ["OTHER", "XFER"])
def test_amounts_are_exact_in_the_minor_unit_of_the_currency(
    currency: str, written: str, minor: int, type_code: str
) -> None:
    content = one(Transaction(100, type_code=type_code), currency=currency)
    mark = next(line for line in content.splitlines() if line.startswith(b"<TRNAMT>"))
    entries, report = read(content.replace(mark, f"<TRNAMT>{written}".encode()))
    assert report.problems == []
    assert (entries[0].amount_minor, entries[0].direction) == (
        abs(minor),
        Direction.DEBIT if minor < 0 else Direction.CREDIT,
    )


@pytest.mark.parametrize(
    "written", ["$12", "", "12.345", "1,234.56", "1.234,56", "1e3", "--5", "- 5", "½", "12.50 CR", "9" * 30, "NaN"]
)
def test_amount_that_is_not_certain_is_out_of_balance_and_no_entry(written: str) -> None:
    content = one(Transaction(700, "A"), Transaction(100, "B"), Transaction(300, "C"))
    entries, report = read(content.replace(b"<TRNAMT>1.00", f"<TRNAMT>{written}".encode()))
    assert [entry.identity[5] for entry in entries] == ["A", "C"]
    assert (rules_of(report), report.verdict) == (["ofx.amount"], Verdict.OUT_OF_BALANCE)
    starts = [number for number, line in enumerate(content.splitlines(), 1) if line == b"<STMTTRN>"]
    assert (report.problems[0].field, report.problems[0].line) == ("TRNAMT", starts[1])
    assert report.statements[0].entry_count == 2


@pytest.mark.parametrize(("type_code", "amount_minor"), [("CREDIT", -5), ("DEBIT", 5)])
def test_type_that_contradicts_the_sign_is_out_of_balance(type_code: str, amount_minor: int) -> None:
    _, report = read(one(Transaction(amount_minor, type_code=type_code)))
    assert (rules_of(report), report.verdict) == (["ofx.amount_sign"], Verdict.OUT_OF_BALANCE)


@pytest.mark.parametrize(("type_code", "amount_minor"), [("CREDIT", 0), ("DEBIT", 0), ("FEE", 5), ("DEP", -5)])
def test_sign_alone_says_the_direction_of_other_types(type_code: str, amount_minor: int) -> None:
    _, report = read(one(Transaction(amount_minor, type_code=type_code)))
    assert report.problems == []


@pytest.mark.parametrize("posted", ["", "20260231", "00000000", "2026", "abcdefgh", None])
def test_missing_or_impossible_day_is_a_warning_and_none(posted: str | None) -> None:
    entries, report = read(one(Transaction(posted=posted)))
    assert (entries[0].booked_on, entries[0].identity[6]) == (None, "")
    assert (rules_of(report), report.verdict) == (["ofx.day"], Verdict.ACCEPTED)


@pytest.mark.parametrize("currency", ["XXX", "US", "", "BTC"])
def test_unknown_currency_is_out_of_balance_and_gives_no_entries(currency: str) -> None:
    content = one(Transaction(), Transaction(fitid="F2")).replace(b"<CURDEF>USD", f"<CURDEF>{currency}".encode())
    entries, report = read(content)
    assert (entries, report.verdict) == ([], Verdict.OUT_OF_BALANCE)
    assert rules_of(report)[0] == "ofx.currency"
    assert rules_of(report).count("ofx.currency") == 1


def test_statement_without_account_is_out_of_balance_and_gives_no_entries() -> None:
    entries, report = read(one(Transaction()).replace(b"<ACCTID>30020011\n", b""))
    assert (entries, rules_of(report), report.verdict) == ([], ["ofx.account"], Verdict.OUT_OF_BALANCE)


@pytest.mark.parametrize("size", [1, 40, 10_000])
@pytest.mark.parametrize("more", [(), (("PAYEE", "<NAME>P"),)])
@pytest.mark.parametrize(
    ("value", "rule"), [(b"<CURDEF>USD\n", "ofx.currency"), (b"<ACCTID>30020011\n", "ofx.account")]
)
def test_account_and_currency_behind_the_transactions_are_out_of_balance_however_the_stream_is_cut(
    value: bytes, rule: str, more: tuple[tuple[str, str], ...], size: int
) -> None:
    content = one(Transaction(more=more)).replace(value, b"")
    late = value if rule == "ofx.currency" else b"<BANKACCTFROM>\n" + value + b"</BANKACCTFROM>\n"
    report = FileReport()
    content = content.replace(b"</BANKTRANLIST>\n", b"</BANKTRANLIST>\n" + late)
    assert list(read_ofx(cast("BytesIO", _Pieces(content, size)), report)) == []
    assert (rules_of(report), report.verdict) == ([rule], Verdict.OUT_OF_BALANCE)


def test_two_account_numbers_of_one_statement_are_out_of_balance() -> None:
    content = one(Transaction()).replace(b"<ACCTID>30020011", b"<ACCTID>30020011\n<ACCTID>30020012")
    _, report = read(content)
    assert (rules_of(report), report.problems[0].field) == (["ofx.value_twice"], "ACCTID")
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_two_currencies_of_one_statement_are_out_of_balance() -> None:
    _, report = read(one(Transaction()).replace(b"<CURDEF>USD", b"<CURDEF>EUR\n<CURDEF>USD"))
    assert (rules_of(report), report.verdict) == (["ofx.currency"], Verdict.OUT_OF_BALANCE)


def test_transaction_in_another_currency_has_a_summary_of_its_own() -> None:
    foreign = Transaction(500, "B", more=(("CURRENCY", "<CURRATE>1.1<CURSYM>EUR"),))
    entries, report = read(one(Transaction(300, "A"), foreign))
    assert [(entry.currency, entry.amount_minor) for entry in entries] == [("USD", 300), ("EUR", 500)]
    assert [(each.currency, each.credit_minor, each.closing_minor) for each in report.statements] == [
        ("USD", 300, 250_000),
        ("EUR", 500, None),
    ]
    assert rules_of(report) == ["ofx.currency_of_transaction"]


def test_original_currency_and_the_statements_own_change_nothing() -> None:
    own = Transaction(500, "A", more=(("CURRENCY", "<CURRATE>1.0<CURSYM>USD"),))
    converted = Transaction(600, "B", more=(("ORIGCURRENCY", "<CURRATE>1.1<CURSYM>EUR"),))
    entries, report = read(one(own, converted))
    assert [(entry.currency, entry.amount_minor) for entry in entries] == [("USD", 500), ("USD", 600)]
    assert report.problems == []


def test_fitid_that_comes_again_is_numbered_with_a_warning() -> None:
    rows = (
        Transaction(5, "A"),
        Transaction(6, "A"),
        Transaction(5, "A"),
        Transaction(5, "A", posted="20261120"),
        Transaction(6, "A"),
        Transaction(5, "A"),
    )
    entries, report = read(one(*rows))
    assert [(entry.identity[6:8], entry.identity[9]) for entry in entries] == [
        (("20261119", "5"), "1"),
        (("20261119", "6"), "1"),
        (("20261119", "5"), "2"),
        (("20261120", "5"), "1"),
        (("20261119", "6"), "2"),
        (("20261119", "5"), "3"),
    ]
    assert (rules_of(report), report.verdict) == (["ofx.fitid_repeated"], Verdict.ACCEPTED)


def test_row_keeps_its_identity_in_a_file_that_tells_only_a_part() -> None:
    rows = (Transaction(5, "A"), Transaction(6, "A"), Transaction(7, None, memo="X"), Transaction(7, None, memo="Y"))
    whole, _ = read(one(*rows))
    for place, row in enumerate(rows):
        part, _ = read(one(row, Transaction(9, "Z"), version="xml"))
        assert part[0].identity == whole[place].identity


def test_transactions_without_fitid_are_told_apart_by_what_they_say() -> None:
    rows = tuple(Transaction(5, None, memo=memo) for memo in ("FROM ANNA", "FROM BELA", "FROM ANNA"))
    entries, report = read(one(*rows))
    assert len({entry.identity for entry in entries}) == 3
    assert not any("ANNA" in part for entry in entries for part in entry.identity)
    assert rules_of(report) == ["ofx.fitid_missing"]


@pytest.mark.parametrize("action", ["DELETE", "REPLACE"])
def test_correction_is_a_return_that_does_not_post_and_goes_to_a_person(action: str) -> None:
    correction = Transaction(-5, "B", "OTHER", more=(("CORRECTFITID", "A"), ("CORRECTACTION", action)))
    entries, report = read(one(Transaction(5, "A"), correction))
    assert [(entry.posts, entry.purpose) for entry in entries] == [(True, Purpose.PAYMENT), (False, Purpose.RETURN)]
    assert (entries[1].return_reason, entries[1].references) == (action, ("A",))
    assert (rules_of(report), report.verdict) == (["ofx.correction"], Verdict.OUT_OF_BALANCE)


def test_pending_and_held_transactions_do_not_post() -> None:
    pending = b"<BANKTRANLISTP>\n<DTASOF>20261130\n<STMTTRNP>\n<TRNTYPE>POS\n<DTTRAN>20261129\n<TRNAMT>-4.00\n"
    content = one(Transaction(-5, "A", "HOLD")).replace(
        b"</BANKTRANLIST>", b"</BANKTRANLIST>\n" + pending + b"<NAME>SHOP\n</STMTTRNP>\n</BANKTRANLISTP>"
    )
    entries, report = read(content)
    assert [(entry.amount_minor, entry.posts) for entry in entries] == [(5, False), (400, False)]
    assert entries[1].booked_on == date(2026, 11, 29)
    assert rules_of(report) == ["ofx.fitid_missing"]


def test_booked_form_in_a_pending_list_does_not_post_in_either_way_of_reading() -> None:
    inside = Transaction(7, "B", more=(("PAYEE", "<NAME>P"),))
    content = one(Transaction(5, "A"), inside).replace(b"BANKTRANLIST>", b"BANKTRANLISTP>")
    entries, report = read(content)
    assert [(entry.amount_minor, entry.posts) for entry in entries] == [(5, False), (7, False)]
    assert report.problems == []


def test_money_of_a_brokers_statement_is_read_and_its_trades_are_not() -> None:
    trade = "<BUYSTOCK><INVBUY><INVTRAN><FITID>9<DTTRADE>20261103</INVTRAN><UNITS>5<TOTAL>-100</INVBUY></BUYSTOCK>"
    cash = "<INVBANKTRAN><STMTTRN><TRNTYPE>DEP<DTPOSTED>20261104<TRNAMT>25.00<FITID>10</STMTTRN>"
    body = (
        "<INVSTMTMSGSRSV1><INVSTMTTRNRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><INVSTMTRS><CURDEF>USD"
        "<INVACCTFROM><BROKERID>b.example<ACCTID>7</INVACCTFROM><INVTRANLIST><DTSTART>20261101<DTEND>20261130"
        f"{trade}{cash}<SUBACCTFUND>CASH</INVBANKTRAN></INVTRANLIST></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>"
    )
    entries, report = read((HEADERS["sgml"] + f"<OFX>{body}</OFX>").encode())
    assert [(entry.bank_account, entry.amount_minor, entry.identity[2]) for entry in entries] == [
        ("7", 2500, "b.example")
    ]
    assert rules_of(report) == ["ofx.investments"]
    assert report.statements[0].entry_count == 1


def test_name_of_a_payee_and_account_of_the_other_side_are_read() -> None:
    payee = Transaction(-5, "A", "PAYMENT", more=(("PAYEE", "<NAME>ACME<ADDR1>STREET 1<CITY>X"),))
    transfer = Transaction(-6, "B", "XFER", more=(("BANKACCTTO", "<BANKID>1<ACCTID>4711<ACCTTYPE>SAVINGS"),))
    entries, report = read(one(payee, transfer))
    assert [(entry.payer_name, entry.payer_account) for entry in entries] == [("ACME", None), (None, "4711")]
    assert [entry.bank_account for entry in entries] == ["30020011", "30020011"]
    assert report.problems == []


def test_memo_that_repeats_the_name_is_not_told_twice() -> None:
    entries, _ = read(one(Transaction(name="BILL PAYMENT", memo="BILL PAYMENT PL-9"), Transaction(2, "B", memo="M")))
    assert [(entry.payer_name, entry.text) for entry in entries] == [("BILL PAYMENT", "BILL PAYMENT PL-9"), (None, "M")]


def test_numbers_of_zeros_are_no_references() -> None:
    entries, _ = read(one(Transaction(check_number="0", reference_number="000"), Transaction(2, "B")))
    assert [entry.references for entry in entries] == [(), ()]


def test_references_to_characters_are_replaced_and_nothing_else_is() -> None:
    content = one(Transaction(memo="X")).replace(b"<MEMO>X", b"<MEMO>A&amp;B &lt;C&gt; &#233;&#xE9; R&D &nope; &#0;")
    entries, report = read(content)
    assert entries[0].text == "A&B <C> éé R&D &nope; &#0;"
    assert report.problems == []


def test_section_holds_text_as_it_stands() -> None:
    content = one(Transaction(memo="X"), Transaction(3, "B"), version="xml")
    entries, report = read(content.replace(b"<MEMO>X", b"<MEMO><![CDATA[ A & B &amp; <STMTTRN> </OFX> ]]>"))
    assert [entry.text for entry in entries] == ["A & B &amp; <STMTTRN> </OFX>", ""]
    assert report.problems == []


def test_comments_hide_what_is_in_them() -> None:
    content = one(Transaction(5, "A"), Transaction(6, "B"), Transaction(7, "C"))
    start = content.index(b"<STMTTRN>", content.index(b"<FITID>A"))
    end = content.index(b"<STMTTRN>", content.index(b"<FITID>B"))
    entries, report = read(content[:start] + b"<!-- " + content[start:end] + b" -->" + content[end:])
    assert [entry.identity[5] for entry in entries] == ["A", "C"]
    assert report.problems == []


def test_angle_bracket_in_a_text_is_text() -> None:
    entries, report = read(one(Transaction(memo="X")).replace(b"<MEMO>X", b"<MEMO>A < B <5 <- C"))
    assert (entries[0].text, report.problems) == ("A < B <5 <- C", [])


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_text_is_utf8_or_else_windows_1252(encoding: str) -> None:
    content = one(Transaction(memo="CARTÃO DÉBITO € ß")).decode().encode(encoding)
    entries, report = read(content.replace(b"CHARSET:NONE", b"CHARSET:1252"))
    assert (entries[0].text, report.problems) == ("CARTÃO DÉBITO € ß", [])


def test_text_in_another_encoding_than_declared_is_a_warning() -> None:
    _, report = read(one(Transaction(memo="é"), Transaction(2, "B", memo="é")).decode().encode("cp1252"))
    assert (rules_of(report), report.verdict) == (["ofx.encoding"], Verdict.ACCEPTED)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("version", ["sgml", "xml"])
def test_every_kind_of_line_end_reads_the_same(version: Version, end: bytes) -> None:
    content = one(Transaction(5, "A", memo="X Y"), Transaction(6, "B", name="Z"), version=version)
    expected, _ = read(content)
    found, report = read(content.replace(b"\n", end))
    assert (found, report.problems) == (expected, [])


def test_mixed_line_ends_keep_lines_right() -> None:
    content = one(Transaction(5, "A"), Transaction(6, "B")).replace(b"\n\n", b"\n")
    expected, _ = read(content)
    parts = content.split(b"\n")
    mixed = b"".join(part + (b"\n", b"\r\n", b"\r")[index % 3] for index, part in enumerate(parts))
    found, report = read(mixed)
    assert (found, report.problems) == (expected, [])


@pytest.mark.parametrize("version", ["sgml", "xml"])
@pytest.mark.parametrize("breaks", ["", "  "])
def test_file_on_one_line_is_found_by_offsets(version: Version, breaks: str, tmp_path: Path) -> None:
    path = tmp_path / "one_line.ofx"
    write_ofx_bulk(path, 700, version=version, breaks=breaks)
    content = path.read_bytes()
    entries, report = read(content)
    assert (report.problems, len(entries)) == ([], 700)
    for entry in entries:
        assert entry.offset is not None
        assert content[entry.offset : entry.offset + 9] == b"<STMTTRN>"
    assert len({entry.offset for entry in entries}) == 700


def test_offset_counts_bytes_and_not_characters() -> None:
    lines = one(Transaction(5, "A", memo="ééé"), Transaction(6, "B", memo="ß")).split(b"\n")
    content = b"\n".join(lines[:10]) + b"".join(lines[10:])
    entries, _ = read(content)
    assert [content[entry.offset or 0 :][:9] for entry in entries] == [b"<STMTTRN>", b"<STMTTRN>"]


@pytest.mark.parametrize("version", ["sgml", "xml"])
def test_odd_order_of_elements_reads_the_same(version: Version) -> None:
    content = one(Transaction(5, "A", name="N", memo="M"), version=version)
    lines = content.split(b"\n")
    first = lines.index(b"<STMTTRN>") + 1
    last = lines.index(b"</STMTTRN>")
    lines[first:last] = reversed(lines[first:last])
    expected, _ = read(content)
    found, report = read(b"\n".join(lines))
    assert (found, report.problems) == (expected, [])


def test_elements_in_any_order_are_an_ordinary_transaction_but_two_of_one_name_are_not() -> None:
    ordinary = ORDINARY_TRANSACTION.fullmatch
    found = ordinary("<STMTTRN><MEMO>M<FITID>F</FITID> <DTUSER>1<TRNAMT>-5.00</STMTTRN>")
    assert found is not None
    assert found.groups() == (None, None, None, "-5.00", "F", None, None, None, "M")
    assert ordinary("<STMTTRN><TRNAMT>1.00<FITID>F<TRNAMT>2.00</STMTTRN>") is None
    assert ordinary("<STMTTRN><TRNAMT>1.00<PAYEE><NAME>P</PAYEE></STMTTRN>") is None


def test_tags_in_small_letters_read_the_same() -> None:
    content = one(Transaction(5, "A", memo="M"))
    tags = {b"<" + part.split(b">")[0] + b">" for part in content.split(b"<")[1:]}
    small = content
    for tag in tags:
        small = small.replace(tag, tag.lower())
    expected, _ = read(content)
    found, report = read(small)
    assert (found, report.problems) == (expected, [])


@pytest.mark.parametrize(
    ("header", "rules"),
    [
        ("", ["ofx.header_missing"]),
        ("\n\n", ["ofx.header_missing"]),
        ("\ufeff" + HEADERS["sgml"], []),
        ("Exported by a program\n" + HEADERS["sgml"], []),
        ("<!-- exported -->\n" + HEADERS["xml"], []),
        (HEADERS["sgml"].replace(":", ": "), []),
        (HEADERS["sgml"].replace("\n", " "), []),
        (HEADERS["sgml"].replace("\n", ""), []),
        (HEADERS["sgml"].replace("100", "151"), ["ofx.header_version"]),
        (HEADERS["xml"].replace('"', "'"), []),
    ],
)
def test_deviations_of_the_header_are_tolerated(header: str, rules: list[str]) -> None:
    content = one(Transaction())
    whole = header.encode() + content[content.index(b"<OFX>") :]
    assert detect_format(whole).format == "ofx"
    entries, report = read(whole)
    assert (len(entries), rules_of(report), report.verdict) == (1, rules, Verdict.ACCEPTED)


@pytest.mark.parametrize(
    ("status", "rule", "verdict"),
    [
        ("<CODE>2000<SEVERITY>ERROR<MESSAGE>SORRY", "ofx.status", Verdict.OUT_OF_BALANCE),
        ("<CODE>10000<SEVERITY>WARN", "ofx.status_noted", Verdict.ACCEPTED),
        ("<CODE>1<SEVERITY>INFO", "ofx.status_noted", Verdict.ACCEPTED),
    ],
)
def test_status_of_the_bank_is_told(status: str, rule: str, verdict: Verdict) -> None:
    content = one(Transaction()).replace(b"<CODE>0\n<SEVERITY>INFO", status.encode(), 1)
    entries, report = read(content)
    assert (len(entries), rules_of(report), report.verdict) == (1, [rule], verdict)


def test_balance_that_is_blank_is_none_and_one_that_is_no_amount_is_out_of_balance() -> None:
    content = one(Transaction())
    _, blank = read(content.replace(b"<BALAMT>2500.00", b"<BALAMT> "))
    assert (blank.statements[0].closing_minor, rules_of(blank)) == (None, ["ofx.balance_missing"])
    assert blank.verdict is Verdict.ACCEPTED
    _, wrong = read(content.replace(b"<BALAMT>2500.00", b"<BALAMT>2500.00X"))
    assert (wrong.verdict, rules_of(wrong)[0]) == (Verdict.OUT_OF_BALANCE, "ofx.balance")
    _, twice = read(content.replace(b"<BALAMT>2500.00", b"<BALAMT>1.00\n<BALAMT>2500.00"))
    assert (twice.verdict, rules_of(twice)) == (Verdict.OUT_OF_BALANCE, ["ofx.balance"])


def test_available_balance_is_not_the_closing_balance() -> None:
    available = b"<AVAILBAL>\n<BALAMT>99.00\n<DTASOF>20261130\n</AVAILBAL>\n"
    content = one(Transaction()).replace(b"</STMTRS>", available + b"</STMTRS>")
    _, report = read(content)
    assert (report.statements[0].closing_minor, report.problems) == (250_000, [])


def test_response_without_statement_is_accepted_with_a_warning() -> None:
    entries, report = read(write_ofx())
    assert (entries, rules_of(report), report.verdict) == ([], ["ofx.no_statement"], Verdict.ACCEPTED)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"OFXHEADER:100\n", b"junk " * 9, b"\x7fELF\x01"])
def test_file_without_a_response_is_unreadable(content: bytes) -> None:
    _, report = read(content)
    assert (rules_of(report), report.verdict) == (["ofx.no_root"], Verdict.UNREADABLE)


@pytest.mark.parametrize("version", ["sgml", "xml"])
def test_file_cut_at_any_line_is_unreadable(version: Version) -> None:
    lines = one(Transaction(5, "A"), Transaction(6, "B", memo="M"), version=version).splitlines(keepends=True)
    for count in range(len(lines)):
        _, report = read(b"".join(lines[:count]))
        assert report.verdict is Verdict.UNREADABLE
        assert rules_of(report)[-1] in ("ofx.truncated", "ofx.no_root")


def test_statements_before_a_cut_are_told() -> None:
    first, second = Statement("1", transactions=(Transaction(5),)), Statement("2", transactions=(Transaction(6),))
    content = write_ofx(first, second)
    entries, report = read(content[: content.rindex(b"<LEDGERBAL>")])
    assert [entry.bank_account for entry in entries] == ["1", "2"]
    assert [(each.bank_account, each.credit_minor) for each in report.statements] == [("1", 5), ("2", 6)]
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("tail", [b"junk", b"<OFX></OFX>", b"</OFX>", b"<STMTTRN></STMTTRN>", b"\nOFXHEADER:100\n"])
def test_what_stands_behind_the_end_makes_a_file_unreadable(tail: bytes) -> None:
    _, report = read(one(Transaction()) + tail)
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("tail", [b"", b"\r\n\r\n", b" \x1a", b"<!-- the end -->"])
def test_blanks_end_mark_and_comments_behind_the_end_are_nothing(tail: bytes) -> None:
    _, report = read(one(Transaction()) + tail)
    assert report.problems == []


@pytest.mark.parametrize(
    "lost",
    ["<STMTTRN>", "</STMTTRN>", "<STMTRS>", "</STMTRS>", "<BANKTRANLIST>", "</BANKTRANLIST>", "</BANKACCTFROM>"],
)
@pytest.mark.parametrize("version", ["sgml", "xml"])
def test_lost_tag_of_an_aggregate_makes_a_file_unreadable(lost: str, version: Version) -> None:
    content = one(Transaction(5, "A"), Transaction(6, "B"), Transaction(7, "C"), version=version)
    places = content.split(lost.encode())
    for index in range(1, len(places)):
        marked = lost.encode().join(places[:index]) + lost.encode().join([b"", *places[index:]])[len(lost) :]
        _, report = read(marked)
        assert report.verdict is Verdict.UNREADABLE, index


def test_record_out_of_order_makes_a_file_unreadable() -> None:
    content = one(Transaction(5, "A"))
    start, end = content.index(b"<STMTTRN>"), content.index(b"</STMTTRN>") + len(b"</STMTTRN>\n")
    moved = content[:start] + content[end:]
    _, report = read(moved.replace(b"</BANKMSGSRSV1>", content[start:end] + b"</BANKMSGSRSV1>"))
    assert (set(rules_of(report)), report.verdict) == ({"ofx.nesting"}, Verdict.UNREADABLE)


@pytest.mark.parametrize(("name", "value"), [("TRNAMT", "9.00"), ("FITID", "B"), ("TRNTYPE", "DEP")])
def test_value_told_twice_with_a_difference_is_out_of_balance(name: str, value: str) -> None:
    content = one(Transaction(5, "A")).replace(b"</STMTTRN>", f"<{name}>{value}\n</STMTTRN>".encode())
    _, report = read(content)
    assert (rules_of(report), report.verdict) == (["ofx.value_twice"], Verdict.OUT_OF_BALANCE)


def test_amount_broken_by_a_tag_is_not_accepted() -> None:
    content = one(Transaction(1250, "A"), version="xml").replace(b"<TRNAMT>12.50", b"<TRNAMT>1<B>2.50")
    _, report = read(content)
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("name", ["TRNTYPE", "DTPOSTED", "TRNAMT"])
def test_value_of_a_transaction_that_stands_outside_of_one_makes_a_file_unreadable(name: str) -> None:
    content = one(Transaction(5, "A")).replace(b"</BANKTRANLIST>", f"<{name}>1\n</BANKTRANLIST>".encode())
    _, report = read(content)
    assert (rules_of(report), report.verdict) == (["ofx.nesting"], Verdict.UNREADABLE)


@pytest.mark.parametrize("place", ["before", "inside"])
@pytest.mark.parametrize(
    "doctype", [b'<!DOCTYPE OFX [<!ENTITY a "&b;&b;"><!ENTITY b "boom">]>', b'<!DOCTYPE OFX SYSTEM "http://x.example">']
)
def test_document_type_is_refused_before_an_entity_is_read(place: str, doctype: bytes) -> None:
    content = one(Transaction(memo="X"), version="xml")
    mark = b"<?OFX" if place == "before" else b"<BANKMSGSRSV1>"
    _, report = read(content.replace(mark, doctype + mark))
    assert (rules_of(report)[0], report.verdict) == ("ofx.doctype", Verdict.UNREADABLE)


def test_nul_byte_makes_a_file_unreadable() -> None:
    content = one(Transaction(1, "A"), Transaction(2, "B", memo="A\nB\0C"))
    for size in (1, 50, 10_000):
        report = FileReport()
        entries = list(read_ofx(cast("BytesIO", _Pieces(content, size)), report))
        assert [entry.identity[5] for entry in entries] == ["A"]
        assert (rules_of(report), report.verdict) == (["ofx.nul_byte"], Verdict.UNREADABLE)
        assert report.problems[0].line == content[: content.index(b"\0")].count(b"\n") + 1


@pytest.mark.parametrize("version", ["sgml", "xml"])
def test_value_that_is_too_long_makes_a_file_unreadable(version: Version) -> None:
    for name in ("memo", "name"):
        long = Transaction(**{name: "A" * (VALUE_CHARACTERS_MAX + 1)})  # type: ignore[arg-type]
        _, report = read(one(Transaction(5, "B"), long, version=version))
        assert (rules_of(report), report.verdict) == (["ofx.value_too_long"], Verdict.UNREADABLE)


@pytest.mark.parametrize(
    "content",
    [
        b"<OFX>" + b" " * 3_000_000,
        b"<OFX>" + b"<" * 3_000_000,
        b"<OFX>" + b"<A" * 1_500_000,
        b"<OFX>" + b"<!--" * 750_000,
        b"<OFX>" + b"<STMTTRN>" * 100_000,
        b"<OFX><STMTRS><BANKTRANLIST>" + b"<STMTTRN><TRNTYPE>" * 100_000,
        b"<OFX>" + b"<FI>" * 200_000,
        b"<OFX>" + b"</STMTTRN>" * 100_000,
        b" " * 3_000_000,
        b"<?xml" * 600_000,
    ],
    ids=lambda content: content[5:20].decode(),
)
def test_hostile_file_is_refused_in_little_memory(content: bytes) -> None:
    tracemalloc.start()
    _, report = read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.verdict is Verdict.UNREADABLE
    assert peak < 12_000_000


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("version", ["sgml", "xml"])
def test_cuts_of_the_stream_change_nothing(version: Version, size: int) -> None:
    memos = ("A < B", "é", None, "X & Y")
    rows = [Transaction(5 + number, f"F{number}", memo=memo) for number, memo in enumerate(memos)]
    content = one(*rows, version=version).replace(b"X &amp; Y", b"<![CDATA[X & <Y>]]><!-- <B> -->")
    expected, expected_report = read(content)
    report = FileReport()
    found = list(read_ofx(cast("BytesIO", _Pieces(content, size)), report))
    assert (found, report.statements, rules_of(report)) == (
        expected,
        expected_report.statements,
        rules_of(expected_report),
    )


PART: str = "<TRNTYPE>DEP<DTPOSTED>20261119<TRNAMT>5.00<FITID>"


@pytest.mark.parametrize(
    "body",
    [
        # behind the statement before, and before the next one
        f"</BANKTRANLIST></STMTRS><STMTTRN>{PART}A</STMTTRN><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>9</BANKACCTFROM>",
        # a list inside a transaction that does not end
        f"<STMTTRN>{PART}A<BANKTRANLIST><STMTTRN>{PART}B</STMTTRN></BANKTRANLIST>",
        # the end of the response inside a transaction
        f"<STMTTRN><OFX></OFX></STMTTRN><STMTTRN>{PART}A</STMTTRN><STMTTRN>{PART}B</STMTTRN>",
    ],
)
def test_broken_structure_reads_the_same_however_the_stream_is_cut(body: str) -> None:
    content = one().replace(b"</BANKTRANLIST>", body.encode() + b"</BANKTRANLIST>")
    expected, expected_report = read(content)
    report = FileReport()
    assert list(read_ofx(cast("BytesIO", _Pieces(content, 1)), report)) == expected
    assert (report.statements, sorted(rules_of(report))) == (
        expected_report.statements,
        sorted(rules_of(expected_report)),
    )
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("size", [1, 10_000])
def test_warnings_of_text_tell_the_line_on_which_it_stands(size: int) -> None:
    content = one(Transaction(1, "A"), Transaction(2, "B", memo="caf#"))
    content = content.replace(b"#", b"\xe9").replace(b"</BANKTRANLIST>", b"stray\n</BANKTRANLIST>")
    report = FileReport()
    assert len(list(read_ofx(cast("BytesIO", _Pieces(content, size)), report))) == 2
    before = {"ofx.encoding": b"\xe9", "ofx.stray_text": b"\nstray"}
    lines = {rule: content[: content.index(mark)].count(b"\n") + 1 for rule, mark in before.items()}
    assert {problem.rule: problem.line for problem in report.problems} == lines


def test_limits_on_statements_transactions_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_ofx(*(Statement(str(each), transactions=(Transaction(5),)) for each in range(4)))
    monkeypatch.setattr(ofx_statements, "STATEMENTS_MAX", 3)
    assert rules_of(read(content)[1]) == ["ofx.too_many_statements"]
    monkeypatch.undo()
    monkeypatch.setattr(ofx_transactions, "TRANSACTIONS_MAX", 30)
    many = one(*(Transaction(5, f"F{each}") for each in range(31)))
    assert rules_of(read(many)[1]) == ["ofx.too_many_transactions"]
    repeated = one(*(Transaction(each, "F") for each in range(9)))
    assert rules_of(read(repeated)[1])[-1] == "ofx.too_many_transactions"
    monkeypatch.undo()
    monkeypatch.setattr(ofx, "FILE_BYTES_MAX", 100)
    assert "ofx.file_too_large" in rules_of(read(many)[1])
    monkeypatch.undo()
    # 31 ordinary transactions are not read tag by tag; the same ones with something inside are.
    monkeypatch.setattr(ofx, "TAGS_MAX", 100)
    assert read(many)[1].problems == []
    inside = one(*(Transaction(5, f"F{each}", more=(("PAYEE", "<NAME>P"),)) for each in range(31)))
    assert rules_of(read(inside)[1]) == ["ofx.too_many_tags"]


@pytest.mark.parametrize(
    ("name", "verdict", "rules"),
    [
        ("good_version_1.ofx", Verdict.ACCEPTED, []),
        ("good_version_2.ofx", Verdict.ACCEPTED, []),
        ("one_line.qfx", Verdict.ACCEPTED, []),
        ("fitid_repeated.ofx", Verdict.ACCEPTED, ["ofx.fitid_repeated"]),
        ("amount_not_certain.ofx", Verdict.OUT_OF_BALANCE, ["ofx.amount"]),
        ("bank_answers_with_error.ofx", Verdict.OUT_OF_BALANCE, ["ofx.status", "ofx.no_statement"]),
        ("truncated.ofx", Verdict.UNREADABLE, ["ofx.truncated"]),
    ],
)
def test_samples_have_the_verdict_of_their_name(name: str, verdict: Verdict, rules: list[str]) -> None:
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream)
    assert (report.format, report.verdict, rules_of(report)) == ("ofx", verdict, rules)


def test_every_problem_says_where_it_is() -> None:
    _, report = read(one(Transaction(5, "A"), Transaction(5, "A"), Transaction(-5, "B")))
    assert {(problem.kind, problem.line is not None) for problem in report.problems} == {
        (Rule.MEANING, True),
        (Rule.INTEGRITY, True),
    }


@pytest.mark.parametrize(
    "head", [b"<html>\n<ofxhead>", b"OFX: a format", b"01,OFX", b"<Document><Ofx1>", b"name,OFXHEADER\n"]
)
def test_other_files_are_not_taken_for_ofx(head: bytes) -> None:
    assert detect_format(head).format != "ofx"
