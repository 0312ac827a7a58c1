"""The QR code of a SEPA credit transfer, against the element list of EPC069-12 version 3.1."""

from decimal import Decimal

import pytest
import segno.helpers

from pawledger.domain.matching.creditors import Creditor, group_by_four, is_iban
from pawledger.domain.matching.payment_codes import AMOUNT_MINOR_MAX, PaymentCodeTooLongError, sepa_payload_of
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from tests.builders.documents import build_creditor

REFERENCE = creditor_reference_of(InvoiceAddress("ABCD1234", 1))
SWISS = {"iban": "CH9300762011623852957"}


def test_every_element_stands_in_its_place() -> None:
    payload = sepa_payload_of(build_creditor(bic="BANKDEXXXXX"), 12_345_67, REFERENCE)

    assert payload is not None
    assert payload.split("\n") == [
        "BCD",  # service tag
        "002",  # version
        "1",  # character set: UTF-8
        "SCT",  # identification
        "BANKDEXXXXX",  # BIC of the beneficiary's bank
        "Sample Pet Insurance",  # name of the beneficiary
        "DE89370400440532013000",  # account of the beneficiary
        "EUR12345.67",  # amount
        "",  # purpose
        REFERENCE,  # remittance information, structured; nothing follows the last element that is filled
    ]


@pytest.mark.parametrize("amount_minor", [1, 99, 100, 12_345_67, AMOUNT_MINOR_MAX])
@pytest.mark.parametrize("bic", [None, "BANKDEXXXXX"])
def test_the_payload_means_what_an_independent_maker_writes(amount_minor: int, bic: str | None) -> None:
    creditor = build_creditor(bic=bic)
    theirs = segno.helpers._make_epc_qr_data(  # type: ignore[attr-defined]  # the bytes before they are drawn
        name=creditor.name,
        iban=creditor.iban,
        amount=Decimal(amount_minor) / 100,
        text=None,
        reference=REFERENCE,
        bic=bic,
        purpose=None,
        encoding="utf-8",
    ).decode()

    ours = sepa_payload_of(creditor, amount_minor, REFERENCE)

    assert ours is not None
    for our_element, their_element in zip(ours.split("\n"), theirs.split("\n"), strict=False):
        if our_element.startswith("EUR"):  # they leave zeros behind the point out
            assert Decimal(our_element[3:]) == Decimal(their_element[3:])
        else:
            assert our_element == their_element
    assert len(theirs.split("\n")) == len(ours.split("\n"))


@pytest.mark.parametrize(
    ("creditor", "amount_minor"),
    [
        (build_creditor("GBP", iban="GB29NWBK60161331926819"), 100),
        (build_creditor(iban=None, bank_details=(("Account", "1"),)), 100),
        (build_creditor(), 0),
        (build_creditor(), AMOUNT_MINOR_MAX + 1),
        (build_creditor(**SWISS), 100),
    ],
    ids=["another currency", "no IBAN", "nothing to pay", "more than the rail takes", "outside the EEA without BIC"],
)
def test_where_the_rail_has_no_code_there_is_none(creditor: Creditor, amount_minor: int) -> None:
    assert sepa_payload_of(creditor, amount_minor, REFERENCE) is None


def test_outside_the_european_economic_area_the_bic_makes_the_code() -> None:
    assert sepa_payload_of(build_creditor(bic="BANKCHXXXXX", **SWISS), 100, REFERENCE) is not None


def test_a_name_of_seventy_letters_of_four_bytes_is_refused_where_it_does_not_fit() -> None:
    with pytest.raises(PaymentCodeTooLongError, match="bytes, not 331"):
        sepa_payload_of(build_creditor(name="\N{GOTHIC LETTER AHSA}" * 70), 100, REFERENCE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Examples of the IBAN registry.
        ("DE89370400440532013000", True),
        ("GB29NWBK60161331926819", True),
        ("NO9386011117947", True),
        ("MT84MALT011000012345MTLCAST001S", True),
        ("DE88370400440532013000", False),
        ("DE90370400440532013000", False),
        ("DE89 3704 0044 0532 0130 00", False),
        ("de89370400440532013000", False),
        ("DE89", False),
        ("", False),
    ],
)
def test_ibans_are_told_by_form_and_check_digits(text: str, expected: bool) -> None:
    assert is_iban(text) is expected


def test_long_numbers_are_printed_in_groups_of_four() -> None:
    assert group_by_four("NO9386011117947") == "NO93 8601 1117 947"
