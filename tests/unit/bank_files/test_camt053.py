"""The camt.053 reader: every check broken once, every deviation, every limit."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pawledger.bank_files.iso20022 import details as details_module
from pawledger.bank_files.iso20022 import reading as reading_module
from pawledger.bank_files.iso20022 import xml_records
from pawledger.bank_files.iso20022.messages import read_iso20022
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
)

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "camt053"
TWO_DETAILS = (Detail(1_000, end_to_end_id="A"), Detail(1_990, end_to_end_id="B"))


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_iso20022(io.BytesIO(content), report)), report


def rules(report: FileReport, kind: Rule | None = None) -> list[str]:
    return [problem.rule for problem in report.problems if kind in (None, problem.kind)]


def statement(**changes: Any) -> bytes:
    content = replace(StatementContent((one_entry(),)), **changes)
    return Camt053File((content,)).to_bytes()


def accepted(content: bytes) -> list[StatementEntry]:
    found, report = read(content)
    assert report.verdict is Verdict.ACCEPTED, report.problems
    return found


@pytest.mark.parametrize("version", ["02", "03", "04", "07", "08", "10", "14"])
def test_every_known_version_is_read_alike(version: str) -> None:
    detail = Detail(
        2_990,
        end_to_end_id="E2E-1",
        creditor_reference="RF18539007547034",
        mandate_id="MANDATE-1",
        payer_name="Ada Example",
        payer_account=PAYER_IBAN,
        texts=("Policy 1", "January"),
    )
    found, report = read(file_of(one_entry(2_990, detail), version=version))

    assert report.problems == []
    assert report.format == f"camt.053.001.{version}"
    [entry] = found
    assert entry == StatementEntry(
        bank_account=OWN_IBAN,
        currency="EUR",
        amount_minor=2_990,
        direction=Direction.CREDIT,
        booked_on=date(2026, 1, 5),
        value_on=date(2026, 1, 6),
        identity=("camt", OWN_IBAN, "AcctSvcrRef", "BANK-1", "2026-01-05", "EUR", "2990", "credit", "0"),
        posts=True,
        purpose=Purpose.PAYMENT,
        return_reason=None,
        type_code="PMNT/RCDT/ESCT",
        references=("RF18539007547034", "E2E-1"),
        mandate_id="MANDATE-1",
        payer_account=PAYER_IBAN,
        payer_name="Ada Example",
        text="Policy 1 January",
        line=entry.line,
        offset=entry.offset,
        booking=None,
    )


def test_summary_tells_what_was_declared_and_counted() -> None:
    _, report = read(file_of(one_entry(2_990), one_entry(-500), one_entry(10)))

    [summary] = report.statements
    assert (summary.bank_account, summary.currency, summary.sequence_number) == (OWN_IBAN, "EUR", 7)
    assert (summary.first_day, summary.last_day) == (date(2026, 1, 5), date(2026, 1, 5))
    assert (summary.opening_minor, summary.closing_minor) == (10_000, 12_500)
    assert (summary.entry_count, summary.credit_count, summary.debit_count) == (3, 2, 1)
    assert (summary.credit_minor, summary.debit_minor) == (3_000, 500)
    message = ("camt", "camt.053", OWN_IBAN, "MESSAGE-1", "2026-01-05T20:00:00+01:00", "1")
    assert report.logical_file_ids == [message]
    assert summary.chain == ("camt", OWN_IBAN, "EUR")
    assert summary.identity[:4] == ("camt.053", OWN_IBAN, "EUR", "STATEMENT-1")


@pytest.mark.parametrize("error_minor", [1, -1])
def test_closing_balance_wrong_by_one_cent_is_out_of_balance(error_minor: int) -> None:
    _, report = read(statement(closing_minor=12_990 + error_minor))

    assert report.verdict is Verdict.OUT_OF_BALANCE
    assert rules(report) == ["camt.balance"]
    assert "closing balance says 129.9" in report.problems[0].message or "says 129.8" in report.problems[0].message


def test_previous_closing_balance_stands_in_for_the_opening_one() -> None:
    accepted(statement(opening_code="PRCD"))
    assert rules(read(statement(opening_code="PRCD", closing_minor=1))[1]) == ["camt.balance"]


def test_opening_balance_goes_before_previous_closing_balance() -> None:
    accepted(statement(extra_balances=balance("PRCD", 1)))


@pytest.mark.parametrize("changes", [{"opening_minor": None}, {"has_closing": False}])
def test_missing_balance_is_a_warning(changes: dict[str, Any]) -> None:
    _, report = read(statement(**changes))
    assert (report.verdict, rules(report)) == (Verdict.ACCEPTED, ["camt.balance_missing"])


def test_empty_balance_amount_counts_as_no_balance() -> None:
    content = file_of(one_entry()).replace(b">100.00<", b"><")
    assert rules(read(content)[1]) == ["camt.balance_missing"]


def test_balance_without_indicator_takes_its_sign_from_the_amount() -> None:
    balances = balance("OPBD", -500).replace("<CdtDbtInd>DBIT</CdtDbtInd>", "").replace(">5.00<", ">-5.00<")
    content = statement(opening_minor=None, extra_balances=balances, closing_minor=2_490)
    assert rules(read(content)[1]) == ["camt.balance_sign"]


def test_balance_in_another_currency_is_not_checked() -> None:
    assert rules(read(statement(extra_balances=balance("CLBD", 1, "USD")))[1]) == ["camt.balance_currency"]


def test_balance_that_is_no_amount_is_out_of_balance() -> None:
    _, report = read(file_of(one_entry()).replace(b">100.00<", b">1OO.00<"))
    assert "camt.balance_amount" in rules(report, Rule.INTEGRITY)


def test_several_days_are_checked_from_the_first_opening_to_the_last_closing() -> None:
    middle = balance("CLBD", 777, day="2026-01-04") + balance("OPBD", 888, day="2026-01-06")
    accepted(statement(extra_balances=middle))


def summary_of(count: str = "2", total: str = "34.90", credit: str = "29.90", net: str = "24.90") -> str:
    return (
        f"<TxsSummry><TtlNtries><NbOfNtries>{count}</NbOfNtries><Sum>{total}</Sum><TtlNetNtry><Amt>{net}</Amt>"
        "<CdtDbtInd>CRDT</CdtDbtInd></TtlNetNtry></TtlNtries>"
        f"<TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>{credit}</Sum></TtlCdtNtries>"
        "<TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>5.00</Sum></TtlDbtNtries></TxsSummry>"
    )


def with_summary(summary: str) -> FileReport:
    return read(statement(entries=(one_entry(2_990), one_entry(-500)), summary=summary))[1]


def test_right_summary_is_accepted() -> None:
    assert with_summary(summary_of()).problems == []


def test_summary_sum_may_be_the_net_amount() -> None:
    assert with_summary(summary_of(total="24.90")).problems == []


def test_summary_sum_of_debits_may_carry_a_sign() -> None:
    assert with_summary(summary_of().replace(">5.00<", ">-5.00<")).problems == []


@pytest.mark.parametrize(
    ("summary", "rule"),
    [
        (summary_of(count="3"), "camt.summary_count"),
        (summary_of(count="two"), "camt.summary_count"),
        (summary_of(total="34.91"), "camt.summary_sum"),
        (summary_of(credit="29.89"), "camt.summary_sum"),
        (summary_of().replace(">5.00<", ">5.01<"), "camt.summary_sum"),
        (summary_of(net="24.91"), "camt.summary_net"),
        (summary_of().replace("CRDT", "DBIT", 1), "camt.summary_net"),
        (summary_of(total="34.901"), "camt.summary_amount"),
        (summary_of().replace("<NbOfNtries>1<", "<NbOfNtries>2<", 1), "camt.summary_count"),
    ],
)
def test_wrong_summary_is_out_of_balance(summary: str, rule: str) -> None:
    report = with_summary(summary)
    assert (report.verdict, rules(report)) == (Verdict.OUT_OF_BALANCE, [rule])


def test_summary_of_the_first_versions_is_checked() -> None:
    summary = (
        "<TxsSummry><TtlNtries><TtlNetNtryAmt>29.91</TtlNetNtryAmt><CdtDbtInd>CRDT</CdtDbtInd></TtlNtries></TxsSummry>"
    )
    assert rules(read(statement(summary=summary))[1]) == ["camt.summary_net"]


def test_summary_may_count_booked_entries_only() -> None:
    pending = Entry(700, status="PDNG")
    summary = "<TxsSummry><TtlCdtNtries><NbOfNtries>{}</NbOfNtries></TtlCdtNtries></TxsSummry>"
    for count in (1, 2):
        accepted(statement(entries=(one_entry(), pending), summary=summary.format(count)))
    assert rules(read(statement(entries=(one_entry(), pending), summary=summary.format(3)))[1]) == [
        "camt.summary_count"
    ]


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
def test_entry_that_is_not_booked_does_not_post_and_is_no_part_of_the_balance(status: str) -> None:
    for version in ("02", "08"):
        entries = accepted(file_of(one_entry(), Entry(700, status=status), version=version))
        assert [entry.posts for entry in entries] == [True, False]


def test_entry_without_status_is_booked_with_a_warning() -> None:
    entries, report = read(file_of(Entry(700, status=None)))
    assert (entries[0].posts, report.verdict, rules(report)) == (True, Verdict.ACCEPTED, ["camt.status_missing"])


def test_entry_with_unknown_status_does_not_post() -> None:
    entries, report = read(file_of(Entry(700, status="XXXX")))
    assert (entries[0].posts, rules(report)) == (False, ["camt.status_unknown"])


def test_details_that_sum_to_the_entry_become_one_record_each() -> None:
    entries = accepted(file_of(one_entry(2_990, *TWO_DETAILS)))
    assert [(entry.amount_minor, entry.references) for entry in entries] == [(1_000, ("A",)), (1_990, ("B",))]
    assert len({entry.identity for entry in entries}) == 2


def test_details_of_both_directions_are_summed_with_their_signs() -> None:
    entries = accepted(file_of(one_entry(2_990, Detail(3_490), Detail(-500))))
    assert [(entry.amount_minor, entry.direction) for entry in entries] == [
        (3_490, Direction.CREDIT),
        (500, Direction.DEBIT),
    ]


def test_details_that_miss_the_entry_by_one_cent_leave_it_whole() -> None:
    entries, report = read(file_of(one_entry(2_991, *TWO_DETAILS)))
    assert [entry.amount_minor for entry in entries] == [2_991]
    assert (report.verdict, rules(report)) == (Verdict.ACCEPTED, ["camt.details_sum"])


def test_details_without_amounts_leave_the_entry_whole() -> None:
    entries, report = read(file_of(one_entry(2_990, Detail(end_to_end_id="A"), Detail(2_990))))
    assert [entry.amount_minor for entry in entries] == [2_990]
    assert entries[0].references == ()
    assert rules(report) == ["camt.details_amount"]


@pytest.mark.parametrize("amount", ["", "<Amt/>", '<Amt Ccy="USD">31.00</Amt>'])
def test_single_detail_without_an_amount_in_the_currency_takes_the_entry_s(amount: str) -> None:
    entries = accepted(file_of(one_entry(2_990, Detail(end_to_end_id="A", extra=amount))))
    assert (entries[0].amount_minor, entries[0].references) == (2_990, ("A",))


def test_instructed_amount_serves_where_there_is_no_other() -> None:
    extra = '<AmtDtls><InstdAmt><Amt Ccy="EUR">{}</Amt></InstdAmt></AmtDtls>'
    details = (Detail(extra=extra.format("10.00")), Detail(extra=extra.format("19.90")))
    assert [entry.amount_minor for entry in accepted(file_of(one_entry(2_990, *details)))] == [1_000, 1_990]


def test_charges_do_not_change_the_entry() -> None:
    charges = '<Chrgs><Rcrd><Amt Ccy="EUR">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>'
    assert [entry.amount_minor for entry in accepted(file_of(one_entry(2_990, Detail(2_990, extra=charges))))] == [
        2_990
    ]


def batch(count: str = "2", total: str = "29.90") -> str:
    return f'<Btch><PmtInfId>RUN-1</PmtInfId><NbOfTxs>{count}</NbOfTxs><TtlAmt Ccy="EUR">{total}</TtlAmt></Btch>'


def test_right_batch_is_accepted() -> None:
    assert read(file_of(Entry(2_990, TWO_DETAILS, batch=batch())))[1].problems == []


@pytest.mark.parametrize(
    ("wrong", "rule"), [(batch(count="3"), "camt.batch_count"), (batch(total="29.91"), "camt.batch_total")]
)
def test_wrong_batch_is_a_warning_because_the_details_still_sum_to_the_entry(wrong: str, rule: str) -> None:
    entries, report = read(file_of(Entry(2_990, TWO_DETAILS, batch=wrong)))
    assert (report.verdict, rules(report), len(entries)) == (Verdict.ACCEPTED, [rule], 2)


def test_batch_itemised_elsewhere_is_posted_whole_under_its_reference() -> None:
    [entry] = accepted(file_of(Entry(2_990, batch=batch(count="25"))))
    assert (entry.amount_minor, entry.references) == (2_990, ("RUN-1",))


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (b"<CdtDbtInd>XXXX</CdtDbtInd><Sts>", "camt.direction"),
        (b"<Sts>", "camt.direction"),
    ],
)
def test_entry_without_direction_is_out_of_balance(broken: bytes, rule: str) -> None:
    entries, report = read(file_of(one_entry()).replace(b"<CdtDbtInd>CRDT</CdtDbtInd><Sts>", broken))
    assert (entries, report.verdict) == ([], Verdict.OUT_OF_BALANCE)
    assert rule in rules(report)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "camt.amount_missing"),
        ("-29.90", "camt.amount"),
        ("29,90", "camt.amount"),
        ("29.90001", "camt.amount"),
        ("1e3", "camt.amount"),
        ("9" * 5_000, "camt.amount"),
        ("29.90</Amt><Amt Ccy='EUR'>1.00", "camt.currency_unknown"),
    ],
)
def test_entry_whose_amount_cannot_be_posted_is_out_of_balance(text: str, rule: str) -> None:
    entries, report = read(file_of(replace(one_entry(), amount_text=text)))
    assert (entries, report.verdict) == ([], Verdict.OUT_OF_BALANCE)
    assert rule in rules(report)


def test_amount_with_five_decimals_is_exact_where_the_last_are_zeros() -> None:
    assert accepted(file_of(replace(one_entry(), amount_text="29.90000")))[0].amount_minor == 2_990


def test_unknown_currency_is_never_accepted() -> None:
    for content in (statement(currency="ZZZ"), file_of(replace(one_entry(), currency="ZZZ"))):
        report = read(content)[1]
        assert report.verdict is Verdict.OUT_OF_BALANCE
        assert "camt.currency_unknown" in rules(report)


def test_booked_entry_in_another_currency_than_the_account_is_out_of_balance() -> None:
    _, report = read(file_of(replace(one_entry(), currency="USD")))
    assert (report.verdict, rules(report)) == (Verdict.OUT_OF_BALANCE, ["camt.entry_currency"])


def test_currency_without_minor_units_is_read_in_whole_units() -> None:
    content = statement(currency="JPY", opening_minor=0, entries=(replace(one_entry(300), currency="JPY"),))
    [entry] = accepted(content)
    assert entry.amount_minor == 3


def test_account_without_currency_takes_that_of_its_amounts() -> None:
    _, report = read(file_of(one_entry()).replace(b"<Ccy>EUR</Ccy>", b""))
    assert (report.problems, report.statements[0].currency) == ([], "EUR")


def test_statement_without_account_is_out_of_balance() -> None:
    assert rules(read(statement(iban=None))[1]) == ["camt.account_missing"]


@pytest.mark.parametrize(
    ("type_code", "detail", "is_return", "reason"),
    [
        (("PMNT", "IDDT", "UPDD"), Detail(-2_990, return_reason="AC04"), True, "AC04"),
        (("PMNT", "IDDT", "PRDD"), Detail(-2_990), True, None),
        (("PMNT", "ICDT", "RRTN"), Detail(2_990), True, None),
        (("PMNT", "ICDT", "ARET"), Detail(2_990), True, None),
        (("PMNT", "RCDT", "ESCT"), Detail(-2_990, return_reason="MD06"), True, "MD06"),
        (("PMNT", "IDDT", "ESDD"), Detail(2_990), False, None),
    ],
)
@pytest.mark.parametrize("reversal", [None, False])
def test_returns_are_told_by_reason_or_code_whatever_the_reversal_mark(
    type_code: tuple[str, str, str], detail: Detail, is_return: bool, reason: str | None, reversal: bool | None
) -> None:
    amount_minor = detail.amount_minor or 0
    entry = Entry(amount_minor, (detail,), type_code=type_code, is_reversal=reversal)
    [found] = accepted(file_of(entry))
    assert (found.is_return, found.return_reason) == (is_return, reason)
    assert found.direction is (Direction.CREDIT if amount_minor > 0 else Direction.DEBIT)


@pytest.mark.parametrize("amount_minor", [2_990, -2_990])
def test_reversal_mark_never_turns_the_sign(amount_minor: int) -> None:
    entries, report = read(file_of(Entry(amount_minor, is_reversal=True)))
    assert entries[0].is_return
    assert report.statements[0].return_count == 1
    assert report.statements[0].closing_minor == 10_000 + amount_minor


def test_other_side_of_a_return_with_parties_turned_round_is_not_the_holder() -> None:
    creditor = f"<Cdtr><Nm>Ada Example</Nm></Cdtr><CdtrAcct><Id><IBAN>{PAYER_IBAN}</IBAN></Id></CdtrAcct>"
    parties = f"<RltdPties>{creditor}</RltdPties>"
    detail = Detail(-2_990, payer_account=OWN_IBAN, payer_name="Holder", return_reason="MS03", extra=parties)
    [entry] = accepted(file_of(Entry(-2_990, (detail,))))
    assert (entry.payer_account, entry.payer_name) == (PAYER_IBAN, "Ada Example")


def test_references_come_in_order_without_stand_ins_and_repeats() -> None:
    detail = Detail(2_990, end_to_end_id="NOTPROVIDED", transaction_id="TX-1", creditor_reference="RF18539007547034")
    assert accepted(file_of(one_entry(2_990, detail)))[0].references == ("RF18539007547034", "TX-1")


def test_same_entry_has_the_same_identity_in_another_file_and_another_version() -> None:
    entries = (one_entry(2_990, *TWO_DETAILS), Entry(500, entry_reference="9"))
    first = accepted(file_of(*entries))
    again = accepted(Camt053File((StatementContent(entries, statement_id="X"),), "04", message_id="M2").to_bytes())
    assert [entry.identity for entry in first] == [entry.identity for entry in again]


def test_entries_and_details_that_are_alike_are_numbered() -> None:
    twin = Detail(1_000, end_to_end_id="A")
    entries = accepted(file_of(*[Entry(2_000, (twin, twin))] * 3, *[one_entry()] * 2))
    assert len({entry.identity for entry in entries}) == len(entries) == 8


def test_one_bank_reference_for_payment_and_charge_makes_two_identities() -> None:
    entries = accepted(file_of(one_entry(2_990), one_entry(-15)))
    assert entries[0].identity != entries[1].identity


def test_several_statements_in_one_file_are_checked_each() -> None:
    wrong = StatementContent((one_entry(),), closing_minor=1, statement_id="STATEMENT-2")
    _, report = read(Camt053File((StatementContent((one_entry(),)), wrong)).to_bytes())
    assert (len(report.statements), rules(report)) == (2, ["camt.balance"])
    assert report.statements[0].identity != report.statements[1].identity


PAGE = "<{0}><PgNb>{1}</PgNb><LastPgInd>{2}</LastPgInd></{0}>"


def test_pages_of_a_statement_are_checked_by_their_interim_balances() -> None:
    first = StatementContent((one_entry(),), closing_code="ITBD", pagination=PAGE.format("StmtPgntn", 1, "false"))
    second = replace(first, opening_code="ITBD", closing_code="CLBD", pagination=PAGE.format("StmtPgntn", 2, "true"))
    for page in (first, second):
        right, wrong = (read(Camt053File((each,)).to_bytes())[1] for each in (page, replace(page, closing_minor=1)))
        assert (right.verdict, rules(right)) == (Verdict.ACCEPTED, ["camt.page"])
        assert rules(wrong) == ["camt.page", "camt.balance"]


def test_pages_of_a_message_are_different_statements_and_files() -> None:
    reports = [
        read(
            Camt053File(
                (StatementContent((one_entry(),)),), pagination=PAGE.format("MsgPgntn", page, "true")
            ).to_bytes()
        )[1]
        for page in (1, 2)
    ]
    assert reports[0].logical_file_ids != reports[1].logical_file_ids
    assert reports[0].statements[0].identity != reports[1].statements[0].identity


def test_date_with_time_is_the_day_its_writer_saw() -> None:
    content = file_of(one_entry()).replace(b"<BookgDt><Dt>2026-01-05", b"<BookgDt><Dt>2026-01-05T23:59:00+02:00")
    assert accepted(content)[0].booked_on == date(2026, 1, 5)
    content = content.replace(b"<BookgDt><Dt>", b"<BookgDt><DtTm>").replace(b"</Dt></BookgDt>", b"</DtTm></BookgDt>")
    assert accepted(content)[0].booked_on == date(2026, 1, 5)
    assert accepted(file_of(replace(one_entry(), booked_on="31.01.2026")))[0].booked_on is None


@pytest.mark.parametrize(
    ("change", "warnings"),
    [
        (lambda file: replace(file, prefix="n"), []),
        (lambda file: replace(file, namespace=""), ["iso20022.no_namespace"]),
        (lambda file: replace(file, version="99"), ["iso20022.unknown_version"]),
        (lambda file: replace(file, message_id=""), ["iso20022.message_id_missing"]),
    ],
)
def test_namespace_may_be_prefixed_missing_or_new(
    change: Callable[[Camt053File], Camt053File], warnings: list[str]
) -> None:
    entries, report = read(change(Camt053File((StatementContent((one_entry(),)),))).to_bytes())
    assert (len(entries), report.verdict, rules(report)) == (1, Verdict.ACCEPTED, warnings)


def test_message_in_an_envelope_has_its_own_version() -> None:
    body = file_of(one_entry()).split(b"?>", 1)[1]
    header = b'<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><Id>1</Id></AppHdr>'
    entries, report = read(b"<Envelope>" + header + body + b"</Envelope>")
    assert (len(entries), report.problems, report.format) == (1, [], "camt.053.001.08")


def test_character_data_sections_comments_and_references_are_text() -> None:
    content = file_of(one_entry(2_990, Detail(2_990, texts=("TEXT",))))
    marked = content.replace(b"TEXT", b"a &amp; b <![CDATA[<c>]]> <!-- [not this] -->&#100;")
    assert accepted(marked)[0].text == "a & b <c> d"


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252"])
def test_known_encodings_are_read(encoding: str) -> None:
    content = Camt053File(
        (StatementContent((one_entry(2_990, Detail(2_990, texts=("ü",))),)),),
        declaration=f'<?xml version="1.0" encoding="{encoding}"?>',
    ).to_bytes()
    assert accepted(content.decode().encode(encoding))[0].text == "ü"


GOOD = file_of(one_entry())


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "xml.empty"),
        (b"\0\1\2\xff", "xml.nul_byte"),
        (GOOD.decode().encode("utf-16"), "xml.nul_byte"),
        (GOOD + b"\0", "xml.nul_byte"),
        (b"\x1f\x8b\x08junk", "xml.not_well_formed"),
        (GOOD[:-20], "xml.truncated"),
        (GOOD.replace(b"</Ntry>", b""), "xml.not_well_formed"),
        (GOOD + GOOD, "xml.not_well_formed"),
        (GOOD.replace(b"BANK-1", b"\xfc"), "xml.not_well_formed"),
        (GOOD.replace(b"BANK-1", b"&unknown;"), "xml.not_well_formed"),
        (GOOD.replace(b"UTF-8", b"shift_jis"), "xml.encoding"),
        (GOOD.replace(b"UTF-8", b"unicode_escape"), "xml.encoding"),
        (GOOD.replace(b"BANK-1", b"BANK<x/>-1"), "xml.mixed_content"),
        (b"<Document/>", "iso20022.no_message"),
        (b"<html><body>503</body></html>", "iso20022.no_message"),
        (b"<Document><BkToCstmrStmt/></Document>", "camt.no_statement"),
        (b"<Document><BkToCstmrAcctRpt/></Document>", "camt.no_statement"),
        (b"<Document><BkToCstmrDbtCdtNtfctn/></Document>", "camt.no_statement"),
        (b"<Document><FIToFIPmtCxlReq/></Document>", "iso20022.unsupported_message"),
    ],
)
def test_file_that_cannot_be_read_is_unreadable_by_name(content: bytes, rule: str) -> None:
    _, report = read(content)
    assert (report.verdict, rules(report, Rule.SYNTAX)) == (Verdict.UNREADABLE, [rule])


def test_truncated_file_is_told_with_its_line() -> None:
    _, report = read(GOOD[: GOOD.index(b"<BkTxCd>")])
    assert report.problems[-1].line == GOOD[: GOOD.index(b"<BkTxCd>")].count(b"\n") + 1


@pytest.mark.parametrize(
    "doctype",
    [
        b"<!DOCTYPE Document>",
        b'<!DOCTYPE Document SYSTEM "http://example.org/x.dtd">',
        b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
    ],
)
def test_document_type_is_refused_before_an_entity_is_declared(doctype: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[bytes] = []
    feed = xml_records._feed

    def remember(collector: xml_records._Collector, block: xml_records._Slice) -> None:
        fed.append(block.content)
        feed(collector, block)

    monkeypatch.setattr(xml_records, "_feed", remember)
    _, report = read(GOOD.replace(b"?>", b"?>" + doctype))
    assert rules(report) == ["xml.doctype"]
    assert b"<!ENTITY" not in b"".join(fed)


@pytest.mark.parametrize(
    ("inserted", "limits", "rule"),
    [
        (b"<a>" * 200 + b"</a>" * 200, {}, None),
        (b"<a>" * 50_000, {}, "xml.depth"),
        (b"<!--" + b"-x" * 300_000 + b"-->", {}, "xml.token_too_long"),
        (b"<a " + b" ".join(b'a%d=""' % i for i in range(6_000)) + b"/>", {}, "xml.too_many_names"),
        (b"".join(b"<a%d/>" % i for i in range(6_000)), {}, "xml.too_many_names"),
        (b"<NtryRef>" + b"x" * 20_001 + b"</NtryRef>", {}, "xml.text_too_long"),
        (b"<NtryRef>" + b"x" * 200_000, {}, "xml.text_too_long"),
        (b"<NtryRef>x</NtryRef>" * 10_001, {}, "xml.text_too_long"),
        (b"x" * 200_000, {}, None),
        (b"", {"FILE_BYTES_MAX": 500}, "xml.file_too_large"),
    ],
)
def test_limits_are_refused_by_name(
    inserted: bytes, limits: dict[str, int], rule: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(xml_records, name, value)
    _, report = read(GOOD.replace(b"<Ntry>", b"<Ntry>" + inserted))
    assert rules(report, Rule.SYNTAX) == ([] if rule is None else [rule])


def test_prolog_has_a_limit() -> None:
    assert rules(read(b"<!-- " + b"[x] " * 9_000 + b"-->" + GOOD)[1]) == ["xml.prolog_too_long"]


@pytest.mark.parametrize(
    ("limit", "rule"),
    [("RECORDS_MAX", "iso20022.too_many_records"), ("SUMMARIES_MAX", "iso20022.too_many_statements")],
)
def test_entries_and_statements_of_a_file_have_a_limit(limit: str, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, limit, 1)
    content = Camt053File((StatementContent((one_entry(),)),) * 2).to_bytes()
    assert rules(read(content)[1]) == [rule]


@pytest.mark.parametrize("limit", ["DETAILS_HELD_MAX", "DETAIL_CHARACTERS_HELD_MAX"])
def test_more_details_than_can_be_held_leave_the_entry_whole(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details_module, limit, 1)
    entries, report = read(file_of(one_entry(2_990, *TWO_DETAILS)))
    assert ([entry.amount_minor for entry in entries], rules(report)) == ([2_990], ["camt.details_too_many"])


@pytest.mark.parametrize(
    ("name", "verdict", "rule"),
    [
        ("good.xml", Verdict.ACCEPTED, None),
        ("one_cent_wrong.xml", Verdict.OUT_OF_BALANCE, "camt.balance"),
        ("truncated.xml", Verdict.UNREADABLE, "xml.truncated"),
        ("with_doctype.xml", Verdict.UNREADABLE, "xml.doctype"),
    ],
)
def test_samples_have_the_verdict_of_their_name(name: str, verdict: Verdict, rule: str | None) -> None:
    _, report = read((SAMPLES / name).read_bytes())
    assert (report.verdict, rules(report)) == (verdict, [] if rule is None else [rule])


def test_good_sample_holds_what_its_comment_says() -> None:
    entries, report = read((SAMPLES / "good.xml").read_bytes())
    assert [(entry.amount_minor, entry.direction.value, entry.is_return) for entry in entries] == [
        (2_990, "credit", False),
        (1_500, "credit", False),
        (2_500, "credit", False),
        (1_990, "debit", True),
    ]
    assert report.statements[0].closing_minor == 105_000


def test_a_statement_sent_again_in_another_message_is_the_same_statement_in_another_file() -> None:
    content = (StatementContent((one_entry(),)),)
    first, again = (read(Camt053File(content, message_id=name).to_bytes())[1] for name in ("MESSAGE-1", "MESSAGE-2"))
    assert first.statements[0].identity == again.statements[0].identity
    assert first.logical_file_ids != again.logical_file_ids


def test_equal_premiums_of_two_payers_are_told_apart_by_their_own_ids() -> None:
    first, second = (accepted(file_of(Entry(2_990, (Detail(end_to_end_id=name),)))) for name in ("PAYER-1", "PAYER-2"))
    assert first[0].identity != second[0].identity
