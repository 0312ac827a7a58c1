"""Field 86 of MT940 and MT942, in the dialects of banks: German `?NN` sub-fields, slash codes, and plain text.

Sources: DFÜ agreement of the German banking industry, annex 3 (structured field 86 and SEPA identifiers); formats that
banks in the Netherlands and Poland publish for their slash codes and delimiters.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from zlib import crc32

from pawledger.bank_files.mt940_fields import NO_REFERENCES

REFERENCES_MAX: Final = 16
"""Most references taken from one movement; a payment settles an invoice or a few."""

RETURN_CODES: Final = frozenset({"108", "109", "159", "181", "184"})
"""Transaction codes of the German structure under which money goes back: direct debits that were returned to us (108,
109) or given back to us (181, 184), and credit transfers that came back (159)."""

_STRUCTURED: Final = re.compile(r"([0-9]{3})([^A-Za-z0-9\s])(?=[0-9]{2})")
IDENTIFIERS: Final = (
    *("EREF", "KREF", "MREF", "CRED", "DEBT", "SVWZ", "ABWA", "ABWE", "COAM", "OAMT", "PURP"),
    *("RREF", "RTRN", "IBAN", "BIC", "ANAM"),
)
"""SEPA identifiers in a purpose: end-to-end, own and mandate reference, creditor, debtor, remittance, parties, ..."""
_IDENTIFIERS: Final = re.compile(rf"({'|'.join(IDENTIFIERS)})(?:\+|: )")
_SLASH: Final = re.compile(
    r"/(EREF|PREF|IREF|MARF|CSID|CNTP|IBAN|BIC|NAME|REMI|TRTP|TRCD|RTRN|RTYP|PURP|ULTC|ULTD|BENM|ORDP|ADDR|ISDT"
    r"|CSID|SVCL|RRF|ID)/"
)
_RETURN_REASON: Final = re.compile(r"\b((?:A[CGM]|BE|FF|M[DS]|R[CR]|SL)[0-9]{2}|CNOR|DNOR|FOCR|DUPL|FRAD)\b")
_RETURN_WORDS: Final = re.compile(
    r"R(?:Ü|UE|U)CKLASTSCHRIFT|RETOURE|RETURN(?:ED)?/?REFUND|STORNO SEPA|STORNERING", re.I
)
RETURN_TRACES: Final = ("CKLASTSCHRIFT", "RETOURE", "RETURN", "STORN", "RTRN")
"""Where none of these is in the capitals of a field, no word in it tells of a return."""


class Information(NamedTuple):
    """What field 86 says of a movement."""

    references: tuple[str, ...]
    mandate_id: str | None
    payer_account: str | None
    payer_name: str | None
    text: str
    is_return: bool
    return_reason: str | None


NOTHING: Final = Information((), None, None, None, "", False, None)


def read_information(field: str) -> Information:
    """Read field 86, its lines parted by line feeds."""
    found = _STRUCTURED.match(field)
    if found:
        return _read_structured(found[1], field[3:].replace("\n", ""), found[2])
    if field.startswith("/") or "/EREF/" in field or "/REMI/" in field:
        return _read_slash_codes(field.replace("\n", ""))
    if "EREF+" in field or "SVWZ+" in field or "MREF+" in field:
        return _from_identifiers(_identifiers_of(field.replace("\n", "")), "", None, None, is_return=False)
    text = " ".join(field.split())
    is_return = bool(_RETURN_WORDS.search(text))
    return Information((), None, None, None, text, is_return, return_reason_in(text) if is_return else None)


def checksum_of(field: str) -> str:
    """What tells fields 86 apart in identities without their texts; where their lines break does not matter."""
    return f"{crc32(field.replace(chr(10), '').encode())}"


def return_reason_in(text: str) -> str | None:
    """A return reason of ISO 20022 (`AC04`, `MD01`) that stands in a text as a word of its own."""
    found = _RETURN_REASON.search(text)
    return found[1] if found else None


def _read_structured(code: str, body: str, delimiter: str) -> Information:
    """Sub-fields of two digits: 20 to 29 and 60 to 63 hold the purpose, 30 to 33 the other side, 34 a key."""
    account = name = posting = ""
    purpose = []
    for part in body.split(delimiter)[1:]:
        number, text = part[:2], part[2:]
        if "20" <= number <= "29" or "60" <= number <= "63":
            purpose.append(text)
        elif number == "31":
            account = text.strip().replace(" ", "")
        elif number in ("32", "33"):
            name += text
        elif number == "00":
            posting = text
        elif not number.isdigit() and purpose:
            # A delimiter in the purpose itself.
            purpose[-1] += delimiter + part
    together = "".join(purpose)
    is_return = code in RETURN_CODES or bool(_RETURN_WORDS.search(posting))
    return _from_identifiers(
        _identifiers_of(together), posting, account or None, name.strip() or None, is_return=is_return
    )


def _identifiers_of(purpose: str) -> Mapping[str, str]:
    """SEPA identifiers in a purpose and their values; what stands before the first is its plain text (``""``)."""
    pieces = _IDENTIFIERS.split(purpose)
    found = {"": pieces[0].strip()}
    for place in range(1, len(pieces), 2):
        found.setdefault(pieces[place], pieces[place + 1].strip())
    return found


def _from_identifiers(
    found: Mapping[str, str], posting: str, account: str | None, name: str | None, *, is_return: bool
) -> Information:
    text = " ".join(filter(None, (found.get("SVWZ"), found[""]))) or posting
    references = _references(found.get("EREF"), found.get("KREF"), found.get("RREF"))
    is_return = is_return or "RTRN" in found or bool(_RETURN_WORDS.search(text))
    reason = (found.get("RTRN") or return_reason_in(" ".join((posting, text)))) if is_return else None
    payer_account = account or found.get("IBAN", "").replace(" ", "") or None
    payer_name = name or found.get("ABWA") or found.get("ANAM") or None
    return Information(
        references, _known(found.get("MREF")), payer_account, payer_name, text, is_return, reason or None
    )


def _read_slash_codes(field: str) -> Information:
    """Codes between slashes, each with what follows up to the next one; `CNTP` holds account, bank and name."""
    pieces = _SLASH.split(field)
    found: dict[str, str] = {}
    for place in range(1, len(pieces), 2):
        found.setdefault(pieces[place], pieces[place + 1].strip())
    party = found.get("CNTP", "").split("/")
    remittance = re.sub(r"^/?(?:USTD|STRD)//?|^/?STRD/CUR/", "", found.get("REMI", "").strip()).strip("/ ")
    account = found.get("IBAN") or party[0]
    name = found.get("NAME") or (party[2] if len(party) > 2 else "") or found.get("ORDP", "").removeprefix("/NAME/")
    text = remittance or " ".join(pieces[0].strip("/ ").split()) or found.get("TRTP", "").strip("/ ")
    is_return = "RTRN" in found or bool(_RETURN_WORDS.search(found.get("TRTP", "") or text))
    reason = found.get("RTRN", "").strip("/ ").partition("/")[0]
    return Information(
        _references(*(found.get(code, "").strip("/ ") for code in ("EREF", "PREF", "IREF"))),
        _known(found.get("MARF", "").strip("/ ")),
        account.strip("/ ").replace(" ", "") or None,
        name.strip("/ ") or None,
        text,
        is_return,
        (reason or return_reason_in(text)) if is_return else None,
    )


def _references(*texts: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text and text.upper() not in NO_REFERENCES))


def _known(text: str | None) -> str | None:
    return text if text and text.upper() not in NO_REFERENCES else None
