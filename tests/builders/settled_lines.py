"""Lines of a bank statement that look like a provider's payout, its reports, and days that are closed over them."""

from dataclasses import replace
from datetime import date
from typing import Final

from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.posting.settlements import Settlement
from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.rules.provider_profiles import ProviderProfile
from pawledger.rules.settlement_terms import SettlementTerms
from pawledger.services.closing.close_day import DayProof, close_day
from pawledger.services.receiving.file_calendar import FileCalendarPorts
from pawledger.services.receiving.payment_chunks import ChunkedMovement
from tests.builders.services import chunked_payment, connect_closing, post
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import MemoryWorld

LEDGER: Final = "SETTLEMENT-stripe-EUR"
FRIDAY: Final = date(2026, 11, 20)
TOO_LATE: Final = date(2026, 11, 30)
"""Ten days later: two business days and one for the report are over."""

_TERMS: Final = SettlementTerms(
    bank="bank", account=None, descriptors=("STRIPE",), days_until_arrival=2, holidays=(), codes=frozenset()
)
_STRIPE: Final = ProviderProfile("stripe", "Stripe", ("stripe",), ("stripe",), settlement=_TERMS)


def tell_line(
    world: MemoryWorld, amount_minor: int, name: str = "line", *, is_debit: bool = False, on: date = FRIDAY
) -> None:
    """The bank books something under the name of the provider."""
    movement = Movement.OTHER_DEBIT if is_debit else Movement.PAYMENT
    _tell(world, chunked_payment(name, movement=movement, amount_minor=amount_minor, booked_on=on))


def tell_payout(world: MemoryWorld, amount_minor: int, name: str = "payout", *, on: date = FRIDAY) -> None:
    """A report of the provider tells of a payout."""
    _tell(world, chunked_payment(name, movement=Movement.PAYOUT, amount_minor=amount_minor, booked_on=on))


def _tell(world: MemoryWorld, movement: ChunkedMovement) -> None:
    file_id = movement.payment_id.ljust(64, "0")
    post(world, [replace(movement, settlement=Settlement("stripe", _TERMS.days_until_arrival))], file_id=file_id)


def close(world: MemoryWorld, day: date = TOO_LATE) -> DayProof:
    calendar = FileCalendarPorts(
        register=world.bank_file_register,
        discrepancies=world.discrepancy_book,
        load_profiles=lambda: {"stripe": _STRIPE},
        holidays=NoHolidays(),
        time_zone="Europe/Berlin",
    )
    return close_day(day, replace(connect_closing(world), calendar=calendar))


def miss(world: MemoryWorld, amount_minor: int, name: str = "line", *, is_debit: bool = False) -> Discrepancy:
    """A line of which no report tells in time."""
    known = set(world.rows.discrepancies)
    tell_line(world, amount_minor, name, is_debit=is_debit)
    close(world)
    (found,) = {each for each in world.rows.discrepancies if each.startswith("settlement_missing")} - known
    recorded = world.discrepancy_book.read(found)
    assert recorded is not None
    return recorded.discrepancy
