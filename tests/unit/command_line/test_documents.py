"""`pawledger account statement` and `pawledger invoice document`."""

import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from pypdf import PdfReader

from pawledger.command_line.main import main
from pawledger.ports import BankFileRegister, DiscrepancyBook, Ledger, RunBook
from pawledger.runtime.books import Books
from tests.builders.documents import AccountStory, StoryArchive


@dataclass(frozen=True)
class Printed:
    code: int
    out: str
    err: str


@pytest.fixture
def story() -> AccountStory:
    story = AccountStory()
    story.open()
    story.invoice(date(2026, 1, 5), [("premium", 25_00), ("tax:ipt", 5_00)])
    story.pay(date(2026, 1, 20), 20_00)
    return story


@pytest.fixture
def pawledger(story: AccountStory) -> Callable[..., Printed]:
    no_other = cast("Any", None)
    books = Books(
        cast("Ledger", no_other),
        StoryArchive([story]),
        cast("DiscrepancyBook", no_other),
        cast("BankFileRegister", no_other),
        cast("RunBook", no_other),
        no_other,
        no_other,
        no_other,
        no_other,
        no_other,
    )

    def run(*argv: str) -> Printed:
        out, err = io.StringIO(), io.StringIO()
        code = main(argv, out, err, open_books=lambda environment: nullcontext(books))
        return Printed(code, out.getvalue(), err.getvalue())

    return run


STATEMENT = ("account", "statement", "ABCD1234", "--from", "2026-01-01", "--until", "2026-01-31")


def test_a_statement_is_printed_for_people(pawledger: Callable[..., Printed]) -> None:
    printed = pawledger(*STATEMENT)

    assert (printed.code, printed.err) == (0, "")
    assert (
        printed.out
        == """\
statement of  ABCD1234
from          2026-01-01
until         2026-01-31
entries       3
opening       0.00 EUR
closing       10.00 EUR
owed          10.00 EUR
unapplied     0.00 EUR

#  day         what happened                              amount    balance
-  ----------  -------------------------------------  ----------  ---------
2  2026-01-05  Invoice ABCD1234-0001, due 2026-01-19   30.00 EUR  30.00 EUR
3  2026-01-20  Payment received, thank you            -20.00 EUR  10.00 EUR

open invoice   due on      remaining
-------------  ----------  ---------
ABCD1234-0001  2026-01-19  10.00 EUR
"""
    )


def test_an_invoice_is_printed_for_people_and_programs(pawledger: Callable[..., Printed]) -> None:
    printed = pawledger("invoice", "document", "ABCD1234-0001")
    document = json.loads(pawledger("invoice", "document", "ABCD1234-0001", "--json").out)

    assert ["payment", "code", "EPC", "QR", "code"] in [line.split() for line in printed.out.splitlines()]
    assert "POL-1#1" in printed.out
    assert (document["schema"], document["payable_minor"]) == ("invoice_document.v1", 30_00)


@pytest.mark.parametrize(
    ("argv", "title"),
    [(STATEMENT, "Statement of account ABCD1234"), (("invoice", "document", "ABCD1234-0001"), "Invoice ABCD1234-0001")],
    ids=["statement", "invoice"],
)
def test_a_document_is_written_as_pdf_and_again_with_the_same_bytes(
    argv: tuple[str, ...], title: str, pawledger: Callable[..., Printed], tmp_path: Path
) -> None:
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"

    assert pawledger(*argv, "--pdf", str(first)).code == 0
    assert pawledger(*argv, "--pdf", str(second)).code == 0

    metadata = PdfReader(first).metadata
    assert metadata is not None
    assert metadata.title == title
    assert first.read_bytes() == second.read_bytes()
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_a_statement_can_be_made_again_as_the_ledger_stood(
    story: AccountStory, pawledger: Callable[..., Printed]
) -> None:
    before = pawledger(*STATEMENT, "--json").out
    story.pay(date(2026, 1, 21), 5_00)

    assert pawledger(*STATEMENT, "--json").out != before
    assert pawledger(*STATEMENT, "--json", "--entries", "3").out == before


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (("account", "statement", "NOBODY12", *STATEMENT[3:]), "there is no account NOBODY12 in this environment"),
        ((*STATEMENT, "--entries", "4"), "account ABCD1234 has 3 entries, not 4"),
        (("invoice", "document", "ABCD1234-0002"), "there is no invoice ABCD1234-0002 in the ledger of its account"),
        (("invoice", "document", "nonsense"), "the account id has 0 characters"),
        ((*STATEMENT[:4], "2026-02-01", *STATEMENT[5:]), "cannot end on 2026-01-31"),
        ((*STATEMENT, "--pdf", "/nowhere/at/all.pdf"), "/nowhere/at/all.pdf could not be written: No such file"),
    ],
    ids=["account", "entries", "invoice", "invoice id", "days", "file"],
)
def test_what_is_not_there_is_told_in_one_sentence(
    argv: tuple[str, ...], error: str, pawledger: Callable[..., Printed]
) -> None:
    printed = pawledger(*argv)

    assert (printed.code, printed.out) == (1, "")
    assert error in printed.err
    assert len(printed.err.splitlines()) == 1


def test_a_file_that_cannot_be_written_leaves_nothing_half_done(
    pawledger: Callable[..., Printed], tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()

    printed = pawledger(*STATEMENT, "--pdf", str(tmp_path / "taken"))

    assert (printed.code, printed.out) == (1, "")
    assert "taken could not be written: Is a directory" in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_nothing_is_made_of_a_ledger_that_was_edited(story: AccountStory, pawledger: Callable[..., Printed]) -> None:
    edited = story.entries[1]
    story.entries[1] = replace(edited, decision=replace(edited.decision, reason="Edited."))

    printed = pawledger(*STATEMENT)

    assert printed.code == 1
    assert "does not carry the hash of the entry before it" in printed.err
