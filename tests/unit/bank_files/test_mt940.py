"""The MT940 and MT942 reader: what it reads, what it refuses, what it only warns about."""

from datetime import date
from io import BytesIO
from pathlib import Path
from time import process_time

import pytest

from pawledger.bank_files.detection import detect_format
from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.lines import LINE_BYTES_MAX
from pawledger.bank_files.mt940 import reader as mt940
from pawledger.bank_files.mt940.reader import FIELD_LINES_MAX, read_mt940
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.mt940_file import ACCOUNT, Row, structured, write_amount, write_mt940, write_mt940_bulk, write_mt942

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "mt940"


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_mt940(BytesIO(content), report)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def statement(
    *fields: str, opening: str = "C261122EUR100,00", closing: str = "C261123EUR100,00", end: str = "-"
) -> bytes:
    """A statement around the fields given, as text of its own: closings are worked out by hand."""
    lines = [":20:A", ":25:DE1", ":28C:1/1", f":60F:{opening}", *fields, f":62F:{closing}", end]
    return ("\n".join(lines) + "\n").encode()


def report_of(*fields: str, end: str = "-") -> bytes:
    """An interim report around the fields given."""
    lines = [":20:I", ":25:DE1", ":28C:7/1", ":34F:EUR0,", ":13D:2611231200+0100", *fields, end]
    return ("\n".join(lines) + "\n").encode()


IN = ":61:2611231123C100,00NTRFNONREF//B1"
OUT = ":61:2611231123D100,00NTRFNONREF//B2"


def test_movement_becomes_an_entry_with_all_it_says() -> None:
    field = structured("166", "RF891", "Pet insurance", "ANNA MUSTER", mandate="M-7")
    entries, report = read(write_mt940([Row(1250, field, "B77", "PL-9", value_on=date(2026, 11, 24))]))
    (entry,) = entries
    assert report.problems == []
    assert (entry.bank_account, entry.currency) == (ACCOUNT, "EUR")
    assert (entry.amount_minor, entry.direction) == (1250, Direction.CREDIT)
    assert (entry.booked_on, entry.value_on) == (date(2026, 11, 23), date(2026, 11, 24))
    facts = ("261124", "1250", "NTRF", "PL-9", "B77", "", "", Direction.CREDIT, "1")
    assert entry.identity == ("mt", ACCOUNT, "EUR", *facts)
    assert (entry.posts, entry.purpose, entry.type_code, entry.line) == (True, Purpose.PAYMENT, "NTRF", 5)
    assert (entry.references, entry.mandate_id) == (("RF891", "PL-9"), "M-7")
    assert (entry.payer_account, entry.payer_name) == ("DE02120300000000202051", "ANNA MUSTER")
    assert (entry.text, entry.return_reason) == ("Pet insurance", None)


def test_statement_has_its_identity_days_balances_and_series() -> None:
    _, report = read(write_mt940([Row(-200, "x", "B1")], opening_minor=700, number="017/2"))
    (summary,) = report.statements
    assert summary.identity == ("mt940", ACCOUNT, "EUR", "017", "2", "2026-11-23", "")
    assert (summary.opening_minor, summary.closing_minor, summary.sequence_number) == (700, 500, 17)
    assert (summary.first_day, summary.last_day) == (date(2026, 11, 22), date(2026, 11, 23))
    assert summary.chain == ("mt940", ACCOUNT, "EUR")
    assert report.format == "mt940"


@pytest.mark.parametrize(
    ("mark", "direction", "change_minor", "is_return"),
    [
        ("C", Direction.CREDIT, 500, False),
        ("D", Direction.DEBIT, -500, False),
        ("RC", Direction.DEBIT, -500, True),
        ("RD", Direction.CREDIT, 500, True),
    ],
)
def test_mark_says_which_way_the_money_goes(
    mark: str, direction: Direction, change_minor: int, is_return: bool
) -> None:
    closing = write_amount(10_000 + change_minor, "EUR")
    entries, report = read(statement(f":61:261123{mark}5,00NTRFA", closing=f"C261123EUR{closing}"))
    assert (report.verdict, report.problems) == (Verdict.ACCEPTED, [])
    assert [(entry.direction, entry.is_return, entry.posts) for entry in entries] == [(direction, is_return, True)]
    assert report.statements[0].return_count == is_return


@pytest.mark.parametrize("mark", ["EC", "ED"])
def test_expected_movement_is_no_money_yet(mark: str) -> None:
    entries, report = read(statement(f":61:261123{mark}5,00NTRFA"))
    assert report.verdict is Verdict.ACCEPTED
    assert [entry.posts for entry in entries] == [False]
    (summary,) = report.statements
    assert (summary.entry_count, summary.credit_count, summary.debit_count) == (1, 0, 0)


def test_entry_day_lies_in_the_year_that_is_closest_to_the_value_day() -> None:
    rows = (":61:2601021231C1,00NTRFA", ":61:2512310102D1,00NTRFB", ":61:261123C1,00NTRFC", ":61:2402290229D1,00NTRFD")
    entries, _ = read(statement(*rows))
    days = [date(2025, 12, 31), date(2026, 1, 2), date(2026, 11, 23), date(2024, 2, 29)]
    assert [entry.booked_on for entry in entries] == days


@pytest.mark.parametrize(
    ("day", "expected"), [("270230", date(2027, 2, 28)), ("280230", date(2028, 2, 29)), ("260431", date(2026, 4, 30))]
)
def test_day_beyond_the_end_of_a_month_is_its_last(day: str, expected: date) -> None:
    entries, report = read(statement(f":61:{day}C1,00NTRFA", f":61:{day}D1,00NTRFB"))
    assert (report.verdict, [entry.value_on for entry in entries]) == (Verdict.ACCEPTED, [expected, expected])


@pytest.mark.parametrize("day", ["261301", "260100", "260132", "260001"])
def test_day_that_is_none_is_out_of_balance(day: str) -> None:
    _, report = read(statement(f":61:{day}C1,00NTRFA", f":61:{day}D1,00NTRFB"))
    assert (rules_of(report), report.verdict) == (["mt940.day", "mt940.day"], Verdict.OUT_OF_BALANCE)


@pytest.mark.parametrize(
    ("currency", "text", "amount_minor"),
    [
        ("JPY", "123,", 123),
        ("EUR", "1,5", 150),
        ("EUR", "0,05", 5),
        ("EUR", "1,500", 150),
        ("BHD", "1,234", 1234),
        ("CLF", "1,2345", 12345),
        ("EUR", "1,50000", 150),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, text: str, amount_minor: int) -> None:
    closing = write_amount(amount_minor, currency)
    rows = (f":61:261123C{text}NTRFA",)
    content = statement(*rows, opening=f"C261122{currency}0,", closing=f"C261123{currency}{closing}")
    entries, report = read(content)
    assert (report.verdict, [entry.amount_minor for entry in entries]) == (Verdict.ACCEPTED, [amount_minor])


@pytest.mark.parametrize(
    ("currency", "text"),
    [
        *(("EUR", text) for text in ("1.000,00", "1.5", "1.500", "1,005", "1,00,00", "1.2.3", "9" * 30 + ",00")),
        *(("BHD", "1.500"), ("JPY", "1.5"), ("JPY", "1,5"), ("EUR", "10000")),
    ],
)
def test_amount_whose_worth_is_not_certain_is_out_of_balance_though_it_cancels_out(currency: str, text: str) -> None:
    rows = (f":61:261123C{text}NTRFA", f":61:261123D{text}NTRFB")
    _, report = read(statement(*rows, opening=f"C261122{currency}1,", closing=f"C261123{currency}1,"))
    assert report.verdict is Verdict.OUT_OF_BALANCE
    assert "mt940.amount" in rules_of(report)


@pytest.mark.parametrize("count", [1, 8])
def test_amount_without_its_decimals_is_whole_units_among_many_as_well(count: int) -> None:
    rows = (
        ":61:2611231123C1,00NTRFA//B1\n:86:x",
        ":61:2611231123C1,NTRFA//B1\n:86:x",
        ":61:2611231123D2,NTRFA//B2\n:86:x",
    )
    entries, report = read(statement(*rows * count))
    assert ([entry.amount_minor for entry in entries], report.problems) == ([100, 100, 200] * count, [])


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("type_code", ["NRTI", "FRTI", "SRTI"])
def test_returned_item_is_a_return_among_many_as_well(type_code: str, count: int) -> None:
    entries, _ = read(statement(*(f":61:2611231123D1,00{type_code}A//B1\n:86:x",) * count))
    assert [entry.is_return for entry in entries] == [True] * count


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize(
    ("field", "purpose"),
    [("166?00P?20SVWZ+a?30BIC?25b", "ab"), ("166?00P?21SVWZ+a?20b", "ab"), ("166?00P?20a?31\tDE1?32N", "a")],
)
def test_sub_fields_in_an_odd_order_say_the_same_among_many_as_well(field: str, purpose: str, count: int) -> None:
    entries, _ = read(statement(*(f":61:2611231123C1,00NTRFA//B1\n:86:{field}",) * count))
    assert {entry.text for entry in entries} == {purpose}
    assert {entry.payer_account for entry in entries} <= {None, "DE1"}


def test_decimal_dot_is_read_where_it_can_mean_nothing_else_and_told_once() -> None:
    entries, report = read(statement(":61:261123C1.50NTRFA", ":61:261123C2.25NTRFB", closing="C261123EUR103.75"))
    assert [entry.amount_minor for entry in entries] == [150, 225]
    assert (rules_of(report), report.verdict) == (["mt940.decimal_dot"], Verdict.ACCEPTED)


def test_amounts_without_comma_are_whole_units_where_the_balance_proves_it() -> None:
    entries, report = read(statement(":61:261123C15NTRFA", closing="C261123EUR115,00"))
    assert [entry.amount_minor for entry in entries] == [1500]
    assert (rules_of(report), report.verdict) == (["mt940.comma_missing"], Verdict.ACCEPTED)
    _, report = read(statement(":61:261123C15NTRFA", closing="C261123EUR100,15"))
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_currency_outside_iso_4217_is_refused() -> None:
    _, report = read(statement(IN, opening="C261122XXQ0,00", closing="C261123XXQ100,00"))
    assert rules_of(report)[0] == "mt940.currency"
    assert report.verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize("change_minor", [1, -1, 100_000])
def test_wrong_closing_balance_is_out_of_balance(change_minor: int) -> None:
    _, report = read(write_mt940([Row(500, "x", "B1")], closing_change_minor=change_minor))
    assert (rules_of(report), report.verdict) == (["mt940.balance"], Verdict.OUT_OF_BALANCE)


def test_every_statement_is_checked_and_summed_up_though_one_is_wrong() -> None:
    content = write_mt940([Row(500, "x", "B1")], closing_change_minor=1) + write_mt940([Row(7, "y", "B2")], number="18")
    entries, report = read(content)
    assert [entry.amount_minor for entry in entries] == [500, 7]
    assert [summary.credit_minor for summary in report.statements] == [500, 7]
    assert [(problem.rule, problem.line) for problem in report.problems] == [("mt940.balance", 1)]


@pytest.mark.parametrize("kept", range(8))
def test_statement_that_ends_early_is_never_accepted(kept: int) -> None:
    lines = statement(IN, ":86:x", OUT, ":86:y").splitlines(keepends=True)
    _, report = read(b"".join(lines[:kept]))
    assert report.verdict is Verdict.UNREADABLE
    assert rules_of(report)[-1] in ("mt940.truncated", "mt940.empty")


@pytest.mark.parametrize("left_out", [1, 3, 4, 5, 6])
def test_missing_field_is_never_accepted(left_out: int) -> None:
    lines = statement(":61:261123C1,00NTRFA", ":61:261123D3,00NTRFB", closing="C261123EUR98,00").splitlines(True)
    del lines[left_out]
    assert read(b"".join(lines))[1].verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize(
    "content",
    [
        statement(":62F:C261123EUR100,00"),
        statement(":60F:C261122EUR100,00"),
        statement(IN, ":25:DE2", OUT),
        statement().replace(b":60F:", IN.encode() + b"\n" + OUT.encode() + b"\n:60F:"),
        statement().replace(b"-\n", IN.encode() + b"\n" + OUT.encode() + b"\n-\n"),
        b":20:A\n:25:DE1\n:28C:1\n:62F:C261123EUR1,00\n:60F:C261122EUR1,00\n-\n",
        statement() + IN.encode() + b"\n" + OUT.encode() + b"\n",
    ],
    ids=["closing_twice", "opening_twice", "account_twice", "before_opening", "behind_closing", "swapped", "outside"],
)
def test_fields_out_of_their_order_are_never_accepted_though_the_movements_cancel_out(content: bytes) -> None:
    assert read(content)[1].verdict is not Verdict.ACCEPTED


def test_statement_without_its_reference_begins_with_its_account() -> None:
    content = statement(end="") + statement(end="").split(b"\n", 1)[1].replace(b"DE1", b"DE2")
    _, report = read(content)
    assert [summary.bank_account for summary in report.statements] == ["DE1", "DE2"]
    assert report.verdict is Verdict.ACCEPTED


def test_balances_in_several_currencies_are_out_of_balance() -> None:
    for content in (statement(closing="C261123USD100,00"), statement(end=":64:C261123USD100,00")):
        _, report = read(content)
        assert (rules_of(report), report.verdict) == (["mt940.currency_differs"], Verdict.OUT_OF_BALANCE)


def test_field_61_that_is_no_movement_is_out_of_balance_and_does_not_hide_the_others() -> None:
    entries, report = read(statement(IN, ":61:nothing of the kind", OUT))
    assert [entry.amount_minor for entry in entries] == [10_000, 10_000]
    assert [(problem.rule, problem.line) for problem in report.problems] == [("mt940.movement", 6)]
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_words_of_a_payer_cannot_forge_a_movement() -> None:
    forged = ":61:2611231123C900,00NTRFNONREF//B9"
    rows = (IN, f":86:hello {forged}", ":61:261123X1", ":86:y", IN, IN, ":86:z")
    entries, _ = read(statement(*rows, closing="C261123EUR400,00"))
    assert [entry.amount_minor for entry in entries] == [10_000] * 3


# Pages


def two_pages(*, number: str = "17/2", opening_minor: int = 1_500) -> bytes:
    row = Row(500, "Premium")
    first = write_mt940([row], opening_minor=1_000, tags=("60F", "62M"))
    return first + write_mt940([row], opening_minor=opening_minor, number=number, tags=("60M", "62F"))


def test_movements_that_are_alike_are_numbered_over_the_pages_of_their_statement() -> None:
    entries, report = read(two_pages())
    assert (report.problems, [entry.identity[-1] for entry in entries]) == ([], ["1", "2"])


def test_page_that_does_not_open_with_what_the_page_before_closed_with_is_out_of_balance() -> None:
    _, report = read(two_pages(opening_minor=1_501))
    assert (rules_of(report), report.verdict) == (["mt940.page_balance"], Verdict.OUT_OF_BALANCE)


def test_missing_page_is_out_of_balance() -> None:
    _, report = read(two_pages(number="17/3"))
    assert (rules_of(report), report.verdict) == (["mt940.page_missing"], Verdict.OUT_OF_BALANCE)


def test_last_page_that_is_to_be_continued_is_a_warning() -> None:
    _, report = read(write_mt940([Row(500, "x")], tags=("60F", "62M")))
    assert (rules_of(report), report.verdict) == (["mt940.page_open"], Verdict.ACCEPTED)


# Interim reports


def test_interim_report_has_no_series_and_posts_what_the_bank_refers_to() -> None:
    entries, report = read(write_mt942([Row(500, "a", "B1"), Row(-70, "b", "B2"), Row(30, "c")]))
    assert (report.format, report.verdict) == ("mt942", Verdict.ACCEPTED)
    assert [entry.posts for entry in entries] == [True, True, False]
    assert rules_of(report) == ["mt942.not_referenced"]
    (summary,) = report.statements
    assert (summary.chain, summary.opening_minor, summary.closing_minor) == (None, None, None)
    assert (summary.entry_count, summary.credit_minor, summary.debit_minor) == (3, 530, 70)


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (b":90C:1", b":90C:2", "mt942.total_count"),
        (b":90D:1", b":90D:0", "mt942.total_count"),
        (b":90C:1EUR100,00", b":90C:1EUR100,01", "mt942.total_sum"),
        (b":90D:1EUR100,00", b":90D:1EUR99,99", "mt942.total_sum"),
        (b":90C:1EUR", b":90C:1USD", "mt940.currency_differs"),
        (b":34F:EUR", b":34F:USD", "mt940.currency_differs"),
        (b":90D:1EUR100,00", b":90D:1EUR100.000", "mt940.amount"),
        (b":90D:1EUR100,00", b":90D:EUR100,00", "mt940.total"),
        (b":90D:1EUR100,00", b":90C:1EUR100,00", "mt940.order"),
    ],
)
def test_wrong_total_is_out_of_balance(right: bytes, wrong: bytes, rule: str) -> None:
    content = report_of(IN, ":86:x", OUT, ":86:y", ":90D:1EUR100,00", ":90C:1EUR100,00")
    assert read(content)[1].problems == []
    assert content.count(right) == 1
    _, report = read(content.replace(right, wrong))
    assert rule in rules_of(report)
    assert report.verdict is Verdict.OUT_OF_BALANCE


@pytest.mark.parametrize("kept", range(11))
def test_report_that_ends_early_is_never_accepted(kept: int) -> None:
    content = report_of(IN, ":86:x", OUT, ":86:y", ":90D:1EUR100,00", ":90C:1EUR100,00")
    _, report = read(b"".join(content.splitlines(keepends=True)[:kept]))
    assert report.verdict is Verdict.UNREADABLE


def test_report_without_totals_is_accepted_with_a_warning_where_its_end_is_there() -> None:
    _, report = read(write_mt942([Row(500, "a", "B1")], with_totals=False))
    assert (rules_of(report), report.verdict) == (["mt942.totals_missing"], Verdict.ACCEPTED)


def test_totals_are_checked_in_a_statement_as_well() -> None:
    _, report = read(statement(IN, ":90C:7EUR100,00", closing="C261123EUR200,00"))
    assert (rules_of(report), report.verdict) == (["mt942.total_count"], Verdict.OUT_OF_BALANCE)


# Identities


def test_report_and_statement_tell_a_movement_under_one_identity() -> None:
    row, told_again = Row(500, "one wording", "B1"), Row(500, "another", "B1", entry_day="1124")
    (interim,), _ = read(write_mt942([row]))
    (final,), _ = read(write_mt940([told_again]))
    assert interim.identity == final.identity


def test_movements_that_are_alike_are_numbered_and_the_same_when_sent_again() -> None:
    rows = [Row(500, "Premium"), Row(500, "Premium"), Row(500, "Other"), Row(500, "Premium", entry_day="1124")]
    entries, _ = read(write_mt940(rows))
    assert len({entry.identity for entry in entries}) == 4
    assert [entry.identity[-1] for entry in entries] == ["1", "2", "1", "1"]
    again, _ = read(write_mt940(rows).replace(b"\n", b"\r\n"))
    assert [entry.identity for entry in again] == [entry.identity for entry in entries]


def test_identity_holds_no_words_of_a_payer() -> None:
    (entry,), _ = read(write_mt940([Row(500, structured("166", "E1", "Premium", "ANNA"))]))
    assert not any("ANNA" in part or "Premium" in part for part in entry.identity)


@pytest.mark.parametrize("word", ["NONREF", "nonref", "KREF+", "EREF", "NOTPROVIDED"])
def test_stand_in_for_a_reference_is_none(word: str) -> None:
    (entry,), _ = read(write_mt940([Row(500, "", word, word)]))
    assert (entry.references, entry.identity[7]) == ((), "")


def test_missing_type_is_not_cut_out_of_the_reference() -> None:
    (entry,), report = read(statement(":61:261123C5,00NONREF", closing="C261123EUR105,00"))
    assert (entry.type_code, entry.references, report.verdict) == (None, (), Verdict.ACCEPTED)


def test_unknown_type_is_kept() -> None:
    (entry,), report = read(statement(":61:261123C5,00NZZ9REF", closing="C261123EUR105,00"))
    assert (entry.type_code, entry.references, report.verdict) == ("NZZ9", ("REF",), Verdict.ACCEPTED)


# Text and envelopes


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark_change_nothing(end: bytes, mark: bytes) -> None:
    content = write_mt940([Row(500, "a", "B1"), Row(-7, "b\nc", "B2")])
    expected = read(content)
    assert read(mark + content.replace(b"\n", end)) == expected


def test_mixed_line_ends_change_nothing() -> None:
    content = write_mt940([Row(500, "a", "B1"), Row(-7, "b", "B2")])
    mixed = content.replace(b"\n", b"\r\n", 3).replace(b"\n:86", b"\r:86")
    assert read(mixed) == read(content)


def test_headers_of_swift_are_passed_over() -> None:
    envelope = b"{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\n"
    content = b"".join(
        envelope + write_mt940([Row(5, "x", "B")], number=n).replace(b"\n-\n", b"\n-}{5:{MAC:1}}\n") for n in ("1", "2")
    )
    entries, report = read(content)
    assert (len(entries), len(report.statements), report.problems) == (2, 2, [])


@pytest.mark.parametrize("before", [" ", "\x1a", "{1:F01BANK}{2:I940BANK}{4:"])
def test_what_stands_before_a_field_on_its_line_is_told(before: str) -> None:
    content = statement(end="") + before.encode() + statement().replace(b"DE1", b"DE2")
    _, report = read(content)
    assert [summary.bank_account for summary in report.statements] == ["DE1", "DE2"]
    assert (rules_of(report), report.verdict) == (["mt940.field_indented"], Verdict.ACCEPTED)


def test_indented_movements_are_not_taken_for_text_though_they_cancel_out() -> None:
    entries, _ = read(statement(f" {IN}", f" {OUT}"))
    assert len(entries) == 2


@pytest.mark.parametrize("text", ["a\n-b", "a\n:b", "a\n{b", "a\n:99:b", "a\n- b", "a :61: b", "a\n61:b"])
def test_dashes_colons_and_braces_in_a_text_do_not_end_it(text: str) -> None:
    entries, report = read(statement(IN, f":86:{text}", OUT, ":86:z"))
    assert (report.verdict, report.problems) == (Verdict.ACCEPTED, [])
    assert [entry.text for entry in entries] == [" ".join(text.split()), "z"]


def test_dash_alone_on_a_line_of_text_is_told() -> None:
    entries, report = read(statement(IN, ":86:x\n-\ny", OUT, ":86:z"))
    assert (len(entries), rules_of(report), report.verdict) == (2, ["mt940.dash"], Verdict.ACCEPTED)


def test_several_fields_86_of_a_movement_are_one_text() -> None:
    entries, report = read(statement(IN, ":86:Pet", ":86:insurance", OUT, ":86:z"))
    assert ([entry.text for entry in entries], report.problems) == (["Pet insurance", "z"], [])


def test_supplementary_line_is_the_text_where_there_is_no_field_86() -> None:
    entries, _ = read(statement(f"{IN}\nPet  insurance", OUT))
    assert [entry.text for entry in entries] == ["Pet insurance", ""]


def test_trailing_garbage_is_told() -> None:
    _, report = read(statement() + b"x" * 40 + b"\n")
    assert (rules_of(report), report.verdict) == (["mt940.text_between"], Verdict.ACCEPTED)


def test_text_in_another_encoding_is_told() -> None:
    entries, report = read(statement(IN, ":86:M\xfcller", OUT).decode().encode("cp1252"))
    assert (entries[0].text, rules_of(report)) == ("M\xfcller", ["mt940.encoding"])


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "mt940.empty"),
        (b"\n\n", "mt940.empty"),
        (b"no statement at all\n", "mt940.empty"),
        (statement(IN, ":86:a\0b", OUT), "lines.nul_byte"),
        (statement(IN, ":86:" + "x" * (LINE_BYTES_MAX + 1), OUT), "lines.too_long"),
        (statement(IN, ":86:x" + "\ny" * (40_000), OUT), "mt940.field_too_long"),
        (statement(IN, ":86:x" + ("\n" + "y" * 60_000) * 8, OUT), "mt940.field_too_long"),
    ],
)
def test_what_is_no_text_of_statements_is_unreadable(content: bytes, rule: str) -> None:
    _, report = read(content)
    assert rule in rules_of(report)
    assert report.verdict is Verdict.UNREADABLE


def test_limits_on_statements_and_rows_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mt940, "STATEMENTS_MAX", 1)
    assert rules_of(read(statement() + statement())[1]) == ["mt940.too_many_statements"]
    monkeypatch.setattr(mt940, "STATEMENTS_MAX", 9)
    monkeypatch.setattr(mt940, "ROWS_MAX", 1)
    rows = [Row(1, "a"), Row(2, "b"), Row(3, "c\n:d")]
    assert "mt940.too_many_movements" in rules_of(read(write_mt940(rows))[1])
    pages = (write_mt940([Row(n, "a\n:b")], number=f"{n}/1", tags=("60F", "62M")) for n in range(1, 5))
    assert "mt940.too_many_movements" in rules_of(read(b"".join(pages))[1])


BULK = ":61:2611231123C1,00NTRFNONREF//B\n:86:166?00X?20EREF+E?21SVWZ+T?32N\n"
HOSTILE = {
    "odd_ones_between": (BULK + ":61:261123EC1,00NTRFA\n:86:x\n") * 10_000,
    "no_information": ":61:2611231123C1,00NTRFNONREF//B\n" * 25_000,
    "almost_movements": ":61:2611231123C1,00NTR\n" * 40_000,
    "supplementary_lines": (":61:2611231123C1,00NTRFA" + "\nx" * 1_000 + "\n:86:y" + "\nx" * 900 + "\n:86:y\n") * 250,
    "long_texts": (":61:2611231123C1,00NTRFA\n:86:" + "?20" * 20_000 + "\n") * 16,
    "identifiers": (":61:2611231123C1,00NTRFA\n:86:166?20" + "SVWZ+EREF: " * 5_000 + "\n") * 18,
    "slashes": (":61:2611231123C1,00NTRFA\n:86:" + "/EREF/REMI/" * 5_000 + "\n") * 18,
    "digits": (":61:" + "1" * 60_000 + "\n") * 16,
    "amount": (":61:261123C" + "1" * 60_000 + ",00NTRF\n") * 16,
    "braces": (":61:2611231123C1,00NTRFA\n:86:" + "{1:{4:" * 9_000 + "\n") * 18,
    "blanks": (":61:2611231123C1,00NTRFA\n:86:x\n" + " " * 60_000 + "\n") * 16,
    "dots": (":61:2611231123C1,00NTRFA\n:86:" + "R" * 60_000 + "\n") * 16,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_meant_to_hurt_is_read_in_linear_time(text: str) -> None:
    content = b":20:A\n:25:DE1\n:28C:1\n:60F:C261122EUR0,\n" + text.encode() + b":62F:C261123EUR0,\n-\n"
    started = process_time()
    read(content)
    # The slowest takes about four seconds, and longer under coverage; anything quadratic takes minutes.
    assert process_time() - started < 30


def test_a_field_has_fewer_lines_than_its_limit() -> None:
    lines = "\n".join(["x"] * (FIELD_LINES_MAX // 2))
    _, report = read(statement(IN, f":86:{lines}", OUT))
    assert report.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "head",
    [
        b":20:STARTUMS\n",
        b"\xef\xbb\xbf:20:A\r\n:25:",
        b"{1:F01BANKDEFFAXXX0000000000}{2:O940}{4:\r\n:20:A",
        b"ABNANL2A\n940\nABNANL2A\n:20:ABN\n",
        b":940:\r\n:20:A",
        b":25:DE1\n",
        b":61:2611231123C1,00NTRF",
    ],
)
def test_format_is_told_by_its_first_fields(head: bytes) -> None:
    assert detect_format(head).format == "mt940"


@pytest.mark.parametrize("head", [b"20:A\n", b"<a>:20:</a>", b"a,b\n:20", b"\r\n" * 2_000 + b"x", b"\n" * 4_000])
def test_other_text_is_not_taken_for_it(head: bytes) -> None:
    started = process_time()
    assert detect_format(head).format != "mt940"
    assert process_time() - started < 10


def test_bulk_file_is_read_in_columns_within_its_statement(tmp_path: Path) -> None:
    write_mt940_bulk(tmp_path / "bulk.sta", 2_000)
    entries, report = read((tmp_path / "bulk.sta").read_bytes())
    assert report.problems == []
    assert len({entry.identity for entry in entries}) == 2_000
    assert [entries[1_999].references, entries[1_999].line] == [("RF8910000019990017",), 5 + 2 * 1_999]


@pytest.mark.parametrize(
    ("name", "verdict", "entry_count", "rules"),
    [
        ("good.sta", Verdict.ACCEPTED, 4, []),
        ("one_cent_wrong.sta", Verdict.OUT_OF_BALANCE, 4, ["mt940.balance"]),
        ("truncated.sta", Verdict.UNREADABLE, 2, ["mt940.truncated"]),
        ("interim.sta", Verdict.ACCEPTED, 2, []),
        ("interim_total_wrong.sta", Verdict.OUT_OF_BALANCE, 2, ["mt942.total_sum"]),
    ],
)
def test_samples_have_the_verdict_of_their_name(
    name: str, verdict: Verdict, entry_count: int, rules: list[str]
) -> None:
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream)
    assert (report.verdict, rules_of(report)) == (verdict, rules)
    assert sum(summary.entry_count for summary in report.statements) == entry_count
