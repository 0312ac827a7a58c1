"""The OFX reader against the `ofxparse` package of the package index, on files that both can read."""

from datetime import date
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from random import Random
from typing import Any, NamedTuple

import pytest

from pawledger.bank_files.ofx.reader import read_ofx
from pawledger.bank_files.records import Direction
from pawledger.bank_files.report import FileReport, Verdict
from pawledger.domain.money import parse_amount
from tests.builders.ofx_file import Statement, Transaction, Version, write_ofx

pytestmark = [
    pytest.mark.skipif(find_spec("ofxparse") is None, reason="the peer ofxparse is not installed (make bench does it)"),
    # Of the peer: it calls Beautiful Soup by names that are to go, and reads XML as if it were HTML.
    pytest.mark.filterwarnings(
        "ignore:Call to deprecated method:DeprecationWarning", "ignore:It looks like you're using an HTML parser"
    ),
]


class Row(NamedTuple):
    """What both readers tell of one transaction."""

    account: str
    type_code: str
    day: date | None
    amount_minor: int
    """Signed."""
    fitid: str
    check_number: str
    name: str
    memo: str


def a_file(seed: int) -> bytes:
    """A response with some statements of varied content, by turns in either version."""
    chance = Random(seed)  # noqa: S311 - test data
    version: Version = "xml" if seed % 2 else "sgml"

    def transaction(number: int) -> Transaction:
        amount_minor = chance.choice((-1, 1)) * chance.randrange(1, 10**8)
        return Transaction(
            amount_minor=amount_minor,
            fitid=f"2026{number:06}",
            type_code=chance.choice(("DEP", "XFER", "CHECK", "CREDIT" if amount_minor > 0 else "DEBIT")),
            posted=f"202611{chance.randrange(1, 29):02}" + chance.choice(("", "120000")),
            check_number=chance.choice((None, "1041")),
            name=chance.choice(("A & B", "CLARA <PAW>", "PAYER")),
            memo=chance.choice((None, "PREMIUM PL1", "&amp; AND MORE")),
        )

    statements = [
        Statement(
            number=f"3002{number:04}",
            balance_minor=chance.randrange(-(10**6), 10**8),
            transactions=tuple(map(transaction, range(chance.randrange(8)))),
            is_card=chance.random() < 0.3,
        )
        for number in range(chance.randrange(1, 4))
    ]
    return write_ofx(*statements, version=version)


def read_ours(content: bytes) -> tuple[list[Row], list[tuple[str, int | None]], Verdict]:
    """The transactions, the balance of each statement, and the verdict."""
    report = FileReport()
    rows = [
        Row(
            account=entry.bank_account,
            type_code=entry.type_code or "",
            day=entry.booked_on,
            amount_minor=entry.amount_minor if entry.direction is Direction.CREDIT else -entry.amount_minor,
            fitid=entry.identity[5],
            check_number=" ".join(entry.references),
            name=entry.payer_name or "",
            memo=entry.text.removeprefix(entry.payer_name or "").strip(),
        )
        for entry in read_ofx(BytesIO(content), report)
    ]
    return rows, [(statement.bank_account, statement.closing_minor) for statement in report.statements], report.verdict


def read_theirs(content: bytes) -> tuple[list[Row], list[tuple[str, int]]]:
    peer: Any = import_module("ofxparse")
    accounts = peer.OfxParser.parse(BytesIO(content)).accounts
    rows = [
        Row(
            account=account.account_id,
            type_code=transaction.type.upper(),
            day=transaction.date.date(),
            amount_minor=parse_amount(f"{transaction.amount}", "USD"),
            fitid=transaction.id,
            check_number=transaction.checknum,
            name=transaction.payee,
            memo=transaction.memo,
        )
        for account in accounts
        for transaction in account.statement.transactions
    ]
    balances = [(account.account_id, parse_amount(f"{account.statement.balance}", "USD")) for account in accounts]
    return rows, balances


@pytest.mark.parametrize("seed", range(24))
def test_both_read_the_same_transactions_and_balances(seed: int) -> None:
    content = a_file(seed)
    rows, balances, verdict = read_ours(content)
    assert (rows, balances) == read_theirs(content)
    assert verdict is Verdict.ACCEPTED


def test_time_zones_move_the_day_of_the_peer_and_not_ours() -> None:
    content = write_ofx(Statement(transactions=(Transaction(posted="20261119220000[-5:EST]"),)))
    assert [row.day for row in read_ours(content)[0]] == [date(2026, 11, 19)]
    assert [row.day for row in read_theirs(content)[0]] == [date(2026, 11, 20)]


def test_amount_of_the_word_null_is_zero_to_the_peer_and_a_fault_to_us() -> None:
    content = write_ofx(Statement(transactions=(Transaction(),))).replace(b"<TRNAMT>12.50", b"<TRNAMT>null")
    assert read_ours(content)[2] is Verdict.OUT_OF_BALANCE
    assert [row.amount_minor for row in read_theirs(content)[0]] == [0]


@pytest.mark.parametrize("cut", [b"</STMTTRNRS>", b"</BANKMSGSRSV1>", b"</OFX>"])
def test_file_that_ends_early_is_refused_by_us_alone(cut: bytes) -> None:
    content = write_ofx(Statement(transactions=(Transaction(),)), version="xml")
    content = content[: content.rindex(cut)]
    assert read_ours(content)[2] is Verdict.UNREADABLE
    assert len(read_theirs(content)[0]) == 1
