"""Payment chunks: the movements of a proven bank file, cut so that each piece is posted by one function call.

A chunk is an object in the bucket; the message that announces it carries no personal data. Cutting is deterministic:
the same file gives the same chunks, byte for byte.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final

from pawledger.bank_files.records import Booking, Direction, Purpose, StatementEntry
from pawledger.domain.canonical import write_canonical
from pawledger.domain.matching.marks import mark_of_mandate, marks_of
from pawledger.domain.matching.payment_clues import Candidate, PaymentClues
from pawledger.domain.posting.bank_movements import BankMovement, Movement, payment_id_of
from pawledger.domain.posting.settlements import Settlement
from pawledger.services.messages import MessageReader, MessageRefusedError, open_message
from pawledger.services.posting.routes import Clues
from pawledger.services.receiving.mandates import MANDATE_ID_CHARACTERS_MAX
from pawledger.services.receiving.payer_keys import NAME_KEYS_MAX, PayerKeys

PAYMENT_CHUNK: Final = "payment_chunk.v1"
POST_PAYMENTS: Final = "post_payments.v1"

MOVEMENTS_PER_CHUNK: Final = 100
"""At about 30 ms a movement a chunk takes 3 s, far inside the function's timeout even when every write is contended."""

DAYS_AHEAD_MAX: Final = 1
"""A bank east of the billing time zone is a calendar day ahead; more than that is a booking day in the future."""

REASON_CODE_PATTERN: Final = re.compile(r"([A-Z]{5,6}-)?[A-Z0-9]{1,5}")
"""Reason codes of ISO 20022, Nacha and PayPal, and those of Bacs behind the name of their report."""

REASON_WORDS_PATTERN: Final = re.compile(r"[a-z]+(_[a-z]+){0,6}")
"""Reasons of payment providers, which are names of their interfaces and no free text."""

_PROVIDERS: Final = frozenset(("stripe", "adyen", "gocardless", "paypal"))
_REPEATING: Final = _PROVIDERS | {"camt", "pacs", "pain", "nacha"}
"""Formats whose returns carry an id of the payment: end-to-end id, trace number, the provider's id."""

REFERENCES_PER_MOVEMENT_MAX: Final = 20
REFERENCE_CHARACTERS_MAX: Final = 140
TEXT_CHARACTERS_MAX: Final = 2000
"""What identification looks into; longer texts are cut, the file itself is kept whole."""


@dataclass(frozen=True, slots=True)
class ChunkedMovement:
    """A movement before its account is known."""

    payment_id: str
    movement: Movement
    amount_minor: int
    currency: str
    booked_on: date
    is_future_dated: bool
    return_reason: str | None
    clues: Clues
    line: int
    number: int
    """Its place among the movements of the file, from 1; follows from its place in its chunk."""
    offset: int | None = None
    """Byte of the unpacked file on which it starts, from 0, where its line does not find it."""
    is_told_otherwise: bool = False
    """True where its booking was told before in other pieces: it counts as recorded, and is not posted again."""
    settlement: Settlement | None = None
    """To whose payouts it belongs, where it is one or looks like the line of one."""
    repeats_ids: bool = False
    """Whether it is a return whose teller repeats the ids of the payment that it takes back."""
    is_told_twice: bool = False
    """Whether its provider tells it by webhook as well as by report, which may say different things of whose it is."""

    @property
    def signed_minor(self) -> int:
        """Minor units, positive where money comes in."""
        return self.amount_minor if self.movement.is_credit else -self.amount_minor

    @property
    def payment_clues(self) -> PaymentClues:
        """What identification is given of it."""
        clues = self.clues
        return PaymentClues(
            self.amount_minor,
            self.currency,
            self.booked_on,
            tuple(clues.references),
            clues.text,
            clues.mandate_id,
            clues.payer_key,
            clues.name_keys,
        )

    def identified(
        self,
        file_id: str,
        invoice_ids: tuple[str, ...],
        identified_by: str | None,
        candidates: tuple[Candidate, ...] = (),
    ) -> BankMovement:
        """The movement as the ledger takes it: without names and texts."""
        return BankMovement(
            payment_id=self.payment_id,
            movement=self.movement,
            amount_minor=self.amount_minor,
            currency=self.currency,
            booked_on=self.booked_on,
            invoice_ids=invoice_ids,
            identified_by=identified_by,
            return_reason=self.return_reason,
            is_future_dated=self.is_future_dated,
            file_id=file_id,
            line=self.line,
            number=self.number,
            offset=self.offset,
            payer_key=self.clues.payer_key,
            name_keys=self.clues.name_keys,
            candidates=candidates,
            marks=marks_of(self.clues.references),
            mandate_mark=mark_of_mandate(self.clues.mandate_id) if self.clues.mandate_id else None,
            repeats_ids=self.repeats_ids,
        )


def read_movements(
    entries: Iterable[StatementEntry],
    received_on: date,
    is_first_telling: Callable[[Booking], bool],
    *,
    payer_keys: PayerKeys,
    days_ahead_max: int = DAYS_AHEAD_MAX,
    settlement_of: Callable[[StatementEntry], Settlement | None] = lambda _: None,
    is_told_twice: bool = False,
) -> Iterator[ChunkedMovement]:
    """The movements among statement entries: what is booked and has an amount; the rest only informs.

    `is_first_telling` says of a booking that may be told in other pieces whether this is how it was told first. It is
    asked once for entries of one booking that follow one another.
    """
    booked = (entry for entry in entries if entry.posts and entry.amount_minor)
    booking: Booking | None = None
    is_first = True
    for number, entry in enumerate(booked, start=1):
        booked_on = entry.booked_on or entry.value_on or received_on
        if entry.booking is None:
            is_first = True
        elif entry.booking != booking:
            is_first = is_first_telling(entry.booking)
        booking = entry.booking
        yield ChunkedMovement(
            payment_id=payment_id_of(entry.identity),
            movement=_movement_of(entry),
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            booked_on=booked_on,
            is_future_dated=booked_on > received_on + timedelta(days=days_ahead_max),
            return_reason=reason_code_of(entry),
            clues=_clues_of(entry, payer_keys),
            line=entry.line,
            number=number,
            offset=entry.offset,
            is_told_otherwise=not is_first,
            settlement=settlement_of(entry),
            repeats_ids=entry.is_return and _repeats_ids(entry.identity),
            is_told_twice=is_told_twice,
        )


def reason_code_of(entry: StatementEntry) -> str | None:
    """A return reason that is a code; a bank's free text could name a person, and stays in the file.

    Codes of Bacs mean something only together with the report that tells them, and are written as GoCardless does.
    """
    reason, (kind, *_) = entry.return_reason, entry.identity
    if not reason:
        return None
    report = kind.removeprefix("bacs.").upper() if kind.startswith("bacs.") else None
    code = f"{report}-{reason}" if report else reason
    is_code = REASON_CODE_PATTERN.fullmatch(code) or (kind in _PROVIDERS and REASON_WORDS_PATTERN.fullmatch(code))
    return code if is_code else None


def _repeats_ids(identity: tuple[str, ...]) -> bool:
    return identity[0].partition(".")[0] in _REPEATING


def _clues_of(entry: StatementEntry, payer_keys: PayerKeys) -> Clues:
    """What identification is told. Of whose money went out it asks nothing: there the other side is no payer."""
    is_paid_in = entry.direction is Direction.CREDIT
    return Clues(
        references=[
            reference[:REFERENCE_CHARACTERS_MAX] for reference in entry.references[:REFERENCES_PER_MOVEMENT_MAX]
        ],
        text=entry.text[:TEXT_CHARACTERS_MAX],
        mandate_id=usable_mandate_id(entry.mandate_id),
        payer_key=payer_keys.payer_key_of(entry.payer_account) if is_paid_in else None,
        name_keys=payer_keys.name_keys_of(entry.payer_name) if is_paid_in else (),
    )


def usable_mandate_id(mandate_id: str | None) -> str | None:
    """A mandate id that one of ours can be; a longer text is none and could not even be looked up."""
    return mandate_id if mandate_id and len(mandate_id) <= MANDATE_ID_CHARACTERS_MAX else None


def cut_chunks(movements: Iterable[ChunkedMovement]) -> Iterator[tuple[int, list[ChunkedMovement]]]:
    """Cut movements, in their order, into numbered chunks of `MOVEMENTS_PER_CHUNK`; the first is 1."""
    iterator = iter(movements)
    number = 0
    while chunk := list(islice(iterator, MOVEMENTS_PER_CHUNK)):
        number += 1
        yield number, chunk


def chunk_key_of(folder: str, chunk_number: int) -> str:
    """Where a chunk lies: in the folder in which its file is archived."""
    return f"{folder}/payments/{chunk_number:05d}.json"


def write_chunk(file_id: str, chunk_number: int, movements: Iterable[ChunkedMovement]) -> str:
    """The text of a `payment_chunk.v1` object."""
    written = [_movement_as_json(movement) for movement in movements]
    chunk = {"schema": PAYMENT_CHUNK, "file_id": file_id, "chunk_number": chunk_number, "movements": written}
    return write_canonical(chunk)


def read_chunk(text: str, file_id: str, chunk_number: int) -> tuple[ChunkedMovement, ...]:
    """The mirror image of `write_chunk`. Raises `MessageRefusedError`, also for another chunk than announced."""
    try:
        written = json.loads(text)
    except ValueError:
        raise MessageRefusedError(f"{PAYMENT_CHUNK}: the chunk is not JSON") from None
    chunk = open_message(written, PAYMENT_CHUNK)
    if (chunk.text("file_id"), chunk.integer("chunk_number")) != (file_id, chunk_number):
        raise MessageRefusedError(f"{PAYMENT_CHUNK}: this is not chunk {chunk_number} of {file_id}")
    return tuple(
        ChunkedMovement(
            payment_id=reader.text("payment_id"),
            movement=_read_movement_kind(reader),
            amount_minor=reader.positive("amount_minor"),
            currency=reader.text("currency"),
            booked_on=reader.day("booked_on"),
            is_future_dated=reader.flag("is_future_dated"),
            return_reason=reader.optional_text("return_reason"),
            clues=Clues(
                references=reader.texts("references", REFERENCES_PER_MOVEMENT_MAX),
                text=reader.text_or_empty("text"),
                mandate_id=reader.optional_text("mandate_id"),
                payer_key=reader.optional_text("payer_key"),
                name_keys=reader.texts("name_keys", NAME_KEYS_MAX) if "name_keys" in reader.fields else (),
            ),
            line=reader.integer("line"),
            number=(chunk_number - 1) * MOVEMENTS_PER_CHUNK + place,
            offset=reader.optional_integer("offset"),
            is_told_otherwise=reader.optional_flag("is_told_otherwise"),
            settlement=_read_settlement(reader),
            repeats_ids=reader.optional_flag("repeats_ids"),
            is_told_twice=reader.optional_flag("is_told_twice"),
        )
        for place, reader in enumerate(chunk.objects("movements", MOVEMENTS_PER_CHUNK), start=1)
    )


def _read_settlement(reader: MessageReader) -> Settlement | None:
    provider, days = reader.optional_text("settlement_provider"), reader.optional_integer("settlement_days")
    return None if provider is None or days is None else Settlement(provider, days)


def _read_movement_kind(reader: MessageReader) -> Movement:
    kind, kinds = reader.text("movement"), [kind.value for kind in Movement]
    if kind not in kinds:
        raise MessageRefusedError(f"{PAYMENT_CHUNK}: field {reader.path}movement should be one of {', '.join(kinds)}")
    return Movement(kind)


def _movement_as_json(movement: ChunkedMovement) -> Mapping[str, Any]:
    written: dict[str, Any] = {
        "payment_id": movement.payment_id,
        "movement": movement.movement,
        "amount_minor": movement.amount_minor,
        "currency": movement.currency,
        "booked_on": movement.booked_on.isoformat(),
        "is_future_dated": movement.is_future_dated,
        "return_reason": movement.return_reason or None,
        "references": [reference for reference in movement.clues.references if reference],
        "text": movement.clues.text,
        "mandate_id": movement.clues.mandate_id or None,
        "line": movement.line,
    }
    if movement.clues.payer_key:
        written["payer_key"] = movement.clues.payer_key
    if movement.clues.name_keys:
        written["name_keys"] = list(movement.clues.name_keys)
    if movement.offset is not None:
        written["offset"] = movement.offset
    if movement.is_told_otherwise:
        written["is_told_otherwise"] = True
    if movement.settlement is not None:
        written["settlement_provider"] = movement.settlement.provider
        written["settlement_days"] = movement.settlement.days_until_arrival
    if movement.repeats_ids:
        written["repeats_ids"] = True
    if movement.is_told_twice:
        written["is_told_twice"] = True
    return written


def _movement_of(entry: StatementEntry) -> Movement:
    is_credit = entry.direction is Direction.CREDIT
    if entry.purpose is Purpose.FEE:
        return Movement.PROVIDER_FEE_REFUND if is_credit else Movement.PROVIDER_FEE
    if entry.purpose is Purpose.PAYOUT:
        return Movement.PAYOUT_REVERSAL if is_credit else Movement.PAYOUT
    if is_credit:
        return Movement.MONEY_BACK if entry.is_return else Movement.PAYMENT
    return Movement.RETURN if entry.is_return else Movement.OTHER_DEBIT
