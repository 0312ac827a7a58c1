"""Entries read by the layout of those before them: the same entries as the parser's callbacks tell."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pawledger.bank_files.iso20022 import layouts, xml_records
from pawledger.bank_files.iso20022.layouts import Layouts
from pawledger.bank_files.iso20022.messages import read_iso20022
from pawledger.bank_files.iso20022.shapes import Record
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.camt053_file import PAYER_IBAN, Camt053File, Detail, StatementContent, file_of, one_entry

SAMPLE = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "camt053" / "good.xml"
COUNT = 12
DETAIL = Detail(2_990, end_to_end_id="E2E", payer_name="Ada", payer_account=PAYER_IBAN, texts=("one",))
ENTRY = one_entry(2_990, DETAIL)


@pytest.fixture(params=[1, 2, 1_000_000], ids=lambda uses: f"pattern_after_{uses}_uses", autouse=True)
def uses_before_pattern(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Every test of this module runs with patterns that come early and without any."""
    monkeypatch.setattr(layouts, "USES_BEFORE_PATTERN", request.param)
    return int(request.param)


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_iso20022(io.BytesIO(content), report)), report


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each record that was offered to its layout, whether it was read by it."""
    offered: list[bool] = []
    real = Layouts.read

    def remember(self: Layouts, *arguments: Any) -> list[Record] | None:
        found = real(self, *arguments)
        offered.append(found is not None)
        return found

    monkeypatch.setattr(Layouts, "read", remember)
    return offered


@pytest.fixture
def matched(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each record that met a pattern, whether it matched."""
    tried: list[bool] = []
    real = layouts._Picker.match

    def remember(self: layouts._Picker, content: str) -> re.Match[str] | None:
        found = real(self, content)
        tried.append(found is not None)
        return found

    monkeypatch.setattr(layouts._Picker, "match", remember)
    return tried


def read_by_callbacks(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    def refuse(*_: object) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Layouts, "read", refuse)
        return read(content)


def spread(content: bytes, line_end: bytes = b"\n") -> bytes:
    return content.replace(b"\n", b"").replace(b"><", b">" + line_end + b"  <")


def with_empty_elements(content: bytes) -> bytes:
    return content.replace(b"<Sts>", b"<NtryRef></NtryRef><AddtlNtryInf/><Sts>").replace(
        b"<Refs>", b"<Refs><MndtId></MndtId>"
    )


def with_broken_lines(content: bytes) -> bytes:
    return content.replace(b">one<", b">\n  o\n  ne <").replace(b">Ada<", b">A\n\n\tda<")


def with_several_statements(_: bytes) -> bytes:
    return Camt053File((StatementContent((ENTRY,) * 4),) * 3).to_bytes()


def with_several_details(_: bytes) -> bytes:
    return file_of(*[one_entry(3_000, Detail(1_000, texts=("one", "two")), DETAIL, Detail(-990))] * COUNT)


def with_prefix(content: bytes) -> bytes:
    prefixed = re.sub(rb"<(/?)(?=[A-Z])", rb"<\1x:", content)
    return prefixed.replace(b"xmlns=", b"xmlns:x=")


@pytest.mark.parametrize(
    "change",
    [
        bytes,
        spread,
        lambda content: spread(content, b"\r\n"),
        lambda content: spread(content, b"\r"),
        with_empty_elements,
        with_broken_lines,
        with_several_statements,
        with_several_details,
        with_prefix,
        lambda content: content.replace(b">one<", b"> &amp;lt;&lt;b&gt; &quot;o&apos;n&quot; &amp;&amp;#32; <"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"UTF-8", b"ISO-8859-1").replace(b"Ada", b"\xc4da"),
        lambda content: content.replace(b"UTF-8", b"windows-1252").replace(b"Ada", b"\x80da"),
        lambda content: content.replace(b"Ada", "Ädä 🐾".encode()),
    ],
)
def test_layouts_and_callbacks_read_the_same(
    change: Callable[[bytes], bytes], counted: list[bool], matched: list[bool], uses_before_pattern: int
) -> None:
    content = change(file_of(*[ENTRY] * COUNT))
    found, report = read(content)

    assert sum(counted) >= COUNT - 6, "most entries are read by their layout"
    assert sum(matched) == max(sum(counted) - uses_before_pattern, 0), "after its first uses, by its pattern"
    assert report.verdict is Verdict.ACCEPTED, report.problems
    assert (found, report) == read_by_callbacks(content)
    assert len(found) >= COUNT


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_each_record_keeps_the_line_on_which_it_starts(line_end: bytes) -> None:
    content = spread(file_of(*[one_entry(3_000, Detail(1_000), Detail(2_000))] * COUNT), line_end)
    lines = content.split(line_end)
    starts = [number for number, line in enumerate(lines, 1) if b"<TxDtls>" in line]
    assert [entry.line for entry in read(content)[0]] == starts


FAKE = b"</Ntry>\n<Ntry>" + file_of(ENTRY).split(b"<Ntry>")[1].split(b"</Ntry>")[0] + b"</Ntry>\n<Ntry>"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b">one<", b"><!-- " + FAKE + b" -->one<"),
        (b">one<", b"><!-- -->one<"),
        (b">one<", b"><![CDATA[" + FAKE + b"]]><"),
        (b">one<", b"><?note " + FAKE + b"?>one<"),
        (b">one<", b">o > ne<"),
        (b">one<", b">&#111;ne &amp; only<"),
        (b">one<", b">&#32; one &amp; only&#x20;<"),
        (b"<NtryDtls>", b'<NtryDtls note="' + FAKE.replace(b"<", b"&lt;").replace(b'"', b"") + b'">'),
        (b"<NtryDtls>", b'<NtryDtls note=">">'),
        (b'<Amt Ccy="EUR">29.90</Amt><CdtDbtInd>', b"<Amt Ccy='EUR'>29.90</Amt><CdtDbtInd >"),
        (b"<Sts>", b"<Unknown>29.90</Unknown><Sts>"),
        (b"</Ntry>", b"</Ntry >"),
        (b"</Ntry>", b"</Ntry><!-- " + FAKE + b" -->"),
        (b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts><Cd>BOOK</Cd>PDNG</Sts>"),
    ],
)
@pytest.mark.parametrize("places", [1, COUNT])
def test_marks_that_only_the_parser_understands_hide_and_invent_no_entry(old: bytes, new: bytes, places: int) -> None:
    plain = file_of(*[ENTRY] * COUNT)
    assert old in plain
    first, behind = plain.split(b"</Ntry>", 4)[:4], plain.split(b"</Ntry>", 4)[4]
    marked = b"</Ntry>".join([*first, behind.replace(old, new, places)])
    found, report = read(marked)
    assert report.verdict is Verdict.ACCEPTED, report.problems
    assert len(found) == COUNT
    assert (found, report) == read_by_callbacks(marked)


def test_text_that_looks_like_a_tag_forges_no_element() -> None:
    """Between elements a further `>` is well-formed text, which is no field and stays unread."""
    plain = file_of(*[ENTRY] * COUNT)
    [reference] = set(re.findall(rb"<AcctSvcrRef>.*?</AcctSvcrRef>", plain))
    head, tail = plain.rsplit(reference, 1)
    found, report = read(head + b">AcctSvcrRef>FORGED>/AcctSvcrRef>" + tail)
    assert report.verdict is Verdict.ACCEPTED, report.problems
    assert [entry.identity[3] for entry in found] == [found[0].identity[3]] * (COUNT - 1) + ["/E2E"]


def test_text_behind_an_inner_element_of_a_field_is_still_read() -> None:
    content = file_of(*[ENTRY] * COUNT).replace(b"<Cd>BOOK</Cd>", b"<Prtry>BOOK</Prtry>")
    head, tail = content.rsplit(b"</Prtry></Sts>", 1)
    assert [entry.posts for entry in read(head + b"</Prtry>PDNG</Sts>" + tail)[0]] == [True] * (COUNT - 1) + [False]


def test_second_amount_with_a_currency_is_out_of_balance_however_often_it_comes() -> None:
    amount = b'<Amt Ccy="EUR">29.90</Amt>'
    content = file_of(*[one_entry()] * COUNT).replace(b"<Ntry>", b"<Ntry>" + amount)
    assert content.count(amount) == 2 * COUNT
    found, report = read(content)
    assert (found, report.verdict) == ([], Verdict.OUT_OF_BALANCE)
    assert [problem.rule for problem in report.problems].count("camt.currency_unknown") == COUNT


def test_text_too_long_behind_known_layouts_is_refused() -> None:
    content = file_of(*[ENTRY] * COUNT)
    head, tail = content.rsplit(b">one<", 1)
    _, report = read(head + b">" + b"x" * (xml_records.TEXT_CHARACTERS_MAX + 1) + b"<" + tail)
    assert [problem.rule for problem in report.problems] == ["xml.text_too_long"]


@pytest.mark.parametrize(
    "detail",
    [
        Detail(-2_990),
        Detail(
            extra='<Amt Ccy="USD">29.90</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
            '<AmtDtls><TxAmt><Amt Ccy="EUR">29.91</Amt></TxAmt></AmtDtls>'
        ),
    ],
)
def test_single_detail_with_other_money_than_its_entry_is_told(detail: Detail) -> None:
    found, report = read(file_of(one_entry(2_990, detail)))
    assert [entry.amount_minor for entry in found] == [2_990]
    assert [problem.rule for problem in report.problems] == ["camt.details_sum"]


@pytest.mark.parametrize("fault", [b"\x01", b"\xff", b"]]>", b"</Nm>", b"&unknown;"])
def test_fault_behind_known_layouts_is_unreadable_after_the_entries_before_it(fault: bytes) -> None:
    entries = file_of(*[ENTRY] * COUNT).split(b"</Ntry>")
    entries[8] = entries[8].replace(b">one<", b">one" + fault + b"<")
    content = b"</Ntry>".join(entries)
    found, report = read(content)
    assert (len(found), report.verdict) == (8, Verdict.UNREADABLE)
    assert report.problems[-1].rule == "xml.not_well_formed"
    assert (found, report.problems) == (read_by_callbacks(content)[0], read_by_callbacks(content)[1].problems)


def test_wrong_amount_behind_known_layouts_is_out_of_balance() -> None:
    content = file_of(*[ENTRY] * COUNT)
    head, tail = content.rsplit(b"<Ntry>", 1)
    _, report = read(head + b"<Ntry>" + tail.replace(b">29.90<", b">29.91<"))
    assert (report.verdict, [problem.rule for problem in report.problems]) == (
        Verdict.OUT_OF_BALANCE,
        ["camt.balance"],
    )


def test_layouts_are_forgotten_at_their_limit_and_entries_are_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch, counted: list[bool], matched: list[bool]
) -> None:
    monkeypatch.setattr(layouts, "TAGS_HELD_MAX", 60)
    content = file_of(*[ENTRY, ENTRY, ENTRY, one_entry(1_000)] * 10)
    assert read(content)[0] == read_by_callbacks(content)[0]
    cut = sum(counted) - sum(matched)
    assert 0 < cut < 36, "some entries are cut at the tags of their layout, not all that could be"


def test_entries_with_as_many_tags_but_other_ones_are_read_all_the_same(matched: list[bool]) -> None:
    """The tags differ in the currency, in a name, in the order; the entries come in turns."""
    plain = file_of(*[ENTRY] * 4 * COUNT)
    entries = plain.split(b"</Ntry>")
    sts, dates = b"<Sts><Cd>BOOK</Cd></Sts>", rb"(<BookgDt>.*</BookgDt>)(<ValDt>.*</ValDt>)"
    for number in range(COUNT, 4 * COUNT, 4):
        entries[number] = entries[number].replace(b'Ccy="EUR"', b'Ccy="USD"')
        entries[number + 1] = entries[number + 1].replace(sts, b"<Sts><Prtry>INFO</Prtry></Sts>")
        entries[number + 2] = re.sub(dates, rb"\2\1", entries[number + 2], flags=re.DOTALL)
    content = b"</Ntry>".join(entries)
    found, report = read(content)
    assert (found, report) == read_by_callbacks(content)
    assert [entry.currency for entry in found[COUNT::4]] == ["USD"] * 9
    assert [entry.posts for entry in found[COUNT + 1 :: 4]] == [False] * 9
    assert found[COUNT + 2][4:6] == found[0][4:6]
    assert not matched or (any(matched) and not all(matched)), "some match a pattern that was tried, some do not"


def patterns_made(monkeypatch: pytest.MonkeyPatch, content: bytes, uses_before: int = 2) -> int:
    """How many patterns are made for a file, whose entries are the same with patterns and without."""
    made: list[object] = []
    real = layouts._make_picker

    def remember(layout: layouts._Layout, tags: list[str]) -> layouts._Picker:
        made.append(layout)
        return real(layout, tags)

    monkeypatch.setattr(layouts, "_make_picker", remember)
    monkeypatch.setattr(layouts, "USES_BEFORE_PATTERN", uses_before)
    assert read(content) == read_by_callbacks(content)
    return len(made)


@pytest.mark.parametrize(("uses", "made"), [(9, 0), (10, 1), (21, 1)])
def test_pattern_is_made_at_its_count_of_uses(monkeypatch: pytest.MonkeyPatch, uses: int, made: int) -> None:
    """The first entry stands where nothing is sure, the second makes its layout known: neither is a use."""
    assert patterns_made(monkeypatch, file_of(*[ENTRY] * (uses + 2)), uses_before=10) == made


def test_uses_of_a_layout_are_forgotten_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of(*[ENTRY] * 5, one_entry(1_000), *[ENTRY] * 4)
    assert patterns_made(monkeypatch, content, uses_before=5) == 1
    monkeypatch.setattr(layouts, "TAGS_HELD_MAX", content.split(b"</Ntry>")[1].count(b"<"))
    assert patterns_made(monkeypatch, content, uses_before=5) == 0


def test_no_more_patterns_are_made_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [one_entry(2_990, Detail(2_990, texts=("one",) * count)) for count in range(1, 6)]
    content = file_of(*[kind for kind in kinds for _ in range(6)])
    assert patterns_made(monkeypatch, content) == 5
    monkeypatch.setattr(layouts, "PATTERNS_MAX", 3)
    assert patterns_made(monkeypatch, content) == 3


def test_layout_with_too_many_tags_gets_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of(*[ENTRY] * COUNT)
    entry = content.split(b"</Ntry>")[1]
    tags = "<".join(tag.decode() for tag in re.findall(rb"<([^>]*)>", entry))
    monkeypatch.setattr(layouts, "PATTERN_CHARACTERS_MAX", len(tags))
    assert patterns_made(monkeypatch, content) == 1
    monkeypatch.setattr(layouts, "PATTERN_CHARACTERS_MAX", len(tags) - 1)
    assert patterns_made(monkeypatch, content) == 0


def test_entry_of_one_text_gets_no_pattern_and_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    head, tail = file_of(ENTRY).split(b"<Ntry>")
    tail = tail.split(b"</Ntry>")[1]
    content = head + b"<Ntry><AcctSvcrRef>ONE</AcctSvcrRef></Ntry>" * COUNT + tail
    assert patterns_made(monkeypatch, content) == 0


def test_comment_full_of_end_tags_is_fed_in_large_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    portions: list[int] = []
    feed = xml_records._feed

    def remember(collector: xml_records._Collector, block: xml_records._Slice) -> None:
        portions.append(len(block.content))
        feed(collector, block)

    monkeypatch.setattr(xml_records, "_feed", remember)
    comment = b"<!-- " + b"</Ntry>" * 10_000 + b" -->"
    found, report = read(file_of(*[ENTRY] * COUNT).replace(b"</Stmt>", comment + b"</Stmt>"))
    assert (len(found), report.verdict) == (COUNT, Verdict.ACCEPTED)
    assert len(portions) < COUNT


def test_entry_without_an_end_waits_for_no_more_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[int] = []
    feed = xml_records._feed

    def remember(collector: xml_records._Collector, block: xml_records._Slice) -> None:
        fed.append(len(block.content))
        feed(collector, block)

    monkeypatch.setattr(xml_records, "_feed", remember)
    content = file_of(*[ENTRY] * COUNT).replace(b"</Stmt>", b"<Ntry>" + b"<AddtlNtryInf>x</AddtlNtryInf>" * 30_000)
    _, report = read(content)
    assert report.verdict is Verdict.UNREADABLE
    assert max(fed) <= 2 * xml_records.BLOCK_BYTES


def test_sample_reads_alike_without_layouts() -> None:
    content = SAMPLE.read_bytes()
    assert read(content) == read_by_callbacks(content)
    assert len(read(content)[0]) == 4
