"""The ISO 20022 readers against `pyiso20022`, which has a class for every element, on files that both can read."""

from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from random import Random
from typing import Any

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.camt053_file import PAYER_IBAN, Detail, Entry, told_in
from tests.builders.payment_messages import StatusBatch, Transaction, write_returns, write_status_report

pytestmark = pytest.mark.skipif(
    find_spec("pyiso20022") is None, reason="the peer pyiso20022 is not installed (make bench does it)"
)

Rows = list[tuple[Decimal, str, str]]
"""Amount, side or status, end-to-end id."""
ELEMENTS = {
    "camt.052": ("bk_to_cstmr_acct_rpt", "rpt"),
    "camt.053": ("bk_to_cstmr_stmt", "stmt"),
    "camt.054": ("bk_to_cstmr_dbt_cdt_ntfctn", "ntfctn"),
}


def read_ours(content: bytes, side: str = "direction") -> Rows:
    report = FileReport()
    entries = list(read_bank_file(BytesIO(content), report))
    assert report.verdict is Verdict.ACCEPTED, report.problems
    return [
        (Decimal(entry.amount_minor).scaleb(-2), str(getattr(entry, side)), entry.references[0]) for entry in entries
    ]


def parse_with_peer(content: bytes, module: str) -> Any:
    parser = import_module("xsdata.formats.dataclass.parsers").XmlParser()
    return parser.from_bytes(content, import_module(f"pyiso20022.{module}").Document)


def entries_of(chance: Random) -> Iterator[Entry]:
    for number in range(chance.randrange(1, 8)):
        sign = chance.choice((1, -1))
        parts = [chance.randrange(1, 10**6) for _ in range(chance.randrange(1, 4))]
        details = tuple(
            Detail(
                sign * part,
                end_to_end_id=f"E2E-{number}-{place}",
                payer_account=PAYER_IBAN,
                payer_name="Ada Example",
                texts=("January",),
                return_reason=chance.choice((None, "AC04")),
            )
            for place, part in enumerate(parts)
        )
        status = chance.choice(("BOOK", "BOOK", "PDNG"))
        yield Entry(sign * sum(parts), details, status, bank_reference=f"BANK-{number}")


@pytest.mark.parametrize("message", ELEMENTS)
@pytest.mark.parametrize("seed", range(4))
def test_cash_reports_are_read_alike(message: str, seed: int) -> None:
    content = told_in(message, *entries_of(Random(seed)))  # noqa: S311 - test data
    root, statement = ELEMENTS[message]
    parsed = parse_with_peer(content, f"camt.{message.replace('.', '_')}_001_08")
    sides = {"CRDT": "credit", "DBIT": "debit"}
    theirs = [
        (detail.amt.value, sides[detail.cdt_dbt_ind.value], detail.refs.end_to_end_id)
        for each in getattr(getattr(parsed, root), statement)
        for entry in each.ntry
        for details in entry.ntry_dtls
        for detail in details.tx_dtls
    ]
    assert read_ours(content) == theirs
    assert theirs


def transactions_of(seed: int) -> tuple[Transaction, ...]:
    chance = Random(seed)  # noqa: S311 - test data
    return tuple(
        Transaction(
            chance.randrange(1, 10**6),
            f"E2E-{number}",
            status=chance.choice(("RJCT", "ACCP")),
            reason=chance.choice(("AC04", "MD01")),
        )
        for number in range(chance.randrange(1, 8))
    )


@pytest.mark.parametrize("seed", range(3))
def test_status_reports_are_read_alike(seed: int) -> None:
    content = write_status_report(StatusBatch(transactions_of(seed)))
    parsed = parse_with_peer(content, "pain.pain_002_001_10")
    theirs = [
        (each.orgnl_tx_ref.amt.instd_amt.value, each.tx_sts, each.orgnl_end_to_end_id)
        for batch in parsed.cstmr_pmt_sts_rpt.orgnl_pmt_inf_and_sts
        for each in batch.tx_inf_and_sts
    ]
    assert read_ours(content, "type_code") == theirs


@pytest.mark.parametrize("seed", range(3))
def test_returns_are_read_alike(seed: int) -> None:
    settlement = "<SttlmInf><SttlmMtd>INDA</SttlmMtd></SttlmInf>"
    content = write_returns(*transactions_of(seed), header=settlement)
    parsed = parse_with_peer(content, "pacs.pacs_004_001_09")
    theirs = [
        (each.rtrd_intr_bk_sttlm_amt.value, each.rtr_rsn_inf[0].rsn.cd, each.orgnl_end_to_end_id)
        for each in parsed.pmt_rtr.tx_inf
    ]
    assert read_ours(content, "return_reason") == theirs
