"""Field 86 of MT940 and MT942, in the dialects of banks: German `?NN` sub-fields, slash codes, and plain text.

Sources: DFÜ agreement of the German banking industry, annex 3 (structured field 86 and SEPA identifiers); formats that
banks in the Netherlands and Poland publish for their slash codes and delimiters.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from zlib import crc32

from pawledger.bank_files.mt940.fields import NO_REFERENCES

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
_ANY_IDENTIFIER: Final = "|".join(IDENTIFIERS)
_IDENTIFIERS: Final = re.compile(rf"({_ANY_IDENTIFIER})\+|(?<![A-Za-z0-9])({_ANY_IDENTIFIER}): ")
_BLANK_IDENTIFIER: Final = re.compile(rf"\A({_ANY_IDENTIFIER}): ")
SUB_FIELD_CHARACTERS: Final = 27
"""Longest sub-field of a purpose: one that is shorter ends a line of the payer's text."""
_SLASH: Final = re.compile(
    r"/(EREF|PREF|IREF|MARF|CSID|CNTP|IBAN|BIC|NAME|REMI|TRTP|TRCD|RTRN|RTYP|PURP|ULTC|ULTD|BENM|ORDP|ADDR|ISDT"
    r"|SVCL|RRF|ID)/"
)
_RETURN_REASON: Final = re.compile(r"\b((?:A[CGM]|BE|FF|M[DS]|R[CR]|SL)[0-9]{2}|CNOR|DNOR|FOCR|DUPL|FRAD)\b")
_RETURN_WORDS: Final = re.compile(
    r"(?:R(?:Ü|UE|U)CKLASTSCHRIFT|RETOURE|RETURN(?:ED)?/?REFUND|STORNO SEPA|STORNERING)"
    r"(?!\w{0,4}[ -]?(?:GEB|ENTG|KOSTEN|SPESEN|FEE))",
    re.I,
)
"""Words for money that goes back; followed by a word for a fee they are about that fee."""
RETURN_TRACES: Final = ("CKLASTSCHRIFT", "RETOURE", "RETURN", "STORN", "RTRN", "TERUGBOEKING")
"""Where none of these is in the capitals of a field, no word in it tells of a return."""


class Information(NamedTuple):
    """What field 86 says of a movement."""

    references: tuple[str, ...]
    mandate_id: str | None
    payer_account: str | None
    payer_name: str | None
    text: str
    is_return: bool
    """True where the bank says so in a place of its own."""
    has_return_words: bool
    """True where a text says so that the payer may have written as well."""
    return_reason: str | None
    """A reason for a return, if it is one."""


NOTHING: Final = Information((), None, None, None, "", False, False, None)


def read_information(field: str) -> Information:
    """Read field 86, its lines parted by line feeds."""
    unbroken = field.replace("\n", "")
    found = _STRUCTURED.match(unbroken)
    if found:
        return _read_structured(found[1], unbroken[3:], found[2])
    if unbroken.startswith("/") or "/EREF/" in unbroken or "/REMI/" in unbroken:
        return _read_slash_codes(unbroken)
    if "EREF+" in unbroken or "SVWZ+" in unbroken or "MREF+" in unbroken:
        return _from_identifiers(_identifiers_of(unbroken), "", None, None, is_structured=False)
    text = " ".join(field.split())
    return Information((), None, None, None, text, False, tells_of_return(text), return_reason_in(text))


def checksum_of(field: str) -> str:
    """What tells fields 86 apart in identities without their texts; where their lines break does not matter."""
    return f"{crc32(field.replace(chr(10), '').encode())}"


def tells_of_return(text: str) -> bool:
    """Whether words in a text say that money goes back."""
    return bool(_RETURN_WORDS.search(text))


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
    information = _from_identifiers(
        _identifiers_of(_join_purpose(purpose)), posting, account or None, name.strip() or None, is_structured=True
    )
    if code in RETURN_CODES or tells_of_return(posting):
        return information._replace(is_return=True)
    return information


def _join_purpose(sub_fields: Sequence[str]) -> str:
    """The purpose in one line: identifiers and their values go on from one sub-field to the next, words do not."""
    together = "".join(_BLANK_IDENTIFIER.sub(r"\1+", text) for text in sub_fields)
    if _IDENTIFIERS.search(together):
        return together
    return "".join(text if len(text) >= SUB_FIELD_CHARACTERS else f"{text} " for text in sub_fields)


def _identifiers_of(purpose: str) -> Mapping[str, str]:
    """SEPA identifiers in a purpose and their values; what stands before the first is its plain text (``""``)."""
    pieces = _IDENTIFIERS.split(purpose)
    found = {"": pieces[0].strip()}
    for place in range(1, len(pieces), 3):
        found.setdefault(pieces[place] or pieces[place + 1], pieces[place + 2].strip())
    return found


def _from_identifiers(
    found: Mapping[str, str], posting: str, account: str | None, name: str | None, *, is_structured: bool
) -> Information:
    """`is_structured`: the bank has other places to say that money goes back; words in the purpose are the payer's."""
    text = " ".join(filter(None, (found.get("SVWZ"), found[""]))) or posting
    references = _references(found.get("EREF"), found.get("KREF"), found.get("RREF"))
    reason = found.get("RTRN") or return_reason_in(f"{posting} {text}")
    has_return_words = not is_structured and tells_of_return(text)
    payer_account = account or found.get("IBAN", "").replace(" ", "") or None
    payer_name = name or found.get("ABWA") or found.get("ANAM") or None
    return Information(
        *(references, _known(found.get("MREF")), payer_account, payer_name, text),
        *("RTRN" in found, has_return_words, reason),
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
    posting = found.get("TRTP") or found.get("RTYP") or ""
    is_return = "RTRN" in found or tells_of_return(posting) or bool(re.search("terugboeking", posting, re.I))
    reason = found.get("RTRN", "").strip("/ ").partition("/")[0]
    return Information(
        _references(*(found.get(code, "").strip("/ ") for code in ("EREF", "PREF", "IREF"))),
        _known(found.get("MARF", "").strip("/ ")),
        account.strip("/ ").replace(" ", "") or None,
        name.strip("/ ") or None,
        text,
        is_return,
        not posting and tells_of_return(text),
        reason or return_reason_in(text),
    )


def _references(*texts: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text and text.upper() not in NO_REFERENCES))


def _known(text: str | None) -> str | None:
    return text if text and text.upper() not in NO_REFERENCES else None
