"""Bank movements with sensible defaults; a test names only what it is about."""

from datetime import date
from typing import Final

from pawledger.domain.posting.bank_movements import BankMovement, Movement, payment_id_of

BOOKED_ON: Final = date(2026, 2, 2)


def build_movement(
    name: str = "first",
    *,
    movement: Movement = Movement.PAYMENT,
    amount_minor: int = 1_000,
    currency: str = "EUR",
    booked_on: date = BOOKED_ON,
    invoice_ids: tuple[str, ...] = (),
    payer_key: str | None = None,
    return_reason: str | None = None,
    is_future_dated: bool = False,
    line: int = 7,
    number: int = 1,
    marks: tuple[str, ...] = (),
    mandate_mark: str | None = None,
    repeats_ids: bool = False,
) -> BankMovement:
    """A payment of 10.00 EUR; `name` stands for the bank's identity of it, so the same name is the same movement."""
    return BankMovement(
        payment_id=payment_id_of((name,)),
        movement=movement,
        amount_minor=amount_minor,
        currency=currency,
        booked_on=booked_on,
        invoice_ids=invoice_ids,
        payer_key=payer_key,
        identified_by="payment reference",
        return_reason=return_reason,
        is_future_dated=is_future_dated,
        file_id="f" * 64,
        line=line,
        number=number,
        marks=marks,
        mandate_mark=mandate_mark,
        repeats_ids=repeats_ids,
    )
