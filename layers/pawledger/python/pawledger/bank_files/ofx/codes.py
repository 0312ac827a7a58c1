"""Transaction types of OFX, and what each of them says of a movement.

Source: OFX specification 2.2, section 11.4.3 (values of TRNTYPE). Only the codes are listed.
"""

from typing import Final

from pawledger.bank_files.records import Purpose

_TYPES: Final = """
CREDIT DEBIT INT DIV FEE SRVCHG DEP ATM POS XFER CHECK PAYMENT CASH DIRECTDEP DIRECTDEBIT REPEATPMT HOLD OTHER
"""

TRANSACTION_TYPES: Final = frozenset(_TYPES.split())
"""The types that the specification lists."""
RETURN_TYPES: Final = frozenset(("CHARGEBACK", "RETURN", "REVERSAL"))
"""Types outside the specification whose only meaning is that money goes back."""
HELD_TYPE: Final = "HOLD"
"""Money that is set aside and not booked."""

PURPOSES: Final = {
    "FEE": Purpose.FEE,
    "SRVCHG": Purpose.FEE,
    **dict.fromkeys(RETURN_TYPES, Purpose.RETURN),
}
"""Purpose by type; every other type is a payment."""

CREDIT_TYPE: Final = "CREDIT"
DEBIT_TYPE: Final = "DEBIT"
"""The two types that mean nothing but a direction, which the sign of the amount must not contradict."""

ERROR_SEVERITY: Final = "ERROR"
SEVERITIES: Final = frozenset(("INFO", "WARN", ERROR_SEVERITY))
"""Severities of a status; an error answers in place of what was asked for."""
