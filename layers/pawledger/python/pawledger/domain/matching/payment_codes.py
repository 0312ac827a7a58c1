"""What a QR code for a SEPA credit transfer says.

Source: European Payments Council, EPC069-12, Quick Response Code: Guidelines to Enable the Data Capture for the
Initiation of a SEPA Credit Transfer, version 3.1 (2024), section 3.1 to 3.3: twelve elements, one a line.
"""

from typing import Final

from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.creditors import EEA_COUNTRIES, Creditor
from pawledger.domain.money import format_amount

SEPA_CURRENCY: Final = "EUR"
AMOUNT_MINOR_MAX: Final = 999_999_999_99
"""EUR 999,999,999.99, the largest amount that the guidelines allow; the smallest is one cent."""
PAYLOAD_BYTES_MAX: Final = 331
"""What a symbol of version 13 holds at error correction level M, which the guidelines prescribe."""

_SERVICE_TAG: Final = "BCD"
_VERSION: Final = "002"
"""The version in which the BIC may be left out inside the European Economic Area."""
_UTF_8: Final = "1"
_IDENTIFICATION: Final = "SCT"


class PaymentCodeTooLongError(PawledgerError):
    """The facts of a payment do not fit into the QR code; the creditor's name is the only long one."""


def sepa_payload_of(creditor: Creditor, amount_minor: int, reference: str) -> str | None:
    """The payload of the QR code with which a euro invoice is paid; None where the rail has no code for it.

    It holds the creditor's ISO 11649 reference as structured remittance information. There is none where the creditor
    is not paid in euro on an IBAN, where nothing is to be paid, or where an IBAN outside the European Economic Area
    has no BIC beside it.

    Raises `PaymentCodeTooLongError`.
    """
    if creditor.currency != SEPA_CURRENCY or creditor.iban is None or not 0 < amount_minor <= AMOUNT_MINOR_MAX:
        return None
    if creditor.bic is None and creditor.iban[:2] not in EEA_COUNTRIES:
        return None
    elements = (
        _SERVICE_TAG,
        _VERSION,
        _UTF_8,
        _IDENTIFICATION,
        creditor.bic or "",
        creditor.name,
        creditor.iban,
        f"{SEPA_CURRENCY}{format_amount(amount_minor, SEPA_CURRENCY)}",
        "",  # purpose: none of the codes of ISO 20022 says more than the reference does
        reference,
    )
    # Unstructured remittance information excludes structured one, and nothing is told to the payer: the last two of
    # the twelve elements are left out, because the guidelines end the payload with the last one that is filled.
    payload = "\n".join(elements)
    size = len(payload.encode())
    if size > PAYLOAD_BYTES_MAX:
        raise PaymentCodeTooLongError(f"the payment code of {reference} has {size} bytes, not {PAYLOAD_BYTES_MAX}")
    return payload
