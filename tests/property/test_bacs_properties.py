"""What holds for every Bacs report, not only for those one thinks of."""

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files.bacs.reader import read_bacs
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.bacs_file import (
    Account,
    Advice,
    Claim,
    ReturnedDebit,
    write_arudd,
    write_claims,
    write_instructions,
)

REFERENCES = st.from_regex(r"[A-Z0-9][A-Z0-9 /.-]{0,16}[A-Z0-9]", fullmatch=True).map(
    lambda text: " ".join(text.split())
)
NAMES = st.text(alphabet="ABC &'<>\"Éö.-", max_size=18).map(lambda text: " ".join(text.split()))
DEBITS = st.builds(
    ReturnedDebit,
    reference=REFERENCES,
    amount_minor=st.integers(min_value=0, max_value=10**11),
    code=st.sampled_from("0123456789AB"),
    description=NAMES,
    collected_on=st.dates().map(lambda day: day.isoformat()),
    transaction_code=st.sampled_from(("01", "17", "18", "19")),
    payer_number=st.from_regex(r"[0-9]{8}", fullmatch=True),
    payer_name=NAMES,
)
ACCOUNTS = st.lists(
    st.builds(
        Account,
        number=st.from_regex(r"[0-9]{8}", fullmatch=True),
        items=st.lists(DEBITS, max_size=5).map(tuple),
    ),
    max_size=3,
)
ADVICES = st.lists(
    st.builds(
        Advice,
        reference=REFERENCES,
        record_type=st.sampled_from("AND"),
        reason=st.sampled_from("123B"),
        new_number=st.sampled_from((None, "12312312")),
        is_camel=st.booleans(),
    ),
    max_size=5,
)
CLAIMS = st.lists(
    st.builds(
        Claim,
        amounts_minor=st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=4).map(tuple),
        reference=REFERENCES,
        claim_reference=REFERENCES,
        reason=st.sampled_from("12345678"),
        is_cancellation=st.booleans(),
    ),
    max_size=5,
)


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bacs(BytesIO(content), report)), report


def check_sound(entries: list[StatementEntry], report: FileReport) -> None:
    assert len({entry.identity for entry in entries}) == len(entries)
    assert sum(statement.entry_count for statement in report.statements) == len(entries)
    debits = sum(entry.amount_minor for entry in entries if entry.direction is Direction.DEBIT)
    assert sum(statement.debit_minor for statement in report.statements) == debits


@given(ACCOUNTS)
def test_returned_debits_are_read_back_as_they_were_written(accounts: list[Account]) -> None:
    entries, report = read(write_arudd(*accounts))
    assert (report.problems, report.format) == ([], "bacs.arudd")
    written = [(account, item) for account in accounts for item in account.items]
    assert [
        (entry.bank_account, entry.mandate_id, entry.amount_minor, entry.return_reason, entry.text, entry.payer_name)
        for entry in entries
    ] == [
        (
            f"40-00-01 {account.number}",
            item.reference,
            item.amount_minor,
            item.code,
            item.description,
            item.payer_name or None,
        )
        for account, item in written
    ]
    assert [entry.identity[5] for entry in entries] == [item.collected_on for _, item in written]
    check_sound(entries, report)


@given(ADVICES)
def test_advices_are_read_back_as_they_were_written(advices: list[Advice]) -> None:
    entries, report = read(write_instructions(*advices))
    assert report.verdict is Verdict.ACCEPTED
    assert [(entry.mandate_id, entry.type_code, entry.return_reason) for entry in entries] == [
        (advice.reference, advice.record_type, advice.reason) for advice in advices
    ]
    assert {(entry.purpose, entry.posts, entry.amount_minor) for entry in entries} <= {(Purpose.CHANGE, False, 0)}
    check_sound(entries, report)


@given(CLAIMS.filter(bool))
def test_claims_are_read_back_as_they_were_written(claims: list[Claim]) -> None:
    entries, report = read(write_claims(*claims))
    assert (report.problems, report.format) == ([], "bacs.ddica")
    in_order = sorted(claims, key=lambda claim: claim.is_cancellation)
    assert [(entry.mandate_id, entry.amount_minor, entry.direction, entry.return_reason) for entry in entries] == [
        (
            claim.reference,
            claim.amount_minor,
            Direction.CREDIT if claim.is_cancellation else Direction.DEBIT,
            claim.reason,
        )
        for claim in in_order
    ]
    check_sound(entries, report)


SAMPLES = (
    write_arudd(Account(items=(ReturnedDebit(), ReturnedDebit("B", 120, "1"))), Account("30020029")),
    write_claims(Claim((4_750, 4_750)), Claim((123,), "B", is_cancellation=True)),
)


@given(st.sampled_from(SAMPLES), st.data())
def test_other_digit_in_an_amount_or_a_total_is_never_accepted(content: bytes, data: st.DataObject) -> None:
    marks = (b'valueOf="', b'numberOf="', b"<TotalAmount>", b"<Amount>", b"<TotalValueOfDebits>")
    starts = [at + len(mark) for mark in marks for at in range(len(content)) if content.startswith(mark, at)]
    start = data.draw(st.sampled_from(starts))
    end = min(place for place in (content.find(b'"', start), content.find(b"<", start)) if place > 0)
    place = data.draw(st.sampled_from([at for at in range(start, end) if content[at : at + 1].isdigit()]))
    digit = data.draw(st.sampled_from([each for each in b"0123456789" if each != content[place]]))
    _, report = read(content[:place] + bytes([digit]) + content[place + 1 :])
    assert report.verdict is Verdict.OUT_OF_BALANCE


@given(st.sampled_from(SAMPLES), st.data())
def test_mutated_report_never_makes_the_reader_raise_and_keeps_its_money_if_accepted(
    content: bytes, data: st.DataObject
) -> None:
    expected = sum(entry.amount_minor for entry in read(content)[0])
    lines = content.splitlines()
    for _ in range(data.draw(st.integers(min_value=1, max_value=3))):
        index = data.draw(st.integers(min_value=0, max_value=len(lines) - 1))
        change = data.draw(st.sampled_from(("drop", "double", "swap", "cut", "byte", "junk")))
        line = lines[index]
        place = data.draw(st.integers(min_value=0, max_value=max(0, len(line) - 1)))
        if change == "drop" and len(lines) > 1:
            del lines[index]
        elif change == "double":
            lines.insert(index, line)
        elif change == "swap":
            lines[index - 1], lines[index] = line, lines[index - 1]
        elif change == "cut":
            lines[index] = line[:place]
        elif change == "byte":
            lines[index] = line[:place] + data.draw(st.binary(min_size=1, max_size=1)) + line[place + 1 :]
        else:
            lines.insert(index, data.draw(st.binary(max_size=30)))
    entries, report = read(b"\n".join(lines))
    if report.verdict is Verdict.ACCEPTED:
        check_sound(entries, report)
        # Claims prove themselves only where the report tells their sum.
        assert sum(entry.amount_minor for entry in entries) == expected or report.format == "bacs.ddica"
    else:
        assert report.problems


@given(st.sampled_from(SAMPLES), st.integers(min_value=1))
def test_truncated_report_is_never_accepted(content: bytes, cut: int) -> None:
    whole = content.rstrip()
    assert read(whole[: len(whole) - 1 - cut % len(whole)])[1].verdict is Verdict.UNREADABLE


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise_or_accept(content: bytes) -> None:
    assert read(content)[1].verdict is Verdict.UNREADABLE
    assert read(b"<BACSDocument><ARUDD>" + content)[1].verdict is Verdict.UNREADABLE
