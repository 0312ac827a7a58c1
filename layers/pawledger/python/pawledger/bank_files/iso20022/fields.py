"""Texts of an ISO 20022 record read as values: days, amounts, references, parties, marks of a return.

Every function takes the flat fields of a record and a path prefix where the same group of elements occurs at several
places. Nothing here reports: what cannot be read is None, and the caller knows whether that matters.
"""

from datetime import date
from functools import lru_cache
from typing import Final

from pawledger.bank_files.iso20022.xml_records import Fields
from pawledger.domain.currencies import UnknownCurrencyError
from pawledger.domain.money import AmountError, parse_amount

DAYS_KEPT: Final = 512
"""A statement names few days and names them thousands of times."""
AMOUNTS_KEPT: Final = 1024
"""The amount of an entry comes again in its detail, and many policies cost the same."""

AMOUNT_CHARACTERS_MAX: Final = 40
"""ISO 20022 amounts have at most 18 digits; a longer text is no amount, and turning it into a number takes long."""

RETURN_SUB_FAMILIES: Final = frozenset(
    {"UPDD", "PRDD", "RCDD", "RRTN", "RPCR", "ARET", "AREV", "UPCQ", "XPCQ", "CQRV", "UPCT"}
)
"""Bank transaction code sub-families (ISO 20022 external code sets) under which money goes back: unpaid, reversed or
recalled direct debits; returned or recalled credit transfers; returned or reversed ACH; unpaid cheques and cards."""

NO_REFERENCES: Final = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF"})
"""What banks write where a reference is mandatory and there is none (SEPA rulebooks: NOTPROVIDED)."""

_CREDITOR_REFERENCE: Final = "RmtInf/Strd/CdtrRefInf/Ref"
_REFERENCE_PATHS: Final = (
    _CREDITOR_REFERENCE,
    "RmtInf/Strd/RfrdDocInf/Nb",
    "Refs/EndToEndId",
    "Refs/InstrId",
    "Refs/TxId",
    "Refs/UETR",
    "Refs/ClrSysRef",
    "Refs/PmtInfId",
)
_ACCOUNT_ENDINGS: Final = ("Id/IBAN", "Id/Othr/Id", "Id/BBAN", "Id/PrtryAcct/Id")
_PARTY_NAME_ENDINGS: Final = ("/Nm", "/Pty/Nm", "/Agt/FinInstnId/Nm")
_TEXT_PATHS: Final = ("RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf")

DETAIL_TEXTS: Final = (
    *_REFERENCE_PATHS,
    *_TEXT_PATHS,
    "Refs/AcctSvcrRef",
    "Refs/MndtId",
    "Amt",
    "CdtDbtInd",
    "AmtDtls/TxAmt/Amt",
    "AmtDtls/InstdAmt/Amt",
    "BkTxCd/Domn/Cd",
    "BkTxCd/Domn/Fmly/Cd",
    "BkTxCd/Domn/Fmly/SubFmlyCd",
    "BkTxCd/Prtry/Cd",
    "RtrInf/Rsn/Cd",
    "RtrInf/Rsn/Prtry",
    "RtrInf/AddtlInf",
    "AddtlTxInf",
    *(f"RltdPties/{party}{name}" for party in ("Dbtr", "Cdtr", "UltmtDbtr") for name in _PARTY_NAME_ENDINGS),
    *(f"RltdPties/{party}Acct/{ending}" for party in ("Dbtr", "Cdtr") for ending in _ACCOUNT_ENDINGS),
)
"""Paths below a transaction's element that the functions of this module look at."""
ACCOUNT_TEXTS: Final = ("Acct/Ccy", *(f"Acct/{ending}" for ending in _ACCOUNT_ENDINGS))


def first_of(fields: Fields, paths: tuple[str, ...], prefix: str = "") -> str | None:
    """Return the first value found, trying the paths in order."""
    for path in paths:
        value = fields.get(prefix + path)
        if value is not None:
            return value.partition("\n")[0]
    return None


def account_of(fields: Fields, prefix: str) -> str | None:
    """Return the number of the account at `prefix` (`Acct/`), without blanks."""
    number = first_of(fields, _ACCOUNT_ENDINGS, prefix)
    return None if number is None else number.replace(" ", "")


@lru_cache(maxsize=DAYS_KEPT)
def day_of(text: str) -> date | None:
    """Read an ISO 8601 date, or the day of a date and time as its writer saw it; None for what is no date."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def day_at(fields: Fields, path: str) -> date | None:
    """Return the day at `path`, which holds a `Dt` or a `DtTm`."""
    text = fields.get(path + "/Dt") or fields.get(path + "/DtTm")
    return None if text is None else day_of(text)


def amount_in(fields: Fields, path: str, currency: str) -> int | None:
    """Return the minor units at `path` where they are an amount in `currency`, else None."""
    text = fields.get(path)
    if text is None or fields.get(path + "@Ccy", currency) != currency:
        return None
    return _amount_of(text, currency)


@lru_cache(maxsize=AMOUNTS_KEPT)
def _amount_of(text: str, currency: str) -> int | None:
    if len(text) > AMOUNT_CHARACTERS_MAX:
        return None
    try:
        return parse_amount(text, currency)
    except (AmountError, UnknownCurrencyError):
        return None


def references_of(fields: Fields) -> tuple[str, ...]:
    """Return the references of a transaction, the most telling first, without stand-ins and without repeats."""
    found: dict[str, None] = {}
    for path in _REFERENCE_PATHS:
        value = fields.get(path)
        if value is not None:
            for reference in value.split("\n"):
                if reference.upper() not in NO_REFERENCES:
                    found[reference] = None
    return tuple(found)


def type_code_of(fields: Fields) -> str | None:
    """Return the bank transaction code: `PMNT/IDDT/UPDD`, or the bank's own where there is no ISO one."""
    domain = fields.get("BkTxCd/Domn/Cd")
    if domain is None:
        return fields.get("BkTxCd/Prtry/Cd")
    family, sub_family = fields.get("BkTxCd/Domn/Fmly/Cd", ""), fields.get("BkTxCd/Domn/Fmly/SubFmlyCd", "")
    return f"{domain}/{family}/{sub_family}"


def return_reason_of(fields: Fields) -> str | None:
    """Return why a payment came back: the ISO code (`AC04`), or the bank's own."""
    return first_of(fields, ("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"))


def tells_return(fields: Fields) -> bool:
    """Say whether a transaction is marked as a return: by its return information or by its transaction code."""
    return (
        fields.get("BkTxCd/Domn/Fmly/SubFmlyCd") in RETURN_SUB_FAMILIES
        or "RtrInf/Rsn/Cd" in fields
        or "RtrInf/Rsn/Prtry" in fields
        or "RtrInf/AddtlInf" in fields
    )


def text_of(fields: Fields) -> str:
    """Return the remittance text of a transaction, else the bank's remark on it, lines joined by one blank."""
    lines = [fields[path] for path in _TEXT_PATHS if path in fields] or [fields.get("AddtlTxInf", "")]
    return " ".join(lines).replace("\n", " ")


def payer_of(fields: Fields, own_account: str) -> tuple[str | None, str | None]:
    """Return account and name of the other side of money received, or of a payment that came back.

    It is the debtor. Where the debtor is the holder of the statement (some banks turn the parties of a return round,
    and a returned credit transfer was the holder's own), it is the creditor.
    """
    account = account_of(fields, "RltdPties/DbtrAcct/")
    if account != own_account:
        name = first_of(fields, _PARTY_NAME_ENDINGS, "RltdPties/Dbtr")
        return account, name or first_of(fields, _PARTY_NAME_ENDINGS, "RltdPties/UltmtDbtr")
    return account_of(fields, "RltdPties/CdtrAcct/"), first_of(fields, _PARTY_NAME_ENDINGS, "RltdPties/Cdtr")
