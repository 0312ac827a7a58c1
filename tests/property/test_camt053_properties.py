"""The camt.053 reader against generated statements and against bytes that are none."""

import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files.iso20022.messages import read_iso20022
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.camt053_file import Camt053File, Detail, Entry, StatementContent

SAMPLE = (Path(__file__).resolve().parents[2] / "events/samples/bank_files/camt053/good.xml").read_bytes()

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30).map(str.strip)
TEXTS = WORDS.filter(lambda text: text.upper() not in {"", "NOTPROVIDED", "NONREF", "NOREF"})
CENTS = st.integers(-(10**12), 10**12)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    parts = draw(st.lists(CENTS, max_size=4))
    details = tuple(
        Detail(
            part,
            end_to_end_id=draw(st.none() | TEXTS),
            mandate_id=draw(st.none() | TEXTS),
            payer_name=draw(st.none() | TEXTS),
            texts=tuple(draw(st.lists(TEXTS, max_size=2))),
        )
        for part in parts
    )
    status = draw(st.sampled_from(["BOOK", "BOOK", "PDNG"]))
    amount_minor = sum(parts) if parts else draw(CENTS)
    return Entry(amount_minor, details, status, bank_reference=draw(st.none() | TEXTS))


@st.composite
def statements(draw: st.DrawFn) -> StatementContent:
    return StatementContent(tuple(draw(st.lists(entries(), max_size=5))), opening_minor=draw(CENTS))


VERSIONS = st.sampled_from(["04", "07", "08", "10", "14"])
"""Versions whose details tell their direction; before .04 a detail has the direction of its entry."""


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_iso20022(io.BytesIO(content), report)), report


def signed_minor(entry: StatementEntry) -> int:
    return entry.amount_minor if entry.direction.value == "credit" else -entry.amount_minor


@given(statements(), VERSIONS)
def test_valid_file_is_read_back_unchanged(content: StatementContent, version: str) -> None:
    found, report = read(Camt053File((content,), version).to_bytes())

    assert report.verdict is Verdict.ACCEPTED, report.problems
    expected = [
        (part.amount_minor, part.end_to_end_id, part.mandate_id, " ".join(part.texts), entry.status == "BOOK")
        for entry in content.entries
        for part in (entry.details or (Detail(entry.amount_minor),))
    ]
    read_back = [
        (signed_minor(entry), next(iter(entry.references), None), entry.mandate_id, entry.text, entry.posts)
        for entry in found
    ]
    assert read_back == expected
    told = [entry.amount_minor for entry in content.entries]
    assert report.statements[0].credit_minor - report.statements[0].debit_minor == sum(told)
    assert len({entry.identity for entry in found}) == len(found)


@given(statements(), VERSIONS, st.sampled_from([-1, 1]))
def test_balance_changed_by_one_cent_is_out_of_balance(content: StatementContent, version: str, change: int) -> None:
    wrong = StatementContent(content.entries, content.opening_minor, content.closing() + change)
    assert read(Camt053File((wrong,), version).to_bytes())[1].verdict is Verdict.OUT_OF_BALANCE


@given(statements())
def test_size_of_the_blocks_does_not_change_what_is_read(content: StatementContent) -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(61 if size is None or size > 0 else size)

    written = Camt053File((content,)).to_bytes()
    report = FileReport()
    assert (list(read_iso20022(Trickle(written), report)), report) == read(written)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_unreadable_and_never_raise(content: bytes) -> None:
    found, report = read(content)
    assert (found, report.verdict) == ([], Verdict.UNREADABLE)


@given(
    st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=4)
)
def test_mutated_file_never_raises_and_always_has_a_verdict_with_its_reason(
    changes: list[tuple[int, int, bytes]],
) -> None:
    content = SAMPLE
    for start, removed, inserted in changes:
        content = content[:start] + inserted + content[start + removed :]
    found, report = read(content)
    assert all(entry.amount_minor >= 0 for entry in found)
    assert (report.verdict is not Verdict.ACCEPTED) == any(problem.severity == "error" for problem in report.problems)
