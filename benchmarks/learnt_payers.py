"""What it costs in DynamoDB to learn who pays for which account, and to forget it: the real handlers, metered."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import boto3

from benchmarks.handlers import invoke_with_entries, invoke_with_messages
from benchmarks.table import Row
from benchmarks.units import UnitMeter
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement, payment_id_of
from pawledger.services.posting.routes import Clues
from pawledger.services.receiving.payer_keys import PayerKeys
from pawledger.services.receiving.payment_chunks import MOVEMENTS_PER_CHUNK, ChunkedMovement, write_chunk

FURTHER_WRITE_UNITS_MAX: Final = 0.0
"""A payment that tells nothing new costs no write."""

BOOKED_ON: Final = date(2026, 11, 24)


class _Secret:
    """Fulfils `PayerSecret`."""

    def read(self) -> bytes:
        return b"s" * 64


def measure_learning(meter: UnitMeter, bucket: str, account_ids: Sequence[str]) -> list[Row]:
    """Pay for each account four times under its first reference, and learn from each payment for itself.

    The accounts, as many as a chunk holds, are billed. The payer has a bank account and a name of two parts, which are
    three keys. Each payment carries one id of the bank or provider: the first and the second one of its own, the third
    that of the second, as those of a subscription do. The first part of the name is that of many payers. In the end the
    payer denies the first payment.
    """
    steps = (
        ("a payer's first payment, with an id of its own", Movement.PAYMENT, "1", None),
        ("a further payment, with an id of its own", Movement.PAYMENT, "2", None),
        ("a further payment that tells nothing new", Movement.PAYMENT, "2", FURTHER_WRITE_UNITS_MAX),
        ("the return of the first, which its payer denies", Movement.RETURN, "1", None),
    )
    rows = []
    for step, (what, kind, id_of_bank, write_units_max) in enumerate(steps, start=1):
        movements = [
            _movement(account_id, place, step, kind, id_of_bank) for place, account_id in enumerate(account_ids)
        ]
        with meter.paused():
            _post(bucket, step, movements)
        meter.reset()
        prefix = "payment" if kind.is_credit else "debit"
        entry_ids = [f"{prefix}#{movement.payment_id}" for movement in movements]
        invoke_with_entries("learn_payers", list(zip(account_ids, entry_ids, strict=True)))
        write_units, read_units = (units / len(account_ids) for units in (meter.write_units, meter.read_units))
        budget = "" if write_units_max is None else f"<= {write_units_max:.0f} write"
        is_met = None if write_units_max is None else write_units <= write_units_max
        rows.append(Row(f"learning: {what}", f"{write_units:.2f} write, {read_units:.2f} read", budget, is_met))
    return rows


def _movement(account_id: str, place: int, step: int, kind: Movement, id_of_bank: str) -> ChunkedMovement:
    keys, is_paid_in = PayerKeys(_Secret()), kind.is_credit
    reference = creditor_reference_of(InvoiceAddress(account_id, 1))
    return ChunkedMovement(
        payment_id=payment_id_of((account_id, str(step))),
        movement=kind,
        amount_minor=1_000,
        currency="EUR",
        booked_on=BOOKED_ON + timedelta(days=step),
        is_future_dated=False,
        return_reason=None if is_paid_in else "MD01",
        clues=Clues(
            (reference, f"NB-{account_id}-{id_of_bank}"),
            "",
            None,
            keys.payer_key_of(f"DE0037040044{account_id}") if is_paid_in else None,
            keys.name_keys_of(f"Anna Berg{_letters(place)}") if is_paid_in else (),
        ),
        line=place + 1,
        number=place + 1,
    )


def _letters(place: int) -> str:
    """A number in letters, so that each payer has a name of their own."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{place:03d}")


def _post(bucket: str, step: int, movements: Sequence[ChunkedMovement]) -> None:
    if len(movements) > MOVEMENTS_PER_CHUNK:
        raise ValueError(f"at most {MOVEMENTS_PER_CHUNK} accounts are paid for in one chunk")
    file_id = f"{step:064x}"
    chunk_key = f"archive/bench/{file_id}/payments/00001.json"
    boto3.client("s3").put_object(Bucket=bucket, Key=chunk_key, Body=write_chunk(file_id, 1, movements).encode())
    message = {"schema": "post_payments.v1", "file_id": file_id, "chunk_number": 1, "chunk_key": chunk_key}
    invoke_with_messages("post_payments", [message])
