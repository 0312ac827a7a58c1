"""The books of one environment as the command line reads them. No AWS library is loaded here."""

import os
from dataclasses import dataclass
from typing import Final

from pawledger.ports import BankFileRegister, DiscrepancyBook, Ledger, LedgerArchive

ENVIRONMENT_VARIABLE: Final = "PAWLEDGER_ENVIRONMENT"
ENVIRONMENT_DEFAULT: Final = "production"


@dataclass(frozen=True, slots=True)
class Books:
    """What the command line reads of one environment; it writes nothing."""

    ledger: Ledger
    archive: LedgerArchive
    discrepancies: DiscrepancyBook
    register: BankFileRegister


def choose_environment(named: str | None) -> str:
    """The environment named on the command line, else in `PAWLEDGER_ENVIRONMENT`, else production."""
    return named or os.environ.get(ENVIRONMENT_VARIABLE) or ENVIRONMENT_DEFAULT
