"""The readers of our own instructions against `sepaxml`, which writes them and checks them by the schema."""

from datetime import date
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from random import Random
from typing import Any

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.records import Direction
from pawledger.bank_files.report import FileReport, Rule
from tests.builders.payment_messages import OWN_IBAN, PAYER_IBAN

pytestmark = pytest.mark.skipif(
    find_spec("sepaxml") is None, reason="the peer sepaxml is not installed (make bench does it)"
)

COMPANY = {
    "name": "Pawledger",
    "IBAN": OWN_IBAN,
    "BIC": "BANKDEFFXXX",
    "currency": "EUR",
    "creditor_id": "DE98ZZZ09999999999",
}


def payments_of(seed: int) -> list[dict[str, Any]]:
    chance = Random(seed)  # noqa: S311 - test data
    return [
        {
            "name": f"Payer {number}",
            "IBAN": PAYER_IBAN,
            "BIC": "BANKDEFFXXX",
            "amount": chance.randrange(1, 10**7),
            "type": "RCUR",
            "collection_date": date(2026, 1, 7 + chance.randrange(2)),
            "execution_date": date(2026, 1, 7 + chance.randrange(2)),
            "mandate_id": f"M-{number}",
            "mandate_date": date(2025, 1, 1),
            "description": "January",
            "endtoend_id": f"E2E-{number}",
        }
        for number in range(chance.randrange(1, 8))
    ]


@pytest.mark.parametrize(
    ("writer", "schema"),
    [
        ("SepaDD", "pain.008.001.02"),
        ("SepaDD", "pain.008.001.08"),
        ("SepaTransfer", "pain.001.001.03"),
        ("SepaTransfer", "pain.001.001.09"),
    ],
)
@pytest.mark.parametrize("is_batch", [True, False])
def test_what_sepaxml_writes_is_read_back(writer: str, schema: str, is_batch: bool) -> None:
    payments = payments_of(len(schema) + is_batch)
    expected = sorted((payment["amount"], payment["endtoend_id"], payment["name"]) for payment in payments)
    file = getattr(import_module("sepaxml"), writer)({**COMPANY, "batch": is_batch}, schema=schema)
    for payment in payments:
        file.add_payment(payment)
    content = file.export(validate=True)

    report = FileReport()
    found = list(read_bank_file(BytesIO(content), report))
    assert (report.format, report.problems) == (schema, [])
    assert sorted((each.amount_minor, each.references[0], each.payer_name) for each in found) == expected
    is_collection = writer == "SepaDD"
    assert {each.direction for each in found} == {Direction.CREDIT if is_collection else Direction.DEBIT}
    assert {each.bank_account for each in found} == {OWN_IBAN}
    assert not any(each.posts for each in found)
    assert {bool(each.mandate_id) for each in found} == {is_collection}

    total = f"{sum(amount for amount, *_ in expected) / 100:.2f}".encode()
    wrong = FileReport()
    list(read_bank_file(BytesIO(content.replace(b"<CtrlSum>" + total, b"<CtrlSum>1" + total, 1)), wrong))
    assert [problem.rule for problem in wrong.problems if problem.kind is Rule.INTEGRITY] == ["pain.control_sum"]
