"""Discrepancies: identity, suggestions and the stored form."""

import json
import re
from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.canonical import write_canonical
from pawledger.domain.worklist.discrepancies import (
    Discrepancy,
    DiscrepancyKind,
    discrepancy_as_json,
    discrepancy_from_json,
)

SHORT = Discrepancy(
    kind=DiscrepancyKind.UNDERPAYMENT,
    subject="payment#1",
    born_on=date(2026, 2, 2),
    what="Payment of 9.00 EUR settles HOME0001-0001 9.00.",
    account_id="HOME0001",
    currency="EUR",
    amount_minor=100,
)


def test_the_same_finding_has_the_same_id_whenever_and_in_whatever_words_it_is_found_again() -> None:
    again = replace(SHORT, born_on=date(2026, 3, 3), what="Other words.", amount_minor=200)
    assert again.discrepancy_id == SHORT.discrepancy_id
    assert re.fullmatch(r"underpayment-[0-9a-f]{16}", SHORT.discrepancy_id)


@pytest.mark.parametrize(
    "other",
    [
        replace(SHORT, subject="payment#2"),
        replace(SHORT, account_id="HOME0002"),
        replace(SHORT, account_id=None),
        replace(SHORT, kind=DiscrepancyKind.OVERPAYMENT),
    ],
)
def test_another_finding_has_another_id(other: Discrepancy) -> None:
    assert other.discrepancy_id != SHORT.discrepancy_id


@pytest.mark.parametrize("kind", DiscrepancyKind)
def test_every_kind_tells_a_person_what_to_do_in_a_sentence(kind: DiscrepancyKind) -> None:
    suggestion = replace(SHORT, kind=kind).suggestion
    assert suggestion[0].isupper()
    assert suggestion.endswith(".")


@pytest.mark.parametrize(
    "discrepancy", [SHORT, Discrepancy(DiscrepancyKind.FILE_UNREADABLE, "file#1", date(2026, 2, 2), "Line 3 is cut.")]
)
def test_a_discrepancy_survives_being_stored(discrepancy: Discrepancy) -> None:
    stored = write_canonical(discrepancy_as_json(discrepancy))
    assert discrepancy_from_json(json.loads(stored)) == discrepancy
