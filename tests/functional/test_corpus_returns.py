"""Every return and chargeback of the public corpus is recognised as one, counted without our readers.

The manifest counts those of NACHA, Bacs, Adyen and Stripe. Those of other formats are counted here by the signs that
their specifications name, in the raw text.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Final

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.records import Purpose, StatementEntry
from pawledger.bank_files.report import FileReport
from pawledger.domain.bank_returns.return_reasons import ReasonClass
from pawledger.domain.posting.bank_movements import Movement
from pawledger.rules.csv_mappings import load_shipped_mappings
from pawledger.rules.return_reasons import load_return_reasons
from pawledger.services.receiving.payer_keys import PayerKeys
from pawledger.services.receiving.payment_chunks import read_movements
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name
from tests.fakes.secrets import MemoryPayerSecret

NACHA_CODES_WITHOUT_ADDENDA: Final = {"testdata/forward.ach": 2, "testdata/recon.ach": 1}
"""Files whose entries have transaction codes of returns and no addenda, which the manifest does not count."""

ADYEN_TYPES: Final = re.compile(
    r"(refunded|(second)?chargeback)(reversed|externally)?(withinfo)?|bankinstructionreturned"
)
STRIPE_CATEGORIES: Final = re.compile("refund|refund_failure|dispute|dispute_reversal")

PAYPAL_HOLDS: Final = frozenset(("T1105", "T1110", "T1111"))
"""Event codes that hold our own money during a dispute, and release it again."""

STATES_ONLY: Final = frozenset(("all_transactions_report_refund.csv",))
"""Reports that tell states and no movements: their provider's own report tells the refund (docs/formats/csv.md)."""

CSV_RETURNS: Final = re.compile(r"(?m)^(Refund;.*|I,.*,(Capture,.*,Return|Refund,.*,Refund),.*)$")
"""Rows of CSV reports that dLocal calls a refund, and Trustly a returned capture or a refund."""

WITHOUT_MEANING: Final = frozenset(("ARUDD-1012", "T1106", "T1107", "T1201", "AC118", "R96", "R97"))
"""Codes of the corpus that no table explains: four digits of ARUDD, PayPal's, Trustly's, and those fixtures made up."""


def read(row: CorpusRow) -> list[StatementEntry]:
    options = ReadingOptions(csv_mappings=tuple(load_shipped_mappings().values()))
    with row.path.open("rb") as stream:
        return list(read_bank_file(stream, FileReport(), options))


def text_of(row: CorpusRow) -> str:
    return row.path.read_bytes().decode("utf-8-sig", "replace")


def count_elements(row: CorpusRow, name: str, text: str = "") -> int:
    """How often an element of that name stands in an XML file, with that text where one is given."""
    return len(re.findall(rf"<(?:[\w.-]+:)?{name}(?:\s[^>]*)?>{text}", text_of(row)))


def count_nacha(row: CorpusRow) -> int:
    return int(row.facts["returns"]) + NACHA_CODES_WITHOUT_ADDENDA.get(row_name(row), 0)


def count_bacs(row: CorpusRow) -> int:
    return int(row.facts["items"])


def count_camt(row: CorpusRow) -> int:
    return count_elements(row, "RtrInf")


def count_payment_messages(row: CorpusRow) -> int:
    """Returned transactions, rejected ones, and messages or batches that are rejected as a whole."""
    returned = count_elements(row, "TxInf") if count_elements(row, "PmtRtr") else 0
    rejected = count_elements(row, "TxSts", "RJCT")
    whole = count_elements(row, "(?:GrpSts|PmtInfSts)", "RJCT")
    return returned + (rejected or min(whole, 1))


def count_bai2(row: CorpusRow) -> int:
    return len(re.findall(r"(?m)^16,(255|257|555|557|558|566),", text_of(row)))


def count_mt940(row: CorpusRow) -> int:
    """Business transaction codes 108, 109 and 159 of the German banks: returned debits and transfers."""
    return len(re.findall(r"(?m)^:86:1(?:08|09|59)\?", text_of(row)))


def count_adyen(row: CorpusRow) -> int:
    """By the manifest; it counts no types of the accounting report, whose column says them."""
    if row.facts.get("kind") != "payments_accounting":
        return count_types("types", ADYEN_TYPES)(row)
    rows = csv.DictReader(io.StringIO(text_of(row)))
    return sum(bool(ADYEN_TYPES.fullmatch(line["Record Type"].lower())) for line in rows)


def count_types(fact: str, types: re.Pattern[str]) -> Callable[[CorpusRow], int]:
    def count(row: CorpusRow) -> int:
        counted = json.loads(row.facts.get(fact, "{}"))
        return sum(number for name, number in counted.items() if types.fullmatch(name.lower()))

    return count


def count_paypal(row: CorpusRow) -> int:
    rows = [line for line in csv.reader(io.StringIO(text_of(row))) if line and line[0] == "SB"]
    return sum(line[5][:3] in ("T11", "T12") and line[5] not in PAYPAL_HOLDS for line in rows)


def count_csv(row: CorpusRow) -> int:
    return 0 if row.path.name in STATES_ONLY else len(CSV_RETURNS.findall(text_of(row)))


COUNTS: Final[dict[str, Callable[[CorpusRow], int]]] = {
    "nacha": count_nacha,
    "bacs": count_bacs,
    "camt": count_camt,
    "pain_pacs": count_payment_messages,
    "bai2": count_bai2,
    "mt940": count_mt940,
    "psp/adyen": count_adyen,
    "psp/stripe": count_types("categories", STRIPE_CATEGORIES),
    "psp/paypal": count_paypal,
    **{f"psp/{name}": count_csv for name in ("trustly", "dlocal", "gravy")},
}


def rows_of(format_name: str) -> list[CorpusRow]:
    return [row for row in corpus_rows(format_name) if row.verdict != "other"]


EVERY_ROW: Final = [(name, row) for name in COUNTS for row in rows_of(name)]


@needs_corpus
@pytest.mark.parametrize(("format_name", "row"), EVERY_ROW, ids=[row_name(row) for _, row in EVERY_ROW])
def test_every_return_of_a_file_is_recognised_and_nothing_else(format_name: str, row: CorpusRow) -> None:
    entries = read(row)
    assert sum(entry.is_return for entry in entries) == COUNTS[format_name](row)


@needs_corpus
def test_what_is_recognised_becomes_a_return_or_money_that_came_back_and_never_a_payment() -> None:
    found: Counter[tuple[str, Movement]] = Counter()
    reasons = load_return_reasons()
    unknown = set()
    for name, row in EVERY_ROW:
        entries = [entry for entry in read(row) if entry.is_return and entry.posts and entry.amount_minor]
        movements = list(
            read_movements(entries, date(2026, 1, 1), lambda _: True, payer_keys=PayerKeys(MemoryPayerSecret()))
        )
        assert len(movements) == len(entries)
        for entry, movement in zip(entries, movements, strict=True):
            is_credit = entry.direction.value == "credit"
            assert movement.movement is (Movement.MONEY_BACK if is_credit else Movement.RETURN)
            found[name, movement.movement] += 1
            if reasons.find(movement.return_reason).reason_class is ReasonClass.UNKNOWN:
                unknown.add(movement.return_reason)
    assert unknown <= WITHOUT_MEANING
    assert {name for name, _ in found} >= {
        "nacha",
        "bacs",
        "camt",
        "pain_pacs",
        "psp/adyen",
        "psp/paypal",
        "psp/stripe",
    }


@needs_corpus
def test_every_notification_of_change_is_recognised() -> None:
    for row in rows_of("nacha"):
        assert sum(entry.purpose is Purpose.CHANGE for entry in read(row)) == row.facts["nocs"]
