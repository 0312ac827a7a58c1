"""Texts of an ISO 20022 record read as values: days, amounts, references, parties, marks of a return.

Every function takes the flat fields of a record and a path prefix where the same group of elements occurs at several
places. Nothing here reports: what cannot be read is None, and the caller knows whether that matters.
"""

from datetime import date
from functools import lru_cache
from typing import Final

from pawledger.bank_files.iso20022.codes import RETURN_SUB_FAMILIES
from pawledger.bank_files.iso20022.shapes import Fields
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS, UnknownCurrencyError
from pawledger.domain.money import AmountError, parse_amount

DAYS_KEPT: Final = 512
"""A statement names few days and names them thousands of times."""
AMOUNT_CHARACTERS_MAX: Final = 40
"""ISO 20022 amounts have at most 18 digits; a longer text is no amount, and turning it into a number takes long."""

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
ACCOUNT_ENDINGS: Final = ("Id/IBAN", "Id/Othr/Id", "Id/BBAN", "Id/PrtryAcct/Id")
PARTY_NAME_ENDINGS: Final = ("/Nm", "/Pty/Nm", "/Agt/FinInstnId/Nm")
_TEXT_PATHS: Final = ("RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf")
_RETURN_REASON_PATHS: Final = ("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry")

_DEBTOR_NAMES: Final = tuple(
    f"RltdPties/{party}{ending}" for party in ("Dbtr", "UltmtDbtr") for ending in PARTY_NAME_ENDINGS
)
_CREDITOR_NAMES: Final = tuple(f"RltdPties/Cdtr{ending}" for ending in PARTY_NAME_ENDINGS)
_DEBTOR_ACCOUNTS: Final = tuple(f"RltdPties/DbtrAcct/{ending}" for ending in ACCOUNT_ENDINGS)
_CREDITOR_ACCOUNTS: Final = tuple(f"RltdPties/CdtrAcct/{ending}" for ending in ACCOUNT_ENDINGS)

_CHARGE_PATHS: Final = ("Chrgs/Rcrd", "Chrgs")
"""Charges of the versions from .04 on, and of those before."""
CHARGE_TEXTS: Final = tuple(f"{path}/{leaf}" for path in _CHARGE_PATHS for leaf in ("Amt", "CdtDbtInd"))

DETAIL_TEXTS: Final = (
    *_REFERENCE_PATHS,
    *_TEXT_PATHS,
    "Refs/AcctSvcrRef",
    "Refs/MndtId",
    "Amt",
    "CdtDbtInd",
    "AmtDtls/TxAmt/Amt",
    "AmtDtls/InstdAmt/Amt",
    *CHARGE_TEXTS,
    "BkTxCd/Domn/Cd",
    "BkTxCd/Domn/Fmly/Cd",
    "BkTxCd/Domn/Fmly/SubFmlyCd",
    "BkTxCd/Prtry/Cd",
    *_RETURN_REASON_PATHS,
    "RtrInf/AddtlInf",
    "AddtlTxInf",
    *_DEBTOR_NAMES,
    *_CREDITOR_NAMES,
    *_DEBTOR_ACCOUNTS,
    *_CREDITOR_ACCOUNTS,
)
"""Paths below a transaction's element that the functions of this module look at."""
_OWN_ACCOUNTS: Final = tuple(f"Acct/{ending}" for ending in ACCOUNT_ENDINGS)
ACCOUNT_TEXTS: Final = ("Acct/Ccy", *_OWN_ACCOUNTS)


def first_of(fields: Fields, paths: tuple[str, ...]) -> str | None:
    """Return the first value found, trying the paths in order."""
    for path in paths:
        if path in fields:
            return fields[path].partition("\n")[0]
    return None


def account_at(fields: Fields, paths: tuple[str, ...]) -> str | None:
    number = first_of(fields, paths)
    return None if number is None else number.replace(" ", "")


def own_account_of(fields: Fields) -> str | None:
    """Return the number of the account that a statement is about, without blanks."""
    return account_at(fields, _OWN_ACCOUNTS)


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


def _amount_of(text: str, currency: str) -> int | None:
    if len(text) > AMOUNT_CHARACTERS_MAX:
        return None
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if len(fraction) == MINOR_UNIT_DECIMALS.get(currency) and digits.isascii() and digits.isdigit():
        # Written out to the minor unit without a sign, as banks do: the digits are the minor units.
        return int(digits)
    try:
        return parse_amount(text, currency)
    except (AmountError, UnknownCurrencyError):
        return None


def charges_in(fields: Fields, currency: str) -> int | None:
    """Return the minor units of all charges together where each of them is a debit in `currency`, else None."""
    for path in _CHARGE_PATHS:
        texts = fields.get(f"{path}/Amt")
        if texts is None:
            continue
        currencies = fields.get(f"{path}/Amt@Ccy", currency).split("\n")
        amounts = [_amount_of(text, currency) for text in texts.split("\n")]
        known = [amount for amount in amounts if amount is not None and amount >= 0]
        is_debit = "CRDT" not in fields.get(f"{path}/CdtDbtInd", "")
        return sum(known) if is_debit and set(currencies) == {currency} and len(known) == len(amounts) else None
    return None


def references_of(fields: Fields) -> tuple[str, ...]:
    """Return the references of a transaction, the most telling first, without stand-ins and without repeats."""
    found: dict[str, None] = {}
    for path in _REFERENCE_PATHS:
        if path in fields:
            for reference in fields[path].split("\n"):
                if reference.upper() not in NO_REFERENCES:
                    found[reference] = None
    return tuple(found)


def type_code(domain: str | None, family: str | None, sub_family: str | None, own_code: str | None) -> str | None:
    """Write a bank transaction code as `PMNT/IDDT/UPDD`, or the bank's own where there is no ISO one."""
    return own_code if domain is None else f"{domain}/{family or ''}/{sub_family or ''}"


def type_code_of(fields: Fields) -> str | None:
    """Return the bank transaction code of a transaction, None where it has none of its own."""
    domain, own_code = fields.get("BkTxCd/Domn/Cd"), fields.get("BkTxCd/Prtry/Cd")
    if domain is None:
        return own_code
    family, sub_family = fields.get("BkTxCd/Domn/Fmly/Cd"), fields.get("BkTxCd/Domn/Fmly/SubFmlyCd")
    return type_code(domain, family, sub_family, own_code)


def return_reason_of(fields: Fields) -> str | None:
    """Return why a payment came back: the ISO code (`AC04`), or the bank's own."""
    return first_of(fields, _RETURN_REASON_PATHS)


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
    account = account_at(fields, _DEBTOR_ACCOUNTS)
    if account != own_account:
        return account, first_of(fields, _DEBTOR_NAMES)
    return account_at(fields, _CREDITOR_ACCOUNTS), first_of(fields, _CREDITOR_NAMES)
