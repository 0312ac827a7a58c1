"""NACHA read by Pawledger and by carta-ach, which checks no totals: both must find the same entries.

carta-ach knows one layout of entries, so that only classes with the ordinary one are compared.
"""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files.nacha.reader import read_nacha
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.corpus import corpus_rows, needs_corpus
from tests.builders.nacha_file import Batch, Entry, numbered, remittance, returned, write_nacha

parser = pytest.importorskip("ach.parser", reason="carta-ach is not installed: make .venv/.benchmarks-installed")

Told = list[tuple[str, int, str, str, str]]
"""Transaction code, amount, trace number, account and name of each entry."""

BATCHES = st.lists(
    st.builds(
        Batch,
        entries=st.lists(
            st.builds(
                Entry,
                code=st.sampled_from(("22", "27", "37", "26", "23")),
                amount_minor=st.integers(min_value=1, max_value=10**9),
                account=st.text(alphabet="0123456789-", min_size=1, max_size=17),
                individual_id=st.text(alphabet="ABC0123456789", max_size=15),
                name=st.text(alphabet="ABCDEFG .'", max_size=22),
                addenda=st.sampled_from(((), (remittance("INVOICE 7"),), (returned("R01"),))),
            ),
            min_size=1,
            max_size=30,
        ).map(tuple),
    ),
    min_size=1,
    max_size=3,
).map(numbered)

OTHER_LAYOUTS = {"ADV", "ATX", "CTX", "ENR", "IAT", "SHR"}


def read_with_pawledger(content: bytes) -> tuple[Told, FileReport]:
    report = FileReport()
    told = [
        (entry.identity[4], entry.amount_minor, entry.identity[3], entry.payer_account or "", entry.payer_name or "")
        for entry in read_nacha(BytesIO(content), report)
    ]
    return told, report


def read_with_carta_ach(content: bytes) -> Told:
    parsed: Any = parser.Parser(content.decode()).as_dict()
    details = [entry["entry_detail"] for batch in parsed["batches"] for entry in batch["entries"]]
    return [
        (
            detail["transaction_code"],
            int(detail["amount"]),
            detail["trace_num"],
            detail["dfi_acnt_num"].strip(),
            detail["ind_name"].strip(),
        )
        for detail in details
    ]


@given(BATCHES)
def test_both_find_the_same_entries_in_built_files(batches: tuple[Batch, ...]) -> None:
    content = write_nacha(*batches)
    told, _ = read_with_pawledger(content)
    assert told == read_with_carta_ach(content)


@needs_corpus
def test_both_find_the_same_entries_in_accepted_files_of_the_corpus() -> None:
    compared = 0
    for row in corpus_rows("nacha"):
        content = row.path.read_bytes()
        classes = set(str(row.facts.get("sec", "")).split(","))
        # Records without line breaks between them are none to carta-ach; packed files it does not unpack.
        if row.path.suffix == ".gz" or b"\n" not in content.strip() or classes & OTHER_LAYOUTS or b"IATCOR" in content:
            continue
        told, report = read_with_pawledger(content)
        if report.verdict is Verdict.ACCEPTED:
            assert told == read_with_carta_ach(content), row.path.name
            compared += 1
    assert compared >= 50
