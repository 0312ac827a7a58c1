"""Codes of Bacs reports: reasons by report, transaction codes and record types.

Source: reason codes of the Bacs Direct Debit scheme as published by payment institutions (ARUDD, ADDACS, AUDDIS and
DDICA). ARUDD in XML also has codes of four digits; no table of them is public, so that they are kept and told.
"""

from typing import Final

REASONS: Final = {
    "bacs.arudd": frozenset("0123456789AB"),
    "bacs.addacs": frozenset("0123BCDER"),
    "bacs.auddis": frozenset("12356BCFGHIKLMNOPQ"),
    "bacs.ddica": frozenset("12345678"),
}
"""Reason codes by report."""
ONLY_OF: Final = {
    "bacs.addacs": REASONS["bacs.addacs"] - REASONS["bacs.auddis"],
    "bacs.auddis": REASONS["bacs.auddis"] - REASONS["bacs.addacs"],
}
"""Reason codes that tell which of the two reports of instructions a file is."""

COLLECTION_CODES: Final = frozenset(("01", "17", "18", "19"))
"""Transaction codes of Direct Debit collections: first, regular, represented and final."""

ADDACS_RECORD_TYPES: Final = frozenset(("A",))
"""Record types of advices that the payer's bank changed or cancelled an instruction."""
AUDDIS_RECORD_TYPES: Final = frozenset(("D", "N"))
"""Record types of advices that a bank returned an instruction."""
SUMMARY_RECORD_TYPES: Final = frozenset(("R", "V"))
"""Record types that tell how many instructions of a submission were rejected and accepted, and are of none."""
