"""The money of an entry or of a detail in a cash report: amount, currency, direction, and what its codes mean."""

from functools import lru_cache
from typing import Final, NamedTuple

from pawledger.bank_files.iso20022.codes import BOOKED, CHARGE_SUB_FAMILIES, ENTRY_STATUSES, RETURN_SUB_FAMILIES
from pawledger.bank_files.iso20022.fields import amount_in, type_code
from pawledger.bank_files.iso20022.reading import shown
from pawledger.bank_files.iso20022.shapes import Fields, Record
from pawledger.bank_files.iso20022.statement import TRUE_TEXTS, Statement
from pawledger.bank_files.records import Direction
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

MEANINGS_KEPT: Final = 64
"""Sets of codes that entries have in common; a statement has a handful, and repeats each thousands of times."""
DIRECTIONS: Final = {"CRDT": Direction.CREDIT, "DBIT": Direction.DEBIT}
MEANING_PATHS: Final = (
    *("CdtDbtInd", "Sts/Cd", "Sts", "Sts/Prtry", "RvslInd"),
    *("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd", "BkTxCd/Prtry/Cd"),
)
"""Where the codes stand that `meaning_of` reads."""

AMOUNT_PATHS: Final = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
"""Where a detail tells its amount: its own, that of the transaction, that of the instruction."""


class Meaning(NamedTuple):
    """What the codes of an entry mean."""

    direction: Direction | None
    """None where the entry is neither credit nor debit."""
    side: str
    """The direction as it stands in identities."""
    status: str | None
    is_booked: bool
    is_return: bool
    is_charge: bool
    type_code: str | None


@lru_cache(maxsize=MEANINGS_KEPT)
def meaning_of(codes: tuple[str | None, ...]) -> Meaning:
    """Read the codes of an entry, given in the order of `MEANING_PATHS`.

    The status is a text (versions before .08) or a code (from .08 on).
    """
    indicator, status_code, status_text, own_status, reversal, domain, family, sub_family, own_code = codes
    status = status_code or status_text or own_status
    direction = DIRECTIONS.get(indicator or "")
    return Meaning(
        direction=direction,
        side="" if direction is None else direction.value,
        status=status,
        is_booked=status in (BOOKED, None),
        is_return=sub_family in RETURN_SUB_FAMILIES or reversal in TRUE_TEXTS,
        is_charge=sub_family in CHARGE_SUB_FAMILIES,
        type_code=type_code(domain, family, sub_family, own_code),
    )


class Movement(NamedTuple):
    """An amount that was read."""

    amount_minor: int
    currency: str
    direction: Direction

    @property
    def signed_minor(self) -> int:
        return self.amount_minor if self.direction is Direction.CREDIT else -self.amount_minor


def read_movement(fields: Fields, account_currency: str | None) -> Movement | None:
    """Read the money of an entry, None where that cannot be done."""
    currency = fields.get("Amt@Ccy") or account_currency
    direction = DIRECTIONS.get(fields.get("CdtDbtInd", ""))
    if currency is None or direction is None:
        return None
    amount_minor = amount_in(fields, "Amt", currency)
    if amount_minor is None or amount_minor < 0:
        return None
    return Movement(amount_minor, currency, direction)


def read_detail(detail: Fields, entry: Movement) -> Movement | None:
    """Read the money of a detail in its entry's currency; it has the entry's direction where it names none."""
    direction = DIRECTIONS.get(detail.get("CdtDbtInd", ""), entry.direction)
    for path in AMOUNT_PATHS:
        amount_minor = amount_in(detail, path, entry.currency)
        if amount_minor is not None and amount_minor >= 0:
            return Movement(amount_minor, entry.currency, direction)
    return None


def check_status(statement: Statement, status: str | None, line: int) -> None:
    """Tell of a status that is none of the known ones."""
    if status is None:
        statement.warn("camt.status_missing", "no status: read as booked", line, "Ntry/Sts")
    elif status not in ENTRY_STATUSES:
        message = f"unknown status {shown(status)}: not posted"
        statement.reading.warn_once("camt.status_unknown", status, message, line, "Ntry/Sts")


def report_unread(statement: Statement, entry: Record, *, is_booked: bool) -> None:
    """Name why the money of an entry could not be read; of an entry that posts nothing it is only a warning."""
    fields, line = entry.fields, entry.line
    report = statement.fail if is_booked else statement.warn
    currency = fields.get("Amt@Ccy") or statement.currency
    if fields.get("CdtDbtInd") not in DIRECTIONS:
        message = f"neither credit nor debit: {shown(fields.get('CdtDbtInd'))}"
        report("camt.direction", message, line, "Ntry/CdtDbtInd")
    if "Amt" not in fields:
        report("camt.amount_missing", "an entry without an amount", line, "Ntry/Amt")
    elif currency is None:
        report("camt.currency_missing", "neither the amount nor the account has a currency", line, "Ntry/Amt/@Ccy")
    elif currency not in MINOR_UNIT_DECIMALS:
        report("camt.currency_unknown", f"{shown(currency)} is not an ISO 4217 currency", line, "Ntry/Amt/@Ccy")
    elif (amount_minor := amount_in(fields, "Amt", currency)) is None or amount_minor < 0:
        message = f"{shown(fields['Amt'])} is not an unsigned amount in whole minor units of {currency}"
        report("camt.amount", message, line, "Ntry/Amt")
