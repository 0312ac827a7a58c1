"""Formats told from the first bytes."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

from pawledger.bank_files.detection import HEAD_BYTES, READERS, detect_format, read_bank_file, reader_of
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.bai2_file import Account, Movement, write_bai2

PACKAGE_FOLDER = Path(__file__).resolve().parents[3] / "layers" / "pawledger" / "python"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"01,121000248,PAWLEDGER,", "bai2"),
        (b"\xef\xbb\xbf01,1", "bai2"),
        (b"\r\n  01,1", "bai2"),
        (b"02,1,2,1,", None),
        (b"101 121000248", None),
        (f'<?xml version="1.0"?><Document xmlns="{NAMESPACE}camt.053.001.08">'.encode(), "camt.053"),
        (f'<n:Document xmlns:n="{NAMESPACE}camt.053.001.02">'.encode(), "camt.053"),
        (b"<Document><BkToCstmrStmt><GrpHdr>", "camt.053"),
        (
            f'<Env><AppHdr xmlns="{NAMESPACE}head.001.001.01"/><D xmlns="{NAMESPACE}camt.053.001.08">'.encode(),
            "camt.053",
        ),
        ("\ufeff<Document><BkToCstmrStmt>".encode("utf-16-le"), "camt.053"),
        (f'<Document xmlns="{NAMESPACE}camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'.encode(), "camt.054"),
        (f'<Document xmlns="{NAMESPACE}pain.002.001.10">'.encode(), "pain.002"),
        (b"<html><body>camt.053</body></html>", None),
        (b"", None),
        (b"\0\1\2", None),
        (b"\xff\xfe", None),
    ],
)
def test_format_is_told_from_content(head: bytes, expected: str | None) -> None:
    assert detect_format(head).format == expected


def test_unknown_xml_is_described_by_its_root() -> None:
    assert "'html'" in detect_format(b"<!-- note --><html>").description


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf \r\n", "file.empty"),
        (b"\0\0\0\1", "file.format_unknown"),
        (b"hello", "file.format_unknown"),
        (f'<Document xmlns="{NAMESPACE}pain.013.001.10"/>'.encode(), "file.format_unsupported"),
    ],
)
def test_file_without_reader_is_unreadable_by_a_named_rule(content: bytes, rule: str) -> None:
    report = FileReport()
    assert list(read_bank_file(BytesIO(content), report)) == []
    assert [problem.rule for problem in report.problems] == [rule]
    assert report.verdict is Verdict.UNREADABLE


def test_reader_gets_the_whole_stream_although_its_head_was_looked_at() -> None:
    movements = tuple(Movement(amount_minor=amount, text="premium of one month") for amount in range(1, 400))
    content = write_bai2(Account(movements=movements))
    assert len(content) > 3 * HEAD_BYTES
    report = FileReport()
    entries = list(read_bank_file(BytesIO(content), report))
    assert [entry.amount_minor for entry in entries] == list(range(1, 400))
    assert report.verdict is Verdict.ACCEPTED


def test_every_format_that_has_a_reader_reads_without_raising_on_nothing() -> None:
    for name in READERS:
        report = FileReport()
        assert list(reader_of(name)(BytesIO(b""), report)) == [], name
        assert report.verdict is Verdict.UNREADABLE, name


def test_the_xml_parser_is_not_loaded_before_an_xml_file_comes() -> None:
    code = "import sys, pawledger.bank_files.inspection; print('pyexpat' in sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own code
        [sys.executable, "-c", code], cwd=PACKAGE_FOLDER, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
