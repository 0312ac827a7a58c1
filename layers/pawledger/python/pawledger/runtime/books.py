"""The books of one environment as the command line has them. No AWS library is loaded here."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pawledger.ports import (
    BankFileRegister,
    BankFileStore,
    DiscrepancyBook,
    HolidayCalendars,
    Ledger,
    LedgerArchive,
    Pause,
    ReferenceBook,
    RunBook,
)

ENVIRONMENT_VARIABLE: Final = "PAWLEDGER_ENVIRONMENT"
ENVIRONMENT_DEFAULT: Final = "production"


@dataclass(frozen=True, slots=True)
class Books:
    """What the command line works with in one environment.

    It writes what persons decide: about bill runs, discrepancies, refunds and write-offs.
    """

    ledger: Ledger
    archive: LedgerArchive
    discrepancies: DiscrepancyBook
    register: BankFileRegister
    runs: RunBook
    pause: Pause
    open_store: Callable[[], BankFileStore]
    """The bucket of bank files, opened only by who needs it."""
    find_actor: Callable[[], str]
    """Who the credentials say is at work: the name under which a decision is kept."""
    references: ReferenceBook
    holidays: HolidayCalendars


def choose_environment(named: str | None) -> str:
    """The environment named on the command line, else in `PAWLEDGER_ENVIRONMENT`, else production."""
    return named or os.environ.get(ENVIRONMENT_VARIABLE) or ENVIRONMENT_DEFAULT
